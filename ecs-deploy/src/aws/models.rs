//! The services that are asked one thing each. Source: the service models that the AWS SDKs are generated from.

use contract::aws::{Protocol, ServiceModel};

pub(super) const ALARMS: ServiceModel = ServiceModel {
    name: "cloudwatch",
    id: "CloudWatch",
    signing_name: "monitoring",
    endpoint_prefix: "monitoring",
    protocol: Protocol::Json { target: "GraniteServiceVersion20100801", version: "1.0" },
    is_global: false,
};

pub(super) const CODE_DEPLOY: ServiceModel = ServiceModel {
    name: "codedeploy",
    id: "CodeDeploy",
    signing_name: "codedeploy",
    endpoint_prefix: "codedeploy",
    protocol: Protocol::Json { target: "CodeDeploy_20141006", version: "1.1" },
    is_global: false,
};

pub(super) const LOGS: ServiceModel = ServiceModel {
    name: "logs",
    id: "CloudWatch Logs",
    signing_name: "logs",
    endpoint_prefix: "logs",
    protocol: Protocol::Json { target: "Logs_20140328", version: "1.1" },
    is_global: false,
};

pub(super) const PARAMETERS: ServiceModel = ServiceModel {
    name: "ssm",
    id: "SSM",
    signing_name: "ssm",
    endpoint_prefix: "ssm",
    protocol: Protocol::Json { target: "AmazonSSM", version: "1.1" },
    is_global: false,
};

pub(super) const REGISTRY: ServiceModel = ServiceModel {
    name: "ecr",
    id: "ECR",
    signing_name: "ecr",
    endpoint_prefix: "api.ecr",
    protocol: Protocol::Json { target: "AmazonEC2ContainerRegistry_V20150921", version: "1.1" },
    is_global: false,
};

pub(super) const ROLES: ServiceModel = ServiceModel {
    name: "iam",
    id: "IAM",
    signing_name: "iam",
    endpoint_prefix: "iam",
    protocol: Protocol::Query { version: "2010-05-08" },
    is_global: true,
};

pub(super) const SECRETS: ServiceModel = ServiceModel {
    name: "secretsmanager",
    id: "Secrets Manager",
    signing_name: "secretsmanager",
    endpoint_prefix: "secretsmanager",
    protocol: Protocol::Json { target: "secretsmanager", version: "1.1" },
    is_global: false,
};

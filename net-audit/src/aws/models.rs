//! The services that are asked. Source: the service models that the AWS SDKs are generated from.

use contract::aws::{Protocol, ServiceModel};

pub(super) const EC2: ServiceModel = ServiceModel {
    name: "ec2",
    id: "EC2",
    signing_name: "ec2",
    endpoint_prefix: "ec2",
    protocol: Protocol::Query { version: "2016-11-15" },
    is_global: false,
};

pub(super) const RDS: ServiceModel = ServiceModel {
    name: "rds",
    id: "RDS",
    signing_name: "rds",
    endpoint_prefix: "rds",
    protocol: Protocol::Query { version: "2014-10-31" },
    is_global: false,
};

pub(super) const METRICS: ServiceModel = ServiceModel {
    name: "cloudwatch",
    id: "CloudWatch",
    signing_name: "monitoring",
    endpoint_prefix: "monitoring",
    protocol: Protocol::Query { version: "2010-08-01" },
    is_global: false,
};

pub(super) const DNS: ServiceModel = ServiceModel {
    name: "route53",
    id: "Route 53",
    signing_name: "route53",
    endpoint_prefix: "route53",
    protocol: Protocol::RestXml,
    is_global: true,
};

//! All services of the local AWS as one state machine: which operation a request names, and who answers it.

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use crate::alarms::Alarms;
use crate::codedeploy::CodeDeploy;
use crate::dynamodb::DynamoDb;
use crate::ecr::Ecr;
use crate::ecr::region::Region;
use crate::ecs::{Ecs, Neighbours};
use crate::iam::Roles;
use crate::load_balancers::LoadBalancers;
use crate::logs::Logs;
use crate::parameters::Parameters;
use crate::query;
use crate::s3::S3;
use crate::secrets::Secrets;
use crate::wire::{Protocol, Reply, Request, ServiceError};

/// The account that everything belongs to.
pub const ACCOUNT: &str = "123456789012";
/// The region that everything lies in, but for repositories that a test places elsewhere.
pub const REGION: &str = "eu-central-1";

/// The services that the local AWS plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Container orchestration.
    Ecs,
    /// The control plane of the image registry.
    Ecr,
    /// The image registry itself: OCI distribution under `/v2/`.
    Registry,
    /// Object storage.
    S3,
    /// Tables of items.
    DynamoDb,
    /// CloudWatch Logs.
    Logs,
    /// CloudWatch alarms.
    CloudWatch,
    /// Secrets Manager.
    SecretsManager,
    /// Parameters of Systems Manager.
    Ssm,
    /// Roles.
    Iam,
    /// Who is calling.
    Sts,
    /// Elastic Load Balancing, version 2.
    LoadBalancing,
    /// Blue/green deployments of ECS services.
    CodeDeploy,
}

impl Service {
    /// The protocol that the service speaks.
    #[must_use]
    pub fn protocol(self) -> Protocol {
        match self {
            Self::Ecs
            | Self::Ecr
            | Self::Logs
            | Self::CloudWatch
            | Self::SecretsManager
            | Self::Ssm
            | Self::CodeDeploy => Protocol::AwsJson,
            Self::Iam | Self::Sts | Self::LoadBalancing => Protocol::Query,
            Self::DynamoDb => Protocol::DynamoDb,
            Self::Registry => Protocol::Registry,
            Self::S3 => Protocol::S3,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Ecr => "ecr",
            Self::Registry => "registry",
            Self::S3 => "s3",
            Self::DynamoDb => "dynamodb",
            Self::Logs => "logs",
            Self::CloudWatch => "cloudwatch",
            Self::SecretsManager => "secretsmanager",
            Self::Ssm => "ssm",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::LoadBalancing => "elbv2",
            Self::CodeDeploy => "codedeploy",
        }
    }
}

/// The `X-Amz-Target` prefixes of the JSON services.
const TARGETS: [(&str, Service); 8] = [
    ("AmazonEC2ContainerServiceV20141113", Service::Ecs),
    ("AmazonEC2ContainerRegistry_V20150921", Service::Ecr),
    ("DynamoDB_20120810", Service::DynamoDb),
    ("Logs_20140328", Service::Logs),
    ("GraniteServiceVersion20100801", Service::CloudWatch),
    ("secretsmanager", Service::SecretsManager),
    ("AmazonSSM", Service::Ssm),
    ("CodeDeploy_20141006", Service::CodeDeploy),
];

/// The services of the query protocol, by the name that a signature gives them.
const SIGNED_NAMES: [(&str, Service); 3] =
    [("iam", Service::Iam), ("sts", Service::Sts), ("elasticloadbalancing", Service::LoadBalancing)];

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Who is asked.
    pub service: Service,
    /// What is asked, in the service's own words: `UpdateService`, `PutObject`.
    pub name: String,
}

impl Operation {
    /// `service:Operation`, the form that faults and the journal use.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}:{}", self.service.name(), self.name)
    }

    /// Recognises the operation: by `X-Amz-Target`, by the signature of a form, by the paths `/v2/` and `/token`, else it is S3. Of a form the
    /// body has to be there.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        if let Some((prefix, name)) = request.header("x-amz-target").and_then(|target| target.split_once('.')) {
            let known = TARGETS.iter().find(|(target, _)| *target == prefix);
            let service = known.map_or(Service::Ecs, |(_, service)| *service);
            return Self { service, name: name.to_owned() };
        }
        if let Some(service) = asked_by_form(request) {
            let name = request.form()["Action"].as_str().unwrap_or_default().to_owned();
            return Self { service, name };
        }
        if request.path == "/v2" || request.path.starts_with("/v2/") || asks_for_token(request) {
            return Self { service: Service::Registry, name: crate::ecr::registry_operation(request).to_owned() };
        }
        Self { service: Service::S3, name: crate::s3::operation(request).to_owned() }
    }
}

fn asked_by_form(request: &Request) -> Option<Service> {
    let signed = request.signed_service().filter(|_| request.is_form())?;
    SIGNED_NAMES.iter().find(|(name, _)| *name == signed).map(|(_, service)| *service)
}

/// A bucket may be called `token`: what is signed for AWS is meant for that.
fn asks_for_token(request: &Request) -> bool {
    let is_signed = request.header("authorization").is_some_and(|header| header.starts_with("AWS4-"));
    request.path == "/token" && [Method::GET, Method::POST].contains(&request.method) && !is_signed
}

/// Everything that the local AWS remembers.
#[derive(Debug, Default)]
pub struct World {
    /// Clusters, services, task definitions, deployments.
    pub ecs: Ecs,
    /// Repositories, blobs, manifests.
    pub ecr: Ecr,
    /// Buckets and objects.
    pub s3: S3,
    /// Tables and items.
    pub dynamodb: DynamoDb,
    /// Log groups and events.
    pub logs: Logs,
    /// Alarms and their states.
    pub alarms: Alarms,
    /// Secrets, without what is secret.
    pub secrets: Secrets,
    /// Parameters, without their values.
    pub parameters: Parameters,
    /// Roles.
    pub roles: Roles,
    /// Target groups and the health of their targets.
    pub load_balancers: LoadBalancers,
    /// Deployments that move task sets of ECS.
    pub code_deploy: CodeDeploy,
}

impl World {
    /// Answers one request at the time `now`.
    pub fn answer(&mut self, operation: &Operation, request: &Request, now: Timestamp) -> Reply {
        let protocol = operation.service.protocol();
        let answered = match operation.service {
            Service::Registry => self.ecr.registry(&operation.name, request, now),
            Service::S3 => self.s3.answer(&operation.name, request, now),
            _ if protocol == Protocol::Query => self
                .call(operation, &request.form(), &request.endpoint, now)
                .map(|value| query::reply(operation.service, &operation.name, &value)),
            _ => self.answer_json(operation, request, now).map(|value| protocol.json(&value)),
        };
        answered.unwrap_or_else(|error| protocol.error(&error))
    }

    /// Carries out everything that is due until `now`: an alarm sees the traffic as it is when it is evaluated, and a deployment the alarm.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some(due) = self.alarms.due().filter(|due| *due <= now) {
            self.advance_deployments(due);
            self.alarms.evaluate(due, &self.ecs);
        }
        self.advance_deployments(now);
    }

    fn advance_deployments(&mut self, now: Timestamp) {
        let mut neighbours = Neighbours { alarms: &self.alarms, ecr: &self.ecr, logs: &mut self.logs };
        self.code_deploy.advance(now, &mut self.ecs, &mut neighbours);
    }

    fn answer_json(&mut self, operation: &Operation, request: &Request, now: Timestamp) -> Result<Value, ServiceError> {
        if request.header("authorization").is_none() {
            let code = "MissingAuthenticationTokenException";
            return Err(ServiceError::new(StatusCode::FORBIDDEN.as_u16(), code, "Missing Authentication Token"));
        }
        if request.method != Method::POST {
            return Err(ServiceError::bad_request("UnknownOperationException", "AWS JSON requests are POSTed"));
        }
        let input = serde_json::from_slice(&request.body)
            .map_err(|error| ServiceError::bad_request("SerializationException", error.to_string()))?;
        if operation.service == Service::Ecr {
            let region = Region::of(request);
            return self.ecr.answer_in(&region, &operation.name, &input, &request.endpoint, now);
        }
        self.call(operation, &input, &request.endpoint, now)
    }

    /// Calls one operation of a service that speaks JSON or the query protocol, at home. `endpoint` is the base address that answers may point back to.
    ///
    /// # Errors
    /// The service's own error.
    pub fn call(
        &mut self,
        operation: &Operation,
        input: &Value,
        endpoint: &str,
        now: Timestamp,
    ) -> Result<Value, ServiceError> {
        // Tasks write their last lines, and alarms go off, when their time comes, not when somebody asks ECS.
        if matches!(operation.service, Service::Ecs | Service::CodeDeploy | Service::Logs | Service::CloudWatch) {
            self.advance(now);
        }
        match operation.service {
            Service::Ecs => {
                let mut neighbours = Neighbours { alarms: &self.alarms, ecr: &self.ecr, logs: &mut self.logs };
                self.ecs.answer(&operation.name, input, now, &mut neighbours)
            }
            Service::CodeDeploy => self.code_deploy.answer(&operation.name, input, now, &self.ecs),
            Service::Ecr => self.ecr.answer(&operation.name, input, endpoint, now),
            Service::DynamoDb => self.dynamodb.answer(&operation.name, input, now),
            Service::Logs => self.logs.answer(&operation.name, input, now),
            Service::CloudWatch => self.alarms.answer(&operation.name, input, now),
            Service::SecretsManager => self.secrets.answer(&operation.name, input, now),
            Service::Ssm => self.parameters.answer(&operation.name, input, now),
            Service::Iam => self.roles.answer(&operation.name, input, now),
            Service::Sts => crate::sts::answer(&operation.name, input, now),
            Service::LoadBalancing => self.load_balancers.answer(&operation.name, input),
            Service::Registry | Service::S3 => Err(unknown_operation(&operation.name)),
        }
    }
}

/// The error of a JSON service that does not play an operation.
#[must_use]
pub fn unknown_operation(name: &str) -> ServiceError {
    ServiceError::bad_request("UnknownOperationException", format!("the local AWS does not play {name}"))
}

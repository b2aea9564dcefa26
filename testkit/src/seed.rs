//! Fills a world before the first client comes: the same calls a client would make, written as JSON.

mod buckets;

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::Clock;
use crate::wire::ServiceError;
use crate::world::{Operation, Service, World};

/// Why a seed could not be planted.
#[derive(Debug)]
pub enum SeedError {
    /// It is not a JSON array of `{"service:Operation": {input}}` objects.
    Shape(String),
    /// The service refused a call.
    Refused {
        /// Which call, `service:Operation`.
        operation: String,
        /// What the service said.
        error: ServiceError,
    },
}

impl fmt::Display for SeedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(message) => write!(formatter, "the seed is not understood: {message}"),
            Self::Refused { operation, error } => {
                write!(formatter, "the seed's {operation} was refused: {}: {}", error.code, error.message)
            }
        }
    }
}

impl std::error::Error for SeedError {}

/// Makes the calls that `seed` lists: a JSON array of objects, each with one member `"service:Operation": {input}`. Buckets come as
/// `"s3:CreateBucket": {"Bucket": "name", "Versioning": true, "Quirks": ["ignores-if-none-match"]}` ([`crate::s3::Quirks`] says which
/// there are), their settings as `"s3:PutBucketPolicy": {"Bucket": "name", "Policy": {policy}}`, `"s3:PutBucketEncryption"` and
/// `"s3:PutPublicAccessBlock"` with the members that the API has, failing tasks as `"local:FailTasks": {rule}`, the health of targets as
/// `"local:TargetHealth": {"targetGroupArn": "arn", "targets": [{"id", "port", "state", "reason", "description"}]}`, and time goes by with
/// `"local:Advance": {"minutes": 60}`.
///
/// # Errors
/// The seed is malformed, or a call in it was refused. The calls before that one stay made.
pub fn plant(seed: &[u8], world: &mut World, endpoint: &str, clock: &Clock) -> Result<(), SeedError> {
    let calls: Vec<Map<String, Value>> =
        serde_json::from_slice(seed).map_err(|error| SeedError::Shape(error.to_string()))?;
    for (name, input) in calls.iter().flatten() {
        call(name, input, world, endpoint, clock)
            .map_err(|error| SeedError::Refused { operation: name.clone(), error })?;
    }
    Ok(())
}

fn call(name: &str, input: &Value, world: &mut World, endpoint: &str, clock: &Clock) -> Result<(), ServiceError> {
    let (service, operation) = name.split_once(':').unwrap_or((name, ""));
    let service = match service {
        "ecs" => Service::Ecs,
        "ecr" => Service::Ecr,
        "dynamodb" => Service::DynamoDb,
        "logs" => Service::Logs,
        "cloudwatch" => Service::CloudWatch,
        "secretsmanager" => Service::SecretsManager,
        "ssm" => Service::Ssm,
        "iam" => Service::Iam,
        "codedeploy" => Service::CodeDeploy,
        "s3" if buckets::plays(operation) => return buckets::call(operation, input, &mut world.s3, clock.now()),
        "local" if operation == "Advance" => return advance(input, clock),
        "local" if operation == "FailTasks" => return world.ecs.fail_tasks(input),
        "local" if operation == "TargetHealth" => return world.load_balancers.seed_health(input),
        _ => {
            return Err(ServiceError::bad_request("UnknownOperationException", format!("no seed can call {name}")));
        }
    };
    world.call(&Operation { service, name: operation.to_owned() }, input, endpoint, clock.now()).map(|_| ())
}

fn advance(input: &Value, clock: &Clock) -> Result<(), ServiceError> {
    let minutes = input["minutes"].as_u64();
    let minutes =
        minutes.ok_or_else(|| ServiceError::bad_request("InvalidParameter", "`minutes` is a whole number"))?;
    clock.advance(Duration::from_mins(minutes));
    Ok(())
}

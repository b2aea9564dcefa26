//! Fills a world before the first client comes: the same calls a client would make, written as JSON.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::wire::{Request, ServiceError};
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
                write!(
                    formatter,
                    "the seed's {operation} was refused: {}: {}",
                    error.code, error.message
                )
            }
        }
    }
}

impl std::error::Error for SeedError {}

/// Makes the calls that `seed` lists: a JSON array of objects, each with one member `"service:Operation": {input}`. Buckets come as
/// `"s3:CreateBucket": {"Bucket": "name", "Versioning": true}`, failing tasks as `"local:FailTasks": {rule}`.
///
/// # Errors
/// The seed is malformed, or a call in it was refused. The calls before that one stay made.
pub fn plant(seed: &[u8], world: &mut World, endpoint: &str, now: Timestamp) -> Result<(), SeedError> {
    let calls: Vec<Map<String, Value>> =
        serde_json::from_slice(seed).map_err(|error| SeedError::Shape(error.to_string()))?;
    for (name, input) in calls.iter().flatten() {
        call(name, input, world, endpoint, now).map_err(|error| SeedError::Refused {
            operation: name.clone(),
            error,
        })?;
    }
    Ok(())
}

fn call(name: &str, input: &Value, world: &mut World, endpoint: &str, now: Timestamp) -> Result<(), ServiceError> {
    let (service, operation) = name.split_once(':').unwrap_or((name, ""));
    let service = match service {
        "ecs" => Service::Ecs,
        "ecr" => Service::Ecr,
        "logs" => Service::Logs,
        "cloudwatch" => Service::CloudWatch,
        "s3" if operation == "CreateBucket" => return create_bucket(input, world, endpoint, now),
        "local" if operation == "FailTasks" => return world.ecs.fail_tasks(input),
        _ => {
            return Err(ServiceError::bad_request(
                "UnknownOperationException",
                format!("no seed can call {name}"),
            ));
        }
    };
    world
        .call(
            &Operation {
                service,
                name: operation.to_owned(),
            },
            input,
            endpoint,
            now,
        )
        .map(|_| ())
}

fn create_bucket(input: &Value, world: &mut World, endpoint: &str, now: Timestamp) -> Result<(), ServiceError> {
    let bucket = input["Bucket"].as_str().unwrap_or_default();
    put(world, &format!("/{bucket}"), "", "", endpoint, now)?;
    if input["Versioning"] == Value::Bool(true) {
        let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        put(world, &format!("/{bucket}"), "versioning", enabled, endpoint, now)?;
    }
    Ok(())
}

fn put(
    world: &mut World,
    path: &str,
    query: &str,
    body: &str,
    endpoint: &str,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", http::HeaderValue::from_static("seed"));
    let request = Request {
        method: Method::PUT,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: Bytes::from(body.to_owned()),
        endpoint: endpoint.to_owned(),
    };
    world
        .s3
        .answer(crate::s3::operation(&request), &request, now)
        .map(|_| ())
}

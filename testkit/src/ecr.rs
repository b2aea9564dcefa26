//! ECR.

pub(crate) mod digest;
mod manifest;
mod mutability;
mod reference;
mod repository;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::ecr::repository::Repository;
use crate::wire::{Reply, Request, ServiceError};

/// All repositories.
#[derive(Debug, Default)]
pub struct Ecr {
    repositories: BTreeMap<String, Repository>,
}

impl Ecr {
    /// Answers one operation of the control plane.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(
        &mut self,
        operation: &str,
        _input: &Value,
        _endpoint: &str,
        _now: Timestamp,
    ) -> Result<Value, ServiceError> {
        Err(crate::world::unknown_operation(operation))
    }

    /// Answers one request to the registry.
    ///
    /// # Errors
    /// The registry's own error.
    pub fn registry(&mut self, _operation: &str, _request: &Request, _now: Timestamp) -> Result<Reply, ServiceError> {
        Err(ServiceError::new(404, "UNSUPPORTED", "not there yet"))
    }
}

/// Names a registry request's operation.
#[must_use]
pub fn registry_operation(_request: &Request) -> &'static str {
    "Ping"
}

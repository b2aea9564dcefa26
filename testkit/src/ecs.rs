//! ECS.

use jiff::Timestamp;
use serde_json::Value;

use crate::alarms::Alarms;
use crate::ecr::Ecr;
use crate::logs::Logs;
use crate::wire::ServiceError;

/// What a deployment sees of the other services.
#[derive(Debug)]
pub struct Neighbours<'a> {
    /// The alarms that a deployment watches.
    pub alarms: &'a Alarms,
    /// The registry that images are pulled from.
    pub ecr: &'a Ecr,
    /// Where tasks write their logs.
    pub logs: &'a mut Logs,
}

/// All clusters, services, task definitions and deployments.
#[derive(Debug, Default)]
pub struct Ecs;

impl Ecs {
    /// Answers one operation.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(
        &mut self,
        operation: &str,
        _input: &Value,
        _now: Timestamp,
        _n: &mut Neighbours<'_>,
    ) -> Result<Value, ServiceError> {
        Err(crate::world::unknown_operation(operation))
    }

    /// Makes tasks fail.
    ///
    /// # Errors
    /// The rule is malformed.
    pub fn fail_tasks(&mut self, _rule: &Value) -> Result<(), ServiceError> {
        Ok(())
    }
}

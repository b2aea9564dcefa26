//! CloudWatch Logs: the part that a deployment's post-mortem reads.

use jiff::Timestamp;
use serde_json::Value;

use crate::wire::ServiceError;

/// All log groups.
#[derive(Debug, Default)]
pub struct Logs;

impl Logs {
    /// Answers one operation.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(&mut self, operation: &str, _input: &Value, _now: Timestamp) -> Result<Value, ServiceError> {
        Err(crate::world::unknown_operation(operation))
    }
}

//! CloudWatch alarms: what a deployment watches.

use jiff::Timestamp;
use serde_json::Value;

use crate::wire::ServiceError;

/// All alarms.
#[derive(Debug, Default)]
pub struct Alarms;

impl Alarms {
    /// Answers one operation.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(&mut self, operation: &str, _input: &Value, _now: Timestamp) -> Result<Value, ServiceError> {
        Err(crate::world::unknown_operation(operation))
    }
}

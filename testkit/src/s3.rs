//! S3.

use jiff::Timestamp;

use crate::wire::{Reply, Request, ServiceError};

/// All buckets.
#[derive(Debug, Default)]
pub struct S3;

impl S3 {
    /// Answers one request.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(&mut self, _operation: &str, _request: &Request, _now: Timestamp) -> Result<Reply, ServiceError> {
        Err(ServiceError::new(501, "NotImplemented", "not there yet"))
    }
}

/// Names a request's operation.
#[must_use]
pub fn operation(_request: &Request) -> &'static str {
    "GetObject"
}

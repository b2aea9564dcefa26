//! CodeDeploy's errors.

use serde_json::Value;

use crate::wire::ServiceError;

/// A refusal of CodeDeploy; all of them have status 400.
pub(crate) fn refused(code: &str, message: impl Into<String>) -> ServiceError {
    ServiceError::bad_request(code, message)
}

/// A string member that has to be there; `code` is what CodeDeploy says if it is not.
pub(crate) fn required<'a>(input: &'a Value, name: &str, code: &str) -> Result<&'a str, ServiceError> {
    let value = input[name].as_str().filter(|value| !value.is_empty());
    value.ok_or_else(|| refused(code, format!("{name} must be specified")))
}

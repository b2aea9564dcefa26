//! STS: who is calling.

use serde_json::{Value, json};

use crate::wire::ServiceError;
use crate::world::ACCOUNT;

/// Answers one operation.
pub(crate) fn answer(operation: &str) -> Result<Value, ServiceError> {
    if operation != "GetCallerIdentity" {
        return Err(crate::query::invalid_action(operation));
    }
    Ok(
        json!({ "Arn": format!("arn:aws:iam::{ACCOUNT}:user/local"), "UserId": "AIDALOCALLOCALLOCAL00", "Account": ACCOUNT }),
    )
}

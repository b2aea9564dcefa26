//! Settings of the account.

use serde_json::{Value, json};

use crate::ecr::{Ecr, error};
use crate::wire::ServiceError;

/// Source: ECR user guide, "Blob mounting": off until it is switched on.
const BLOB_MOUNTING: &str = "BLOB_MOUNTING";

pub(super) fn put_setting(ecr: &mut Ecr, input: &Value) -> Result<Value, ServiceError> {
    check_name(input)?;
    ecr.blob_mounting = match input["value"].as_str() {
        Some("ENABLED") => true,
        Some("DISABLED") => false,
        _ => return Err(error::invalid_parameter("value", "ENABLED or DISABLED")),
    };
    Ok(setting(ecr))
}

pub(super) fn get_setting(ecr: &Ecr, input: &Value) -> Result<Value, ServiceError> {
    check_name(input)?;
    Ok(setting(ecr))
}

fn check_name(input: &Value) -> Result<(), ServiceError> {
    if input["name"] == BLOB_MOUNTING {
        return Ok(());
    }
    Err(error::invalid_parameter("name", "a setting that the local AWS plays: BLOB_MOUNTING"))
}

fn setting(ecr: &Ecr) -> Value {
    json!({ "name": BLOB_MOUNTING, "value": if ecr.blob_mounting { "ENABLED" } else { "DISABLED" } })
}

//! What requests have in common.

use serde_json::Value;

use super::error;
use crate::wire::ServiceError;

/// Refuses a member that is not played: a client that relies on it is to be told, not to be misled.
pub(super) fn only(input: &Value, known: &[&str]) -> Result<(), ServiceError> {
    let members = input.as_object().ok_or_else(|| error::serialization("The request is no object"))?;
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(error::not_played(unknown)),
        None => Ok(()),
    }
}

/// The table that a request names.
pub(super) fn table_name(input: &Value) -> Result<&str, ServiceError> {
    let name = text(input, "TableName")?;
    name.ok_or_else(|| error::invalid("The parameter 'TableName' is required but was not present in the request"))
}

/// A member that is text, if it is there.
pub(super) fn text<'a>(input: &'a Value, name: &str) -> Result<Option<&'a str>, ServiceError> {
    match &input[name] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(error::serialization(format!("{name} is no string"))),
    }
}

/// A member that is true or false; false if it is not there.
pub(super) fn flag(input: &Value, name: &str) -> Result<bool, ServiceError> {
    match &input[name] {
        Value::Null => Ok(false),
        Value::Bool(flag) => Ok(*flag),
        _ => Err(error::serialization(format!("{name} is neither true nor false"))),
    }
}

/// How many entries a page has at most, if that is said.
pub(super) fn limit(input: &Value) -> Result<Option<usize>, ServiceError> {
    if input["Limit"].is_null() {
        return Ok(None);
    }
    let limit = input["Limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0);
    limit.map(Some).ok_or_else(|| {
        let constraint = "failed to satisfy constraint: Member must have value greater than or equal to 1";
        error::invalid(format!("1 validation error detected: Value '{}' at 'limit' {constraint}", input["Limit"]))
    })
}

/// The error of a member that has to be there.
pub(super) fn missing(member: &str) -> ServiceError {
    let constraint = "failed to satisfy constraint: Member must not be null";
    error::invalid(format!("1 validation error detected: Value null at '{member}' {constraint}"))
}

/// The error of a member that is none of the words which it may be.
pub(super) fn none_of(given: &str, member: &str, words: &[&str]) -> ServiceError {
    let constraint =
        format!("failed to satisfy constraint: Member must satisfy enum value set: [{}]", words.join(", "));
    error::invalid(format!("1 validation error detected: Value '{given}' at '{member}' {constraint}"))
}

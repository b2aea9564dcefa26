//! What the operations have in common: members of a request, pages, times.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::wire::ServiceError;

/// A string member of a request.
pub(crate) fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input[name].as_str()
}

/// A string member that has to be there.
pub(crate) fn required<'a>(input: &'a Value, name: &str) -> Result<&'a str, ServiceError> {
    let value = text(input, name).filter(|value| !value.is_empty());
    value.ok_or_else(|| invalid(format!("{name} can not be blank.")))
}

/// A list of strings.
pub(crate) fn texts<'a>(input: &'a Value, name: &str) -> Vec<&'a str> {
    input[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A list of strings that has at least one and at most `most` members.
pub(crate) fn bounded<'a>(input: &'a Value, name: &str, most: usize) -> Result<Vec<&'a str>, ServiceError> {
    let values = texts(input, name);
    match values.len() {
        0 => Err(invalid(format!("{name} can not be empty."))),
        count if count > most => Err(invalid(format!("{name} can have at most {most} items."))),
        _ => Ok(values),
    }
}

/// `InvalidParameterException`.
pub(crate) fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::bad_request("InvalidParameterException", message)
}

/// `ClientException`.
pub(crate) fn client_error(message: &str) -> ServiceError {
    ServiceError::bad_request("ClientException", message)
}

/// One page of a list, and the `nextToken` if there is more.
pub(crate) fn page(
    input: &Value,
    member: &str,
    items: Vec<Value>,
    default_size: usize,
    largest: usize,
) -> Result<Value, ServiceError> {
    let size = input["maxResults"].as_u64().map_or(default_size, |size| usize::try_from(size).unwrap_or(usize::MAX));
    if size == 0 || size > largest {
        return Err(invalid(format!("maxResults must be between 1 and {largest}.")));
    }
    let start = match text(input, "nextToken") {
        Some(token) => token.parse().map_err(|_| invalid("Invalid token."))?,
        None => 0,
    };
    let total = items.len();
    let mut answer = Map::new();
    answer.insert(member.to_owned(), items.into_iter().skip(start).take(size).collect());
    if start.saturating_add(size) < total {
        answer.insert("nextToken".to_owned(), json!((start + size).to_string()));
    }
    Ok(Value::Object(answer))
}

/// Epoch seconds with milliseconds, as the JSON services write time.
#[expect(clippy::cast_precision_loss, reason = "a time in milliseconds is exact in a float for 285 000 years")]
pub(crate) fn seconds(at: Timestamp) -> Value {
    json!(at.as_millisecond() as f64 / 1000.0)
}

/// The same for a time that may not have come yet.
pub(crate) fn maybe_seconds(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, seconds)
}

/// An object without its empty members: ECS leaves out what is not there.
pub(crate) fn without_nulls(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|_, member| !member.is_null());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_until_nothing_is_left() {
        let items: Vec<Value> = (0..5).map(|item| json!(item)).collect();
        let first = page(&json!({ "maxResults": 3 }), "items", items.clone(), 100, 100).unwrap();
        assert_eq!(first, json!({ "items": [0, 1, 2], "nextToken": "3" }));
        let second = page(&json!({ "nextToken": "3" }), "items", items.clone(), 100, 100).unwrap();
        assert_eq!(second, json!({ "items": [3, 4] }));
        for wrong in [json!({ "maxResults": 0 }), json!({ "maxResults": 101 }), json!({ "nextToken": "x" })] {
            assert_eq!(page(&wrong, "items", items.clone(), 100, 100).unwrap_err().code, "InvalidParameterException");
        }
    }

    #[test]
    fn times_are_epoch_seconds_with_milliseconds() {
        assert_eq!(seconds(Timestamp::constant(1_767_225_600, 123_456_789)), json!(1_767_225_600.123));
    }
}

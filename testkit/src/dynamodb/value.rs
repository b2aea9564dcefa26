//! Attribute values in DynamoDB's typed JSON: `{"S": "text"}`. Source: API reference, `AttributeValue`.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::error;
use crate::wire::ServiceError;

/// Whether it is one value of one type.
pub(super) fn check(value: &Value) -> Result<(), ServiceError> {
    let members = value.as_object().ok_or_else(|| error::serialization("An attribute value is no object"))?;
    let mut members = members.iter();
    let (Some((kind, inner)), None) = (members.next(), members.next()) else {
        let how_many = if value.as_object().is_some_and(serde_json::Map::is_empty) {
            "is empty"
        } else {
            "has more than one datatypes set"
        };
        let message =
            format!("Supplied AttributeValue {how_many}, must contain exactly one of the supported datatypes");
        return Err(error::invalid(message));
    };
    check_kind(kind, inner)
}

fn check_kind(kind: &str, inner: &Value) -> Result<(), ServiceError> {
    let wrong_shape = || error::serialization(format!("The value of the type {kind} has another shape"));
    match kind {
        "S" => inner.as_str().map(|_| ()).ok_or_else(wrong_shape),
        "N" => check_number(inner.as_str().ok_or_else(wrong_shape)?),
        "B" => STANDARD.decode(inner.as_str().ok_or_else(wrong_shape)?).map(|_| ()).map_err(|_| wrong_shape()),
        "BOOL" => inner.as_bool().map(|_| ()).ok_or_else(wrong_shape),
        "NULL" => match inner {
            Value::Bool(true) => Ok(()),
            Value::Bool(false) => Err(error::invalid(
                "One or more parameter values were invalid: Null attribute value types must have the value of true",
            )),
            _ => Err(wrong_shape()),
        },
        "M" => inner.as_object().ok_or_else(wrong_shape)?.values().try_for_each(check),
        "L" => inner.as_array().ok_or_else(wrong_shape)?.iter().try_for_each(check),
        "SS" | "NS" | "BS" => check_set(&kind[..1], inner.as_array().ok_or_else(wrong_shape)?),
        _ => {
            Err(error::invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"))
        }
    }
}

fn check_number(text: &str) -> Result<(), ServiceError> {
    match number(text) {
        Some(_) => Ok(()),
        None => Err(error::invalid(format!("The parameter cannot be converted to a numeric value: {text}"))),
    }
}

fn check_set(kind: &str, members: &[Value]) -> Result<(), ServiceError> {
    if members.is_empty() {
        return Err(error::invalid("One or more parameter values were invalid: A set may not be empty"));
    }
    members.iter().try_for_each(|member| check_kind(kind, member))?;
    let different: BTreeSet<&str> = members.iter().filter_map(Value::as_str).collect();
    if different.len() < members.len() {
        return Err(error::invalid("One or more parameter values were invalid: Input collection contains duplicates."));
    }
    Ok(())
}

/// Numbers are compared as 64-bit floats; DynamoDB's have 38 digits.
fn number(text: &str) -> Option<f64> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse().ok().filter(|_| is_digits)
}

/// The type of a value and what is in it.
pub(super) fn parts(value: &Value) -> Option<(&str, &Value)> {
    let (kind, inner) = value.as_object()?.iter().next()?;
    Some((kind, inner))
}

/// The text of a value of the type `S`.
pub(super) fn text(value: &Value) -> Option<&str> {
    value.get("S")?.as_str()
}

/// Whether two values are of one type and equal: numbers by what they are worth, sets whatever their order.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    let (Some((kind, left)), Some((other, right))) = (parts(left), parts(right)) else {
        return false;
    };
    if kind != other {
        return false;
    }
    match kind {
        "N" => left.as_str().and_then(number) == right.as_str().and_then(number),
        "SS" | "NS" | "BS" => members(left) == members(right),
        "L" => match (left.as_array(), right.as_array()) {
            (Some(left), Some(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
            }
            _ => false,
        },
        "M" => match (left.as_object(), right.as_object()) {
            (Some(left), Some(right)) => {
                let same = |(name, value): (&String, &Value)| right.get(name).is_some_and(|other| equal(value, other));
                left.len() == right.len() && left.iter().all(same)
            }
            _ => false,
        },
        _ => left == right,
    }
}

fn members(set: &Value) -> BTreeSet<&str> {
    set.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether `whole` contains `part`: text in text, a member in a set or a list.
pub(super) fn contains(whole: &Value, part: &Value) -> bool {
    let (Some((kind, inner)), Some((part_kind, part_inner))) = (parts(whole), parts(part)) else {
        return false;
    };
    match (kind, part_kind) {
        ("S", "S") => inner.as_str().zip(part_inner.as_str()).is_some_and(|(whole, part)| whole.contains(part)),
        ("SS", "S") | ("NS", "N") | ("BS", "B") => {
            part_inner.as_str().is_some_and(|part| members(inner).contains(part))
        }
        ("L", _) => inner.as_array().into_iter().flatten().any(|member| equal(member, part)),
        _ => false,
    }
}

/// Whether text begins with text.
pub(super) fn begins_with(whole: &Value, start: &Value) -> bool {
    text(whole).zip(text(start)).is_some_and(|(whole, start)| whole.starts_with(start))
}

/// About how many bytes a value takes. Source: developer guide, "DynamoDB item sizes and formats", without what lists and maps cost
/// themselves.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(members) => members.iter().map(size).sum(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| if is_type(name) { size(value) } else { name.len() + size(value) }).sum()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    }
}

fn is_type(name: &str) -> bool {
    ["S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"].contains(&name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_one_value_of_one_type() {
        let whole = [
            json!({ "S": "" }),
            json!({ "N": "-1.5e3" }),
            json!({ "B": "AAE=" }),
            json!({ "BOOL": false }),
            json!({ "NULL": true }),
            json!({ "M": { "a": { "L": [{ "S": "b" }] } } }),
            json!({ "SS": ["a", "b"] }),
        ];
        for value in whole {
            assert_eq!(check(&value), Ok(()), "{value}");
        }
        let broken = [
            (json!({}), "ValidationException"),
            (json!({ "S": "a", "N": "1" }), "ValidationException"),
            (json!({ "T": "a" }), "ValidationException"),
            (json!({ "N": "many" }), "ValidationException"),
            (json!({ "N": "inf" }), "ValidationException"),
            (json!({ "NULL": false }), "ValidationException"),
            (json!({ "SS": [] }), "ValidationException"),
            (json!({ "SS": ["a", "a"] }), "ValidationException"),
            (json!({ "M": { "a": {} } }), "ValidationException"),
            (json!({ "S": 1 }), "SerializationException"),
            (json!({ "N": 1 }), "SerializationException"),
            (json!({ "B": "no base64" }), "SerializationException"),
            (json!("a"), "SerializationException"),
        ];
        for (value, code) in broken {
            assert_eq!(check(&value).unwrap_err().code, code, "{value}");
        }
    }

    #[test]
    fn values_are_equal_by_type_and_worth() {
        let equals = [
            (json!({ "S": "a" }), json!({ "S": "a" }), true),
            (json!({ "S": "1" }), json!({ "N": "1" }), false),
            (json!({ "N": "1.0" }), json!({ "N": "1" }), true),
            (json!({ "SS": ["a", "b"] }), json!({ "SS": ["b", "a"] }), true),
            (json!({ "L": [{ "N": "1" }] }), json!({ "L": [{ "N": "1.0" }] }), true),
            (json!({ "M": { "a": { "N": "1" } } }), json!({ "M": { "a": { "N": "01" } } }), true),
            (json!({ "M": { "a": { "N": "1" } } }), json!({ "M": { "b": { "N": "1" } } }), false),
        ];
        for (left, right, expected) in equals {
            assert_eq!(equal(&left, &right), expected, "{left} {right}");
        }
    }

    #[test]
    fn text_contains_text_and_sets_and_lists_their_members() {
        let cases = [
            (json!({ "S": "{\"ID\":\"7\"}" }), json!({ "S": "\"7\"" }), true),
            (json!({ "SS": ["ab"] }), json!({ "S": "a" }), false),
            (json!({ "SS": ["ab"] }), json!({ "S": "ab" }), true),
            (json!({ "L": [{ "N": "1" }] }), json!({ "N": "1" }), true),
            (json!({ "N": "11" }), json!({ "N": "1" }), false),
        ];
        for (whole, part, expected) in cases {
            assert_eq!(contains(&whole, &part), expected, "{whole} {part}");
        }
    }
}

//! What stands in an expression for names and values, and whether all of it is used.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::{error, value};
use super::wrong;
use crate::wire::ServiceError;

const NAMES: &str = "ExpressionAttributeNames";
const VALUES: &str = "ExpressionAttributeValues";

/// The placeholders of a request.
#[derive(Debug)]
pub(in crate::dynamodb) struct Placeholders<'a> {
    names: Option<&'a Map<String, Value>>,
    values: Option<&'a Map<String, Value>>,
    used: BTreeSet<&'a str>,
}

impl<'a> Placeholders<'a> {
    /// Those of a request, after their form was checked.
    pub(in crate::dynamodb) fn of(sent: &'a Value) -> Result<Self, ServiceError> {
        let names = members(sent, NAMES, '#')?;
        if names.into_iter().flat_map(Map::values).any(|name| !name.is_string()) {
            return Err(error::serialization(format!("A name in {NAMES} is no string")));
        }
        let values = members(sent, VALUES, ':')?;
        values.into_iter().flat_map(Map::values).try_for_each(value::check)?;
        Ok(Self { names, values, used: BTreeSet::new() })
    }

    /// The name that `#name` stands for.
    pub(super) fn name(&mut self, member: &str, token: &str) -> Result<String, ServiceError> {
        let found = self.names.and_then(|names| names.get_key_value(token));
        let Some((key, name)) = found.and_then(|(key, name)| Some((key, name.as_str()?))) else {
            let what = "An expression attribute name used in the document path is not defined; attribute name: ";
            return Err(wrong(member, &format!("{what}{token}")));
        };
        self.used.insert(key);
        Ok(name.to_owned())
    }

    /// The value that `:value` stands for.
    pub(super) fn value(&mut self, member: &str, token: &str) -> Result<Value, ServiceError> {
        let Some((key, value)) = self.values.and_then(|values| values.get_key_value(token)) else {
            let what = "An expression attribute value used in expression is not defined; attribute value: ";
            return Err(wrong(member, &format!("{what}{token}")));
        };
        self.used.insert(key);
        Ok(value.clone())
    }

    /// Whether every placeholder was used in one of the expressions.
    pub(in crate::dynamodb) fn check_all_used(&self) -> Result<(), ServiceError> {
        for (member, given) in [(VALUES, self.values), (NAMES, self.names)] {
            let unused = given.into_iter().flat_map(Map::keys).filter(|key| !self.used.contains(key.as_str()));
            let unused: Vec<&str> = unused.map(String::as_str).collect();
            if !unused.is_empty() {
                let keys = unused.join(", ");
                return Err(error::invalid(format!(
                    "Value provided in {member} unused in expressions: keys: {{{keys}}}"
                )));
            }
        }
        Ok(())
    }
}

fn members<'a>(sent: &'a Value, member: &str, sign: char) -> Result<Option<&'a Map<String, Value>>, ServiceError> {
    let given = match &sent[member] {
        Value::Null => return Ok(None),
        Value::Object(given) => given,
        _ => return Err(error::serialization(format!("{member} is no object"))),
    };
    if given.is_empty() {
        return Err(error::invalid(format!("{member} must not be empty")));
    }
    let is_of_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let is_valid =
        |key: &String| key.strip_prefix(sign).is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_of_word));
    match given.keys().find(|key| !is_valid(key)) {
        Some(key) => Err(error::invalid(format!("{member} contains invalid key: Syntax error; key: \"{key}\""))),
        None => Ok(Some(given)),
    }
}

//! The settings of a block, taken one by one. What is left over in the end was taken over by nobody.

use std::time::Duration;

use serde_json::{Map, Value};

use super::error::BackendError;

/// The settings of a block. Terraform writes down all that it knows, `null` where nothing was set; `""` is as good as that.
/// Secrets are among them, so they cannot be shown.
pub(super) struct Settings {
    /// What stands before a setting's name in a message: empty, or `assume_role.`.
    prefix: String,
    members: Map<String, Value>,
}

impl Settings {
    pub(super) fn new(members: Map<String, Value>) -> Self {
        Self { prefix: String::new(), members }
    }

    pub(super) fn into_members(self) -> Map<String, Value> {
        self.members
    }

    /// A text that says something.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, BackendError> {
        Ok(self.text_or_nothing(name)?.filter(|text| !text.is_empty()))
    }

    /// A text that is set, to nothing perhaps.
    pub(super) fn text_or_nothing(&mut self, name: &str) -> Result<Option<String>, BackendError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a string")),
        }
    }

    /// A text without which nothing goes.
    pub(super) fn needed(&mut self, name: &str) -> Result<String, BackendError> {
        self.text(name)?.ok_or_else(|| BackendError::Missing(self.full(name)))
    }

    /// Yes or no. Terraform reads the words in quotes as well, which old versions wrote.
    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, BackendError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(Value::String(text)) if text == "true" || text == "1" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" || text == "0" => Ok(Some(false)),
            Some(_) => Err(self.wrong(name, "true or false")),
        }
    }

    /// Whole seconds; none if it is 0.
    pub(super) fn seconds(&mut self, name: &str) -> Result<Option<Duration>, BackendError> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(seconds) => Ok(Some(seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs)),
                None => Err(self.wrong(name, "a number of seconds")),
            },
        }
    }

    /// Texts, in the order in which they stand there.
    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<String>, BackendError> {
        let wrong = |settings: &Self| settings.wrong(name, "a list of strings");
        let texts = match self.take(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(texts)) => texts,
            Some(_) => return Err(wrong(self)),
        };
        texts.into_iter().map(|text| as_text(text).ok_or_else(|| wrong(self))).collect()
    }

    /// Names with their values.
    pub(super) fn pairs(&mut self, name: &str) -> Result<Vec<(String, String)>, BackendError> {
        let wrong = |settings: &Self| settings.wrong(name, "a map of strings");
        let pairs = match self.take(name) {
            None => return Ok(Vec::new()),
            Some(Value::Object(pairs)) => pairs,
            Some(_) => return Err(wrong(self)),
        };
        pairs.into_iter().map(|(key, value)| Ok((key, as_text(value).ok_or_else(|| wrong(self))?))).collect()
    }

    /// A block within the block.
    pub(super) fn block(&mut self, name: &str) -> Result<Option<Self>, BackendError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Self { prefix: format!("{}.", self.full(name)), members })),
            Some(_) => Err(self.wrong(name, "a block")),
        }
    }

    /// The settings that say something and were not taken, sorted.
    pub(super) fn left(mut self, without_consequence: &[&str]) -> Vec<String> {
        self.members.retain(|name, value| says_something(value) && !without_consequence.contains(&name.as_str()));
        let mut left: Vec<String> = self.members.keys().map(|name| self.full(name)).collect();
        left.sort();
        left
    }

    /// A setting of any type, if it is set.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn wrong(&self, name: &str, expected: &'static str) -> BackendError {
        BackendError::Type { setting: self.full(name), expected }
    }
}

fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => members.values().any(says_something),
    }
}

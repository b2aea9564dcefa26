//! What is written: members as the AWS CLI spells them, and notes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::world::View;

/// Members in the making.
#[derive(Debug)]
pub(super) struct Members {
    lists: BTreeMap<&'static str, Vec<Value>>,
    notes: Vec<String>,
}

impl Members {
    /// A document of Terraform's says of these three kinds what there is, be it nothing.
    pub(super) fn new() -> Self {
        let always = ["Vpcs", "Subnets", "RouteTables"];
        Self { lists: always.into_iter().map(|name| (name, Vec::new())).collect(), notes: Vec::new() }
    }

    pub(super) fn push(&mut self, member: &'static str, value: Value) {
        self.lists.entry(member).or_default().push(without_nulls(value));
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// The members and the notes, each note once.
    pub(super) fn finish(mut self) -> (Map<String, Value>, Vec<String>) {
        self.notes.sort();
        self.notes.dedup();
        let members = self.lists.into_iter().map(|(name, list)| (name.to_owned(), Value::Array(list)));
        (members.collect(), self.notes)
    }
}

/// The AWS CLI writes no `null`: what is not there is left out.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(members.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

impl View<'_> {
    /// Its tags as the AWS CLI writes them.
    pub(super) fn tags(&self) -> Vec<Value> {
        let tags = ["tags_all", "tags"].into_iter().find_map(|name| self.instance.values.get(name)?.as_object());
        let known = tags.into_iter().flatten().filter(|(_, value)| value.is_string());
        known.map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
    }
}

/// Objects with one member each.
pub(super) fn each(name: &str, values: impl IntoIterator<Item = String>) -> Vec<Value> {
    let object = |value| Value::Object(Map::from_iter([(name.to_owned(), Value::String(value))]));
    values.into_iter().map(object).collect()
}

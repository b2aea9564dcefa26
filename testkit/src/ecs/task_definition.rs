//! Task definitions, kept as the JSON they were registered with.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::ecs::ids::{arn, name_of};
use crate::ecs::input::{client_error, page, required, seconds, text};
use crate::wire::ServiceError;
use crate::world::ACCOUNT;

/// All task definitions, by family, in the order of their revisions.
#[derive(Debug, Default)]
pub(crate) struct TaskDefinitions(BTreeMap<String, Vec<TaskDefinition>>);

#[derive(Debug)]
struct TaskDefinition {
    arn: String,
    revision: usize,
    /// What was sent, without `tags`: members that nobody knows, and their order, survive.
    raw: Value,
    tags: Value,
    registered_at: Timestamp,
    deregistered_at: Option<Timestamp>,
}

impl TaskDefinitions {
    /// `RegisterTaskDefinition`.
    pub(crate) fn register(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let family = validated_family(input)?;
        let mut raw = input.as_object().cloned().unwrap_or_default();
        let tags = raw.shift_remove("tags").unwrap_or(json!([]));
        let revisions = self.0.entry(family.to_owned()).or_default();
        let revision = revisions.len() + 1;
        let arn = arn(&format!("task-definition/{family}:{revision}"));
        let raw = Value::Object(raw);
        let definition = TaskDefinition { arn, revision, raw, tags, registered_at: now, deregistered_at: None };
        let answer = definition.answered();
        revisions.push(definition);
        Ok(answer)
    }

    /// `DescribeTaskDefinition`.
    pub(crate) fn describe(&self, input: &Value) -> Result<Value, ServiceError> {
        let definition = self.find(required(input, "taskDefinition")?);
        let definition = definition.ok_or_else(|| client_error("Unable to describe task definition."))?;
        let mut answer = definition.answered();
        let tags_wanted = input["include"].as_array().is_some_and(|include| include.contains(&json!("TAGS")));
        if let Some(answer) = answer.as_object_mut().filter(|_| !tags_wanted) {
            answer.shift_remove("tags");
        }
        Ok(answer)
    }

    /// `DeregisterTaskDefinition`.
    pub(crate) fn deregister(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let (family, revision) = split(required(input, "taskDefinition")?);
        let revision = revision.ok_or_else(|| client_error("Revision is missing."))?;
        let revisions = self.0.get_mut(family);
        let definition = revisions.and_then(|revisions| revisions.get_mut(revision.checked_sub(1)?));
        let definition = definition.ok_or_else(|| client_error("The specified task definition does not exist."))?;
        definition.deregistered_at.get_or_insert(now);
        Ok(json!({ "taskDefinition": definition.rendered() }))
    }

    /// `ListTaskDefinitions`.
    pub(crate) fn list(&self, input: &Value) -> Result<Value, ServiceError> {
        let family = text(input, "familyPrefix");
        let is_wanted = |definition: &&TaskDefinition| match text(input, "status") {
            None | Some("ACTIVE") => definition.is_active(),
            Some("INACTIVE") => !definition.is_active(),
            // Nothing is ever deleted here.
            Some(_) => false,
        };
        let families = self.0.iter().filter(|(name, _)| family.is_none_or(|family| family == *name));
        let mut arns: Vec<Value> = families
            .flat_map(|(_, revisions)| revisions)
            .filter(is_wanted)
            .map(|definition| json!(definition.arn))
            .collect();
        if text(input, "sort") == Some("DESC") {
            arns.reverse();
        }
        page(input, "taskDefinitionArns", arns, 100, 100)
    }

    /// The ARN of the task definition that `reference` names, if tasks can be started from it.
    pub(crate) fn usable(&self, reference: &str) -> Result<String, ServiceError> {
        let definition = self.find(reference).ok_or_else(|| client_error("TaskDefinition not found."))?;
        if !definition.is_active() {
            return Err(client_error("TaskDefinition is inactive"));
        }
        Ok(definition.arn.clone())
    }

    /// What was registered under an ARN.
    pub(crate) fn raw(&self, arn: &str) -> &Value {
        self.find(arn).map_or(&Value::Null, |definition| &definition.raw)
    }

    /// `family` (its latest active revision), `family:revision` or an ARN.
    fn find(&self, reference: &str) -> Option<&TaskDefinition> {
        let (family, revision) = split(reference);
        let revisions = self.0.get(family)?;
        match revision {
            Some(revision) => revisions.get(revision.checked_sub(1)?),
            None => revisions.iter().rev().find(|definition| definition.is_active()),
        }
    }
}

fn split(reference: &str) -> (&str, Option<usize>) {
    let name = name_of(reference);
    match name.rsplit_once(':') {
        Some((family, revision)) => (family, Some(revision.parse().unwrap_or(0))),
        None => (name, None),
    }
}

fn validated_family(input: &Value) -> Result<&str, ServiceError> {
    let family = text(input, "family").unwrap_or_default();
    if family.is_empty() {
        return Err(client_error("Family should not be null or empty"));
    }
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if family.len() > 255 || !family.chars().all(allowed) {
        return Err(client_error("Family contains invalid characters."));
    }
    let containers = input["containerDefinitions"].as_array().map_or(&[][..], Vec::as_slice);
    if containers.is_empty() {
        return Err(client_error("Container list cannot be empty."));
    }
    for (at, container) in containers.iter().enumerate() {
        for member in ["name", "image"] {
            if text(container, member).is_none_or(str::is_empty) {
                return Err(client_error(&format!("Container.{member} should not be null or empty")));
            }
        }
        if containers[..at].iter().any(|other| other["name"] == container["name"]) {
            return Err(client_error("Container names must be unique."));
        }
    }
    if !containers.iter().any(|container| container["essential"] != json!(false)) {
        return Err(client_error("At least one container must be essential."));
    }
    Ok(family)
}

impl TaskDefinition {
    fn is_active(&self) -> bool {
        self.deregistered_at.is_none()
    }

    fn answered(&self) -> Value {
        json!({ "taskDefinition": self.rendered(), "tags": self.tags })
    }

    fn rendered(&self) -> Value {
        let mut members: Map<String, Value> = self.raw.as_object().cloned().unwrap_or_default();
        let compatibilities = match self.raw["requiresCompatibilities"].as_array() {
            Some(required) if required.contains(&json!("FARGATE")) => json!(["EC2", "FARGATE"]),
            _ => json!(["EC2"]),
        };
        let own = [
            ("taskDefinitionArn", json!(self.arn)),
            ("revision", json!(self.revision)),
            ("status", json!(if self.is_active() { "ACTIVE" } else { "INACTIVE" })),
            ("requiresAttributes", json!([{ "name": "com.amazonaws.ecs.capability.docker-remote-api.1.18" }])),
            ("compatibilities", compatibilities),
            ("registeredAt", seconds(self.registered_at)),
            ("registeredBy", json!(format!("arn:aws:iam::{ACCOUNT}:root"))),
        ];
        members.extend(own.map(|(name, value)| (name.to_owned(), value)));
        if let Some(at) = self.deregistered_at {
            members.insert("deregisteredAt".to_owned(), seconds(at));
        }
        Value::Object(members)
    }
}

//! A task definition as the raw JSON that ECS sent: what this build does not know survives.

use std::fmt;

use contract::raw::RawObject;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use thiserror::Error;

/// Members that `DescribeTaskDefinition` adds and `RegisterTaskDefinition` does not take.
///
/// Source: ECS API reference, `TaskDefinition` against `RegisterTaskDefinition`.
const READ_ONLY: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// A task definition.
#[derive(Clone, Debug)]
pub struct TaskDefinition {
    definition: RawObject,
    tags: Option<Box<RawValue>>,
}

/// Why an image cannot be swapped.
#[derive(Debug, Error)]
pub enum SwapError {
    /// What ECS sent has another shape than its documentation says.
    #[error("the task definition is not understood: {0}")]
    Shape(String),
    /// The container that was asked for is not there.
    #[error("the task definition has no container `{wanted}`; it has {present}")]
    NoSuchContainer {
        /// The name that was asked for.
        wanted: String,
        /// The names that are there.
        present: String,
    },
    /// It is not said which of several containers is meant.
    #[error("the task definition has several containers: {0}")]
    Ambiguous(String),
}

/// The container that a swap is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its place in `containerDefinitions`.
    index: usize,
    /// Its name.
    pub name: String,
    /// The image that it has now.
    pub image: String,
}

#[derive(Deserialize)]
struct Described {
    #[serde(rename = "taskDefinition")]
    task_definition: RawObject,
    tags: Option<Box<RawValue>>,
}

impl TaskDefinition {
    /// Reads the answer to `DescribeTaskDefinition`.
    ///
    /// # Errors
    /// It is no such answer.
    pub fn of_description(answer: &[u8]) -> Result<Self, SwapError> {
        let described: Described = serde_json::from_slice(answer).map_err(shape)?;
        Ok(Self { definition: described.task_definition, tags: described.tags })
    }

    /// The ARN.
    ///
    /// # Errors
    /// There is none.
    pub fn arn(&self) -> Result<String, SwapError> {
        let raw = self.definition.get("taskDefinitionArn").ok_or_else(|| shape("it has no ARN"))?;
        serde_json::from_str(raw).map_err(shape)
    }

    /// Finds the container that is meant: the one of this name, or the only one.
    ///
    /// # Errors
    /// There is no such container, or there are several and no name is given.
    pub fn container(&self, wanted: Option<&str>) -> Result<Container, SwapError> {
        let mut containers = Vec::new();
        for (index, raw) in self.containers()?.iter().enumerate() {
            let text = |member: &str| -> Result<String, SwapError> {
                let raw = raw.get(member).ok_or_else(|| shape(format!("a container has no `{member}`")))?;
                serde_json::from_str(raw).map_err(shape)
            };
            containers.push(Container { index, name: text("name")?, image: text("image")? });
        }
        let names = || containers.iter().map(|container| container.name.as_str()).collect::<Vec<_>>().join(", ");
        match (wanted, containers.as_slice()) {
            (None, [only]) => Ok(only.clone()),
            (None, []) => Err(shape("it has no containers")),
            (None, _) => Err(SwapError::Ambiguous(names())),
            (Some(wanted), _) => {
                let found = containers.iter().find(|container| container.name == wanted).cloned();
                found.ok_or_else(|| SwapError::NoSuchContainer { wanted: wanted.to_owned(), present: names() })
            }
        }
    }

    /// The input of `RegisterTaskDefinition` for the same definition with another image in one container. All else stays byte for byte.
    ///
    /// # Errors
    /// The containers are not understood.
    pub fn with_image(&self, container: &Container, image: &str) -> Result<String, SwapError> {
        let mut containers = self.containers()?;
        let place = containers.get_mut(container.index).ok_or_else(|| shape("the container is gone"))?;
        place.set("image", to_raw_value(image).map_err(shape)?);
        let mut definition = self.definition.clone();
        definition.remove(&READ_ONLY);
        definition.set("containerDefinitions", to_raw_value(&containers).map_err(shape)?);
        if let Some(tags) = self.tags.as_ref().filter(|tags| !is_empty_list(tags)) {
            definition.set("tags", tags.clone());
        }
        Ok(definition.to_json())
    }

    fn containers(&self) -> Result<Vec<RawObject>, SwapError> {
        let raw = self.definition.get("containerDefinitions").ok_or_else(|| shape("it has no containers"))?;
        serde_json::from_str(raw).map_err(shape)
    }
}

/// ECS answers `"tags":[]` where there are none, and refuses an empty list on register.
fn is_empty_list(raw: &RawValue) -> bool {
    serde_json::from_str::<Vec<serde::de::IgnoredAny>>(raw.get()).is_ok_and(|list| list.is_empty())
}

fn shape(cause: impl fmt::Display) -> SwapError {
    SwapError::Shape(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIBED: &str = r#"{"taskDefinition":{"taskDefinitionArn":"arn:aws:ecs:r:1:task-definition/web:7","family":"web","revision":7,"status":"ACTIVE","brandNew":{"b":1.10,"a":null},
        "containerDefinitions":[{"name":"web","image":"web:1","brandNewToo":[1e400]},{"name":"sidecar","image":"s:1"}],
        "requiresAttributes":[],"compatibilities":["EC2"],"registeredAt":1.7e9,"registeredBy":"me"},"tags":[{"key":"team","value":"a"}]}"#;

    fn definition() -> TaskDefinition {
        TaskDefinition::of_description(DESCRIBED.as_bytes()).unwrap()
    }

    #[test]
    fn only_the_image_changes_and_unknown_members_survive() {
        let definition = definition();
        let container = definition.container(Some("web")).unwrap();
        let input = definition.with_image(&container, "web@sha256:1").unwrap();
        let expected = r#"{"family":"web","brandNew":{"b":1.10,"a":null},"containerDefinitions":[{"name":"web","image":"web@sha256:1","brandNewToo":[1e400]},{"name":"sidecar","image":"s:1"}],"tags":[{"key":"team","value":"a"}]}"#;
        assert_eq!(input, expected);
    }

    #[test]
    fn an_empty_list_of_tags_is_not_sent() {
        let described =
            r#"{"taskDefinition":{"family":"f","containerDefinitions":[{"name":"a","image":"b"}]},"tags":[ ]}"#;
        let definition = TaskDefinition::of_description(described.as_bytes()).unwrap();
        let input = definition.with_image(&definition.container(None).unwrap(), "c").unwrap();
        assert_eq!(input, r#"{"family":"f","containerDefinitions":[{"name":"a","image":"c"}]}"#);
    }

    #[test]
    fn a_container_must_be_named_if_there_are_several() {
        let definition = definition();
        assert!(matches!(definition.container(None), Err(SwapError::Ambiguous(names)) if names == "web, sidecar"));
        assert!(matches!(definition.container(Some("x")), Err(SwapError::NoSuchContainer { .. })));
        assert_eq!(definition.container(Some("sidecar")).unwrap().image, "s:1");
    }

    #[test]
    fn what_is_no_task_definition_is_refused() {
        for answer in ["", "{}", "[]", r#"{"taskDefinition":3}"#, r#"{"taskDefinition":{"family":"a","family":"b"}}"#] {
            assert!(TaskDefinition::of_description(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}

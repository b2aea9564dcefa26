//! A task definition as the raw JSON that ECS sent: what this build does not know survives.

mod change;
mod diff;

use std::collections::BTreeMap;
use std::fmt;

use contract::raw::RawObject;
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

pub(crate) use self::change::tag;
pub use self::change::{Changes, ContainerImage, ImageChange, NotAChange, Secret, Variable};
pub use self::diff::{Change, diff};

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

/// What a task definition says about a container, as far as this tool asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// The variables that come from Secrets Manager or Parameter Store.
    pub secrets: Vec<SecretReference>,
    /// Where it writes its log.
    pub log_configuration: Option<LogConfiguration>,
}

/// A variable that comes from Secrets Manager or Parameter Store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretReference {
    /// The variable.
    pub name: String,
    /// The ARN of the secret, or the ARN or name of the parameter.
    pub value_from: String,
}

/// Where a container writes its log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogConfiguration {
    /// `awslogs` for CloudWatch.
    pub log_driver: String,
    /// The driver's settings.
    pub options: BTreeMap<String, String>,
}

/// What a task definition says about the task, as far as this tool asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Overview {
    /// Its family.
    pub family: String,
    /// `ACTIVE`, or `INACTIVE` once it is deregistered.
    pub status: Option<String>,
    /// The containers.
    pub container_definitions: Vec<Container>,
    /// The containers' role.
    pub task_role_arn: Option<String>,
    /// ECS's role.
    pub execution_role_arn: Option<String>,
    /// `FARGATE` and others.
    pub requires_compatibilities: Vec<String>,
    /// The platform.
    pub runtime_platform: Option<RuntimePlatform>,
}

/// What tasks run on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RuntimePlatform {
    /// `X86_64` or `ARM64`.
    pub cpu_architecture: Option<String>,
    /// `LINUX`, or a version of Windows.
    pub operating_system_family: Option<String>,
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
        let definition = Self { definition: described.task_definition, tags: described.tags };
        definition.overview()?;
        Ok(definition)
    }

    /// Reads a file: the input of `RegisterTaskDefinition`, or the answer to `DescribeTaskDefinition`.
    ///
    /// # Errors
    /// It is neither.
    pub fn of_file(text: &[u8]) -> Result<Self, SwapError> {
        let mut definition: RawObject = serde_json::from_slice(text).map_err(shape)?;
        if definition.get("taskDefinition").is_some() {
            return Self::of_description(text);
        }
        let tags = definition.get("tags").and_then(|tags| RawValue::from_string(tags.to_owned()).ok());
        definition.remove(&["tags"]);
        let definition = Self { definition, tags };
        let overview = definition.overview()?;
        if overview.family.is_empty() || overview.container_definitions.is_empty() {
            return Err(shape("it has no family or no containers"));
        }
        Ok(definition)
    }

    /// What it says, as far as this tool asks.
    ///
    /// # Errors
    /// It has another shape than its documentation says.
    pub fn overview(&self) -> Result<Overview, SwapError> {
        let overview: Overview = serde_json::from_str(&self.definition.to_json()).map_err(shape)?;
        let is_nameless = |container: &Container| container.name.is_empty() || container.image.is_empty();
        if overview.container_definitions.iter().any(is_nameless) {
            return Err(shape("a container has no name or no image"));
        }
        Ok(overview)
    }

    /// The input of `RegisterTaskDefinition` for this definition. All that is not read-only stays byte for byte.
    #[must_use]
    pub fn to_register(&self) -> String {
        let mut definition = self.definition.clone();
        definition.remove(&READ_ONLY);
        if let Some(tags) = self.tags.as_ref().filter(|tags| !is_empty_list(tags)) {
            definition.set("tags", tags.clone());
        }
        definition.to_json()
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

    #[test]
    fn what_is_read_only_is_not_registered_and_unknown_members_survive() {
        let definition = TaskDefinition::of_description(DESCRIBED.as_bytes()).unwrap();
        let expected = r#"{"family":"web","brandNew":{"b":1.10,"a":null},"containerDefinitions":[{"name":"web","image":"web:1","brandNewToo":[1e400]},{"name":"sidecar","image":"s:1"}],"tags":[{"key":"team","value":"a"}]}"#;
        assert_eq!(definition.to_register(), expected);
    }

    #[test]
    fn an_empty_list_of_tags_is_not_sent() {
        let described =
            r#"{"taskDefinition":{"family":"f","containerDefinitions":[{"name":"a","image":"b"}]},"tags":[ ]}"#;
        let definition = TaskDefinition::of_description(described.as_bytes()).unwrap();
        assert_eq!(definition.to_register(), r#"{"family":"f","containerDefinitions":[{"name":"a","image":"b"}]}"#);
    }

    #[test]
    fn a_file_may_be_the_input_of_one_call_or_the_answer_of_the_other() {
        let input = r#"{"family":"web","containerDefinitions":[{"name":"web","image":"web:1"}],"tags":[{"key":"a","value":"b"}]}"#;
        for text in [DESCRIBED, input] {
            let definition = TaskDefinition::of_file(text.as_bytes()).unwrap();
            assert_eq!(definition.overview().unwrap().family, "web");
            assert!(definition.to_register().contains(r#""tags":[{"key""#));
        }
        for text in
            ["", "[]", "{}", r#"{"family":"web"}"#, r#"{"family":"web","containerDefinitions":[{"name":"web"}]}"#]
        {
            assert!(TaskDefinition::of_file(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_task_definition_is_refused() {
        for answer in ["", "{}", "[]", r#"{"taskDefinition":3}"#, r#"{"taskDefinition":{"family":"a","family":"b"}}"#] {
            assert!(TaskDefinition::of_description(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}

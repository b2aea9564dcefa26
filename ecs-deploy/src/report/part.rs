//! The parts of the section.

use contract::{Digest, Document};
use schemars::JsonSchema;
use serde::Serialize;

use crate::cause::Cause;
use crate::observation::Hook;
use crate::task_definition::{Change, Container, ContainerImage, Overview};

/// A container's image before and after.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ImageReport {
    /// The container.
    pub container: String,
    /// The image.
    pub image: String,
    /// Its digest, if the reference has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The image that the container had before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_image: Option<String>,
}

impl ImageReport {
    /// The images of a task definition.
    #[must_use]
    pub fn all_of(definition: &Overview) -> Vec<Self> {
        let report = |container: &Container| Self {
            container: container.name.clone(),
            image: container.image.clone(),
            digest: container.image.split_once('@').and_then(|(_, digest)| digest.parse().ok()),
            previous_image: None,
        };
        definition.container_definitions.iter().map(report).collect()
    }
}

impl From<&ContainerImage> for ImageReport {
    fn from(image: &ContainerImage) -> Self {
        Self {
            container: image.container.clone(),
            image: image.image.to_string(),
            digest: image.image.digest().cloned(),
            previous_image: Some(image.previous.clone()),
        }
    }
}

/// Tasks that failed in the same way.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CauseReport {
    /// How many.
    pub count: usize,
    /// ECS's code.
    pub stop_code: String,
    /// ECS's sentence, without ids that differ from task to task.
    pub reason: String,
    /// The container that ended badly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Its exit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The last lines that the container of one of these tasks wrote.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// Why the load balancer sends no traffic to the tasks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// What to do about it, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<&'static str>,
}

impl From<&Cause> for CauseReport {
    fn from(cause: &Cause) -> Self {
        Self {
            count: cause.count,
            stop_code: cause.stop_code.clone(),
            reason: cause.reason.clone(),
            container: cause.container.clone(),
            exit_code: cause.exit_code,
            log: cause.log.clone(),
            targets: cause.targets.clone(),
            fix: cause.fix,
        }
    }
}

/// A pause that a deployment waits at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PauseReport {
    /// The hook.
    pub hook_id: String,
    /// When AWS decides by itself, RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// What it does then: `ROLLBACK` or `CONTINUE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_action: Option<String>,
}

impl From<&Hook> for PauseReport {
    fn from(hook: &Hook) -> Self {
        Self {
            hook_id: hook.id.clone(),
            expires_at: hook.expires_at.and_then(contract::time::rfc3339),
            timeout_action: hook.timeout_action.clone(),
        }
    }
}

/// How long a lifecycle stage took.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StageReport {
    /// The stage, or the status of a deployment without stages.
    pub stage: String,
    /// How long it was seen, in seconds.
    pub seconds: f64,
}

/// A difference.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChangeReport {
    /// Where, for example `containerDefinitions[web].image`.
    pub path: String,
    /// What was there; values of environment variables are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What is to be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl From<&Change> for ChangeReport {
    fn from(change: &Change) -> Self {
        Self { path: change.path.clone(), before: change.before.clone(), after: change.after.clone() }
    }
}

/// The last run of a check.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CheckReport {
    /// The command.
    pub command: String,
    /// Whether it passed.
    pub ok: bool,
    /// How often it was run.
    pub runs: u32,
    /// Its exit code; none if a signal or the time limit ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The last lines that it wrote, first those on standard output.
    pub output: Vec<String>,
}

impl CheckReport {
    /// What it said last: no hint, and of a release document what went wrong.
    #[must_use]
    pub fn last_words(&self) -> Option<String> {
        let line = self.output.iter().rev().find(|line| !line.contains(HINT))?;
        let failure = Document::parse(line.as_bytes()).ok().and_then(|document| document.error().ok().flatten());
        Some(failure.map_or_else(|| line.clone(), |failure| failure.message))
    }

    /// The lines that are for people: all but release documents.
    pub fn words(&self) -> impl Iterator<Item = &String> {
        self.output.iter().filter(|line| !Document::recognises(line.as_bytes()))
    }
}

/// What stands before the hint in the line of a tool that keeps the contract.
const HINT: &str = ": hint: ";

/// The task that ran before the release.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TaskReport {
    /// The command.
    pub command: String,
    /// Whether it succeeded.
    pub ok: bool,
    /// Its ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// The exit code of its container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why it did not succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last lines that it wrote.
    pub log: Vec<String>,
}

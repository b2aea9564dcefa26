//! What is written: the `deployment` section, and the table made from it.

use contract::{Digest, table};
use schemars::JsonSchema;
use serde::Serialize;

use crate::cause::Cause;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The new revision serves.
    Deployed,
    /// The service runs the image already.
    NothingToDo,
    /// `--dry-run`: this is what would be done.
    Planned,
    /// It was not watched to its end; it goes on.
    InProgress,
    /// ECS went back to the old revision.
    RolledBack,
    /// ECS could not go back.
    RollbackFailed,
    /// A newer deployment took its place.
    Superseded,
    /// It was stopped.
    Stopped,
}

/// The `deployment` section of the release document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Deployment {
    /// Whether the image serves now.
    pub ok: bool,
    /// How it ended.
    pub outcome: Ending,
    /// The cluster.
    pub cluster: String,
    /// The service.
    pub service: String,
    /// The container that got the image.
    pub container: String,
    /// The image.
    pub image: String,
    /// The image's digest, if the reference has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The image that the container had before.
    pub previous_image: String,
    /// The task definition before.
    pub previous_task_definition: String,
    /// The task definition that was rolled out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// The service's strategy: `ROLLING`, `BLUE_GREEN`, `CANARY` or `LINEAR`.
    pub strategy: String,
    /// The deployment that this run started or joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// ECS's status of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// ECS's reason for the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why tasks failed, the most frequent cause first.
    pub causes: Vec<FailureCause>,
}

/// Tasks that failed in the same way.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FailureCause {
    /// How many.
    pub count: usize,
    /// ECS's code.
    pub stop_code: String,
    /// ECS's sentence.
    pub reason: String,
    /// The container that ended badly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Its exit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// What to do about it, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<&'static str>,
}

impl From<&Cause> for FailureCause {
    fn from(cause: &Cause) -> Self {
        Self {
            count: cause.count,
            stop_code: cause.stop_code.clone(),
            reason: cause.reason.clone(),
            container: cause.container.clone(),
            exit_code: cause.exit_code,
            fix: cause.fix,
        }
    }
}

impl Deployment {
    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let place = format!("{}/{}", self.cluster, self.service);
        match self.outcome {
            Ending::Deployed => format!("{place}: deployed {}", self.image),
            Ending::NothingToDo => format!("{place}: nothing to do, {} runs already", self.image),
            Ending::Planned => format!("{place}: would replace {} by {}", self.previous_image, self.image),
            Ending::InProgress => format!("{place}: {} is being deployed", self.image),
            Ending::RolledBack | Ending::RollbackFailed | Ending::Superseded | Ending::Stopped => {
                format!("{place}: {} was not deployed", self.image)
            }
        }
    }

    /// The section for people.
    #[must_use]
    pub fn table(&self) -> String {
        let outcome = serde_json::to_value(self.outcome).ok();
        let outcome = outcome.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().replace('_', " ");
        let row = vec![self.cluster.clone(), self.service.clone(), self.strategy.clone(), outcome, self.image.clone()];
        let head = table::render(&["cluster", "service", "strategy", "outcome", "image"], [row]);
        if self.causes.is_empty() {
            return head;
        }
        let rows = self.causes.iter().map(|cause| {
            let code = cause.exit_code.map_or_else(|| "-".to_owned(), |code| code.to_string());
            vec![
                cause.count.to_string(),
                cause.stop_code.clone(),
                code,
                cause.reason.clone(),
                cause.fix.unwrap_or("-").to_owned(),
            ]
        });
        format!("{head}\n{}", table::render(&["tasks", "stop code", "exit code", "reason", "fix"], rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rolled_back() -> Deployment {
        let cause = Cause {
            count: 3,
            stop_code: "EssentialContainerExited".to_owned(),
            reason: "Essential container in task exited".to_owned(),
            container: Some("web".to_owned()),
            exit_code: Some(137),
            fix: Some("raise the memory of the container or the task"),
        };
        Deployment {
            ok: false,
            outcome: Ending::RolledBack,
            cluster: "stage".to_owned(),
            service: "web".to_owned(),
            container: "web".to_owned(),
            image: "host/web:2".to_owned(),
            digest: None,
            previous_image: "host/web:1".to_owned(),
            previous_task_definition: "web:1".to_owned(),
            task_definition: Some("web:2".to_owned()),
            strategy: "CANARY".to_owned(),
            arn: Some("arn".to_owned()),
            status: Some("ROLLBACK_SUCCESSFUL".to_owned()),
            reason: None,
            causes: vec![FailureCause::from(&cause)],
        }
    }

    #[test]
    fn the_section_has_a_stable_shape() {
        insta::assert_json_snapshot!(rolled_back());
    }

    #[test]
    fn the_table_shows_outcome_and_causes() {
        insta::assert_snapshot!(rolled_back().table());
    }
}

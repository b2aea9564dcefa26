//! What is written: the `deployment` section, and the table made from it.

mod metrics;
mod part;
mod table;

use contract::Digest;
use schemars::JsonSchema;
use serde::Serialize;

pub use self::part::{CauseReport, ChangeReport, CheckReport, ImageReport, PauseReport, StageReport, TaskReport};
use crate::finding::Finding;

/// How it ended. The order is that of badness: a run of several services is as good as its worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The service has all that was asked for already.
    Unchanged,
    /// The new revision serves.
    Deployed,
    /// `--dry-run`: this is what would be done.
    Planned,
    /// It was not watched to its end; it goes on.
    InProgress,
    /// It waits for somebody to let it go on.
    Paused,
    /// Nothing was changed: something that it needs is not there, or the task before it failed.
    Refused,
    /// A newer deployment took its place.
    Superseded,
    /// It was stopped, and nothing went back.
    Stopped,
    /// It went back to the old revision.
    RolledBack,
    /// A call to AWS failed on the way.
    Failed,
    /// It could not go back.
    RollbackFailed,
}

impl Outcome {
    /// Its word in the document and in metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Deployed => "deployed",
            Self::Planned => "planned",
            Self::InProgress => "in_progress",
            Self::Paused => "paused",
            Self::Refused => "refused",
            Self::Superseded => "superseded",
            Self::Stopped => "stopped",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
            Self::RollbackFailed => "rollback_failed",
        }
    }
}

/// What the run was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Roll out.
    Deploy,
    /// Go back.
    Rollback,
    /// Say where a deployment is.
    Status,
    /// Watch a deployment.
    Resume,
    /// Let a deployment go on.
    Continue,
    /// Stop a deployment.
    Stop,
}

/// The `deployment` section of the release document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Deployment {
    /// Whether every service has what was asked for.
    pub ok: bool,
    /// How it ended: as the worst of the services.
    pub outcome: Outcome,
    /// What was to be done.
    pub action: Action,
    /// The cluster.
    pub cluster: String,
    /// The digest of the image, if there is one image and its reference has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The digests of the images, if there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<Digest>,
    /// What became of each service.
    pub services: Vec<ServiceReport>,
    /// What was found out before anything was changed, the worst first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preflight: Vec<Finding>,
    /// The task that ran before the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskReport>,
    /// How the checks went: of each the last run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckReport>,
    /// Old revisions that were deregistered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deregistered: Vec<String>,
}

/// What became of one service.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ServiceReport {
    /// The service.
    pub service: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How the service deploys: `ROLLING`, `BLUE_GREEN`, `CANARY`, `LINEAR`, or CodeDeploy's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// The images before and after.
    pub images: Vec<ImageReport>,
    /// The task definition that was rolled out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// The task definition before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_task_definition: Option<String>,
    /// The deployment that this run started or watched: an ARN of ECS, or an id of CodeDeploy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Why this deployment goes back to what served before, if it does: it is not the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub going_back: Option<String>,
    /// AWS's status of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Its lifecycle stage, when it was looked at last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The new revision's share of production traffic in percent, when it was looked at last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub production_weight: Option<f64>,
    /// Why it ended so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The deployment that took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<String>,
    /// The pause that it waits at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<PauseReport>,
    /// Why tasks failed, the most frequent cause first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<CauseReport>,
    /// What the service's diary says about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// How long each lifecycle stage took, in the order in which they came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageReport>,
    /// What is changed in the task definition and the deployment configuration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeReport>,
    /// The calls that a dry run leaves out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
}

impl ServiceReport {
    /// A service of which nothing is known yet.
    #[must_use]
    pub fn new(service: &str, outcome: Outcome) -> Self {
        Self {
            service: service.to_owned(),
            outcome,
            strategy: None,
            images: Vec::new(),
            task_definition: None,
            previous_task_definition: None,
            arn: None,
            going_back: None,
            status: None,
            stage: None,
            production_weight: None,
            reason: None,
            superseded_by: None,
            pause: None,
            causes: Vec::new(),
            events: Vec::new(),
            stages: Vec::new(),
            changes: Vec::new(),
            calls: Vec::new(),
        }
    }
}

impl Deployment {
    /// A section that says nothing about services yet.
    #[must_use]
    pub fn new(action: Action, cluster: &str) -> Self {
        Self {
            ok: false,
            outcome: Outcome::InProgress,
            action,
            cluster: cluster.rsplit('/').next().unwrap_or(cluster).to_owned(),
            digest: None,
            digests: Vec::new(),
            services: Vec::new(),
            preflight: Vec::new(),
            task: None,
            checks: Vec::new(),
            deregistered: Vec::new(),
        }
    }

    /// The same with these services, and what follows from them.
    #[must_use]
    pub fn with_services(mut self, services: Vec<ServiceReport>) -> Self {
        let worst = services.iter().map(|service| service.outcome).max();
        self.outcome = worst.unwrap_or(Outcome::Unchanged);
        self.ok = services.iter().all(|service| self.action.is_met_by(service.outcome));
        let mut digests: Vec<Digest> = Vec::new();
        for digest in services.iter().flat_map(|service| &service.images).filter_map(|image| image.digest.clone()) {
            if !digests.contains(&digest) {
                digests.push(digest);
            }
        }
        (self.digest, self.digests) = match digests.as_slice() {
            [only] => (Some(only.clone()), Vec::new()),
            _ => (None, digests),
        };
        self.services = services;
        self
    }
}

impl Action {
    /// Whether an outcome is what was wanted: to have gone back is a success for whoever asked for it, and for nobody else.
    #[must_use]
    pub fn is_met_by(self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Deployed | Outcome::Unchanged => self != Self::Stop,
            Outcome::RolledBack => matches!(self, Self::Rollback | Self::Stop),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;

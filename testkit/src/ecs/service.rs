//! A service: what it is, without how it moves.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::ecs::ids::Ids;
use crate::ecs::schedule::Scale;
use crate::ecs::service_deployment::{Counts, ServiceDeployment};
use crate::ecs::task::Task;
use crate::ecs::traffic::{Answering, Past};

/// So many events are kept. Source: ECS API reference, `Service`.
const EVENTS_KEPT: usize = 100;

/// A service. Revisions are named by their place in `revisions`.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) cluster: String,
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) status: ServiceStatus,
    pub(crate) created_at: Timestamp,
    /// The members of `CreateService` and `UpdateService` as they were given, defaults filled in.
    pub(crate) settings: Value,
    pub(crate) desired: u64,
    pub(crate) revisions: Vec<Revision>,
    /// What `DescribeServices` lists as `deployments`, oldest first: the last one is `PRIMARY`.
    pub(crate) deployments: Vec<Deployment>,
    /// All service deployments, oldest first.
    pub(crate) history: Vec<ServiceDeployment>,
    pub(crate) tasks: Vec<Task>,
    /// Newest first.
    pub(crate) events: VecDeque<Event>,
    /// The revision that has the production traffic.
    pub(crate) serving: Option<usize>,
    /// The revision of the last deployment that succeeded: what a rollback goes back to.
    pub(crate) proven: Option<usize>,
    /// The task set that CodeDeploy shifts traffic to, and how much of it, in percent.
    pub(crate) shifted: Option<(String, u32)>,
    /// What there was to measure.
    pub(crate) past: Past,
}

/// Whether a service is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceStatus {
    Active,
    Draining,
    Inactive,
}

/// A service revision.
#[derive(Debug)]
pub(crate) struct Revision {
    pub(crate) arn: String,
    pub(crate) created_at: Timestamp,
    pub(crate) task_definition: String,
    /// The members of the service's settings that belong to a revision.
    pub(crate) settings: Map<String, Value>,
    /// Name, image and digest of each container.
    pub(crate) images: Value,
    /// The target group and production rule of each load balancer.
    pub(crate) load_balancers: Value,
    /// How its tasks answer requests.
    pub(crate) answering: Answering,
}

/// What `DescribeServices` calls a deployment: the tasks of a revision.
#[derive(Debug)]
pub(crate) struct Deployment {
    /// `ecs-svc/…`.
    pub(crate) id: String,
    /// The deployment of CodeDeploy that a task set belongs to.
    pub(crate) external_id: Option<String>,
    pub(crate) revision: usize,
    pub(crate) scale: Scale,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) rollout_state: &'static str,
    pub(crate) rollout_reason: String,
    pub(crate) failed_tasks: u64,
    /// How often tasks failed since one was healthy.
    pub(crate) setbacks: u32,
    /// No task is started before this time.
    pub(crate) hold_until: Option<Timestamp>,
}

/// A line in the service's diary.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) created_at: Timestamp,
    pub(crate) message: String,
}

impl Deployment {
    /// A deployment whose tasks are not asked for yet.
    pub(crate) fn new(id: String, revision: usize, now: Timestamp) -> Self {
        let rollout_reason = format!("ECS deployment {id} in progress.");
        Self {
            id,
            external_id: None,
            revision,
            scale: Scale::Held,
            created_at: now,
            updated_at: now,
            rollout_state: "IN_PROGRESS",
            rollout_reason,
            failed_tasks: 0,
            setbacks: 0,
            hold_until: None,
        }
    }
}

impl Service {
    /// The place in the history of the deployment that is under way.
    pub(crate) fn active(&self) -> Option<usize> {
        self.history.iter().rposition(|deployment| deployment.status.is_active())
    }

    pub(crate) fn deployment_of(&mut self, revision: usize) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|deployment| deployment.revision == revision)
    }

    pub(crate) fn tasks_of(&self, revision: usize) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(move |task| task.revision == Some(revision))
    }

    /// Whether a revision has tasks that are not stopped.
    pub(crate) fn has_tasks(&self, revision: usize) -> bool {
        self.tasks_of(revision).any(|task| !task.is_stopped())
    }

    pub(crate) fn healthy(&self, revision: usize) -> u64 {
        self.tasks_of(revision).map(|task| u64::from(task.is_healthy())).sum()
    }

    /// How many tasks of a revision are asked for, running and pending.
    pub(crate) fn counts(&self, revision: usize) -> Counts {
        let running = self.tasks_of(revision).map(|task| u64::from(task.is_running())).sum();
        let live: u64 = self.tasks_of(revision).map(|task| u64::from(task.is_live())).sum();
        let scale = self.deployments.iter().find(|deployment| deployment.revision == revision);
        let requested = match scale.map(|deployment| deployment.scale) {
            Some(Scale::Full) => self.desired,
            Some(Scale::Yielding | Scale::Held) => live,
            Some(Scale::Empty) | None => 0,
        };
        Counts { requested, running, pending: live - running }
    }

    /// The deployment that came last; of task sets the one that serves.
    pub(crate) fn primary(&self) -> Option<&Deployment> {
        if self.has_task_sets() {
            return self.deployments.iter().find(|set| Some(set.revision) == self.serving);
        }
        self.deployments.last()
    }

    /// The task definition that the service runs or is to run.
    pub(crate) fn task_definition(&self) -> &str {
        let revision = self.primary().and_then(|primary| self.revisions.get(primary.revision));
        revision.map_or("", |revision| revision.task_definition.as_str())
    }

    pub(crate) fn configuration(&self) -> &Value {
        &self.settings["deploymentConfiguration"]
    }

    pub(crate) fn is_active(&self) -> bool {
        self.status == ServiceStatus::Active
    }

    /// The value of a tag; empty if there is none.
    pub(crate) fn tag(&self, key: &str) -> String {
        let tags = self.settings["tags"].as_array().into_iter().flatten();
        let found = tags.filter(|tag| tag["key"] == key).find_map(|tag| tag["value"].as_str());
        found.unwrap_or_default().to_owned()
    }

    /// Writes `(service NAME) MESSAGE` into the diary.
    pub(crate) fn note(&mut self, message: &str, at: Timestamp, ids: &mut Ids) {
        let message = format!("(service {}) {message}", self.name);
        self.events.push_front(Event { id: ids.uuid(), created_at: at, message });
        self.events.truncate(EVENTS_KEPT);
    }
}

/// The defaults of a deployment configuration, which `DescribeServices` shows.
///
/// Source: ECS API reference, `DeploymentConfiguration`, `CanaryConfiguration`, `LinearConfiguration`.
pub(crate) fn with_defaults(configuration: &Value) -> Value {
    let mut members = configuration.as_object().cloned().unwrap_or_default();
    let mut default = |name: &str, value: Value| {
        members.entry(name).or_insert(value);
    };
    default("maximumPercent", json!(200));
    default("minimumHealthyPercent", json!(100));
    default("strategy", json!("ROLLING"));
    default("bakeTimeInMinutes", json!(0));
    match configuration["strategy"].as_str() {
        Some("CANARY") => {
            default("canaryConfiguration", json!({ "canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10 }));
        }
        Some("LINEAR") => {
            default("linearConfiguration", json!({ "stepPercent": 10.0, "stepBakeTimeInMinutes": 6 }));
        }
        _ => {}
    }
    Value::Object(members)
}

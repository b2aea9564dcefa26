//! One task, from its creation until it is forgotten.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ecs::failure::Ending;
use crate::ecs::ids::arn;
use crate::ecs::input::{maybe_seconds, seconds, without_nulls};
use crate::ecs::timing::{
    STOPPED_TASK_STAYS_FOR, TASK_HEALTHY_AFTER, TASK_PROVISIONS_FOR, TASK_STARTS_AFTER, TASK_STOPS_AFTER,
};
use crate::logs::Logs;

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Starting,
    Running { healthy: bool },
    Stopping,
    Stopped,
}

/// What became of a task at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Started,
    Healthy,
    /// It ended by itself before it was healthy.
    Failed,
    /// It ended by itself otherwise.
    Ended,
    Stopped,
    /// It is not described any more.
    Forgotten,
}

/// A container of a task.
#[derive(Clone, Debug)]
pub(crate) struct Container {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) digest: Option<String>,
    pub(crate) has_health_check: bool,
}

/// A line that a container writes when it starts.
#[derive(Clone, Debug)]
pub(crate) struct LogLine {
    pub(crate) group: String,
    pub(crate) stream: String,
    pub(crate) line: String,
}

/// A task.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) cluster: String,
    /// `service:NAME` or `family:NAME`.
    pub(crate) group: String,
    pub(crate) definition_arn: String,
    /// The service's revision that it belongs to; none for a task of its own.
    pub(crate) revision: Option<usize>,
    pub(crate) started_by: Option<String>,
    pub(crate) containers: Vec<Container>,
    /// Members of the answer that are as they were given: `cpu`, `memory`, `overrides`, `launchType`, `tags`.
    pub(crate) given: Value,
    pub(crate) log: Vec<LogLine>,
    /// How it ends if nobody stops it.
    pub(crate) ending: Option<Ending>,
    /// Which container ends it.
    pub(crate) ending_container: usize,
    pub(crate) phase: Phase,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) stopping_at: Option<Timestamp>,
    pub(crate) stopped_at: Option<Timestamp>,
    /// Why it was or is to be stopped: code and reason.
    pub(crate) stop: Option<(String, String)>,
}

impl Task {
    /// When something will become of it by itself.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Starting => match &self.ending {
                Some(ending) if ending.comes_before_start() => Some(self.created_at + ending.after),
                _ => Some(self.created_at + TASK_STARTS_AFTER),
            },
            Phase::Running { healthy } => {
                let started_at = self.started_at.unwrap_or(self.created_at);
                let end = self.ending.as_ref().map(|ending| started_at + ending.after);
                let health = (!healthy).then(|| started_at + TASK_HEALTHY_AFTER);
                [end, health].into_iter().flatten().min()
            }
            Phase::Stopping => self.stopping_at.map(|at| at + TASK_STOPS_AFTER),
            Phase::Stopped => self.stopped_at.map(|at| at + STOPPED_TASK_STAYS_FOR),
        }
    }

    /// Carries out what is due at `at`, at most one change.
    pub(crate) fn advance(&mut self, at: Timestamp, logs: &mut Logs) -> Option<Change> {
        if self.due().is_none_or(|due| due > at) {
            return None;
        }
        Some(match self.phase {
            Phase::Starting => match self.ending.clone() {
                Some(ending) if ending.comes_before_start() => self.end(&ending, at),
                _ => self.start(at, logs),
            },
            Phase::Running { .. } => match self.ending.clone() {
                Some(ending) if self.started_at.is_some_and(|started| started + ending.after <= at) => {
                    self.end(&ending, at)
                }
                _ => {
                    self.phase = Phase::Running { healthy: true };
                    Change::Healthy
                }
            },
            Phase::Stopping => {
                self.phase = Phase::Stopped;
                self.stopped_at = Some(at);
                Change::Stopped
            }
            Phase::Stopped => Change::Forgotten,
        })
    }

    fn start(&mut self, at: Timestamp, logs: &mut Logs) -> Change {
        self.phase = Phase::Running { healthy: false };
        self.started_at = Some(at);
        for line in &self.log {
            logs.write(&line.group, &line.stream, &line.line, at);
        }
        Change::Started
    }

    fn end(&mut self, ending: &Ending, at: Timestamp) -> Change {
        let was_healthy = self.phase == Phase::Running { healthy: true };
        self.phase = Phase::Stopped;
        self.stopping_at = Some(at);
        self.stopped_at = Some(at);
        self.stop = Some((ending.stop_code.clone(), ending.stopped_reason.clone()));
        if ending.is_failure() && !was_healthy { Change::Failed } else { Change::Ended }
    }

    /// Orders it to stop.
    pub(crate) fn order_stop(&mut self, code: &str, reason: String, at: Timestamp) {
        if self.is_live() {
            self.phase = Phase::Stopping;
            self.stopping_at = Some(at);
            self.stop = Some((code.to_owned(), reason));
        }
    }

    /// Whether it runs or is to run.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Running { .. })
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running { .. })
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.phase == Phase::Running { healthy: true }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.phase == Phase::Stopped
    }

    pub(crate) fn arn(&self) -> String {
        arn(&format!("task/{}/{}", self.cluster, self.id))
    }

    fn last_status(&self, now: Timestamp) -> &'static str {
        match self.phase {
            Phase::Starting if now < self.created_at + TASK_PROVISIONS_FOR => "PROVISIONING",
            Phase::Starting => "PENDING",
            Phase::Running { .. } => "RUNNING",
            Phase::Stopping => "DEACTIVATING",
            Phase::Stopped => "STOPPED",
        }
    }

    /// The task as `DescribeTasks` shows it.
    pub(crate) fn rendered(&self, now: Timestamp) -> Value {
        let mut task = without_nulls(json!({
            "taskArn": self.arn(),
            "clusterArn": arn(&format!("cluster/{}", self.cluster)),
            "taskDefinitionArn": self.definition_arn,
            "group": self.group,
            "startedBy": self.started_by,
            "lastStatus": self.last_status(now),
            "desiredStatus": if self.is_live() { "RUNNING" } else { "STOPPED" },
            "createdAt": seconds(self.created_at),
            "startedAt": maybe_seconds(self.started_at),
            "stoppingAt": maybe_seconds(self.stopping_at),
            "stoppedAt": maybe_seconds(self.stopped_at),
            "stopCode": self.stop.as_ref().map(|(code, _)| code),
            "stoppedReason": self.stop.as_ref().map(|(_, reason)| reason),
            "healthStatus": self.health_status(self.containers.iter().any(|container| container.has_health_check)),
            "containers": self.containers.iter().enumerate().map(|(at, container)| self.container(at, container, now)).collect::<Vec<_>>(),
            "attachments": [],
            "availabilityZone": format!("{}a", crate::world::REGION),
            "connectivity": self.started_at.map(|_| "CONNECTED"),
            "version": 1 + i64::from(self.started_at.is_some()) + i64::from(self.stopped_at.is_some()),
        }));
        if let (Some(task), Some(given)) = (task.as_object_mut(), self.given.as_object()) {
            task.extend(given.clone());
        }
        task
    }

    fn health_status(&self, has_check: bool) -> &'static str {
        match self.phase {
            Phase::Running { healthy: true } if has_check => "HEALTHY",
            _ => "UNKNOWN",
        }
    }

    fn container(&self, at: usize, container: &Container, now: Timestamp) -> Value {
        let ending = self.ending.as_ref().filter(|_| self.is_stopped() && at == self.ending_container);
        let ended_alone = self.stop.as_ref().zip(ending).is_some_and(|((code, _), ending)| *code == ending.stop_code);
        let (exit_code, reason) = match ending {
            Some(ending) if ended_alone => (ending.exit_code, ending.reason.clone()),
            // Whoever is stopped gets SIGTERM.
            _ if self.is_stopped() && self.started_at.is_some() => (Some(143), None),
            _ => (None, None),
        };
        without_nulls(json!({
            "containerArn": arn(&format!("container/{}/{}/{}", self.cluster, self.id, container.id)),
            "taskArn": self.arn(),
            "name": container.name,
            "image": container.image,
            "imageDigest": container.digest.as_ref().filter(|_| self.started_at.is_some()),
            "lastStatus": match self.last_status(now) { "PROVISIONING" => "PENDING", "DEACTIVATING" => "RUNNING", status => status },
            "exitCode": exit_code,
            "reason": reason,
            "healthStatus": self.health_status(container.has_health_check),
            "networkInterfaces": [],
            "cpu": "0",
        }))
    }
}

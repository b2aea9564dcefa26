//! A service deployment: what `DescribeServiceDeployments` tells of.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::ecs::hook::Hook;
use crate::ecs::monitor::{AlarmWatch, CircuitBreaker};
use crate::ecs::status::Status;
use crate::ecs::strategy::{Activity, NO_TRAFFIC, Step, Strategy, Weights};

/// A service deployment. Revisions are places in the service's list.
#[derive(Clone, Debug)]
pub(crate) struct ServiceDeployment {
    pub(crate) arn: String,
    pub(crate) status: Status,
    pub(crate) reason: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) stopped_at: Option<Timestamp>,
    /// The service's deployment configuration as it was at the beginning.
    pub(crate) configuration: Value,
    pub(crate) target: usize,
    /// The serving one first.
    pub(crate) sources: Vec<usize>,
    /// The revision that shall have all tasks in the end: the target, or in a rollback the one before.
    pub(crate) rising: usize,
    pub(crate) walk: Walk,
    pub(crate) breaker: CircuitBreaker,
    pub(crate) alarms: AlarmWatch,
    pub(crate) rollback: Option<Rollback>,
    /// When a status that lasts a set time ends.
    pub(crate) due: Option<Timestamp>,
    /// The task counts at the end, by revision: what happens afterwards is no part of this deployment.
    pub(crate) last_counts: Option<Vec<(usize, Counts)>>,
    /// The desired count at the end, for the same reason.
    pub(crate) last_desired: Option<u64>,
}

/// How far a deployment is in its steps.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub(crate) steps: Vec<Step>,
    pub(crate) at: usize,
    pub(crate) weights: Weights,
    pub(crate) hooks: Vec<Hook>,
    /// When the step began; none while a hook is open.
    pub(crate) since: Option<Timestamp>,
}

/// What a rollback goes back to.
#[derive(Clone, Debug)]
pub(crate) struct Rollback {
    pub(crate) reason: String,
    pub(crate) started_at: Timestamp,
    pub(crate) revision: Option<usize>,
}

/// Tasks of a revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) requested: u64,
    pub(crate) running: u64,
    pub(crate) pending: u64,
}

impl ServiceDeployment {
    pub(crate) fn new(arn: String, configuration: Value, target: usize, sources: Vec<usize>, now: Timestamp) -> Self {
        Self {
            arn,
            status: Status::Pending,
            reason: None,
            created_at: now,
            updated_at: now,
            started_at: None,
            finished_at: None,
            stopped_at: None,
            target,
            sources,
            rising: target,
            walk: Walk::default(),
            breaker: CircuitBreaker::new(&configuration),
            alarms: AlarmWatch::new(&configuration),
            configuration,
            rollback: None,
            due: None,
            last_counts: None,
            last_desired: None,
        }
    }

    /// Gives it another status. The times of the end are set here and nowhere else.
    pub(crate) fn become_status(&mut self, status: Status, at: Timestamp) {
        self.status = status;
        self.updated_at = at;
        self.due = None;
        match status {
            Status::Stopped => self.stopped_at = Some(at),
            status if status.is_terminal() => self.finished_at = Some(at),
            _ => {}
        }
        if status.is_terminal() || status == Status::StopRequested {
            self.walk.hooks.clear();
            self.breaker.status.complete();
            self.alarms.status.complete();
        }
    }

    /// Gives it another status that ends after a set time.
    pub(crate) fn become_for(&mut self, status: Status, lasting: SignedDuration, at: Timestamp) {
        self.become_status(status, at);
        self.due = Some(at + lasting);
    }

    pub(crate) fn is_due(&self, at: Timestamp) -> bool {
        self.due.is_some_and(|due| due <= at)
    }

    pub(crate) fn is_rolling(&self) -> bool {
        Strategy::of(&self.configuration) == Some(Strategy::Rolling)
    }

    /// The step that it is in, if it walks.
    pub(crate) fn step(&self) -> Option<Step> {
        self.walk.steps.get(self.walk.at).copied()
    }

    /// When its own time brings the next move: a status that ends, a hook, a step that only lasts.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        // A requested rollback makes hooks moot.
        let hooks = self.walk.hooks.iter().filter_map(Hook::due).filter(|_| self.status == Status::InProgress);
        let dwell = match (self.walk.since, self.step().map(|step| step.activity)) {
            (Some(since), Some(Activity::Dwell(lasting))) if self.status.is_active() => Some(since + lasting),
            _ => None,
        };
        hooks.chain(self.due).chain(dwell).min()
    }
}

impl Default for Walk {
    fn default() -> Self {
        Self { steps: Vec::new(), at: 0, weights: NO_TRAFFIC, hooks: Vec::new(), since: None }
    }
}

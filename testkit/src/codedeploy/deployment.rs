//! A deployment: what it is, without how it moves.

use jiff::Timestamp;
use serde_json::Value;

use crate::alarms::{AlarmState, Alarms};
use crate::codedeploy::app_spec::AppSpec;
use crate::codedeploy::course::{Activity, Event, Step};
use crate::codedeploy::timing::{INSTALL_TIMES_OUT_AFTER, QUEUE_TAKES};
use crate::ecs::input::texts;
use crate::ecs::task_sets::ServiceName;

/// Where a deployment is.
///
/// Source: CodeDeploy API reference, `DeploymentInfo`, `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Created,
    Queued,
    InProgress,
    Ready,
    Succeeded,
    Failed,
    Stopped,
}

impl Status {
    /// The status in CodeDeploy's words.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Queued => "Queued",
            Self::InProgress => "InProgress",
            Self::Ready => "Ready",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Stopped => "Stopped",
        }
    }

    pub(crate) fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Stopped)
    }
}

/// Why a deployment exists.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// To run what an `AppSpec` says.
    Deploy { spec: AppSpec, description: Option<String> },
    /// To undo another deployment.
    RollBack { triggered_by: String },
}

/// What is recorded of a lifecycle event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) event: Event,
    pub(crate) status: &'static str,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
}

/// A stop that was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    pub(crate) due: Timestamp,
    pub(crate) rolls_back: bool,
}

/// What went wrong, in CodeDeploy's words.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// A deployment group as it is when a deployment is created.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) application: String,
    pub(crate) name: String,
    /// With what the request says instead.
    pub(crate) settings: Value,
    pub(crate) service: ServiceName,
}

/// A deployment.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) group: Group,
    pub(crate) configuration: String,
    pub(crate) purpose: Purpose,
    /// As it was sent.
    pub(crate) revision: Option<Value>,
    pub(crate) status: Status,
    pub(crate) trouble: Option<Trouble>,
    /// The deployment that rolls this one back.
    pub(crate) rolled_back_by: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    /// When the status or the step began.
    pub(crate) since: Timestamp,
    pub(crate) steps: Vec<Step>,
    pub(crate) at: usize,
    pub(crate) records: Vec<Record>,
    /// Somebody said to go on.
    pub(crate) continued: bool,
    pub(crate) stop: Option<Stop>,
    /// The share of the traffic that `green` has, in percent.
    pub(crate) weight: u32,
    /// The task set that served at the beginning.
    pub(crate) blue: Option<String>,
    /// The task set that is to replace it.
    pub(crate) green: Option<String>,
    /// What is told of the task sets once the deployment is over.
    pub(crate) last_task_sets: Option<Value>,
}

impl Deployment {
    /// A deployment that did nothing yet.
    pub(crate) fn new(
        id: String,
        group: Group,
        configuration: String,
        purpose: Purpose,
        revision: Option<Value>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            group,
            configuration,
            purpose,
            revision,
            status: Status::Created,
            trouble: None,
            rolled_back_by: None,
            created_at: now,
            started_at: None,
            completed_at: None,
            since: now,
            steps: Vec::new(),
            at: 0,
            records: Vec::new(),
            continued: false,
            stop: None,
            weight: 0,
            blue: None,
            green: None,
            last_task_sets: None,
        }
    }

    pub(crate) fn step(&self) -> Option<Step> {
        self.steps.get(self.at).copied()
    }

    /// When something is to happen to it, if nothing happens in ECS before.
    pub(crate) fn due(&self, alarms: &Alarms) -> Option<Timestamp> {
        let moves = match self.status {
            Status::Created | Status::Queued => Some(self.since + QUEUE_TAKES),
            Status::InProgress | Status::Ready if self.continued => Some(self.since),
            Status::InProgress | Status::Ready => self.step().map(|step| match step.activity {
                Activity::Dwell(lasting) | Activity::AwaitTraffic(lasting) | Activity::AwaitTermination(lasting) => {
                    self.since + lasting
                }
                Activity::Install => self.since + INSTALL_TIMES_OUT_AFTER,
            }),
            Status::Succeeded | Status::Failed | Status::Stopped => return None,
        };
        let alarm = self.alarm(alarms).map(|(at, _)| at);
        [moves, self.stop.map(|stop| stop.due), alarm].into_iter().flatten().min()
    }

    /// When the first of the group's alarms was raised since the start, or at the start if it was raised already, and which ones were.
    pub(crate) fn alarm(&self, alarms: &Alarms) -> Option<(Timestamp, Vec<String>)> {
        let started_at = self.started_at?;
        let configuration = &self.group.settings["alarmConfiguration"];
        let is_watching = configuration["enabled"] == true && matches!(self.purpose, Purpose::Deploy { .. });
        let watched = configuration["alarms"].as_array().filter(|_| is_watching)?.iter();
        let names: Vec<String> = watched.filter_map(|alarm| alarm["name"].as_str()).map(str::to_owned).collect();
        let is_raised = |name: &&String| alarms.state_at(name, started_at) == Some(AlarmState::Alarm);
        let raised: Vec<String> = names.iter().filter(is_raised).cloned().collect();
        if raised.is_empty() { alarms.first_alarm(&names, started_at) } else { Some((started_at, raised)) }
    }

    /// Whether the settings ask for a rollback after such an event.
    pub(crate) fn rolls_back_on(&self, event: &str) -> bool {
        let configuration = &self.group.settings["autoRollbackConfiguration"];
        configuration["enabled"] == true && texts(configuration, "events").contains(&event)
    }

    pub(crate) fn become_status(&mut self, status: Status, at: Timestamp) {
        self.status = status;
        self.since = at;
        if status.is_terminal() {
            self.completed_at = Some(at);
        }
    }

    /// Enters the current step, whose event begins if it did not yet.
    pub(crate) fn enter(&mut self, step: Step, at: Timestamp) {
        let waits = matches!(step.activity, Activity::AwaitTraffic(_));
        self.become_status(if waits { Status::Ready } else { Status::InProgress }, at);
        self.weight = step.weight;
        let begun =
            self.records.iter_mut().find(|record| Some(record.event) == step.event && record.status == "Pending");
        if let Some(record) = begun {
            record.status = "InProgress";
            record.started_at = Some(at);
        }
    }

    /// Leaves the step for the next one. The event of a step is over unless the next step belongs to it as well.
    pub(crate) fn leave(&mut self, step: Step, at: Timestamp) {
        self.at += 1;
        self.continued = false;
        if self.step().is_none_or(|next| next.event != step.event) {
            self.close_record("Succeeded", at);
        }
    }

    /// The event that is under way is over, and so it ended.
    pub(crate) fn close_record(&mut self, status: &'static str, at: Timestamp) {
        for record in self.records.iter_mut().filter(|record| record.status == "InProgress") {
            record.status = status;
            record.ended_at = Some(at);
        }
    }
}

//! A deployment that is watched, and what is remembered of it.

use std::collections::BTreeSet;
use std::time::Instant;

use contract::{Exit, Fault, Session};
use serde_json::json;

use crate::cause::Cause;
use crate::decide::Course;
use crate::error::Error;
use crate::judge::{End, is_failing};
use crate::observation::Observation;
use crate::report::{CauseReport, Outcome, PauseReport, ServiceReport, StageReport};
use crate::task_definition::Overview;

/// How a deployment is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handle {
    /// As a service deployment, by its ARN.
    Ecs(String),
    /// As a deployment of CodeDeploy, by its id.
    CodeDeploy(String),
    /// As the service itself shows it, where ECS lists no service deployments.
    Service,
    /// Not at all: it was not started, or is over.
    None,
}

/// A deployment that is watched.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) report: ServiceReport,
    pub(crate) handle: Handle,
    /// What is rolled out, by ARN.
    pub(crate) task_definition: String,
    /// What it says, to find logs by.
    pub(crate) overview: Overview,
    /// Where its load balancers send traffic.
    pub(crate) target_groups: Vec<String>,
    pub(crate) last: Observation,
    /// The status of the deployment that rolls one of CodeDeploy back.
    pub(crate) rollback_status: Option<String>,
    pub(crate) causes: Vec<Cause>,
    /// How many failed tasks were counted when causes were looked for last.
    pub(crate) counted: Option<(bool, i32)>,
    pub(crate) course: Course,
    /// The task definition that it goes back to where history knows none, by ARN.
    pub(crate) way_back: Option<String>,
    /// The pause that it waits at, and how many rounds of checks had begun when that was first seen.
    pub(crate) hook: Option<(String, u64)>,
    /// The pause that was ended: it shows a little longer.
    pub(crate) ended_pause: Option<String>,
    /// How many rounds of checks had begun when it first had traffic.
    pub(crate) exposed: Option<u64>,
    pub(crate) failed_looks: u32,
    pub(crate) events: BTreeSet<String>,
    /// When something was seen to change.
    pub(crate) changed_at: Instant,
    pub(crate) events_at: Option<Instant>,
    pub(crate) failures_at: Instant,
    stage_since: Instant,
    /// Why the answer is no, once it is over.
    pub(crate) error: Option<Error>,
    pub(crate) over: bool,
}

impl Watched {
    pub(crate) fn new(report: ServiceReport, handle: Handle, task_definition: &str, overview: Overview) -> Self {
        let now = Instant::now();
        Self {
            report,
            handle,
            task_definition: task_definition.to_owned(),
            overview,
            target_groups: Vec::new(),
            last: Observation::default(),
            rollback_status: None,
            causes: Vec::new(),
            counted: None,
            course: Course::Forward,
            way_back: None,
            hook: None,
            ended_pause: None,
            exposed: None,
            failed_looks: 0,
            events: BTreeSet::new(),
            changed_at: now,
            events_at: None,
            failures_at: now,
            stage_since: now,
            error: None,
            over: false,
        }
    }

    /// A service whose outcome is known without watching.
    pub(crate) fn settled(mut report: ServiceReport, outcome: Outcome, error: Option<Error>) -> Self {
        report.outcome = outcome;
        let mut watched = Self::new(report, Handle::None, "", Overview::default());
        watched.error = error;
        watched.over = true;
        watched
    }

    /// A service whose deployment could not be started, or may have been.
    pub(crate) fn not_started(report: ServiceReport, error: Error) -> Self {
        let outcome = if error.exit() == Exit::Unknown { Outcome::InProgress } else { Outcome::Failed };
        Self::settled(report, outcome, Some(error))
    }

    /// Takes a look in.
    pub(crate) fn see(&mut self, mut observation: Observation, session: &Session) {
        self.failed_looks = 0;
        if observation.pause.as_ref().is_some_and(|hook| self.ended_pause.as_ref() == Some(&hook.id)) {
            observation.pause = None;
        }
        if observation.place() != self.last.place() {
            self.close_stage();
        }
        if observation.line() != self.last.line() {
            self.changed_at = Instant::now();
            self.say(&observation, session);
        }
        self.last = observation;
    }

    fn close_stage(&mut self) {
        let stage = self.last.place().to_owned();
        let now = Instant::now();
        if !stage.is_empty() {
            let seconds = now.duration_since(self.stage_since).as_secs_f64();
            self.report.stages.push(StageReport { stage, seconds: (seconds * 1000.0).round() / 1000.0 });
        }
        self.stage_since = now;
    }

    fn say(&self, observation: &Observation, session: &Session) {
        let target = &observation.target;
        let fields = [
            ("service", json!(self.report.service)),
            ("status", json!(observation.status)),
            ("stage", json!(observation.stage)),
            ("requested", json!(target.requested)),
            ("running", json!(target.running)),
            ("pending", json!(target.pending)),
            ("production_weight", json!(target.production_weight)),
            ("test_weight", json!(target.test_weight)),
            ("triggered_alarms", json!(observation.triggered_alarms)),
        ];
        session.progress.event("deployment", &format!("{}: {}", self.report.service, observation.line()), &fields);
    }

    /// What is known now, as it is written.
    pub(crate) fn snapshot(&self) -> ServiceReport {
        let mut report = self.report.clone();
        if self.handle != Handle::None {
            report.status = Some(self.last.status.clone()).filter(|status| !status.is_empty());
            report.stage.clone_from(&self.last.stage);
            if let Course::Back(reason) = &self.course {
                report.going_back = Some(reason.clone());
            }
            report.production_weight = self.last.target.production_weight;
            report.pause = self.last.pause.as_ref().map(PauseReport::from);
            report.reason = report.reason.or_else(|| self.status_reason());
        }
        report.causes = self.causes.iter().map(CauseReport::from).collect();
        report
    }

    /// From now on it goes back by another deployment, and nothing that was seen of the first one is about that.
    pub(crate) fn turn_back(&mut self, handle: Handle, task_definition: String, reason: String) {
        self.close_stage();
        if let Handle::Ecs(name) | Handle::CodeDeploy(name) = &handle {
            self.report.arn = Some(name.clone());
        }
        self.handle = handle;
        self.task_definition = task_definition;
        self.course = Course::Back(reason);
        self.last = Observation::default();
        (self.rollback_status, self.counted, self.failed_looks) = (None, None, 0);
        (self.hook, self.ended_pause) = (None, None);
        self.changed_at = Instant::now();
    }

    /// Whether it still goes to the new revision.
    pub(crate) fn is_forward(&self) -> bool {
        !self.over && self.course == Course::Forward
    }

    /// It is over.
    pub(crate) fn conclude(&mut self, outcome: Outcome, error: Option<Error>) {
        self.over = true;
        self.report.outcome = outcome;
        self.error = error;
    }

    /// It ended by itself. A deployment that goes back by another one has gone back when that one is through.
    pub(crate) fn conclude_by(&mut self, end: End) {
        if let Course::Back(reason) = self.course.clone() {
            self.report.reason = Some(reason.clone());
            if end == End::Deployed {
                return self.conclude(Outcome::RolledBack, Some(Error::RolledBack(reason)));
            }
            let failed = format!("{reason}, and the way back did not go through: {}", self.said());
            return self.conclude(Outcome::RollbackFailed, Some(Error::RollbackFailed(failed)));
        }
        let reason = self.reason();
        match end {
            End::Deployed => self.conclude(Outcome::Deployed, None),
            End::RolledBack => self.conclude(Outcome::RolledBack, Some(Error::RolledBack(reason))),
            End::RollbackFailed => self.conclude(Outcome::RollbackFailed, Some(Error::RollbackFailed(reason))),
            End::Stopped => self.conclude(Outcome::Stopped, Some(Error::Stopped(reason))),
        }
    }

    /// Why it went back: what this run asked for, else AWS's reason, and the most frequent failure of the tasks behind it.
    pub(crate) fn reason(&self) -> String {
        match &self.course {
            Course::Turning(reason) | Course::Returning(reason) | Course::Back(reason) => reason.clone(),
            Course::Forward => self.said(),
        }
    }

    /// AWS's own reason, with the alarms that went off if it does not name them.
    fn status_reason(&self) -> Option<String> {
        let said = self.last.status_reason.as_deref()?;
        let alarms = self.last.triggered_alarms.iter().map(String::as_str);
        let unnamed: Vec<&str> = alarms.filter(|alarm| !said.contains(alarm)).collect();
        if unnamed.is_empty() {
            return Some(said.to_owned());
        }
        Some(format!("{}: {}", said.trim_end_matches('.'), unnamed.join(" and ")))
    }

    /// AWS's own reason, and the most frequent failure of the tasks behind it, if it was no alarm.
    fn said(&self) -> String {
        let said = self.status_reason().unwrap_or_else(|| "AWS gave no reason".to_owned());
        let said = said.strip_prefix(PREAMBLE).unwrap_or(&said).trim_end_matches('.');
        match self.causes.first().filter(|_| self.last.triggered_alarms.is_empty()) {
            Some(cause) => format!("{said}: {}", cause.line()),
            None => said.to_owned(),
        }
    }

    /// Whether it failed, or is failing.
    pub(crate) fn failure(&self) -> Option<String> {
        let is_failing = is_failing(&self.last.status) || self.course != Course::Forward;
        let has_failed = self.over && self.report.outcome > Outcome::Paused;
        (has_failed || is_failing).then(|| format!("{}: {}", self.report.service, self.reason()))
    }
}

/// What ECS says before it comes to the point. Source: ECS developer guide, service deployment status reasons.
const PREAMBLE: &str = "Service deployment rolled back because ";

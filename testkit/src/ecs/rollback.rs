//! How deployments fail, stop, give way to newer ones and are rolled back.

use jiff::Timestamp;

use crate::ecs::launch::Surroundings;
use crate::ecs::monitor::MonitorStatus;
use crate::ecs::schedule::Scale;
use crate::ecs::service::{Deployment, Service};
use crate::ecs::service_deployment::{Rollback, Walk};
use crate::ecs::stage::Stage;
use crate::ecs::status::Status;
use crate::ecs::strategy::{rolling_back, shifting_back};
use crate::ecs::timing::{DEPLOYMENT_STARTS_AFTER, REQUEST_TAKES};

/// Source: seen as the `statusReason` of first deployments that failed.
const NO_CANDIDATE: &str = "No rollback candidate was found to run the rollback.";

/// Why a deployment fails, in the words of its three places.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    /// What follows "because" in the status reason.
    because: String,
    /// What the service's diary says.
    event: &'static str,
    /// What `rolloutStateReason` says, and how it names the mechanism.
    rollout: (&'static str, &'static str),
    monitor: Option<Monitor>,
    rolls_back: bool,
}

#[derive(Clone, Copy, Debug)]
enum Monitor {
    CircuitBreaker,
    Alarms,
}

impl Cause {
    /// Source: ECS developer guide, blue/green troubleshooting; service event messages.
    pub(crate) fn circuit_breaker(rolls_back: bool) -> Self {
        Self {
            because: "the circuit breaker threshold was exceeded.".to_owned(),
            event: "tasks failed to start.",
            rollout: ("ECS deployment circuit breaker", "tasks failed to start."),
            monitor: Some(Monitor::CircuitBreaker),
            rolls_back,
        }
    }

    /// The status reason's wording is inferred.
    pub(crate) fn alarm(rolls_back: bool) -> Self {
        Self {
            because: "one or more alarms are in the ALARM state.".to_owned(),
            event: "alarm detected.",
            rollout: ("ECS deployment alarms", "alarm detected."),
            monitor: Some(Monitor::Alarms),
            rolls_back,
        }
    }

    /// Source: ECS developer guide, blue/green troubleshooting.
    pub(crate) fn pause_timed_out(stage: Option<Stage>) -> Self {
        Self::hook(format!("{} pause hook timed out.", stage.map_or("", Stage::as_str)))
    }

    /// Someone answered a pause hook with `ROLLBACK`. The wording is inferred.
    pub(crate) fn pause_refused(stage: Option<Stage>) -> Self {
        Self::hook(format!("{} pause hook was continued with ROLLBACK.", stage.map_or("", Stage::as_str)))
    }

    fn hook(because: String) -> Self {
        let rollout = ("ECS deployment lifecycle hook", "lifecycle hook(s) failed.");
        Self { because, event: "lifecycle hook(s) failed.", rollout, monitor: None, rolls_back: true }
    }

    /// `StopServiceDeployment`. The wording is inferred.
    fn requested() -> Self {
        Self {
            because: "a rollback was requested.".to_owned(),
            event: "rollback requested.",
            rollout: ("ECS deployment", "rollback requested."),
            monitor: None,
            rolls_back: true,
        }
    }
}

impl Service {
    /// The deployment fails.
    pub(crate) fn fail(&mut self, index: usize, cause: &Cause, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        let deployment = &mut self.history[index];
        match cause.monitor {
            Some(Monitor::CircuitBreaker) => deployment.breaker.status = MonitorStatus::Triggered,
            Some(Monitor::Alarms) => deployment.alarms.status = MonitorStatus::Triggered,
            None => {}
        }
        let target = deployment.target;
        self.mark_failed(target, cause, at, surroundings);
        if cause.rolls_back {
            return self.roll_back(index, cause, at, surroundings);
        }
        self.hold_everything();
        let deployment = &mut self.history[index];
        deployment.reason = Some(format!("Service deployment stopped because {}", cause.because));
        deployment.become_for(Status::StopRequested, REQUEST_TAKES, at);
    }

    fn mark_failed(&mut self, target: usize, cause: &Cause, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        let Some(deployment) = self.deployment_of(target) else { return };
        deployment.rollout_state = "FAILED";
        deployment.rollout_reason = format!("{}: {}", cause.rollout.0, cause.rollout.1);
        deployment.updated_at = at;
        let message = format!("(deployment {}) deployment failed: {}", deployment.id, cause.event);
        self.note(&message, at, surroundings.ids);
    }

    /// Nothing is started or stopped any more until a newer deployment comes.
    fn hold_everything(&mut self) {
        for deployment in &mut self.deployments {
            deployment.scale = Scale::Held;
        }
    }

    /// Goes back to the last revision that was deployed successfully. It is the same service deployment, but the revision gets a new `ecs-svc/…`
    /// of its own, which takes over the tasks that are left.
    fn roll_back(&mut self, index: usize, cause: &Cause, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        let reason = format!("Service deployment rolled back because {}", cause.because);
        let candidate = self.proven.filter(|candidate| *candidate != self.history[index].target);
        let deployment = &mut self.history[index];
        deployment.reason = Some(reason.clone());
        deployment.rollback = Some(Rollback { reason, started_at: at, revision: candidate });
        deployment.breaker.status.complete();
        deployment.alarms.status.complete();
        let Some(candidate) = candidate else {
            deployment.walk = Walk { weights: deployment.walk.weights, ..Walk::default() };
            deployment.become_for(Status::RollbackInProgress, REQUEST_TAKES, at);
            return self.hold_everything();
        };
        deployment.rising = candidate;
        deployment.breaker.rollback_failures = 0;
        deployment.become_status(Status::RollbackInProgress, at);
        let (rolling, weights) = (deployment.is_rolling(), deployment.walk.weights);
        let scale_up = self.healthy(candidate) < self.desired;
        self.put_in_front(candidate, cause, at, surroundings);
        let path = if rolling { rolling_back() } else { shifting_back(weights, scale_up) };
        self.walk_along(index, path, at, surroundings);
    }

    fn put_in_front(
        &mut self,
        candidate: usize,
        cause: &Cause,
        at: Timestamp,
        surroundings: &mut Surroundings<'_, '_>,
    ) {
        let old = self.deployments.iter().position(|deployment| deployment.revision == candidate);
        let old = old.map(|place| self.deployments.remove(place));
        let id = format!("ecs-svc/{}", surroundings.ids.digits());
        let former = old.as_ref().map_or(id.as_str(), |deployment| deployment.id.as_str());
        let rollout_reason = format!("{}: rolling back to deploymentId {former}.", cause.rollout.0);
        self.note(&format!("rolling back to deployment {former}."), at, surroundings.ids);
        let mut deployment = Deployment::new(id, candidate, at);
        deployment.rollout_reason = rollout_reason;
        deployment.scale = Scale::Full;
        self.deployments.push(deployment);
        let settings = self.revisions[candidate].settings.clone();
        if let Some(members) = self.settings.as_object_mut() {
            members.extend(settings);
        }
    }

    /// The tasks of the revision that a rollback goes back to fail as well.
    pub(crate) fn watch_rollback(&mut self, index: usize, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        let breaker = &self.history[index].breaker;
        if breaker.rollback_failures >= breaker.threshold(self.desired) {
            self.fail_rollback(index, at, surroundings);
        }
    }

    /// The rollback failed, or had nothing to go back to.
    pub(crate) fn fail_rollback(&mut self, index: usize, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        let candidate = self.history[index].rollback.as_ref().and_then(|rollback| rollback.revision);
        match candidate {
            None => self.history[index].reason = Some(NO_CANDIDATE.to_owned()),
            Some(candidate) => self.mark_failed(candidate, &Cause::circuit_breaker(true), at, surroundings),
        }
        self.hold_everything();
        self.end(index, Status::RollbackFailed, at);
    }

    /// `StopServiceDeployment`, some time after it was accepted.
    pub(crate) fn carry_out_requested_rollback(
        &mut self,
        index: usize,
        at: Timestamp,
        surroundings: &mut Surroundings<'_, '_>,
    ) {
        let cause = Cause::requested();
        let target = self.history[index].target;
        if self.proven.is_some_and(|proven| proven != target) {
            self.mark_failed(target, &cause, at, surroundings);
            return self.roll_back(index, &cause, at, surroundings);
        }
        self.hold_everything();
        self.end(index, Status::Stopped, at);
    }

    /// A newer deployment takes over: whatever is under way ends.
    ///
    /// Source: ECS developer guide, service deployment states. That a rollback which is overtaken counts as failed is inferred.
    pub(crate) fn supersede(&mut self, at: Timestamp) {
        let Some(index) = self.active() else { return };
        let deployment = &mut self.history[index];
        let target = deployment.target;
        match deployment.status {
            Status::RollbackInProgress => self.end(index, Status::RollbackFailed, at),
            Status::RollbackRequested => self.end(index, Status::Stopped, at),
            _ => {
                deployment.reason =
                    Some("Service deployment stopped because a new service deployment started.".to_owned());
                deployment.become_for(Status::StopRequested, REQUEST_TAKES, at);
            }
        }
        // What the old deployment was replacing keeps serving; its own tasks are no more wanted than they are.
        for deployment in &mut self.deployments {
            deployment.scale = if deployment.revision == target { Scale::Held } else { deployment.scale };
        }
    }

    /// A deployment was created: it waits a moment, then begins.
    pub(crate) fn await_start(&mut self, index: usize, at: Timestamp) {
        self.history[index].become_for(Status::Pending, DEPLOYMENT_STARTS_AFTER, at);
    }
}

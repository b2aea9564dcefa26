//! How a service moves in time: its tasks, its deployments, and when the next thing happens.
//!
//! Nothing happens between two due times, so the way to a later time is to carry out what is due, in order. Whether that is done in one go or
//! minute by minute makes no difference.

use jiff::Timestamp;

use crate::alarms::Alarms;
use crate::ecs::hook::{Action, Hook};
use crate::ecs::launch::{Order, Surroundings};
use crate::ecs::rollback::Cause;
use crate::ecs::schedule::{Limits, Load, Scale, orders};
use crate::ecs::service::{Service, ServiceStatus};
use crate::ecs::service_deployment::{ServiceDeployment, Walk};
use crate::ecs::status::Status;
use crate::ecs::strategy::{Activity, Start, Step, steps};
use crate::ecs::task::{Change, Task};
use crate::ecs::timing::{LONGEST_RESTART_DELAY, PLACEMENT_RETRIED_AFTER, RESTART_DELAY};

impl Service {
    /// When the next thing happens.
    pub(crate) fn next_due(&self, alarms: &Alarms) -> Option<Timestamp> {
        let tasks = self.tasks.iter().filter_map(Task::due);
        let holds = self.deployments.iter().filter_map(|deployment| deployment.hold_until);
        let open = self.history.iter().filter(|deployment| !deployment.status.is_terminal());
        let moves = open.clone().filter_map(ServiceDeployment::next_due);
        let watched = open.filter(|deployment| deployment.status == Status::InProgress);
        let raised = watched.filter_map(|deployment| deployment.alarms.due(alarms, deployment.started_at?));
        tasks.chain(holds).chain(moves).chain(raised).min()
    }

    /// Carries out everything that is due at `at` and what follows from it at once.
    pub(crate) fn step(&mut self, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        self.move_tasks(at, surroundings);
        self.watch_monitors(at, surroundings);
        for deployment in &mut self.deployments {
            deployment.hold_until = deployment.hold_until.filter(|until| *until > at);
        }
        while self.move_deployments(at, surroundings) || self.schedule(at, surroundings) {}
        self.settle_task_sets(at, surroundings);
        if self.status == ServiceStatus::Draining && self.tasks.iter().all(Task::is_stopped) {
            self.status = ServiceStatus::Inactive;
            self.deployments.clear();
        }
        self.note_traffic(at);
    }

    fn move_tasks(&mut self, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        let mut changes = Vec::new();
        self.tasks.retain_mut(|task| {
            let change = task.advance(at, surroundings.neighbours.logs);
            changes.extend(change.zip(task.revision));
            change != Some(Change::Forgotten)
        });
        for (change, revision) in changes {
            match change {
                Change::Failed => self.count_failure(revision, at),
                Change::Healthy => self.count_healthy(revision),
                Change::Started | Change::Ended | Change::Stopped | Change::Forgotten => {}
            }
        }
    }

    fn count_failure(&mut self, revision: usize, at: Timestamp) {
        if let Some(deployment) = self.deployment_of(revision) {
            deployment.failed_tasks += 1;
            deployment.updated_at = at;
            // Tasks that fail together are one setback.
            if deployment.hold_until.is_none_or(|until| until <= at) {
                let delay = RESTART_DELAY.saturating_mul(1 << deployment.setbacks.min(16)).min(LONGEST_RESTART_DELAY);
                deployment.setbacks += 1;
                deployment.hold_until = Some(at + delay);
            }
        }
        let Some(active) = self.active() else { return };
        let deployment = &mut self.history[active];
        if deployment.status == Status::RollbackInProgress {
            deployment.breaker.rollback_failures += u64::from(deployment.rising == revision);
        } else {
            deployment.breaker.failures += u64::from(deployment.target == revision);
        }
    }

    fn count_healthy(&mut self, revision: usize) {
        if let Some(deployment) = self.deployment_of(revision) {
            deployment.failed_tasks = 0;
            deployment.setbacks = 0;
        }
        if let Some(active) = self.active().filter(|active| self.history[*active].rising == revision) {
            self.history[active].breaker.saw_healthy_task();
        }
    }

    /// Looks at hooks, failed tasks and alarms of the deployment under way.
    fn watch_monitors(&mut self, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        let Some(active) = self.active() else { return };
        if self.history[active].status == Status::RollbackInProgress {
            return self.watch_rollback(active, at, surroundings);
        }
        if self.history[active].status != Status::InProgress {
            return;
        }
        let desired = self.desired;
        let deployment = &mut self.history[active];
        let started_at = deployment.started_at.unwrap_or(at);
        let stage = deployment.step().and_then(|step| step.stage);
        let actions: Vec<Action> = deployment.walk.hooks.iter_mut().filter_map(|hook| hook.advance(at)).collect();
        if !actions.is_empty() {
            deployment.updated_at = at;
        }
        if actions.contains(&Action::Rollback) {
            return self.fail(active, &Cause::pause_timed_out(stage), at, surroundings);
        }
        if deployment.breaker.is_watching() && deployment.breaker.is_exceeded(desired) {
            let cause = Cause::circuit_breaker(deployment.breaker.rollback);
            return self.fail(active, &cause, at, surroundings);
        }
        if deployment.alarms.check(surroundings.neighbours.alarms, started_at, at) {
            let cause = Cause::alarm(deployment.alarms.rollback);
            self.fail(active, &cause, at, surroundings);
        }
    }

    fn move_deployments(&mut self, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) -> bool {
        let open: Vec<usize> =
            (0..self.history.len()).filter(|index| !self.history[*index].status.is_terminal()).collect();
        let moves: Vec<bool> = open.into_iter().map(|index| self.move_deployment(index, at, surroundings)).collect();
        moves.contains(&true)
    }

    fn move_deployment(&mut self, index: usize, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) -> bool {
        let due = self.history[index].is_due(at);
        match self.history[index].status {
            Status::Pending if due => self.begin(index, at, surroundings),
            Status::StopRequested if due => self.end(index, Status::Stopped, at),
            Status::RollbackRequested if due => self.carry_out_requested_rollback(index, at, surroundings),
            Status::RollbackInProgress if due => self.fail_rollback(index, at, surroundings),
            Status::InProgress | Status::RollbackRequested | Status::RollbackInProgress => {
                return self.walk(index, at, surroundings);
            }
            _ => return false,
        }
        true
    }

    /// From `PENDING` to the first step.
    fn begin(&mut self, index: usize, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        let several_sources =
            self.history[index].sources.iter().filter(|revision| self.has_tasks(**revision)).count() > 1;
        let deployment = &mut self.history[index];
        deployment.become_status(Status::InProgress, at);
        deployment.started_at = Some(at);
        deployment.alarms.start(surroundings.neighbours.alarms, at);
        let start = Start { several_sources, alarms: deployment.alarms.is_watching() };
        let path = steps(&deployment.configuration, start);
        self.walk_along(index, path, at, surroundings);
    }

    /// Puts a deployment on a path of steps and enters the first one.
    pub(crate) fn walk_along(
        &mut self,
        index: usize,
        path: Vec<Step>,
        at: Timestamp,
        surroundings: &mut Surroundings<'_, '_>,
    ) {
        let weights = self.history[index].walk.weights;
        self.history[index].walk = Walk { steps: path, weights, ..Walk::default() };
        self.enter(index, at, surroundings);
    }

    /// Goes one step further if the current one is done.
    fn walk(&mut self, index: usize, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) -> bool {
        let deployment = &mut self.history[index];
        let Some(step) = deployment.step() else { return false };
        if deployment.walk.hooks.iter().any(Hook::is_open) {
            return false;
        }
        let since = *deployment.walk.since.get_or_insert(at);
        if !self.is_done(index, step.activity, since, at) {
            return false;
        }
        self.history[index].walk.at += 1;
        self.history[index].updated_at = at;
        if self.history[index].step().is_some() {
            self.enter(index, at, surroundings);
        } else {
            self.complete(index, at, surroundings);
        }
        true
    }

    /// Begins the current step: its traffic, its hooks, and what it asks of each revision's tasks.
    fn enter(&mut self, index: usize, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        let deployment = &mut self.history[index];
        let Some(step) = deployment.step() else { return };
        deployment.walk.weights = step.weights;
        deployment.walk.hooks.clear();
        if let Some(stage) = step.stage.filter(|_| deployment.status.is_forward()) {
            deployment.walk.hooks = Hook::begin_all(&deployment.configuration, stage, at, surroundings.ids);
        }
        let waits = deployment.walk.hooks.iter().any(Hook::is_open);
        deployment.walk.since = (!waits).then_some(at);
        let rising = deployment.rising;
        let takes_all_traffic = rising != deployment.target || step.weights.production >= 100.0;
        if step.stage.is_some() && takes_all_traffic {
            self.serving = Some(rising);
        }
        let serving = self.serving;
        for deployment in &mut self.deployments {
            let (rises, serves) = (deployment.revision == rising, Some(deployment.revision) == serving);
            deployment.scale = scale_in(step.activity, rises, serves, deployment.scale);
        }
    }

    fn is_done(&self, index: usize, activity: Activity, since: Timestamp, at: Timestamp) -> bool {
        let rising = self.history[index].rising;
        let is_full = self.healthy(rising) >= self.desired;
        let mut others =
            self.deployments.iter().map(|deployment| deployment.revision).filter(|revision| *revision != rising);
        match activity {
            Activity::Dwell(lasting) => at >= since + lasting,
            Activity::ScaleUp => is_full,
            Activity::Roll => is_full && !others.any(|revision| self.has_tasks(revision)),
            Activity::Drain => !others.any(|revision| self.has_tasks(revision)),
            Activity::Reconcile => !others.any(|other| Some(other) != self.serving && self.has_tasks(other)),
        }
    }

    /// The last step is done: the rising revision is alone.
    fn complete(&mut self, index: usize, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        let rising = self.history[index].rising;
        let forward = self.history[index].status.is_forward();
        self.serving = Some(rising);
        self.proven = Some(rising);
        self.deployments.retain(|deployment| deployment.revision == rising);
        let status = if forward { Status::Successful } else { Status::RollbackSuccessful };
        self.end(index, status, at);
        let Some(deployment) = self.deployments.last_mut() else { return };
        deployment.rollout_state = "COMPLETED";
        deployment.rollout_reason = format!("ECS deployment {} completed.", deployment.id);
        deployment.updated_at = at;
        let completed = format!("(deployment {}) deployment completed.", deployment.id);
        self.note(&completed, at, surroundings.ids);
        self.note("has reached a steady state.", at, surroundings.ids);
    }

    /// Ends a deployment and keeps its task counts.
    pub(crate) fn end(&mut self, index: usize, status: Status, at: Timestamp) {
        let deployment = &self.history[index];
        let revisions = deployment.sources.iter().copied().chain([deployment.target]);
        let counts = revisions.map(|revision| (revision, self.counts(revision))).collect();
        self.history[index].become_status(status, at);
        self.history[index].last_counts = Some(counts);
        self.history[index].last_desired = Some(self.desired);
    }

    /// Starts and stops tasks. Says whether there was anything to do.
    fn schedule(&mut self, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) -> bool {
        let percent = |name: &str, default| self.configuration()[name].as_u64().unwrap_or(default);
        let limits = Limits::new(self.desired, percent("minimumHealthyPercent", 100), percent("maximumPercent", 200));
        let loads: Vec<Load> = self
            .deployments
            .iter()
            .map(|deployment| {
                let live: u64 = self.tasks_of(deployment.revision).map(|task| u64::from(task.is_live())).sum();
                let healthy = self.healthy(deployment.revision);
                let on_hold = deployment.hold_until.is_some();
                Load { scale: deployment.scale, young: live - healthy, healthy, on_hold }
            })
            .collect();
        let mut busy = false;
        for (place, order) in orders(limits, &loads).into_iter().enumerate() {
            let is_starved = order.start > 0 && !surroundings.has_capacity;
            busy |= order.stop > 0 || order.start > 0 && !is_starved;
            self.stop_tasks(place, order.stop, at, surroundings);
            if is_starved {
                self.starve(place, at, surroundings);
            } else {
                self.start_tasks(place, order.start, at, surroundings);
            }
        }
        busy
    }

    /// There is no room for tasks: that is tried again later.
    ///
    /// Source of the messages: ECS developer guide, service event messages.
    fn starve(&mut self, place: usize, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        self.deployments[place].hold_until = Some(at + PLACEMENT_RETRIED_AFTER);
        let why = if self.settings["launchType"] == "FARGATE" {
            ". Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone."
        } else {
            " because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster."
        };
        let message = format!(
            "was unable to place a task{why} For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
        );
        self.note(&message, at, surroundings.ids);
    }

    fn start_tasks(&mut self, place: usize, count: u64, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        if count == 0 {
            return;
        }
        let deployment = &mut self.deployments[place];
        deployment.updated_at = at;
        let revision = deployment.revision;
        let order = Order {
            cluster: self.cluster.clone(),
            group: format!("service:{}", self.name),
            definition_arn: self.revisions[revision].task_definition.clone(),
            revision: Some(revision),
            started_by: Some(deployment.id.clone()),
            given: super::task_requests::given(
                &self.settings,
                surroundings.definitions.raw(&self.revisions[revision].task_definition),
            ),
        };
        let tasks: Vec<Task> = (0..count).map(|_| surroundings.launch(order.clone(), at)).collect();
        let names: Vec<String> = tasks.iter().map(|task| format!("(task {})", task.id)).collect();
        self.tasks.extend(tasks);
        self.note(&format!("has started {count} tasks: {}.", names.join(" ")), at, surroundings.ids);
    }

    fn stop_tasks(&mut self, place: usize, count: u64, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        if count == 0 {
            return;
        }
        let deployment = &mut self.deployments[place];
        deployment.updated_at = at;
        let revision = Some(deployment.revision);
        let reason = format!("Scaling activity initiated by (deployment {})", deployment.id);
        let mut live: Vec<&mut Task> =
            self.tasks.iter_mut().filter(|task| task.revision == revision && task.is_live()).collect();
        live.sort_by_key(|task| (task.is_healthy(), task.is_running()));
        let mut names = Vec::new();
        for task in live.into_iter().take(usize::try_from(count).unwrap_or(usize::MAX)) {
            task.order_stop("ServiceSchedulerInitiated", reason.clone(), at);
            names.push(format!("(task {})", task.id));
        }
        self.note(&format!("has stopped {count} running tasks: {}.", names.join(" ")), at, surroundings.ids);
    }
}

/// What a step asks of a revision that has the scale `now`.
fn scale_in(activity: Activity, rises: bool, serves: bool, now: Scale) -> Scale {
    match (activity, rises) {
        (Activity::Roll | Activity::ScaleUp, true) => Scale::Full,
        (Activity::Roll, false) => Scale::Yielding,
        (Activity::Reconcile, _) if serves => Scale::Full,
        (Activity::Reconcile | Activity::Drain, false) => Scale::Empty,
        _ => now,
    }
}

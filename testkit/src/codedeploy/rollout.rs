//! How deployments move in time, and how they end.

use jiff::Timestamp;

use crate::codedeploy::CodeDeploy;
use crate::codedeploy::configuration::ALL_AT_ONCE;
use crate::codedeploy::course::{Activity, Event, Step, back, forward, terminates};
use crate::codedeploy::deployment::{Deployment, Purpose, Record, Status, Trouble};
use crate::codedeploy::timing::{INSTALL_TIMES_OUT_AFTER, QUEUE_TAKES};
use crate::ecs::task_sets::NewTaskSet;
use crate::ecs::{Ecs, Neighbours};

impl CodeDeploy {
    /// Carries out everything that is due until `now`, here and in ECS: each sees the other as it is at that time.
    pub fn advance(&mut self, now: Timestamp, ecs: &mut Ecs, neighbours: &mut Neighbours<'_>) {
        while let Some(due) = self.next_due(ecs, neighbours).filter(|due| *due <= now) {
            let at = self.reached.map_or(due, |reached| reached.max(due));
            ecs.advance(at, neighbours);
            self.step(at, ecs, neighbours);
            self.reached = Some(at);
        }
        ecs.advance(now, neighbours);
        self.reached = self.reached.max(Some(now));
    }

    /// Nothing, if no deployment is under way: ECS looks after itself.
    fn next_due(&self, ecs: &Ecs, neighbours: &Neighbours<'_>) -> Option<Timestamp> {
        let open = self.deployments.iter().filter(|deployment| !deployment.status.is_terminal());
        let own = open.filter_map(|deployment| deployment.due(neighbours.alarms)).min()?;
        Some(ecs.next_due(neighbours).map_or(own, |due| due.min(own)))
    }

    fn step(&mut self, at: Timestamp, ecs: &mut Ecs, neighbours: &mut Neighbours<'_>) {
        let mut index = 0;
        // A deployment that fails may add the one that rolls it back.
        while index < self.deployments.len() {
            while self.move_deployment(index, at, ecs, neighbours) {}
            index += 1;
        }
        for deployment in &self.deployments {
            let green = deployment.green.clone().filter(|_| !deployment.status.is_terminal());
            ecs.shift(&deployment.group.service, green.map(|green| (green, deployment.weight)));
        }
        ecs.settle(at, neighbours);
    }

    fn move_deployment(&mut self, index: usize, at: Timestamp, ecs: &mut Ecs, neighbours: &mut Neighbours<'_>) -> bool {
        let deployment = &mut self.deployments[index];
        if deployment.status.is_terminal() {
            return false;
        }
        if let Some(stop) = deployment.stop.filter(|stop| stop.due <= at) {
            self.end(index, Status::Stopped, manual_stop(), stop.rolls_back, at, ecs);
            return true;
        }
        if let Some((_, names)) = deployment.alarm(neighbours.alarms).filter(|(raised, _)| *raised <= at) {
            let rolls_back = deployment.rolls_back_on("DEPLOYMENT_STOP_ON_ALARM");
            self.end(index, Status::Stopped, alarm_active(&names), rolls_back, at, ecs);
            return true;
        }
        match deployment.status {
            Status::Created | Status::Queued if at < deployment.since + QUEUE_TAKES => false,
            Status::Created => {
                deployment.become_status(Status::Queued, at);
                true
            }
            Status::Queued => {
                self.begin(index, at, ecs, neighbours);
                true
            }
            _ => self.walk(index, at, ecs, neighbours),
        }
    }

    /// From the queue to the first step.
    fn begin(&mut self, index: usize, at: Timestamp, ecs: &mut Ecs, neighbours: &mut Neighbours<'_>) {
        let deployment = &mut self.deployments[index];
        deployment.started_at = Some(at);
        if matches!(deployment.purpose, Purpose::Deploy { .. }) {
            deployment.blue = ecs.primary_task_set(&deployment.group.service);
            deployment.steps = forward(&deployment.configuration, &deployment.group.settings);
        } else {
            deployment.steps = back();
        }
        let Some(blue) = &deployment.blue else {
            let message = "The ECS service is not there, or has another deployment controller.".to_owned();
            let trouble = Trouble { code: "INVALID_ECS_SERVICE", message };
            return self.end(index, Status::Failed, trouble, false, at, ecs);
        };
        if matches!(deployment.purpose, Purpose::Deploy { .. }) {
            ecs.delete_task_sets_beside(&deployment.group.service, blue, at);
        }
        let events = deployment.steps.iter().filter_map(|step| step.event);
        let mut events: Vec<Event> = events.collect();
        events.dedup();
        let record = |event| Record { event, status: "Pending", started_at: None, ended_at: None };
        deployment.records = events.into_iter().map(record).collect();
        self.enter(index, at, ecs, neighbours);
    }

    fn enter(&mut self, index: usize, at: Timestamp, ecs: &mut Ecs, neighbours: &mut Neighbours<'_>) {
        let deployment = &mut self.deployments[index];
        let Some(step) = deployment.step() else { return self.succeed(index, at, ecs) };
        deployment.enter(step, at);
        match step.event {
            Some(Event::Install) => install(deployment, at, ecs, neighbours),
            Some(Event::AfterAllowTraffic) => {
                if let Some(green) = &deployment.green {
                    ecs.make_primary(&deployment.group.service, green, at);
                }
            }
            _ => {}
        }
    }

    /// Goes one step further if the current one is done.
    fn walk(&mut self, index: usize, at: Timestamp, ecs: &mut Ecs, neighbours: &mut Neighbours<'_>) -> bool {
        let deployment = &mut self.deployments[index];
        let Some(step) = deployment.step() else { return false };
        if is_done(deployment, step, at, ecs) {
            deployment.leave(step, at);
            self.enter(index, at, ecs, neighbours);
            return true;
        }
        let Some(trouble) = overdue(deployment, step, at) else { return false };
        let (status, event) = match step.activity {
            Activity::Install => (Status::Failed, "DEPLOYMENT_FAILURE"),
            _ => (Status::Stopped, "DEPLOYMENT_STOP_ON_REQUEST"),
        };
        let rolls_back = deployment.rolls_back_on(event);
        self.end(index, status, trouble, rolls_back, at, ecs);
        true
    }

    fn succeed(&mut self, index: usize, at: Timestamp, ecs: &mut Ecs) {
        let deployment = &mut self.deployments[index];
        deployment.become_status(Status::Succeeded, at);
        deployment.last_task_sets = Some(deployment.task_sets(ecs));
        let service = &deployment.group.service;
        let going = match &deployment.purpose {
            Purpose::Deploy { .. } => deployment.blue.as_ref().filter(|_| terminates(&deployment.group.settings)),
            Purpose::RollBack { .. } => {
                if let Some(blue) = &deployment.blue {
                    ecs.make_primary(service, blue, at);
                }
                deployment.green.as_ref()
            }
        };
        if let Some(going) = going {
            ecs.delete_task_set(service, going, at);
        }
    }

    /// Ends a deployment that did not succeed.
    fn end(&mut self, index: usize, status: Status, trouble: Trouble, rolls_back: bool, at: Timestamp, ecs: &mut Ecs) {
        let deployment = &mut self.deployments[index];
        deployment.become_status(status, at);
        deployment.trouble = Some(trouble);
        deployment.last_task_sets = Some(deployment.task_sets(ecs));
        deployment.close_record("Failed", at);
        for record in deployment.records.iter_mut().filter(|record| record.status == "Pending") {
            record.status = "Skipped";
        }
        if rolls_back && deployment.blue.is_some() {
            return self.roll_back(index, at);
        }
        if let Some(green) = &deployment.green {
            ecs.hold_task_set(&deployment.group.service, green);
        }
    }

    /// Source: a rollback's configuration is `ECSAllAtOnce`, whatever the group says: seen in answers of CodeDeploy.
    fn roll_back(&mut self, index: usize, at: Timestamp) {
        let id = self.new_id();
        let proven = self.last_success(&self.deployments[index]).and_then(|success| success.revision.clone());
        let failed = &mut self.deployments[index];
        failed.rolled_back_by = Some(id.clone());
        let purpose = Purpose::RollBack { triggered_by: failed.id.clone() };
        let rollback = Deployment::new(id, failed.group.clone(), ALL_AT_ONCE.to_owned(), purpose, proven, at);
        let (blue, green) = (failed.blue.clone(), failed.green.clone());
        let rollback = Deployment { weight: failed.weight, blue, green, ..rollback };
        self.deployments.push(rollback);
    }

    fn last_success(&self, of: &Deployment) -> Option<&Deployment> {
        let mut same_group = self.deployments.iter().rev().filter(|deployment| deployment.is_beside(of));
        same_group.find(|deployment| deployment.status == Status::Succeeded)
    }
}

/// Creates the replacement task set.
fn install(deployment: &mut Deployment, at: Timestamp, ecs: &mut Ecs, neighbours: &mut Neighbours<'_>) {
    let Purpose::Deploy { spec, .. } = &deployment.purpose else { return };
    let group = deployment.target_groups(ecs).1;
    let new = NewTaskSet {
        definition: spec.task_definition.clone(),
        load_balancers: spec.load_balancers(&group),
        platform_version: spec.platform_version.clone(),
        external_id: deployment.id.clone(),
    };
    deployment.green = ecs.create_task_set(&deployment.group.service, new, at, neighbours);
}

fn is_done(deployment: &Deployment, step: Step, at: Timestamp, ecs: &Ecs) -> bool {
    match step.activity {
        Activity::Dwell(lasting) => at >= deployment.since + lasting,
        Activity::Install => {
            let green = deployment.green.as_ref().and_then(|green| ecs.task_set(&deployment.group.service, green));
            green.is_some_and(|green| green.healthy >= green.desired)
        }
        Activity::AwaitTraffic(_) => deployment.continued,
        Activity::AwaitTermination(lasting) => deployment.continued || at >= deployment.since + lasting,
    }
}

/// What is wrong if a step that is not done takes too long.
fn overdue(deployment: &Deployment, step: Step, at: Timestamp) -> Option<Trouble> {
    match step.activity {
        Activity::Install if at >= deployment.since + INSTALL_TIMES_OUT_AFTER => Some(install_timed_out()),
        Activity::AwaitTraffic(lasting) if at >= deployment.since + lasting => Some(ready_timed_out()),
        _ => None,
    }
}

/// Source of the code: CodeDeploy API reference, `ErrorInformation`. The wording is inferred.
fn manual_stop() -> Trouble {
    Trouble { code: "MANUAL_STOP", message: "The deployment was stopped by a user.".to_owned() }
}

/// Source: CodeDeploy user guide, troubleshooting of ECS deployments.
fn install_timed_out() -> Trouble {
    let minutes = INSTALL_TIMES_OUT_AFTER.as_mins();
    let message = format!(
        "The deployment timed out while waiting for the replacement task set to become healthy. This time out period is {minutes} minutes."
    );
    Trouble { code: "TIMEOUT", message }
}

/// Source: CodeDeploy API reference, `DeploymentReadyOption`: the deployment is stopped. The wording is inferred.
fn ready_timed_out() -> Trouble {
    let message = "The deployment timed out while waiting for traffic rerouting to be started.".to_owned();
    Trouble { code: "TIMEOUT", message }
}

/// Source: seen in answers of CodeDeploy; each name stands in angle brackets.
fn alarm_active(names: &[String]) -> Trouble {
    let names: Vec<String> = names.iter().map(|name| format!("<{name}>")).collect();
    let message = format!(
        "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected deployments have been stopped. Activated alarms: {}",
        names.join(" ")
    );
    Trouble { code: "ALARM_ACTIVE", message }
}

//! Task sets: what a service with the deployment controller `CODE_DEPLOY` has in place of deployments.
//!
//! Each is kept as a [`Deployment`] of its own revision. Which one is primary says [`Service::serving`].

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ecs::ids::arn;
use crate::ecs::input::{seconds, without_nulls};
use crate::ecs::launch::Surroundings;
use crate::ecs::schedule::Scale;
use crate::ecs::service::{Deployment, Service};
use crate::ecs::task::Task;
use crate::ecs::{Ecs, Neighbours};
use crate::wire::ServiceError;

/// How CodeDeploy names a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceName {
    pub(crate) cluster: String,
    pub(crate) name: String,
}

/// A task set to be created.
#[derive(Clone, Debug)]
pub(crate) struct NewTaskSet {
    /// The ARN of the task definition.
    pub(crate) definition: String,
    pub(crate) load_balancers: Value,
    pub(crate) platform_version: Option<String>,
    /// The deployment of CodeDeploy that it belongs to.
    pub(crate) external_id: String,
}

/// A task set as CodeDeploy sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaskSet {
    pub(crate) id: String,
    pub(crate) status: &'static str,
    pub(crate) desired: u64,
    pub(crate) pending: u64,
    pub(crate) running: u64,
    pub(crate) healthy: u64,
    pub(crate) target_group_arn: Option<String>,
}

impl Ecs {
    /// The ARN of the task definition that `reference` names, if tasks can be started from it.
    pub(crate) fn usable_definition(&self, reference: &str) -> Result<String, ServiceError> {
        self.definitions.usable(reference)
    }

    /// The task set that serves; none if CodeDeploy cannot deploy the service.
    pub(crate) fn primary_task_set(&self, name: &ServiceName) -> Option<String> {
        let service = self.controlled(name).filter(|service| service.is_active())?;
        service.primary().map(|primary| primary.id.clone())
    }

    pub(crate) fn task_set(&self, name: &ServiceName, id: &str) -> Option<TaskSet> {
        let service = self.controlled(name)?;
        service.deployments.iter().find(|set| set.id == id).map(|set| service.task_set(set))
    }

    /// The ARNs of all target groups that the service ever had.
    pub(crate) fn target_groups(&self, name: &ServiceName) -> Vec<String> {
        let revisions = self.controlled(name).into_iter().flat_map(|service| &service.revisions);
        revisions.filter_map(|revision| target_group(&revision.settings["loadBalancers"])).collect()
    }

    /// Creates a task set beside the primary one and gives its id.
    pub(crate) fn create_task_set(
        &mut self,
        name: &ServiceName,
        new: NewTaskSet,
        at: Timestamp,
        neighbours: &mut Neighbours<'_>,
    ) -> Option<String> {
        self.within(neighbours, |ecs, surroundings| {
            let service = ecs.controlled_mut(name)?;
            let id = service.open_task_set(new.definition, at, surroundings);
            let set = service.deployments.last_mut()?;
            set.external_id = Some(new.external_id);
            let settings = &mut service.revisions[set.revision].settings;
            settings.insert("loadBalancers".to_owned(), new.load_balancers);
            if let Some(version) = new.platform_version {
                settings.insert("platformVersion".to_owned(), json!(version));
            }
            Some(id)
        })
    }

    /// Makes a task set the one that serves.
    pub(crate) fn make_primary(&mut self, name: &ServiceName, id: &str, at: Timestamp) {
        let Some(service) = self.controlled_mut(name) else { return };
        if let Some(set) = service.deployments.iter_mut().find(|set| set.id == id) {
            set.updated_at = at;
            service.serving = Some(set.revision);
        }
    }

    /// Gives a task set so much of the traffic, in percent, and the rest to the other one; without one, all goes to the one that serves.
    pub(crate) fn shift(&mut self, name: &ServiceName, shifted: Option<(String, u32)>) {
        if let Some(service) = self.controlled_mut(name) {
            service.shifted = shifted;
        }
    }

    /// Takes a task set's tasks away; when they are gone, it is.
    pub(crate) fn delete_task_set(&mut self, name: &ServiceName, id: &str, at: Timestamp) {
        self.empty(name, at, |set| set.id == id);
    }

    /// Deletes every task set but one.
    pub(crate) fn delete_task_sets_beside(&mut self, name: &ServiceName, id: &str, at: Timestamp) {
        self.empty(name, at, |set| set.id != id);
    }

    fn empty(&mut self, name: &ServiceName, at: Timestamp, is_meant: impl Fn(&Deployment) -> bool) {
        let sets = self.controlled_mut(name).into_iter().flat_map(|service| &mut service.deployments);
        for set in sets.filter(|set| is_meant(set)) {
            set.scale = Scale::Empty;
            set.updated_at = at;
        }
    }

    /// Leaves a task set as it is: no task is started or stopped any more.
    pub(crate) fn hold_task_set(&mut self, name: &ServiceName, id: &str) {
        let sets = self.controlled_mut(name).into_iter().flat_map(|service| &mut service.deployments);
        for set in sets.filter(|set| set.id == id) {
            set.scale = Scale::Held;
        }
    }

    fn controlled(&self, name: &ServiceName) -> Option<&Service> {
        let found = self.services.iter().find(|service| service.is_called(&name.cluster, &name.name));
        found.filter(|service| service.has_task_sets())
    }

    fn controlled_mut(&mut self, name: &ServiceName) -> Option<&mut Service> {
        let found = self.services.iter_mut().find(|service| service.is_called(&name.cluster, &name.name));
        found.filter(|service| service.has_task_sets())
    }
}

impl Service {
    /// Whether CodeDeploy deploys it.
    pub(crate) fn has_task_sets(&self) -> bool {
        self.settings["deploymentController"]["type"] == "CODE_DEPLOY"
    }

    /// Creates a task set with all its tasks. The first one serves.
    pub(crate) fn open_task_set(
        &mut self,
        definition: String,
        at: Timestamp,
        surroundings: &mut Surroundings<'_, '_>,
    ) -> String {
        let revision = self.revisions.len();
        let new = self.new_revision(definition, at, surroundings);
        self.revisions.push(new);
        let id = format!("ecs-svc/{}", surroundings.ids.digits());
        let mut set = Deployment::new(id.clone(), revision, at);
        set.scale = Scale::Full;
        self.deployments.push(set);
        self.serving.get_or_insert(revision);
        id
    }

    /// Forgets task sets that are deleted and empty, and notes those that have all their tasks for the first time.
    pub(crate) fn settle_task_sets(&mut self, at: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        if !self.has_task_sets() {
            return;
        }
        let mut sets = std::mem::take(&mut self.deployments);
        sets.retain(|set| set.scale != Scale::Empty || self.has_tasks(set.revision));
        for set in &mut sets {
            let is_full = set.scale == Scale::Full && self.healthy(set.revision) >= self.desired;
            if is_full && set.rollout_state != "COMPLETED" {
                set.rollout_state = "COMPLETED";
                set.updated_at = at;
                self.note("has reached a steady state.", at, surroundings.ids);
            }
        }
        self.deployments = sets;
    }

    fn task_set(&self, set: &Deployment) -> TaskSet {
        let counts = self.counts(set.revision);
        TaskSet {
            id: set.id.clone(),
            status: self.task_set_status(set),
            desired: if set.scale == Scale::Empty { 0 } else { self.desired },
            pending: counts.pending,
            running: counts.running,
            healthy: self.healthy(set.revision),
            target_group_arn: target_group(&self.revisions[set.revision].settings["loadBalancers"]),
        }
    }

    fn task_set_status(&self, set: &Deployment) -> &'static str {
        match set.scale {
            Scale::Empty => "DRAINING",
            _ if Some(set.revision) == self.serving => "PRIMARY",
            _ => "ACTIVE",
        }
    }

    /// `taskSets` of `DescribeServices`, newest first.
    pub(crate) fn rendered_task_sets(&self) -> Value {
        self.deployments.iter().rev().map(|set| self.rendered_task_set(set)).collect()
    }

    fn rendered_task_set(&self, set: &Deployment) -> Value {
        let seen = self.task_set(set);
        let revision = &self.revisions[set.revision];
        let is_stopping = |task: &Task| !task.is_live() && !task.is_stopped();
        let is_steady =
            seen.pending == 0 && seen.healthy >= seen.desired && !self.tasks_of(set.revision).any(is_stopping);
        let scale = if set.scale == Scale::Empty { 0.0 } else { 100.0 };
        without_nulls(json!({
            "id": set.id,
            "taskSetArn": arn(&format!("task-set/{}/{}/{}", self.cluster, self.name, set.id)),
            "serviceArn": self.arn,
            "clusterArn": arn(&format!("cluster/{}", self.cluster)),
            "startedBy": set.external_id.as_ref().map(|_| "CODE_DEPLOY"),
            "externalId": set.external_id,
            "status": seen.status,
            "taskDefinition": revision.task_definition,
            "computedDesiredCount": seen.desired,
            "pendingCount": seen.pending,
            "runningCount": seen.running,
            "createdAt": seconds(set.created_at),
            "updatedAt": seconds(set.updated_at),
            "launchType": self.settings.get("launchType"),
            "platformVersion": revision.settings.get("platformVersion"),
            "networkConfiguration": revision.settings.get("networkConfiguration"),
            "loadBalancers": revision.settings.get("loadBalancers"),
            "serviceRegistries": [],
            "scale": { "value": scale, "unit": "PERCENT" },
            "stabilityStatus": if is_steady { "STEADY_STATE" } else { "STABILIZING" },
            "stabilityStatusAt": seconds(set.updated_at),
            "tags": [],
        }))
    }
}

fn target_group(load_balancers: &Value) -> Option<String> {
    load_balancers[0]["targetGroupArn"].as_str().map(str::to_owned)
}

//! ECS: clusters, task definitions, services, tasks, and rollouts in time.
//!
//! A call first carries out what became due since the last one, in order, then does its own work. So the state is a function of the calls and
//! their times alone. What is settled when a task starts (the image, the way it fails) is taken from the other services as they are when a call
//! carries out that start.
//!
//! - `strategy` is the table of what each strategy does, `rollout` walks through it, `rollback` is how it ends otherwise.
//! - `schedule` decides how many tasks to start and to stop.
//! - `traffic` is what comes to a service at a time, and how each version answers: the label `local-aws.traffic` of an image says so, for example
//!   `{"errors": 0.3, "p95Seconds": 0.2}`. `measure` is what CloudWatch makes of it.
//! - the files named `…_requests` and `describe` are the wire.

mod cluster;
mod deployment_requests;
mod describe;
mod failure;
mod hook;
pub(crate) mod ids;
pub(crate) mod input;
mod launch;
mod measure;
mod monitor;
mod quirks;
mod rollback;
mod rollout;
mod schedule;
pub(crate) mod service;
mod service_deployment;
mod service_requests;
mod stage;
mod status;
mod strategy;
mod task;
mod task_definition;
mod task_requests;
pub(crate) mod task_sets;
mod timing;
pub(crate) mod traffic;
mod validate;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::alarms::Alarms;
use crate::ecr::Ecr;
use crate::ecs::cluster::{Clusters, Counts};
use crate::ecs::failure::Failures;
use crate::ecs::ids::Ids;
use crate::ecs::launch::Surroundings;
pub use crate::ecs::quirks::Quirks;
use crate::ecs::service::Service;
use crate::ecs::task::{Change, Task};
use crate::ecs::task_definition::TaskDefinitions;
use crate::logs::Logs;
use crate::wire::ServiceError;

/// What a deployment sees of the other services.
#[derive(Debug)]
pub struct Neighbours<'a> {
    /// The alarms that a deployment watches.
    pub alarms: &'a Alarms,
    /// The registry that images are pulled from.
    pub ecr: &'a Ecr,
    /// Where tasks write their logs.
    pub logs: &'a mut Logs,
}

/// All clusters, services, task definitions and deployments.
#[derive(Debug, Default)]
pub struct Ecs {
    /// Where it is less tidy than its reference.
    pub quirks: Quirks,
    clusters: Clusters,
    definitions: TaskDefinitions,
    services: Vec<Service>,
    /// The tasks that belong to no service.
    tasks: Vec<Task>,
    failures: Failures,
    ids: Ids,
    /// The tasks that `RunTask` started for a client token, by their ids: the same token starts them once.
    tokens: BTreeMap<String, Vec<String>>,
    /// Everything that was due until this time is carried out.
    reached: Option<Timestamp>,
}

impl Ecs {
    /// Answers one operation.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(
        &mut self,
        operation: &str,
        input: &Value,
        now: Timestamp,
        neighbours: &mut Neighbours<'_>,
    ) -> Result<Value, ServiceError> {
        self.advance(now, neighbours);
        let answer = self.dispatch(operation, input, now, neighbours);
        self.settle(now, neighbours);
        answer
    }

    /// Makes tasks fail. The rule is an object:
    /// - `image`: part of the image reference, as the task definition writes it. Tasks with a container of such an image fail.
    /// - `afterSeconds` (20): after the container's start; if it never starts, after the task's creation. A task that runs for half a minute counts
    ///   as healthy, and its failure does not trip the circuit breaker any more.
    /// - `stopCode` (`EssentialContainerExited`; with `TaskFailedToStart` the container never starts), `stoppedReason`, `exitCode` (1),
    ///   `reason` (the container's).
    /// - `log`: lines that the container writes when it starts, if it logs to `awslogs`.
    /// - `times`: for how many tasks it holds; for all, if it is left out.
    ///
    /// The label `local-aws.fail` of an image in the local registry has the same meaning; its value is such an object without `image`.
    ///
    /// # Errors
    /// The rule is malformed.
    pub fn fail_tasks(&mut self, rule: &Value) -> Result<(), ServiceError> {
        self.failures.add(rule)
    }

    /// Carries out everything that is due until `now`, in order.
    pub fn advance(&mut self, now: Timestamp, neighbours: &mut Neighbours<'_>) {
        while let Some(due) = self.next_due(neighbours).filter(|due| *due <= now) {
            let at = self.reached.map_or(due, |reached| reached.max(due));
            self.settle(at, neighbours);
            self.reached = Some(at);
        }
        self.reached = self.reached.max(Some(now));
    }

    /// When the next thing happens.
    pub(crate) fn next_due(&self, neighbours: &Neighbours<'_>) -> Option<Timestamp> {
        let services = self.services.iter().filter_map(|service| service.next_due(neighbours.alarms));
        services.chain(self.tasks.iter().filter_map(Task::due)).min()
    }

    /// Carries out what follows at once from how things are.
    pub(crate) fn settle(&mut self, at: Timestamp, neighbours: &mut Neighbours<'_>) {
        self.tasks.retain_mut(|task| task.advance(at, neighbours.logs) != Some(Change::Forgotten));
        let Self { definitions, services, failures, ids, quirks, .. } = self;
        let mut surroundings =
            Surroundings { definitions, failures, ids, neighbours, has_capacity: !quirks.no_capacity };
        for service in services {
            service.step(at, &mut surroundings);
        }
    }

    fn dispatch(
        &mut self,
        operation: &str,
        input: &Value,
        now: Timestamp,
        neighbours: &mut Neighbours<'_>,
    ) -> Result<Value, ServiceError> {
        match operation {
            "CreateCluster" => Ok(self.clusters.create(input)),
            "DescribeClusters" => Ok(self.clusters.describe(input, |cluster| self.counts(cluster))),
            "ListClusters" => self.clusters.list(input),
            "RegisterTaskDefinition" => self.definitions.register(input, now),
            "DescribeTaskDefinition" => self.definitions.describe(input),
            "DeregisterTaskDefinition" => self.definitions.deregister(input, now),
            "ListTaskDefinitions" => self.definitions.list(input),
            "CreateService" => self.within(neighbours, |ecs, around| ecs.create_service(input, now, around)),
            "UpdateService" => self.within(neighbours, |ecs, around| ecs.update_service(input, now, around)),
            "DeleteService" => self.delete_service(input, now),
            "DescribeServices" => self.describe_services(input, now),
            "ListServices" => self.list_services(input),
            "ListServiceDeployments" => self.list_service_deployments(input, now),
            "DescribeServiceDeployments" => self.describe_service_deployments(input),
            "DescribeServiceRevisions" => self.describe_service_revisions(input),
            "StopServiceDeployment" => self.stop_service_deployment(input, now),
            "ContinueServiceDeployment" => {
                self.within(neighbours, |ecs, around| ecs.continue_service_deployment(input, now, around))
            }
            "RunTask" => self.within(neighbours, |ecs, around| ecs.run_task(input, now, around)),
            "StopTask" => self.stop_task(input, now),
            "ListTasks" => self.list_tasks(input),
            "DescribeTasks" => self.describe_tasks(input, now),
            _ => Err(crate::world::unknown_operation(operation)),
        }
    }

    /// Lends out the parts that starting tasks needs, beside the rest.
    pub(crate) fn within<T>(
        &mut self,
        neighbours: &mut Neighbours<'_>,
        work: impl FnOnce(&mut Self, &mut Surroundings<'_, '_>) -> T,
    ) -> T {
        let definitions = std::mem::take(&mut self.definitions);
        let mut failures = std::mem::take(&mut self.failures);
        let mut ids = std::mem::take(&mut self.ids);
        let mut surroundings = Surroundings {
            definitions: &definitions,
            failures: &mut failures,
            ids: &mut ids,
            neighbours,
            has_capacity: !self.quirks.no_capacity,
        };
        let result = work(self, &mut surroundings);
        self.definitions = definitions;
        self.failures = failures;
        self.ids = ids;
        result
    }

    fn counts(&self, cluster: &str) -> Counts {
        let live = || self.all_tasks().filter(|task| task.cluster == cluster && task.is_live());
        let running = live().filter(|task| task.is_running()).count();
        let services = self.services.iter().filter(|service| service.cluster == cluster && service.is_active());
        Counts { running, pending: live().count() - running, services: services.count() }
    }
}

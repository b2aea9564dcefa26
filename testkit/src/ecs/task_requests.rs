//! `RunTask`, `StopTask`, `ListTasks`, `DescribeTasks`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::ecs::Ecs;
use crate::ecs::failure::Ending;
use crate::ecs::ids::{arn, name_of};
use crate::ecs::input::{bounded, invalid, page, required, text};
use crate::ecs::launch::{Order, Surroundings};
use crate::ecs::task::Task;
use crate::ecs::timing::STANDALONE_TASK_RUNS_FOR;
use crate::wire::ServiceError;

/// The members of a task that are as they were given: by the service or the request, and by the task definition.
pub(crate) fn given(request: &Value, definition: &Value) -> Value {
    let mut members = Map::new();
    for (source, names) in [
        (request, &["launchType", "platformVersion", "overrides", "tags", "enableExecuteCommand"][..]),
        (definition, &["cpu", "memory", "ephemeralStorage"][..]),
    ] {
        let present = names.iter().filter_map(|name| Some(((*name).to_owned(), source.get(*name)?.clone())));
        members.extend(present);
    }
    Value::Object(members)
}

impl Ecs {
    pub(crate) fn run_task(
        &mut self,
        input: &Value,
        now: Timestamp,
        surroundings: &mut Surroundings<'_, '_>,
    ) -> Result<Value, ServiceError> {
        let cluster = self.clusters.named(input)?.to_owned();
        let definition_arn = surroundings.definitions.usable(required(input, "taskDefinition")?)?;
        let token = text(input, "clientToken").map(str::to_owned);
        if let Some(ids) = token.as_ref().and_then(|token| self.tokens.get(token)) {
            let started: Vec<Value> =
                self.tasks.iter().filter(|task| ids.contains(&task.id)).map(|task| task.rendered(now)).collect();
            return Ok(json!({ "tasks": started, "failures": [] }));
        }
        let count = input["count"].as_u64().unwrap_or(1);
        if !(1..=10).contains(&count) {
            return Err(invalid("count must be between 1 and 10."));
        }
        let definition = surroundings.definitions.raw(&definition_arn);
        let family = definition["family"].as_str().unwrap_or_default();
        let order = Order {
            cluster,
            group: text(input, "group").map_or_else(|| format!("family:{family}"), str::to_owned),
            given: given(input, definition),
            definition_arn,
            revision: None,
            started_by: text(input, "startedBy").map(str::to_owned),
        };
        let mut started = Vec::new();
        for _ in 0..count {
            let mut task = surroundings.launch(order.clone(), now);
            task.ending.get_or_insert_with(done);
            started.push(task.rendered(now));
            if let Some(token) = &token {
                self.tokens.entry(token.clone()).or_default().push(task.id.clone());
            }
            self.tasks.push(task);
        }
        Ok(json!({ "tasks": started, "failures": [] }))
    }

    pub(crate) fn stop_task(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let cluster = self.clusters.named(input)?.to_owned();
        let id = name_of(required(input, "task")?);
        let of_services = self.services.iter_mut().flat_map(|service| &mut service.tasks);
        let mut all = self.tasks.iter_mut().chain(of_services);
        let task = all.find(|task| task.cluster == cluster && task.id == id);
        let task = task.ok_or_else(|| invalid("The referenced task was not found."))?;
        let reason = text(input, "reason").unwrap_or("Task stopped by user").to_owned();
        task.order_stop("UserInitiated", reason, now);
        Ok(json!({ "task": task.rendered(now) }))
    }

    pub(crate) fn list_tasks(&mut self, input: &Value) -> Result<Value, ServiceError> {
        let cluster = self.clusters.named(input)?.to_owned();
        let group = match text(input, "serviceName") {
            Some(service) => {
                let named = json!({ "cluster": cluster, "service": service });
                Some(format!("service:{}", self.service_named(&named)?.name))
            }
            None => None,
        };
        let family = text(input, "family").map(|family| arn(&format!("task-definition/{family}:")));
        let started_by = text(input, "startedBy");
        let stopped = text(input, "desiredStatus") == Some("STOPPED");
        let is_wanted = |task: &&Task| {
            task.cluster == cluster
                && task.is_live() != stopped
                && group.as_ref().is_none_or(|group| *group == task.group)
                && family.as_ref().is_none_or(|family| task.definition_arn.starts_with(family))
                && started_by.is_none_or(|by| task.started_by.as_deref() == Some(by))
        };
        let arns = self.all_tasks().filter(is_wanted).map(|task| json!(task.arn())).collect();
        page(input, "taskArns", arns, 100, 100)
    }

    pub(crate) fn describe_tasks(&self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let cluster = self.clusters.named(input)?;
        let mut tasks = Vec::new();
        let mut failures = Vec::new();
        for wanted in bounded(input, "tasks", 100)? {
            let id = name_of(wanted);
            if let Some(task) = self.all_tasks().find(|task| task.cluster == cluster && task.id == id) {
                tasks.push(task.rendered(now));
                continue;
            }
            failures.push(json!({ "arn": arn(&format!("task/{cluster}/{id}")), "reason": "MISSING" }));
        }
        Ok(json!({ "tasks": tasks, "failures": failures }))
    }

    pub(crate) fn all_tasks(&self) -> impl Iterator<Item = &Task> {
        self.services.iter().flat_map(|service| &service.tasks).chain(&self.tasks)
    }
}

/// How a task of `RunTask` ends if nothing makes it fail.
fn done() -> Ending {
    Ending {
        after: STANDALONE_TASK_RUNS_FOR,
        stop_code: "EssentialContainerExited".to_owned(),
        stopped_reason: "Essential container in task exited".to_owned(),
        exit_code: Some(0),
        reason: None,
    }
}

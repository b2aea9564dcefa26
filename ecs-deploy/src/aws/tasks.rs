//! Tasks: those that stopped, and the one that runs before a release.

use aws_sdk_ecs::operation::run_task::RunTaskOutput;
use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{DesiredStatus, Task};
use aws_smithy_types::body::SdkBody;
use contract::aws::{CallError, RawAnswer};
use contract::raw::RawObject;
use serde_json::json;
use serde_json::value::to_raw_value;

use super::Aws;
use crate::observation::{StoppedContainer, StoppedTask};
use crate::service::Service;

/// So many tasks are listed, and described, in one call. Source: ECS API reference, `ListTasks`, `DescribeTasks`.
const TASKS_PER_CALL: i32 = 100;
/// More pages of stopped tasks are not looked at: their causes are known by then.
const PAGES: usize = 5;

/// A task that runs once.
#[derive(Clone, Debug)]
pub struct OneOff<'a> {
    /// The service whose network and capacity it uses.
    pub service: &'a Service,
    /// What it runs, by ARN.
    pub task_definition: &'a str,
    /// The container whose command is replaced.
    pub container: &'a str,
    /// The command, for a shell.
    pub command: &'a str,
    /// The same for every attempt at the same run: ECS starts it once.
    pub token: &'a str,
}

/// Where a task is.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskState {
    /// `PROVISIONING` to `STOPPED`.
    pub status: String,
    /// What is known of its end.
    pub stopped: StoppedTask,
}

impl Aws {
    /// A service's stopped tasks of one task definition that were created at `since` or later, in seconds since 1970.
    ///
    /// # Errors
    /// A call failed.
    pub async fn stopped_tasks(
        &self,
        service: &str,
        task_definition: &str,
        since: f64,
    ) -> Result<Vec<StoppedTask>, CallError> {
        let mut tasks = Vec::new();
        let mut next = None;
        for _ in 0..PAGES {
            let call = self.ecs.list_tasks().cluster(&self.cluster).service_name(service);
            let call = call.desired_status(DesiredStatus::Stopped).max_results(TASKS_PER_CALL).set_next_token(next);
            let listed = call.send().await.map_err(|error| CallError::new("ecs:ListTasks", &error))?;
            if listed.task_arns().is_empty() {
                break;
            }
            let call = self.ecs.describe_tasks().cluster(&self.cluster).set_tasks(listed.task_arns);
            let answer = call.send().await.map_err(|error| CallError::new("ecs:DescribeTasks", &error))?;
            let is_ours = |task: &&Task| {
                let created_at = task.created_at().map_or(since, DateTime::as_secs_f64);
                task.task_definition_arn() == Some(task_definition) && created_at >= since
            };
            tasks.extend(answer.tasks().iter().filter(is_ours).map(stopped_task));
            next = listed.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(tasks)
    }

    /// Starts a task where the service's tasks run, and says its ARN; or why it was not started.
    ///
    /// # Errors
    /// The call failed.
    pub async fn run_task(&self, order: &OneOff<'_>) -> Result<Result<String, String>, CallError> {
        let input = self.run_task_input(order);
        let answer = RawAnswer::default();
        let call = self.ecs.run_task().task_definition(order.task_definition).customize();
        let call = call.interceptor(answer.clone()).mutate_request(move |request| {
            let length = input.len().to_string();
            *request.body_mut() = SdkBody::from(input.as_str());
            request.headers_mut().insert("content-length", length);
        });
        let answer: RunTaskOutput = call.send().await.map_err(|error| CallError::new("ecs:RunTask", &error))?;
        if let Some(arn) = answer.tasks().first().and_then(Task::task_arn) {
            return Ok(Ok(arn.to_owned()));
        }
        let failure = answer.failures().first();
        let words = |word: Option<&str>| word.unwrap_or_default().to_owned();
        let reason =
            failure.map_or_else(String::new, |failure| [words(failure.reason()), words(failure.detail())].join(" "));
        Ok(Err(if reason.trim().is_empty() {
            "ECS started no task and gave no reason".to_owned()
        } else {
            reason.trim().to_owned()
        }))
    }

    fn run_task_input(&self, order: &OneOff<'_>) -> String {
        let mut input = RawObject::default();
        let overrides =
            json!({ "containerOverrides": [{ "name": order.container, "command": ["sh", "-c", order.command] }] });
        let own = [
            ("cluster", json!(self.cluster)),
            ("taskDefinition", json!(order.task_definition)),
            ("count", json!(1)),
            ("clientToken", json!(order.token)),
            ("startedBy", json!("ecs-deploy")),
            ("overrides", overrides),
        ];
        for (name, value) in own {
            // A value is always JSON.
            if let Ok(raw) = to_raw_value(&value) {
                input.set(name, raw);
            }
        }
        let service = order.service;
        if let Some(network) = &service.network_configuration {
            input.set("networkConfiguration", network.clone());
        }
        let text = |text: &Option<String>| text.as_ref().and_then(|text| to_raw_value(text).ok());
        match &service.capacity_provider_strategy {
            Some(strategy) if strategy.get() != "[]" => input.set("capacityProviderStrategy", strategy.clone()),
            _ => {
                if let Some(launch_type) = text(&service.launch_type) {
                    input.set("launchType", launch_type);
                }
            }
        }
        if let Some(version) = text(&service.platform_version) {
            input.set("platformVersion", version);
        }
        input.to_json()
    }

    /// Where a task is; `None` if ECS does not know it, yet or any more.
    ///
    /// # Errors
    /// The call failed.
    pub async fn task_state(&self, arn: &str) -> Result<Option<TaskState>, CallError> {
        let call = self.ecs.describe_tasks().cluster(&self.cluster).tasks(arn).send().await;
        let answer = call.map_err(|error| CallError::new("ecs:DescribeTasks", &error))?;
        Ok(answer.tasks().first().map(|task| TaskState {
            status: task.last_status().unwrap_or_default().to_owned(),
            stopped: stopped_task(task),
        }))
    }
}

fn stopped_task(task: &Task) -> StoppedTask {
    let containers = task.containers().iter().map(|container| StoppedContainer {
        name: container.name().unwrap_or_default().to_owned(),
        exit_code: container.exit_code(),
        reason: container.reason().map(str::to_owned),
    });
    StoppedTask {
        id: task.task_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned(),
        created_at: task.created_at().map_or(0.0, DateTime::as_secs_f64),
        stop_code: task.stop_code().map(|code| code.as_str().to_owned()),
        stopped_reason: task.stopped_reason().map(str::to_owned),
        containers: containers.collect(),
    }
}

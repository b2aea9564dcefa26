//! The only file that talks to ECS: model types in and out, errors mapped once, no decisions.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{
    DesiredStatus, Service, ServiceDeployment, ServiceDeploymentLifecycleStage, Task, TaskDefinitionField,
};
use aws_smithy_types::body::SdkBody;
use contract::Session;
use contract::aws::{CallError, CallLog, Hopeless, RawAnswer, configuration};
use contract::policy::Statement;

use crate::cli::Arguments;
use crate::error::Error;
use crate::judge::judge;
use crate::observation::{Observation, Revision, StoppedContainer, StoppedTask};
use crate::task_definition::TaskDefinition;

/// So many tasks are described in one call, and more stopped ones are not looked at.
///
/// Source: ECS API reference, `DescribeTasks`.
const TASKS_PER_CALL: i32 = 100;

/// One service, and how to reach it.
#[derive(Clone, Debug)]
pub struct Ecs {
    client: Client,
    cluster: String,
    service: String,
}

/// What is known of the service before anything is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceState {
    /// The task definition that it runs, by ARN.
    pub task_definition: String,
    /// Its strategy; `ROLLING` if it says none.
    pub strategy: String,
    /// Who deploys it: `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub controller: String,
}

/// A service deployment in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentBrief {
    /// Its ARN.
    pub arn: String,
    /// The service revision that it rolls out.
    pub target_revision: Option<String>,
    /// Whether it can still change.
    pub under_way: bool,
    /// When it was created, in seconds since 1970.
    pub created_at: f64,
}

/// The permissions that a run needs. The roles that the task definition names are not known before it is read.
#[must_use]
pub fn permissions(arguments: &Arguments) -> Vec<Statement> {
    let name = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let (cluster, service) = (name(&arguments.cluster), name(&arguments.service));
    let own = |kind: &str| format!("arn:aws:ecs:*:*:{kind}/{cluster}/{service}");
    let anything = ["*".to_owned()];
    let mut statements = vec![
        Statement::allow(&["ecs:DescribeTaskDefinition"], &anything),
        Statement::allow(&["ecs:DescribeServices", "ecs:ListServiceDeployments"], &[own("service")]),
        Statement::allow(
            &["ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions"],
            &[own("service-deployment") + "/*", own("service-revision") + "/*"],
        ),
    ];
    if !arguments.change.dry_run {
        statements.push(Statement::allow(&["ecs:ListTasks"], &anything));
        statements.push(Statement::allow(&["ecs:DescribeTasks"], &[format!("arn:aws:ecs:*:*:task/{cluster}/*")]));
        let registering = ["ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"];
        statements.push(Statement::allow(&registering, &anything));
        statements.push(Statement::allow(&["ecs:UpdateService"], &[own("service")]));
    }
    statements
}

impl Ecs {
    /// A client for the service that the arguments name.
    pub async fn connect(arguments: &Arguments, session: &Session) -> Self {
        let shared = configuration(&arguments.aws, session).await;
        let config = aws_sdk_ecs::config::Builder::from(&shared)
            .interceptor(CallLog::new(session))
            .retry_classifier(Hopeless)
            .build();
        let (cluster, service) = (arguments.cluster.clone(), arguments.service.clone());
        Self { client: Client::from_conf(config), cluster, service }
    }

    /// Looks at the service.
    ///
    /// # Errors
    /// The call failed, or there is no such service.
    pub async fn describe_service(&self) -> Result<ServiceState, Error> {
        let call = self.client.describe_services().cluster(&self.cluster).services(&self.service).send().await;
        let answer = call.map_err(|error| CallError::new("ecs:DescribeServices", &error))?;
        let missing = |reason: &str| Error::NoService {
            cluster: self.cluster.clone(),
            service: self.service.clone(),
            reason: reason.to_owned(),
        };
        let failure = answer.failures().first().and_then(|failure| failure.reason()).unwrap_or("MISSING");
        let service = answer.services().first().ok_or_else(|| missing(failure))?;
        match service.status() {
            Some("ACTIVE") => Ok(state(service)),
            status => Err(missing(status.unwrap_or("no status"))),
        }
    }

    /// Reads a task definition as raw JSON.
    ///
    /// # Errors
    /// The call failed, or its answer is not understood.
    pub async fn describe_task_definition(&self, arn: &str) -> Result<TaskDefinition, Error> {
        let answer = RawAnswer::default();
        let call = self.client.describe_task_definition().task_definition(arn).include(TaskDefinitionField::Tags);
        let call = call.customize().interceptor(answer.clone()).send().await;
        call.map_err(|error| CallError::new("ecs:DescribeTaskDefinition", &error))?;
        Ok(TaskDefinition::of_description(&answer.take())?)
    }

    /// Registers a task definition given as the raw JSON of the whole input, and says its ARN.
    ///
    /// # Errors
    /// The call failed.
    pub async fn register_task_definition(&self, input: String) -> Result<String, Error> {
        let call = self.client.register_task_definition().customize().mutate_request(move |request| {
            let length = input.len().to_string();
            *request.body_mut() = SdkBody::from(input.as_str());
            request.headers_mut().insert("content-length", length);
        });
        let answer = call.send().await.map_err(|error| CallError::new("ecs:RegisterTaskDefinition", &error))?;
        let arn = answer.task_definition().and_then(|definition| definition.task_definition_arn());
        Ok(arn.unwrap_or_default().to_owned())
    }

    /// Updates the service to a task definition. Nothing else is sent, so nothing else is changed.
    ///
    /// # Errors
    /// The call failed.
    pub async fn update_service(&self, task_definition: &str) -> Result<(), CallError> {
        let call = self.client.update_service().cluster(&self.cluster).service(&self.service);
        let call = call.task_definition(task_definition).send().await;
        call.map(|_| ()).map_err(|error| CallError::new("ecs:UpdateService", &error))
    }

    /// The service's latest deployments.
    ///
    /// # Errors
    /// The call failed.
    pub async fn list_deployments(&self) -> Result<Vec<DeploymentBrief>, CallError> {
        let call = self.client.list_service_deployments().cluster(&self.cluster).service(&self.service);
        let call = call.max_results(20).send().await;
        let answer = call.map_err(|error| CallError::new("ecs:ListServiceDeployments", &error))?;
        let brief = |brief: &aws_sdk_ecs::types::ServiceDeploymentBrief| {
            let status = brief.status().map_or("", |status| status.as_str());
            Some(DeploymentBrief {
                arn: brief.service_deployment_arn()?.to_owned(),
                target_revision: brief.target_service_revision_arn().map(str::to_owned),
                under_way: judge(status).is_none(),
                created_at: brief.created_at().map_or(0.0, DateTime::as_secs_f64),
            })
        };
        Ok(answer.service_deployments().iter().filter_map(brief).collect())
    }

    /// The task definitions of service revisions, in the order of the revisions that were found.
    ///
    /// # Errors
    /// The call failed.
    pub async fn task_definitions_of(&self, revisions: Vec<String>) -> Result<Vec<(String, String)>, CallError> {
        if revisions.is_empty() {
            return Ok(Vec::new());
        }
        let call = self.client.describe_service_revisions().set_service_revision_arns(Some(revisions)).send().await;
        let answer = call.map_err(|error| CallError::new("ecs:DescribeServiceRevisions", &error))?;
        let pair = |revision: &aws_sdk_ecs::types::ServiceRevision| {
            Some((revision.service_revision_arn()?.to_owned(), revision.task_definition()?.to_owned()))
        };
        Ok(answer.service_revisions().iter().filter_map(pair).collect())
    }

    /// One look at a deployment; `None` if ECS does not know it.
    ///
    /// # Errors
    /// The call failed.
    pub async fn observe(&self, arn: &str) -> Result<Option<Observation>, CallError> {
        let call = self.client.describe_service_deployments().service_deployment_arns(arn).send().await;
        let answer = call.map_err(|error| CallError::new("ecs:DescribeServiceDeployments", &error))?;
        Ok(answer.service_deployments().first().map(observation))
    }

    /// The service's stopped tasks of one task definition.
    ///
    /// # Errors
    /// A call failed.
    pub async fn stopped_tasks(&self, task_definition: &str) -> Result<Vec<StoppedTask>, CallError> {
        let call = self.client.list_tasks().cluster(&self.cluster).service_name(&self.service);
        let call = call.desired_status(DesiredStatus::Stopped).max_results(TASKS_PER_CALL).send().await;
        let listed = call.map_err(|error| CallError::new("ecs:ListTasks", &error))?;
        if listed.task_arns().is_empty() {
            return Ok(Vec::new());
        }
        let call = self.client.describe_tasks().cluster(&self.cluster).set_tasks(listed.task_arns).send().await;
        let answer = call.map_err(|error| CallError::new("ecs:DescribeTasks", &error))?;
        let ours = answer.tasks().iter().filter(|task| task.task_definition_arn() == Some(task_definition));
        Ok(ours.map(stopped_task).collect())
    }
}

fn state(service: &Service) -> ServiceState {
    let strategy = service.deployment_configuration().and_then(|configuration| configuration.strategy());
    let controller = service.deployment_controller().map(|controller| controller.r#type().as_str());
    ServiceState {
        task_definition: service.task_definition().unwrap_or_default().to_owned(),
        strategy: strategy.map_or("ROLLING", |strategy| strategy.as_str()).to_owned(),
        controller: controller.unwrap_or("ECS").to_owned(),
    }
}

fn observation(deployment: &ServiceDeployment) -> Observation {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let breaker = deployment.deployment_circuit_breaker();
    let breaker = breaker.filter(|breaker| breaker.status().is_some_and(|status| status.as_str() != "DISABLED"));
    let triggered = deployment.alarms().map(|alarms| alarms.triggered_alarm_names().to_vec());
    Observation {
        status: deployment.status().map_or("", |status| status.as_str()).to_owned(),
        status_reason: text(deployment.status_reason()),
        stage: text(deployment.lifecycle_stage().map(ServiceDeploymentLifecycleStage::as_str)),
        target: deployment.target_service_revision().map(revision).unwrap_or_default(),
        circuit_breaker: breaker.map(|breaker| (breaker.failure_count(), breaker.threshold())),
        triggered_alarms: triggered.unwrap_or_default(),
    }
}

fn revision(summary: &aws_sdk_ecs::types::ServiceRevisionSummary) -> Revision {
    Revision {
        requested: summary.requested_task_count(),
        running: summary.running_task_count(),
        pending: summary.pending_task_count(),
        production_weight: summary.requested_production_traffic_weight(),
        test_weight: summary.requested_test_traffic_weight(),
    }
}

fn stopped_task(task: &Task) -> StoppedTask {
    let containers = task.containers().iter().map(|container| StoppedContainer {
        name: container.name().unwrap_or_default().to_owned(),
        exit_code: container.exit_code(),
        reason: container.reason().map(str::to_owned),
    });
    StoppedTask {
        stop_code: task.stop_code().map(|code| code.as_str().to_owned()),
        stopped_reason: task.stopped_reason().map(str::to_owned),
        containers: containers.collect(),
    }
}

//! Service deployments and service revisions.

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{
    DeploymentLifecycleHookAction, DeploymentLifecycleHookStatus, ServiceDeployment, ServiceDeploymentBrief,
    ServiceDeploymentLifecycleStage, ServiceDeploymentStatus, ServiceRevision, ServiceRevisionSummary,
    StopServiceDeploymentStopType,
};
use contract::aws::CallError;

use super::Aws;
use crate::judge::judge;
use crate::observation::{Hook, Observation, Revision};

/// So many deployments or revisions are described in one call. Source: ECS API reference.
const PER_CALL: usize = 20;
/// The longest page of a list.
const PAGE: i32 = 100;

/// A service deployment in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentBrief {
    /// Its ARN.
    pub arn: String,
    /// The service revision that it rolls out.
    pub target_revision: Option<String>,
    /// ECS's status of it.
    pub status: String,
    /// When it was created, in seconds since 1970.
    pub created_at: f64,
}

impl DeploymentBrief {
    /// Whether it is not over.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        judge(&self.status).is_none()
    }
}

impl Aws {
    /// A service's latest deployments, the newest first: as many as fit on one page.
    ///
    /// # Errors
    /// The call failed.
    pub async fn list_deployments(&self, service: &str) -> Result<Vec<DeploymentBrief>, CallError> {
        let call = self.ecs.list_service_deployments().cluster(&self.cluster).service(service);
        let answer = call.max_results(20).send().await;
        let answer = answer.map_err(|error| CallError::new("ecs:ListServiceDeployments", &error))?;
        Ok(answer.service_deployments().iter().filter_map(brief).collect())
    }

    /// All deployments of a service that succeeded, as far as ECS remembers them: 90 days.
    ///
    /// # Errors
    /// A call failed.
    pub async fn list_successes(&self, service: &str) -> Result<Vec<DeploymentBrief>, CallError> {
        let mut successes = Vec::new();
        let mut next = None;
        loop {
            let call = self.ecs.list_service_deployments().cluster(&self.cluster).service(service);
            let call = call.status(ServiceDeploymentStatus::Successful).max_results(PAGE).set_next_token(next);
            let answer = call.send().await.map_err(|error| CallError::new("ecs:ListServiceDeployments", &error))?;
            successes.extend(answer.service_deployments().iter().filter_map(brief));
            next = answer.next_token;
            if next.is_none() {
                return Ok(successes);
            }
        }
    }

    /// The task definitions of service revisions: pairs of both ARNs, in the order of the revisions that were found.
    ///
    /// # Errors
    /// A call failed.
    pub async fn task_definitions_of(&self, revisions: &[String]) -> Result<Vec<(String, String)>, CallError> {
        let mut pairs = Vec::new();
        for chunk in revisions.chunks(PER_CALL) {
            let call = self.ecs.describe_service_revisions().set_service_revision_arns(Some(chunk.to_vec()));
            let answer = call.send().await;
            let answer = answer.map_err(|error| CallError::new("ecs:DescribeServiceRevisions", &error))?;
            let pair = |revision: &ServiceRevision| {
                Some((revision.service_revision_arn()?.to_owned(), revision.task_definition()?.to_owned()))
            };
            pairs.extend(answer.service_revisions().iter().filter_map(pair));
        }
        Ok(pairs)
    }

    /// One look at deployments: those that ECS knows, with their ARNs.
    ///
    /// # Errors
    /// A call failed.
    pub async fn observe(&self, arns: &[String]) -> Result<Vec<(String, Observation)>, CallError> {
        let mut seen = Vec::new();
        for chunk in arns.chunks(PER_CALL) {
            let call = self.ecs.describe_service_deployments().set_service_deployment_arns(Some(chunk.to_vec()));
            let answer = call.send().await;
            let answer = answer.map_err(|error| CallError::new("ecs:DescribeServiceDeployments", &error))?;
            let with_arn = |deployment: &ServiceDeployment| {
                Some((deployment.service_deployment_arn()?.to_owned(), observation(deployment)))
            };
            seen.extend(answer.service_deployments().iter().filter_map(with_arn));
        }
        Ok(seen)
    }

    /// Asks ECS to stop a deployment and go back. Source: ECS developer guide, stopping service deployments: `ROLLBACK` is the only documented
    /// type.
    ///
    /// # Errors
    /// The call failed.
    pub async fn stop_deployment(&self, arn: &str) -> Result<(), CallError> {
        let call = self.ecs.stop_service_deployment().service_deployment_arn(arn);
        let answer = call.stop_type(StopServiceDeploymentStopType::Rollback).send().await;
        answer.map(|_| ()).map_err(|error| CallError::new("ecs:StopServiceDeployment", &error))
    }

    /// Lets a deployment that waits at a pause go on.
    ///
    /// # Errors
    /// The call failed.
    pub async fn continue_deployment(&self, arn: &str, hook: &str) -> Result<(), CallError> {
        let call = self.ecs.continue_service_deployment().service_deployment_arn(arn).hook_id(hook);
        let answer = call.action(DeploymentLifecycleHookAction::Continue).send().await;
        answer.map(|_| ()).map_err(|error| CallError::new("ecs:ContinueServiceDeployment", &error))
    }
}

fn brief(brief: &ServiceDeploymentBrief) -> Option<DeploymentBrief> {
    Some(DeploymentBrief {
        arn: brief.service_deployment_arn()?.to_owned(),
        target_revision: brief.target_service_revision_arn().map(str::to_owned),
        status: brief.status().map_or("", ServiceDeploymentStatus::as_str).to_owned(),
        created_at: brief.created_at().map_or(0.0, DateTime::as_secs_f64),
    })
}

fn observation(deployment: &ServiceDeployment) -> Observation {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let breaker = deployment.deployment_circuit_breaker();
    let breaker = breaker.filter(|breaker| breaker.status().is_some_and(|status| status.as_str() != "DISABLED"));
    let alarms = deployment.alarms();
    let watches = alarms.is_some_and(|alarms| alarms.status().is_some_and(|status| status.as_str() != "DISABLED"));
    Observation {
        status: deployment.status().map_or("", ServiceDeploymentStatus::as_str).to_owned(),
        status_reason: text(deployment.status_reason()),
        stage: text(deployment.lifecycle_stage().map(ServiceDeploymentLifecycleStage::as_str)),
        created_at: deployment.created_at().map_or(0.0, DateTime::as_secs_f64),
        target: deployment.target_service_revision().map(revision).unwrap_or_default(),
        rollback_revision: deployment.rollback().and_then(|rollback| text(rollback.service_revision_arn())),
        circuit_breaker: breaker.map(|breaker| (breaker.failure_count(), breaker.threshold())),
        alarms: alarms.filter(|_| watches).map(|alarms| alarms.alarm_names().to_vec()).unwrap_or_default(),
        triggered_alarms: alarms.map(|alarms| alarms.triggered_alarm_names().to_vec()).unwrap_or_default(),
        pause: pause(deployment),
    }
}

fn pause(deployment: &ServiceDeployment) -> Option<Hook> {
    let awaits = |status: &DeploymentLifecycleHookStatus| status.as_str() == "AWAITING_ACTION";
    let hooks = &mut deployment.lifecycle_hook_details().iter();
    let hook = hooks.find(|hook| hook.status().is_some_and(awaits))?;
    Some(Hook {
        id: hook.hook_id()?.to_owned(),
        expires_at: hook.expires_at().map(DateTime::as_secs_f64),
        timeout_action: hook.timeout_action().map(|action| action.as_str().to_owned()),
    })
}

fn revision(summary: &ServiceRevisionSummary) -> Revision {
    Revision {
        arn: summary.arn().map(str::to_owned),
        requested: summary.requested_task_count(),
        running: summary.running_task_count(),
        pending: summary.pending_task_count(),
        production_weight: summary.requested_production_traffic_weight(),
        test_weight: summary.requested_test_traffic_weight(),
    }
}

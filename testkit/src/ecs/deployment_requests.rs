//! The operations on service deployments and service revisions.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ecs::Ecs;
use crate::ecs::hook::{Action, HookStatus};
use crate::ecs::ids::arn;
use crate::ecs::input::{bounded, invalid, maybe_seconds, page, required, seconds, text, texts, without_nulls};
use crate::ecs::launch::Surroundings;
use crate::ecs::rollback::Cause;
use crate::ecs::service::{Revision, Service};
use crate::ecs::service_deployment::ServiceDeployment;
use crate::ecs::status::Status;
use crate::ecs::timing::REQUEST_TAKES;
use crate::wire::ServiceError;

/// So many ARNs can be described in one call. Source: ECS API reference.
const DESCRIBED_AT_ONCE: usize = 20;

impl Ecs {
    pub(crate) fn list_service_deployments(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let listed_after = self.quirks.listed_after;
        let service = self.service_named(input)?;
        let statuses = texts(input, "status");
        let (after, before) = (input["createdAt"]["after"].as_f64(), input["createdAt"]["before"].as_f64());
        let is_wanted = |deployment: &&ServiceDeployment| {
            let created_at = seconds(deployment.created_at).as_f64().unwrap_or_default();
            (statuses.is_empty() || statuses.contains(&deployment.status.as_str()))
                && after.is_none_or(|after| created_at >= after)
                && before.is_none_or(|before| created_at <= before)
                && deployment.created_at + listed_after <= now
        };
        let briefs = service.history.iter().rev().filter(is_wanted).map(|deployment| service.brief(deployment));
        page(input, "serviceDeployments", briefs.collect(), 20, 100)
    }

    pub(crate) fn describe_service_deployments(&self, input: &Value) -> Result<Value, ServiceError> {
        let find = |wanted: &str| {
            let mut of_all = self
                .services
                .iter()
                .flat_map(|service| service.history.iter().map(move |deployment| (service, deployment)));
            let found = of_all.find(|(_, deployment)| deployment.arn == wanted);
            found.map(|(service, deployment)| service.rendered_service_deployment(deployment))
        };
        Ok(described(&bounded(input, "serviceDeploymentArns", DESCRIBED_AT_ONCE)?, "serviceDeployments", find))
    }

    pub(crate) fn describe_service_revisions(&self, input: &Value) -> Result<Value, ServiceError> {
        let find = |wanted: &str| {
            let mut of_all = self
                .services
                .iter()
                .flat_map(|service| service.revisions.iter().map(move |revision| (service, revision)));
            let found = of_all.find(|(_, revision)| revision.arn == wanted);
            found.map(|(service, revision)| service.rendered_revision(revision))
        };
        Ok(described(&bounded(input, "serviceRevisionArns", DESCRIBED_AT_ONCE)?, "serviceRevisions", find))
    }

    pub(crate) fn stop_service_deployment(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        if text(input, "stopType").is_some_and(|kind| kind != "ROLLBACK") {
            return Err(invalid("Invalid stopType. The valid values are ROLLBACK."));
        }
        let (service, index) = self.deployment_named(input)?;
        let deployment = &mut service.history[index];
        match deployment.status {
            Status::Pending | Status::InProgress => {
                deployment.become_for(Status::RollbackRequested, REQUEST_TAKES, now);
            }
            Status::StopRequested | Status::RollbackRequested | Status::RollbackInProgress => {}
            _ => {
                let message = "The service deployment is in a terminal state and can not be stopped.";
                return Err(ServiceError::bad_request("ConflictException", message));
            }
        }
        Ok(json!({ "serviceDeploymentArn": deployment.arn }))
    }

    pub(crate) fn continue_service_deployment(
        &mut self,
        input: &Value,
        now: Timestamp,
        surroundings: &mut Surroundings<'_, '_>,
    ) -> Result<Value, ServiceError> {
        let hook_id = required(input, "hookId")?;
        if !hook_id.starts_with("ecs-pause-") && !hook_id.starts_with("ecs-lambda-") {
            return Err(invalid("Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}"));
        }
        let action = Action::read(text(input, "action").unwrap_or("CONTINUE"));
        let action = action.ok_or_else(|| invalid("Invalid action. Valid values are: CONTINUE, ROLLBACK"))?;
        let (service, index) = self.deployment_named(input)?;
        let deployment = &mut service.history[index];
        if deployment.status.is_terminal() {
            return Err(invalid(
                "Continuing a service deployment is not allowed for service deployment in terminal states.",
            ));
        }
        let awaiting = deployment.status == Status::InProgress;
        let mut hooks = deployment.walk.hooks.iter_mut();
        let hook = hooks.find(|hook| hook.id == hook_id && hook.status == HookStatus::AwaitingAction && awaiting);
        let hook = hook.ok_or_else(|| {
            invalid("Provided hookId is either completed, unavailable, or not associated with the given Resource ARN")
        })?;
        hook.status = if action == Action::Continue { HookStatus::Succeeded } else { HookStatus::Failed };
        deployment.updated_at = now;
        let answer = json!({ "serviceDeploymentArn": deployment.arn });
        if action == Action::Rollback {
            let cause = Cause::pause_refused(deployment.step().and_then(|step| step.stage));
            service.fail(index, &cause, now, surroundings);
        }
        Ok(answer)
    }

    fn deployment_named(&mut self, input: &Value) -> Result<(&mut Service, usize), ServiceError> {
        let wanted = required(input, "serviceDeploymentArn")?;
        let found = self.services.iter_mut().find_map(|service| {
            let index = service.history.iter().position(|deployment| deployment.arn == wanted)?;
            Some((service, index))
        });
        found.ok_or_else(|| {
            ServiceError::bad_request("ServiceDeploymentNotFoundException", "The service deployment does not exist.")
        })
    }
}

fn described(wanted: &[&str], member: &str, find: impl Fn(&str) -> Option<Value>) -> Value {
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for arn in wanted {
        match find(arn) {
            Some(value) => found.push(value),
            None => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
        }
    }
    json!({ member: found, "failures": failures })
}

impl Service {
    fn cluster_arn(&self) -> String {
        arn(&format!("cluster/{}", self.cluster))
    }

    fn brief(&self, deployment: &ServiceDeployment) -> Value {
        without_nulls(json!({
            "serviceDeploymentArn": deployment.arn,
            "serviceArn": self.arn,
            "clusterArn": self.cluster_arn(),
            "startedAt": maybe_seconds(deployment.started_at),
            "createdAt": seconds(deployment.created_at),
            "finishedAt": maybe_seconds(deployment.finished_at),
            "targetServiceRevisionArn": self.revisions[deployment.target].arn,
            "status": deployment.status.as_str(),
            "statusReason": deployment.reason,
        }))
    }

    fn rendered_service_deployment(&self, deployment: &ServiceDeployment) -> Value {
        let sources = deployment.sources.iter().map(|source| self.summary(deployment, *source));
        let hooks: Vec<Value> = deployment.walk.hooks.iter().map(super::hook::Hook::rendered).collect();
        let stage = deployment.step().and_then(|step| step.stage).filter(|_| !deployment.status.is_terminal());
        without_nulls(json!({
            "serviceDeploymentArn": deployment.arn,
            "serviceArn": self.arn,
            "clusterArn": self.cluster_arn(),
            "createdAt": seconds(deployment.created_at),
            "startedAt": maybe_seconds(deployment.started_at),
            "finishedAt": maybe_seconds(deployment.finished_at),
            "stoppedAt": maybe_seconds(deployment.stopped_at),
            "updatedAt": seconds(deployment.updated_at),
            "sourceServiceRevisions": sources.collect::<Vec<Value>>(),
            "targetServiceRevision": self.summary(deployment, deployment.target),
            "status": deployment.status.as_str(),
            "statusReason": deployment.reason,
            "lifecycleStage": stage.map(super::stage::Stage::as_str),
            "lifecycleHookDetails": (!hooks.is_empty()).then_some(hooks),
            "deploymentConfiguration": deployment.configuration,
            "rollback": deployment.rollback.as_ref().map(|rollback| without_nulls(json!({
                "reason": rollback.reason,
                "startedAt": seconds(rollback.started_at),
                "serviceRevisionArn": rollback.revision.map(|revision| &self.revisions[revision].arn),
            }))),
            "deploymentCircuitBreaker": deployment.breaker.rendered(deployment.last_desired.unwrap_or(self.desired)),
            "alarms": deployment.alarms.rendered(),
        }))
    }

    /// The weights of the sources other than the serving one are 0. That test traffic has weights like production traffic is inferred.
    fn summary(&self, deployment: &ServiceDeployment, revision: usize) -> Value {
        let kept = deployment.last_counts.iter().flatten().find(|(kept, _)| *kept == revision);
        let counts = kept.map_or_else(|| self.counts(revision), |(_, counts)| *counts);
        let mut summary = json!({
            "arn": self.revisions[revision].arn,
            "requestedTaskCount": counts.requested,
            "runningTaskCount": counts.running,
            "pendingTaskCount": counts.pending,
        });
        let shifts_traffic = !deployment.is_rolling() && self.has_traffic(revision);
        if shifts_traffic {
            let target = deployment.walk.weights;
            let share = |percent: f64| {
                if revision == deployment.target {
                    percent
                } else if deployment.sources.first() == Some(&revision) {
                    ((100.0 - percent) * 10.0).round() / 10.0
                } else {
                    0.0
                }
            };
            summary["requestedTestTrafficWeight"] = json!(share(target.test));
            summary["requestedProductionTrafficWeight"] = json!(share(target.production));
        }
        summary
    }

    /// Whether a revision has traffic that can be shifted: a load balancer or Service Connect.
    fn has_traffic(&self, revision: usize) -> bool {
        let revision = &self.revisions[revision];
        revision.load_balancers.as_array().is_some_and(|balancers| !balancers.is_empty())
            || revision
                .settings
                .get("serviceConnectConfiguration")
                .is_some_and(|connect| connect["enabled"] == json!(true))
    }

    fn rendered_revision(&self, revision: &Revision) -> Value {
        let mut members = json!({
            "serviceRevisionArn": revision.arn,
            "serviceArn": self.arn,
            "clusterArn": self.cluster_arn(),
            "taskDefinition": revision.task_definition,
            "containerImages": revision.images,
            "guardDutyEnabled": false,
            "createdAt": seconds(revision.created_at),
            "resolvedConfiguration": { "loadBalancers": revision.load_balancers },
        });
        if let Some(members) = members.as_object_mut() {
            members.extend(revision.settings.clone());
            let shared = ["launchType", "capacityProviderStrategy"];
            let shared = shared.iter().filter_map(|name| Some(((*name).to_owned(), self.settings.get(*name)?.clone())));
            members.extend(shared);
        }
        members
    }
}

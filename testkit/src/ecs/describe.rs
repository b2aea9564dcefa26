//! `DescribeServices`.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::ecs::Ecs;
use crate::ecs::ids::{arn, name_of};
use crate::ecs::input::{bounded, seconds};
use crate::ecs::quirks::Quirks;
use crate::ecs::service::{Deployment, Service, ServiceStatus};
use crate::wire::ServiceError;

impl Ecs {
    pub(crate) fn describe_services(&self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let cluster = self.clusters.named(input)?;
        let mut services = Vec::new();
        let mut failures = Vec::new();
        for wanted in bounded(input, "services", 10)? {
            let name = name_of(wanted);
            let found = self.services.iter().find(|service| service.is_called(cluster, name));
            if let Some(service) = found {
                services.push(service.described(input, now, &self.quirks));
                continue;
            }
            failures.push(json!({ "arn": arn(&format!("service/{cluster}/{name}")), "reason": "MISSING" }));
        }
        Ok(json!({ "services": services, "failures": failures }))
    }
}

impl Service {
    fn described(&self, input: &Value, now: Timestamp, quirks: &Quirks) -> Value {
        let mut service = self.rendered(now, quirks);
        let tags_wanted = input["include"].as_array().is_some_and(|include| include.contains(&json!("TAGS")));
        if let (true, Some(members)) = (tags_wanted, service.as_object_mut()) {
            members.insert("tags".to_owned(), self.settings.get("tags").cloned().unwrap_or(json!([])));
        }
        service
    }

    /// The service as the operations show it, without tags.
    pub(crate) fn rendered(&self, now: Timestamp, quirks: &Quirks) -> Value {
        let live = || self.tasks.iter().filter(|task| task.is_live());
        let running = live().filter(|task| task.is_running()).count();
        let own = [
            ("serviceArn", json!(self.arn)),
            ("serviceName", json!(self.name)),
            ("clusterArn", json!(arn(&format!("cluster/{}", self.cluster)))),
            ("status", json!(self.status_text())),
            ("desiredCount", json!(self.desired)),
            ("runningCount", json!(running)),
            ("pendingCount", json!(live().count() - running)),
            ("taskDefinition", json!(self.task_definition())),
        ];
        let mut members: Map<String, Value> = own.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        let settings = self.settings.as_object().into_iter().flatten();
        let settings = settings.filter(|(name, _)| name.as_str() != "tags" && name.as_str() != "role");
        members.extend(settings.map(|(name, value)| (name.clone(), value.clone())));
        let by_code_deploy = self.has_task_sets();
        let deployments = if by_code_deploy { json!([]) } else { self.rendered_deployments() };
        members.insert("deployments".to_owned(), deployments);
        if by_code_deploy {
            members.insert("taskSets".to_owned(), self.rendered_task_sets());
        }
        members.insert("events".to_owned(), self.rendered_events());
        members.insert("createdAt".to_owned(), seconds(self.created_at));
        if let Some(current) = self.current_deployment(now, quirks.current_after) {
            members.insert("currentServiceDeployment".to_owned(), json!(current));
        }
        if !by_code_deploy {
            members.insert("currentServiceRevisions".to_owned(), self.current_revisions());
        }
        Value::Object(members)
    }

    fn status_text(&self) -> &'static str {
        match self.status {
            ServiceStatus::Active => "ACTIVE",
            ServiceStatus::Draining => "DRAINING",
            ServiceStatus::Inactive => "INACTIVE",
        }
    }

    /// The newest deployment that is old enough to be seen.
    fn current_deployment(&self, now: Timestamp, after: SignedDuration) -> Option<&str> {
        let seen = self.history.iter().rev().find(|deployment| deployment.created_at + after <= now);
        seen.map(|deployment| deployment.arn.as_str())
    }

    fn rendered_deployments(&self) -> Value {
        let last = self.deployments.len();
        let newest_first = self.deployments.iter().enumerate().rev();
        newest_first.map(|(place, deployment)| self.rendered_deployment(deployment, place + 1 == last)).collect()
    }

    fn rendered_deployment(&self, deployment: &Deployment, primary: bool) -> Value {
        let counts = self.counts(deployment.revision);
        let mut members = json!({
            "id": deployment.id,
            "status": if primary { "PRIMARY" } else { "ACTIVE" },
            "taskDefinition": self.revisions[deployment.revision].task_definition,
            "desiredCount": if primary { self.desired } else { counts.requested },
            "pendingCount": counts.pending,
            "runningCount": counts.running,
            "failedTasks": deployment.failed_tasks,
            "createdAt": seconds(deployment.created_at),
            "updatedAt": seconds(deployment.updated_at),
            "rolloutState": deployment.rollout_state,
            "rolloutStateReason": deployment.rollout_reason,
        });
        for shared in ["launchType", "capacityProviderStrategy"] {
            if let Some(value) = self.settings.get(shared) {
                members[shared] = value.clone();
            }
        }
        for own in ["networkConfiguration", "platformVersion", "serviceConnectConfiguration", "volumeConfigurations"] {
            if let Some(value) = self.revisions[deployment.revision].settings.get(own) {
                members[own] = value.clone();
            }
        }
        members
    }

    fn rendered_events(&self) -> Value {
        let rendered = self
            .events
            .iter()
            .map(|event| json!({ "id": event.id, "createdAt": seconds(event.created_at), "message": event.message }));
        rendered.collect()
    }

    fn current_revisions(&self) -> Value {
        let rendered = self.deployments.iter().rev().map(|deployment| {
            let counts = self.counts(deployment.revision);
            json!({
                "arn": self.revisions[deployment.revision].arn,
                "requestedTaskCount": counts.requested,
                "runningTaskCount": counts.running,
                "pendingTaskCount": counts.pending,
            })
        });
        rendered.collect()
    }
}

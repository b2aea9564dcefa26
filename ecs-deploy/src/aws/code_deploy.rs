//! CodeDeploy, for the services that it controls.

use contract::aws::{CallError, CallErrorKind};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Aws;
use crate::error::Error;
use crate::observation::{Hook, Observation, Revision};

/// A deployment group, and the configuration that it has by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its application.
    pub application: String,
    /// Its name.
    pub name: String,
}

/// A deployment of CodeDeploy, as it is seen at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CodeDeployment {
    /// Its id.
    pub id: String,
    /// The application of its group.
    pub application: String,
    /// Its group.
    pub group: String,
    /// What whoever created it wrote about it.
    pub description: String,
    /// What is seen of it.
    pub observation: Observation,
    /// The deployment that rolls it back, if CodeDeploy started one.
    pub rollback: Option<String>,
    /// The deployment that it rolls back, if that is what it is for.
    pub rolls_back: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Info {
    deployment_id: String,
    application_name: String,
    deployment_group_name: String,
    description: Option<String>,
    status: String,
    create_time: f64,
    error_information: Option<ErrorInformation>,
    #[serde(rename = "rollbackInfo")]
    rollback: Option<RollbackInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorInformation {
    code: String,
    message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RollbackInfo {
    rollback_deployment_id: Option<String>,
    rollback_triggering_deployment_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Infos {
    deployments_info: Vec<Info>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Targets {
    deployment_targets: Vec<Target>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Target {
    ecs_target: Option<EcsTarget>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EcsTarget {
    lifecycle_events: Vec<LifecycleEvent>,
    task_sets_info: Vec<TaskSetInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LifecycleEvent {
    lifecycle_event_name: String,
    status: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TaskSetInfo {
    desired_count: i32,
    running_count: i32,
    pending_count: i32,
    traffic_weight: f64,
    task_set_label: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Groups {
    deployment_groups_info: Vec<GroupInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GroupInfo {
    deployment_group_name: String,
    ecs_services: Vec<EcsService>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EcsService {
    service_name: String,
    cluster_name: String,
}

/// So many deployments are described in one call. Source: CodeDeploy API reference, `BatchGetDeployments`.
const PER_CALL: usize = 25;

impl Aws {
    /// One look at deployments, without their targets.
    ///
    /// # Errors
    /// The call failed, or its answer is not understood.
    pub async fn code_deployments(&self, ids: &[String]) -> Result<Vec<CodeDeployment>, Error> {
        let mut seen = Vec::new();
        for chunk in ids.chunks(PER_CALL) {
            let infos: Infos = self.ask("codedeploy:BatchGetDeployments", &json!({ "deploymentIds": chunk })).await?;
            seen.extend(infos.deployments_info.into_iter().map(code_deployment));
        }
        Ok(seen)
    }

    /// Adds to a deployment what is seen of its target: stage, tasks, traffic. A deployment that has not started has none to look at.
    ///
    /// # Errors
    /// The call failed, or its answer is not understood.
    pub async fn look_at_target(&self, deployment: &mut CodeDeployment, service: &str) -> Result<(), Error> {
        let cluster = self.cluster.rsplit('/').next().unwrap_or(&self.cluster);
        let input = json!({ "deploymentId": deployment.id, "targetIds": [format!("{cluster}:{service}")] });
        let targets: Targets = match self.ask("codedeploy:BatchGetDeploymentTargets", &input).await {
            Err(Error::Call(error)) if error.kind == CallErrorKind::Refused => return Ok(()),
            answer => answer?,
        };
        let target = targets.deployment_targets.into_iter().find_map(|target| target.ecs_target).unwrap_or_default();
        let going_on = target.lifecycle_events.iter().find(|event| event.status == "InProgress");
        let stage = going_on.map(|event| event.lifecycle_event_name.clone());
        if let Some(green) = target.task_sets_info.iter().find(|set| set.task_set_label == "GREEN") {
            deployment.observation.target = Revision {
                requested: green.desired_count,
                running: green.running_count,
                pending: green.pending_count,
                production_weight: Some(green.traffic_weight),
                ..Revision::default()
            };
        }
        deployment.observation.stage = stage;
        Ok(())
    }

    /// The group that deploys a service: the one of its last deployment, or the one that names it.
    ///
    /// # Errors
    /// A call failed, or no group deploys the service.
    pub async fn deployment_group(&self, service: &str, last: Option<&str>) -> Result<Group, Error> {
        if let Some(last) = last {
            let found = self.code_deployments(&[last.to_owned()]).await?.into_iter().next();
            if let Some(found) = found.filter(|found| !found.group.is_empty()) {
                return Ok(Group { application: found.application, name: found.group });
            }
        }
        for application in self.names("codedeploy:ListApplications", &json!({}), "applications").await? {
            let named = json!({ "applicationName": application });
            let groups = self.names("codedeploy:ListDeploymentGroups", &named, "deploymentGroups").await?;
            if let Some(name) = self.group_of(&application, &groups, service).await? {
                return Ok(Group { application, name });
            }
        }
        Err(Error::NoDeploymentGroup(service.to_owned()))
    }

    async fn group_of(&self, application: &str, groups: &[String], service: &str) -> Result<Option<String>, Error> {
        let cluster = self.cluster.rsplit('/').next().unwrap_or(&self.cluster);
        // So many groups are described in one call. Source: CodeDeploy API reference, `BatchGetDeploymentGroups`.
        for chunk in groups.chunks(100) {
            let input = json!({ "applicationName": application, "deploymentGroupNames": chunk });
            let described: Groups = self.ask("codedeploy:BatchGetDeploymentGroups", &input).await?;
            let deploys_it = |group: &GroupInfo| {
                group.ecs_services.iter().any(|of| of.service_name == service && of.cluster_name == cluster)
            };
            if let Some(group) = described.deployment_groups_info.into_iter().find(deploys_it) {
                return Ok(Some(group.deployment_group_name));
            }
        }
        Ok(None)
    }

    /// Starts a deployment of a specification, and says its id.
    ///
    /// # Errors
    /// The call failed, or its answer is not understood.
    pub async fn create_code_deployment(
        &self,
        group: &Group,
        specification: &str,
        configuration: Option<&str>,
        description: &str,
    ) -> Result<String, Error> {
        let mut input = json!({
            "applicationName": group.application, "deploymentGroupName": group.name, "description": description,
            "revision": { "revisionType": "AppSpecContent", "appSpecContent": { "content": specification } }
        });
        if let Some(configuration) = configuration {
            input["deploymentConfigName"] = json!(configuration);
        }
        let operation = "codedeploy:CreateDeployment";
        let answer: Value = self.ask(operation, &input).await?;
        let id = answer["deploymentId"].as_str().map(str::to_owned);
        id.ok_or_else(|| Error::Answer { operation, cause: "it has no deploymentId".to_owned() })
    }

    /// The deployments of a group that are under way.
    ///
    /// # Errors
    /// A call failed, or its answer is not understood.
    pub async fn open_code_deployments(&self, group: &Group) -> Result<Vec<String>, Error> {
        let open = ["Created", "Queued", "InProgress", "Baking", "Ready"];
        let input = json!({ "applicationName": group.application, "deploymentGroupName": group.name, "includeOnlyStatuses": open });
        self.names("codedeploy:ListDeployments", &input, "deployments").await
    }

    /// Stops a deployment and goes back.
    ///
    /// # Errors
    /// The call failed.
    pub async fn stop_code_deployment(&self, id: &str) -> Result<(), CallError> {
        let input = json!({ "deploymentId": id, "autoRollbackEnabled": true });
        self.code_deploy.json("codedeploy:StopDeployment", &input).await.map(|_| ())
    }

    /// Lets a deployment go on that waits before traffic is shifted.
    ///
    /// # Errors
    /// The call failed.
    pub async fn continue_code_deployment(&self, id: &str) -> Result<(), CallError> {
        let input = json!({ "deploymentId": id, "deploymentWaitType": "READY_WAIT" });
        self.code_deploy.json("codedeploy:ContinueDeployment", &input).await.map(|_| ())
    }

    /// All names of a list, page by page.
    async fn names(&self, operation: &'static str, input: &Value, member: &str) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        let mut input = input.clone();
        loop {
            let page: Value = self.ask(operation, &input).await?;
            let listed = page[member].as_array().into_iter().flatten().filter_map(Value::as_str);
            names.extend(listed.map(str::to_owned));
            match page["nextToken"].as_str() {
                Some(token) => input["nextToken"] = json!(token),
                None => return Ok(names),
            }
        }
    }

    async fn ask<T: DeserializeOwned>(&self, operation: &'static str, input: &Value) -> Result<T, Error> {
        let answer = self.code_deploy.json(operation, input).await?;
        serde_json::from_slice(&answer).map_err(|cause| Error::Answer { operation, cause: cause.to_string() })
    }
}

fn code_deployment(info: Info) -> CodeDeployment {
    let reason = info.error_information.map(|error| format!("{}: {}", error.code, error.message));
    // A deployment that is ready waits for somebody, and CodeDeploy's own time-out stops it.
    let pause = (info.status == "Ready").then(|| Hook { id: "READY_WAIT".to_owned(), ..Hook::default() });
    CodeDeployment {
        id: info.deployment_id,
        application: info.application_name,
        group: info.deployment_group_name,
        description: info.description.unwrap_or_default(),
        rolls_back: info.rollback.as_ref().and_then(|rollback| rollback.rollback_triggering_deployment_id.clone()),
        rollback: info.rollback.and_then(|rollback| rollback.rollback_deployment_id),
        observation: Observation {
            status: info.status,
            status_reason: reason,
            created_at: info.create_time,
            pause,
            ..Observation::default()
        },
    }
}

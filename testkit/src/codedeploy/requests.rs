//! The operations on deployments and their targets.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::codedeploy::CodeDeploy;
use crate::codedeploy::app_spec::AppSpec;
use crate::codedeploy::configuration;
use crate::codedeploy::course::Activity;
use crate::codedeploy::deployment::{Deployment, Group, Purpose, Stop};
use crate::codedeploy::error::{refused, required};
use crate::codedeploy::timing::STOP_TAKES;
use crate::ecs::Ecs;
use crate::ecs::input::{text, texts};
use crate::ecs::task_sets::ServiceName;
use crate::wire::ServiceError;

impl CodeDeploy {
    pub(crate) fn create_deployment(
        &mut self,
        input: &Value,
        now: Timestamp,
        ecs: &Ecs,
    ) -> Result<Value, ServiceError> {
        let mut settings = self.groups.named(input)?.clone();
        let configuration = text(input, "deploymentConfigName").or(settings["deploymentConfigName"].as_str());
        let configuration = configuration.unwrap_or_default().to_owned();
        configuration::check(&configuration)?;
        let mut spec = AppSpec::of(&input["revision"])?;
        let definition = ecs.usable_definition(&spec.task_definition);
        spec.task_definition = definition.map_err(|error| refused("InvalidRevisionException", error.message))?;
        if input["autoRollbackConfiguration"].is_object() {
            settings["autoRollbackConfiguration"] = input["autoRollbackConfiguration"].clone();
        }
        let (application, group) = (text(input, "applicationName"), text(input, "deploymentGroupName"));
        let service = &settings["ecsServices"][0];
        let named = |member: &str| service[member].as_str().unwrap_or_default().to_owned();
        let service = ServiceName { cluster: named("clusterName"), name: named("serviceName") };
        let group = Group {
            application: application.unwrap_or_default().to_owned(),
            name: group.unwrap_or_default().to_owned(),
            settings,
            service,
        };
        let purpose = Purpose::Deploy { spec, description: text(input, "description").map(str::to_owned) };
        let revision = Some(input["revision"].clone());
        let deployment = Deployment::new(self.new_id(), group, configuration, purpose, revision, now);
        let mut beside = self.deployments.iter().filter(|other| other.is_beside(&deployment));
        if let Some(active) = beside.find(|other| !other.status.is_terminal()) {
            let message = format!(
                "The Deployment Group '{}' already has an active Deployment '{}'",
                deployment.group.name, active.id
            );
            return Err(refused("DeploymentLimitExceededException", message));
        }
        let answer = json!({ "deploymentId": deployment.id });
        self.deployments.push(deployment);
        Ok(answer)
    }

    pub(crate) fn get_deployment(&self, input: &Value) -> Result<Value, ServiceError> {
        Ok(json!({ "deploymentInfo": self.named(input)?.rendered() }))
    }

    pub(crate) fn batch_get_deployments(&self, input: &Value) -> Value {
        let wanted = texts(input, "deploymentIds");
        let found = self.deployments.iter().filter(|deployment| wanted.contains(&deployment.id.as_str()));
        json!({ "deploymentsInfo": found.map(Deployment::rendered).collect::<Vec<_>>() })
    }

    /// Newest first.
    pub(crate) fn list_deployments(&self, input: &Value) -> Value {
        let statuses = texts(input, "includeOnlyStatuses");
        let is_wanted = |deployment: &&Deployment| {
            text(input, "applicationName").is_none_or(|name| name == deployment.group.application)
                && text(input, "deploymentGroupName").is_none_or(|name| name == deployment.group.name)
                && (statuses.is_empty() || statuses.contains(&deployment.status.as_str()))
        };
        let ids: Vec<&str> =
            self.deployments.iter().rev().filter(is_wanted).map(|deployment| deployment.id.as_str()).collect();
        json!({ "deployments": ids })
    }

    pub(crate) fn list_targets(&self, input: &Value) -> Result<Value, ServiceError> {
        Ok(json!({ "targetIds": [self.named(input)?.target_id()] }))
    }

    pub(crate) fn get_target(&self, input: &Value, ecs: &Ecs) -> Result<Value, ServiceError> {
        let wanted = required(input, "targetId", "DeploymentTargetIdRequiredException")?;
        let deployment = self.named(input)?;
        if deployment.target_id() != wanted {
            let message = format!("The target {wanted} is not part of the deployment");
            return Err(refused("DeploymentTargetDoesNotExistException", message));
        }
        Ok(json!({ "deploymentTarget": deployment.target(ecs) }))
    }

    pub(crate) fn batch_get_targets(&self, input: &Value, ecs: &Ecs) -> Result<Value, ServiceError> {
        let deployment = self.named(input)?;
        let wanted = texts(input, "targetIds").contains(&deployment.target_id().as_str());
        let targets: Vec<Value> = wanted.then(|| deployment.target(ecs)).into_iter().collect();
        Ok(json!({ "deploymentTargets": targets }))
    }

    /// Source of the two wait types: CodeDeploy API reference, `ContinueDeployment`.
    pub(crate) fn continue_deployment(&mut self, input: &Value) -> Result<Value, ServiceError> {
        let kind = text(input, "deploymentWaitType").unwrap_or("READY_WAIT");
        let deployment = self.named_mut(input)?;
        let activity = deployment.step().map(|step| step.activity).filter(|_| !deployment.status.is_terminal());
        let fits = match kind {
            "READY_WAIT" => matches!(activity, Some(Activity::AwaitTraffic(_))),
            "TERMINATION_WAIT" => matches!(activity, Some(Activity::AwaitTermination(_))),
            _ => return Err(refused("InvalidDeploymentWaitTypeException", "The wait type is invalid.")),
        };
        if !fits {
            let message = "The deployment does not have a status of Ready and can't continue yet.";
            return Err(refused("DeploymentIsNotInReadyStateException", message));
        }
        deployment.continued = true;
        Ok(json!({}))
    }

    pub(crate) fn stop_deployment(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let deployment = self.named_mut(input)?;
        if deployment.status.is_terminal() {
            return Err(refused("DeploymentAlreadyCompletedException", "The deployment is already complete."));
        }
        let asked = input["autoRollbackEnabled"].as_bool();
        let rolls_back = asked.unwrap_or_else(|| deployment.rolls_back_on("DEPLOYMENT_STOP_ON_REQUEST"));
        deployment.stop.get_or_insert(Stop { due: now + STOP_TAKES, rolls_back });
        Ok(json!({ "status": "Pending", "statusMessage": "The stop operation is pending." }))
    }

    fn named(&self, input: &Value) -> Result<&Deployment, ServiceError> {
        self.place(input).map(|place| &self.deployments[place])
    }

    fn named_mut(&mut self, input: &Value) -> Result<&mut Deployment, ServiceError> {
        self.place(input).map(|place| &mut self.deployments[place])
    }

    fn place(&self, input: &Value) -> Result<usize, ServiceError> {
        let id = required(input, "deploymentId", "DeploymentIdRequiredException")?;
        let missing = || refused("DeploymentDoesNotExistException", format!("The deployment {id} could not be found"));
        self.deployments.iter().position(|deployment| deployment.id == id).ok_or_else(missing)
    }
}

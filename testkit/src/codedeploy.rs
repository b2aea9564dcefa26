//! CodeDeploy for ECS: blue/green deployments of services with the deployment controller `CODE_DEPLOY`, in time.
//!
//! It moves task sets of the ECS beside it: [`CodeDeploy::advance`] carries out what is due in both, in order. So the state is a function of the
//! calls and their times alone.
//!
//! - `configuration` is how fast traffic is shifted, `course` the table of steps, `rollout` walks through it and ends it.
//! - `groups`, `requests` and `describe` are the wire.

mod app_spec;
mod configuration;
mod course;
mod deployment;
mod describe;
mod error;
mod groups;
mod requests;
mod rollout;
mod timing;

use jiff::Timestamp;
use serde_json::Value;

use crate::codedeploy::deployment::Deployment;
use crate::codedeploy::error::required;
use crate::codedeploy::groups::Groups;
use crate::ecs::Ecs;
use crate::wire::ServiceError;

/// All applications, deployment groups and deployments.
#[derive(Debug, Default)]
pub struct CodeDeploy {
    groups: Groups,
    /// Oldest first.
    deployments: Vec<Deployment>,
    ids_given: u64,
    /// Everything that was due until this time is carried out.
    reached: Option<Timestamp>,
}

impl CodeDeploy {
    /// Answers one operation. What was due before has to be carried out already.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(&mut self, operation: &str, input: &Value, now: Timestamp, ecs: &Ecs) -> Result<Value, ServiceError> {
        match operation {
            "CreateApplication" => self.groups.create_application(input),
            "ListApplications" => Ok(self.groups.list_applications()),
            "CreateDeploymentGroup" => self.groups.create(input),
            "ListDeploymentGroups" => self.groups.list(input),
            "GetDeploymentGroup" => self.groups.get(input),
            "BatchGetDeploymentGroups" => self.groups.batch_get(input),
            "ListDeploymentConfigs" => Ok(configuration::list()),
            "GetDeploymentConfig" => {
                let name = required(input, "deploymentConfigName", "DeploymentConfigNameRequiredException")?;
                configuration::get(name)
            }
            "CreateDeployment" => self.create_deployment(input, now, ecs),
            "GetDeployment" => self.get_deployment(input),
            "BatchGetDeployments" => Ok(self.batch_get_deployments(input)),
            "ListDeployments" => Ok(self.list_deployments(input)),
            "ListDeploymentTargets" => self.list_targets(input),
            "GetDeploymentTarget" => self.get_target(input, ecs),
            "BatchGetDeploymentTargets" => self.batch_get_targets(input, ecs),
            "ContinueDeployment" => self.continue_deployment(input),
            "StopDeployment" => self.stop_deployment(input, now),
            _ => Err(crate::world::unknown_operation(operation)),
        }
    }

    /// `d-` and nine letters and digits.
    fn new_id(&mut self) -> String {
        self.ids_given += 1;
        let seed = format!("deployment {}", self.ids_given);
        format!("d-{}", crate::ecs::ids::alphanumeric(seed.as_bytes(), 9).to_uppercase())
    }
}

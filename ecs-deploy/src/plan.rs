//! What a release would change about a service. Pure.

mod code_deploy;

use contract::raw::RawObject;

pub use self::code_deploy::specification;
use crate::error::Error;
use crate::finding::Finding;
use crate::request::Deploy;
use crate::service::Service;
use crate::strategy;
use crate::task_definition::{Change, ContainerImage, TaskDefinition, diff};

/// What a release would change about a service.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The service as it is.
    pub service: Service,
    /// The task definition that it would get.
    pub definition: TaskDefinition,
    /// How that differs from the one it has; it is registered only if it does.
    pub changes: Vec<Change>,
    /// The images before and after.
    pub images: Vec<ContainerImage>,
    /// The deployment configuration to send, if it is to be changed.
    pub configuration: Option<RawObject>,
    /// How the service will deploy.
    pub strategy: String,
    /// Who deploys.
    pub way: Way,
    /// What the service lacks for the strategy.
    pub lacking: Vec<Finding>,
}

/// Who deploys a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// ECS itself.
    Ecs,
    /// CodeDeploy, in this configuration or its group's own.
    CodeDeploy(Option<&'static str>),
}

impl Plan {
    /// Whether there is nothing to roll out.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.changes.is_empty()
    }

    /// The container that a one-off task runs in: the one that gets an image, or the first.
    ///
    /// # Errors
    /// The task definition is not understood.
    pub fn main_container(&self) -> Result<String, Error> {
        if let Some(image) = self.images.first() {
            return Ok(image.container.clone());
        }
        let containers = self.definition.overview()?.container_definitions;
        Ok(containers.into_iter().next().map(|container| container.name).unwrap_or_default())
    }

    /// The calls that would change something, for a dry run.
    #[must_use]
    pub fn writes(&self, deploy: &Deploy) -> Vec<String> {
        let place = format!("{}/{}", self.service.cluster_name(), self.service.name);
        let mut calls = Vec::new();
        if !self.is_unchanged() {
            calls.push("ecs:RegisterTaskDefinition".to_owned());
            if deploy.run_task.is_some() {
                calls.push(format!("ecs:RunTask in the network of {place}"));
            }
        }
        match (&self.way, self.is_unchanged(), &self.configuration) {
            (Way::CodeDeploy(_), false, _) => calls.push(format!("codedeploy:CreateDeployment of {place}")),
            (Way::Ecs, false, None) => calls.push(format!("ecs:UpdateService of {place}: taskDefinition")),
            (Way::Ecs, false, Some(_)) => {
                calls.push(format!("ecs:UpdateService of {place}: taskDefinition, deploymentConfiguration"));
            }
            (Way::Ecs, true, Some(_)) => calls.push(format!("ecs:UpdateService of {place}: deploymentConfiguration")),
            (_, true, _) => {}
        }
        calls
    }
}

/// Plans a release of one service, whose present task definition is `current`.
///
/// # Errors
/// The service cannot be deployed so, a container is not there, or settings do not go together.
pub fn plan(service: Service, current: &TaskDefinition, deploy: &Deploy) -> Result<Plan, Error> {
    let base = deploy.base.as_ref().unwrap_or(current);
    let (definition, images) = base.changed(&deploy.changes)?;
    let changes = diff(current, &definition);
    let settings = &deploy.settings;
    let (way, configuration, strategy) = match service.controller() {
        "ECS" => {
            let configuration = settings.laid_over(&service.deployment_configuration)?;
            let strategy =
                settings.strategy.map_or_else(|| service.strategy(), |strategy| strategy.as_str().to_owned());
            (Way::Ecs, configuration, strategy)
        }
        "CODE_DEPLOY" => {
            let configuration = code_deploy::configuration(settings)?;
            // What CodeDeploy could not deploy is refused before anything is changed.
            specification(&service, service.current_task_definition())?;
            (Way::CodeDeploy(configuration), None, configuration.unwrap_or("CODE_DEPLOY").to_owned())
        }
        other => return Err(Error::Controller(other.to_owned())),
    };
    // What the service has already, ECS has accepted.
    let lacking =
        if settings.strategy.is_some() && way == Way::Ecs { strategy::check(&service, &strategy) } else { Vec::new() };
    Ok(Plan { service, definition, changes, images, configuration, strategy, way, lacking })
}

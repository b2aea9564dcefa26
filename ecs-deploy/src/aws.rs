//! The only room that talks to AWS: model types in and out, errors mapped once, no decisions.
//!
//! ECS is called through its SDK, raw where bytes must survive. The other services are asked one thing each.

mod clusters;
mod code_deploy;
mod deployments;
mod logs;
mod models;
mod permissions;
mod registry;
mod services;
mod surroundings;
mod tasks;

use aws_sdk_ecs::Client;
use contract::Session;
use contract::aws::models::LOAD_BALANCING;
use contract::aws::{CallLog, Hopeless, Service as Api, configuration};

pub use self::code_deploy::{CodeDeployment, Group};
pub use self::deployments::DeploymentBrief;
pub use self::permissions::permissions;
pub use self::registry::Platforms;
pub use self::services::Lookup;
pub use self::surroundings::{Known, RoleState};
pub use self::tasks::{OneOff, TaskState};

use crate::cli::Arguments;

/// AWS, for one cluster.
#[derive(Clone, Debug)]
pub struct Aws {
    ecs: Client,
    cluster: String,
    alarms: Api,
    code_deploy: Api,
    load_balancing: Api,
    logs: Api,
    parameters: Api,
    registry: Api,
    roles: Api,
    secrets: Api,
}

impl Aws {
    /// Clients for everything that a deployment in this cluster asks.
    pub async fn connect(arguments: &Arguments, cluster: &str, session: &Session) -> Self {
        let shared = configuration(&arguments.aws, session).await;
        let config = aws_sdk_ecs::config::Builder::from(&shared)
            .interceptor(CallLog::new(session))
            .retry_classifier(Hopeless)
            .build();
        let api = |model| Api::new(model, &shared, session);
        Self {
            ecs: Client::from_conf(config),
            cluster: cluster.to_owned(),
            alarms: api(&models::ALARMS),
            code_deploy: api(&models::CODE_DEPLOY),
            load_balancing: api(&LOAD_BALANCING),
            logs: api(&models::LOGS),
            parameters: api(&models::PARAMETERS),
            registry: api(&models::REGISTRY),
            roles: api(&models::ROLES),
            secrets: api(&models::SECRETS),
        }
    }

    /// The command that looks at a service's latest deployment.
    #[must_use]
    pub fn status_command(&self, service: &str) -> String {
        format!("ecs-deploy --cluster {} --service {service} --status", self.cluster)
    }
}

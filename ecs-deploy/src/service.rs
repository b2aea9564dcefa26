//! A service as `DescribeServices` shows it, as far as a deployment needs to know it.

use contract::raw::RawObject;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// Its name.
    #[serde(rename = "serviceName")]
    pub name: String,
    /// The ARN of its cluster.
    pub cluster_arn: String,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// The task definition that it runs or is to run, by ARN.
    pub task_definition: String,
    /// `REPLICA` or `DAEMON`.
    pub scheduling_strategy: Option<String>,
    /// How it deploys, as ECS sent it.
    pub deployment_configuration: RawObject,
    /// Its load balancers.
    pub load_balancers: Vec<LoadBalancer>,
    /// The rollouts that it shows, the newest first.
    pub deployments: Vec<Rollout>,
    /// The task sets of a service that CodeDeploy controls.
    pub task_sets: Vec<TaskSet>,
    /// Its diary, the newest line first.
    pub events: Vec<Event>,
    /// Who deploys it, as ECS sent it; [`Service::controller`] says it.
    pub deployment_controller: Option<Controller>,
    /// Whether Service Connect is on, as ECS sent it; [`Service::service_connect`] says it.
    pub service_connect_configuration: Option<ServiceConnect>,
    /// What a task that runs where the service's tasks run needs, as ECS sent it.
    pub network_configuration: Option<Box<RawValue>>,
    /// `EC2`, `FARGATE` or `EXTERNAL`.
    pub launch_type: Option<String>,
    /// In place of a launch type, as ECS sent it.
    pub capacity_provider_strategy: Option<Box<RawValue>>,
    /// The platform version of Fargate.
    pub platform_version: Option<String>,
}

/// A load balancer of a service.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancer {
    /// Its target group.
    pub target_group_arn: Option<String>,
    /// The name of a classic load balancer.
    pub load_balancer_name: Option<String>,
    /// The container that gets the traffic.
    pub container_name: Option<String>,
    /// The container's port.
    pub container_port: Option<i32>,
    /// What ECS needs to shift traffic.
    pub advanced_configuration: Option<AdvancedConfiguration>,
}

/// What ECS needs to shift traffic.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct AdvancedConfiguration {
    /// The other target group.
    pub alternate_target_group_arn: Option<String>,
    /// The rule, or listener, of production traffic.
    pub production_listener_rule: Option<String>,
    /// The role with which ECS changes the rule.
    pub role_arn: Option<String>,
}

/// What `DescribeServices` calls a deployment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rollout {
    /// `ecs-svc/…`.
    pub id: String,
    /// `PRIMARY` for the newest one.
    pub status: String,
    /// The task definition.
    pub task_definition: String,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`.
    pub rollout_state: Option<String>,
    /// Why.
    pub rollout_state_reason: Option<String>,
    /// When it was created, in seconds since 1970.
    pub created_at: f64,
    /// Tasks that it is to have.
    pub desired_count: i32,
    /// Tasks that run.
    pub running_count: i32,
    /// Tasks that are starting.
    pub pending_count: i32,
    /// Tasks that failed.
    pub failed_tasks: i64,
}

/// A set of tasks of a service that CodeDeploy controls.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskSet {
    /// `PRIMARY` if it serves.
    pub status: String,
    /// The task definition.
    pub task_definition: String,
    /// The CodeDeploy deployment that made it.
    pub external_id: Option<String>,
}

/// A line in a service's diary.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// When, in seconds since 1970.
    pub created_at: f64,
    /// What.
    pub message: String,
}

/// Who deploys a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Controller {
    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub r#type: String,
}

/// A service's part in Service Connect.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ServiceConnect {
    /// Whether it is on.
    pub enabled: bool,
}

impl Service {
    /// Who deploys it: `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    #[must_use]
    pub fn controller(&self) -> &str {
        self.deployment_controller.as_ref().map_or("ECS", |controller| controller.r#type.as_str())
    }

    /// The task definition that serves or is to serve. CodeDeploy leaves the service's own word as it was and makes task sets.
    #[must_use]
    pub fn current_task_definition(&self) -> &str {
        let primary = self.task_sets.iter().find(|set| set.status == "PRIMARY");
        primary.map_or(&self.task_definition, |set| &set.task_definition)
    }

    /// The id of the deployment of CodeDeploy that made the newest task set.
    #[must_use]
    pub fn last_code_deployment(&self) -> Option<&str> {
        self.task_sets.iter().find_map(|set| set.external_id.as_deref())
    }

    /// What a deployment of CodeDeploy rolls out, by its id; `None` once its task set is gone.
    #[must_use]
    pub fn task_definition_of(&self, code_deployment: &str) -> Option<&str> {
        let set = self.task_sets.iter().find(|set| set.external_id.as_deref() == Some(code_deployment))?;
        Some(&set.task_definition)
    }

    /// Where its load balancers send traffic, by ARN.
    #[must_use]
    pub fn target_groups(&self) -> Vec<String> {
        let groups = |balancer: &LoadBalancer| {
            let alternate = balancer.advanced_configuration.as_ref();
            [
                balancer.target_group_arn.clone(),
                alternate.and_then(|advanced| advanced.alternate_target_group_arn.clone()),
            ]
        };
        self.load_balancers.iter().flat_map(groups).flatten().collect()
    }

    /// How it deploys now.
    #[must_use]
    pub fn strategy(&self) -> String {
        let said = self.deployment_configuration.get("strategy").and_then(|text| serde_json::from_str(text).ok());
        said.unwrap_or_else(|| "ROLLING".to_owned())
    }

    /// Whether Service Connect routes its traffic.
    #[must_use]
    pub fn service_connect(&self) -> bool {
        self.service_connect_configuration.as_ref().is_some_and(|connect| connect.enabled)
    }

    /// The name of its cluster.
    #[must_use]
    pub fn cluster_name(&self) -> &str {
        self.cluster_arn.rsplit('/').next().unwrap_or_default()
    }

    /// Whether somebody's deployment is under way.
    #[must_use]
    pub fn is_deploying(&self) -> bool {
        let primary = self.deployments.iter().find(|rollout| rollout.status == "PRIMARY");
        primary.is_some_and(|rollout| rollout.rollout_state.as_deref() == Some("IN_PROGRESS"))
    }
}

/// The answer of `DescribeServices`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Described {
    /// The services that are there.
    pub services: Vec<Service>,
    /// Those that are not.
    pub failures: Vec<Missing>,
}

/// Something that ECS does not know.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Missing {
    /// What was asked for.
    pub arn: Option<String>,
    /// Why it is not there.
    pub reason: Option<String>,
}

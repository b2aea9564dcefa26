//! Applications and deployment groups.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::codedeploy::configuration::{self, ALL_AT_ONCE};
use crate::codedeploy::error::{refused, required};
use crate::ecs::input::texts;
use crate::wire::ServiceError;

/// The deployment groups of each application, as they were created, defaults filled in.
#[derive(Debug, Default)]
pub(crate) struct Groups(BTreeMap<String, BTreeMap<String, Value>>);

impl Groups {
    /// `CreateApplication`.
    pub(crate) fn create_application(&mut self, input: &Value) -> Result<Value, ServiceError> {
        let name = application_name(input)?;
        if self.0.contains_key(name) {
            let message = format!("An application with the name {name} already exists.");
            return Err(refused("ApplicationAlreadyExistsException", message));
        }
        if input["computePlatform"] != "ECS" {
            return Err(refused(
                "InvalidComputePlatformException",
                "the local AWS plays the compute platform ECS only",
            ));
        }
        self.0.insert(name.to_owned(), BTreeMap::new());
        Ok(json!({ "applicationId": id_of(name) }))
    }

    /// `ListApplications`.
    pub(crate) fn list_applications(&self) -> Value {
        json!({ "applications": self.0.keys().collect::<Vec<_>>() })
    }

    /// `CreateDeploymentGroup`.
    pub(crate) fn create(&mut self, input: &Value) -> Result<Value, ServiceError> {
        let name = group_name(input)?;
        let settings = settings(input);
        configuration::check(settings["deploymentConfigName"].as_str().unwrap_or_default())?;
        let is_service = |service: &Value| service["clusterName"].is_string() && service["serviceName"].is_string();
        if !settings["ecsServices"].as_array().is_some_and(|services| services.len() == 1 && is_service(&services[0])) {
            return Err(refused("InvalidECSServiceException", "ecsServices has to name one service and its cluster"));
        }
        let groups = self.0.get_mut(application_name(input)?);
        let groups = groups.ok_or_else(|| no_application(input))?;
        if groups.contains_key(name) {
            let message = format!("A deployment group with the name {name} already exists.");
            return Err(refused("DeploymentGroupAlreadyExistsException", message));
        }
        let answer = json!({ "deploymentGroupId": settings["deploymentGroupId"] });
        groups.insert(name.to_owned(), settings);
        Ok(answer)
    }

    /// `ListDeploymentGroups`.
    pub(crate) fn list(&self, input: &Value) -> Result<Value, ServiceError> {
        let groups: Vec<&String> = self.of(input)?.keys().collect();
        Ok(json!({ "applicationName": input["applicationName"], "deploymentGroups": groups }))
    }

    /// `GetDeploymentGroup`.
    pub(crate) fn get(&self, input: &Value) -> Result<Value, ServiceError> {
        Ok(json!({ "deploymentGroupInfo": self.named(input)? }))
    }

    /// `BatchGetDeploymentGroups`.
    pub(crate) fn batch_get(&self, input: &Value) -> Result<Value, ServiceError> {
        let groups = self.of(input)?;
        let wanted = texts(input, "deploymentGroupNames");
        let found: Vec<&Value> = wanted.iter().filter_map(|name| groups.get(*name)).collect();
        Ok(json!({ "deploymentGroupsInfo": found }))
    }

    /// The settings of the group that a request names.
    pub(crate) fn named(&self, input: &Value) -> Result<&Value, ServiceError> {
        let name = group_name(input)?;
        let missing = || {
            let message = format!("No Deployment Group found for name: {name}");
            refused("DeploymentGroupDoesNotExistException", message)
        };
        self.of(input)?.get(name).ok_or_else(missing)
    }

    fn of(&self, input: &Value) -> Result<&BTreeMap<String, Value>, ServiceError> {
        self.0.get(application_name(input)?).ok_or_else(|| no_application(input))
    }
}

fn application_name(input: &Value) -> Result<&str, ServiceError> {
    required(input, "applicationName", "ApplicationNameRequiredException")
}

fn group_name(input: &Value) -> Result<&str, ServiceError> {
    required(input, "deploymentGroupName", "DeploymentGroupNameRequiredException")
}

fn no_application(input: &Value) -> ServiceError {
    let name = input["applicationName"].as_str().unwrap_or_default();
    refused("ApplicationDoesNotExistException", format!("No application found for name: {name}"))
}

fn settings(input: &Value) -> Value {
    let mut members: Map<String, Value> = input.as_object().cloned().unwrap_or_default();
    let id = id_of(&format!("{}/{}", input["applicationName"], input["deploymentGroupName"]));
    let defaults = [
        ("deploymentGroupId", json!(id)),
        ("deploymentConfigName", json!(ALL_AT_ONCE)),
        ("computePlatform", json!("ECS")),
        ("deploymentStyle", json!({ "deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL" })),
        ("autoRollbackConfiguration", json!({ "enabled": false, "events": [] })),
        ("alarmConfiguration", json!({ "enabled": false, "alarms": [] })),
    ];
    for (name, value) in defaults {
        members.entry(name).or_insert(value);
    }
    Value::Object(members)
}

/// A UUID that is always the same for a name.
fn id_of(name: &str) -> String {
    let hex = crate::ecr::digest::sha256(name.as_bytes()).split_off("sha256:".len());
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

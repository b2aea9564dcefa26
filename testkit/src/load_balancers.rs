//! Elastic Load Balancing: how healthy the targets of a target group are. A test says so; nothing is balanced here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::query::required;
use crate::wire::ServiceError;

/// A target and its health.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Target {
    /// An instance, or an IP address.
    pub id: String,
    /// The port that it listens on.
    pub port: u16,
    /// `initial`, `healthy`, `unhealthy`, `unused`, `draining`, `unavailable`.
    pub state: String,
    /// For example `Target.FailedHealthChecks`; none if the target is healthy.
    #[serde(default)]
    pub reason: Option<String>,
    /// The reason in a sentence.
    #[serde(default)]
    pub description: Option<String>,
}

/// All target groups, by ARN.
#[derive(Debug, Default)]
pub struct LoadBalancers(BTreeMap<String, Vec<Target>>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    target_group_arn: String,
    targets: Vec<Target>,
}

impl LoadBalancers {
    /// Gives a target group these targets and no others. A group that is not there is created.
    pub fn set_health(&mut self, target_group_arn: &str, targets: Vec<Target>) {
        self.0.insert(target_group_arn.to_owned(), targets);
    }

    /// The same, as a seed writes it.
    pub(crate) fn seed_health(&mut self, input: &Value) -> Result<(), ServiceError> {
        let health = Health::deserialize(input);
        let health = health.map_err(|error| ServiceError::bad_request("ValidationError", error.to_string()))?;
        self.set_health(&health.target_group_arn, health.targets);
        Ok(())
    }

    /// Answers one operation.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(&self, operation: &str, input: &Value) -> Result<Value, ServiceError> {
        match operation {
            "DescribeTargetHealth" => self.describe(input),
            _ => Err(crate::query::invalid_action(operation)),
        }
    }

    fn describe(&self, input: &Value) -> Result<Value, ServiceError> {
        let targets = self.0.get(required(input, "TargetGroupArn")?);
        let targets = targets
            .ok_or_else(|| ServiceError::bad_request("TargetGroupNotFound", "One or more target groups not found"))?;
        let descriptions: Vec<Value> = targets.iter().map(rendered).collect();
        Ok(json!({ "TargetHealthDescriptions": descriptions }))
    }
}

fn rendered(target: &Target) -> Value {
    json!({
        "Target": { "Id": target.id, "Port": target.port },
        "HealthCheckPort": target.port,
        "TargetHealth": { "State": target.state, "Reason": target.reason, "Description": target.description },
    })
}

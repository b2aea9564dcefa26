//! The `AppSpec` of an ECS deployment: what is to run, and which container gets the traffic.

use serde_json::{Value, json};

use crate::codedeploy::error::refused;
use crate::ecr::digest::sha256;
use crate::wire::ServiceError;

/// What an `AppSpec` asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AppSpec {
    /// As it is written: mostly an ARN.
    pub(crate) task_definition: String,
    container_name: String,
    container_port: u64,
    pub(crate) platform_version: Option<String>,
}

impl AppSpec {
    /// Reads the revision of a request. The content is JSON here; CodeDeploy reads YAML as well.
    ///
    /// Source: CodeDeploy user guide, "`AppSpec` 'resources' section for Amazon ECS deployments".
    pub(crate) fn of(revision: &Value) -> Result<Self, ServiceError> {
        if revision.is_null() {
            return Err(refused("RevisionRequiredException", "Revision is required"));
        }
        let sent = &revision["appSpecContent"];
        let content = sent["content"].as_str().filter(|_| revision["revisionType"] == "AppSpecContent");
        let content =
            content.ok_or_else(|| invalid("an ECS deployment needs a revision of the type AppSpecContent"))?;
        let digest = sha256(content.as_bytes());
        if sent["sha256"].as_str().is_some_and(|hex| !digest.ends_with(&format!(":{hex}"))) {
            return Err(invalid("the SHA-256 hash does not match the content"));
        }
        let document: Value = serde_json::from_str(content).map_err(|error| invalid(&error.to_string()))?;
        Self::read(&document)
    }

    fn read(document: &Value) -> Result<Self, ServiceError> {
        let version = &document["version"];
        if version.as_f64() != Some(0.0) && version != "0.0" {
            return Err(invalid("the version has to be 0.0"));
        }
        let resources = document["Resources"].as_array().map_or(&[][..], Vec::as_slice);
        let [resource] = resources else {
            return Err(invalid("Resources has to name one TargetService"));
        };
        let service = &resource["TargetService"];
        if service["Type"] != "AWS::ECS::Service" {
            return Err(invalid("the Type of TargetService has to be AWS::ECS::Service"));
        }
        let properties = &service["Properties"];
        let balancing = &properties["LoadBalancerInfo"];
        let text = |value: &Value, name: &str| {
            let found = value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            found.ok_or_else(|| invalid(&format!("{name} is missing")))
        };
        Ok(Self {
            task_definition: text(&properties["TaskDefinition"], "TaskDefinition")?,
            container_name: text(&balancing["ContainerName"], "ContainerName")?,
            container_port: balancing["ContainerPort"].as_u64().ok_or_else(|| invalid("ContainerPort is missing"))?,
            platform_version: properties["PlatformVersion"].as_str().map(str::to_owned),
        })
    }

    /// The load balancers of a task set that a target group sends traffic to.
    pub(crate) fn load_balancers(&self, target_group_arn: &str) -> Value {
        json!([{
            "targetGroupArn": target_group_arn,
            "containerName": self.container_name,
            "containerPort": self.container_port,
        }])
    }
}

fn invalid(why: &str) -> ServiceError {
    refused("InvalidRevisionException", format!("The AppSpec is not valid: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        let properties = json!({
            "TaskDefinition": "web:2", "LoadBalancerInfo": { "ContainerName": "web", "ContainerPort": 80 }
        });
        json!({
            "version": 0.0,
            "Resources": [{ "TargetService": { "Type": "AWS::ECS::Service", "Properties": properties } }]
        })
    }

    fn revision(content: &str) -> Value {
        json!({ "revisionType": "AppSpecContent", "appSpecContent": { "content": content } })
    }

    #[test]
    fn an_app_spec_says_what_is_to_run() {
        let mut revision = revision(&document().to_string());
        let spec = AppSpec::of(&revision).unwrap();
        assert_eq!((spec.task_definition.as_str(), spec.container_port), ("web:2", 80));
        let digest = sha256(document().to_string().as_bytes());
        revision["appSpecContent"]["sha256"] = json!(digest.trim_start_matches("sha256:"));
        assert_eq!(AppSpec::of(&revision).unwrap(), spec);
        revision["appSpecContent"]["sha256"] = json!("00");
        assert_eq!(AppSpec::of(&revision).unwrap_err().code, "InvalidRevisionException");
    }

    #[test]
    fn what_is_missing_or_wrong_is_refused() {
        let places = ["/version", "/Resources", "/Resources/0/TargetService/Type"];
        let properties = ["TaskDefinition", "LoadBalancerInfo/ContainerName", "LoadBalancerInfo/ContainerPort"];
        let properties = properties.map(|name| format!("/Resources/0/TargetService/Properties/{name}"));
        for place in places.into_iter().map(str::to_owned).chain(properties) {
            let mut spoilt = document();
            *spoilt.pointer_mut(&place).unwrap() = Value::Null;
            let error = AppSpec::of(&revision(&spoilt.to_string())).unwrap_err();
            assert_eq!(error.code, "InvalidRevisionException", "{place}");
        }
        assert_eq!(AppSpec::of(&revision("{")).unwrap_err().code, "InvalidRevisionException");
        assert_eq!(AppSpec::of(&Value::Null).unwrap_err().code, "RevisionRequiredException");
    }
}

//! What a task needs around it: secrets, parameters, roles, alarms, targets.

use contract::aws::{CallError, CallErrorKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Aws;

/// What is known of something that was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// It is there.
    There(T),
    /// It is not, in AWS's words.
    NotThere(String),
    /// Nobody knows, and why.
    Unknown(String),
}

impl<T> Known<T> {
    /// What a call found; `missing` are the codes by which the service says that there is none.
    pub(super) fn of(call: Result<T, CallError>, missing: &[&str]) -> Self {
        match call {
            Ok(found) => Self::There(found),
            Err(error) if error.code.as_deref().is_some_and(|code| missing.contains(&code)) => {
                Self::NotThere(error.message)
            }
            Err(error) if error.kind == CallErrorKind::AccessDenied => {
                Self::Unknown(format!("it may not be looked at: allow {}", error.operation))
            }
            Err(error) => Self::Unknown(error.to_string()),
        }
    }

    pub(super) fn and_then<U>(self, read: impl FnOnce(T) -> Known<U>) -> Known<U> {
        match self {
            Self::There(found) => read(found),
            Self::NotThere(why) => Known::NotThere(why),
            Self::Unknown(why) => Known::Unknown(why),
        }
    }
}

/// What a role says about tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleState {
    /// Whether it names ECS tasks in its trust policy.
    pub trusts_tasks: bool,
}

impl Aws {
    /// Looks a secret of Secrets Manager up. Its value is not read.
    pub async fn secret(&self, arn: &str, region: Option<&str>) -> Known<()> {
        let secrets = region.map_or_else(|| self.secrets.clone(), |region| self.secrets.clone().in_region(region));
        let call = secrets.json("secretsmanager:DescribeSecret", &json!({ "SecretId": arn })).await;
        Known::of(call, &["ResourceNotFoundException"]).and_then(|answer| {
            let secret: Value = serde_json::from_slice(&answer).unwrap_or_default();
            if secret["DeletedDate"].is_null() {
                return Known::There(());
            }
            Known::NotThere("it is scheduled for deletion".to_owned())
        })
    }

    /// Looks a parameter of Parameter Store up. Its value is not read.
    pub async fn parameter(&self, name: &str, region: Option<&str>) -> Known<()> {
        let parameters =
            region.map_or_else(|| self.parameters.clone(), |region| self.parameters.clone().in_region(region));
        let mut input =
            json!({ "ParameterFilters": [{ "Key": "Name", "Option": "Equals", "Values": [name] }], "MaxResults": 10 });
        // A page may be empty, and the parameter on a later one.
        loop {
            let call = parameters.json("ssm:DescribeParameters", &input).await;
            let known = Known::of(call, &[]);
            let Known::There(answer) = known else { return known.and_then(|_| Known::There(())) };
            let page: Value = serde_json::from_slice(&answer).unwrap_or_default();
            match (page["Parameters"].as_array(), page["NextToken"].as_str()) {
                (Some(found), _) if !found.is_empty() => return Known::There(()),
                (Some(_), Some(token)) if !token.is_empty() => input["NextToken"] = json!(token),
                (Some(_), _) => return Known::NotThere("there is no such parameter".to_owned()),
                (None, _) => {
                    return Known::Unknown("the answer to ssm:DescribeParameters is not understood".to_owned());
                }
            }
        }
    }

    /// Looks a role up, by its name.
    pub async fn role(&self, name: &str) -> Known<RoleState> {
        let call = self.roles.query("iam:GetRole", &[("RoleName", name)]).await;
        Known::of(call, &["NoSuchEntity"]).and_then(|answer| {
            let Some(policy) = text_of(&answer, "AssumeRolePolicyDocument") else {
                return Known::Unknown("the answer to iam:GetRole is not understood".to_owned());
            };
            Known::There(RoleState { trusts_tasks: policy.contains("ecs-tasks.amazonaws.com") })
        })
    }

    /// The states of alarms: pairs of name and state. What is not there is left out.
    pub async fn alarm_states(&self, names: &[String]) -> Known<Vec<(String, String)>> {
        let input = json!({ "AlarmNames": names, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100 });
        let call = self.alarms.json("cloudwatch:DescribeAlarms", &input).await;
        Known::of(call, &[]).and_then(|answer| {
            let Ok(answer) = serde_json::from_slice::<Alarms>(&answer) else {
                return Known::Unknown("the answer to cloudwatch:DescribeAlarms is not understood".to_owned());
            };
            let all = answer.metric_alarms.into_iter().chain(answer.composite_alarms);
            Known::There(all.map(|alarm| (alarm.alarm_name, alarm.state_value)).collect())
        })
    }

    /// Why targets of a target group get no traffic: each reason once.
    ///
    /// # Errors
    /// The call failed.
    pub async fn unhealthy_targets(&self, target_group: &str) -> Result<Vec<String>, CallError> {
        let parameters = [("TargetGroupArn", target_group)];
        let answer = self.load_balancing.query("elasticloadbalancing:DescribeTargetHealth", &parameters).await?;
        Ok(target_reasons(&answer))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Alarms {
    metric_alarms: Vec<Alarm>,
    composite_alarms: Vec<Alarm>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Alarm {
    alarm_name: String,
    state_value: String,
}

fn text_of(xml: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).ok()?;
    let node = document.descendants().find(|node| node.tag_name().name() == name)?;
    node.text().map(str::to_owned)
}

fn target_reasons(xml: &str) -> Vec<String> {
    let Ok(document) = roxmltree::Document::parse(xml) else { return Vec::new() };
    let mut reasons = Vec::new();
    for health in document.descendants().filter(|node| node.tag_name().name() == "TargetHealth") {
        let text = |name: &str| {
            let child = health.children().find(|child| child.tag_name().name() == name);
            child.and_then(|child| child.text()).unwrap_or_default().to_owned()
        };
        if text("State") != "unhealthy" {
            continue;
        }
        let reason = format!("{}: {}", text("Reason"), text("Description"));
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_of_unhealthy_targets_is_told_once() {
        let health = |state: &str, description: &str| {
            format!(
                "<member><TargetHealth><State>{state}</State><Reason>Target.ResponseCodeMismatch</Reason><Description>{description}</Description></TargetHealth></member>"
            )
        };
        let xml = format!(
            "<R xmlns=\"x\">{}{}{}</R>",
            health("unhealthy", "codes: [500]"),
            health("healthy", ""),
            health("unhealthy", "codes: [500]")
        );
        assert_eq!(target_reasons(&xml), ["Target.ResponseCodeMismatch: codes: [500]"]);
        assert_eq!(target_reasons("no XML"), [""; 0]);
    }

    #[test]
    fn what_may_not_be_looked_at_is_unknown_and_not_missing() {
        let error = |code: &str, kind| CallError {
            operation: "iam:GetRole",
            code: Some(code.to_owned()),
            message: "m".to_owned(),
            request_id: None,
            status: Some(400),
            kind,
        };
        let known = |error| Known::<()>::of(Err(error), &["NoSuchEntity"]);
        assert_eq!(known(error("NoSuchEntity", CallErrorKind::Refused)), Known::NotThere("m".to_owned()));
        let denied = known(error("AccessDenied", CallErrorKind::AccessDenied));
        assert_eq!(denied, Known::Unknown("it may not be looked at: allow iam:GetRole".to_owned()));
        assert!(matches!(known(error("Throttling", CallErrorKind::Throttled)), Known::Unknown(_)));
    }
}

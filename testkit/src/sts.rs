//! STS: who is calling, and in which role.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::wire::ServiceError;
use crate::world::ACCOUNT;

/// Answers one operation; `input` is its form.
pub(crate) fn answer(operation: &str, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
    match operation {
        "GetCallerIdentity" => Ok(json!({
            "Arn": format!("arn:aws:iam::{ACCOUNT}:user/local"),
            "UserId": "AIDALOCALLOCALLOCAL00",
            "Account": ACCOUNT,
        })),
        "AssumeRole" => Ok(assumed(input, now)),
        _ => Err(crate::query::invalid_action(operation)),
    }
}

/// Credentials of a role, whoever asks for whichever: they last as long as is asked, an hour else.
fn assumed(input: &Value, now: Timestamp) -> Value {
    let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
    let seconds = text("DurationSeconds").parse().unwrap_or(3600);
    let session = text("RoleSessionName");
    let role = text("RoleArn").replace(":iam:", ":sts:").replace(":role/", ":assumed-role/");
    json!({
        "Credentials": {
            "AccessKeyId": "ASIALOCALLOCALLOCAL0",
            "SecretAccessKey": "local",
            "SessionToken": format!("session-{session}"),
            "Expiration": (now + SignedDuration::from_secs(seconds)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        "AssumedRoleUser": { "Arn": format!("{role}/{session}"), "AssumedRoleId": format!("AROALOCALLOCALLOCAL0:{session}") },
    })
}

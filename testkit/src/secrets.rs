//! Secrets Manager: which secrets there are. No secret is kept here.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::ecs::input::{seconds, without_nulls};
use crate::wire::ServiceError;
use crate::world::{ACCOUNT, REGION};

/// Source: Secrets Manager API reference, `DeleteSecret`, `RecoveryWindowInDays`: 30 days by default.
const RECOVERY_WINDOW_DAYS: i64 = 30;

/// All secrets, by name.
#[derive(Debug, Default)]
pub struct Secrets(BTreeMap<String, Secret>);

#[derive(Debug)]
struct Secret {
    arn: String,
    created_at: Timestamp,
    /// When it is to go, if it was deleted.
    deleted_date: Option<Timestamp>,
}

impl Secrets {
    /// Answers one operation.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(&mut self, operation: &str, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        match operation {
            "CreateSecret" => self.create(input, now),
            "DescribeSecret" => self.describe(input),
            "DeleteSecret" => self.delete(input, now),
            _ => Err(crate::world::unknown_operation(operation)),
        }
    }

    fn create(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let name = required(input, "Name")?;
        if self.0.contains_key(name) {
            let message = format!("The operation failed because the secret {name} already exists.");
            return Err(ServiceError::bad_request("ResourceExistsException", message));
        }
        let arn = format!("{}{name}-{}", arn_prefix(), suffix(name));
        let answer = json!({ "ARN": arn, "Name": name });
        self.0.insert(name.to_owned(), Secret { arn, created_at: now, deleted_date: None });
        Ok(answer)
    }

    fn describe(&self, input: &Value) -> Result<Value, ServiceError> {
        let name = self.name_of(required(input, "SecretId")?)?;
        let secret = self.0.get(&name).ok_or_else(not_found)?;
        Ok(without_nulls(json!({
            "ARN": secret.arn,
            "Name": name,
            "CreatedDate": seconds(secret.created_at),
            "DeletedDate": secret.deleted_date.map(seconds),
        })))
    }

    fn delete(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let name = self.name_of(required(input, "SecretId")?)?;
        let days = input["RecoveryWindowInDays"].as_i64().unwrap_or(RECOVERY_WINDOW_DAYS);
        let secret = self.0.get_mut(&name).ok_or_else(not_found)?;
        let goes_at = *secret.deleted_date.insert(now + SignedDuration::from_hours(24 * days));
        let answer = json!({ "ARN": secret.arn, "Name": name, "DeletionDate": seconds(goes_at) });
        if input["ForceDeleteWithoutRecovery"] == json!(true) {
            self.0.remove(&name);
        }
        Ok(answer)
    }

    /// The name of the secret that is meant by a name, an ARN, or an ARN without its suffix.
    ///
    /// Source: Secrets Manager user guide, "Finding secrets from a partial ARN".
    fn name_of(&self, id: &str) -> Result<String, ServiceError> {
        let partial = id.strip_prefix(&arn_prefix()).unwrap_or(id);
        let found = self.0.iter().find(|(name, secret)| secret.arn == id || name.as_str() == partial);
        found.map(|(name, _)| name.clone()).ok_or_else(not_found)
    }
}

fn arn_prefix() -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:")
}

/// Six letters and digits that look random and are always the same for a name.
fn suffix(name: &str) -> String {
    crate::ecs::ids::alphanumeric(name.as_bytes(), 6)
}

fn required<'a>(input: &'a Value, name: &str) -> Result<&'a str, ServiceError> {
    let value = input[name].as_str().filter(|value| !value.is_empty());
    value.ok_or_else(|| ServiceError::bad_request("InvalidParameterException", format!("{name} is required.")))
}

fn not_found() -> ServiceError {
    ServiceError::bad_request("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);

    #[test]
    fn a_secret_is_found_by_name_arn_and_arn_without_suffix() {
        let mut secrets = Secrets::default();
        let arn = secrets.answer("CreateSecret", &json!({ "Name": "web/database" }), NOW).unwrap()["ARN"].clone();
        let arn = arn.as_str().unwrap();
        for id in ["web/database", arn, &arn[..arn.len() - 7]] {
            let found = secrets.answer("DescribeSecret", &json!({ "SecretId": id }), NOW).unwrap();
            assert_eq!((&found["ARN"], &found["DeletedDate"]), (&json!(arn), &Value::Null), "{id}");
        }
        for id in ["web", "other", &arn[..arn.len() - 2]] {
            let error = secrets.answer("DescribeSecret", &json!({ "SecretId": id }), NOW).unwrap_err();
            assert_eq!(error.code, "ResourceNotFoundException", "{id}");
        }
    }

    #[test]
    fn a_deleted_secret_says_so_until_it_is_gone() {
        let mut secrets = Secrets::default();
        secrets.answer("CreateSecret", &json!({ "Name": "a" }), NOW).unwrap();
        secrets.answer("DeleteSecret", &json!({ "SecretId": "a" }), NOW).unwrap();
        let found = secrets.answer("DescribeSecret", &json!({ "SecretId": "a" }), NOW).unwrap();
        assert_eq!(found["DeletedDate"], json!(1_767_225_600.0 + 30.0 * 86400.0));
        secrets.answer("DeleteSecret", &json!({ "SecretId": "a", "ForceDeleteWithoutRecovery": true }), NOW).unwrap();
        assert!(secrets.answer("DescribeSecret", &json!({ "SecretId": "a" }), NOW).is_err());
    }
}

//! IAM: which roles there are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::query::required;
use crate::wire::ServiceError;
use crate::world::ACCOUNT;

/// All roles, by name, as `GetRole` shows them.
#[derive(Debug, Default)]
pub struct Roles(BTreeMap<String, Value>);

impl Roles {
    /// Answers one operation.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(&mut self, operation: &str, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        match operation {
            "CreateRole" => self.create(input, now),
            "GetRole" => self.get(input),
            _ => Err(crate::query::invalid_action(operation)),
        }
    }

    fn create(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let name = required(input, "RoleName")?;
        if self.0.contains_key(name) {
            let message = format!("Role with name {name} already exists.");
            return Err(ServiceError::new(409, "EntityAlreadyExists", message));
        }
        let path = input["Path"].as_str().unwrap_or("/");
        let role = json!({
            "Path": path,
            "RoleName": name,
            "RoleId": format!("AROA{}", crate::ecs::ids::alphanumeric(name.as_bytes(), 17).to_uppercase()),
            "Arn": format!("arn:aws:iam::{ACCOUNT}:role{path}{name}"),
            "CreateDate": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "AssumeRolePolicyDocument": percent_encoded(&policy(input)?),
            "MaxSessionDuration": 3600,
        });
        self.0.insert(name.to_owned(), role.clone());
        Ok(json!({ "Role": role }))
    }

    fn get(&self, input: &Value) -> Result<Value, ServiceError> {
        let name = required(input, "RoleName")?;
        let role = self.0.get(name).ok_or_else(|| {
            ServiceError::new(404, "NoSuchEntity", format!("The role with name {name} cannot be found."))
        })?;
        Ok(json!({ "Role": role }))
    }
}

/// The trust policy. A seed may write it as the document that it is.
fn policy(input: &Value) -> Result<String, ServiceError> {
    let document = &input["AssumeRolePolicyDocument"];
    if document.is_object() {
        return Ok(document.to_string());
    }
    let text = required(input, "AssumeRolePolicyDocument")?;
    let valid = serde_json::from_str::<Value>(text).is_ok_and(|policy| policy.is_object());
    let malformed = || ServiceError::bad_request("MalformedPolicyDocument", "This policy contains invalid Json");
    valid.then(|| text.to_owned()).ok_or_else(malformed)
}

/// Source: IAM API reference, `Role`, `AssumeRolePolicyDocument`: URL-encoded as RFC 3986 says.
fn percent_encoded(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_got_with_its_policy_encoded() {
        let mut roles = Roles::default();
        let now = Timestamp::constant(1_767_225_600, 0);
        let policy = json!({ "Version": "2012-10-17" });
        let input = json!({ "RoleName": "deploy", "Path": "/ci/", "AssumeRolePolicyDocument": policy });
        roles.answer("CreateRole", &input, now).unwrap();
        let role = roles.answer("GetRole", &json!({ "RoleName": "deploy" }), now).unwrap()["Role"].clone();
        assert_eq!(role["Arn"], format!("arn:aws:iam::{ACCOUNT}:role/ci/deploy"));
        assert_eq!(role["AssumeRolePolicyDocument"], "%7B%22Version%22%3A%222012-10-17%22%7D");
        let missing = roles.answer("GetRole", &json!({ "RoleName": "other" }), now).unwrap_err();
        assert_eq!((missing.status, missing.code.as_str()), (404, "NoSuchEntity"));
        let broken = json!({ "RoleName": "other", "AssumeRolePolicyDocument": "{" });
        assert_eq!(roles.answer("CreateRole", &broken, now).unwrap_err().code, "MalformedPolicyDocument");
    }
}

//! Which program wrote a lock.

use schemars::JsonSchema;
use serde::Serialize;

use crate::lock::info::LockInfo;

/// What programs call the version that they write into their locks.
const OUR_VERSION: &str = "tfstate-lock ";

/// The program that wrote a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// `tfstate-lock`.
    TfstateLock,
    /// Terraform or OpenTofu: both write the same, and only the version differs.
    TerraformOrOpentofu,
    /// Another.
    Other,
}

impl Engine {
    /// Whose lock this is, by its `Version`. OpenTofu counts on from Terraform's 1.5 and has 1.6 to 1.13 in common with it.
    #[must_use]
    pub fn of(lock: &LockInfo) -> Self {
        if lock.version.starts_with(OUR_VERSION) {
            return Self::TfstateLock;
        }
        let first = lock.version.split('.').next().unwrap_or_default();
        let is_number = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { Self::TerraformOrOpentofu } else { Self::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_says_whose_lock_it_is() {
        let of = |version: &str| {
            let json = serde_json::json!({ "ID": "a", "Version": version }).to_string();
            Engine::of(&LockInfo::parse(json.as_bytes()).unwrap())
        };
        assert_eq!(of("tfstate-lock 0.1.0"), Engine::TfstateLock);
        assert_eq!((of("1.11.4"), of("1.13.0-dev")), (Engine::TerraformOrOpentofu, Engine::TerraformOrOpentofu));
        assert_eq!((of(""), of("tflock")), (Engine::Other, Engine::Other));
    }
}

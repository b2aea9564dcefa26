//! Where a state lies, and where its lock lies: as Terraform's S3 backend computes both.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What `workspace_key_prefix` is if nobody says otherwise. Source: Terraform, "Backend type: s3".
pub const DEFAULT_PREFIX: &str = "env:";
/// What the lock's key adds to the state's.
const LOCK_SUFFIX: &str = ".tflock";
/// The longest key of S3 in bytes.
const LONGEST_KEY: usize = 1024;

/// A state in a bucket, `s3://bucket/key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateAddress {
    bucket: String,
    key: String,
}

/// The name of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace(String);

/// What stands before the workspace in a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceKeyPrefix(String);

/// Why a text does not name a state.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// The scheme is missing.
    #[error("`{0}` does not begin with s3://")]
    NoScheme(String),
    /// The bucket is no bucket.
    #[error("`{0}` is not the name of a bucket")]
    Bucket(String),
    /// There is no key.
    #[error("`{0}` names no key: the state lies at s3://BUCKET/KEY")]
    NoKey(String),
    /// The key begins or ends with a slash.
    #[error("{what} `{text}` begins or ends with a slash, which Terraform refuses")]
    Slash {
        /// Which setting.
        what: &'static str,
        /// Its value.
        text: String,
    },
    /// The key has an empty, `.` or `..` segment.
    #[error("{what} `{text}` has a segment that is empty, `.` or `..`")]
    Segment {
        /// Which setting.
        what: &'static str,
        /// Its value.
        text: String,
    },
    /// The key already is a lock's.
    #[error("`{0}` is the lock itself: name the state, without {LOCK_SUFFIX}")]
    IsLock(String),
    /// No room for the suffix.
    #[error("the lock's key would be longer than {LONGEST_KEY} bytes")]
    TooLong,
    /// A workspace that Terraform would not create.
    #[error("`{0}` is not a workspace's name: letters, digits and -_.~$&+:=@ are allowed")]
    Workspace(String),
}

impl StateAddress {
    /// The state of a workspace: `prefix/workspace/key`; the default workspace has no prefix.
    #[must_use]
    pub fn in_workspace(self, workspace: &Workspace, prefix: &WorkspaceKeyPrefix) -> Self {
        if workspace.0 == "default" {
            return self;
        }
        let parts = [prefix.0.as_str(), &workspace.0, &self.key];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Self { key: parts.join("/"), bucket: self.bucket }
    }

    /// Reads `bucket/key`, the form that a lock's `Path` has.
    ///
    /// # Errors
    /// It is not a bucket and a key.
    pub fn from_path(path: &str) -> Result<Self, AddressError> {
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        check_bucket(bucket)?;
        if key.is_empty() {
            return Err(AddressError::NoKey(format!("s3://{path}")));
        }
        check_segments("the key", key)?;
        if key.ends_with(LOCK_SUFFIX) {
            return Err(AddressError::IsLock(format!("s3://{path}")));
        }
        if key.len() + LOCK_SUFFIX.len() > LONGEST_KEY {
            return Err(AddressError::TooLong);
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// The bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The state's key.
    #[must_use]
    pub fn state_key(&self) -> &str {
        &self.key
    }

    /// The lock's key.
    #[must_use]
    pub fn lock_key(&self) -> String {
        format!("{}{LOCK_SUFFIX}", self.key)
    }

    /// `bucket/key` of the state: what `Path` says in the lock.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.bucket, self.key)
    }
}

impl fmt::Display for StateAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}/{}", self.bucket, self.key)
    }
}

impl FromStr for StateAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let path = text.strip_prefix("s3://").ok_or_else(|| AddressError::NoScheme(text.to_owned()))?;
        Self::from_path(path)
    }
}

/// Source: S3 user guide, "General purpose bucket naming rules"; capitals and underscores are in buckets older than the rules.
fn check_bucket(bucket: &str) -> Result<(), AddressError> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || ".-_".contains(character);
    if bucket.len() < 3 || bucket.len() > 255 || !bucket.chars().all(allowed) {
        return Err(AddressError::Bucket(bucket.to_owned()));
    }
    Ok(())
}

fn check_segments(what: &'static str, text: &str) -> Result<(), AddressError> {
    let text = text.to_owned();
    if text.starts_with('/') || text.ends_with('/') {
        return Err(AddressError::Slash { what, text });
    }
    // Terraform cleans such paths in one workspace and not in the other, so nobody can say which object is meant.
    if text.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(AddressError::Segment { what, text });
    }
    Ok(())
}

/// Source: Terraform, `validWorkspaceName`: whatever needs no escape in the path of a URL.
impl FromStr for Workspace {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let allowed = |character: char| character.is_ascii_alphanumeric() || "-_.~$&+:=@".contains(character);
        if text.is_empty() || matches!(text, "." | "..") || !text.chars().all(allowed) {
            return Err(AddressError::Workspace(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for WorkspaceKeyPrefix {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if !text.is_empty() {
            check_segments("the workspace key prefix", text)?;
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> StateAddress {
        text.parse().unwrap()
    }

    #[test]
    fn workspace_and_prefix_make_the_keys_that_terraform_makes() {
        let cases = [
            ("default", "env:", "prod/app.tfstate"),
            ("blue", "env:", "env:/blue/prod/app.tfstate"),
            ("blue", "teams/web", "teams/web/blue/prod/app.tfstate"),
            ("blue", "", "blue/prod/app.tfstate"),
            ("default", "teams", "prod/app.tfstate"),
        ];
        for (workspace, prefix, key) in cases {
            let address = address("s3://states/prod/app.tfstate");
            let address = address.in_workspace(&workspace.parse().unwrap(), &prefix.parse().unwrap());
            assert_eq!(address.state_key(), key, "{workspace} {prefix}");
            assert_eq!(address.lock_key(), format!("{key}.tflock"));
            assert_eq!(address.path(), format!("states/{key}"));
        }
    }

    #[test]
    fn what_names_no_state_is_refused_precisely() {
        let cases = [
            ("states/app", "does not begin with s3://"),
            ("https://states/app", "does not begin with s3://"),
            ("s3://", "is not the name of a bucket"),
            ("s3:///app", "is not the name of a bucket"),
            ("s3://st ates/app", "is not the name of a bucket"),
            ("s3://states", "names no key"),
            ("s3://states/", "names no key"),
            ("s3://states//app", "begins or ends with a slash"),
            ("s3://states/app/", "begins or ends with a slash"),
            ("s3://states/a//b", "has a segment that is empty"),
            ("s3://states/a/../b", "has a segment that is empty"),
            ("s3://states/app.tfstate.tflock", "is the lock itself"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<StateAddress>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let long = format!("s3://states/{}", "k".repeat(1018));
        assert_eq!(long.parse::<StateAddress>(), Err(AddressError::TooLong));
    }

    #[test]
    fn workspaces_and_prefixes_are_checked() {
        for text in ["", "a b", "a/b", "ä", ".."] {
            assert!(text.parse::<Workspace>().is_err(), "{text}");
        }
        for text in ["/p", "p/", "p//q", "p/../q"] {
            assert!(text.parse::<WorkspaceKeyPrefix>().is_err(), "{text}");
        }
        assert!(DEFAULT_PREFIX.parse::<WorkspaceKeyPrefix>().is_ok());
    }

    proptest! {
        #[test]
        fn an_address_is_read_as_it_is_shown(bucket in "[a-z0-9-]{3,20}", key in "[a-zA-Z0-9 ._-]{1,10}x(/[a-z ]{1,10}){0,3}") {
            let text = format!("s3://{bucket}/{key}");
            let address: StateAddress = text.parse().unwrap();
            prop_assert_eq!(address.to_string(), text);
            prop_assert_eq!(StateAddress::from_path(&address.path()).unwrap(), address);
        }

        #[test]
        fn no_text_breaks_the_reader(text in any::<String>()) {
            let _ = text.parse::<StateAddress>();
            let _ = format!("s3://{text}").parse::<StateAddress>();
        }
    }
}

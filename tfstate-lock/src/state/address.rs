//! Where a state lies, and where its lock lies: as Terraform's S3 backend computes both.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
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

/// A bucket and what keys in it begin with, `s3://bucket/prefix`; the prefix may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The bucket.
    pub bucket: String,
    /// The prefix.
    pub prefix: String,
}

impl Prefix {
    /// Reads `bucket/prefix`.
    ///
    /// # Errors
    /// The bucket is no bucket.
    pub fn from_path(path: &str) -> Result<Self, AddressError> {
        let (bucket, prefix) = divide(path);
        check_bucket(bucket)?;
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}/{}", self.bucket, self.prefix)
    }
}

/// The name of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace(String);

impl Workspace {
    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for WorkspaceKeyPrefix {
    fn default() -> Self {
        Self(DEFAULT_PREFIX.to_owned())
    }
}

impl Default for Workspace {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

/// What stands before the workspace in a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceKeyPrefix(String);

impl WorkspaceKeyPrefix {
    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

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
        let (bucket, key) = divide(path);
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

    /// An address for what is about a whole bucket: no state of its own.
    #[must_use]
    pub(crate) fn somewhere_in(prefix: &Prefix) -> Self {
        Self { bucket: prefix.bucket.clone(), key: prefix.prefix.clone() }
    }

    /// Reads the key of a lock object in a bucket; none if it is no lock's.
    #[must_use]
    pub fn of_lock(bucket: &str, lock_key: &str) -> Option<Self> {
        Self::of_state(bucket, lock_key.strip_suffix(LOCK_SUFFIX)?)
    }

    /// A state by its bucket and key as another program has named it; none if there is no key.
    #[must_use]
    pub fn of_state(bucket: &str, key: &str) -> Option<Self> {
        (!key.is_empty()).then(|| Self { bucket: bucket.to_owned(), key: key.to_owned() })
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

    /// Where the `nth` copy lies (from 1) that is made of the state in this second: beside it, `key.backup-20261129T181500Z`. Terraform takes it
    /// for no workspace.
    #[must_use]
    pub fn backup(&self, at: Timestamp, nth: u32) -> Self {
        let others = if nth > 1 { format!("-{nth}") } else { String::new() };
        let key = format!("{}.backup-{}{others}", self.key, at.strftime("%Y%m%dT%H%M%SZ"));
        Self { bucket: self.bucket.clone(), key }
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

/// The bucket and the rest. The ARN of an access point has a slash of its own: `arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME`.
fn divide(path: &str) -> (&str, &str) {
    let own = if path.starts_with("arn:") { path.find('/').map_or(0, |slash| slash + 1) } else { 0 };
    match path[own..].find('/') {
        Some(slash) => (&path[..own + slash], &path[own + slash + 1..]),
        None => (path, ""),
    }
}

/// Source: S3 user guide, "General purpose bucket naming rules"; capitals and underscores are in buckets older than the rules.
fn check_bucket(bucket: &str) -> Result<(), AddressError> {
    let is_access_point = |arn: &str| arn.splitn(6, ':').nth(5).is_some_and(|name| name.starts_with("accesspoint/"));
    if bucket.starts_with("arn:") && is_access_point(bucket) {
        return Ok(());
    }
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
    fn a_copy_is_named_by_the_time() {
        let at = "2026-11-29T18:15:00.7Z".parse().unwrap();
        let copy = |nth| address("s3://states/env:/blue/app.tfstate").backup(at, nth).to_string();
        assert_eq!(copy(1), "s3://states/env:/blue/app.tfstate.backup-20261129T181500Z");
        assert_eq!(copy(2), "s3://states/env:/blue/app.tfstate.backup-20261129T181500Z-2");
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

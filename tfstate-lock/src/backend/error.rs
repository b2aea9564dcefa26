//! Why a record of a backend is none that says where the state lies.

use thiserror::Error;

use crate::encryption::EncryptionError;
use crate::state::address::AddressError;

/// Why a record of a backend does not say where the state lies. No message holds a value that might be a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BackendError {
    /// It is not one JSON object.
    #[error("it is not one JSON object: {0}")]
    NotJson(String),
    /// Its format has no version, or another one than the 3 that Terraform and OpenTofu write.
    #[error("{}", other_version(.0.as_deref()))]
    Version(Option<String>),
    /// There is no backend block, or there was one and is none any more.
    #[error("it names no backend: the state lies on this machine")]
    NoBackend,
    /// The state is kept elsewhere than in S3.
    #[error("the state is kept by `{0}`, not by `s3`")]
    OtherBackend(String),
    /// A setting without which nothing goes is not there.
    #[error("`{0}` is missing in the backend block")]
    Missing(String),
    /// A setting is of another type.
    #[error("`{setting}` is not {expected}")]
    Type {
        /// Which setting.
        setting: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// `assume_role.duration` is no duration as Go writes it.
    #[error("`assume_role.duration` is not a duration like 1h30m: `{0}`")]
    Duration(String),
    /// One half of a key to AWS is there.
    #[error("`access_key` and `secret_key` belong together, and one of them is missing")]
    HalfAKey,
    /// Bucket, key and prefix name no state.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The settings for encryption contradict each other.
    #[error(transparent)]
    Encryption(#[from] EncryptionError),
}

fn other_version(found: Option<&str>) -> String {
    match found {
        None => "it has no version: Terraform did not write it".to_owned(),
        Some(version) => format!("it has version {version}, a record of a backend has version 3"),
    }
}

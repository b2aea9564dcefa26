//! Errors as part of the product: each says its exit code, a stable code for scripts, and the next command to type.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exit::Exit;

/// What an error of a tool has to say about itself. `Display` is the message: a lower-case fragment without a full stop.
pub trait Fault: std::error::Error {
    /// The exit code that it leads to.
    fn exit(&self) -> Exit;

    /// The stable code that scripts may test, for example `aws.access_denied`.
    fn code(&self) -> String;

    /// The next command to type, or what to look at.
    fn hint(&self) -> Option<String>;

    /// The request id of AWS, if a request failed.
    fn request_id(&self) -> Option<String> {
        None
    }
}

/// The `error` member of the release document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Stable code, for example `aws.access_denied`.
    pub code: String,
    /// What went wrong, for people.
    pub message: String,
    /// The next command to type, or what to look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The request id of AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl<F: Fault> From<&F> for Failure {
    fn from(fault: &F) -> Self {
        Self { code: fault.code(), message: fault.to_string(), hint: fault.hint(), request_id: fault.request_id() }
    }
}

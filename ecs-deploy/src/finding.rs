//! What was found out before anything is changed.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The service has what its strategy needs.
    Strategy,
    /// The image is in its registry.
    Image,
    /// The image is built for the platform of the tasks.
    Platform,
    /// A secret is there.
    Secret,
    /// A role is there, and tasks may take it.
    Role,
    /// An alarm is there, and silent.
    Alarm,
}

impl fmt::Display for Topic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Strategy => "strategy",
            Self::Image => "image",
            Self::Platform => "platform",
            Self::Secret => "secret",
            Self::Role => "role",
            Self::Alarm => "alarm",
        })
    }
}

/// What is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is not so: the release is refused.
    Failed,
    /// It could not be found out, for want of a permission or because the registry is none of ours. That is no pass.
    Unknown,
    /// It is so.
    Passed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Finding {
    /// What is known.
    pub verdict: Verdict,
    /// What was looked at.
    pub topic: Topic,
    /// Which one: an image, an ARN, a service.
    pub subject: String,
    /// What was found.
    pub message: String,
    /// The next command to type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    /// It is so.
    #[must_use]
    pub fn passed(topic: Topic, subject: &str, message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Passed, topic, subject: subject.to_owned(), message: message.into(), fix: None }
    }

    /// It is not so.
    #[must_use]
    pub fn failed(topic: Topic, subject: &str, message: impl Into<String>, fix: Option<String>) -> Self {
        Self { verdict: Verdict::Failed, topic, subject: subject.to_owned(), message: message.into(), fix }
    }

    /// Nobody knows.
    #[must_use]
    pub fn unknown(topic: Topic, subject: &str, message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown, topic, subject: subject.to_owned(), message: message.into(), fix: None }
    }
}

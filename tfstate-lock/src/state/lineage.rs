//! What all snapshots of one state have in common.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

/// The lineage of a state: the same in all its snapshots, and in no other state's. Opaque; Terraform's looks like a UUID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Lineage(String);

/// A text that is no lineage: it is empty, which for Terraform means that there is none, or would break the line it is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a lineage is a text of one line that is not empty")]
pub struct NotALineage;

impl Lineage {
    /// The lineage as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Lineage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Lineage {
    type Err = NotALineage;

    fn from_str(text: &str) -> Result<Self, NotALineage> {
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(NotALineage);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lineage_is_any_text_that_can_be_shown() {
        for text in ["d15e7450-7a7a-4e58-b90a-2334fe05c4f6", "by hand"] {
            assert_eq!(text.parse::<Lineage>().unwrap().as_str(), text);
        }
        for text in ["", "two\nlines", "\u{1b}[31mred"] {
            assert_eq!(text.parse::<Lineage>(), Err(NotALineage), "{text:?}");
        }
    }
}

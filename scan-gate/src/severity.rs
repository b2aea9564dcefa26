//! How bad a finding is.

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;

/// The severities that can be asked for, from the least to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

/// What a report says of a finding's severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rating {
    /// A severity that is known.
    Known(Severity),
    /// None, or a word that is no severity. Never a pass.
    Unknown,
}

impl Rating {
    /// Reads a scanner's word, in any case and with white space around it.
    #[must_use]
    pub fn of_word(word: Option<&str>) -> Self {
        match word.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "low" => Self::Known(Severity::Low),
            "medium" => Self::Known(Severity::Medium),
            "high" => Self::Known(Severity::High),
            "critical" => Self::Known(Severity::Critical),
            _ => Self::Unknown,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Known(Severity::Low) => "low",
            Self::Known(Severity::Medium) => "medium",
            Self::Known(Severity::High) => "high",
            Self::Known(Severity::Critical) => "critical",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_severity_is_unknown() {
        let cases = [
            (Some("HIGH"), Rating::Known(Severity::High)),
            (Some(" critical\r\n"), Rating::Known(Severity::Critical)),
            (Some("UNKNOWN"), Rating::Unknown),
            (Some("hihg"), Rating::Unknown),
            (Some(""), Rating::Unknown),
            (None, Rating::Unknown),
        ];
        for (word, expected) in cases {
            assert_eq!(Rating::of_word(word), expected, "{word:?}");
        }
    }
}

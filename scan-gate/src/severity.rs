//! How bad a finding is.

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The severities, from the least to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

/// What is said of a finding's severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rating {
    /// A severity that is known.
    Known(Severity),
    /// None, or a word that is no severity. Never a pass.
    Unknown,
    /// No matter of severity: a gate or an alarm of the reporting tool itself says no.
    Failed,
}

impl Severity {
    /// All of them, worst first.
    pub const WORST_FIRST: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Rating {
    /// Reads the words that all scanners share, in any case and with white space around them. A scanner's own words are its reader's matter.
    #[must_use]
    pub fn of_word(word: Option<&str>) -> Self {
        let word = word.unwrap_or_default().trim();
        let severity = Severity::WORST_FIRST.into_iter().find(|severity| severity.word().eq_ignore_ascii_case(word));
        severity.map_or(Self::Unknown, Self::Known)
    }

    /// The severity of a CVSS score, by the bands of CVSS 3 and 4. A score of zero, or one that is no score, says nothing.
    ///
    /// Source: CVSS v3.1 specification, section 5; v4.0, section 6.
    #[must_use]
    pub fn of_score(score: f32) -> Self {
        match score {
            9.0..=10.0 => Self::Known(Severity::Critical),
            7.0..9.0 => Self::Known(Severity::High),
            4.0..7.0 => Self::Known(Severity::Medium),
            score if score > 0.0 && score < 4.0 => Self::Known(Severity::Low),
            _ => Self::Unknown,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Known(severity) => severity.word(),
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }

    /// How bad it is, the worst is highest. Unknown stands right below critical, for it may be just that.
    #[must_use]
    pub fn badness(self) -> u8 {
        match self {
            Self::Known(Severity::Info) => 0,
            Self::Known(Severity::Low) => 1,
            Self::Known(Severity::Medium) => 2,
            Self::Known(Severity::High) => 3,
            Self::Unknown => 4,
            Self::Known(Severity::Critical) => 5,
            Self::Failed => 6,
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
            (Some("Info"), Rating::Known(Severity::Info)),
            (Some("UNKNOWN"), Rating::Unknown),
            (Some("hihg"), Rating::Unknown),
            (Some("failed"), Rating::Unknown),
            (Some(""), Rating::Unknown),
            (None, Rating::Unknown),
        ];
        for (word, expected) in cases {
            assert_eq!(Rating::of_word(word), expected, "{word:?}");
        }
    }

    #[test]
    fn a_score_falls_into_its_band_or_says_nothing() {
        let known = |severity| Rating::Known(severity);
        let cases = [
            (10.0, known(Severity::Critical)),
            (9.0, known(Severity::Critical)),
            (8.9, known(Severity::High)),
            (7.0, known(Severity::High)),
            (6.9, known(Severity::Medium)),
            (4.0, known(Severity::Medium)),
            (0.1, known(Severity::Low)),
            (0.0, Rating::Unknown),
            (-1.0, Rating::Unknown),
            (10.1, Rating::Unknown),
            (f32::NAN, Rating::Unknown),
        ];
        for (score, expected) in cases {
            assert_eq!(Rating::of_score(score), expected, "{score}");
        }
    }
}

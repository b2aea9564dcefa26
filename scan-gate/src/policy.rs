//! What is asked of the reports: thresholds and exemptions, from flags and from a policy file. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use contract::Digest;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::severity::{Rating, Severity};

/// What is asked of the reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The lowest severity that shuts the gate.
    pub fail_on: Severity,
    /// How many issues of a severity are let through; where one is named, it replaces `fail_on` for that severity.
    pub max: Limits,
    /// The lowest CVSS base score that shuts the gate, whatever the severity.
    pub cvss: Option<f32>,
    /// Whether an issue that has no fix is let through, unless it is known to be exploited.
    pub fixable_only: bool,
    /// What becomes of an issue whose severity nobody knows.
    pub unknown: Unknown,
    /// Whose severity and score count.
    pub severity_from: SeverityFrom,
    /// The scanners whose reports must be there.
    pub scanners: Vec<String>,
    /// How old a report may be.
    pub max_age: Option<Duration>,
    /// The lowest probability of exploitation that shuts the gate, whatever the severity.
    pub epss_at_least: Option<f32>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            fail_on: Severity::High,
            max: Limits::default(),
            cvss: None,
            fixable_only: false,
            unknown: Unknown::Fail,
            severity_from: SeverityFrom::Scanner,
            scanners: Vec::new(),
            max_age: None,
            epss_at_least: None,
        }
    }
}

/// How many issues are let through, by severity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(BTreeMap<Option<Severity>, usize>);

impl Limits {
    /// The limit for a rating, if there is one. What a tool itself calls failed has none.
    #[must_use]
    pub fn of(&self, rating: Rating) -> Option<usize> {
        match rating {
            Rating::Known(severity) => self.0.get(&Some(severity)).copied(),
            Rating::Unknown => self.0.get(&None).copied(),
            Rating::Failed => None,
        }
    }

    fn add(&mut self, word: &str, limit: usize) -> Result<(), String> {
        let severity = match Rating::of_word(Some(word)) {
            Rating::Known(severity) => Some(severity),
            _ if word == "unknown" => None,
            _ => return Err(format!("`{word}` is no severity: write critical, high, medium, low, info or unknown")),
        };
        match self.0.insert(severity, limit) {
            Some(_) => Err(format!("`{word}` is given twice")),
            None => Ok(()),
        }
    }
}

impl FromStr for Limits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        for pair in text.split(',') {
            let wrong = || format!("`{pair}` is no limit: write for example critical=0,high=5");
            let (word, limit) = pair.split_once('=').ok_or_else(wrong)?;
            limits.add(word.trim(), limit.trim().parse().map_err(|_| wrong())?)?;
        }
        Ok(limits)
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |severity: &Option<Severity>| severity.map_or("unknown", Severity::word);
        let pairs: Vec<String> =
            self.0.iter().rev().map(|(severity, limit)| format!("{}={limit}", word(severity))).collect();
        formatter.write_str(&pairs.join(","))
    }
}

/// What becomes of an issue whose severity nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// It shuts the gate.
    #[default]
    Fail,
    /// It is counted, and lets the gate be.
    Count,
    /// It is taken for one of this severity.
    As(Severity),
}

impl FromStr for Unknown {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, Rating::of_word(Some(text))) {
            ("fail", _) => Ok(Self::Fail),
            ("count", _) => Ok(Self::Count),
            (_, Rating::Known(severity)) => Ok(Self::As(severity)),
            _ => Err(format!("`{text}` is not `fail`, `count` or a severity")),
        }
    }
}

/// Whose severity and score count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum SeverityFrom {
    /// The worst that anybody says: scanners, vendors, NVD, and the band of every CVSS score.
    Max,
    /// What the scanners themselves say; the worst of them, if they disagree.
    #[default]
    Scanner,
    /// What NVD says; the scanners, if it says nothing.
    Nvd,
    /// What vendors and distributions say; the scanners, if they say nothing.
    Vendor,
}

/// A policy file. Every key is optional, and what a flag says wins.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// As `--fail-on`.
    pub fail_on: Option<Severity>,
    /// As `--max`: a table from severity, or `unknown`, to a number.
    #[serde(default, deserialize_with = "limits")]
    #[schemars(with = "Option<BTreeMap<String, usize>>")]
    pub max: Option<Limits>,
    /// As `--cvss`.
    pub cvss: Option<f32>,
    /// As `--fixable-only`.
    pub fixable_only: Option<bool>,
    /// As `--unknown`.
    #[serde(default, deserialize_with = "parsed")]
    #[schemars(with = "Option<String>")]
    pub unknown: Option<Unknown>,
    /// As `--severity-from`.
    pub severity_from: Option<SeverityFrom>,
    /// As `--require`, for scanners.
    pub require: Option<Vec<String>>,
    /// As `--max-age`.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "Option<String>")]
    pub max_age: Option<Duration>,
    /// As `--epss-at-least`.
    pub epss_at_least: Option<f32>,
    /// As `--expect-image`.
    #[schemars(with = "Option<Vec<String>>")]
    pub expect_image: Option<Vec<Digest>>,
    /// As `--waivers`; a relative path starts at the policy file's folder.
    pub waivers: Option<Vec<String>>,
    /// As `--kev`; a relative path starts at the policy file's folder.
    pub kev: Option<String>,
    /// As `--epss`; a relative path starts at the policy file's folder.
    pub epss: Option<String>,
    /// As `--baseline`; a relative path starts at the policy file's folder.
    pub baseline: Option<String>,
}

impl PolicyFile {
    /// Reads TOML.
    ///
    /// # Errors
    /// It is none, has an unknown key, or a value of the wrong kind or out of range: one line that says where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let file: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            format!("line {line}: {}", error.message().lines().collect::<Vec<_>>().join(" "))
        })?;
        file.cvss.map(cvss_score).transpose()?;
        file.epss_at_least.map(probability).transpose()?;
        Ok(file)
    }
}

/// A CVSS score is between 0 and 10.
///
/// # Errors
/// It is not.
pub fn cvss_score(score: f32) -> Result<f32, String> {
    if (0.0..=10.0).contains(&score) {
        Ok(score)
    } else {
        Err(format!("{score} is no CVSS score: those go from 0 to 10"))
    }
}

/// A probability is between 0 and 1.
///
/// # Errors
/// It is not.
pub fn probability(value: f32) -> Result<f32, String> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(format!("{value} is no probability: those go from 0 to 1"))
    }
}

fn limits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Limits>, D::Error> {
    let mut limits = Limits::default();
    for (word, limit) in BTreeMap::<String, usize>::deserialize(deserializer)? {
        limits.add(&word, limit).map_err(serde::de::Error::custom)?;
    }
    Ok(Some(limits))
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(deserializer: D) -> Result<Option<T>, D::Error> {
    String::deserialize(deserializer)?.parse().map(Some).map_err(serde::de::Error::custom)
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    contract::arguments::parse_duration(&text).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_and_nothing_else() {
        let limits: Limits = "critical=0, high=5,unknown=1".parse().unwrap();
        assert_eq!(limits.to_string(), "critical=0,high=5,unknown=1");
        assert_eq!(limits.of(Rating::Known(Severity::High)), Some(5));
        assert_eq!(limits.of(Rating::Known(Severity::Low)), None);
        assert_eq!(limits.of(Rating::Failed), None);
        for text in ["", "high", "high=", "high=-1", "hihg=1", "high=1,high=2", "high=1,"] {
            assert!(text.parse::<Limits>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_policy_file_says_what_flags_say() {
        let text = "fail_on = \"critical\"\nmax = { high = 5 }\ncvss = 9.0\nfixable_only = true\nunknown = \"low\"\n\
                    severity_from = \"max\"\nrequire = [\"trivy\"]\nmax_age = \"24h\"\nepss_at_least = 0.5\nwaivers = [\"w.toml\"]\n";
        let file = PolicyFile::parse(text).unwrap();
        assert_eq!((file.fail_on, file.unknown), (Some(Severity::Critical), Some(Unknown::As(Severity::Low))));
        assert_eq!((file.max.unwrap().to_string(), file.cvss), ("high=5".to_owned(), Some(9.0)));
        assert_eq!(file.max_age, Some(Duration::from_hours(24)));
    }

    #[test]
    fn a_policy_that_is_not_understood_is_refused_with_its_line() {
        let cases = [
            ("fail-on = \"high\"", "line 1: unknown field `fail-on`"),
            ("\nfail_on = \"hihg\"", "line 2: unknown variant `hihg`"),
            ("max = { hihg = 1 }", "line 1: `hihg` is no severity"),
            ("cvss = 11.0", "11 is no CVSS score"),
            ("unknown = \"ignore\"", "line 1: `ignore` is not `fail`"),
            ("max_age = \"24\"", "line 1: `24` is not a duration"),
            ("fail_on = \"high\"\nfail_on = \"low\"", "line 2: duplicate key"),
            ("epss_at_least = 50.0", "50 is no probability"),
        ];
        for (text, expected) in cases {
            let error = PolicyFile::parse(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}

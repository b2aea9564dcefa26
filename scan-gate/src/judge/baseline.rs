//! What was there before: the issues of an earlier verdict or report. Pure.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::judge::Judged;
use crate::severity::Rating;

/// The fingerprints of issues by the word for their severity, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Fingerprints(pub BTreeMap<String, Vec<Fingerprint>>);

/// What an issue is known by from one run to the next; written as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Fingerprint(pub u64);

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = u64::from_str_radix(&text, 16).ok().filter(|_| text.len() == 16);
        number.map(Self).ok_or_else(|| D::Error::custom(format_args!("`{text}` is no fingerprint")))
    }
}

/// What was there before.
#[derive(Debug, Default)]
pub struct Baseline {
    /// The severity of each issue then, those with the same fingerprint together.
    issues: HashMap<Fingerprint, Vec<Rating>>,
}

/// Why a baseline cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is no severity")]
pub struct NoSeverity(String);

impl Fingerprints {
    /// The fingerprints of judged issues. What a tool itself calls failed is none that could persist.
    #[must_use]
    pub fn of(issues: &[Judged<'_>]) -> Self {
        let mut by_word: BTreeMap<String, Vec<Fingerprint>> = BTreeMap::new();
        for judged in issues.iter().filter(|judged| judged.rating != Rating::Failed) {
            let fingerprint = judged.issue.fingerprint();
            by_word.entry(judged.rating.word().to_owned()).or_default().push(fingerprint);
        }
        for fingerprints in by_word.values_mut() {
            fingerprints.sort_unstable();
        }
        Self(by_word)
    }
}

impl TryFrom<&Fingerprints> for Baseline {
    type Error = NoSeverity;

    fn try_from(fingerprints: &Fingerprints) -> Result<Self, NoSeverity> {
        let mut baseline = Self::default();
        for (word, list) in &fingerprints.0 {
            let rating = Rating::of_word(Some(word));
            if rating == Rating::Unknown && word != "unknown" {
                return Err(NoSeverity(word.clone()));
            }
            for fingerprint in list {
                baseline.add(*fingerprint, rating);
            }
        }
        Ok(baseline)
    }
}

/// Whether it was at least as bad then. Unknown is as bad as unknown, and nothing else: what was let through without a severity has one now.
fn is_as_bad(then: Rating, now: Rating) -> bool {
    match (then, now) {
        (Rating::Unknown, now) => now == Rating::Unknown,
        (_, Rating::Unknown) => false,
        (then, now) => then.badness() >= now.badness(),
    }
}

impl Baseline {
    /// The issues of an earlier report.
    #[must_use]
    pub fn of_issues(issues: &[Judged<'_>]) -> Self {
        let mut baseline = Self::default();
        for judged in issues {
            baseline.add(judged.issue.fingerprint(), judged.rating);
        }
        baseline
    }

    fn add(&mut self, fingerprint: Fingerprint, rating: Rating) {
        self.issues.entry(fingerprint).or_default().push(rating);
    }

    /// Whether more than `earlier` issues with this fingerprint were there before, at least as bad.
    #[must_use]
    pub fn has_more_than(&self, earlier: usize, fingerprint: Fingerprint, rating: Rating) -> bool {
        let known = self.issues.get(&fingerprint).into_iter().flatten();
        known.filter(|then| is_as_bad(**then, rating)).count() > earlier
    }

    /// How many issues were there before and are not among these.
    #[must_use]
    pub fn missing_from(&self, issues: &[Judged<'_>]) -> usize {
        let mut now: HashMap<Fingerprint, usize> = HashMap::new();
        for judged in issues {
            *now.entry(judged.issue.fingerprint()).or_default() += 1;
        }
        let gone = |(fingerprint, then): (&Fingerprint, &Vec<Rating>)| {
            then.len().saturating_sub(now.get(fingerprint).copied().unwrap_or_default())
        };
        self.issues.iter().map(gone).sum()
    }
}

//! One finding of one report, in the words that all scanners share.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::severity::{Rating, Severity};

/// A text that many findings may share.
pub type Text = Arc<str>;

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What kind of finding it is.
    pub kind: Kind,
    /// Its id in the scanner's words: `CVE-2024-1234`, `GHSA-…`, a rule's name.
    pub id: Text,
    /// Other ids of the same thing.
    pub aliases: Box<[Text]>,
    /// The package, as the scanner names it; empty if it is about none.
    pub package: Text,
    /// The version that is installed; empty if the scanner does not say.
    pub version: Text,
    /// The package as a package URL; empty if the scanner gives none.
    pub purl: Text,
    /// Where it lies: a target, a file, a component; empty if the scanner does not say.
    pub place: Text,
    /// The line in that file, from 1.
    pub line: Option<u32>,
    /// Whether there is a fix.
    pub fix: Fix,
    /// What the scanner itself says.
    pub rating: Rating,
    /// What others say, as far as the report tells.
    pub said: Arc<[Said]>,
    /// CVSS scores.
    pub scores: Arc<[Score]>,
    /// The probability of exploitation within 30 days, 0 to 1, if the report gives one.
    pub epss: Option<f32>,
    /// Whether the report says that it is being exploited.
    pub known_exploited: bool,
    /// Why the report itself does not count it: a suppression made in the scanner.
    pub suppressed: Option<Text>,
    /// What it is, for people; may be empty.
    pub title: Text,
}

/// Kinds of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A known vulnerability of a package.
    Vulnerability,
    /// A configuration that is not safe.
    Misconfiguration,
    /// A secret that lies open.
    Secret,
    /// A licence that is not wanted.
    License,
    /// A weakness in source code: a bug, a smell, a security hotspot.
    Code,
    /// A gate of the reporting tool that is shut.
    Gate,
    /// An alert or an alarm that is on.
    Alert,
}

/// Whether there is a fix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fix {
    /// There is, in this version or these.
    Version(Text),
    /// The scanner says that there is none.
    None,
    /// The scanner does not say.
    #[default]
    Unsaid,
}

/// What one source says of the severity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Said {
    /// The source: `nvd`, `redhat`, `ghsa`.
    pub by: Text,
    /// What it says.
    pub rating: Rating,
}

/// A CVSS score.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The source: `nvd`, `redhat`, `ghsa`.
    pub by: Text,
    /// The major version of CVSS: 2, 3 or 4.
    pub version: u8,
    /// The base score, 0 to 10.
    pub value: f32,
}

impl Finding {
    /// A finding that says no more than this.
    #[must_use]
    pub fn new(kind: Kind, id: impl Into<Text>, rating: Rating) -> Self {
        let empty = Text::default();
        Self {
            kind,
            id: id.into(),
            aliases: Box::default(),
            package: empty.clone(),
            version: empty.clone(),
            purl: empty.clone(),
            place: empty.clone(),
            line: None,
            fix: Fix::Unsaid,
            rating,
            said: Arc::default(),
            scores: Arc::default(),
            epss: None,
            known_exploited: false,
            suppressed: None,
            title: empty,
        }
    }

    /// The id and the other ids.
    pub fn ids(&self) -> impl Iterator<Item = &Text> {
        std::iter::once(&self.id).chain(&self.aliases)
    }

    /// What it is about, for people: the package, else the place.
    #[must_use]
    pub fn subject(&self) -> &str {
        if self.package.is_empty() { &self.place } else { &self.package }
    }
}

impl Fix {
    /// A fix in this version, or none: what a scanner means that always says.
    #[must_use]
    pub fn of_version(version: Option<Text>) -> Self {
        version.filter(|version| !version.trim().is_empty()).map_or(Self::None, Self::Version)
    }
}

impl Eq for Score {}

impl Hash for Score {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.by.hash(state);
        self.version.hash(state);
        self.value.to_bits().hash(state);
    }
}

/// Keeps every text, and every list of ratings and scores, once: reports repeat them by the thousand.
#[derive(Debug, Default)]
pub struct Pool {
    texts: HashSet<Text>,
    said: HashSet<Arc<[Said]>>,
    scores: HashSet<Arc<[Score]>>,
}

impl Pool {
    /// The text, kept once.
    pub fn text(&mut self, text: &str) -> Text {
        once(&mut self.texts, text)
    }

    /// A title, if it is one that may be shown: those are the longest texts, most findings are of medium severity or less, and the worst are shown first.
    pub fn title(&mut self, title: &str, rating: Rating) -> Text {
        if matches!(rating, Rating::Known(Severity::Info | Severity::Low | Severity::Medium)) {
            return Text::default();
        }
        self.text(title)
    }

    /// The ratings, kept once.
    pub fn said(&mut self, said: &[Said]) -> Arc<[Said]> {
        once(&mut self.said, said)
    }

    /// The scores, kept once.
    pub fn scores(&mut self, scores: &[Score]) -> Arc<[Score]> {
        once(&mut self.scores, scores)
    }
}

fn once<T: ?Sized + Eq + Hash>(kept: &mut HashSet<Arc<T>>, value: &T) -> Arc<T>
where
    Arc<T>: Borrow<T> + for<'a> From<&'a T>,
{
    if let Some(known) = kept.get(value) {
        return known.clone();
    }
    let new = Arc::from(value);
    kept.insert(Arc::clone(&new));
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once() {
        let mut pool = Pool::default();
        assert!(Arc::ptr_eq(&pool.text("openssl"), &pool.text("openssl")));
        assert_ne!(pool.text("openssl"), pool.text("zlib"));
    }

    #[test]
    fn an_empty_version_is_no_fix() {
        assert_eq!(Fix::of_version(Some("".into())), Fix::None);
        assert_eq!(Fix::of_version(None), Fix::None);
        assert_eq!(Fix::of_version(Some("1.2".into())), Fix::Version("1.2".into()));
    }
}

//! Statements that a finding need not count, and which finding each of them is about. Pure.
//!
//! Every format is one file below this one. A statement that this tool cannot follow to the letter silences nothing, and is told.

mod csaf;
mod cyclonedx;
pub mod file;
mod openvex;
mod own;
mod product;
pub mod purl;
mod suppression;
mod trivyignore;

use contract::Digest;
use jiff::Timestamp;

use crate::finding::{Finding, Kind};
use crate::waiver::purl::Purl;

/// One statement.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// The ids that it is about, aliases included: one of them must match. Empty stands for all.
    pub ids: Vec<Pattern>,
    /// The kinds of finding that it is about. Empty stands for all.
    pub kinds: Vec<Kind>,
    /// What it is about: one of them must match. Empty stands for all.
    pub subjects: Vec<Subject>,
    /// The scanner whose findings it is about.
    pub scanner: Option<String>,
    /// Only findings whose worst CVSS score is below this; a finding without a score is not.
    pub cvss_below: Option<f32>,
    /// What it says.
    pub effect: Effect,
    /// Why.
    pub reason: String,
    /// From when on it does not hold any more.
    pub expires: Option<Timestamp>,
    /// When it was made: of two VEX statements about the same, the later one holds.
    pub stated_at: Option<Timestamp>,
    /// Where it stands.
    pub origin: Origin,
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The finding need not count.
    Silences,
    /// The finding counts: a VEX statement `affected` or `under_investigation`, which takes an earlier one back.
    Affirms,
    /// Nothing: it cannot be followed, for this reason.
    Void(String),
}

/// Where a statement stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, as it was named.
    pub file: String,
    /// Its format.
    pub format: &'static str,
    /// The place in it: `line 12`, `waiver 3`, a VEX statement's id.
    pub place: String,
}

/// What a statement is about. All that is given must match; what a finding does not say never matches.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The package's name.
    pub package: Option<Pattern>,
    /// Its version.
    pub version: Option<String>,
    /// Its package URL.
    pub purl: Option<PurlPattern>,
    /// The place of the finding.
    pub path: Option<Pattern>,
    /// The image by its digest.
    pub image: Option<Digest>,
}

/// How a text is matched.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// It is the same, but for its case.
    Exact(String),
    /// It fits: `*` stands for anything but a slash, `**` for anything.
    Glob(glob::Pattern),
    /// The whole of it fits.
    Regex(regex_lite::Regex),
}

/// How a package URL is matched.
#[derive(Clone, Debug)]
pub enum PurlPattern {
    /// It is covered by this one.
    Covering(Purl),
    /// Its text fits.
    Text(Pattern),
    /// Its namespace, name and version fit, written with colons between them as Maven does; one of them missing never fits.
    Coordinates(Pattern),
}

impl Pattern {
    /// A glob if the text has a `*`, `?` or `[`; else the text itself.
    ///
    /// # Errors
    /// The glob is malformed.
    pub fn glob_or_exact(text: &str) -> Result<Self, String> {
        if !text.contains(['*', '?', '[']) {
            return Ok(Self::Exact(text.to_owned()));
        }
        glob::Pattern::new(text).map(Self::Glob).map_err(|error| format!("`{text}` is no pattern: {error}"))
    }

    /// A regular expression that must fit the whole text, in any case.
    ///
    /// # Errors
    /// It is malformed, or needs what is not supported, such as looking ahead.
    pub fn regex(text: &str) -> Result<Self, String> {
        Self::regex_in_case(text, false)
    }

    /// As [`Self::regex`], and the case may matter.
    ///
    /// # Errors
    /// As [`Self::regex`].
    pub fn regex_in_case(text: &str, is_case_sensitive: bool) -> Result<Self, String> {
        let flags = if is_case_sensitive { "" } else { "(?i)" };
        let compiled = |text: &str| {
            regex_lite::Regex::new(text)
                .map_err(|error| format!("`{text}` is no regular expression that is followed: {error}"))
        };
        // By itself first: in `a)|(?:b` the parentheses around it would change what it says.
        compiled(text)?;
        compiled(&format!("{flags}^(?:{text})$")).map(Self::Regex)
    }

    /// Whether a text fits. Nothing fits an empty text: it stands for what is not known.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: false,
        };
        !text.is_empty()
            && match self {
                Self::Exact(exact) => exact.eq_ignore_ascii_case(text),
                Self::Glob(glob) => glob.matches_with(text, options),
                Self::Regex(regex) => regex.is_match(text),
            }
    }
}

/// A finding as a statement sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Its id under which all scanners' findings are put together.
    pub canonical: &'a str,
    /// The scanner.
    pub scanner: &'a str,
    /// The digests of the image that was scanned.
    pub digests: &'a [Digest],
}

impl Waiver {
    /// A statement that says nothing yet.
    fn at(origin: Origin) -> Self {
        Self {
            ids: Vec::new(),
            kinds: Vec::new(),
            subjects: Vec::new(),
            scanner: None,
            cvss_below: None,
            effect: Effect::Void("it says nothing".to_owned()),
            reason: "none given".to_owned(),
            expires: None,
            stated_at: None,
            origin,
        }
    }

    /// Whether the statement is about the finding, whatever it says and whether or not it still holds.
    #[must_use]
    pub fn is_about(&self, seen: Seen<'_>) -> bool {
        let finding = seen.finding;
        let fits_id = |pattern: &Pattern| pattern.fits(seen.canonical) || finding.ids().any(|id| pattern.fits(id));
        (self.ids.is_empty() || self.ids.iter().any(fits_id))
            && (self.kinds.is_empty() || self.kinds.contains(&finding.kind))
            && self.scanner.as_ref().is_none_or(|scanner| scanner.eq_ignore_ascii_case(seen.scanner))
            && self.cvss_below.is_none_or(|limit| worst_score(finding).is_some_and(|score| score < limit))
            && (self.subjects.is_empty() || self.subjects.iter().any(|subject| subject.is_about(seen)))
    }

    /// Its place among VEX statements about the same. Without a date, what affirms may be the latest and what silences the first.
    fn order(&self) -> (Option<Timestamp>, bool) {
        let affirms = self.effect == Effect::Affirms;
        (self.stated_at.or(affirms.then_some(Timestamp::MAX)), affirms)
    }

    /// Whether it does not hold any more.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

impl Subject {
    fn is_about(&self, seen: Seen<'_>) -> bool {
        let finding = seen.finding;
        self.package.as_ref().is_none_or(|pattern| pattern.fits(&finding.package))
            && self.version.as_ref().is_none_or(|version| **version == *finding.version)
            && self.purl.as_ref().is_none_or(|pattern| pattern.fits(&finding.purl))
            && self.path.as_ref().is_none_or(|pattern| pattern.fits(&finding.place))
            && self.image.as_ref().is_none_or(|image| seen.digests.contains(image))
    }
}

impl PurlPattern {
    fn fits(&self, purl: &str) -> bool {
        match self {
            Self::Covering(wide) => purl.parse().is_ok_and(|purl| wide.covers(&purl)),
            Self::Text(pattern) => pattern.fits(purl),
            Self::Coordinates(pattern) => purl.parse::<Purl>().is_ok_and(|purl| {
                let parts = [&*purl.namespace, &*purl.name, &*purl.version];
                parts.iter().all(|part| !part.is_empty()) && pattern.fits(&parts.join(":"))
            }),
        }
    }
}

fn worst_score(finding: &Finding) -> Option<f32> {
    finding.scores.iter().map(|score| score.value).reduce(f32::max)
}

/// What the statements say of one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It counts.
    Counts,
    /// This statement silences it.
    Silenced(usize),
}

/// What the statements say of a finding. Among VEX statements the latest holds, and of two equally late ones the one that silences nothing; any other
/// statement that silences stands for itself.
#[must_use]
pub fn rule(waivers: &[Waiver], seen: Seen<'_>, now: Timestamp) -> Ruling {
    let about = || {
        let holding = waivers.iter().enumerate().filter(|(_, waiver)| !waiver.is_expired(now));
        holding.filter(|(_, waiver)| !matches!(waiver.effect, Effect::Void(_)) && waiver.is_about(seen))
    };
    let own = about().find(|(_, waiver)| !waiver.origin.is_vex());
    if let Some((index, _)) = own {
        return Ruling::Silenced(index);
    }
    let vex = about().filter(|(_, waiver)| waiver.origin.is_vex());
    match vex.max_by_key(|(_, waiver)| waiver.order()) {
        Some((index, waiver)) if waiver.effect == Effect::Silences => Ruling::Silenced(index),
        _ => Ruling::Counts,
    }
}

impl Origin {
    fn is_vex(&self) -> bool {
        ["openvex", "cyclonedx", "csaf"].contains(&self.format)
    }
}

#[cfg(test)]
mod tests;

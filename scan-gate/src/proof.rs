//! Whether the reports prove anything: all read, all there, recent, and about the image that is released. Pure.

pub mod age;
pub mod part;

use std::time::Duration;

use contract::Digest;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::inspection::Inspection;
use crate::reader::ReadError;

/// What came of one source of reports.
#[derive(Debug)]
pub struct Source {
    /// Its name: a file as it was named, or `-`.
    pub name: String,
    /// The reports in it, or why they cannot be read.
    pub outcome: Result<Vec<Inspection>, ReadError>,
}

/// Why the reports prove nothing.
#[derive(Debug, Error)]
pub enum Doubt {
    /// A report cannot be read.
    #[error("report `{source_name}`: {cause}")]
    Unread {
        /// Where it should be.
        source_name: String,
        /// Why.
        cause: ReadError,
    },
    /// A report can be read and proves nothing.
    #[error("report `{name}` proves nothing: {cause}")]
    Faulty {
        /// The report.
        name: String,
        /// Why.
        cause: String,
    },
    /// A page is missing.
    #[error("a report is not whole: {0}")]
    Incomplete(String),
    /// A scanner's report is demanded and not there.
    #[error("a report of `{0}` is required, and there is none")]
    NoScanner(String),
    /// A report does not say when it was made.
    #[error("report `{0}` does not say when it was made, and --max-age asks")]
    Undated(String),
    /// A report is too old, or from the future.
    #[error("report `{name}` is {}, --max-age is {}", in_words(*age), age::in_words(signed(*limit)))]
    Stale {
        /// The report.
        name: String,
        /// Its age; none if it comes from the future.
        age: Option<SignedDuration>,
        /// How old it may be.
        limit: Duration,
    },
    /// A report is about another image.
    #[error("report `{name}` is about {found}, the release is about {expected}")]
    OtherImage {
        /// The report.
        name: String,
        /// What it is about.
        found: String,
        /// What it should be about.
        expected: String,
    },
    /// No report says that it is about the image.
    #[error("no report names the image that is released: {0}")]
    NoImage(String),
    /// Two reports are about different images.
    #[error("report `{one}` is about {of_one}, report `{other}` is about {of_other}: these may be different images")]
    TwoImages {
        /// One report.
        one: String,
        /// Its image.
        of_one: String,
        /// The other report.
        other: String,
        /// Its image.
        of_other: String,
    },
}

fn in_words(age: Option<SignedDuration>) -> String {
    age.map_or_else(|| "from the future".to_owned(), |age| format!("{} old", age::in_words(age)))
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

impl Doubt {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unread { cause, .. } => match cause {
                ReadError::Empty => "report.empty",
                ReadError::Truncated { .. } => "report.truncated",
                ReadError::Malformed { .. } | ReadError::Misspelled { .. } => "report.malformed",
                ReadError::TooLarge { .. } => "report.too_large",
                ReadError::Unreadable(_) => "report.unreadable",
                ReadError::Encoding => "report.encoding",
                ReadError::Alien(_) => "report.unknown_format",
                ReadError::NoProof(_) => "report.no_proof",
            },
            Self::Faulty { .. } => "report.no_proof",
            Self::Incomplete(_) => "report.incomplete",
            Self::NoScanner(_) => "report.missing_scanner",
            Self::Undated(_) => "report.undated",
            Self::Stale { .. } => "report.stale",
            Self::OtherImage { .. } => "report.other_image",
            Self::NoImage(_) => "report.no_image",
            Self::TwoImages { .. } => "report.two_images",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Unread { cause, source_name } => match cause {
                ReadError::Empty | ReadError::Truncated { .. } => {
                    "look at the scanner's own exit code and standard error".to_owned()
                }
                ReadError::Unreadable(_) => "check the name, and that the scanner wrote it".to_owned(),
                ReadError::Alien(_) => "let the scanner write its JSON, or name the format: --format NAME".to_owned(),
                ReadError::NoProof(_) => "run the scanner again and let it finish".to_owned(),
                ReadError::Encoding => "let the scanner write the file itself instead of redirecting it".to_owned(),
                _ => format!("look at the report with: jq . {source_name}"),
            },
            Self::Faulty { .. } => "run the scanner again and let it finish".to_owned(),
            Self::Incomplete(_) => "fetch every page, and name all of them".to_owned(),
            Self::NoScanner(scanner) => format!("name the report of {scanner} too: scan-gate REPORT REPORT"),
            Self::Undated(_) | Self::Stale { .. } => "run the scanner again".to_owned(),
            Self::OtherImage { .. } => "scan the image that is released".to_owned(),
            Self::NoImage(_) => "scan the image itself, by its digest".to_owned(),
            Self::TwoImages { .. } => {
                "if both name the same image, say so: --expect-image DIGEST --expect-image DIGEST".to_owned()
            }
        }
    }
}

/// What is asked of the reports as proof.
#[derive(Clone, Copy, Debug)]
pub struct Demands<'a> {
    /// The digests of the image that is released; empty if it is not known.
    pub image: &'a [Digest],
    /// The scanners that must have reported.
    pub scanners: &'a [String],
    /// How old a report may be.
    pub max_age: Option<Duration>,
}

/// Takes the reports out of their sources, and says what keeps them from being proof.
#[must_use]
pub fn examine(sources: Vec<Source>, demands: Demands<'_>, now: Timestamp) -> (Vec<(String, Inspection)>, Vec<Doubt>) {
    let mut reports = Vec::new();
    let mut doubts = Vec::new();
    for source in sources {
        match source.outcome {
            Ok(inspections) => {
                reports.extend(inspections.into_iter().map(|inspection| (source.name.clone(), inspection)));
            }
            Err(cause) => doubts.push(Doubt::Unread { source_name: source.name, cause }),
        }
    }
    for (name, inspection) in &reports {
        let faulty = |cause: &String| Doubt::Faulty { name: name.clone(), cause: cause.clone() };
        doubts.extend(inspection.faults.iter().map(faulty));
    }
    let inspections: Vec<&Inspection> = reports.iter().map(|(_, inspection)| inspection).collect();
    doubts.extend(part::missing(&inspections).into_iter().map(Doubt::Incomplete));
    doubts.extend(absent(&inspections, demands.scanners));
    let limit = demands.max_age;
    doubts.extend(reports.iter().filter_map(|(name, inspection)| stale(name, inspection, limit?, now)));
    doubts.extend(images(&reports, demands.image));
    (reports, doubts)
}

fn absent(inspections: &[&Inspection], scanners: &[String]) -> Vec<Doubt> {
    let is_there = |scanner: &str| {
        let is_it = |name: &str| name.eq_ignore_ascii_case(scanner);
        inspections.iter().any(|inspection| is_it(&inspection.scanner) || is_it(inspection.format))
    };
    scanners.iter().filter(|scanner| !is_there(scanner)).cloned().map(Doubt::NoScanner).collect()
}

fn stale(name: &str, inspection: &Inspection, limit: Duration, now: Timestamp) -> Option<Doubt> {
    let name = name.to_owned();
    let Some(made) = inspection.created_at.as_deref().and_then(age::moment) else {
        return Some(Doubt::Undated(name));
    };
    let age = age::age(made, now);
    let is_recent = age.is_some_and(|age| age <= signed(limit));
    (!is_recent).then_some(Doubt::Stale { name, age, limit })
}

fn images(reports: &[(String, Inspection)], expected: &[Digest]) -> Vec<Doubt> {
    let named: Vec<&(String, Inspection)> = reports.iter().filter(|(_, report)| !report.digests.is_empty()).collect();
    if expected.is_empty() {
        return two_images(&named).into_iter().collect();
    }
    if named.is_empty() && !reports.is_empty() {
        return vec![Doubt::NoImage(listed(expected))];
    }
    let others = named.iter().filter(|(_, report)| !report.digests.iter().any(|digest| expected.contains(digest)));
    let doubt = |(name, report): &&(String, Inspection)| Doubt::OtherImage {
        name: name.clone(),
        found: listed(&report.digests),
        expected: listed(expected),
    };
    others.map(doubt).collect()
}

/// Without a release to compare with, the reports must be linked by the digests that they name.
fn two_images(named: &[&(String, Inspection)]) -> Option<Doubt> {
    let (first, rest) = named.split_first()?;
    let mut linked = first.1.digests.clone();
    let mut waiting: Vec<_> = rest.to_vec();
    loop {
        let (near, far): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(_, report)| report.digests.iter().any(|digest| linked.contains(digest)));
        if near.is_empty() {
            let (name, report) = far.first()?;
            return Some(Doubt::TwoImages {
                one: first.0.clone(),
                of_one: listed(&first.1.digests),
                other: name.clone(),
                of_other: listed(&report.digests),
            });
        }
        linked.extend(near.iter().flat_map(|(_, report)| report.digests.clone()));
        waiting = far;
    }
}

fn listed(digests: &[Digest]) -> String {
    digests.iter().map(Digest::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(digit: char) -> Digest {
        format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
    }

    fn report(digits: &str, created_at: &str) -> Source {
        let inspection = Inspection {
            format: "trivy",
            scanner: "trivy".to_owned(),
            digests: digits.chars().map(digest).collect(),
            created_at: Some(created_at.to_owned()),
            ..Inspection::default()
        };
        Source { name: digits.to_owned(), outcome: Ok(vec![inspection]) }
    }

    fn codes(sources: Vec<Source>, image: &str, scanners: &[&str], max_age: Option<u64>) -> Vec<&'static str> {
        let image: Vec<Digest> = image.chars().map(digest).collect();
        let scanners: Vec<String> = scanners.iter().map(ToString::to_string).collect();
        let max_age = max_age.map(Duration::from_secs);
        let demands = Demands { image: &image, scanners: &scanners, max_age };
        let now = "2026-01-02T00:00:00Z".parse().unwrap();
        examine(sources, demands, now).1.iter().map(Doubt::code).collect()
    }

    const DAY_BEFORE: &str = "2026-01-01T00:00:00Z";

    #[test]
    fn reports_must_be_about_the_image_that_is_released() {
        let reports = |digits: &[&str]| digits.iter().map(|digits| report(digits, DAY_BEFORE)).collect::<Vec<_>>();
        assert_eq!(codes(reports(&["a"]), "ab", &[], None), [""; 0]);
        assert_eq!(codes(reports(&["a", "b", ""]), "ab", &[], None), [""; 0]);
        assert_eq!(codes(reports(&["a", "c"]), "ab", &[], None), ["report.other_image"]);
        assert_eq!(codes(reports(&[""]), "ab", &[], None), ["report.no_image"]);
    }

    #[test]
    fn without_a_release_the_reports_must_be_about_one_image() {
        let reports = |digits: &[&str]| digits.iter().map(|digits| report(digits, DAY_BEFORE)).collect::<Vec<_>>();
        assert_eq!(codes(reports(&["a", "", "a"]), "", &[], None), [""; 0]);
        assert_eq!(codes(reports(&["a", "bc", "ab"]), "", &[], None), [""; 0]);
        assert_eq!(codes(reports(&["a", "b"]), "", &[], None), ["report.two_images"]);
    }

    #[test]
    fn a_report_must_be_recent_and_say_so() {
        let of = |created_at: &str, limit: u64| codes(vec![report("a", created_at)], "", &[], Some(limit));
        assert_eq!(of(DAY_BEFORE, 86_400), [""; 0]);
        assert_eq!(of(DAY_BEFORE, 86_399), ["report.stale"]);
        assert_eq!(of("2026-02-01T00:00:00Z", 86_400), ["report.stale"]);
        assert_eq!(of("once", 86_400), ["report.undated"]);
    }

    #[test]
    fn a_scanner_that_is_demanded_must_have_reported() {
        let reports = || vec![report("a", DAY_BEFORE)];
        assert_eq!(codes(reports(), "", &["Trivy"], None), [""; 0]);
        assert_eq!(codes(reports(), "", &["trivy", "grype"], None), ["report.missing_scanner"]);
    }

    #[test]
    fn what_cannot_be_read_is_told_beside_what_can() {
        let broken = Source { name: "b".to_owned(), outcome: Err(ReadError::Empty) };
        assert_eq!(
            codes(vec![report("a", DAY_BEFORE), broken], "", &["grype"], None),
            ["report.empty", "report.missing_scanner"]
        );
    }
}

//! The verdict: which issues shut the gate, and why. Pure.

pub mod alias;
pub mod baseline;
pub mod issue;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::finding::Fix;
use crate::inspection::Inspection;
use crate::judge::alias::Aliases;
use crate::judge::baseline::{Baseline, Fingerprint};
use crate::judge::issue::{Issue, Keyed, Row, issues};
use crate::policy::{Policy, SeverityFrom, Unknown};
use crate::severity::{Rating, Severity};
use crate::threat::exploit_prediction::ExploitPrediction;
use crate::threat::known_exploited::KnownExploited;
use crate::waiver::{Ruling, Seen, Waiver, rule};

/// What the reports are judged by, beside the policy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// Statements that findings need not count.
    pub waivers: &'a [Waiver],
    /// What is known to be exploited.
    pub known_exploited: Option<&'a KnownExploited>,
    /// How probable exploitation is.
    pub exploit_prediction: Option<&'a ExploitPrediction>,
    /// What was there before.
    pub baseline: Option<&'a Baseline>,
}

/// How many issues there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Critical ones.
    pub critical: usize,
    /// High ones.
    pub high: usize,
    /// Medium ones.
    pub medium: usize,
    /// Low ones.
    pub low: usize,
    /// Those worth knowing.
    pub info: usize,
    /// Those of unknown severity.
    pub unknown: usize,
    /// Gates that are shut and alarms that are on in the reporting tools themselves.
    pub failed: usize,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, rating: Rating) {
        *self.place(rating) += 1;
    }

    /// How many there are of a rating.
    #[must_use]
    pub fn of(mut self, rating: Rating) -> usize {
        *self.place(rating)
    }

    /// How many there are.
    #[must_use]
    pub fn all(self) -> usize {
        self.critical + self.high + self.medium + self.low + self.info + self.unknown + self.failed
    }

    fn place(&mut self, rating: Rating) -> &mut usize {
        match rating {
            Rating::Known(Severity::Critical) => &mut self.critical,
            Rating::Known(Severity::High) => &mut self.high,
            Rating::Known(Severity::Medium) => &mut self.medium,
            Rating::Known(Severity::Low) => &mut self.low,
            Rating::Known(Severity::Info) => &mut self.info,
            Rating::Unknown => &mut self.unknown,
            Rating::Failed => &mut self.failed,
        }
    }
}

/// Why an issue shuts the gate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// Its severity is at or above the threshold.
    Severity(Severity),
    /// There are more of its severity than are let through.
    TooMany {
        /// Its severity.
        rating: Rating,
        /// How many there are.
        found: usize,
        /// How many are let through.
        limit: usize,
    },
    /// Nobody knows its severity.
    Unknown,
    /// The reporting tool itself says no.
    Failed,
    /// Its CVSS score is at or above the threshold.
    Cvss(f32),
    /// It is known to be exploited.
    KnownExploited,
    /// It is probably going to be exploited.
    Epss(f32),
}

/// Why an issue that would count does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exemption {
    /// There is no fix for it.
    NoFix,
    /// It was there before.
    Persisting,
}

/// An issue, judged.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// The issue.
    pub issue: Issue<'a>,
    /// Its severity, from whom the policy says.
    pub rating: Rating,
    /// Its worst CVSS score, from whom the policy says.
    pub score: Option<f32>,
    /// Whether it is known to be exploited.
    pub known_exploited: bool,
    /// The probability that it will be, within 30 days.
    pub epss: Option<f32>,
    /// Whether it was not in the baseline, or not as bad; `None` without a baseline.
    pub is_new: Option<bool>,
    /// What lets it through.
    pub exemption: Option<Exemption>,
    /// Why it shuts the gate; empty if it does not.
    pub reasons: Vec<Reason>,
}

/// A finding that a statement silences.
#[derive(Clone, Copy, Debug)]
pub struct Waived<'a> {
    /// The finding.
    pub row: Row<'a>,
    /// The statement's place in the list of all.
    pub waiver: usize,
}

/// The verdict.
#[derive(Debug, Default)]
pub struct Verdict<'a> {
    /// All issues that were not waived, worst first, then by id and package.
    pub issues: Vec<Judged<'a>>,
    /// They by severity.
    pub counts: Counts,
    /// Findings that statements silence.
    pub waived: Vec<Waived<'a>>,
    /// Findings that the scanners themselves do not count.
    pub suppressed: usize,
    /// For each statement, how many findings it is about.
    pub uses: Vec<usize>,
    /// How many issues the baseline has and the reports have not.
    pub fixed: Option<usize>,
}

impl<'a> Verdict<'a> {
    /// The issues that shut the gate, worst first.
    pub fn violations(&self) -> impl Iterator<Item = &Judged<'a>> {
        self.issues.iter().filter(|judged| !judged.reasons.is_empty())
    }
}

/// Judges what the reports say.
#[must_use]
pub fn judge<'a>(
    inspections: &'a [&Inspection],
    aliases: &'a Aliases,
    policy: &Policy,
    evidence: Evidence<'_>,
    now: Timestamp,
) -> Verdict<'a> {
    let mut verdict = Verdict { uses: vec![0; evidence.waivers.len()], ..Verdict::default() };
    let mut live = Vec::new();
    for (inspection, report) in inspections.iter().zip(0..) {
        for finding in &inspection.findings {
            if finding.suppressed.is_some() {
                verdict.suppressed += 1;
                continue;
            }
            let row = Row { finding, report };
            let (scanner, digests) = (&*inspection.scanner, &*inspection.digests);
            let seen = Seen { finding, canonical: aliases.canonical(finding), scanner, digests };
            for (used, waiver) in verdict.uses.iter_mut().zip(evidence.waivers) {
                *used += usize::from(waiver.is_about(seen));
            }
            match rule(evidence.waivers, seen, now) {
                Ruling::Counts => live.push(Keyed::new(row, aliases)),
                Ruling::Silenced(waiver) => verdict.waived.push(Waived { row, waiver }),
            }
        }
    }
    let mut seen = HashMap::new();
    verdict.issues = issues(live, aliases, |issue| weigh(issue, policy, evidence, &mut seen));
    for judged in &verdict.issues {
        verdict.counts.add(judged.rating);
    }
    verdict.fixed = evidence.baseline.map(|baseline| baseline.missing_from(&verdict.issues));
    decide(&mut verdict.issues, policy);
    verdict.issues.sort_unstable_by(worst_first);
    verdict
}

fn worst_first(a: &Judged<'_>, b: &Judged<'_>) -> std::cmp::Ordering {
    let badness = |judged: &Judged<'_>| (judged.rating.badness(), judged.known_exploited);
    let epss = |judged: &Judged<'_>| judged.epss.unwrap_or_default();
    let (first, second) = (a.issue.first(), b.issue.first());
    badness(b)
        .cmp(&badness(a))
        .then_with(|| epss(b).total_cmp(&epss(a)))
        .then_with(|| (first.kind, a.issue.id).cmp(&(second.kind, b.issue.id)))
        .then_with(|| (first.subject(), &first.version).cmp(&(second.subject(), &second.version)))
}

/// Learns what there is to know about an issue. `seen` counts those that had the same fingerprint.
fn weigh<'a>(
    issue: Issue<'a>,
    policy: &Policy,
    evidence: Evidence<'_>,
    seen: &mut HashMap<Fingerprint, usize>,
) -> Judged<'a> {
    let ids = || issue.rows.iter().flat_map(|row| row.finding.ids());
    let listed = evidence.known_exploited.is_some_and(|known| ids().any(|id| known.contains(id)));
    let predicted = evidence.exploit_prediction.and_then(|predictions| {
        let scores = ids().filter_map(|id| predictions.of(id)).map(|prediction| prediction.epss);
        scores.reduce(f32::max)
    });
    let reported = issue.rows.iter().filter_map(|row| row.finding.epss).reduce(f32::max);
    let known_exploited = listed || issue.rows.iter().any(|row| row.finding.known_exploited);
    let rating = rating(&issue, policy.severity_from);
    let is_new = evidence.baseline.map(|baseline| {
        let fingerprint = issue.fingerprint();
        let earlier = seen.entry(fingerprint).or_default();
        *earlier += 1;
        !baseline.has_more_than(*earlier - 1, fingerprint, rating)
    });
    let has_no_fix = issue.rows.iter().all(|row| row.finding.fix == Fix::None);
    let exemption = match is_new {
        Some(false) if rating != Rating::Failed && !known_exploited => Some(Exemption::Persisting),
        _ if policy.fixable_only && has_no_fix && !known_exploited && rating != Rating::Failed => {
            Some(Exemption::NoFix)
        }
        _ => None,
    };
    let score = score(&issue, policy.severity_from);
    let epss = predicted.into_iter().chain(reported).reduce(f32::max);
    Judged { issue, rating, score, known_exploited, epss, is_new, exemption, reasons: Vec::new() }
}

/// Gives the issues that shut the gate their reasons.
fn decide(issues: &mut [Judged<'_>], policy: &Policy) {
    let taken_for = |rating: Rating| match (rating, policy.unknown) {
        (Rating::Unknown, Unknown::As(severity)) => Rating::Known(severity),
        _ => rating,
    };
    let mut found: BTreeMap<Rating, usize> = BTreeMap::new();
    for judged in issues.iter().filter(|judged| judged.exemption.is_none()) {
        *found.entry(taken_for(judged.rating)).or_default() += 1;
    }
    for judged in issues.iter_mut().filter(|judged| judged.exemption.is_none()) {
        let rating = taken_for(judged.rating);
        let found = found.get(&rating).copied().unwrap_or_default();
        judged.reasons.extend(by_rating(rating, found, policy));
        let reached =
            |value: Option<f32>, limit: Option<f32>| value.filter(|value| limit.is_some_and(|limit| *value >= limit));
        judged.reasons.extend(reached(judged.score, policy.cvss).map(Reason::Cvss));
        judged.reasons.extend(judged.known_exploited.then_some(Reason::KnownExploited));
        judged.reasons.extend(reached(judged.epss, policy.epss_at_least).map(Reason::Epss));
    }
}

fn by_rating(rating: Rating, found: usize, policy: &Policy) -> Option<Reason> {
    if let Some(limit) = policy.max.of(rating) {
        return (found > limit).then_some(Reason::TooMany { rating, found, limit });
    }
    match rating {
        Rating::Known(severity) => (severity >= policy.fail_on).then_some(Reason::Severity(severity)),
        Rating::Unknown => (policy.unknown == Unknown::Fail).then_some(Reason::Unknown),
        Rating::Failed => Some(Reason::Failed),
    }
}

/// Sources that look at vulnerabilities for everybody: they are no vendors of the package.
const NO_VENDORS: [&str; 8] = ["nvd", "ghsa", "github", "glad", "gitlab", "osv", "inspector", "ecr"];

fn is_from(from: SeverityFrom, by: &str) -> bool {
    match from {
        SeverityFrom::Max => true,
        SeverityFrom::Scanner => false,
        SeverityFrom::Nvd => by.eq_ignore_ascii_case("nvd"),
        SeverityFrom::Vendor => !NO_VENDORS.iter().any(|other| by.eq_ignore_ascii_case(other)),
    }
}

/// The severity of an issue. Where one says it and another does not know, it is known.
fn rating(issue: &Issue<'_>, from: SeverityFrom) -> Rating {
    let findings = || issue.rows.iter().map(|row| row.finding);
    let own = || by_report(issue).into_iter();
    let said = findings().flat_map(|finding| finding.said.iter()).filter(|said| is_from(from, &said.by));
    let scored = findings().flat_map(|finding| finding.scores.iter()).filter(|score| is_from(from, &score.by));
    let bands = scored.map(|score| Rating::of_score(score.value));
    let others = worst(said.map(|said| said.rating)).filter(|rating| *rating != Rating::Unknown);
    let others = match from {
        SeverityFrom::Max => worst(others.into_iter().chain(bands).chain(own())),
        _ => others.or_else(|| worst(bands)).filter(|rating| *rating != Rating::Unknown),
    };
    // A gate that is shut is no matter of whose severity counts.
    if own().any(|rating| rating == Rating::Failed) {
        return Rating::Failed;
    }
    others.or_else(|| worst(own())).unwrap_or(Rating::Unknown)
}

/// The worst that each report says. Unknown stands above high there, for what a scanner says of one finding it does not say of the next.
fn by_report(issue: &Issue<'_>) -> Vec<Rating> {
    let same = |a: &Row<'_>, b: &Row<'_>| a.report == b.report;
    let worst = |rows: &[Row<'_>]| rows.iter().map(|row| row.finding.rating).max_by_key(|rating| rating.badness());
    issue.rows.chunk_by(same).filter_map(worst).collect()
}

/// The worst of what is known; unknown only if nothing is.
fn worst(ratings: impl Iterator<Item = Rating>) -> Option<Rating> {
    ratings.max_by_key(|rating| if *rating == Rating::Unknown { 0 } else { rating.badness() + 1 })
}

/// The worst CVSS score of an issue.
fn score(issue: &Issue<'_>, from: SeverityFrom) -> Option<f32> {
    let scores = || issue.rows.iter().flat_map(|row| row.finding.scores.iter());
    let chosen = scores().filter(|score| is_from(from, &score.by)).map(|score| score.value).reduce(f32::max);
    chosen.or_else(|| scores().map(|score| score.value).reduce(f32::max))
}

#[cfg(test)]
mod tests;

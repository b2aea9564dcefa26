//! From the verdict to the section that is written.

use std::collections::{BTreeMap, BTreeSet};

use contract::Digest;
use jiff::{SignedDuration, Timestamp};

use super::explain::{self, Explanation};
use super::{
    Applied, Change, Doubted, Inspected, SHOWN, Scan, SeverityCounts, Source, Statement, Violation, WaivedFinding,
    WaiverUse, shown,
};
use crate::finding::{Finding, Fix, Kind, Text};
use crate::inspection::Inspection;
use crate::judge::baseline::Fingerprints;
use crate::judge::{Counts, Evidence, Exemption, Judged, Reason, Verdict, Waived};
use crate::policy::Policy;
use crate::proof::Doubt;
use crate::severity::Rating;
use crate::waiver::{Effect, Waiver};

/// How long before its end a statement is told to a person.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What a section is made of.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    /// The reports, each with the name of its source.
    pub reports: &'a [(String, Inspection)],
    /// What keeps them from being proof.
    pub doubts: &'a [Doubt],
    /// What was asked.
    pub policy: &'a Policy,
    /// What they were judged by.
    pub evidence: Evidence<'a>,
    /// What is to be said about the waiver files.
    pub waiver_notes: &'a [String],
    /// The verdict.
    pub verdict: &'a Verdict<'a>,
    /// The id to explain.
    pub explain: Option<&'a str>,
    /// How many violations are written out.
    pub shown: usize,
    /// When the verdict was made.
    pub now: Timestamp,
}

impl Scan {
    /// The section for a verdict.
    #[must_use]
    pub fn new(material: Material<'_>) -> Self {
        let Material { reports, doubts, policy, evidence, verdict, .. } = material;
        let violations_total = verdict.violations().count();
        let known = evidence.known_exploited.map(|known| Source {
            version: Some(known.version.clone()),
            made_at: known.released.clone(),
            issues: verdict.issues.iter().filter(|judged| judged.known_exploited).count(),
        });
        let predicted = evidence.exploit_prediction.map(|predictions| Source {
            version: predictions.model.clone(),
            made_at: predictions.date.clone(),
            issues: verdict.issues.iter().filter(|judged| judged.epss.is_some()).count(),
        });
        Self {
            ok: doubts.is_empty() && violations_total == 0,
            digests: digests(reports),
            policy: applied(policy),
            reports: reports.iter().map(|(name, inspection)| inspected(name, inspection)).collect(),
            doubts: doubts
                .iter()
                .map(|doubt| Doubted { code: doubt.code(), message: shown(&doubt.to_string()) })
                .collect(),
            counts: verdict.counts.into(),
            violations_total,
            violations: verdict.violations().take(material.shown).map(|judged| violation(judged, reports)).collect(),
            without_fix_total: exempt(verdict, Exemption::NoFix),
            disputed_total: verdict.issues.iter().filter(|judged| is_disputed(judged)).count(),
            waived_total: verdict.waived.len(),
            waived: verdict.waived.iter().take(SHOWN).map(|waived| waived_finding(*waived, evidence.waivers)).collect(),
            suppressed_total: verdict.suppressed,
            waivers: waiver_use(material),
            baseline: verdict.fixed.map(|fixed| Change {
                new: verdict.issues.iter().filter(|judged| judged.is_new == Some(true)).count(),
                persisting: verdict.issues.iter().filter(|judged| judged.is_new == Some(false)).count(),
                fixed,
            }),
            known_exploited: known,
            exploit_prediction: predicted,
            explanation: explanation(material),
            fingerprints: doubts.is_empty().then(|| Fingerprints::of(&verdict.issues)),
        }
    }
}

fn digests(reports: &[(String, Inspection)]) -> Vec<Digest> {
    let mut digests: Vec<Digest> = Vec::new();
    for digest in reports.iter().flat_map(|(_, inspection)| &inspection.digests) {
        if !digests.contains(digest) {
            digests.push(digest.clone());
        }
    }
    digests
}

fn explanation(material: Material<'_>) -> Option<Explanation> {
    material.explain.map(|id| explain::explain(id, material.reports, material.verdict, material.evidence.waivers))
}

fn applied(policy: &Policy) -> Applied {
    Applied {
        fail_on: policy.fail_on,
        max: policy.max.to_string(),
        cvss: policy.cvss,
        fixable_only: policy.fixable_only,
        severity_from: policy.severity_from,
        epss_at_least: policy.epss_at_least,
    }
}

fn exempt(verdict: &Verdict<'_>, exemption: Exemption) -> usize {
    verdict.issues.iter().filter(|judged| judged.exemption == Some(exemption)).count()
}

fn inspected(name: &str, inspection: &Inspection) -> Inspected {
    let mut counts: BTreeMap<Kind, Counts> = BTreeMap::new();
    let counted = || inspection.findings.iter().filter(|finding| finding.suppressed.is_none());
    for finding in counted() {
        counts.entry(finding.kind).or_default().add(finding.rating);
    }
    let text = |text: &Option<String>| text.as_deref().map(shown);
    Inspected {
        source: name.to_owned(),
        format: inspection.format,
        scanner: shown(&inspection.scanner),
        scanner_version: text(&inspection.scanner_version),
        target: inspection.target.as_deref().map(|target| shown(&without_credentials(target))),
        created_at: text(&inspection.created_at),
        database_at: text(&inspection.database_at),
        findings: inspection.findings.len(),
        declared: inspection.declared,
        counts: counts.into_iter().map(|(kind, counts)| (kind, counts.into())).collect(),
        suppressed: inspection.findings.len() - counted().count(),
        filters: inspection.filters.iter().map(|filter| shown(filter)).collect(),
        notes: inspection.notes.iter().map(|note| shown(note)).collect(),
    }
}

/// A repository's address may carry a name and a password.
fn without_credentials(target: &str) -> String {
    let Some((scheme, rest)) = target.split_once("://") else { return target.to_owned() };
    let host = rest.find('/').unwrap_or(rest.len());
    let behind = rest[..host].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[behind..])
}

fn violation(judged: &Judged<'_>, reports: &[(String, Inspection)]) -> Violation {
    let first = judged.issue.first();
    let findings = || judged.issue.rows.iter().map(|row| row.finding);
    let some = |text: &Text| (!text.is_empty()).then(|| shown(text));
    let fixed = findings().find_map(|finding| match &finding.fix {
        Fix::Version(version) => Some(shown(version)),
        Fix::None | Fix::Unsaid => None,
    });
    let other_ids = findings().flat_map(Finding::ids).filter(|id| ***id != *judged.issue.id);
    Violation {
        id: shown(judged.issue.id),
        aliases: other_ids.map(|id| shown(id)).collect::<BTreeSet<_>>().into_iter().take(SHOWN).collect(),
        kind: first.kind,
        severity: judged.rating.word(),
        said: said(judged, reports),
        reasons: judged.reasons.iter().map(in_words).collect(),
        package: shown(&first.package),
        version: some(&first.version),
        purl: findings().find_map(|finding| some(&finding.purl)),
        fixed,
        place: findings().find_map(|finding| some(&finding.place)),
        line: first.line,
        findings: judged.issue.rows.len(),
        scanners: scanners(judged, reports),
        cvss: judged.score,
        epss: judged.epss,
        known_exploited: judged.known_exploited,
        title: findings().find_map(|finding| some(&finding.title)),
    }
}

fn scanners(judged: &Judged<'_>, reports: &[(String, Inspection)]) -> Vec<String> {
    let names = judged.issue.rows.iter().map(|row| scanner(row.report, reports));
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

fn scanner(report: u32, reports: &[(String, Inspection)]) -> String {
    let report = usize::try_from(report).ok().and_then(|place| reports.get(place));
    report.map(|(_, inspection)| shown(&inspection.scanner)).unwrap_or_default()
}

/// Whether those who know the severity disagree.
fn is_disputed(judged: &Judged<'_>) -> bool {
    let others = judged.issue.rows.iter().flat_map(|row| row.finding.said.iter().map(|said| said.rating));
    let own = judged.issue.rows.iter().map(|row| row.finding.rating);
    let mut known = own.chain(others).filter(|rating| *rating != Rating::Unknown);
    let one = known.next();
    known.any(|rating| Some(rating) != one)
}

/// Who says what of the severity; empty if all who know it agree.
fn said(judged: &Judged<'_>, reports: &[(String, Inspection)]) -> BTreeMap<String, &'static str> {
    if !is_disputed(judged) {
        return BTreeMap::new();
    }
    let mut said: BTreeMap<String, Rating> = BTreeMap::new();
    let mut add = |by: String, rating: Rating| {
        let worst = said.entry(by).or_insert(rating);
        *worst = if worst.badness() < rating.badness() { rating } else { *worst };
    };
    for row in judged.issue.rows.iter() {
        add(scanner(row.report, reports), row.finding.rating);
        row.finding.said.iter().for_each(|said| add(shown(&said.by), said.rating));
    }
    said.into_iter().map(|(by, rating)| (by, rating.word())).collect()
}

/// Why an issue shuts the gate, for people.
pub(crate) fn in_words(reason: &Reason) -> String {
    match reason {
        Reason::Severity(severity) => format!("its severity is at or above {}", severity.word()),
        Reason::TooMany { rating, found, limit } => {
            format!("there are {found} {} issues, and {limit} are let through", rating.word())
        }
        Reason::Unknown => "nobody knows its severity".to_owned(),
        Reason::Failed => "the reporting tool itself says no".to_owned(),
        Reason::Cvss(score) => format!("its CVSS score is {score}"),
        Reason::KnownExploited => "it is known to be exploited".to_owned(),
        Reason::Epss(epss) => format!("it is exploited within 30 days with a probability of {epss}"),
    }
}

fn waived_finding(waived: Waived<'_>, waivers: &[Waiver]) -> WaivedFinding {
    let finding = waived.row.finding;
    WaivedFinding {
        id: shown(&finding.id),
        severity: finding.rating.word(),
        subject: shown(finding.subject()),
        by: statement(&waivers[waived.waiver]),
    }
}

pub(crate) fn statement(waiver: &Waiver) -> Statement {
    let reason = match &waiver.effect {
        Effect::Void(why) => why,
        Effect::Silences | Effect::Affirms => &waiver.reason,
    };
    Statement {
        file: waiver.origin.file.clone(),
        format: waiver.origin.format,
        place: shown(&waiver.origin.place),
        reason: shown(reason),
        expires: waiver.expires.map(|expires| expires.to_string()),
    }
}

fn waiver_use(material: Material<'_>) -> Option<WaiverUse> {
    let waivers = material.evidence.waivers;
    if waivers.is_empty() && material.waiver_notes.is_empty() {
        return None;
    }
    let now = material.now;
    let is_used = |place: usize| material.verdict.uses.get(place).is_some_and(|uses| *uses > 0);
    let those = |wanted: &dyn Fn(usize, &Waiver) -> bool| {
        let found = waivers.iter().enumerate().filter(|(place, waiver)| wanted(*place, waiver));
        found.map(|(_, waiver)| statement(waiver)).collect::<Vec<_>>()
    };
    let is_void = |waiver: &Waiver| matches!(waiver.effect, Effect::Void(_));
    let is_soon = |waiver: &Waiver| waiver.expires.is_some_and(|expires| expires.duration_since(now) <= SOON);
    let mut unused = those(&|place, waiver| !is_used(place) && !is_void(waiver));
    let unused_total = unused.len();
    unused.truncate(SHOWN);
    Some(WaiverUse {
        total: waivers.len(),
        expired: those(&|place, waiver| is_used(place) && !is_void(waiver) && waiver.is_expired(now)),
        expiring: those(&|_, waiver| !is_void(waiver) && !waiver.is_expired(now) && is_soon(waiver)),
        unused_total,
        unused,
        void: those(&|_, waiver| is_void(waiver)),
        notes: material.waiver_notes.iter().map(|note| shown(note)).collect(),
    })
}

impl From<Counts> for SeverityCounts {
    fn from(counts: Counts) -> Self {
        let Counts { critical, high, medium, low, info, unknown, failed } = counts;
        Self { critical, high, medium, low, info, unknown, failed }
    }
}

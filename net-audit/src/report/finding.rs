//! Findings, waivers, and what could not be said, as they are written.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::finding::{Confidence, Money, Remedy, Resource, Severity};
use crate::audit::judge::{Ending, Judgement, Located};
use crate::audit::rule::Rule;
use crate::audit::waiver::Waiver;

use super::money::cents;

/// Findings by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SeverityCounts {
    /// The door is open.
    pub critical: usize,
    /// Harm is near.
    pub high: usize,
    /// One mistake away from harm, or costs.
    pub medium: usize,
    /// Untidy, or costs a little.
    pub low: usize,
    /// Good to know.
    pub info: usize,
}

/// Something that is wrong.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FindingReport {
    /// The rule.
    pub id: Rule,
    /// How bad it is here.
    pub severity: Severity,
    /// What is wrong.
    pub title: String,
    /// What it is about; the first one is what is to be changed.
    pub resources: Vec<Resource>,
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<String>,
    /// The availability zones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub availability_zones: Vec<String>,
    /// The routes, rules and addresses that prove it.
    pub proof: Vec<String>,
    /// What sits there and is hit by it.
    pub blast_radius: String,
    /// What it costs, if it costs anything that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What to do.
    pub remedy: Remedy,
    /// The waiver that would silence it, had it not expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiver_expired: Option<String>,
}

/// A finding that a waiver silences.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WaivedReport {
    /// The finding.
    #[serde(flatten)]
    pub finding: FindingReport,
    /// The waiver's place.
    pub waiver: String,
    /// Its reason.
    pub reason: String,
    /// The last day on which it holds, in UTC.
    pub expires: String,
}

/// Something that is to be said about a waiver.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WaiverReport {
    /// Its place.
    pub waiver: String,
    /// What is to be said: `it silences nothing`, `it expired on 2026-01-31`.
    pub note: String,
}

/// A rule that could not be asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UnansweredReport {
    /// The rule.
    pub id: Rule,
    /// How much it counts that it could not be asked.
    pub severity: Severity,
    /// The region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What it could not be asked about; all if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// What is missing.
    pub missing: String,
}

impl SeverityCounts {
    /// Counts what no waiver silences.
    pub(super) fn of(judgement: &Judgement<'_>) -> Self {
        let mut counts = Self::default();
        for located in &judgement.counting {
            *counts.place(located.finding.severity) += 1;
        }
        counts
    }

    fn place(&mut self, severity: Severity) -> &mut usize {
        match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
            Severity::Info => &mut self.info,
        }
    }
}

impl FindingReport {
    fn new(located: Located<'_>, judgement: &Judgement<'_>) -> Self {
        let finding = located.finding;
        let expired = located.expired.and_then(|at| judgement.waivers.get(at));
        Self {
            id: finding.rule,
            severity: finding.severity,
            title: finding.title.clone(),
            resources: finding.resources.clone(),
            account: located.account.map(str::to_owned),
            region: located.region.map(str::to_owned),
            vpc: finding.vpc.clone(),
            availability_zones: finding.availability_zones.clone(),
            proof: finding.proof.clone(),
            blast_radius: finding.blast_radius.clone(),
            money: finding.money.clone().map(|money| Money {
                monthly: cents(money.monthly),
                saving: cents(money.saving),
                saving_up_to: money.saving_up_to.map(cents),
                ..money
            }),
            confidence: finding.confidence,
            remedy: finding.remedy.clone(),
            waiver_expired: expired.map(|waiver| format!("{} on {}", waiver.origin, last_day(waiver))),
        }
    }
}

/// The findings that count.
pub(super) fn counting(judgement: &Judgement<'_>) -> Vec<FindingReport> {
    judgement.counting.iter().map(|located| FindingReport::new(*located, judgement)).collect()
}

/// The findings that waivers silence.
pub(super) fn waived(judgement: &Judgement<'_>) -> Vec<WaivedReport> {
    let waived = judgement.waived.iter().filter_map(|(located, at)| Some((located, judgement.waivers.get(*at)?)));
    waived
        .map(|(located, waiver)| WaivedReport {
            finding: FindingReport::new(*located, judgement),
            waiver: waiver.origin.clone(),
            reason: waiver.reason.clone(),
            expires: last_day(waiver),
        })
        .collect()
}

/// What is to be said about waivers, in their order.
pub(super) fn waivers(judgement: &Judgement<'_>) -> Vec<WaiverReport> {
    let ending = judgement.ending.iter().map(|(at, ending)| (*at, Some(*ending)));
    let ended = |at: &usize| judgement.ending.contains(&(*at, Ending::Expired));
    // An expired one silences nothing anyhow.
    let idle = judgement.idle.iter().filter(|at| !ended(at)).map(|at| (*at, None));
    let mut told: Vec<(usize, Option<Ending>)> = ending.chain(idle).collect();
    told.sort_by_key(|(at, _)| *at);
    let report = |(at, ending): (usize, Option<Ending>)| {
        let waiver = judgement.waivers.get(at)?;
        let note = match ending {
            Some(Ending::Expired) => format!("it expired on {}", last_day(waiver)),
            Some(Ending::Soon) => format!("it expires on {}", last_day(waiver)),
            None => "it silences nothing".to_owned(),
        };
        Some(WaiverReport { waiver: waiver.origin.clone(), note })
    };
    told.into_iter().filter_map(report).collect()
}

/// The last day on which a waiver holds, in UTC: an end at midnight is that of the day before.
fn last_day(waiver: &Waiver) -> String {
    let last = waiver.expires.checked_sub(SignedDuration::from_secs(1)).unwrap_or(waiver.expires);
    last.strftime("%Y-%m-%d").to_string()
}

/// The rules that could not be asked, by what is missing.
pub(super) fn unanswered(judgement: &Judgement<'_>) -> Vec<UnansweredReport> {
    let mut by_gap: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (unknown, region) in &judgement.unanswered {
        let resources = by_gap.entry((unknown.rule, *region, &unknown.gap)).or_default();
        resources.extend(unknown.resource.clone());
    }
    let reports = by_gap.into_iter().map(|((rule, region, gap), resources)| UnansweredReport {
        id: rule,
        severity: rule.severity_unanswered(),
        region: region.map(str::to_owned),
        resources,
        missing: gap.to_string(),
    });
    reports.collect()
}

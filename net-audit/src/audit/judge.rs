//! What counts of what was found: waivers, the threshold, and what could not be said. Pure.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::audit::RegionAudit;
use crate::audit::finding::{Finding, Severity, Unknown};
use crate::audit::waiver::{Ruling, Subject, Waiver, idle, rule};
use crate::classify::SubnetVerdict;
use crate::error::Error;
use crate::inventory::Inventory;
use crate::inventory::gap::Gap;
use crate::snapshot::Unseen;

/// A finding, and where it was found.
#[derive(Clone, Copy, Debug)]
pub struct Located<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// The account, if anything tells it.
    pub account: Option<&'a str>,
    /// The region, if anything tells it.
    pub region: Option<&'a str>,
    /// The waiver that would silence it, had it not expired: its place in the list.
    pub expired: Option<usize>,
}

/// What the findings come to.
#[derive(Clone, Debug)]
pub struct Judgement<'a> {
    /// The lowest severity that counts; `None` if none does.
    pub threshold: Option<Severity>,
    /// The findings that no waiver silences, the worst first.
    pub counting: Vec<Located<'a>>,
    /// The others, each with its waiver's place in the list.
    pub waived: Vec<(Located<'a>, usize)>,
    /// The waivers.
    pub waivers: &'a [Waiver],
    /// Those that silence nothing.
    pub idle: Vec<usize>,
    /// Those that have expired, and those that soon will.
    pub ending: Vec<(usize, Ending)>,
    /// Rules that could not be asked, each with its region.
    pub unanswered: Vec<(&'a Unknown, Option<&'a str>)>,
    unseen: &'a [Unseen],
    unclassified: usize,
    gaps: Vec<Gap>,
}

/// What is to be said about a waiver's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has expired.
    Expired,
    /// It will within two weeks.
    Soon,
}

/// How long before its end a waiver is told to a person, as scan-gate does.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

fn endings(waivers: &[Waiver], now: Timestamp) -> Vec<(usize, Ending)> {
    let ending = |waiver: &Waiver| match waiver.expires.duration_since(now) {
        _ if waiver.is_expired(now) => Some(Ending::Expired),
        left if left <= SOON => Some(Ending::Soon),
        _ => None,
    };
    waivers.iter().enumerate().filter_map(|(at, waiver)| Some((at, ending(waiver)?))).collect()
}

/// Judges everything that was found.
#[must_use]
pub fn judge<'a>(
    audits: &'a [RegionAudit<'a>],
    unseen: &'a [Unseen],
    waivers: &'a [Waiver],
    threshold: Option<Severity>,
    now: Timestamp,
) -> Judgement<'a> {
    let mut judgement = Judgement {
        threshold,
        counting: Vec::new(),
        waived: Vec::new(),
        waivers,
        idle: Vec::new(),
        ending: endings(waivers, now),
        unanswered: Vec::new(),
        unseen,
        unclassified: 0,
        gaps: Vec::new(),
    };
    let mut named = Vec::new();
    for audit in audits {
        named.extend(audit.findings.found.iter().map(|finding| Named::new(finding, audit.facts.inventory)));
        let region = audit.facts.inventory.region.as_deref();
        judgement.unanswered.extend(audit.findings.unknown.iter().map(|unknown| (unknown, region)));
        judgement.add_unclassified(&audit.facts.subnets);
    }
    let subjects: Vec<Subject<'_>> = named.iter().map(Named::subject).collect();
    judgement.idle = idle(waivers, &subjects);
    for (Named { located, .. }, subject) in named.iter().zip(&subjects) {
        match rule(waivers, subject, now) {
            Ruling::Counts => judgement.counting.push(*located),
            Ruling::Waived(at) => judgement.waived.push((*located, at)),
            Ruling::Expired(at) => judgement.counting.push(Located { expired: Some(at), ..*located }),
        }
    }
    judgement.sort();
    judgement
}

/// Whether a waiver silences a finding.
#[must_use]
pub fn is_waived(finding: &Finding, inventory: &Inventory, waivers: &[Waiver], now: Timestamp) -> bool {
    matches!(rule(waivers, &Named::new(finding, inventory).subject(), now), Ruling::Waived(_))
}

/// A finding with all the names that a waiver can know it by.
struct Named<'a> {
    located: Located<'a>,
    resources: Vec<(&'a str, Option<&'a str>)>,
    vpc_name: Option<&'a str>,
}

impl<'a> Named<'a> {
    fn new(finding: &'a Finding, inventory: &'a Inventory) -> Self {
        let (account, region) = (inventory.account.as_deref(), inventory.region.as_deref());
        let resources = finding.resources.iter().map(|resource| (resource.id.as_str(), resource.name.as_deref()));
        let vpc = finding.vpc.as_deref().and_then(|vpc| inventory.vpcs.get(vpc));
        Self {
            located: Located { finding, account, region, expired: None },
            resources: resources.collect(),
            vpc_name: vpc.and_then(|vpc| vpc.name()),
        }
    }

    fn subject(&self) -> Subject<'_> {
        let Located { finding, account, region, .. } = self.located;
        let (id, resources, vpc) = (finding.rule.id(), self.resources.as_slice(), finding.vpc.as_deref());
        Subject { id, resources, vpc, vpc_name: self.vpc_name, region, account }
    }
}

impl Judgement<'_> {
    fn add_unclassified(&mut self, subnets: &[SubnetVerdict<'_>]) {
        self.unclassified += subnets.iter().filter(|verdict| verdict.is_unknown()).count();
        self.gaps.extend(subnets.iter().flat_map(SubnetVerdict::gaps).cloned());
        self.gaps.sort();
        self.gaps.dedup();
    }

    fn sort(&mut self) {
        fn key<'l>(located: &Located<'l>) -> impl Ord + use<'l> {
            let finding = located.finding;
            (std::cmp::Reverse(finding.severity), finding.rule, located.region, &finding.vpc, &finding.resources)
        }
        self.counting.sort_by(|one, other| key(one).cmp(&key(other)));
        self.waived.sort_by(|(one, _), (other, _)| key(one).cmp(&key(other)));
        self.unanswered.sort();
        self.unanswered.dedup();
    }

    /// Why the answer is no: first what was found, then what cannot be said.
    #[must_use]
    pub fn refusal(&self) -> Option<Error> {
        self.found().or_else(|| self.unseen()).or_else(|| self.unclassified()).or_else(|| self.unanswered())
    }

    fn found(&self) -> Option<Error> {
        let threshold = self.threshold?;
        let findings = self.counting.iter().filter(|located| located.finding.severity >= threshold).count();
        let worst = self.counting.first().filter(|_| findings > 0)?.finding;
        let worst = format!("{} {}", worst.rule, worst.title);
        Some(Error::Found { findings, threshold, worst, unanswered: self.rules_that_count().0 })
    }

    fn unseen(&self) -> Option<Error> {
        let first = self.unseen.first()?;
        let regions = self.unseen.iter().map(|unseen| match &unseen.account {
            Some(account) => format!("{} of {account}", unseen.region),
            None => unseen.region.clone(),
        });
        Some(Error::Unseen { regions: regions.collect(), because: first.because.clone() })
    }

    fn unclassified(&self) -> Option<Error> {
        let subnets = self.unclassified;
        (subnets > 0).then(|| Error::Unknown { subnets, gaps: self.gaps.clone() })
    }

    fn unanswered(&self) -> Option<Error> {
        let (rules, gaps) = self.rules_that_count();
        (!rules.is_empty()).then_some(Error::Unanswered { rules, gaps })
    }

    /// The rules that could not be asked and would count, and what is missing for them, each once.
    fn rules_that_count(&self) -> (Vec<&'static str>, Vec<Gap>) {
        let Some(threshold) = self.threshold else { return (Vec::new(), Vec::new()) };
        let unanswered = self.unanswered.iter().map(|(unknown, _)| *unknown);
        let counting: Vec<&Unknown> =
            unanswered.filter(|unknown| unknown.rule.severity_unanswered() >= threshold).collect();
        let rules: BTreeSet<&str> = counting.iter().map(|unknown| unknown.rule.id()).collect();
        let gaps: BTreeSet<&Gap> = counting.iter().map(|unknown| &unknown.gap).collect();
        (rules.into_iter().collect(), gaps.into_iter().cloned().collect())
    }
}

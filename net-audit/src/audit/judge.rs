//! What counts of what was found: waivers, the threshold, and what could not be said. Pure.

use jiff::Timestamp;

use crate::audit::RegionAudit;
use crate::audit::finding::{Finding, Severity, Unknown};
use crate::audit::waiver::{Ruling, Subject, Waiver, idle, rule};
use crate::classify::SubnetVerdict;
use crate::error::Error;
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
    /// Rules that could not be asked, each with its region.
    pub unanswered: Vec<(&'a Unknown, Option<&'a str>)>,
    unseen: &'a [Unseen],
    unclassified: usize,
    gaps: Vec<Gap>,
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
        unanswered: Vec::new(),
        unseen,
        unclassified: 0,
        gaps: Vec::new(),
    };
    let mut subjects = Vec::new();
    for audit in audits {
        let inventory = audit.facts.inventory;
        let (account, region) = (inventory.account.as_deref(), inventory.region.as_deref());
        for finding in &audit.findings.found {
            let resources: Vec<(&str, Option<&str>)> =
                finding.resources.iter().map(|resource| (resource.id.as_str(), resource.name.as_deref())).collect();
            let vpc = finding.vpc.as_deref();
            let vpc_name = vpc.and_then(|vpc| inventory.vpcs.get(vpc)).and_then(|vpc| vpc.name());
            subjects.push((Located { finding, account, region, expired: None }, resources, vpc, vpc_name));
        }
        judgement.unanswered.extend(audit.findings.unknown.iter().map(|unknown| (unknown, region)));
        judgement.add_unclassified(&audit.facts.subnets);
    }
    let seen: Vec<Subject<'_>> = subjects
        .iter()
        .map(|(located, resources, vpc, vpc_name)| Subject {
            id: located.finding.rule.id(),
            resources,
            vpc: *vpc,
            vpc_name: *vpc_name,
            region: located.region,
            account: located.account,
        })
        .collect();
    judgement.idle = idle(waivers, &seen);
    for ((located, ..), subject) in subjects.iter().zip(&seen) {
        match rule(waivers, subject, now) {
            Ruling::Counts => judgement.counting.push(*located),
            Ruling::Waived(at) => judgement.waived.push((*located, at)),
            Ruling::Expired(at) => judgement.counting.push(Located { expired: Some(at), ..*located }),
        }
    }
    judgement.sort();
    judgement
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

    /// Why the answer is no: first what cannot be said, then what was found.
    #[must_use]
    pub fn refusal(&self) -> Option<Error> {
        if let Some(first) = self.unseen.first() {
            let regions = self.unseen.iter().map(|unseen| match &unseen.account {
                Some(account) => format!("{} of {account}", unseen.region),
                None => unseen.region.clone(),
            });
            return Some(Error::Unseen { regions: regions.collect(), because: first.because.clone() });
        }
        if self.unclassified > 0 {
            return Some(Error::Unknown { subnets: self.unclassified, gaps: self.gaps.clone() });
        }
        let threshold = self.threshold?;
        let counts = |severity: Severity| severity >= threshold;
        let mut rules: Vec<&Unknown> = self.unanswered.iter().map(|(unknown, _)| *unknown).collect();
        rules.retain(|unknown| counts(unknown.rule.severity_unanswered()));
        if !rules.is_empty() {
            let mut ids: Vec<&'static str> = rules.iter().map(|unknown| unknown.rule.id()).collect();
            ids.sort_unstable();
            ids.dedup();
            let mut gaps: Vec<Gap> = rules.iter().map(|unknown| unknown.gap.clone()).collect();
            gaps.sort();
            gaps.dedup();
            return Some(Error::Unanswered { rules: ids, gaps });
        }
        let found = self.counting.iter().filter(|located| counts(located.finding.severity)).count();
        let worst = self.counting.first().filter(|_| found > 0)?;
        let worst = format!("{} {}", worst.finding.rule, worst.finding.title);
        Some(Error::Found { findings: found, threshold, worst })
    }
}

//! What is written: the `network` section. The forms made from it are in [`form`].

mod exposure;
mod finding;
pub mod form;
mod hop;
mod metrics;
mod money;
mod subnet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::RegionAudit;
use crate::audit::difference::Difference;
use crate::audit::finding::Severity;
use crate::audit::judge::Judgement;
use crate::explain::Explanation;
use crate::facts::both::both;
use crate::money::price::Prices;
use crate::snapshot::{Estate, Unseen};

pub use exposure::{ExposureCounts, InterfaceReport, OpeningReport, StepReport};
pub use finding::{FindingReport, SeverityCounts, UnansweredReport, WaivedReport, WaiverReport};
pub use hop::HopReport;
pub use money::MoneyReport;
pub use subnet::VpcReport;
pub use subnet::{Counts, FamilyReport, GatewayReport, ProofReport, RouteTableReport, SubnetReport, UnknownReport};

/// The `network` section of the release document: what was asked for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Section {
    /// The audit.
    Audit(Box<Network>),
    /// The way from one place to another, or what stops it (`--explain`).
    Explanation {
        /// Whether there is a way.
        ok: bool,
        /// The way.
        explanation: Box<Explanation>,
    },
    /// What changed between two snapshots (`--diff`).
    Difference {
        /// Whether nothing that counts became worse.
        ok: bool,
        /// What changed.
        difference: Box<Difference>,
    },
}

/// An audit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Network {
    /// Whether every subnet could be classified, every rule that counts could be asked, and nothing that counts was found.
    pub ok: bool,
    /// The lowest severity that counts; `null` if none does.
    pub fail_on: Option<Severity>,
    /// Subnets by group.
    pub counts: Counts,
    /// The VPCs that have subnets, by region, then by id.
    pub vpcs: Vec<VpcReport>,
    /// Regions of which nothing can be said.
    pub unseen: Vec<UnseenReport>,
    /// What could not be classified, and what is missing for it.
    pub unknown: Vec<UnknownReport>,
    /// Interfaces by what the internet can do with them.
    pub exposure: ExposureCounts,
    /// Every interface that the internet can reach or may reach, and every database and load balancer, each with its proof.
    pub interfaces: Vec<InterfaceReport>,
    /// What can be reached from what is exposed.
    pub hops: Vec<HopReport>,
    /// Findings by severity, waived ones apart.
    pub finding_counts: SeverityCounts,
    /// What is wrong, the worst first.
    pub findings: Vec<FindingReport>,
    /// What a waiver silences.
    pub waived: Vec<WaivedReport>,
    /// What is to be said about the waivers: expired ones, and those that silence nothing.
    pub waivers: Vec<WaiverReport>,
    /// What it costs.
    pub money: MoneyReport,
    /// Rules that could not be asked, and what is missing for it.
    pub unanswered: Vec<UnansweredReport>,
    /// What a person should know about how the input was read.
    pub notes: Vec<String>,
}

/// A region of which nothing can be said.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UnseenReport {
    /// The account, if anything tells it.
    pub account: Option<String>,
    /// The region.
    pub region: String,
    /// Why: the call that failed, in AWS's words.
    pub because: String,
}

impl From<&Unseen> for UnseenReport {
    fn from(unseen: &Unseen) -> Self {
        let Unseen { account, region, because } = unseen.clone();
        Self { account, region, because }
    }
}

impl Network {
    /// The section for an audit and what was judged of it.
    #[must_use]
    pub fn new(audits: &[RegionAudit<'_>], judgement: &Judgement<'_>, estate: &Estate, prices: &Prices) -> Self {
        let subnets = || audits.iter().flat_map(|audit| &audit.facts.subnets);
        let (interfaces, (vpcs, hops, money)) = both(
            || audits.iter().flat_map(|audit| exposure::interfaces(&audit.facts)).collect(),
            || {
                let vpcs = audits.iter().flat_map(|audit| subnet::vpcs(&audit.facts)).collect();
                let hops = audits.iter().flat_map(|audit| hop::of(&audit.facts)).collect();
                (vpcs, hops, MoneyReport::new(audits, prices))
            },
        );
        Self {
            ok: judgement.refusal().is_none(),
            fail_on: judgement.threshold,
            counts: Counts::of(subnets()),
            vpcs,
            unknown: subnets().flat_map(subnet::unknown).collect(),
            exposure: ExposureCounts::of(audits),
            interfaces,
            hops,
            finding_counts: SeverityCounts::of(judgement),
            findings: finding::counting(judgement),
            waived: finding::waived(judgement),
            waivers: finding::waivers(judgement),
            money,
            unanswered: finding::unanswered(judgement),
            unseen: estate.unseen.iter().map(UnseenReport::from).collect(),
            notes: estate.notes.clone(),
        }
    }

    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let Counts { public, private, isolated, unknown } = self.counts;
        let subnets = public + private + isolated + unknown;
        let (vpcs, exposed) = (self.vpcs.len(), self.exposed());
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let classes = format!("{public} public, {private} private, {isolated} isolated");
        let found = self.findings.len();
        format!(
            "{subnets} subnet{} in {vpcs} VPC{}: {classes}; {exposed}; {found} finding{}{}",
            plural(subnets),
            plural(vpcs),
            plural(found),
            self.money(),
        )
    }

    fn money(&self) -> String {
        let MoneyReport { now, mended, complete, .. } = &self.money;
        let at_least = if *complete { "" } else { "at least " };
        if *now <= 0.0 {
            return String::new();
        }
        let saved =
            if (mended - now).abs() >= 0.005 { format!(", ${mended:.2} if all is mended") } else { String::new() };
        format!("; {at_least}${now:.2} a month{saved}")
    }

    fn exposed(&self) -> String {
        let exposed = match (self.exposure.exposed, self.exposure.missing.is_empty()) {
            (0, false) => "whether anything is exposed is unknown".to_owned(),
            (1, true) => "1 interface exposed".to_owned(),
            (count, true) => format!("{count} interfaces exposed"),
            (count, false) => format!("at least {count} interfaces exposed"),
        };
        match self.exposure.unknown {
            0 => exposed,
            unknown => format!("{exposed}, of {unknown} it is unknown"),
        }
    }
}

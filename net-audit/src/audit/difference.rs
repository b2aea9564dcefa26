//! What changed between two audits: what became public, what was closed: `net-audit --diff OLD NEW`. Pure.
//!
//! A deployment alone changes nothing: tasks, load balancers, functions and databases are known by what they are and where they stand, not by
//! interfaces that AWS makes anew.

mod exposures;
mod findings;
mod hops;
mod identity;
mod subnets;
mod summary;
mod table;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::address::prefix::Family;
use crate::audit::RegionAudit;
use crate::audit::finding::{Finding, Resource, Severity};
use crate::audit::rule::Rule;
use crate::classify::class::{Class, Group};
use crate::exposure::{Condition, Coverage};
use crate::facts::Facts;
use crate::inventory::gap::Gap;

/// What changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Difference {
    /// Subnets, by VPC, then by id; one entry for each family.
    pub subnets: Vec<SubnetChange>,
    /// What the internet reaches, by name.
    pub exposures: Vec<ExposureChange>,
    /// What can be reached one hop behind what is exposed: what came and what went.
    pub hops: Vec<HopChange>,
    /// What the rules say, the worst first.
    pub findings: Vec<FindingChange>,
    /// What a person should know about what was compared.
    pub notes: Vec<String>,
    /// Why something could not be compared, or not be told of one side.
    #[serde(serialize_with = "in_words")]
    #[schemars(with = "Vec<String>")]
    pub gaps: Vec<Gap>,
    /// Whether there was something that could not be compared at all.
    #[serde(skip)]
    is_partial: bool,
    /// Whether nothing of the one side is on the other: then nothing became worse or better.
    #[serde(skip)]
    is_apart: bool,
}

/// A subnet that came or went, or whose class changed, in one address family.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct SubnetChange {
    /// The VPC.
    pub vpc: String,
    /// The subnet.
    #[serde(flatten)]
    pub subnet: Resource,
    /// The family.
    pub family: Family,
    /// What it was; `null` if it was not there.
    pub before: Option<Class>,
    /// What it is; `null` if it is gone.
    pub after: Option<Class>,
    /// Whether it deserves more attention than before, or less.
    pub direction: Direction,
}

/// Which way something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// It is worse.
    Worse,
    /// It cannot be said any more.
    Unknown,
    /// It is said now and could not be before: whether it is worse cannot be said.
    #[serde(rename = "known-now")]
    KnownNow,
    /// It is better.
    Better,
    /// It came, and is neither public nor unknown.
    Came,
    /// It went, and was not public.
    Went,
}

/// Something that the internet reaches otherwise than before, in one address family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExposureChange {
    /// What it is: `ECS task web`.
    pub title: String,
    /// Its interface, or one of them.
    #[serde(flatten)]
    pub interface: Resource,
    /// Its subnet.
    pub subnet: String,
    /// The family.
    pub family: Family,
    /// What became of it.
    pub change: Change,
    /// What was open.
    pub before: Vec<OpenTraffic>,
    /// What is open.
    pub after: Vec<OpenTraffic>,
    /// If it is closed: what stops the internet; `null` if it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<Condition>,
}

/// What became of an exposure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The internet reaches it now.
    NewlyExposed,
    /// More is open than before.
    Wider,
    /// Something is open that was not, and something closed that was.
    Changed,
    /// It is exposed, and before that could not be said: whether more is open than was cannot be said either.
    KnownNow,
    /// It was not exposed, or not known to be; now it cannot be said.
    Unknown,
    /// Less is open than before.
    Narrower,
    /// The internet does not reach it any more.
    NoLongerExposed,
}

/// Something that can be reached, or cannot any more, from what is exposed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct HopChange {
    /// Worse if a database came into reach, better if one went out of it; else only that it came or went.
    pub direction: Direction,
    /// What can be reached: `database orders`, or one of several.
    pub to: String,
    /// From what is exposed: `load balancer web`, or one of several.
    pub from: String,
    /// By which protocol and ports: `tcp 5432`.
    pub traffic: String,
    /// The security group that says so.
    pub by: Resource,
    /// Whether a database or another store of data is what can be reached.
    pub is_store: bool,
}

/// Ports that are open to the internet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct OpenTraffic {
    /// `tcp 443`.
    pub traffic: String,
    /// To how much of the internet.
    pub coverage: Coverage,
}

/// A finding that came, went, or is judged otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FindingChange {
    /// The rule.
    pub rule: Rule,
    /// What it is about.
    pub resource: Resource,
    /// The VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<String>,
    /// What is, or was, wrong.
    pub title: String,
    /// How bad it was; `null` if it was not there.
    pub before: Option<Severity>,
    /// How bad it is; `null` if it is gone, or if the rule cannot be asked any more.
    pub after: Option<Severity>,
    /// Whether it is worse, better, or cannot be said any more.
    pub direction: Direction,
    /// Whether a waiver says that it need not count.
    pub waived: bool,
}

fn in_words<S: Serializer>(gaps: &[Gap], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(gaps.iter().map(ToString::to_string))
}

/// What newly public subnets and newly exposed interfaces count as, whatever the rules say of them.
pub const SEVERITY_OF_EXPOSURE: Severity = Severity::High;

/// Compares two audits of which every finding counts.
#[must_use]
pub fn difference(old: &[RegionAudit<'_>], new: &[RegionAudit<'_>]) -> Difference {
    difference_with_waivers(old, new, &|_, _| false)
}

/// Compares two audits. Findings that are waived are told, and do not count.
#[must_use]
pub fn difference_with_waivers(
    old: &[RegionAudit<'_>],
    new: &[RegionAudit<'_>],
    is_waived: &dyn Fn(&Finding, &Facts<'_>) -> bool,
) -> Difference {
    let (exposures, unlisted, mut gaps) = exposures::compare(old, new);
    let notes: Vec<String> = subnets::apart(old, new).into_iter().collect();
    let is_apart = !notes.is_empty();
    if is_apart {
        gaps.push(Gap::NotUnderstood("what became of OLD's subnets is not in NEW".to_owned()));
    }
    let is_partial = is_apart || !unlisted.is_empty();
    gaps.extend(unlisted);
    gaps.sort();
    gaps.dedup();
    let (subnets, findings) = (subnets::compare(old, new), findings::compare(old, new, is_waived));
    Difference { subnets, exposures, hops: hops::compare(old, new), findings, notes, gaps, is_partial, is_apart }
}

/// Which of several regions something is in, if that must be told apart.
fn scope(audits: &[RegionAudit<'_>], audit: &RegionAudit<'_>) -> String {
    // A single region may not say its name on one side.
    if audits.len() < 2 {
        return String::new();
    }
    let (account, region) = (&audit.facts.inventory.account, &audit.facts.inventory.region);
    format!("{} {}", account.as_deref().unwrap_or_default(), region.as_deref().unwrap_or_default())
}

/// Scopes for both sides: only where both tell several regions apart.
fn scoped<'s, 'a>(
    side: &'s [RegionAudit<'a>],
    other: &[RegionAudit<'_>],
) -> impl Iterator<Item = (String, &'s RegionAudit<'a>)> {
    let apart = other.len() > 1;
    side.iter().map(move |audit| (if apart { scope(side, audit) } else { String::new() }, audit))
}

impl SubnetChange {
    /// Whether the internet can begin a conversation with it and could not before, or was not known to.
    #[must_use]
    pub fn is_newly_public(&self) -> bool {
        let is_public = |class: Option<Class>| class.is_some_and(|class| class.group() == Group::Public);
        is_public(self.after) && !is_public(self.before)
    }
}

impl HopChange {
    /// Whether a database can be reached, or could be, and what was or is otherwise is not known.
    fn is_doubtful(&self) -> bool {
        self.is_store && matches!(self.direction, Direction::Unknown | Direction::KnownNow)
    }
}

impl Difference {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subnets.is_empty() && self.exposures.is_empty() && self.hops.is_empty() && self.findings.is_empty()
    }

    /// Whether something at or above the severity became worse; `None` if none of it is known and something cannot be said, or if OLD and NEW have
    /// nothing in common.
    ///
    /// What is newly public or exposed, or more open than before, counts as [`SEVERITY_OF_EXPOSURE`], and so does a database that can be reached one
    /// hop behind what is exposed and could not be: above that only findings count. Findings count if they are new, or got there from below, unless
    /// they are waived. What is known now and was not before may always have been so: that it became worse cannot be said, nor that it did not.
    #[must_use]
    pub fn worsened(&self, severity: Severity) -> Option<bool> {
        if self.is_apart {
            return None;
        }
        let exposure_counts = SEVERITY_OF_EXPOSURE >= severity;
        let opened =
            |change: &ExposureChange| matches!(change.change, Change::NewlyExposed | Change::Wider | Change::Changed);
        let found = |finding: &&FindingChange| {
            finding.direction == Direction::Worse && finding.after.is_some_and(|after| after >= severity)
        };
        let lost = |finding: &&FindingChange| {
            matches!(finding.direction, Direction::Unknown | Direction::KnownNow)
                && finding.after.max(finding.before).is_some_and(|worst| worst >= severity)
        };
        let counting = || self.findings.iter().filter(|finding| !finding.waived);
        let worse = exposure_counts
            && (self.subnets.iter().any(SubnetChange::is_newly_public)
                || self.exposures.iter().any(opened)
                || self.hops.iter().any(|hop| hop.direction == Direction::Worse));
        if worse || counting().any(|finding| found(&finding)) {
            return Some(true);
        }
        let unknown = exposure_counts
            && (self.subnets.iter().any(|subnet| subnet.direction == Direction::Unknown)
                || self.exposures.iter().any(|change| matches!(change.change, Change::Unknown | Change::KnownNow))
                || self.hops.iter().any(HopChange::is_doubtful));
        let unknown = unknown || counting().any(|finding| lost(&finding)) || self.is_partial;
        if unknown { None } else { Some(false) }
    }
}

#[cfg(test)]
mod tests;

//! What the internet can reach, as it is written.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::Serialize;

use crate::address::prefix::{Family, Prefix};
use crate::audit::RegionAudit;
use crate::exposure::names::names_of;
use crate::exposure::purpose::Purpose;
use crate::exposure::traffic::Opening;
use crate::exposure::{Coverage, Exposure, Prover, Step, Verdict};
use crate::facts::Facts;

/// So many blocks of an opening are written out.
const BLOCKS: usize = 20;

/// Interfaces by what the internet can do with them; one that has addresses of both families counts once, as the more exposed one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExposureCounts {
    /// All of them.
    pub interfaces: usize,
    /// The internet can begin a conversation.
    pub exposed: usize,
    /// It cannot be said.
    pub unknown: usize,
    /// It cannot, by the first condition that does not hold.
    pub stopped: BTreeMap<&'static str, usize>,
    /// Why there may be interfaces that are not counted, for each region in which nobody looked for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// An interface in one address family.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InterfaceReport {
    /// `eni-…`.
    pub id: String,
    /// What it is there for.
    pub purpose: &'static str,
    /// What that is called.
    pub name: Option<String>,
    /// The subnet.
    pub subnet: String,
    /// The family.
    pub family: Family,
    /// Whether the internet can begin a conversation; `null` if it cannot be said.
    pub exposed: Option<bool>,
    /// The first condition that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<&'static str>,
    /// The addresses by which the internet knows it.
    pub addresses: Vec<String>,
    /// The names that point at it.
    pub names: Vec<String>,
    /// What the internet can speak to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub openings: Vec<OpeningReport>,
    /// Why more may be open than that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// The six conditions.
    pub proof: Vec<StepReport>,
}

/// What the internet can speak to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OpeningReport {
    /// `tcp` and the like; `all protocols` stands for those that no other opening names.
    pub protocol: String,
    /// `443`, `1024-65535`, `all ports`.
    pub ports: String,
    /// How much of the internet it is for.
    pub coverage: Coverage,
    /// For which addresses; the first twenty blocks, none if it is for any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cidrs: Vec<Prefix>,
}

/// One of the six conditions.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StepReport {
    /// Which.
    pub condition: &'static str,
    /// Whether it holds; `null` if it cannot be said.
    pub holds: Option<bool>,
    /// Why.
    pub because: String,
}

impl ExposureCounts {
    /// Counts the interfaces of all regions.
    pub(super) fn of(audits: &[RegionAudit<'_>]) -> Self {
        let mut counts = Self::default();
        for audit in audits {
            if let Err(gap) = audit.facts.inventory.network_interfaces.known() {
                counts.missing.push(gap.to_string());
            }
            let of_one = audit.facts.exposures.chunk_by(|one, other| one.interface.id == other.interface.id);
            for families in of_one {
                counts.add(families);
            }
        }
        counts
    }

    fn add(&mut self, families: &[Exposure<'_>]) {
        self.interfaces += 1;
        let any = |wanted: fn(&Verdict) -> bool| families.iter().any(|exposure| wanted(&exposure.verdict));
        if any(|verdict| *verdict == Verdict::Exposed) {
            self.exposed += 1;
        } else if any(|verdict| matches!(verdict, Verdict::Unknown(_))) {
            self.unknown += 1;
        } else if let Some(Verdict::Stopped(condition)) = families.first().map(|exposure| &exposure.verdict) {
            *self.stopped.entry(condition.word()).or_default() += 1;
        }
    }
}

/// The interfaces that are written out: those that are exposed or may be, databases and load balancers.
pub(super) fn interfaces(facts: &Facts<'_>) -> Vec<InterfaceReport> {
    let names = names_of(facts);
    let told = facts.exposures.iter().filter(|exposure| {
        let is_named = matches!(*exposure.purpose, Purpose::Store { .. } | Purpose::LoadBalancer { .. });
        is_named || !matches!(exposure.verdict, Verdict::Stopped(_))
    });
    let mut reporter = Reporter { prover: Prover::new(facts), openings: HashMap::new() };
    told.map(|exposure| reporter.interface(exposure, &names)).collect()
}

/// What interfaces that share groups and subnet have in common is written once.
struct Reporter<'f, 'a> {
    prover: Prover<'f, 'a>,
    openings: HashMap<(*const Opening, Family), Vec<OpeningReport>>,
}

impl<'f> Reporter<'f, '_> {
    fn interface(&mut self, exposure: &'f Exposure<'_>, names: &HashMap<&str, Vec<String>>) -> InterfaceReport {
        let interface = exposure.interface;
        let (exposed, stopped_by) = match &exposure.verdict {
            Verdict::Exposed => (Some(true), None),
            Verdict::Stopped(condition) => (Some(false), Some(condition.word())),
            Verdict::Unknown(_) => (None, None),
        };
        let addresses = match exposure.family {
            Family::Ipv4 => {
                let known = interface.public_addresses.iter().filter_map(|public| public.address);
                known.map(|address| address.to_string()).collect()
            }
            Family::Ipv6 => interface.ipv6_addresses.iter().map(ToString::to_string).collect(),
        };
        InterfaceReport {
            id: interface.id.clone(),
            purpose: exposure.purpose.word(),
            name: exposure.purpose.name(),
            subnet: interface.subnet.clone(),
            family: exposure.family,
            exposed,
            stopped_by,
            addresses,
            names: names.get(interface.id.as_str()).cloned().unwrap_or_default(),
            openings: self.openings(exposure),
            doubts: exposure.doubts.iter().map(ToString::to_string).collect(),
            proof: self.prover.prove(exposure).into_iter().map(StepReport::from).collect(),
        }
    }

    fn openings(&mut self, exposure: &Exposure<'_>) -> Vec<OpeningReport> {
        let written = || exposure.openings.iter().map(|opening| OpeningReport::new(opening, exposure.family)).collect();
        if exposure.openings.is_empty() {
            return Vec::new();
        }
        let key = (exposure.openings.as_ptr(), exposure.family);
        self.openings.entry(key).or_insert_with(written).clone()
    }
}

impl OpeningReport {
    fn new(opening: &Opening, family: Family) -> Self {
        let coverage = Coverage::of(&opening.addresses, family);
        let cidrs = match coverage {
            Coverage::Any => Vec::new(),
            Coverage::Wide | Coverage::Listed => opening.addresses.prefixes(family),
        };
        Self {
            protocol: opening.protocol.to_string(),
            ports: opening.ports.to_string(),
            coverage,
            cidrs: cidrs.into_iter().take(BLOCKS).collect(),
        }
    }
}

impl From<Step> for StepReport {
    fn from(step: Step) -> Self {
        Self { condition: step.condition.word(), holds: step.holds, because: step.because }
    }
}

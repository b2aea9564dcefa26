//! What stands at an interface, in a subnet or behind a security group, for the blast radius of a finding.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::finding::Resource;
use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::inventory::NetworkInterface;

/// What is known of an interface, in the first family in which it has an address.
pub(super) fn at<'f, 'a>(facts: &'f Facts<'a>, interface: &str) -> Option<&'f Exposure<'a>> {
    facts.exposures_of(interface).first()
}

/// What stands in a subnet, each interface once.
pub(super) fn in_subnet<'f, 'a>(facts: &'f Facts<'a>, subnet: &str) -> impl Iterator<Item = &'f Exposure<'a>> {
    facts.inventory.index.interfaces_of_subnet(subnet).filter_map(|interface| at(facts, interface))
}

/// Every interface once.
pub(super) fn everywhere<'f, 'a>(facts: &'f Facts<'a>) -> impl Iterator<Item = &'f Exposure<'a>> {
    let by_interface = facts.exposures.chunk_by(|one, other| one.interface.id == other.interface.id);
    by_interface.filter_map(<[Exposure<'a>]>::first)
}

/// Counts them for people: `1 database, 3 ECS tasks`.
pub(super) fn told<'f, 'a: 'f>(standing: impl IntoIterator<Item = &'f Exposure<'a>>) -> String {
    let mut counts: BTreeMap<(u8, &str), BTreeSet<String>> = BTreeMap::new();
    for exposure in standing {
        let (kind, thing) = counted(&exposure.purpose, exposure.interface);
        counts.entry(kind).or_default().insert(thing);
    }
    if counts.is_empty() {
        return "nothing stands there".to_owned();
    }
    let texts: Vec<String> = counts
        .into_iter()
        .map(|((_, word), things)| {
            let plural = if things.len() == 1 { "" } else { "s" };
            format!("{} {word}{plural}", things.len())
        })
        .collect();
    texts.join(", ")
}

/// What matters most first, and what makes two interfaces the same thing: a load balancer has one in each zone.
fn counted(purpose: &Purpose<'_>, interface: &NetworkInterface) -> ((u8, &'static str), String) {
    let (rank, word) = match purpose {
        Purpose::Store { .. } => (0, "database"),
        Purpose::Task { .. } => (1, "ECS task"),
        Purpose::Instance { .. } => (2, "instance"),
        Purpose::Function(_) => (3, "function"),
        Purpose::LoadBalancer { .. } => (4, "load balancer"),
        Purpose::NatGateway => (5, "NAT gateway"),
        Purpose::Endpoint => (6, "endpoint"),
        Purpose::TransitGateway => (7, "transit gateway attachment"),
        Purpose::Other(_) => (8, "other interface"),
        Purpose::Nothing => (9, "detached interface"),
    };
    let thing = match purpose {
        Purpose::Store { name: None, candidates, .. } if candidates.is_empty() => None,
        Purpose::Store { .. } | Purpose::Function(_) | Purpose::LoadBalancer { .. } => purpose.name(),
        Purpose::Instance { id, .. } => Some((*id).to_owned()),
        _ => None,
    };
    ((rank, word), thing.unwrap_or_else(|| interface.id.clone()))
}

/// An interface as a resource, called by what stands there.
pub(super) fn resource(exposure: &Exposure<'_>) -> Resource {
    let label = exposure.purpose.label();
    Resource::new(&*exposure.interface.id, Some(exposure.interface.name().unwrap_or(&label)))
}

/// The zones in which interfaces stand, each once.
pub(super) fn zones<'f, 'a: 'f>(standing: impl IntoIterator<Item = &'f Exposure<'a>>) -> Vec<String> {
    let subnets = standing.into_iter().filter_map(|exposure| exposure.subnet);
    let zones: BTreeSet<String> = subnets.filter_map(|subnet| subnet.availability_zone.clone()).collect();
    zones.into_iter().collect()
}

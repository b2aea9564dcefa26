//! What stands at an interface, in a subnet or behind a security group, for the blast radius of a finding.

use std::collections::{BTreeMap, BTreeSet};

use super::resources::{self, counted};
use crate::audit::finding::Resource;
use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::inventory::NetworkInterface;

/// What stands in a subnet, each interface once.
pub(super) fn in_subnet<'f, 'a>(facts: &'f Facts<'a>, subnet: &str) -> impl Iterator<Item = &'f Exposure<'a>> {
    let interfaces = facts.inventory.index.interfaces_of_subnet(subnet);
    interfaces.filter_map(|interface| facts.exposures_of(interface).first())
}

/// Whether anything stands in a subnet that is more than a detached interface; if nobody looked: yes, for it may.
pub(super) fn is_occupied(facts: &Facts<'_>, subnet: &str) -> bool {
    facts.inventory.network_interfaces.known().is_err() || in_subnet(facts, subnet).any(is_there)
}

fn is_there(exposure: &Exposure<'_>) -> bool {
    *exposure.purpose != Purpose::Nothing
}

/// What stands in subnets, and so is hit by what happens to them: `1 database, 3 ECS tasks`.
pub(super) fn who<'s>(facts: &Facts<'_>, subnets: impl IntoIterator<Item = &'s str>) -> String {
    match facts.inventory.network_interfaces.known() {
        Ok(_) => told(subnets.into_iter().flat_map(|subnet| in_subnet(facts, subnet)).filter(|one| is_there(one))),
        Err(gap) => format!("what stands there is not known: {gap}"),
    }
}

/// Every interface once.
pub(super) fn everywhere<'f, 'a>(facts: &'f Facts<'a>) -> impl Iterator<Item = &'f Exposure<'a>> {
    let by_interface = facts.exposures.chunk_by(|one, other| one.interface.id == other.interface.id);
    by_interface.filter_map(<[Exposure<'a>]>::first)
}

/// Counts them for people: `1 database, 3 ECS tasks`.
pub(super) fn told<'f, 'a: 'f>(standing: impl IntoIterator<Item = &'f Exposure<'a>>) -> String {
    let mut things: BTreeMap<(u8, &str), BTreeSet<String>> = BTreeMap::new();
    // An interface does not say which of the databases it belongs to, and a database has one in each of its zones.
    let (mut interfaces, mut databases) = (BTreeSet::new(), BTreeSet::new());
    for exposure in standing {
        let (kind, thing) = kind(&exposure.purpose, exposure.interface);
        let of_kind = things.entry(kind).or_default();
        match &*exposure.purpose {
            Purpose::Store { name: None, candidates, .. } if !candidates.is_empty() => {
                interfaces.insert(&exposure.interface.id);
                databases.extend(candidates.iter().map(|database| &database.id));
            }
            _ => _ = of_kind.insert(thing),
        }
    }
    if things.is_empty() {
        return "nothing stands there".to_owned();
    }
    let counts = things.into_iter().map(|((rank, word), things)| {
        let unsaid = if rank == STORE { interfaces.len().min(databases.len()) } else { 0 };
        counted(things.len() + unsaid, word)
    });
    counts.collect::<Vec<_>>().join(", ")
}

/// The rank of databases.
const STORE: u8 = 0;

/// What matters most first, and what makes two interfaces the same thing: a load balancer has one in each zone.
fn kind(purpose: &Purpose<'_>, interface: &NetworkInterface) -> ((u8, &'static str), String) {
    let (rank, word) = match purpose {
        Purpose::Store { .. } => (STORE, "database"),
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
        Purpose::Store { name: Some(_), .. } | Purpose::Function(_) | Purpose::LoadBalancer { .. } => purpose.name(),
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

/// Whether something is called as those hosts are by which people come in.
pub(super) fn is_jump_host(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("bastion") || name.contains("jump")
}

/// The zones in which interfaces stand, each once.
pub(super) fn zones<'f, 'a: 'f>(standing: impl IntoIterator<Item = &'f Exposure<'a>>) -> Vec<String> {
    resources::zones(standing.into_iter().filter_map(|exposure| exposure.subnet))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::audit::check::fixture::{clean, find, spoilt, with_facts, without};

    const DATABASES: [&str; 2] = ["subnet-0dba00000001", "subnet-0dbb00000001"];

    #[test]
    fn a_database_is_counted_once_and_two_that_nothing_tells_apart_are_two() {
        assert_eq!(with_facts(&clean(), |facts| who(facts, DATABASES)), "1 database");
        let two = spoilt(|account| {
            let mut other = find(account, "DBInstances", "DBInstanceIdentifier", "orders").clone();
            other["DBInstanceIdentifier"] = json!("users");
            account["DBInstances"].as_array_mut().unwrap().push(other);
        });
        assert_eq!(with_facts(&two, |facts| who(facts, DATABASES)), "2 databases");
    }

    #[test]
    fn who_stands_somewhere_is_not_known_if_nobody_looked() {
        let blind = spoilt(|account| without(account, "NetworkInterfaces"));
        let told = with_facts(&blind, |facts| (who(facts, DATABASES), is_occupied(facts, DATABASES[0])));
        let gap = "what stands there is not known: the snapshot has no NetworkInterfaces";
        assert_eq!(told, (gap.to_owned(), true));
        assert_eq!(with_facts(&clean(), |facts| who(facts, [])), "nothing stands there");
    }
}

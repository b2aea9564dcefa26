//! How findings name what they are about.

use std::collections::BTreeSet;

use crate::audit::finding::Resource;
use crate::facts::Facts;
use crate::inventory::{NatGateway, RouteTable, Subnet, Vpc};

/// So many labels are written out; the rest is counted.
const SHOWN: usize = 5;

pub(super) fn subnet(subnet: &Subnet) -> Resource {
    Resource::new(&subnet.id, subnet.name())
}

/// A subnet by id, if only its id is known.
pub(super) fn subnet_of(facts: &Facts<'_>, id: &str) -> Resource {
    facts.inventory.subnets.get(id).map_or_else(|| Resource::new(id, None), subnet)
}

pub(super) fn table(table: &RouteTable) -> Resource {
    Resource::new(&table.id, table.name())
}

pub(super) fn nat_gateway(gateway: &NatGateway) -> Resource {
    Resource::new(&gateway.id, gateway.name())
}

/// A VPC by id, if only its id is known.
pub(super) fn vpc_of(facts: &Facts<'_>, id: &str) -> Resource {
    Resource::new(id, facts.inventory.vpcs.get(id).and_then(Vpc::name))
}

/// The zones of subnets, each once.
pub(super) fn zones<'s>(subnets: impl IntoIterator<Item = &'s Subnet>) -> Vec<String> {
    let zones: BTreeSet<&String> = subnets.into_iter().filter_map(|subnet| subnet.availability_zone.as_ref()).collect();
    zones.into_iter().cloned().collect()
}

/// `1 subnet`, `2 subnets`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The first of them, and how many more there are.
pub(super) fn shown(labels: impl IntoIterator<Item = String>) -> String {
    let labels: Vec<String> = labels.into_iter().collect();
    let shown: Vec<&str> = labels.iter().take(SHOWN).map(String::as_str).collect();
    let more = labels.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// All of them, for a sentence: `a`, `a and b`, `a, b and c`.
pub(super) fn listed<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

//! What stands in the wrong subnet: NET004, NET012, NET013, NET015 and NET024.

mod address;
mod database;
mod intent;
mod ipv6;
mod zone;

use crate::address::prefix::Family;
use crate::audit::finding::Findings;
use crate::classify::class::Group;
use crate::classify::{FamilyVerdict, SubnetVerdict};
use crate::facts::Facts;
use crate::inventory::gap::{Gap, Kind};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    database::check(facts, findings);
    address::check(facts, findings);
    ipv6::check(facts, findings);
    zone::check(facts, findings);
    intent::check(facts, findings);
}

/// The answer to what a subnet is, in short.
fn group(facts: &Facts<'_>, subnet: &str) -> Result<Group, Gap> {
    let missing = || Gap::Resource { kind: Kind::Subnets, id: subnet.to_owned() };
    let verdict = facts.verdict(subnet).ok_or_else(missing)?;
    match verdict.group() {
        Group::Unknown => Err(gap(verdict)),
        known => Ok(known),
    }
}

/// The answer in one family; a subnet without addresses of it is isolated there.
fn group_in(verdict: &SubnetVerdict<'_>, family: Family) -> Result<Group, Gap> {
    match verdict.family(family).map_or(Group::Isolated, |one| one.class.group()) {
        Group::Unknown => Err(gap(verdict)),
        known => Ok(known),
    }
}

/// What is missing for a verdict over a subnet.
fn gap(verdict: &SubnetVerdict<'_>) -> Gap {
    let none = || Gap::NotUnderstood(format!("the class of {} is unknown", verdict.subnet.id));
    verdict.gaps().next().cloned().unwrap_or_else(none)
}

/// The route that makes a subnet what it is: `rtb-… sends 0.0.0.0/0 to igw-…`.
fn way(verdict: &SubnetVerdict<'_>, family: Option<Family>) -> String {
    let of_family = |one: &&FamilyVerdict<'_>| family.is_none_or(|family| one.family == family);
    let strongest = verdict.families.iter().filter(of_family).max_by_key(|one| one.class);
    let table = verdict.route_table.map(|effective| effective.table.id.as_str());
    let subnet = &verdict.subnet.id;
    strongest.map_or_else(|| format!("{subnet} has no addresses"), |one| one.told(subnet, table))
}

#[cfg(test)]
mod tests;

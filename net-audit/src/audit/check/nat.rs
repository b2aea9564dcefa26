//! NAT gateways: NET008, NET009, NET016, and of NET018 several of them in one zone.

mod commands;
mod cross_zone;
mod crowded;
mod doubt;
mod idle;
mod residents;
mod single;

pub(super) use commands::{aws, destination, move_to_new_table, new_table, terraform_association, terraform_name};
pub(super) use doubt::doubt;
pub(super) use residents::{residents, who};

use crate::audit::finding::{Findings, Resource};
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::facts::Facts;
use crate::inventory::{NatGateway, Target};
use crate::money::Usage;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    doubt(facts, &[Rule::SingleNat, Rule::CrossZoneNat], findings, |verdict| has_route(verdict, is_nat_gateway));
    let rules = [Rule::IdleNat, Rule::CostlyEndpoints];
    if findings.require(&rules, facts.inventory.nat_gateways.known()).is_none() {
        return;
    }
    let usage = Usage::of(facts);
    single::check(facts, &usage, findings);
    let spare = cross_zone::check(facts, &usage, findings);
    idle::check(facts, &usage, &spare, findings);
    crowded::check(facts, &usage, findings);
}

/// Whether a subnet's table has a route to such a target, or is not known.
pub(super) fn has_route(verdict: &SubnetVerdict<'_>, is_it: impl Fn(&Target) -> bool) -> bool {
    verdict.route_table.is_none_or(|table| table.table.routes.iter().any(|route| is_it(&route.target)))
}

fn is_nat_gateway(target: &Target) -> bool {
    matches!(target, Target::NatGateway(_))
}

pub(super) fn resource(gateway: &NatGateway) -> Resource {
    Resource::new(&gateway.id, gateway.name())
}

pub(super) fn subnet_resource(verdict: &SubnetVerdict<'_>) -> Resource {
    Resource::new(&verdict.subnet.id, verdict.subnet.name())
}

/// `a`, `a and b`, `a, b and c`.
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

#[cfg(test)]
mod tests;

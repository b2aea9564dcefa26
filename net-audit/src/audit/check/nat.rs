//! NAT gateways: NET008, NET009, NET016, and of NET018 several of them in one zone.

mod commands;
mod cross_zone;
mod crowded;
mod idle;
mod single;

use super::doubt::{doubt, has_route};
use crate::audit::finding::Findings;
use crate::audit::rule::Rule;
use crate::facts::Facts;
use crate::inventory::Target;
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

fn is_nat_gateway(target: &Target) -> bool {
    matches!(target, Target::NatGateway(_))
}

#[cfg(test)]
mod tests;

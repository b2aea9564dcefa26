//! VPC endpoints: NET010, and of NET018 interface endpoints that cost more than they save.

mod interface;
mod missing;

use std::collections::BTreeMap;

use super::doubt::{doubt, has_route};
use crate::audit::finding::Findings;
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::classify::class::Class;
use crate::facts::Facts;
use crate::inventory::Target;
use crate::money::Usage;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let may_be_behind_nat = |verdict: &SubnetVerdict<'_>| has_route(verdict, may_translate);
    let behind_nat = behind_nat(facts);
    let inventory = facts.inventory;
    if let Err(gap) = inventory.vpc_endpoints.known() {
        // Without NAT nothing is paid for, whatever endpoints there are.
        let is_doubtful = |verdict: &SubnetVerdict<'_>| verdict.is_unknown() && may_be_behind_nat(verdict);
        if !behind_nat.is_empty() || facts.subnets.iter().any(is_doubtful) {
            findings.unknown(Rule::MissingGatewayEndpoint, gap.clone());
            findings.unknown(Rule::CostlyEndpoints, gap);
        }
        return;
    }
    doubt(facts, &[Rule::MissingGatewayEndpoint], findings, may_be_behind_nat);
    // That there is no list of NAT gateways is said where several of them in a zone are looked for.
    let has_interface = inventory.vpc_endpoints.iter().any(|endpoint| endpoint.kind == "Interface");
    if has_interface && inventory.nat_gateways.known().is_ok() {
        doubt(facts, &[Rule::CostlyEndpoints], findings, may_be_behind_nat);
    }
    if behind_nat.is_empty() {
        return;
    }
    let usage = Usage::of(facts);
    missing::check(facts, &usage, &behind_nat, findings);
    interface::check(facts, &usage, &behind_nat, findings);
}

/// The subnets whose internet traffic goes through a NAT gateway or instance, by VPC.
type BehindNat<'f> = BTreeMap<&'f str, Vec<&'f SubnetVerdict<'f>>>;

fn behind_nat<'f>(facts: &'f Facts<'f>) -> BehindNat<'f> {
    let mut behind = BehindNat::new();
    for verdict in &facts.subnets {
        let mut ways = verdict.families.iter().flat_map(|family| &family.proof);
        if ways.any(|way| matches!(way.class, Class::PrivateNat | Class::PrivateNatInstance)) {
            behind.entry(&verdict.subnet.vpc).or_default().push(verdict);
        }
    }
    behind
}

fn may_translate(target: &Target) -> bool {
    matches!(target, Target::NatGateway(_) | Target::NetworkInterface(_) | Target::Instance(_))
}

#[cfg(test)]
mod tests;

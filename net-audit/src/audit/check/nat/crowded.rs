//! NET018, of NAT gateways: several of them in one zone.

use super::commands::rewire;
use super::idle::{carried_nothing, delete};
use crate::audit::check::occupants::who;
use crate::audit::check::resources::{listed, nat_gateway};
use crate::audit::finding::{Confidence, Finding, Findings, Money, Remedy};
use crate::audit::rule::Rule;
use crate::facts::Facts;
use crate::inventory::NatGateway;
use crate::money::cost::{self, Cost, dollars, gigabytes};
use crate::money::{Gigabytes, Usage, public_addresses};

const RULE: Rule = Rule::CostlyEndpoints;

/// Gigabytes a month beyond which several gateways may be needed: one carries up to 100 Gbit/s at most, and traffic comes in waves.
/// Source: Amazon VPC User Guide, "NAT gateway basics": 5 Gbit/s that scale up to 100.
const MUCH: f64 = 100_000.0;

pub(super) fn check(facts: &Facts<'_>, usage: &Usage<'_>, findings: &mut Findings) {
    for (vpc, zone, gateways) in usage.all_working() {
        let idle = |id: &str| facts.inventory.nat_traffic.get(id).is_some_and(carried_nothing);
        // Those that nothing uses are another rule's.
        let used = gateways.iter().filter(|gateway| !usage.served(&gateway.id).is_empty() && !idle(&gateway.id));
        let mut used: Vec<&NatGateway> = used.copied().collect();
        if used.len() < 2 {
            continue;
        }
        let carried = usage.gigabytes_of(&used);
        if carried.monthly.is_some_and(|carried| carried > MUCH) {
            continue;
        }
        let of = |gateway: &NatGateway| usage.gigabytes(&gateway.id).monthly.unwrap_or_default();
        // What carries most stays; among equals the first.
        used.sort_by(|one, other| of(other).total_cmp(&of(one)).then_with(|| one.id.cmp(&other.id)));
        if let Some((kept, rest)) = used.split_first() {
            let crowd = Crowd { facts, usage, zone, kept, rest, carried };
            findings.add(crowd.finding(vpc));
        }
    }
}

struct Crowd<'f> {
    facts: &'f Facts<'f>,
    usage: &'f Usage<'f>,
    zone: &'f str,
    kept: &'f NatGateway,
    rest: &'f [&'f NatGateway],
    carried: Gigabytes,
}

impl Crowd<'_> {
    fn finding(&self, vpc: &str) -> Finding {
        let all = self.rest.iter().copied().chain([self.kept]);
        let subnets = self.rest.iter().flat_map(|gateway| self.usage.served(&gateway.id));
        let money = self.money();
        Finding {
            rule: RULE,
            severity: RULE.severity(),
            title: format!("{} NAT gateways stand in {}, where one would do", self.rest.len() + 1, self.zone),
            resources: all.clone().map(nat_gateway).collect(),
            vpc: Some(vpc.to_owned()),
            availability_zones: vec![self.zone.to_owned()],
            proof: all.map(|gateway| self.proof(gateway)).collect(),
            blast_radius: who(self.facts, subnets.map(|verdict| verdict.subnet.id.as_str())),
            confidence: if self.carried.monthly.is_some() { Confidence::Medium } else { Confidence::Low },
            remedy: self.remedy(money.as_ref()),
            money,
        }
    }

    fn proof(&self, gateway: &NatGateway) -> String {
        let measure = self.usage.gigabytes(&gateway.id);
        let carries = match measure.monthly {
            Some(monthly) => format!("carries {} a month ({})", gigabytes(monthly), measure.source),
            None => "carries nobody knows how much".to_owned(),
        };
        let subnets = match self.usage.served(&gateway.id).len() {
            1 => "1 subnet".to_owned(),
            number => format!("{number} subnets"),
        };
        format!("{} stands in {}, serves {subnets} and {carries}", gateway.id, self.zone)
    }

    fn money(&self) -> Option<Money> {
        let prices = &self.facts.prices;
        let count = u32::try_from(self.rest.len()).unwrap_or(u32::MAX);
        let addresses = self.rest.iter().map(|gateway| public_addresses(self.facts.inventory, gateway)).sum();
        let mut cost = Cost::standing(prices, count, addresses)?;
        cost.add_inputs([cost::carried(&self.carried)]);
        let saving = cost.monthly;
        Some(cost.saving(saving))
    }

    fn remedy(&self, money: Option<&Money>) -> Remedy {
        let (mut cli, mut terraform) = (Vec::new(), Vec::new());
        for gateway in self.rest {
            let subnets = self.usage.served(&gateway.id);
            let rewiring = rewire(self.facts, subnets, &gateway.id, &self.kept.id);
            cli.extend(rewiring.cli);
            terraform.extend(rewiring.terraform);
        }
        for gateway in self.rest {
            cli.extend(delete(self.facts, gateway));
            terraform.push(format!("# remove the aws_nat_gateway that is {} and its aws_eip", gateway.id));
        }
        let saved = money.map(|money| format!(" That saves {} a month.", dollars(money.saving))).unwrap_or_default();
        let rest: Vec<&str> = self.rest.iter().map(|gateway| gateway.id.as_str()).collect();
        let advice = format!(
            "Send everything through {} and delete {}.{saved} If partners know them by their addresses, or one destination \
             takes more than 55,000 connections at once, keep them and waive this finding.",
            self.kept.id,
            listed(&rest)
        );
        Remedy { advice, cli, terraform: terraform.join("\n\n") }
    }
}

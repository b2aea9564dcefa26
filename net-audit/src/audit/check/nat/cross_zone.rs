//! NET009: a subnet uses a NAT gateway of another zone beside one of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::commands::rewire;
use crate::audit::check::occupants::who;
use crate::audit::check::resources::{listed, nat_gateway, subnet, table};
use crate::audit::finding::{Confidence, Finding, Findings, Money, Remedy};
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::facts::Facts;
use crate::inventory::{NatGateway, RouteTable};
use crate::money::cost::{Cost, rate};
use crate::money::{EVEN, Usage, share};

/// Finds them; gives back the gateways that should be used.
pub(super) fn check<'f>(facts: &'f Facts<'f>, usage: &Usage<'f>, findings: &mut Findings) -> BTreeSet<&'f str> {
    let mut spare = BTreeSet::new();
    for gateway in facts.inventory.nat_gateways.iter() {
        let Some(own) = gateway.zone(facts.inventory) else { continue };
        let mut strays: BTreeMap<(&str, &str), Stray<'_>> = BTreeMap::new();
        for verdict in usage.served(&gateway.id) {
            let (Some(zone), Some(table)) = (verdict.subnet.availability_zone.as_deref(), verdict.route_table) else {
                continue;
            };
            let Some(better) = usage.working(&gateway.vpc, zone).first().filter(|_| zone != own) else { continue };
            spare.insert(better.id.as_str());
            let stray = Stray { facts, usage, gateway, own, better, zone, table: table.table, subnets: Vec::new() };
            strays.entry((&table.table.id, zone)).or_insert(stray).subnets.push(verdict);
        }
        for stray in strays.into_values() {
            findings.add(stray.finding());
        }
    }
    spare
}

/// Subnets of one table and zone that are sent to another zone.
struct Stray<'f> {
    facts: &'f Facts<'f>,
    usage: &'f Usage<'f>,
    gateway: &'f NatGateway,
    own: &'f str,
    better: &'f NatGateway,
    zone: &'f str,
    table: &'f RouteTable,
    subnets: Vec<&'f SubnetVerdict<'f>>,
}

impl Stray<'_> {
    fn finding(&self) -> Finding {
        let table = table(self.table);
        let subnets = self.subnets.iter().map(|verdict| subnet(verdict.subnet));
        let gateways = [nat_gateway(self.gateway), nat_gateway(self.better)];
        Finding {
            rule: Rule::CrossZoneNat,
            severity: Rule::CrossZoneNat.severity(),
            title: format!("{} sends {} to a NAT gateway in {}", table.label(), self.zone, self.own),
            resources: std::iter::once(table).chain(subnets).chain(gateways).collect(),
            vpc: Some(self.table.vpc.clone()),
            availability_zones: vec![self.zone.to_owned(), self.own.to_owned()],
            proof: self.proof(),
            blast_radius: who(self.facts, self.subnets.iter().map(|verdict| verdict.subnet.id.as_str())),
            money: self.money(),
            confidence: Confidence::High,
            remedy: self.remedy(),
        }
    }

    fn proof(&self) -> Vec<String> {
        let (table, gateway) = (&self.table.id, &self.gateway.id);
        let routes = self.table.routes.iter().filter(|route| route.target.id() == gateway);
        let mut proof: Vec<String> =
            routes.map(|route| format!("{}, which stands in {}", route.sent_by(table), self.own)).collect();
        for verdict in &self.subnets {
            proof.push(format!("{} uses {table} and is in {}", verdict.subnet.id, self.zone));
        }
        proof.push(format!("{} is in {} too, available and public", self.better.id, self.zone));
        proof
    }

    fn money(&self) -> Option<Money> {
        let part = share(self.subnets.len(), self.usage.served(&self.gateway.id).len());
        let carried = self.usage.gigabytes(&self.gateway.id);
        let cost = Cost::crossing(&self.facts.prices, &carried, part, EVEN)?;
        let saving = cost.monthly;
        Some(cost.saving(saving))
    }

    fn remedy(&self) -> Remedy {
        let rewiring = rewire(self.facts, &self.subnets, &self.gateway.id, &self.better.id);
        let price = self.facts.prices.cross_zone_gb.as_ref().map(rate);
        let price = price.map_or_else(|| "twice".to_owned(), |price| format!("{price} on either side"));
        let how = match rewiring.shared.as_slice() {
            [] => format!("Let {} lead to {}.", self.table.id, self.better.id),
            tables => format!(
                "Give {} a route table of its own that leads to {}: {} is used by other zones too.{}",
                self.zone,
                self.better.id,
                listed(tables),
                rewiring.copied
            ),
        };
        let advice = format!(
            "{how} Now every gigabyte that crosses is billed {price}, and if {} fails, {} loses the internet too.",
            self.own, self.zone
        );
        Remedy { advice, cli: rewiring.cli, terraform: rewiring.terraform.join("\n\n") }
    }
}

//! NET008: one NAT gateway serves several zones.

use std::collections::BTreeSet;

use super::commands::{NEW_GATEWAY, rewire};
use crate::address::prefix::Family;
use crate::audit::check::occupants::who;
use crate::audit::check::remedy::{aws, keep, terraform_name};
use crate::audit::check::resources::{listed, nat_gateway, subnet};
use crate::audit::finding::{Confidence, Finding, Findings, Money, Remedy, Severity};
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::classify::class::Group;
use crate::facts::Facts;
use crate::facts::environment::Environment;
use crate::inventory::gap::Gap;
use crate::inventory::{NatGateway, NatPlace};
use crate::money::cost::{self, Cost, dollars, gigabytes};
use crate::money::price::month::second_nat_break_even_gb;
use crate::money::{EVEN, Usage, share};

const RULE: Rule = Rule::SingleNat;

pub(super) fn check(facts: &Facts<'_>, usage: &Usage<'_>, findings: &mut Findings) {
    for gateway in facts.inventory.nat_gateways.iter() {
        // AWS spreads a regional gateway over the zones.
        if gateway.place == NatPlace::Region || usage.served(&gateway.id).is_empty() {
            continue;
        }
        match Single::of(facts, usage, gateway) {
            Ok(Some(single)) => findings.add(single.finding()),
            Ok(None) => {}
            Err(gap) => findings.unknown_of(RULE, &gateway.id, gap),
        }
    }
}

/// A gateway that zones without one of their own depend on.
struct Single<'f> {
    facts: &'f Facts<'f>,
    usage: &'f Usage<'f>,
    gateway: &'f NatGateway,
    own_zone: Option<&'f str>,
    zones: BTreeSet<&'f str>,
    served: Vec<&'f SubnetVerdict<'f>>,
    environment: Environment,
}

impl<'f> Single<'f> {
    fn of(facts: &'f Facts<'f>, usage: &'f Usage<'f>, gateway: &'f NatGateway) -> Result<Option<Self>, Gap> {
        let own_zone = gateway.zone(facts.inventory);
        let (mut zones, mut served, mut gap) = (BTreeSet::new(), Vec::new(), None);
        for verdict in usage.served(&gateway.id) {
            let Some(zone) = verdict.subnet.availability_zone.as_deref() else {
                let what = format!("the availability zone of {} is not known", verdict.subnet.id);
                gap = Some(Gap::NotUnderstood(what));
                continue;
            };
            // A zone that has a gateway and does not use it is another rule's.
            if Some(zone) == own_zone || usage.working(&gateway.vpc, zone).is_empty() {
                zones.insert(zone);
                served.push(*verdict);
            }
        }
        if zones.len() < 2 {
            return gap.map_or(Ok(None), Err);
        }
        let vpc = facts.inventory.vpcs.get(&gateway.vpc).map(|vpc| &vpc.tags);
        let environment = match Environment::of(vpc) {
            Environment::Unsaid => Self::by_subnets(&served),
            said => said,
        };
        Ok(Some(Self { facts, usage, gateway, own_zone, zones, served, environment }))
    }

    /// Subnets say that they are not production only if all of them do.
    fn by_subnets(served: &[&SubnetVerdict<'_>]) -> Environment {
        let mut said = served.iter().map(|verdict| Environment::of([&verdict.subnet.tags]));
        let first = said.next().unwrap_or(Environment::Unsaid);
        let all = |other: Environment| matches!(other, Environment::NonProduction(_));
        if said.all(all) { first } else { Environment::Unsaid }
    }

    fn finding(&self) -> Finding {
        let money = self.money();
        let zones: Vec<&str> = self.zones.iter().copied().collect();
        let is_right = self.is_right(money.as_ref());
        Finding {
            rule: RULE,
            severity: if is_right { Severity::Low } else { Severity::Medium },
            title: format!("{} is the only way out of {}", nat_gateway(self.gateway).label(), listed(&zones)),
            resources: std::iter::once(nat_gateway(self.gateway))
                .chain(self.served.iter().map(|verdict| subnet(verdict.subnet)))
                .collect(),
            vpc: Some(self.gateway.vpc.clone()),
            availability_zones: zones.iter().map(|zone| (*zone).to_owned()).collect(),
            proof: self.proof(),
            blast_radius: who(self.facts, self.served.iter().map(|verdict| verdict.subnet.id.as_str())),
            remedy: self.remedy(is_right, money.as_ref()),
            money,
            confidence: Confidence::High,
        }
    }

    /// Outside production one gateway is right, unless so much crosses zones that a second one costs less.
    fn is_right(&self, money: Option<&Money>) -> bool {
        let pays = money.is_some_and(|money| money.saving > 0.0);
        matches!(self.environment, Environment::NonProduction(_)) && !pays
    }

    fn proof(&self) -> Vec<String> {
        let place = match &self.gateway.place {
            NatPlace::Subnet(subnet) => subnet.as_str(),
            NatPlace::Region => "no subnet",
        };
        let zone = self.own_zone.unwrap_or("a zone that is not known");
        let stands = format!("{} stands in {place}, in {zone}", self.gateway.id);
        let lines = self.served.iter().filter_map(|verdict| {
            let table = verdict.route_table?.table;
            let id = &self.gateway.id;
            let route = table.routes.iter().find(|route| route.target.id() == id)?;
            let zone = verdict.subnet.availability_zone.as_deref()?;
            let subnet = &verdict.subnet.id;
            Some(format!("{} sends {} of {subnet}, in {zone}, to {id}", table.id, route.destination_name()))
        });
        let mut proof = vec![stands];
        proof.extend(lines);
        if let Environment::NonProduction(tag) = &self.environment {
            proof.push(format!("tag {tag} says that it is not production"));
        }
        proof
    }

    /// The zones that would get a gateway of their own.
    fn zones_without(&self) -> Vec<&'f str> {
        self.zones.iter().copied().filter(|zone| Some(*zone) != self.own_zone).collect()
    }

    /// What crosses zones now, against what gateways for the other zones cost.
    fn money(&self) -> Option<Money> {
        let prices = &self.facts.prices;
        let more = u32::try_from(self.zones_without().len()).unwrap_or(u32::MAX);
        let gateways = Cost::standing(prices, more, more)?;
        let carried = self.usage.gigabytes(&self.gateway.id);
        let others = self.served.iter().filter(|verdict| verdict.subnet.availability_zone.as_deref() != self.own_zone);
        let crossing = share(others.count(), self.usage.served(&self.gateway.id).len());
        let mut cost = match Cost::crossing(prices, &carried, crossing, EVEN) {
            Some(cost) => cost,
            None => Cost { monthly: 0.0, inputs: vec![cost::carried(&carried)] },
        };
        let saving = cost.monthly - gateways.monthly;
        cost.add_inputs(gateways.inputs);
        if let Some(even) = second_nat_break_even_gb(prices) {
            cost.add_inputs([cost::count(
                "break-even of a gateway more",
                even.value,
                "GB",
                "worked out of these prices",
            )]);
        }
        // Who is advised to leave it neither saves nor spends.
        let is_left = matches!(self.environment, Environment::NonProduction(_)) && saving <= 0.0;
        Some(cost.saving(if is_left { 0.0 } else { saving }))
    }

    fn remedy(&self, is_right: bool, money: Option<&Money>) -> Remedy {
        let prices = &self.facts.prices;
        let one_more = Cost::standing(prices, 1, 1).map(|cost| cost.monthly);
        let figures = match (one_more, second_nat_break_even_gb(prices)) {
            (Some(month), Some(even)) => {
                let even = gigabytes(even.value);
                format!(
                    " A gateway more costs {} a month, and pays for itself from {even} across zones.",
                    dollars(month)
                )
            }
            _ => String::new(),
        };
        if is_right {
            let Environment::NonProduction(tag) = &self.environment else { return self.gateways(&figures) };
            let advice = format!(
                "Leave it: {tag} says that this is not production, and one gateway is right there.{figures} Before \
                 production moves in, give each zone its own."
            );
            return Remedy { advice, cli: Vec::new(), terraform: String::new() };
        }
        let pays = money.is_some_and(|money| money.saving > 0.0);
        let why = if pays { " So much crosses zones that it saves money." } else { "" };
        self.gateways(&format!("{figures}{why}"))
    }

    fn gateways(&self, figures: &str) -> Remedy {
        let facts = self.facts;
        let (mut cli, mut terraform, mut copied) = (Vec::new(), Vec::new(), String::new());
        let vpc = &self.gateway.vpc;
        let places: Option<Vec<(&str, &str)>> =
            self.zones_without().into_iter().map(|zone| Some((zone, self.public_subnet(zone)?))).collect();
        let Some(places) = places else { return self.regional(figures) };
        for (zone, place) in places {
            let allocation = "ec2 allocate-address --domain vpc";
            let gateway = format!("ec2 create-nat-gateway --subnet-id {place} --allocation-id \"$allocation\"");
            cli.push(keep(facts, "allocation", allocation, "AllocationId"));
            cli.push(keep(facts, "gateway", gateway, "NatGateway.NatGatewayId"));
            cli.push(aws(facts, "ec2 wait nat-gateway-available --nat-gateway-ids \"$gateway\""));
            let in_zone = |verdict: &&&SubnetVerdict<'_>| verdict.subnet.availability_zone.as_deref() == Some(zone);
            let subnets: Vec<&SubnetVerdict<'_>> = self.served.iter().filter(in_zone).copied().collect();
            let rewiring = rewire(facts, &subnets, &self.gateway.id, "\"$gateway\"");
            cli.extend(rewiring.cli);
            if !copied.contains(&rewiring.copied) {
                copied.push_str(&rewiring.copied);
            }
            let name = terraform_name(zone);
            terraform.push(format!(
                "resource \"aws_eip\" \"{name}\" {{\n  domain = \"vpc\"\n}}\n\nresource \"aws_nat_gateway\" \"{name}\" {{\n  \
                 subnet_id     = \"{place}\"\n  allocation_id = aws_eip.{name}.id\n}}"
            ));
            let own = format!("aws_nat_gateway.{name}.id");
            terraform.extend(rewiring.terraform.iter().map(|text| text.replace(NEW_GATEWAY, &own)));
        }
        let advice = format!(
            "Give each zone a NAT gateway and a route table of its own, or put a regional NAT gateway into {vpc}.{figures}{copied}"
        );
        Remedy { advice, cli, terraform: terraform.join("\n\n") }
    }

    /// A regional gateway needs no public subnet.
    fn regional(&self, figures: &str) -> Remedy {
        let facts = self.facts;
        let vpc = &self.gateway.vpc;
        let create = format!("ec2 create-nat-gateway --vpc-id {vpc} --availability-mode regional");
        let rewiring = rewire(facts, &self.served, &self.gateway.id, "\"$gateway\"");
        let mut cli = vec![
            keep(facts, "gateway", create, "NatGateway.NatGatewayId"),
            aws(facts, "ec2 wait nat-gateway-available --nat-gateway-ids \"$gateway\""),
        ];
        cli.extend(rewiring.cli);
        let own = "aws_nat_gateway.regional.id";
        let routes = rewiring.terraform.iter().map(|text| text.replace(NEW_GATEWAY, own));
        let gateway = format!(
            "resource \"aws_nat_gateway\" \"regional\" {{\n  vpc_id            = \"{vpc}\"\n  availability_mode = \"regional\"\n}}"
        );
        let terraform: Vec<String> = std::iter::once(gateway).chain(routes).collect();
        let advice = format!(
            "Put a regional NAT gateway into {vpc}: not every zone has a public subnet that a gateway of its own could \
             stand in.{figures}{}",
            rewiring.copied
        );
        Remedy { advice, cli, terraform: terraform.join("\n\n") }
    }

    fn public_subnet(&self, zone: &str) -> Option<&'f str> {
        let facts = self.facts;
        let is_public = |id: &&str| facts.class(id, Family::Ipv4).group() == Group::Public;
        let in_zone = |id: &&str| {
            facts.inventory.subnets.get(id).is_some_and(|subnet| subnet.availability_zone.as_deref() == Some(zone))
        };
        facts.inventory.index.subnets_of_vpc(&self.gateway.vpc).find(|id| in_zone(id) && is_public(id))
    }
}

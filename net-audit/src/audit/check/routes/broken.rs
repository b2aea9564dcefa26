//! NET006: ways to the internet that cannot work though their target is there.

mod addressless;
mod remedy;

use std::collections::BTreeMap;

use super::blackhole::{Fates, waits_for_gateway};
use super::usage::{Usage, place};
use crate::audit::check::doubt::Missing;
use crate::audit::check::occupants::{is_occupied, who};
use crate::audit::check::resources::{shown, subnet, table, zones};
use crate::audit::finding::{Confidence, Finding, Findings, Resource, Severity};
use crate::audit::rule::Rule;
use crate::classify::class::Class;
use crate::classify::{Proof, SubnetVerdict};
use crate::inventory::{Attachment, Inventory, PublicAccess, Route, RouteState, RouteTable, Subnet, Tags, Target};

/// A part of the internet that is smaller than this is an exception, not the way out.
const SMALL: f64 = 0.01;

/// A target that carries nothing to the internet, and who sends there.
struct Broken<'a> {
    vpc: &'a str,
    target: &'a Target,
    /// Table, route, and why it cannot work, each once.
    ways: Vec<(&'a RouteTable, &'a Route, String)>,
    subnets: Vec<&'a Subnet>,
    is_small: bool,
}

pub(super) fn check(usage: &Usage<'_, '_>, fates: &Fates<'_>, findings: &mut Findings) {
    let mut broken: BTreeMap<(&str, &str), Broken<'_>> = BTreeMap::new();
    let mut missing = Missing::default();
    for verdict in usage.facts.subnets.iter().filter(|verdict| !usage.is_told_by_owner(&verdict.subnet.vpc)) {
        for gap in verdict.gaps() {
            missing.add(gap.clone(), &verdict.subnet.id);
        }
        let Some(table) = verdict.route_table.map(|effective| effective.table) else { continue };
        for proof in verdict.families.iter().flat_map(|family| &family.proof) {
            if is_broken(usage, verdict, proof) && fates.of(&table.vpc, proof.route) == Ok(None) {
                let key = (verdict.subnet.vpc.as_str(), proof.route.target.id());
                let none = || Broken {
                    vpc: &verdict.subnet.vpc,
                    target: &proof.route.target,
                    ways: Vec::new(),
                    subnets: Vec::new(),
                    is_small: true,
                };
                broken.entry(key).or_insert_with(none).add(table, verdict.subnet, proof);
            }
        }
    }
    for broken in broken.values() {
        findings.add(finding(usage, broken));
    }
    addressless::check(usage, &mut missing, findings);
    missing.report(Rule::BrokenEgress, findings);
}

/// Whether a way out is meant and cannot work.
fn is_broken(usage: &Usage<'_, '_>, verdict: &SubnetVerdict<'_>, proof: &Proof<'_>) -> bool {
    match proof.class {
        Class::BrokenEgress => !is_for_other_networks(usage, &proof.route.target) && !waits(usage, &proof.route.target),
        // It is not attached to this VPC, or Block Public Access stops it: there is no other way out by it.
        Class::Isolated => {
            let is_egress_only = matches!(proof.route.target, Target::EgressOnlyInternetGateway(_));
            is_egress_only && proof.route.state == RouteState::Active && !verdict.subnet.blocks.is_empty()
        }
        _ => false,
    }
}

/// Whether all that a NAT gateway lacks is an internet gateway that is attached nowhere: the route to that is NET005, and tells of those behind it.
fn waits(usage: &Usage<'_, '_>, target: &Target) -> bool {
    let Target::NatGateway(id) = target else { return false };
    let gateway = usage.inventory().nat_gateways.get(id).filter(|gateway| gateway.state == "available");
    let place = gateway.and_then(|_| place(usage.inventory(), target));
    place.is_some_and(|place| waits_for_gateway(usage.facts, place))
}

/// Whether a firewall looks at what goes from one network to another: it works, has routes to other networks and none to the internet, and the default
/// route that leads to it is short for all those networks.
fn is_for_other_networks(usage: &Usage<'_, '_>, target: &Target) -> bool {
    if !forwards(usage.inventory(), target) {
        return false;
    }
    let beyond = place(usage.inventory(), target).and_then(|place| usage.facts.verdict(place));
    let Some(beyond) = beyond.filter(|beyond| beyond.class() == Class::Isolated) else { return false };
    let is_other = |route: &Route| matches!(route.target, Target::OtherNetwork(_)) && route.state == RouteState::Active;
    beyond.route_table.is_some_and(|effective| effective.table.routes.iter().any(is_other))
}

/// Whether a firewall or an instance sends on what it gets.
fn forwards(inventory: &Inventory, target: &Target) -> bool {
    let runs = |id: &str| inventory.instances.get(id).is_some_and(|instance| instance.state == "running");
    let works = match target {
        Target::VpcEndpoint(id) => inventory.vpc_endpoints.get(id).map(|endpoint| endpoint.state == "available"),
        Target::Instance(id) => {
            inventory.instances.get(id).map(|instance| runs(id) && !instance.source_destination_check)
        }
        Target::NetworkInterface(id) => inventory.network_interfaces.get(id).map(|interface| {
            let is_run = matches!(&interface.attachment, Attachment::Instance(owner) if runs(owner));
            is_run && !interface.source_destination_check
        }),
        _ => None,
    };
    works.unwrap_or(false)
}

/// The tags of a target.
fn tags<'a>(inventory: &'a Inventory, target: &Target) -> Option<&'a Tags> {
    match target {
        Target::NatGateway(id) => Some(&inventory.nat_gateways.get(id)?.tags),
        Target::VpcEndpoint(id) => Some(&inventory.vpc_endpoints.get(id)?.tags),
        Target::NetworkInterface(id) => Some(&inventory.network_interfaces.get(id)?.tags),
        Target::Instance(id) => Some(&inventory.instances.get(id)?.tags),
        Target::EgressOnlyInternetGateway(id) => Some(&inventory.egress_only_internet_gateways.get(id)?.tags),
        _ => None,
    }
}

impl<'a> Broken<'a> {
    fn add(&mut self, table: &'a RouteTable, subnet: &'a Subnet, proof: &Proof<'a>) {
        let is_there = |(_, route, _): &(_, &Route, _)| std::ptr::eq(*route, proof.route);
        if !self.ways.iter().rev().any(is_there) {
            self.ways.push((table, proof.route, proof.because.clone()));
        }
        if self.subnets.last().is_none_or(|last| last.id != subnet.id) {
            self.subnets.push(subnet);
        }
        // Translated addresses are no share of the internet, and all that there is of it.
        self.is_small &= proof.share > 0.0 && proof.share < SMALL;
    }

    /// The tables that lead there, each once.
    fn tables(&self) -> Vec<&'a RouteTable> {
        let mut tables: Vec<&RouteTable> = self.ways.iter().map(|(table, _, _)| *table).collect();
        tables.sort_unstable_by_key(|table| &table.id);
        tables.dedup_by_key(|table| &table.id);
        tables
    }

    /// Whether it waits for something that comes by itself.
    fn is_pending(&self, inventory: &Inventory) -> bool {
        let state = match self.target {
            Target::NatGateway(id) => inventory.nat_gateways.get(id).map(|gateway| &gateway.state),
            Target::VpcEndpoint(id) => inventory.vpc_endpoints.get(id).map(|endpoint| &endpoint.state),
            _ => None,
        };
        state.is_some_and(|state| state == "pending")
    }

    /// Whether Block Public Access alone stands in the way.
    fn is_blocked(&self, inventory: &Inventory) -> bool {
        let access = match (self.target, place(inventory, self.target)) {
            (Target::EgressOnlyInternetGateway(id), _) => {
                let gateway = inventory.egress_only_internet_gateways.get(id);
                let is_attached = gateway.is_some_and(|gateway| gateway.vpcs.iter().any(|at| at == self.vpc));
                return is_attached;
            }
            (_, Some(place)) => inventory.subnets.get(place).map(|subnet| &subnet.public_access),
            (_, None) => inventory.vpcs.get(self.vpc).map(|vpc| &vpc.public_access),
        };
        access.is_some_and(|access| *access == PublicAccess::Blocked)
    }
}

fn finding<'a>(usage: &Usage<'_, 'a>, broken: &Broken<'a>) -> Finding {
    let inventory = usage.inventory();
    let is_occupied = broken.subnets.iter().any(|subnet| is_occupied(usage.facts, &subnet.id));
    let severity = if broken.is_pending(inventory) {
        Severity::Low
    } else if broken.is_blocked(inventory) || broken.is_small || !is_occupied {
        Severity::Medium
    } else {
        Severity::High
    };
    let target = Resource::new(broken.target.id(), tags(inventory, broken.target).and_then(Tags::name));
    let because = broken.ways.first().map(|(_, _, because)| because.as_str()).unwrap_or_default();
    let stands = who(usage.facts, broken.subnets.iter().map(|subnet| subnet.id.as_str()));
    let names = shown(broken.subnets.iter().map(|one| subnet(one).label()));
    let mut resources = vec![target.clone()];
    resources.extend(broken.tables().into_iter().map(table));
    resources.extend(broken.subnets.iter().map(|one| subnet(one)));
    let sent = |(table, route, because): &(&RouteTable, &Route, String)| {
        format!("{}, and {because}", route.sent_by(&table.id))
    };
    Finding {
        rule: Rule::BrokenEgress,
        severity,
        title: format!("{} carries nothing to the internet: {because}", target.label()),
        resources,
        vpc: Some(broken.vpc.to_owned()),
        availability_zones: zones(broken.subnets.iter().copied()),
        proof: broken.ways.iter().map(sent).collect(),
        blast_radius: format!("{names}: {stands}"),
        money: None,
        confidence: Confidence::High,
        remedy: remedy::remedy(usage, broken),
    }
}

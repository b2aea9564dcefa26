//! NET005: routes to what is gone.

mod remedy;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::usage::Usage;
use crate::address::prefix::Family;
use crate::audit::check::doubt::Missing;
use crate::audit::check::occupants::{is_occupied, who};
use crate::audit::check::resources::{shown, subnet, table, zones};
use crate::audit::finding::{Confidence, Finding, Findings, Resource, Severity};
use crate::audit::rule::Rule;
use crate::classify::routing::divide;
use crate::facts::Facts;
use crate::inventory::gap::{Gap, Kind};
use crate::inventory::{
    Association, Attachment, Destination, InternetGateway, Inventory, NatPlace, Route, RouteState, RouteTable, Subnet,
    Target, TransitAttachment,
};

pub(super) use remedy::working_nat;

/// States of endpoints, peering connections and attachments that lead to no other state.
const OVER: [&str; 2] = ["deleting", "deleted"];
/// States of an attachment in which it never carries traffic again. Source: EC2 API reference, `TransitGatewayVpcAttachment`.
const ATTACHMENT_OVER: [&str; 6] = ["deleting", "deleted", "failed", "failing", "rejected", "rejecting"];

/// What became of the targets of routes.
pub(super) struct Fates<'a> {
    inventory: &'a Inventory,
    attachments: HashMap<(&'a str, &'a str), Vec<&'a TransitAttachment>>,
}

impl<'a> Fates<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Self {
        let mut attachments: HashMap<_, Vec<_>> = HashMap::new();
        for attachment in inventory.transit_attachments.iter() {
            let key = (attachment.gateway.as_str(), attachment.vpc.as_str());
            attachments.entry(key).or_default().push(attachment);
        }
        Self { inventory, attachments }
    }

    /// Why a route's target does not carry traffic any more; `None` if it may.
    ///
    /// AWS says itself that a route is a black hole. A route that it calls active and whose target is not in the snapshot shows that the snapshot is
    /// not complete (a VPC that another account shares, a part of a Terraform state), not that the target is gone: that is a gap.
    pub(super) fn of(&self, vpc: &str, route: &Route) -> Result<Option<String>, Gap> {
        let id = route.target.id();
        match route.state {
            RouteState::Filtered => return Ok(None),
            RouteState::Blackhole => {
                let cause = self.cause(vpc, &route.target).unwrap_or_else(|| format!("{id} is gone"));
                return Ok(Some(format!("{cause}: AWS calls the route a black hole")));
            }
            RouteState::Active => {}
        }
        let of_state = |state: &str, over: &[&str]| over.contains(&state).then(|| format!("{id} is {state}"));
        let inventory = self.inventory;
        Ok(match &route.target {
            Target::InternetGateway(id) => {
                let is_attached = inventory.internet_gateways.find(id)?.vpcs.iter().any(|at| at == vpc);
                (!is_attached).then(|| format!("{id} is not attached to {vpc}"))
            }
            Target::NatGateway(id) => of_state(&inventory.nat_gateways.find(id)?.state, &["deleted"]),
            Target::VpcEndpoint(id) => of_state(&inventory.vpc_endpoints.find(id)?.state, &OVER),
            Target::Instance(id) => of_state(&inventory.instances.find(id)?.state, &["terminated", "shutting-down"]),
            Target::EgressOnlyInternetGateway(id) => {
                inventory.egress_only_internet_gateways.find(id)?;
                None
            }
            Target::NetworkInterface(id) => {
                inventory.network_interfaces.find(id)?;
                None
            }
            Target::OtherNetwork(id) if id.starts_with("pcx-") => of_state(&inventory.peerings.find(id)?.status, &OVER),
            Target::OtherNetwork(id) if id.starts_with("tgw-") => self.transit_gateway(id, vpc)?,
            Target::OtherNetwork(_) | Target::CarrierGateway(_) | Target::Local | Target::Unrecognised(_) => None,
        })
    }

    fn transit_gateway(&self, gateway: &str, vpc: &str) -> Result<Option<String>, Gap> {
        self.inventory.transit_attachments.known()?;
        let Some(attachments) = self.attachments.get(&(gateway, vpc)) else {
            let id = format!("the attachment of {vpc} to {gateway}");
            return Err(Gap::Resource { kind: Kind::TransitAttachments, id });
        };
        let is_over = |attachment: &&TransitAttachment| ATTACHMENT_OVER.contains(&attachment.state.as_str());
        let all_over = attachments.iter().all(is_over);
        Ok(attachments
            .first()
            .filter(|_| all_over)
            .map(|attachment| format!("{} is {}", attachment.id, attachment.state)))
    }

    /// What the snapshot tells about a target that AWS does not send to.
    fn cause(&self, vpc: &str, target: &Target) -> Option<String> {
        let inventory = self.inventory;
        let id = target.id();
        let instance = |id: &str| {
            let state = &inventory.instances.get(id)?.state;
            (state != "running").then(|| format!("{id} is {state}"))
        };
        match target {
            Target::NatGateway(_) => {
                let state = &inventory.nat_gateways.get(id)?.state;
                (state != "available").then(|| format!("{id} is {state}"))
            }
            Target::VpcEndpoint(_) => {
                let state = &inventory.vpc_endpoints.get(id)?.state;
                (state != "available").then(|| format!("{id} is {state}"))
            }
            Target::InternetGateway(_) => {
                let is_attached = inventory.internet_gateways.get(id)?.vpcs.iter().any(|at| at == vpc);
                (!is_attached).then(|| format!("{id} is not attached to {vpc}"))
            }
            Target::Instance(_) => instance(id),
            Target::NetworkInterface(_) => match &inventory.network_interfaces.get(id)?.attachment {
                Attachment::Detached => Some(format!("{id} is attached to nothing")),
                Attachment::Instance(owner) => Some(format!("{id} belongs to {}", instance(owner)?)),
                Attachment::Service | Attachment::Unsaid => None,
            },
            Target::OtherNetwork(_) if id.starts_with("pcx-") => {
                let status = &inventory.peerings.get(id)?.status;
                (status != "active").then(|| format!("{id} is {status}"))
            }
            Target::OtherNetwork(_) if id.starts_with("tgw-") => match self.transit_gateway(id, vpc) {
                Ok(cause) => cause,
                Err(_) => Some(format!("{vpc} is not attached to {id}")),
            },
            _ => None,
        }
    }
}

/// The internet gateway that a route leads to, if it is attached nowhere and its VPC has no other: who attaches it repairs all that depends on it.
pub(in crate::audit::check) fn detached_gateway<'a>(
    inventory: &'a Inventory,
    vpc: &str,
    target: &Target,
) -> Option<&'a InternetGateway> {
    let Target::InternetGateway(id) = target else { return None };
    let gateway = inventory.internet_gateways.get(id).filter(|gateway| gateway.vpcs.is_empty())?;
    let has_other = inventory.internet_gateways.iter().any(|other| other.vpcs.iter().any(|at| at == vpc));
    (!has_other).then_some(gateway)
}

/// Whether the table of a subnet leads to an internet gateway that is attached nowhere.
pub(in crate::audit::check) fn waits_for_gateway(facts: &Facts<'_>, subnet: &str) -> bool {
    let table = facts.verdict(subnet).and_then(|verdict| verdict.route_table).map(|effective| effective.table);
    table.is_some_and(|table| {
        table.routes.iter().any(|route| detached_gateway(facts.inventory, &table.vpc, &route.target).is_some())
    })
}

/// The routes of one table to one target that is gone.
struct Dead<'a> {
    table: &'a RouteTable,
    target: &'a Target,
    because: String,
    routes: Vec<&'a Route>,
    /// Of other tables that the same repair helps.
    others: Vec<Self>,
}

impl Dead<'_> {
    fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }
}

pub(super) fn check(usage: &Usage<'_, '_>, fates: &Fates<'_>, findings: &mut Findings) {
    let mut missing = Missing::default();
    // Who attaches a gateway repairs all tables that lead to it.
    let mut detached: BTreeMap<(&str, &str), Dead<'_>> = BTreeMap::new();
    let tables = usage.inventory().route_tables.iter();
    for table in tables.filter(|table| !usage.is_told_by_owner(&table.vpc)) {
        let mut dead: BTreeMap<&str, Dead<'_>> = BTreeMap::new();
        for route in &table.routes {
            match fates.of(&table.vpc, route) {
                Ok(None) => {}
                Ok(Some(because)) => {
                    let none =
                        || Dead { table, target: &route.target, because, routes: Vec::new(), others: Vec::new() };
                    dead.entry(route.target.id()).or_insert_with(none).routes.push(route);
                }
                Err(gap) => {
                    missing.add(gap, &table.id);
                }
            }
        }
        for (target, dead) in dead {
            if detached_gateway(usage.inventory(), &table.vpc, dead.target).is_none() {
                findings.add(finding(usage, &dead));
                continue;
            }
            match detached.entry((&table.vpc, target)) {
                Entry::Vacant(entry) => _ = entry.insert(dead),
                Entry::Occupied(mut entry) => entry.get_mut().others.push(dead),
            }
        }
    }
    for dead in detached.values() {
        findings.add(finding(usage, dead));
    }
    missing.report(Rule::BlackholeRoute, findings);
}

/// Those of the routes that take addresses from nobody's better route.
fn that_lose<'a>(usage: &Usage<'_, 'a>, dead: &Dead<'a>) -> Vec<&'a Route> {
    let mut losing: Vec<&Route> = Vec::new();
    for family in [Family::Ipv4, Family::Ipv6] {
        let division = divide(&dead.table.routes, family, &usage.inventory().prefix_lists);
        losing.extend(division.claims.iter().map(|claim| claim.route));
        losing.extend(division.undetermined.iter().map(|(route, _)| *route));
    }
    let loses = |route: &&Route| losing.iter().any(|losing| std::ptr::eq(*losing, *route));
    dead.routes.iter().copied().filter(loses).collect()
}

/// The subnets that lose what the routes take: those that send by the table, or those that are sent to if it is a gateway's.
fn losers<'a>(usage: &Usage<'_, 'a>, dead: &Dead<'a>, losing: &[&Route]) -> Vec<&'a Subnet> {
    let at_gateway = |association: &Association| matches!(association, Association::Gateway(_));
    let mut subnets = usage.subnets(&dead.table.id);
    if dead.table.associations.iter().any(at_gateway) {
        let is_for = |subnet: &&Subnet| {
            losing.iter().any(|route| match route.destination {
                Destination::Block(block) => subnet.blocks.iter().any(|own| own.overlaps(block)),
                Destination::PrefixList(_) | Destination::Unknown => false,
            })
        };
        let inventory = usage.inventory();
        let of_vpc = inventory.index.subnets_of_vpc(&dead.table.vpc).filter_map(|id| inventory.subnets.get(id));
        subnets.extend(of_vpc.filter(is_for));
    }
    subnets
}

/// The subnets that send by NAT gateways in these, and lose the internet with them.
fn behind<'a>(usage: &Usage<'_, 'a>, dead: &Dead<'a>, subnets: &[&Subnet]) -> Vec<&'a Subnet> {
    let inventory = usage.inventory();
    if detached_gateway(inventory, &dead.table.vpc, dead.target).is_none() {
        return Vec::new();
    }
    let places: HashSet<&str> = subnets.iter().map(|subnet| subnet.id.as_str()).collect();
    let gateways = usage.nat_gateways(&dead.table.vpc).iter().filter(|gateway| match &gateway.place {
        NatPlace::Subnet(place) => places.contains(place.as_str()),
        NatPlace::Region => false,
    });
    let gateways: HashSet<&str> = gateways.map(|gateway| gateway.id.as_str()).collect();
    let tables = inventory.index.tables_of_vpc(&dead.table.vpc).filter_map(|id| inventory.route_tables.get(id));
    let leads = |table: &&RouteTable| table.routes.iter().any(|route| gateways.contains(route.target.id()));
    let behind = tables.filter(leads).flat_map(|table| usage.subnets(&table.id));
    behind.filter(|subnet| !places.contains(subnet.id.as_str())).collect()
}

fn finding<'a>(usage: &Usage<'_, 'a>, dead: &Dead<'a>) -> Finding {
    let (owner, target) = (dead.table, dead.target);
    let (mut losing, mut subnets) = (Vec::new(), Vec::new());
    for dead in dead.all() {
        let of_table = that_lose(usage, dead);
        subnets.extend(losers(usage, dead, &of_table));
        losing.extend(of_table);
    }
    let behind = behind(usage, dead, &subnets);
    let is_shadowed = losing.is_empty();
    let is_used = dead.all().any(|dead| usage.is_used(dead.table));
    let is_occupied = subnets.iter().chain(&behind).any(|subnet| is_occupied(usage.facts, &subnet.id));
    let severity = match (is_shadowed, is_occupied) {
        (false, true) => Severity::High,
        (false, false) if is_used => Severity::Medium,
        (false, false) | (true, _) => Severity::Low,
    };
    let told = if is_shadowed { &dead.routes } else { &losing };
    let mut lost: Vec<String> = Vec::new();
    for destination in told.iter().map(|route| destination(route)) {
        if !lost.contains(&destination) {
            lost.push(destination);
        }
    }
    let lost = shown(lost);
    let names = || shown(subnets.iter().map(|one| subnet(one).label()));
    let blast_radius = match (is_shadowed, subnets.is_empty()) {
        (true, _) => "nothing is lost: better routes take all of these addresses".to_owned(),
        (false, true) if is_used => "which subnet uses the table is not known".to_owned(),
        (false, true) => "no subnet uses the table".to_owned(),
        (false, false) => {
            let stands = who(usage.facts, subnets.iter().map(|subnet| subnet.id.as_str()));
            let verb = if subnets.len() == 1 { "loses" } else { "lose" };
            let behind = if behind.is_empty() {
                String::new()
            } else {
                let stands = who(usage.facts, behind.iter().map(|subnet| subnet.id.as_str()));
                let names = shown(behind.iter().map(|one| subnet(one).label()));
                format!("; so does what goes out by NAT gateways there, in {names}: {stands}")
            };
            format!("{} {verb} {lost}: {stands}{behind}", names())
        }
    };
    let sent = dead.all().flat_map(|dead| {
        let Dead { table, because, .. } = dead;
        dead.routes.iter().map(move |route| format!("{}, and {because}", route.sent_by(&table.id)))
    });
    let mut resources: Vec<Resource> = dead.all().map(|dead| table(dead.table)).collect();
    let (owners, verb) =
        (shown(resources.iter().map(Resource::label)), if resources.len() == 1 { "sends" } else { "send" });
    resources.push(Resource::new(target.id(), None));
    resources.extend(subnets.iter().chain(&behind).map(|one| subnet(one)));
    Finding {
        rule: Rule::BlackholeRoute,
        severity,
        title: format!("{owners} {verb} {lost} to {}, which drops it", target.id()),
        resources,
        vpc: Some(owner.vpc.clone()),
        availability_zones: zones(subnets.iter().copied()),
        proof: sent.collect(),
        blast_radius,
        money: None,
        confidence: Confidence::High,
        remedy: remedy::remedy(usage, dead, &subnets),
    }
}

/// The destination, and what people call it.
fn destination(route: &Route) -> String {
    match &route.destination {
        Destination::Block(prefix) if prefix.length() == 0 => format!("{prefix} (everything outside)"),
        _ => route.destination_name(),
    }
}

//! A conversation with the internet: begun by it, or with it.

use std::net::IpAddr;

use crate::address::prefix::Family;
use crate::address::set::{AddressSet, internet};
use crate::audit::finding::{Confidence, Resource};
use crate::classify::class::{Class, Group};
use crate::classify::routing::effective_table;
use crate::classify::{Proof, ways_out};
use crate::exposure::traffic::Direction;
use crate::exposure::{Condition, ask};
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{Subnet, Target};

use super::end::{Inside, set_of};
use super::filter::{References, acl, groups};
use super::gateway;
use super::walk::{Side, Walk, addresses};
use super::within::{Rules, listens, running};
use super::{Service, What};

/// The internet as an end sees it, or one address of it.
pub(super) fn space(end: &Inside<'_>, family: Family, address: Option<IpAddr>) -> AddressSet {
    let own = end.facts.inventory.vpcs.get(&end.subnet.vpc).map(|vpc| vpc.blocks.as_slice()).unwrap_or_default();
    match address.map(set_of) {
        Some((of, set)) if of == family => set,
        Some(_) => AddressSet::default(),
        None => internet(family, own),
    }
}

/// From the internet to an end: the six conditions of exposure, groups and ACL asked for the port.
pub(super) fn inbound(from: &AddressSet, to: &Inside<'_>, family: Family, service: Option<Service>) -> Walk {
    let rules = Rules::new().of(to, Direction::Ingress);
    let mut walk = rules.walk(family, service, (from, to.addresses(family)));
    enter(&mut walk, to);
    walk
}

/// The same, behind what was walked before.
pub(super) fn enter(walk: &mut Walk, to: &Inside<'_>) {
    let family = walk.family;
    running(walk, to);
    listens(walk, to);
    conditions(walk, to);
    let own = (to.facts.inventory, to.subnet);
    if !walk.stopped {
        let verdict = to.facts.verdict(&to.subnet.id).and_then(|verdict| verdict.family(family));
        let known = verdict.filter(|verdict| verdict.class != Class::Unknown);
        let reach = known.map(|verdict| verdict.reach.possible());
        if reach.is_some_and(|reach| !walk.keep(Side::Source, &reach)) {
            let ends = addresses(&walk.left(Side::Source), family);
            let because = format!("{} has no way to and from {ends} by an internet gateway", to.subnet.id);
            walk.ask(What::Route, Some(to.place()), Ok((false, because)));
        }
    }
    acl(walk, own, What::NetworkAclIn, Side::Source);
    groups(walk, (to, Direction::Ingress), None, &References::Count);
    acl(walk, own, What::AnswerAclOut, Side::Source);
}

/// Routes, address and Block Public Access, as the audit proves them.
fn conditions(walk: &mut Walk, to: &Inside<'_>) {
    let family = walk.family;
    let asked = [
        (Condition::Route, What::Route),
        (Condition::Address, What::PublicAddress),
        (Condition::BlockPublicAccess, What::BlockPublicAccess),
    ];
    if let Some(exposure) = to.exposure(family) {
        for (condition, what) in asked {
            let step = ask(to.facts, exposure, condition);
            let resource = if what == What::PublicAddress { to.resource() } else { to.place() };
            let hidden = (what == What::PublicAddress && family == Family::Ipv4 && step.holds == Some(true))
                .then(|| published(walk, (to, Side::Destination)))
                .flatten();
            let answer = match (hidden, step.holds) {
                (Some(because), _) => Ok((false, because)),
                (None, Some(holds)) => Ok((holds, step.because)),
                (None, None) => Err(Gap::NotUnderstood(step.because)),
            };
            walk.ask(what, Some(if what == What::Route { table(to.facts, to.subnet) } else { resource }), answer);
        }
        return;
    }
    let class = to.facts.class(&to.subnet.id, family);
    let because = proof(to.facts, to.subnet, family).map_or_else(
        || format!("{} is {class}: it has no route to the internet", to.subnet.id),
        |(sends, proof)| format!("{} is {class}: {sends}, and {}", to.subnet.id, proof.because),
    );
    let answer = match class.group() {
        Group::Public => Ok((true, because)),
        Group::Unknown => Err(Gap::NotUnderstood(because)),
        Group::Private | Group::Isolated => Ok((false, because)),
    };
    walk.ask(What::Route, Some(table(to.facts, to.subnet)), answer);
    walk.trust_only(Confidence::Medium);
    walk.ask(What::PublicAddress, Some(to.place()), to.promise.keeps(family));
}

/// Goes on with the private addresses of an end for which an address in the internet stands; tells why, if there is none among them.
fn published(walk: &mut Walk, (end, side): (&Inside<'_>, Side)) -> Option<String> {
    if walk.keep(side, &end.published()) {
        return None;
    }
    end.public_for_others()
}

/// The route table that decides for a subnet, or the subnet if it is not known.
pub(super) fn table(facts: &Facts<'_>, subnet: &Subnet) -> Resource {
    effective_table(facts.inventory, subnet).map_or_else(
        |_| Resource::new(subnet.id.as_str(), subnet.name()),
        |effective| Resource::new(effective.table.id.as_str(), effective.table.name()),
    )
}

/// The strongest route of a subnet to the internet.
fn proof<'f>(facts: &'f Facts<'_>, subnet: &Subnet, family: Family) -> Option<(String, &'f Proof<'f>)> {
    let verdict = facts.verdict(&subnet.id)?;
    let proof = verdict.family(family)?.proof.iter().max_by_key(|proof| proof.class)?;
    let table = verdict.route_table.map(|table| table.table.id.as_str()).unwrap_or_default();
    Some((proof.route.sent_by(table), proof))
}

/// From an end to the internet, or to one address of it.
pub(super) fn outbound(from: &Inside<'_>, to: Option<IpAddr>, family: Family, service: Option<Service>) -> Walk {
    let space = space(from, family, to);
    let rules = Rules::new().of(from, Direction::Egress);
    let mut walk = rules.walk(family, service, (from.addresses(family), &space));
    running(&mut walk, from);
    let own = (from.facts.inventory, from.subnet);
    groups(&mut walk, (from, Direction::Egress), None, &References::Count);
    acl(&mut walk, own, What::NetworkAclOut, Side::Destination);
    if !walk.stopped {
        leave(&mut walk, from, to.is_some());
    }
    acl(&mut walk, own, What::AnswerAclIn, Side::Destination);
    walk
}

/// What leaves a subnet: from what stands there, or from a NAT gateway.
fn leave(walk: &mut Walk, from: &Inside<'_>, to_one_address: bool) {
    let (facts, wanted) = (from.facts, walk.left(Side::Destination));
    let Some(way) = gateway::ask(walk, (facts, from.subnet), &wanted, gateway::Asked::by_anyone(to_one_address)) else {
        return;
    };
    match (&way.route.target, &way.leads) {
        (Target::NatGateway(id), _) => {
            if let Ok(gateway) = facts.inventory.nat_gateways.find(id) {
                gateway::translate(walk, (facts, from.subnet), gateway, to_one_address);
            }
        }
        (Target::InternetGateway(_) | Target::CarrierGateway(_), _)
        | (Target::VpcEndpoint(_), Ok((Some(Class::PublicInspected), _))) => address(walk, from),
        (target, Ok((Some(Class::PrivateNatInstance), _))) => {
            walk.trust_only(Confidence::Medium);
            let because = "it sends on; its own rules are not seen".to_owned();
            walk.ask(What::Middlebox, Some(Resource::new(target.id(), None)), Ok((true, because)));
        }
        _ => {}
    }
}

/// By an internet gateway only what has an address that the internet knows can speak.
fn address(walk: &mut Walk, from: &Inside<'_>) {
    let family = walk.family;
    if from.interfaces.is_empty() {
        walk.trust_only(Confidence::Medium);
        return walk.ask(What::PublicAddress, Some(from.place()), from.promise.keeps(family));
    }
    if let Some(because) = (family == Family::Ipv4).then(|| published(walk, (from, Side::Source))).flatten() {
        return walk.ask(What::PublicAddress, Some(from.resource()), Ok((false, because)));
    }
    let known = from.internet_addresses(family);
    let given_at_apply = from.interfaces.iter().any(|interface| !interface.public_addresses.is_empty());
    let because = match family {
        _ if !known.is_empty() => format!("it has {}", addresses(&known, family)),
        Family::Ipv4 if given_at_apply => "it gets a public IPv4 address at apply".to_owned(),
        Family::Ipv4 => "it has no public IPv4 address, without which an internet gateway carries nothing".to_owned(),
        Family::Ipv6 => "it has no global IPv6 address".to_owned(),
    };
    let holds = !known.is_empty() || (family == Family::Ipv4 && given_at_apply);
    walk.ask(What::PublicAddress, Some(from.resource()), Ok((holds, because)));
}

/// To what stands inside, by its address in the internet: out, and in again.
pub(super) fn around(from: &Inside<'_>, to: &Inside<'_>, address: IpAddr, service: Option<Service>) -> Walk {
    let (family, _) = set_of(address);
    let mut walk = outbound(from, Some(address), family, service);
    if walk.stopped {
        return walk;
    }
    let mut seen = from.internet_addresses(family);
    for step in walk.steps.iter().filter(|step| step.what == What::NatGateway) {
        let id = step.resource.as_ref().map(|resource| resource.id.as_str()).unwrap_or_default();
        let addresses = from.facts.inventory.nat_gateways.get(id).into_iter().flat_map(|gateway| &gateway.addresses);
        let addresses = addresses.filter_map(|address| address.public_ip.as_deref()?.parse().ok());
        seen = AddressSet::of_prefixes(addresses.map(|ip| crate::address::prefix::Prefix::ipv4(ip, 32)));
    }
    if seen.is_empty() {
        walk.trust_only(Confidence::Low);
        seen = internet(family, &[]);
    }
    walk.readdress(Side::Source, &seen);
    walk.readdress(Side::Destination, to.addresses(family));
    enter(&mut walk, to);
    walk
}

/// To or from an address of which only this is known, that it is neither in the internet nor in a VPC of the estate.
pub(super) fn elsewhere(inside: &Inside<'_>, other: IpAddr, begins: bool, service: Option<Service>) -> Walk {
    let (family, set) = set_of(other);
    let direction = if begins { Direction::Ingress } else { Direction::Egress };
    let own = inside.addresses(family);
    let ends = if begins { (&set, own) } else { (own, &set) };
    let mut walk = Rules::new().of(inside, direction).walk(family, service, ends);
    let (subnet, side) =
        ((inside.facts.inventory, inside.subnet), if begins { Side::Source } else { Side::Destination });
    let (request, answer, route) = if begins {
        (What::NetworkAclIn, What::AnswerAclOut, What::AnswerRoute)
    } else {
        (What::NetworkAclOut, What::AnswerAclIn, What::Route)
    };
    running(&mut walk, inside);
    if begins {
        listens(&mut walk, inside);
    }
    groups(&mut walk, (inside, direction), None, &References::Count);
    acl(&mut walk, subnet, request, side);
    acl(&mut walk, subnet, answer, side);
    let resource = table(inside.facts, inside.subnet);
    let best = ways_out(inside.facts.inventory, inside.subnet, family);
    let told = best.map(|ways| {
        let way = ways.into_iter().find(|way| !way.addresses.intersect(&set).is_empty());
        way.map(|way| way.route.sent_by(&resource.id))
    });
    let because = match told {
        Err(gap) => Err(gap),
        Ok(None) => Ok((false, format!("{} has no route to {other}", resource.id))),
        Ok(Some(sends)) => Err(Gap::NotUnderstood(format!("{sends}: what lies beyond is not seen"))),
    };
    walk.ask(route, Some(resource), because);
    walk
}

//! The routes by which a conversation leaves a subnet, for the very addresses that are asked about, and NAT gateways on the way.

use std::net::Ipv4Addr;

use crate::address::prefix::{Family, Prefix};
use crate::address::set::{AddressSet, translated};
use crate::audit::finding::Resource;
use crate::classify::class::{Class, Group};
use crate::classify::{WayOut, classify_unblocked, ways_out};
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{NatGateway, NatPlace, PublicAccess, Subnet, Target};

use super::What;
use super::filter::acl;
use super::internet::table;
use super::walk::{Answer, Side, Walk, addresses};

/// NAT gateways that send to each other are followed no further than this.
const MAXIMUM_GATEWAYS: usize = 4;

/// Where something stands.
type Place<'a> = (&'a Facts<'a>, &'a Subnet);

/// What is asked of the routes of a subnet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    to_one_address: bool,
    /// Block Public Access lets NAT gateways send even where it blocks what comes in.
    by_nat_gateway: bool,
    family: Option<Family>,
}

impl Asked {
    /// By what stands in the subnet.
    pub(super) fn by_anyone(to_one_address: bool) -> Self {
        Self { to_one_address, by_nat_gateway: false, family: None }
    }
}

/// How good a way is for what is asked: better ones are greater.
fn worth(way: &WayOut<'_>, to_one_address: bool) -> Option<u8> {
    match &way.leads {
        // S3 is no internet, but one of its addresses may be what is meant.
        Ok((None, _)) => to_one_address.then_some(2),
        Ok((Some(Class::PrivateRouted | Class::Unknown), _)) | Err(_) => Some(1),
        Ok((Some(Class::Isolated | Class::BrokenEgress), _)) => Some(0),
        Ok((Some(_), _)) => Some(2),
    }
}

/// Asks which route of a subnet takes what is wanted, and whether it leads there. Goes on with what the best one takes, and says what is left behind.
pub(super) fn ask<'a>(
    walk: &mut Walk,
    (facts, subnet): Place<'a>,
    wanted: &AddressSet,
    asked: Asked,
) -> Option<WayOut<'a>> {
    let family = asked.family.unwrap_or(walk.family);
    let resource = table(facts, subnet);
    let mut ways = match ways_out(facts.inventory, subnet, family) {
        Ok(ways) => ways,
        Err(gap) => {
            walk.ask(What::Route, Some(resource), Err(gap));
            return None;
        }
    };
    if asked.by_nat_gateway && subnet.public_access == PublicAccess::IngressBlocked {
        let_out(&mut ways, (facts, subnet), family);
    }
    let rated = ways.iter().enumerate().filter_map(|(at, way)| {
        let share = way.addresses.intersect(wanted).size();
        (share > 0).then_some(((worth(way, asked.to_one_address)?, share), at))
    });
    let Some((_, best)) = rated.max_by_key(|(rating, _)| *rating) else {
        let because = format!("{} has no route to {}", resource.id, addresses(wanted, family));
        walk.ask(What::Route, Some(resource), Ok((false, because)));
        return None;
    };
    let left = if asked.to_one_address { String::new() } else { left_behind(&ways, wanted, &resource.id) };
    let way = ways.swap_remove(best);
    if family == walk.family {
        walk.keep(Side::Destination, &way.addresses);
    }
    let sends = way.route.sent_by(&resource.id);
    let answer: Answer = match &way.leads {
        Ok((Some(Class::PrivateRouted), _)) => Err(Gap::NotUnderstood(format!(
            "{sends}: another network, and whether it leads on to the internet is not known"
        ))),
        Ok((class, because)) => {
            let works = !matches!(class, Some(Class::Isolated | Class::BrokenEgress));
            let left = if works { left.as_str() } else { "" };
            Ok((works, format!("{sends}, and {because}{left}")))
        }
        Err(gap) => Err(gap.clone()),
    };
    walk.ask(What::Route, Some(resource), answer);
    Some(way)
}

/// What of the internet does not get through while the rest does: `; rtb-… sends 52.0.0.0/8 to eni-…, which does not get through`.
fn left_behind(ways: &[WayOut<'_>], wanted: &AddressSet, table: &str) -> String {
    let taken = ways.iter().fold(AddressSet::default(), |all, way| all.union(&way.addresses));
    let has_no_route = !wanted.subtract(&taken).is_empty();
    let lost = ways.iter().filter(|way| worth(way, false) == Some(0) && !way.addresses.intersect(wanted).is_empty());
    let lost = lost.map(|way| format!("; {}, which does not get through", way.route.sent_by(table)));
    let rest = has_no_route.then(|| "; the rest of the internet has no route".to_owned());
    lost.chain(rest).collect()
}

/// Block Public Access that blocks what comes in lets out what a NAT gateway sends.
fn let_out(ways: &mut [WayOut<'_>], (facts, subnet): Place<'_>, family: Family) {
    let unblocked = classify_unblocked(facts.inventory, subnet, family);
    for way in ways {
        // By a firewall it is not documented: that remains what it is.
        if !matches!(way.route.target, Target::InternetGateway(_) | Target::CarrierGateway(_)) {
            continue;
        }
        let proof = unblocked.proof.iter().find(|proof| std::ptr::eq(proof.route, way.route));
        if let Some(proof) = proof.filter(|proof| proof.class.group() == Group::Public) {
            way.leads = Ok((Some(proof.class), proof.because.clone()));
        }
    }
}

/// IPv4 addresses, as they are or as a NAT gateway makes them of IPv6.
fn as_ipv4(wanted: &AddressSet, family: Family) -> AddressSet {
    if family == Family::Ipv4 {
        return wanted.clone();
    }
    let blocks = wanted.intersect(&translated()).prefixes(family).into_iter();
    AddressSet::of_prefixes(blocks.filter_map(|block| {
        let bits = u32::try_from(block.first() & u128::from(u32::MAX)).ok()?;
        Some(Prefix::ipv4(Ipv4Addr::from_bits(bits), block.length().checked_sub(96)?))
    }))
}

/// Through a NAT gateway: by its own subnet's ACL and routes, and by those of the next one that it may send to.
pub(super) fn translate<'a>(walk: &mut Walk, from: Place<'a>, gateway: &'a NatGateway, to_one_address: bool) {
    let (facts, mut before) = from;
    let mut answers = Vec::new();
    let mut next = Some(gateway);
    for _ in 0..MAXIMUM_GATEWAYS {
        let Some(gateway) = next.take() else { break };
        let Some(place) = stands(walk, facts, gateway) else { break };
        let (own, apart) = ((facts.inventory, place), place.id != before.id);
        if apart {
            acl(walk, own, What::NetworkAclIn, Side::Source);
        }
        acl(walk, own, What::NetworkAclOut, Side::Destination);
        answers.push((place, apart));
        if walk.stopped {
            break;
        }
        let wanted = as_ipv4(&walk.left(Side::Destination), walk.family);
        let asked = Asked { to_one_address, by_nat_gateway: true, family: Some(Family::Ipv4) };
        // Of what is not an address in IPv4, nothing can be said by its routes.
        let way = if wanted.is_empty() { None } else { ask(walk, (facts, place), &wanted, asked) };
        if let Some(Target::NatGateway(id)) = way.map(|way| &way.route.target) {
            next = facts.inventory.nat_gateways.get(id);
        }
        before = place;
    }
    if next.is_some() {
        let what = format!("the way leads through more than {MAXIMUM_GATEWAYS} NAT gateways");
        walk.ask(What::NatGateway, None, Err(Gap::NotUnderstood(what)));
    }
    for (place, apart) in answers.into_iter().rev() {
        acl(walk, (facts.inventory, place), What::AnswerAclIn, Side::Destination);
        if apart {
            acl(walk, (facts.inventory, place), What::AnswerAclOut, Side::Source);
        }
    }
}

/// A NAT gateway and the subnet that it stands in, if it stands in one.
fn stands<'a>(walk: &mut Walk, facts: &'a Facts<'a>, gateway: &NatGateway) -> Option<&'a Subnet> {
    let resource = Resource::new(gateway.id.as_str(), gateway.name());
    let public: Vec<&str> = gateway.addresses.iter().filter_map(|address| address.public_ip.as_deref()).collect();
    let seen = if public.is_empty() { String::new() } else { format!(", and the internet sees {}", public.join(", ")) };
    let place = match &gateway.place {
        NatPlace::Subnet(place) => place.as_str(),
        NatPlace::Region => "all zones",
    };
    let because = format!("{} is {} in {place}{seen}", gateway.id, gateway.state);
    walk.ask(What::NatGateway, Some(resource), Ok((true, because)));
    let NatPlace::Subnet(place) = &gateway.place else { return None };
    match facts.inventory.subnets.find(place) {
        Ok(subnet) => Some(subnet),
        Err(gap) => {
            walk.ask(What::Route, None, Err(gap));
            None
        }
    }
}

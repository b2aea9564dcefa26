//! Where a route leads: through gateways, endpoints and instances to the internet, or not.

use crate::address::prefix::Family;
use crate::classify::class::Class;
use crate::inventory::gap::Gap;
use crate::inventory::{
    Destination, InternetGateway, Inventory, Listing, NatGateway, NatPlace, PublicAccess, Route, RouteState, Subnet,
    Target,
};

use super::{FamilyVerdict, Reach, back, survey};

mod forwarder;
mod nat;

/// A way out that leads through more subnets is not followed: what it comes to is unknown.
const MAX_SUBNETS: usize = 5;

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// To what makes the subnet of this class, and why.
    Leads(Class, String),
    /// To a service of AWS, which is not the internet.
    Service,
    /// It cannot be said.
    Unknown(Gap),
}

/// Whose traffic it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Anyone,
    /// Block Public Access lets NAT gateways send even where it blocks what comes in.
    NatGateway,
    /// What a NAT gateway sent and a firewall sends on. That "only traffic to and from NAT gateways" is allowed does not say whether this still is such.
    /// Source: Amazon VPC User Guide, "VPC BPA basics".
    NatThroughFirewall,
    /// As if there were no Block Public Access.
    Unblocked,
}

/// Traffic on its way out, and where it came through.
#[derive(Clone, Debug)]
pub(super) struct Traveller<'a> {
    pub(super) subnet: &'a Subnet,
    pub(super) family: Family,
    sender: Sender,
    /// The subnets behind it, the first one first.
    passed: Vec<&'a str>,
    /// Whether it is sent from an address of this subnet: by what stands here, or by a NAT gateway that does.
    is_from_here: bool,
}

impl<'a> Traveller<'a> {
    pub(super) fn new(subnet: &'a Subnet, family: Family) -> Self {
        Self { subnet, family, sender: Sender::Anyone, passed: Vec::new(), is_from_here: true }
    }

    /// The same traffic, as if there were no Block Public Access.
    pub(super) fn unblocked(self) -> Self {
        Self { sender: Sender::Unblocked, ..self }
    }

    /// Whether it is sent from an address of this subnet, to which answers come back.
    pub(super) fn is_from_here(&self) -> bool {
        self.is_from_here
    }

    /// The same traffic, sent on by a firewall; `None` if it was there before.
    pub(super) fn behind_firewall(&self, place: &'a Subnet) -> Result<Option<Self>, Gap> {
        self.moved_to(place, Sender::Anyone)
    }

    /// The same traffic, sent on from another subnet; `None` if it was there before.
    fn moved_to(&self, subnet: &'a Subnet, sender: Sender) -> Result<Option<Self>, Gap> {
        let mut passed = self.passed.clone();
        passed.push(&self.subnet.id);
        if passed.contains(&subnet.id.as_str()) {
            return Ok(None);
        }
        if passed.len() >= MAX_SUBNETS {
            let what = format!("the way out leads through more than {MAX_SUBNETS} subnets");
            return Err(Gap::NotUnderstood(what));
        }
        let family = self.family;
        let is_from_here = sender == Sender::NatGateway;
        let sender = match (self.sender, sender) {
            (Sender::Unblocked, _) => Sender::Unblocked,
            (Sender::NatGateway | Sender::NatThroughFirewall, Sender::Anyone) => Sender::NatThroughFirewall,
            (_, sender) => sender,
        };
        Ok(Some(Self { subnet, family, sender, passed, is_from_here }))
    }
}

/// Judges one route.
pub(super) fn judge(inventory: &Inventory, route: &Route, traveller: &Traveller<'_>) -> Passage {
    if route.state == RouteState::Blackhole {
        return Passage::Leads(Class::Isolated, format!("{} is gone: a black hole", route.target.id()));
    }
    let judged = match &route.target {
        Target::InternetGateway(id) => internet_gateway(inventory, id, traveller),
        Target::EgressOnlyInternetGateway(id) => egress_only(inventory, id, traveller),
        Target::CarrierGateway(id) => Ok(public(traveller, format!("{id} is a carrier gateway"))),
        Target::NatGateway(id) => nat::nat_gateway(inventory, id, traveller),
        Target::VpcEndpoint(id) => endpoint(inventory, id, traveller),
        Target::NetworkInterface(id) => forwarder::network_interface(inventory, id, route, traveller),
        Target::Instance(id) => forwarder::instance(inventory, id, traveller),
        Target::OtherNetwork(id) => Ok(other_network(inventory, id, route, traveller)),
        Target::Local => Ok(Passage::Leads(Class::Isolated, "it stays inside the VPC".to_owned())),
        Target::Unrecognised(what) => Err(Gap::NotUnderstood(what.clone())),
    };
    judged.unwrap_or_else(Passage::Unknown)
}

fn broken(because: String) -> Passage {
    Passage::Leads(Class::BrokenEgress, because)
}

/// A way in and out, if Block Public Access lets it be one.
fn public(traveller: &Traveller<'_>, because: String) -> Passage {
    open(traveller, Class::Public, because)
}

fn open(traveller: &Traveller<'_>, class: Class, because: String) -> Passage {
    match (&traveller.subnet.public_access, traveller.sender) {
        (PublicAccess::Allowed, _) | (_, Sender::Unblocked) | (PublicAccess::IngressBlocked, Sender::NatGateway) => {
            Passage::Leads(class, because)
        }
        (PublicAccess::IngressBlocked, Sender::NatThroughFirewall) => Passage::Unknown(through_firewall()),
        (PublicAccess::IngressBlocked, Sender::Anyone) => {
            Passage::Leads(Class::Isolated, format!("{because}, but Block Public Access is block-ingress"))
        }
        (PublicAccess::Blocked, _) => {
            Passage::Leads(Class::Isolated, format!("{because}, but Block Public Access is block-bidirectional"))
        }
        (PublicAccess::Unrecognised(mode), _) => Passage::Unknown(unknown_mode(mode)),
    }
}

fn through_firewall() -> Gap {
    let what = "whether Block Public Access (block-ingress) lets through what a NAT gateway sends by a firewall is not documented";
    Gap::NotUnderstood(what.to_owned())
}

fn unknown_mode(mode: &str) -> Gap {
    Gap::NotUnderstood(format!("Block Public Access is in mode `{mode}`, which is not known"))
}

fn attached(gateways: &Listing<InternetGateway>, id: &str, traveller: &Traveller<'_>) -> Result<bool, Gap> {
    let gateway = gateways.find(id)?;
    Ok(gateway.vpcs.contains(&traveller.subnet.vpc))
}

fn internet_gateway(inventory: &Inventory, id: &str, traveller: &Traveller<'_>) -> Result<Passage, Gap> {
    if !attached(&inventory.internet_gateways, id, traveller)? {
        return Ok(not_attached(id));
    }
    Ok(public(traveller, format!("{id} is attached")))
}

fn not_attached(id: &str) -> Passage {
    Passage::Leads(Class::Isolated, format!("{id} is not attached to this VPC"))
}

fn egress_only(inventory: &Inventory, id: &str, traveller: &Traveller<'_>) -> Result<Passage, Gap> {
    if !attached(&inventory.egress_only_internet_gateways, id, traveller)? {
        return Ok(not_attached(id));
    }
    Ok(match &traveller.subnet.public_access {
        PublicAccess::Allowed | PublicAccess::IngressBlocked => {
            Passage::Leads(Class::EgressOnly, format!("{id} lets traffic out only"))
        }
        PublicAccess::Blocked => {
            Passage::Leads(Class::Isolated, format!("{id} is blocked: Block Public Access is block-bidirectional"))
        }
        PublicAccess::Unrecognised(mode) => return Err(unknown_mode(mode)),
    })
}

/// What of the internet is in reach behind a route to a firewall; `None` if nothing lies between this route and the internet.
pub(super) fn reach_behind(inventory: &Inventory, route: &Route, traveller: &Traveller<'_>) -> Option<Reach> {
    let Target::VpcEndpoint(id) = &route.target else { return None };
    let place = inventory.vpc_endpoints.get(id)?.subnets.first()?;
    let moved = traveller.moved_to(inventory.subnets.get(place)?, Sender::Anyone).ok()??;
    Some(survey(inventory, &moved).reach)
}

/// The class of another subnet for traffic that is sent on from there.
fn follow<'a>(
    inventory: &'a Inventory,
    traveller: &Traveller<'a>,
    subnet: &'a Subnet,
    sender: Sender,
) -> Result<Class, Gap> {
    let Some(moved) = traveller.moved_to(subnet, sender)? else {
        return Ok(Class::Isolated);
    };
    let FamilyVerdict { class, gaps, .. } = survey(inventory, &moved);
    match gaps.into_iter().next() {
        Some(gap) => Err(gap),
        None => Ok(class),
    }
}

fn endpoint(inventory: &Inventory, id: &str, traveller: &Traveller<'_>) -> Result<Passage, Gap> {
    let endpoint = inventory.vpc_endpoints.find(id)?;
    match endpoint.kind.as_str() {
        "Gateway" => return Ok(Passage::Service),
        "GatewayLoadBalancer" => {}
        kind => {
            let what = format!("{id} is an endpoint of type {kind}, which no route can lead to");
            return Err(Gap::NotUnderstood(what));
        }
    }
    if endpoint.state != "available" {
        return Ok(broken(format!("{id} is {}", endpoint.state)));
    }
    let Some(place) = endpoint.subnets.first() else {
        return Err(Gap::NotUnderstood(format!("{id} names no subnet that it stands in")));
    };
    let place = inventory.subnets.find(place)?;
    let beyond = follow(inventory, traveller, place, Sender::Anyone)?;
    let because = format!("{id} is a firewall in {}, which is {beyond}", place.id);
    Ok(match beyond {
        Class::Public | Class::PublicPartial | Class::PublicInspected => inspected(inventory, traveller, because),
        // What a NAT gateway here sends by it may get through where nothing else does.
        Class::Isolated if may_carry_nat(inventory, traveller, place) => return Err(through_firewall()),
        Class::Isolated => broken(because),
        other => Passage::Leads(other, back::told(inventory, traveller, place, because)),
    })
}

/// A firewall is one for what comes in only if the gateway's table sends that to it: else it comes straight in, and only the answers get there.
fn inspected(inventory: &Inventory, traveller: &Traveller<'_>, because: String) -> Passage {
    // What only passes through is another subnet's question.
    if !traveller.is_from_here() || back::comes_in_by_firewall(inventory, traveller) {
        return open(traveller, Class::PublicInspected, because);
    }
    let id = &traveller.subnet.id;
    public(
        traveller,
        format!("{because}, and no table of an internet gateway sends what comes in for {id} to a firewall"),
    )
}

fn may_carry_nat(inventory: &Inventory, traveller: &Traveller<'_>, place: &Subnet) -> bool {
    let is_here = |gateway: &NatGateway| gateway.place == NatPlace::Subnet(traveller.subnet.id.clone());
    traveller.sender == Sender::Anyone
        && place.public_access == PublicAccess::IngressBlocked
        && inventory.nat_gateways.iter().any(is_here)
}

/// A peering connection leads to the peer's own addresses and never on from there. Source: VPC Peering Guide, "VPC peering limitations": no edge
/// to edge routing through an internet gateway or a NAT device.
fn other_network(inventory: &Inventory, id: &str, route: &Route, traveller: &Traveller<'_>) -> Passage {
    let is_peer = id.starts_with("pcx-") || id.contains("aws_vpc_peering_connection");
    let peering = inventory.peerings.get(id);
    let peer = peering.and_then(|peering| peering.other_side(&traveller.subnet.vpc));
    let peers = peer.map(|peer| peer.blocks.as_slice()).unwrap_or_default();
    let is_peers_own = match &route.destination {
        Destination::Block(block) if block.length() == 0 => false,
        // A peer may have public addresses for its own.
        Destination::Block(block) => peers.is_empty() || peers.iter().any(|own| own.overlaps(*block)),
        Destination::PrefixList(_) | Destination::Unknown => true,
    };
    if is_peer && !is_peers_own {
        return broken(format!("{id} leads to a peer's own addresses and never on to the internet"));
    }
    Passage::Leads(Class::PrivateRouted, format!("{id} is another network"))
}

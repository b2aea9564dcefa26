//! Where a route leads: through gateways, endpoints and instances to the internet, or not.

use crate::address::prefix::Family;
use crate::classify::class::Class;
use crate::inventory::gap::{Gap, Kind};
use crate::inventory::{
    Association, Attachment, Connectivity, Destination, InternetGateway, Inventory, Listing, NatGateway, NatPlace,
    PublicAccess, Route, RouteState, Subnet, Target,
};

use super::{FamilyVerdict, Reach, survey};

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
}

impl<'a> Traveller<'a> {
    pub(super) fn new(subnet: &'a Subnet, family: Family) -> Self {
        Self { subnet, family, sender: Sender::Anyone, passed: Vec::new() }
    }

    /// The same traffic, as if there were no Block Public Access.
    pub(super) fn unblocked(self) -> Self {
        Self { sender: Sender::Unblocked, ..self }
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
        let sender = if self.sender == Sender::Unblocked { Sender::Unblocked } else { sender };
        Ok(Some(Self { subnet, family, sender, passed }))
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
        Target::NatGateway(id) => nat_gateway(inventory, id, traveller),
        Target::VpcEndpoint(id) => endpoint(inventory, id, traveller),
        Target::NetworkInterface(id) => network_interface(inventory, id, route, traveller),
        Target::Instance(id) => instance(inventory, id, traveller),
        Target::OtherNetwork(id) => Ok(Passage::Leads(Class::PrivateRouted, format!("{id} is another network"))),
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
        (PublicAccess::IngressBlocked, Sender::Anyone) => {
            Passage::Leads(Class::Isolated, format!("{because}, but Block Public Access is block-ingress"))
        }
        (PublicAccess::Blocked, _) => {
            Passage::Leads(Class::Isolated, format!("{because}, but Block Public Access is block-bidirectional"))
        }
        (PublicAccess::Unrecognised(mode), _) => Passage::Unknown(unknown_mode(mode)),
    }
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

fn nat_gateway(inventory: &Inventory, id: &str, traveller: &Traveller<'_>) -> Result<Passage, Gap> {
    let gateway = inventory.nat_gateways.find(id)?;
    if gateway.state != "available" {
        return Ok(broken(format!("{id} is {}", gateway.state)));
    }
    if gateway.vpc != traveller.subnet.vpc {
        return Ok(broken(format!("{id} is in {}, another VPC", gateway.vpc)));
    }
    match &gateway.place {
        NatPlace::Subnet(subnet) if gateway.connectivity == Connectivity::Private => {
            private_nat_gateway(inventory, id, subnet, traveller)
        }
        NatPlace::Region => regional_nat_gateway(inventory, gateway),
        NatPlace::Subnet(subnet) => zonal_nat_gateway(inventory, gateway, subnet, traveller),
    }
}

/// A regional NAT gateway brings its own route to the internet gateway.
fn regional_nat_gateway(inventory: &Inventory, gateway: &NatGateway) -> Result<Passage, Gap> {
    let id = &gateway.id;
    match &inventory.vpcs.find(&gateway.vpc)?.public_access {
        PublicAccess::Blocked => Ok(broken(format!("{id} is blocked: Block Public Access is block-bidirectional"))),
        PublicAccess::Unrecognised(mode) => Err(unknown_mode(mode)),
        PublicAccess::Allowed | PublicAccess::IngressBlocked => {
            Ok(Passage::Leads(Class::PrivateNat, format!("{id} is a regional public NAT gateway")))
        }
    }
}

/// A private NAT gateway has no address in the internet, but another network or a NAT gateway behind it may: so subnets whose addresses are not
/// unique reach a central way out.
fn private_nat_gateway(
    inventory: &Inventory,
    id: &str,
    place: &str,
    traveller: &Traveller<'_>,
) -> Result<Passage, Gap> {
    let moved = Traveller { family: Family::Ipv4, ..traveller.clone() };
    let beyond = follow(inventory, &moved, inventory.subnets.find(place)?, Sender::NatGateway)?;
    let because = format!("{id} is a private NAT gateway in {place}, which is {beyond}");
    Ok(match beyond {
        Class::PrivateRouted | Class::PrivateNat | Class::PrivateNatInstance => Passage::Leads(beyond, because),
        _ => broken(because),
    })
}

/// A NAT gateway sends IPv4, whatever it was sent: IPv6 only reaches it as translated addresses.
fn zonal_nat_gateway(
    inventory: &Inventory,
    gateway: &NatGateway,
    place: &str,
    traveller: &Traveller<'_>,
) -> Result<Passage, Gap> {
    let subnet = inventory.subnets.find(place)?;
    let moved = Traveller { family: Family::Ipv4, ..traveller.clone() };
    let beyond = follow(inventory, &moved, subnet, Sender::NatGateway)?;
    let id = &gateway.id;
    Ok(match beyond {
        Class::Public | Class::PublicPartial | Class::PublicInspected => {
            Passage::Leads(Class::PrivateNat, format!("{id} is a public NAT gateway in {place}, which is {beyond}"))
        }
        _ => broken(format!("{id} is in {place}, which is {beyond}")),
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
    let beyond = follow(inventory, traveller, inventory.subnets.find(place)?, Sender::Anyone)?;
    let because = format!("{id} is a firewall in {place}, which is {beyond}");
    Ok(match beyond {
        Class::Public | Class::PublicPartial | Class::PublicInspected => {
            open(traveller, Class::PublicInspected, because)
        }
        Class::Isolated => broken(because),
        other => Passage::Leads(other, because),
    })
}

fn network_interface(
    inventory: &Inventory,
    id: &str,
    route: &Route,
    traveller: &Traveller<'_>,
) -> Result<Passage, Gap> {
    let interface = inventory.network_interfaces.find(id)?;
    match &interface.attachment {
        Attachment::Detached => return Ok(broken(format!("{id} is attached to nothing"))),
        Attachment::Unsaid => {
            return Err(Gap::NotUnderstood(format!("{id} is in use, and by what is not said")));
        }
        Attachment::Service => {
            return Err(Gap::NotUnderstood(format!("{id} belongs to a service: what it does cannot be seen")));
        }
        Attachment::Instance(owner) => {
            let state = &inventory.instances.find(owner)?.state;
            if state != "running" {
                return Ok(broken(format!("{id} belongs to {owner}, which is {state}")));
            }
        }
    }
    if interface.source_destination_check {
        return Ok(does_not_forward(id));
    }
    let place = inventory.subnets.find(&interface.subnet)?;
    if traffic_comes_back_by(inventory, route, traveller.subnet) {
        let because = format!("{id} forwards, and traffic from the internet comes in by it");
        return Ok(open(traveller, Class::PublicInspected, because));
    }
    forwarding(inventory, id, place, traveller)
}

fn instance(inventory: &Inventory, id: &str, traveller: &Traveller<'_>) -> Result<Passage, Gap> {
    let instance = inventory.instances.find(id)?;
    if instance.state != "running" {
        return Ok(broken(format!("{id} is {}", instance.state)));
    }
    if instance.source_destination_check {
        return Ok(does_not_forward(id));
    }
    let Some(place) = &instance.subnet else {
        return Err(Gap::Resource { kind: Kind::NetworkInterfaces, id: format!("the interface of {id}") });
    };
    forwarding(inventory, id, inventory.subnets.find(place)?, traveller)
}

fn does_not_forward(id: &str) -> Passage {
    broken(format!("{id} does not forward: its source/destination check is on"))
}

fn forwarding(inventory: &Inventory, id: &str, place: &Subnet, traveller: &Traveller<'_>) -> Result<Passage, Gap> {
    let beyond = follow(inventory, traveller, place, Sender::Anyone)?;
    let because = format!("{id} forwards from {}, which is {beyond}", place.id);
    Ok(match beyond {
        Class::Isolated | Class::BrokenEgress => broken(because),
        Class::EgressOnly | Class::PrivateRouted => Passage::Leads(beyond, because),
        _ => Passage::Leads(Class::PrivateNatInstance, because),
    })
}

/// Whether a gateway's own route table sends what comes in for the subnet by the same target: then it is a firewall in front of a
/// public subnet, not a NAT instance.
fn traffic_comes_back_by(inventory: &Inventory, route: &Route, subnet: &Subnet) -> bool {
    let at_gateway = |association: &Association| matches!(association, Association::Gateway(_));
    let overlaps = |destination: &Destination| match destination {
        Destination::Block(block) => subnet.blocks.iter().any(|own| own.overlaps(*block)),
        Destination::PrefixList(_) | Destination::Unknown => false,
    };
    let of_vpc = inventory.index.tables_of_vpc(&subnet.vpc).filter_map(|id| inventory.route_tables.get(id));
    let edge = of_vpc.filter(|table| table.associations.iter().any(at_gateway));
    edge.flat_map(|table| &table.routes)
        .any(|back| back.target == route.target && back.state == RouteState::Active && overlaps(&back.destination))
}

//! NAT gateways: what they send leaves by the way out of the place where they stand.

use super::{Passage, Sender, Traveller, attached, broken, follow, unknown_mode};
use crate::address::prefix::Family;
use crate::address::set::internet;
use crate::classify::class::Class;
use crate::classify::routing::divide;
use crate::inventory::gap::Gap;
use crate::inventory::{Connectivity, Inventory, NatGateway, NatPlace, PublicAccess, RouteState, RouteTable, Target};

pub(super) fn nat_gateway(inventory: &Inventory, id: &str, traveller: &Traveller<'_>) -> Result<Passage, Gap> {
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
        NatPlace::Region => regional_nat_gateway(inventory, gateway, traveller),
        NatPlace::Subnet(subnet) => zonal_nat_gateway(inventory, gateway, subnet, traveller),
    }
}

/// A regional NAT gateway brings its own route to the internet gateway, in a table of its own that can be changed.
fn regional_nat_gateway(
    inventory: &Inventory,
    gateway: &NatGateway,
    traveller: &Traveller<'_>,
) -> Result<Passage, Gap> {
    let id = &gateway.id;
    match &inventory.vpcs.find(&gateway.vpc)?.public_access {
        PublicAccess::Blocked => {
            return Ok(broken(format!("{id} is blocked: Block Public Access is block-bidirectional")));
        }
        PublicAccess::Unrecognised(mode) => return Err(unknown_mode(mode)),
        PublicAccess::Allowed | PublicAccess::IngressBlocked => {}
    }
    let table = inventory.index.table_of_gateway(id).and_then(|table| inventory.route_tables.get(table));
    if let Some(table) = table
        && !could_lead_out(inventory, table, traveller)?
    {
        return Ok(broken(format!(
            "{id} is a regional NAT gateway whose table {} has no way to the internet",
            table.id
        )));
    }
    Ok(Passage::Leads(Class::PrivateNat, format!("{id} is a regional public NAT gateway")))
}

/// Whether a table has an active route that takes internet addresses of IPv4 and may lead to the internet.
fn could_lead_out(inventory: &Inventory, table: &RouteTable, traveller: &Traveller<'_>) -> Result<bool, Gap> {
    let own = inventory.vpcs.get(&table.vpc).map(|vpc| vpc.blocks.as_slice()).unwrap_or_default();
    let division = divide(&table.routes, Family::Ipv4, &inventory.prefix_lists);
    let space = internet(Family::Ipv4, own);
    let taken = division.claims.iter().filter(|claim| !claim.addresses.intersect(&space).is_empty());
    let routes = taken.map(|claim| claim.route).chain(division.undetermined.iter().map(|(route, _)| *route));
    for route in routes.filter(|route| route.state == RouteState::Active) {
        let leads = match &route.target {
            Target::InternetGateway(id) => attached(&inventory.internet_gateways, id, traveller)?,
            Target::Local | Target::OtherNetwork(_) | Target::EgressOnlyInternetGateway(_) => false,
            _ => true,
        };
        if leads {
            return Ok(true);
        }
    }
    Ok(false)
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

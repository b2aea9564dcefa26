//! The way back: whether what comes in, or comes back, goes by the firewall that what goes out goes by.

use super::passage::Traveller;
use super::survey;
use crate::classify::class::Class;
use crate::classify::routing::effective_table;
use crate::inventory::{Association, Destination, Inventory, NatPlace, Route, RouteState, RouteTable, Subnet, Target};

/// Whether a gateway's own route table sends what comes in for the traveller's subnet by this target: then it is a firewall in front of a public subnet,
/// not a NAT instance.
pub(super) fn comes_in_by(inventory: &Inventory, target: &Target, traveller: &Traveller<'_>) -> bool {
    edge_routes(inventory, traveller).any(|back| back.target == *target)
}

/// Whether it sends that by any firewall, or which table it is is not known.
pub(super) fn comes_in_by_firewall(inventory: &Inventory, traveller: &Traveller<'_>) -> bool {
    let vpc = &traveller.subnet.vpc;
    inventory.index.loose_table_of_vpc(vpc).is_some()
        || edge_routes(inventory, traveller).any(|back| matches!(back.target, Target::VpcEndpoint(_)))
}

fn edge_routes<'a>(inventory: &'a Inventory, traveller: &Traveller<'a>) -> impl Iterator<Item = &'a Route> {
    let at_gateway = |association: &Association| {
        // What comes in by a VPN is not the internet.
        matches!(association, Association::Gateway(id) if !id.starts_with("vgw-"))
    };
    let of_vpc = inventory.index.tables_of_vpc(&traveller.subnet.vpc).filter_map(|id| inventory.route_tables.get(id));
    let edge = of_vpc.filter(move |table| table.associations.iter().any(at_gateway));
    let traveller = traveller.clone();
    edge.flat_map(|table| &table.routes).filter(move |route| takes(route, &traveller))
}

/// Whether an active route may take what is sent to the traveller's subnet.
fn takes(route: &Route, traveller: &Traveller<'_>) -> bool {
    let overlaps = match &route.destination {
        Destination::Block(block) => {
            block.family() == traveller.family && traveller.subnet.blocks.iter().any(|own| own.overlaps(*block))
        }
        Destination::PrefixList(_) | Destination::Unknown => true,
    };
    route.state == RouteState::Active && overlaps
}

/// Says of a firewall before a NAT gateway that answers do not come back through it, if they do not.
///
/// A firewall that keeps state drops conversations of which it sees one half; one that keeps none lets them be. So it is no broken way for certain.
pub(super) fn told(inventory: &Inventory, traveller: &Traveller<'_>, place: &Subnet, because: String) -> String {
    if !traveller.is_from_here() {
        return because;
    }
    let Ok(Some(moved)) = traveller.behind_firewall(place) else { return because };
    let proof = survey(inventory, &moved).proof;
    let gateways = proof.iter().filter(|proof| proof.class == Class::PrivateNat).map(|proof| &proof.route.target);
    for target in gateways {
        let Target::NatGateway(id) = target else { continue };
        let Some(table) = table_of_nat(inventory, id) else { continue };
        let mut back = table.routes.iter().filter(|route| takes(route, traveller));
        if !back.any(|route| matches!(route.target, Target::VpcEndpoint(_))) {
            let (subnet, table) = (&traveller.subnet.id, &table.id);
            return format!(
                "{because}; answers do not come back through it: {table} of {id} sends them straight to {subnet}"
            );
        }
    }
    because
}

/// The table by which a NAT gateway sends.
fn table_of_nat<'a>(inventory: &'a Inventory, id: &str) -> Option<&'a RouteTable> {
    match &inventory.nat_gateways.get(id)?.place {
        NatPlace::Subnet(place) => Some(effective_table(inventory, inventory.subnets.get(place)?).ok()?.table),
        NatPlace::Region => inventory.route_tables.get(inventory.index.table_of_gateway(id)?),
    }
}

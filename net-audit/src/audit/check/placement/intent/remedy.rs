//! How a subnet becomes as private as it is meant to be, without cutting off what stands in it.

use std::collections::HashMap;

use super::{Place, place};
use crate::audit::check::occupants;
use crate::audit::check::remedy::aws;
use crate::audit::check::remedy::route::{put_on, terraform_association};
use crate::audit::check::remedy::table::{Becomes, OwnTable};
use crate::audit::check::routes::usage;
use crate::audit::finding::Remedy;
use crate::classify::SubnetVerdict;
use crate::classify::class::{Class, Group};
use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::facts::intent::Meant;
use crate::inventory::{Connectivity, NatGateway, NatPlace, Route, RouteTable, Subnet, Target};
use crate::money::usage::works;

/// Subnets that are not public, and NAT gateways, by VPC.
pub(super) struct Tables<'f> {
    closed: HashMap<&'f str, Vec<&'f SubnetVerdict<'f>>>,
    gateways: HashMap<&'f str, Vec<&'f NatGateway>>,
}

impl<'f> Tables<'f> {
    pub(super) fn of(facts: &'f Facts<'_>) -> Self {
        let (mut closed, mut gateways): (HashMap<_, Vec<_>>, HashMap<_, Vec<_>>) = (HashMap::new(), HashMap::new());
        for verdict in facts.subnets.iter().filter(|one| matches!(one.group(), Group::Private | Group::Isolated)) {
            closed.entry(verdict.subnet.vpc.as_str()).or_default().push(verdict);
        }
        for gateway in facts.inventory.nat_gateways.iter() {
            gateways.entry(gateway.vpc.as_str()).or_default().push(gateway);
        }
        Self { closed, gateways }
    }

    /// The table of another subnet of the zone that is as private as this one is meant to be, and has all its ways to other networks.
    fn fitting(
        &self,
        facts: &Facts<'_>,
        subnet: &Subnet,
        current: &RouteTable,
        meant: Meant,
    ) -> Option<&'f RouteTable> {
        let closed = self.closed.get(subnet.vpc.as_str())?;
        let fits = |verdict: &&&SubnetVerdict<'f>| {
            let Some(table) = verdict.route_table.map(|effective| effective.table) else { return false };
            let is_near = verdict.subnet.availability_zone == subnet.availability_zone;
            let leads_back = table.routes.iter().any(|route| stands_in(facts, &route.target, &subnet.id));
            let has = |route: &Route| {
                let same = |other: &Route| other.destination == route.destination && other.target == route.target;
                table.routes.iter().any(same)
            };
            let carries_the_rest = current.routes.iter().filter(|route| !is_out(&route.target)).all(has);
            let is_meant = match meant {
                Meant::Isolated => !table.routes.iter().any(|route| is_out(&route.target)),
                _ => is_by_nat(facts, verdict),
            };
            is_near && !leads_back && carries_the_rest && is_meant
        };
        let found = closed.iter().find(fits)?;
        found.route_table.map(|effective| effective.table)
    }

    /// A NAT gateway that works and stands elsewhere, in the zone if there is one.
    fn gateway(&self, facts: &Facts<'_>, subnet: &Subnet) -> Option<&'f NatGateway> {
        let of_vpc = self.gateways.get(subnet.vpc.as_str())?.iter().copied();
        let usable = of_vpc.filter(|gateway| {
            let is_open = match &gateway.place {
                NatPlace::Subnet(place) => *place != subnet.id && works(facts, gateway),
                NatPlace::Region => gateway.connectivity == Connectivity::Public,
            };
            gateway.state == "available" && is_open
        });
        usable.max_by_key(|gateway| {
            let zone = gateway.zone(facts.inventory);
            zone.is_none() || zone == subnet.availability_zone.as_deref()
        })
    }
}

/// Whether a target leads to the internet.
fn is_out(target: &Target) -> bool {
    matches!(
        target,
        Target::InternetGateway(_)
            | Target::CarrierGateway(_)
            | Target::EgressOnlyInternetGateway(_)
            | Target::NatGateway(_)
    )
}

fn stands_in(facts: &Facts<'_>, target: &Target, subnet: &str) -> bool {
    usage::place(facts.inventory, target) == Some(subnet)
}

/// Whether a subnet goes out by NAT gateways only.
fn is_by_nat(facts: &Facts<'_>, verdict: &SubnetVerdict<'_>) -> bool {
    let is_nat = |class: Class| matches!(class, Class::PrivateNat | Class::EgressOnly);
    let works = |target: &Target| match target {
        Target::NatGateway(id) => facts.inventory.nat_gateways.get(id).is_some_and(|it| it.state == "available"),
        _ => true,
    };
    let mut ways = verdict.families.iter().flat_map(|family| &family.proof);
    verdict.group() == Group::Private && ways.all(|way| is_nat(way.class) && works(&way.route.target))
}

/// Whether something would stop working if its subnet were not public: it belongs there, or is spoken to by an address of its own.
fn needs_public(facts: &Facts<'_>, exposure: &Exposure<'_>) -> bool {
    let interface = exposure.interface;
    let is_there = *exposure.purpose != Purpose::Nothing;
    let has_address = !interface.public_addresses.is_empty() || !interface.ipv6_addresses.is_empty();
    place(facts, exposure) == Place::Public || !interface.source_destination_check || is_there && has_address
}

pub(super) fn remedy(facts: &Facts<'_>, verdict: &SubnetVerdict<'_>, meant: Meant, tables: &Tables<'_>) -> Remedy {
    let subnet = verdict.subnet;
    let id = &subnet.id;
    let if_meant =
        format!("If it is meant to be public, say so by the tag Tier=public or by --public {id}, and name it so.");
    let standing: Vec<&Exposure<'_>> =
        occupants::in_subnet(facts, id).filter(|exposure| needs_public(facts, exposure)).collect();
    let in_subnet = |gateway: &&NatGateway| gateway.place == NatPlace::Subnet(id.clone());
    let has_gateway = tables.gateways.get(subnet.vpc.as_str()).is_some_and(|all| all.iter().any(in_subnet));
    if !standing.is_empty() || has_gateway || facts.inventory.network_interfaces.known().is_err() {
        let what = match (standing.is_empty(), has_gateway) {
            (false, _) => occupants::told(standing),
            (true, true) => "a NAT gateway".to_owned(),
            (true, false) => "whatever has a public address, which is not known".to_owned(),
        };
        return look_first(
            facts,
            id,
            &format!(
                "Move what needs a public subnet out of it first: {what}. It would be cut off by another route table, and so would all that goes out by it. Then give the subnet {}. {if_meant}",
                if meant == Meant::Isolated {
                    "one without a way to the internet"
                } else {
                    "one that leads out by a NAT gateway elsewhere"
                }
            ),
        );
    }
    let Some(current) = verdict.route_table.map(|effective| effective.table) else {
        return look_first(facts, id, &format!("Give it a route table of its own. {if_meant}"));
    };
    if let Some(table) = tables.fitting(facts, subnet, current, meant) {
        let advice = match meant {
            Meant::Isolated => format!("Put it on {}, which has no way to the internet", table.id),
            _ => format!("In doubt a subnet should be behind NAT: put it on {}, which leads out and not in", table.id),
        };
        let mut cli = put_on(facts, id, &table.id);
        cli.extend(no_mapping(facts, subnet));
        return Remedy {
            advice: format!("{advice}, and has its other routes too. {if_meant}"),
            cli,
            terraform: terraform_association(&format!("\"{}\"", table.id), id),
        };
    }
    let gateway = if meant == Meant::Isolated { None } else { tables.gateway(facts, subnet) };
    if meant != Meant::Isolated && gateway.is_none() {
        return look_first(
            facts,
            id,
            &format!(
                "In doubt a subnet should be behind NAT, and no NAT gateway outside of it works: make one in a public subnet of its zone first, then give this subnet a route table that leads there, with its other routes. {if_meant}"
            ),
        );
    }
    own_table(facts, subnet, current, gateway, &if_meant)
}

/// A copy of the table that leads to the NAT gateway instead of the internet gateway, or nowhere.
fn own_table(
    facts: &Facts<'_>,
    subnet: &Subnet,
    table: &RouteTable,
    nat: Option<&NatGateway>,
    if_meant: &str,
) -> Remedy {
    let is_ipv6 = |route: &Route| route.destination_name().contains(':');
    let own = OwnTable::new(facts, table, &format!("private_{}", subnet.id), [subnet.id.as_str()], |route| {
        match (&route.target, nat) {
            (Target::InternetGateway(_) | Target::CarrierGateway(_), Some(gateway)) if !is_ipv6(route) => {
                Becomes::To("nat_gateway_id", gateway.id.clone(), format!("\"{}\"", gateway.id))
            }
            (Target::NatGateway(_) | Target::EgressOnlyInternetGateway(_), Some(_)) => Becomes::Same,
            (target, _) if is_out(target) => Becomes::Gone,
            _ => Becomes::Same,
        }
    });
    let way = match nat {
        None => "Give it a route table without a way to the internet.".to_owned(),
        Some(gateway) => {
            let zone = gateway.zone(facts.inventory);
            let far = zone.filter(|zone| Some(*zone) != subnet.availability_zone.as_deref());
            let far =
                far.map(|zone| format!(" It stands in {zone}: what crosses zones is billed.")).unwrap_or_default();
            let id = &gateway.id;
            format!("In doubt a subnet should be behind NAT: give it a route table that leads to {id}.{far}")
        }
    };
    let mut cli = own.cli();
    if own.is_whole() {
        cli.extend(no_mapping(facts, subnet));
    }
    Remedy { advice: format!("{way}{} {if_meant}", own.advice()), cli, terraform: own.terraform() }
}

/// A command that shows what stands there, and what must be decided before any other.
fn look_first(facts: &Facts<'_>, subnet: &str, advice: &str) -> Remedy {
    let command = format_args!("ec2 describe-network-interfaces --filters Name=subnet-id,Values={subnet}");
    Remedy { advice: advice.to_owned(), cli: vec![aws(facts, command)], terraform: String::new() }
}

/// What starts there has no use for a public address any more.
fn no_mapping(facts: &Facts<'_>, subnet: &Subnet) -> Option<String> {
    let command = format!("ec2 modify-subnet-attribute --subnet-id {} --no-map-public-ip-on-launch", subnet.id);
    subnet.maps_public_address.then(|| aws(facts, command))
}

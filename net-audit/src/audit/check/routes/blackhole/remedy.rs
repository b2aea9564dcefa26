//! What to do about a route to what is gone.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::super::usage::Usage;
use super::{Dead, detached_gateway};
use crate::audit::check::remedy::aws;
use crate::audit::check::remedy::route::{argument, destination_option, terraform_route};
use crate::audit::check::remedy::table::{Becomes, OwnTable};
use crate::audit::check::resources::{listed, zones};
use crate::audit::finding::Remedy;
use crate::facts::intent::Meant;
use crate::inventory::{
    Connectivity, Destination, InternetGateway, NatGateway, NatPlace, Origin, Route, Subnet, Target,
};
use crate::money::usage::works;

/// A NAT gateway of the VPC that works and stands in none of the subnets, in a zone of theirs if there is one.
pub(in super::super) fn working_nat<'a>(
    usage: &Usage<'_, 'a>,
    vpc: &str,
    subnets: &[&Subnet],
) -> Option<&'a NatGateway> {
    let is_open = |gateway: &NatGateway| match &gateway.place {
        NatPlace::Subnet(place) => works(usage.facts, gateway) && subnets.iter().all(|subnet| subnet.id != *place),
        NatPlace::Region => gateway.connectivity == Connectivity::Public,
    };
    let wanted = zones(subnets.iter().copied());
    let is_near = |gateway: &NatGateway| {
        let zone = gateway.zone(usage.inventory());
        zone.is_none_or(|zone| wanted.iter().any(|wanted| wanted == zone))
    };
    let gateways = usage.nat_gateways(vpc).iter().copied();
    let open = gateways.filter(|gateway| gateway.state == "available" && is_open(gateway));
    open.max_by_key(|gateway| is_near(gateway))
}

pub(super) fn remedy<'a>(usage: &Usage<'_, 'a>, dead: &Dead<'a>, subnets: &[&'a Subnet]) -> Remedy {
    if let Some(gateway) = detached_gateway(usage.inventory(), &dead.table.vpc, dead.target) {
        return attach(usage, dead, gateway);
    }
    if matches!(dead.target, Target::NatGateway(_)) {
        let is_isolated =
            |subnet: &&&Subnet| usage.facts.setting.intent.of(usage.facts.inventory, subnet) == Meant::Isolated;
        match subnets.iter().filter(is_isolated).count() {
            0 => {
                if let Some(gateway) = working_nat(usage, &dead.table.vpc, subnets) {
                    return reroute(usage, dead, subnets, gateway);
                }
            }
            count if count == subnets.len() => {
                let advice = "Delete the route: all subnets that send by it are meant to have no way to the internet.";
                return delete(usage, dead, Some(advice));
            }
            _ => return divide(usage, dead),
        }
    }
    delete(usage, dead, None)
}

/// What a routing protocol brought, only it takes away.
fn own<'a>(dead: &Dead<'a>) -> impl Iterator<Item = &'a Route> {
    dead.routes.iter().copied().filter(|route| route.origin == Origin::Static)
}

fn attach(usage: &Usage<'_, '_>, dead: &Dead<'_>, gateway: &InternetGateway) -> Remedy {
    let (id, vpc) = (&gateway.id, &dead.table.vpc);
    let command = format_args!("ec2 attach-internet-gateway --internet-gateway-id {id} --vpc-id {vpc}");
    Remedy {
        advice: format!(
            "Attach {id} to {vpc}: that repairs all routes to it, the NAT gateways and the public addresses behind them. If \
             it was detached to keep the internet out, leave it, and delete the routes."
        ),
        cli: vec![aws(usage.facts, command)],
        terraform: format!(
            "resource \"aws_internet_gateway_attachment\" \"this\" {{\n  internet_gateway_id = \"{id}\"\n  vpc_id              = \"{vpc}\"\n}}"
        ),
    }
}

/// Some of the subnets are meant to have no way to the internet, others are not: one route does not suit both.
fn divide(usage: &Usage<'_, '_>, dead: &Dead<'_>) -> Remedy {
    let id = &dead.table.id;
    Remedy {
        advice: format!(
            "Divide the subnets of {id} first: some are meant to have no way to the internet, and others are not. Give those \
             that are to have one a table that leads to a NAT gateway of their zone, and delete the route from the other."
        ),
        cli: vec![aws(usage.facts, format_args!("ec2 describe-route-tables --route-table-ids {id}"))],
        terraform: String::new(),
    }
}

fn delete(usage: &Usage<'_, '_>, dead: &Dead<'_>, advice: Option<&str>) -> Remedy {
    let Dead { table, target, .. } = dead;
    let (mut cli, mut terraform) = (Vec::new(), Vec::new());
    for route in own(dead) {
        let (Some(option), Some((argument, to))) = (destination_option(route), argument(route)) else { continue };
        if let (Target::VpcEndpoint(endpoint), Destination::PrefixList(_)) = (target, &route.destination) {
            // What a gateway endpoint brought, only it takes away.
            let command = format!("ec2 modify-vpc-endpoint --vpc-endpoint-id {endpoint} --remove-route-table-ids");
            cli.push(aws(usage.facts, format_args!("{command} {}", table.id)));
            terraform
                .push(format!("# remove {} from the route_table_ids of the aws_vpc_endpoint {endpoint}", table.id));
        } else {
            let at = format!("--route-table-id {} {option}", table.id);
            cli.push(aws(usage.facts, format_args!("ec2 delete-route {at}")));
            terraform.push(format!("# remove the aws_route of {} with {argument} = \"{to}\"", table.id));
        }
    }
    let advice = match (advice, cli.is_empty()) {
        (_, true) => "The route is propagated: repair the connection, or end its propagation.",
        (Some(advice), false) => advice,
        (None, false) => "Delete the route, or send it to what took the place of its target.",
    };
    Remedy { advice: advice.to_owned(), cli, terraform: terraform.join("\n\n") }
}

/// Sends the routes to a NAT gateway that works, and the subnets of other zones, by tables of their own, to those of their zones.
fn reroute<'a>(usage: &Usage<'_, 'a>, dead: &Dead<'a>, subnets: &[&'a Subnet], gateway: &NatGateway) -> Remedy {
    let (facts, table, id) = (usage.facts, dead.table, &gateway.id);
    let (mut cli, mut terraform) = (Vec::new(), Vec::new());
    for route in own(dead) {
        let (Some(option), Some((argument, to))) = (destination_option(route), argument(route)) else { continue };
        let at = format!("--route-table-id {} {option}", table.id);
        cli.push(aws(facts, format_args!("ec2 replace-route {at} --nat-gateway-id {id}")));
        let (table, target) = (format!("\"{}\"", table.id), format!("\"{id}\""));
        terraform.push(terraform_route("way", &table, (argument, &to), ("nat_gateway_id", &target)));
    }
    let mut advice = format!("Send it to {id}, which works.");
    let mut far: Vec<&str> = Vec::new();
    if let Some(own_zone) = gateway.zone(usage.inventory()) {
        for (zone, of_zone) in by_zone(subnets).into_iter().filter(|(zone, _)| *zone != own_zone) {
            let near = working_nat(usage, &table.vpc, &of_zone);
            let Some(near) = near.filter(|near| near.zone(usage.inventory()) == Some(zone)) else {
                far.push(zone);
                continue;
            };
            let ids = of_zone.iter().map(|subnet| subnet.id.as_str());
            let is_dead = |route: &Route| dead.routes.iter().any(|dead| std::ptr::eq(*dead, route));
            let target = format!("\"{}\"", near.id);
            let own = OwnTable::new(facts, table, &format!("{}_{zone}", table.id), ids, |route| {
                if is_dead(route) {
                    Becomes::To("nat_gateway_id", near.id.clone(), target.clone())
                } else {
                    Becomes::Same
                }
            });
            cli.extend(own.cli());
            terraform.push(own.terraform());
            _ = write!(
                advice,
                " Then give {zone} a table of its own that leads to {}, which stands there.{}",
                near.id,
                own.advice()
            );
        }
        if !far.is_empty() {
            _ = write!(
                advice,
                " It stands in {own_zone}, and no other works in {}: what crosses zones is billed, and that zone depends on \
                 this one until it has a NAT gateway of its own.",
                listed(&far)
            );
        }
    }
    Remedy { advice, cli, terraform: terraform.join("\n\n") }
}

fn by_zone<'a>(subnets: &[&'a Subnet]) -> BTreeMap<&'a str, Vec<&'a Subnet>> {
    let mut zones: BTreeMap<&str, Vec<&Subnet>> = BTreeMap::new();
    for subnet in subnets {
        if let Some(zone) = &subnet.availability_zone {
            zones.entry(zone).or_default().push(subnet);
        }
    }
    zones
}

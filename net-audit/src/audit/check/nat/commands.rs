//! How the traffic of subnets is sent through another gateway.

use std::collections::BTreeMap;

use crate::audit::check::remedy::route::{
    NEW_TABLE, argument, destination_option, new_table, put_on, terraform_association, terraform_route,
};
use crate::audit::check::remedy::{aws, terraform_name};
use crate::classify::SubnetVerdict;
use crate::facts::Facts;
use crate::inventory::{Route, RouteTable, Target};

/// Stands for a gateway that is yet to be made, until whoever makes it puts its name there.
pub(super) const NEW_GATEWAY: &str = "aws_nat_gateway.new.id";

/// What it takes to send the traffic of subnets through another gateway.
#[derive(Debug, Default)]
pub(super) struct Rewiring {
    pub(super) cli: Vec<String>,
    pub(super) terraform: Vec<String>,
    /// Tables that others use too, so that the subnets need one of their own.
    pub(super) shared: Vec<String>,
}

/// Sends the traffic of subnets of one VPC that goes through one gateway through another.
pub(super) fn rewire(facts: &Facts<'_>, subnets: &[&SubnetVerdict<'_>], from: &str, to: &str) -> Rewiring {
    let mut tables: BTreeMap<&str, (&RouteTable, Vec<&SubnetVerdict<'_>>)> = BTreeMap::new();
    for verdict in subnets {
        let Some(table) = verdict.route_table else { continue };
        tables.entry(&table.table.id).or_insert((table.table, Vec::new())).1.push(verdict);
    }
    let mut rewiring = Rewiring::default();
    for (id, (table, users)) in tables {
        let routes: Vec<&Route> = table.routes.iter().filter(|route| leads_to(route, from)).collect();
        if facts.users(id).count() == users.len() {
            for route in &routes {
                let Some(what) = destination_option(route) else { continue };
                let command = format_args!("ec2 replace-route --route-table-id {id} {what} --nat-gateway-id {to}");
                rewiring.cli.push(aws(facts, command));
            }
            rewiring.terraform.extend(in_terraform(id, &format!("\"{id}\""), &routes, to));
        } else {
            rewiring.shared.push(id.to_owned());
            rewiring.cli.extend(own_table(facts, table, &users, &routes, to));
            rewiring.terraform.extend(own_table_in_terraform(table, &users, &routes, to));
        }
    }
    rewiring
}

fn leads_to(route: &Route, gateway: &str) -> bool {
    matches!(&route.target, Target::NatGateway(id) if id == gateway)
}

/// A table for these subnets alone, with these routes, which lead to another gateway.
fn own_table(
    facts: &Facts<'_>,
    table: &RouteTable,
    users: &[&SubnetVerdict<'_>],
    routes: &[&Route],
    to: &str,
) -> Vec<String> {
    let mut commands = vec![new_table(facts, &table.vpc)];
    for what in routes.iter().filter_map(|route| destination_option(route)) {
        let command = format_args!("ec2 create-route --route-table-id {NEW_TABLE} {what} --nat-gateway-id {to}");
        commands.push(aws(facts, command));
    }
    commands.extend(users.iter().flat_map(|verdict| put_on(facts, &verdict.subnet.id, NEW_TABLE)));
    commands
}

fn own_table_in_terraform(
    table: &RouteTable,
    users: &[&SubnetVerdict<'_>],
    routes: &[&Route],
    to: &str,
) -> Vec<String> {
    let zone = users.first().and_then(|verdict| verdict.subnet.availability_zone.as_deref()).unwrap_or("own");
    let name = format!("{}_{}", terraform_name(&table.id), terraform_name(zone));
    let reference = format!("aws_route_table.{name}.id");
    let mut blocks = vec![format!("resource \"aws_route_table\" \"{name}\" {{\n  vpc_id = \"{}\"\n}}", table.vpc)];
    blocks.extend(in_terraform(&name, &reference, routes, to));
    blocks.extend(users.iter().map(|verdict| terraform_association(&reference, &verdict.subnet.id)));
    blocks
}

fn in_terraform(name: &str, table: &str, routes: &[&Route], to: &str) -> Vec<String> {
    let gateway = if to.starts_with("nat-") { format!("\"{to}\"") } else { NEW_GATEWAY.to_owned() };
    let destinations = routes.iter().filter_map(|route| argument(route));
    let told = destinations
        .map(|(argument, to)| terraform_route(name, table, (argument, &to), ("nat_gateway_id", gateway.as_str())));
    told.collect()
}

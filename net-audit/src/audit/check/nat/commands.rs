//! The commands and the Terraform that remedies are made of.

use std::collections::BTreeMap;

use crate::address::prefix::Family;
use crate::classify::SubnetVerdict;
use crate::facts::Facts;
use crate::inventory::{Destination, Route, RouteTable, Target};
use crate::money::Usage;

/// A command of the AWS CLI, in the region that it is about.
pub(in crate::audit::check) fn aws(facts: &Facts<'_>, command: &str) -> String {
    match &facts.inventory.region {
        Some(region) => format!("aws {command} --region {region}"),
        None => format!("aws {command}"),
    }
}

/// A command whose answer is kept for the next one.
pub(super) fn keep(facts: &Facts<'_>, variable: &str, command: &str, query: &str) -> String {
    format!("{variable}=$({})", aws(facts, &format!("{command} --query \"{query}\" --output text")))
}

/// How the CLI names what a route is for.
pub(in crate::audit::check) fn destination(route: &Route) -> String {
    let name = route.destination_name();
    match &route.destination {
        Destination::Block(prefix) if prefix.family() == Family::Ipv6 => {
            format!("--destination-ipv6-cidr-block {name}")
        }
        Destination::PrefixList(_) => format!("--destination-prefix-list-id {name}"),
        Destination::Block(_) | Destination::Unknown => format!("--destination-cidr-block {name}"),
    }
}

/// How Terraform names what a route is for.
fn destination_argument(route: &Route) -> &'static str {
    match &route.destination {
        Destination::Block(prefix) if prefix.family() == Family::Ipv6 => "destination_ipv6_cidr_block",
        Destination::PrefixList(_) => "destination_prefix_list_id",
        Destination::Block(_) | Destination::Unknown => "destination_cidr_block",
    }
}

/// A name as Terraform takes it.
pub(in crate::audit::check) fn terraform_name(text: &str) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '_' };
    text.chars().map(plain).collect()
}

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
pub(super) fn rewire(
    facts: &Facts<'_>,
    usage: &Usage<'_>,
    subnets: &[&SubnetVerdict<'_>],
    from: &str,
    to: &str,
) -> Rewiring {
    let mut tables: BTreeMap<&str, (&RouteTable, Vec<&SubnetVerdict<'_>>)> = BTreeMap::new();
    for verdict in subnets {
        let Some(table) = verdict.route_table else { continue };
        tables.entry(&table.table.id).or_insert((table.table, Vec::new())).1.push(verdict);
    }
    let mut rewiring = Rewiring::default();
    for (id, (table, users)) in tables {
        let routes: Vec<&Route> = table.routes.iter().filter(|route| leads_to(route, from)).collect();
        if usage.users(id).len() == users.len() {
            for route in &routes {
                let what = destination(route);
                let command = format!("ec2 replace-route --route-table-id {id} {what} --nat-gateway-id {to}");
                rewiring.cli.push(aws(facts, &command));
                rewiring.terraform.push(terraform_route(&format!("\"{id}\""), &terraform_name(id), route, to));
            }
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
    let mut commands = new_table(facts, &table.vpc);
    for route in routes {
        let what = destination(route);
        commands
            .push(aws(facts, &format!("ec2 create-route --route-table-id \"$table\" {what} --nat-gateway-id {to}")));
    }
    commands.extend(users.iter().flat_map(|verdict| move_to_new_table(facts, verdict)));
    commands
}

/// Makes a table, which the commands after it know as `$table`.
pub(in crate::audit::check) fn new_table(facts: &Facts<'_>, vpc: &str) -> Vec<String> {
    let command = format!("ec2 create-route-table --vpc-id {vpc}");
    vec![keep(facts, "table", &command, "RouteTable.RouteTableId")]
}

/// Puts a subnet on `$table`. One that is on the main table has no association that could be replaced.
pub(in crate::audit::check) fn move_to_new_table(facts: &Facts<'_>, verdict: &SubnetVerdict<'_>) -> Vec<String> {
    let subnet = &verdict.subnet.id;
    if verdict.route_table.is_none_or(|table| table.by_default) {
        let command = format!("ec2 associate-route-table --subnet-id {subnet} --route-table-id \"$table\"");
        return vec![aws(facts, &command)];
    }
    let command = format!("ec2 describe-route-tables --filters Name=association.subnet-id,Values={subnet}");
    let query = format!("RouteTables[].Associations[?SubnetId=='{subnet}'].RouteTableAssociationId");
    let replace = "ec2 replace-route-table-association --association-id \"$association\" --route-table-id \"$table\"";
    vec![keep(facts, "association", &command, &query), aws(facts, replace)]
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
    blocks.extend(routes.iter().map(|route| terraform_route(&reference, &name, route, to)));
    blocks.extend(users.iter().map(|verdict| terraform_association(&reference, &verdict.subnet.id)));
    blocks
}

/// Puts a subnet on a table.
pub(in crate::audit::check) fn terraform_association(table: &str, subnet: &str) -> String {
    let name = terraform_name(subnet);
    format!(
        "resource \"aws_route_table_association\" \"{name}\" {{\n  subnet_id      = \"{subnet}\"\n  \
         route_table_id = {table}\n}}"
    )
}

fn terraform_route(table: &str, name: &str, route: &Route, to: &str) -> String {
    let (argument, destination) = (destination_argument(route), route.destination_name());
    let name = format!("{name}_to_{}", terraform_name(&destination));
    let gateway = if to.starts_with("nat-") { format!("\"{to}\"") } else { NEW_GATEWAY.to_owned() };
    let rows = [("route_table_id", table), (argument, &format!("\"{destination}\"")), ("nat_gateway_id", &gateway)];
    let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
    let rows: Vec<String> = rows.iter().map(|(key, value)| format!("  {key:width$} = {value}\n")).collect();
    format!("resource \"aws_route\" \"{name}\" {{\n{}}}", rows.concat())
}

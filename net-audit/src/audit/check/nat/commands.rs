//! How the traffic of subnets is sent through another gateway.

use std::collections::BTreeMap;

use crate::audit::check::remedy::aws;
use crate::audit::check::remedy::route::{argument, destination_option, terraform_route};
use crate::audit::check::remedy::table::{Becomes, OwnTable};
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
    /// What is copied into those, and what is not, in words that follow others.
    pub(super) copied: String,
}

/// Sends the traffic of subnets of one VPC that goes through one gateway through another.
pub(super) fn rewire<'f>(facts: &'f Facts<'f>, subnets: &[&'f SubnetVerdict<'f>], from: &str, to: &str) -> Rewiring {
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
            let own = own_table(facts, table, &users, from, to);
            rewiring.cli.extend(own.cli());
            rewiring.terraform.push(own.terraform());
            rewiring.copied.push_str(&own.advice());
        }
    }
    rewiring
}

fn leads_to(route: &Route, gateway: &str) -> bool {
    matches!(&route.target, Target::NatGateway(id) if id == gateway)
}

/// A table for these subnets alone, whose routes to one gateway lead to another.
fn own_table<'f>(
    facts: &'f Facts<'f>,
    table: &'f RouteTable,
    users: &[&'f SubnetVerdict<'f>],
    from: &str,
    to: &str,
) -> OwnTable<'f> {
    let zone = users.first().and_then(|verdict| verdict.subnet.availability_zone.as_deref()).unwrap_or("own");
    let subnets = users.iter().map(|verdict| verdict.subnet.id.as_str());
    OwnTable::new(facts, table, &format!("{}_{zone}", table.id), subnets, |route| {
        if leads_to(route, from) {
            Becomes::To("nat_gateway_id", to.to_owned(), in_terraform_words(to))
        } else {
            Becomes::Same
        }
    })
}

/// A gateway as Terraform reads it.
fn in_terraform_words(gateway: &str) -> String {
    if gateway.starts_with("nat-") { format!("\"{gateway}\"") } else { NEW_GATEWAY.to_owned() }
}

fn in_terraform(name: &str, table: &str, routes: &[&Route], to: &str) -> Vec<String> {
    let gateway = in_terraform_words(to);
    let destinations = routes.iter().filter_map(|route| argument(route));
    let told = destinations
        .map(|(argument, to)| terraform_route(name, table, (argument, &to), ("nat_gateway_id", gateway.as_str())));
    told.collect()
}

//! A route table of their own for subnets. It begins as a copy of the one they are on, so that no way is lost but those that are meant to be.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::route::{NEW_TABLE, argument, new_table, put_on, terraform_association};
use super::{aws, terraform_name};
use crate::facts::Facts;
use crate::inventory::{Destination, Origin, Route, RouteState, RouteTable, Target};

/// What becomes of a route in the copy.
pub(in crate::audit::check) enum Becomes {
    /// It is copied.
    Same,
    /// It is left out.
    Gone,
    /// It leads to another target: Terraform's argument, the target for the AWS CLI, and for Terraform.
    To(&'static str, String, String),
}

/// A route of the copy.
struct Row {
    /// How `aws_route` names the destination, and the destination.
    destination: (&'static str, String),
    /// How Terraform names the target, the target for the AWS CLI, and for Terraform.
    target: (&'static str, String, String),
    /// Whether the new table has a route to it from the start.
    is_local: bool,
}

/// A new route table for subnets of one VPC.
pub(in crate::audit::check) struct OwnTable<'f> {
    facts: &'f Facts<'f>,
    from: &'f RouteTable,
    name: String,
    subnets: Vec<&'f str>,
    rows: Vec<Row>,
    endpoints: Vec<&'f str>,
    propagating: Vec<&'f str>,
    by_hand: Vec<String>,
    dead: Vec<String>,
}

impl<'f> OwnTable<'f> {
    /// Copies a table for these subnets; Terraform knows it by the name.
    pub(in crate::audit::check) fn new(
        facts: &'f Facts<'f>,
        from: &'f RouteTable,
        name: &str,
        subnets: impl IntoIterator<Item = &'f str>,
        becomes: impl Fn(&Route) -> Becomes,
    ) -> Self {
        let (name, subnets) = (terraform_name(name), subnets.into_iter().collect());
        let mut own = Self {
            facts,
            from,
            name,
            subnets,
            rows: Vec::new(),
            endpoints: Vec::new(),
            propagating: Vec::new(),
            by_hand: Vec::new(),
            dead: Vec::new(),
        };
        for route in &from.routes {
            own.add(route, becomes(route));
        }
        let on_table = facts
            .inventory
            .vpc_endpoints
            .iter()
            .filter(|endpoint| endpoint.kind == "Gateway" && endpoint.route_tables.contains(&from.id));
        for endpoint in on_table {
            own.add_endpoint(&endpoint.id);
        }
        own
    }

    /// Sends by the copy whatever no other route takes to this target: Terraform's argument, the target for the AWS CLI, and for Terraform.
    #[must_use]
    pub(in crate::audit::check) fn with_default(mut self, argument: &'static str, cli: &str, terraform: &str) -> Self {
        let destination = ("destination_cidr_block", "0.0.0.0/0".to_owned());
        let target = (argument, cli.to_owned(), terraform.to_owned());
        self.rows.push(Row { destination, target, is_local: false });
        self
    }

    fn add(&mut self, route: &'f Route, becomes: Becomes) {
        if route.target == Target::Local || route.state == RouteState::Filtered || matches!(becomes, Becomes::Gone) {
            return;
        }
        let told = format!("{} to {}", route.destination_name(), route.target.id());
        if let Becomes::To(argument, cli, terraform) = becomes {
            return self.push(route, (argument, cli, terraform), told);
        }
        if route.state == RouteState::Blackhole {
            self.dead.push(told);
            return;
        }
        match &route.target {
            Target::VpcEndpoint(id) if is_gateway_endpoint(self.facts, route) => self.add_endpoint(id),
            Target::OtherNetwork(id) if route.origin == Origin::Propagated && id.starts_with("vgw-") => {
                if !self.propagating.contains(&id.as_str()) {
                    self.propagating.push(id);
                }
            }
            _ if route.origin == Origin::Propagated => self.by_hand.push(told),
            other => match target(other) {
                Some(to) => self.push(route, to, told),
                None => self.by_hand.push(told),
            },
        }
    }

    fn push(&mut self, route: &Route, target: (&'static str, String, String), told: String) {
        let Some(destination) = argument(route) else { return self.by_hand.push(told) };
        let vpc = self.facts.inventory.vpcs.get(&self.from.vpc);
        let is_local =
            route.destination.block().is_some_and(|block| vpc.is_some_and(|vpc| vpc.blocks.contains(&block)));
        self.rows.push(Row { destination, target, is_local });
    }

    fn add_endpoint(&mut self, id: &'f str) {
        if !self.endpoints.contains(&id) {
            self.endpoints.push(id);
        }
    }

    /// Whether all that the subnets send by today is copied by the commands, so that these may switch.
    pub(in crate::audit::check) fn is_whole(&self) -> bool {
        self.by_hand.is_empty()
    }

    /// Makes the table, fills it, shows it, and last puts the subnets on it, if nothing is left to be done by hand.
    pub(in crate::audit::check) fn cli(&self) -> Vec<String> {
        let facts = self.facts;
        let mut cli = vec![new_table(facts, &self.from.vpc)];
        for Row { destination: (argument, block), target: (target, to, _), is_local } in &self.rows {
            let verb = if *is_local { "replace-route" } else { "create-route" };
            let at = format!("--{} {block}", argument.replace('_', "-"));
            let option = option(target);
            cli.push(aws(facts, format_args!("ec2 {verb} --route-table-id {NEW_TABLE} {at} --{option} {to}")));
        }
        for gateway in &self.propagating {
            let command = "ec2 enable-vgw-route-propagation --route-table-id";
            cli.push(aws(facts, format_args!("{command} {NEW_TABLE} --gateway-id {gateway}")));
        }
        for endpoint in &self.endpoints {
            let command = format!("ec2 modify-vpc-endpoint --vpc-endpoint-id {endpoint} --add-route-table-ids");
            cli.push(aws(facts, format_args!("{command} {NEW_TABLE}")));
        }
        cli.push(aws(facts, format_args!("ec2 describe-route-tables --route-table-ids {NEW_TABLE}")));
        if self.is_whole() {
            cli.extend(self.subnets.iter().flat_map(|subnet| put_on(facts, subnet, NEW_TABLE)));
        }
        cli
    }

    /// The same in Terraform. The routes stand in the table: it is whole before a subnet is put on it.
    pub(in crate::audit::check) fn terraform(&self) -> String {
        let Self { name, from, .. } = self;
        let reference = format!("aws_route_table.{name}.id");
        let mut table = format!("resource \"aws_route_table\" \"{name}\" {{\n  vpc_id = \"{}\"\n", from.vpc);
        if !self.propagating.is_empty() {
            _ = writeln!(table, "  propagating_vgws = [\"{}\"]", self.propagating.join("\", \""));
        }
        for Row { destination: (argument, block), target: (target, _, to), .. } in &self.rows {
            table.push_str(&route_block((argument, block), (target, to)));
        }
        for told in &self.by_hand {
            _ = writeln!(table, "  # the route {told}");
        }
        table.push('}');
        let mut blocks = vec![table];
        for endpoint in &self.endpoints {
            let label = self.endpoint_label(endpoint);
            blocks.push(format!(
                "resource \"aws_vpc_endpoint_route_table_association\" \"{label}\" {{\n  vpc_endpoint_id = \"{endpoint}\"\n  route_table_id  = {reference}\n}}"
            ));
        }
        let before: Vec<String> = self.endpoints.iter().map(|endpoint| self.endpoint_label(endpoint)).collect();
        for subnet in &self.subnets {
            let mut association = terraform_association(&reference, subnet);
            if !before.is_empty() && association.pop().is_some() {
                let kind = "aws_vpc_endpoint_route_table_association";
                let names: Vec<String> = before.iter().map(|label| format!("{kind}.{label}")).collect();
                _ = write!(association, "  depends_on     = [{}]\n}}", names.join(", "));
            }
            let instead = match self.facts.inventory.index.table_of_subnet(subnet) {
                Some(_) => format!("# instead of the aws_route_table_association that {subnet} has\n"),
                None => String::new(),
            };
            blocks.push(format!("{instead}{association}"));
        }
        blocks.join("\n\n")
    }

    fn endpoint_label(&self, endpoint: &str) -> String {
        format!("{}_{}", self.name, terraform_name(endpoint))
    }

    /// Words about what the commands do and do not copy, to follow other words.
    pub(in crate::audit::check) fn advice(&self) -> String {
        let mut advice = String::new();
        if !self.rows.is_empty() || !self.endpoints.is_empty() || !self.propagating.is_empty() {
            _ = write!(advice, " The commands copy the other routes of {}, gateway endpoints included.", self.from.id);
        }
        if !self.propagating.is_empty() {
            advice.push_str(" Look whether the propagated routes are there before the subnets are put on the table.");
        }
        if !self.dead.is_empty() {
            _ = write!(advice, " Routes that AWS calls black holes are not copied: {}.", self.dead.join(", "));
        }
        if !self.is_whole() {
            let by_hand = self.by_hand.join(", ");
            _ = write!(
                advice,
                " No command can be told for {by_hand}: bring that into the new table by hand, and only then put the subnets on it."
            );
        }
        advice
    }
}

/// The block of a route in Terraform's `aws_route_table`, which names destinations in other words than `aws_route`.
pub(in crate::audit::check) fn route_block((argument, block): (&str, &str), (target, to): (&str, &str)) -> String {
    let argument = match argument {
        "destination_cidr_block" => "cidr_block",
        "destination_ipv6_cidr_block" => "ipv6_cidr_block",
        other => other,
    };
    let width = argument.len().max(target.len());
    format!("\n  route {{\n    {argument:width$} = \"{block}\"\n    {target:width$} = {to}\n  }}\n")
}

/// Whether an endpoint brings a route itself.
fn is_gateway_endpoint(facts: &Facts<'_>, route: &Route) -> bool {
    let Target::VpcEndpoint(id) = &route.target else { return false };
    let known = facts.inventory.vpc_endpoints.get(id).map(|endpoint| endpoint.kind == "Gateway");
    known.unwrap_or(matches!(route.destination, Destination::PrefixList(_)))
}

/// What Terraform's `aws_default_route_table` must say so that a main table keeps these routes; those of gateway endpoints it leaves alone.
pub(in crate::audit::check) fn kept<'r>(facts: &Facts<'_>, routes: impl Iterator<Item = &'r Route>) -> String {
    let (mut blocks, mut propagating) = (String::new(), BTreeSet::new());
    for route in routes.filter(|route| route.target != Target::Local && !is_gateway_endpoint(facts, route)) {
        let id = route.target.id();
        match (route.origin, argument(route), target(&route.target)) {
            (Origin::Propagated, ..) if id.starts_with("vgw-") => _ = propagating.insert(id),
            (Origin::Propagated, ..) => {}
            (Origin::Static, Some((name, block)), Some((argument, _, to))) => {
                blocks.push_str(&route_block((name, &block), (argument, &to)));
            }
            (Origin::Static, ..) => _ = writeln!(blocks, "  # the route {} to {id}", route.destination_name()),
        }
    }
    let propagating: Vec<&str> = propagating.into_iter().collect();
    match (propagating.is_empty(), blocks.is_empty()) {
        (true, true) => "  route                  = []\n".to_owned(),
        (true, false) => blocks,
        (false, _) => format!("  propagating_vgws       = [\"{}\"]\n{blocks}", propagating.join("\", \"")),
    }
}

/// How Terraform names a target, the target for the AWS CLI, and for Terraform; `None` if it cannot be told.
fn target(target: &Target) -> Option<(&'static str, String, String)> {
    let id = target.id();
    let argument = match target {
        Target::InternetGateway(_) => "gateway_id",
        Target::CarrierGateway(_) => "carrier_gateway_id",
        Target::EgressOnlyInternetGateway(_) => "egress_only_gateway_id",
        Target::NatGateway(_) => "nat_gateway_id",
        Target::VpcEndpoint(_) => "vpc_endpoint_id",
        Target::NetworkInterface(_) => "network_interface_id",
        Target::OtherNetwork(_) => match id.split(['-', ':']).next() {
            Some("tgw") => "transit_gateway_id",
            Some("pcx") => "vpc_peering_connection_id",
            Some("vgw") => "gateway_id",
            Some("lgw") => "local_gateway_id",
            Some("arn") => "core_network_arn",
            _ => return None,
        },
        Target::Instance(_) | Target::Local | Target::Unrecognised(_) => return None,
    };
    Some((argument, id.to_owned(), format!("\"{id}\"")))
}

/// How the AWS CLI names what Terraform names so.
fn option(argument: &str) -> String {
    match argument {
        "egress_only_gateway_id" => "egress-only-internet-gateway-id".to_owned(),
        other => other.replace('_', "-"),
    }
}

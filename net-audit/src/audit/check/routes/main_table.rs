//! NET007: main route tables that make every new subnet public.

use std::collections::BTreeMap;

use super::usage::{Usage, destination_argument, destination_option, listed, note, subnet, table, zones};
use crate::address::prefix::Family;
use crate::address::set::internet;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Severity};
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::classify::class::Group;
use crate::classify::routing::divide;
use crate::inventory::gap::Gap;
use crate::inventory::{PublicAccess, Route, RouteState, RouteTable, Subnet, Target, Vpc};

pub(super) fn check(usage: &Usage<'_, '_>, findings: &mut Findings) {
    let inventory = usage.inventory();
    let mut missing: BTreeMap<Gap, &str> = BTreeMap::new();
    for vpc in inventory.vpcs.iter().filter(|vpc| !usage.is_told_by_owner(&vpc.id)) {
        let main = inventory.index.main_table_of_vpc(&vpc.id).and_then(|id| inventory.route_tables.get(id));
        let Some(main) = main else {
            if inventory.index.subnets_of_vpc(&vpc.id).next().is_some() {
                missing.insert(Gap::MainRouteTable(vpc.id.clone()), &vpc.id);
            }
            continue;
        };
        match public_routes(usage, vpc, main) {
            Ok(routes) if routes.is_empty() => {}
            Ok(routes) => findings.add(finding(usage, vpc, main, &routes)),
            Err(gap) => {
                missing.entry(gap).or_insert(&vpc.id);
            }
        }
    }
    note(findings, Rule::PublicByDefault, missing);
}

/// The routes of a table that take internet addresses to a gateway by which the internet comes in.
fn public_routes<'a>(usage: &Usage<'_, 'a>, vpc: &Vpc, main: &'a RouteTable) -> Result<Vec<&'a Route>, Gap> {
    let inventory = usage.inventory();
    let is_open = |route: &Route| -> Result<bool, Gap> {
        match &route.target {
            _ if route.state != RouteState::Active => Ok(false),
            Target::InternetGateway(id) => Ok(inventory.internet_gateways.find(id)?.vpcs.contains(&vpc.id)),
            Target::CarrierGateway(_) => Ok(true),
            _ => Ok(false),
        }
    };
    let mut routes = Vec::new();
    for family in [Family::Ipv4, Family::Ipv6] {
        let space = internet(family, &vpc.blocks);
        let division = divide(&main.routes, family, &inventory.prefix_lists);
        for claim in &division.claims {
            if !claim.addresses.intersect(&space).is_empty() && is_open(claim.route)? {
                routes.push(claim.route);
            }
        }
        if let Some((_, gap)) = division.undetermined.iter().find(|(route, _)| is_open(route) != Ok(false)) {
            return if routes.is_empty() { Err(gap.clone()) } else { Ok(routes) };
        }
    }
    routes.dedup_by(|one, other| std::ptr::eq(*one, *other));
    Ok(routes)
}

fn finding<'a>(usage: &Usage<'_, 'a>, vpc: &'a Vpc, main: &'a RouteTable, routes: &[&Route]) -> Finding {
    let inventory = usage.inventory();
    let subnets = usage.subnets(&main.id);
    let is_public = |subnet: &&&Subnet| {
        let group = usage.facts.verdict(&subnet.id).map(SubnetVerdict::group);
        matches!(group, Some(Group::Public | Group::Unknown))
    };
    let public: Vec<&Subnet> = by_default(usage, subnets).iter().filter(is_public).copied().collect();
    let mut of_vpc = inventory.index.subnets_of_vpc(&vpc.id);
    let is_untouched = vpc.is_default && !of_vpc.any(|subnet| usage.is_occupied(subnet));
    let (severity, born) = if is_untouched {
        (Severity::Info, "the default VPC is as AWS made it, and nothing sits in it")
    } else if !public.is_empty() {
        (Severity::Medium, "every new subnet is public, too")
    } else if vpc.public_access == PublicAccess::Allowed {
        (Severity::Low, "no subnet is public by it yet, every new one would be")
    } else {
        (Severity::Low, "only Block Public Access keeps new subnets from being public")
    };
    let label = table(main).label();
    let sits = usage.what_sits_in(public.iter().map(|subnet| subnet.id.as_str()));
    let names = listed(public.iter().map(|one| subnet(one).label()));
    let mut resources = vec![table(main)];
    resources.extend(public.iter().map(|one| subnet(one)));
    let sent = routes.iter().map(|route| {
        format!(
            "{}, the main route table of {}, sends {} to {}",
            main.id,
            vpc.id,
            route.destination_name(),
            route.target.id()
        )
    });
    let relies = public.iter().map(|subnet| format!("{} has no route table of its own", subnet.id));
    Finding {
        rule: Rule::PublicByDefault,
        severity,
        title: format!("{label}, the main route table of {}, leads to the internet: {born}", usage.vpc_label(&vpc.id)),
        resources,
        vpc: Some(vpc.id.clone()),
        availability_zones: zones(public.iter().copied()),
        proof: sent.chain(relies).collect(),
        blast_radius: if public.is_empty() { "nothing yet".to_owned() } else { format!("{names}: {sits}") },
        money: None,
        confidence: Confidence::High,
        remedy: remedy(usage, vpc, main, routes, &public),
    }
}

/// Those that the table decides for only because they have none of their own.
fn by_default<'a>(usage: &Usage<'_, 'a>, subnets: &[&'a Subnet]) -> Vec<&'a Subnet> {
    let index = &usage.inventory().index;
    subnets.iter().copied().filter(|subnet| index.table_of_subnet(&subnet.id).is_none()).collect()
}

fn remedy(usage: &Usage<'_, '_>, vpc: &Vpc, main: &RouteTable, routes: &[&Route], public: &[&Subnet]) -> Remedy {
    let region = usage.region();
    let mut cli = Vec::new();
    let mut terraform = Vec::new();
    if !public.is_empty() {
        let query = "--query RouteTable.RouteTableId --output text";
        cli.push(format!("TABLE=$(aws ec2 create-route-table --vpc-id {} {query}{region})", vpc.id));
        for route in routes {
            let Some(at) = destination_option(route) else { continue };
            let to = match route.target {
                Target::CarrierGateway(_) => "--carrier-gateway-id",
                _ => "--gateway-id",
            };
            cli.push(format!("aws ec2 create-route --route-table-id $TABLE {at} {to} {}{region}", route.target.id()));
        }
        for subnet in public {
            let id = &subnet.id;
            cli.push(format!("aws ec2 associate-route-table --route-table-id $TABLE --subnet-id {id}{region}"));
            terraform.push(format!(
                "resource \"aws_route_table_association\" \"public\" {{\n  subnet_id = \"{id}\"\n  route_table_id = aws_route_table.public.id\n}}"
            ));
        }
    }
    for route in routes {
        if let Some(at) = destination_option(route) {
            cli.push(format!("aws ec2 delete-route --route-table-id {} {at}{region}", main.id));
        }
    }
    let removed: Vec<String> = routes.iter().filter_map(|route| destination_argument(route)).collect();
    terraform.push(format!(
        "resource \"aws_default_route_table\" \"main\" {{\n  default_route_table_id = \"{}\"\n  route = [] # without {}\n}}",
        main.id,
        removed.join(", ")
    ));
    let advice =
        "Leave the main route table empty: give the subnets that are meant to be public a table of their own first.";
    Remedy { advice: advice.to_owned(), cli, terraform: terraform.join("\n") }
}

//! NET007: main route tables that make every new subnet public.

use super::usage::Usage;
use crate::address::prefix::Family;
use crate::address::set::internet;
use crate::audit::check::doubt::Missing;
use crate::audit::check::occupants::{is_occupied, who};
use crate::audit::check::remedy::route::{argument, destination_option};
use crate::audit::check::remedy::table::{Becomes, OwnTable, kept};
use crate::audit::check::remedy::{aws, terraform_name};
use crate::audit::check::resources::{shown, subnet, table, vpc_of, zones};
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Severity};
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::classify::class::Group;
use crate::classify::routing::divide;
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{PublicAccess, Route, RouteState, RouteTable, Subnet, Target, Vpc};

pub(super) fn check(usage: &Usage<'_, '_>, findings: &mut Findings) {
    let inventory = usage.inventory();
    let mut missing = Missing::default();
    for vpc in inventory.vpcs.iter().filter(|vpc| !usage.is_told_by_owner(&vpc.id)) {
        let main = inventory.index.main_table_of_vpc(&vpc.id).and_then(|id| inventory.route_tables.get(id));
        let Some(main) = main else {
            if inventory.index.subnets_of_vpc(&vpc.id).next().is_some() {
                missing.add(Gap::MainRouteTable(vpc.id.clone()), &vpc.id);
            }
            continue;
        };
        match public_routes(usage, vpc, main) {
            Ok(routes) if routes.is_empty() => {}
            Ok(routes) => findings.add(finding(usage, vpc, main, &routes)),
            Err(gap) => {
                missing.add(gap, &vpc.id);
            }
        }
    }
    missing.report(Rule::PublicByDefault, findings);
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
    let public: Vec<&Subnet> = by_default(usage, &subnets).iter().filter(is_public).copied().collect();
    let mut of_vpc = inventory.index.subnets_of_vpc(&vpc.id);
    let is_untouched = vpc.is_default && !of_vpc.any(|subnet| is_occupied(usage.facts, subnet));
    let (severity, born) = if is_untouched {
        (Severity::Info, "the default VPC is as AWS made it, and nothing stands in it")
    } else if !public.is_empty() {
        (Severity::Medium, "every new subnet is public, too")
    } else if vpc.public_access == PublicAccess::Allowed {
        (Severity::Low, "no subnet is public by it yet, every new one would be")
    } else {
        (Severity::Low, "only Block Public Access keeps new subnets from being public")
    };
    let label = table(main).label();
    let stands = who(usage.facts, public.iter().map(|subnet| subnet.id.as_str()));
    let names = shown(public.iter().map(|one| subnet(one).label()));
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
        title: format!(
            "{label}, the main route table of {}, leads to the internet: {born}",
            vpc_of(usage.facts, &vpc.id).label()
        ),
        resources,
        vpc: Some(vpc.id.clone()),
        availability_zones: zones(public.iter().copied()),
        proof: sent.chain(relies).collect(),
        blast_radius: if public.is_empty() { "nothing yet".to_owned() } else { format!("{names}: {stands}") },
        money: None,
        confidence: Confidence::High,
        remedy: remedy(usage, vpc, main, routes),
    }
}

/// Those that the table decides for only because they have none of their own.
fn by_default<'a>(usage: &Usage<'_, 'a>, subnets: &[&'a Subnet]) -> Vec<&'a Subnet> {
    let index = &usage.inventory().index;
    subnets.iter().copied().filter(|subnet| index.table_of_subnet(&subnet.id).is_none()).collect()
}

fn remedy(usage: &Usage<'_, '_>, vpc: &Vpc, main: &RouteTable, routes: &[&Route]) -> Remedy {
    let facts = usage.facts;
    let (mut cli, mut terraform) = (Vec::new(), Vec::new());
    // Whoever sends by the table would lose the routes that are taken from it, also one that was put on it on purpose.
    let users = usage.subnets(&main.id);
    let own = (!users.is_empty()).then(|| {
        let name = format!("from_{}", main.id);
        OwnTable::new(facts, main, &name, users.iter().map(|subnet| subnet.id.as_str()), |_| Becomes::Same)
    });
    if let Some(own) = &own {
        cli.extend(own.cli());
        terraform.push(own.terraform());
    }
    if own.as_ref().is_none_or(OwnTable::is_whole) {
        for at in routes.iter().filter_map(|route| destination_option(route)) {
            cli.push(aws(facts, format_args!("ec2 delete-route --route-table-id {} {at}", main.id)));
        }
        terraform.push(emptied(facts, main, routes, &users));
    }
    let copied = own.as_ref().map(OwnTable::advice).unwrap_or_default();
    let advice = format!(
        "Let the main route table of {} lead to no internet gateway: first give the subnets that send by it a table of \
         their own with all its routes, and take the routes from the main table when they are on it.{copied}",
        vpc.id
    );
    Remedy { advice, cli, terraform: terraform.join("\n\n") }
}

/// The main table without these routes, and with all others: Terraform takes away what is not written.
fn emptied(facts: &Facts<'_>, main: &RouteTable, routes: &[&Route], users: &[&Subnet]) -> String {
    let is_removed = |route: &Route| routes.iter().any(|removed| std::ptr::eq(*removed, route));
    let kept = kept(facts, main.routes.iter().filter(|route| !is_removed(route)));
    let moved: Vec<String> = users
        .iter()
        .map(|subnet| format!("    aws_route_table_association.{},\n", terraform_name(&subnet.id)))
        .collect();
    let after = if moved.is_empty() { String::new() } else { format!("\n  depends_on = [\n{}  ]\n", moved.concat()) };
    let removed: Vec<String> = routes.iter().filter_map(|route| argument(route)).map(|(_, block)| block).collect();
    format!(
        "# the main route table without {}\nresource \"aws_default_route_table\" \"{}\" {{\n  default_route_table_id = \"{}\"\n{kept}{after}}}",
        removed.join(", "),
        terraform_name(&main.id),
        main.id
    )
}

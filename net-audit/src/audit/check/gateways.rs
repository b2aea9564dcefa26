//! Gateways, endpoints and route tables that nothing uses: NET019.

use std::collections::HashSet;

use super::doubt::Missing;
use super::remedy::aws;
use super::resources::{table, vpc_of};
use super::routes::usage::Usage;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::audit::rule::Rule;
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{Association, InternetGateway, Inventory, Listing, NatPlace, RouteTable, Target, VpcEndpoint};

const RULE: Rule = Rule::UnusedGateway;

/// Security groups of services that come in by an internet gateway to which no route leads. Source: Amazon `CloudFront` Developer Guide, "Restrict access
/// with VPC origins"; AWS Global Accelerator Developer Guide, "Client IP address preservation": the VPC must have an internet gateway.
const COMES_IN: [&str; 2] = ["CloudFront-VPCOrigins-Service-SG", "GlobalAccelerator"];

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let usage = Usage::new(facts);
    let mut missing = Missing::default();
    let used = Used::new(&usage);
    internet_gateways(&usage, &used, &mut missing, findings);
    egress_only(&usage, &used, &mut missing, findings);
    tables(&usage, &used, &mut missing, findings);
    endpoints(&usage, &used, &mut missing, findings);
    missing.report(RULE, findings);
}

/// What tables in use lead to, and what uses gateways without any.
struct Used<'a> {
    targets: HashSet<&'a str>,
    /// VPCs with a NAT gateway that has a route table of its own.
    with_regional_nat: HashSet<&'a str>,
    /// VPCs into which a service comes by the internet gateway.
    entered: HashSet<&'a str>,
}

impl<'a> Used<'a> {
    fn new(usage: &Usage<'_, 'a>) -> Self {
        let inventory = usage.inventory();
        let mut targets = HashSet::new();
        for table in inventory.route_tables.iter().filter(|table| usage.is_used(table)) {
            targets.extend(table.routes.iter().map(|route| route.target.id()));
            targets.extend(table.associations.iter().filter_map(|association| match association {
                Association::Gateway(id) => Some(id.as_str()),
                Association::Main | Association::Subnet(_) | Association::Unknown | Association::Changing(_) => None,
            }));
        }
        let regional = inventory.nat_gateways.iter().filter(|gateway| gateway.place == NatPlace::Region);
        let groups = inventory.security_groups.iter().filter(|group| COMES_IN.contains(&group.name.as_str()));
        let mut entered: HashSet<&str> = groups.filter_map(|group| group.vpc.as_deref()).collect();
        let interfaces = inventory.network_interfaces.iter();
        let accelerated = interfaces.filter(|interface| interface.kind == "global_accelerator_managed");
        let places = accelerated.filter_map(|interface| inventory.subnets.get(&interface.subnet));
        entered.extend(places.map(|subnet| subnet.vpc.as_str()));
        Self { targets, with_regional_nat: regional.map(|gateway| gateway.vpc.as_str()).collect(), entered }
    }
}

/// The gateways of a listing that no table in use leads to, each with its VPC if it is attached to one.
fn unused<'a>(
    listing: &'a Listing<InternetGateway>,
    used: &Used<'_>,
) -> Result<Vec<(&'a InternetGateway, Option<&'a str>)>, Gap> {
    let gateways = listing.known()?.values().filter(|gateway| !used.targets.contains(gateway.id.as_str()));
    Ok(gateways.map(|gateway| (gateway, gateway.vpcs.first().map(String::as_str))).collect())
}

fn internet_gateways<'a>(usage: &Usage<'_, 'a>, used: &Used<'_>, missing: &mut Missing<'a>, findings: &mut Findings) {
    let inventory = usage.inventory();
    let Some(gateways) = missing.known(unused(&inventory.internet_gateways, used)) else { return };
    for (gateway, vpc) in gateways {
        let id = &gateway.id;
        let delete = aws(usage.facts, format_args!("ec2 delete-internet-gateway --internet-gateway-id {id}"));
        let terraform = format!("# remove the aws_internet_gateway {id}");
        let Some(vpc) = vpc else {
            let label = Resource::new(id, gateway.tags.name()).label();
            let advice = "Delete it.".to_owned();
            findings.add(Finding {
                title: format!("{label} is attached to no VPC"),
                proof: vec![format!("{id} has no attachment")],
                ..finding(Resource::new(id, gateway.tags.name()), None, Remedy { advice, cli: vec![delete], terraform })
            });
            continue;
        };
        if used.with_regional_nat.contains(vpc) || used.entered.contains(vpc) {
            continue;
        }
        // A regional NAT gateway would use it by a table of its own.
        if !missing.holds(usage.sees_all_of(vpc).and_then(|judged| inventory.nat_gateways.known().map(|_| judged)), id)
        {
            continue;
        }
        let detach =
            aws(usage.facts, format_args!("ec2 detach-internet-gateway --internet-gateway-id {id} --vpc-id {vpc}"));
        let advice = "Detach and delete it, unless CloudFront (VPC origins) or Global Accelerator comes in by it: they need no route.";
        let remedy = Remedy { advice: advice.to_owned(), cli: vec![detach, delete], terraform };
        let one = finding(Resource::new(id, gateway.tags.name()), Some(vpc), remedy);
        let label = Resource::new(id, gateway.tags.name()).label();
        findings.add(Finding {
            title: format!(
                "no route in use leads to {label}, the internet gateway of {}",
                vpc_of(usage.facts, vpc).label()
            ),
            proof: vec![format!("{id} is attached to {vpc}, and no route table that a subnet uses leads to it")],
            // What comes in without a route leaves traces that are looked for, and no more than traces.
            confidence: Confidence::Medium,
            ..one
        });
    }
}

fn egress_only<'a>(usage: &Usage<'_, 'a>, used: &Used<'_>, missing: &mut Missing<'a>, findings: &mut Findings) {
    let Some(gateways) = missing.known(unused(&usage.inventory().egress_only_internet_gateways, used)) else { return };
    for (gateway, vpc) in gateways {
        let id = &gateway.id;
        if !missing.holds(vpc.map_or(Ok(true), |vpc| usage.sees_all_of(vpc)), id) {
            continue;
        }
        let command = aws(
            usage.facts,
            format_args!("ec2 delete-egress-only-internet-gateway --egress-only-internet-gateway-id {id}"),
        );
        let remedy = Remedy {
            advice: "Delete it.".to_owned(),
            cli: vec![command],
            terraform: format!("# remove the aws_egress_only_internet_gateway {id}"),
        };
        let one = finding(Resource::new(id, gateway.tags.name()), vpc, remedy);
        let label = Resource::new(id, gateway.tags.name()).label();
        findings.add(Finding {
            title: format!("no route in use leads to {label}"),
            proof: vec![format!("no route table that a subnet uses leads to {id}")],
            ..one
        });
    }
}

fn tables<'a>(usage: &Usage<'_, 'a>, used: &Used<'_>, missing: &mut Missing<'a>, findings: &mut Findings) {
    let inventory = usage.inventory();
    for owner in inventory.route_tables.iter().filter(|table| table.associations.is_empty()) {
        let judged =
            usage.sees_all_of(&owner.vpc).and_then(|judged| Ok(judged && !is_of_regional_nat(inventory, used, owner)?));
        if !missing.holds(judged, &owner.id) {
            continue;
        }
        let remedy = Remedy {
            advice: "Delete it, or associate the subnets that it was made for.".to_owned(),
            cli: vec![aws(usage.facts, format_args!("ec2 delete-route-table --route-table-id {}", owner.id))],
            terraform: format!("# remove the aws_route_table {}, or add an aws_route_table_association", owner.id),
        };
        findings.add(Finding {
            title: format!("no subnet uses the route table {}", table(owner).label()),
            proof: vec![format!("{} is not the main route table of {} and has no association", owner.id, owner.vpc)],
            ..finding(table(owner), Some(&owner.vpc), remedy)
        });
    }
}

/// A regional NAT gateway brings a table that leads to the internet gateway, and that no subnet has.
fn is_of_regional_nat(inventory: &Inventory, used: &Used<'_>, table: &RouteTable) -> Result<bool, Gap> {
    let leads_out = table.routes.iter().any(|route| matches!(route.target, Target::InternetGateway(_)));
    if !leads_out {
        return Ok(false);
    }
    inventory.nat_gateways.known()?;
    Ok(used.with_regional_nat.contains(table.vpc.as_str()))
}

fn endpoints<'a>(usage: &Usage<'_, 'a>, used: &Used<'_>, missing: &mut Missing<'a>, findings: &mut Findings) {
    let inventory = usage.inventory();
    let Some(endpoints) = missing.known(inventory.vpc_endpoints.known()) else { return };
    let endpoints = endpoints.values();
    let is_idle = |endpoint: &&VpcEndpoint| {
        let is_led_to = || used.targets.contains(endpoint.id.as_str());
        endpoint.kind == "Gateway" && endpoint.state == "available" && endpoint.route_tables.is_empty() && !is_led_to()
    };
    for endpoint in endpoints.filter(is_idle) {
        let id = &endpoint.id;
        let vpc = endpoint.vpc.as_deref();
        if !missing.holds(vpc.map_or(Ok(true), |vpc| usage.sees_all_of(vpc)), id) {
            continue;
        }
        let of_vpc = vpc.into_iter().flat_map(|vpc| inventory.index.tables_of_vpc(vpc));
        let in_use = of_vpc.filter_map(|id| inventory.route_tables.get(id)).filter(|table| usage.is_used(table));
        let tables: Vec<&str> = in_use.map(|table| table.id.as_str()).collect();
        let mut cli = Vec::new();
        if !tables.is_empty() {
            let tables = tables.join(" ");
            cli.push(aws(
                usage.facts,
                format_args!("ec2 modify-vpc-endpoint --vpc-endpoint-id {id} --add-route-table-ids {tables}"),
            ));
        }
        cli.push(aws(usage.facts, format_args!("ec2 delete-vpc-endpoints --vpc-endpoint-ids {id}")));
        let service = endpoint.service.as_deref().unwrap_or("its service");
        let remedy = Remedy {
            advice: "Put it on the route tables of the subnets that use the service, which is free; or else delete it."
                .to_owned(),
            cli,
            terraform: format!(
                "resource \"aws_vpc_endpoint_route_table_association\" \"this\" {{\n  vpc_endpoint_id = \"{id}\"\n  route_table_id  = \"{}\"\n}}",
                tables.first().unwrap_or(&"rtb-…")
            ),
        };
        let label = Resource::new(id, endpoint.tags.name()).label();
        findings.add(Finding {
            title: format!("{label} is on no route table: nothing reaches {service} by it"),
            proof: vec![format!("{id} is a gateway endpoint and names no route table")],
            ..finding(Resource::new(id, endpoint.tags.name()), vpc, remedy)
        });
    }
}

/// What all findings of this rule have in common: nothing is hit.
fn finding(resource: Resource, vpc: Option<&str>, remedy: Remedy) -> Finding {
    Finding {
        rule: RULE,
        severity: Severity::Low,
        title: String::new(),
        resources: vec![resource],
        vpc: vpc.map(str::to_owned),
        availability_zones: Vec::new(),
        proof: Vec::new(),
        blast_radius: "nothing: it is not in use".to_owned(),
        money: None,
        confidence: Confidence::High,
        remedy,
    }
}

#[cfg(test)]
mod tests;

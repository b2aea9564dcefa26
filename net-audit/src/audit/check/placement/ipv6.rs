//! NET013: subnets that are private over IPv4 and public over IPv6.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{group_in, way};
use crate::address::prefix::Family;
use crate::audit::check::doubt::Missing;
use crate::audit::check::occupants::who;
use crate::audit::check::remedy::route::terraform_route;
use crate::audit::check::remedy::{aws, keep};
use crate::audit::check::resources::{self, counted, zones};
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Severity};
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::classify::class::Group;
use crate::facts::Facts;
use crate::inventory::{RouteTable, Target};

const RULE: Rule = Rule::PublicOverIpv6;

/// Whether only IPv6 makes a subnet public, though it has IPv4 addresses too.
pub(super) fn is_hidden(verdict: &SubnetVerdict<'_>) -> bool {
    let has = |family| verdict.family(family).is_some();
    has(Family::Ipv4)
        && matches!(group_in(verdict, Family::Ipv4), Ok(Group::Private | Group::Isolated))
        && group_in(verdict, Family::Ipv6) == Ok(Group::Public)
}

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    // Who repairs the table repairs all its subnets.
    let mut tables: BTreeMap<&str, (&RouteTable, Vec<&SubnetVerdict<'_>>)> = BTreeMap::new();
    let mut missing = Missing::default();
    for verdict in &facts.subnets {
        let both = verdict.family(Family::Ipv4).is_some() && verdict.family(Family::Ipv6).is_some();
        if !both {
            continue;
        }
        let (ipv4, ipv6) = (group_in(verdict, Family::Ipv4), group_in(verdict, Family::Ipv6));
        match (ipv4, ipv6) {
            (Ok(Group::Private | Group::Isolated), Err(gap)) | (Err(gap), Ok(Group::Public)) => {
                missing.add(gap, &verdict.subnet.id);
            }
            // With both unknown one gap is missing for both.
            (Err(gap), Err(_)) => missing.add(gap, &verdict.subnet.id),
            _ if is_hidden(verdict) => {
                if let Some(table) = verdict.route_table {
                    tables.entry(&table.table.id).or_insert((table.table, Vec::new())).1.push(verdict);
                }
            }
            _ => {}
        }
    }
    missing.report(RULE, findings);
    let gateways = facts.inventory.egress_only_internet_gateways.iter();
    let by_vpc: HashMap<&str, &str> =
        gateways.flat_map(|gateway| gateway.vpcs.iter().map(|vpc| (vpc.as_str(), gateway.id.as_str()))).collect();
    for (table, verdicts) in tables.values() {
        findings.add(finding(facts, table, verdicts, by_vpc.get(table.vpc.as_str()).copied()));
    }
}

fn finding(facts: &Facts<'_>, table: &RouteTable, verdicts: &[&SubnetVerdict<'_>], gateway: Option<&str>) -> Finding {
    let id = &table.id;
    let mut resources = vec![resources::table(table)];
    resources.extend(verdicts.iter().map(|verdict| resources::subnet(verdict.subnet)));
    let proofs = verdicts.first().and_then(|verdict| verdict.family(Family::Ipv6)).map(|one| one.proof.as_slice());
    let proofs = proofs.unwrap_or_default().iter();
    let routes: BTreeSet<String> = proofs
        .filter(|proof| proof.class.group() == Group::Public)
        .filter(|proof| matches!(proof.route.target, Target::InternetGateway(_)))
        .map(|proof| proof.route.destination_name())
        .filter(|destination| destination.contains(':'))
        .collect();
    let to = gateway.unwrap_or("\"$gateway\"");
    let mut cli = Vec::new();
    if gateway.is_none() {
        let create = format!("ec2 create-egress-only-internet-gateway --vpc-id {}", table.vpc);
        let query = "EgressOnlyInternetGateway.EgressOnlyInternetGatewayId";
        cli.push(keep(facts, "gateway", create, query));
    }
    cli.extend(routes.iter().map(|route| {
        let target = format!("--egress-only-internet-gateway-id {to}");
        aws(
            facts,
            format_args!("ec2 replace-route --route-table-id {id} --destination-ipv6-cidr-block {route} {target}"),
        )
    }));
    let new = format!("resource \"aws_egress_only_internet_gateway\" \"this\" {{\n  vpc_id = \"{}\"\n}}", table.vpc);
    let (mut terraform, reference) = match gateway {
        Some(id) => (Vec::new(), format!("\"{id}\"")),
        None => (vec![new], "aws_egress_only_internet_gateway.this.id".to_owned()),
    };
    terraform.extend(routes.iter().map(|route| {
        let (owner, target) = (format!("\"{id}\""), ("egress_only_gateway_id", reference.as_str()));
        terraform_route(id, &owner, ("destination_ipv6_cidr_block", route), target)
    }));
    let both = |verdict: &&SubnetVerdict<'_>| {
        [way(verdict, Some(Family::Ipv6)), format!("over IPv4 {}", way(verdict, Some(Family::Ipv4)))]
    };
    let verb = if verdicts.len() == 1 { "is" } else { "are" };
    let subnets = counted(verdicts.len(), "subnet");
    Finding {
        rule: RULE,
        severity: Severity::Medium,
        title: format!(
            "route table {} makes {subnets} that {verb} private over IPv4 public over IPv6",
            resources::table(table).label()
        ),
        resources,
        vpc: Some(table.vpc.clone()),
        availability_zones: zones(verdicts.iter().map(|verdict| verdict.subnet)),
        proof: verdicts.iter().take(5).flat_map(both).collect(),
        blast_radius: who(facts, verdicts.iter().map(|verdict| verdict.subnet.id.as_str())),
        money: None,
        confidence: Confidence::High,
        remedy: Remedy {
            advice: "Send IPv6 to an egress-only internet gateway: out works as before, in does not.".to_owned(),
            cli,
            terraform: terraform.join("\n\n"),
        },
    }
}

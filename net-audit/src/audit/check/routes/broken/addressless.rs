//! Functions and tasks without a public address whose only way out is an internet gateway, which asks for one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::super::usage::Usage;
use crate::address::prefix::Family;
use crate::audit::check::doubt::Missing;
use crate::audit::check::occupants::{self, in_subnet, told};
use crate::audit::check::remedy::aws;
use crate::audit::check::resources::{shown, subnet_of};
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Severity};
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::classify::class::Group;
use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;
use crate::inventory::Target;

pub(super) fn check<'a>(usage: &Usage<'_, 'a>, missing: &mut Missing<'a>, findings: &mut Findings) {
    let facts = usage.facts;
    let mut cases: BTreeMap<(&str, String), Vec<&Exposure<'_>>> = BTreeMap::new();
    let mut is_open = false;
    for verdict in facts.subnets.iter().filter(|verdict| !usage.is_told_by_owner(&verdict.subnet.vpc)) {
        if !goes_out_by_gateway(verdict) {
            continue;
        }
        is_open = true;
        for exposure in in_subnet(facts, &verdict.subnet.id).filter(|exposure| lacks_address(exposure)) {
            cases.entry((&verdict.subnet.vpc, exposure.purpose.label())).or_default().push(exposure);
        }
    }
    if is_open {
        _ = missing.known(facts.inventory.network_interfaces.known());
    }
    if cases.is_empty() {
        return;
    }
    let mut private: HashMap<&str, Vec<&str>> = HashMap::new();
    for verdict in facts.subnets.iter().filter(|verdict| verdict.group() == Group::Private) {
        private.entry(&verdict.subnet.vpc).or_default().push(&verdict.subnet.id);
    }
    let endpoints = facts.inventory.vpc_endpoints.iter().filter(|endpoint| endpoint.kind == "Interface");
    let with_endpoints: HashSet<&str> = endpoints.filter_map(|endpoint| endpoint.vpc.as_deref()).collect();
    for ((vpc, label), standing) in &cases {
        let private = private.get(vpc).map(Vec::as_slice).unwrap_or_default();
        findings.add(finding(usage, (vpc, label), standing, private, with_endpoints.contains(vpc)));
    }
}

/// Whether all that a subnet sends to the internet over IPv4 goes to an internet gateway.
fn goes_out_by_gateway(verdict: &SubnetVerdict<'_>) -> bool {
    let Some(ipv4) = verdict.family(Family::Ipv4).filter(|ipv4| ipv4.class.group() == Group::Public) else {
        return false;
    };
    ipv4.proof.iter().all(|proof| matches!(proof.route.target, Target::InternetGateway(_)))
}

/// Functions never get a public address, tasks get one only if their service says so.
fn lacks_address(exposure: &Exposure<'_>) -> bool {
    let interface = exposure.interface;
    matches!(*exposure.purpose, Purpose::Function(_) | Purpose::Task { .. })
        && interface.public_addresses.is_empty()
        && interface.ipv6_addresses.is_empty()
}

fn finding(
    usage: &Usage<'_, '_>,
    (vpc, label): (&str, &str),
    standing: &[&Exposure<'_>],
    private: &[&str],
    has_endpoints: bool,
) -> Finding {
    let facts = usage.facts;
    let subnets: BTreeSet<&str> = standing.iter().map(|exposure| exposure.interface.subnet.as_str()).collect();
    let mut resources: Vec<_> = standing.iter().map(|exposure| occupants::resource(exposure)).collect();
    resources.extend(subnets.iter().map(|subnet| subnet_of(facts, subnet)));
    let lacking = standing.iter().take(5).map(|exposure| {
        let interface = exposure.interface;
        format!("{} is in {} and has no public address", interface.id, interface.subnet)
    });
    let sent = subnets.iter().filter_map(|subnet| {
        let verdict = facts.verdict(subnet)?;
        let proof = verdict.family(Family::Ipv4)?.proof.first()?;
        Some(proof.route.sent_by(&verdict.route_table?.table.id))
    });
    let proof: BTreeSet<String> = sent.collect();
    let mut proof: Vec<String> = lacking.chain(proof).collect();
    if has_endpoints {
        proof.push(format!("{vpc} has interface endpoints, by which it may reach all that it needs"));
    }
    let is_function = standing.iter().any(|exposure| matches!(*exposure.purpose, Purpose::Function(_)));
    let other = if is_function {
        ": a function never has a public address"
    } else {
        ", or let its service assign public addresses"
    };
    let places = match private {
        [] => "subnets that go out by a NAT gateway, of which the VPC has none yet".to_owned(),
        some => format!("subnets that go out by a NAT gateway ({})", shown(some.iter().map(|id| (*id).to_owned()))),
    };
    let filter = format!("--filters Name=subnet-id,Values={}", subnets.iter().copied().collect::<Vec<_>>().join(","));
    Finding {
        rule: Rule::BrokenEgress,
        severity: if has_endpoints { Severity::Low } else { Severity::Medium },
        title: format!("{label} has no public address and no other way out than an internet gateway, which needs one"),
        resources,
        vpc: Some(vpc.to_owned()),
        availability_zones: occupants::zones(standing.iter().copied()),
        proof,
        blast_radius: told(standing.iter().copied()),
        money: None,
        confidence: if has_endpoints { Confidence::Low } else { Confidence::Medium },
        remedy: Remedy {
            advice: format!(
                "Move it to {places}{other}. If it needs nothing outside the VPC, it belongs into a private subnet all the \
                 same."
            ),
            cli: vec![aws(facts, format_args!("ec2 describe-network-interfaces {filter}"))],
            terraform:
                "# subnet_ids of vpc_config (aws_lambda_function), subnets of network_configuration (aws_ecs_service)"
                    .to_owned(),
        },
    }
}

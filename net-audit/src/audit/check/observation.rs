//! What nobody would see, and what stands in its own way: NET021.

mod acl;
mod block;

use std::collections::{HashMap, HashSet};

use super::doubt::Missing;
use super::occupants::{in_subnet, who};
use super::remedy::aws;
use super::resources::{shown, subnet, vpc_of, zones};
use super::routes::usage::Usage;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::audit::rule::Rule;
use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{FlowLog, Subnet, Vpc};

const RULE: Rule = Rule::Unobserved;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let usage = Usage::new(facts);
    let mut missing = Missing::default();
    flow_logs(&usage, &mut missing, findings);
    acl::check(&usage, &mut missing, findings);
    block::check(&usage, &mut missing, findings);
    missing.report(RULE, findings);
}

fn flow_logs<'a>(usage: &Usage<'_, 'a>, missing: &mut Missing<'a>, findings: &mut Findings) {
    let inventory = usage.inventory();
    let Some(logs) = missing.known(inventory.flow_logs.known()) else { return };
    let logged: HashSet<&str> = logs.values().filter(|log| log.is_active).map(|log| log.resource.as_str()).collect();
    let idle = logs.values().filter(|log| !log.is_active).map(|log| (log.resource.as_str(), log));
    let idle: HashMap<&str, &FlowLog> = idle.collect();
    for vpc in inventory.vpcs.iter().filter(|vpc| !logged.contains(vpc.id.as_str())) {
        match unlogged(usage, vpc, &logged) {
            Ok(subnets) if subnets.is_empty() => {}
            Ok(subnets) => match usage.sees_all_of(&vpc.id) {
                Ok(true) => findings.add(no_flow_log(usage, vpc, &subnets, idle.get(vpc.id.as_str()).copied())),
                Ok(false) => {}
                Err(gap) => {
                    missing.add(gap, &vpc.id);
                }
            },
            Err(gap) => {
                missing.add(gap, &vpc.id);
            }
        }
    }
}

/// The subnets with an interface that no flow log watches, neither by itself nor by the subnet.
fn unlogged<'a>(usage: &Usage<'_, 'a>, vpc: &Vpc, logged: &HashSet<&str>) -> Result<Vec<&'a Subnet>, Gap> {
    let inventory = usage.inventory();
    let of_vpc = inventory.index.subnets_of_vpc(&vpc.id).filter_map(|id| inventory.subnets.get(id));
    let subnets: Vec<&Subnet> = of_vpc.filter(|subnet| !logged.contains(subnet.id.as_str())).collect();
    if !subnets.is_empty() {
        inventory.network_interfaces.known()?;
    }
    let is_unseen = |exposure: &Exposure<'_>| {
        *exposure.purpose != Purpose::Nothing && !logged.contains(exposure.interface.id.as_str())
    };
    let has_unseen = |subnet: &&Subnet| in_subnet(usage.facts, &subnet.id).any(is_unseen);
    Ok(subnets.into_iter().filter(has_unseen).collect())
}

fn no_flow_log(usage: &Usage<'_, '_>, vpc: &Vpc, subnets: &[&Subnet], idle: Option<&FlowLog>) -> Finding {
    let id = &vpc.id;
    let mut resources = vec![Resource::new(id, vpc.name())];
    resources.extend(subnets.iter().map(|one| subnet(one)));
    let mut proof = vec![match idle {
        Some(log) => format!("{} watches {id} and is not active", log.id),
        None => format!("no flow log watches {id}"),
    }];
    proof.push(format!("and none watches {}", shown(subnets.iter().map(|subnet| subnet.id.clone()))));
    let options = "--traffic-type ALL --log-destination-type s3 --log-destination arn:aws:s3:::LOG_BUCKET";
    let stands = who(usage.facts, subnets.iter().map(|subnet| subnet.id.as_str()));
    Finding {
        rule: RULE,
        severity: Severity::Info,
        title: format!("nobody would see what is sent in {}: it has no flow log", vpc_of(usage.facts, id).label()),
        resources,
        vpc: Some(id.clone()),
        availability_zones: zones(subnets.iter().copied()),
        proof,
        blast_radius: stands,
        money: None,
        confidence: Confidence::High,
        remedy: Remedy {
            advice: "Watch the VPC with a flow log; to a bucket it costs least.".to_owned(),
            cli: vec![aws(
                usage.facts,
                format_args!("ec2 create-flow-logs --resource-type VPC --resource-ids {id} {options}"),
            )],
            terraform: format!(
                "resource \"aws_flow_log\" \"this\" {{\n  vpc_id               = \"{id}\"\n  traffic_type         = \"ALL\"\n  log_destination_type = \"s3\"\n  log_destination      = \"arn:aws:s3:::LOG_BUCKET\"\n}}"
            ),
        },
    }
}

#[cfg(test)]
mod tests;

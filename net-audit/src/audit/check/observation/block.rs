//! Block Public Access, which keeps private subnets private whatever is routed.

use super::RULE;
use crate::audit::check::doubt::Missing;
use crate::audit::check::occupants::{is_occupied, who};
use crate::audit::check::remedy::aws;
use crate::audit::check::resources::{counted, shown};
use crate::audit::check::routes::usage::Usage;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::classify::class::Group;
use crate::inventory::{PublicAccess, Subnet};

/// So many exclusions a region may have at first. Source: Amazon VPC User Guide, "Amazon VPC quotas".
const EXCLUSIONS: usize = 50;

/// Speaks of a region once: it is the account's setting there.
pub(super) fn check<'a>(usage: &Usage<'_, 'a>, missing: &mut Missing<'a>, findings: &mut Findings) {
    let inventory = usage.inventory();
    let is_open = |access: &PublicAccess| *access == PublicAccess::Allowed;
    let vpcs_are_open = inventory.vpcs.iter().all(|vpc| is_open(&vpc.public_access));
    if !vpcs_are_open || !inventory.subnets.iter().all(|subnet| is_open(&subnet.public_access)) {
        return;
    }
    let of_group = |wanted: &[Group]| -> Vec<&'a Subnet> {
        let verdicts = usage.facts.subnets.iter().filter(|verdict| wanted.contains(&verdict.group()));
        verdicts.map(|verdict| verdict.subnet).collect()
    };
    let closed = of_group(&[Group::Private, Group::Isolated]);
    if let (Err(gap), false) = (inventory.network_interfaces.known(), closed.is_empty()) {
        missing.add(gap, "");
        return;
    }
    let closed: Vec<&Subnet> = closed.into_iter().filter(|subnet| is_occupied(usage.facts, &subnet.id)).collect();
    if closed.is_empty() {
        let mut unknown = usage.facts.subnets.iter().filter(|verdict| verdict.group() == Group::Unknown);
        if let Some((gap, subnet)) =
            unknown.find_map(|verdict| Some((verdict.gaps().next()?.clone(), verdict.subnet.id.as_str())))
        {
            missing.add(gap, subnet);
        }
        return;
    }
    findings.add(finding(usage, &closed, &of_group(&[Group::Public])));
}

fn finding(usage: &Usage<'_, '_>, closed: &[&Subnet], public: &[&Subnet]) -> Finding {
    let exclusion =
        "ec2 create-vpc-block-public-access-exclusion --internet-gateway-exclusion-mode allow-bidirectional";
    let mut cli: Vec<String> = Vec::new();
    if public.len() <= EXCLUSIONS {
        cli.extend(public.iter().map(|subnet| aws(usage.facts, format_args!("{exclusion} --subnet-id {}", subnet.id))));
    }
    let mode = "--internet-gateway-block-mode block-ingress";
    cli.push(aws(usage.facts, format_args!("ec2 modify-vpc-block-public-access-options {mode}")));
    let exclude = match public.len() {
        0 => "No subnet of it is public.".to_owned(),
        count if count <= EXCLUSIONS => "Exclude the public subnets first.".to_owned(),
        count => format!(
            "Exclude what is public first: whole VPCs, for {count} subnets are more than the quota of {EXCLUSIONS} exclusions."
        ),
    };
    let where_it_is = usage.inventory().region.as_deref().unwrap_or("this region");
    let names = shown(closed.iter().map(|subnet| subnet.id.clone()));
    Finding {
        rule: RULE,
        severity: Severity::Info,
        title: format!("VPC Block Public Access is off in {where_it_is}: one wrong route makes a private subnet public"),
        resources: vec![Resource::new("vpc-block-public-access-options", None)],
        vpc: None,
        availability_zones: Vec::new(),
        proof: vec![format!("no VPC and no subnet says that it is blocked, among them private ones: {names}")],
        blast_radius: format!(
            "{}: {}",
            counted(closed.len(), "private subnet"),
            who(usage.facts, closed.iter().map(|subnet| subnet.id.as_str()))
        ),
        money: None,
        // A snapshot that does not hold the mode, a Terraform state or one older than the feature, looks the same as one in which it is off.
        confidence: Confidence::Low,
        remedy: Remedy {
            advice: format!("Switch it on for what comes in; NAT gateways go on to work. {exclude}"),
            cli,
            terraform: "resource \"aws_vpc_block_public_access_options\" \"this\" {\n  internet_gateway_block_mode = \"block-ingress\"\n}"
                .to_owned(),
        },
    }
}

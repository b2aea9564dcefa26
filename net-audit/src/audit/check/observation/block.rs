//! Block Public Access, which keeps private subnets private whatever is routed.

use std::collections::{BTreeMap, BTreeSet};

use super::RULE;
use crate::audit::check::doubt::Missing;
use crate::audit::check::occupants::{in_subnet, is_occupied, told, who};
use crate::audit::check::remedy::{aws, terraform_name};
use crate::audit::check::resources::{counted, shown};
use crate::audit::check::routes::usage::Usage;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::classify::class::Group;
use crate::exposure::purpose::Purpose;
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
    let where_it_is = usage.inventory().region.as_deref().unwrap_or("this region");
    let names = shown(closed.iter().map(|subnet| subnet.id.clone()));
    Finding {
        rule: RULE,
        severity: Severity::Info,
        title: format!(
            "VPC Block Public Access is off in {where_it_is}: one wrong route makes a private subnet public"
        ),
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
        remedy: remedy(usage, public),
    }
}

/// What is not blocked: subnets or whole VPCs.
struct Excluded<'a> {
    option: &'static str,
    argument: &'static str,
    ids: Vec<&'a str>,
}

impl<'a> Excluded<'a> {
    /// The subnets; if they are more than may be excluded, their VPCs; `None` if these are too many as well.
    fn of(subnets: &[&'a Subnet]) -> Option<Self> {
        if subnets.len() <= EXCLUSIONS {
            let ids = subnets.iter().map(|subnet| subnet.id.as_str()).collect();
            return Some(Self { option: "--subnet-id", argument: "subnet_id", ids });
        }
        let vpcs: BTreeSet<&str> = subnets.iter().map(|subnet| subnet.vpc.as_str()).collect();
        let ids: Vec<&str> = vpcs.into_iter().collect();
        (ids.len() <= EXCLUSIONS).then_some(Self { option: "--vpc-id", argument: "vpc_id", ids })
    }
}

fn remedy(usage: &Usage<'_, '_>, public: &[&Subnet]) -> Remedy {
    let facts = usage.facts;
    let show = aws(facts, "ec2 describe-vpc-block-public-access-options");
    let unknown: Vec<&str> = facts
        .subnets
        .iter()
        .filter(|verdict| verdict.group() == Group::Unknown)
        .map(|verdict| verdict.subnet.id.as_str())
        .collect();
    if !unknown.is_empty() {
        let advice = format!(
            "Find out first which subnets are public, and exclude those before it is switched on: the class of {} is not \
             known, and what is public there would be cut off.",
            shown(unknown.into_iter().map(str::to_owned))
        );
        return Remedy { advice, cli: vec![show], terraform: String::new() };
    }
    // An accelerator comes in where no route leads to the internet gateway.
    let inventory = usage.inventory();
    let accelerated = inventory.network_interfaces.iter().filter(|one| one.kind == "global_accelerator_managed");
    let accelerated = accelerated.filter_map(|interface| inventory.subnets.get(&interface.subnet));
    let open: BTreeMap<&str, &Subnet> =
        public.iter().copied().chain(accelerated).map(|subnet| (subnet.id.as_str(), subnet)).collect();
    let open: Vec<&Subnet> = open.into_values().collect();
    let stands = open.iter().flat_map(|subnet| in_subnet(facts, &subnet.id));
    let cut = told(stands.filter(|one| !matches!(*one.purpose, Purpose::NatGateway | Purpose::Nothing)));
    let cuts = format!("Without them it would cut off what stands in {}: {cut}.", counted(open.len(), "public subnet"));
    let Some(excluded) = Excluded::of(&open) else {
        let advice = format!(
            "Switch it on for what comes in only when what is public is excluded. {cuts} So many VPCs are more than the quota \
             of {EXCLUSIONS} exclusions: let AWS raise it first."
        );
        return Remedy { advice, cli: vec![show], terraform: String::new() };
    };
    let exclude = "ec2 create-vpc-block-public-access-exclusion --internet-gateway-exclusion-mode allow-bidirectional";
    let each = excluded.ids.iter().map(|id| aws(facts, format_args!("{exclude} {} {id}", excluded.option)));
    let mut cli: Vec<String> = each.collect();
    if !cli.is_empty() {
        let states = "VpcBlockPublicAccessExclusions[].[ResourceArn,State]";
        let describe = "ec2 describe-vpc-block-public-access-exclusions --query";
        cli.push(aws(facts, format_args!("{describe} \"{states}\" --output table")));
    }
    let mode = "--internet-gateway-block-mode block-ingress";
    cli.push(aws(facts, format_args!("ec2 modify-vpc-block-public-access-options {mode}")));
    let wait = "Run the last command only when all of them are `create-complete`.";
    let first = match excluded.argument {
        _ if excluded.ids.is_empty() => "No subnet of it is public, so it cuts off nothing that is known.".to_owned(),
        "vpc_id" => format!(
            "Exclude whole VPCs first, for {} public subnets are more than the quota of {EXCLUSIONS} exclusions; their private \
             subnets are not protected then. {wait} {cuts}",
            open.len()
        ),
        _ => format!("Exclude the public subnets first. {wait} {cuts}"),
    };
    Remedy {
        advice: format!("Switch it on for what comes in; NAT gateways go on to work. {first}"),
        cli,
        terraform: terraform(&excluded),
    }
}

/// The exclusions, each of which Terraform waits for, and the switch after them.
fn terraform(excluded: &Excluded<'_>) -> String {
    let kind = "aws_vpc_block_public_access_exclusion";
    let argument = excluded.argument;
    let mut blocks: Vec<String> = excluded
        .ids
        .iter()
        .map(|id| {
            let name = terraform_name(id);
            format!(
                "resource \"{kind}\" \"{name}\" {{\n  {argument:31} = \"{id}\"\n  internet_gateway_exclusion_mode = \"allow-bidirectional\"\n}}"
            )
        })
        .collect();
    let names: Vec<String> = excluded.ids.iter().map(|id| format!("    {kind}.{},\n", terraform_name(id))).collect();
    let after = if names.is_empty() { String::new() } else { format!("\n  depends_on = [\n{}  ]\n", names.concat()) };
    blocks.push(format!(
        "resource \"aws_vpc_block_public_access_options\" \"this\" {{\n  internet_gateway_block_mode = \"block-ingress\"\n{after}}}"
    ));
    blocks.join("\n\n")
}

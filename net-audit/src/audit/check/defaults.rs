//! What AWS made, and nobody closed: NET020.

use std::collections::{HashMap, HashSet};

use super::occupants;
use super::remedy::aws;
use super::remedy::group::{opened, revoke_ingress, rule_told, terraform_ingress};
use super::resources::vpc_of;
use super::sensitive::{Door, Doors, ranges, ranges_told, told};
use crate::address::prefix::Family;
use crate::address::set::internet;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::audit::rule::Rule;
use crate::exposure::traffic::{Direction, GroupRules};
use crate::exposure::{Coverage, Exposure, Verdict};
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{NetworkInterface, Peer, Ports, Protocol, SecurityGroup, UNKNOWN_UNTIL_APPLY, Vpc};

const RULE: Rule = Rule::OpenDefaults;

/// What has a security group.
type Users<'f, 'a> = HashMap<&'a str, Vec<&'f [Exposure<'a>]>>;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    check_groups(facts, findings);
    check_default_vpcs(facts, findings);
}

fn check_groups(facts: &Facts<'_>, findings: &mut Findings) {
    let Some(groups) = findings.require(&[RULE], facts.inventory.security_groups.known()) else { return };
    let interfaces = facts.inventory.network_interfaces.known();
    let mut users: Users<'_, '_> = HashMap::new();
    for families in facts.exposures.chunk_by(|one, other| one.interface.id == other.interface.id) {
        for group in families.iter().take(1).flat_map(|exposure| &exposure.interface.groups) {
            users.entry(group).or_default().push(families);
        }
    }
    let (reported, hidden) = (reported_elsewhere(facts), hidden_users(facts));
    let mut needs_interfaces = false;
    for group in groups.values() {
        let (mut doors, gap) = doors(facts, group);
        if reported.contains(group.id.as_str()) {
            doors = Doors { remote: doors.remote, ..Doors::default() };
        }
        let has_rules = !group.ingress.is_empty() || !group.egress.is_empty();
        let is_default = group.name == "default" && has_rules;
        // What opens everything cannot open more.
        let opens_all = doors.wide.iter().any(|(protocol, _)| *protocol == Protocol::All);
        if let Some(gap) = gap.filter(|_| !opens_all) {
            findings.unknown_of(RULE, &group.id, gap);
        }
        if doors.is_empty() && !is_default {
            continue;
        }
        let used = users.get(group.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        if !doors.is_empty() {
            if interfaces.is_err() {
                needs_interfaces = true;
                continue;
            }
            // Exposed is NET001 to NET003, and what cannot be said is said there.
            let is_latent = |exposure: &Exposure<'_>| matches!(exposure.verdict, Verdict::Stopped(_));
            if used.iter().all(|families| families.iter().all(is_latent)) {
                let vpcs = [group.vpc.as_deref(), None];
                if let Some(interface) = vpcs.iter().find_map(|vpc| hidden.get(vpc)) {
                    let what = format!("which security groups {interface} has is not known before apply");
                    findings.unknown_of(RULE, &group.id, Gap::NotUnderstood(what));
                    continue;
                }
                findings.add(latent(facts, group, &doors, used));
                continue;
            }
        }
        let from_addresses = names_addresses(group);
        if is_default && (from_addresses || !used.is_empty()) {
            findings.add(default_group(facts, group, used));
        } else if is_default && interfaces.is_err() {
            needs_interfaces = true;
        }
    }
    if needs_interfaces {
        findings.require(&[RULE], interfaces);
    }
}

/// Whether a group lets in addresses, and not only other groups, as AWS makes it.
fn names_addresses(group: &SecurityGroup) -> bool {
    let peers = group.ingress.iter().flat_map(|rule| &rule.peers);
    peers.into_iter().any(|peer| !matches!(peer, Peer::Group(_)))
}

/// What a group opens to everybody by itself, and what could not be said of it.
fn doors(facts: &Facts<'_>, group: &SecurityGroup) -> (Doors, Option<Gap>) {
    let (mut all, mut gap) = (Doors::default(), None);
    if !names_addresses(group) {
        return (all, gap);
    }
    for family in [Family::Ipv4, Family::Ipv6] {
        let rules = GroupRules::of(facts.inventory, std::slice::from_ref(&group.id), Direction::Ingress, family);
        let blocks = group.ingress.iter().flat_map(|rule| &rule.peers).filter_map(|peer| match peer {
            Peer::Block(block) => Some(vec![*block]),
            Peer::PrefixList(id) => facts.inventory.prefix_lists.get(id).map(|list| list.blocks.clone()),
            Peer::Group(_) | Peer::Unknown => None,
        });
        let own = blocks.flatten().filter(|block| block.family() == family);
        // Most groups are open to nobody: they need no second look.
        if Coverage::of(&crate::address::set::AddressSet::of_prefixes(own), family).is_world()
            || !rules.gaps().is_empty()
        {
            let admitted = rules.admitted(&internet(family, &[]));
            let (certain, possible) = (Doors::of(&admitted.openings, family), Doors::of(&admitted.possible, family));
            gap = gap.or_else(|| admitted.gaps.first().filter(|_| possible != certain).cloned());
            all = all.with(&certain);
        }
    }
    (all, gap)
}

/// Something whose groups are not known before Terraform is applied, by VPC; without a VPC if that is not known either. It may have any group.
fn hidden_users<'f>(facts: &Facts<'f>) -> HashMap<Option<&'f str>, &'f str> {
    let inventory = facts.inventory;
    let is_hidden = |interface: &&NetworkInterface| interface.groups.iter().any(|group| group == UNKNOWN_UNTIL_APPLY);
    let vpc = |subnet: &str| Some(inventory.subnets.get(subnet)?.vpc.as_str());
    let hidden = inventory.network_interfaces.iter().filter(is_hidden);
    hidden.map(|interface| (vpc(&interface.subnet), interface.id.as_str())).collect()
}

/// The groups of databases with a flag of their own: what they open of databases is NET001's.
fn reported_elsewhere<'a>(facts: &Facts<'a>) -> HashSet<&'a str> {
    let flagged = facts.inventory.databases.iter().filter(|database| database.publicly_accessible);
    flagged.flat_map(|database| &database.groups).map(String::as_str).collect()
}

fn latent(facts: &Facts<'_>, group: &SecurityGroup, doors: &Doors, used: &[&[Exposure<'_>]]) -> Finding {
    let id = &group.id;
    let single: Vec<Door> = doors.remote.iter().chain(&doors.databases).copied().collect();
    let mut open: Vec<(Protocol, Ports)> = doors.wide.clone();
    open.extend(ranges(&single));
    let what: Vec<String> =
        [ranges_told(&doors.wide), told(&single)].into_iter().filter(|text| !text.is_empty()).collect();
    let standing: Vec<&Exposure<'_>> = used.iter().filter_map(|families| families.first()).collect();
    let opened = opened(facts.inventory, &[group], &open);
    let rules = opened.iter().flat_map(|opened| &opened.rules);
    let mut proof: Vec<String> = rules.map(|rule| format!("{id} lets in {}", rule_told(rule))).collect();
    let stopped = standing.iter().find_map(|exposure| match exposure.verdict {
        Verdict::Stopped(condition) => {
            Some(format!("{} is stopped by its {}", exposure.interface.id, said(condition.word())))
        }
        _ => None,
    });
    proof.push(stopped.unwrap_or_else(|| format!("no interface has {id} right now")));
    let (state, advice, cli) = if standing.is_empty() {
        (
            "attached to nothing right now",
            "Take the open rule back, and let the group be until it is known that nothing names it: launch templates and services that are scaled to zero do so unseen.",
            opened.iter().flat_map(|opened| revoke_ingress(facts, opened)).collect(),
        )
    } else {
        (
            "on nothing that is exposed",
            "Close it before something with a public address gets this group. What comes from inside may come by this rule today: let in those networks or groups first, then take the open rule back.",
            vec![aws(facts, format_args!("ec2 describe-security-groups --group-ids {id}"))],
        )
    };
    Finding {
        severity: if standing.is_empty() { Severity::Low } else { Severity::Medium },
        proof,
        ..finding(
            group_resources(group, &standing),
            format!("latent: security group {} opens {} to the internet, {state}", group.label(), what.join(", ")),
            group.vpc.clone(),
            &standing,
            Remedy { advice: advice.to_owned(), cli, terraform: terraform_ingress(&opened).trim_end().to_owned() },
        )
    }
}

fn said(condition: &str) -> String {
    condition.replace('-', " ")
}

fn group_resources(group: &SecurityGroup, standing: &[&Exposure<'_>]) -> Vec<Resource> {
    let mut resources = vec![Resource::new(&*group.id, Some(group.label()))];
    resources.extend(standing.iter().map(|exposure| occupants::resource(exposure)));
    resources
}

/// What all findings of the rule have in common.
fn finding(
    resources: Vec<Resource>,
    title: String,
    vpc: Option<String>,
    standing: &[&Exposure<'_>],
    remedy: Remedy,
) -> Finding {
    Finding {
        rule: RULE,
        severity: Severity::Low,
        title,
        resources,
        vpc,
        availability_zones: occupants::zones(standing.iter().copied()),
        proof: Vec::new(),
        blast_radius: occupants::told(standing.iter().copied()),
        money: None,
        confidence: Confidence::High,
        remedy,
    }
}

fn default_group(facts: &Facts<'_>, group: &SecurityGroup, used: &[&[Exposure<'_>]]) -> Finding {
    let (id, vpc) = (&group.id, group.vpc.as_deref().unwrap_or("its VPC"));
    let standing: Vec<&Exposure<'_>> = used.iter().filter_map(|families| families.first()).collect();
    let clear = |direction: &str, member: &str| {
        let query =
            format!("ec2 describe-security-groups --group-ids {id} --query 'SecurityGroups[0].{member}' --output json");
        let rules = aws(facts, query);
        aws(
            facts,
            format_args!("ec2 revoke-security-group-{direction} --group-id {id} --ip-permissions \"$({rules})\""),
        )
    };
    let mut cli = Vec::new();
    if !group.ingress.is_empty() {
        cli.push(clear("ingress", "IpPermissions"));
    }
    if !group.egress.is_empty() {
        cli.push(clear("egress", "IpPermissionsEgress"));
    }
    let mut proof: Vec<String> = group.ingress.iter().map(|rule| format!("{id} lets in {}", rule_told(rule))).collect();
    proof.extend(group.egress.iter().map(|rule| format!("{id} lets out {}", rule_told(rule))));
    let title = if standing.is_empty() {
        format!("the default security group of {vpc} lets addresses in, and whatever names no group gets it")
    } else {
        format!("the default security group of {vpc} has rules and is used")
    };
    Finding {
        proof,
        ..finding(
            group_resources(group, &standing),
            title,
            group.vpc.clone(),
            &standing,
            Remedy {
                advice: "Give everything a group of its own, then take all rules out of the default one: whatever is started without a group gets it.".to_owned(),
                cli,
                terraform: format!("resource \"aws_default_security_group\" \"this\" {{\n  vpc_id = \"{vpc}\" # no ingress, no egress\n}}"),
            },
        )
    }
}

fn check_default_vpcs(facts: &Facts<'_>, findings: &mut Findings) {
    let defaults: Vec<&Vpc> = facts.inventory.vpcs.iter().filter(|vpc| vpc.is_default).collect();
    if defaults.is_empty() || findings.require(&[RULE], facts.inventory.network_interfaces.known()).is_none() {
        return;
    }
    for vpc in defaults {
        let subnets = facts.inventory.index.subnets_of_vpc(&vpc.id);
        let standing: Vec<&Exposure<'_>> = subnets.flat_map(|subnet| occupants::in_subnet(facts, subnet)).collect();
        if standing.is_empty() {
            continue;
        }
        let id = &vpc.id;
        let mut resources = vec![vpc_of(facts, id)];
        resources.extend(standing.iter().map(|exposure| occupants::resource(exposure)));
        findings.add(Finding {
            proof: vec![format!("{id} is the region's default VPC, and {} interfaces are in it", standing.len())],
            ..finding(
                resources,
                format!("the default VPC {} is in use", vpc_of(facts, id).label()),
                Some(id.clone()),
                &standing,
                Remedy {
                    advice: "All its subnets are public and give out public addresses. Move what runs in it into a VPC of its own with private subnets, then delete it.".to_owned(),
                    cli: vec![aws(
                        facts,
                        format_args!("ec2 describe-network-interfaces --filters Name=vpc-id,Values={id}"),
                    )],
                    terraform: "resource \"aws_default_vpc\" \"this\" {\n  force_destroy = true # when it is empty\n}".to_owned(),
                },
            )
        });
    }
}

#[cfg(test)]
mod tests;

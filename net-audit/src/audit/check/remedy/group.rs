//! Security group rules that are told, and that are to be taken back.

use serde_json::{Map, Value, json};

use super::aws;
use crate::address::prefix::{Family, Prefix};
use crate::address::set::{AddressSet, internet};
use crate::facts::Facts;
use crate::inventory::{Inventory, Peer, Permission, Ports, Protocol, SecurityGroup, UNKNOWN_UNTIL_APPLY};

/// The commands that take back what a group lets in from everywhere by these protocols and ports.
pub(in crate::audit::check) fn revoke_ingress(
    facts: &Facts<'_>,
    group: &SecurityGroup,
    doors: &[(Protocol, Ports)],
) -> Vec<String> {
    let rules = wide_rules(facts.inventory, group, doors);
    if rules.is_empty() {
        return Vec::new();
    }
    let rules = Value::Array(rules.iter().map(written).collect());
    vec![aws(
        facts,
        format_args!("ec2 revoke-security-group-ingress --group-id {} --ip-permissions '{rules}'", group.id),
    )]
}

/// The rules of a group for these protocols and ports, with only those of their peers that stand for much of the internet.
pub(in crate::audit::check) fn wide_rules(
    inventory: &Inventory,
    group: &SecurityGroup,
    doors: &[(Protocol, Ports)],
) -> Vec<Permission> {
    let speaks = |rule: &&Permission| doors.iter().any(|door| opens(rule, *door));
    let narrowed = group.ingress.iter().filter(speaks).map(|rule| {
        let peers = rule.peers.iter().filter(|peer| is_wide(inventory, peer)).cloned();
        Permission { protocol: rule.protocol, ports: rule.ports, peers: peers.collect() }
    });
    narrowed.filter(|rule| !rule.peers.is_empty()).collect()
}

/// Whether a rule is why a door is open. Where all ports are open, the rule that names one of them is meant to be there.
fn opens(rule: &Permission, (protocol, ports): (Protocol, Ports)) -> bool {
    let is_one = |ports: Ports| ports.last - ports.first < 100;
    rule.protocol.covers(protocol) && rule.ports.overlap(ports) && (is_one(ports) || !is_one(rule.ports))
}

fn is_wide(inventory: &Inventory, peer: &Peer) -> bool {
    match peer {
        Peer::Block(block) => is_wide_block(*block),
        Peer::PrefixList(id) => {
            inventory.prefix_lists.get(id).is_some_and(|list| list.blocks.iter().any(|block| is_wide_block(*block)))
        }
        Peer::Group(_) | Peer::Unknown => false,
    }
}

/// A block that no single site has, and that is not only private addresses.
fn is_wide_block(block: Prefix) -> bool {
    let site = match block.family() {
        Family::Ipv4 => 16,
        Family::Ipv6 => 32,
    };
    block.length() <= site && !AddressSet::from(block).intersect(&internet(block.family(), &[])).is_empty()
}

/// A rule as `--ip-permissions` reads it.
fn written(rule: &Permission) -> Value {
    let mut members = Map::new();
    let protocol = match rule.protocol {
        Protocol::All => "-1".to_owned(),
        Protocol::Number(number) => match rule.protocol {
            Protocol::TCP | Protocol::UDP | Protocol::ICMP | Protocol::ICMPV6 => rule.protocol.to_string(),
            _ => number.to_string(),
        },
    };
    members.insert("IpProtocol".to_owned(), protocol.into());
    if rule.protocol.has_ports() {
        members.insert("FromPort".to_owned(), rule.ports.first.into());
        members.insert("ToPort".to_owned(), rule.ports.last.into());
    }
    for peer in &rule.peers {
        let (member, element) = match peer {
            Peer::Block(block) if block.family() == Family::Ipv4 => ("IpRanges", json!({ "CidrIp": block })),
            Peer::Block(block) => ("Ipv6Ranges", json!({ "CidrIpv6": block })),
            Peer::PrefixList(id) => ("PrefixListIds", json!({ "PrefixListId": id })),
            Peer::Group(id) => ("UserIdGroupPairs", json!({ "GroupId": id })),
            Peer::Unknown => continue,
        };
        if let Value::Array(elements) = members.entry(member).or_insert_with(|| json!([])) {
            elements.push(element);
        }
    }
    Value::Object(members)
}

/// A rule for people: `tcp 22 from 0.0.0.0/0, ::/0`.
pub(in crate::audit::check) fn rule_told(rule: &Permission) -> String {
    let from = rule.peers.iter().map(|peer| match peer {
        Peer::Block(block) => block.to_string(),
        Peer::PrefixList(id) | Peer::Group(id) => id.clone(),
        Peer::Unknown => UNKNOWN_UNTIL_APPLY.to_owned(),
    });
    format!("{} from {}", rule.protocol.with(rule.ports), from.collect::<Vec<_>>().join(", "))
}

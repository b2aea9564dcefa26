//! Security group rules that are told, and that are to be taken back.

use serde_json::{Map, Value, json};

use super::aws;
use crate::address::prefix::{Family, Prefix};
use crate::address::set::{AddressSet, internet};
use crate::audit::check::sensitive;
use crate::exposure::Coverage;
use crate::facts::Facts;
use crate::inventory::{Inventory, Peer, Permission, Ports, Protocol, SecurityGroup, UNKNOWN_UNTIL_APPLY};

/// A security group, and those of its rules by which much of the internet comes in.
#[derive(Clone, Debug)]
pub(in crate::audit::check) struct Opened<'a> {
    pub(in crate::audit::check) group: &'a SecurityGroup,
    /// With only those of their peers that are a part of the wide opening.
    pub(in crate::audit::check) rules: Vec<Permission>,
}

/// The groups that let much of the internet in at these protocols and ports: each by itself, else all together.
pub(in crate::audit::check) fn opened<'a>(
    inventory: &'a Inventory,
    groups: &[&'a SecurityGroup],
    doors: &[(Protocol, Ports)],
) -> Vec<Opened<'a>> {
    let of = |group: &'a SecurityGroup, together: &[&SecurityGroup]| {
        let widths: Vec<Width> = doors.iter().map(|door| Width::of(inventory, together, *door)).collect();
        let narrowed = group.ingress.iter().map(|rule| {
            let opens = |width: &&Width| opens(rule, width.door);
            let is_part = |peer: &&Peer| widths.iter().filter(opens).any(|width| width.has(inventory, peer));
            let peers = rule.peers.iter().filter(is_part).cloned().collect();
            Permission { protocol: rule.protocol, ports: rule.ports, peers }
        });
        Opened { group, rules: narrowed.filter(|rule| !rule.peers.is_empty()).collect() }
    };
    let alone: Vec<Opened<'_>> =
        groups.iter().map(|group| of(group, &[group])).filter(|opened| !opened.rules.is_empty()).collect();
    if alone.is_empty() { groups.iter().map(|group| of(group, groups)).collect() } else { alone }
}

/// Whether a rule is why a door is open. Where all ports are open, the rule that names one of them is meant to be there.
fn opens(rule: &Permission, (protocol, ports): (Protocol, Ports)) -> bool {
    let is_one = |ports: Ports| ports.last - ports.first < 100;
    rule.protocol.covers(protocol) && rule.ports.overlap(ports) && (is_one(ports) || !is_one(rule.ports))
}

/// How long the blocks may be that are taken back: no single site has a shorter one, and without them the rest is no wide opening any more.
struct Width {
    door: (Protocol, Ports),
    ipv4: u8,
    ipv6: u8,
}

impl Width {
    fn of(inventory: &Inventory, groups: &[&SecurityGroup], door: (Protocol, Ports)) -> Self {
        let rules = groups.iter().flat_map(|group| &group.ingress).filter(|rule| opens(rule, door));
        let blocks: Vec<Prefix> =
            rules.flat_map(|rule| &rule.peers).flat_map(|peer| blocks(inventory, peer)).copied().collect();
        let length = |family: Family, site: u8| {
            let of_family = || blocks.iter().copied().filter(move |block| block.family() == family);
            let is_narrow = |length: u8| {
                let rest = AddressSet::of_prefixes(of_family().filter(|block| block.length() > length));
                !Coverage::of(&rest, family).is_world()
            };
            let mut lengths: Vec<u8> = of_family().map(Prefix::length).filter(|length| *length > site).collect();
            lengths.sort_unstable();
            lengths.dedup();
            std::iter::once(site).chain(lengths).find(|length| is_narrow(*length)).unwrap_or(site)
        };
        Self { door, ipv4: length(Family::Ipv4, 16), ipv6: length(Family::Ipv6, 32) }
    }

    fn has(&self, inventory: &Inventory, peer: &Peer) -> bool {
        blocks(inventory, peer).iter().any(|block| {
            let family = block.family();
            let length = match family {
                Family::Ipv4 => self.ipv4,
                Family::Ipv6 => self.ipv6,
            };
            // Only private addresses are nobody's in the internet.
            block.length() <= length && !AddressSet::from(*block).intersect(&internet(family, &[])).is_empty()
        })
    }
}

fn blocks<'i>(inventory: &'i Inventory, peer: &'i Peer) -> &'i [Prefix] {
    match peer {
        Peer::Block(block) => std::slice::from_ref(block),
        Peer::PrefixList(id) => inventory.prefix_lists.get(id).map(|list| list.blocks.as_slice()).unwrap_or_default(),
        Peer::Group(_) | Peer::Unknown => &[],
    }
}

/// The commands that take back what opens a group. What such a rule opens beside ports that nobody should reach is let in again first.
pub(in crate::audit::check) fn revoke_ingress(facts: &Facts<'_>, opened: &Opened<'_>) -> Vec<String> {
    let change = |verb: &str, rules: &[Permission]| {
        let text = Value::Array(rules.iter().map(written).collect());
        let group = &opened.group.id;
        let verb = format!("ec2 {verb}-security-group-ingress");
        (!rules.is_empty()).then(|| aws(facts, format_args!("{verb} --group-id {group} --ip-permissions '{text}'")))
    };
    let kept: Vec<Permission> = opened.rules.iter().flat_map(left).collect();
    change("authorize", &kept).into_iter().chain(change("revoke", &opened.rules)).collect()
}

/// What is left of a rule without the ports that nobody should reach; nothing of one for very many ports, which were not opened for a service.
fn left(rule: &Permission) -> Vec<Permission> {
    if !rule.protocol.has_ports() || sensitive::is_wide(rule.ports) {
        return Vec::new();
    }
    let shut = sensitive::known(rule.protocol);
    let mut parts: Vec<Ports> = Vec::new();
    let mut next = Some(rule.ports.first);
    for port in shut.into_iter().filter(|port| rule.ports.contain(*port)) {
        if let (Some(first), Some(last)) = (next, port.checked_sub(1)) {
            parts.extend((first <= last).then_some(Ports { first, last }));
        }
        next = port.checked_add(1);
    }
    parts.extend(next.filter(|first| *first <= rule.ports.last).map(|first| Ports { first, last: rule.ports.last }));
    // A rule that names none of these ports is taken back as it is.
    parts.retain(|ports| *ports != rule.ports);
    parts.into_iter().map(|ports| Permission { protocol: rule.protocol, ports, peers: rule.peers.clone() }).collect()
}

/// Says in Terraform which rules are to go, and what of them is to stay.
pub(in crate::audit::check) fn terraform_ingress(opened: &[Opened<'_>]) -> String {
    let mut lines = Vec::new();
    for Opened { group, rules } in opened {
        for rule in rules {
            let what = rule_told(rule);
            let kind = "aws_vpc_security_group_ingress_rule, or the ingress block,";
            lines.push(format!("# remove the {kind} of {} that lets in {what}", group.id));
            lines.extend(left(rule).iter().map(|part| format!("# write one instead that lets in {}", rule_told(part))));
        }
    }
    // Each line ends, the last one too.
    lines.push(String::new());
    lines.join("\n")
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

/// So many peers of a rule are written out.
const SHOWN: usize = 8;

/// A rule for people: `tcp 22 from 0.0.0.0/0, ::/0`.
pub(in crate::audit::check) fn rule_told(rule: &Permission) -> String {
    let from = rule.peers.iter().map(|peer| match peer {
        Peer::Block(block) => block.to_string(),
        Peer::PrefixList(id) | Peer::Group(id) => id.clone(),
        Peer::Unknown => UNKNOWN_UNTIL_APPLY.to_owned(),
    });
    let more = rule.peers.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} from {}{more}", rule.protocol.with(rule.ports), from.take(SHOWN).collect::<Vec<_>>().join(", "))
}

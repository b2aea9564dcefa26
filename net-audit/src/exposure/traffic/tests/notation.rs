//! Rules as short texts. A rule of a group is `PROTOCOL[:PORTS] PEER,PEER…`, an entry of an ACL `NUMBER in|out allow|deny PROTOCOL[:PORTS] BLOCK`;
//! `?` is what is not known before Terraform is applied.

use std::collections::BTreeMap;

use crate::address::prefix::{Family, Prefix};
use crate::exposure::traffic::Admitted;
use crate::inventory::gap::Kind;
use crate::inventory::{AclEntry, Inventory, Listing, NetworkAcl, Peer, Permission, Ports, PrefixList, Protocol};
use crate::inventory::{SecurityGroup, Tags};
use crate::snapshot;

const BARE: &str = r#"{
    "Vpcs": [],
    "Subnets": [{ "SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24" }],
    "RouteTables": []
}"#;

/// An account with security groups, by id with their rules, and the prefix lists `pl-halves` and `pl-office`.
pub(super) fn groups(groups: &[(&str, &[&str])]) -> Inventory {
    let groups = groups.iter().map(|(id, rules)| (*id, rules.iter().map(|text| permission(text)).collect()));
    let lists = [("pl-halves", &["0.0.0.0/1", "128.0.0.0/1"][..]), ("pl-office", &["8.8.0.0/16", "2600::/16"])];
    let lists = lists.map(|(id, blocks)| (id, blocks.iter().map(|text| text.parse().unwrap()).collect()));
    inventory(groups.collect(), lists.into())
}

/// An account with these security groups and prefix lists.
pub(super) fn inventory(groups: Vec<(&str, Vec<Permission>)>, lists: Vec<(&str, Vec<Prefix>)>) -> Inventory {
    let mut inventory = snapshot::read([BARE.as_bytes()]).unwrap().regions.remove(0);
    let group = |(id, ingress): (&str, Vec<Permission>)| {
        let (id, name) = (id.to_owned(), id.to_owned());
        (id.clone(), SecurityGroup { id, tags: Tags::default(), name, vpc: None, ingress, egress: Vec::new() })
    };
    let list = |(id, blocks): (&str, Vec<Prefix>)| (id.to_owned(), PrefixList { id: id.to_owned(), blocks });
    let groups: BTreeMap<_, _> = groups.into_iter().map(group).collect();
    inventory.security_groups = Listing::new(Kind::SecurityGroups, Some(groups));
    inventory.prefix_lists = Listing::new(Kind::PrefixLists, Some(lists.into_iter().map(list).collect()));
    inventory
}

/// A network ACL with these entries, by number, as a snapshot has them.
pub(super) fn acl(entries: &[&str]) -> NetworkAcl {
    acl_of(entries.iter().map(|text| entry(text)).collect())
}

/// A network ACL with these entries, by number.
pub(super) fn acl_of(mut entries: Vec<AclEntry>) -> NetworkAcl {
    entries.sort_by_key(|entry| (entry.is_egress, entry.number));
    NetworkAcl { id: "acl-1".to_owned(), tags: Tags::default(), vpc: None, subnets: Vec::new(), entries }
}

/// What is let through of one protocol: `PORTS BLOCK,BLOCK…`.
pub(super) fn told(admitted: &Admitted, protocol: Protocol, family: Family) -> Vec<String> {
    let openings = admitted.openings.iter().filter(|opening| opening.protocol == protocol);
    let told = openings.map(|opening| {
        let blocks: Vec<String> = opening.addresses.prefixes(family).iter().map(ToString::to_string).collect();
        format!("{} {}", opening.ports, blocks.join(","))
    });
    told.collect()
}

/// A protocol by name or number.
pub(super) fn protocol(text: &str) -> Protocol {
    match text {
        "all" => Protocol::All,
        "tcp" => Protocol::TCP,
        "udp" => Protocol::UDP,
        "icmp" => Protocol::ICMP,
        "icmpv6" => Protocol::ICMPV6,
        number => Protocol::Number(number.parse().unwrap()),
    }
}

fn protocol_and_ports(text: &str) -> (Protocol, Ports) {
    let Some((name, ports)) = text.split_once(':') else { return (protocol(text), Ports::ALL) };
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    (protocol(name), Ports { first: first.parse().unwrap(), last: last.parse().unwrap() })
}

fn permission(text: &str) -> Permission {
    let (what, peers) = text.split_once(' ').unwrap();
    let (protocol, ports) = protocol_and_ports(what);
    let peer = |text: &str| match text {
        "?" => Peer::Unknown,
        list if list.starts_with("pl-") => Peer::PrefixList(list.to_owned()),
        group if group.starts_with("sg-") => Peer::Group(group.to_owned()),
        block => Peer::Block(block.parse().unwrap()),
    };
    Permission { protocol, ports, peers: peers.split(',').map(peer).collect() }
}

fn entry(text: &str) -> AclEntry {
    let [number, way, action, what, block] = text.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let (protocol, ports) = protocol_and_ports(what);
    let block = (block != "?").then(|| block.parse().unwrap());
    let (is_egress, allows) = (way == "out", action == "allow");
    AclEntry { number: number.parse().unwrap(), is_egress, allows, protocol, ports, block }
}

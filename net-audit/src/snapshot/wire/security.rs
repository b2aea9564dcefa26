//! Security groups and network ACLs as AWS writes them.

use serde::Deserialize;

use super::{Described, Tag, parse, parse_if_known, tags};
use crate::inventory::{self, Peer, Ports, Protocol, UNKNOWN_UNTIL_APPLY};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct SecurityGroup {
    #[serde(rename = "GroupId")]
    id: String,
    group_name: Option<String>,
    vpc_id: Option<String>,
    ip_permissions: Vec<Permission>,
    ip_permissions_egress: Option<Vec<Permission>>,
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Permission {
    ip_protocol: String,
    from_port: Option<i32>,
    to_port: Option<i32>,
    ip_ranges: Option<Vec<Ipv4Range>>,
    ipv6_ranges: Option<Vec<Ipv6Range>>,
    prefix_list_ids: Option<Vec<ListId>>,
    user_id_group_pairs: Option<Vec<GroupPair>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ipv4Range {
    cidr_ip: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ipv6Range {
    cidr_ipv6: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListId {
    prefix_list_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GroupPair {
    group_id: Option<String>,
}

/// A protocol's number or name. Source: EC2 API reference, `IpPermission`; IANA, Assigned Internet Protocol Numbers.
fn protocol(text: &str) -> Result<Protocol, String> {
    match text {
        "-1" | "all" => Ok(Protocol::All),
        "tcp" => Ok(Protocol::TCP),
        "udp" => Ok(Protocol::UDP),
        "icmp" => Ok(Protocol::ICMP),
        "icmpv6" => Ok(Protocol::ICMPV6),
        number => number.parse().map(Protocol::Number).map_err(|_| format!("`{text}` is no protocol")),
    }
}

/// The ports of a rule. Only TCP and UDP have any: for ICMP these numbers are its type and code.
fn ports(protocol: Protocol, from: Option<i32>, to: Option<i32>) -> Result<Ports, String> {
    if !protocol.has_ports() {
        return Ok(Ports::ALL);
    }
    match (from, to) {
        (None | Some(-1), None | Some(-1)) => Ok(Ports::ALL),
        (Some(from), Some(to)) => {
            let port = |number: i32| u16::try_from(number).map_err(|_| format!("{number} is no port"));
            let ports = Ports { first: port(from)?, last: port(to)? };
            if ports.first > ports.last {
                return Err(format!("a rule ends before it begins: from port {from} to {to}"));
            }
            Ok(ports)
        }
        _ => Err("a rule has only one end of its ports".to_owned()),
    }
}

fn block(text: &str) -> Result<Peer, String> {
    Ok(parse_if_known(text)?.map_or(Peer::Unknown, Peer::Block))
}

fn by_id(id: String, kind: fn(String) -> Peer) -> Peer {
    if id == UNKNOWN_UNTIL_APPLY { Peer::Unknown } else { kind(id) }
}

impl Permission {
    fn read(self) -> Result<inventory::Permission, String> {
        if self.ip_protocol == UNKNOWN_UNTIL_APPLY {
            let peers = vec![Peer::Unknown];
            return Ok(inventory::Permission { protocol: Protocol::All, ports: Ports::ALL, peers });
        }
        let protocol = protocol(&self.ip_protocol)?;
        let mut peers = Vec::new();
        for range in self.ip_ranges.unwrap_or_default() {
            peers.push(block(&range.cidr_ip)?);
        }
        for range in self.ipv6_ranges.unwrap_or_default() {
            peers.push(block(&range.cidr_ipv6)?);
        }
        let lists = self.prefix_list_ids.unwrap_or_default().into_iter();
        peers.extend(lists.map(|list| by_id(list.prefix_list_id, Peer::PrefixList)));
        let groups = self.user_id_group_pairs.unwrap_or_default().into_iter();
        peers.extend(groups.filter_map(|pair| pair.group_id).map(|group| by_id(group, Peer::Group)));
        Ok(inventory::Permission { protocol, ports: ports(protocol, self.from_port, self.to_port)?, peers })
    }
}

impl Described for SecurityGroup {
    type Resource = inventory::SecurityGroup;

    fn resources(self) -> Result<Vec<(String, inventory::SecurityGroup)>, String> {
        let read = |permissions: Vec<Permission>| {
            permissions.into_iter().map(Permission::read).collect::<Result<Vec<_>, String>>()
        };
        let about = |cause: String| format!("{}: {cause}", self.id);
        let group = inventory::SecurityGroup {
            tags: tags(self.tags),
            name: self.group_name.unwrap_or_default(),
            vpc: self.vpc_id,
            ingress: read(self.ip_permissions).map_err(about)?,
            egress: read(self.ip_permissions_egress.unwrap_or_default()).map_err(about)?,
            id: self.id.clone(),
        };
        Ok(vec![(self.id, group)])
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct NetworkAcl {
    #[serde(rename = "NetworkAclId")]
    id: String,
    vpc_id: Option<String>,
    associations: Vec<AclAssociation>,
    entries: Vec<Entry>,
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AclAssociation {
    subnet_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    cidr_block: Option<String>,
    ipv6_cidr_block: Option<String>,
    egress: bool,
    port_range: Option<PortRange>,
    protocol: String,
    rule_action: String,
    rule_number: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PortRange {
    from: Option<i32>,
    to: Option<i32>,
}

impl Entry {
    fn read(self) -> Result<inventory::AclEntry, String> {
        if [&self.protocol, &self.rule_action].into_iter().any(|text| text == UNKNOWN_UNTIL_APPLY) {
            let (number, is_egress) = (self.rule_number, self.egress);
            let (protocol, ports) = (Protocol::All, Ports::ALL);
            return Ok(inventory::AclEntry { number, is_egress, allows: false, protocol, ports, block: None });
        }
        let protocol = protocol(&self.protocol)?;
        let (from, to) = self.port_range.map_or((None, None), |range| (range.from, range.to));
        let allows = match self.rule_action.as_str() {
            "allow" => true,
            "deny" => false,
            other => return Err(format!("an entry has action `{other}`")),
        };
        let text = self.cidr_block.or(self.ipv6_cidr_block).ok_or("an entry has no block")?;
        let block = if text == UNKNOWN_UNTIL_APPLY { None } else { Some(parse(&text)?) };
        let ports = ports(protocol, from, to)?;
        Ok(inventory::AclEntry { number: self.rule_number, is_egress: self.egress, allows, protocol, ports, block })
    }
}

impl Described for NetworkAcl {
    type Resource = inventory::NetworkAcl;

    fn resources(self) -> Result<Vec<(String, inventory::NetworkAcl)>, String> {
        let entries = self.entries.into_iter().map(Entry::read).collect::<Result<Vec<_>, String>>();
        let mut entries = entries.map_err(|cause| format!("{}: {cause}", self.id))?;
        entries.sort_by_key(|entry| (entry.is_egress, entry.number));
        let acl = inventory::NetworkAcl {
            id: self.id.clone(),
            tags: tags(self.tags),
            vpc: self.vpc_id,
            subnets: self.associations.into_iter().filter_map(|association| association.subnet_id).collect(),
            entries,
        };
        Ok(vec![(self.id, acl)])
    }
}

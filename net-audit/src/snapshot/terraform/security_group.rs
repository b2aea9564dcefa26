//! Security groups, put together from inline rules and the two kinds of rule that stand on their own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::members::Members;
use super::world::{ANYTHING, PREFIX_LIST, SECURITY_GROUP, UNKNOWN, VPC, View, World};

/// Which traffic, of one source or destination.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Permission {
    egress: bool,
    protocol: String,
    ports: Option<(i64, i64)>,
    peer: Peer,
}

/// Who may send, or be sent to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Peer {
    Ipv4(String),
    Ipv6(String),
    PrefixList(String),
    Group(String),
}

type Permissions = BTreeSet<Permission>;

const RULES: [&str; 3] =
    ["aws_security_group_rule", "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"];

pub(super) fn translate(world: &World, members: &mut Members) {
    let mut groups: BTreeMap<String, (Option<View<'_>>, String, Permissions)> = BTreeMap::new();
    for view in world.managed(SECURITY_GROUP) {
        let vpc = view.text("vpc_id", VPC).unwrap_or_else(|| UNKNOWN.to_owned());
        groups.insert(view.id(), (Some(view), vpc, inline(&view)));
    }
    // AWS makes a group along with every VPC, whose members may reach each other and everything else.
    let any = world.takes_over_any("aws_default_security_group", "vpc_id", VPC);
    for view in world.managed(&["aws_vpc"]).filter(|_| !any) {
        let id = view.made_along("default_security_group_id");
        let all = |egress, peer| Permission { egress, protocol: "-1".to_owned(), ports: None, peer };
        let permissions =
            || Permissions::from([all(false, Peer::Group(id.clone())), all(true, Peer::Ipv4("0.0.0.0/0".to_owned()))]);
        groups.entry(id.clone()).or_insert_with(|| (None, view.id(), permissions()));
    }
    for view in world.managed(&RULES) {
        add_rule(&view, &mut groups, members);
    }
    for (id, (view, vpc, permissions)) in groups {
        let of = |egress| {
            permissions.iter().filter(|one| one.egress == egress).map(Permission::written).collect::<Vec<Value>>()
        };
        let is_default = view.is_none_or(|view| view.instance.kind == "aws_default_security_group");
        let group = json!({
            "GroupId": id,
            "GroupName": if is_default { Some("default".to_owned()) } else { view.and_then(|view| view.known("name")) },
            "Description": view.and_then(|view| view.known("description")),
            "VpcId": vpc,
            "OwnerId": view.and_then(|view| view.known("owner_id")),
            "IpPermissions": of(false),
            "IpPermissionsEgress": of(true),
            "Tags": view.map(|view| view.tags()),
        });
        members.push("SecurityGroups", group);
    }
    for view in world.of(&["aws_security_group"]).filter(|view| !view.instance.managed) {
        members.note(format!("{}: a data source does not tell a security group's rules", view.instance.address));
    }
}

fn add_rule(
    view: &View<'_>,
    groups: &mut BTreeMap<String, (Option<View<'_>>, String, Permissions)>,
    members: &mut Members,
) {
    let address = &view.instance.address;
    let id = view.text("security_group_id", SECURITY_GROUP).unwrap_or_else(|| UNKNOWN.to_owned());
    let permissions = rule(view, &id);
    if id == UNKNOWN {
        members.note(format!("{address}: it is not known which security group it is in"));
        // Every group may have it: then each has a rule for whom is not known.
        for (_, _, others) in groups.values_mut() {
            let for_someone =
                |permission: &Permission| Permission { peer: Peer::Ipv4(UNKNOWN.to_owned()), ..permission.clone() };
            others.extend(permissions.iter().map(for_someone));
        }
        return;
    }
    match groups.get_mut(&id) {
        Some((_, _, own)) => own.extend(permissions),
        None => members.note(format!("{address}: its security group {id} is not in the document")),
    }
}

fn protocol(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "all" | "-1" => "-1".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        "58" => "icmpv6".to_owned(),
        other => other.to_owned(),
    }
}

/// A rule's protocol and ports; all of them if they are not known, for then none can be ruled out.
fn traffic(view: &View<'_>, attribute: &str) -> (String, Option<(i64, i64)>) {
    let protocol = view.known(attribute).map_or_else(|| UNKNOWN.to_owned(), |text| protocol(&text));
    let ports = view.number("from_port").zip(view.number("to_port"));
    let is_hidden = view.is_unknown("from_port") || view.is_unknown("to_port");
    match (protocol.as_str(), ports) {
        ("-1", _) => (protocol, None),
        _ if is_hidden => (UNKNOWN.to_owned(), None),
        _ => (protocol, ports),
    }
}

/// The rules that are written inside a group. Without any, the attribute tells what AWS had before, other resources' rules included.
fn inline(view: &View<'_>) -> Permissions {
    let id = view.id();
    let mut permissions = Permissions::new();
    for (attribute, egress) in [("ingress", false), ("egress", true)] {
        if view.is_unknown(attribute) && view.is_written(attribute) {
            let peer = Peer::Ipv4(UNKNOWN.to_owned());
            permissions.insert(Permission { egress, protocol: UNKNOWN.to_owned(), ports: None, peer });
        }
        for block in view.blocks(attribute) {
            permissions.extend(permissions_of(&block, "protocol", egress, &id, "security_groups"));
        }
    }
    for former in view.world.former(&RULES) {
        let is_of_this = former.values.get("security_group_id").and_then(Value::as_str) == Some(&id);
        if is_of_this {
            let gone = former_permissions(&former.kind, &former.values, &id);
            permissions.retain(|permission| !gone.contains(permission));
        }
    }
    permissions
}

fn permissions_of(view: &View<'_>, protocol: &str, egress: bool, own: &str, groups: &str) -> Permissions {
    let (protocol, ports) = traffic(view, protocol);
    let blocks = |attribute| view.texts(attribute, ANYTHING).into_iter();
    let mut peers: Vec<Peer> = blocks("cidr_blocks").map(Peer::Ipv4).collect();
    peers.extend(blocks("ipv6_cidr_blocks").map(Peer::Ipv6));
    peers.extend(view.texts("prefix_list_ids", PREFIX_LIST).into_iter().map(Peer::PrefixList));
    peers.extend(view.texts(groups, SECURITY_GROUP).into_iter().map(Peer::Group));
    if view.flag("self") == Some(true) {
        peers.push(Peer::Group(own.to_owned()));
    }
    let permission = |peer| Permission { egress, protocol: protocol.clone(), ports, peer };
    peers.into_iter().map(permission).collect()
}

fn rule(view: &View<'_>, group: &str) -> Permissions {
    if view.instance.kind == "aws_security_group_rule" {
        let egress = view.known("type").is_some_and(|kind| kind == "egress");
        let mut permissions = permissions_of(view, "protocol", egress, group, "no_such_attribute");
        // In a state the attribute names the group itself where `self` is set.
        if let Some(source) = view.written("source_security_group_id", SECURITY_GROUP) {
            let (protocol, ports) = traffic(view, "protocol");
            permissions.insert(Permission { egress, protocol, ports, peer: Peer::Group(source) });
        }
        return permissions;
    }
    let egress = view.instance.kind == "aws_vpc_security_group_egress_rule";
    let (protocol, ports) = traffic(view, "ip_protocol");
    let block = |attribute| view.written(attribute, ANYTHING);
    let peers = [
        block("cidr_ipv4").map(Peer::Ipv4),
        block("cidr_ipv6").map(Peer::Ipv6),
        view.written("prefix_list_id", PREFIX_LIST).map(Peer::PrefixList),
        view.written("referenced_security_group_id", SECURITY_GROUP).map(Peer::Group),
    ];
    let permission = |peer| Permission { egress, protocol: protocol.clone(), ports, peer };
    peers.into_iter().flatten().map(permission).collect()
}

/// What a rule permitted before it was changed or deleted.
fn former_permissions(kind: &str, values: &Map<String, Value>, own: &str) -> Permissions {
    let text = |attribute: &str| values.get(attribute).and_then(Value::as_str).filter(|text| !text.is_empty());
    let list = |attribute: &str| {
        let elements = values.get(attribute).and_then(Value::as_array).into_iter().flatten();
        elements.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>()
    };
    let number = |attribute: &str| values.get(attribute).and_then(Value::as_i64);
    let protocol = text("protocol").or_else(|| text("ip_protocol")).map_or_else(|| UNKNOWN.to_owned(), protocol);
    let ports = number("from_port").zip(number("to_port")).filter(|_| protocol != "-1");
    let egress = kind == "aws_vpc_security_group_egress_rule" || text("type") == Some("egress");
    let mut peers: Vec<Peer> = list("cidr_blocks").into_iter().map(Peer::Ipv4).collect();
    peers.extend(list("ipv6_cidr_blocks").into_iter().map(Peer::Ipv6));
    peers.extend(list("prefix_list_ids").into_iter().map(Peer::PrefixList));
    peers.extend(text("cidr_ipv4").map(|block| Peer::Ipv4(block.to_owned())));
    peers.extend(text("cidr_ipv6").map(|block| Peer::Ipv6(block.to_owned())));
    peers.extend(text("prefix_list_id").map(|id| Peer::PrefixList(id.to_owned())));
    peers.extend(text("source_security_group_id").map(|id| Peer::Group(id.to_owned())));
    peers.extend(text("referenced_security_group_id").map(|id| Peer::Group(id.to_owned())));
    if values.get("self") == Some(&Value::Bool(true)) {
        peers.push(Peer::Group(own.to_owned()));
    }
    let permission = |peer| Permission { egress, protocol: protocol.clone(), ports, peer };
    peers.into_iter().map(permission).collect()
}

impl Permission {
    fn written(&self) -> Value {
        let (list, member, id) = match &self.peer {
            Peer::Ipv4(block) => ("IpRanges", "CidrIp", block),
            Peer::Ipv6(block) => ("Ipv6Ranges", "CidrIpv6", block),
            Peer::PrefixList(id) => ("PrefixListIds", "PrefixListId", id),
            Peer::Group(id) => ("UserIdGroupPairs", "GroupId", id),
        };
        json!({
            "IpProtocol": self.protocol,
            "FromPort": self.ports.map(|(from, _)| from),
            "ToPort": self.ports.map(|(_, to)| to),
            list: [{ member: id }],
        })
    }
}

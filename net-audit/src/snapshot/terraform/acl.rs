//! Network ACLs, and which subnet has which.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::members::{Members, each};
use super::world::{ANYTHING, NETWORK_ACL, SUBNET, UNKNOWN, VPC, View, World};

/// The number of the rule that refuses what no other took. Source: Amazon VPC User Guide, "Network ACL rules".
const LAST: i64 = 32767;

/// An ACL in the making.
#[derive(Debug, Default)]
struct Acl {
    vpc: String,
    is_default: bool,
    /// By direction and number.
    entries: BTreeMap<(bool, i64), Value>,
    subnets: BTreeSet<String>,
    tags: Vec<Value>,
}

pub(super) fn translate(world: &World, members: &mut Members) {
    let mut acls = acls(world);
    for view in world.managed(&["aws_network_acl_rule"]) {
        let id = view.text("network_acl_id", NETWORK_ACL).unwrap_or_else(|| UNKNOWN.to_owned());
        let egress = view.flag("egress") == Some(true);
        let Some(entry) = entry(&view, egress, "rule_number", "rule_action") else { continue };
        match acls.get_mut(&id) {
            Some(acl) => {
                acl.entries.insert((egress, entry.0), entry.1);
            }
            None if id == UNKNOWN => {
                members.note(format!("{}: it is not known which ACL it is in", view.instance.address));
                for acl in acls.values_mut() {
                    let mut unknown = entry.1.clone();
                    unknown["CidrBlock"] = UNKNOWN.into();
                    acl.entries.entry((egress, entry.0)).or_insert(unknown);
                }
            }
            None => members.note(format!("{}: its ACL {id} is not in the document", view.instance.address)),
        }
    }
    associate(world, &mut acls);
    for (id, acl) in acls {
        members.push("NetworkAcls", acl.written(&id));
    }
}

fn acls(world: &World) -> BTreeMap<String, Acl> {
    let mut acls = BTreeMap::new();
    for view in world.managed(NETWORK_ACL) {
        let is_default = view.instance.kind == "aws_default_network_acl";
        let is_of = |vpc: &View<'_>| vpc.made_along("default_network_acl_id") == view.id();
        let owner = || world.of(VPC).find(is_of).map(|vpc| vpc.id());
        let vpc = if is_default { owner().or_else(|| view.known("vpc_id")) } else { view.text("vpc_id", VPC) };
        let subnets = view.texts("subnet_ids", SUBNET).into_iter().collect();
        let vpc = vpc.unwrap_or_else(|| UNKNOWN.to_owned());
        acls.insert(view.id(), Acl { vpc, is_default, entries: inline(&view), subnets, tags: view.tags() });
    }
    let any = world.takes_over_any("aws_default_network_acl", "default_network_acl_id", NETWORK_ACL);
    for view in world.managed(VPC).filter(|_| !any) {
        let all = |block: &str, member: &str| json!({ member: block, "Protocol": "-1", "RuleAction": "allow" });
        let directions = [false, true].into_iter();
        let entries = directions.flat_map(|egress| {
            [((egress, 100), all("0.0.0.0/0", "CidrBlock")), ((egress, 101), all("::/0", "Ipv6CidrBlock"))]
        });
        let default = || Acl { vpc: view.id(), is_default: true, entries: entries.collect(), ..Acl::default() };
        acls.entry(view.made_along("default_network_acl_id")).or_insert_with(default);
    }
    acls
}

fn inline(view: &View<'_>) -> BTreeMap<(bool, i64), Value> {
    let id = view.id();
    let mut entries = BTreeMap::new();
    for (attribute, egress) in [("ingress", false), ("egress", true)] {
        if view.is_unknown(attribute) && view.is_written(attribute) {
            let unknown = json!({ "CidrBlock": UNKNOWN, "Protocol": "-1", "RuleAction": "allow" });
            entries.insert((egress, 1), unknown);
        }
        let blocks = view.blocks(attribute);
        let read = blocks.iter().filter_map(|block| entry(block, egress, "rule_no", "action"));
        entries.extend(read.map(|(number, entry)| ((egress, number), entry)));
    }
    for former in view.world.former(&["aws_network_acl_rule"]) {
        if former.values.get("network_acl_id").and_then(Value::as_str) == Some(&id) {
            let egress = former.values.get("egress") == Some(&Value::Bool(true));
            let number = former.values.get("rule_number").and_then(Value::as_i64);
            number.map(|number| entries.remove(&(egress, number)));
        }
    }
    entries
}

/// AWS writes protocols as numbers. Source: IANA, "Protocol Numbers".
fn protocol(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "all" => "-1",
        "tcp" => "6",
        "udp" => "17",
        "icmp" => "1",
        "icmpv6" => "58",
        _ => return text.to_owned(),
    }
    .to_owned()
}

fn entry(view: &View<'_>, egress: bool, number: &str, action: &str) -> Option<(i64, Value)> {
    let number = view.number(number)?;
    let block6 = view.known("ipv6_cidr_block");
    let block = if block6.is_some() { None } else { view.text("cidr_block", ANYTHING) };
    let protocol = view.known("protocol").map_or_else(|| UNKNOWN.to_owned(), |text| protocol(&text));
    let ports = view.number("from_port").zip(view.number("to_port"));
    let ports = ports.filter(|_| matches!(protocol.as_str(), "6" | "17"));
    let icmp = view.number("icmp_type").zip(view.number("icmp_code"));
    let icmp = icmp.filter(|_| matches!(protocol.as_str(), "1" | "58"));
    let entry = json!({
        "CidrBlock": block,
        "Ipv6CidrBlock": block6,
        "Egress": egress,
        "Protocol": protocol,
        "PortRange": ports.map(|(from, to)| json!({ "From": from, "To": to })),
        "IcmpTypeCode": icmp.map(|(kind, code)| json!({ "Type": kind, "Code": code })),
        "RuleAction": view.text(action, ANYTHING),
    });
    Some((number, entry))
}

/// Gives every subnet its ACL: the one that names it, or the default one of its VPC.
fn associate(world: &World, acls: &mut BTreeMap<String, Acl>) {
    for view in world.managed(&["aws_network_acl_association"]) {
        let subnet = view.text("subnet_id", SUBNET).unwrap_or_else(|| UNKNOWN.to_owned());
        let id = view.text("network_acl_id", NETWORK_ACL).unwrap_or_else(|| UNKNOWN.to_owned());
        if let Some(acl) = acls.get_mut(&id) {
            acl.subnets.insert(subnet);
        } else {
            let vpc = super::gateway::vpc_of(world, &subnet);
            let unknown = Acl { vpc, subnets: BTreeSet::from([subnet]), ..Acl::default() };
            acls.insert(view.instance.address.clone(), Acl { entries: anything(), ..unknown });
        }
    }
    let told: BTreeSet<String> = acls.values().flat_map(|acl| acl.subnets.iter().cloned()).collect();
    let doubtful = |acl: &&Acl| acl.subnets.contains(UNKNOWN) && !acl.is_default;
    let doubtful: BTreeSet<String> = acls.values().filter(doubtful).map(|acl| acl.vpc.clone()).collect();
    for view in world.of(SUBNET).filter(|view| !told.contains(&view.id())) {
        let vpc = view.text("vpc_id", VPC).unwrap_or_else(|| UNKNOWN.to_owned());
        // It may be one of those that another ACL names without telling.
        if doubtful.contains(&vpc) || doubtful.contains(UNKNOWN) {
            continue;
        }
        if let Some(acl) = acls.values_mut().find(|acl| acl.is_default && acl.vpc == vpc) {
            acl.subnets.insert(view.id());
        }
    }
}

/// The entries of an ACL of which nothing is known.
fn anything() -> BTreeMap<(bool, i64), Value> {
    let unknown = || json!({ "CidrBlock": UNKNOWN, "Protocol": "-1", "RuleAction": "allow" });
    BTreeMap::from([((false, 1), unknown()), ((true, 1), unknown())])
}

impl Acl {
    fn written(self, id: &str) -> Value {
        let mut entries: Vec<Value> = Vec::new();
        for ((egress, number), mut entry) in self.entries {
            entry["Egress"] = egress.into();
            entry["RuleNumber"] = number.into();
            entries.push(entry);
        }
        for egress in [false, true] {
            for (number, member, block) in [(LAST, "CidrBlock", "0.0.0.0/0"), (LAST + 1, "Ipv6CidrBlock", "::/0")] {
                entries.push(json!({
                    member: block, "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": number,
                }));
            }
        }
        json!({
            "NetworkAclId": id,
            "VpcId": self.vpc,
            "IsDefault": self.is_default,
            "Associations": each("SubnetId", self.subnets),
            "Entries": entries,
            "Tags": self.tags,
        })
    }
}

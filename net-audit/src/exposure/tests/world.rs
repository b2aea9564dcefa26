//! A random subnet with one interface, and all that stands between it and the internet, as it is written by AWS.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// A subnet of `vpc-1` with one interface, and all that stands between it and the internet.
#[derive(Clone, Debug)]
pub(super) struct World {
    /// Whether the VPC has 8.8.0.0/16 for itself.
    pub(super) owns_public_block: bool,
    /// The subnet's own table, if it has one, the main table, and the firewall's.
    pub(super) tables: [Option<Vec<Route>>; 3],
    pub(super) has_public_address: bool,
    pub(super) is_nat_gateway: bool,
    /// The rules of each group.
    pub(super) groups: Vec<Vec<(Kind, Vec<&'static str>)>>,
    /// By number, the lowest first: whether it is about what goes out, whether it allows, of what, and whose.
    pub(super) entries: Vec<(bool, bool, Kind, &'static str)>,
    pub(super) mode: &'static str,
    pub(super) attachment: &'static str,
}

/// A destination and a target; `:gone` is a black hole.
pub(super) type Route = (&'static str, &'static str);
/// A protocol, `-1` for all, and ports.
pub(super) type Kind = (i16, u16, u16);

/// Blocks of rules, entries and routes.
pub(super) const BLOCKS: [&str; 12] = [
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "8.0.0.0/8",
    "8.8.0.0/16",
    "8.8.8.0/24",
    "9.0.0.0/8",
    "10.0.0.0/8",
    "52.0.0.0/8",
    "52.1.0.0/16",
    "192.0.0.0/2",
    "203.0.113.0/24",
];
/// The blocks of `pl-s3`.
pub(super) const S3: [&str; 2] = ["52.1.0.0/16", "9.9.0.0/16"];
/// The blocks of `pl-office`.
pub(super) const OFFICE: [&str; 2] = ["8.8.8.8/32", "200.0.0.0/8"];
/// The block of the peer `pcx-1`.
pub(super) const PEER: &str = "9.0.0.0/8";
const TARGETS: [&str; 11] = [
    "igw-1",
    "igw-1",
    "igw-1",
    "igw-1:gone",
    "igw-detached",
    "nat-1",
    "nat-astray",
    "vpce-fw",
    "tgw-1",
    "vpce-s3",
    "pcx-1",
];
fn table(most: usize) -> impl Strategy<Value = Vec<Route>> {
    let destination =
        prop_oneof![2 => Just("0.0.0.0/0"), 3 => select(BLOCKS.to_vec()), 1 => select(vec!["pl-s3", "pl-office"])];
    prop::collection::vec((destination, select(TARGETS.to_vec())), 0..=most).prop_map(|mut routes| {
        // AWS has one route for each destination.
        let mut seen = BTreeSet::new();
        routes.retain(|(destination, _)| seen.insert(*destination));
        // Only its own list leads to a gateway endpoint.
        for (to, by) in &mut routes {
            if *by == "vpce-s3" && *to != "pl-s3" {
                *by = "igw-1";
            }
        }
        routes
    })
}

fn kind() -> impl Strategy<Value = Kind> {
    let port = prop_oneof![select(vec![22, 443, 1023, 1024, 32768, u16::MAX]), any::<u16>()];
    let ports = prop_oneof![1 => Just((0, u16::MAX)), 2 => (port.clone(), port)];
    (select(vec![-1, 1, 6, 6, 6, 17]), ports)
        .prop_map(|(protocol, (one, other))| (protocol, one.min(other), one.max(other)))
}

/// Any of them.
pub(super) fn worlds() -> impl Strategy<Value = World> {
    let peer = prop_oneof![6 => select(BLOCKS.to_vec()), 1 => Just("pl-office"), 1 => Just("sg-0")];
    let rule = (kind(), prop::collection::vec(peer, 0..3));
    let groups = prop::collection::vec(prop::collection::vec(rule, 0..3), 0..3);
    let usual = [(false, true, (-1, 0, u16::MAX), "0.0.0.0/0"), (true, true, (-1, 0, u16::MAX), "0.0.0.0/0")];
    let entries = prop::collection::vec((any::<bool>(), any::<bool>(), kind(), select(BLOCKS.to_vec())), 0..6);
    let entries = (entries, any::<bool>()).prop_map(move |(mut entries, is_usual)| {
        entries.extend(usual.into_iter().filter(|_| is_usual));
        entries
    });
    let tables = (prop::option::weighted(0.8, table(5)), table(3), table(3));
    let mode = prop_oneof![6 => Just("off"), 1 => Just("block-ingress"), 1 => Just("block-bidirectional")];
    let attachment =
        prop_oneof![4 => Just("service"), 1 => Just("detached"), 1 => Just("running"), 1 => Just("stopped")];
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.9), prop::bool::weighted(0.05));
    (tables, flags, groups, entries, mode, attachment).prop_map(|(tables, flags, groups, entries, mode, attachment)| {
        World {
            owns_public_block: flags.0,
            tables: [tables.0, Some(tables.1), Some(tables.2)],
            has_public_address: flags.1,
            is_nat_gateway: flags.2,
            groups,
            entries,
            mode,
            // A NAT gateway is attached to nothing that has a name.
            attachment: if flags.2 { "service" } else { attachment },
        }
    })
}

/// How a world is written as AWS does.
impl World {
    pub(super) fn document(&self) -> Value {
        let mut blocks = vec!["10.0.0.0/16"];
        blocks.extend(self.owns_public_block.then_some("8.8.0.0/16"));
        let blocks: Vec<Value> = blocks
            .iter()
            .map(|block| json!({ "CidrBlock": block, "CidrBlockState": { "State": "associated" } }))
            .collect();
        let subnet = |(id, number): (&str, u8)| {
            json!({ "SubnetId": id, "VpcId": "vpc-1", "CidrBlock": format!("10.0.{number}.0/24"),
            "BlockPublicAccessStates": { "InternetGatewayBlockMode": if id == "subnet-1" { self.mode } else { "off" } } })
        };
        let nat = |id: &str, place: &str| json!({ "NatGatewayId": id, "VpcId": "vpc-1", "SubnetId": place, "State": "available" });
        let list = |id: &str, blocks: &[&str]| json!({ "PrefixListId": id, "Cidrs": blocks });
        let ids = (0..self.groups.len()).map(|number| json!({ "GroupId": format!("sg-{number}") }));
        let attachment = match self.attachment {
            "detached" => Value::Null,
            "service" => json!({ "InstanceOwnerId": "amazon-aws" }),
            _ => json!({ "InstanceId": "i-1" }),
        };
        let subnets =
            [("subnet-1", 1), ("subnet-fw", 2), ("subnet-edge", 3), ("subnet-astray", 4)].map(subnet).to_vec();
        json!({
            "Vpcs": [{ "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": blocks }],
            "Subnets": subnets,
            "RouteTables": self.route_tables(),
            "InternetGateways": [
                { "InternetGatewayId": "igw-1", "Attachments": [{ "VpcId": "vpc-1", "State": "available" }] },
                { "InternetGatewayId": "igw-detached", "Attachments": [] },
            ],
            "EgressOnlyInternetGateways": [],
            "NatGateways": [nat("nat-1", "subnet-edge"), nat("nat-astray", "subnet-astray")],
            "VpcEndpoints": [
                { "VpcEndpointId": "vpce-s3", "VpcEndpointType": "Gateway", "State": "available" },
                { "VpcEndpointId": "vpce-fw", "VpcEndpointType": "GatewayLoadBalancer", "State": "available", "SubnetIds": ["subnet-fw"] },
            ],
            "VpcPeeringConnections": [{ "VpcPeeringConnectionId": "pcx-1", "Status": { "Code": "active" },
                "RequesterVpcInfo": { "VpcId": "vpc-1" }, "AccepterVpcInfo": { "VpcId": "vpc-9", "CidrBlock": PEER } }],
            "PrefixLists": [list("pl-s3", &S3), list("pl-office", &OFFICE)],
            "SecurityGroups": self.groups.iter().enumerate().map(|(number, rules)| group(number, rules)).collect::<Vec<_>>(),
            "NetworkAcls": [{ "NetworkAclId": "acl-1", "Entries": self.acl_entries(),
                "Associations": [{ "SubnetId": "subnet-1" }] }],
            "NetworkInterfaces": [{ "NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "SourceDestCheck": true,
                "PrivateIpAddress": "10.0.1.9", "InterfaceType": if self.is_nat_gateway { "nat_gateway" } else { "interface" },
                "Groups": ids.collect::<Vec<_>>(), "Attachment": attachment,
                "Association": if self.has_public_address { json!({ "PublicIp": "18.1.1.1" }) } else { Value::Null } }],
            "Reservations": [{ "Instances": [{ "InstanceId": "i-1", "State": { "Name": self.attachment } }] }],
        })
    }

    fn route_tables(&self) -> Vec<Value> {
        let main = json!([{ "Main": true }]);
        let of = |subnet: &str| json!([{ "SubnetId": subnet }]);
        let edge = Some(vec![("0.0.0.0/0", "igw-1")]);
        let astray = Vec::new();
        let all = [
            ("rtb-own", of("subnet-1"), self.tables[0].as_ref()),
            ("rtb-main", main, self.tables[1].as_ref()),
            ("rtb-fw", of("subnet-fw"), self.tables[2].as_ref()),
            ("rtb-edge", of("subnet-edge"), edge.as_ref()),
            ("rtb-astray", of("subnet-astray"), Some(&astray)),
        ];
        let written = all.into_iter().filter_map(|(id, associations, routes)| {
            let routes: Vec<Value> = routes?.iter().map(|one| route(*one)).collect();
            Some(json!({ "RouteTableId": id, "VpcId": "vpc-1", "Associations": associations, "Routes": routes }))
        });
        written.collect()
    }

    /// The entries backwards, to be put in order by their numbers.
    fn acl_entries(&self) -> Vec<Value> {
        let entry = |(number, (egress, allows, (protocol, from, to), block)): (usize, &(bool, bool, Kind, &str))| {
            json!({ "RuleNumber": number + 1, "Egress": egress, "RuleAction": if *allows { "allow" } else { "deny" },
                "Protocol": protocol.to_string(), "PortRange": { "From": from, "To": to }, "CidrBlock": block })
        };
        self.entries.iter().enumerate().map(entry).rev().collect()
    }
}

fn route((destination, target): Route) -> Value {
    let (target, state) = target.split_once(':').map_or((target, "active"), |(target, _)| (target, "blackhole"));
    let member = match target.split('-').next().unwrap() {
        "nat" => "NatGatewayId",
        "tgw" => "TransitGatewayId",
        "pcx" => "VpcPeeringConnectionId",
        _ => "GatewayId",
    };
    let mut route = json!({ "State": state, "Origin": "CreateRoute" });
    route[if destination.starts_with("pl-") { "DestinationPrefixListId" } else { "DestinationCidrBlock" }] =
        destination.into();
    route[member] = target.into();
    route
}

fn group(number: usize, rules: &[(Kind, Vec<&'static str>)]) -> Value {
    let rules = rules.iter().map(|((protocol, from, to), peers)| {
        let of = |start: &str| peers.iter().copied().filter(|peer| peer.starts_with(start)).collect::<Vec<_>>();
        let blocks = peers.iter().filter(|peer| peer.contains('/')).map(|block| json!({ "CidrIp": block }));
        json!({ "IpProtocol": protocol.to_string(), "FromPort": from, "ToPort": to, "IpRanges": blocks.collect::<Vec<_>>(),
            "PrefixListIds": of("pl-").iter().map(|id| json!({ "PrefixListId": id })).collect::<Vec<_>>(),
            "UserIdGroupPairs": of("sg-").iter().map(|id| json!({ "GroupId": id })).collect::<Vec<_>>() })
    });
    json!({ "GroupId": format!("sg-{number}"), "IpPermissions": rules.collect::<Vec<_>>() })
}

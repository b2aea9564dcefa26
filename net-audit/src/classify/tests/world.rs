//! A small region as the AWS CLI describes it: `vpc-1` with the subnet under test, an edge subnet that is public, an isolated one, and
//! one of everything that a route can lead to. `vpc-0` is another VPC, whose main table leads to the internet.

use serde_json::{Value, json};

use crate::address::prefix::Family;
use crate::classify::class::Class;
use crate::classify::classify;
use crate::inventory::gap::Gap;
use crate::snapshot;

/// The region.
pub(super) struct World(Value);

/// The verdict over the subnet under test, free of borrows.
pub(super) struct Verdict {
    pub(super) route_table: Option<String>,
    pub(super) families: Vec<FamilyVerdict>,
}

/// The verdict in one family, in words.
pub(super) struct FamilyVerdict {
    family: Family,
    class: Class,
    pub(super) public_blocks: Vec<String>,
    pub(super) gaps: Vec<Gap>,
    pub(super) proof: Vec<String>,
}

/// Classifies the subnet under test, `subnet-app`.
pub(super) fn app(world: &World) -> Verdict {
    let inventory = snapshot::read([world.0.to_string().as_bytes()]).unwrap().regions.remove(0);
    let verdicts = classify(&inventory);
    let verdict = verdicts.iter().find(|verdict| verdict.subnet.id == "subnet-app").unwrap();
    let families = verdict.families.iter().map(|verdict| FamilyVerdict {
        family: verdict.family,
        class: verdict.class,
        public_blocks: verdict.public_blocks.iter().map(ToString::to_string).collect(),
        gaps: verdict.gaps.clone(),
        proof: verdict
            .proof
            .iter()
            .map(|proof| {
                let (route, share) = (proof.route, proof.share);
                format!("{} {} {share} {}", route.destination_name(), route.target.id(), proof.because)
            })
            .collect(),
    });
    Verdict {
        route_table: verdict.route_table.map(|effective| effective.table.id.clone()),
        families: families.collect(),
    }
}

impl Verdict {
    pub(super) fn family(&self, family: Family) -> &FamilyVerdict {
        self.families.iter().find(|verdict| verdict.family == family).unwrap()
    }

    pub(super) fn ipv4(&self) -> Class {
        self.family(Family::Ipv4).class
    }

    pub(super) fn ipv6(&self) -> Class {
        self.family(Family::Ipv6).class
    }

    pub(super) fn class(&self) -> Class {
        self.families.iter().map(|verdict| verdict.class).max().unwrap()
    }
}

impl World {
    /// The region in which `subnet-app` has these routes, each `DESTINATION [blackhole:|filtered:|propagated:]TARGET`.
    pub(super) fn new(routes: &[&str]) -> Self {
        Self(json!({
            "Vpcs": [
                { "VpcId": "vpc-0", "CidrBlock": "172.31.0.0/16" },
                { "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16",
                  "CidrBlockAssociationSet": [{ "CidrBlock": "10.0.0.0/16", "CidrBlockState": { "State": "associated" } }],
                  "Ipv6CidrBlockAssociationSet": [{ "Ipv6CidrBlock": "2600:1f18::/56", "Ipv6CidrBlockState": { "State": "associated" } }] },
            ],
            "Subnets": [
                subnet("subnet-other", "vpc-0", 0),
                subnet("subnet-edge", "vpc-1", 0),
                subnet("subnet-app", "vpc-1", 1),
                subnet("subnet-isolated", "vpc-1", 2),
                subnet("subnet-nat", "vpc-1", 3),
                subnet("subnet-regional", "vpc-1", 4),
            ],
            "RouteTables": [
                table("rtb-0", "vpc-0", json!({ "Main": true }), &["0.0.0.0/0 igw-other"]),
                table("rtb-app", "vpc-1", json!({ "SubnetId": "subnet-app" }), routes),
                table("rtb-edge", "vpc-1", json!({ "SubnetId": "subnet-edge" }), &["0.0.0.0/0 igw-1", "::/0 igw-1"]),
                table("rtb-main", "vpc-1", json!({ "Main": true }), &[]),
                table("rtb-regional", "vpc-1", json!({ "SubnetId": "subnet-regional" }), &["0.0.0.0/0 nat-regional"]),
                table("rtb-nat", "vpc-1", json!({ "SubnetId": "subnet-nat" }), &["0.0.0.0/0 nat-1"]),
            ],
            "InternetGateways": [
                { "InternetGatewayId": "igw-1", "Attachments": [{ "VpcId": "vpc-1", "State": "available" }] },
                { "InternetGatewayId": "igw-other", "Attachments": [{ "VpcId": "vpc-0", "State": "available" }] },
                { "InternetGatewayId": "igw-detached", "Attachments": [] },
            ],
            "EgressOnlyInternetGateways": [
                { "EgressOnlyInternetGatewayId": "eigw-1", "Attachments": [{ "VpcId": "vpc-1", "State": "attached" }] },
                { "EgressOnlyInternetGatewayId": "eigw-other", "Attachments": [{ "VpcId": "vpc-0", "State": "attached" }] },
            ],
            "NatGateways": [
                nat("nat-1", "vpc-1", "subnet-edge", "available", "public"),
                nat("nat-private", "vpc-1", "subnet-edge", "available", "private"),
                nat("nat-private-inside", "vpc-1", "subnet-nat", "available", "private"),
                nat("nat-failed", "vpc-1", "subnet-edge", "failed", "public"),
                nat("nat-deleted", "vpc-1", "subnet-edge", "deleted", "public"),
                nat("nat-other-vpc", "vpc-0", "subnet-other", "available", "public"),
                nat("nat-in-isolated", "vpc-1", "subnet-isolated", "available", "public"),
                nat("nat-in-app", "vpc-1", "subnet-app", "available", "public"),
                { "NatGatewayId": "nat-regional", "VpcId": "vpc-1", "State": "available", "ConnectivityType": "public",
                  "AvailabilityMode": "regional" },
            ],
            "VpcEndpoints": [
                { "VpcEndpointId": "vpce-s3", "VpcEndpointType": "Gateway", "State": "available" },
                firewall("vpce-firewall", "subnet-edge", "available"),
                firewall("vpce-firewall-nat", "subnet-nat", "available"),
                firewall("vpce-firewall-isolated", "subnet-isolated", "available"),
                firewall("vpce-firewall-failed", "subnet-edge", "failed"),
                firewall("vpce-firewall-regional", "subnet-regional", "available"),
                firewall("vpce-circle", "subnet-app", "available"),
            ],
            "PrefixLists": [
                { "PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.us-east-1.s3", "Cidrs": ["52.216.0.0/15"] },
            ],
            "ManagedPrefixLists": [
                { "PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.us-east-1.s3" },
                { "PrefixListId": "pl-world", "Entries": [{ "Cidr": "0.0.0.0/1" }, { "Cidr": "128.0.0.0/1" }] },
                { "PrefixListId": "pl-office", "Entries": [{ "Cidr": "198.50.0.0/24" }] },
                { "PrefixListId": "pl-private", "Entries": [{ "Cidr": "10.0.0.0/8" }] },
                { "PrefixListId": "pl-unlisted" },
            ],
            "NetworkInterfaces": [
                known_by("18.1.1.1", interface("eni-forwarding", "subnet-edge", false, &json!({ "InstanceId": "i-forwarding" }))),
                interface("eni-private", "subnet-edge", false, &json!({ "InstanceId": "i-private" })),
                interface("eni-behind-nat", "subnet-nat", false, &json!({ "InstanceId": "i-private" })),
                interface("eni-checking", "subnet-edge", true, &json!({ "InstanceId": "i-checking" })),
                interface("eni-stopped", "subnet-edge", false, &json!({ "InstanceId": "i-stopped" })),
                interface("eni-isolated", "subnet-isolated", false, &json!({ "InstanceId": "i-forwarding" })),
                interface("eni-service", "subnet-edge", false, &json!({ "InstanceOwnerId": "amazon-aws" })),
                interface("eni-detached", "subnet-edge", false, &Value::Null),
            ],
            "Instances": [
                instance("i-forwarding", false, "running"),
                instance("i-private", false, "running"),
                instance("i-checking", true, "running"),
                instance("i-stopped", false, "stopped"),
            ],
        }))
    }

    /// Takes a member away, and `ManagedPrefixLists` with `PrefixLists`.
    pub(super) fn without(mut self, member: &str) -> Self {
        let members = self.0.as_object_mut().unwrap();
        members.remove(member).unwrap();
        if member == "PrefixLists" {
            members.remove("ManagedPrefixLists").unwrap();
        }
        self
    }

    /// Gives the VPC one more block.
    pub(super) fn vpc_block(mut self, block: &str) -> Self {
        let association = json!({ "CidrBlock": block, "CidrBlockState": { "State": "associated" } });
        let blocks = self.0["Vpcs"][1]["CidrBlockAssociationSet"].as_array_mut().unwrap();
        blocks.push(association);
        self
    }

    /// Takes the IPv6 block of the subnet under test away.
    pub(super) fn without_ipv6(mut self) -> Self {
        self.0["Subnets"][2]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlockState"]["State"] = "disassociated".into();
        self
    }

    /// Takes the route table of the subnet under test away from it.
    pub(super) fn unassociated(mut self) -> Self {
        self.0["RouteTables"][1]["Associations"] = json!([]);
        self
    }

    /// Sets the state of the subnet's association with its route table.
    pub(super) fn association_state(mut self, state: &str) -> Self {
        self.0["RouteTables"][1]["Associations"][0]["AssociationState"]["State"] = state.into();
        self
    }

    /// Adds a route table for what comes in by a gateway.
    pub(super) fn gateway_table(mut self, gateway: &str, routes: &[&str]) -> Self {
        let table = table("rtb-gateway", "vpc-1", json!({ "GatewayId": gateway }), routes);
        self.0["RouteTables"].as_array_mut().unwrap().push(table);
        self
    }

    /// Puts NAT gateways into a subnet whose way out leads through a firewall in a subnet of its own, and sets Block Public Access.
    pub(super) fn nat_before_firewall(mut self, mode: &str) -> Self {
        for (id, number, route) in
            [("subnet-nat-fw", 50, "0.0.0.0/0 vpce-behind-nat"), ("subnet-fw", 51, "0.0.0.0/0 igw-1")]
        {
            self.push("Subnets", subnet(id, "vpc-1", number));
            self.push("RouteTables", table(&format!("rtb-{id}"), "vpc-1", json!({ "SubnetId": id }), &[route]));
        }
        self.push("VpcEndpoints", firewall("vpce-behind-nat", "subnet-fw", "available"));
        self.push("NatGateways", nat("nat-before-firewall", "vpc-1", "subnet-nat-fw", "available", "public"));
        self.block_public_access(mode)
    }

    /// Peers the VPC with one that has these blocks.
    pub(super) fn peer(mut self, blocks: &[&str]) -> Self {
        let blocks: Vec<Value> = blocks.iter().map(|block| json!({ "CidrBlock": block })).collect();
        self.0["VpcPeeringConnections"] = json!([{ "VpcPeeringConnectionId": "pcx-1", "Status": { "Code": "active" },
            "RequesterVpcInfo": { "VpcId": "vpc-1" }, "AccepterVpcInfo": { "VpcId": "vpc-9", "CidrBlockSet": blocks } }]);
        self
    }

    /// Adds a route to the table of a subnet.
    pub(super) fn route_of(mut self, table: &str, text: &str) -> Self {
        let tables = self.0["RouteTables"].as_array_mut().unwrap();
        let table = tables.iter_mut().find(|one| one["RouteTableId"] == table).unwrap();
        table["Routes"].as_array_mut().unwrap().push(route(text));
        self
    }

    fn push(&mut self, member: &str, one: Value) {
        self.0[member].as_array_mut().unwrap().push(one);
    }

    /// Adds firewalls one behind the other, `vpce-chain-1` first; the last one is in front of the internet gateway.
    pub(super) fn chain_of_firewalls(mut self, count: u8) -> Self {
        for number in 1..=count {
            let next = if number == count { "igw-1".to_owned() } else { format!("vpce-chain-{}", number + 1) };
            let place = format!("subnet-chain-{number}");
            let endpoint = firewall(&format!("vpce-chain-{number}"), &place, "available");
            let routes = format!("0.0.0.0/0 {next}");
            let table = table(&format!("rtb-chain-{number}"), "vpc-1", json!({ "SubnetId": place }), &[&routes]);
            for (kind, one) in
                [("Subnets", subnet(&place, "vpc-1", 100 + number)), ("VpcEndpoints", endpoint), ("RouteTables", table)]
            {
                self.0[kind].as_array_mut().unwrap().push(one);
            }
        }
        self
    }

    /// Sets the mode of Block Public Access everywhere.
    pub(super) fn block_public_access(mut self, mode: &str) -> Self {
        for kind in ["Vpcs", "Subnets"] {
            for one in self.0[kind].as_array_mut().unwrap() {
                one["BlockPublicAccessStates"] = json!({ "InternetGatewayBlockMode": mode });
            }
        }
        self
    }
}

fn subnet(id: &str, vpc: &str, number: u8) -> Value {
    let network = if vpc == "vpc-0" { "172.31" } else { "10.0" };
    json!({
        "SubnetId": id, "VpcId": vpc, "AvailabilityZone": "us-east-1a", "CidrBlock": format!("{network}.{number}.0/24"),
        "Ipv6CidrBlockAssociationSet": [
            { "Ipv6CidrBlock": format!("2600:1f18:0:{number}::/64"), "Ipv6CidrBlockState": { "State": "associated" } }
        ],
    })
}

fn table(id: &str, vpc: &str, association: Value, routes: &[&str]) -> Value {
    let mut association = association;
    association["AssociationState"] = json!({ "State": "associated" });
    let routes = routes.iter().map(|text| route(text)).chain([route("10.0.0.0/16 local")]);
    let routes: Vec<Value> = routes.collect();
    json!({ "RouteTableId": id, "VpcId": vpc, "Associations": [association], "Routes": routes })
}

fn route(text: &str) -> Value {
    let (destination, target) = text.split_once(' ').unwrap();
    let (mark, target) = match target.split_once(':') {
        Some((mark @ ("blackhole" | "filtered" | "propagated"), target)) => (mark, target),
        _ => ("", target),
    };
    let destination_member = match destination {
        list if list.starts_with("pl-") => "DestinationPrefixListId",
        block if block.contains(':') => "DestinationIpv6CidrBlock",
        _ => "DestinationCidrBlock",
    };
    let target_member = match target.split('-').next().unwrap() {
        "nat" => "NatGatewayId",
        "eigw" => "EgressOnlyInternetGatewayId",
        "cagw" => "CarrierGatewayId",
        "eni" => "NetworkInterfaceId",
        "i" => "InstanceId",
        "tgw" => "TransitGatewayId",
        "pcx" => "VpcPeeringConnectionId",
        "lgw" => "LocalGatewayId",
        arn if arn.starts_with("arn:") => "CoreNetworkArn",
        _ => "GatewayId",
    };
    let state = if mark == "blackhole" || mark == "filtered" { mark } else { "active" };
    let origin = if mark == "propagated" { "EnableVgwRoutePropagation" } else { "CreateRoute" };
    let mut route = json!({ "State": state, "Origin": origin });
    route[destination_member] = destination.into();
    route[target_member] = target.into();
    route
}

fn nat(id: &str, vpc: &str, subnet: &str, state: &str, connectivity: &str) -> Value {
    json!({ "NatGatewayId": id, "VpcId": vpc, "SubnetId": subnet, "State": state, "ConnectivityType": connectivity })
}

fn firewall(id: &str, subnet: &str, state: &str) -> Value {
    json!({ "VpcEndpointId": id, "VpcEndpointType": "GatewayLoadBalancer", "State": state, "SubnetIds": [subnet] })
}

fn interface(id: &str, subnet: &str, check: bool, attachment: &Value) -> Value {
    json!({ "NetworkInterfaceId": id, "SubnetId": subnet, "SourceDestCheck": check, "Attachment": attachment })
}

fn known_by(address: &str, mut interface: Value) -> Value {
    interface["Association"] = json!({ "PublicIp": address });
    interface["Ipv6Addresses"] = json!([{ "Ipv6Address": "2600:1f18::9" }]);
    interface
}

fn instance(id: &str, check: bool, state: &str) -> Value {
    json!({ "InstanceId": id, "SubnetId": "subnet-edge", "SourceDestCheck": check, "State": { "Name": state } })
}

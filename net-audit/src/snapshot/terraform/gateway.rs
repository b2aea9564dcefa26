//! Gateways, endpoints, peerings, attachments and flow logs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::members::{Members, each};
use super::resolve::Resolution;
use super::route::PEERING;
use super::world::{ANYTHING, EIP, ROUTE_TABLE, SECURITY_GROUP, SUBNET, UNKNOWN, VPC, View, World};

const INTERNET_GATEWAY: &[&str] = &["aws_internet_gateway"];
const TRANSIT_GATEWAY: &[&str] = &["aws_ec2_transit_gateway"];

pub(super) fn translate(world: &World, members: &mut Members) {
    for view in world.of(INTERNET_GATEWAY) {
        let vpcs = vpcs(&view);
        if is_placed(&view, &vpcs, members) {
            let gateway =
                json!({ "InternetGatewayId": view.id(), "Attachments": attachments(vpcs), "Tags": view.tags() });
            members.push("InternetGateways", gateway);
        }
    }
    for view in world.managed(&["aws_egress_only_internet_gateway"]) {
        let vpcs = Vec::from_iter(view.text("vpc_id", VPC));
        if !is_placed(&view, &vpcs, members) {
            continue;
        }
        let gateway =
            json!({ "EgressOnlyInternetGatewayId": view.id(), "Attachments": attachments(vpcs), "Tags": view.tags() });
        members.push("EgressOnlyInternetGateways", gateway);
    }
    for view in world.of(&["aws_nat_gateway"]) {
        let (subnet, vpc) = place_of_nat(&view);
        if is_placed(&view, std::slice::from_ref(&vpc), members) {
            members.push("NatGateways", nat_gateway(&view, subnet.as_deref(), &vpc));
        }
    }
    for view in world.managed(&["aws_vpc_endpoint"]) {
        members.push("VpcEndpoints", endpoint(&view));
    }
    for view in world.managed(&["aws_vpc_peering_connection", "aws_vpc_peering_connection_accepter"]) {
        // The accepter has the connection's own id, once there is one: the connection says it better.
        let is_other_half = view.instance.kind.ends_with("_accepter");
        let connection = view.text("vpc_peering_connection_id", PEERING);
        let is_here = connection.is_some_and(|id| world.find(&id, &["aws_vpc_peering_connection"]).is_some());
        if !(is_other_half && is_here) {
            members.push("VpcPeeringConnections", peering(&view));
        }
    }
    for view in world.managed(&["aws_ec2_transit_gateway_vpc_attachment"]) {
        let attachment = json!({
            "TransitGatewayAttachmentId": view.id(),
            "TransitGatewayId": view.text("transit_gateway_id", TRANSIT_GATEWAY),
            "VpcId": view.text("vpc_id", VPC),
            "VpcOwnerId": view.known("vpc_owner_id"),
            "SubnetIds": view.texts("subnet_ids", SUBNET),
            "State": "available",
            "Tags": view.tags(),
        });
        members.push("TransitGatewayVpcAttachments", attachment);
    }
    for view in world.managed(&["aws_flow_log"]) {
        members.push("FlowLogs", flow_log(&view));
    }
}

fn attachments(vpcs: impl IntoIterator<Item = String>) -> Vec<Value> {
    vpcs.into_iter().map(|vpc| json!({ "VpcId": vpc, "State": "available" })).collect()
}

/// Whether it is known which VPC a gateway is in. One of which it is not is left out, for it would look as if it were in none.
fn is_placed(view: &View<'_>, vpcs: &[String], members: &mut Members) -> bool {
    let is_placed = !vpcs.iter().any(|vpc| vpc == UNKNOWN);
    if !is_placed {
        members.note(format!("{}: it is not known which VPC it is in", view.instance.address));
    }
    is_placed
}

/// The VPCs that an internet gateway is attached to.
fn vpcs(view: &View<'_>) -> Vec<String> {
    let id = view.id();
    // Without a VPC of its own, a gateway may be attached by another resource.
    let mut vpcs: Vec<String> = view.written("vpc_id", VPC).into_iter().collect();
    vpcs.extend(view.blocks("attachments").iter().filter_map(|attachment| attachment.known("vpc_id")));
    for attachment in view.world.managed(&["aws_internet_gateway_attachment"]) {
        let gateway = attachment.text("internet_gateway_id", INTERNET_GATEWAY).unwrap_or_else(|| UNKNOWN.to_owned());
        let vpc = attachment.text("vpc_id", VPC).unwrap_or_else(|| UNKNOWN.to_owned());
        if gateway == id {
            vpcs.push(vpc);
        } else if gateway == UNKNOWN && vpcs.is_empty() {
            vpcs.push(gateway);
        }
    }
    vpcs.dedup();
    vpcs
}

/// The VPC that a subnet is in.
pub(super) fn vpc_of(world: &World, subnet: &str) -> String {
    let vpc = world.find(subnet, SUBNET).and_then(|view| view.text("vpc_id", VPC));
    vpc.unwrap_or_else(|| UNKNOWN.to_owned())
}

fn is_regional(view: &View<'_>) -> bool {
    view.known("availability_mode").is_some_and(|mode| mode == "regional")
}

/// The subnet of a NAT gateway, none if it is regional, and the VPC. That may be known even if the subnet is not.
fn place_of_nat(view: &View<'_>) -> (Option<String>, String) {
    let unknown = || UNKNOWN.to_owned();
    let (subnet, vpc) = match view.resolve("subnet_id", SUBNET) {
        Resolution::One(subnet) => (subnet.clone(), vpc_of(view.world, &subnet)),
        Resolution::Among(subnets) => {
            let vpcs: BTreeSet<String> = subnets.iter().map(|subnet| vpc_of(view.world, subnet)).collect();
            (unknown(), if vpcs.len() == 1 { vpcs.into_iter().next().unwrap_or_default() } else { unknown() })
        }
        Resolution::Absent | Resolution::LeftToAws | Resolution::Unknown => (unknown(), unknown()),
    };
    let subnet = (!is_regional(view)).then_some(subnet);
    (subnet, view.written("vpc_id", VPC).unwrap_or(vpc))
}

fn nat_gateway(view: &View<'_>, subnet: Option<&str>, vpc: &str) -> Value {
    let mode = if is_regional(view) { "regional" } else { "zonal" };
    let kind = view.known("connectivity_type").unwrap_or_else(|| "public".to_owned());
    let allocation = view.written("allocation_id", EIP);
    let address = json!({
        "AllocationId": allocation,
        "NetworkInterfaceId": interface_of_nat(view),
        "PrivateIp": view.known("private_ip"),
        "PublicIp": public_address(view),
        "IsPrimary": true,
        "Status": "succeeded",
    });
    json!({
        "NatGatewayId": view.id(),
        "VpcId": vpc,
        "SubnetId": subnet,
        "State": view.known("state").unwrap_or_else(|| "available".to_owned()),
        "ConnectivityType": kind,
        "AvailabilityMode": mode,
        "NatGatewayAddresses": if mode == "regional" { Vec::new() } else { vec![address] },
        "Tags": view.tags(),
    })
}

/// A public NAT gateway has a public address, be it known or not.
fn public_address(view: &View<'_>) -> Option<String> {
    let is_public = view.known("connectivity_type").is_none_or(|kind| kind == "public");
    is_public.then(|| view.known("public_ip").unwrap_or_else(|| UNKNOWN.to_owned()))
}

fn interface_of_nat(view: &View<'_>) -> String {
    let known = view.known("network_interface_id");
    known.unwrap_or_else(|| format!("{}.network_interface_id", view.instance.address))
}

/// The interface that a zonal NAT gateway stands in its subnet with.
pub(super) fn nat_interface(view: &View<'_>) -> Option<Value> {
    let (subnet, vpc) = place_of_nat(view);
    let subnet = subnet?;
    Some(json!({
        "NetworkInterfaceId": interface_of_nat(view),
        "SubnetId": subnet,
        "VpcId": vpc,
        "Description": format!("Interface for NAT Gateway {}", view.id()),
        "InterfaceType": "nat_gateway",
        "RequesterManaged": true,
        "SourceDestCheck": false,
        "Groups": [],
        "PrivateIpAddress": view.known("private_ip"),
        "Association": public_address(view).map(|address| json!({ "PublicIp": address })),
        "Attachment": { "Status": "attached" },
        "Status": "in-use",
    }))
}

/// The subnets that an endpoint stands in: its own, and those that other resources add.
pub(super) fn endpoint_subnets(view: &View<'_>) -> Vec<String> {
    let mut subnets = view.texts("subnet_ids", SUBNET);
    let id = view.id();
    for association in view.world.managed(&["aws_vpc_endpoint_subnet_association"]) {
        let endpoint = association.text("vpc_endpoint_id", &["aws_vpc_endpoint"]);
        let subnet = association.text("subnet_id", SUBNET).unwrap_or_else(|| UNKNOWN.to_owned());
        if endpoint.as_ref() == Some(&id) && !subnets.contains(&subnet) {
            subnets.push(subnet);
        }
    }
    subnets
}

fn endpoint(view: &View<'_>) -> Value {
    let kind = view.known("vpc_endpoint_type").unwrap_or_else(|| "Gateway".to_owned());
    json!({
        "VpcEndpointId": view.id(),
        "VpcEndpointType": kind,
        "VpcId": view.text("vpc_id", VPC),
        "ServiceName": view.text("service_name", ANYTHING),
        "State": view.known("state").unwrap_or_else(|| "available".to_owned()),
        "RouteTableIds": view.texts("route_table_ids", ROUTE_TABLE),
        "SubnetIds": endpoint_subnets(view),
        "Groups": each("GroupId", view.texts("security_group_ids", SECURITY_GROUP)),
        "PrivateDnsEnabled": view.flag("private_dns_enabled"),
        "Tags": view.tags(),
    })
}

fn peering(view: &View<'_>) -> Value {
    let block = |vpc: &str| view.world.find(vpc, VPC).and_then(|vpc| vpc.known("cidr_block"));
    let side = |attribute: &str, owner: &str, region: &str| {
        let vpc = view.text(attribute, VPC);
        let cidr = vpc.as_deref().and_then(block);
        json!({ "VpcId": vpc, "CidrBlock": cidr, "OwnerId": view.known(owner), "Region": view.known(region) })
    };
    let state = view.known("accept_status");
    let accepted = || view.flag("auto_accept") == Some(true) || has_accepter(view);
    let state = state.unwrap_or_else(|| if accepted() { "active" } else { "pending-acceptance" }.to_owned());
    json!({
        "VpcPeeringConnectionId": view.id(),
        "RequesterVpcInfo": side("vpc_id", "owner_id", "region"),
        "AccepterVpcInfo": side("peer_vpc_id", "peer_owner_id", "peer_region"),
        "Status": { "Code": state },
        "Tags": view.tags(),
    })
}

fn has_accepter(view: &View<'_>) -> bool {
    let id = view.id();
    let mut accepters = view.world.managed(&["aws_vpc_peering_connection_accepter"]);
    accepters.any(|accepter| accepter.text("vpc_peering_connection_id", PEERING).as_ref() == Some(&id))
}

fn flow_log(view: &View<'_>) -> Value {
    let resource = [("vpc_id", VPC), ("subnet_id", SUBNET), ("eni_id", &["aws_network_interface"] as &[&str])];
    let resource = resource.into_iter().find_map(|(attribute, wanted)| view.written(attribute, wanted));
    json!({
        "FlowLogId": view.id(),
        "ResourceId": resource,
        "TrafficType": view.known("traffic_type"),
        "LogDestinationType": view.known("log_destination_type"),
        "FlowLogStatus": "ACTIVE",
        "DeliverLogsStatus": "SUCCESS",
    })
}

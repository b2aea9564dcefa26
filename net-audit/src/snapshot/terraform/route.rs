//! A route as the AWS CLI writes it: where to, and by what.

use serde_json::{Map, Value};

use super::world::{PREFIX_LIST, UNKNOWN, View, Wanted};

/// Attributes that hold a destination, and the members that they become.
const DESTINATIONS: [(&str, &str); 6] = [
    ("destination_cidr_block", "DestinationCidrBlock"),
    ("cidr_block", "DestinationCidrBlock"),
    ("destination_ipv6_cidr_block", "DestinationIpv6CidrBlock"),
    ("ipv6_cidr_block", "DestinationIpv6CidrBlock"),
    ("destination_prefix_list_id", "DestinationPrefixListId"),
    ("prefix_list_id", "DestinationPrefixListId"),
];

const GATEWAY: Wanted = &["aws_internet_gateway", "aws_vpn_gateway", "aws_vpc_endpoint"];

/// Attributes that hold a target, what they may refer to, and the members that they become.
const TARGETS: [(&str, Wanted, &str); 12] = [
    ("nat_gateway_id", &["aws_nat_gateway"], "NatGatewayId"),
    ("egress_only_gateway_id", &["aws_egress_only_internet_gateway"], "EgressOnlyInternetGatewayId"),
    ("carrier_gateway_id", &["aws_ec2_carrier_gateway"], "CarrierGatewayId"),
    ("network_interface_id", super::world::INTERFACE, "NetworkInterfaceId"),
    ("instance_id", super::world::INSTANCE, "InstanceId"),
    ("transit_gateway_id", &["aws_ec2_transit_gateway", "aws_ec2_transit_gateway_vpc_attachment"], "TransitGatewayId"),
    ("vpc_peering_connection_id", PEERING, "VpcPeeringConnectionId"),
    ("local_gateway_id", &["aws_ec2_local_gateway"], "LocalGatewayId"),
    ("core_network_arn", &["aws_networkmanager_core_network"], "CoreNetworkArn"),
    ("odb_network_arn", &["aws_odb_network"], "OdbNetworkArn"),
    ("vpc_endpoint_id", &["aws_vpc_endpoint"], "GatewayId"),
    ("gateway_id", GATEWAY, "GatewayId"),
];

pub(super) const PEERING: Wanted =
    &["aws_vpc_peering_connection", "aws_vpc_peering_connection_accepter", "aws_vpc_peering_connection_options"];

/// The destination and the whole of a route.
pub(super) type Route = (String, Value);

/// Reads a route. `None` if it has no destination, which AWS does not let be.
pub(super) fn of(view: &View<'_>) -> Option<Route> {
    let mut members = Map::new();
    let destination = DESTINATIONS.iter().find_map(|(attribute, member)| {
        let id = if member.ends_with("Id") { view.written(attribute, PREFIX_LIST) } else { block(view, attribute) };
        Some((*member, id?))
    })?;
    let targets = TARGETS.iter().filter_map(|(attribute, wanted, member)| {
        let target = view.written(attribute, wanted)?;
        Some((*member, target))
    });
    // The provider repeats what AWS adds, such as the interface of an instance: the most specific counts, as AWS writes it.
    let target = targets.into_iter().next().unwrap_or(("GatewayId", UNKNOWN.to_owned()));
    let known = |attribute: &str, otherwise: &str| view.known(attribute).unwrap_or_else(|| otherwise.to_owned());
    members.insert(destination.0.to_owned(), Value::String(destination.1.clone()));
    members.insert(target.0.to_owned(), Value::String(target.1));
    members.insert("Origin".to_owned(), Value::String(known("origin", "CreateRoute")));
    members.insert("State".to_owned(), Value::String(known("state", "active")));
    Some((destination.1, Value::Object(members)))
}

fn block(view: &View<'_>, attribute: &str) -> Option<String> {
    let asked = view.is_unknown(attribute) && view.is_written(attribute);
    view.known(attribute).or_else(|| asked.then(|| UNKNOWN.to_owned()))
}

/// The destination of a route that a change takes away.
pub(super) fn former_destination(values: &Map<String, Value>) -> Option<&str> {
    let known = |attribute: &str| values.get(attribute)?.as_str().filter(|text| !text.is_empty());
    DESTINATIONS.iter().find_map(|(attribute, _)| known(attribute))
}

/// A route to a destination by something that is not known.
pub(super) fn somewhere(destination: &str) -> Value {
    let member = match destination {
        id if id.starts_with("pl-") || id.contains("aws_") => "DestinationPrefixListId",
        block if block.contains(':') => "DestinationIpv6CidrBlock",
        _ => "DestinationCidrBlock",
    };
    let members = [(member, destination), ("GatewayId", UNKNOWN), ("Origin", "CreateRoute"), ("State", "active")];
    let members = members.into_iter().map(|(name, text)| (name.to_owned(), Value::String(text.to_owned())));
    Value::Object(members.collect())
}

/// Routes for everything by something that is not known: what a table may hold of which nothing is known.
pub(super) fn anywhere() -> Vec<Route> {
    ["0.0.0.0/0", "::/0"].into_iter().map(|block| (block.to_owned(), somewhere(block))).collect()
}

/// The route that AWS keeps for a block of the VPC.
pub(super) fn local(block: &str) -> Route {
    let member = if block.contains(':') { "DestinationIpv6CidrBlock" } else { "DestinationCidrBlock" };
    let members = [(member, block), ("GatewayId", "local"), ("Origin", "CreateRouteTable"), ("State", "active")];
    let members = members.into_iter().map(|(name, text)| (name.to_owned(), Value::String(text.to_owned())));
    (block.to_owned(), Value::Object(members.collect()))
}

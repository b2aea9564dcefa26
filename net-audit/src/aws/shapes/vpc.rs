//! VPCs, subnets, route tables and flow logs.

use crate::aws::shape::{Shape, TAGS, flag, list, number, structure, text};

const STATE: Shape = &[text("State"), text("StatusMessage")];

const CIDR_BLOCK_ASSOCIATION: Shape = &[text("AssociationId"), text("CidrBlock"), structure("CidrBlockState", STATE)];

const IPV6_CIDR_BLOCK_ASSOCIATION: Shape = &[
    text("AssociationId"),
    text("Ipv6CidrBlock"),
    structure("Ipv6CidrBlockState", STATE),
    text("NetworkBorderGroup"),
    text("Ipv6Pool"),
];

const BLOCK_PUBLIC_ACCESS_STATES: Shape = &[text("InternetGatewayBlockMode")];

pub(in crate::aws) const VPC: Shape = &[
    text("VpcId"),
    text("OwnerId"),
    text("CidrBlock"),
    text("State"),
    text("DhcpOptionsId"),
    text("InstanceTenancy"),
    flag("IsDefault"),
    list("CidrBlockAssociationSet", CIDR_BLOCK_ASSOCIATION),
    list("Ipv6CidrBlockAssociationSet", IPV6_CIDR_BLOCK_ASSOCIATION),
    structure("BlockPublicAccessStates", BLOCK_PUBLIC_ACCESS_STATES),
    TAGS,
];

pub(in crate::aws) const SUBNET: Shape = &[
    text("SubnetId"),
    text("SubnetArn"),
    text("VpcId"),
    text("OwnerId"),
    text("State"),
    text("CidrBlock"),
    text("AvailabilityZone"),
    text("AvailabilityZoneId"),
    text("OutpostArn"),
    number("AvailableIpAddressCount"),
    flag("MapPublicIpOnLaunch"),
    flag("AssignIpv6AddressOnCreation"),
    flag("DefaultForAz"),
    flag("Ipv6Native"),
    flag("EnableDns64"),
    list("Ipv6CidrBlockAssociationSet", IPV6_CIDR_BLOCK_ASSOCIATION),
    structure("BlockPublicAccessStates", BLOCK_PUBLIC_ACCESS_STATES),
    TAGS,
];

const ROUTE_TABLE_ASSOCIATION: Shape = &[
    flag("Main"),
    text("RouteTableAssociationId"),
    text("RouteTableId"),
    text("SubnetId"),
    text("GatewayId"),
    text("PublicIpv4Pool"),
    structure("AssociationState", STATE),
];

const ROUTE: Shape = &[
    text("DestinationCidrBlock"),
    text("DestinationIpv6CidrBlock"),
    text("DestinationPrefixListId"),
    text("CarrierGatewayId"),
    text("CoreNetworkArn"),
    text("EgressOnlyInternetGatewayId"),
    text("GatewayId"),
    text("InstanceId"),
    text("InstanceOwnerId"),
    text("IpAddress"),
    text("LocalGatewayId"),
    text("NatGatewayId"),
    text("NetworkInterfaceId"),
    text("OdbNetworkArn"),
    text("TransitGatewayId"),
    text("VpcPeeringConnectionId"),
    text("Origin"),
    text("State"),
];

const PROPAGATING_VGW: Shape = &[text("GatewayId")];

pub(in crate::aws) const ROUTE_TABLE: Shape = &[
    text("RouteTableId"),
    text("VpcId"),
    text("OwnerId"),
    list("Associations", ROUTE_TABLE_ASSOCIATION).from("associationSet"),
    list("Routes", ROUTE).from("routeSet"),
    list("PropagatingVgws", PROPAGATING_VGW).from("propagatingVgwSet"),
    TAGS,
];

pub(in crate::aws) const FLOW_LOG: Shape = &[
    text("FlowLogId"),
    text("FlowLogStatus"),
    text("ResourceId"),
    text("TrafficType"),
    text("LogDestinationType"),
    text("LogDestination"),
    text("LogGroupName"),
    text("CreationTime"),
    text("DeliverLogsStatus"),
    text("DeliverLogsErrorMessage"),
    TAGS,
];

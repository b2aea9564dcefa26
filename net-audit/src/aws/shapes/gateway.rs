//! Gateways, endpoints and the ways to other networks.

use crate::aws::shape::{Shape, TAGS, flag, list, structure, text, texts};

const ATTACHMENT: Shape = &[text("State"), text("VpcId")];

pub(in crate::aws) const INTERNET_GATEWAY: Shape =
    &[text("InternetGatewayId"), text("OwnerId"), list("Attachments", ATTACHMENT).from("attachmentSet"), TAGS];

pub(in crate::aws) const EGRESS_ONLY_INTERNET_GATEWAY: Shape =
    &[text("EgressOnlyInternetGatewayId"), list("Attachments", ATTACHMENT).from("attachmentSet"), TAGS];

const NAT_GATEWAY_ADDRESS: Shape = &[
    text("AllocationId"),
    text("AssociationId"),
    text("NetworkInterfaceId"),
    text("PrivateIp"),
    text("PublicIp"),
    text("AvailabilityZone"),
    text("AvailabilityZoneId"),
    flag("IsPrimary"),
    text("Status"),
    text("FailureMessage"),
];

pub(in crate::aws) const NAT_GATEWAY: Shape = &[
    text("NatGatewayId"),
    text("VpcId"),
    text("SubnetId"),
    text("RouteTableId"),
    text("State"),
    text("ConnectivityType"),
    text("AvailabilityMode"),
    text("AutoScalingIps"),
    text("AutoProvisionZones"),
    text("CreateTime"),
    text("DeleteTime"),
    text("FailureCode"),
    text("FailureMessage"),
    list("NatGatewayAddresses", NAT_GATEWAY_ADDRESS).from("natGatewayAddressSet"),
    TAGS,
];

const GROUP: Shape = &[text("GroupId"), text("GroupName")];

const DNS_ENTRY: Shape = &[text("DnsName"), text("HostedZoneId")];

pub(in crate::aws) const VPC_ENDPOINT: Shape = &[
    text("VpcEndpointId"),
    text("VpcEndpointType"),
    text("VpcId"),
    text("OwnerId"),
    text("ServiceName"),
    text("ServiceRegion"),
    text("State"),
    text("IpAddressType"),
    text("CreationTimestamp"),
    text("PolicyDocument"),
    flag("PrivateDnsEnabled"),
    flag("RequesterManaged"),
    texts("RouteTableIds").from("routeTableIdSet"),
    texts("SubnetIds").from("subnetIdSet"),
    texts("NetworkInterfaceIds").from("networkInterfaceIdSet"),
    list("Groups", GROUP).from("groupSet"),
    list("DnsEntries", DNS_ENTRY).from("dnsEntrySet"),
    TAGS,
];

const CIDR_BLOCK: Shape = &[text("CidrBlock")];

const IPV6_CIDR_BLOCK: Shape = &[text("Ipv6CidrBlock")];

const PEER: Shape = &[
    text("CidrBlock"),
    list("CidrBlockSet", CIDR_BLOCK),
    list("Ipv6CidrBlockSet", IPV6_CIDR_BLOCK),
    text("OwnerId"),
    text("VpcId"),
    text("Region"),
];

const PEERING_STATUS: Shape = &[text("Code"), text("Message")];

pub(in crate::aws) const VPC_PEERING_CONNECTION: Shape = &[
    text("VpcPeeringConnectionId"),
    structure("Status", PEERING_STATUS),
    structure("AccepterVpcInfo", PEER),
    structure("RequesterVpcInfo", PEER),
    text("ExpirationTime"),
    TAGS,
];

const ATTACHMENT_OPTIONS: Shape =
    &[text("DnsSupport"), text("SecurityGroupReferencingSupport"), text("Ipv6Support"), text("ApplianceModeSupport")];

pub(in crate::aws) const TRANSIT_GATEWAY_ATTACHMENT: Shape = &[
    text("TransitGatewayAttachmentId"),
    text("TransitGatewayId"),
    text("VpcId"),
    text("VpcOwnerId"),
    text("State"),
    text("CreationTime"),
    texts("SubnetIds"),
    structure("Options", ATTACHMENT_OPTIONS),
    TAGS,
];

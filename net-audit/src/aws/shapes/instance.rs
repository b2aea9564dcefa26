//! Instances, in the reservations that they were started by.

use crate::aws::shape::{Shape, TAGS, flag, list, number, structure, text};

const GROUP: Shape = &[text("GroupId"), text("GroupName")];

const STATE: Shape = &[number("Code"), text("Name")];

const PLACEMENT: Shape = &[text("AvailabilityZone"), text("GroupName"), text("Tenancy")];

const INTERFACE: Shape = &[
    text("NetworkInterfaceId"),
    text("SubnetId"),
    text("VpcId"),
    text("PrivateIpAddress"),
    text("Status"),
    flag("SourceDestCheck"),
];

const INSTANCE: Shape = &[
    text("InstanceId"),
    text("InstanceType"),
    text("ImageId"),
    text("LaunchTime"),
    text("Platform"),
    text("PrivateDnsName"),
    text("PrivateIpAddress"),
    text("PublicDnsName").from("dnsName"),
    text("PublicIpAddress").from("ipAddress"),
    text("Ipv6Address"),
    text("SubnetId"),
    text("VpcId"),
    flag("SourceDestCheck"),
    structure("Placement", PLACEMENT),
    structure("State", STATE).from("instanceState"),
    list("NetworkInterfaces", INTERFACE).from("networkInterfaceSet"),
    list("SecurityGroups", GROUP).from("groupSet"),
    TAGS,
];

pub(in crate::aws) const RESERVATION: Shape =
    &[text("ReservationId"), text("OwnerId"), text("RequesterId"), list("Instances", INSTANCE).from("instancesSet")];

//! Application, network and gateway load balancers.

use crate::aws::shape::{Shape, list, structure, text, texts};

const ADDRESS: Shape = &[text("IpAddress"), text("AllocationId"), text("PrivateIPv4Address"), text("IPv6Address")];

const AVAILABILITY_ZONE: Shape =
    &[text("ZoneName"), text("SubnetId"), text("OutpostId"), list("LoadBalancerAddresses", ADDRESS)];

pub(in crate::aws) const LOAD_BALANCER: Shape = &[
    text("LoadBalancerArn"),
    text("LoadBalancerName"),
    text("DNSName"),
    text("CanonicalHostedZoneId"),
    text("CreatedTime"),
    text("Scheme"),
    text("Type"),
    text("VpcId"),
    text("IpAddressType"),
    structure("State", &[text("Code"), text("Reason")]),
    texts("SecurityGroups"),
    list("AvailabilityZones", AVAILABILITY_ZONE),
];

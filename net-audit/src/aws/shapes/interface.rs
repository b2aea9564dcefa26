//! Network interfaces and addresses.

use crate::aws::shape::{Shape, TAG, TAGS, flag, list, number, structure, text, texts};

const ASSOCIATION: Shape = &[
    text("AllocationId"),
    text("AssociationId"),
    text("IpOwnerId"),
    text("PublicDnsName"),
    text("PublicIp"),
    text("CarrierIp"),
    text("CustomerOwnedIp"),
];

const ATTACHMENT: Shape = &[
    text("AttachmentId"),
    text("AttachTime"),
    flag("DeleteOnTermination"),
    number("DeviceIndex"),
    number("NetworkCardIndex"),
    text("InstanceId"),
    text("InstanceOwnerId"),
    text("Status"),
];

const GROUP: Shape = &[text("GroupId"), text("GroupName")];

const PRIVATE_IP_ADDRESS: Shape =
    &[text("PrivateIpAddress"), text("PrivateDnsName"), flag("Primary"), structure("Association", ASSOCIATION)];

const IPV6_ADDRESS: Shape = &[text("Ipv6Address"), text("PublicIpv6DnsName"), flag("IsPrimaryIpv6")];

const OPERATOR: Shape = &[flag("Managed"), text("Principal"), flag("HiddenByDefault")];

pub(in crate::aws) const NETWORK_INTERFACE: Shape = &[
    text("NetworkInterfaceId"),
    text("SubnetId"),
    text("VpcId"),
    text("OwnerId"),
    text("AvailabilityZone"),
    text("AvailabilityZoneId"),
    text("Description"),
    text("InterfaceType"),
    text("MacAddress"),
    text("OutpostArn"),
    text("PrivateDnsName"),
    text("PublicDnsName"),
    text("PrivateIpAddress"),
    text("Ipv6Address"),
    text("RequesterId"),
    text("Status"),
    flag("RequesterManaged"),
    flag("SourceDestCheck"),
    flag("DenyAllIgwTraffic"),
    flag("Ipv6Native"),
    structure("Association", ASSOCIATION),
    structure("Attachment", ATTACHMENT),
    structure("Operator", OPERATOR),
    list("Groups", GROUP).from("groupSet"),
    list("Ipv6Addresses", IPV6_ADDRESS).from("ipv6AddressesSet"),
    list("Ipv4Prefixes", &[text("Ipv4Prefix")]).from("ipv4PrefixSet"),
    list("Ipv6Prefixes", &[text("Ipv6Prefix")]).from("ipv6PrefixSet"),
    list("PrivateIpAddresses", PRIVATE_IP_ADDRESS).from("privateIpAddressesSet"),
    texts("AssociatedSubnets").from("associatedSubnetSet"),
    // The only tags in EC2 that the CLI calls so.
    list("TagSet", TAG),
];

pub(in crate::aws) const ADDRESS: Shape = &[
    text("AllocationId"),
    text("AssociationId"),
    text("Domain"),
    text("InstanceId"),
    text("NetworkInterfaceId"),
    text("NetworkInterfaceOwnerId"),
    text("NetworkBorderGroup"),
    text("PrivateIpAddress"),
    text("PublicIp"),
    text("PublicIpv4Pool"),
    text("CarrierIp"),
    text("CustomerOwnedIp"),
    text("SubnetId"),
    text("ServiceManaged"),
    TAGS,
];

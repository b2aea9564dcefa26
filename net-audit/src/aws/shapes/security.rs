//! Security groups, network ACLs and the prefix lists that they name.

use crate::aws::shape::{Shape, TAGS, flag, list, number, structure, text};

const IP_RANGE: Shape = &[text("CidrIp"), text("Description")];

const IPV6_RANGE: Shape = &[text("CidrIpv6"), text("Description")];

const PREFIX_LIST_ID: Shape = &[text("PrefixListId"), text("Description")];

const USER_ID_GROUP_PAIR: Shape = &[
    text("GroupId"),
    text("GroupName"),
    text("UserId"),
    text("VpcId"),
    text("VpcPeeringConnectionId"),
    text("PeeringStatus"),
    text("Description"),
];

const IP_PERMISSION: Shape = &[
    text("IpProtocol"),
    number("FromPort"),
    number("ToPort"),
    list("IpRanges", IP_RANGE),
    list("Ipv6Ranges", IPV6_RANGE),
    list("PrefixListIds", PREFIX_LIST_ID),
    list("UserIdGroupPairs", USER_ID_GROUP_PAIR).from("groups"),
];

pub(in crate::aws) const SECURITY_GROUP: Shape = &[
    text("GroupId"),
    text("GroupName"),
    text("Description").from("groupDescription"),
    text("VpcId"),
    text("OwnerId"),
    text("SecurityGroupArn"),
    list("IpPermissions", IP_PERMISSION),
    list("IpPermissionsEgress", IP_PERMISSION),
    TAGS,
];

const ACL_ASSOCIATION: Shape = &[text("NetworkAclAssociationId"), text("NetworkAclId"), text("SubnetId")];

const ACL_ENTRY: Shape = &[
    text("CidrBlock"),
    text("Ipv6CidrBlock"),
    flag("Egress"),
    structure("IcmpTypeCode", &[number("Code"), number("Type")]),
    structure("PortRange", &[number("From"), number("To")]),
    text("Protocol"),
    text("RuleAction"),
    number("RuleNumber"),
];

pub(in crate::aws) const NETWORK_ACL: Shape = &[
    text("NetworkAclId"),
    text("VpcId"),
    text("OwnerId"),
    flag("IsDefault").from("default"),
    list("Associations", ACL_ASSOCIATION).from("associationSet"),
    list("Entries", ACL_ENTRY).from("entrySet"),
    TAGS,
];

pub(in crate::aws) const PREFIX_LIST_ENTRY: Shape = &[text("Cidr"), text("Description")];

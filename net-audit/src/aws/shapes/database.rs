//! Databases of RDS and the groups of subnets that they stand in.

use crate::aws::shape::{Shape, TAG, flag, list, number, structure, text, texts};

const SUBNET: Shape =
    &[text("SubnetIdentifier"), structure("SubnetAvailabilityZone", &[text("Name")]), text("SubnetStatus")];

pub(in crate::aws) const DB_SUBNET_GROUP: Shape = &[
    text("DBSubnetGroupName"),
    text("DBSubnetGroupDescription"),
    text("DBSubnetGroupArn"),
    text("VpcId"),
    text("SubnetGroupStatus"),
    list("Subnets", SUBNET),
    texts("SupportedNetworkTypes"),
];

const ENDPOINT: Shape = &[text("Address"), number("Port"), text("HostedZoneId")];

const VPC_SECURITY_GROUP: Shape = &[text("VpcSecurityGroupId"), text("Status")];

pub(in crate::aws) const DB_INSTANCE: Shape = &[
    text("DBInstanceIdentifier"),
    text("DBInstanceArn"),
    text("DBInstanceClass"),
    text("DBInstanceStatus"),
    text("DBClusterIdentifier"),
    text("ReadReplicaSourceDBInstanceIdentifier"),
    text("Engine"),
    text("EngineVersion"),
    text("AvailabilityZone"),
    text("SecondaryAvailabilityZone"),
    text("NetworkType"),
    number("DbInstancePort"),
    flag("MultiAZ"),
    flag("PubliclyAccessible"),
    structure("Endpoint", ENDPOINT),
    structure("DBSubnetGroup", DB_SUBNET_GROUP),
    list("VpcSecurityGroups", VPC_SECURITY_GROUP),
    list("TagList", TAG),
];

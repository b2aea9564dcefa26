//! The operations that list something: what they are called, how they are paged, and what they answer.

use contract::aws::ServiceModel;
use contract::aws::models::LOAD_BALANCING;

use super::models::{DNS, EC2, METRICS, RDS};
use super::shape::{Member, list};
use super::shapes;

/// An operation that lists one kind of thing.
#[derive(Debug)]
pub(super) struct Operation {
    /// The name of its IAM action.
    pub(super) action: &'static str,
    pub(super) service: &'static ServiceModel,
    /// The list: its name in JSON is that of the snapshot's member.
    pub(super) list: Member,
    pub(super) paging: Option<Paging>,
}

/// How the pages of a list are asked for. The size is always said: without it, EC2 refuses some lists of large accounts.
#[derive(Debug)]
pub(super) struct Paging {
    pub(super) size: (&'static str, &'static str),
    /// The parameter that asks for the next page.
    pub(super) parameter: &'static str,
    /// The element that names it.
    pub(super) element: &'static str,
}

/// A list of EC2 in pages of a size. Source: EC2 API reference, `MaxResults` of each operation.
const fn ec2(action: &'static str, list: Member, size: &'static str) -> Operation {
    let paging = Some(Paging { size: ("MaxResults", size), parameter: "NextToken", element: "nextToken" });
    Operation { action, service: &EC2, list, paging }
}

const fn rds(action: &'static str, list: Member) -> Operation {
    let paging = Some(Paging { size: ("MaxRecords", "100"), parameter: "Marker", element: "Marker" });
    Operation { action, service: &RDS, list, paging }
}

/// What is listed of every region, all of it at once. Those that take longest in large accounts come first.
pub(super) const OF_REGION: [Operation; 18] = [
    ec2(
        "ec2:DescribeNetworkInterfaces",
        list("NetworkInterfaces", shapes::NETWORK_INTERFACE).from("networkInterfaceSet"),
        "1000",
    ),
    ec2("ec2:DescribeInstances", list("Reservations", shapes::RESERVATION).from("reservationSet"), "1000"),
    ec2("ec2:DescribeSecurityGroups", list("SecurityGroups", shapes::SECURITY_GROUP).from("securityGroupInfo"), "1000"),
    ec2("ec2:DescribeRouteTables", list("RouteTables", shapes::ROUTE_TABLE).from("routeTableSet"), "100"),
    ec2("ec2:DescribeVpcs", list("Vpcs", shapes::VPC).from("vpcSet"), "1000"),
    ec2("ec2:DescribeSubnets", list("Subnets", shapes::SUBNET).from("subnetSet"), "1000"),
    ec2(
        "ec2:DescribeInternetGateways",
        list("InternetGateways", shapes::INTERNET_GATEWAY).from("internetGatewaySet"),
        "1000",
    ),
    ec2(
        "ec2:DescribeEgressOnlyInternetGateways",
        list("EgressOnlyInternetGateways", shapes::EGRESS_ONLY_INTERNET_GATEWAY).from("egressOnlyInternetGatewaySet"),
        "255",
    ),
    ec2("ec2:DescribeNatGateways", list("NatGateways", shapes::NAT_GATEWAY).from("natGatewaySet"), "1000"),
    ec2("ec2:DescribeVpcEndpoints", list("VpcEndpoints", shapes::VPC_ENDPOINT).from("vpcEndpointSet"), "1000"),
    ec2("ec2:DescribeNetworkAcls", list("NetworkAcls", shapes::NETWORK_ACL).from("networkAclSet"), "1000"),
    Operation {
        action: "ec2:DescribeAddresses",
        service: &EC2,
        list: list("Addresses", shapes::ADDRESS).from("addressesSet"),
        paging: None,
    },
    ec2(
        "ec2:DescribeVpcPeeringConnections",
        list("VpcPeeringConnections", shapes::VPC_PEERING_CONNECTION).from("vpcPeeringConnectionSet"),
        "1000",
    ),
    ec2("ec2:DescribeFlowLogs", list("FlowLogs", shapes::FLOW_LOG).from("flowLogSet"), "1000"),
    ec2(
        "ec2:DescribeTransitGatewayVpcAttachments",
        list("TransitGatewayVpcAttachments", shapes::TRANSIT_GATEWAY_ATTACHMENT),
        "1000",
    ),
    rds("rds:DescribeDBInstances", list("DBInstances", shapes::DB_INSTANCE)),
    rds("rds:DescribeDBSubnetGroups", list("DBSubnetGroups", shapes::DB_SUBNET_GROUP)),
    Operation {
        action: "elasticloadbalancing:DescribeLoadBalancers",
        service: &LOAD_BALANCING,
        list: list("LoadBalancers", shapes::LOAD_BALANCER),
        paging: Some(Paging { size: ("PageSize", "400"), parameter: "Marker", element: "NextMarker" }),
    },
];

/// Asked once for each prefix list.
pub(super) const PREFIX_LIST_ENTRIES: Operation =
    ec2("ec2:GetManagedPrefixListEntries", list("Entries", shapes::PREFIX_LIST_ENTRY).from("entrySet"), "100");

/// Asked once for up to 500 metrics.
pub(super) const METRIC_DATA: Operation = Operation {
    action: "cloudwatch:GetMetricData",
    service: &METRICS,
    list: list("MetricDataResults", shapes::METRIC_RESULT),
    paging: Some(Paging { size: ("MaxDatapoints", "100800"), parameter: "NextToken", element: "NextToken" }),
};

/// Asked once an account.
pub(super) const HOSTED_ZONES: Operation = Operation {
    action: "route53:ListHostedZones",
    service: &DNS,
    list: list("HostedZones", shapes::HOSTED_ZONE),
    paging: Some(Paging { size: ("maxitems", "100"), parameter: "marker", element: "NextMarker" }),
};

/// Asked once for each public zone. The next page begins at a record, which takes up to three parameters to name.
pub(super) const RECORD_SETS: Operation = Operation {
    action: "route53:ListResourceRecordSets",
    service: &DNS,
    list: list("ResourceRecordSets", shapes::RECORD_SET),
    paging: Some(Paging { size: ("maxitems", "300"), parameter: "name", element: "NextRecordName" }),
};

/// The other two parameters that name a record, and their elements.
pub(super) const REST_OF_RECORD: [(&str, &str); 2] =
    [("type", "NextRecordType"), ("identifier", "NextRecordIdentifier")];

impl Operation {
    /// The name in its service.
    pub(super) fn name(&self) -> &'static str {
        self.action.split_once(':').map_or(self.action, |(_, name)| name)
    }

    /// The member of the snapshot.
    pub(super) fn member(&self) -> &'static str {
        self.list.name
    }
}

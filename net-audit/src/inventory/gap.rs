//! What a snapshot does not hold, and by which command it is got.

use thiserror::Error;

/// A kind of resource that a snapshot may hold, the members that hold it, and the command that lists it.
struct Description {
    kind: Kind,
    members: &'static [&'static str],
    command: &'static str,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident: $members:expr, $command:expr;)*) => {
        /// The kinds of resource that a snapshot may hold: its members.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// All kinds, those first that every snapshot must hold.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];
        }

        const DESCRIPTIONS: &[Description] = &[
            $(Description { kind: Kind::$kind, members: &$members, command: $command },)*
        ];
    };
}

kinds! {
    /// `Vpcs`.
    Vpcs: ["Vpcs"], "aws ec2 describe-vpcs";
    /// `Subnets`.
    Subnets: ["Subnets"], "aws ec2 describe-subnets";
    /// `RouteTables`.
    RouteTables: ["RouteTables"], "aws ec2 describe-route-tables";
    /// `InternetGateways`.
    InternetGateways: ["InternetGateways"], "aws ec2 describe-internet-gateways";
    /// `EgressOnlyInternetGateways`.
    EgressOnlyInternetGateways: ["EgressOnlyInternetGateways"], "aws ec2 describe-egress-only-internet-gateways";
    /// `NatGateways`.
    NatGateways: ["NatGateways"], "aws ec2 describe-nat-gateways";
    /// `VpcEndpoints`.
    VpcEndpoints: ["VpcEndpoints"], "aws ec2 describe-vpc-endpoints";
    /// `PrefixLists`, or `ManagedPrefixLists` with the entries of each put into it.
    PrefixLists: ["PrefixLists", "ManagedPrefixLists"], "aws ec2 describe-prefix-lists";
    /// `NetworkInterfaces`.
    NetworkInterfaces: ["NetworkInterfaces"], "aws ec2 describe-network-interfaces";
    /// `Reservations` or `Instances`.
    Instances: ["Reservations", "Instances"], "aws ec2 describe-instances";
    /// `SecurityGroups`.
    SecurityGroups: ["SecurityGroups"], "aws ec2 describe-security-groups";
    /// `NetworkAcls`.
    NetworkAcls: ["NetworkAcls"], "aws ec2 describe-network-acls";
    /// `Addresses`.
    Addresses: ["Addresses"], "aws ec2 describe-addresses";
    /// `VpcPeeringConnections`.
    Peerings: ["VpcPeeringConnections"], "aws ec2 describe-vpc-peering-connections";
    /// `TransitGatewayVpcAttachments`.
    TransitAttachments: ["TransitGatewayVpcAttachments"], "aws ec2 describe-transit-gateway-vpc-attachments";
    /// `FlowLogs`.
    FlowLogs: ["FlowLogs"], "aws ec2 describe-flow-logs";
    /// `DBInstances`.
    Databases: ["DBInstances"], "aws rds describe-db-instances";
    /// `DBSubnetGroups`.
    SubnetGroups: ["DBSubnetGroups"], "aws rds describe-db-subnet-groups";
    /// `LoadBalancers`.
    LoadBalancers: ["LoadBalancers"], "aws elbv2 describe-load-balancers";
    /// `tasks`.
    Tasks: ["tasks"], "aws ecs describe-tasks";
    /// `HostedZones`.
    HostedZones: ["HostedZones"], "aws route53 list-hosted-zones";
    /// `ResourceRecordSets`.
    RecordSets: ["ResourceRecordSets"], "aws route53 list-resource-record-sets";
    /// `NatGatewayTraffic`, which only `net-audit --collect` writes.
    NatTraffic: ["NatGatewayTraffic"], "net-audit --collect";
}

impl Kind {
    /// The kinds without which there is nothing to classify.
    pub const REQUIRED: [Self; 3] = [Self::Vpcs, Self::Subnets, Self::RouteTables];

    fn description(self) -> &'static Description {
        let found = DESCRIPTIONS.iter().find(|description| description.kind == self);
        found.unwrap_or(&DESCRIPTIONS[0])
    }

    /// The members of a snapshot that hold this kind, as AWS spells them.
    #[must_use]
    pub fn members(self) -> &'static [&'static str] {
        self.description().members
    }

    /// The member by which this kind is best known.
    #[must_use]
    pub fn member(self) -> &'static str {
        self.members().first().copied().unwrap_or_default()
    }

    /// The command that lists this kind.
    #[must_use]
    pub fn command(self) -> &'static str {
        self.description().command
    }
}

/// Something that a verdict needs and the snapshot does not tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
pub enum Gap {
    /// A whole kind is not there.
    #[error("the snapshot has no {}", .0.member())]
    Kind(Kind),
    /// A whole kind is not there, for it could not be listed.
    #[error("{} could not be listed: {why}", kind.member())]
    Denied {
        /// The kind.
        kind: Kind,
        /// What AWS said.
        why: String,
    },
    /// The kind is there, this one of it is not.
    #[error("{id} is not among the snapshot's {}", kind.member())]
    Resource {
        /// The kind.
        kind: Kind,
        /// The id.
        id: String,
    },
    /// The subnet has no route table, and its VPC no main one.
    #[error("the snapshot has no main route table of {0}")]
    MainRouteTable(String),
    /// It is there and says something that this build does not know.
    #[error("{0}")]
    NotUnderstood(String),
}

impl Gap {
    /// The kind that would close the gap.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Kind(kind) | Self::Resource { kind, .. } | Self::Denied { kind, .. } => Some(*kind),
            Self::MainRouteTable(_) => Some(Kind::RouteTables),
            Self::NotUnderstood(_) => None,
        }
    }
}

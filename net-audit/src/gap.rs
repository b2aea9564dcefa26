//! What a snapshot does not hold, and by which command it is got.

use thiserror::Error;

/// The kinds of resource that a snapshot may hold: its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `Vpcs`.
    Vpcs,
    /// `Subnets`.
    Subnets,
    /// `RouteTables`.
    RouteTables,
    /// `InternetGateways`.
    InternetGateways,
    /// `EgressOnlyInternetGateways`.
    EgressOnlyInternetGateways,
    /// `NatGateways`.
    NatGateways,
    /// `VpcEndpoints`.
    VpcEndpoints,
    /// `PrefixLists` or `ManagedPrefixLists`.
    PrefixLists,
    /// `NetworkInterfaces`.
    NetworkInterfaces,
    /// `Reservations` or `Instances`.
    Instances,
}

impl Kind {
    /// All kinds, those first that every snapshot must hold.
    pub const ALL: [Self; 10] = [
        Self::Vpcs,
        Self::Subnets,
        Self::RouteTables,
        Self::InternetGateways,
        Self::EgressOnlyInternetGateways,
        Self::NatGateways,
        Self::VpcEndpoints,
        Self::PrefixLists,
        Self::NetworkInterfaces,
        Self::Instances,
    ];

    /// The kinds without which there is nothing to classify.
    pub const REQUIRED: [Self; 3] = [Self::Vpcs, Self::Subnets, Self::RouteTables];

    /// The members of a snapshot that hold this kind, as AWS spells them.
    #[must_use]
    pub fn members(self) -> &'static [&'static str] {
        match self {
            Self::Vpcs => &["Vpcs"],
            Self::Subnets => &["Subnets"],
            Self::RouteTables => &["RouteTables"],
            Self::InternetGateways => &["InternetGateways"],
            Self::EgressOnlyInternetGateways => &["EgressOnlyInternetGateways"],
            Self::NatGateways => &["NatGateways"],
            Self::VpcEndpoints => &["VpcEndpoints"],
            Self::PrefixLists => &["PrefixLists", "ManagedPrefixLists"],
            Self::NetworkInterfaces => &["NetworkInterfaces"],
            Self::Instances => &["Reservations", "Instances"],
        }
    }

    /// The member by which this kind is best known.
    #[must_use]
    pub fn member(self) -> &'static str {
        self.members().first().copied().unwrap_or_default()
    }

    /// The command that lists this kind.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::Vpcs => "aws ec2 describe-vpcs",
            Self::Subnets => "aws ec2 describe-subnets",
            Self::RouteTables => "aws ec2 describe-route-tables",
            Self::InternetGateways => "aws ec2 describe-internet-gateways",
            Self::EgressOnlyInternetGateways => "aws ec2 describe-egress-only-internet-gateways",
            Self::NatGateways => "aws ec2 describe-nat-gateways",
            Self::VpcEndpoints => "aws ec2 describe-vpc-endpoints",
            Self::PrefixLists => "aws ec2 describe-prefix-lists",
            Self::NetworkInterfaces => "aws ec2 describe-network-interfaces",
            Self::Instances => "aws ec2 describe-instances",
        }
    }
}

/// Something that a verdict needs and the snapshot does not tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Gap {
    /// A whole kind is not there.
    #[error("the snapshot has no {}", .0.member())]
    Kind(Kind),
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
            Self::Kind(kind) | Self::Resource { kind, .. } => Some(*kind),
            Self::MainRouteTable(_) => Some(Kind::RouteTables),
            Self::NotUnderstood(_) => None,
        }
    }
}

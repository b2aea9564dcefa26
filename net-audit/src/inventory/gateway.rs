//! Gateways, endpoints, and connections to other networks.

use super::{Inventory, Tags};
use crate::address::prefix::Prefix;

/// An internet gateway, or an egress-only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternetGateway {
    /// `igw-…` or `eigw-…`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
    /// The VPCs it is attached to.
    pub vpcs: Vec<String>,
}

/// A NAT gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatGateway {
    /// `nat-…`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
    /// The VPC it is in.
    pub vpc: String,
    /// Where it stands.
    pub place: NatPlace,
    /// Whether it has a way to the internet by its make.
    pub connectivity: Connectivity,
    /// `available`, or AWS's other word for how it is.
    pub state: String,
    /// Its addresses.
    pub addresses: Vec<NatAddress>,
}

/// Where a NAT gateway stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NatPlace {
    /// In a subnet, by id.
    Subnet(String),
    /// In all zones of its VPC, in no subnet.
    Region,
}

/// What a NAT gateway is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connectivity {
    /// The internet.
    Public,
    /// Other private networks.
    Private,
}

/// An address of a NAT gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatAddress {
    /// `eipalloc-…`.
    pub allocation: Option<String>,
    /// The interface it is at.
    pub interface: Option<String>,
    /// The address that the internet sees.
    pub public_ip: Option<String>,
    /// For a regional gateway: the zone.
    pub availability_zone: Option<String>,
}

/// What a NAT gateway carried. Source: CloudWatch, name space `AWS/NATGateway`.
#[derive(Clone, Debug, PartialEq)]
pub struct NatTraffic {
    /// `nat-…`.
    pub gateway: String,
    /// How many days were looked at, from the gateway's making on at most: what is younger than a week is not called idle.
    pub days: f64,
    /// Bytes that came from the VPC (`BytesInFromSource`).
    pub bytes_from_source: f64,
    /// Bytes that came back (`BytesInFromDestination`).
    pub bytes_from_destination: f64,
}

/// A VPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpcEndpoint {
    /// `vpce-…`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
    /// The VPC it is in.
    pub vpc: Option<String>,
    /// `Gateway`, `GatewayLoadBalancer`, or another of AWS's words.
    pub kind: String,
    /// `com.amazonaws.REGION.s3` and the like.
    pub service: Option<String>,
    /// `available`, or AWS's other word for how it is, in lower case.
    pub state: String,
    /// The subnets it stands in.
    pub subnets: Vec<String>,
    /// The route tables it is on.
    pub route_tables: Vec<String>,
    /// Its interfaces.
    pub interfaces: Vec<String>,
}

/// A VPC peering connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peering {
    /// `pcx-…`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
    /// `active`, or AWS's other word for how it is.
    pub status: String,
    /// The side that asked, and the one that agreed.
    pub sides: [PeerVpc; 2],
}

/// A side of a peering connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerVpc {
    /// `vpc-…`.
    pub vpc: String,
    /// Its account.
    pub account: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// Its blocks, as far as AWS says them.
    pub blocks: Vec<Prefix>,
}

/// An attachment of a VPC to a transit gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitAttachment {
    /// `tgw-attach-…`.
    pub id: String,
    /// `tgw-…`.
    pub gateway: String,
    /// The VPC.
    pub vpc: String,
    /// `available`, or AWS's other word for how it is.
    pub state: String,
    /// The subnets it stands in.
    pub subnets: Vec<String>,
}

impl NatGateway {
    /// The zone that it stands in, if it is a zonal one and the zone is known.
    #[must_use]
    pub fn zone<'i>(&self, inventory: &'i Inventory) -> Option<&'i str> {
        let NatPlace::Subnet(place) = &self.place else { return None };
        inventory.subnets.get(place)?.availability_zone.as_deref()
    }

    /// Its `Name` tag.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.tags.name()
    }
}

impl Peering {
    /// The side that is not this VPC; `None` if the VPC is on neither side.
    #[must_use]
    pub fn other_side(&self, vpc: &str) -> Option<&PeerVpc> {
        let [one, other] = &self.sides;
        match vpc {
            _ if one.vpc == vpc => Some(other),
            _ if other.vpc == vpc => Some(one),
            _ => None,
        }
    }
}

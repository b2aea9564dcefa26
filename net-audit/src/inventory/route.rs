//! Route tables and their routes.

use super::{Tags, UNKNOWN_UNTIL_APPLY};
use crate::address::prefix::Prefix;

/// A route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTable {
    /// `rtb-…`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
    /// The VPC it is in.
    pub vpc: String,
    /// What uses it; only associations that are in force, or may be.
    pub associations: Vec<Association>,
    /// Its routes.
    pub routes: Vec<Route>,
}

/// What a route table is used by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Association {
    /// Every subnet of the VPC that has no table of its own.
    Main,
    /// A subnet.
    Subnet(String),
    /// Traffic that comes in by a gateway. Says nothing about how a subnet sends.
    Gateway(String),
    /// A subnet that is not known before Terraform is applied.
    Unknown,
    /// A subnet, or with `None` all that have none of their own, whose association is just being made or ended.
    Changing(Option<String>),
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Which addresses it is for.
    pub destination: Destination,
    /// Where they are sent.
    pub target: Target,
    /// Who made it.
    pub origin: Origin,
    /// Whether it carries traffic.
    pub state: RouteState,
}

/// Which addresses a route is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A block.
    Block(Prefix),
    /// The blocks of a prefix list, by its id.
    PrefixList(String),
    /// It is not known before Terraform is applied.
    Unknown,
}

/// Where a route sends, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The VPC itself.
    Local,
    /// `igw-…`.
    InternetGateway(String),
    /// `cagw-…`: the internet of a Wavelength zone.
    CarrierGateway(String),
    /// `eigw-…`.
    EgressOnlyInternetGateway(String),
    /// `nat-…`.
    NatGateway(String),
    /// `vpce-…`: a gateway endpoint or a Gateway Load Balancer's.
    VpcEndpoint(String),
    /// `eni-…`.
    NetworkInterface(String),
    /// `i-…`, if its interface is not named.
    Instance(String),
    /// Another network: transit gateway, core network, peer, virtual private gateway, local gateway.
    OtherNetwork(String),
    /// Something that this build does not know.
    Unrecognised(String),
}

/// Who made a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A person or a program, one by one.
    Static,
    /// A routing protocol.
    Propagated,
}

/// Whether a route carries traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteState {
    /// It does.
    Active,
    /// It takes traffic and drops it, for its target is gone.
    Blackhole,
    /// It is not in force.
    Filtered,
}

impl Route {
    /// What a table does by it: `rtb-… sends 0.0.0.0/0 to nat-…`.
    #[must_use]
    pub fn sent_by(&self, table: &str) -> String {
        format!("{table} sends {} to {}", self.destination_name(), self.target.id())
    }

    /// The destination as AWS writes it.
    #[must_use]
    pub fn destination_name(&self) -> String {
        match &self.destination {
            Destination::Block(prefix) => prefix.to_string(),
            Destination::PrefixList(id) => id.clone(),
            Destination::Unknown => UNKNOWN_UNTIL_APPLY.to_owned(),
        }
    }
}

impl Destination {
    /// The block, if it is one.
    #[must_use]
    pub fn block(&self) -> Option<Prefix> {
        match self {
            Self::Block(block) => Some(*block),
            Self::PrefixList(_) | Self::Unknown => None,
        }
    }
}

impl Target {
    /// The id, or `local`.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Local => "local",
            Self::InternetGateway(id)
            | Self::CarrierGateway(id)
            | Self::EgressOnlyInternetGateway(id)
            | Self::NatGateway(id)
            | Self::VpcEndpoint(id)
            | Self::NetworkInterface(id)
            | Self::Instance(id)
            | Self::OtherNetwork(id)
            | Self::Unrecognised(id) => id,
        }
    }
}

impl RouteTable {
    /// Its `Name` tag.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.tags.name()
    }
}

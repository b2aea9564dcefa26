//! A region's network, as far as routing needs it.

use std::collections::BTreeMap;

use crate::gap::{Gap, Kind};
use crate::prefix::Prefix;

/// Everything that a snapshot holds.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// VPCs.
    pub vpcs: Listing<Vpc>,
    /// Subnets.
    pub subnets: Listing<Subnet>,
    /// Route tables.
    pub route_tables: Listing<RouteTable>,
    /// Internet gateways.
    pub internet_gateways: Listing<InternetGateway>,
    /// Egress-only internet gateways.
    pub egress_only_internet_gateways: Listing<InternetGateway>,
    /// NAT gateways.
    pub nat_gateways: Listing<NatGateway>,
    /// VPC endpoints.
    pub vpc_endpoints: Listing<VpcEndpoint>,
    /// Prefix lists whose entries are known.
    pub prefix_lists: Listing<PrefixList>,
    /// Network interfaces.
    pub network_interfaces: Listing<NetworkInterface>,
    /// Instances.
    pub instances: Listing<Instance>,
}

/// All resources of one kind by id, or the knowledge that the snapshot does not have that kind.
#[derive(Clone, Debug)]
pub struct Listing<T> {
    kind: Kind,
    items: Option<BTreeMap<String, T>>,
}

impl<T> Listing<T> {
    /// A listing; `None` if the snapshot does not have the kind.
    #[must_use]
    pub fn new(kind: Kind, items: Option<BTreeMap<String, T>>) -> Self {
        Self { kind, items }
    }

    /// The resource with this id.
    ///
    /// # Errors
    /// The snapshot has no such kind, or not this one of it.
    pub fn find(&self, id: &str) -> Result<&T, Gap> {
        let items = self.items.as_ref().ok_or(Gap::Kind(self.kind))?;
        items.get(id).ok_or_else(|| Gap::Resource { kind: self.kind, id: id.to_owned() })
    }

    /// All of them, by id; none if the snapshot does not have the kind.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter().flat_map(BTreeMap::values)
    }
}

/// A VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vpc {
    /// `vpc-…`.
    pub id: String,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// Its blocks, of both families.
    pub blocks: Vec<Prefix>,
    /// What Block Public Access does to it.
    pub public_access: PublicAccess,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// The VPC it is in.
    pub vpc: String,
    /// Its availability zone.
    pub availability_zone: Option<String>,
    /// Its blocks, of both families. Without a block of a family it has no address of that family.
    pub blocks: Vec<Prefix>,
    /// What Block Public Access does to it.
    pub public_access: PublicAccess,
}

/// What VPC Block Public Access does to traffic. Source: EC2 API reference, `BlockPublicAccessStates`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PublicAccess {
    /// Nothing. It is also what older snapshots mean that do not say.
    #[default]
    Allowed,
    /// No internet but by NAT gateways and egress-only internet gateways.
    IngressBlocked,
    /// No internet.
    Blocked,
    /// A mode that this build does not know.
    Unrecognised(String),
}

/// A route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTable {
    /// `rtb-…`.
    pub id: String,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// The VPC it is in.
    pub vpc: String,
    /// What uses it; only associations that are in force.
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

/// An internet gateway, or an egress-only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternetGateway {
    /// `igw-…` or `eigw-…`.
    pub id: String,
    /// The VPCs it is attached to.
    pub vpcs: Vec<String>,
}

/// A NAT gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatGateway {
    /// `nat-…`.
    pub id: String,
    /// The VPC it is in.
    pub vpc: String,
    /// Where it stands.
    pub place: NatPlace,
    /// Whether it has a way to the internet by its make.
    pub connectivity: Connectivity,
    /// `available`, or AWS's other word for how it is.
    pub state: String,
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

/// A VPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpcEndpoint {
    /// `vpce-…`.
    pub id: String,
    /// `Gateway`, `GatewayLoadBalancer`, or another of AWS's words.
    pub kind: String,
    /// `available`, or AWS's other word for how it is, in lower case.
    pub state: String,
    /// The subnets it stands in.
    pub subnets: Vec<String>,
}

/// A prefix list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixList {
    /// `pl-…`.
    pub id: String,
    /// Its blocks.
    pub blocks: Vec<Prefix>,
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkInterface {
    /// `eni-…`.
    pub id: String,
    /// The subnet it is in.
    pub subnet: String,
    /// Whether it drops what is neither from nor for itself; then it cannot forward.
    pub source_destination_check: bool,
    /// What it is attached to.
    pub attachment: Attachment,
}

/// What a network interface is attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// Nothing.
    Detached,
    /// An instance, by id.
    Instance(String),
    /// Something that AWS runs.
    Service,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// `i-…`.
    pub id: String,
    /// The subnet of its first interface.
    pub subnet: Option<String>,
    /// Whether its first interface drops what is neither from nor for itself.
    pub source_destination_check: bool,
    /// `running`, or AWS's other word for how it is.
    pub state: String,
}

impl Route {
    /// The destination as AWS writes it.
    #[must_use]
    pub fn destination_name(&self) -> String {
        match &self.destination {
            Destination::Block(prefix) => prefix.to_string(),
            Destination::PrefixList(id) => id.clone(),
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

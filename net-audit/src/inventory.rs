//! A region's network: what was described, resource by resource.
//!
//! One file a family of resources. A kind that nobody described is not an empty one: see [`Listing`].

pub mod gap;
mod gateway;
mod index;
mod interface;
mod route;
mod security;
mod service;
mod tags;

use std::collections::BTreeMap;

pub use gateway::{Connectivity, InternetGateway, NatAddress, NatGateway, NatPlace, NatTraffic, VpcEndpoint};
pub use gateway::{PeerVpc, Peering, TransitAttachment};
pub use index::Index;
pub use interface::{Address, Attachment, Instance, NetworkInterface, PublicAddress};
pub use route::{Association, Destination, Origin, Route, RouteState, RouteTable, Target};
pub use security::{AclEntry, NetworkAcl, Peer, Permission, Ports, Protocol, SecurityGroup};
pub use service::{Database, FlowLog, HostedZone, LoadBalancer, RecordSet, SubnetGroup, Task};
pub use tags::Tags;

use crate::address::prefix::Prefix;
use crate::inventory::gap::{Gap, Kind};

/// What stands where Terraform does not know a value before it is applied.
pub const UNKNOWN_UNTIL_APPLY: &str = "(known after apply)";

/// Everything that is known of one region of one account.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// The account's number, if anything tells it.
    pub account: Option<String>,
    /// The region, if anything tells it.
    pub region: Option<String>,
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
    /// Security groups.
    pub security_groups: Listing<SecurityGroup>,
    /// Network ACLs.
    pub network_acls: Listing<NetworkAcl>,
    /// Elastic IP addresses.
    pub addresses: Listing<Address>,
    /// VPC peering connections.
    pub peerings: Listing<Peering>,
    /// Attachments of VPCs to transit gateways.
    pub transit_attachments: Listing<TransitAttachment>,
    /// Flow logs.
    pub flow_logs: Listing<FlowLog>,
    /// Database instances of RDS, and what shares its API.
    pub databases: Listing<Database>,
    /// Subnet groups of databases.
    pub subnet_groups: Listing<SubnetGroup>,
    /// Load balancers.
    pub load_balancers: Listing<LoadBalancer>,
    /// Tasks of ECS, by the id of their network interface.
    pub tasks: Listing<Task>,
    /// Hosted zones of Route 53.
    pub hosted_zones: Listing<HostedZone>,
    /// Record sets of hosted zones.
    pub record_sets: Listing<RecordSet>,
    /// What NAT gateways carried.
    pub nat_traffic: Listing<NatTraffic>,
    /// Who belongs to whom, for quick answers.
    pub index: Index,
}

/// All resources of one kind by id, or the knowledge that nobody looked.
#[derive(Clone, Debug)]
pub struct Listing<T> {
    kind: Kind,
    items: Option<BTreeMap<String, T>>,
    /// Why nobody looked, in AWS's words, if it was tried.
    denied: Option<String>,
}

impl<T> Listing<T> {
    /// A listing; `None` if the snapshot does not have the kind.
    #[must_use]
    pub fn new(kind: Kind, items: Option<BTreeMap<String, T>>) -> Self {
        Self { kind, items, denied: None }
    }

    /// The same, and why the kind could not be listed.
    #[must_use]
    pub fn with_denial(self, denied: Option<String>) -> Self {
        Self { denied, ..self }
    }

    /// The resource with this id.
    ///
    /// # Errors
    /// The snapshot has no such kind, or not this one of it.
    pub fn find(&self, id: &str) -> Result<&T, Gap> {
        let items = self.known()?;
        items.get(id).ok_or_else(|| Gap::Resource { kind: self.kind, id: id.to_owned() })
    }

    /// The resource with this id, if it is there.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&T> {
        self.items.as_ref()?.get(id)
    }

    /// All of them, if anybody looked.
    ///
    /// # Errors
    /// The snapshot has no such kind.
    pub fn known(&self) -> Result<&BTreeMap<String, T>, Gap> {
        self.items.as_ref().ok_or_else(|| match &self.denied {
            Some(why) => Gap::Denied { kind: self.kind, why: why.clone() },
            None => Gap::Kind(self.kind),
        })
    }

    /// All of them, by id; none if the snapshot does not have the kind.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter().flat_map(BTreeMap::values)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.as_ref().map_or(0, BTreeMap::len)
    }

    /// Whether there is none, or nobody looked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vpc {
    /// `vpc-…`.
    pub id: String,
    /// The account that it belongs to.
    pub owner: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// Its blocks, of both families.
    pub blocks: Vec<Prefix>,
    /// Whether AWS made it with the account.
    pub is_default: bool,
    /// What Block Public Access does to it.
    pub public_access: PublicAccess,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
    /// The VPC it is in.
    pub vpc: String,
    /// Its availability zone.
    pub availability_zone: Option<String>,
    /// Its blocks, of both families. Without a block of a family it has no address of that family.
    pub blocks: Vec<Prefix>,
    /// Whether it has IPv4 addresses of which Terraform does not know the block yet.
    pub has_unknown_block: bool,
    /// Whether what is started in it gets a public address by itself.
    pub maps_public_address: bool,
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

/// A prefix list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixList {
    /// `pl-…`.
    pub id: String,
    /// Its blocks.
    pub blocks: Vec<Prefix>,
}

impl Vpc {
    /// Its `Name` tag.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.tags.name()
    }
}

impl Subnet {
    /// Its `Name` tag.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.tags.name()
    }
}

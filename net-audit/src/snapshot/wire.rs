//! What AWS writes, member by member, as far as it is read. Source: EC2, RDS, Elastic Load Balancing, ECS and Route 53 API references.

use serde::Deserialize;

use crate::address::prefix::Prefix;
use crate::inventory::{self, Association, PublicAccess, Tags, UNKNOWN_UNTIL_APPLY};

mod connection;
mod dns;
mod gateway;
mod instance;
mod route;
mod security;
mod service;

pub(super) use connection::{Peering, TransitAttachment};
pub(super) use dns::{HostedZone, RecordSet};
pub(super) use gateway::{EgressOnlyInternetGateway, InternetGateway, NatGateway, NatTraffic, VpcEndpoint};
pub(super) use instance::{Address, InstanceOrReservation, NetworkInterface};
pub(super) use security::{NetworkAcl, SecurityGroup};
pub(super) use service::{Database, FlowLog, LoadBalancer, SubnetGroup, Task};

/// An element of a member, and the resources that it describes.
pub(super) trait Described {
    type Resource: PartialEq;

    /// The resources by id; an error says what is wrong with the element.
    fn resources(self) -> Result<Vec<(String, Self::Resource)>, String>;
}

#[derive(Deserialize)]
struct Tag {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Value", default)]
    value: String,
}

fn tags(tags: Option<Vec<Tag>>) -> Tags {
    Tags::new(tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect())
}

/// A state as AWS writes it: in some answers a word, in others an object around it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    state: String,
}

/// A block that belongs to a VPC or a subnet. Which member is filled depends on the family.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BlockAssociation {
    cidr_block: Option<String>,
    cidr_block_state: Option<State>,
    ipv6_cidr_block: Option<String>,
    ipv6_cidr_block_state: Option<State>,
}

/// The blocks that are in force, each once.
fn blocks(primary: Option<String>, sets: [Option<Vec<BlockAssociation>>; 2]) -> Result<Vec<Prefix>, String> {
    let in_force = |association: &BlockAssociation| {
        let state = association.cidr_block_state.as_ref().or(association.ipv6_cidr_block_state.as_ref());
        state.is_none_or(|state| state.state == "associated")
    };
    let associated = sets.into_iter().flatten().flatten().filter(in_force);
    let texts = associated.filter_map(|association| association.cidr_block.or(association.ipv6_cidr_block));
    let texts = primary.into_iter().chain(texts).filter(|text| !text.is_empty() && text != UNKNOWN_UNTIL_APPLY);
    let mut blocks = texts.map(|text| parse(&text)).collect::<Result<Vec<Prefix>, String>>()?;
    blocks.sort();
    blocks.dedup();
    Ok(blocks)
}

fn parse(text: &str) -> Result<Prefix, String> {
    text.parse().map_err(|error: crate::address::prefix::NotPrefix| error.to_string())
}

/// A block, or `None` where it is not known before Terraform is applied.
fn parse_if_known(text: &str) -> Result<Option<Prefix>, String> {
    if text == UNKNOWN_UNTIL_APPLY { Ok(None) } else { parse(text).map(Some) }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BlockPublicAccessStates {
    internet_gateway_block_mode: Option<String>,
}

fn public_access(states: Option<BlockPublicAccessStates>) -> PublicAccess {
    let mode = states.unwrap_or_default().internet_gateway_block_mode;
    match mode.as_deref() {
        None | Some("off") => PublicAccess::Allowed,
        Some("block-ingress") => PublicAccess::IngressBlocked,
        Some("block-bidirectional") => PublicAccess::Blocked,
        Some(mode) => PublicAccess::Unrecognised(mode.to_owned()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Vpc {
    #[serde(rename = "VpcId")]
    id: String,
    owner_id: Option<String>,
    cidr_block: Option<String>,
    cidr_block_association_set: Option<Vec<BlockAssociation>>,
    ipv6_cidr_block_association_set: Option<Vec<BlockAssociation>>,
    block_public_access_states: Option<BlockPublicAccessStates>,
    is_default: Option<bool>,
    tags: Option<Vec<Tag>>,
}

impl Described for Vpc {
    type Resource = inventory::Vpc;

    fn resources(self) -> Result<Vec<(String, inventory::Vpc)>, String> {
        let sets = [self.cidr_block_association_set, self.ipv6_cidr_block_association_set];
        let vpc = inventory::Vpc {
            id: self.id.clone(),
            owner: self.owner_id,
            tags: tags(self.tags),
            blocks: blocks(self.cidr_block, sets)?,
            is_default: self.is_default.unwrap_or(false),
            public_access: public_access(self.block_public_access_states),
        };
        Ok(vec![(self.id, vpc)])
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Subnet {
    #[serde(rename = "SubnetId")]
    id: String,
    vpc_id: String,
    availability_zone: Option<String>,
    cidr_block: Option<String>,
    ipv6_cidr_block_association_set: Option<Vec<BlockAssociation>>,
    map_public_ip_on_launch: Option<bool>,
    block_public_access_states: Option<BlockPublicAccessStates>,
    tags: Option<Vec<Tag>>,
}

impl Described for Subnet {
    type Resource = inventory::Subnet;

    fn resources(self) -> Result<Vec<(String, inventory::Subnet)>, String> {
        let has_unknown_block = self.cidr_block.as_deref() == Some(UNKNOWN_UNTIL_APPLY);
        let blocks = blocks(self.cidr_block, [self.ipv6_cidr_block_association_set, None])?;
        if blocks.is_empty() && !has_unknown_block {
            return Err(format!("{} has no CIDR block", self.id));
        }
        let subnet = inventory::Subnet {
            id: self.id.clone(),
            tags: tags(self.tags),
            vpc: self.vpc_id,
            availability_zone: self.availability_zone,
            blocks,
            has_unknown_block,
            maps_public_address: self.map_public_ip_on_launch.unwrap_or(false),
            public_access: public_access(self.block_public_access_states),
        };
        Ok(vec![(self.id, subnet)])
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RouteTable {
    #[serde(rename = "RouteTableId")]
    id: String,
    vpc_id: String,
    associations: Vec<RouteTableAssociation>,
    routes: Vec<route::Route>,
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RouteTableAssociation {
    #[serde(default)]
    main: bool,
    subnet_id: Option<String>,
    gateway_id: Option<String>,
    association_state: Option<State>,
}

impl RouteTableAssociation {
    fn in_force(self) -> Option<Association> {
        match self.association_state.as_ref().map(|state| state.state.as_str()) {
            None | Some("associated") => {}
            Some("associating" | "disassociating") if self.subnet_id.is_some() || self.gateway_id.is_none() => {
                return (self.subnet_id.is_some() || self.main).then_some(Association::Changing(self.subnet_id));
            }
            Some(_) => return None,
        }
        match (self.subnet_id, self.gateway_id) {
            (Some(subnet), _) if subnet == UNKNOWN_UNTIL_APPLY => Some(Association::Unknown),
            (Some(subnet), _) => Some(Association::Subnet(subnet)),
            (None, Some(gateway)) => Some(Association::Gateway(gateway)),
            (None, None) => self.main.then_some(Association::Main),
        }
    }
}

impl Described for RouteTable {
    type Resource = inventory::RouteTable;

    fn resources(self) -> Result<Vec<(String, inventory::RouteTable)>, String> {
        let routes = self.routes.into_iter().map(route::Route::read);
        let table = inventory::RouteTable {
            id: self.id.clone(),
            tags: tags(self.tags),
            vpc: self.vpc_id,
            associations: self.associations.into_iter().filter_map(RouteTableAssociation::in_force).collect(),
            routes: routes.collect::<Result<_, _>>()?,
        };
        Ok(vec![(self.id, table)])
    }
}

/// An AWS-managed list with its `Cidrs`, or a managed list into which the `Entries` of `get-managed-prefix-list-entries` were put.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PrefixList {
    #[serde(rename = "PrefixListId")]
    id: String,
    cidrs: Option<Vec<String>>,
    entries: Option<Vec<PrefixListEntry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrefixListEntry {
    cidr: String,
}

impl Described for PrefixList {
    type Resource = inventory::PrefixList;

    fn resources(self) -> Result<Vec<(String, inventory::PrefixList)>, String> {
        let entries = self.entries.map(|entries| entries.into_iter().map(|entry| entry.cidr).collect());
        let Some(texts): Option<Vec<String>> = self.cidrs.or(entries) else {
            // A list of which only the name is known is as good as none.
            return Ok(Vec::new());
        };
        let blocks = texts.iter().map(|text| parse_if_known(text)).collect::<Result<Option<Vec<Prefix>>, String>>()?;
        // So is one of which an entry is not known yet.
        let Some(mut blocks) = blocks else { return Ok(Vec::new()) };
        // `PrefixLists` and `ManagedPrefixLists` tell the same list in any order.
        blocks.sort();
        blocks.dedup();
        let list = inventory::PrefixList { id: self.id.clone(), blocks };
        Ok(vec![(self.id, list)])
    }
}

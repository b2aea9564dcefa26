//! VPCs, their subnets and gateways as they are written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::address::prefix::{Family, Prefix};
use crate::classify::class::{Class, Group};
use crate::classify::routing::EffectiveTable;
use crate::classify::{FamilyVerdict, Proof, SubnetVerdict};
use crate::facts::Facts;
use crate::inventory::{Association, Inventory, NatPlace, RouteState};

/// Subnets by group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// The internet can reach them.
    pub public: usize,
    /// They can reach out, or are meant to.
    pub private: usize,
    /// Neither.
    pub isolated: usize,
    /// It cannot be said.
    pub unknown: usize,
}

/// A VPC.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VpcReport {
    /// `vpc-…`.
    pub id: String,
    /// The account, if anything tells it.
    pub account: Option<String>,
    /// The region, if anything tells it.
    pub region: Option<String>,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// Its blocks.
    pub cidrs: Vec<Prefix>,
    /// Its subnets, by address.
    pub subnets: Vec<SubnetReport>,
    /// Its gateways and endpoints.
    pub gateways: Vec<GatewayReport>,
    /// Route tables of gateways: they say how traffic comes in, not how a subnet sends.
    pub gateway_route_tables: Vec<String>,
}

/// A gateway or endpoint of a VPC.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GatewayReport {
    /// `igw-…`, `nat-…` and the like.
    pub id: String,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// `internet gateway`, `NAT gateway` and the like.
    pub kind: &'static str,
    /// The subnets that it stands in.
    pub subnets: Vec<String>,
}

/// A subnet.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SubnetReport {
    /// `subnet-…`.
    pub id: String,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// Its availability zone.
    pub availability_zone: Option<String>,
    /// Its blocks.
    pub cidrs: Vec<Prefix>,
    /// The route table that decides; `null` if the snapshot has none.
    pub route_table: Option<RouteTableReport>,
    /// The class in short.
    pub group: Group,
    /// The class that deserves most attention of both families.
    pub class: Class,
    /// The verdict over IPv4; `null` if it has no IPv4 addresses.
    pub ipv4: Option<FamilyReport>,
    /// The verdict over IPv6; `null` if it has no IPv6 addresses.
    pub ipv6: Option<FamilyReport>,
}

/// The route table that decides for a subnet.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RouteTableReport {
    /// `rtb-…`.
    pub id: String,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// Whether it is the VPC's main one, which decides because the subnet has none of its own.
    pub by_default: bool,
}

/// The verdict in one address family.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FamilyReport {
    /// The class.
    pub class: Class,
    /// For `public-partial`: the blocks that lead to an internet gateway.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub public_cidrs: Vec<Prefix>,
    /// The routes that internet addresses take.
    pub proof: Vec<ProofReport>,
}

/// A route that takes internet addresses.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProofReport {
    /// Its block or prefix list.
    pub destination: String,
    /// Where it sends.
    pub target: String,
    /// Whether its target is gone.
    pub blackhole: bool,
    /// Its share of the internet's addresses, from 0 to 1.
    pub share: f64,
    /// What it makes of the subnet.
    pub class: Class,
    /// Why.
    pub because: String,
}

/// A subnet that could not be classified in one address family.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UnknownReport {
    /// `subnet-…`.
    pub subnet: String,
    /// The family.
    pub family: Family,
    /// What is missing.
    pub missing: Vec<String>,
}

impl VpcReport {
    /// Its name and id, its blocks, and where it is.
    #[must_use]
    pub fn title(&self) -> String {
        let name = self.name.as_ref().map_or_else(|| self.id.clone(), |name| format!("{name} ({})", self.id));
        let blocks: Vec<String> = self.cidrs.iter().map(ToString::to_string).collect();
        let place = [self.region.clone(), self.account.as_ref().map(|account| format!("account {account}"))];
        let parts = [Some(format!("{name} {}", blocks.join(" ")).trim_end().to_owned())].into_iter().chain(place);
        parts.flatten().collect::<Vec<_>>().join(", ")
    }
}

impl From<EffectiveTable<'_>> for RouteTableReport {
    fn from(effective: EffectiveTable<'_>) -> Self {
        Self {
            id: effective.table.id.clone(),
            name: effective.table.name().map(str::to_owned),
            by_default: effective.by_default,
        }
    }
}

impl From<&Proof<'_>> for ProofReport {
    fn from(proof: &Proof<'_>) -> Self {
        Self {
            destination: proof.route.destination_name(),
            target: proof.route.target.id().to_owned(),
            blackhole: proof.route.state == RouteState::Blackhole,
            share: proof.share,
            class: proof.class,
            because: proof.because.clone(),
        }
    }
}

impl From<&FamilyVerdict<'_>> for FamilyReport {
    fn from(verdict: &FamilyVerdict<'_>) -> Self {
        Self {
            class: verdict.class,
            public_cidrs: verdict.public_blocks.clone(),
            proof: verdict.proof.iter().map(ProofReport::from).collect(),
        }
    }
}

impl From<&SubnetVerdict<'_>> for SubnetReport {
    fn from(verdict: &SubnetVerdict<'_>) -> Self {
        let subnet = verdict.subnet;
        let of = |family| verdict.families.iter().find(|verdict| verdict.family == family);
        Self {
            id: subnet.id.clone(),
            name: subnet.name().map(str::to_owned),
            availability_zone: subnet.availability_zone.clone(),
            cidrs: subnet.blocks.clone(),
            route_table: verdict.route_table.map(RouteTableReport::from),
            group: verdict.group(),
            class: verdict.class(),
            ipv4: of(Family::Ipv4).map(FamilyReport::from),
            ipv6: of(Family::Ipv6).map(FamilyReport::from),
        }
    }
}

impl Counts {
    /// Counts the verdicts by their group.
    pub(super) fn of<'v, 'a: 'v>(verdicts: impl IntoIterator<Item = &'v SubnetVerdict<'a>>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            let place = match verdict.group() {
                Group::Public => &mut counts.public,
                Group::Private => &mut counts.private,
                Group::Isolated => &mut counts.isolated,
                Group::Unknown => &mut counts.unknown,
            };
            *place += 1;
        }
        counts
    }
}

/// The VPCs of a region that have subnets, by id.
pub(super) fn vpcs(facts: &Facts<'_>) -> Vec<VpcReport> {
    let of_one_vpc = facts.subnets.chunk_by(|one, other| one.subnet.vpc == other.subnet.vpc);
    let mut vpcs: Vec<VpcReport> = of_one_vpc.filter_map(|verdicts| vpc(facts.inventory, verdicts)).collect();
    let mut gateways = gateways(facts.inventory);
    for vpc in &mut vpcs {
        vpc.gateways = gateways.remove(&vpc.id).unwrap_or_default();
    }
    vpcs
}

fn vpc(inventory: &Inventory, verdicts: &[SubnetVerdict<'_>]) -> Option<VpcReport> {
    let id = &verdicts.first()?.subnet.vpc;
    let vpc = inventory.vpcs.get(id);
    let is_gateway = |association: &Association| matches!(association, Association::Gateway(_));
    let tables = inventory.index.tables_of_vpc(id).filter_map(|table| inventory.route_tables.get(table));
    let at_gateway = tables.filter(|table| table.associations.iter().any(is_gateway));
    Some(VpcReport {
        id: id.clone(),
        account: inventory.account.clone(),
        region: inventory.region.clone(),
        name: vpc.and_then(|vpc| vpc.name()).map(str::to_owned),
        cidrs: vpc.map(|vpc| vpc.blocks.clone()).unwrap_or_default(),
        subnets: verdicts.iter().map(SubnetReport::from).collect(),
        gateways: Vec::new(),
        gateway_route_tables: at_gateway.map(|table| table.id.clone()).collect(),
    })
}

/// The gateways and endpoints by VPC.
fn gateways(inventory: &Inventory) -> BTreeMap<String, Vec<GatewayReport>> {
    let mut by_vpc: BTreeMap<String, Vec<GatewayReport>> = BTreeMap::new();
    let mut add = |vpc: &str, id: &str, name: Option<&str>, kind: &'static str, subnets: Vec<String>| {
        let gateway = GatewayReport { id: id.to_owned(), name: name.map(str::to_owned), kind, subnets };
        by_vpc.entry(vpc.to_owned()).or_default().push(gateway);
    };
    for gateway in inventory.internet_gateways.iter() {
        for vpc in &gateway.vpcs {
            add(vpc, &gateway.id, gateway.tags.name(), "internet gateway", Vec::new());
        }
    }
    for gateway in inventory.egress_only_internet_gateways.iter() {
        for vpc in &gateway.vpcs {
            add(vpc, &gateway.id, gateway.tags.name(), "egress-only internet gateway", Vec::new());
        }
    }
    for gateway in inventory.nat_gateways.iter().filter(|gateway| gateway.state != "deleted") {
        let subnets = match &gateway.place {
            NatPlace::Subnet(subnet) => vec![subnet.clone()],
            NatPlace::Region => Vec::new(),
        };
        add(&gateway.vpc, &gateway.id, gateway.name(), "NAT gateway", subnets);
    }
    for endpoint in inventory.vpc_endpoints.iter() {
        let Some(vpc) = &endpoint.vpc else { continue };
        let kind = match endpoint.kind.as_str() {
            "Gateway" => "gateway endpoint",
            "GatewayLoadBalancer" => "Gateway Load Balancer endpoint",
            _ => "interface endpoint",
        };
        let service = endpoint.tags.name().or(endpoint.service.as_deref());
        add(vpc, &endpoint.id, service, kind, endpoint.subnets.clone());
    }
    by_vpc
}

/// What could not be classified of a subnet.
pub(super) fn unknown(verdict: &SubnetVerdict<'_>) -> Vec<UnknownReport> {
    let unknown = verdict.families.iter().filter(|family| family.class == Class::Unknown);
    unknown
        .map(|family| UnknownReport {
            subnet: verdict.subnet.id.clone(),
            family: family.family,
            missing: family.gaps.iter().map(ToString::to_string).collect(),
        })
        .collect()
}

//! Reads what describes a network: documents of `aws … --output json` in any mix, own snapshots, and what `terraform show -json` writes.
//!
//! A member that is missing or `null` means that nobody looked, not that there is nothing. So is a page that says another follows.

pub mod capture;
mod document;
mod error;
mod listing;
pub mod terraform;
mod wire;

use std::collections::BTreeSet;

use crate::facts::both::both;
use crate::inventory::gap::Kind;
use crate::inventory::{Index, Inventory, Listing};
use document::Layer;
pub use error::ReadError;

/// Everything that was described: one inventory for each region of each account.
#[derive(Clone, Debug)]
pub struct Estate {
    /// The regions, in the order in which they came.
    pub regions: Vec<Inventory>,
    /// Regions of which so little could be listed that nothing can be said, and why.
    pub unseen: Vec<Unseen>,
    /// What a person should know about how the documents were read.
    pub notes: Vec<String>,
}

/// A region of which nothing can be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// The account, if anything tells it.
    pub account: Option<String>,
    /// The region.
    pub region: String,
    /// Why: the call that failed, in AWS's words.
    pub because: String,
}

/// Reads documents whole, or says why not. Each source holds one JSON object or several, one behind the other.
///
/// # Errors
/// A document is not understood, or all together do not hold at least VPCs, subnets and route tables of a region, and one subnet.
pub fn read<'a>(sources: impl IntoIterator<Item = &'a [u8]>) -> Result<Estate, ReadError> {
    let mut notes = Vec::new();
    let mut loose = Layer { is_loose: true, ..Layer::default() };
    let mut scoped: Vec<Layer<'a>> = Vec::new();
    let mut unused: Vec<(usize, Vec<String>)> = Vec::new();
    for (place, source) in sources.into_iter().enumerate() {
        for content in contents(source, &mut notes).map_err(|cause| cause.of_source(place))? {
            match content {
                document::Content::Loose(members) => loose.members.push(members),
                document::Content::Regions(layers) => scoped.extend(layers),
                document::Content::Unused(members) => unused.push((place, members)),
            }
        }
    }
    notes.extend(ignored(unused, scoped.is_empty() && loose.members.is_empty())?);
    let layers = joined(scoped, loose)?;
    let (mut regions, mut unseen) = (Vec::new(), Vec::new());
    for layer in &layers {
        match (unseen_region(layer), inventory(layer)) {
            (Some(region), Err(ReadError::Incomplete { .. })) => unseen.push(region),
            (_, inventory) => regions.push(inventory?),
        }
    }
    if regions.is_empty() {
        // Nothing at all was seen: the first of the failures says it best.
        layers.first().map(inventory).transpose()?;
    }
    if unseen.is_empty() && regions.iter().all(|region: &Inventory| region.subnets.is_empty()) {
        return Err(if layers.iter().any(|layer| layer.is_terraform) {
            ReadError::NothingPlanned
        } else {
            ReadError::NoSubnets
        });
    }
    each_once(&regions)?;
    Ok(Estate { regions, unseen, notes })
}

/// What the objects of one source are.
fn contents<'a>(source: &'a [u8], notes: &mut Vec<String>) -> Result<Vec<document::Content<'a>>, ReadError> {
    let objects = document::objects(source)?.into_iter();
    objects.map(|(members, bytes)| document::recognise(members, bytes, notes)).collect()
}

/// What a person should know of documents of which nothing is read: beside others they do no harm, alone they are a mistake.
fn ignored(unused: Vec<(usize, Vec<String>)>, are_alone: bool) -> Result<Option<String>, ReadError> {
    let Some(place) = unused.first().map(|(place, _)| *place) else { return Ok(None) };
    if are_alone {
        let members = unused.into_iter().next().map(|(_, members)| members.join(", ")).unwrap_or_default();
        return Err(ReadError::Alien(format!("it describes {members}, of which nothing is used")).of_source(place));
    }
    let members: BTreeSet<String> = unused.into_iter().flat_map(|(_, members)| members).collect();
    let members: Vec<String> = members.into_iter().collect();
    Ok(Some(format!("of {} nothing is used", members.join(", "))))
}

/// A region of an account that was looked at twice would be counted twice.
fn each_once(regions: &[Inventory]) -> Result<(), ReadError> {
    let mut seen = BTreeSet::new();
    for region in regions {
        let (Some(account), Some(name)) = (&region.account, &region.region) else { continue };
        if !seen.insert((account, name)) {
            return Err(ReadError::Twice { account: account.clone(), region: name.clone() });
        }
    }
    Ok(())
}

/// A region of which something could not be listed without which nothing can be said.
fn unseen_region(layer: &Layer<'_>) -> Option<Unseen> {
    let because = Kind::REQUIRED.iter().find_map(|kind| layer.denied.get(kind.member()))?.clone();
    Some(Unseen { account: layer.account.clone(), region: layer.region.clone()?, because })
}

/// Documents of the AWS CLI do not say where they are from: they belong to the one region that there is.
fn joined<'a>(mut scoped: Vec<Layer<'a>>, loose: Layer<'a>) -> Result<Vec<Layer<'a>>, ReadError> {
    match (scoped.as_mut_slice(), loose.members.is_empty()) {
        (_, true) => {}
        ([], false) => scoped.push(loose),
        ([only], false) => only.members.extend(loose.members),
        _ => return Err(ReadError::NoPlace),
    }
    Ok(scoped)
}

fn inventory(layer: &Layer<'_>) -> Result<Inventory, ReadError> {
    let missing = |kind: &Kind| layer.members.iter().all(|members| listing::raw(members, *kind).next().is_none());
    let missing: Vec<Kind> = Kind::REQUIRED.into_iter().filter(missing).collect();
    if let Some(kind) = missing.first() {
        let denied = layer.denied.get(kind.member()).cloned();
        return Err(ReadError::Incomplete { missing, region: layer.region.clone(), denied });
    }
    // Interfaces are most of a large estate: a second thread reads them while this one reads all others.
    let interfaces = || listing::read::<wire::NetworkInterface>(layer, Kind::NetworkInterfaces);
    let (network_interfaces, rest) = both(interfaces, || all_but_interfaces(layer));
    let mut inventory = Inventory { network_interfaces: network_interfaces?, ..rest? };
    let Inventory { route_tables, network_acls, network_interfaces, subnets, .. } = &inventory;
    inventory.index = Index::new(route_tables, network_acls, network_interfaces, subnets)
        .with_services(&inventory.databases, &inventory.load_balancers);
    Ok(inventory)
}

fn all_but_interfaces(layer: &Layer<'_>) -> Result<Inventory, ReadError> {
    let subnets = listing::read::<wire::Subnet>(layer, Kind::Subnets)?;
    let vpcs = listing::read::<wire::Vpc>(layer, Kind::Vpcs)?;
    let zones = subnets.iter().filter_map(|subnet| subnet.availability_zone.as_deref());
    let of_zones: BTreeSet<String> = zones.filter_map(region_of_zone).collect();
    if layer.is_loose && of_zones.len() > 1 {
        return Err(ReadError::SeveralRegions(of_zones.into_iter().collect()));
    }
    let of_zones = if of_zones.len() == 1 { of_zones.into_iter().next() } else { None };
    Ok(Inventory {
        account: layer.account.clone().or_else(|| vpcs.iter().find_map(|vpc| vpc.owner.clone())),
        region: layer.region.clone().or(of_zones),
        internet_gateways: listing::read::<wire::InternetGateway>(layer, Kind::InternetGateways)?,
        egress_only_internet_gateways: listing::read::<wire::EgressOnlyInternetGateway>(
            layer,
            Kind::EgressOnlyInternetGateways,
        )?,
        nat_gateways: listing::read::<wire::NatGateway>(layer, Kind::NatGateways)?,
        vpc_endpoints: listing::read::<wire::VpcEndpoint>(layer, Kind::VpcEndpoints)?,
        prefix_lists: listing::read::<wire::PrefixList>(layer, Kind::PrefixLists)?,
        instances: listing::read::<wire::InstanceOrReservation>(layer, Kind::Instances)?,
        security_groups: listing::read::<wire::SecurityGroup>(layer, Kind::SecurityGroups)?,
        addresses: listing::read::<wire::Address>(layer, Kind::Addresses)?,
        peerings: listing::read::<wire::Peering>(layer, Kind::Peerings)?,
        transit_attachments: listing::read::<wire::TransitAttachment>(layer, Kind::TransitAttachments)?,
        flow_logs: listing::read::<wire::FlowLog>(layer, Kind::FlowLogs)?,
        subnet_groups: listing::read::<wire::SubnetGroup>(layer, Kind::SubnetGroups)?,
        tasks: listing::read::<wire::Task>(layer, Kind::Tasks)?,
        hosted_zones: listing::read::<wire::HostedZone>(layer, Kind::HostedZones)?,
        record_sets: listing::read::<wire::RecordSet>(layer, Kind::RecordSets)?,
        nat_traffic: listing::read::<wire::NatTraffic>(layer, Kind::NatTraffic)?,
        databases: listing::read::<wire::Database>(layer, Kind::Databases)?,
        load_balancers: listing::read::<wire::LoadBalancer>(layer, Kind::LoadBalancers)?,
        route_tables: listing::read::<wire::RouteTable>(layer, Kind::RouteTables)?,
        network_acls: listing::read::<wire::NetworkAcl>(layer, Kind::NetworkAcls)?,
        network_interfaces: Listing::new(Kind::NetworkInterfaces, None),
        vpcs,
        subnets,
        index: Index::default(),
    })
}

/// The region of an availability zone, a local zone or a Wavelength zone: `us-west-2` of `us-west-2a` and of `us-west-2-lax-1a`.
fn region_of_zone(zone: &str) -> Option<String> {
    let parts: Vec<&str> = zone.split('-').collect();
    let number = parts.iter().position(|part| part.starts_with(|first: char| first.is_ascii_digit()))?;
    let digits: String = parts.get(number)?.chars().take_while(char::is_ascii_digit).collect();
    let names = parts.get(..number)?.join("-");
    (!names.is_empty()).then(|| format!("{names}-{digits}"))
}

#[cfg(test)]
mod tests;

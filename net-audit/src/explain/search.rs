//! Finds what a place names: an address, an id or a name of something in any region.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::address::prefix::Family;
use crate::address::set::internet;
use crate::audit::finding::{Confidence, Resource};
use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::inventory::gap::{Gap, Kind};
use crate::inventory::{Attachment, Database, Inventory, LoadBalancer, Protocol, Subnet};

use super::end::{End, Inside, ends, set_of};
use super::near::near;
use super::{Place, PlaceError, Service};

/// What a place turned out to be.
#[derive(Clone, Debug)]
pub(super) struct Found<'a> {
    /// `database orders`.
    pub(super) title: String,
    pub(super) resource: Resource,
    /// All that it can be; any of them will do.
    pub(super) ends: Vec<End<'a>>,
    /// What it listens on, if that is known.
    pub(super) service: Option<Service>,
    /// What is missing to know more of it.
    pub(super) gaps: Vec<Gap>,
    pub(super) confidence: Confidence,
}

/// Something that has the name.
#[derive(Clone, Debug)]
enum Thing<'a> {
    Subnet(&'a Subnet),
    Interface(&'a str),
    Instance(&'a str),
    /// A database, or all of a cluster.
    Databases(Vec<&'a Database>),
    Balancer(&'a str),
    /// A service of ECS and its cluster.
    Tasks(&'a str, Option<&'a str>),
    Function(&'a str),
    /// What AWS runs beside databases, by its service and name.
    Store(&'a str, &'a str),
}

/// The words before a name that say what it is the name of.
const KINDS: [&str; 8] =
    ["subnet", "interface", "instance", "database", "load-balancer", "service", "function", "store"];

type Candidates<'a> = BTreeMap<(String, usize), Thing<'a>>;

/// Finds a place.
pub(super) fn find<'a>(regions: &[&'a Facts<'a>], place: &Place, begins: bool) -> Result<Found<'a>, PlaceError> {
    match place {
        Place::Internet => Ok(outside("internet".to_owned(), End::Internet(None))),
        Place::Address(address) => by_address(regions, *address, begins),
        Place::Named(text) => by_name(regions, text, begins),
    }
}

fn outside(title: String, end: End<'_>) -> Found<'_> {
    let resource = Resource::new(title.as_str(), None);
    Found { title, resource, ends: vec![end], service: None, gaps: Vec::new(), confidence: Confidence::High }
}

fn by_address<'a>(regions: &[&'a Facts<'a>], address: IpAddr, begins: bool) -> Result<Found<'a>, PlaceError> {
    let (family, set) = set_of(address);
    let has = |exposure: &Exposure<'_>| match address {
        IpAddr::V4(ip) => {
            let mut public = exposure.interface.public_addresses.iter().filter_map(|public| public.address);
            exposure.interface.private_addresses.contains(&ip) || public.any(|public| public == ip)
        }
        IpAddr::V6(ip) => exposure.interface.ipv6_addresses.contains(&ip),
    };
    let mut candidates: Vec<(String, Inside<'a>)> = Vec::new();
    for facts in regions {
        for exposure in facts.exposures.iter().filter(|exposure| exposure.family == family && has(exposure)) {
            // Whoever comes from a NAT gateway's address comes from the internet.
            if begins && *exposure.purpose == Purpose::NatGateway {
                continue;
            }
            let Ok(found) = ends(facts, &[exposure]) else { continue };
            for mut end in found {
                match address {
                    IpAddr::V4(ip) if !exposure.interface.private_addresses.contains(&ip) => end.public = Some(ip),
                    _ => end = end.only(address),
                }
                candidates.push((exposure.interface.id.clone(), end));
            }
        }
    }
    let world = internet(family, &[]);
    if candidates.is_empty() {
        for facts in regions {
            let holds = |subnet: &&Subnet| {
                let blocks = subnet.blocks.iter().filter(|block| block.family() == family);
                blocks
                    .into_iter()
                    .any(|block| !crate::address::set::AddressSet::from(*block).intersect(&set).is_empty())
            };
            let subnets = facts.inventory.subnets.iter().filter(holds);
            candidates.extend(subnets.map(|subnet| (subnet.id.clone(), Inside::at(facts, subnet, address))));
        }
    }
    if candidates.len() > 1 {
        let candidates = candidates.into_iter().map(|(id, _)| id).collect();
        return Err(PlaceError::Several { text: address.to_string(), candidates });
    }
    let Some((_, end)) = candidates.pop() else {
        let in_internet = !world.intersect(&set).is_empty();
        let end = if in_internet { End::Internet(Some(address)) } else { End::Elsewhere(address) };
        return Ok(outside(address.to_string(), end));
    };
    let (title, resource) = (end.title(), end.resource());
    let service = end.purpose.as_deref().and_then(listens_on);
    let title = if end.interfaces.is_empty() { title } else { format!("{title} at {address}") };
    let gaps = Vec::new();
    Ok(Found { title, resource, ends: vec![End::Inside(end)], service, gaps, confidence: Confidence::High })
}

/// What a thing listens on, as far as that is known.
fn listens_on(purpose: &Purpose<'_>) -> Option<Service> {
    let tcp = |port| Service { protocol: Protocol::TCP, port };
    match purpose {
        Purpose::Store { candidates, .. } => candidates.iter().find_map(|database| database.port).map(tcp),
        Purpose::LoadBalancer { .. } => Some(tcp(443)),
        _ => None,
    }
}

fn by_name<'a>(regions: &[&'a Facts<'a>], text: &str, begins: bool) -> Result<Found<'a>, PlaceError> {
    let (kind, name) = match text.split_once('/') {
        Some((kind, name)) if KINDS.contains(&kind) => (Some(kind), name),
        _ => (None, text),
    };
    let mut candidates = Candidates::new();
    for (at, facts) in regions.iter().enumerate() {
        add_listed(&mut candidates, facts.inventory, at, name);
        add_seen(&mut candidates, facts, at, name);
    }
    if let Some(kind) = kind {
        candidates.retain(|(spelled, _), _| spelled.split('/').next() == Some(kind));
    }
    if candidates.len() > 1 {
        let several = candidates.into_keys().map(|(spelled, at)| {
            let region = regions.get(at).and_then(|facts| facts.inventory.region.clone());
            region.filter(|_| regions.len() > 1).map_or(spelled.clone(), |region| format!("{spelled} in {region}"))
        });
        return Err(PlaceError::Several { text: text.to_owned(), candidates: several.collect() });
    }
    let found = candidates.into_iter().next().and_then(|((_, at), thing)| Some((*regions.get(at)?, thing)));
    match found {
        Some((facts, thing)) => Ok(thing.found(facts, begins)),
        None => Err(nothing(regions, text, name)),
    }
}

/// Why nothing was found, and what may have been meant.
fn nothing(regions: &[&Facts<'_>], text: &str, name: &str) -> PlaceError {
    let searched = [Kind::Subnets, Kind::NetworkInterfaces, Kind::Instances, Kind::Databases, Kind::LoadBalancers];
    let mut unseen: Vec<Gap> = Vec::new();
    for facts in regions {
        let inventory = facts.inventory;
        let known = [
            inventory.network_interfaces.known().err(),
            inventory.instances.known().err(),
            inventory.databases.known().err(),
            inventory.load_balancers.known().err(),
        ];
        unseen.extend(known.into_iter().flatten());
    }
    unseen.sort();
    unseen.dedup();
    let searched = searched.into_iter().filter(|kind| unseen.iter().all(|gap| gap.kind() != Some(*kind)));
    let searched = searched.map(|kind| kind.member().to_owned()).collect();
    let names = regions.iter().flat_map(|facts| names(facts));
    PlaceError::Nothing { text: text.to_owned(), near: near(name, names), searched, unseen }
}

/// Everything that has a name.
fn names<'a>(facts: &'a Facts<'a>) -> impl Iterator<Item = String> {
    let inventory = facts.inventory;
    let subnets = inventory.subnets.iter().flat_map(|subnet| [Some(subnet.id.as_str()), subnet.name()]);
    let instances = inventory.instances.iter().flat_map(|instance| [Some(instance.id.as_str()), instance.name()]);
    let databases =
        inventory.databases.iter().flat_map(|database| [Some(database.id.as_str()), database.cluster.as_deref()]);
    let balancers = inventory.load_balancers.iter().map(|balancer| Some(balancer.name.as_str()));
    let listed = subnets.chain(instances).chain(databases).chain(balancers).flatten().map(str::to_owned);
    let seen = facts.exposures.iter().flat_map(|exposure| {
        let purpose = match &*exposure.purpose {
            purpose @ (Purpose::Task { .. } | Purpose::Function(_) | Purpose::LoadBalancer { .. }) => purpose.name(),
            Purpose::Store { name, .. } => name.clone(),
            _ => None,
        };
        [Some(exposure.interface.id.clone()), exposure.interface.name().map(str::to_owned), purpose]
    });
    listed.chain(seen.flatten())
}

/// What is listed under its name.
fn add_listed<'a>(candidates: &mut Candidates<'a>, inventory: &'a Inventory, at: usize, name: &str) {
    for subnet in inventory.subnets.iter().filter(|subnet| subnet.id == name || subnet.name() == Some(name)) {
        candidates.insert((format!("subnet/{}", subnet.id), at), Thing::Subnet(subnet));
    }
    for instance in inventory.instances.iter().filter(|instance| instance.id == name || instance.name() == Some(name)) {
        candidates.insert((format!("instance/{}", instance.id), at), Thing::Instance(&instance.id));
    }
    let databases = || inventory.databases.iter();
    for database in databases().filter(|database| database.id == name || database.arn.as_deref() == Some(name)) {
        candidates.insert((format!("database/{}", database.id), at), Thing::Databases(vec![database]));
    }
    let members: Vec<&Database> = databases().filter(|database| database.cluster.as_deref() == Some(name)).collect();
    if !members.is_empty() {
        candidates.entry((format!("database/{name}"), at)).or_insert(Thing::Databases(members));
    }
    for balancer in inventory.load_balancers.iter().filter(|balancer| balancer.name == name || balancer.arn == name) {
        candidates.insert((format!("load-balancer/{}", balancer.name), at), Thing::Balancer(&balancer.name));
    }
}

/// What interfaces say that they are there for.
fn add_seen<'a>(candidates: &mut Candidates<'a>, facts: &'a Facts<'a>, at: usize, name: &str) {
    for exposure in &facts.exposures {
        let interface = exposure.interface;
        let of_instance = matches!(&*exposure.purpose, Purpose::Instance { .. });
        if interface.id == name || (interface.name() == Some(name) && !of_instance) {
            candidates.insert((format!("interface/{}", interface.id), at), Thing::Interface(&interface.id));
        }
        let (spelled, thing) = match &*exposure.purpose {
            Purpose::Instance { id, name: called } if *id == name || *called == Some(name) => {
                (format!("instance/{id}"), Thing::Instance(id))
            }
            Purpose::Task { service: Some(service), cluster } if names_service(name, service, cluster.as_deref()) => {
                let place = cluster.as_ref().map(|cluster| format!("{}/", short(cluster))).unwrap_or_default();
                (format!("service/{place}{service}"), Thing::Tasks(service, cluster.as_deref()))
            }
            Purpose::LoadBalancer { name: called, .. } if called == name => {
                (format!("load-balancer/{called}"), Thing::Balancer(called))
            }
            Purpose::Function(called) if called == name => (format!("function/{called}"), Thing::Function(called)),
            Purpose::Store { service, name: Some(called), .. } if called == name => {
                (format!("store/{called}"), Thing::Store(service, called))
            }
            _ => continue,
        };
        candidates.entry((spelled, at)).or_insert(thing);
    }
}

/// The name of a cluster, of which the ARN may be all that is known.
fn short(cluster: &str) -> &str {
    cluster.rsplit('/').next().unwrap_or(cluster)
}

/// `web`, or `production/web`.
fn names_service(name: &str, service: &str, cluster: Option<&str>) -> bool {
    let with_cluster = || {
        let (place, own) = name.rsplit_once('/')?;
        Some(own == service && cluster.is_some_and(|cluster| cluster == place || short(cluster) == place))
    };
    name == service || with_cluster().unwrap_or(false)
}

impl<'a> Thing<'a> {
    fn found(self, facts: &'a Facts<'a>, begins: bool) -> Found<'a> {
        let mine: Vec<&Exposure<'a>> = facts.exposures.iter().filter(|exposure| self.is_of(exposure)).collect();
        let service = match &self {
            Self::Subnet(_) => None,
            Self::Databases(databases) => {
                let port = databases.iter().find_map(|database| database.port);
                port.map(|port| Service { protocol: Protocol::TCP, port })
            }
            Self::Balancer(_) => Some(Service { protocol: Protocol::TCP, port: 443 }),
            _ => mine.first().and_then(|exposure| listens_on(&exposure.purpose)),
        };
        let (title, resource) = self.named(facts.inventory, &mine);
        let mut gaps = Vec::new();
        let mut found = ends(facts, &mine).unwrap_or_else(|gap| {
            gaps.push(gap);
            Vec::new()
        });
        match self {
            Self::Subnet(subnet) if begins => {
                found.retain(|end| !end.is_nat_gateway());
                found.push(Inside::anywhere(facts, subnet));
            }
            Self::Subnet(subnet) if found.is_empty() => found.push(Inside::anywhere(facts, subnet)),
            _ => {}
        }
        let shared = |exposure: &&Exposure<'_>| matches!(&*exposure.purpose, Purpose::Store { candidates, .. } if candidates.len() > 1);
        let mut confidence = if mine.iter().any(shared) { Confidence::Medium } else { Confidence::High };
        if found.is_empty() && gaps.is_empty() {
            found = self.planned(facts, &title);
            confidence = Confidence::Medium;
        }
        if found.is_empty() && gaps.is_empty() {
            let interfaces = &facts.inventory.network_interfaces;
            let gap =
                Gap::Resource { kind: Kind::NetworkInterfaces, id: format!("an interface of {}", resource.label()) };
            gaps.push(interfaces.known().err().unwrap_or(gap));
        }
        Found { title, resource, ends: found.into_iter().map(End::Inside).collect(), service, gaps, confidence }
    }

    fn is_of(&self, exposure: &Exposure<'a>) -> bool {
        let interface = exposure.interface;
        match (self, &*exposure.purpose) {
            (Self::Subnet(subnet), _) => interface.subnet == subnet.id,
            (Self::Interface(id), _) => interface.id == *id,
            (Self::Instance(id), _) => matches!(&interface.attachment, Attachment::Instance(owner) if owner == id),
            (Self::Databases(databases), Purpose::Store { candidates, .. }) => {
                candidates.iter().any(|candidate| databases.iter().any(|database| database.id == candidate.id))
            }
            (Self::Balancer(name), Purpose::LoadBalancer { name: called, .. })
            | (Self::Function(name), Purpose::Function(called)) => name == called,
            (Self::Tasks(service, cluster), Purpose::Task { service: called, cluster: place }) => {
                called.as_deref() == Some(service) && place.as_deref() == *cluster
            }
            (Self::Store(service, name), Purpose::Store { service: of, name: called, .. }) => {
                of == service && called.as_deref() == Some(name)
            }
            _ => false,
        }
    }

    fn named(&self, inventory: &Inventory, mine: &[&Exposure<'_>]) -> (String, Resource) {
        let of = |word: &str, name: &str| (format!("{word} {name}"), Resource::new(name, None));
        match self {
            Self::Subnet(subnet) => {
                let name = subnet.name().unwrap_or(&subnet.id);
                (format!("subnet {name}"), Resource::new(subnet.id.as_str(), subnet.name()))
            }
            Self::Instance(id) => {
                let name = inventory.instances.get(id).and_then(|instance| instance.name());
                (format!("instance {}", name.unwrap_or(id)), Resource::new(*id, name))
            }
            Self::Interface(id) => {
                let label = mine.first().map(|exposure| exposure.purpose.label());
                (label.unwrap_or_else(|| (*id).to_owned()), Resource::new(*id, None))
            }
            Self::Databases(databases) => {
                let ids: Vec<&str> = databases.iter().map(|database| database.id.as_str()).collect();
                of("database", &ids.join(" or "))
            }
            Self::Balancer(name) => of("load balancer", name),
            Self::Tasks(service, _) => of("ECS service", service),
            Self::Function(name) => of("function", name),
            Self::Store(service, name) => of(service, name),
        }
    }

    /// Where it will stand, if no interface of it is known.
    fn planned(&self, facts: &'a Facts<'a>, title: &str) -> Vec<Inside<'a>> {
        let of_balancer = |name: &str| facts.inventory.load_balancers.iter().find(|balancer| balancer.name == name);
        let (groups, subnets): (&'a [String], &'a [String]) = match self {
            Self::Databases(databases) => match databases.first() {
                Some(Database { groups, subnet_group: Some(group), .. }) => (groups, &group.subnets),
                _ => return Vec::new(),
            },
            Self::Balancer(name) => match of_balancer(name) {
                Some(LoadBalancer { groups, subnets, .. }) => (groups, subnets),
                None => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        let known = subnets.iter().filter_map(|id| facts.inventory.subnets.get(id));
        known.map(|subnet| Inside::planned(facts, subnet, groups, title.to_owned())).collect()
    }
}

/// Whether any end has an address of this family.
pub(super) fn has_family(end: &End<'_>, family: Family) -> bool {
    match end {
        End::Internet(None) => true,
        End::Internet(Some(address)) | End::Elsewhere(address) => set_of(*address).0 == family,
        End::Inside(inside) => !inside.addresses(family).is_empty(),
    }
}

//! Finds what a place names: an address, an id or a name of something in any region.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::address::prefix::Family;
use crate::address::set::internet;
use crate::audit::finding::{Confidence, Resource};
use crate::exposure::Exposure;
use crate::exposure::names::names_of;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::inventory::{Database, Inventory, Subnet};

use super::dns::Host;
use super::end::{End, Inside, ends, set_of};
use super::kind::kind;
use super::missing::missing;
use super::thing::{Found, Thing, listens_on};
use super::{Place, PlaceError};

/// Things by how they are typed, and by their region.
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
                    IpAddr::V4(ip) if !exposure.interface.private_addresses.contains(&ip) => {
                        let mut public = exposure.interface.public_addresses.iter();
                        let private =
                            public.find(|public| public.address == Some(ip)).and_then(|public| public.private);
                        end = private.map(IpAddr::V4).map_or(end.clone(), |private| end.only(private));
                        end.public = Some(ip);
                    }
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
        return Err(PlaceError::Several { text: address.to_string(), candidates, example: None });
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

fn by_name<'a>(regions: &[&'a Facts<'a>], text: &str, begins: bool) -> Result<Found<'a>, PlaceError> {
    let of_kind = text.split_once('/').and_then(|(word, name)| Some((kind(word)?, name)));
    let mut candidates = match of_kind {
        Some((kind, name)) => {
            let mut candidates = called(regions, name);
            candidates.retain(|(typed, _), _| typed.split('/').next() == Some(kind));
            candidates
        }
        None => Candidates::new(),
    };
    if candidates.is_empty() {
        // A cluster may be called like a kind.
        candidates = called(regions, text);
    }
    if candidates.is_empty() {
        candidates = hosted(regions, of_kind.map_or(text, |(_, name)| name))?;
    }
    if candidates.len() > 1 {
        let several = candidates.into_keys().map(|(typed, at)| {
            let region = regions.get(at).and_then(|facts| facts.inventory.region.clone());
            region.filter(|_| regions.len() > 1).map_or(typed.clone(), |region| format!("{typed} in {region}"))
        });
        return Err(PlaceError::Several { text: text.to_owned(), candidates: several.collect(), example: None });
    }
    let found = candidates.into_iter().next().and_then(|((_, at), thing)| Some((*regions.get(at)?, thing)));
    match found {
        Some((facts, thing)) => Ok(thing.found(facts, begins)),
        None => Err(missing(regions, text)),
    }
}

/// What has the name.
fn called<'a>(regions: &[&'a Facts<'a>], name: &str) -> Candidates<'a> {
    let mut candidates = Candidates::new();
    for (at, facts) in regions.iter().enumerate() {
        add_listed(&mut candidates, facts.inventory, at, name);
        add_seen(&mut candidates, facts, at, name);
    }
    candidates
}

/// What a name of DNS leads to.
fn hosted<'a>(regions: &[&'a Facts<'a>], name: &str) -> Result<Candidates<'a>, PlaceError> {
    let mut candidates = Candidates::new();
    let host = regions.first().and_then(|facts| Host::of(facts.estate, name));
    let Some(host) = host else { return Ok(candidates) };
    for (at, facts) in regions.iter().enumerate() {
        for database in facts.inventory.databases.iter().filter(|database| host.is(database.host.as_deref())) {
            candidates.insert((format!("database/{}", database.id), at), Thing::Databases(vec![database]));
        }
        for balancer in facts.inventory.load_balancers.iter().filter(|balancer| host.is(balancer.host.as_deref())) {
            candidates.insert((format!("load-balancer/{}", balancer.name), at), Thing::Balancer(&balancer.name));
        }
        let names = names_of(facts);
        for exposure in &facts.exposures {
            if names.get(exposure.interface.id.as_str()).is_some_and(|names| host.names(names)) {
                let (typed, thing) = thing_of(exposure);
                candidates.entry((typed, at)).or_insert(thing);
            }
        }
    }
    if candidates.is_empty() && !host.leads_to.is_empty() {
        let hosts = host.leads_to.into_iter().collect();
        return Err(PlaceError::LeadsOut { text: name.to_owned(), hosts });
    }
    Ok(candidates)
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
        let is_called = match &*exposure.purpose {
            Purpose::Instance { id, name: called } => *id == name || *called == Some(name),
            Purpose::Task { service: Some(service), cluster } => names_service(name, service, cluster.as_deref()),
            Purpose::LoadBalancer { name: called, .. }
            | Purpose::Function(called)
            | Purpose::Store { name: Some(called), .. } => called == name,
            _ => false,
        };
        if is_called {
            let (typed, thing) = thing_of(exposure);
            candidates.entry((typed, at)).or_insert(thing);
        }
    }
}

/// What an interface belongs to, and how that is typed; itself if nothing tells.
pub(super) fn thing_of<'a>(exposure: &'a Exposure<'a>) -> (String, Thing<'a>) {
    match &*exposure.purpose {
        Purpose::Instance { id, .. } => (format!("instance/{id}"), Thing::Instance(id)),
        Purpose::Task { service: Some(service), cluster } => {
            let place = cluster.as_ref().map(|cluster| format!("{}/", short(cluster))).unwrap_or_default();
            (format!("service/{place}{service}"), Thing::Tasks(service, cluster.as_deref()))
        }
        Purpose::LoadBalancer { name, .. } => (format!("load-balancer/{name}"), Thing::Balancer(name)),
        Purpose::Function(name) => (format!("function/{name}"), Thing::Function(name)),
        Purpose::Store { service, name: Some(name), .. } => (format!("store/{name}"), Thing::Store(service, name)),
        Purpose::Store { candidates, .. } if candidates.len() == 1 => {
            let id = candidates.first().map(|database| database.id.as_str()).unwrap_or_default();
            (format!("database/{id}"), Thing::Databases(candidates.clone()))
        }
        _ => {
            let id = &exposure.interface.id;
            (format!("interface/{id}"), Thing::Interface(id))
        }
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

/// Whether any end has an address of this family.
pub(super) fn has_family(end: &End<'_>, family: Family) -> bool {
    match end {
        End::Internet(None) => true,
        End::Internet(Some(address)) | End::Elsewhere(address) => set_of(*address).0 == family,
        End::Inside(inside) => !inside.addresses(family).is_empty(),
    }
}

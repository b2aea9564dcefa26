//! What a name turns out to be, and the ends that it stands for.

use crate::audit::finding::{Confidence, Resource};
use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::inventory::gap::{Gap, Kind};
use crate::inventory::{Attachment, Database, Inventory, LoadBalancer, Protocol, Subnet};

use super::Service;
use super::end::{End, Inside, Promise, ends};

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
pub(super) enum Thing<'a> {
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

/// What a thing listens on, as far as that is known.
pub(super) fn listens_on(purpose: &Purpose<'_>) -> Option<Service> {
    let tcp = |port| Service { protocol: Protocol::TCP, port };
    match purpose {
        Purpose::Store { candidates, .. } => candidates.iter().find_map(|database| database.port).map(tcp),
        Purpose::LoadBalancer { .. } => Some(tcp(443)),
        _ => None,
    }
}

impl<'a> Thing<'a> {
    /// All that is known of it.
    pub(super) fn found(self, facts: &'a Facts<'a>, begins: bool) -> Found<'a> {
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
        let (groups, subnets, promise): (&'a [String], &'a [String], Promise) = match self {
            Self::Databases(databases) => match databases.first() {
                Some(Database { groups, subnet_group: Some(group), publicly_accessible, .. }) => {
                    (groups, &group.subnets, Promise::of_database(*publicly_accessible))
                }
                _ => return Vec::new(),
            },
            Self::Balancer(name) => match of_balancer(name) {
                Some(LoadBalancer { groups, subnets, is_internet_facing, .. }) => {
                    (groups, subnets, Promise::of_load_balancer(*is_internet_facing))
                }
                None => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        let known = subnets.iter().filter_map(|id| facts.inventory.subnets.get(id));
        known.map(|subnet| Inside::planned(facts, subnet, (groups, promise), title.to_owned())).collect()
    }
}

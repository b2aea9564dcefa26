//! What a network interface is there for, as far as its maker, its description and what is known of databases, load balancers and tasks tell.
//!
//! Source: the descriptions that AWS's services give to their interfaces (`DescribeNetworkInterfaces`); they are no documented interface, so
//! what is not recognised stays [`Purpose::Other`].

use crate::inventory::{Attachment, Database, Inventory, LoadBalancer, NetworkInterface};

/// The word for [`Purpose::Store`].
pub const DATABASE: &str = "database";

/// What a network interface is there for.
#[derive(Clone, Debug, PartialEq)]
pub enum Purpose<'a> {
    /// A database, a cache, a search engine or a queue that AWS runs.
    Store {
        /// `RDS`, `ElastiCache` and the like.
        service: &'static str,
        /// The name, if the interface says it.
        name: Option<String>,
        /// For RDS: the databases that it can belong to, for its interface does not say which.
        candidates: Vec<&'a Database>,
    },
    /// A load balancer.
    LoadBalancer {
        /// Its name.
        name: String,
        /// What is known of it.
        balancer: Option<&'a LoadBalancer>,
    },
    /// A task of ECS.
    Task {
        /// The service or family that it belongs to, if anything says it.
        service: Option<String>,
        /// The cluster.
        cluster: Option<String>,
    },
    /// An instance.
    Instance {
        /// `i-…`.
        id: &'a str,
        /// Its `Name` tag.
        name: Option<&'a str>,
    },
    /// A function of Lambda.
    Function(String),
    /// A NAT gateway: nobody can begin a conversation with it.
    NatGateway,
    /// A VPC endpoint.
    Endpoint,
    /// A transit gateway's attachment.
    TransitGateway,
    /// Attached to nothing.
    Nothing,
    /// Something else that AWS runs, in its own words.
    Other(String),
}

/// Services by how their descriptions begin.
const STORES: [(&str, &str); 9] = [
    ("RDSNetworkInterface", "RDS"),
    ("ElastiCache ", "ElastiCache"),
    ("RedshiftNetworkInterface", "Redshift"),
    ("Redshift ", "Redshift"),
    ("ES ", "OpenSearch"),
    ("DAX ", "DAX"),
    ("DMSNetworkInterface", "DMS"),
    ("DO NOT DELETE - Amazon MSK", "MSK"),
    ("EFS mount target for ", "EFS"),
];

/// Tells what an interface is there for.
#[must_use]
pub fn purpose<'a>(inventory: &'a Inventory, interface: &'a NetworkInterface) -> Purpose<'a> {
    let description = interface.description.as_str();
    if let Some(task) = task(inventory, interface) {
        return task;
    }
    if let Attachment::Instance(id) = &interface.attachment {
        let name = inventory.instances.get(id).and_then(|instance| instance.name());
        return Purpose::Instance { id, name: name.or_else(|| interface.name()) };
    }
    if let Some((prefix, service)) = STORES.iter().find(|(prefix, _)| description.starts_with(prefix)) {
        let name = description.strip_prefix(prefix).filter(|rest| prefix.ends_with(' ') && !rest.is_empty());
        let candidates = if *service == "RDS" { databases(inventory, interface) } else { Vec::new() };
        return Purpose::Store { service, name: name.map(str::to_owned), candidates };
    }
    if let Some(rest) = description.strip_prefix("ELB ") {
        return load_balancer(inventory, rest);
    }
    if let Some(rest) = description.strip_prefix("AWS Lambda VPC ENI-") {
        // NAME-UUID: five groups of hexadecimal digits.
        let name = rest.len().checked_sub(37).and_then(|end| rest.get(..end)).unwrap_or(rest);
        return Purpose::Function(name.to_owned());
    }
    match interface.kind.as_str() {
        "nat_gateway" => Purpose::NatGateway,
        "vpc_endpoint" | "gateway_load_balancer_endpoint" => Purpose::Endpoint,
        "transit_gateway" => Purpose::TransitGateway,
        "network_load_balancer" | "load_balancer" => load_balancer(inventory, description),
        _ if description.starts_with("Interface for NAT Gateway") => Purpose::NatGateway,
        _ if description.starts_with("VPC Endpoint Interface") => Purpose::Endpoint,
        _ if interface.attachment == Attachment::Detached => Purpose::Nothing,
        _ => Purpose::Other(description.to_owned()),
    }
}

/// The interface of a task is described by the ARN of its attachment, and tagged if its service propagates tags.
fn task<'a>(inventory: &'a Inventory, interface: &'a NetworkInterface) -> Option<Purpose<'a>> {
    let known = inventory.tasks.get(&interface.id);
    let is_task = || interface.description.starts_with("arn:aws") && interface.description.contains(":attachment/");
    if known.is_none() && !is_task() {
        return None;
    }
    let group = known.and_then(|task| task.group.as_deref());
    let service = group.map(|group| group.strip_prefix("service:").unwrap_or(group));
    let service = service.or_else(|| interface.tags.get("aws:ecs:serviceName"));
    let cluster = known.and_then(|task| task.cluster.as_deref()).or_else(|| interface.tags.get("aws:ecs:clusterName"));
    Some(Purpose::Task { service: service.map(str::to_owned), cluster: cluster.map(str::to_owned) })
}

/// `app/NAME/ID`, `net/NAME/ID`, or a classic load balancer's name.
fn load_balancer<'a>(inventory: &'a Inventory, text: &str) -> Purpose<'a> {
    let name = text.split('/').nth(1).unwrap_or(text).to_owned();
    let balancer = inventory.index.load_balancer_of_name(&name).and_then(|arn| inventory.load_balancers.get(arn));
    Purpose::LoadBalancer { name, balancer }
}

/// The databases whose groups and subnets are the interface's; if none's groups are just these: those whose groups are among them, for one that a
/// database loses stays at its interface for a while.
fn databases<'a>(inventory: &'a Inventory, interface: &NetworkInterface) -> Vec<&'a Database> {
    let is_among = |database: &&Database| database.groups.iter().all(|group| interface.groups.contains(group));
    let here = inventory.index.databases_of_subnet(&interface.subnet).filter_map(|id| inventory.databases.get(id));
    let among: Vec<&Database> = here.filter(is_among).collect();
    let has_all = |database: &&Database| database.groups.len() == interface.groups.len();
    let same: Vec<&Database> = among.iter().copied().filter(has_all).collect();
    if same.is_empty() { among.into_iter().filter(|database| !database.groups.is_empty()).collect() } else { same }
}

impl Purpose<'_> {
    /// One word for the kind of thing.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Store { .. } => DATABASE,
            Self::LoadBalancer { .. } => "load balancer",
            Self::Task { .. } => "ECS task",
            Self::Instance { .. } => "instance",
            Self::Function(_) => "function",
            Self::NatGateway => "NAT gateway",
            Self::Endpoint => "endpoint",
            Self::TransitGateway => "transit gateway",
            Self::Nothing => "nothing",
            Self::Other(_) => "other",
        }
    }

    /// What it is called, if anything tells.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match self {
            Self::Store { name, candidates, .. } => {
                let names: Vec<&str> = candidates.iter().map(|database| database.id.as_str()).collect();
                name.clone().or_else(|| (!names.is_empty()).then(|| names.join(" or ")))
            }
            Self::LoadBalancer { name, .. } | Self::Function(name) => Some(name.clone()),
            Self::Task { service, .. } => service.clone(),
            Self::Instance { id, name } => Some(name.unwrap_or(id).to_owned()),
            Self::Other(text) => (!text.is_empty()).then(|| text.clone()),
            Self::NatGateway | Self::Endpoint | Self::TransitGateway | Self::Nothing => None,
        }
    }

    /// The kind of thing with its name: `database orders`.
    #[must_use]
    pub fn label(&self) -> String {
        match self.name() {
            Some(name) => format!("{} {name}", self.word()),
            None => self.word().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;

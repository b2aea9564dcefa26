//! The picture of a network, before it is written in any language: what is in which VPC and zone, and what leads where.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{InterfaceReport, Network, ProofReport, SubnetReport, VpcReport};
use crate::address::prefix::Family;
use crate::audit::finding::Severity;
use crate::classify::class::{Class, Group};

/// The colours, light enough for dark text.
pub(super) const STYLES: [(Style, &str, &str); 10] = [
    (Style::Public, "#fbe0c8", "#b4551a"),
    (Style::Private, "#cfe3fb", "#1f5fa8"),
    (Style::Isolated, "#d5ecd4", "#2e7031"),
    (Style::Broken, "#fde3b4", "#a86100"),
    (Style::Unknown, "#e2e2e2", "#5f5f5f"),
    (Style::Gateway, "#ffffff", "#444444"),
    (Style::Exposed, "#f2a65a", "#8f4300"),
    (Style::Alarming, "#b3261e", "#7a1510"),
    (Style::Internet, "#fff3a8", "#8a7400"),
    (Style::Network, "#e9dcf7", "#5d3a9b"),
];

/// What a node is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Style {
    Public,
    Private,
    Isolated,
    Broken,
    Unknown,
    Gateway,
    Exposed,
    Alarming,
    Internet,
    Network,
}

impl Style {
    /// One word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Isolated => "isolated",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
            Self::Gateway => "gateway",
            Self::Exposed => "exposed",
            Self::Alarming => "alarming",
            Self::Internet => "internet",
            Self::Network => "network",
        }
    }

    fn of_class(class: Class) -> Self {
        match class {
            Class::BrokenEgress => Self::Broken,
            _ => match class.group() {
                Group::Public => Self::Public,
                Group::Private => Self::Private,
                Group::Isolated => Self::Isolated,
                Group::Unknown => Self::Unknown,
            },
        }
    }
}

/// Something that is drawn.
#[derive(Debug)]
pub(super) struct Node {
    /// A name that any language can read: `n12`.
    pub(super) key: String,
    /// The lines of its label.
    pub(super) label: Vec<String>,
    pub(super) style: Style,
}

/// Something that leads somewhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) label: String,
    /// It leads to something that is gone or cannot work.
    pub(super) is_dead: bool,
    /// It is how the internet comes in.
    pub(super) is_exposure: bool,
    /// It only says where something stands.
    pub(super) is_place: bool,
}

/// A VPC with its zones.
#[derive(Debug)]
pub(super) struct Vpc {
    pub(super) label: String,
    pub(super) zones: BTreeMap<String, Vec<Node>>,
    /// What stands in no zone.
    pub(super) loose: Vec<Node>,
}

/// What is exposed, by subnet and id. An interface with addresses of both families is one thing.
type Exposed<'n> = BTreeMap<&'n str, BTreeMap<&'n str, Vec<&'n InterfaceReport>>>;

/// The whole picture.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) vpcs: Vec<Vpc>,
    pub(super) outside: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    keys: BTreeMap<String, String>,
}

const INTERNET: &str = "internet";
/// So many openings of an interface fit into the picture.
const OPENINGS: usize = 3;

impl Graph {
    pub(super) fn of(network: &Network) -> Self {
        let mut graph = Self::default();
        let internet = graph.node(INTERNET, vec!["internet".to_owned()], Style::Internet);
        graph.outside.push(internet);
        let serious = network.findings.iter().filter(|finding| finding.severity >= Severity::High);
        let alarming: BTreeSet<&str> =
            serious.flat_map(|finding| &finding.resources).map(|resource| resource.id.as_str()).collect();
        let mut exposed: Exposed<'_> = BTreeMap::new();
        for interface in network.interfaces.iter().filter(|one| one.exposed == Some(true)) {
            let here = exposed.entry(&interface.subnet).or_default();
            here.entry(&interface.id).or_default().push(interface);
        }
        for vpc in &network.vpcs {
            graph.add_vpc(vpc, &exposed, &alarming);
        }
        graph
    }

    fn key(&mut self, id: &str) -> String {
        let next = format!("n{}", self.keys.len());
        self.keys.entry(id.to_owned()).or_insert(next).clone()
    }

    fn node(&mut self, id: &str, label: Vec<String>, style: Style) -> Node {
        Node { key: self.key(id), label, style }
    }

    fn add_vpc(&mut self, vpc: &VpcReport, exposed: &Exposed<'_>, alarming: &BTreeSet<&str>) {
        let mut drawn = Vpc { label: vpc.title(), zones: BTreeMap::new(), loose: Vec::new() };
        let zone_of: BTreeMap<&str, String> = vpc.subnets.iter().map(|one| (one.id.as_str(), zone(one))).collect();
        for gateway in &vpc.gateways {
            // Interface endpoints lead nowhere from a route table.
            if gateway.kind == "interface endpoint" {
                continue;
            }
            let label = vec![gateway.name.clone().unwrap_or_else(|| gateway.id.clone()), gateway.kind.to_owned()];
            let node = self.node(&gateway.id, label, Style::Gateway);
            match gateway.subnets.first().and_then(|subnet| zone_of.get(subnet.as_str())) {
                Some(zone) => drawn.zones.entry(zone.clone()).or_default().push(node),
                None => drawn.loose.push(node),
            }
            if gateway.kind == "internet gateway" {
                self.lead(&gateway.id, INTERNET, "");
            }
            if let ("NAT gateway", Some(place)) = (gateway.kind, gateway.subnets.first()) {
                self.lead(&gateway.id, place, "");
            }
        }
        for subnet in &vpc.subnets {
            self.add_subnet(subnet, &mut drawn);
        }
        for subnet in &vpc.subnets {
            let name = subnet.name.as_ref().unwrap_or(&subnet.id);
            for families in exposed.get(subnet.id.as_str()).into_iter().flat_map(BTreeMap::values) {
                self.add_exposed(families, name, alarming, drawn.zones.entry(zone(subnet)).or_default());
            }
        }
        self.vpcs.push(drawn);
    }

    fn add_subnet(&mut self, subnet: &SubnetReport, vpc: &mut Vpc) {
        let cidrs: Vec<String> = subnet.cidrs.iter().map(ToString::to_string).collect();
        let name = subnet.name.clone().unwrap_or_else(|| subnet.id.clone());
        let label = vec![name, cidrs.join(", "), subnet.class.to_string()];
        let node = self.node(&subnet.id, label, Style::of_class(subnet.class));
        vpc.zones.entry(zone(subnet)).or_default().push(node);
        for (family, report) in [(Family::Ipv4, &subnet.ipv4), (Family::Ipv6, &subnet.ipv6)] {
            for proof in report.iter().flat_map(|report| &report.proof) {
                self.add_route(&subnet.id, proof, family);
            }
        }
    }

    fn add_route(&mut self, subnet: &str, proof: &ProofReport, family: Family) {
        let is_dead = proof.blackhole || proof.class == Class::BrokenEgress;
        if !self.keys.contains_key(&proof.target) {
            let style = if is_dead { Style::Broken } else { Style::Network };
            let what = if proof.blackhole { "gone" } else { "another network" };
            let node = self.node(&proof.target, vec![proof.target.clone(), what.to_owned()], style);
            self.outside.push(node);
        }
        let is_all = proof.destination == "0.0.0.0/0" || proof.destination == "::/0";
        let label = match (is_all, family) {
            (true, Family::Ipv4) => String::new(),
            (true, Family::Ipv6) => "IPv6".to_owned(),
            (false, _) => proof.destination.clone(),
        };
        self.lead(subnet, &proof.target, &label);
        if let Some(edge) = self.edges.last_mut() {
            edge.is_dead |= is_dead;
        }
    }

    fn add_exposed(
        &mut self,
        families: &[&InterfaceReport],
        subnet: &str,
        alarming: &BTreeSet<&str>,
        zone: &mut Vec<Node>,
    ) {
        let Some(interface) = families.first() else { return };
        let style = if alarming.contains(interface.id.as_str()) { Style::Alarming } else { Style::Exposed };
        let mut openings: Vec<String> = Vec::new();
        for opening in families.iter().flat_map(|interface| &interface.openings) {
            let text = match opening.ports.as_str() {
                "all ports" => opening.protocol.clone(),
                ports => format!("{} {ports}", opening.protocol),
            };
            if !openings.contains(&text) {
                openings.push(text);
            }
        }
        openings.truncate(OPENINGS);
        let name = interface.name.clone().unwrap_or_else(|| interface.id.clone());
        let label = vec![name, format!("{} in {subnet}", interface.purpose), openings.join(", ")];
        zone.push(self.node(&interface.id, label, style));
        let (from, to) = (self.key(INTERNET), self.key(&interface.id));
        self.edges.push(Edge { from, to, label: String::new(), is_dead: false, is_exposure: true, is_place: false });
        let (from, to) = (self.key(&interface.id), self.key(&interface.subnet));
        self.edges.push(Edge { from, to, label: String::new(), is_dead: false, is_exposure: false, is_place: true });
    }

    fn lead(&mut self, from: &str, to: &str, label: &str) {
        let (from, to) = (self.key(from), self.key(to));
        self.edges.push(Edge {
            from,
            to,
            label: label.to_owned(),
            is_dead: false,
            is_exposure: false,
            is_place: false,
        });
    }
}

fn zone(subnet: &SubnetReport) -> String {
    subnet.availability_zone.clone().unwrap_or_else(|| "no zone known".to_owned())
}

//! Who uses which route table, what sits behind it, and how it is told: shared by the rules over routes, gateways and connections.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::address::prefix::Family;
use crate::audit::finding::{Findings, Resource};
use crate::audit::rule::Rule;
use crate::exposure::Verdict;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{
    Association, Destination, Inventory, NatGateway, Route, RouteTable, Subnet, UNKNOWN_UNTIL_APPLY, Vpc,
};

/// So many labels are written out; the rest is counted.
const SHOWN: usize = 5;

/// Who uses the route tables of a region.
pub(in crate::audit::check) struct Usage<'f, 'a> {
    pub(in crate::audit::check) facts: &'f Facts<'a>,
    subnets: HashMap<&'a str, Vec<&'a Subnet>>,
    nat_gateways: HashMap<&'a str, Vec<&'a NatGateway>>,
    told: HashSet<&'a str>,
}

impl<'f, 'a> Usage<'f, 'a> {
    pub(in crate::audit::check) fn new(facts: &'f Facts<'a>) -> Self {
        let mut subnets: HashMap<&str, Vec<&Subnet>> = HashMap::new();
        for verdict in &facts.subnets {
            if let Some(effective) = verdict.route_table {
                subnets.entry(effective.table.id.as_str()).or_default().push(verdict.subnet);
            }
        }
        let told = facts.inventory.vpcs.iter().filter(|vpc| is_told_by_owner(facts, vpc));
        let told = told.map(|vpc| vpc.id.as_str()).collect();
        let mut nat_gateways: HashMap<&str, Vec<&NatGateway>> = HashMap::new();
        for gateway in facts.inventory.nat_gateways.iter() {
            nat_gateways.entry(&gateway.vpc).or_default().push(gateway);
        }
        Self { facts, subnets, nat_gateways, told }
    }

    pub(in crate::audit::check) fn inventory(&self) -> &'a Inventory {
        self.facts.inventory
    }

    /// The subnets for which a table decides.
    pub(in crate::audit::check) fn subnets(&self, table: &str) -> &[&'a Subnet] {
        self.subnets.get(table).map(Vec::as_slice).unwrap_or_default()
    }

    /// The NAT gateways of a VPC.
    pub(in crate::audit::check) fn nat_gateways(&self, vpc: &str) -> &[&'a NatGateway] {
        self.nat_gateways.get(vpc).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether anything sends, or may send, by this table.
    pub(in crate::audit::check) fn is_used(&self, table: &RouteTable) -> bool {
        let is_loose = || self.inventory().index.loose_table_of_vpc(&table.vpc).is_some();
        let uses = |association: &Association| *association != Association::Main || is_loose();
        !self.subnets(&table.id).is_empty() || table.associations.iter().any(uses)
    }

    /// Whether a VPC is only shared with this account, and its owner's account is described too: that one is told what is wrong with it.
    pub(in crate::audit::check) fn is_told_by_owner(&self, vpc: &str) -> bool {
        self.told.contains(vpc)
    }

    /// Whether it can be said of a VPC that something is missing or not used in it, and nobody else says it: another account's VPC is seen in part only.
    pub(in crate::audit::check) fn sees_all_of(&self, vpc: &str) -> Result<bool, Gap> {
        if self.is_told_by_owner(vpc) || vpc == UNKNOWN_UNTIL_APPLY {
            return Ok(false);
        }
        let inventory = self.inventory();
        match owner_elsewhere(inventory, inventory.vpcs.find(vpc)?) {
            Some(owner) => {
                Err(Gap::NotUnderstood(format!("{vpc} belongs to {owner}: this account sees a part of it only")))
            }
            None => Ok(true),
        }
    }

    /// Whether something sits in a subnet; if nobody looked: yes, for it may.
    pub(in crate::audit::check) fn is_occupied(&self, subnet: &str) -> bool {
        let interfaces = &self.inventory().network_interfaces;
        let mut ids = self.inventory().index.interfaces_of_subnet(subnet);
        interfaces.known().is_err() || ids.any(|id| self.purpose(id).is_none_or(|what| *what != Purpose::Nothing))
    }

    /// What an interface is there for.
    pub(in crate::audit::check) fn purpose(&self, interface: &str) -> Option<&'f Purpose<'a>> {
        let exposures: &'f [_] = &self.facts.exposures;
        let at = exposures.binary_search_by(|exposure| exposure.interface.id.as_str().cmp(interface)).ok()?;
        exposures.get(at).map(|exposure| &*exposure.purpose)
    }

    /// Whether the internet reaches an interface in a family.
    pub(in crate::audit::check) fn verdict(&self, interface: &str, family: Family) -> Option<&'f Verdict> {
        let exposures: &'f [_] = &self.facts.exposures;
        let start = exposures.partition_point(|exposure| exposure.interface.id.as_str() < interface);
        let of_interface = exposures.iter().skip(start).take_while(|exposure| exposure.interface.id == interface);
        of_interface.filter(|exposure| exposure.family == family).map(|exposure| &exposure.verdict).next()
    }

    /// What sits in subnets: `3 ECS tasks, 1 database`.
    pub(in crate::audit::check) fn what_sits_in<'s>(&self, subnets: impl IntoIterator<Item = &'s str>) -> String {
        if let Err(gap) = self.inventory().network_interfaces.known() {
            return format!("what sits there is not known: {gap}");
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut balancers: Vec<&str> = Vec::new();
        for subnet in subnets {
            for id in self.inventory().index.interfaces_of_subnet(subnet) {
                match self.purpose(id) {
                    Some(Purpose::Nothing) => {}
                    // One load balancer has an interface in each of its zones.
                    Some(Purpose::LoadBalancer { name, .. }) => balancers.push(name),
                    Some(Purpose::Other(_)) | None => *counts.entry("other interface").or_default() += 1,
                    Some(purpose) => *counts.entry(purpose.word()).or_default() += 1,
                }
            }
        }
        balancers.sort_unstable();
        balancers.dedup();
        if !balancers.is_empty() {
            counts.insert("load balancer", balancers.len());
        }
        let told = counts.iter().map(|(what, count)| counted(*count, what));
        let told = told.collect::<Vec<_>>().join(", ");
        if told.is_empty() { "nothing sits there".to_owned() } else { told }
    }

    /// ` --region REGION`, if it is known.
    pub(in crate::audit::check) fn region(&self) -> String {
        self.inventory().region.as_deref().map(|region| format!(" --region {region}")).unwrap_or_default()
    }

    pub(in crate::audit::check) fn vpc_label(&self, vpc: &str) -> String {
        Resource::new(vpc, self.inventory().vpcs.get(vpc).and_then(Vpc::name)).label()
    }
}

/// The account that owns a VPC, if it is another one: what is in it is seen in part only.
fn owner_elsewhere<'a>(inventory: &Inventory, vpc: &'a Vpc) -> Option<&'a str> {
    let account = inventory.account.as_deref()?;
    vpc.owner.as_deref().filter(|owner| *owner != account)
}

fn is_told_by_owner(facts: &Facts<'_>, vpc: &Vpc) -> bool {
    let Some(owner) = owner_elsewhere(facts.inventory, vpc) else { return false };
    let mut others = facts.estate.regions.iter();
    others.any(|other| other.account.as_deref() == Some(owner) && other.vpcs.get(&vpc.id).is_some())
}

/// Notes what is missing, each once: a whole kind is missing for all.
pub(in crate::audit::check) fn note(findings: &mut Findings, rule: Rule, missing: BTreeMap<Gap, &str>) {
    for (gap, resource) in missing {
        match gap {
            Gap::Kind(_) | Gap::Denied { .. } => findings.unknown(rule, gap),
            _ => findings.unknown_of(rule, resource, gap),
        }
    }
}

/// `1 subnet`, `2 subnets`.
pub(in crate::audit::check) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The first of them, and how many more there are.
pub(in crate::audit::check) fn listed(labels: impl IntoIterator<Item = String>) -> String {
    let labels: Vec<String> = labels.into_iter().collect();
    let shown: Vec<&str> = labels.iter().take(SHOWN).map(String::as_str).collect();
    let more = labels.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

pub(in crate::audit::check) fn subnet(subnet: &Subnet) -> Resource {
    Resource::new(&subnet.id, subnet.name())
}

pub(in crate::audit::check) fn table(table: &RouteTable) -> Resource {
    Resource::new(&table.id, table.name())
}

/// The zones of subnets, each once.
pub(in crate::audit::check) fn zones<'s>(subnets: impl IntoIterator<Item = &'s Subnet>) -> Vec<String> {
    let mut zones: Vec<String> = subnets.into_iter().filter_map(|subnet| subnet.availability_zone.clone()).collect();
    zones.sort();
    zones.dedup();
    zones
}

/// The destination, and what people call it.
pub(in crate::audit::check) fn destination(route: &Route) -> String {
    match &route.destination {
        Destination::Block(prefix) if prefix.length() == 0 => format!("{prefix} (everything outside)"),
        _ => route.destination_name(),
    }
}

/// How the AWS CLI names a destination; `None` if it is not known yet.
pub(in crate::audit::check) fn destination_option(route: &Route) -> Option<String> {
    argument(route).map(|(name, value)| format!("--{} {value}", name.replace('_', "-")))
}

/// How Terraform's `aws_route` names a destination.
pub(in crate::audit::check) fn destination_argument(route: &Route) -> Option<String> {
    argument(route).map(|(name, value)| format!("{name} = \"{value}\""))
}

fn argument(route: &Route) -> Option<(&'static str, String)> {
    match &route.destination {
        Destination::Block(prefix) if prefix.family() == Family::Ipv6 => {
            Some(("destination_ipv6_cidr_block", prefix.to_string()))
        }
        Destination::Block(prefix) => Some(("destination_cidr_block", prefix.to_string())),
        Destination::PrefixList(id) => Some(("destination_prefix_list_id", id.clone())),
        Destination::Unknown => None,
    }
}

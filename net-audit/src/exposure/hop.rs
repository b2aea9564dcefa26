//! One hop further: what can be reached from something that the internet can reach. Pure.
//!
//! Security groups alone are asked: inside a VPC every subnet has a route to every other. Network ACLs between subnets, and the routes between peers,
//! may stop what is said here; `--explain` asks them. Hops are told by security group, not one by one: a bastion that may speak to 1,000 machines
//! with the same group is one hop.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::address::prefix::{Family, Prefix};
use crate::exposure::purpose::Purpose;
use crate::exposure::{Exposure, Verdict};
use crate::facts::Facts;
use crate::inventory::{NetworkInterface, Peer, Permission, Ports, Protocol, SecurityGroup};

/// So many of a hop's sources and targets are named.
const EXAMPLES: usize = 3;

/// A rule of a security group that lets exposed things speak to things that are not exposed.
#[derive(Clone, Debug)]
pub struct Hop<'a> {
    /// What is exposed: the first few of them.
    pub from: Vec<&'a Exposure<'a>>,
    /// How many there are.
    pub from_count: usize,
    /// What is not exposed and can be reached from there: the first few of them.
    pub to: Vec<&'a NetworkInterface>,
    /// How many there are.
    pub to_count: usize,
    /// By which protocol.
    pub protocol: Protocol,
    /// To which ports.
    pub ports: Ports,
    /// The security group that says so.
    pub by: &'a SecurityGroup,
    /// Whom it lets in: the security group of what is exposed, or a block that holds its private address. A block counts even if it is the whole VPC's:
    /// whoever is on the exposed machine is inside it.
    pub peer: &'a Peer,
}

/// Everything that is one hop away from the internet, in the order of the security groups that say so.
///
/// Exposed databases are no jump: they begin no conversations. So is what answers to ICMP only.
#[must_use]
pub fn hops<'a>(facts: &'a Facts<'a>) -> Vec<Hop<'a>> {
    let jumps = Jumps::of(facts);
    if jumps.is_empty() {
        return Vec::new();
    }
    let targets = targets(facts);
    let mut hops = Vec::new();
    for ((id, vpc), interfaces) in &targets {
        let Some(group) = facts.inventory.security_groups.get(id) else { continue };
        for rule in &group.ingress {
            for peer in &rule.peers {
                hops.extend(jumps.hop(facts, group, rule, peer, vpc, interfaces));
            }
        }
    }
    hops
}

/// What is exposed in no family, by the security group it has and its VPC.
fn targets<'a>(facts: &'a Facts<'a>) -> BTreeMap<(&'a str, &'a str), Vec<&'a NetworkInterface>> {
    let mut targets: BTreeMap<(&str, &str), Vec<&NetworkInterface>> = BTreeMap::new();
    for families in facts.exposures.chunk_by(|one, other| one.interface.id == other.interface.id) {
        let (Some(first), false) = (families.first(), families.iter().any(|one| one.verdict == Verdict::Exposed))
        else {
            continue;
        };
        let Some(subnet) = first.subnet else { continue };
        for group in &first.interface.groups {
            targets.entry((group, &subnet.vpc)).or_default().push(first.interface);
        }
    }
    targets
}

/// What is exposed, by what a rule can know it by.
struct Jumps<'a> {
    by_group: HashMap<&'a str, BTreeMap<&'a str, Vec<&'a Exposure<'a>>>>,
    /// By VPC and family: private addresses in order.
    by_address: HashMap<(&'a str, Family), Vec<(u128, &'a Exposure<'a>)>>,
    peered: HashSet<(&'a str, &'a str)>,
}

impl<'a> Jumps<'a> {
    fn of(facts: &'a Facts<'a>) -> Self {
        let mut all = Self { by_group: HashMap::new(), by_address: HashMap::new(), peered: HashSet::new() };
        for families in facts.exposures.chunk_by(|one, other| one.interface.id == other.interface.id) {
            if let Some(exposure) = families.iter().find(|exposure| is_jump(exposure)) {
                all.add(exposure);
            }
        }
        for addresses in all.by_address.values_mut() {
            addresses.sort_unstable_by_key(|(address, _)| *address);
        }
        for peering in facts.inventory.peerings.iter().filter(|peering| peering.status == "active") {
            let [one, other] = &peering.sides;
            all.peered.insert((&one.vpc, &other.vpc));
            all.peered.insert((&other.vpc, &one.vpc));
        }
        all
    }

    fn add(&mut self, exposure: &'a Exposure<'a>) {
        let Some(subnet) = exposure.subnet else { return };
        let (vpc, interface) = (subnet.vpc.as_str(), exposure.interface);
        for group in &interface.groups {
            self.by_group.entry(group).or_default().entry(vpc).or_default().push(exposure);
        }
        // A second address in the same block is no second machine.
        let ipv4 = interface.private_addresses.first().map(|address| u128::from(address.to_bits()));
        let ipv6 = interface.ipv6_addresses.first().map(|address| address.to_bits());
        for (family, address) in [(Family::Ipv4, ipv4), (Family::Ipv6, ipv6)] {
            if let Some(address) = address {
                self.by_address.entry((vpc, family)).or_default().push((address, exposure));
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.by_group.is_empty() && self.by_address.is_empty()
    }

    /// The hop that a peer of a rule makes possible, if anything exposed is that peer.
    fn hop(
        &self,
        facts: &Facts<'_>,
        by: &'a SecurityGroup,
        rule: &Permission,
        peer: &'a Peer,
        vpc: &str,
        to: &[&'a NetworkInterface],
    ) -> Option<Hop<'a>> {
        let (from, from_count) = match peer {
            Peer::Group(group) => self.with_group(group, vpc),
            Peer::Block(block) => self.within(&[*block], vpc),
            Peer::PrefixList(id) => self.within(&facts.inventory.prefix_lists.get(id)?.blocks, vpc),
            Peer::Unknown => return None,
        };
        (from_count > 0).then(|| Hop {
            from,
            from_count,
            to: to.iter().take(EXAMPLES).copied().collect(),
            to_count: to.len(),
            protocol: rule.protocol,
            ports: rule.ports,
            by,
            peer,
        })
    }

    fn with_group(&self, group: &str, vpc: &str) -> (Vec<&'a Exposure<'a>>, usize) {
        let by_vpc = self.by_group.get(group).into_iter().flatten();
        let near: Vec<&Vec<&Exposure<'_>>> = by_vpc
            .filter(|(from, _)| **from == vpc || self.peered.contains(&(**from, vpc)))
            .map(|(_, exposures)| exposures)
            .collect();
        let count = near.iter().map(|exposures| exposures.len()).sum();
        (near.into_iter().flatten().take(EXAMPLES).copied().collect(), count)
    }

    /// What is exposed in the same VPC with an address in one of these blocks.
    fn within(&self, blocks: &[Prefix], vpc: &str) -> (Vec<&'a Exposure<'a>>, usize) {
        let (mut examples, mut count) = (Vec::new(), 0);
        for block in blocks {
            let Some(addresses) = self.by_address.get(&(vpc, block.family())) else { continue };
            let first = addresses.partition_point(|(address, _)| *address < block.first());
            let last = addresses.partition_point(|(address, _)| *address <= block.last());
            let inside = addresses.get(first..last).unwrap_or_default();
            count += inside.len();
            examples.extend(inside.iter().take(EXAMPLES.saturating_sub(examples.len())).map(|(_, exposure)| *exposure));
        }
        (examples, count)
    }
}

fn is_jump(exposure: &Exposure<'_>) -> bool {
    let begins = !matches!(*exposure.purpose, Purpose::Store { .. } | Purpose::NatGateway | Purpose::Endpoint);
    let speaks = |protocol: Protocol| protocol.has_ports() || protocol == Protocol::All;
    begins && exposure.verdict == Verdict::Exposed && exposure.openings.iter().any(|opening| speaks(opening.protocol))
}

#[cfg(test)]
mod tests;

//! What security groups and network ACLs let through, exact to the single port and address. Pure.
//!
//! Source: Amazon VPC User Guide, "Security group rules" and "Network ACL rules".

use crate::address::prefix::{Family, Prefix};
use crate::address::set::AddressSet;
use crate::inventory::gap::Gap;
use crate::inventory::{AclEntry, Inventory, NetworkAcl, Peer, Permission, Ports, Protocol};

/// The ports that clients send from. A network ACL keeps no state: it must let answers out to these. Source: Amazon VPC User Guide,
/// "Ephemeral ports": NAT gateways, load balancers and Lambda use all of them.
pub const EPHEMERAL: Ports = Ports { first: 1024, last: u16::MAX };

/// Traffic of one protocol to some ports, and the addresses at its other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The protocol; [`Protocol::All`] stands for all that neither a rule with an address nor an entry names. One that is named and has no
    /// opening is let through nowhere.
    pub protocol: Protocol,
    /// The ports.
    pub ports: Ports,
    /// The addresses.
    pub addresses: AddressSet,
}

/// Traffic that is let through, and what could not be said about the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admitted {
    /// What is let through for certain; no two speak of the same protocol and port.
    pub openings: Vec<Opening>,
    /// Why there may be more.
    pub gaps: Vec<Gap>,
}

/// Which way a rule is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What comes in.
    Ingress,
    /// What goes out.
    Egress,
}

/// The rules of the groups of one interface.
#[derive(Clone, Debug, Default)]
pub struct GroupRules<'a> {
    rules: Vec<(&'a Permission, AddressSet)>,
    gaps: Vec<Gap>,
}

impl<'a> GroupRules<'a> {
    /// Puts the rules of groups together, as far as they name addresses: whoever has another group is no address.
    #[must_use]
    pub fn of(inventory: &'a Inventory, groups: &[String], direction: Direction, family: Family) -> Self {
        let mut all = Self::default();
        for id in groups {
            let group = match inventory.security_groups.find(id) {
                Ok(group) => group,
                Err(gap) => {
                    all.gaps.push(gap);
                    continue;
                }
            };
            let permissions = match direction {
                Direction::Ingress => &group.ingress,
                Direction::Egress => &group.egress,
            };
            for permission in permissions {
                all.add(inventory, permission, family, id);
            }
        }
        all
    }

    /// The rules of what has no group: everybody may speak to it.
    #[must_use]
    pub fn anyone(family: Family) -> Self {
        static EVERYTHING: Permission = Permission { protocol: Protocol::All, ports: Ports::ALL, peers: Vec::new() };
        Self { rules: vec![(&EVERYTHING, AddressSet::whole(family))], gaps: Vec::new() }
    }

    fn add(&mut self, inventory: &'a Inventory, permission: &'a Permission, family: Family, group: &str) {
        let mut blocks: Vec<Prefix> = Vec::new();
        for peer in &permission.peers {
            match peer {
                Peer::Block(block) => blocks.push(*block),
                Peer::PrefixList(id) => match inventory.prefix_lists.find(id) {
                    Ok(list) => blocks.extend(&list.blocks),
                    Err(gap) => self.gaps.push(gap),
                },
                Peer::Group(_) => {}
                Peer::Unknown => {
                    self.gaps.push(Gap::NotUnderstood(format!(
                        "whom a rule of {group} is for is not known before Terraform is applied"
                    )));
                }
            }
        }
        blocks.retain(|block| block.family() == family);
        if !blocks.is_empty() {
            self.rules.push((permission, AddressSet::of_prefixes(blocks)));
        }
    }

    /// Whether no rule names an address.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What could not be said.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The addresses that may speak this protocol to this port.
    #[must_use]
    pub fn addresses(&self, protocol: Protocol, port: u16) -> AddressSet {
        let speak = self.rules.iter().filter(|(rule, _)| rule.protocol.covers(protocol) && rule.ports.contain(port));
        speak.fold(AddressSet::default(), |all, (_, addresses)| all.union(addresses))
    }

    fn protocols(&self) -> impl Iterator<Item = Protocol> {
        self.rules.iter().map(|(rule, _)| rule.protocol)
    }

    fn edges(&self, protocol: Protocol) -> impl Iterator<Item = u32> {
        let speak = self.rules.iter().filter(move |(rule, _)| rule.protocol.covers(protocol));
        speak.flat_map(|(rule, _)| ends(rule.ports))
    }

    /// All that the groups let through from or to these addresses, whatever stands before them.
    #[must_use]
    pub fn admitted(&self, space: &AddressSet) -> Admitted {
        self.through(space, None)
    }

    /// All that the groups and a network ACL let in from these addresses, the ACL's way back included.
    #[must_use]
    pub fn admitted_through(&self, acl: &NetworkAcl, family: Family, space: &AddressSet) -> Admitted {
        self.through(space, Some((acl, family)))
    }

    fn through(&self, space: &AddressSet, acl: Option<(&NetworkAcl, Family)>) -> Admitted {
        let mut admitted = Admitted { openings: Vec::new(), gaps: self.gaps.clone() };
        let named = acl.iter().flat_map(|(acl, _)| acl.entries.iter().map(|entry| entry.protocol));
        for protocol in every_protocol(self.protocols(), named) {
            let back = acl.map(|(acl, family)| answers(acl, family, protocol));
            admitted.gaps.extend(back.iter().flat_map(|back| back.gaps.clone()));
            let space = back.map_or_else(|| space.clone(), |back| back.allowed.intersect(space));
            let of_acl = acl.iter().flat_map(|(acl, _)| acl_edges(acl, Direction::Ingress, protocol));
            for ports in intervals(protocol, self.edges(protocol).chain(of_acl)) {
                let mut addresses = self.addresses(protocol, ports.first).intersect(&space);
                if let (Some((acl, family)), false) = (acl, addresses.is_empty()) {
                    let entry = decide(acl, Direction::Ingress, family, protocol, ports.first);
                    admitted.gaps.extend(entry.gaps);
                    addresses = addresses.intersect(&entry.allowed);
                }
                add_opening(&mut admitted.openings, Opening { protocol, ports, addresses });
            }
        }
        admitted.gaps.sort();
        admitted.gaps.dedup();
        admitted
    }
}

/// The protocols that rules tell apart, and the one that stands for all others.
pub(crate) fn every_protocol(
    rules: impl Iterator<Item = Protocol>,
    entries: impl Iterator<Item = Protocol>,
) -> impl Iterator<Item = Protocol> {
    let usual = [Protocol::TCP, Protocol::UDP, Protocol::ICMP, Protocol::ICMPV6, Protocol::All];
    let mut all: Vec<Protocol> = usual.into_iter().chain(rules).chain(entries).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
}

/// Where a range begins, and where what follows it does.
pub(crate) fn ends(ports: Ports) -> [u32; 2] {
    [u32::from(ports.first), u32::from(ports.last) + 1]
}

/// Ranges in their order, those that follow each other and have the same key as one.
pub(crate) fn joined<K: PartialEq>(parts: impl Iterator<Item = (K, Ports)>) -> Vec<(K, Ports)> {
    let mut ranges: Vec<(K, Ports)> = Vec::new();
    for (key, ports) in parts {
        match ranges.last_mut() {
            Some((last, range)) if *last == key && range.last.checked_add(1) == Some(ports.first) => {
                range.last = ports.last;
            }
            _ => ranges.push((key, ports)),
        }
    }
    ranges
}

/// The ranges of ports within which no rule changes. A protocol without ports has one.
pub(crate) fn intervals(protocol: Protocol, edges: impl Iterator<Item = u32>) -> Vec<Ports> {
    if !protocol.has_ports() {
        return vec![Ports::ALL];
    }
    let mut edges: Vec<u32> = edges.chain([0, 1 << 16]).collect();
    edges.sort_unstable();
    edges.dedup();
    let port = |edge: u32| u16::try_from(edge).unwrap_or(u16::MAX);
    edges.windows(2).map(|pair| Ports { first: port(pair[0]), last: port(pair[1] - 1) }).collect()
}

/// Ranges that touch and let the same addresses through are one.
fn add_opening(openings: &mut Vec<Opening>, next: Opening) {
    if next.addresses.is_empty() {
        return;
    }
    if let Some(last) = openings.last_mut() {
        let touches = last.protocol == next.protocol && last.ports.last.checked_add(1) == Some(next.ports.first);
        if touches && last.addresses == next.addresses {
            last.ports.last = next.ports.last;
            return;
        }
    }
    openings.push(next);
}

/// What a network ACL says of one protocol and port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AclDecision {
    /// The addresses that it lets through for certain.
    pub allowed: AddressSet,
    /// Why it may be more.
    pub gaps: Vec<Gap>,
}

fn speaks(entry: &AclEntry, direction: Direction, protocol: Protocol) -> bool {
    entry.is_egress == (direction == Direction::Egress) && entry.protocol.covers(protocol)
}

fn acl_edges(acl: &NetworkAcl, direction: Direction, protocol: Protocol) -> impl Iterator<Item = u32> {
    let entries = acl.entries.iter().filter(move |entry| speaks(entry, direction, protocol));
    entries.flat_map(|entry| ends(entry.ports))
}

/// Goes through the entries by number: for every address the first that fits decides, and none means no.
#[must_use]
pub fn decide(acl: &NetworkAcl, direction: Direction, family: Family, protocol: Protocol, port: u16) -> AclDecision {
    let mut rest = AddressSet::whole(family);
    let mut decision = AclDecision::default();
    for entry in acl.entries.iter().filter(|entry| speaks(entry, direction, protocol) && entry.ports.contain(port)) {
        let Some(block) = entry.block else {
            let what =
                format!("whom entry {} of {} is for is not known before Terraform is applied", entry.number, acl.id);
            decision.gaps.push(Gap::NotUnderstood(what));
            break;
        };
        if block.family() != family {
            continue;
        }
        let block = AddressSet::from(block);
        if entry.allows {
            decision.allowed = decision.allowed.union(&rest.intersect(&block));
        }
        rest = rest.subtract(&block);
        if rest.is_empty() {
            break;
        }
    }
    decision
}

/// The entry that decides for one address, protocol and port; `None` if none fits or it is not known whom an earlier one is for.
#[must_use]
pub fn deciding_entry(
    acl: &NetworkAcl,
    direction: Direction,
    (family, address): (Family, u128),
    protocol: Protocol,
    port: u16,
) -> Option<&AclEntry> {
    let fits = |entry: &&AclEntry| {
        let is_for = |block: Prefix| block.family() == family && block.first() <= address && address <= block.last();
        speaks(entry, direction, protocol) && entry.ports.contain(port) && entry.block.is_none_or(is_for)
    };
    acl.entries.iter().find(fits).filter(|entry| entry.block.is_some())
}

/// The addresses that an answer can be sent to, from whichever port they asked.
#[must_use]
pub fn answers(acl: &NetworkAcl, family: Family, protocol: Protocol) -> AclDecision {
    answers_by(acl, Direction::Egress, family, protocol)
}

/// The addresses with which answers can be exchanged: those that one gives (egress), or those that one gets (ingress).
#[must_use]
pub fn answers_by(acl: &NetworkAcl, direction: Direction, family: Family, protocol: Protocol) -> AclDecision {
    if !protocol.has_ports() {
        return decide(acl, direction, family, protocol, 0);
    }
    let edges = acl_edges(acl, direction, protocol).chain([u32::from(EPHEMERAL.first)]);
    let clients = intervals(protocol, edges).into_iter().filter(|ports| EPHEMERAL.contain(ports.first));
    let mut all = AclDecision::default();
    for ports in clients {
        let one = decide(acl, direction, family, protocol, ports.first);
        all.allowed = all.allowed.union(&one.allowed);
        all.gaps.extend(one.gaps);
    }
    all.gaps.sort();
    all.gaps.dedup();
    all
}

#[cfg(test)]
mod tests;

//! What security groups and network ACLs let through, exact to the single port and address. Pure.
//!
//! Source: Amazon VPC User Guide, "Security group rules" and "Network ACL rules".

mod acl;
mod sweep;

use std::collections::BTreeMap;

use crate::address::prefix::{Family, Prefix};
use crate::address::set::AddressSet;
use crate::inventory::gap::Gap;
use crate::inventory::{Inventory, NetworkInterface, Peer, Permission, Ports, Protocol};

pub use acl::{AclDecision, AclTable, EPHEMERAL, answers_by, decide, deciding_entry};

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
    /// What is let through at most: as if everything that is not known let everybody through.
    pub possible: Vec<Opening>,
    /// Why there may be more than is certain.
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

/// The addresses that are asked about.
#[derive(Clone, Debug)]
pub struct Space {
    /// Those that can come in, as far as routes go.
    pub certain: AddressSet,
    /// Those and the ones that may be able to.
    pub possible: AddressSet,
}

/// The rules of the groups of one interface. Rules for the same protocol and ports are one.
#[derive(Clone, Debug)]
pub struct GroupRules<'a> {
    family: Family,
    rules: Vec<Rule>,
    /// Rules of which it is not known whom they let in; `None` for a group of which nothing is known.
    doubts: Vec<(Option<&'a Permission>, Gap)>,
    gaps: Vec<Gap>,
}

#[derive(Clone, Debug)]
struct Rule {
    protocol: Protocol,
    ports: Ports,
    addresses: AddressSet,
}

impl<'a> GroupRules<'a> {
    /// Puts the rules of groups together, as far as they name addresses: whoever has another group is no address.
    #[must_use]
    pub fn of(inventory: &'a Inventory, groups: &[String], direction: Direction, family: Family) -> Self {
        let mut blocks: BTreeMap<(Protocol, Ports), Vec<Prefix>> = BTreeMap::new();
        let mut doubts: Vec<(Option<&Permission>, Gap)> = Vec::new();
        for id in groups {
            let group = match inventory.security_groups.find(id) {
                Ok(group) => group,
                Err(gap) => {
                    doubts.push((None, gap));
                    continue;
                }
            };
            let permissions = match direction {
                Direction::Ingress => &group.ingress,
                Direction::Egress => &group.egress,
            };
            for permission in permissions {
                for peer in &permission.peers {
                    match peers(inventory, peer, id) {
                        Ok(named) => {
                            let mut named = named.iter().copied().filter(|block| block.family() == family).peekable();
                            if named.peek().is_some() {
                                blocks.entry((permission.protocol, permission.ports)).or_default().extend(named);
                            }
                        }
                        Err(gap) => doubts.push((Some(permission), gap)),
                    }
                }
            }
        }
        let rules = blocks.into_iter().map(|((protocol, ports), blocks)| {
            let addresses = AddressSet::of_prefixes(blocks);
            Rule { protocol, ports, addresses }
        });
        let gaps = doubts.iter().map(|(_, gap)| gap.clone()).collect();
        Self { family, rules: rules.collect(), doubts, gaps }
    }

    /// What the groups of an interface let in. What has none is open to everybody.
    #[must_use]
    pub fn of_interface(inventory: &'a Inventory, interface: &NetworkInterface, family: Family) -> Self {
        if interface.groups.is_empty() && !interface.has_unknown_groups {
            return Self::anyone(family);
        }
        let mut rules = Self::of(inventory, &interface.groups, Direction::Ingress, family);
        if interface.has_unknown_groups {
            let gap = Gap::NotUnderstood(format!("which security groups {} has is not said", interface.id));
            rules.gaps.push(gap.clone());
            rules.doubts.push((None, gap));
        }
        rules
    }

    /// The rules of what has no group: everybody may speak to it.
    #[must_use]
    pub fn anyone(family: Family) -> Self {
        let rule = Rule { protocol: Protocol::All, ports: Ports::ALL, addresses: AddressSet::whole(family) };
        Self { family, rules: vec![rule], doubts: Vec::new(), gaps: Vec::new() }
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
        let speak = self.rules.iter().filter(|rule| rule.protocol.covers(protocol) && rule.ports.contain(port));
        AddressSet::of_sets(speak.map(|rule| &rule.addresses))
    }

    /// The protocols that it tells apart.
    fn protocols(&self) -> impl Iterator<Item = Protocol> {
        let doubts = self.doubts.iter().filter_map(|(permission, _)| permission.map(|permission| permission.protocol));
        self.rules.iter().map(|rule| rule.protocol).chain(doubts)
    }

    /// All that the groups let through from or to these addresses, whatever stands before them.
    #[must_use]
    pub fn admitted(&self, space: &AddressSet) -> Admitted {
        self.admitted_from(&Space::known(space.clone()), None)
    }

    /// All that the groups and a network ACL let in, its way back included.
    #[must_use]
    pub fn admitted_from(&self, space: &Space, acl: Option<&AclTable>) -> Admitted {
        sweep::sweep(self, space, acl)
    }
}

/// The blocks of a peer; none if it is no address.
fn peers<'a>(inventory: &'a Inventory, peer: &'a Peer, group: &str) -> Result<&'a [Prefix], Gap> {
    match peer {
        Peer::Block(block) => Ok(std::slice::from_ref(block)),
        Peer::PrefixList(id) => inventory.prefix_lists.find(id).map(|list| list.blocks.as_slice()),
        Peer::Group(_) => Ok(&[]),
        Peer::Unknown => {
            let what = format!("whom a rule of {group} is for is not known before Terraform is applied");
            Err(Gap::NotUnderstood(what))
        }
    }
}

impl Space {
    /// Addresses of which all is known.
    #[must_use]
    pub fn known(addresses: AddressSet) -> Self {
        Self { certain: addresses.clone(), possible: addresses }
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

#[cfg(test)]
mod tests;

//! What a network ACL lets through, entry by entry. Pure.
//!
//! Source: Amazon VPC User Guide, "Network ACL rules".

use std::collections::BTreeMap;

use super::{Direction, ends, every_protocol, intervals};
use crate::address::prefix::{Family, Prefix};
use crate::address::set::AddressSet;
use crate::inventory::gap::Gap;
use crate::inventory::{AclEntry, NetworkAcl, Ports, Protocol};

/// The ports that clients send from. A network ACL keeps no state: it must let answers out to these. Source: Amazon VPC User Guide,
/// "Ephemeral ports": NAT gateways, load balancers and Lambda use all of them.
pub const EPHEMERAL: Ports = Ports { first: 1024, last: u16::MAX };

/// What a network ACL says of one protocol and port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AclDecision {
    /// The addresses that it lets through for certain.
    pub allowed: AddressSet,
    /// Those that may be let through: an entry of which it is not known whom it is for comes before any that decides.
    pub undecided: AddressSet,
    /// Why it may be more.
    pub gaps: Vec<Gap>,
}

impl AclDecision {
    /// What no ACL stands before.
    pub(super) fn all(family: Family) -> Self {
        Self { allowed: AddressSet::whole(family), ..Self::default() }
    }

    /// The addresses that it lets through at most.
    pub(super) fn possible(&self) -> AddressSet {
        if self.undecided.is_empty() { self.allowed.clone() } else { self.allowed.union(&self.undecided) }
    }
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
            decision.undecided = rest;
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

/// The addresses with which answers can be exchanged by a client that asks from a usual port: those that one gives (egress), or those
/// that one gets (ingress).
#[must_use]
pub fn answers_by(acl: &NetworkAcl, direction: Direction, family: Family, protocol: Protocol) -> AclDecision {
    if !protocol.has_ports() {
        return decide(acl, direction, family, protocol, 0);
    }
    let edges = acl_edges(acl, direction, protocol).chain([u32::from(EPHEMERAL.first)]);
    let clients = intervals(protocol, edges).into_iter().filter(|ports| EPHEMERAL.contain(ports.first));
    at_any(clients.map(|ports| decide(acl, direction, family, protocol, ports.first)))
}

/// The addresses to which an answer of TCP gets out at all.
///
/// Who means harm chooses the port that he asks from: one port to which the ACL lets out is enough, 443 as well as one above 1023.
#[must_use]
pub(super) fn answered(acl: &NetworkAcl, family: Family) -> AclDecision {
    let (direction, protocol) = (Direction::Egress, Protocol::TCP);
    let all = intervals(protocol, acl_edges(acl, direction, protocol)).into_iter();
    at_any(all.map(|ports| decide(acl, direction, family, protocol, ports.first)))
}

/// What is let through at one of several ports at least.
fn at_any(decisions: impl Iterator<Item = AclDecision>) -> AclDecision {
    let mut all = AclDecision::default();
    for one in decisions {
        all.allowed = all.allowed.union(&one.allowed);
        all.undecided = all.undecided.union(&one.undecided);
        all.gaps.extend(one.gaps);
    }
    all.undecided = all.undecided.subtract(&all.allowed);
    all.gaps.sort();
    all.gaps.dedup();
    all
}

/// A network ACL as seen by who attacks: what it lets in at each port, and to whom answers get out.
///
/// Only TCP needs an answer: there is no conversation without one. A datagram of UDP, of ICMP or of any other protocol has done its work when it
/// comes in.
#[derive(Clone, Debug)]
pub struct AclTable {
    ingress: BTreeMap<Protocol, Vec<(Ports, AclDecision)>>,
    pub(super) answered: AclDecision,
}

impl AclTable {
    /// Works out what an ACL says of every protocol and port.
    #[must_use]
    pub fn new(acl: &NetworkAcl, family: Family) -> Self {
        let named = acl.entries.iter().map(|entry| entry.protocol);
        let ingress = every_protocol(std::iter::empty(), named).map(|protocol| {
            let ports = intervals(protocol, acl_edges(acl, Direction::Ingress, protocol)).into_iter();
            let decisions = ports.map(|ports| (ports, decide(acl, Direction::Ingress, family, protocol, ports.first)));
            (protocol, decisions.collect())
        });
        Self { ingress: ingress.collect(), answered: answered(acl, family) }
    }

    /// The protocols that it tells apart.
    pub(super) fn protocols(&self) -> impl Iterator<Item = Protocol> {
        self.ingress.keys().copied()
    }

    /// What it lets in of a protocol, by ports; all of them, in order.
    pub(super) fn ingress(&self, protocol: Protocol) -> &[(Ports, AclDecision)] {
        // What no entry names is decided by those for all protocols.
        let decisions = self.ingress.get(&protocol).or_else(|| self.ingress.get(&Protocol::All));
        decisions.map(Vec::as_slice).unwrap_or_default()
    }
}

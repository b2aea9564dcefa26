//! What is one hop away from the internet, as it is written.

use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::finding::Resource;
use crate::exposure::hop::{Hop, hops};
use crate::exposure::purpose::purpose;
use crate::facts::Facts;
use crate::inventory::{NetworkInterface, Peer};

/// A rule by which exposed things can speak to things that are not exposed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HopReport {
    /// What is exposed: the first few.
    pub from: Vec<Resource>,
    /// How many there are.
    pub from_count: usize,
    /// What can be reached from there: the first few.
    pub to: Vec<Resource>,
    /// How many there are.
    pub to_count: usize,
    /// `tcp` and the like.
    pub protocol: String,
    /// `5432`, `all ports`.
    pub ports: String,
    /// The security group that lets them in.
    pub by: Resource,
    /// Whom its rule names: a security group or a block.
    pub peer: String,
}

/// All hops of a region.
pub(super) fn of(facts: &Facts<'_>) -> Vec<HopReport> {
    hops(facts).iter().map(|hop| report(facts, hop)).collect()
}

fn report(facts: &Facts<'_>, hop: &Hop<'_>) -> HopReport {
    let label =
        |interface: &NetworkInterface| Resource::new(&interface.id, Some(&purpose(facts.inventory, interface).label()));
    HopReport {
        from: hop.from.iter().map(|exposure| label(exposure.interface)).collect(),
        from_count: hop.from_count,
        to: hop.to.iter().map(|interface| label(interface)).collect(),
        to_count: hop.to_count,
        protocol: hop.protocol.to_string(),
        ports: hop.ports.to_string(),
        by: Resource::new(&hop.by.id, Some(hop.by.label())),
        peer: match hop.peer {
            Peer::Block(block) => block.to_string(),
            Peer::PrefixList(id) | Peer::Group(id) => id.clone(),
            Peer::Unknown => String::new(),
        },
    }
}

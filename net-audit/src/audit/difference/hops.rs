//! What can be reached one hop behind what is exposed: hops that came, and hops that went.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::identity::identity;
use super::{Direction, HopChange, scoped};
use crate::audit::RegionAudit;
use crate::audit::finding::Resource;
use crate::exposure::hop::{Hop, hops};
use crate::exposure::purpose::Purpose;
use crate::exposure::{Exposure, Verdict};
use crate::facts::Facts;
use crate::inventory::Peer;

/// By which rule a hop is possible: region, group, peer, traffic.
type ByRule = (String, String, String, String);
/// Between which things it is: region, both titles, traffic. A rule that says the same in other words makes no difference.
type Between = (String, String, String, String);

/// A hop, told.
struct Told {
    by_rule: ByRule,
    between: Between,
    by: Resource,
    is_store: bool,
    /// By what its sources are known again on the other side.
    sources: Vec<String>,
}

/// The hops of one side, and what cannot be told of them.
#[derive(Default)]
struct Side {
    told: BTreeMap<ByRule, Told>,
    between: HashSet<Between>,
    /// Regions of which no hop can be told.
    unlisted: BTreeSet<String>,
    /// What may be exposed or not.
    doubtful: HashSet<(String, String)>,
}

impl Side {
    fn of<'a>(side: &'a [RegionAudit<'a>], other: &[RegionAudit<'_>]) -> Self {
        let mut all = Self::default();
        for (scope, audit) in scoped(side, other) {
            let (facts, inventory) = (&audit.facts, audit.facts.inventory);
            if inventory.security_groups.known().is_err() || inventory.network_interfaces.known().is_err() {
                all.unlisted.insert(scope.clone());
            }
            let doubtful = facts.exposures.iter().filter(|exposure| matches!(exposure.verdict, Verdict::Unknown(_)));
            all.doubtful.extend(doubtful.map(|exposure| (scope.clone(), identity(exposure))));
            let stores = stores(facts);
            for hop in hops(facts) {
                let told = told(facts, &scope, &hop, &stores);
                all.between.insert(told.between.clone());
                all.told.entry(told.by_rule.clone()).or_insert(told);
            }
        }
        all
    }

    fn has(&self, hop: &Told) -> bool {
        self.told.contains_key(&hop.by_rule) || self.between.contains(&hop.between)
    }

    /// Whether it may have the hop, for all that is known.
    fn may_have(&self, hop: &Told) -> bool {
        let scope = &hop.by_rule.0;
        self.unlisted.contains(scope)
            || hop.sources.iter().any(|source| self.doubtful.contains(&(scope.clone(), source.clone())))
    }
}

/// By group: what holds data and is not exposed, the first of them.
fn stores<'a>(facts: &'a Facts<'a>) -> HashMap<&'a str, &'a Exposure<'a>> {
    let mut stores = HashMap::new();
    let hidden = facts.exposures.iter().filter(|exposure| exposure.verdict != Verdict::Exposed);
    for exposure in hidden.filter(|exposure| matches!(*exposure.purpose, Purpose::Store { .. })) {
        for group in &exposure.interface.groups {
            stores.entry(group.as_str()).or_insert(exposure);
        }
    }
    stores
}

fn told(facts: &Facts<'_>, scope: &str, hop: &Hop<'_>, stores: &HashMap<&str, &Exposure<'_>>) -> Told {
    let store = stores.get(hop.by.id.as_str());
    let from = hop.from.first().map(|exposure| exposure.purpose.label()).unwrap_or_default();
    let target = store.map(|store| store.purpose.label()).or_else(|| {
        let id = hop.to.first()?.id.as_str();
        let at = facts.exposures.partition_point(|exposure| exposure.interface.id.as_str() < id);
        facts.exposures.get(at).map(|exposure| exposure.purpose.label())
    });
    let traffic = hop.protocol.with(hop.ports);
    let peer = match hop.peer {
        Peer::Block(block) => block.to_string(),
        Peer::Group(id) | Peer::PrefixList(id) => id.clone(),
        Peer::Unknown => String::new(),
    };
    Told {
        by_rule: (scope.to_owned(), hop.by.id.clone(), peer, traffic.clone()),
        between: (scope.to_owned(), from, target.unwrap_or_default(), traffic),
        by: Resource::new(hop.by.id.as_str(), Some(hop.by.label())),
        is_store: store.is_some(),
        sources: hop.from.iter().map(|exposure| identity(exposure)).collect(),
    }
}

/// Compares what is one hop behind what is exposed.
pub(super) fn compare(old: &[RegionAudit<'_>], new: &[RegionAudit<'_>]) -> Vec<HopChange> {
    let (before, after) = (Side::of(old, new), Side::of(new, old));
    let came = after.told.values().filter(|hop| !before.has(hop)).map(|hop| {
        let direction = match (before.may_have(hop), hop.is_store) {
            (true, _) => Direction::KnownNow,
            (false, true) => Direction::Worse,
            (false, false) => Direction::Came,
        };
        change(hop, direction)
    });
    let went = before.told.values().filter(|hop| !after.has(hop)).map(|hop| {
        let direction = match (after.may_have(hop), hop.is_store) {
            (true, _) => Direction::Unknown,
            (false, true) => Direction::Better,
            (false, false) => Direction::Went,
        };
        change(hop, direction)
    });
    let mut changes: Vec<HopChange> = came.chain(went).collect();
    changes.sort();
    // Several rules may say the same.
    changes.dedup();
    changes
}

fn change(hop: &Told, direction: Direction) -> HopChange {
    let (_, from, to, traffic) = hop.between.clone();
    HopChange { direction, to, from, traffic, by: hop.by.clone(), is_store: hop.is_store }
}

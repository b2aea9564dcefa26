//! What the internet reaches: newly, no more, wider, narrower.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::identity::identity;
use super::{Change, ExposureChange, OpenTraffic, scoped};
use crate::address::prefix::Family;
use crate::address::set::AddressSet;
use crate::audit::RegionAudit;
use crate::audit::finding::Resource;
use crate::exposure::traffic::{Opening, ends, every_protocol, intervals, joined};
use crate::exposure::{Condition, Coverage, Exposure, Verdict};
use crate::inventory::gap::Gap;
use crate::inventory::{Ports, Protocol};

/// All interfaces that are one thing, in one family.
#[derive(Default)]
struct Thing<'a> {
    exposures: Vec<&'a Exposure<'a>>,
}

type Things<'a> = BTreeMap<(String, String, Family), Thing<'a>>;

/// What is exposed or may be: most is stopped before and after, and need not be told apart.
fn things<'a>(side: &'a [RegionAudit<'a>], other: &[RegionAudit<'_>]) -> Things<'a> {
    let mut things = Things::new();
    for (scope, audit) in scoped(side, other) {
        let reached = audit.facts.exposures.iter().filter(|exposure| !matches!(exposure.verdict, Verdict::Stopped(_)));
        for exposure in reached {
            let key = (scope.clone(), identity(exposure), exposure.family);
            things.entry(key).or_default().exposures.push(exposure);
        }
    }
    things
}

/// Adds what was reached on the other side and is stopped on this one.
fn add_stopped<'a>(
    things: &mut Things<'a>,
    reached: &Things<'_>,
    side: &'a [RegionAudit<'a>],
    other: &[RegionAudit<'_>],
) {
    let closed: HashSet<_> = reached.keys().filter(|key| !things.contains_key(*key)).cloned().collect();
    if closed.is_empty() {
        return;
    }
    for (scope, audit) in scoped(side, other) {
        for exposure in &audit.facts.exposures {
            let key = (scope.clone(), identity(exposure), exposure.family);
            if closed.contains(&key) {
                things.entry(key).or_default().exposures.push(exposure);
            }
        }
    }
}

impl<'a> Thing<'a> {
    fn exposed(&self) -> impl Iterator<Item = &'a Exposure<'a>> {
        self.exposures.iter().copied().filter(|exposure| exposure.verdict == Verdict::Exposed)
    }

    fn is_exposed(&self) -> bool {
        self.exposed().next().is_some()
    }

    fn is_unknown(&self) -> bool {
        !self.is_exposed() && self.exposures.iter().any(|exposure| matches!(exposure.verdict, Verdict::Unknown(_)))
    }

    fn openings(&self) -> impl Iterator<Item = &'a Opening> {
        self.exposed().flat_map(|exposure| exposure.openings.iter())
    }

    fn gaps(&self) -> impl Iterator<Item = &'a Gap> {
        self.exposures.iter().flat_map(|exposure| match &exposure.verdict {
            Verdict::Unknown(gaps) => gaps.as_slice(),
            Verdict::Exposed | Verdict::Stopped(_) => &[],
        })
    }

    fn stopped_by(&self) -> Option<Condition> {
        self.exposures.iter().find_map(|exposure| match exposure.verdict {
            Verdict::Stopped(condition) => Some(condition),
            Verdict::Exposed | Verdict::Unknown(_) => None,
        })
    }
}

/// Compares what is exposed, and says why nothing could be compared, and what is missing to tell what became of something.
pub(super) fn compare<'a>(
    old: &'a [RegionAudit<'a>],
    new: &'a [RegionAudit<'a>],
) -> (Vec<ExposureChange>, Vec<Gap>, Vec<Gap>) {
    let unlisted = |audits: &[RegionAudit<'_>]| {
        let gaps = audits.iter().filter_map(|audit| audit.facts.inventory.network_interfaces.known().err());
        gaps.collect::<Vec<Gap>>()
    };
    let gaps: Vec<Gap> = unlisted(old).into_iter().chain(unlisted(new)).collect();
    if !gaps.is_empty() {
        // What is not listed has neither gone nor come.
        return (Vec::new(), gaps, Vec::new());
    }
    let (before, mut after) = (things(old, new), things(new, old));
    add_stopped(&mut after, &before, new, old);
    let keys: BTreeSet<&(String, String, Family)> = before.keys().chain(after.keys()).collect();
    let none = Thing::default();
    let (mut changes, mut missing): (Vec<ExposureChange>, Vec<Gap>) = (Vec::new(), Vec::new());
    for key in keys {
        let (was, is) = (before.get(key).unwrap_or(&none), after.get(key).unwrap_or(&none));
        let Some(change) = change(was, is, key.2) else { continue };
        match change.change {
            Change::KnownNow => missing.extend(was.gaps().cloned()),
            Change::Unknown => missing.extend(is.gaps().cloned()),
            _ => {}
        }
        changes.push(change);
    }
    changes.sort_by(|one, other| sort_key(one).cmp(&sort_key(other)));
    (changes, gaps, missing)
}

fn sort_key(change: &ExposureChange) -> (Change, &str, &str, &str, Family) {
    (change.change, &change.title, &change.subnet, &change.interface.id, change.family)
}

fn change(was: &Thing<'_>, is: &Thing<'_>, family: Family) -> Option<ExposureChange> {
    let change = match (was.is_exposed(), is.is_exposed()) {
        (false, true) if was.is_unknown() && within(is, was, family) => Change::KnownNow,
        (false, true) => Change::NewlyExposed,
        (_, false) if is.is_unknown() && !was.is_unknown() => Change::Unknown,
        (true, false) => Change::NoLongerExposed,
        (true, true) => changed(was, is, family)?,
        (false, false) => return None,
    };
    let shown = if is.exposures.is_empty() { was } else { is };
    let exposure = shown.exposed().next().or_else(|| shown.exposures.first().copied())?;
    let interface = exposure.interface;
    Some(ExposureChange {
        title: exposure.purpose.label(),
        interface: Resource::new(interface.id.as_str(), interface.name()),
        subnet: interface.subnet.clone(),
        family,
        change,
        before: reports(was, family),
        after: reports(is, family),
        stopped_by: if change == Change::NoLongerExposed { is.stopped_by() } else { None },
    })
}

/// Protocols and ports within which neither side changes.
fn parts(openings: &[&Opening]) -> Vec<(Protocol, Ports)> {
    let protocols = every_protocol(openings.iter().map(|opening| opening.protocol), std::iter::empty());
    let parts = protocols.flat_map(|protocol| {
        let of_it = openings.iter().filter(move |opening| opening.protocol == protocol);
        intervals(protocol, of_it.flat_map(|opening| ends(opening.ports)))
            .into_iter()
            .map(move |ports| (protocol, ports))
    });
    parts.collect()
}

/// The addresses to which a part is open.
fn addresses(openings: &[&Opening], protocol: Protocol, port: u16) -> AddressSet {
    let is_named = openings.iter().any(|opening| opening.protocol == protocol);
    let has_own_rules = protocol.has_ports() || matches!(protocol, Protocol::ICMP | Protocol::ICMPV6);
    // What no opening names is meant by the one that stands for all others.
    let meant = if is_named || has_own_rules { protocol } else { Protocol::All };
    let of_it = openings.iter().filter(|opening| opening.protocol == meant && opening.ports.contain(port));
    of_it.fold(AddressSet::default(), |all, opening| all.union(&opening.addresses))
}

/// Whether all that is open may have been so before, for all that was known.
fn within(is: &Thing<'_>, was: &Thing<'_>, family: Family) -> bool {
    let new: Vec<&Opening> = is.openings().collect();
    let old: Vec<&Opening> = was.exposures.iter().flat_map(|exposure| exposure.possible.iter()).collect();
    let both: Vec<&Opening> = old.iter().chain(&new).copied().collect();
    parts(&both).into_iter().all(|(protocol, ports)| {
        let (before, after) = (addresses(&old, protocol, ports.first), addresses(&new, protocol, ports.first));
        after.subtract(&before).intersect(&AddressSet::whole(family)).is_empty()
    })
}

/// What became of the openings of something that was and is exposed.
fn changed(was: &Thing<'_>, is: &Thing<'_>, family: Family) -> Option<Change> {
    let (old, new): (Vec<&Opening>, Vec<&Opening>) = (was.openings().collect(), is.openings().collect());
    if old == new {
        return None;
    }
    let (mut opened, mut closed) = (false, false);
    let both: Vec<&Opening> = old.iter().chain(&new).copied().collect();
    for (protocol, ports) in parts(&both) {
        let (before, after) = (addresses(&old, protocol, ports.first), addresses(&new, protocol, ports.first));
        opened |= !after.subtract(&before).intersect(&AddressSet::whole(family)).is_empty();
        closed |= !before.subtract(&after).intersect(&AddressSet::whole(family)).is_empty();
    }
    match (opened, closed) {
        (true, false) => Some(Change::Wider),
        (false, true) => Some(Change::Narrower),
        (true, true) => Some(Change::Changed),
        (false, false) => None,
    }
}

/// What is open, each range of ports once.
fn reports(thing: &Thing<'_>, family: Family) -> Vec<OpenTraffic> {
    let openings: Vec<&Opening> = thing.openings().collect();
    let open = parts(&openings).into_iter().filter_map(|(protocol, ports)| {
        let part = addresses(&openings, protocol, ports.first);
        (!part.is_empty()).then(|| ((protocol, Coverage::of(&part, family)), ports))
    });
    let open = joined(open).into_iter();
    open.map(|((protocol, coverage), ports)| OpenTraffic { traffic: protocol.with(ports), coverage }).collect()
}

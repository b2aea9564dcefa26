//! Groups and ACL laid over each other, from the lowest port to the highest: each rule is looked at where it begins and ends. Pure.

use super::{AclDecision, AclTable, Admitted, GroupRules, Opening, Rule, Space, ends, every_protocol, intervals};
use crate::address::set::AddressSet;
use crate::inventory::gap::Gap;
use crate::inventory::{Ports, Protocol};

/// What groups say of a range of ports.
struct Layer<'r> {
    ports: Ports,
    certain: AddressSet,
    /// Why it may be everybody.
    doubts: Vec<&'r Gap>,
}

/// What lies before the groups, in one protocol.
struct Before<'s> {
    space: &'s Space,
    /// To whom answers get out; `None` if none is needed.
    answered: Option<&'s AclDecision>,
}

pub(super) fn sweep(rules: &GroupRules<'_>, space: &Space, acl: Option<&AclTable>) -> Admitted {
    let mut admitted = Admitted::default();
    for protocol in every_protocol(rules.protocols(), acl.into_iter().flat_map(AclTable::protocols)) {
        let layers = layers(rules, protocol);
        let answered = acl.filter(|_| protocol == Protocol::TCP).map(|acl| &acl.answered);
        let before = Before { space, answered };
        let whole = [(Ports::ALL, AclDecision::all(rules.family))];
        let decisions = acl.map_or(&whole[..], |acl| acl.ingress(protocol));
        for (ports, layer, decision) in laid_over(&layers, decisions) {
            before.add(&mut admitted, rules, (protocol, ports), layer, decision);
        }
    }
    admitted.gaps.sort();
    admitted.gaps.dedup();
    admitted
}

/// The rules of groups by ports, in order: ranges within which none begins or ends.
fn layers<'r>(rules: &'r GroupRules<'_>, protocol: Protocol) -> Vec<Layer<'r>> {
    let mut speak: Vec<&Rule> = rules.rules.iter().filter(|rule| rule.protocol.covers(protocol)).collect();
    speak.sort_by_key(|rule| rule.ports.first);
    let doubts = rules.doubts.iter().filter(|(permission, _)| permission.is_none_or(|it| it.protocol.covers(protocol)));
    let doubts: Vec<(Ports, &Gap)> =
        doubts.map(|(permission, gap)| (permission.map_or(Ports::ALL, |it| it.ports), gap)).collect();
    let edges = speak.iter().map(|rule| rule.ports).chain(doubts.iter().map(|(ports, _)| *ports)).flat_map(ends);
    let ranges = intervals(protocol, edges);
    let mut next = speak.into_iter().peekable();
    let mut active: Vec<&Rule> = Vec::new();
    let layer = |ports: Ports| {
        active.retain(|rule| ports.first <= rule.ports.last);
        while let Some(rule) = next.next_if(|rule| rule.ports.first <= ports.first) {
            active.push(rule);
        }
        Layer {
            ports,
            certain: AddressSet::of_sets(active.iter().map(|rule| &rule.addresses)),
            doubts: doubts.iter().filter(|(range, _)| range.contain(ports.first)).map(|(_, gap)| *gap).collect(),
        }
    };
    ranges.into_iter().map(layer).collect()
}

/// Two divisions of all ports as one.
fn laid_over<'l, 'r>(
    layers: &'l [Layer<'r>],
    decisions: &'l [(Ports, AclDecision)],
) -> impl Iterator<Item = (Ports, &'l Layer<'r>, &'l AclDecision)> {
    let (mut layers, mut decisions) = (layers.iter().peekable(), decisions.iter().peekable());
    std::iter::from_fn(move || {
        let (layer, (range, decision)) = (*layers.peek()?, *decisions.peek()?);
        let last = layer.ports.last.min(range.last);
        let ports = Ports { first: layer.ports.first.max(range.first), last };
        layers.next_if(|layer| layer.ports.last == last);
        decisions.next_if(|(range, _)| range.last == last);
        Some((ports, layer, decision))
    })
}

impl Before<'_> {
    /// Adds what gets through at a range of ports, for certain and at most.
    fn add(
        &self,
        admitted: &mut Admitted,
        rules: &GroupRules<'_>,
        (protocol, ports): (Protocol, Ports),
        layer: &Layer<'_>,
        decision: &AclDecision,
    ) {
        if layer.certain.is_empty() && layer.doubts.is_empty() {
            return;
        }
        let mut certain = layer.certain.intersect(&self.space.certain).intersect(&decision.allowed);
        if let Some(answered) = self.answered {
            certain = certain.intersect(&answered.allowed);
        }
        let mut possible = if layer.doubts.is_empty() {
            layer.certain.intersect(&self.space.possible)
        } else {
            AddressSet::whole(rules.family).intersect(&self.space.possible)
        };
        possible = possible.intersect(&decision.possible());
        if let Some(answered) = self.answered {
            possible = possible.intersect(&answered.possible());
        }
        let more = possible.subtract(&certain);
        if !more.is_empty() {
            if !more.subtract(&layer.certain).is_empty() {
                admitted.gaps.extend(layer.doubts.iter().copied().cloned());
            }
            for decision in [Some(decision), self.answered].into_iter().flatten() {
                if !more.intersect(&decision.undecided).is_empty() {
                    admitted.gaps.extend(decision.gaps.iter().cloned());
                }
            }
        }
        add_opening(&mut admitted.openings, Opening { protocol, ports, addresses: certain });
        add_opening(&mut admitted.possible, Opening { protocol, ports, addresses: possible });
    }
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

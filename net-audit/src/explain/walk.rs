//! A way from one end to the other, step by step: what is asked of each, and what traffic is left after it.

use crate::address::prefix::Family;
use crate::address::set::AddressSet;
use crate::audit::finding::{Confidence, Resource};
use crate::exposure::traffic::{ends, every_protocol, intervals, joined};
use crate::inventory::gap::Gap;
use crate::inventory::{AclEntry, Permission, Ports, Protocol};

use super::{HopStep, Service, What};

/// So many openings are named; the rest is counted.
const NAMED: usize = 4;

/// Whether something holds and why, or what is missing to say it.
pub(super) type Answer = Result<(bool, String), Gap>;

/// Traffic of one protocol to some ports, between these addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flow {
    pub(super) protocol: Protocol,
    pub(super) ports: Ports,
    pub(super) sources: AddressSet,
    pub(super) destinations: AddressSet,
}

/// The end of a flow that a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Destination,
}

impl Flow {
    pub(super) fn side(&self, side: Side) -> &AddressSet {
        match side {
            Side::Source => &self.sources,
            Side::Destination => &self.destinations,
        }
    }

    fn with(&self, side: Side, addresses: AddressSet) -> Self {
        match side {
            Side::Source => Self { sources: addresses, ..self.clone() },
            Side::Destination => Self { destinations: addresses, ..self.clone() },
        }
    }
}

/// All traffic that is asked about, in parts within which no rule changes.
pub(super) fn flows(
    service: Option<Service>,
    (sources, destinations): (&AddressSet, &AddressSet),
    permissions: &[&Permission],
    entries: &[&AclEntry],
) -> Vec<Flow> {
    let flow = |protocol, ports| Flow { protocol, ports, sources: sources.clone(), destinations: destinations.clone() };
    if let Some(Service { protocol, port }) = service {
        return vec![flow(protocol, Ports::one(port))];
    }
    let of_rules = permissions.iter().map(|rule| rule.protocol);
    let protocols = every_protocol(of_rules, entries.iter().map(|entry| entry.protocol));
    let parts = protocols.flat_map(|protocol| {
        let rules = permissions.iter().filter(|rule| rule.protocol.covers(protocol)).map(|rule| rule.ports);
        let entries = entries.iter().filter(|entry| entry.protocol.covers(protocol)).map(|entry| entry.ports);
        intervals(protocol, rules.chain(entries).flat_map(ends)).into_iter().map(move |ports| (protocol, ports))
    });
    parts.map(|(protocol, ports)| flow(protocol, ports)).collect()
}

/// Traffic for people, each protocol and range of ports once.
pub(super) fn openings(flows: &[Flow]) -> Vec<String> {
    if flows.iter().any(|flow| flow.protocol == Protocol::All) {
        return vec!["everything".to_owned()];
    }
    let ranges = joined(flows.iter().map(|flow| (flow.protocol, flow.ports)));
    ranges.into_iter().map(|(protocol, ports)| protocol.with(ports)).collect()
}

/// The same in one line.
pub(super) fn told(flows: &[Flow]) -> String {
    let mut texts = openings(flows);
    if texts.len() > NAMED {
        let more = texts.len() - NAMED;
        texts.truncate(NAMED);
        texts.push(format!("{more} more"));
    }
    texts.join(", ")
}

/// Addresses for people.
pub(super) fn addresses(set: &AddressSet, family: Family) -> String {
    let blocks = set.prefixes(family);
    let single = |block: &crate::address::prefix::Prefix| {
        let text = block.to_string();
        let suffix = format!("/{}", family.bits());
        text.strip_suffix(&suffix).map_or(text.clone(), str::to_owned)
    };
    match blocks.as_slice() {
        [] => "nobody".to_owned(),
        blocks if blocks.len() > NAMED => "the internet".to_owned(),
        blocks => blocks.iter().map(single).collect::<Vec<_>>().join(", "),
    }
}

/// What lets some traffic through.
pub(super) trait Filter {
    /// The addresses at the other end that may pass for certain, and why it may be more.
    fn passes(&self, flow: &Flow) -> (AddressSet, Vec<Gap>);
    /// Why these pass.
    fn why(&self, flows: &[Flow]) -> String;
    /// Why none of these does.
    fn why_not(&self, flows: &[Flow]) -> String;
}

/// A way as far as it was gone.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub(super) family: Family,
    pub(super) steps: Vec<HopStep>,
    /// What is left of what was asked.
    pub(super) flows: Vec<Flow>,
    pub(super) stopped: bool,
    pub(super) gaps: Vec<Gap>,
    pub(super) confidence: Confidence,
    /// What was dropped on the way and might have passed.
    doubts: Vec<Gap>,
}

impl Walk {
    pub(super) fn new(family: Family, flows: Vec<Flow>) -> Self {
        let confidence = Confidence::High;
        Self { family, steps: Vec::new(), flows, stopped: false, gaps: Vec::new(), confidence, doubts: Vec::new() }
    }

    /// Whether the other end is reached; `None` if it cannot be said.
    pub(super) fn reaches(&self) -> Option<bool> {
        match (self.stopped, self.gaps.is_empty()) {
            (true, _) => Some(false),
            (false, true) => Some(true),
            (false, false) => None,
        }
    }

    /// How well it went: those that get further are greater.
    pub(super) fn rank(&self) -> (u8, usize) {
        let verdict = match self.reaches() {
            Some(true) => 2,
            None => 1,
            Some(false) => 0,
        };
        (verdict, self.steps.iter().filter(|step| step.holds == Some(true)).count())
    }

    /// Nothing beyond this rests on more than that.
    pub(super) fn trust_only(&mut self, confidence: Confidence) {
        self.confidence = self.confidence.min(confidence);
    }

    /// Asks one thing, unless the way has ended before.
    pub(super) fn ask(&mut self, what: What, resource: Option<Resource>, answer: Answer) {
        if self.stopped {
            return;
        }
        let (holds, because) = match answer {
            Ok((holds, because)) => (Some(holds), because),
            Err(gap) => {
                let because = gap.to_string();
                self.doubt(vec![gap]);
                (None, because)
            }
        };
        self.stopped = holds == Some(false);
        self.step(what, resource, holds, because);
    }

    fn doubt(&mut self, gaps: Vec<Gap>) {
        self.gaps.extend(gaps);
        self.gaps.sort();
        self.gaps.dedup();
    }

    fn step(&mut self, what: What, resource: Option<Resource>, holds: Option<bool>, because: String) {
        self.steps.push(HopStep { number: self.steps.len() + 1, what, resource, holds, because });
    }

    /// Lets a filter take its part of the traffic.
    pub(super) fn narrow(&mut self, what: What, resource: Option<Resource>, side: Side, filter: &dyn Filter) {
        if self.stopped {
            return;
        }
        let mut kept = Vec::new();
        let mut missing = Vec::new();
        for flow in &self.flows {
            let (passing, gaps) = filter.passes(flow);
            let part = flow.side(side).intersect(&passing);
            if part != *flow.side(side) {
                missing.extend(gaps);
            }
            if !part.is_empty() {
                kept.push(flow.with(side, part));
            }
        }
        if !kept.is_empty() {
            self.doubts.extend(missing);
            let because = filter.why(&kept);
            self.flows = kept;
            return self.step(what, resource, Some(true), because);
        }
        missing.extend(self.doubts.iter().cloned());
        if let Some(gap) = missing.first() {
            let because = gap.to_string();
            self.doubt(missing);
            return self.step(what, resource, None, because);
        }
        self.stopped = true;
        let because = filter.why_not(&self.flows);
        self.step(what, resource, Some(false), because);
    }

    /// Goes on with other addresses at one end.
    pub(super) fn readdress(&mut self, side: Side, addresses: &AddressSet) {
        for flow in &mut self.flows {
            *flow = flow.with(side, addresses.clone());
        }
    }

    /// Keeps what has these addresses at one end; tells whether anything is left.
    pub(super) fn keep(&mut self, side: Side, addresses: &AddressSet) -> bool {
        let kept = self.flows.iter().map(|flow| flow.with(side, flow.side(side).intersect(addresses)));
        let kept: Vec<Flow> = kept.filter(|flow| !flow.side(side).is_empty()).collect();
        let any = !kept.is_empty();
        if any {
            self.flows = kept;
        }
        any
    }

    /// All addresses that are left at one end.
    pub(super) fn left(&self, side: Side) -> AddressSet {
        self.flows.iter().fold(AddressSet::default(), |all, flow| all.union(flow.side(side)))
    }
}

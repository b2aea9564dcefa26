//! Ways by one thing in between, a load balancer or a jump host: what may speak to the far end, looked up from that end's own rules, and can itself be reached.

use std::collections::{HashMap, HashSet};

use crate::address::prefix::{Family, Prefix};
use crate::address::set::AddressSet;
use crate::audit::finding::{Confidence, Resource};
use crate::exposure::purpose::Purpose;
use crate::exposure::traffic::Direction;
use crate::exposure::{Exposure, Verdict};
use crate::facts::Facts;
use crate::inventory::{Inventory, Peer, Permission, Tags};

use super::end::{End, Groups, Inside, ends, set_of};
use super::filter::permissions;
use super::thing::Found;
use super::walk::openings;
use super::{Alternative, HopStep, Service, What, attempt};

/// So many are told.
const TOLD: usize = 3;
/// So many are tried, the likeliest first.
const TRIED: usize = 200;

/// What was found of such ways.
#[derive(Default)]
pub(super) struct Ways {
    pub(super) told: Vec<Alternative>,
    /// Whether nothing was left out that could be one.
    is_all: bool,
}

impl Ways {
    /// Whether any way leads there, given what is known of the direct one.
    pub(super) fn reach(&self, directly: Option<bool>) -> Option<bool> {
        let mut answers = self.told.iter().map(|way| way.reaches).chain([directly]);
        if answers.clone().any(|answer| answer == Some(true)) {
            return Some(true);
        }
        (self.is_all && answers.all(|answer| answer == Some(false))).then_some(false)
    }
}

/// Finds ways by something in between, those for certain first, then by bastions and load balancers.
pub(super) fn ways<'a>(regions: &[&'a Facts<'a>], from: &Found<'a>, to: &Found<'a>, service: Option<Service>) -> Ways {
    let Some(sought) = Sought::at(to, service) else { return Ways::default() };
    let mut candidates: Vec<Inside<'a>> = Vec::new();
    let mut is_all = true;
    for facts in regions {
        let mut guests = Guests { inventory: facts.inventory, from, known: HashMap::new() };
        let suits = |exposure: &&Exposure<'a>| {
            can_jump(&exposure.purpose)
                && sought.hears(exposure)
                && !is_end(from, exposure)
                && !is_end(to, exposure)
                && guests.lets_in(exposure)
        };
        let exposures: Vec<&Exposure<'a>> = facts.exposures.iter().filter(suits).collect();
        let found = ends(facts, &exposures);
        is_all &= found.is_ok() && facts.inventory.network_interfaces.known().is_ok();
        candidates.extend(found.unwrap_or_default());
    }
    is_all &= candidates.len() <= TRIED;
    candidates.sort_by_cached_key(|candidate| (likelihood(candidate), candidate.resource()));
    let (mut certain, mut unsure) = (Vec::new(), Vec::new());
    for candidate in candidates.into_iter().take(TRIED) {
        // The nodes of a load balancer and the tasks of a service are one way, not several.
        let is_alone = matches!(candidate.purpose.as_deref(), Some(Purpose::Instance { .. }));
        let title = candidate.title();
        if !is_alone && certain.iter().any(|known: &Alternative| known.title == title) {
            continue;
        }
        let Some(alternative) = by(candidate, from, to, service) else { continue };
        if alternative.reaches == Some(true) {
            certain.push(alternative);
        } else {
            unsure.push(alternative);
        }
        if certain.len() == TOLD {
            break;
        }
    }
    certain.extend(unsure);
    certain.truncate(TOLD);
    Ways { told: certain, is_all }
}

/// Whether people or programs can speak on from there.
fn can_jump(purpose: &Purpose<'_>) -> bool {
    matches!(purpose, Purpose::Instance { .. } | Purpose::Task { .. } | Purpose::LoadBalancer { .. })
}

fn is_end(found: &Found<'_>, exposure: &Exposure<'_>) -> bool {
    let has = |inside: &Inside<'_>| inside.interfaces.iter().any(|interface| interface.id == exposure.interface.id);
    found.ends.iter().any(|end| matches!(end, End::Inside(inside) if has(inside)))
}

/// Bastions first, then load balancers, instances, and tasks.
fn likelihood(candidate: &Inside<'_>) -> u8 {
    match candidate.purpose.as_deref() {
        Some(Purpose::Instance { id, .. }) => {
            let instance = candidate.facts.inventory.instances.get(id);
            let tags = instance.map(|instance| &instance.tags);
            let interface = candidate.interfaces.first().map(|interface| &interface.tags);
            if tags.into_iter().chain(interface).any(says_bastion) { 0 } else { 2 }
        }
        Some(Purpose::LoadBalancer { .. }) => 1,
        _ => 3,
    }
}

fn says_bastion(tags: &Tags) -> bool {
    let says = |text: &str| {
        let text = text.to_lowercase();
        text.contains("bastion")
            || text.split(|letter: char| !letter.is_alphabetic()).any(|word| word.starts_with("jump"))
    };
    tags.iter().any(|(key, value)| says(key) || says(value))
}

/// Whom the far end lets in.
struct Sought<'a> {
    groups: HashSet<&'a str>,
    addresses: [(Family, AddressSet); 2],
    /// It has no groups, or they are not known.
    anyone: bool,
}

fn speaks(rule: &Permission, service: Option<Service>) -> bool {
    service.is_none_or(|service| rule.protocol.covers(service.protocol) && rule.ports.contain(service.port))
}

/// The addresses that the other end of a rule has.
fn blocks(inventory: &Inventory, peers: &[Peer], family: Family) -> AddressSet {
    let blocks = peers.iter().flat_map(|peer| match peer {
        Peer::Block(block) => vec![*block],
        Peer::PrefixList(id) => inventory.prefix_lists.get(id).map(|list| list.blocks.clone()).unwrap_or_default(),
        Peer::Group(_) | Peer::Unknown => Vec::new(),
    });
    AddressSet::of_prefixes(blocks.filter(|block| block.family() == family))
}

fn own(exposure: &Exposure<'_>, family: Family) -> AddressSet {
    let interface = exposure.interface;
    match family {
        Family::Ipv4 => AddressSet::of_prefixes(interface.private_addresses.iter().map(|ip| Prefix::ipv4(*ip, 32))),
        Family::Ipv6 => AddressSet::of_prefixes(interface.ipv6_addresses.iter().map(|ip| Prefix::ipv6(*ip, 128))),
    }
}

impl<'a> Sought<'a> {
    /// `None` if the far end is not inside.
    fn at(to: &Found<'a>, service: Option<Service>) -> Option<Self> {
        let empty = AddressSet::default;
        let mut sought = Self {
            groups: HashSet::new(),
            addresses: [(Family::Ipv4, empty()), (Family::Ipv6, empty())],
            anyone: false,
        };
        let mut any = false;
        for end in &to.ends {
            let End::Inside(inside) = end else { continue };
            any = true;
            let inventory = inside.facts.inventory;
            let known = |id: &String| inventory.security_groups.get(id).is_some();
            match inside.groups {
                Groups::Of(groups)
                    if !groups.is_empty() && groups.iter().all(known) && !inside.has_unknown_groups() => {}
                _ => sought.anyone = true,
            }
            let rules = permissions(inventory, inside.group_ids(), Direction::Ingress);
            for (_, rule) in rules.filter(|(_, rule)| speaks(rule, service)) {
                let named = rule.peers.iter().filter_map(|peer| match peer {
                    Peer::Group(id) => Some(id.as_str()),
                    _ => None,
                });
                sought.groups.extend(named);
                for (family, addresses) in &mut sought.addresses {
                    *addresses = addresses.union(&blocks(inventory, &rule.peers, *family));
                }
            }
        }
        any.then_some(sought)
    }

    fn hears(&self, exposure: &Exposure<'_>) -> bool {
        let interface = exposure.interface;
        let unsaid = interface.has_unknown_groups && !self.groups.is_empty();
        let named = || unsaid || interface.groups.iter().any(|group| self.groups.contains(group.as_str()));
        let by_address = || {
            let mut families = self.addresses.iter();
            families.any(|(family, addresses)| !own(exposure, *family).intersect(addresses).is_empty())
        };
        self.anyone || named() || by_address()
    }
}

/// Who lets the one in that begins, looked up once for each set of groups.
struct Guests<'g, 'a> {
    inventory: &'a Inventory,
    from: &'g Found<'a>,
    known: HashMap<&'a [String], bool>,
}

impl<'a> Guests<'_, 'a> {
    fn lets_in(&mut self, exposure: &Exposure<'a>) -> bool {
        let groups = exposure.interface.groups.as_slice();
        if self.from.ends.iter().any(|end| matches!(end, End::Internet(_))) {
            return !matches!(exposure.verdict, Verdict::Stopped(_));
        }
        if exposure.interface.has_unknown_groups {
            return true;
        }
        if let Some(known) = self.known.get(groups) {
            return *known;
        }
        let inventory = self.inventory;
        let all_known = groups.iter().all(|id| inventory.security_groups.get(id).is_some());
        let mut rules = permissions(inventory, groups, Direction::Ingress);
        let answer = groups.is_empty()
            || !all_known
            || rules.any(|(_, rule)| self.from.ends.iter().any(|end| fits(inventory, rule, end)));
        self.known.insert(groups, answer);
        answer
    }
}

fn fits(inventory: &Inventory, rule: &Permission, end: &End<'_>) -> bool {
    let meets = |family: Family, addresses: &AddressSet| {
        !blocks(inventory, &rule.peers, family).intersect(addresses).is_empty()
    };
    match end {
        End::Internet(_) => false,
        End::Elsewhere(address) => {
            let (family, set) = set_of(*address);
            meets(family, &set)
        }
        End::Inside(inside) => {
            let is_its = |id: &String| inside.has_unknown_groups() || inside.group_ids().contains(id);
            let named = |peer: &Peer| matches!(peer, Peer::Group(id) if is_its(id));
            let families = [Family::Ipv4, Family::Ipv6];
            rule.peers.iter().any(named) || families.into_iter().any(|family| meets(family, inside.addresses(family)))
        }
    }
}

/// The way by one thing in between, unless it is stopped.
fn by<'a>(host: Inside<'a>, from: &Found<'a>, to: &Found<'a>, service: Option<Service>) -> Option<Alternative> {
    let (title, jump_host) = (host.title(), host.resource());
    // Somebody logs in to an instance; a load balancer or a program passes on what it is told.
    let is_jump_host = matches!(host.purpose.as_deref(), Some(Purpose::Instance { .. }));
    let middle = Found {
        title: title.clone(),
        resource: jump_host.clone(),
        ends: vec![End::Inside(host)],
        service: None,
        gaps: Vec::new(),
        confidence: Confidence::High,
    };
    let (first, second) = (attempt(from, &middle, None)?, attempt(&middle, to, service)?);
    if first.walk.stopped || second.walk.stopped {
        return None;
    }
    let certain = first.walk.reaches() == Some(true) && second.walk.reaches() == Some(true);
    let reaches = certain.then_some(true);
    let (spoken_to, onward) = (openings(&first.walk.flows), openings(&second.walk.flows));
    let because = format!("{title} is reached on {}, and speaks on from there", spoken_to.join(", "));
    let between = HopStep {
        number: 0,
        what: if is_jump_host { What::JumpHost } else { What::Middlebox },
        resource: Some(Resource::clone(&jump_host)),
        holds: reaches,
        because,
    };
    let mut hops = first.walk.steps;
    hops.push(between);
    hops.extend(second.walk.steps);
    for (at, hop) in hops.iter_mut().enumerate() {
        hop.number = at + 1;
    }
    Some(Alternative { title, jump_host, openings: spoken_to, onward, reaches, hops })
}

//! The six conditions of one interface, one by one, and what each answer rests on.

use std::collections::HashMap;

use super::court::{Court, has_address, not_blocked, route, runs, unblocked};
use super::{Condition, Coverage, Exposure, Verdict, whole};
use crate::address::prefix::Family;
use crate::address::set::AddressSet;
use crate::exposure::purpose::Purpose;
use crate::exposure::traffic::{GroupRules, Opening, Space};
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{Attachment, PublicAccess};

/// An answer to one of the six conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The condition.
    pub condition: Condition,
    /// Whether it holds; `None` if it cannot be said.
    pub holds: Option<bool>,
    /// Why: the route, the address, the rule.
    pub because: String,
}

type Answer = Result<(bool, String), Gap>;

/// Asks conditions of many interfaces; what those say that share groups and subnet is worked out once.
pub struct Prover<'f, 'a> {
    court: Court<'f, 'a>,
    known: HashMap<(&'f [String], &'f str, Family, Condition), Answer>,
}

/// Asks all six conditions of an interface.
#[must_use]
pub fn prove(facts: &Facts<'_>, exposure: &Exposure<'_>) -> Vec<Step> {
    Prover::new(facts).prove(exposure)
}

/// Asks one condition of an interface.
#[must_use]
pub fn ask(facts: &Facts<'_>, exposure: &Exposure<'_>, condition: Condition) -> Step {
    Prover::new(facts).ask(exposure, condition)
}

impl<'f, 'a> Prover<'f, 'a> {
    /// Asks with these facts.
    #[must_use]
    pub fn new(facts: &'f Facts<'a>) -> Self {
        Self { court: Court::new(facts), known: HashMap::new() }
    }

    /// Asks all six conditions of an interface.
    #[must_use]
    pub fn prove(&mut self, exposure: &'f Exposure<'_>) -> Vec<Step> {
        Condition::ALL.into_iter().map(|condition| self.ask(exposure, condition)).collect()
    }

    /// Asks one condition of an interface.
    #[must_use]
    pub fn ask(&mut self, exposure: &'f Exposure<'_>, condition: Condition) -> Step {
        let answer = match condition {
            Condition::Route => self.by_route(exposure),
            Condition::Address => Ok(by_address(exposure)),
            Condition::SecurityGroup | Condition::NetworkAcl => self.by_rules(exposure, condition),
            Condition::BlockPublicAccess => by_block(exposure),
            Condition::Running => by_state(self.court.facts, exposure),
        };
        match answer {
            // Then there may be a way around it.
            Ok((false, because)) if let Verdict::Unknown(gaps) = &exposure.verdict => {
                let around = gaps.first().map(|gap| format!(", but {gap}")).unwrap_or_default();
                Step { condition, holds: None, because: format!("{because}{around}") }
            }
            Ok((holds, because)) => Step { condition, holds: Some(holds), because },
            Err(gap) => Step { condition, holds: None, because: gap.to_string() },
        }
    }

    fn by_route(&mut self, exposure: &'f Exposure<'_>) -> Answer {
        let facts = self.court.facts;
        let Exposure { interface, subnet, family, .. } = exposure;
        let holds = route(&self.court.reach(interface, *subnet, *family))?;
        let Some(verdict) = subnet.and_then(|subnet| unblocked(facts, subnet, *family)) else {
            return Ok((holds, format!("{} has no {family} addresses", interface.subnet)));
        };
        let strongest = verdict.proof.iter().max_by_key(|proof| proof.class);
        let table = facts.verdict(&interface.subnet).and_then(|verdict| verdict.route_table);
        let table = table.map(|table| table.table.id.as_str()).unwrap_or_default();
        let because = strongest.map_or_else(
            || format!("{} is {}: {table} has no route to the internet", interface.subnet, verdict.class),
            |proof| {
                let (to, by) = (proof.route.destination_name(), proof.route.target.id());
                format!("{} is {}: {table} sends {to} to {by}, and {}", interface.subnet, verdict.class, proof.because)
            },
        );
        Ok((holds, because))
    }

    /// Groups and ACL answer alike for all that share them.
    fn by_rules(&mut self, exposure: &'f Exposure<'_>, condition: Condition) -> Answer {
        let Exposure { interface, family, purpose, .. } = exposure;
        if condition == Condition::SecurityGroup && **purpose == Purpose::NatGateway {
            return Ok((false, "nobody can begin a conversation with a NAT gateway".to_owned()));
        }
        let key = (interface.groups.as_slice(), interface.subnet.as_str(), *family, condition);
        if let (Some(known), false) = (self.known.get(&key), interface.has_unknown_groups) {
            return known.clone();
        }
        let answer = match condition {
            Condition::SecurityGroup => self.by_group(exposure),
            _ => self.by_acl(exposure),
        };
        self.known.insert(key, answer.clone());
        answer
    }

    fn by_group(&mut self, exposure: &'f Exposure<'_>) -> Answer {
        let Exposure { interface, family, .. } = exposure;
        if interface.groups.is_empty() && !interface.has_unknown_groups {
            return Ok((true, "it has no security group, so nothing is held back".to_owned()));
        }
        let rules = GroupRules::of_interface(self.court.facts.inventory, interface, *family);
        let openings = rules.admitted(&self.asked_about(exposure)).openings;
        let groups = interface.groups.join(", ");
        if openings.is_empty() {
            return match rules.gaps().first() {
                Some(gap) => Err(gap.clone()),
                None => Ok((false, format!("{groups}: no rule lets an address of the internet in"))),
            };
        }
        Ok((true, format!("{groups}: {}", told(&openings, *family))))
    }

    /// What groups and ACL would let in does not depend on routes that lead nowhere.
    fn asked_about(&mut self, exposure: &'f Exposure<'_>) -> AddressSet {
        let Exposure { interface, subnet, family, .. } = exposure;
        let part = self.court.reach(interface, *subnet, *family).possible();
        if part.is_empty() { whole(*family).clone() } else { part }
    }

    /// What the ACL makes of what the groups let in; if they let nothing in, of everything.
    fn by_acl(&mut self, exposure: &'f Exposure<'_>) -> Answer {
        let Exposure { interface, family, .. } = exposure;
        let facts = self.court.facts;
        let acl = facts.inventory.index.acl_of_subnet(&interface.subnet).unwrap_or("its network ACL");
        let rules = GroupRules::of_interface(facts.inventory, interface, *family);
        let space = Space::known(self.asked_about(exposure));
        let of_groups = rules.admitted_from(&space, None);
        let anyone = GroupRules::anyone(*family);
        let asked = if of_groups.possible.is_empty() { &anyone } else { &rules };
        let through = self.court.admitted(interface, asked, *family, &space);
        let by_itself = self.court.admitted(interface, &anyone, *family, &space);
        if through.possible.is_empty() {
            return Ok((false, not_let_in(acl, by_itself.possible.is_empty())));
        }
        let let_in = if through.openings.is_empty() { by_itself.openings } else { through.openings };
        match self.court.acl(interface, *family).err().or_else(|| by_itself.gaps.into_iter().next()) {
            Some(gap) if let_in.is_empty() => Err(gap),
            _ => Ok((true, format!("{acl} lets through: {}", told(&let_in, *family)))),
        }
    }
}

/// Why an ACL keeps the internet out: by itself, or together with the groups.
fn not_let_in(acl: &str, by_itself: bool) -> String {
    if by_itself {
        return format!("{acl} lets no address of the internet in, or no answer of tcp out to it by any port");
    }
    format!("{acl} lets in nothing of what the security groups do, or no answer of tcp out to it by any port")
}

fn by_address(exposure: &Exposure<'_>) -> (bool, String) {
    let Exposure { interface, family, .. } = exposure;
    let holds = has_address(interface, *family);
    let known = interface.public_addresses.iter().map(|public| {
        public.address.map_or_else(|| "one that is given at apply".to_owned(), |address| address.to_string())
    });
    let because = match (family, holds) {
        (Family::Ipv4, true) => format!("it has {}", known.collect::<Vec<_>>().join(", ")),
        (Family::Ipv4, false) => "it has no public IPv4 address".to_owned(),
        (Family::Ipv6, true) => {
            let addresses: Vec<String> = interface.ipv6_addresses.iter().map(ToString::to_string).collect();
            format!("it has {}", addresses.join(", "))
        }
        (Family::Ipv6, false) => "it has no global IPv6 address".to_owned(),
    };
    (holds, because)
}

fn by_block(exposure: &Exposure<'_>) -> Answer {
    let Some(subnet) = exposure.subnet else {
        return Ok((true, "nothing is known of it".to_owned()));
    };
    let holds = not_blocked(subnet)?;
    let because = match subnet.public_access {
        PublicAccess::IngressBlocked => "VPC Block Public Access is block-ingress here",
        PublicAccess::Blocked => "VPC Block Public Access is block-bidirectional here",
        PublicAccess::Allowed | PublicAccess::Unrecognised(_) => "VPC Block Public Access is off here",
    };
    Ok((holds, because.to_owned()))
}

fn by_state(facts: &Facts<'_>, exposure: &Exposure<'_>) -> Answer {
    let holds = runs(facts, exposure.interface)?;
    let because = match &exposure.interface.attachment {
        Attachment::Detached => "it is attached to nothing".to_owned(),
        Attachment::Unsaid => "it is in use".to_owned(),
        Attachment::Service => "AWS runs what it is attached to".to_owned(),
        Attachment::Instance(id) => {
            let state = facts.inventory.instances.get(id).map_or("unknown", |instance| instance.state.as_str());
            format!("{id} is {state}")
        }
    };
    Ok((holds, because))
}

/// Openings for people: `tcp 22 from anywhere, tcp 5432 from 198.51.100.0/24`.
#[must_use]
pub(super) fn told(openings: &[Opening], family: Family) -> String {
    let everything = openings.iter().any(|opening| opening.protocol == crate::inventory::Protocol::All);
    let shown = openings.iter().filter(|opening| !everything || opening.protocol == crate::inventory::Protocol::All);
    let texts: Vec<String> = shown
        .map(|opening| format!("{} from {}", opening.protocol.with(opening.ports), from(opening, family)))
        .collect();
    texts.join(", ")
}

fn from(opening: &Opening, family: Family) -> String {
    if Coverage::of(&opening.addresses, family) == Coverage::Any {
        return "anywhere".to_owned();
    }
    let blocks = opening.addresses.prefixes(family);
    let shown: Vec<String> = blocks.iter().take(3).map(ToString::to_string).collect();
    let more = if blocks.len() > 3 { format!(" and {} more blocks", blocks.len() - 3) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

//! The six conditions of one interface, one by one, and what each answer rests on.

use super::{Condition, acl_is_shut, admitted, has_address, not_blocked, reach, route, rules, runs, unblocked};
use crate::address::prefix::Family;
use crate::address::set::{AddressSet, internet};
use crate::exposure::purpose::Purpose;
use crate::exposure::traffic::Opening;
use crate::exposure::{Coverage, Exposure};
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

/// Asks all six conditions of an interface.
#[must_use]
pub fn prove(facts: &Facts<'_>, exposure: &Exposure<'_>) -> Vec<Step> {
    Condition::ALL.into_iter().map(|condition| ask(facts, exposure, condition)).collect()
}

/// Asks one condition of an interface.
#[must_use]
pub fn ask(facts: &Facts<'_>, exposure: &Exposure<'_>, condition: Condition) -> Step {
    let answer = match condition {
        Condition::Route => by_route(facts, exposure),
        Condition::Address => Ok(by_address(exposure)),
        Condition::SecurityGroup => by_group(facts, exposure),
        Condition::NetworkAcl => by_acl(facts, exposure),
        Condition::BlockPublicAccess => by_block(exposure),
        Condition::Running => by_state(facts, exposure),
    };
    match answer {
        Ok((holds, because)) => Step { condition, holds: Some(holds), because },
        Err(gap) => Step { condition, holds: None, because: gap.to_string() },
    }
}

type Answer = Result<(bool, String), Gap>;

fn by_route(facts: &Facts<'_>, exposure: &Exposure<'_>) -> Answer {
    let Exposure { interface, subnet, family, .. } = exposure;
    let holds = route(&reach(facts, interface, *subnet, *family))?;
    let Some(verdict) = subnet.and_then(|subnet| unblocked(facts, subnet, *family)) else {
        return Ok((holds, format!("{} has no {family} addresses", interface.subnet)));
    };
    let table = facts.verdict(&interface.subnet).and_then(|verdict| verdict.route_table);
    Ok((holds, verdict.told(&interface.subnet, table.map(|effective| effective.table.id.as_str()))))
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

fn by_group(facts: &Facts<'_>, exposure: &Exposure<'_>) -> Answer {
    let Exposure { interface, family, purpose, .. } = exposure;
    if **purpose == Purpose::NatGateway {
        return Ok((false, "nobody can begin a conversation with a NAT gateway".to_owned()));
    }
    if interface.groups.is_empty() {
        return Ok((true, "it has no security group, so nothing is held back".to_owned()));
    }
    let rules = rules(facts, interface, *family);
    let openings = rules.admitted(&asked_about(facts, exposure)).openings;
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
fn asked_about(facts: &Facts<'_>, exposure: &Exposure<'_>) -> AddressSet {
    let Exposure { interface, subnet, family, .. } = exposure;
    let part = reach(facts, interface, *subnet, *family).possible();
    if part.is_empty() { internet(*family, &[]) } else { part }
}

fn by_acl(facts: &Facts<'_>, exposure: &Exposure<'_>) -> Answer {
    let Exposure { interface, family, .. } = exposure;
    let rules = rules(facts, interface, *family);
    let space = asked_about(facts, exposure);
    let through = admitted(facts, interface, &rules, *family, &space);
    let acl = facts.inventory.index.acl_of_subnet(&interface.subnet).unwrap_or("its network ACL");
    if through.openings.is_empty() {
        return match through.gaps.into_iter().next() {
            Some(gap) if !acl_is_shut(facts, interface, *family, &space) => Err(gap),
            _ => Ok((false, format!("{acl} lets none of it in, or no answer out"))),
        };
    }
    Ok((true, format!("{acl} lets through: {}", told(&through.openings, *family))))
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

//! NET024: subnets that are public, and nothing says that they are meant to be.

mod remedy;

use super::{gap, ipv6, way};
use crate::audit::check::doubt::Missing;
use crate::audit::check::occupants;
use crate::audit::check::resources;
use crate::audit::finding::{Confidence, Finding, Findings, Severity};
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::classify::class::Group;
use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::facts::intent::Meant;
use remedy::Tables;

const RULE: Rule = Rule::PublicWithoutIntent;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let interfaces = facts.inventory.network_interfaces.known();
    let tables = Tables::of(facts);
    let mut is_unsaid = false;
    let mut missing = Missing::default();
    for verdict in &facts.subnets {
        let meant = facts.setting.intent.of(facts.inventory, verdict.subnet);
        // What only IPv6 makes public is NET013.
        if meant == Meant::Public || ipv6::is_hidden(verdict) {
            continue;
        }
        match verdict.group() {
            Group::Public if meant == Meant::Unsaid && interfaces.is_err() => is_unsaid = true,
            Group::Public => {
                if let Some((severity, confidence)) = judge(facts, verdict, meant) {
                    findings.add(finding(facts, verdict, meant, (severity, confidence), &tables));
                }
            }
            Group::Unknown => missing.add(gap(verdict), &verdict.subnet.id),
            Group::Private | Group::Isolated => {}
        }
    }
    missing.report(RULE, findings);
    if is_unsaid {
        findings.require(&[RULE], interfaces);
    }
}

/// How bad it is that a subnet is public; `None` if what stands in it says that it must be.
fn judge(facts: &Facts<'_>, verdict: &SubnetVerdict<'_>, meant: Meant) -> Option<(Severity, Confidence)> {
    let subnet = verdict.subnet;
    if meant != Meant::Unsaid {
        let is_for_public = holds_only_public(facts, &subnet.id);
        return Some(if is_for_public {
            (Severity::Medium, Confidence::Low)
        } else {
            (Severity::High, Confidence::High)
        });
    }
    let mut standing = occupants::in_subnet(facts, &subnet.id).peekable();
    if standing.peek().is_none() {
        // AWS makes the subnets of a default VPC with every account.
        let is_default = facts.inventory.vpcs.get(&subnet.vpc).is_some_and(|vpc| vpc.is_default);
        return (!is_default).then_some((Severity::Low, Confidence::Medium));
    }
    let places = standing.map(|exposure| place(facts, exposure));
    match places.max() {
        Some(Place::Private) => Some((Severity::Medium, Confidence::High)),
        Some(Place::Doubtful) => Some((Severity::Medium, Confidence::Medium)),
        _ if subnet.maps_public_address => Some((Severity::Low, Confidence::Medium)),
        _ => None,
    }
}

/// Whether what stands in a subnet belongs into a public one, and nothing else does.
fn holds_only_public(facts: &Facts<'_>, subnet: &str) -> bool {
    let places: Vec<Place> = occupants::in_subnet(facts, subnet).map(|exposure| place(facts, exposure)).collect();
    places.contains(&Place::Public) && places.iter().all(|place| matches!(place, Place::Public | Place::Any))
}

/// Where something belongs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Into a public subnet: it is what public subnets are for.
    Public,
    /// Into either.
    Any,
    /// Most likely behind NAT.
    Doubtful,
    /// Behind NAT, or without any way out.
    Private,
}

fn place(facts: &Facts<'_>, exposure: &Exposure<'_>) -> Place {
    match &*exposure.purpose {
        Purpose::LoadBalancer { balancer: Some(balancer), .. } if !balancer.is_internet_facing => Place::Private,
        // Of a load balancer that is not listed its address tells for whom it is.
        Purpose::LoadBalancer { balancer: None, .. } if exposure.interface.public_addresses.is_empty() => {
            Place::Private
        }
        Purpose::NatGateway | Purpose::LoadBalancer { .. } => Place::Public,
        Purpose::Endpoint | Purpose::TransitGateway | Purpose::Nothing => Place::Any,
        Purpose::Instance { id, name } => {
            let instance = facts.inventory.instances.get(id);
            let forwards = !exposure.interface.source_destination_check
                || instance.is_some_and(|instance| !instance.source_destination_check);
            if forwards || name.is_some_and(occupants::is_jump_host) { Place::Public } else { Place::Private }
        }
        Purpose::Store { .. } | Purpose::Task { .. } | Purpose::Function(_) => Place::Private,
        Purpose::Other(_) => Place::Doubtful,
    }
}

fn finding(
    facts: &Facts<'_>,
    verdict: &SubnetVerdict<'_>,
    meant: Meant,
    (severity, confidence): (Severity, Confidence),
    tables: &Tables<'_>,
) -> Finding {
    let subnet = verdict.subnet;
    let label = resources::subnet(subnet).label();
    let says = match meant {
        Meant::Private | Meant::Isolated if holds_only_public(facts, &subnet.id) => {
            "its name or tags say that it is not, though only what belongs into a public subnet stands there"
        }
        Meant::Private => "it is meant to be private",
        Meant::Isolated => "it is meant to be isolated",
        Meant::Public | Meant::Unsaid => "nothing says that it is meant to be",
    };
    let mut resources = vec![resources::subnet(subnet)];
    let table = verdict.route_table.map(|table| table.table);
    resources.extend(table.map(resources::table));
    Finding {
        rule: RULE,
        severity,
        title: format!("subnet {label} is public, and {says}"),
        resources,
        vpc: Some(subnet.vpc.clone()),
        availability_zones: subnet.availability_zone.iter().cloned().collect(),
        proof: vec![way(verdict, None), format!("by --public, --private, tags and names: {says}")],
        blast_radius: occupants::who(facts, [subnet.id.as_str()]),
        money: None,
        confidence,
        remedy: remedy::remedy(facts, verdict, meant, tables),
    }
}

#[cfg(test)]
mod tests;

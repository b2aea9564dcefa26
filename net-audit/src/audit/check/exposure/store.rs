//! Databases, caches and queues that the internet can reach.

use std::collections::BTreeMap;

use super::{address, culprits, group_resource, proven};
use crate::audit::check::occupants;
use crate::audit::check::remedy::group::{Opened, revoke_ingress, terraform_ingress};
use crate::audit::check::remedy::{aws, close_database, terraform_database, terraform_name};
use crate::audit::check::resources::shown;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::audit::rule::Rule;
use crate::exposure::purpose::Purpose;
use crate::exposure::traffic::Opening;
use crate::exposure::{Coverage, Exposure, Verdict};
use crate::facts::Facts;
use crate::inventory::{Database, Ports, Protocol};

/// A store by what it is called, and the groups of its interfaces.
type Store<'a> = (String, Vec<&'a str>);

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    // A database has an interface in each of its zones.
    let mut stores: BTreeMap<Store<'_>, (Severity, Vec<&Exposure<'_>>)> = BTreeMap::new();
    for exposure in &facts.exposures {
        let Purpose::Store { .. } = &*exposure.purpose else { continue };
        if let Verdict::Unknown(gaps) = &exposure.verdict {
            for gap in gaps.iter().take(1) {
                findings.unknown_of(Rule::ExposedDatabase, &exposure.interface.id, gap.clone());
            }
        }
        if let Some(gap) = exposure.doubts.first().filter(|_| severity_at_most(exposure) > severity(exposure)) {
            findings.unknown_of(Rule::ExposedDatabase, &exposure.interface.id, gap.clone());
        }
        let Some(severity) = severity(exposure) else { continue };
        let groups = exposure.interface.groups.iter().map(String::as_str).collect();
        let entry = stores.entry((exposure.purpose.label(), groups)).or_insert((severity, Vec::new()));
        entry.0 = entry.0.max(severity);
        entry.1.push(exposure);
    }
    for ((label, groups), (severity, exposures)) in stores {
        findings.found.extend(finding(facts, &label, &groups, severity, &exposures));
    }
}

/// How bad it is that the internet reaches a store; `None` if it does not.
pub(super) fn severity(exposure: &Exposure<'_>) -> Option<Severity> {
    severity_of(exposure, &exposure.openings)
}

/// How bad it can be, if what is not known lets the internet in.
fn severity_at_most(exposure: &Exposure<'_>) -> Option<Severity> {
    severity_of(exposure, &exposure.possible)
}

fn severity_of(exposure: &Exposure<'_>, openings: &[Opening]) -> Option<Severity> {
    let Purpose::Store { service, candidates, .. } = &*exposure.purpose else { return None };
    if exposure.verdict != Verdict::Exposed {
        return None;
    }
    let own = ports(service, candidates);
    let speaks = |protocol: Protocol| matches!(protocol, Protocol::TCP | Protocol::UDP);
    let spoken = openings.iter().filter(|opening| speaks(opening.protocol));
    let severities = spoken.map(|opening| {
        let is_world = Coverage::of(&opening.addresses, exposure.family).is_world();
        match (is_own(&own, opening), is_world) {
            // Nothing listens there, if it is known where it does.
            (false, _) if is_told(candidates) || opening.protocol == Protocol::UDP => Severity::Low,
            (true, true) if !own.is_empty() => Severity::Critical,
            (_, true) => Severity::High,
            (_, false) => Severity::Medium,
        }
    });
    severities.max()
}

/// Whether a store answers at an opening; if its ports are not known: at any of TCP.
fn is_own(own: &[u16], opening: &Opening) -> bool {
    opening.protocol == Protocol::TCP && (own.is_empty() || own.iter().any(|port| opening.ports.contain(*port)))
}

/// Whether the ports at which a store answers are described: what is only usual says nothing about the others.
fn is_told(candidates: &[&Database]) -> bool {
    !candidates.is_empty() && candidates.iter().all(|database| database.port.is_some_and(|port| port != 0))
}

/// The ports at which a store answers: those of the databases that it may be, else the usual ones.
fn ports(service: &str, candidates: &[&Database]) -> Vec<u16> {
    let own: Vec<u16> = candidates.iter().filter_map(|database| database.port).filter(|port| *port != 0).collect();
    if !own.is_empty() {
        return own;
    }
    // Source: the user guides of the services.
    match service {
        "RDS" => candidates.first().map_or_else(|| usual(""), |database| usual(&database.engine)),
        "ElastiCache" => vec![6379, 11211],
        "Redshift" => vec![5439],
        "OpenSearch" => vec![443, 9200],
        "MSK" => vec![9092, 9094, 9096, 9098, 9194, 9196, 9198],
        "DAX" => vec![8111, 9111],
        "EFS" => vec![2049],
        _ => Vec::new(),
    }
}

/// The ports at which databases of an engine usually answer; of any, if the engine is not known.
pub(super) fn usual(engine: &str) -> Vec<u16> {
    let port = [
        ("postgres", 5432),
        ("mysql", 3306),
        ("mariadb", 3306),
        ("oracle", 1521),
        ("sqlserver", 1433),
        ("docdb", 27017),
        ("neptune", 8182),
    ];
    let known: Vec<u16> = port.iter().filter(|(name, _)| engine.contains(name)).map(|(_, port)| *port).collect();
    if known.is_empty() { vec![5432, 3306, 1521, 1433, 27017, 8182] } else { known }
}

/// The databases that can be the one that is exposed: those with the flag, if any has it.
fn suspects<'a>(exposures: &[&Exposure<'a>]) -> Vec<&'a Database> {
    let mut all: Vec<&Database> = Vec::new();
    for exposure in exposures {
        if let Purpose::Store { candidates, .. } = &*exposure.purpose {
            all.extend(candidates);
        }
    }
    all.sort_by_key(|database| &database.id);
    all.dedup_by_key(|database| &database.id);
    let flagged: Vec<&Database> = all.iter().copied().filter(|database| database.publicly_accessible).collect();
    if flagged.is_empty() { all } else { flagged }
}

fn finding(
    facts: &Facts<'_>,
    label: &str,
    groups: &[&str],
    severity: Severity,
    exposures: &[&Exposure<'_>],
) -> Option<Finding> {
    let first = exposures.first()?;
    let Purpose::Store { service, candidates, .. } = &*first.purpose else { return None };
    let doors: Vec<(Protocol, Ports)> =
        ports(service, candidates).into_iter().map(|port| (Protocol::TCP, Ports::one(port))).collect();
    let suspects = suspects(exposures);
    // Whom a group lets in by name is let in on purpose; what it opens to others is not this store's.
    let is_open = severity >= Severity::High;
    let culprits = if is_open { culprits(facts, groups, &doors) } else { Vec::new() };
    let mut resources: Vec<Resource> =
        suspects.iter().map(|database| Resource::new(&*database.id, database.tags.name())).collect();
    for exposure in exposures {
        resources.push(occupants::resource(exposure));
    }
    resources.dedup();
    resources.extend(culprits.iter().map(|opened| group_resource(opened.group)));
    let mut cli = Vec::new();
    if severity == Severity::Medium && !groups.is_empty() {
        cli.push(aws(facts, format_args!("ec2 describe-security-groups --group-ids {}", groups.join(" "))));
    } else {
        cli.extend(suspects.iter().map(|database| close_database(facts, database)));
    }
    cli.extend(culprits.iter().flat_map(|opened| revoke_ingress(facts, opened)));
    let place = address(first).map(|address| format!(" at {address}")).unwrap_or_default();
    let (title, advice) = match severity {
        Severity::Low => (
            format!(
                "{label} ({service}) has a public address, and the internet gets to ports{place} at which nothing listens"
            ),
            "Make it not publicly accessible: one rule for its own port is all that keeps it from being exposed. See first that nobody needs its public address.",
        ),
        Severity::Medium => (
            format!("{label} ({service}){place} is open to {}", listed_openings(exposures)),
            "If these addresses are meant to speak to it, reach it by a VPN or a jump host instead, or waive this finding. When nobody comes by its public address any more, make it not publicly accessible.",
        ),
        _ => (
            format!(
                "{label} ({service}){place} is exposed to the internet{}",
                if severity == Severity::Critical { ", its own port included" } else { "" }
            ),
            "Make it not publicly accessible, let in only the application's security group, and place it in isolated subnets of at least two zones. Let the application in first: it may come by the open rule today.",
        ),
    };
    Some(Finding {
        rule: Rule::ExposedDatabase,
        severity,
        title,
        resources,
        vpc: first.subnet.map(|subnet| subnet.vpc.clone()),
        availability_zones: occupants::zones(exposures.iter().copied()),
        proof: exposures.iter().take(2).flat_map(|exposure| proven(facts, exposure)).collect(),
        blast_radius: occupants::told(exposures.iter().copied()),
        money: None,
        confidence: Confidence::High,
        remedy: Remedy { advice: advice.to_owned(), cli, terraform: terraform(&suspects, groups, &culprits) },
    })
}

/// From where its own ports are open: `198.51.100.7/32 (tcp 5432)`.
fn listed_openings(exposures: &[&Exposure<'_>]) -> String {
    let mut blocks: Vec<String> = Vec::new();
    for exposure in exposures {
        let Purpose::Store { service, candidates, .. } = &*exposure.purpose else { continue };
        let own = ports(service, candidates);
        for opening in exposure.openings.iter().filter(|opening| is_own(&own, opening) || !is_told(candidates)) {
            let by = opening.protocol.with(opening.ports);
            let of = opening.addresses.prefixes(exposure.family).into_iter().map(|block| format!("{block} ({by})"));
            blocks.extend(of);
        }
    }
    blocks.sort();
    blocks.dedup();
    shown(blocks)
}

/// What makes a database private, and lets only the application in.
pub(super) fn terraform(databases: &[&Database], groups: &[&str], culprits: &[Opened<'_>]) -> String {
    let mut texts: Vec<String> = databases
        .iter()
        .map(|database| {
            format!(
                "resource \"{}\" \"{}\" {{\n  identifier          = \"{}\"\n  publicly_accessible = false\n}}",
                terraform_database(database),
                terraform_name(&database.id),
                database.id
            )
        })
        .collect();
    let port = databases.first().and_then(|database| database.port).unwrap_or(5432);
    let group = groups.first().copied().unwrap_or("sg-…");
    let removed = terraform_ingress(culprits);
    texts.push(format!(
        "{removed}resource \"aws_vpc_security_group_ingress_rule\" \"application\" {{\n  security_group_id            = \"{group}\"\n  referenced_security_group_id = \"sg-…\" # the application's\n  ip_protocol                  = \"tcp\"\n  from_port                    = {port}\n  to_port                      = {port}\n}}"
    ));
    texts.join("\n\n")
}

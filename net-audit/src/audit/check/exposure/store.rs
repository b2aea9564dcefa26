//! Databases, caches and queues that the internet can reach.

use std::collections::BTreeMap;

use super::{culprits, proven};
use crate::audit::check::occupants;
use crate::audit::check::remedy::group::revoke_ingress;
use crate::audit::check::remedy::{close_database, terraform_database, terraform_name};
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

/// How bad it is that the internet reaches a store; `None` if it does not, or speaks to none of its ports.
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
        let on_port = opening.protocol == Protocol::TCP && own.iter().any(|port| opening.ports.contain(*port));
        let is_world = Coverage::of(&opening.addresses, exposure.family).is_world();
        if on_port && is_world { Severity::Critical } else { Severity::High }
    });
    severities.max()
}

/// The ports at which a store answers: those of the databases that it may be, else the usual ones.
fn ports(service: &str, candidates: &[&Database]) -> Vec<u16> {
    let own: Vec<u16> = candidates.iter().filter_map(|database| database.port).collect();
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
    let (suspects, culprits) = (suspects(exposures), culprits(facts, groups, &doors));
    let mut resources: Vec<Resource> =
        suspects.iter().map(|database| Resource::new(&*database.id, database.tags.name())).collect();
    for exposure in exposures {
        resources.push(occupants::resource(exposure));
    }
    resources.dedup();
    resources.extend(culprits.iter().map(|group| Resource::new(&*group.id, Some(group.label()))));
    let mut cli: Vec<String> = suspects.iter().map(|database| close_database(facts, database)).collect();
    cli.extend(culprits.iter().flat_map(|group| revoke_ingress(facts, group, &doors)));
    let openings = match severity {
        Severity::Critical => "its own port included",
        _ => "though not its own port to all of it",
    };
    Some(Finding {
        rule: Rule::ExposedDatabase,
        severity,
        title: format!("{label} ({service}) is exposed to the internet, {openings}"),
        resources,
        vpc: first.subnet.map(|subnet| subnet.vpc.clone()),
        availability_zones: occupants::zones(exposures.iter().copied()),
        proof: exposures.iter().take(2).flat_map(|exposure| proven(facts, exposure)).collect(),
        blast_radius: occupants::told(exposures.iter().copied()),
        money: None,
        confidence: Confidence::High,
        remedy: Remedy {
            advice: "Make it not publicly accessible, let in only the application's security group, and place it in isolated subnets of at least two zones.".to_owned(),
            cli,
            terraform: terraform(&suspects, groups),
        },
    })
}

/// What makes a database private, and lets only the application in.
pub(super) fn terraform(databases: &[&Database], groups: &[&str]) -> String {
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
    texts.push(format!(
        "resource \"aws_vpc_security_group_ingress_rule\" \"application\" {{\n  security_group_id            = \"{group}\"\n  referenced_security_group_id = \"sg-…\" # the application's\n  ip_protocol                  = \"tcp\"\n  from_port                    = {port}\n  to_port                      = {port}\n}}"
    ));
    texts.join("\n\n")
}

//! Databases that are meant for the internet by their own flag, and that something else keeps from it.

use std::collections::HashMap;

use super::store::{severity, terraform, usual};
use super::{culprits, group_resource, is_open_by_groups, lets_in};
use crate::audit::check::occupants;
use crate::audit::check::remedy::close_database;
use crate::audit::check::remedy::group::revoke_ingress;
use crate::audit::check::resources::listed;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::audit::rule::Rule;
use crate::exposure::purpose::Purpose;
use crate::exposure::{Condition, Exposure, Step, Verdict, prove};
use crate::facts::Facts;
use crate::inventory::{Database, Ports, Protocol};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let Some(databases) = findings.require(&[Rule::ExposedDatabase], facts.inventory.databases.known()) else {
        return;
    };
    let flagged: Vec<&Database> = databases.values().filter(|database| database.publicly_accessible).collect();
    if flagged.is_empty() {
        return;
    }
    let mut interfaces: HashMap<&str, Vec<&Exposure<'_>>> = HashMap::new();
    for exposure in &facts.exposures {
        let Purpose::Store { candidates, .. } = &*exposure.purpose else { continue };
        for database in candidates {
            interfaces.entry(&database.id).or_default().push(exposure);
        }
    }
    for database in flagged {
        let exposures = interfaces.get(database.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        // Then it is reported as what it is.
        if exposures.iter().any(|exposure| severity(exposure).is_some()) {
            continue;
        }
        let ports = database.port.map_or_else(|| usual(&database.engine), |port| vec![port]);
        match is_open_by_groups(facts, &database.groups, &ports) {
            Ok(is_open) => findings.add(finding(facts, database, &ports, exposures, is_open)),
            Err(gap) => {
                findings.unknown_of(Rule::ExposedDatabase, &database.id, gap);
                findings.add(finding(facts, database, &ports, exposures, false));
            }
        }
    }
}

/// What keeps the internet out, and why; more than one thing may.
fn kept_out(facts: &Facts<'_>, exposures: &[&Exposure<'_>]) -> (String, Vec<String>) {
    let stopped = exposures.iter().find(|exposure| matches!(exposure.verdict, Verdict::Stopped(_)));
    let Some(exposure) = stopped else { return ("nothing that is known keeps".to_owned(), Vec::new()) };
    let steps: Vec<Step> = prove(facts, exposure).into_iter().filter(|step| step.holds == Some(false)).collect();
    let because = steps.iter().map(|step| format!("{}: {}", exposure.interface.id, step.because)).collect();
    let keepers: Vec<&str> = steps.iter().map(|step| keeper(step.condition)).collect();
    let words = match keepers.as_slice() {
        [only] => format!("only {only} keeps"),
        all => format!("{} keep", listed(all)),
    };
    (words, because)
}

fn finding(
    facts: &Facts<'_>,
    database: &Database,
    ports: &[u16],
    exposures: &[&Exposure<'_>],
    is_open: bool,
) -> Finding {
    let doors: Vec<(Protocol, Ports)> = ports.iter().map(|port| (Protocol::TCP, Ports::one(*port))).collect();
    let groups: Vec<&str> = database.groups.iter().map(String::as_str).collect();
    let culprits = if is_open { culprits(facts, &groups, &doors) } else { Vec::new() };
    let mut proof = vec![format!("{} has PubliclyAccessible set", database.id)];
    proof.extend(lets_in(&culprits));
    let (keeps, because) = kept_out(facts, exposures);
    proof.extend(because);
    let mut resources = vec![Resource::new(&*database.id, database.tags.name())];
    resources.extend(culprits.iter().map(|opened| group_resource(opened.group)));
    let id = &database.id;
    let mut cli = vec![close_database(facts, database)];
    cli.extend(culprits.iter().flat_map(|opened| revoke_ingress(facts, opened)));
    let group = database.subnet_group.as_ref();
    Finding {
        rule: Rule::ExposedDatabase,
        severity: if is_open { Severity::High } else { Severity::Medium },
        title: if is_open {
            format!("latent: database {id} would be exposed to the internet; {keeps} it out")
        } else {
            format!("latent: database {id} is publicly accessible by its own flag; {keeps} the internet out")
        },
        resources,
        vpc: group.and_then(|group| group.vpc.clone()),
        availability_zones: database.availability_zone.iter().cloned().collect(),
        proof,
        blast_radius: match exposures {
            [] => "1 database".to_owned(),
            some => occupants::told(some.iter().copied()),
        },
        money: None,
        confidence: Confidence::High,
        remedy: Remedy {
            advice: "Take the flag away before the one thing that holds the internet off is changed, and let in only the application's security group: that first, for it may come by the open rule today.".to_owned(),
            cli,
            terraform: terraform(&[database], &groups, &culprits),
        },
    }
}

fn keeper(condition: Condition) -> &'static str {
    match condition {
        Condition::Route => "the route of its subnet",
        Condition::Address => "the lack of a public address",
        Condition::SecurityGroup => "its security group",
        Condition::NetworkAcl => "the network ACL",
        Condition::BlockPublicAccess => "Block Public Access",
        Condition::Running => "that it does not run",
    }
}

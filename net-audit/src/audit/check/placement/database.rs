//! NET004: subnet groups of databases that hold a public subnet.

use std::collections::BTreeMap;

use super::{group, way};
use crate::audit::check::remedy::aws;
use crate::audit::check::resources::{counted, subnet_of, zones};
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::audit::rule::Rule;
use crate::classify::class::Group;
use crate::facts::Facts;
use crate::inventory::{Database, SubnetGroup};

const RULE: Rule = Rule::DatabaseInPublicSubnet;

/// A subnet group, and the databases that are placed by it.
pub(super) type UsedGroup<'a> = (&'a SubnetGroup, Vec<&'a Database>);

/// All subnet groups that are known, by name and VPC, from their own listing or from their databases'.
///
/// Without the listing those that no database uses are missing: nothing stands in them.
pub(super) fn subnet_groups<'a>(facts: &Facts<'a>) -> Vec<UsedGroup<'a>> {
    let mut all: BTreeMap<(&str, Option<&str>), UsedGroup<'_>> = BTreeMap::new();
    for group in facts.inventory.subnet_groups.iter() {
        all.insert((&group.name, group.vpc.as_deref()), (group, Vec::new()));
    }
    for database in facts.inventory.databases.iter() {
        let Some(group) = &database.subnet_group else { continue };
        all.entry((&group.name, group.vpc.as_deref())).or_insert((group, Vec::new())).1.push(database);
    }
    all.into_values().collect()
}

/// Notes that subnet groups are not known, if neither listing tells them.
pub(super) fn require_groups(facts: &Facts<'_>, rule: Rule, findings: &mut Findings) {
    let (groups, databases) = (&facts.inventory.subnet_groups, &facts.inventory.databases);
    if let (Err(gap), Err(_)) = (groups.known(), databases.known()) {
        findings.unknown(rule, gap);
    }
}

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    require_groups(facts, RULE, findings);
    let mut private: Option<BTreeMap<&str, Vec<Candidate<'_>>>> = None;
    for (subnet_group, databases) in subnet_groups(facts) {
        let mut public: Vec<&str> = Vec::new();
        let mut gap = None;
        for subnet in &subnet_group.subnets {
            match group(facts, subnet) {
                Ok(Group::Public) => public.push(subnet),
                Ok(_) => {}
                Err(missing) => gap = gap.or(Some(missing)),
            }
        }
        if !public.is_empty() {
            let private = private.get_or_insert_with(|| candidates(facts));
            findings.add(finding(facts, subnet_group, &databases, &public, private));
        } else if let Some(gap) = gap {
            findings.unknown_of(RULE, &subnet_group.name, gap);
        }
    }
}

/// A subnet in which a database could stand.
struct Candidate<'a> {
    id: &'a str,
    zone: Option<&'a str>,
    is_isolated: bool,
}

/// Subnets without a way in, by VPC.
fn candidates<'f>(facts: &'f Facts<'_>) -> BTreeMap<&'f str, Vec<Candidate<'f>>> {
    let mut all: BTreeMap<&str, Vec<Candidate<'_>>> = BTreeMap::new();
    for verdict in &facts.subnets {
        if matches!(verdict.group(), Group::Private | Group::Isolated) {
            let zone = verdict.subnet.availability_zone.as_deref();
            let is_isolated = verdict.group() == Group::Isolated;
            all.entry(&verdict.subnet.vpc).or_default().push(Candidate { id: &verdict.subnet.id, zone, is_isolated });
        }
    }
    all
}

/// The subnets of a better group: isolated ones if they stand in two zones, else private ones; none if there is but one zone.
fn better<'a>(candidates: &[Candidate<'a>]) -> Vec<&'a str> {
    let ids = |wanted: &dyn Fn(&Candidate<'a>) -> bool| {
        let mut by_zone: BTreeMap<&str, &str> = BTreeMap::new();
        for candidate in candidates.iter().filter(|one| wanted(one)) {
            if let Some(zone) = candidate.zone {
                by_zone.entry(zone).or_insert(candidate.id);
            }
        }
        let ids: Vec<&str> = by_zone.into_values().collect();
        if ids.len() < 2 { Vec::new() } else { ids }
    };
    let isolated = ids(&|candidate| candidate.is_isolated);
    if isolated.is_empty() { ids(&|_| true) } else { isolated }
}

fn finding(
    facts: &Facts<'_>,
    group: &SubnetGroup,
    databases: &[&Database],
    public: &[&str],
    private: &BTreeMap<&str, Vec<Candidate<'_>>>,
) -> Finding {
    let name = &group.name;
    let verdicts = || public.iter().filter_map(|subnet| facts.verdict(subnet));
    let vpc = group.vpc.clone().or_else(|| verdicts().next().map(|verdict| verdict.subnet.vpc.clone()));
    let mut resources = vec![Resource::new(&**name, None)];
    resources.extend(public.iter().map(|subnet| subnet_of(facts, subnet)));
    resources.extend(databases.iter().map(|database| Resource::new(&*database.id, database.tags.name())));
    let better = vpc.as_deref().and_then(|vpc| private.get(vpc)).map(|all| better(all)).unwrap_or_default();
    let ids = if better.is_empty() { "subnet-… subnet-…".to_owned() } else { better.join(" ") };
    let listed: Vec<String> = ids.split(' ').map(|id| format!("\"{id}\"")).collect();
    // A group that no database uses places none today.
    let is_idle = databases.is_empty() && facts.inventory.databases.known().is_ok();
    Finding {
        rule: RULE,
        severity: if is_idle { Severity::Medium } else { Severity::High },
        title: format!("subnet group {name} may place a database in a public subnet"),
        resources,
        vpc,
        availability_zones: zones(verdicts().map(|verdict| verdict.subnet)),
        proof: verdicts().map(|verdict| format!("{name} holds {}; {}", verdict.subnet.id, way(verdict, None))).collect(),
        blast_radius: match databases.len() {
            0 if is_idle => "no database uses it yet".to_owned(),
            0 => "what is placed by it is not known".to_owned(),
            count => counted(count, "database"),
        },
        money: None,
        confidence: Confidence::High,
        remedy: Remedy {
            advice: "Let the group hold isolated subnets of at least two zones. A subnet in which a database stands cannot be taken out: then make a new group, and move the database by a snapshot, or by fail-over to a standby in another subnet.".to_owned(),
            cli: vec![aws(
                facts,
                format_args!("rds modify-db-subnet-group --db-subnet-group-name {name} --subnet-ids {ids}"),
            )],
            terraform: format!(
                "resource \"aws_db_subnet_group\" \"this\" {{\n  name       = \"{name}\"\n  subnet_ids = [{}]\n}}",
                listed.join(", ")
            ),
        },
    }
}

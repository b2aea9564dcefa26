//! NET004: subnet groups of databases that hold a public subnet.

use std::collections::{BTreeMap, BTreeSet};

use super::{group, way};
use crate::audit::check::remedy::aws;
use crate::audit::check::resources::{counted, listed, subnet_of, zones};
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

/// The subnets of a better group, in two zones at least: the isolated ones that it holds and as few others as that takes, else private ones too; none
/// if there is but one zone.
fn better<'a>(candidates: &[Candidate<'a>], held: &[String]) -> Better<'a> {
    let of = |wanted: &dyn Fn(&Candidate<'a>) -> bool| {
        let all = || candidates.iter().filter(|one| wanted(one) && one.zone.is_some());
        let is_held = |one: &&Candidate<'a>| held.iter().any(|id| id == one.id);
        let kept: Vec<&Candidate<'a>> = all().filter(is_held).collect();
        let mut zones: BTreeSet<Option<&str>> = kept.iter().map(|one| one.zone).collect();
        let mut better = Better { kept: kept.iter().map(|one| one.id).collect(), added: Vec::new() };
        for one in all() {
            if zones.len() < 2 && zones.insert(one.zone) {
                better.added.push(one.id);
            }
        }
        (zones.len() > 1).then_some(better)
    };
    of(&|candidate| candidate.is_isolated).or_else(|| of(&|_| true)).unwrap_or_default()
}

/// The subnets that a group should hold.
#[derive(Default)]
struct Better<'a> {
    /// Those that it holds.
    kept: Vec<&'a str>,
    /// Those that it needs besides.
    added: Vec<&'a str>,
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
    let better =
        vpc.as_deref().and_then(|vpc| private.get(vpc)).map(|all| better(all, &group.subnets)).unwrap_or_default();
    // A group that no database uses places none today.
    let is_idle = databases.is_empty() && facts.inventory.databases.known().is_ok();
    Finding {
        rule: RULE,
        severity: if is_idle { Severity::Medium } else { Severity::High },
        title: format!("subnet group {name} may place a database in a public subnet"),
        resources,
        vpc,
        availability_zones: zones(verdicts().map(|verdict| verdict.subnet)),
        proof: verdicts()
            .map(|verdict| format!("{name} holds {}; {}", verdict.subnet.id, way(verdict, None)))
            .collect(),
        blast_radius: match databases.len() {
            0 if is_idle => "no database uses it yet".to_owned(),
            0 => "what is placed by it is not known".to_owned(),
            count => counted(count, "database"),
        },
        money: None,
        confidence: Confidence::High,
        remedy: remedy(facts, name, &better),
    }
}

fn remedy(facts: &Facts<'_>, name: &str, better: &Better<'_>) -> Remedy {
    let ids: Vec<&str> = better.kept.iter().chain(&better.added).copied().collect();
    let in_use = "A subnet in which a database stands cannot be taken out: then make a new group, and move the database by a snapshot, or by fail-over to a standby in another subnet.";
    let mut advice = vec![format!("Let the group hold isolated subnets of at least two zones. {in_use}")];
    if !better.added.is_empty() {
        let are = if better.added.len() == 1 { "is" } else { "are" };
        let added = listed(&better.added);
        advice.push(format!(
            "See first that databases are meant to stand in {added}, which {are} chosen by routes alone."
        ));
    }
    let (command, list) = if ids.is_empty() {
        advice.push("The VPC has no such subnets in two zones yet: make them first.".to_owned());
        (format!("describe-db-subnet-groups --db-subnet-group-name {name}"), vec!["\"subnet-…\"".to_owned(); 2])
    } else {
        (
            format!("modify-db-subnet-group --db-subnet-group-name {name} --subnet-ids {}", ids.join(" ")),
            ids.iter().map(|id| format!("\"{id}\"")).collect(),
        )
    };
    Remedy {
        advice: advice.join(" "),
        cli: vec![aws(facts, format_args!("rds {command}"))],
        terraform: format!(
            "resource \"aws_db_subnet_group\" \"this\" {{\n  name       = \"{name}\"\n  subnet_ids = [{}]\n}}",
            list.join(", ")
        ),
    }
}

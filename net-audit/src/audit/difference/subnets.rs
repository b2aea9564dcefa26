//! Subnets: which came, which went, and whose class changed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Direction, SubnetChange};
use crate::address::prefix::Family;
use crate::audit::RegionAudit;
use crate::audit::finding::Resource;
use crate::classify::class::{Class, Group};
use crate::inventory::Subnet;

type Seen<'a> = BTreeMap<(&'a str, &'a str, Family), (&'a Subnet, Class)>;

fn seen<'a>(audits: &'a [RegionAudit<'_>]) -> Seen<'a> {
    let mut seen = Seen::new();
    for verdict in audits.iter().flat_map(|audit| &audit.facts.subnets) {
        for family in &verdict.families {
            let key = (verdict.subnet.vpc.as_str(), verdict.subnet.id.as_str(), family.family);
            seen.insert(key, (verdict.subnet, family.class));
        }
    }
    seen
}

pub(super) fn compare(old: &[RegionAudit<'_>], new: &[RegionAudit<'_>]) -> Vec<SubnetChange> {
    let (old, new) = (seen(old), seen(new));
    let keys: BTreeSet<&(&str, &str, Family)> = old.keys().chain(new.keys()).collect();
    let changes = keys.into_iter().filter_map(|key| {
        let (before, after) = (old.get(key), new.get(key));
        let (subnet, _) = after.or(before)?;
        let (before, after) = (before.map(|(_, class)| *class), after.map(|(_, class)| *class));
        (before != after).then(|| SubnetChange {
            vpc: subnet.vpc.clone(),
            subnet: Resource::new(subnet.id.as_str(), subnet.name()),
            family: key.2,
            before,
            after,
            direction: direction(before, after),
        })
    });
    changes.collect()
}

/// What is said if the sides have neither a subnet nor a VPC in common, and neither is empty.
pub(super) fn apart(old: &[RegionAudit<'_>], new: &[RegionAudit<'_>]) -> Option<String> {
    let (before, after) = (ids(old), ids(new));
    if before.is_empty() || after.is_empty() || !before.is_disjoint(&after) {
        return None;
    }
    // What Terraform has not made yet is known by its address, and by its id later.
    let is_planned = |ids: &BTreeSet<&str>| ids.iter().any(|id| !id.starts_with("vpc-") && !id.starts_with("subnet-"));
    let because = match (is_planned(&before), is_planned(&after)) {
        (false, false) => "",
        _ => ": what Terraform has not made yet has no id to be known by",
    };
    Some(format!("OLD and NEW have no subnet in common{because}"))
}

/// The ids of all subnets and their VPCs.
fn ids<'a>(audits: &'a [RegionAudit<'_>]) -> BTreeSet<&'a str> {
    let subnets = audits.iter().flat_map(|audit| &audit.facts.subnets);
    subnets.flat_map(|verdict| [verdict.subnet.id.as_str(), verdict.subnet.vpc.as_str()]).collect()
}

/// What comes or goes is no change for the worse or the better unless it is public.
fn direction(before: Option<Class>, after: Option<Class>) -> Direction {
    let is_public = |class: Class| class.group() == Group::Public;
    match (before, after) {
        (_, Some(Class::Unknown)) => Direction::Unknown,
        (None, Some(class)) if !is_public(class) => Direction::Came,
        (Some(class), None) if !is_public(class) => Direction::Went,
        (was, is) if is > was => Direction::Worse,
        _ => Direction::Better,
    }
}

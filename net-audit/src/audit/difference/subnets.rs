//! Subnets: which came, which went, and whose class changed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Direction, SubnetChange};
use crate::address::prefix::Family;
use crate::audit::RegionAudit;
use crate::audit::finding::Resource;
use crate::classify::class::Class;
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

/// What is not there is as good as isolated.
fn direction(before: Option<Class>, after: Option<Class>) -> Direction {
    let (was, is) = (before.unwrap_or(Class::Isolated), after.unwrap_or(Class::Isolated));
    match () {
        () if is == Class::Unknown => Direction::Unknown,
        () if is > was => Direction::Worse,
        () if is == was => Direction::Same,
        () => Direction::Better,
    }
}

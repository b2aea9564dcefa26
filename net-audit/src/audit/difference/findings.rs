//! Findings: which are new, which are gone, and which are judged otherwise. A finding is known by its rule and its main resource; of several that
//! are the same by that the worst counts, those that are waived last.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::identity::identity;
use super::{Direction, FindingChange, scoped};
use crate::audit::RegionAudit;
use crate::audit::finding::{Finding, Resource, Severity};
use crate::audit::rule::Rule;
use crate::facts::Facts;

/// Whether a finding need not count.
type IsWaived<'f> = &'f dyn Fn(&Finding, &Facts<'_>) -> bool;

type Key = (String, Rule, String);

/// The findings of one side, and what that side could not ask.
#[derive(Default)]
struct Said<'a> {
    /// Each with whether it is waived.
    found: BTreeMap<Key, (&'a Finding, bool)>,
    unknown: BTreeSet<Key>,
    /// Rules that could be asked of nothing, by scope.
    unasked: BTreeSet<(String, Rule)>,
}

impl<'a> Said<'a> {
    fn of(side: &'a [RegionAudit<'a>], other: &[RegionAudit<'_>], is_waived: IsWaived<'_>) -> Self {
        let mut said = Self::default();
        for (scope, audit) in scoped(side, other) {
            let found = audit.findings.found.iter().filter_map(|finding| finding.resources.first());
            let unknown = audit.findings.unknown.iter().filter_map(|unknown| unknown.resource.as_deref());
            let ids: HashSet<&str> = found.map(|resource| resource.id.as_str()).chain(unknown).collect();
            let exposures = audit.facts.exposures.iter();
            let exposures = exposures.filter(|exposure| ids.contains(exposure.interface.id.as_str()));
            let known: HashMap<&str, String> =
                exposures.map(|exposure| (exposure.interface.id.as_str(), identity(exposure))).collect();
            let same = |id: &str| known.get(id).cloned().unwrap_or_else(|| id.to_owned());
            for finding in &audit.findings.found {
                let main = finding.resources.first().map(|resource| same(&resource.id)).unwrap_or_default();
                let key = (scope.clone(), finding.rule, main);
                let seen = (finding, is_waived(finding, &audit.facts));
                let weight = |(finding, waived): (&Finding, bool)| (!waived, finding.severity);
                let worst = said.found.entry(key).or_insert(seen);
                if weight(seen) > weight(*worst) {
                    *worst = seen;
                }
            }
            for unknown in &audit.findings.unknown {
                match &unknown.resource {
                    Some(id) => said.unknown.insert((scope.clone(), unknown.rule, same(id))),
                    None => said.unasked.insert((scope.clone(), unknown.rule)),
                };
            }
        }
        said
    }

    fn could_not_ask(&self, key: &Key) -> bool {
        let (scope, rule, _) = key;
        self.unknown.contains(key) || self.unasked.contains(&(scope.clone(), *rule))
    }
}

pub(super) fn compare<'a>(
    old: &'a [RegionAudit<'a>],
    new: &'a [RegionAudit<'a>],
    is_waived: IsWaived<'_>,
) -> Vec<FindingChange> {
    let (old, new) = (Said::of(old, new, is_waived), Said::of(new, old, is_waived));
    let keys: BTreeSet<&Key> = old.found.keys().chain(new.found.keys()).collect();
    let changes = keys.into_iter().filter_map(|key| {
        let (was, is) = (old.found.get(key), new.found.get(key));
        let (shown, waived) = *is.or(was)?;
        let severity = |seen: &(&Finding, bool)| seen.0.severity;
        let (before, after) = (was.map(severity), is.map(severity));
        let direction = match after {
            _ if before == after => return None,
            None if new.could_not_ask(key) => Direction::Unknown,
            Some(_) if before.is_none() && old.could_not_ask(key) => Direction::KnownNow,
            after if after > before => Direction::Worse,
            _ => Direction::Better,
        };
        Some(FindingChange {
            rule: shown.rule,
            resource: shown.resources.first().cloned().unwrap_or_else(|| Resource::new("", None)),
            vpc: shown.vpc.clone(),
            title: shown.title.clone(),
            before,
            after,
            direction,
            waived,
        })
    });
    let mut changes: Vec<FindingChange> = changes.collect();
    let worst = |change: &FindingChange| std::cmp::Reverse(change.after.max(change.before).unwrap_or(Severity::Info));
    changes.sort_by_cached_key(|change| (change.direction, worst(change), change.rule, change.resource.clone()));
    changes
}

//! What could not be said, each reason once: a whole kind is missing for all.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::finding::Findings;
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::facts::Facts;
use crate::inventory::Target;
use crate::inventory::gap::Gap;

/// Notes why these rules cannot be asked about subnets whose class is not known, if they are of concern; each reason once.
pub(super) fn doubt(
    facts: &Facts<'_>,
    rules: &[Rule],
    findings: &mut Findings,
    concerns: impl Fn(&SubnetVerdict<'_>) -> bool,
) {
    let mut told: BTreeSet<&Gap> = BTreeSet::new();
    for verdict in facts.subnets.iter().filter(|verdict| verdict.is_unknown() && concerns(verdict)) {
        for gap in verdict.gaps().filter(|gap| told.insert(gap)) {
            for rule in rules {
                findings.unknown_about(*rule, &verdict.subnet.id, gap.clone());
            }
        }
    }
}

/// What is missing, and for which resource it is missed first.
#[derive(Debug, Default)]
pub(super) struct Missing<'a>(BTreeMap<Gap, &'a str>);

impl<'a> Missing<'a> {
    /// Adds what is missing for a resource.
    pub(super) fn add(&mut self, gap: Gap, resource: &'a str) {
        self.0.entry(gap).or_insert(resource);
    }

    /// Takes a listing, or adds that it is missing.
    pub(super) fn known<T>(&mut self, listing: Result<T, Gap>) -> Option<T> {
        listing.map_err(|gap| self.add(gap, "")).ok()
    }

    /// Whether something is known to be so of a resource. If it is not known, that is added.
    pub(super) fn holds(&mut self, answer: Result<bool, Gap>, resource: &'a str) -> bool {
        answer.unwrap_or_else(|gap| {
            self.add(gap, resource);
            false
        })
    }

    /// Tells that a rule could not be asked, each reason once.
    pub(super) fn report(self, rule: Rule, findings: &mut Findings) {
        for (gap, resource) in self.0 {
            findings.unknown_about(rule, resource, gap);
        }
    }
}

/// Whether a subnet's table has a route to such a target, or is not known.
pub(super) fn has_route(verdict: &SubnetVerdict<'_>, is_it: impl Fn(&Target) -> bool) -> bool {
    verdict.route_table.is_none_or(|table| table.table.routes.iter().any(|route| is_it(&route.target)))
}

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

/// Notes what is missing, and what it is missing for first.
pub(super) fn note(findings: &mut Findings, rule: Rule, missing: BTreeMap<Gap, &str>) {
    for (gap, resource) in missing {
        findings.unknown_about(rule, resource, gap);
    }
}

/// Whether a subnet's table has a route to such a target, or is not known.
pub(super) fn has_route(verdict: &SubnetVerdict<'_>, is_it: impl Fn(&Target) -> bool) -> bool {
    verdict.route_table.is_none_or(|table| table.table.routes.iter().any(|route| is_it(&route.target)))
}

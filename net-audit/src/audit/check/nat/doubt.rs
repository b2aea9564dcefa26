//! What keeps it from being said how subnets reach the internet.

use std::collections::BTreeSet;

use crate::audit::finding::Findings;
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::facts::Facts;
use crate::inventory::gap::Gap;

/// Notes why these rules cannot be asked about subnets whose class is not known, if they are of concern; each reason once.
pub(in crate::audit::check) fn doubt(
    facts: &Facts<'_>,
    rules: &[Rule],
    findings: &mut Findings,
    concerns: impl Fn(&SubnetVerdict<'_>) -> bool,
) {
    let mut told: BTreeSet<&Gap> = BTreeSet::new();
    for verdict in facts.subnets.iter().filter(|verdict| verdict.is_unknown() && concerns(verdict)) {
        for gap in verdict.gaps().filter(|gap| told.insert(gap)) {
            for rule in rules {
                match gap {
                    Gap::Kind(_) | Gap::Denied { .. } => findings.unknown(*rule, gap.clone()),
                    _ => findings.unknown_of(*rule, &verdict.subnet.id, gap.clone()),
                }
            }
        }
    }
}

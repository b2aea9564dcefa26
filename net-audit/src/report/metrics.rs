//! The section in numbers.

use std::collections::{BTreeMap, BTreeSet};

use contract::metrics::{Family, Measured, Sample};

use super::{Network, Section, SeverityCounts};
use crate::exposure::purpose::DATABASE;

static FINDINGS: Family = Family { name: "net_audit_findings", help: "Findings by severity, waived ones apart." };
static RULE_FINDINGS: Family =
    Family { name: "net_audit_rule_findings", help: "Findings of each rule that found any." };
static WAIVED: Family = Family { name: "net_audit_waived_findings", help: "Findings that are waived." };
static UNKNOWN_RULES: Family = Family { name: "net_audit_unknown_rules", help: "Rules that could not be asked." };
static UNSEEN_REGIONS: Family =
    Family { name: "net_audit_unseen_regions", help: "Regions of which nothing can be said." };
static INTERFACES: Family = Family {
    name: "net_audit_exposed_interfaces",
    help: "Interfaces that the internet can reach, and that it may reach.",
};
static DATABASES: Family =
    Family { name: "net_audit_public_databases", help: "Databases that the internet can reach, or may reach." };
static COST: Family =
    Family { name: "net_audit_monthly_cost_dollars", help: "What a month costs, as far as it is known." };
static SAVING: Family =
    Family { name: "net_audit_monthly_saving_dollars", help: "What a month would cost less if all were mended." };

impl Measured for Section {
    fn samples(&self) -> Vec<Sample> {
        match self {
            Self::Audit(network) => of_audit(network),
            Self::Explanation { .. } | Self::Difference { .. } => Vec::new(),
        }
    }
}

fn of_audit(network: &Network) -> Vec<Sample> {
    let mut samples = of_findings(network);
    let unknown: BTreeSet<&str> = network.unanswered.iter().map(|rule| rule.id.id()).collect();
    samples.push(UNKNOWN_RULES.counts(unknown.len()));
    samples.push(UNSEEN_REGIONS.counts(network.unseen.len()));
    samples.push(INTERFACES.counts(network.exposure.exposed).with("certainty", "known"));
    samples.push(INTERFACES.counts(network.exposure.unknown).with("certainty", "unknown"));
    samples.push(DATABASES.counts(public_databases(network)));
    let charges = network.money.by_charge().into_iter();
    samples.extend(charges.filter_map(|(charge, _, sum)| Some(COST.is(sum?).with("charge", charge.id()))));
    samples.push(SAVING.is(network.money.now - network.money.mended));
    samples
}

fn of_findings(network: &Network) -> Vec<Sample> {
    let SeverityCounts { critical, high, medium, low, info } = network.finding_counts;
    let counts = [("critical", critical), ("high", high), ("medium", medium), ("low", low), ("info", info)];
    let mut samples: Vec<Sample> =
        counts.map(|(severity, count)| FINDINGS.counts(count).with("severity", severity)).into();
    let mut rules: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for finding in &network.findings {
        *rules.entry((finding.id.id(), finding.severity.word())).or_default() += 1;
    }
    samples.extend(
        rules
            .into_iter()
            .map(|((rule, severity), count)| RULE_FINDINGS.counts(count).with("rule", rule).with("severity", severity)),
    );
    samples.push(WAIVED.counts(network.waived.len()));
    samples
}

/// A database may have several interfaces, and an interface stands there once for each family of addresses.
fn public_databases(network: &Network) -> usize {
    let may_be_reached = network.interfaces.iter().filter(|interface| interface.exposed != Some(false));
    let databases = may_be_reached.filter(|interface| interface.purpose == DATABASE);
    databases.map(|interface| interface.name.as_ref().unwrap_or(&interface.id)).collect::<BTreeSet<_>>().len()
}

//! The section in numbers.

use contract::metrics::{Family, Measured, Sample};
use jiff::Timestamp;

use super::{Scan, SeverityCounts};

static FINDINGS: Family = Family {
    name: "scan_gate_findings",
    help: "Issues by severity, waived ones apart; failed are shut gates and alarms that are on.",
};
static VIOLATIONS: Family = Family { name: "scan_gate_violations", help: "Issues that shut the gate." };
static WAIVED: Family = Family { name: "scan_gate_waived_findings", help: "Findings that are waived." };
static DOUBTS: Family = Family { name: "scan_gate_doubts", help: "Reasons why the reports prove nothing." };
static OLDEST: Family = Family {
    name: "scan_gate_oldest_report_timestamp_seconds",
    help: "When the oldest report was made, if all of them say.",
};

impl Measured for Scan {
    fn samples(&self) -> Vec<Sample> {
        let mut samples = findings(&self.counts);
        samples.push(VIOLATIONS.counts(self.violations_total));
        samples.push(WAIVED.counts(self.waived_total));
        samples.push(DOUBTS.counts(self.doubts.len()));
        samples.extend(oldest(self).map(|made| OLDEST.at(made)));
        samples
    }
}

fn findings(counts: &SeverityCounts) -> Vec<Sample> {
    let SeverityCounts { critical, high, medium, low, info, unknown, failed } = *counts;
    let counts = [
        ("critical", critical),
        ("high", high),
        ("medium", medium),
        ("low", low),
        ("info", info),
        ("unknown", unknown),
        ("failed", failed),
    ];
    counts.map(|(severity, count)| FINDINGS.counts(count).with("severity", severity)).into()
}

/// When the oldest report was made; none if one of them does not say.
fn oldest(scan: &Scan) -> Option<Timestamp> {
    let made: Option<Vec<Timestamp>> =
        scan.reports.iter().map(|report| report.created_at.as_deref()?.parse().ok()).collect();
    made?.into_iter().min()
}

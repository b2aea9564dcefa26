//! The forms of standard output beside the release document. All are made of the section alone, and hold every violation.

mod github;
mod junit;
mod markdown;
mod sarif;

use contract::arguments::OwnForm;
use contract::{Failure, table};

use super::{SHOWN, Scan, Violation};
use crate::report::explain::Explanation;

pub use markdown::render as markdown;

/// The forms that only this tool has.
pub const FORMS: [OwnForm; 4] = [
    OwnForm { name: "markdown", help: "What the tool found, as Markdown" },
    OwnForm { name: "sarif", help: "The violations, as SARIF 2.1.0" },
    OwnForm { name: "junit", help: "The violations, as JUnit XML" },
    OwnForm { name: "github", help: "The violations, as annotations of a GitHub workflow" },
];

/// Writes the section in one of [`FORMS`]; without a section, why there is none.
#[must_use]
pub fn render(form: &str, scan: Option<&Scan>, failure: Option<&Failure>) -> String {
    match form {
        "markdown" => markdown::render(scan, failure),
        "sarif" => sarif::render(scan, failure),
        "junit" => junit::render(scan, failure),
        "github" => github::render(scan, failure),
        _ => String::new(),
    }
}

/// One line for people, if the gate is open.
#[must_use]
pub fn summary(scan: &Scan) -> String {
    let counts = scan.counts;
    let all = counts.critical + counts.high + counts.medium + counts.low + counts.info + counts.unknown + counts.failed;
    let of = |report: &super::Inspected| match &report.target {
        Some(target) => format!("{} of {target}", report.scanner),
        None => report.scanner.clone(),
    };
    let reports: Vec<String> = scan.reports.iter().take(5).map(of).collect();
    let issues =
        if all == 1 { "the 1 issue does not shut it".to_owned() } else { format!("none of {all} issues shuts it") };
    format!("gate open: {issues} ({})", reports.join(", "))
}

/// The section for people at a terminal.
#[must_use]
pub fn table(scan: &Scan) -> String {
    if let Some(explanation) = &scan.explanation {
        return explained(explanation);
    }
    let rows = scan.reports.iter().map(|report| {
        let made = report.created_at.clone().unwrap_or_else(|| "-".to_owned());
        let target = report.target.clone().unwrap_or_else(|| "-".to_owned());
        vec![report.source.clone(), report.scanner.clone(), target, made, report.findings.to_string()]
    });
    let mut parts = vec![table::render(&["report", "scanner", "target", "made", "findings"], rows)];
    let counts = scan.counts;
    let cells = [counts.critical, counts.high, counts.medium, counts.low, counts.info, counts.unknown, counts.failed];
    let head = ["critical", "high", "medium", "low", "info", "unknown", "failed"];
    parts.push(table::render(&head, [cells.map(|count| count.to_string()).to_vec()]));
    if !scan.violations.is_empty() {
        let rows = scan.violations.iter().take(SHOWN).map(cells_of);
        let hidden = scan.violations_total.saturating_sub(SHOWN);
        let more = if hidden > 0 { format!(" and {hidden} more\n") } else { String::new() };
        parts.push(table::render(&["severity", "id", "subject", "installed", "fixed", "reason"], rows) + &more);
    }
    if !scan.waived.is_empty() {
        let rows = scan.waived.iter().map(|waived| {
            let by = format!("{} {}", waived.by.file, waived.by.place);
            vec![waived.id.clone(), waived.severity.to_owned(), waived.subject.clone(), by, waived.by.reason.clone()]
        });
        parts.push(table::render(&["waived", "severity", "subject", "by", "reason"], rows));
    }
    let remarks = remarks(scan);
    if !remarks.is_empty() {
        parts.push(format!(" {}\n", remarks.join("\n ")));
    }
    parts.join("\n")
}

fn explained(explanation: &Explanation) -> String {
    if explanation.findings.is_empty() {
        return format!(" no report speaks of {}\n", explanation.id);
    }
    let rows = explanation.findings.iter().map(|found| {
        let why = found.because.join("; ");
        let subject = format!("{} {}", found.subject, found.version).trim().to_owned();
        vec![
            found.source.clone(),
            found.scanner.clone(),
            found.id.clone(),
            found.severity.to_owned(),
            subject,
            found.outcome.to_owned(),
            why,
        ]
    });
    table::render(&["report", "scanner", "id", "severity", "subject", "outcome", "because"], rows)
}

fn cells_of(violation: &Violation) -> Vec<String> {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let reason = violation.reasons.first().cloned().unwrap_or_default();
    let (version, fixed) = (or_dash(&violation.version), or_dash(&violation.fixed));
    vec![violation.severity.to_owned(), violation.id.clone(), subject(violation), version, fixed, reason]
}

/// What a violation is about: the package, else the place.
fn subject(violation: &Violation) -> String {
    let place = || violation.place.clone().unwrap_or_default();
    if violation.package.is_empty() { place() } else { violation.package.clone() }
}

/// What a person should know beside the counts and lists.
fn remarks(scan: &Scan) -> Vec<String> {
    let mut remarks: Vec<String> = scan.doubts.iter().map(|doubt| format!("cannot tell: {}", doubt.message)).collect();
    for report in &scan.reports {
        let source = &report.source;
        remarks.extend(report.filters.iter().map(|filter| format!("{source} was filtered before: {filter}")));
        remarks.extend(report.notes.iter().map(|note| format!("{source}: {note}")));
    }
    if let Some(waivers) = &scan.waivers {
        let of = |word: &'static str, list: &[super::Statement]| {
            let line = move |by: &super::Statement| format!("waiver {word}: {} {}: {}", by.file, by.place, by.reason);
            list.iter().map(line).collect::<Vec<_>>()
        };
        remarks.extend(of("expired", &waivers.expired));
        remarks.extend(of("expires soon", &waivers.expiring));
        remarks.extend(of("unused", &waivers.unused));
        remarks.extend(of("cannot be followed", &waivers.void));
        remarks.extend(waivers.notes.clone());
    }
    if let Some(change) = scan.baseline {
        remarks.push(format!(
            "since the baseline: {} new, {} persisting, {} fixed",
            change.new, change.persisting, change.fixed
        ));
    }
    if scan.without_fix_total > 0 {
        remarks.push(format!("{} issues are let through because they have no fix", scan.without_fix_total));
    }
    if scan.disputed_total > 0 {
        remarks.push(format!("{} issues have a disputed severity", scan.disputed_total));
    }
    if scan.suppressed_total > 0 {
        remarks.push(format!("{} findings are not counted by the scanners themselves", scan.suppressed_total));
    }
    remarks
}

//! Workflow commands of GitHub Actions: an annotation for each violation.
//!
//! Source: docs.github.com, "Workflow commands for GitHub Actions"; at most 10 error annotations a step are shown, the log has all.

use contract::Failure;

use super::{Scan, Violation, remarks, subject};

/// The section as workflow commands.
pub(super) fn render(scan: Option<&Scan>, failure: Option<&Failure>) -> String {
    let mut lines = Vec::new();
    if let Some(scan) = scan {
        lines.extend(scan.violations.iter().map(annotation));
        lines.extend(remarks(scan).iter().map(|remark| format!("::warning title=scan-gate::{}\n", data(remark))));
    }
    match failure {
        Some(failure) => lines.push(format!("::error title=scan-gate::{}\n", data(&failure.message))),
        None => lines.push("::notice title=scan-gate::gate open\n".to_owned()),
    }
    lines.concat()
}

fn annotation(violation: &Violation) -> String {
    let file = violation.place.as_ref().filter(|_| violation.package.is_empty());
    let file = file.map_or_else(String::new, |place| format!("file={},", property(place)));
    let line = violation.line.map_or_else(String::new, |line| format!("line={line},"));
    let title = format!("{} {}", violation.severity, violation.id);
    let fixed = violation.fixed.as_ref().map_or_else(String::new, |fixed| format!(", fixed in {fixed}"));
    let version = violation.version.as_deref().unwrap_or_default();
    let message = format!("{} {version}{fixed}: {}", subject(violation), violation.reasons.join("; "));
    format!("::error {file}{line}title={}::{}\n", property(&title), data(&message))
}

/// A message, so that it cannot begin a command of its own.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

//! Markdown: for a pull request, or the summary of a workflow.

use contract::Failure;

use super::{Scan, remarks, subject};

/// At most so many violations get a line: GitHub takes a summary of 1 MiB.
const LINES: usize = 500;

/// The section as Markdown.
#[must_use]
pub fn render(scan: Option<&Scan>, failure: Option<&Failure>) -> String {
    let Some(scan) = scan else {
        return format!(
            "## scan-gate: cannot tell\n\n{}\n",
            failure.map_or_else(String::new, |failure| escaped(&failure.message))
        );
    };
    let verdict = match (scan.ok, scan.doubts.is_empty()) {
        (true, _) => "open",
        (false, true) => "shut",
        (false, false) => "cannot tell",
    };
    let counts = scan.counts;
    let mut parts = vec![format!(
        "## scan-gate: {verdict}\n\n| critical | high | medium | low | info | unknown | failed |\n|---:|---:|---:|---:|---:|---:|---:|\n\
         | {} | {} | {} | {} | {} | {} | {} |\n",
        counts.critical, counts.high, counts.medium, counts.low, counts.info, counts.unknown, counts.failed
    )];
    if !scan.violations.is_empty() {
        parts
            .push("\n| severity | id | subject | installed | fixed | reason |\n|---|---|---|---|---|---|\n".to_owned());
    }
    for violation in scan.violations.iter().take(LINES) {
        let or_empty = |text: &Option<String>| escaped(text.as_deref().unwrap_or_default());
        parts.push(format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            violation.severity,
            escaped(&violation.id),
            escaped(&subject(violation)),
            or_empty(&violation.version),
            or_empty(&violation.fixed),
            escaped(&violation.reasons.join("; "))
        ));
    }
    let hidden = scan.violations_total.saturating_sub(LINES.min(scan.violations.len()));
    if hidden > 0 {
        parts.push(format!("\nand {hidden} more\n"));
    }
    let remarks = remarks(scan);
    if !remarks.is_empty() {
        parts.push("\n".to_owned());
    }
    for remark in remarks {
        parts.push(format!("- {}\n", escaped(&remark)));
    }
    parts.concat()
}

/// Text of others must not become markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '@' | '~' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

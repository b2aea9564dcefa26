//! SARIF 2.1.0: one run of scan-gate, a result for each violation. If the reports prove nothing, the run says that it did not succeed.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use std::collections::BTreeMap;

use contract::{Failure, uri};
use serde_json::{Value, json};

use super::{Scan, Violation, subject};

/// The section as SARIF.
pub(super) fn render(scan: Option<&Scan>, failure: Option<&Failure>) -> String {
    let violations = scan.map_or(&[][..], |scan| &scan.violations);
    let mut rules: BTreeMap<&str, &Violation> = BTreeMap::new();
    for violation in violations {
        rules.entry(&violation.id).or_insert(violation);
    }
    let places: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(place, id)| (*id, place)).collect();
    let results: Vec<Value> = violations.iter().map(|violation| result(violation, places[&*violation.id])).collect();
    let doubts: Vec<String> = match scan {
        Some(scan) => scan.doubts.iter().map(|doubt| doubt.message.clone()).collect(),
        None => failure.iter().map(|failure| failure.message.clone()).collect(),
    };
    let notifications: Vec<Value> =
        doubts.iter().map(|doubt| json!({ "level": "error", "message": { "text": doubt } })).collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "scan-gate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().map(|violation| rule(violation)).collect::<Vec<_>>(),
            } },
            "invocations": [{
                "executionSuccessful": notifications.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    });
    format!("{log}\n")
}

fn rule(violation: &Violation) -> Value {
    let title = violation.title.as_deref().unwrap_or(&violation.id);
    json!({
        "id": violation.id,
        "shortDescription": { "text": title },
        "properties": { "security-severity": security_severity(violation), "tags": ["security", violation.severity] },
    })
}

/// GitHub sorts by this number. Without a score it is the least one of the severity's band.
fn security_severity(violation: &Violation) -> String {
    let band = match violation.severity {
        "critical" | "failed" | "unknown" => 9.0,
        "high" => 7.0,
        "medium" => 4.0,
        _ => 0.1,
    };
    format!("{:.1}", violation.cvss.unwrap_or(band))
}

fn result(violation: &Violation, rule: usize) -> Value {
    let version = violation.version.as_deref().unwrap_or_default();
    let fixed = violation.fixed.as_ref().map_or_else(String::new, |fixed| format!(", fixed in {fixed}"));
    let text = format!("{} {version}{fixed}: {}", subject(violation), violation.reasons.join("; "));
    let uri = violation.place.clone().unwrap_or_else(|| subject(violation));
    json!({
        "ruleId": violation.id,
        "ruleIndex": rule,
        "level": level(violation.severity),
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri::relative(&uri) },
            "region": { "startLine": violation.line.unwrap_or(1) },
        } }],
        "partialFingerprints": { "scan-gate/v1": format!("{} {} {}", violation.id, violation.package, uri) },
        "properties": { "severity": violation.severity, "scanners": violation.scanners, "purl": violation.purl },
    })
}

fn level(severity: &str) -> &'static str {
    match severity {
        "medium" => "warning",
        "low" | "info" => "note",
        _ => "error",
    }
}

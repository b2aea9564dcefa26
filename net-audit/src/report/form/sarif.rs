//! SARIF 2.1.0: one run of net-audit, a result for each finding. What could not be told is a notification, and the run did not succeed then.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use std::collections::BTreeMap;

use contract::{Failure, uri};
use serde_json::{Value, json};

use super::super::{FindingReport, Network};
use super::untold;
use crate::audit::finding::{Resource, Severity};
use crate::audit::rule::Rule;

/// The section as SARIF.
pub(super) fn render(network: Option<&Network>, failure: Option<&Failure>) -> String {
    let findings = network.map_or(&[][..], |network| &network.findings);
    let waived = network.map_or(&[][..], |network| &network.waived);
    let all = || findings.iter().chain(waived.iter().map(|waived| &waived.finding));
    let mut worst: BTreeMap<Rule, Severity> = BTreeMap::new();
    for finding in all() {
        let severity = worst.entry(finding.id).or_insert(finding.severity);
        *severity = finding.severity.max(*severity);
    }
    let mut places: BTreeMap<Rule, usize> = worst.keys().map(|rule| (*rule, 0)).collect();
    for (place, number) in places.values_mut().enumerate() {
        *number = place;
    }
    let mut results: Vec<Value> = findings.iter().map(|finding| result(finding, places[&finding.id])).collect();
    for waived in waived {
        let mut result = result(&waived.finding, places[&waived.finding.id]);
        result["suppressions"] = json!([{
            "kind": "external", "justification": format!("{} ({}, until {})", waived.reason, waived.waiver, waived.expires),
        }]);
        results.push(result);
    }
    let notifications = notifications(network, failure);
    // What is not known and does not count is a warning: the run was as good as it was meant to be.
    let successful = network.is_some() && failure.is_none_or(|failure| failure.code != "network.unknown");
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "net-audit",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": worst.iter().map(|(rule, severity)| descriptor(*rule, *severity)).collect::<Vec<_>>(),
            } },
            "invocations": [{
                "executionSuccessful": successful,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    });
    format!("{log}\n")
}

fn notifications(network: Option<&Network>, failure: Option<&Failure>) -> Vec<Value> {
    let texts: Vec<String> = match network {
        Some(network) => untold(network).collect(),
        None => failure.iter().map(|failure| failure.message.clone()).collect(),
    };
    let level = if failure.is_some() { "error" } else { "warning" };
    texts.iter().map(|text| json!({ "level": level, "message": { "text": text } })).collect()
}

/// A rule, as bad as the worst of its findings here.
fn descriptor(rule: Rule, worst: Severity) -> Value {
    // GitHub sorts by this number: the least one of the severity's band.
    let score = match worst {
        Severity::Critical => "9.0",
        Severity::High => "7.0",
        Severity::Medium => "4.0",
        Severity::Low | Severity::Info => "0.1",
    };
    json!({
        "id": rule.id(),
        "shortDescription": { "text": rule.title() },
        "properties": { "security-severity": score, "tags": ["security", "network"] },
    })
}

fn result(finding: &FindingReport, rule: usize) -> Value {
    let main = finding.resources.first().map(|resource| resource.id.as_str()).unwrap_or_default();
    let labels: Vec<String> = finding.resources.iter().map(Resource::label).collect();
    let text = format!("{}: {}. {}", finding.title, finding.proof.join("; "), finding.remedy.advice);
    json!({
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": text },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": uri::relative(main) }, "region": { "startLine": 1 } },
            "logicalLocations": finding.resources.iter().map(|resource| json!({
                "name": resource.label(), "fullyQualifiedName": resource.id, "kind": "resource",
            })).collect::<Vec<_>>(),
        }],
        "partialFingerprints": { "net-audit/v1": fingerprint(finding) },
        "properties": {
            "severity": finding.severity,
            "confidence": finding.confidence,
            "resources": labels,
            "account": finding.account,
            "region": finding.region,
            "vpc": finding.vpc,
        },
    })
}

/// What makes a finding the same one in the next run: the rule, the place, and all that it is about.
fn fingerprint(finding: &FindingReport) -> String {
    let mut ids: Vec<&str> = finding.resources.iter().map(|resource| resource.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let account = finding.account.as_deref().unwrap_or_default();
    let region = finding.region.as_deref().unwrap_or_default();
    format!("{} {account} {region} {}", finding.id, ids.join(" "))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

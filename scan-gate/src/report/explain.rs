//! Why an id counts or does not: every finding of it, and what became of each. Pure.

use schemars::JsonSchema;
use serde::Serialize;

use crate::finding::Finding;
use crate::inspection::Inspection;
use crate::judge::{Exemption, Verdict};
use crate::report::{Statement, assembly, shown};
use crate::waiver::Waiver;

/// Why an id counts or does not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// The id that was asked for.
    pub id: String,
    /// Every finding that has it as its id or as an alias.
    pub findings: Vec<Explained>,
}

/// What became of one finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Explained {
    /// Where the report lies.
    pub source: String,
    /// The scanner.
    pub scanner: String,
    /// The finding's own id.
    pub id: String,
    /// The scanner's severity.
    pub severity: &'static str,
    /// The package or the place.
    pub subject: String,
    /// The version that is installed.
    pub version: String,
    /// What became of it: `counts`, `let through`, `waived`, `suppressed`.
    pub outcome: &'static str,
    /// Why, one line each.
    pub because: Vec<String>,
    /// The statement that silences it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Statement>,
}

/// Explains an id.
#[must_use]
pub fn explain(id: &str, reports: &[(String, Inspection)], verdict: &Verdict<'_>, waivers: &[Waiver]) -> Explanation {
    let mut findings = Vec::new();
    let is_meant = |finding: &Finding| finding.ids().any(|known| known.eq_ignore_ascii_case(id));
    for (name, inspection) in reports {
        for finding in inspection.findings.iter().filter(|finding| finding.suppressed.is_some() && is_meant(finding)) {
            let because = format!("the scanner says: {}", finding.suppressed.as_deref().unwrap_or_default());
            findings.push(explained((name.as_str(), inspection), finding, "suppressed", &[because]));
        }
    }
    let report = |report: u32| usize::try_from(report).ok().and_then(|place| reports.get(place));
    for waived in verdict.waived.iter().filter(|waived| is_meant(waived.row.finding)) {
        if let Some((name, inspection)) = report(waived.row.report) {
            let by = assembly::statement(&waivers[waived.waiver]);
            let because = vec![format!("{} of {} says: {}", by.place, by.file, by.reason)];
            findings.push(Explained {
                by: Some(by),
                ..explained((name.as_str(), inspection), waived.row.finding, "waived", &because)
            });
        }
    }
    for judged in &verdict.issues {
        let is_asked_for =
            judged.issue.id.eq_ignore_ascii_case(id) || judged.issue.rows.iter().any(|row| is_meant(row.finding));
        if !is_asked_for {
            continue;
        }
        let (outcome, because) = match judged.exemption {
            Some(Exemption::NoFix) => ("let through", vec!["there is no fix, and --fixable-only is on".to_owned()]),
            Some(Exemption::Persisting) => ("let through", vec!["it is in the baseline, at least as bad".to_owned()]),
            None if judged.reasons.is_empty() => (
                "let through",
                vec![format!("its severity is {}, and nothing else shuts the gate", judged.rating.word())],
            ),
            None => ("counts", judged.reasons.iter().map(assembly::in_words).collect()),
        };
        for row in judged.issue.rows.iter() {
            if let Some((name, inspection)) = report(row.report) {
                findings.push(explained((name.as_str(), inspection), row.finding, outcome, &because));
            }
        }
    }
    Explanation { id: shown(id), findings }
}

fn explained(
    (name, inspection): (&str, &Inspection),
    finding: &Finding,
    outcome: &'static str,
    because: &[String],
) -> Explained {
    Explained {
        source: name.to_owned(),
        scanner: shown(&inspection.scanner),
        id: shown(&finding.id),
        severity: finding.rating.word(),
        subject: shown(finding.subject()),
        version: shown(&finding.version),
        outcome,
        because: because.iter().map(|line| shown(line)).collect(),
        by: None,
    }
}

//! What is written: the `scan` section of the release document. The forms for people and other tools are made from it.

pub(crate) mod assembly;
pub mod explain;
pub mod form;
mod metrics;

use std::collections::BTreeMap;

use contract::Digest;
use schemars::JsonSchema;
use serde::Serialize;

pub use assembly::Material;

use crate::finding::Kind;
use crate::judge::baseline::Fingerprints;
use crate::policy::SeverityFrom;
use crate::report::explain::Explanation;
use crate::severity::Severity;

/// So many of each list are written out; all are counted.
pub(crate) const SHOWN: usize = 20;

/// The longest text that is written out, in characters.
const LONGEST: usize = 300;

/// The `scan` section of the release document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Scan {
    /// Whether the gate is open: every report was read whole, and nothing violates.
    pub ok: bool,
    /// The digests by which the reports name the image; empty if they name none.
    pub digests: Vec<Digest>,
    /// The policy that was applied.
    pub policy: Applied,
    /// What was inspected, report by report.
    pub reports: Vec<Inspected>,
    /// Why the reports prove nothing; empty if they do.
    pub doubts: Vec<Doubted>,
    /// Issues by severity: each counts once, however many scanners report it. Waived ones are not among them.
    pub counts: SeverityCounts,
    /// How many issues shut the gate.
    pub violations_total: usize,
    /// The worst of them, at most 20 in the document.
    pub violations: Vec<Violation>,
    /// How many issues are let through because they have no fix.
    pub without_fix_total: usize,
    /// How many issues are about something whose severity is disputed.
    pub disputed_total: usize,
    /// How many findings are waived.
    pub waived_total: usize,
    /// The first of them, at most 20, with the statement that silences each.
    pub waived: Vec<WaivedFinding>,
    /// How many findings the scanners themselves do not count.
    pub suppressed_total: usize,
    /// The statements that a person should look at; only if there are waivers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waivers: Option<WaiverUse>,
    /// What changed since the baseline; only if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Change>,
    /// The catalog of known exploited vulnerabilities; only if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_exploited: Option<Source>,
    /// The exploit predictions; only if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploit_prediction: Option<Source>,
    /// Why an id counts or not; only if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
    /// All issues, for a later run's `--baseline`; not there if the reports prove nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<Fingerprints>,
}

/// The policy that was applied.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Applied {
    /// The lowest severity that shuts the gate.
    pub fail_on: Severity,
    /// How many issues of a severity are let through, for example `critical=0,high=5`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub max: String,
    /// The lowest CVSS score that shuts the gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvss: Option<f32>,
    /// Whether issues without a fix are let through.
    pub fixable_only: bool,
    /// Whose severity counts.
    pub severity_from: SeverityFrom,
    /// The lowest probability of exploitation that shuts the gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss_at_least: Option<f32>,
}

/// What was inspected.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Inspected {
    /// Where the report lies; `-` is standard input.
    pub source: String,
    /// Its format.
    pub format: &'static str,
    /// The scanner.
    pub scanner: String,
    /// The scanner's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanner_version: Option<String>,
    /// What was scanned, in the scanner's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// When the report was made, as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When the scanner's database was made, as the report says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_at: Option<String>,
    /// How many findings were read.
    pub findings: usize,
    /// How many the report says it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<usize>,
    /// The findings that were read and that the scanner counts, by kind and the scanner's own severity.
    pub counts: BTreeMap<Kind, SeverityCounts>,
    /// How many of its findings the scanner itself does not count.
    pub suppressed: usize,
    /// What was left out before the report was written, as far as it says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// What a person should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Why the reports prove nothing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Doubted {
    /// Stable code.
    pub code: &'static str,
    /// One line for people.
    pub message: String,
}

/// Counts by severity.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct SeverityCounts {
    /// Critical ones.
    pub critical: usize,
    /// High ones.
    pub high: usize,
    /// Medium ones.
    pub medium: usize,
    /// Low ones.
    pub low: usize,
    /// Those worth knowing.
    pub info: usize,
    /// Those without a known severity.
    pub unknown: usize,
    /// Gates that are shut and alarms that are on in the reporting tools themselves.
    pub failed: usize,
}

/// An issue that shuts the gate.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Violation {
    /// Its id: the CVE if there is one.
    pub id: String,
    /// Other ids that scanners give it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Its kind.
    pub kind: Kind,
    /// Its severity: `critical`, `high`, `medium`, `low`, `info`, `unknown` or `failed`.
    pub severity: &'static str,
    /// Who says what of the severity, if not all agree.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub said: BTreeMap<String, &'static str>,
    /// Why it shuts the gate.
    pub reasons: Vec<String>,
    /// The package; empty if it is about none.
    pub package: String,
    /// The version that is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The package URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// The version that has the fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// Where it lies: the first place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The line there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// How many findings report it.
    pub findings: usize,
    /// The scanners that report it.
    pub scanners: Vec<String>,
    /// Its worst CVSS score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvss: Option<f32>,
    /// The probability that it will be exploited within 30 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss: Option<f32>,
    /// Whether it is known to be exploited.
    pub known_exploited: bool,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A finding that a statement silences.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WaivedFinding {
    /// Its id.
    pub id: String,
    /// The scanner's severity.
    pub severity: &'static str,
    /// What it is about.
    pub subject: String,
    /// The statement that silences it.
    pub by: Statement,
}

/// A statement of a waiver file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Statement {
    /// The file.
    pub file: String,
    /// Its format: `waivers`, `trivyignore`, `suppression`, `openvex`, `cyclonedx`, `csaf`.
    pub format: &'static str,
    /// The place in it.
    pub place: String,
    /// The reason that it gives.
    pub reason: String,
    /// From when on it does not hold any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// The statements that a person should look at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WaiverUse {
    /// How many statements there are.
    pub total: usize,
    /// Those that do not hold any more and are about something that is there: it counts again.
    pub expired: Vec<Statement>,
    /// Those that will not hold any more within 14 days.
    pub expiring: Vec<Statement>,
    /// How many are about nothing that is there.
    pub unused_total: usize,
    /// The first of those, at most 20.
    pub unused: Vec<Statement>,
    /// Those that cannot be followed, with the reason why.
    pub void: Vec<Statement>,
    /// What else is to be said about the files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What changed since the baseline.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Change {
    /// Issues that were not there, or not as bad.
    pub new: usize,
    /// Issues that were there.
    pub persisting: usize,
    /// Issues that are gone.
    pub fixed: usize,
}

/// A file that is consulted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Source {
    /// Its version, as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was made, as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_at: Option<String>,
    /// How many issues it is about.
    pub issues: usize,
}

/// Text of others, fit to be shown: without control characters, and not endless.
pub(crate) fn shown(text: &str) -> String {
    let mut characters = text.chars();
    let mut start: String = characters.by_ref().take(LONGEST).collect();
    if characters.next().is_some() {
        start.push('…');
    }
    contract::table::printable(&start)
}

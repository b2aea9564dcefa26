//! What is written: the `scan` section, and the table made from it.

use contract::{Digest, table};
use schemars::JsonSchema;
use serde::Serialize;

use crate::finding::{Finding, Inspection, Kind};
use crate::judge::{Counts, Verdict};
use crate::severity::{Rating, Severity};

/// So many violations are written out; all are counted.
const SHOWN: usize = 20;

/// The `scan` section of the release document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Scan {
    /// Whether the gate is open.
    pub ok: bool,
    /// The scanner that wrote the report.
    pub scanner: &'static str,
    /// What was scanned, in the scanner's words.
    pub target: String,
    /// The digests by which the report names the image; empty if it names none.
    pub digests: Vec<Digest>,
    /// When the report was made, as it says.
    pub created_at: Option<String>,
    /// The lowest severity that shuts the gate.
    pub fail_on: Severity,
    /// All findings by severity.
    pub counts: SeverityCounts,
    /// How many findings shut the gate.
    pub violations_total: usize,
    /// The worst of them, at most 20.
    pub violations: Vec<Violation>,
}

/// Findings by severity.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct SeverityCounts {
    /// Critical ones.
    pub critical: usize,
    /// High ones.
    pub high: usize,
    /// Medium ones.
    pub medium: usize,
    /// Low ones.
    pub low: usize,
    /// Those without a known severity: they always shut the gate.
    pub unknown: usize,
}

/// A finding that shuts the gate.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Violation {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// Its severity, `unknown` if the report gives none.
    pub severity: &'static str,
    /// The package or file.
    pub subject: String,
    /// The version that is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installed: Option<String>,
    /// The version that has the fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
}

impl From<Counts> for SeverityCounts {
    fn from(counts: Counts) -> Self {
        let Counts { critical, high, medium, low, unknown } = counts;
        Self { critical, high, medium, low, unknown }
    }
}

impl From<&Finding> for Violation {
    fn from(finding: &Finding) -> Self {
        Self {
            id: finding.id.clone(),
            kind: finding.kind,
            severity: finding.rating.word(),
            subject: finding.subject.clone(),
            installed: finding.installed.clone(),
            fixed: finding.fixed.clone(),
        }
    }
}

impl Scan {
    /// The section for a verdict.
    #[must_use]
    pub fn new(inspection: &Inspection, verdict: &Verdict<'_>, fail_on: Severity) -> Self {
        Self {
            ok: verdict.violations.is_empty(),
            scanner: inspection.scanner,
            target: inspection.target.clone(),
            digests: inspection.digests.clone(),
            created_at: inspection.created_at.clone(),
            fail_on,
            counts: verdict.counts.into(),
            violations_total: verdict.violations.len(),
            violations: verdict.violations.iter().take(SHOWN).map(|finding| Violation::from(*finding)).collect(),
        }
    }

    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let SeverityCounts { critical, high, medium, low, unknown } = self.counts;
        let all = critical + high + medium + low + unknown;
        let threshold = Rating::Known(self.fail_on).word();
        format!("{}: gate open: none of {all} findings is at or above {threshold}", self.target)
    }

    /// The section for people.
    #[must_use]
    pub fn table(&self) -> String {
        let SeverityCounts { critical, high, medium, low, unknown } = self.counts;
        let counts = [critical, high, medium, low, unknown].map(|count| count.to_string()).to_vec();
        let head = table::render(&["critical", "high", "medium", "low", "unknown"], [counts]);
        if self.violations.is_empty() {
            return head;
        }
        let rows = self.violations.iter().map(Violation::cells);
        let list = table::render(&["severity", "id", "subject", "installed", "fixed"], rows);
        let hidden = self.violations_total - self.violations.len();
        let more = if hidden > 0 { format!(" and {hidden} more\n") } else { String::new() };
        format!("{head}\n{list}{more}")
    }
}

impl Violation {
    fn cells(&self) -> Vec<String> {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let (installed, fixed) = (or_dash(&self.installed), or_dash(&self.fixed));
        vec![self.severity.to_owned(), self.id.clone(), self.subject.clone(), installed, fixed]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::judge;

    fn scan() -> Scan {
        let finding = |id: &str, word: &str, fixed: Option<&str>| Finding {
            kind: Kind::Vulnerability,
            id: id.to_owned(),
            rating: Rating::of_word(Some(word)),
            subject: "openssl".to_owned(),
            installed: Some("3.0.1".to_owned()),
            fixed: fixed.map(str::to_owned),
        };
        let findings = vec![
            finding("CVE-2", "high", None),
            finding("CVE-1", "critical", Some("3.0.2")),
            finding("CVE-3", "?", None),
        ];
        let target = "web:1.4".to_owned();
        let inspection = Inspection { scanner: "trivy", target, digests: Vec::new(), created_at: None, findings };
        Scan::new(&inspection, &judge(&inspection.findings, Severity::High), Severity::High)
    }

    #[test]
    fn the_section_has_a_stable_shape() {
        insta::assert_json_snapshot!(scan());
    }

    #[test]
    fn the_table_is_made_of_the_same_section() {
        insta::assert_snapshot!(scan().table());
    }
}

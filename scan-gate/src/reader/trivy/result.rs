//! One element of Trivy's `Results`: what was found in one target, be it a layer of packages, a lock file or a manifest.
//!
//! Source: aquasecurity/trivy, `pkg/types/report.go`, `pkg/types/finding.go`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::finding::{Finding, Fix, Kind, Pool, Said, Score, Text};
use crate::inspection::Inspection;
use crate::json::Json;
use crate::reader::ReadError;
use crate::severity::{Rating, Severity};

const RESULT: [&str; 10] = [
    "Target",
    "Class",
    "Type",
    "Packages",
    "Vulnerabilities",
    "MisconfSummary",
    "Misconfigurations",
    "Secrets",
    "Licenses",
    "ExperimentalModifiedFindings",
];

/// What the findings of one `Results` element have in common.
#[derive(Default)]
struct Target {
    name: Text,
}

/// Reads one, and says what its `Target` is; empty if it has none.
pub(super) fn result(json: &mut Json, inspection: &mut Inspection) -> Result<Text, ReadError> {
    let mut target = Target::default();
    let mut failures = 0;
    let mut declared_failures = None;
    let first = inspection.findings.len();
    json.object(|json, name| {
        match name {
            "Target" => target.name = inspection.pool.text(&json.value::<String>()?),
            "Vulnerabilities" => json.list_or_null(|json| {
                let found = json.value::<Vulnerability>()?.finding(&target, &mut inspection.pool);
                inspection.findings.push(found);
                Ok(())
            })?,
            "Misconfigurations" => json.list_or_null(|json| {
                let found: Misconfiguration = json.value()?;
                if found.is_failure() {
                    failures += 1;
                    inspection.findings.push(found.finding(&target, &mut inspection.pool));
                }
                Ok(())
            })?,
            "Secrets" => json.list_or_null(|json| {
                inspection.findings.push(json.value::<Secret>()?.finding(&target));
                Ok(())
            })?,
            "Licenses" => json.list_or_null(|json| {
                let found = json.value::<License>()?.finding(&target, &mut inspection.pool);
                inspection.findings.push(found);
                Ok(())
            })?,
            "MisconfSummary" => {
                declared_failures = json.value::<Option<Summary>>()?.and_then(|summary| summary.failures);
            }
            "ExperimentalModifiedFindings" => json.list_or_null(|json| {
                inspection.findings.push(json.value::<Modified>()?.finding(&target));
                Ok(())
            })?,
            _ => json.skip_unknown(name, &RESULT)?,
        }
        Ok(())
    })?;
    // A target may stand behind what was found in it.
    for finding in inspection.findings[first..].iter_mut().filter(|finding| finding.place.is_empty()) {
        finding.place.clone_from(&target.name);
    }
    if declared_failures.is_some_and(|declared| declared > failures) {
        let declared = declared_failures.unwrap_or_default();
        let cause = format!("`{}` declares {declared} failed checks and lists {failures}", target.name);
        return Err(ReadError::NoProof(cause));
    }
    Ok(target.name)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    failures: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vulnerability {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(rename = "VendorIDs")]
    vendor_ids: Option<Vec<String>>,
    #[serde(default)]
    pkg_name: String,
    pkg_path: Option<String>,
    pkg_identifier: Option<PackageIdentifier>,
    installed_version: Option<String>,
    fixed_version: Option<String>,
    status: Option<String>,
    severity: Option<String>,
    title: Option<String>,
    vendor_severity: Option<BTreeMap<String, u8>>,
    #[serde(rename = "CVSS")]
    cvss: Option<BTreeMap<String, Cvss>>,
}

#[derive(Deserialize)]
struct PackageIdentifier {
    #[serde(rename = "PURL")]
    purl: Option<String>,
}

/// What one source says by CVSS.
#[derive(Deserialize)]
pub(super) struct Cvss {
    #[serde(rename = "V2Score")]
    v2: Option<f32>,
    #[serde(rename = "V3Score")]
    v3: Option<f32>,
    #[serde(rename = "V40Score")]
    v40: Option<f32>,
}

impl Vulnerability {
    fn finding(self, target: &Target, pool: &mut Pool) -> Finding {
        let place = match self.pkg_path.as_deref() {
            Some(path) if !path.is_empty() => pool.text(path),
            _ => target.name.clone(),
        };
        let fix = match (self.fixed_version.as_deref(), self.status.as_deref()) {
            (Some(version), _) if !version.is_empty() => Fix::Version(pool.text(version)),
            // Trivy knows that there is one, and not where.
            (_, Some("fixed")) => Fix::Unsaid,
            _ => Fix::None,
        };
        let said = self.said(pool);
        let scores = scores(self.cvss.as_ref(), pool);
        let rating = Rating::of_word(self.severity.as_deref());
        Finding {
            aliases: self.vendor_ids.unwrap_or_default().iter().map(|id| pool.text(id)).collect(),
            package: pool.text(&self.pkg_name),
            version: pool.text(self.installed_version.as_deref().unwrap_or_default()),
            purl: self.pkg_identifier.and_then(|package| package.purl).unwrap_or_default().into(),
            place,
            fix,
            said,
            scores: pool.scores(&scores),
            title: pool.title(self.title.as_deref().unwrap_or_default(), rating),
            ..Finding::new(Kind::Vulnerability, self.id, rating)
        }
    }

    fn said(&self, pool: &mut Pool) -> std::sync::Arc<[Said]> {
        let said = self.vendor_severity.iter().flatten();
        let said: Vec<Said> = said.map(|(by, number)| Said { by: pool.text(by), rating: of_number(*number) }).collect();
        pool.said(&said)
    }
}

/// The scores of all sources, the newest version first.
pub(super) fn scores(cvss: Option<&BTreeMap<String, Cvss>>, pool: &mut Pool) -> Vec<Score> {
    let mut scores = Vec::new();
    for (by, cvss) in cvss.into_iter().flatten() {
        for (version, value) in [(4, cvss.v40), (3, cvss.v3), (2, cvss.v2)] {
            let value = value.filter(|value| *value > 0.0);
            scores.extend(value.map(|value| Score { by: pool.text(by), version, value }));
        }
    }
    scores
}

/// Trivy numbers its severities in `VendorSeverity`. Source: aquasecurity/trivy-db, `pkg/types/types.go`.
fn of_number(number: u8) -> Rating {
    match number {
        1 => Rating::Known(Severity::Low),
        2 => Rating::Known(Severity::Medium),
        3 => Rating::Known(Severity::High),
        4 => Rating::Known(Severity::Critical),
        _ => Rating::Unknown,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Misconfiguration {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "AVDID")]
    avd_id: Option<String>,
    title: Option<String>,
    severity: Option<String>,
    status: Option<String>,
    cause_metadata: Option<Cause>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cause {
    start_line: Option<u32>,
}

impl Misconfiguration {
    /// `PASS` and `EXCEPTION` are no findings; whatever else stands there is one.
    fn is_failure(&self) -> bool {
        !matches!(self.status.as_deref(), Some("PASS" | "EXCEPTION"))
    }

    fn finding(self, target: &Target, pool: &mut Pool) -> Finding {
        let alias = self.avd_id.filter(|alias| *alias != self.id && !alias.is_empty());
        Finding {
            aliases: alias.iter().map(|alias| pool.text(alias)).collect(),
            place: target.name.clone(),
            line: self.cause_metadata.and_then(|cause| cause.start_line).filter(|line| *line > 0),
            title: pool.text(self.title.as_deref().unwrap_or_default()),
            ..Finding::new(Kind::Misconfiguration, self.id, Rating::of_word(self.severity.as_deref()))
        }
    }
}

/// A secret. `Match` and `Code`, which show it, are never read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Secret {
    #[serde(rename = "RuleID")]
    id: String,
    title: Option<String>,
    severity: Option<String>,
    start_line: Option<u32>,
}

impl Secret {
    fn finding(self, target: &Target) -> Finding {
        Finding {
            place: target.name.clone(),
            line: self.start_line.filter(|line| *line > 0),
            title: self.title.unwrap_or_default().into(),
            ..Finding::new(Kind::Secret, self.id, Rating::of_word(self.severity.as_deref()))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct License {
    name: String,
    category: Option<String>,
    pkg_name: Option<String>,
    file_path: Option<String>,
    severity: Option<String>,
}

impl License {
    fn finding(self, target: &Target, pool: &mut Pool) -> Finding {
        let place = self.file_path.filter(|path| !path.is_empty());
        Finding {
            package: pool.text(&self.pkg_name.unwrap_or_default()),
            place: place.map_or_else(|| target.name.clone(), |path| pool.text(&path)),
            title: pool.text(&self.category.unwrap_or_default()),
            ..Finding::new(Kind::License, self.name, Rating::of_word(self.severity.as_deref()))
        }
    }
}

/// A finding that Trivy was told not to count, written with `--show-suppressed`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Modified {
    status: Option<String>,
    statement: Option<String>,
    source: Option<String>,
    finding: ModifiedFinding,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ModifiedFinding {
    #[serde(rename = "VulnerabilityID", alias = "ID", alias = "RuleID", alias = "Name")]
    id: Option<String>,
    pkg_name: Option<String>,
    installed_version: Option<String>,
    severity: Option<String>,
}

impl Modified {
    fn finding(self, target: &Target) -> Finding {
        let reason = [self.status, self.source, self.statement].into_iter().flatten().collect::<Vec<_>>().join(": ");
        let id = self.finding.id.unwrap_or_default();
        Finding {
            package: self.finding.pkg_name.unwrap_or_default().into(),
            version: self.finding.installed_version.unwrap_or_default().into(),
            place: target.name.clone(),
            suppressed: Some(reason.into()),
            ..Finding::new(Kind::Vulnerability, id, Rating::of_word(self.finding.severity.as_deref()))
        }
    }
}

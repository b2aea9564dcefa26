//! Trivy's JSON report, schema 2 (Trivy 0.20 and later).
//!
//! Go leaves out what is empty, so a clean report may have no `Results` at all. That is why a report must name its artifact, and why a
//! member that differs from a known one in its case only is refused: it would be read as "nothing found".
//!
//! Source: aquasecurity/trivy, `pkg/types/report.go`.

use std::collections::BTreeMap;

use contract::Digest;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::ReadError;
use crate::finding::{Finding, Inspection, Kind};
use crate::severity::Rating;

mod spelling;

/// What can have been scanned. Source: aquasecurity/trivy, `pkg/fanal/artifact/artifact.go`.
const ARTIFACT_TYPES: [&str; 3] = ["container_image", "filesystem", "repository"];

/// The schema that is read.
const SCHEMA_VERSION: &str = "2";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    artifact_name: String,
    created_at: Option<String>,
    #[serde(default)]
    metadata: Metadata,
    results: Option<Vec<ScanResult>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    #[serde(rename = "ImageID")]
    image_id: Option<String>,
    repo_digests: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScanResult {
    #[serde(default)]
    target: String,
    vulnerabilities: Option<Vec<Vulnerability>>,
    misconfigurations: Option<Vec<Misconfiguration>>,
    secrets: Option<Vec<Secret>>,
    licenses: Option<Vec<License>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vulnerability {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(default)]
    pkg_name: String,
    installed_version: Option<String>,
    fixed_version: Option<String>,
    severity: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Misconfiguration {
    #[serde(rename = "ID")]
    id: String,
    severity: Option<String>,
    /// `PASS` and `EXCEPTION` are no findings.
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Secret {
    #[serde(rename = "RuleID")]
    id: String,
    severity: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct License {
    name: String,
    pkg_name: Option<String>,
    file_path: Option<String>,
    severity: Option<String>,
}

/// Reads a report.
///
/// # Errors
/// It is not exactly one Trivy report of schema 2.
pub fn read(bytes: &[u8]) -> Result<Inspection, ReadError> {
    recognise(bytes)?;
    let report: Report = serde_json::from_slice(bytes)?;
    let digests = digests(&report.metadata);
    let findings = report.results.unwrap_or_default().into_iter().flat_map(findings).collect();
    Ok(Inspection { scanner: "trivy", target: report.artifact_name, digests, created_at: report.created_at, findings })
}

/// Says by shape what it is instead, before a missing member is complained about.
fn recognise(bytes: &[u8]) -> Result<(), ReadError> {
    if !bytes.trim_ascii_start().starts_with(b"{") {
        let _whole: IgnoredAny = serde_json::from_slice(bytes)?;
        return Err(ReadError::Alien("it is not a JSON object; a list is what Trivy before 0.20 wrote".to_owned()));
    }
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(bytes)?;
    if let Some(name) = spelling::look_alike(bytes)? {
        return Err(ReadError::Alien(format!("member `{name}` is not spelled as Trivy spells it")));
    }
    if !members.contains_key("ArtifactName") || !members.contains_key("ArtifactType") {
        let names: Vec<&str> = members.keys().take(8).map(String::as_str).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(ReadError::Alien(format!("it has no `ArtifactName` and `ArtifactType`; its members are: {names}")));
    }
    if members.get("SchemaVersion").map(|raw| raw.get()) != Some(SCHEMA_VERSION) {
        return Err(ReadError::Alien(format!("its `SchemaVersion` is not {SCHEMA_VERSION}")));
    }
    let artifact = members.get("ArtifactType").map_or("missing", |raw| raw.get());
    if !ARTIFACT_TYPES.contains(&artifact.trim_matches('"')) {
        return Err(ReadError::Alien(format!(
            "its `ArtifactType` is {artifact}, not one of {}",
            ARTIFACT_TYPES.join(", ")
        )));
    }
    Ok(())
}

fn digests(metadata: &Metadata) -> Vec<Digest> {
    let of_repositories = metadata.repo_digests.iter().flatten().filter_map(|name| name.rsplit('@').next());
    metadata.image_id.iter().map(String::as_str).chain(of_repositories).filter_map(|text| text.parse().ok()).collect()
}

fn findings(result: ScanResult) -> Vec<Finding> {
    let target = result.target;
    let vulnerabilities = result.vulnerabilities.unwrap_or_default().into_iter().map(|found| Finding {
        kind: Kind::Vulnerability,
        id: found.id,
        rating: Rating::of_word(found.severity.as_deref()),
        subject: found.pkg_name,
        installed: found.installed_version,
        fixed: found.fixed_version.filter(|version| !version.is_empty()),
    });
    let is_failure = |found: &Misconfiguration| !matches!(found.status.as_deref(), Some("PASS" | "EXCEPTION"));
    let misconfigurations = result.misconfigurations.unwrap_or_default().into_iter().filter(is_failure);
    let misconfigurations = misconfigurations
        .map(|found| in_file(Kind::Misconfiguration, found.id, found.severity.as_deref(), target.clone()));
    let secrets = result.secrets.unwrap_or_default().into_iter();
    let secrets = secrets.map(|found| in_file(Kind::Secret, found.id, found.severity.as_deref(), target.clone()));
    let licenses = result.licenses.unwrap_or_default().into_iter().map(|found| {
        let subject = found.pkg_name.filter(|name| !name.is_empty()).or(found.file_path).unwrap_or_default();
        in_file(Kind::License, found.name, found.severity.as_deref(), subject)
    });
    vulnerabilities.chain(misconfigurations).chain(secrets).chain(licenses).collect()
}

fn in_file(kind: Kind, id: String, severity: Option<&str>, subject: String) -> Finding {
    Finding { kind, id, rating: Rating::of_word(severity), subject, installed: None, fixed: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::severity::Severity;

    fn report(results: &str) -> String {
        format!(r#"{{"SchemaVersion":2,"ArtifactName":"web:1","ArtifactType":"container_image"{results}}}"#)
    }

    fn ratings(results: &str) -> Vec<(Kind, Rating)> {
        let inspection = read(report(results).as_bytes()).unwrap();
        inspection.findings.into_iter().map(|finding| (finding.kind, finding.rating)).collect()
    }

    #[test]
    fn a_clean_report_has_no_findings_in_all_its_shapes() {
        for results in
            ["", r#","Results":null"#, r#","Results":[]"#, r#","Results":[{"Target":"a","Vulnerabilities":null}]"#]
        {
            assert_eq!(ratings(results), [], "{results}");
        }
    }

    #[test]
    fn every_kind_of_finding_is_read() {
        let results = r#","Results":[{"Target":"t",
            "Vulnerabilities":[{"VulnerabilityID":"CVE-1","PkgName":"p","InstalledVersion":"1","FixedVersion":"2","Severity":"CRITICAL"}],
            "Misconfigurations":[{"ID":"A","Severity":"LOW","Status":"FAIL"},{"ID":"B","Severity":"HIGH","Status":"PASS"}],
            "Secrets":[{"RuleID":"aws","Severity":"HIGH"}],
            "Licenses":[{"Name":"AGPL-3.0","PkgName":"x"}]}]"#;
        let expected = [
            (Kind::Vulnerability, Rating::Known(Severity::Critical)),
            (Kind::Misconfiguration, Rating::Known(Severity::Low)),
            (Kind::Secret, Rating::Known(Severity::High)),
            (Kind::License, Rating::Unknown),
        ];
        assert_eq!(ratings(results), expected);
    }

    #[test]
    fn the_image_is_named_by_its_id_and_its_repository_digests() {
        let (id, digest) = ("a".repeat(64), "b".repeat(64));
        let metadata =
            format!(r#","Metadata":{{"ImageID":"sha256:{id}","RepoDigests":["web@sha256:{digest}","odd"]}}"#);
        let named = read(report(&metadata).as_bytes()).unwrap().digests;
        let named: Vec<&str> = named.iter().map(Digest::hex).collect();
        assert_eq!(named, [id, digest]);
    }

    #[test]
    fn look_alikes_are_refused() {
        let cases = [
            report(r#","results":[]"#),
            report(r#","RESULTS":null"#),
            r#"{"SchemaVersion":1,"ArtifactName":"a","ArtifactType":"b"}"#.to_owned(),
            r#"{"SchemaVersion":"2","ArtifactName":"a","ArtifactType":"b"}"#.to_owned(),
            r#"{"matches":[],"descriptor":{}}"#.to_owned(),
            r#"{"SchemaVersion":2,"ArtifactName":"a","ArtifactType":"cyclonedx"}"#.to_owned(),
            report(r#","metadata":{}"#),
            report(r#","Metadata":{"imageid":"x"}"#),
            report(r#","Results":[{"vulnerabilities":[{"VulnerabilityID":"A","Severity":"CRITICAL"}]}]"#),
            report(r#","Results":[{"Vulnerabilities":[],"VULNERABILITIES":[]}]"#),
            report(
                r#","Results":[{"Vulnerabilities":[{"VulnerabilityID":"A","severity":"CRITICAL","Severity":"LOW"}]}]"#,
            ),
            report(r#","Results":[{"Misconfigurations":[{"ID":"A","Status":"PASS","status":"FAIL"}]}]"#),
            report(r#","Results":[{"Secrets":[{"RuleID":"A","severity":"HIGH"}]}]"#),
        ];
        for text in cases {
            assert!(matches!(read(text.as_bytes()), Err(ReadError::Alien(_))), "{text}");
        }
    }

    #[test]
    fn a_member_that_stands_there_twice_is_refused() {
        let results =
            r#","Results":[{"Vulnerabilities":[{"VulnerabilityID":"A","Severity":"CRITICAL","Severity":"LOW"}]}]"#;
        for text in [report(results), report(r#","Results":[],"Results":[]"#)] {
            assert!(matches!(read(text.as_bytes()), Err(ReadError::Malformed(_))), "{text}");
        }
    }
}

//! Trivy's JSON report, schema 2 (Trivy 0.20 and later): `trivy image`, `fs`, `repo`, `config`, `sbom`, with all their scanners.
//!
//! Go leaves out what is empty, so a clean report may have no `Results` at all. That is why a report must name its artifact, and why a
//! member that is nearly a known one is refused: it would be read as "nothing found".
//!
//! Source: aquasecurity/trivy, `pkg/types/report.go`, `pkg/types/finding.go`.

use contract::Digest;
use serde::Deserialize;

use super::result::result;
use crate::inspection::Inspection;
use crate::json::{Json, Outline};
use crate::reader::ReadError;

const REPORT: [&str; 9] = [
    "SchemaVersion",
    "ReportID",
    "Trivy",
    "CreatedAt",
    "ArtifactID",
    "ArtifactName",
    "ArtifactType",
    "Metadata",
    "Results",
];

/// What can have been scanned. Source: aquasecurity/trivy, `pkg/fanal/artifact/artifact.go`.
const ARTIFACT_TYPES: [&str; 7] =
    ["container_image", "filesystem", "repository", "cyclonedx", "spdx", "vm", "aws_account"];

/// Whether a document is such a report, as far as it is in sight.
pub(super) fn claims(outline: &Outline) -> bool {
    let named = outline.has_any(&["ArtifactName", "ArtifactType"]);
    named && (outline.has(&["SchemaVersion"]) || outline.has(&["ArtifactName", "ArtifactType"]))
}

/// Reads one.
pub(super) fn read(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut schema = None;
    let mut artifact_type = None;
    json.object(|json, name| {
        match name {
            "SchemaVersion" => schema = Some(json.value::<u32>()?),
            "Trivy" => inspection.scanner_version = json.value::<Option<About>>()?.and_then(|about| about.version),
            "CreatedAt" => inspection.created_at = json.value()?,
            "ArtifactName" => inspection.target = json.value()?,
            "ArtifactType" => artifact_type = json.value::<Option<String>>()?,
            "Metadata" => {
                let metadata = json.value::<Option<Metadata>>()?.unwrap_or_default();
                inspection.digests = metadata.digests();
                inspection.notes.extend(metadata.note());
            }
            "Results" => json.list_or_null(|json| result(json, inspection).map(drop))?,
            _ => json.skip_unknown(name, &REPORT)?,
        }
        Ok(())
    })?;
    if schema != Some(2) {
        let found = schema.map_or_else(|| "missing".to_owned(), |schema| schema.to_string());
        return Err(ReadError::NoProof(format!("its `SchemaVersion` is {found}, not 2")));
    }
    match artifact_type {
        Some(known) if ARTIFACT_TYPES.contains(&known.as_str()) => Ok(()),
        Some(other) => Err(ReadError::NoProof(format!(
            "its `ArtifactType` is `{other}`, not one of {}",
            ARTIFACT_TYPES.join(", ")
        ))),
        None if inspection.target.is_some() => Ok(()),
        None => Err(ReadError::NoProof("it does not say what was scanned".to_owned())),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct About {
    version: Option<String>,
}

/// What is told of the artifact.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Metadata {
    #[serde(rename = "ImageID")]
    image_id: Option<String>,
    repo_digests: Option<Vec<String>>,
    #[serde(rename = "OS")]
    os: Option<OperatingSystem>,
}

#[derive(Deserialize)]
struct OperatingSystem {
    #[serde(rename = "Family")]
    family: Option<String>,
    #[serde(rename = "Name")]
    name: Option<String>,
    #[serde(rename = "EOSL", default)]
    end_of_life: bool,
}

impl Metadata {
    /// The digests of the image, that of its configuration first.
    fn digests(&self) -> Vec<Digest> {
        let of_repositories = self.repo_digests.iter().flatten().filter_map(|name| name.rsplit('@').next());
        let names = self.image_id.iter().map(String::as_str).chain(of_repositories);
        names.filter_map(|text| text.parse().ok()).collect()
    }

    /// What a person should know of the operating system.
    pub(super) fn note(&self) -> Option<String> {
        let os = self.os.as_ref().filter(|os| os.end_of_life)?;
        let name = [os.family.as_deref(), os.name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        Some(format!("{name} is at its end of life: no advisories arrive for it any more"))
    }
}

#[cfg(test)]
mod tests {
    use crate::finding::{Fix, Kind};
    use crate::reader::{fixture, tampering};
    use crate::severity::{Rating, Severity};

    const WHOLE: &str = r#"{"SchemaVersion":2,"ArtifactName":"web:1","ArtifactType":"container_image","Results":[{"Target":"t",
        "Vulnerabilities":[{"VulnerabilityID":"CVE-1","PkgName":"p","InstalledVersion":"1","Severity":"CRITICAL"},
            {"VulnerabilityID":"CVE-2","PkgName":"q","Severity":"LOW"}],
        "MisconfSummary":{"Failures":1},"Misconfigurations":[{"ID":"A","Severity":"LOW","Status":"FAIL"},{"ID":"B","Status":"PASS"}]},
        {"Target":"u","Secrets":[{"RuleID":"aws","Severity":"HIGH"}],"Licenses":[{"Name":"AGPL-3.0","Severity":"LOW"}]}]}"#;

    fn report(results: &str) -> String {
        format!(r#"{{"SchemaVersion":2,"ArtifactName":"web:1","ArtifactType":"container_image"{results}}}"#)
    }

    fn ratings(results: &str) -> Vec<(Kind, Rating)> {
        let inspection = fixture::read(&report(results));
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
    fn a_vulnerability_tells_all_it_knows() {
        let results = r#","Results":[{"Vulnerabilities":[{"VulnerabilityID":"CVE-2024-1","VendorIDs":["GHSA-x"],"PkgName":"p",
            "PkgPath":"app.jar","PkgIdentifier":{"PURL":"pkg:maven/g/p@1"},"InstalledVersion":"1","Status":"affected","Severity":"LOW",
            "VendorSeverity":{"nvd":4,"redhat":0},"CVSS":{"nvd":{"V2Score":5.0,"V3Score":9.8}},"Title":"t"}],"Target":"late"}]"#;
        let finding = &fixture::read(&report(results)).findings[0];
        assert_eq!((&*finding.place, &*finding.purl, &*finding.aliases[0]), ("app.jar", "pkg:maven/g/p@1", "GHSA-x"));
        assert_eq!(finding.fix, Fix::None);
        let said: Vec<(&str, &str)> = finding.said.iter().map(|said| (&*said.by, said.rating.word())).collect();
        assert_eq!(said, [("nvd", "critical"), ("redhat", "unknown")]);
        let scores: Vec<(u8, f32)> = finding.scores.iter().map(|score| (score.version, score.value)).collect();
        assert_eq!(scores, [(3, 9.8), (2, 5.0)]);
    }

    #[test]
    fn what_trivy_suppressed_is_told_and_why() {
        let results = r#","Results":[{"Target":"t","ExperimentalModifiedFindings":[{"Type":"vulnerability","Status":"ignored",
            "Source":".trivyignore","Finding":{"VulnerabilityID":"CVE-1","PkgName":"p","Severity":"HIGH"}}]}]"#;
        let finding = &fixture::read(&report(results)).findings[0];
        assert_eq!(finding.suppressed.as_deref(), Some("ignored: .trivyignore"));
    }

    #[test]
    fn the_image_is_named_by_its_id_and_its_repository_digests() {
        let (id, digest) = ("a".repeat(64), "b".repeat(64));
        let metadata = format!(
            r#","Metadata":{{"ImageID":"sha256:{id}","RepoDigests":["web@sha256:{digest}","odd"],"OS":{{"Family":"debian","Name":"8","EOSL":true}}}}"#
        );
        let inspection = fixture::read(&report(&metadata));
        let named: Vec<&str> = inspection.digests.iter().map(contract::Digest::hex).collect();
        assert_eq!(named, [id, digest]);
        assert_eq!(inspection.notes, ["debian 8 is at its end of life: no advisories arrive for it any more"]);
    }

    #[test]
    fn what_would_lose_a_finding_is_refused() {
        let cases = [
            (report(r#","results":[]"#), "Misspelled"),
            (report(r#","Result":[]"#), "Misspelled"),
            (report(r#","RESULTS":null"#), "Misspelled"),
            (r#"{"SchemaVersion":1,"ArtifactName":"a","ArtifactType":"b"}"#.to_owned(), "NoProof"),
            (r#"{"SchemaVersion":"2","ArtifactName":"a","ArtifactType":"b"}"#.to_owned(), "Malformed"),
            (r#"{"SchemaVersion":2,"ArtifactName":"a","ArtifactType":"nothing"}"#.to_owned(), "NoProof"),
            (r#"{"ArtifactName":"a","ArtifactType":"filesystem"}"#.to_owned(), "NoProof"),
            (report(r#","metadata":{}"#), "Misspelled"),
            (report(r#","Metadata":{"imageid":"x"}"#), "Malformed"),
            (report(r#","Results":[{"vulnerabilities":[{"VulnerabilityID":"A"}]}]"#), "Misspelled"),
            (report(r#","Results":[{"Vulnerabilities":[],"VULNERABILITIES":[]}]"#), "Misspelled"),
            (
                report(r#","Results":[{"Vulnerabilities":[{"VulnerabilityID":"A","severity":"CRITICAL"}]}]"#),
                "Malformed",
            ),
            (report(r#","Results":[{"Misconfigurations":[{"ID":"A","Status":"PASS","status":"FAIL"}]}]"#), "Malformed"),
            (report(r#","Results":[{"MisconfSummary":{"Failures":1},"Misconfigurations":[]}]"#), "NoProof"),
            (report(r#","Results":[{"Secrets":[{"RuleID":"A","severity":"HIGH"}]}]"#), "Malformed"),
            (report(r#","Results":[],"Results":[]"#), "Malformed"),
            (
                report(r#","Results":[{"Vulnerabilities":[{"VulnerabilityID":"A","Severity":"A","Severity":"B"}]}]"#),
                "Malformed",
            ),
            (report(r#","Results":{}"#), "Malformed"),
        ];
        for (text, expected) in cases {
            assert_eq!(fixture::refusal(&text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_that_is_done_to_it_loses_a_finding() {
        tampering::is_refused_when_cut(WHOLE);
        tampering::survives_any_broken_byte(WHOLE);
        let outer = ["SchemaVersion", "ArtifactName", "ArtifactType", "Results"];
        let lists = ["Vulnerabilities", "MisconfSummary", "Misconfigurations", "Secrets", "Licenses"];
        let inner = ["VulnerabilityID", "PkgName", "ID", "Status", "RuleID", "Name", "Severity"];
        for names in [&outer[..], &lists, &inner] {
            tampering::loses_nothing_when_spoilt(WHOLE, names);
        }
    }
}

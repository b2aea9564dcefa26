//! The Custom Resources in which the Trivy operator keeps what it found: one of them, a list as `kubectl get -o json` and the API write it, a bare list,
//! or an object of lists by resource name.
//!
//! With several reports in one document, only what is true of each of them is told of the document: the oldest one's time, a target if it is the same.
//!
//! Source: aquasecurity/trivy-operator, `pkg/apis/aquasecurity/v1alpha1`.

mod found;
mod resource;

use self::resource::{Report, Resource};
use crate::inspection::Inspection;
use crate::json::{Json, Outline};
use crate::reader::ReadError;

/// Whether a document is one of these, as far as it is in sight.
pub(super) fn claims(outline: &Outline) -> bool {
    let version = outline.text("apiVersion");
    version.is_some_and(resource::is_of_the_group)
        || version.is_some() && outline.has_list_of("items", &["apiVersion", "report"])
        || outline.is_list_of(&["apiVersion", "report"])
        || outline.members.iter().any(|(name, _)| is_resource_name(name) && outline.has_list(name))
}

/// Reads one document.
pub(super) fn read(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut reports = Vec::new();
    if json.peek()? == b'[' {
        list(json, inspection, &mut reports)?;
    } else {
        object(json, inspection, &mut reports)?;
    }
    if reports.is_empty() {
        return Err(ReadError::NoProof("it holds no report of the Trivy operator".to_owned()));
    }
    tell(&reports, inspection);
    Ok(())
}

fn list(json: &mut Json, inspection: &mut Inspection, reports: &mut Vec<Report>) -> Result<(), ReadError> {
    json.list(|json| {
        let mut resource = Resource::default();
        let first = inspection.findings.len();
        json.object(|json, name| resource.member(json, name, inspection))?;
        reports.extend(resource.report(&mut inspection.findings[first..], &mut inspection.pool)?);
        Ok(())
    })
}

/// A report, or lists of them.
fn object(json: &mut Json, inspection: &mut Inspection, reports: &mut Vec<Report>) -> Result<(), ReadError> {
    let mut resource = Resource::default();
    let mut lists = Vec::new();
    let mut others = Vec::new();
    let first = inspection.findings.len();
    json.object(|json, name| {
        if name == "items" || is_resource_name(name) {
            lists.push(name.to_owned());
            return list(json, inspection, reports);
        }
        others.push(name.to_owned());
        resource.member(json, name, inspection)
    })?;
    if lists.is_empty() {
        reports.extend(resource.report(&mut inspection.findings[first..], &mut inspection.pool)?);
        return Ok(());
    }
    if lists != ["items"] && !others.is_empty() || resource.has_report() {
        let cause = format!("it holds {} beside lists of reports", others.join(", "));
        return Err(ReadError::NoProof(cause));
    }
    if resource.is_continued() {
        return Err(ReadError::NoProof("its `metadata` says that more reports follow on another page".to_owned()));
    }
    Ok(())
}

/// `vulnerabilityreports.aquasecurity.github.io`.
fn is_resource_name(name: &str) -> bool {
    name.strip_suffix(resource::GROUP).is_some_and(|resource| resource.ends_with("reports."))
}

fn tell(reports: &[Report], inspection: &mut Inspection) {
    inspection.target = same(reports.iter().map(|report| Some(report.target.clone())));
    inspection.digests = same(reports.iter().map(|report| report.digest.clone())).into_iter().collect();
    inspection.scanner_version = same(reports.iter().map(|report| report.scanner_version.clone()));
    if let Some(scanner) = same(reports.iter().map(|report| report.scanner.clone())) {
        inspection.scanner = scanner.to_lowercase();
    }
    let times: Option<Vec<&String>> = reports.iter().map(|report| report.time.as_ref()).collect();
    inspection.created_at = times.and_then(|times| times.into_iter().min().cloned());
    inspection.declared = reports.iter().map(|report| report.declared).sum();
    for note in reports.iter().filter_map(|report| report.note.as_ref()) {
        if !inspection.notes.contains(note) {
            inspection.notes.push(note.clone());
        }
    }
}

fn same<T: PartialEq>(mut values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = values.next()??;
    values.all(|value| value.as_ref() == Some(&first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use crate::finding::Kind;
    use crate::reader::{fixture, tampering};

    const VULNERABILITIES: &str = r#"{"apiVersion":"aquasecurity.github.io/v1alpha1","kind":"VulnerabilityReport",
        "metadata":{"name":"replicaset-web-1","namespace":"shop","creationTimestamp":"2024-05-01T10:00:00Z"},
        "report":{"artifact":{"repository":"library/web","tag":"1"},"registry":{"server":"index.docker.io"},
            "scanner":{"name":"Trivy","vendor":"Aqua Security","version":"0.50.1"},
            "summary":{"criticalCount":1,"highCount":0,"mediumCount":0,"lowCount":0,"unknownCount":1,"noneCount":7},
            "updateTimestamp":"2024-05-02T10:00:00Z","vulnerabilities":[
                {"vulnerabilityID":"CVE-1","resource":"curl","installedVersion":"1","fixedVersion":"2","severity":"CRITICAL","score":9.1},
                {"vulnerabilityID":"CVE-2","resource":"zlib","installedVersion":"1","fixedVersion":"","severity":"UNKNOWN"}]}}"#;

    const CHECKS: &str = r#"{"apiVersion":"aquasecurity.github.io/v1alpha1","kind":"ConfigAuditReport",
        "metadata":{"name":"replicaset-web-1","namespace":"shop","creationTimestamp":"2024-05-01T10:00:00Z"},
        "report":{"scanner":{"name":"Trivy","version":"0.20"},"summary":{"criticalCount":0,"highCount":0,"mediumCount":1,"lowCount":0},
            "checks":[{"checkID":"KSV-1","severity":"MEDIUM","success":false},{"checkID":"KSV-2","severity":"HIGH","success":true}]}}"#;

    const SBOM: &str = r#"{"apiVersion":"aquasecurity.github.io/v1alpha1","kind":"SbomReport","metadata":{"name":"a"},
        "report":{"summary":{"componentsCount":3},"components":{}}}"#;

    fn listed(items: &[&str]) -> String {
        format!(
            r#"{{"apiVersion":"v1","items":[{}],"kind":"List","metadata":{{"resourceVersion":""}}}}"#,
            items.join(",")
        )
    }

    fn by_name(name: &str, items: &str) -> String {
        format!(r#"{{"sbomreports.aquasecurity.github.io":[],"{name}.aquasecurity.github.io":[{items}]}}"#)
    }

    #[test]
    fn one_report_tells_all_it_knows() {
        let inspection = fixture::read(VULNERABILITIES);
        assert_eq!((inspection.format, &*inspection.scanner), ("trivy", "trivy"));
        assert_eq!(inspection.scanner_version.as_deref(), Some("0.50.1"));
        assert_eq!(inspection.target.as_deref(), Some("index.docker.io/library/web:1"));
        assert_eq!(inspection.created_at.as_deref(), Some("2024-05-02T10:00:00Z"));
        assert_eq!(inspection.declared, Some(2));
    }

    #[test]
    fn every_shape_of_a_list_is_read() {
        let bare = format!("[{VULNERABILITIES},{SBOM},{CHECKS}]");
        for text in [listed(&[VULNERABILITIES, SBOM, CHECKS]), bare] {
            let inspection = fixture::read(&text);
            let kinds: Vec<Kind> = inspection.findings.iter().map(|found| found.kind).collect();
            assert_eq!(kinds, [Kind::Vulnerability, Kind::Vulnerability, Kind::Misconfiguration], "{text}");
            assert_eq!((inspection.target, inspection.scanner_version), (None, None));
            assert_eq!(inspection.created_at.as_deref(), Some("2024-05-01T10:00:00Z"));
        }
        assert_eq!(fixture::read(&by_name("vulnerabilityreports", VULNERABILITIES)).findings.len(), 2);
    }

    #[test]
    fn what_proves_nothing_is_refused() {
        let cases = [
            (listed(&[SBOM]), "NoProof"),
            (listed(&[CHECKS, "{}"]), "NoProof"),
            (listed(&[CHECKS, r#"{"apiVersion":"v1","kind":"Pod"}"#]), "NoProof"),
            (listed(&[]), "Alien"),
            (by_name("vulnerabilityreports", ""), "NoProof"),
            (
                by_name("vulnerabilityreports", VULNERABILITIES).replacen("sbomreports.aqua", "sbomreports.ajua", 1),
                "NoProof",
            ),
            (listed(&[CHECKS]).replace("items", "item"), "Alien"),
            (listed(&[CHECKS]).replace("resourceVersion\":\"", "continue\":\"x"), "NoProof"),
            (listed(&[CHECKS]).replace("resourceVersion\":\"\"", "remainingItemCount\":3"), "NoProof"),
            (
                listed(&[CHECKS]).replace("\"metadata\":{\"resource", "\"report\":{},\"metadata\":{\"resource"),
                "NoProof",
            ),
            (
                r#"{"apiVersion":"aquasecurity.github.io/v1alpha1","kind":"VulnerabilityReportList","items":[]}"#
                    .into(),
                "NoProof",
            ),
            (r#"{"apiVersion":"aquasecurity.github.io/v1alpha1","kind":"VulnerabilityReport"}"#.into(), "NoProof"),
            (
                r#"{"apiVersion":"aquasecurity.github.io/v1alpha1","kind":"ClusterComplianceReport","status":{}}"#
                    .into(),
                "NoProof",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(fixture::refusal(&text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_that_is_done_to_it_loses_a_finding() {
        for text in
            [VULNERABILITIES.to_owned(), CHECKS.to_owned(), listed(&[CHECKS]), by_name("configauditreports", CHECKS)]
        {
            tampering::is_refused_when_cut(&text);
            tampering::survives_any_broken_byte(&text);
            tampering::loses_nothing_when_spoilt(&text, &["apiVersion", "kind", "report", "summary", "severity"]);
        }
        tampering::loses_nothing_when_spoilt(VULNERABILITIES, &["vulnerabilities", "vulnerabilityID", "criticalCount"]);
        tampering::loses_nothing_when_spoilt(
            &listed(&[CHECKS]),
            &["items", "checks", "checkID", "success", "mediumCount"],
        );
        tampering::loses_nothing_when_spoilt(
            &by_name("configauditreports", CHECKS),
            &["configauditreports.aquasecurity.github.io", "sbomreports.aquasecurity.github.io"],
        );
    }
}

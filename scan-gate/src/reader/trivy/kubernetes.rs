//! Trivy's JSON report of a cluster: `trivy k8s --format json --report all`. Each resource has the `Results` of an image or of its manifest.
//!
//! A resource that could not be scanned has an `Error` and no findings, so one of them keeps the whole from being proof.
//!
//! `--report summary` writes `Findings`: whole resources, and yet not all. Those that stand there twice, as the images and the manifest of one workload
//! do, replace each other; those that failed are left out. That is no proof however many findings are listed, so it is always refused.
//!
//! Source: aquasecurity/trivy, `pkg/k8s/report/report.go` (`Report`, `Resource`, `consolidate`); its v0.30 for `Vulnerabilities` and `Misconfigurations`.

use super::report::Metadata;
use super::result::result;
use crate::finding::Kind;
use crate::inspection::Inspection;
use crate::json::{Json, Outline};
use crate::reader::ReadError;

const REPORT: [&str; 6] =
    ["SchemaVersion", "ClusterName", "Resources", "Vulnerabilities", "Misconfigurations", "Findings"];

const RESOURCE: [&str; 6] = ["Namespace", "Kind", "Name", "Metadata", "Results", "Error"];

/// Whether a document is such a report, as far as it is in sight.
pub(super) fn claims(outline: &Outline) -> bool {
    outline.get("ClusterName").is_some()
}

/// Reads one.
pub(super) fn read(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut schema = None;
    let mut resources = 0;
    json.object(|json, name| {
        match name {
            "SchemaVersion" => schema = json.value::<Option<u32>>()?,
            "ClusterName" => inspection.target = json.value()?,
            "Resources" | "Vulnerabilities" | "Misconfigurations" => json.list_or_null(|json| {
                resources += 1;
                resource(json, inspection)
            })?,
            "Findings" => {
                let cause = "a summary leaves out what failed and some of what was found: make it with `--report all`";
                return Err(ReadError::NoProof(cause.to_owned()));
            }
            _ => json.skip_unknown(name, &REPORT)?,
        }
        Ok(())
    })?;
    match schema {
        None | Some(0 | 2) if resources > 0 => Ok(()),
        None | Some(0 | 2) => Err(ReadError::NoProof("it lists no resource of the cluster".to_owned())),
        Some(other) => Err(ReadError::NoProof(format!("its `SchemaVersion` is {other}, not 0 or 2"))),
    }
}

fn resource(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let [mut namespace, mut kind, mut name, mut error] = [const { String::new() }; 4];
    let first = inspection.findings.len();
    json.object(|json, member| {
        match member {
            "Namespace" => namespace = text(json)?,
            "Kind" => kind = text(json)?,
            "Name" => name = text(json)?,
            "Error" => error = text(json)?,
            "Metadata" => metadata(json, inspection)?,
            "Results" => json.list_or_null(|json| result(json, inspection).map(drop))?,
            _ => json.skip_unknown(member, &RESOURCE)?,
        }
        Ok(())
    })?;
    let path: Vec<&str> = [namespace.as_str(), &kind, &name].into_iter().filter(|part| !part.is_empty()).collect();
    let path = path.join("/");
    if kind.is_empty() || name.is_empty() {
        return Err(ReadError::NoProof(format!("its resource `{path}` has no `Kind` or no `Name`")));
    }
    if !error.is_empty() {
        return Err(ReadError::NoProof(format!("its resource `{path}` could not be scanned: {error}")));
    }
    // The target of a manifest leaves out the namespace.
    let path = inspection.pool.text(&path);
    for found in inspection.findings[first..].iter_mut().filter(|found| found.kind == Kind::Misconfiguration) {
        found.place = path.clone();
    }
    Ok(())
}

/// That of one image, or of all images of the resource.
fn metadata(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let all = match json.peek()? {
        b'{' => vec![json.value::<Metadata>()?],
        b'[' => json.value()?,
        _ => return json.skip(),
    };
    for note in all.iter().filter_map(Metadata::note) {
        if !inspection.notes.contains(&note) {
            inspection.notes.push(note);
        }
    }
    Ok(())
}

fn text(json: &mut Json) -> Result<String, ReadError> {
    Ok(json.value::<Option<String>>()?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use crate::reader::{fixture, tampering};

    const REPORT: &str = r#"{"ClusterName":"test","Resources":[
        {"Namespace":"shop","Kind":"Deployment","Name":"web","Metadata":[{"OS":{"Family":"debian","Name":"8","EOSL":true}}],"Results":[
            {"Target":"web:1 (debian 8)","Class":"os-pkgs","Vulnerabilities":[{"VulnerabilityID":"CVE-1","PkgName":"p","Severity":"LOW"}]}]},
        {"Namespace":"shop","Kind":"Deployment","Name":"web","Metadata":{"OS":{"Family":"debian","Name":"8","EOSL":true}},"Results":[
            {"Target":"Deployment/web","Class":"config","Misconfigurations":[{"ID":"KSV-1","Severity":"HIGH","Status":"FAIL"}]}]},
        {"Kind":"Node","Name":"n1","Metadata":null}]}"#;

    fn of(resources: &str) -> String {
        format!(r#"{{"ClusterName":"test","Resources":[{resources}]}}"#)
    }

    #[test]
    fn every_resource_is_read() {
        let inspection = fixture::read(REPORT);
        let found: Vec<(&str, &str)> = inspection.findings.iter().map(|found| (&*found.id, &*found.place)).collect();
        assert_eq!(found, [("CVE-1", "web:1 (debian 8)"), ("KSV-1", "shop/Deployment/web")]);
        assert_eq!(inspection.target.as_deref(), Some("test"));
        assert_eq!(inspection.notes.len(), 1, "{:?}", inspection.notes);
        assert!(inspection.digests.is_empty());
    }

    #[test]
    fn the_older_lists_are_read_too() {
        let found =
            r#"{"Kind":"Pod","Name":"a","Results":[{"Target":"t","Vulnerabilities":[{"VulnerabilityID":"CVE-1"}]}]}"#;
        let failed =
            r#"{"Kind":"Pod","Name":"a","Results":[{"Target":"t","Misconfigurations":[{"ID":"A","Status":"FAIL"}]}]}"#;
        let text = format!(r#"{{"ClusterName":"","Vulnerabilities":[{found}],"Misconfigurations":[{failed}]}}"#);
        assert_eq!(fixture::read(&text).findings.len(), 2);
    }

    #[test]
    fn what_would_lose_a_finding_is_refused() {
        let cases = [
            (r#"{"ClusterName":"test"}"#.to_owned(), "NoProof"),
            (of(""), "NoProof"),
            (r#"{"ClusterName":"test","Resources":null}"#.to_owned(), "NoProof"),
            (r#"{"ClusterName":"test","Findings":[{"Kind":"Pod","Name":"a","Results":[]}]}"#.to_owned(), "NoProof"),
            (
                r#"{"ClusterName":"test","SchemaVersion":3,"Resources":[{"Kind":"Pod","Name":"a"}]}"#.to_owned(),
                "NoProof",
            ),
            (of(r#"{"Kind":"Pod","Name":"a","Error":"scan error: unable to find the image"}"#), "NoProof"),
            (of(r#"{"Error":"timeout","Results":[],"Kind":"Pod","Name":"a"}"#), "NoProof"),
            (of(r#"{"Kind":"Pod","Name":"a","error":"timeout"}"#), "Misspelled"),
            (of(r#"{"Kind":"Pod","Name":"a","Errors":"timeout"}"#), "Misspelled"),
            (of(r#"{"Name":"a"}"#), "NoProof"),
            (of(r#"{"Kind":"Pod"}"#), "NoProof"),
            (of("null"), "Malformed"),
            (of(r#"{"Kind":"Pod","Name":"a","Results":{}}"#), "Malformed"),
            (r#"{"clusterName":"test","Resources":[]}"#.to_owned(), "Alien"),
        ];
        for (text, expected) in cases {
            assert_eq!(fixture::refusal(&text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_that_is_done_to_it_loses_a_finding() {
        tampering::is_refused_when_cut(REPORT);
        tampering::survives_any_broken_byte(REPORT);
        let names = [
            "ClusterName",
            "Resources",
            "Results",
            "Vulnerabilities",
            "Misconfigurations",
            "VulnerabilityID",
            "ID",
            "Severity",
            "Status",
        ];
        tampering::loses_nothing_when_spoilt(REPORT, &names);
    }
}

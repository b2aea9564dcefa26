//! `CycloneDX` as JSON, 1.4 to 1.7: a bill of materials with its `vulnerabilities`, or those alone as a VEX.
//!
//! A bill without `vulnerabilities` was never analysed: that is no clean report. Each vulnerability is one finding, whatever number of components it
//! affects, and the components may stand before it, behind it or in another document. So of each of them only its name, version and package URL are kept,
//! until the end.
//!
//! Source: CycloneDX/specification, `schema/bom-1.4.schema.json` to `bom-1.7.schema.json`.

mod component;
mod metadata;
mod vulnerability;

use self::component::Components;
use self::vulnerability::Vulnerability;
use super::{Format, ReadError};
use crate::finding::Text;
use crate::inspection::Inspection;
use crate::json::{Json, Outline};

/// `CycloneDX`.
pub const FORMAT: Format = Format { name: "cyclonedx", claims, read };

const BOM: [&str; 8] = [
    "bomFormat",
    "specVersion",
    "serialNumber",
    "metadata",
    "components",
    "services",
    "dependencies",
    "vulnerabilities",
];

const VERSIONS: [&str; 4] = ["1.4", "1.5", "1.6", "1.7"];

fn claims(outline: &Outline) -> bool {
    outline.text("bomFormat") == Some("CycloneDX")
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut format = None;
    let mut version = None;
    let mut serial = None;
    let mut components = Components::default();
    let mut affected: Option<Vec<Box<[Text]>>> = None;
    json.object(|json, name| {
        match name {
            "bomFormat" => format = json.value::<Option<String>>()?,
            "specVersion" => version = json.value::<Option<String>>()?,
            "serialNumber" => serial = json.value::<Option<String>>()?,
            "metadata" => metadata::read(json, inspection, &mut components)?,
            "components" | "services" => components.read_list(json, &mut inspection.pool)?,
            "vulnerabilities" => {
                let affected = affected.insert(Vec::new());
                json.list(|json| {
                    let number = affected.len() + 1;
                    let (finding, refs) = json.value::<Vulnerability>()?.finding(number, &mut inspection.pool)?;
                    inspection.findings.push(finding);
                    affected.push(refs);
                    Ok(())
                })?;
            }
            _ => json.skip_unknown(name, &BOM)?,
        }
        Ok(())
    })?;
    if format.as_deref() != Some("CycloneDX") {
        return Err(no_proof(format!("its `bomFormat` is {}, not CycloneDX", format.as_deref().unwrap_or("missing"))));
    }
    if !version.as_deref().is_some_and(|version| VERSIONS.contains(&version)) {
        let version = version.as_deref().unwrap_or("missing");
        return Err(no_proof(format!("its `specVersion` is {version}, not one of {}", VERSIONS.join(", "))));
    }
    let Some(affected) = affected else {
        return Err(no_proof("it is a bill of materials without `vulnerabilities`: nothing was analysed".to_owned()));
    };
    for (finding, refs) in inspection.findings.iter_mut().zip(affected) {
        components.resolve(finding, &refs, serial.as_deref(), &mut inspection.pool);
    }
    Ok(())
}

fn no_proof(cause: String) -> ReadError {
    ReadError::NoProof(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Finding;
    use crate::reader::{fixture, tampering};

    const BOM: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"timestamp":"2024-05-01T10:00:00Z",
        "tools":[{"vendor":"aquasecurity","name":"trivy","version":"0.50.1"}],"component":{"type":"application","name":"web","version":"2"}},
        "components":[{"bom-ref":"a","name":"curl","version":"7","purl":"pkg:apk/alpine/curl@7","components":[{"bom-ref":"b","name":"zlib"}]}],
        "vulnerabilities":[{"id":"CVE-1","ratings":[{"severity":"critical"}],"affects":[{"ref":"a"}]},
            {"id":"CVE-2","ratings":[{"severity":"low"}],"analysis":{"state":"in_triage"},"affects":[{"ref":"b"}]},
            {"id":"CVE-3","analysis":{"state":"not_affected","justification":"code_not_present"}}]}"#;

    fn of(members: &str) -> String {
        format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.4"{members}}}"#)
    }

    fn only(members: &str) -> Finding {
        let mut findings = fixture::read(&of(members)).findings;
        assert_eq!(findings.len(), 1, "{members}");
        findings.remove(0)
    }

    #[test]
    fn a_bill_tells_all_it_knows() {
        let inspection = fixture::read(BOM);
        assert_eq!((inspection.format, &*inspection.scanner), ("cyclonedx", "trivy"));
        assert_eq!(inspection.scanner_version.as_deref(), Some("0.50.1"));
        assert_eq!((inspection.target.as_deref(), inspection.digests.len()), (Some("web@2"), 0));
        assert_eq!(inspection.created_at.as_deref(), Some("2024-05-01T10:00:00Z"));
        let found: Vec<(&str, &str, &str, Option<&str>)> = inspection
            .findings
            .iter()
            .map(|found| (&*found.id, &*found.package, &*found.version, found.suppressed.as_deref()))
            .collect();
        let expected = [
            ("CVE-1", "curl", "7", None),
            ("CVE-2", "zlib", "", None),
            ("CVE-3", "", "", Some("not_affected: code_not_present")),
        ];
        assert_eq!(found, expected);
        assert_eq!(&*inspection.findings[0].purl, "pkg:apk/alpine/curl@7");
    }

    #[test]
    fn an_analysed_bill_may_be_clean() {
        assert!(fixture::read(&of(r#","vulnerabilities":[]"#)).findings.is_empty());
        assert!(fixture::read(&of(r#","components":[{"name":"a"}],"vulnerabilities":[]"#)).findings.is_empty());
    }

    #[test]
    fn the_components_may_stand_behind_what_affects_them() {
        let vulnerability = r#","vulnerabilities":[{"id":"A","affects":[{"ref":"x"}]}]"#;
        for component in [
            r#","components":[{"bom-ref":"x","group":"org.a","name":"b","purl":"pkg:maven/org.a/b@1"}]"#,
            r#","components":[{"name":"z","components":[{"components":[{"bom-ref":"x","name":"org.a:b"}]}]}]"#,
            r#","services":[{"bom-ref":"x","name":"org.a:b"}]"#,
            r#","metadata":{"component":{"bom-ref":"x","name":"org.a:b"}}"#,
        ] {
            assert_eq!(&*only(&format!("{vulnerability}{component}")).package, "org.a:b", "{component}");
            assert_eq!(&*only(&format!("{component}{vulnerability}")).package, "org.a:b", "{component}");
        }
    }

    #[test]
    fn what_would_lose_a_finding_is_refused() {
        let deep = format!("{}{}", r#"{"components":["#.repeat(500), "]}".repeat(500));
        let cases = [
            (of(r#","components":[]"#), "NoProof"),
            (of(r#","vulnerabilities":null"#), "Malformed"),
            (of(r#","vulnerabilities":{}"#), "Malformed"),
            (of(r#","vulnerabilities":[null]"#), "Malformed"),
            (of(r#","Vulnerabilities":[]"#), "Misspelled"),
            (of(r#","vulnerabilitie":[]"#), "Misspelled"),
            (of(r#","vulnerabilities":[],"vulnerabilities":[]"#), "Malformed"),
            (of(r#","vulnerabilities":[{"ratings":[{"severity":"low"}]}]"#), "NoProof"),
            (of(r#","vulnerabilities":[{"id":""}]"#), "NoProof"),
            (of(r#","vulnerabilities":[{"id":"A","ID":"B"}]"#), "Malformed"),
            (of(r#","vulnerabilities":[{"id":"A","Ratings":[{"severity":"critical"}]}]"#), "Malformed"),
            (of(r#","vulnerabilities":[{"id":"A","ratings":[{"Severity":"critical"}]}]"#), "Malformed"),
            (
                of(r#","vulnerabilities":[{"id":"A","analysis":{"state":"exploitable","State":"resolved"}}]"#),
                "Malformed",
            ),
            (of(&format!(r#","vulnerabilities":[],"components":[{deep}]"#)), "NoProof"),
            (of(r#","vulnerabilities":[]"#).replace("1.4", "1.3"), "NoProof"),
            (of(r#","vulnerabilities":[]"#).replace("1.4", "2.0"), "NoProof"),
            (r#"{"bomFormat":"CycloneDX","vulnerabilities":[]}"#.to_owned(), "NoProof"),
            (r#"{"bomFormat":"cyclonedx","specVersion":"1.4","vulnerabilities":[]}"#.to_owned(), "Alien"),
            (r#"{"bomFormat":"SPDX","vulnerabilities":[]}"#.to_owned(), "Alien"),
        ];
        for (text, expected) in cases {
            assert_eq!(fixture::refusal(&text), expected, "{text}");
        }
        assert!(tampering::read_forced(&FORMAT, r#"{"specVersion":"1.4","vulnerabilities":[]}"#).is_err());
    }

    #[test]
    fn nothing_that_is_done_to_it_loses_a_finding() {
        tampering::is_refused_when_cut(BOM);
        tampering::survives_any_broken_byte(BOM);
        let names = [
            "bomFormat",
            "specVersion",
            "vulnerabilities",
            "id",
            "ratings",
            "severity",
            "analysis",
            "state",
            "affects",
            "ref",
            "components",
            "bom-ref",
            "name",
        ];
        tampering::loses_nothing_when_spoilt(BOM, &names);
    }
}

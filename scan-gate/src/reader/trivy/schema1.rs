//! Trivy's JSON report, schema 1 (before 0.20): a list of what schema 2 calls `Results`, and no more.
//!
//! With nothing to inspect it is `[]` or `null`, which any program could have written: that is read only if the format is named. A target without
//! vulnerabilities has `"Vulnerabilities": null`.
//!
//! Source: aquasecurity/trivy v0.19, `pkg/report/writer.go`.

use super::result::result;
use crate::inspection::Inspection;
use crate::json::{Json, Outline};
use crate::reader::ReadError;

/// Whether a document is such a report, as far as it is in sight.
pub(super) fn claims(outline: &Outline) -> bool {
    outline.is_list_of(&["Target"])
}

/// Reads one.
pub(super) fn read(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut count = 0;
    json.list_or_null(|json| {
        count += 1;
        let target = result(json, inspection)?;
        if target.is_empty() {
            return Err(ReadError::NoProof(format!("its element {count} has no `Target`")));
        }
        if count == 1 {
            inspection.target = Some(target.to_string());
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::super::FORMAT;
    use crate::reader::{fixture, tampering};
    use crate::severity::{Rating, Severity};

    const REPORT: &str = r#"[
        {"Target":"web:1 (alpine 3.9)","Type":"alpine","Vulnerabilities":null},
        {"Target":"app/Gemfile.lock","Type":"bundler","Vulnerabilities":[
            {"VulnerabilityID":"CVE-2020-1","PkgName":"rack","InstalledVersion":"1.0","FixedVersion":"1.1","Severity":"HIGH"},
            {"VulnerabilityID":"CVE-2020-2","PkgName":"rake","InstalledVersion":"2.0"}]}]"#;

    #[test]
    fn every_target_is_read() {
        let inspection = fixture::read(REPORT);
        let found: Vec<(&str, &str, Rating)> =
            inspection.findings.iter().map(|found| (&*found.id, &*found.place, found.rating)).collect();
        let expected = [
            ("CVE-2020-1", "app/Gemfile.lock", Rating::Known(Severity::High)),
            ("CVE-2020-2", "app/Gemfile.lock", Rating::Unknown),
        ];
        assert_eq!(found, expected);
        assert_eq!(inspection.target.as_deref(), Some("web:1 (alpine 3.9)"));
    }

    #[test]
    fn a_report_of_nothing_is_clean_only_if_the_format_is_named() {
        for text in ["[]", "null", " [ ] ", "\u{feff}null"] {
            assert_eq!(fixture::refusal(text), "Alien", "{text}");
            let inspections = tampering::read_forced(&FORMAT, text).unwrap();
            assert!(inspections[0].findings.is_empty(), "{text}");
        }
    }

    #[test]
    fn what_proves_nothing_is_refused_though_the_format_is_named() {
        for (text, expected) in [
            ("[[]]", "Malformed"),
            ("[null]", "Malformed"),
            ("[{}]", "NoProof"),
            (r#"[{"Target":""}]"#, "NoProof"),
            (r#"[{"Target":"a"},{"Type":"b"}]"#, "NoProof"),
            (r#"[{"target":"a","Vulnerabilities":[]}]"#, "Misspelled"),
            (r#"[{"Target":"a","Vulnerabilitie":[]}]"#, "Misspelled"),
            ("{}", "NoProof"),
            ("3", "Malformed"),
            ("", "Empty"),
        ] {
            let error = format!("{:?}", tampering::read_forced(&FORMAT, text).unwrap_err());
            assert!(error.starts_with(expected), "{text} gives {error}");
        }
    }

    #[test]
    fn nothing_that_is_done_to_it_loses_a_finding() {
        tampering::is_refused_when_cut(REPORT);
        tampering::survives_any_broken_byte(REPORT);
        let names = ["Target", "Vulnerabilities", "VulnerabilityID", "PkgName", "Severity"];
        tampering::loses_nothing_when_spoilt(REPORT, &names);
    }
}

use crate::finding::{Finding, Fix, Kind};
use crate::reader::{fixture, tampering};
use crate::severity::{Rating, Severity};

const SCAN: &str = r#""scan":{"scanner":{"id":"Docker Scout","name":"x","version":"1.2"},"analyzer":{"id":"gcs"},"type":"container_scanning",
    "start_time":"2026-01-02T03:04:04","end_time":"2026-01-02T03:04:05","status":"success"}"#;

const FOUND: &str = r#"{"id":"5f0d","category":"container_scanning","name":"a title","description":"d","severity":"High",
    "solution":"Upgrade curl to 8.1","scanner":{"id":"trivy"},"location":{"dependency":{"package":{"name":"curl"},"version":"8.0"},
    "operating_system":"debian","image":"web:1"},"identifiers":[{"type":"cwe","name":"CWE-1","value":"1"},
    {"type":"ghsa","value":"GHSA-1"},{"type":"cve","name":"CVE-1","value":"CVE-1"},{"type":"cve","value":"CVE-1"}]}"#;

fn report(found: &str, rest: &str) -> String {
    format!(r#"{{"version":"15.0.4","vulnerabilities":[{found}],"remediations":[]{rest}}}"#)
}

fn scanned(found: &str) -> String {
    report(found, &format!(",{SCAN}"))
}

fn finding(text: &str) -> Finding {
    fixture::read(text).findings.remove(0)
}

#[test]
fn a_clean_scan_has_an_empty_list_and_its_success() {
    let inspection = fixture::read(&scanned(""));
    assert!(inspection.findings.is_empty());
    assert_eq!((inspection.format, inspection.scanner.as_str()), ("gitlab", "docker-scout"));
    assert_eq!(inspection.scanner_version.as_deref(), Some("1.2"));
    assert_eq!(inspection.created_at.as_deref(), Some("2026-01-02T03:04:05Z"));
}

#[test]
fn a_finding_tells_all_it_knows() {
    let finding = finding(&scanned(FOUND));
    assert_eq!((&*finding.id, &*finding.aliases), ("CVE-1", &["GHSA-1".into()][..]));
    assert_eq!((finding.kind, finding.rating), (Kind::Vulnerability, Rating::Known(Severity::High)));
    assert_eq!((&*finding.package, &*finding.version, &*finding.place), ("curl", "8.0", "web:1"));
    assert_eq!((&finding.fix, &*finding.title), (&Fix::Version("8.1".into()), "a title"));
}

#[test]
fn the_type_of_the_scan_is_the_kind_of_its_findings() {
    for (category, expected) in [
        ("container_scanning", Kind::Vulnerability),
        ("dependency_scanning", Kind::Vulnerability),
        ("sast", Kind::Code),
        ("secret_detection", Kind::Secret),
    ] {
        let found = format!(
            r#"{{"category":"{category}","severity":"Critical","raw_source_code_extract":"hunter2",
            "location":{{"file":"a.py","start_line":7}},"identifiers":[{{"type":"gitleaks_rule_id","value":"aws"}},{{"type":"owasp","value":"A1"}}]}}"#
        );
        let scan = format!(r#","scan":{{"type":"{category}","status":"success"}}"#);
        for text in [report(&found, ""), report(&found.replacen("category", "group", 1), &scan)] {
            let finding = finding(&text);
            assert_eq!((finding.kind, &*finding.id, finding.aliases.len()), (expected, "aws", 0));
            assert_eq!((&*finding.place, finding.line), ("a.py", Some(7)));
            assert!(!format!("{finding:?}").contains("hunter2"));
        }
    }
}

#[test]
fn a_severity_that_is_missing_or_no_word_is_unknown() {
    for (word, expected) in [
        ("\"Critical\"", Rating::Known(Severity::Critical)),
        ("\"Info\"", Rating::Known(Severity::Info)),
        ("\"Unknown\"", Rating::Unknown),
        ("\"Undefined\"", Rating::Unknown),
        ("\"\"", Rating::Unknown),
        ("null", Rating::Unknown),
    ] {
        assert_eq!(finding(&scanned(&FOUND.replace("\"High\"", word))).rating, expected, "{word}");
    }
    assert_eq!(finding(&scanned(&FOUND.replace("\"severity\":\"High\",", ""))).rating, Rating::Unknown);
}

#[test]
fn a_solution_is_a_sentence() {
    let version = |text: &str| Fix::Version(text.into());
    for (solution, expected) in [
        ("Upgrade libssl to 1.1.1n-0+deb11u3", version("1.1.1n-0+deb11u3")),
        ("Upgrade to version 4.5.2 or above.", version("version 4.5.2 or above")),
        ("No solution provided", Fix::None),
        ("Unfortunately, there is no solution available yet.", Fix::None),
        ("Rotate the key, then go to the console", Fix::Unsaid),
        ("Upgrade", Fix::Unsaid),
        ("", Fix::Unsaid),
    ] {
        assert_eq!(finding(&scanned(&FOUND.replace("Upgrade curl to 8.1", solution))).fix, expected, "{solution}");
    }
}

#[test]
fn a_finding_is_named_by_what_names_one() {
    for (members, expected) in [
        (r#""identifiers":[{"type":"gemnasium","value":"u-1"},{"type":"cve","value":"CVE-1"}]"#, "CVE-1"),
        (r#""identifiers":[{"type":"cwe","value":"79"}],"id":"x""#, "79"),
        (r#""identifiers":[{"type":"cve","value":" "}],"cve":"CVE-2","id":"x""#, "CVE-2"),
        (r#""identifiers":null,"cve":"","id":"x""#, "x"),
    ] {
        assert_eq!(&*finding(&scanned(&format!(r#"{{{members},"severity":"Low"}}"#))).id, expected, "{members}");
    }
}

#[test]
fn the_image_is_named_if_it_is_one() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let one = FOUND.replace("web:1", &format!("web@{digest}"));
    let inspection = fixture::read(&scanned(&format!("{one},{one}")));
    assert_eq!(inspection.target, Some(format!("web@{digest}")));
    assert_eq!(inspection.digests, [digest.parse().unwrap()]);
    let inspection = fixture::read(&scanned(&format!("{one},{FOUND}")));
    assert_eq!((inspection.target, inspection.digests), (None, Vec::new()));
}

#[test]
fn a_template_without_a_scan_is_read_if_it_found_something() {
    let inspection = fixture::read(&report(FOUND, ""));
    assert_eq!((inspection.scanner.as_str(), inspection.findings.len()), ("trivy", 1));
    let text = format!(r#"{{"vulnerabilities":[{FOUND}],"version":"2.3"}}"#);
    assert_eq!(fixture::read(&text).findings.len(), 1);
    assert_eq!(fixture::refusal(&report("", "")), "NoProof");
}

#[test]
fn what_the_scan_says_of_itself_is_told() {
    let scan = r#","scan":{"status":"success","messages":[{"level":"info","value":"i"},{"level":"warn","value":"no lock file"}],
        "partial_scan":{"mode":"differential"},"end_time":"2026-01-02T03:04:05+01:00"}"#;
    let inspection = fixture::read(&report("", scan));
    assert_eq!(
        (inspection.notes, inspection.filters),
        (vec!["no lock file".into()], vec!["differential scan of a part".into()])
    );
    assert_eq!(inspection.created_at.as_deref(), Some("2026-01-02T03:04:05+01:00"));
}

#[test]
fn it_is_recognised_by_its_shape() {
    for text in [
        r#"{"version":"15","vulnerabilities":[]}"#,
        r#"{"vulnerabilities":[],"scan":{"status":"success"}}"#,
        r#"{"version":1,"vulnerabilities":[],"scan":{}}"#,
        r#"{"vulnerabilities":[{"id":"CVE-1","severity":"High"}]}"#,
    ] {
        assert_eq!(fixture::refusal(text), "Alien", "{text}");
    }
}

#[test]
fn what_would_lose_a_finding_is_refused() {
    let scan = |members: &str| report("", &format!(r#","scan":{{{members}}}"#));
    let cases = [
        (scan(r#""status":"failure""#), "NoProof"),
        (scan(r#""status":"running""#), "NoProof"),
        (scan(r#""type":"sast""#), "NoProof"),
        (scan(r#""status":null"#), "NoProof"),
        (scan(r#""Status":"success""#), "Malformed"),
        (scan(r#""status":"success","messages":[{"level":"fatal","value":"out of memory"}]"#), "NoProof"),
        (report(FOUND, r#","scan":{"status":"failure"}"#), "NoProof"),
        (report("", r#","scan":null"#), "NoProof"),
        (scanned("").replace("15.0.4", "1.0"), "NoProof"),
        (scanned("").replace("15.0.4", "16.0.0"), "NoProof"),
        (scanned("").replace("15.0.4", "latest"), "NoProof"),
        (scanned("").replace("\"vulnerabilities\":[]", "\"vulnerabilities\":null"), "Alien"),
        (scanned("").replacen('{', "{\"vulnerabilitie\":[],", 1), "Misspelled"),
        (scanned("").replacen('{', "{\"Vulnerabilities\":[],", 1), "Misspelled"),
        (scanned("").replacen('{', "{\"vulnerabilities\":[],", 1), "Malformed"),
        (scanned(r#"{"severity":"High"}"#), "NoProof"),
        (scanned(r#"{"severity":"High","id":"","identifiers":[]}"#), "NoProof"),
        (scanned(r#"{"id":"x","Severity":"High"}"#), "Malformed"),
        (scanned("null"), "Malformed"),
    ];
    for (text, expected) in cases {
        assert_eq!(fixture::refusal(&text), expected, "{text}");
    }
}

#[test]
fn a_report_that_was_tampered_with_loses_nothing() {
    let text = scanned(FOUND);
    tampering::is_refused_when_cut(&text);
    tampering::survives_any_broken_byte(&text);
    tampering::loses_nothing_when_spoilt(
        &text,
        &["vulnerabilities", "version", "scan", "status", "identifiers", "location"],
    );
}

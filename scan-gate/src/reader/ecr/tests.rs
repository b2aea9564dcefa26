use super::*;
use crate::finding::Fix;
use crate::reader::{fixture, tampering};

const BASIC: &str = r#"{"name":"CVE-1","severity":"MEDIUM","uri":"u","attributes":[{"key":"package_name","value":"zlib"},
    {"key":"package_version","value":"1.2"},{"key":"CVSS2_SCORE","value":"4.6"},{"key":"CVSS3_SCORE","value":"5.0"}]}"#;

const ENHANCED: &str = r#"{"findingArn":"arn:f","type":"PACKAGE_VULNERABILITY","severity":"UNTRIAGED","status":"ACTIVE","title":"t",
    "score":0.0,"scoreDetails":{},"fixAvailable":"NO","packageVulnerabilityDetails":{"vulnerabilityId":"CVE-2",
    "vulnerablePackages":[{"name":"bash","version":"5","fixedInVersion":"NotAvailable"}]}}"#;

fn digest() -> String {
    format!("sha256:{}", "a".repeat(64))
}

fn answer(status: &str, findings: &str, rest: &str) -> String {
    let digest = digest();
    format!(
        r#"{{"imageScanFindings":{findings},"registryId":"1","repositoryName":"web","imageId":{{"imageDigest":"{digest}","imageTag":"1"}},
        "imageScanStatus":{{"status":"{status}","description":"as it is"}}{rest}}}"#
    )
}

fn basic(findings: &[&str], counts: &str) -> String {
    format!(r#"{{"findings":[{}],"findingSeverityCounts":{{{counts}}}}}"#, findings.join(","))
}

#[test]
fn a_clean_image_has_counts_and_these_are_empty() {
    for findings in [
        r#"{"findings":[],"findingSeverityCounts":{}}"#,
        r#"{"enhancedFindings":[],"findingSeverityCounts":{}}"#,
        r#"{"findings":[],"enhancedFindings":null,"findingSeverityCounts":{"HIGH":0}}"#,
        r#"{"findingSeverityCounts":{}}"#,
    ] {
        for status in ["COMPLETE", "ACTIVE"] {
            let inspection = fixture::read(&answer(status, findings, ""));
            assert_eq!((inspection.findings.len(), inspection.declared), (0, Some(0)), "{findings}");
            assert_eq!(inspection.part, Part::Whole);
        }
    }
}

#[test]
fn both_scans_are_read() {
    let findings = format!(
        r#"{{"findings":[{BASIC}],"enhancedFindings":[{ENHANCED}],"findingSeverityCounts":{{"MEDIUM":1,"UNDEFINED":1}},
        "imageScanCompletedAt":1579839105.0,"vulnerabilitySourceUpdatedAt":"2020-01-23T00:00:00+00:00"}}"#
    );
    let inspection = fixture::read(&answer("COMPLETE", &findings, ""));
    assert_eq!(inspection.scanner, "ecr");
    assert_eq!(inspection.target, Some(format!("web@{}", digest())));
    assert_eq!(inspection.digests, [digest().parse().unwrap()]);
    assert_eq!(inspection.created_at.as_deref(), Some("2020-01-24T04:11:45Z"));
    assert_eq!(inspection.database_at.as_deref(), Some("2020-01-23T00:00:00+00:00"));
    let [basic, enhanced] = &inspection.findings[..] else { panic!() };
    assert_eq!((&*basic.id, &*basic.package, &*basic.version, basic.rating.word()), ("CVE-1", "zlib", "1.2", "medium"));
    assert_eq!(basic.scores.iter().map(|score| (score.version, score.value)).collect::<Vec<_>>(), [(3, 5.0), (2, 4.6)]);
    assert_eq!(basic.fix, Fix::Unsaid);
    assert!(basic.place.starts_with("web@sha256:"));
    assert_eq!((&*enhanced.id, &*enhanced.package, enhanced.rating), ("CVE-2", "bash", Rating::Unknown));
    assert_eq!((&enhanced.fix, enhanced.scores.len()), (&Fix::None, 0));
}

#[test]
fn a_page_is_no_error_and_says_what_it_is_a_part_of() {
    let part = |text: &str| fixture::read(text).part;
    let chain = |more, count| {
        let list = format!("findings of web@{}", digest());
        Part::Chain { list, more, count, total: Some(3) }
    };
    let three = r#""MEDIUM":3"#;
    let token = r#","nextToken":"x""#;
    assert_eq!(part(&answer("COMPLETE", &basic(&[BASIC, BASIC], three), token)), chain(true, 2));
    assert_eq!(part(&answer("COMPLETE", &basic(&[BASIC], three), "")), chain(false, 1));
    assert_eq!(part(&answer("COMPLETE", &basic(&[], three), r#","NextToken":"x""#)), chain(true, 0));
    assert_eq!(part(&answer("COMPLETE", &basic(&[BASIC; 3], three), r#","nextToken":null"#)), Part::Whole);
}

#[test]
fn a_severity_that_is_none_is_unknown() {
    for (severity, counts, expected) in [
        (r#""UNDEFINED""#, r#""UNDEFINED":1"#, "unknown"),
        (r#""INFORMATIONAL""#, r#""INFORMATIONAL":1"#, "info"),
        (r#""medium""#, r#""MEDIUM":1"#, "medium"),
        (r#""NEW""#, r#""NEW":1"#, "unknown"),
        ("null", r#""UNDEFINED":1"#, "unknown"),
    ] {
        let text = answer("COMPLETE", &basic(&[&BASIC.replace(r#""MEDIUM""#, severity)], counts), "");
        assert_eq!(fixture::read(&text).findings[0].rating.word(), expected, "{severity}");
    }
}

#[test]
fn what_proves_nothing_is_refused() {
    let clean = r#"{"findings":[],"findingSeverityCounts":{}}"#;
    let mut cases: Vec<String> = [
        "IN_PROGRESS",
        "PENDING",
        "FAILED",
        "UNSUPPORTED_IMAGE",
        "SCAN_ELIGIBILITY_EXPIRED",
        "FINDINGS_UNAVAILABLE",
        "LIMIT_EXCEEDED",
        "IMAGE_ARCHIVED",
        "complete",
    ]
    .iter()
    .map(|status| answer(status, clean, ""))
    .collect();
    cases.extend([
        answer("COMPLETE", r#"{"findings":[]}"#, ""),
        answer("ACTIVE", r#"{"findings":[]}"#, ""),
        answer("COMPLETE", &format!(r#"{{"findings":[{BASIC}]}}"#), ""),
        answer("COMPLETE", r#"{"findings":[],"findingSeverityCounts":null}"#, ""),
        answer("COMPLETE", "null", ""),
        answer("COMPLETE", &basic(&[BASIC], r#""HIGH":1"#), ""),
        answer("COMPLETE", &basic(&[BASIC, BASIC], r#""MEDIUM":1"#), ""),
        answer("COMPLETE", &basic(&[r#"{"name":""}"#], r#""UNDEFINED":1"#), ""),
        r#"{"imageScanFindings":{"findings":[],"findingSeverityCounts":{}}}"#.to_owned(),
        r#"{"imageScanStatus":{"status":"COMPLETE"}}"#.to_owned(),
        r#"{"imageScanStatus":null,"imageScanFindings":{"findingSeverityCounts":{}}}"#.to_owned(),
        r#"{"imageDetails":[{"imageScanFindingsSummary":{"findingSeverityCounts":{}}}]}"#.to_owned(),
        r#"{"imageDetails":[]}"#.to_owned(),
        r#"{"imageScanStatus":{"status":"COMPLETE"},"imageScanFindingsSummary":{"findingSeverityCounts":{}}}"#
            .to_owned(),
        r#"{"findings":[],"findingSeverityCounts":{}}"#.to_owned(),
    ]);
    for text in cases {
        assert_eq!(fixture::refusal(&text), "NoProof", "{text}");
    }
}

#[test]
fn a_scan_that_is_not_finished_says_so() {
    let error = fixture::read_all(&answer("PENDING", "null", "")).unwrap_err().to_string();
    assert_eq!(error, "it proves nothing: the status of its scan is `PENDING`, not COMPLETE or ACTIVE: as it is");
}

#[test]
fn what_would_lose_a_finding_is_refused() {
    for (text, expected) in [
        (answer("COMPLETE", &basic(&[r#"{"severity":"HIGH"}"#], r#""HIGH":1"#), ""), "Malformed"),
        (answer("COMPLETE", r#"{"Findings":[],"findingSeverityCounts":{}}"#, ""), "Misspelled"),
        (answer("COMPLETE", r#"{"enhancedFinding":[],"findingSeverityCounts":{}}"#, ""), "Misspelled"),
        (answer("COMPLETE", r#"{"findings":{},"findingSeverityCounts":{}}"#, ""), "Malformed"),
        (answer("COMPLETE", r#"{"findings":[],"findingSeverityCounts":{"HIGH":0,"HIGH":1}}"#, ""), "Malformed"),
        (answer("COMPLETE", r#"{"findings":[],"findingSeverityCounts":{"HIGH":-1}}"#, ""), "Malformed"),
        (answer("COMPLETE", &basic(&[&BASIC.replace("severity", "Severity")], r#""MEDIUM":1"#), ""), "Malformed"),
    ] {
        assert_eq!(fixture::refusal(&text), expected, "{text}");
    }
}

#[test]
fn tampering_loses_nothing() {
    let findings = format!(
        r#"{{"findings":[{BASIC}],"enhancedFindings":[{ENHANCED}],"findingSeverityCounts":{{"MEDIUM":1,"UNTRIAGED":1}}}}"#
    );
    let text = answer("ACTIVE", &findings, "");
    tampering::is_refused_when_cut(&text);
    tampering::survives_any_broken_byte(&text);
    let names = [
        "imageScanFindings",
        "findings",
        "enhancedFindings",
        "findingSeverityCounts",
        "imageScanStatus",
        "severity",
        "name",
    ];
    tampering::loses_nothing_when_spoilt(&text, &names);
}

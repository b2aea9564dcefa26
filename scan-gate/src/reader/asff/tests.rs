use super::*;
use crate::finding::{Fix, Kind};
use crate::reader::{fixture, tampering};

fn finding(arn: &str, severity: &str, rest: &str) -> String {
    format!(
        r#"{{"SchemaVersion":"2018-10-08","Id":"id/1","ProductArn":"arn:aws:securityhub:r::product/{arn}","AwsAccountId":1,
        "Severity":{severity},"Title":"t","Description":"d","CreatedAt":"2026-01-01T00:00:00Z"{rest}}}"#
    )
}

fn of_trivy(severity: &str, other: &str) -> String {
    let rest = format!(
        r#","GeneratorId":"Trivy","Types":["Software and Configuration Checks/Vulnerabilities/CVE"],"RecordState":"ACTIVE",
        "Resources":[{{"Type":"Container","Id":"web:1 (alpine 3.2)","Details":{{"Container":{{"ImageName":"web:1"}},"Other":{{{other}}}}}}}]"#
    );
    finding("aquasecurity/aquasecurity", severity, &rest)
}

fn vulnerability(rest: &str) -> String {
    let rest = format!(
        r#","Workflow":{{"Status":"NEW"}},"Vulnerabilities":[{{"Id":"CVE-1","VulnerablePackages":[{{"Name":"zlib","Version":"1.2","Release":"r0",
        "Epoch":"0","FixedInVersion":"1.3"}}],"Cvss":[{{"Version":"3.1","BaseScore":9.8,"Source":"NVD"}}],"EpssScore":0.5,"FixAvailable":"YES",
        "ExploitAvailable":"YES","Vendor":{{"Name":"NVD","VendorSeverity":"HIGH"}},"RelatedVulnerabilities":[]}}],
        "Resources":[{{"Type":"AwsEcrContainerImage","Id":"arn:aws:ecr:r:1:repository/web/sha256:{}"}}]{rest}"#,
        "a".repeat(64)
    );
    finding("aws/inspector", r#"{"Label":"HIGH"}"#, &rest)
}

const OTHER: &str = r#""CVE ID":"CVE-1","CVE Title":"","PkgName":"zlib","Installed Package":"1.2","Patched Package":"1.3","NvdCvssScoreV3":"9.1","NvdCvssScoreV2":6.4"#;

fn list(findings: &[String]) -> String {
    format!(r#"{{"Findings":[{}]}}"#, findings.join(","))
}

#[test]
fn what_trivys_template_writes_is_read() {
    let inspection = fixture::read(&list(&[of_trivy(r#"{"Label":"CRITICAL"}"#, OTHER)]));
    assert_eq!((inspection.scanner.as_str(), inspection.part), ("trivy", Part::Whole));
    assert_eq!(inspection.target.as_deref(), Some("web:1 (alpine 3.2)"));
    assert_eq!(inspection.created_at.as_deref(), Some("2026-01-01T00:00:00Z"));
    let found = &inspection.findings[0];
    assert_eq!(
        (found.kind, &*found.id, &*found.package, &*found.version),
        (Kind::Vulnerability, "CVE-1", "zlib", "1.2")
    );
    assert_eq!(
        (&*found.place, &found.fix, found.rating.word()),
        ("web:1 (alpine 3.2)", &Fix::Version("1.3".into()), "critical")
    );
    assert_eq!(found.scores.iter().map(|score| (score.version, score.value)).collect::<Vec<_>>(), [(3, 9.1), (2, 6.4)]);
    assert_eq!(&*found.title, "t");
    let unfixed = of_trivy(r#"{"Label":"LOW"}"#, &OTHER.replace("1.3", ""));
    assert_eq!(fixture::read(&list(&[unfixed])).findings[0].fix, Fix::None);
}

#[test]
fn trivys_misconfigurations_and_secrets_are_read() {
    let generator = |id: &str, kind: &str| {
        let other = r#""Filename":"f","StartLine":"7","Message":"m""#;
        let text = of_trivy(r#"{"Label":"HIGH"}"#, other)
            .replace(r#""GeneratorId":"Trivy""#, &format!(r#""GeneratorId":"{id}""#));
        text.replace("Software and Configuration Checks/Vulnerabilities/CVE", kind)
    };
    let inspection = fixture::read(&list(&[
        generator("Trivy/DS002", "Software and Configuration Checks"),
        generator("Trivy", "Sensitive Data Identifications"),
    ]));
    let found: Vec<(Kind, &str, Option<u32>)> =
        inspection.findings.iter().map(|found| (found.kind, &*found.id, found.line)).collect();
    assert_eq!(found, [(Kind::Misconfiguration, "DS002", Some(7)), (Kind::Secret, "t", Some(7))]);
}

#[test]
fn what_security_hub_lists_is_read() {
    let inspection = fixture::read(&list(&[vulnerability("")]));
    assert_eq!(
        (inspection.scanner.as_str(), inspection.digests.len(), inspection.created_at.as_deref()),
        ("inspector", 1, None)
    );
    let Part::Chain { more: false, count: 1, total: None, .. } = inspection.part else { panic!() };
    let found = &inspection.findings[0];
    assert_eq!(
        (found.kind, &*found.id, &*found.package, &*found.version),
        (Kind::Vulnerability, "CVE-1", "zlib", "1.2-r0")
    );
    assert_eq!((&found.fix, found.epss, found.rating.word()), (&Fix::Version("1.3".into()), Some(0.5), "high"));
    assert_eq!((&*found.said[0].by, found.said[0].rating.word(), found.scores[0].value), ("nvd", "high", 9.8));
    assert_eq!(&*found.title, "t (an exploit is known)");
}

#[test]
fn each_vulnerability_of_a_finding_is_one_and_code_has_a_place() {
    let two = r#","Vulnerabilities":[{"Id":"CVE-1"},{"Id":"CWE-798","CodeVulnerabilities":[{"FilePath":{"FilePath":"src/a.py","StartLine":3}}]}]"#;
    let inspection = fixture::read(&list(&[finding("aws/inspector", r#"{"Label":"LOW"}"#, two)]));
    let found: Vec<(Kind, &str, &str, Option<u32>)> =
        inspection.findings.iter().map(|found| (found.kind, &*found.id, &*found.place, found.line)).collect();
    assert_eq!(found, [(Kind::Vulnerability, "CVE-1", "", None), (Kind::Code, "CWE-798", "src/a.py", Some(3))]);
}

#[test]
fn a_control_that_is_met_is_no_finding() {
    let control = |status: &str| {
        let rest = format!(
            r#","Compliance":{{"Status":"{status}","SecurityControlId":"S3.1"}},"Types":["Software and Configuration Checks"]"#
        );
        finding("aws/securityhub", r#"{"Label":"MEDIUM"}"#, &rest)
    };
    let controls: Vec<String> = ["PASSED", "FAILED", "WARNING", "NOT_AVAILABLE", "NEW"].map(control).into();
    let inspection = fixture::read(&list(&controls));
    let found: Vec<(Kind, &str)> = inspection.findings.iter().map(|found| (found.kind, &*found.id)).collect();
    assert_eq!(found, [(Kind::Misconfiguration, "S3.1"); 4]);
    assert_eq!(inspection.notes, ["1 controls are met"]);
    let vulnerable = vulnerability(r#","Compliance":{"Status":"PASSED"}"#);
    assert_eq!(fixture::read(&list(&[vulnerable])).findings.len(), 1);
}

#[test]
fn a_severity_that_is_none_is_unknown() {
    for (severity, by_hub, by_trivy) in [
        (r#"{"Label":"INFORMATIONAL"}"#, "info", "unknown"),
        (r#"{"Label":"high"}"#, "high", "high"),
        (r#"{"Label":"ODD","Normalized":90}"#, "unknown", "unknown"),
        (r#"{"Normalized":0}"#, "unknown", "unknown"),
        (r#"{"Normalized":1}"#, "low", "low"),
        (r#"{"Normalized":40,"Product":4}"#, "medium", "medium"),
        (r#"{"Normalized":89}"#, "high", "high"),
        (r#"{"Normalized":100}"#, "critical", "critical"),
        (r#"{"Normalized":101}"#, "unknown", "unknown"),
        ("{}", "unknown", "unknown"),
        ("null", "unknown", "unknown"),
    ] {
        let inspection = fixture::read(&list(&[finding("aws/x", severity, ""), of_trivy(severity, OTHER)]));
        let found: Vec<&str> = inspection.findings.iter().map(|found| found.rating.word()).collect();
        assert_eq!(found, [by_hub, by_trivy], "{severity}");
    }
}

#[test]
fn what_is_archived_suppressed_or_resolved_is_told() {
    for (rest, expected) in [
        ("", None),
        (r#","RecordState":"ACTIVE","Workflow":{"Status":"NOTIFIED"}"#, None),
        (r#","RecordState":"ARCHIVED""#, Some("its record state is ARCHIVED")),
        (r#","Workflow":{"Status":"SUPPRESSED"}"#, Some("its workflow status is SUPPRESSED")),
        (r#","Workflow":{"Status":"RESOLVED"}"#, Some("its workflow status is RESOLVED")),
        (r#","RecordState":"NEW","Workflow":{"Status":"DEFERRED"}"#, None),
    ] {
        let inspection = fixture::read(&list(&[finding("aws/x", r#"{"Label":"HIGH"}"#, rest)]));
        assert_eq!(inspection.findings[0].suppressed.as_deref(), expected, "{rest}");
    }
}

#[test]
fn the_scanner_is_the_product_if_there_is_one() {
    let high = r#"{"Label":"HIGH"}"#;
    let scanner = |findings: &[String]| fixture::read(&list(findings)).scanner;
    assert_eq!(scanner(&[finding("prowler/Prowler", high, "")]), "prowler");
    assert_eq!(scanner(&[finding("1/default", high, r#","ProductName":"My Tool""#)]), "my-tool");
    assert_eq!(scanner(&[finding("1/default", high, "")]), "asff");
    assert_eq!(scanner(&[finding("aws/inspector", high, ""), finding("aws/macie", high, "")]), "asff");
}

#[test]
fn a_bare_list_is_read_and_an_empty_one_only_if_the_format_is_named() {
    let bare = format!("[{}]", vulnerability(""));
    assert_eq!(fixture::read(&bare).findings.len(), 1);
    for text in ["[]", r#"{"Findings":[]}"#] {
        assert_eq!(fixture::refusal(text), "Alien", "{text}");
        let inspections = tampering::read_forced(&FORMAT, text).unwrap();
        assert_eq!(
            (inspections[0].findings.len(), inspections[0].notes.len(), &inspections[0].part),
            (0, 1, &Part::Whole)
        );
    }
    assert!(tampering::read_forced(&FORMAT, "{}").is_err());
}

#[test]
fn a_token_says_that_another_page_follows() {
    let text = list(&[vulnerability("")]).replace("]}]}", r#"]}],"NextToken":"x"}"#);
    let Part::Chain { more: true, count: 1, .. } = fixture::read(&text).part else { panic!("{text}") };
}

#[test]
fn what_would_lose_a_finding_is_refused() {
    let high = r#"{"Label":"HIGH"}"#;
    let good = finding("aws/x", high, "");
    for (text, expected) in [
        (list(&[good.replace("2018-10-08", "2.0")]), "NoProof"),
        (list(&[good.replace(r#""id/1""#, r#""""#)]), "NoProof"),
        (list(&[good.replace(r#""Id":"id/1","#, "")]), "Malformed"),
        (list(&[finding("aws/x", high, r#","Vulnerabilities":[{"Id":""}]"#)]), "NoProof"),
        (list(&[finding("aws/x", high, r#","Vulnerabilities":[{}]"#)]), "Malformed"),
        (list(&[finding("aws/x", r#"{"label":"HIGH"}"#, "")]), "Malformed"),
        (list(&[good.clone(), "7".to_owned()]), "Malformed"),
        (list(std::slice::from_ref(&good)).replace("]}", r#"],"findings":[]}"#), "Misspelled"),
        (list(&[good]).replace("]}", r#"],"Findings":[]}"#), "Malformed"),
    ] {
        assert_eq!(fixture::refusal(&text), expected, "{text}");
    }
}

#[test]
fn tampering_loses_nothing() {
    let text = list(&[of_trivy(r#"{"Label":"HIGH"}"#, OTHER), vulnerability("")]);
    tampering::is_refused_when_cut(&text);
    tampering::survives_any_broken_byte(&text);
    let names = ["Findings", "Severity", "Label", "RecordState", "Workflow", "Vulnerabilities", "Resources", "Id"];
    tampering::loses_nothing_when_spoilt(&text, &names);
}

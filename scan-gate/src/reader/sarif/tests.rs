use crate::finding::{Finding, Fix, Kind};
use crate::inspection::Part;
use crate::reader::{FORMATS, fixture, tampering};

fn log(name: &str, rules: &str, results: &str) -> String {
    format!(
        r#"{{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{{"results":[{results}],"tool":{{"driver":{{"name":"{name}","version":"1.2","rules":[{rules}]}}}}}}]}}"#
    )
}

fn found(name: &str, rules: &str, results: &str) -> Vec<Finding> {
    fixture::read(&log(name, rules, results)).findings
}

fn word(rule: &str, result: &str) -> &'static str {
    let rule = format!(r#"{{"id":"R1"{rule}}}"#);
    let result = format!(r#"{{"ruleId":"R1","ruleIndex":0,"message":{{"text":"m"}}{result}}}"#);
    found("Lint", &rule, &result)[0].rating.word()
}

#[test]
fn a_severity_is_the_number_else_the_level_else_the_rules_else_warning() {
    for (rule, result, expected) in [
        (r#","properties":{"security-severity":"9.8"}"#, r#","level":"note""#, "critical"),
        (r#","properties":{"security-severity":9.8}"#, r#","properties":{"security-severity":"4.0"}"#, "medium"),
        (r#","properties":{"security-severity":"0.0"}"#, r#","level":"error""#, "high"),
        (r#","properties":{"security-severity":"high"}"#, r#","level":"warning""#, "medium"),
        (r#","defaultConfiguration":{"level":"note"}"#, "", "low"),
        (r#","defaultConfiguration":{"level":"note"}"#, r#","level":"none""#, "info"),
        ("", "", "medium"),
    ] {
        assert_eq!(word(rule, result), expected, "{rule} {result}");
    }
}

#[test]
fn a_rule_is_found_by_place_or_by_id_and_may_be_an_extensions() {
    let rules =
        r#"{"id":"A","defaultConfiguration":{"level":"error"}},{"id":"B","defaultConfiguration":{"level":"note"}}"#;
    let words = |result: &str| found("Lint", rules, result)[0].rating.word();
    assert_eq!(words(r#"{"ruleId":"B"}"#), "low");
    assert_eq!(words(r#"{"ruleIndex":1}"#), "low");
    assert_eq!(words(r#"{"ruleId":"B","ruleIndex":0}"#), "low");
    assert_eq!(words(r#"{"ruleId":"A/1","ruleIndex":0}"#), "high");
    assert_eq!(words(r#"{"ruleId":"A","ruleIndex":-1}"#), "high");
    assert_eq!(&*found("Lint", rules, r#"{"ruleIndex":1}"#)[0].id, "B");
    let text = log("Lint", "", r#"{"rule":{"id":"E","index":0,"toolComponent":{"index":0}}}"#).replace(
        "}}}]}",
        r#"},"extensions":[{"name":"x","rules":[{"id":"E","defaultConfiguration":{"level":"error"}}]}]}}]}"#,
    );
    assert_eq!(fixture::read(&text).findings[0].rating.word(), "high");
}

#[test]
fn what_is_no_failure_or_gone_is_no_finding_and_what_is_suppressed_is_told() {
    for result in [r#"{"kind":"pass"}"#, r#"{"kind":"notApplicable"}"#, r#"{"baselineState":"absent"}"#] {
        assert_eq!(found("Lint", "", result).len(), 0, "{result}");
    }
    for (suppressions, expected) in [
        (r#"[{"kind":"inSource"}]"#, true),
        (r#"[{"kind":"external","status":"accepted","justification":"j"}]"#, true),
        (r#"[{"kind":"external","status":"underReview"}]"#, false),
        (r#"[{"kind":"external","status":"accepted"},{"kind":"external","status":"rejected"}]"#, false),
        ("[]", false),
    ] {
        let result = format!(r#"{{"ruleId":"A","suppressions":{suppressions}}}"#);
        assert_eq!(found("Lint", "", &result)[0].suppressed.is_some(), expected, "{suppressions}");
    }
}

#[test]
fn docker_scout_has_severities_of_its_own() {
    let rule = r#"{"id":"CVE-1","properties":{"cvssV3_severity":"MEDIUM","cvssV3":6.5,"security-severity":"6.5"}},{"id":"CVE-2","properties":{"cvssV3_severity":"UNSPECIFIED"}},{"id":"CVE-3","properties":{"security-severity":"7.1"}}"#;
    let result = |id: &str| {
        format!(
            r#"{{"ruleId":"{id}","level":"error","kind":"fail","message":{{"text":"  Package : pkg:npm/a@1\n  Fixed version : not fixed\n  EPSS Score : 0.5\n"}}}}"#
        )
    };
    let results = ["CVE-1", "CVE-2", "CVE-3"].map(result).join(",");
    let text = log("docker scout", rule, &results);
    let inspection = fixture::read(&text);
    assert_eq!((inspection.format, &*inspection.scanner), ("docker-scout", "docker-scout"));
    let words: Vec<&str> = inspection.findings.iter().map(|finding| finding.rating.word()).collect();
    assert_eq!(words, ["medium", "unknown", "high"]);
    let first = &inspection.findings[0];
    assert_eq!((&*first.package, &*first.version, &*first.purl), ("a", "1", "pkg:npm/a@1"));
    assert_eq!((&first.fix, first.epss, first.kind), (&Fix::None, Some(0.5), Kind::Vulnerability));
    let scout = FORMATS.iter().find(|format| format.name == "docker-scout").unwrap();
    assert_eq!(tampering::read_forced(scout, &text).unwrap().len(), 1);
    assert!(tampering::read_forced(scout, &log("Trivy", "", "")).is_err());
}

#[test]
fn grypes_and_trivys_results_know_their_package() {
    let grype = &found("Grype", r#"{"id":"CVE-2005-2541-tar"}"#, r#"{"ruleId":"CVE-2005-2541-tar"}"#)[0];
    assert_eq!((&*grype.aliases[0], &*grype.package), ("CVE-2005-2541", "tar"));
    let advisory = &found("Grype", "", r#"{"ruleId":"GHSA-aaaa-bbbb-cccc-left-pad"}"#)[0];
    assert_eq!((&*advisory.aliases[0], &*advisory.package), ("GHSA-aaaa-bbbb-cccc", "left-pad"));
    let result = r#"{"ruleId":"CVE-1","message":{"text":"Package: p\nInstalled Version: 1\nFixed Version: 2"}}"#;
    let trivy = &found("Trivy", "", result)[0];
    assert_eq!((&*trivy.package, &*trivy.version, &trivy.fix), ("p", "1", &Fix::Version("2".into())));
}

#[test]
fn a_secret_is_not_shown() {
    let rule = r#"{"id":"aws","shortDescription":{"text":"AWS key"},"properties":{"tags":["secret"]}}"#;
    let findings = found("Trivy", rule, r#"{"ruleId":"aws","level":"error","message":{"text":"Match: hunter2"}}"#);
    assert_eq!((findings[0].kind, &*findings[0].title), (Kind::Secret, "AWS key"));
    assert!(!format!("{findings:?}").contains("hunter2"));
}

#[test]
fn what_proves_nothing_is_refused() {
    let clean = log("Lint", "", "");
    let cases = [
        (clean.replace("\"2.1.0\"", "\"2.0.0\""), "NoProof"),
        (clean.replace("\"version\":\"2.1.0\",", ""), "NoProof"),
        (clean.replace("\"results\":[],", ""), "NoProof"),
        (clean.replace("\"results\":[]", "\"results\":null"), "Malformed"),
        (clean.replace("\"results\"", "\"Results\""), "Misspelled"),
        (clean.replace("\"name\":\"Lint\",", ""), "NoProof"),
        (
            clean.replace("\"results\":[],", "\"results\":[],\"invocations\":[{\"executionSuccessful\":false}],"),
            "NoProof",
        ),
        (
            clean.replace("\"results\":[],", "\"results\":[],\"externalPropertyFileReferences\":{\"results\":[{}]},"),
            "NoProof",
        ),
        (log("Lint", "", r#"{"ruleId":"A","level":"ERROR"}"#), "NoProof"),
        (log("Lint", "", r#"{"ruleId":"A","kind":"FAIL"}"#), "NoProof"),
        (r#"{"version":"2.1.0","runs":[]}"#.to_owned(), "NoProof"),
        (r#"{"version":"2.1.0","$schema":"sarif"}"#.to_owned(), "NoProof"),
    ];
    for (text, expected) in cases {
        assert_eq!(fixture::refusal(&text), expected, "{text}");
    }
    assert_eq!(fixture::read(&clean).part, Part::Whole);
}

#[test]
fn tampering_loses_nothing() {
    let text = log(
        "Lint",
        r#"{"id":"A","properties":{"security-severity":"9.8"}}"#,
        r#"{"ruleId":"A","ruleIndex":0,"level":"error","message":{"text":"m"}}"#,
    );
    tampering::is_refused_when_cut(&text);
    tampering::survives_any_broken_byte(&text);
    tampering::loses_nothing_when_spoilt(&text, &["runs", "results", "tool", "driver", "level"]);
}

use crate::finding::{Finding, Fix, Kind};
use crate::reader::{fixture, tampering};
use crate::severity::{Rating, Severity};

const CRITICAL: Rating = Rating::Known(Severity::Critical);
const HIGH: Rating = Rating::Known(Severity::High);
const MEDIUM: Rating = Rating::Known(Severity::Medium);
const LOW: Rating = Rating::Known(Severity::Low);
const INFO: Rating = Rating::Known(Severity::Info);

fn log(runs: &str) -> String {
    format!(r#"{{"version":"2.1.0","$schema":"https://json.schemastore.org/sarif-2.1.0.json","runs":[{runs}]}}"#)
}

fn run(driver: &str, rest: &str) -> String {
    log(&format!(r#"{{"tool":{{"driver":{{{driver}}}}},{rest}}}"#))
}

fn results(results: &str) -> String {
    run(r#""name":"Some Tool","version":"1.2""#, &format!(r#""results":[{results}]"#))
}

fn findings(text: &str) -> Vec<Finding> {
    fixture::read(text).findings
}

#[test]
fn a_clean_run_has_an_empty_list() {
    let inspection = fixture::read(&results(""));
    assert!(inspection.findings.is_empty());
    assert_eq!((inspection.format, inspection.scanner.as_str()), ("sarif", "some-tool"));
    assert_eq!(inspection.scanner_version.as_deref(), Some("1.2"));
}

#[test]
fn a_result_is_rated_by_the_first_that_says_something() {
    let driver = r#""name":"t","rules":[
        {"id":"A","defaultConfiguration":{"level":"note"},"properties":{"security-severity":"9.1"}},
        {"id":"B","defaultConfiguration":{"level":"note"},"properties":{"security-severity":"0.0","tags":["x"]}},
        {"id":"C"},{"id":"D","defaultConfiguration":{"level":"serious"}}]"#;
    let cases = [
        (r#""ruleId":"A","ruleIndex":0,"level":"note","properties":{"security-severity":"4.0"}"#, MEDIUM),
        (r#""ruleId":"A","ruleIndex":0,"level":"note""#, CRITICAL),
        (r#""ruleId":"A","level":"none""#, CRITICAL),
        (r#""rule":{"id":"A"}"#, CRITICAL),
        (r#""rule":{"index":0}"#, CRITICAL),
        (r#""ruleIndex":0"#, CRITICAL),
        (r#""ruleId":"A/1","ruleIndex":0"#, CRITICAL),
        (r#""ruleId":"A/1/2""#, CRITICAL),
        // An index that is not the id's: the id counts.
        (r#""ruleId":"A","ruleIndex":2"#, CRITICAL),
        (r#""ruleId":"AB","ruleIndex":0"#, Rating::Unknown),
        (r#""ruleId":"B","level":"error""#, HIGH),
        (r#""ruleId":"B","level":"ERROR""#, HIGH),
        (r#""ruleId":"B","level":"none""#, INFO),
        (r#""ruleId":"B","level":"fatal""#, Rating::Unknown),
        (r#""ruleId":"B","level":null"#, LOW),
        (r#""ruleId":"B","ruleIndex":-1"#, LOW),
        (r#""ruleId":"C""#, MEDIUM),
        (r#""ruleId":"D""#, Rating::Unknown),
        (r#""ruleId":"elsewhere""#, MEDIUM),
        (r#""ruleId":"elsewhere","ruleIndex":9"#, Rating::Unknown),
        (r#""ruleId":"elsewhere","ruleIndex":9,"level":"warning""#, MEDIUM),
    ];
    for (result, expected) in cases {
        let results = format!(r#""results":[{{{result},"message":{{"text":"m"}}}}]"#);
        let before = log(&format!(r#"{{{results},"tool":{{"driver":{{{driver}}}}}}}"#));
        for text in [run(driver, &results), before] {
            assert_eq!(findings(&text)[0].rating, expected, "{result}");
        }
    }
}

#[test]
fn a_rule_may_stand_in_an_extension() {
    let tool = r#""tool":{"extensions":[{"name":"e0","rules":[]},{"name":"e1","rules":[{"id":"X","properties":{"security-severity":8}}]}],
        "driver":{"name":"t","rules":[{"id":"Y","defaultConfiguration":{"level":"note"}}]}}"#;
    for (result, expected) in [
        (r#""ruleId":"X","rule":{"index":0,"toolComponent":{"index":1}}"#, HIGH),
        (r#""rule":{"index":0,"toolComponent":{"index":1,"name":"e1"}}"#, HIGH),
        (r#""ruleId":"X","ruleIndex":0"#, HIGH),
        (r#""ruleId":"X","rule":{"index":5,"toolComponent":{"guid":"g"}}"#, HIGH),
        (r#""ruleId":"Y","rule":{"index":0,"toolComponent":{}}"#, LOW),
        (r#""ruleId":"Y","rule":{"index":0,"toolComponent":{"index":-1}}"#, LOW),
    ] {
        let text = log(&format!(r#"{{"results":[{{{result}}}],{tool}}}"#));
        let finding = &findings(&text)[0];
        assert_eq!(finding.rating, expected, "{result}");
        assert!(!finding.id.is_empty());
    }
}

#[test]
fn a_level_may_be_set_for_the_run() {
    let driver = r#""name":"t","rules":[{"id":"A","defaultConfiguration":{"level":"note"}},{"id":"B"}]"#;
    let rest = r#""invocations":[{"executionSuccessful":true,"ruleConfigurationOverrides":[
        {"descriptor":{"index":0},"configuration":{"level":"error"}},{"descriptor":{"id":"B"},"configuration":{"level":"error"}},
        {"descriptor":{"id":"C"},"configuration":{"enabled":false}}]}],"results":[{"ruleId":"A"},{"ruleId":"B"}]"#;
    let ratings: Vec<Rating> = findings(&run(driver, rest)).iter().map(|finding| finding.rating).collect();
    assert_eq!(ratings, [HIGH, HIGH]);
}

#[test]
fn only_failures_that_are_still_there_count() {
    let cases = [
        ("", 1),
        (r#","kind":"fail""#, 1),
        (r#","kind":"FAIL""#, 1),
        (r#","kind":null"#, 1),
        (r#","kind":"pass""#, 0),
        (r#","kind":"notApplicable""#, 0),
        (r#","kind":"informational""#, 0),
        (r#","kind":"open""#, 0),
        (r#","kind":"review""#, 0),
        (r#","baselineState":"absent""#, 0),
        (r#","baselineState":"unchanged""#, 1),
        (r#","baselineState":"new""#, 1),
    ];
    for (members, expected) in cases {
        assert_eq!(findings(&results(&format!(r#"{{"ruleId":"A"{members}}}"#))).len(), expected, "{members}");
    }
    let text = results(r#"{"ruleId":"A","kind":"review"},{"kind":"open"},{"kind":"pass"}"#);
    assert_eq!(fixture::read(&text).notes, ["some-tool leaves results to be decided by people: 2"]);
}

#[test]
fn a_suppression_holds_if_all_of_them_were_accepted() {
    let cases = [
        (r#"[{"kind":"inSource"}]"#, Some("inSource")),
        (r#"[{"kind":"external","status":"accepted","justification":"known"}]"#, Some("external: known")),
        (r#"[{"kind":"inSource"},{"kind":"external"}]"#, Some("inSource; external")),
        (r#"[{"kind":"external","status":"underReview"}]"#, None),
        (r#"[{"kind":"external","status":"accepted"},{"kind":"external","status":"rejected"}]"#, None),
        (r#"[{"kind":"external","status":"Accepted"}]"#, None),
        ("[]", None),
        ("null", None),
    ];
    for (suppressions, expected) in cases {
        let text = results(&format!(r#"{{"ruleId":"A","suppressions":{suppressions}}}"#));
        assert_eq!(findings(&text)[0].suppressed.as_deref(), expected, "{suppressions}");
    }
}

#[test]
fn a_place_is_a_name_or_an_index() {
    let rest = r#""results":[
        {"ruleId":"A","locations":[{"logicalLocations":[]},{"physicalLocation":{"artifactLocation":{"uri":"a.c"},"region":{"startLine":7}}},
        {"physicalLocation":{"artifactLocation":{"uri":"b.c"}}}]},
        {"ruleId":"A","locations":[{"physicalLocation":{"artifactLocation":{"index":1}}}]},
        {"ruleId":"A","locations":[{"physicalLocation":{"artifactLocation":{"index":9},"region":{"startLine":"x"}}}]},
        {"ruleId":"A","locations":null}],"artifacts":[{"location":{"uri":"x.c"}},{"location":{"uri":"y.c"}},{}]"#;
    let found = findings(&run(r#""name":"t""#, rest));
    let places: Vec<(&str, Option<u32>)> = found.iter().map(|finding| (&*finding.place, finding.line)).collect();
    assert_eq!(places, [("a.c", Some(7)), ("y.c", None), ("", None), ("", None)]);
}

#[test]
fn trivy_says_in_its_messages_what_it_is_about() {
    let driver = r#""name":"Trivy","version":"0.56.1","rules":[
        {"id":"CVE-1","name":"OsPackageVulnerability","shortDescription":{"text":"a title"},"properties":{"security-severity":"8.1","cvssv3_baseScore":8.1}},
        {"id":"AVD-1","name":"Misconfiguration","properties":{"security-severity":"2.0"}},
        {"id":"aws","name":"Secret","shortDescription":{"text":"AWS key"},"fullDescription":{"text":"hunter2"},"properties":{"security-severity":"9.5"}},
        {"id":"p:GPL","name":"License","properties":{"security-severity":"5.5"}}]"#;
    let digest = "a".repeat(64);
    let rest = format!(
        r#""results":[
        {{"ruleId":"CVE-1","ruleIndex":0,"level":"error","message":{{"text":"Package: p\nInstalled Version: 1\nVulnerability CVE-1\nSeverity: CRITICAL\nFixed Version: 2\n"}}}},
        {{"ruleId":"CVE-1","ruleIndex":0,"level":"note","message":{{"text":"Package: q\nInstalled Version: 1\nSeverity: UNKNOWN\nFixed Version: \n"}}}},
        {{"ruleId":"AVD-1","ruleIndex":1,"message":{{"text":"Artifact: Dockerfile\nType: dockerfile\nSeverity: LOW\nMessage: Package: x"}}}},
        {{"ruleId":"aws","ruleIndex":2,"message":{{"text":"Artifact: a\nSecret AWS\nSeverity: CRITICAL\nMatch: hunter2"}}}},
        {{"ruleId":"p:GPL","ruleIndex":3,"message":{{"text":"Artifact: a\nLicense GPL\nPkgName: p\n Classification: restricted"}}}}],
        "properties":{{"imageName":"web:1","imageID":"sha256:{digest}","repoDigests":["web@sha256:{digest}",7],"repoTags":null,"imageid":1}}"#
    );
    let inspection = fixture::read(&run(driver, &rest));
    assert_eq!((inspection.format, inspection.scanner.as_str()), ("sarif", "trivy"));
    assert_eq!(inspection.target.as_deref(), Some("web:1"));
    assert_eq!(inspection.digests, [format!("sha256:{digest}").parse().unwrap()]);
    let [first, second, check, secret, licence] = &inspection.findings[..] else { panic!() };
    assert_eq!((&*first.package, &*first.version, first.rating), ("p", "1", HIGH));
    assert_eq!((&first.fix, &*first.title), (&Fix::Version("2".into()), "a title"));
    assert_eq!((&*first.said[0].by, first.said[0].rating), ("trivy", CRITICAL));
    assert_eq!((&*first.scores[0].by, first.scores[0].version, first.scores[0].value), ("trivy", 3, 8.1));
    assert_eq!((&second.fix, second.said[0].rating), (&Fix::None, Rating::Unknown));
    assert_eq!((check.kind, &*check.package, check.rating), (Kind::Misconfiguration, "", LOW));
    assert_eq!((secret.kind, &*secret.title), (Kind::Secret, "AWS key"));
    assert_eq!((licence.kind, &*licence.package, &licence.fix), (Kind::License, "p", &Fix::Unsaid));
    assert!(!format!("{:?}", inspection.findings).contains("hunter2"));
}

#[test]
fn grype_puts_the_package_into_the_id() {
    let text = run(r#""name":"Grype","rules":[]"#, r#""results":[{"ruleId":"CVE-2005-2541-tar"}]"#);
    let finding = &findings(&text)[0];
    assert_eq!((&*finding.id, &*finding.aliases), ("CVE-2005-2541-tar", &["CVE-2005-2541".into()][..]));
    assert_eq!((&*finding.package, finding.kind), ("tar", Kind::Vulnerability));
}

#[test]
fn the_kind_follows_from_the_tool_and_the_id() {
    for (tool, id, expected) in [
        ("CodeQL", "js/sql-injection", Kind::Code),
        ("Snyk Container", "SNYK-DEBIAN12-TAR-1", Kind::Vulnerability),
        ("osv-scanner", "CVE-2024-1234", Kind::Vulnerability),
        ("old", "[HIGH] CVE-2024-1234", Kind::Vulnerability),
        ("Gitleaks", "aws-key", Kind::Secret),
    ] {
        let text = run(&format!(r#""name":"{tool}""#), &format!(r#""results":[{{"ruleId":"{id}"}}]"#));
        assert_eq!(findings(&text)[0].kind, expected, "{tool}");
    }
}

#[test]
fn several_runs_are_read_and_the_first_names_the_scanner() {
    let part = |name: &str| format!(r#"{{"tool":{{"driver":{{"name":"{name}"}}}},"results":[{{"ruleId":"A"}}]}}"#);
    let inspection = fixture::read(&log(&format!("{},{},{}", part("b"), part("b"), part("a"))));
    assert_eq!((inspection.scanner.as_str(), inspection.findings.len()), ("b", 3));
    assert_eq!(inspection.notes, ["it has runs of a too"]);
}

#[test]
fn the_end_of_the_last_invocation_is_when_it_was_made() {
    let rest = r#""invocations":[{"executionSuccessful":true,"endTimeUtc":"2026-01-02T00:00:00Z"},{"endTimeUtc":"2026-01-01T00:00:00Z",
        "toolExecutionNotifications":[{"level":"error","message":{}},{"level":"note"}]},{"executionSuccessful":null}],"results":[]"#;
    let inspection = fixture::read(&run(r#""name":"t""#, rest));
    assert_eq!(inspection.created_at.as_deref(), Some("2026-01-02T00:00:00Z"));
    assert_eq!(inspection.notes, ["t met errors while it ran: 1"]);
}

#[test]
fn it_is_recognised_with_and_without_a_version() {
    let run = r#"{"tool":{"driver":{"name":"t"}},"results":[]}"#;
    for text in [
        format!(r#"{{"runs":[{run}]}}"#),
        format!(r#"{{"runs":[{run}],"version":"2.1.0"}}"#),
        format!(r#"{{"$schema":"https://x/Schemata/SARIF-schema-2.1.0.json","runs":[{run}]}}"#),
    ] {
        assert_eq!(fixture::read(&text).scanner, "t");
    }
    assert_eq!(fixture::refusal(r#"{"runs":[{"a":1}]}"#), "Alien");
    assert_eq!(fixture::refusal(r#"{"version":"2.1.0"}"#), "Alien");
}

#[test]
fn an_old_version_is_refused_by_its_name() {
    for text in [
        r#"{"version":"1.0.0","runs":[{"tool":{"name":"t"},"results":[]}]}"#,
        r#"{"runs":[{"tool":{"driver":{"name":"t"}},"results":[]}],"version":"1.0.0"}"#,
    ] {
        let error = fixture::read_all(text).unwrap_err().to_string();
        assert_eq!(error, "it proves nothing: it is SARIF 1.0.0, not 2.1.0", "{text}");
    }
}

#[test]
fn what_would_lose_a_finding_is_refused() {
    let named = r#""name":"t""#;
    let cases = [
        (log(""), "NoProof"),
        (r#"{"version":"2.1.0","$schema":"sarif"}"#.to_owned(), "NoProof"),
        (r#"{"version":"2.1.0","$schema":"sarif","runs":null}"#.to_owned(), "Malformed"),
        (log(r#"{"results":[]}"#), "NoProof"),
        (log(r#"{"tool":{},"results":[]}"#), "NoProof"),
        (run(r#""name":" ""#, r#""results":[]"#), "NoProof"),
        (run(named, r#""columnKind":"x""#), "NoProof"),
        (run(named, r#""results":null"#), "NoProof"),
        (run(named, r#""results":{}"#), "Malformed"),
        (run(named, r#""result":[]"#), "Misspelled"),
        (run(named, r#""Results":[],"results":[]"#), "Misspelled"),
        (run(named, r#""results":[],"results":[]"#), "Malformed"),
        (run(named, r#""invocations":[{"executionSuccessful":false}],"results":[]"#), "NoProof"),
        (
            run(named, r#""results":[],"invocations":[{"executionSuccessful":true},{"executionSuccessful":false}]"#),
            "NoProof",
        ),
        (run(named, r#""results":[],"externalPropertyFileReferences":{"results":[{"itemCount":3}]}"#), "NoProof"),
        (run(named, r#""results":[],"externalPropertyFileReferences":{"driver":{}}"#), "NoProof"),
        (run(named, r#""results":[],"externalPropertyFileReferences":{"taxonomies":[{}],"results":[]}"#), "passed"),
        (
            run(named, r#""results":[]"#).replacen('{', r#"{"inlineExternalProperties":[{"results":[{}]}],"#, 1),
            "NoProof",
        ),
        (
            run(named, r#""results":[]"#).replacen('{', r#"{"inlineExternalProperties":[{"taxonomies":[{}]}],"#, 1),
            "passed",
        ),
        (run(named, r#""results":[{"level":"error"}]"#), "NoProof"),
        (run(named, r#""results":[{"ruleId":"","ruleIndex":-1}]"#), "NoProof"),
        (run(named, r#""results":[{"ruleid":"A"}]"#), "Malformed"),
        (run(named, r#""results":[{"ruleId":"A","Level":"error"}]"#), "Malformed"),
        (run(named, r#""results":[{"ruleId":"A","properties":{"Security-Severity":"9"}}]"#), "Malformed"),
        (run(r#""name":"t","Rules":[]"#, r#""results":[]"#), "Misspelled"),
        (run(r#""name":"t","name":"u""#, r#""results":[]"#), "Malformed"),
        (run(named, r#""results":[]"#) + " What's next?", "Malformed"),
    ];
    for (text, expected) in cases {
        assert_eq!(fixture::refusal(&text), expected, "{text}");
    }
}

#[test]
fn a_log_that_was_tampered_with_loses_nothing() {
    let text = run(
        r#""name":"Trivy","rules":[{"id":"CVE-1","properties":{"security-severity":"9.1"}}]"#,
        r#""results":[{"ruleId":"CVE-1","ruleIndex":0,"kind":"fail","message":{"text":"Package: p"}}],"invocations":[{"executionSuccessful":true}]"#,
    );
    tampering::is_refused_when_cut(&text);
    tampering::survives_any_broken_byte(&text);
    let names = ["runs", "tool", "driver", "name", "results", "ruleId", "ruleIndex", "kind", "rules", "message"];
    tampering::loses_nothing_when_spoilt(&text, &names);
}

use super::*;
use crate::finding::{Fix, Kind};
use crate::reader::{fixture, tampering};
use crate::severity::{Rating, Severity};

const MATCH: &str = r#"{"vulnerability":{"id":"GHSA-a","namespace":"github:language:go","severity":"High","description":"a title\nand more",
    "cvss":[{"version":"3.1","metrics":{"baseScore":7.5}},{"version":"4.0","metrics":{"baseScore":0}}],
    "epss":[{"epss":0.01},{"epss":0.2}],"knownExploited":[{"cve":"CVE-1"}],"fix":{"versions":["1.2","1.3"],"state":"fixed"}},
    "relatedVulnerabilities":[{"id":"CVE-1","namespace":"nvd:cpe","severity":"Critical",
    "cvss":[{"source":"nvd@nist.gov","version":"2.0","metrics":{"baseScore":5}},{"source":"nvd@nist.gov","version":"2.0","metrics":{"baseScore":5}}]},
    {"id":"CVE-1"},{"id":"GHSA-a"}],
    "artifact":{"name":"mod","version":"1.0","purl":"pkg:golang/mod@1.0","locations":[{"path":"/bin/app"}]}}"#;

const DESCRIPTOR: &str = r#","descriptor":{"name":"grype","version":"0.91.0","timestamp":"2026-01-02T03:04:05Z",
    "configuration":{"only-fixed":false,"only-notfixed":false,"ignore-wontfix":"","exclude":[],"ignore":null},
    "db":{"status":{"built":"2026-01-01T00:00:00Z","valid":true}}}"#;

fn report(matches: &str, rest: &str) -> String {
    format!(r#"{{"matches":[{matches}],"source":{{"type":"directory","target":"/src"}}{rest}}}"#)
}

fn simple(vulnerability: &str) -> String {
    report(&format!(r#"{{"vulnerability":{{"id":"CVE-1"{vulnerability}}},"artifact":{{"name":"p"}}}}"#), "")
}

#[test]
fn a_clean_report_has_no_matches_and_says_of_what() {
    for text in [
        report("", DESCRIPTOR),
        report("", ""),
        r#"{"matches":[],"source":null,"descriptor":{"name":"grype"}}"#.to_owned(),
        r#"{"matches":[],"ignoredMatches":null,"source":{"type":"file","target":"a"},"distro":{}}"#.to_owned(),
    ] {
        assert_eq!(fixture::read(&text).findings, [], "{text}");
    }
}

#[test]
fn a_match_tells_all_it_knows() {
    let inspection = fixture::read(&report(MATCH, DESCRIPTOR));
    let [finding] = &inspection.findings[..] else { panic!() };
    assert_eq!((finding.kind, finding.rating), (Kind::Vulnerability, Rating::Known(Severity::High)));
    assert_eq!((&*finding.id, &*finding.aliases), ("GHSA-a", &["CVE-1".into()][..]));
    assert_eq!((&*finding.package, &*finding.version, &*finding.purl), ("mod", "1.0", "pkg:golang/mod@1.0"));
    assert_eq!((&*finding.place, &finding.fix), ("/bin/app", &Fix::Version("1.2, 1.3".into())));
    assert_eq!((finding.epss, finding.known_exploited), (Some(0.2), true));
    assert_eq!(&*finding.title, "a title");
    let said: Vec<(&str, &str)> = finding.said.iter().map(|said| (&*said.by, said.rating.word())).collect();
    assert_eq!(said, [("ghsa", "high"), ("nvd", "critical")]);
    let scores: Vec<(&str, u8, f32)> =
        finding.scores.iter().map(|score| (&*score.by, score.version, score.value)).collect();
    assert_eq!(scores, [("ghsa", 3, 7.5), ("nvd", 2, 5.0)]);
}

#[test]
fn the_scan_is_told_with_its_database_and_its_filters() {
    let inspection = fixture::read(&report("", DESCRIPTOR));
    assert_eq!((inspection.scanner.as_str(), inspection.scanner_version.as_deref()), ("grype", Some("0.91.0")));
    assert_eq!(inspection.target.as_deref(), Some("/src"));
    assert_eq!(inspection.created_at.as_deref(), Some("2026-01-02T03:04:05Z"));
    assert_eq!(inspection.database_at.as_deref(), Some("2026-01-01T00:00:00Z"));
    assert!(inspection.filters.is_empty());
    let filtered = r#","descriptor":{"db":{"built":"2024-01-01T00:00:00Z","error":null},"configuration":{"only-fixed":true,"only-notfixed":true,
        "ignore-wontfix":"wont-fix,unknown","exclude":["./a/**","./b"]}}"#;
    let inspection = fixture::read(&report("", filtered));
    assert_eq!(inspection.database_at.as_deref(), Some("2024-01-01T00:00:00Z"));
    let expected = ["only fixed", "only not fixed", "fix state not wont-fix,unknown", "path not ./a/**, ./b"];
    assert_eq!(inspection.filters, expected);
}

#[test]
fn a_severity_that_is_missing_or_no_word_is_unknown() {
    let cases = [
        (r#","severity":"Critical""#, Rating::Known(Severity::Critical)),
        (r#","severity":"Negligible""#, Rating::Known(Severity::Info)),
        (r#","severity":"Unknown""#, Rating::Unknown),
        (r#","severity":"grave""#, Rating::Unknown),
        (r#","severity":"""#, Rating::Unknown),
        (r#","severity":null"#, Rating::Unknown),
        ("", Rating::Unknown),
        (r#","cvss":null,"fix":{"versions":null,"state":""}"#, Rating::Unknown),
    ];
    for (vulnerability, expected) in cases {
        assert_eq!(fixture::read(&simple(vulnerability)).findings[0].rating, expected, "{vulnerability}");
    }
}

#[test]
fn a_fix_is_a_version_none_or_not_told() {
    let version = |text: &str| Fix::Version(text.into());
    let cases = [
        (r#","fix":{"versions":["2"],"state":"fixed"}"#, version("2")),
        (r#","fix":{"versions":[],"state":"fixed"}"#, Fix::Unsaid),
        (r#","fix":{"versions":[],"state":"not-fixed"}"#, Fix::None),
        (r#","fix":{"versions":[],"state":"wont-fix"}"#, Fix::None),
        (r#","fix":{"versions":null,"state":"unknown"}"#, Fix::Unsaid),
        (r#","fixedInVersion":"3""#, version("3")),
        ("", Fix::Unsaid),
    ];
    for (vulnerability, expected) in cases {
        assert_eq!(fixture::read(&simple(vulnerability)).findings[0].fix, expected, "{vulnerability}");
    }
}

#[test]
fn the_scores_of_old_reports_are_read() {
    let text = simple(r#","namespace":"nvd","cvssV2":{"baseScore":4.3},"cvssV3":{"baseScore":9.1},"links":["u"]"#);
    let scores: Vec<(u8, f32)> = fixture::read(&text).findings[0].scores.iter().map(|s| (s.version, s.value)).collect();
    assert_eq!(scores, [(3, 9.1), (2, 4.3)]);
}

#[test]
fn what_was_ignored_is_told_and_why() {
    let cases = [
        (r#"[{"vulnerability":"CVE-1","reason":"accepted until May"}]"#, "accepted until May, vulnerability CVE-1"),
        (
            r#"[{"vex-status":"not_affected","vex-justification":"x","namespace":"vex"}]"#,
            "VEX not_affected, because of x",
        ),
        (r#"[{"fix-state":"not-fixed"},{"fix-state":"not-fixed"}]"#, "fix state not-fixed"),
        (r#"[{"package":{"name":"linux-headers","version":""}}]"#, "package linux-headers"),
        ("null", "an ignore rule of Grype"),
    ];
    for (rules, expected) in cases {
        let ignored = MATCH.replacen('{', &format!(r#"{{"appliedIgnoreRules":{rules},"#), 1);
        let inspection = fixture::read(&report("", &format!(r#","ignoredMatches":[{ignored}]"#)));
        assert_eq!(inspection.findings[0].suppressed.as_deref(), Some(expected));
    }
}

#[test]
fn the_image_is_named_by_all_its_digests() {
    let [id, manifest, repository] = ["a", "b", "c"].map(|digit| digit.repeat(64));
    let text = format!(
        r#"{{"matches":[],"source":{{"type":"image","target":{{"userInput":"web:1","imageID":"sha256:{id}","manifestDigest":"sha256:{manifest}",
        "repoDigests":["web@sha256:{repository}","web@sha256:{manifest}","odd"],"layers":[],"config":"e30="}}}}}}"#
    );
    let inspection = fixture::read(&text);
    let named: Vec<&str> = inspection.digests.iter().map(Digest::hex).collect();
    assert_eq!(named, [id, manifest, repository]);
    assert_eq!(inspection.target.as_deref(), Some("web:1"));
}

#[test]
fn alerts_are_notes_unless_packages_were_not_matched() {
    let alerts = |kind: &str| {
        let alert = format!(r#"{{"package":{{}},"alerts":[{{"type":"{kind}","message":"debian 8"}}]}}"#);
        report("", &format!(r#","alertsByPackage":[{alert},{alert}]"#))
    };
    assert_eq!(fixture::read(&alerts("distro-eol")).notes, ["debian 8 (packages: 2)"]);
    assert_eq!(fixture::refusal(&alerts("distro-disabled")), "NoProof");
}

#[test]
fn it_is_recognised_by_its_shape() {
    for text in
        [r#"{"matches":[{"artifact":{"name":"p"},"vulnerability":{"id":"A"}}]}"#, r#"{"source":{},"matches":[]}"#]
    {
        assert_ne!(fixture::refusal(text), "Alien", "{text}");
    }
    for text in [r#"{"matches":[]}"#, r#"{"matches":[{"id":1}]}"#, r#"{"descriptor":{},"source":{}}"#] {
        assert_eq!(fixture::refusal(text), "Alien", "{text}");
    }
}

#[test]
fn what_would_lose_a_finding_is_refused() {
    let cases = [
        (r#"{"matches":null,"source":{"type":"image"},"descriptor":{}}"#.to_owned(), "Alien"),
        (r#"{"matches":[],"source":{}}"#.to_owned(), "NoProof"),
        (r#"{"Matches":[],"matches":[],"source":{"type":"file"}}"#.to_owned(), "Misspelled"),
        (r#"{"matches":[],"matches":[],"source":{"type":"file"}}"#.to_owned(), "Malformed"),
        (report("", r#","ignoredmatches":[]"#), "Misspelled"),
        (report("", r#","descriptor":{"db":{"status":{"valid":false}}}"#), "NoProof"),
        (report("", r#","descriptor":{"db":{"status":{"valid":true,"error":"old"}}}"#), "NoProof"),
        (report("", r#","descriptor":{"db":{"error":{}}}"#), "NoProof"),
        (report("", r#","descriptor":{"configuration":{"only-fixed":"yes"}}"#), "Malformed"),
        (report(r#"{"vulnerability":{"severity":"High"},"artifact":{"name":"p"}}"#, ""), "Malformed"),
        (report(r#"{"vulnerability":{"id":""},"artifact":{"name":"p"}}"#, ""), "NoProof"),
        (report(r#"{"vulnerability":{"id":"A","Severity":"High"},"artifact":{"name":"p"}}"#, ""), "Malformed"),
        (report(r#"{"vulnerability":{"id":"A"}}"#, ""), "Malformed"),
        (report("null", ""), "Malformed"),
        (format!("[0000]  WARN no database\n{}", report("", "")), "Malformed"),
        (format!("{} done", report("", "")), "Malformed"),
    ];
    for (text, expected) in cases {
        assert_eq!(fixture::refusal(&text), expected, "{text}");
    }
}

#[test]
fn a_report_that_was_tampered_with_loses_nothing() {
    let text = report(MATCH, &format!(r#","ignoredMatches":[{MATCH}]{DESCRIPTOR}"#));
    tampering::is_refused_when_cut(&text);
    tampering::survives_any_broken_byte(&text);
    tampering::loses_nothing_when_spoilt(&text, &["matches", "vulnerability", "artifact"]);
}

use super::*;
use crate::reader::{fixture, tampering};

const SOURCE: &str = r#""source":{"type":"directory","target":"/app"},"distro":{},"descriptor":{"name":"grype","version":"0.90.0","timestamp":"2026-01-02T00:00:00Z","db":{"status":{"built":"2026-01-01T00:00:00Z"}},"configuration":{"only-fixed":false}}"#;

fn report(matches: &str) -> String {
    format!(r#"{{"matches":[{matches}],{SOURCE}}}"#)
}

fn matching(vulnerability: &str) -> String {
    report(&format!(
        r#"{{"vulnerability":{{"id":"GHSA-1","namespace":"github:language:go"{vulnerability}}},"relatedVulnerabilities":[{{"id":"CVE-1","namespace":"nvd:cpe","severity":"Critical","cvss":[{{"source":"nvd@nist.gov","version":"3.1","metrics":{{"baseScore":9.1}}}}]}}],"artifact":{{"name":"x","version":"1","purl":"pkg:golang/x@1","locations":[{{"path":"/bin/x"}}]}}}}"#
    ))
}

fn found(vulnerability: &str) -> Finding {
    fixture::read(&matching(vulnerability)).findings.remove(0)
}

#[test]
fn a_clean_report_is_one_that_says_what_was_scanned() {
    let inspection = fixture::read(&report(""));
    assert_eq!((inspection.findings.len(), inspection.target.as_deref()), (0, Some("/app")));
    assert_eq!(inspection.database_at.as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!(fixture::refusal(r#"{"matches":[],"descriptor":{}}"#), "NoProof");
    assert_eq!(fixture::refusal(r#"{"matches":null,"descriptor":{"version":"1"}}"#), "Alien");
    assert_eq!(fixture::refusal(r#"{"descriptor":{"version":"1"},"source":{}}"#), "Alien");
}

#[test]
fn a_severity_is_the_word_of_the_match() {
    for (word, expected) in [("Critical", "critical"), ("Negligible", "info"), ("Unknown", "unknown"), ("", "unknown")]
    {
        assert_eq!(found(&format!(r#","severity":"{word}""#)).rating.word(), expected, "{word}");
    }
    assert_eq!(found("").rating.word(), "unknown");
    assert_eq!(found(r#","severity":null,"cvss":null,"fix":null"#).rating.word(), "unknown");
}

#[test]
fn a_match_knows_its_other_name_what_the_nvd_says_and_where_it_lies() {
    let finding = found(r#","severity":"High","epss":[{"epss":0.5}],"knownExploited":[{"cve":"CVE-1"}]"#);
    assert_eq!(
        (&*finding.aliases[0], &*finding.said[0].by, finding.said[0].rating.word()),
        ("CVE-1", "nvd", "critical")
    );
    assert_eq!((&*finding.scores[0].by, finding.scores[0].version, finding.scores[0].value), ("nvd", 3, 9.1));
    assert_eq!((finding.epss, finding.known_exploited, &*finding.place), (Some(0.5), true, "/bin/x"));
}

#[test]
fn a_fix_is_told_refused_or_not_known() {
    assert_eq!(found(r#","fix":{"versions":["2","3"],"state":"fixed"}"#).fix, Fix::Version("2, 3".into()));
    assert_eq!(found(r#","fix":{"versions":null,"state":"wont-fix"}"#).fix, Fix::None);
    assert_eq!(found(r#","fix":{"versions":[],"state":"not-fixed"}"#).fix, Fix::None);
    assert_eq!(found(r#","fix":{"versions":null,"state":""}"#).fix, Fix::Unsaid);
    assert_eq!(found("").fix, Fix::Unsaid);
}

#[test]
fn ignored_matches_are_told_with_their_rule() {
    let ignored = matching("").replace("\"matches\":", "\"matches\":[],\"ignoredMatches\":");
    let ignored = ignored.replace(
        "\"artifact\"",
        "\"appliedIgnoreRules\":[{\"vulnerability\":\"GHSA-1\",\"fix-state\":\"\"}],\"artifact\"",
    );
    let finding = &fixture::read(&ignored).findings[0];
    assert_eq!(finding.suppressed.as_deref(), Some("ignore rule: vulnerability GHSA-1"));
}

#[test]
fn a_filter_is_told() {
    let text = report("").replace("\"only-fixed\":false", "\"only-fixed\":true");
    assert_eq!(fixture::read(&text).filters, ["only-fixed"]);
}

#[test]
fn an_image_is_named_by_its_digests() {
    let (id, digest) = ("a".repeat(64), "b".repeat(64));
    let image = format!(
        r#""target":{{"userInput":"web:1","imageID":"sha256:{id}","manifestDigest":"","repoDigests":["web@sha256:{digest}"],"layers":[]}}"#
    );
    let inspection = fixture::read(&report("").replace("\"target\":\"/app\"", &image));
    let named: Vec<&str> = inspection.digests.iter().map(contract::Digest::hex).collect();
    assert_eq!((named, inspection.target.as_deref()), (vec![&*id, &*digest], Some("web:1")));
}

#[test]
fn what_would_lose_a_finding_is_refused() {
    let text = matching(r#","severity":"High""#);
    let cases = [
        (text.replace("\"matches\"", "\"Matches\""), "Alien"),
        (text.replace("\"vulnerability\"", "\"Vulnerability\""), "Malformed"),
        (text.replace("\"severity\":\"High\"", "\"Severity\":\"High\""), "Malformed"),
        (text.replace("\"id\":\"GHSA-1\",", ""), "Malformed"),
        (text.replace("\"matches\"", "\"matches\":[],\"matches\""), "Malformed"),
    ];
    for (text, expected) in cases {
        assert_eq!(fixture::refusal(&text), expected, "{text}");
    }
}

#[test]
fn tampering_loses_nothing() {
    let text = matching(r#","severity":"High""#);
    tampering::is_refused_when_cut(&text);
    tampering::survives_any_broken_byte(&text);
    tampering::loses_nothing_when_spoilt(&text, &["matches", "vulnerability", "severity", "artifact"]);
}

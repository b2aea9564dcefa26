use super::*;
use crate::finding::Score;
use crate::severity::Rating;

fn waiver(id: &str) -> Waiver {
    Waiver {
        ids: vec![Pattern::Exact(id.to_owned())],
        kinds: Vec::new(),
        subjects: Vec::new(),
        scanner: None,
        cvss_below: None,
        effect: Effect::Silences,
        reason: "r".to_owned(),
        expires: None,
        stated_at: None,
        origin: Origin { file: "w".to_owned(), format: "waivers", place: "1".to_owned() },
    }
}

fn finding() -> Finding {
    Finding {
        aliases: ["GHSA-1".into()].into(),
        package: "openssl".into(),
        version: "3.0".into(),
        purl: "pkg:deb/debian/openssl@3.0".into(),
        place: "app/lib/x.jar".into(),
        scores: [Score { by: "nvd".into(), version: 3, value: 6.5 }].into(),
        ..Finding::new(Kind::Vulnerability, "CVE-1", Rating::Unknown)
    }
}

fn ruling(waivers: &[Waiver], finding: &Finding) -> Ruling {
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    rule(waivers, Seen { finding, canonical: "CVE-1", scanner: "trivy", digests: &[] }, now)
}

fn about(subject: Subject) -> bool {
    let waivers = [Waiver { subjects: vec![subject], ..waiver("cve-1") }];
    ruling(&waivers, &finding()) == Ruling::Silenced(0)
}

#[test]
fn all_that_a_statement_names_must_match() {
    let glob = |text: &str| Some(Pattern::glob_or_exact(text).unwrap());
    assert!(about(Subject::default()));
    assert!(about(Subject { package: glob("OpenSSL"), ..Subject::default() }));
    assert!(!about(Subject { package: glob("libssl"), ..Subject::default() }));
    assert!(!about(Subject { package: glob("openssl"), version: Some("3.1".into()), ..Subject::default() }));
    assert!(about(Subject { path: glob("app/**/*.jar"), ..Subject::default() }));
    assert!(!about(Subject { path: glob("app/*.jar"), ..Subject::default() }));
    let purl = |text: &str| Some(PurlPattern::Covering(text.parse().unwrap()));
    assert!(about(Subject { purl: purl("pkg:deb/debian/openssl"), ..Subject::default() }));
    assert!(!about(Subject { purl: purl("pkg:deb/debian/openssl@4"), ..Subject::default() }));
    let image = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
    assert!(!about(Subject { image: Some(image), ..Subject::default() }));
}

#[test]
fn a_regular_expression_says_the_same_inside_the_anchors() {
    let fits = |text: &str, on: &str| Pattern::regex(text).is_ok_and(|pattern| pattern.fits(on));
    assert!(fits("^a|b$", "A") && fits("a.*", "abc") && !fits("a|b", "ab") && !fits("b", "abc"));
    assert!(Pattern::regex("a)|(?:b").is_err() && Pattern::regex("(?!a)b").is_err());
    assert!(!Pattern::regex_in_case("a", true).unwrap().fits("A"));
}

#[test]
fn coordinates_are_those_of_maven() {
    let fits = |text: &str, purl: &str| PurlPattern::Coordinates(Pattern::regex(text).unwrap()).fits(purl);
    assert!(fits("org\\.x:a:.*", "pkg:maven/org.x/a@1?type=jar") && !fits("org\\.x:a:2", "pkg:maven/org.x/a@1"));
    assert!(!fits(".*", "pkg:maven/org.x/a") && !fits(".*", "pkg:npm/a@1") && !fits(".*", "a"));
}

#[test]
fn what_a_finding_does_not_say_never_matches() {
    let bare = Finding::new(Kind::Vulnerability, "CVE-1", Rating::Unknown);
    let subjects = [
        Subject { package: Some(Pattern::regex(".*").unwrap()), ..Subject::default() },
        Subject { path: Some(Pattern::glob_or_exact("**").unwrap()), ..Subject::default() },
        Subject { purl: Some(PurlPattern::Text(Pattern::regex(".*").unwrap())), ..Subject::default() },
    ];
    for subject in subjects {
        assert_eq!(ruling(&[Waiver { subjects: vec![subject], ..waiver("CVE-1") }], &bare), Ruling::Counts);
    }
    assert_eq!(ruling(&[Waiver { cvss_below: Some(10.0), ..waiver("CVE-1") }], &bare), Ruling::Counts);
}

#[test]
fn ids_aliases_scanners_kinds_and_scores_narrow_down() {
    let silenced = |waiver: Waiver| ruling(&[waiver], &finding()) == Ruling::Silenced(0);
    assert!(silenced(waiver("GHSA-1")) && !silenced(waiver("CVE-11")));
    assert!(silenced(Waiver { scanner: Some("Trivy".to_owned()), ..waiver("CVE-1") }));
    assert!(!silenced(Waiver { scanner: Some("grype".to_owned()), ..waiver("CVE-1") }));
    assert!(!silenced(Waiver { kinds: vec![Kind::Secret], ..waiver("CVE-1") }));
    assert!(silenced(Waiver { cvss_below: Some(7.0), ..waiver("CVE-1") }));
    assert!(!silenced(Waiver { cvss_below: Some(6.5), ..waiver("CVE-1") }));
    assert!(!silenced(Waiver { effect: Effect::Void("why".to_owned()), ..waiver("CVE-1") }));
}

#[test]
fn an_expired_statement_does_not_hold() {
    let until = |day: &str| Waiver { expires: Some(day.parse().unwrap()), ..waiver("CVE-1") };
    assert_eq!(ruling(&[until("2026-06-01T00:00:00Z")], &finding()), Ruling::Counts);
    assert_eq!(ruling(&[until("2026-06-01T00:00:01Z")], &finding()), Ruling::Silenced(0));
}

#[test]
fn the_latest_vex_statement_holds_and_a_waiver_stands_for_itself() {
    let vex = |effect: Effect, day: u8| Waiver {
        effect,
        stated_at: Some(format!("2026-01-0{day}T00:00:00Z").parse().unwrap()),
        origin: Origin { file: "v".to_owned(), format: "openvex", place: "1".to_owned() },
        ..waiver("CVE-1")
    };
    let cases = [
        (vec![vex(Effect::Silences, 1)], Ruling::Silenced(0)),
        (vec![vex(Effect::Affirms, 1)], Ruling::Counts),
        (vec![vex(Effect::Silences, 1), vex(Effect::Affirms, 2)], Ruling::Counts),
        (vec![vex(Effect::Affirms, 1), vex(Effect::Silences, 2)], Ruling::Silenced(1)),
        (vec![vex(Effect::Affirms, 1), vex(Effect::Silences, 1)], Ruling::Counts),
        (vec![vex(Effect::Affirms, 2), waiver("CVE-1")], Ruling::Silenced(1)),
        (vec![Waiver { stated_at: None, ..vex(Effect::Affirms, 1) }, vex(Effect::Silences, 2)], Ruling::Counts),
        (vec![Waiver { stated_at: None, ..vex(Effect::Silences, 1) }, vex(Effect::Affirms, 2)], Ruling::Counts),
    ];
    for (waivers, expected) in cases {
        assert_eq!(ruling(&waivers, &finding()), expected, "{waivers:?}");
    }
}

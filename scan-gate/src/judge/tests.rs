use super::*;
use crate::finding::{Finding, Kind, Said, Score, Text};
use crate::judge::baseline::Fingerprints;
use crate::waiver::file;

fn finding(id: &str, word: &str) -> Finding {
    Finding {
        package: "p".into(),
        version: "1".into(),
        ..Finding::new(Kind::Vulnerability, id, Rating::of_word(Some(word)))
    }
}

fn with_alias(id: &str, alias: &str, word: &str) -> Finding {
    Finding { aliases: [Text::from(alias)].into(), ..finding(id, word) }
}

fn report(scanner: &str, findings: Vec<Finding>) -> Inspection {
    Inspection { format: "trivy", scanner: scanner.to_owned(), findings, ..Inspection::default() }
}

/// The ids that shut the gate, worst first.
fn violations(reports: &[Inspection], policy: &Policy, evidence: Evidence<'_>) -> Vec<String> {
    let inspections: Vec<&Inspection> = reports.iter().collect();
    let aliases = Aliases::of(inspections.iter().flat_map(|inspection| &inspection.findings));
    let verdict = judge(&inspections, &aliases, policy, evidence, "2026-06-01T00:00:00Z".parse().unwrap());
    verdict.violations().map(|judged| judged.issue.id.to_owned()).collect()
}

fn check(findings: &[Finding], policy: &Policy, expected: &[&str]) {
    let reports = [report("trivy", findings.to_vec())];
    assert_eq!(violations(&reports, policy, Evidence::default()), expected, "{policy:?}");
}

fn policy() -> Policy {
    Policy::default()
}

#[test]
fn what_is_at_or_above_the_threshold_shuts_the_gate_worst_first() {
    let findings = ["low", "critical", "medium", "high", "info"].map(|word| finding(word, word));
    check(&findings, &policy(), &["critical", "high"]);
    check(&findings, &Policy { fail_on: Severity::Info, ..policy() }, &["critical", "high", "medium", "low", "info"]);
    check(&findings, &Policy { fail_on: Severity::Critical, ..policy() }, &["critical"]);
}

#[test]
fn an_unknown_severity_is_what_the_policy_takes_it_for() {
    let findings = [finding("CVE-2024-1", "?"), finding("CVE-2024-2", "high")];
    check(&findings, &policy(), &["CVE-2024-1", "CVE-2024-2"]);
    check(&findings, &Policy { unknown: Unknown::Count, ..policy() }, &["CVE-2024-2"]);
    check(&findings, &Policy { unknown: Unknown::As(Severity::Low), ..policy() }, &["CVE-2024-2"]);
    check(&findings, &Policy { unknown: Unknown::As(Severity::High), ..policy() }, &["CVE-2024-1", "CVE-2024-2"]);
}

#[test]
fn a_limit_lets_so_many_through_and_then_none() {
    let findings = [
        finding("CVE-2024-1", "high"),
        finding("CVE-2024-2", "high"),
        finding("CVE-2024-3", "critical"),
        finding("CVE-2024-4", "low"),
    ];
    let limited = |text: &str| Policy { max: text.parse().unwrap(), ..policy() };
    check(&findings, &limited("high=2"), &["CVE-2024-3"]);
    check(&findings, &limited("high=1"), &["CVE-2024-3", "CVE-2024-1", "CVE-2024-2"]);
    check(&findings, &limited("high=2,critical=1"), &[]);
    check(&findings, &limited("high=2,critical=1,low=0"), &["CVE-2024-4"]);
    let taken = Policy { unknown: Unknown::As(Severity::High), ..limited("high=0") };
    check(&[finding("CVE-2024-5", "?")], &taken, &["CVE-2024-5"]);
    check(&[finding("CVE-2024-5", "?")], &limited("unknown=1"), &[]);
}

#[test]
fn a_score_shuts_the_gate_whatever_the_severity() {
    let scored = |value: f32, by: &str| Finding {
        scores: [Score { by: by.into(), version: 3, value }].into(),
        ..finding("CVE-2024-1", "low")
    };
    let at_seven = Policy { cvss: Some(7.0), ..policy() };
    check(&[scored(7.0, "nvd")], &at_seven, &["CVE-2024-1"]);
    check(&[scored(6.9, "nvd")], &at_seven, &[]);
    check(&[scored(9.9, "nvd")], &policy(), &[]);
    check(&[scored(9.9, "nvd")], &Policy { severity_from: SeverityFrom::Max, ..policy() }, &["CVE-2024-1"]);
}

#[test]
fn the_policy_says_whose_severity_counts() {
    let said = |by: &str, word: &str| Said { by: by.into(), rating: Rating::of_word(Some(word)) };
    let disputed = Finding {
        said: [said("nvd", "critical"), said("redhat", "low"), said("ghsa", "?")].into(),
        ..finding("CVE-2024-1", "medium")
    };
    for (severity_from, expected) in [
        (SeverityFrom::Scanner, "medium"),
        (SeverityFrom::Max, "critical"),
        (SeverityFrom::Nvd, "critical"),
        (SeverityFrom::Vendor, "low"),
    ] {
        let reports = [report("trivy", vec![disputed.clone()])];
        let inspections: Vec<&Inspection> = reports.iter().collect();
        let aliases = Aliases::default();
        let policy = Policy { severity_from, ..policy() };
        let verdict = judge(&inspections, &aliases, &policy, Evidence::default(), Timestamp::UNIX_EPOCH);
        assert_eq!(verdict.issues[0].rating.word(), expected, "{severity_from:?}");
    }
    let silent = finding("CVE-2024-2", "high");
    check(&[silent], &Policy { severity_from: SeverityFrom::Nvd, ..policy() }, &["CVE-2024-2"]);
}

#[test]
fn scanners_are_put_together_and_the_worst_of_them_counts() {
    let reports = [
        report("trivy", vec![with_alias("CVE-2024-1", "GHSA-1", "medium"), finding("CVE-2024-2", "low")]),
        report("grype", vec![finding("GHSA-1", "high"), finding("CVE-2024-2", "?")]),
    ];
    let inspections: Vec<&Inspection> = reports.iter().collect();
    let aliases = Aliases::of(inspections.iter().flat_map(|inspection| &inspection.findings));
    let verdict = judge(&inspections, &aliases, &policy(), Evidence::default(), Timestamp::UNIX_EPOCH);
    let issues: Vec<_> =
        verdict.issues.iter().map(|judged| (judged.issue.id, judged.rating.word(), judged.issue.rows.len())).collect();
    assert_eq!(issues, [("CVE-2024-1", "high", 2), ("CVE-2024-2", "low", 2)]);
    assert_eq!((verdict.counts.all(), verdict.counts.high, verdict.counts.unknown), (2, 1, 0));
}

#[test]
fn what_has_no_fix_is_let_through_only_if_the_scanner_says_so() {
    let fix = |id: &str, fix: Fix| Finding { fix, ..finding(id, "high") };
    let findings =
        [fix("CVE-2024-1", Fix::None), fix("CVE-2024-2", Fix::Unsaid), fix("CVE-2024-3", Fix::Version("2".into()))];
    check(&findings, &Policy { fixable_only: true, ..policy() }, &["CVE-2024-2", "CVE-2024-3"]);
    let exploited = Finding { known_exploited: true, ..fix("CVE-2024-1", Fix::None) };
    check(&[exploited], &Policy { fixable_only: true, ..policy() }, &["CVE-2024-1"]);
    let failed = Finding { rating: Rating::Failed, ..fix("gate", Fix::None) };
    check(&[failed], &Policy { fixable_only: true, unknown: Unknown::Count, ..policy() }, &["gate"]);
}

#[test]
fn what_is_exploited_or_will_be_shuts_the_gate_at_any_severity() {
    check(&[Finding { known_exploited: true, ..finding("CVE-2024-1", "low") }], &policy(), &["CVE-2024-1"]);
    let probable = Finding { epss: Some(0.5), ..finding("CVE-2024-1", "low") };
    check(std::slice::from_ref(&probable), &Policy { epss_at_least: Some(0.5), ..policy() }, &["CVE-2024-1"]);
    check(&[probable], &Policy { epss_at_least: Some(0.51), ..policy() }, &[]);
}

#[test]
fn what_was_there_before_does_not_count_unless_it_got_worse() {
    let before = [report(
        "trivy",
        vec![finding("CVE-2024-1", "high"), finding("CVE-2024-2", "low"), finding("CVE-2024-3", "high")],
    )];
    let inspections: Vec<&Inspection> = before.iter().collect();
    let aliases = Aliases::default();
    let verdict = judge(&inspections, &aliases, &policy(), Evidence::default(), Timestamp::UNIX_EPOCH);
    let fingerprints = Fingerprints::of(&verdict.issues);
    for baseline in [Baseline::of_issues(&verdict.issues), Baseline::try_from(&fingerprints).unwrap()] {
        let evidence = Evidence { baseline: Some(&baseline), ..Evidence::default() };
        let new_version = Finding { version: "2".into(), ..finding("CVE-2024-1", "high") };
        let now =
            [report("trivy", vec![new_version, finding("CVE-2024-2", "critical"), finding("CVE-2024-4", "high")])];
        assert_eq!(violations(&now, &policy(), evidence), ["CVE-2024-2", "CVE-2024-4"]);
        let inspections: Vec<&Inspection> = now.iter().collect();
        let verdict = judge(&inspections, &aliases, &policy(), evidence, Timestamp::UNIX_EPOCH);
        assert_eq!(verdict.fixed, Some(1));
    }
}

#[test]
fn a_waived_finding_does_not_count_and_does_not_hide_what_another_scanner_says() {
    let waivers = "[[waiver]]\nid = \"CVE-2024-1\"\nscanner = \"trivy\"\nreason = \"r\"\nexpires = 2026-12-31\n";
    let waivers = file::read("w.toml", waivers.as_bytes()).unwrap().waivers;
    let evidence = Evidence { waivers: &waivers, ..Evidence::default() };
    let trivy = || report("trivy", vec![finding("CVE-2024-1", "high")]);
    assert_eq!(violations(&[trivy()], &policy(), evidence), [""; 0]);
    let both = [trivy(), report("grype", vec![finding("CVE-2024-1", "high")])];
    assert_eq!(violations(&both, &policy(), evidence), ["CVE-2024-1"]);
}

#[test]
fn what_the_scanner_suppressed_is_counted_apart() {
    let suppressed = Finding { suppressed: Some("ignored".into()), ..finding("CVE-2024-1", "critical") };
    check(&[suppressed], &policy(), &[]);
}

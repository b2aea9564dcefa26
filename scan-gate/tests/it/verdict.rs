//! What the verdict is made of: several reports, waivers, policies, baselines, forms.

use serde_json::{Value, json};
use testkit::sandbox::Sandbox;

use crate::{digest, report};

const WAIVER: &str =
    "[[waiver]]\nid = \"CVE-2\"\npackage = \"openssl\"\nreason = \"not reachable\"\nexpires = 2199-12-31\n";

fn shut() -> String {
    report(&digest('a'), &[("CVE-1", "LOW"), ("CVE-2", "HIGH")])
}

#[test]
fn several_reports_give_one_verdict_and_a_broken_one_gives_none() {
    let sandbox = Sandbox::new();
    sandbox.write("one.json", report(&digest('a'), &[("CVE-1", "LOW")]));
    sandbox.write("two.json", report(&digest('a'), &[("CVE-1", "LOW"), ("CVE-3", "MEDIUM")]));
    let outcome = sandbox.tool("scan-gate").args(["one.json", "two.json"]).run().code(0);
    let _ = outcome.says("/scan/counts/low", 1).says("/scan/counts/medium", 1).says("/scan/reports/1/findings", 2);
    sandbox.write("cut.json", &shut()[..90]);
    let outcome = sandbox.tool("scan-gate").args(["one.json", "cut.json", "missing.json"]).run().code(2);
    let _ = outcome
        .says("/error/code", "report.truncated")
        .says("/scan/doubts/1/code", "report.unreadable")
        .says("/scan/fingerprints", Value::Null)
        .stderr_contains("scan-gate: error: report `cut.json`: it is cut off at byte 90; and 1 more\n");
}

#[test]
fn a_violation_beside_a_broken_report_is_told_and_the_exit_says_that_it_cannot_tell() {
    let sandbox = Sandbox::new();
    sandbox.write("shut.json", shut());
    sandbox.write("empty.json", "");
    let outcome = sandbox.tool("scan-gate").args(["shut.json", "empty.json"]).run().code(2);
    let _ = outcome.says("/error/code", "report.empty").says("/scan/violations/0/id", "CVE-2").says("/scan/ok", false);
}

#[test]
fn documents_may_follow_each_other_in_one_stream_in_any_encoding() {
    let sandbox = Sandbox::new();
    let stream =
        format!("{}\n{}", report(&digest('a'), &[("CVE-1", "LOW")]), report(&digest('a'), &[("CVE-2", "LOW")]));
    let outcome = sandbox.tool("scan-gate").pipe_in(stream.clone()).run().code(0);
    let _ = outcome.says("/scan/counts/low", 2);
    sandbox.write("stream.json", stream);
    let outcome = sandbox.shell("gzip -k stream.json && scan-gate stream.json.gz").run().code(0);
    let _ = outcome.says("/scan/counts/low", 2);
    let outcome = sandbox.shell("iconv -t UTF-16 stream.json | scan-gate -").run().code(0);
    let _ = outcome.says("/scan/counts/low", 2);
}

#[test]
fn a_waiver_silences_what_it_names_and_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", shut());
    sandbox.write("waivers.toml", WAIVER);
    let outcome = sandbox.tool("scan-gate").args(["report.json", "--waivers", "waivers.toml"]).run().code(0);
    let _ = outcome
        .says("/scan/waived_total", 1)
        .says("/scan/waived/0/id", "CVE-2")
        .says("/scan/waived/0/by/reason", "not reachable")
        .says("/scan/waivers/unused_total", 0);
    sandbox.write("waivers.toml", WAIVER.replace("2199", "2020"));
    let outcome = sandbox.tool("scan-gate").args(["report.json", "--waivers", "waivers.toml"]).run().code(1);
    let outcome = outcome.says("/scan/waivers/expired/0/file", "waivers.toml");
    let _ = outcome
        .stderr_contains("hint: a waiver has expired: scan-gate REPORT --waivers FILE --output table shows which");
    sandbox.write("waivers.toml", WAIVER.replace("CVE-2", "CVE-9"));
    let outcome = sandbox.tool("scan-gate").args(["report.json", "--waivers", "waivers.toml"]).run().code(1);
    let _ = outcome.says("/scan/waivers/unused_total", 1);
}

#[test]
fn a_consulted_file_that_is_not_understood_is_refused_before_any_verdict() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", report(&digest('a'), &[]));
    sandbox.write("bad", "[[waiver]]\nid = \"CVE-1\"\n");
    let cases = [
        ("--waivers", "waivers.invalid"),
        ("--policy", "policy.invalid"),
        ("--kev", "kev.invalid"),
        ("--epss", "epss.invalid"),
        ("--baseline", "baseline.invalid"),
    ];
    for (flag, code) in cases {
        for name in ["bad", "missing"] {
            let outcome = sandbox.tool("scan-gate").args(["report.json", flag, name]).run().code(2);
            let _ = outcome.says("/error/code", code).says("/ok", false).stderr_contains(&format!("`{name}`: "));
        }
    }
}

#[test]
fn a_policy_file_holds_the_settings_and_a_flag_wins() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", shut());
    sandbox.write("ci/waivers.toml", WAIVER);
    sandbox.write("ci/policy.toml", "fail_on = \"low\"\nmax = { low = 1 }\nwaivers = [\"waivers.toml\"]\n");
    let outcome = sandbox.tool("scan-gate").args(["report.json", "--policy", "ci/policy.toml"]).run().code(0);
    let _ = outcome.says("/scan/policy/max", "low=1").says("/scan/waived_total", 1);
    let run = sandbox.tool("scan-gate").args(["report.json", "--policy", "ci/policy.toml", "--max", "low=0"]);
    let _ = run.run().code(1).says("/scan/violations/0/reasons/0", "there are 1 low issues, and 0 are let through");
}

#[test]
fn a_baseline_lets_through_what_was_there_and_an_earlier_verdict_is_one() {
    let sandbox = Sandbox::new();
    sandbox.write("old.json", shut());
    sandbox.write("new.json", report(&digest('b'), &[("CVE-2", "HIGH"), ("CVE-7", "CRITICAL")]));
    let _ = sandbox.shell("scan-gate old.json > verdict.json").run().code(1);
    for baseline in ["old.json", "verdict.json"] {
        let outcome = sandbox.tool("scan-gate").args(["new.json", "--baseline", baseline]).run().code(1);
        let _ = outcome
            .says("/scan/violations_total", 1)
            .says("/scan/violations/0/id", "CVE-7")
            .says("/scan/baseline", json!({ "new": 1, "persisting": 1, "fixed": 1 }));
    }
    let _ = sandbox.shell("scan-gate missing.json > verdict.json").run().code(2);
    let outcome = sandbox.tool("scan-gate").args(["new.json", "--baseline", "verdict.json"]).run().code(2);
    let _ = outcome.says("/error/code", "baseline.invalid").stderr_contains("it holds no verdict that could tell");
}

#[test]
fn a_scanner_can_be_demanded_beside_a_section() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", report(&digest('a'), &[]));
    let _ = sandbox.tool("scan-gate").args(["report.json", "--require", "trivy"]).run().code(0);
    let outcome = sandbox.tool("scan-gate").args(["report.json", "--require", "trivy,sonarqube"]).run().code(2);
    let _ = outcome.says("/error/code", "report.missing_scanner");
    let outcome = sandbox.tool("scan-gate").args(["report.json", "--require", "push"]).run().code(1);
    let _ = outcome.says("/error/code", "require.no_document");
}

#[test]
fn an_image_can_be_expected_without_a_release_document() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", report(&digest('a'), &[]));
    let _ = sandbox.tool("scan-gate").args(["report.json", "--expect-image", &digest('a')]).run().code(0);
    let outcome = sandbox.tool("scan-gate").args(["report.json", "--expect-image", &digest('b')]).run().code(2);
    let _ = outcome.says("/error/code", "report.other_image");
    sandbox.write("other.json", report(&digest('b'), &[]));
    let outcome = sandbox.tool("scan-gate").args(["report.json", "other.json"]).run().code(2);
    let _ = outcome.says("/error/code", "report.two_images");
}

#[test]
fn a_report_that_is_too_old_proves_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", report(&digest('a'), &[]).replace("2026-11-01", "2020-11-01"));
    let outcome = sandbox.tool("scan-gate").args(["report.json", "--max-age", "24h"]).run().code(2);
    let _ = outcome.says("/error/code", "report.stale").stderr_contains("--max-age is 24 hours");
}

#[test]
fn an_id_is_explained() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", shut());
    sandbox.write("waivers.toml", WAIVER);
    let run = sandbox.tool("scan-gate").args(["report.json", "--waivers", "waivers.toml", "--explain", "cve-2"]);
    let _ = run
        .run()
        .code(0)
        .says("/scan/explanation/findings/0/outcome", "waived")
        .says("/scan/explanation/findings/0/because/0", "waiver 1 (line 1) of waivers.toml says: not reachable");
    let run = sandbox.tool("scan-gate").args(["report.json", "--explain", "CVE-1", "-o", "table"]);
    let _ = run.run().code(1).stdout_contains("let through   its severity is low, and nothing else shuts the gate\n");
    let run = sandbox.tool("scan-gate").args(["report.json", "--explain", "CVE-99", "-o", "table"]);
    let _ = run.run().code(1).stdout_is(" no report speaks of CVE-99\n");
}

#[test]
fn every_form_says_yes_no_and_cannot_tell() {
    let sandbox = Sandbox::new();
    sandbox.write("open.json", report(&digest('a'), &[]));
    sandbox.write("shut.json", shut());
    let cases = [
        ("sarif", "\"results\":[]", "\"ruleId\":\"CVE-2\"", "\"executionSuccessful\":false"),
        ("junit", "name=\"gate open\"/>", "<failure type=\"high\"", "<error message=\"report `missing.json`"),
        ("markdown", "## scan-gate: open", "| high | CVE-2 | openssl |", "## scan-gate: cannot tell"),
        (
            "github",
            "::notice title=scan-gate::gate open",
            "::error title=high CVE-2::openssl 3.0.1",
            "::error title=scan-gate::report `missing.json`",
        ),
    ];
    for (form, yes, no, cannot_tell) in cases {
        let _ = sandbox.tool("scan-gate").args(["open.json", "-o", form]).run().code(0).stdout_contains(yes);
        let _ = sandbox.tool("scan-gate").args(["shut.json", "-o", form]).run().code(1).stdout_contains(no);
        let _ = sandbox.tool("scan-gate").args(["missing.json", "-o", form]).run().code(2).stdout_contains(cannot_tell);
        let outcome = sandbox.tool("scan-gate").args(["open.json", "--kev", "missing", "-o", form]).run().code(2);
        assert!(!outcome.stdout().is_empty(), "{form} says that it failed");
    }
}

#[test]
fn github_gets_its_summary() {
    let sandbox = Sandbox::new();
    sandbox.write("shut.json", shut());
    sandbox.write("summary.md", "# before\n");
    let run = sandbox.tool("scan-gate").args(["shut.json", "-o", "github"]).env("GITHUB_STEP_SUMMARY", "summary.md");
    let _ = run.run().code(1);
    let summary = std::fs::read_to_string(sandbox.path().join("summary.md")).unwrap();
    assert!(summary.starts_with("# before\n## scan-gate: shut\n") && summary.contains("CVE-2"), "{summary}");
}

#[test]
fn text_of_others_stays_text_in_every_form() {
    let nasty = "CVE-1 <b>&\"'|`]]>\n::error::x\r%0A\u{1b}[31m\u{202e}";
    let sandbox = Sandbox::new();
    sandbox.write("nasty.json", report(&digest('a'), &[(nasty, "CRITICAL")]));
    let form = |form: &str| sandbox.tool("scan-gate").args(["nasty.json", "-o", form]).run().code(1).stdout();
    for name in ["markdown", "github", "junit", "sarif", "table", "json"] {
        let text = form(name);
        assert!(
            !text.chars().any(|letter| letter == '\u{1b}' || letter == '\u{202e}' || letter == '\r'),
            "{name}: {text}"
        );
    }
    let junit = form("junit");
    let document = roxmltree::Document::parse(&junit).unwrap();
    let case = document.descendants().find(|node| node.has_tag_name("testcase")).unwrap();
    assert!(case.attribute("name").unwrap().starts_with("CVE-1 <b>&\"'|`]]>"), "{junit}");
    let annotations = form("github");
    assert!(
        annotations.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")),
        "{annotations}"
    );
    assert!(!annotations.contains("\n::error::x"), "{annotations}");
    let markdown = form("markdown");
    assert!(markdown.contains("&lt;b&gt;&amp;") && !markdown.contains("<b>"), "{markdown}");
}

#[test]
fn the_sarif_that_is_written_is_read_back_with_as_many_findings() {
    let sandbox = Sandbox::new();
    let ids = ["CVE-1", "CVE-2", "CVE-3"].map(|id| (id, "CRITICAL"));
    sandbox.write("report.json", report(&digest('a'), &ids));
    let outcome = sandbox.shell("scan-gate report.json -o sarif | scan-gate --max critical=3 -").run().code(0);
    let _ = outcome.says("/scan/counts/critical", 3).says("/scan/reports/0/scanner", "scan-gate");
    let outcome = sandbox.shell("scan-gate missing.json -o sarif | scan-gate -").run().code(2);
    let _ = outcome.says("/error/code", "report.no_proof");
}

#[test]
fn what_is_known_to_be_exploited_or_probably_will_be_shuts_the_gate() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", report(&digest('a'), &[("CVE-2024-1001", "LOW"), ("CVE-2024-1002", "LOW")]));
    let catalog = json!({
        "title": "CISA Catalog of Known Exploited Vulnerabilities", "catalogVersion": "2026.11.01",
        "dateReleased": "2026-11-01T00:00:00Z", "count": 1,
        "vulnerabilities": [{ "cveID": "CVE-2024-1001", "dateAdded": "2026-10-01", "dueDate": "2026-10-22", "knownRansomwareCampaignUse": "Known" }]
    });
    sandbox.write("kev.json", catalog.to_string());
    let outcome = sandbox.tool("scan-gate").args(["report.json", "--kev", "kev.json"]).run().code(1);
    let _ = outcome
        .says("/scan/violations/0/known_exploited", true)
        .says("/scan/violations/0/reasons/0", "it is known to be exploited")
        .says("/scan/known_exploited/version", "2026.11.01")
        .says("/scan/violations_total", 1);
    sandbox.write(
        "epss.csv",
        "#model_version:v2025.03.14,score_date:2026-11-01T00:00:00+0000\ncve,epss,percentile\nCVE-2024-1002,0.91,0.99\n",
    );
    let run = sandbox.tool("scan-gate").args(["report.json", "--epss", "epss.csv", "--epss-at-least", "0.9"]);
    let _ = run.run().code(1).says("/scan/violations/0/id", "CVE-2024-1002").says("/scan/violations_total", 1);
    let run = sandbox.tool("scan-gate").args(["report.json", "--epss", "epss.csv", "--epss-at-least", "0.95"]);
    let _ = run.run().code(0).says("/scan/exploit_prediction/issues", 1);
}

#[test]
fn pages_of_one_answer_belong_together() {
    let sandbox = Sandbox::new();
    let page = |number: usize, keys: &[&str]| {
        let issues: Vec<Value> =
            keys.iter().map(|key| json!({ "key": key, "rule": "r", "severity": "MAJOR", "component": format!("shop:{key}"), "project": "shop" })).collect();
        json!({ "paging": { "pageIndex": number, "pageSize": 2, "total": 3 }, "issues": issues }).to_string()
    };
    sandbox.write("1.json", page(1, &["a", "b"]));
    sandbox.write("2.json", page(2, &["c"]));
    let outcome = sandbox.tool("scan-gate").args(["1.json", "2.json"]).run().code(0);
    let _ = outcome.says("/scan/counts/medium", 3);
    let outcome = sandbox.tool("scan-gate").args(["1.json"]).run().code(2);
    let _ = outcome.says("/error/code", "report.incomplete").stderr_contains("its pages hold 2 of 3");
}

#[test]
fn a_document_that_is_demanded_on_standard_input_must_be_one() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.tool("scan-gate").args(["--input", "-"]).pipe_in(report(&digest('a'), &[])).run().code(2);
    let _ = outcome.says("/error/code", "input.not_a_release_document");
}

#[test]
fn what_one_mutated_letter_would_hide_is_refused() {
    let cases = [
        r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"L"}},"invocations":[{"executionSuccesful":false}],"results":[]}]}"#,
        r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"L","rules":[{"id":"A","properties":{"security-severitz":"9.8"}}]}},"results":[{"ruleId":"A","ruleIndex":0,"level":"note"}]}]}"#,
        r#"{"reportSchema":"1.1","scanInfo":{"engineVersion":"9","analysisException":[{"exception":{"message":"b"}}]},"dependencies":[]}"#,
        r#"{"projectStatus":{"status":"OK","conditions":[],"ignoredCondition":true}}"#,
        r#"{"projectStatus":{"status":"OK","conditionz":[{"status":"ERROR","metricKey":"x"}]}}"#,
        r#"{"SchemaVersion":2,"ArtifactName":"a","ArtifactType":"vm","Resulst":[]}"#,
        r#"{"SchemaVersion":2,"ArtifactName":"a","ArtifactType":"vm","Results":[{"Vulnerabilities":[{"VulnerabilityID":"A","Severity":"LOW","CVSS":{"nvd":{"V3Scor":9.8}}}]}]}"#,
        r#"{"SchemaVersion":2,"ArtifactName":"a","ArtifactType":"vm","Results":[{"Vulnerabilities":[{"VulnerabilityID":"A","Severity":"LOW","VendorSeverity":{"nvd":4,"nvd":1}}]}]}"#,
    ];
    for text in cases {
        let outcome = Sandbox::new().tool("scan-gate").pipe_in(text).run();
        assert_eq!(outcome.exit_code(), Some(2), "{text}: {}", outcome.stdout());
    }
}

#[test]
fn a_flag_in_the_environment_that_says_neither_yes_nor_no_is_refused() {
    let sandbox = Sandbox::new().env("SCAN_GATE_FIXABLE_ONLY", "disabled");
    let outcome = sandbox.tool("scan-gate").pipe_in(report(&digest('a'), &[])).run().code(2);
    let _ = outcome.says("/error/code", "usage");
}

#[test]
fn a_password_in_an_address_is_not_shown() {
    let text = report(&digest('a'), &[]).replace("\"web:1.4\"", "\"https://user:hunter2@git.example/web\"");
    let outcome = Sandbox::new().tool("scan-gate").pipe_in(text).run().code(0);
    let _ = outcome.says("/scan/reports/0/target", "https://git.example/web");
}

#[test]
fn an_alert_is_told_with_what_it_means_and_a_vulnerability_by_its_id() {
    let sandbox = Sandbox::new();
    let labels = json!({ "alertname": "ServiceErrorRate", "service": "web", "severity": "critical" });
    let alert = json!([{
        "labels": labels, "annotations": { "summary": "many requests fail" }, "fingerprint": "f", "startsAt": "2026-01-01T00:00:00Z",
        "status": { "state": "active", "silencedBy": [], "inhibitedBy": [] }
    }]);
    sandbox.write("alerts.json", alert.to_string());
    let message = "1 issue shuts the gate, worst: critical ServiceErrorRate in service=web: many requests fail";
    let outcome = sandbox.tool("scan-gate").args(["alerts.json"]).run().code(1).says("/error/message", message);
    let _ = outcome.stderr_contains(&format!("scan-gate: error: {message}\n"));
}

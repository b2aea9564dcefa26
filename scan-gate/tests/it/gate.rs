//! The verdict through the binary.

use testkit::sandbox::Sandbox;

use crate::{digest, report};

#[test]
fn a_report_below_the_threshold_opens_the_gate() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", report(&digest('a'), &[("CVE-1", "LOW"), ("CVE-2", "MEDIUM")]));
    let _ = sandbox
        .tool("scan-gate")
        .args(["report.json"])
        .run()
        .code(0)
        .says("/ok", true)
        .says("/scan/ok", true)
        .says("/scan/digests/0", digest('a'))
        .says("/scan/counts/medium", 1)
        .says("/steps/0/tool", "scan-gate")
        .stderr_is("scan-gate: gate open: none of 2 issues shuts it (trivy of web:1.4)\n");
}

#[test]
fn a_finding_at_the_threshold_shuts_the_gate() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", report(&digest('a'), &[("CVE-1", "LOW"), ("CVE-2", "HIGH"), ("CVE-3", "CRITICAL")]));
    let _ = sandbox
        .tool("scan-gate")
        .args(["report.json", "--fail-on", "high"])
        .run()
        .code(1)
        .says("/ok", false)
        .says("/error/code", "gate.shut")
        .says("/scan/violations_total", 2)
        .says("/scan/violations/0/id", "CVE-3")
        .stderr_is(
            "scan-gate: error: 2 issues shut the gate, worst: critical CVE-3 in openssl\n\
             scan-gate: hint: scan-gate REPORT --output table shows the issues, their fixes and waivers\n",
        );
}

#[test]
fn an_unknown_severity_shuts_the_gate_at_every_threshold() {
    let sandbox = Sandbox::new();
    for severity in ["UNKNOWN", "", "NEGLIGIBLE"] {
        for fail_on in ["low", "medium", "high", "critical"] {
            let run = sandbox
                .tool("scan-gate")
                .args(["-", "--fail-on", fail_on])
                .pipe_in(report(&digest('a'), &[("CVE-1", severity)]));
            let _ = run.run().code(1).says("/error/code", "gate.shut").says("/scan/counts/unknown", 1);
        }
    }
}

#[test]
fn reports_that_prove_nothing_are_refused_as_input() {
    let whole = report(&digest('a'), &[]);
    let half = &whole[..whole.len() / 2];
    let cases = [
        ("", "input.empty"),
        (half, "report.truncated"),
        ("[]", "report.unknown_format"),
        ("null", "report.unknown_format"),
        ("{}", "report.unknown_format"),
        (r#"{"findings":[],"version":1}"#, "report.unknown_format"),
        ("2026-01-01 WARN no scanner\n{}", "report.malformed"),
        ("\u{feff}", "report.empty"),
        ("{\"SchemaVersion\":2,\"ArtifactName\":\"a\",\"ArtifactType\":\"vm\",\"results\":[]}", "report.malformed"),
    ];
    for (text, code) in cases {
        let outcome = Sandbox::new().tool("scan-gate").pipe_in(text).run();
        let _ = outcome.code(2).says("/ok", false).says("/error/code", code).says("/steps/0/ok", false);
    }
}

#[test]
fn a_report_that_cannot_be_read_is_named() {
    let _ = Sandbox::new()
        .tool("scan-gate")
        .args(["missing.json"])
        .run()
        .code(2)
        .says("/error/code", "report.unreadable")
        .stderr_contains("scan-gate: error: report `missing.json`: it cannot be read: No such file or directory");
}

#[test]
fn a_report_about_another_image_than_the_release_is_refused() {
    let sandbox = Sandbox::new();
    let image = serde_json::json!({
        "registry": "r", "repository": "web", "tags": [], "digest": digest('a'), "uri": format!("r/web@{}", digest('a')), "platforms": [], "config_digests": [digest('b')]
    });
    let release = serde_json::json!({ "schema": "deploy-aws-ecs/release/v1", "ok": true, "image": image }).to_string();
    for (scanned, code) in [(digest('a'), 0), (digest('b'), 0), (digest('c'), 2), ("none".to_owned(), 2)] {
        sandbox.write("report.json", report(&scanned, &[]));
        let outcome =
            sandbox.tool("scan-gate").args(["report.json", "-i", "-"]).pipe_in(release.clone()).run().code(code);
        let expected = match (code, scanned.as_str()) {
            (0, _) => serde_json::Value::Null,
            (_, "none") => "report.no_image".into(),
            _ => "report.other_image".into(),
        };
        let _ = outcome.says("/error/code", expected).says("/image/digest", digest('a')).says("/scan/ok", code == 0);
    }
}

#[test]
fn the_table_shows_counts_and_fixes() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", report(&digest('a'), &[("CVE-1", "LOW"), ("CVE-2", "HIGH")]));
    let _ = sandbox.tool("scan-gate").args(["report.json", "-o", "table"]).run().code(1).stdout_is(
        " report        scanner   target    made                   findings\n \
         report.json   trivy     web:1.4   2026-11-01T10:00:00Z   2\n\n \
         critical   high   medium   low   info   unknown   failed\n \
         0          1      0        1     0      0         0\n\n \
         severity   id      subject   installed   fixed   reason\n \
         high       CVE-2   openssl   3.0.1       3.0.2   its severity is at or above high\n",
    );
}

#[test]
fn a_pipe_as_report_heeds_timeout_and_signals() {
    let sandbox = Sandbox::new();
    let _ = sandbox.shell("mkfifo pipe; scan-gate pipe --timeout 200ms").run().code(4).says("/error/code", "timeout");
}

#[test]
fn a_report_cannot_put_lines_of_its_own_on_standard_error() {
    let forged = report(&digest('a'), &[("CVE-1\n::stop-commands::x\nscan-gate: web: gate open", "CRITICAL")]);
    let outcome = Sandbox::new().tool("scan-gate").pipe_in(forged).run().code(1);
    let lines: Vec<String> = outcome.stderr().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "one error, one hint: {lines:?}");
    assert!(
        lines[0].starts_with("scan-gate: error: 1 issue ") && lines[1].starts_with("scan-gate: hint: "),
        "{lines:?}"
    );
}

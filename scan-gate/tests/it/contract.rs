//! What every tool keeps, shown on this one.

use testkit::sandbox::Sandbox;

use crate::{digest, report};

const RELEASE: &str = r#"{"schema":"deploy-aws-ecs/release/v1","x-team":{"b":1.10,"a":[1e400]},"ok":true}"#;

#[test]
fn members_of_others_travel_through_untouched() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", report(&digest('a'), &[]));
    let outcome = sandbox.tool("scan-gate").args(["report.json", "--input", "-"]).pipe_in(RELEASE).run().code(0);
    let expected =
        r#"{"schema":"deploy-aws-ecs/release/v1","x-team":{"b":1.10,"a":[1e400]},"ok":true,"scan":{"ok":true,"#;
    assert!(outcome.stdout().starts_with(expected), "{}", outcome.stdout());
}

#[test]
fn a_document_that_says_no_goes_on_as_it_came() {
    let refused = "{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":false,\"error\":{\"code\":\"x.y\",\"message\":\"it broke\",\"hint\":\"mend it\"}}\n";
    let sandbox = Sandbox::new();
    sandbox.write("report.json", report(&digest('a'), &[]));
    let _ = sandbox
        .tool("scan-gate")
        .args(["report.json", "-i", "-"])
        .pipe_in(refused)
        .run()
        .code(1)
        .stdout_is(refused)
        .stderr_is("scan-gate: error: upstream said no: it broke\nscan-gate: hint: mend it\n");
}

#[test]
fn usage_errors_are_told_on_both_streams() {
    let _ = Sandbox::new()
        .tool("scan-gate")
        .args(["--fail-onn", "high"])
        .run()
        .code(2)
        .says("/ok", false)
        .says("/error/code", "usage")
        .stderr_contains("scan-gate: error: unexpected argument '--fail-onn' found\nscan-gate: hint: ");
}

#[test]
fn a_flag_can_come_from_the_environment_and_the_command_line_wins() {
    let input = report(&digest('a'), &[("CVE-1", "HIGH")]);
    let sandbox = Sandbox::new().env("SCAN_GATE_FAIL_ON", "critical");
    let _ = sandbox.tool("scan-gate").pipe_in(input.clone()).run().code(0);
    let _ = sandbox.tool("scan-gate").args(["--fail-on", "high"]).pipe_in(input).run().code(1);
}

#[test]
fn a_flag_in_the_environment_takes_what_people_write_for_yes_and_no() {
    let sandbox = Sandbox::new();
    for (value, quiet) in [("1", true), ("true", true), ("yes", true), ("0", false), ("no", false), ("", false)] {
        let outcome =
            sandbox.tool("scan-gate").env("SCAN_GATE_QUIET", value).pipe_in(report(&digest('a'), &[])).run().code(0);
        assert_eq!(outcome.stderr().is_empty(), quiet, "{value}");
    }
}

#[test]
fn quiet_says_errors_only_and_json_progress_is_json() {
    let sandbox = Sandbox::new();
    let _ = sandbox.tool("scan-gate").args(["-q"]).pipe_in(report(&digest('a'), &[])).run().code(0).stderr_is("");
    let _ = sandbox.tool("scan-gate").args(["-q"]).pipe_in("").run().code(2).stderr_contains("scan-gate: error: ");
    let outcome = sandbox.tool("scan-gate").args(["--progress", "json"]).pipe_in("").run().code(2);
    for line in outcome.stderr().lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["tool"], "scan-gate");
    }
}

#[test]
fn a_demanded_step_that_is_missing_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", report(&digest('a'), &[]));
    let release = r#"{"schema":"deploy-aws-ecs/release/v1","ok":true}"#;
    let run = sandbox.tool("scan-gate").args(["report.json", "-i", "-", "--require", "network"]).pipe_in(release);
    let _ = run.run().code(1).says("/error/code", "require.missing");
}

#[test]
fn the_tool_describes_itself() {
    let sandbox = Sandbox::new();
    let schema = sandbox.tool("scan-gate").args(["--schema"]).run().code(0).json();
    assert!(schema["properties"]["scan"].is_object());
    let policy = sandbox.tool("scan-gate").args(["--iam-policy"]).run().code(0).json();
    assert_eq!(policy["Statement"], serde_json::json!([]));
    for (page, expected) in [
        ("man", ".TH scan-gate"),
        ("bash", "complete"),
        ("zsh", "#compdef scan-gate"),
        ("fish", "complete -c scan-gate"),
    ] {
        let outcome = sandbox.tool("scan-gate").args(["--generate", page]).run().code(0).stderr_is("");
        assert!(outcome.stdout().contains(expected), "{page}");
    }
    let help = sandbox.tool("scan-gate").args(["--help"]).run().code(0).stdout();
    assert!(help.contains("Exit codes:") && help.contains("SCAN_GATE_FAIL_ON"), "{help}");
}

#[test]
fn a_signal_while_waiting_for_input_ends_it_with_a_document() {
    let script = "scan-gate < pipe & exec 3> pipe; kill -TERM $!; wait $!";
    let sandbox = Sandbox::new();
    let script = format!("mkfifo pipe; {script}");
    // The tool may be hit before it listens; then the shell sees the plain signal, which is 143 as well.
    let _ = sandbox.shell(&script).run().code(143);
}

#[test]
fn waiting_longer_than_the_timeout_is_an_unknown_outcome() {
    let script = "mkfifo pipe; scan-gate --timeout 1s < pipe & exec 3> pipe; wait $!";
    let _ = Sandbox::new().shell(script).run().code(4).says("/error/code", "timeout");
}

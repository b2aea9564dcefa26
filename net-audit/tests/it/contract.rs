//! What every tool keeps, shown on this one.

use testkit::sandbox::Sandbox;

use crate::{ANCHOR, anchor_without};

const RELEASE: &str = r#"{"schema":"deploy-aws-ecs/release/v1","x-team":{"b":1.50,"a":[]},"ok":true}"#;

fn with_anchor() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("vpc.json", ANCHOR);
    sandbox
}

#[test]
fn members_of_others_travel_through_untouched() {
    let sandbox = with_anchor();
    let run = sandbox.tool("net-audit").args(["vpc.json", "--input", "-"]).pipe_in(RELEASE);
    let outcome = run.run().code(0);
    let expected =
        r#"{"schema":"deploy-aws-ecs/release/v1","x-team":{"b":1.50,"a":[]},"ok":true,"network":{"ok":true,"#;
    assert!(outcome.stdout().starts_with(expected), "{}", outcome.stdout());
}

#[test]
fn a_document_that_says_no_goes_on_as_it_came() {
    let refused = "{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":false,\"error\":{\"code\":\"x.y\",\"message\":\"it broke\",\"hint\":\"mend it\"}}\n";
    let _ = with_anchor()
        .tool("net-audit")
        .args(["vpc.json", "-i", "-"])
        .pipe_in(refused)
        .run()
        .code(1)
        .stdout_is(refused)
        .stderr_is("net-audit: error: upstream said no: it broke\nnet-audit: hint: mend it\n");
}

#[test]
fn a_release_that_came_before_an_unknown_network_is_carried_on_and_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("vpc.json", anchor_without("InternetGateways"));
    let run = sandbox.tool("net-audit").args(["vpc.json", "-i", "-"]).pipe_in(RELEASE);
    let _ = run.run().code(1).says("/ok", false).says("/x-team/b", 1.5).says("/error/code", "network.unknown");
}

#[test]
fn a_release_document_alone_is_no_snapshot() {
    let _ = Sandbox::new().tool("net-audit").pipe_in(RELEASE).run().code(2).says("/error/code", "snapshot.missing");
}

#[test]
fn flags_of_other_tools_are_usage_errors() {
    for flag in ["--cluster", "--explain"] {
        let _ = with_anchor()
            .tool("net-audit")
            .args(["vpc.json", flag])
            .run()
            .code(2)
            .says("/ok", false)
            .says("/error/code", "usage")
            .stderr_contains(&format!("net-audit: error: unexpected argument '{flag}' found"));
    }
}

#[test]
fn a_demanded_step_that_is_missing_is_refused() {
    let sandbox = with_anchor();
    let run = sandbox.tool("net-audit").args(["vpc.json", "-i", "-", "--require", "scan"]);
    let _ = run.pipe_in(RELEASE).run().code(1).says("/error/code", "require.missing");
}

#[test]
fn a_reader_that_leaves_early_ends_it_quietly() {
    let script = "set -o pipefail; net-audit vpc.json -q | head -c1";
    let _ = with_anchor().shell(script).run().code(0).stdout_is("{").stderr_is("");
}

#[test]
fn a_named_snapshot_leaves_standard_input_alone() {
    let script = "net-audit vpc.json -q > out.json\necho the rest runs\n";
    let sandbox = with_anchor();
    let run = sandbox.program(std::path::Path::new("bash")).args(["-s"]).pipe_in(script);
    let _ = run.run().code(0).stdout_is("the rest runs\n");
}

#[test]
fn the_tool_describes_itself() {
    let sandbox = Sandbox::new();
    let schema = sandbox.tool("net-audit").args(["--schema"]).run().code(0).json();
    assert!(schema["properties"]["network"].is_object());
    let policy = sandbox.tool("net-audit").args(["--iam-policy"]).run().code(0).json();
    assert_eq!(policy["Statement"], serde_json::json!([]));
}

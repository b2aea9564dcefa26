use testkit::sandbox::Sandbox;

use crate::{STATE, TERRAFORMS, cloud};

#[test]
fn wrong_questions_are_usage_errors() {
    let (cloud, sandbox) = cloud();
    let cases: [(&[&str], &str, &str); 15] = [
        (&[], "", "usage"),
        (&["acquire"], "", "backend.missing"),
        (&["acquire", "states/app"], "", "backend.missing"),
        (&["acquire", STATE, "--workspace", "a/b"], "", "usage"),
        (&["release", STATE], "", "lock.no_id"),
        (&["run", STATE], "", "usage"),
        (&["break", STATE, "--id", "a"], "", "usage"),
        (&["acquire", STATE, "--expires", "9s"], "", "usage"),
        (&["acquire", STATE, "--expires", "10.5s"], "", "usage"),
        (&["acquire", STATE, "--info", "{\"ttl\":300}"], "", "usage"),
        (&["restore"], "{}", "backup.missing"),
        (&["release"], "", "input.empty"),
        (&["release"], "{}", "lock.invalid"),
        (&["release"], "{\"ID\":\"a\"}", "lock.no_path"),
        (&["release"], "{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":true}", "lock.missing"),
    ];
    for (args, input, code) in cases {
        let run = sandbox.tool("tfstate-lock").args(args).pipe_in(input);
        let _ = run.run().code(2).says("/error/code", code).says("/ok", false);
    }
    assert!(cloud.journal().is_empty());
}

#[test]
fn a_variable_names_no_single_lock() {
    let (cloud, sandbox) = cloud();
    let acquired = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(0);
    let release = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(acquired.stdout());
    let _ = release.env("TFSTATE_LOCK_ID", "another").env("TFSTATE_LOCK_FROM", "file").run().code(0);
    assert_eq!(crate::lock_object(&cloud), None);
}

#[test]
fn acquire_does_not_eat_standard_input() {
    let (_cloud, sandbox) = cloud();
    let script = format!("tfstate-lock acquire {STATE} > lock.json\ncat");
    let _ = sandbox.shell(&script).pipe_in("the rest").run().code(0).stdout_is("the rest");
}

#[test]
fn shared_flags_stand_before_or_behind_the_command() {
    let (_cloud, sandbox) = cloud();
    for args in [&["--dry-run", "-o", "table", "acquire", STATE][..], &["acquire", STATE, "--dry-run", "-o", "table"]] {
        let outcome = sandbox.tool("tfstate-lock").args(args).run().code(0);
        assert!(outcome.stdout().contains("s3://states/prod/app.tfstate.tflock"), "{}", outcome.stdout());
    }
}

#[test]
fn a_failed_step_before_a_release_leaves_the_lock_and_says_so() {
    let (cloud, sandbox) = cloud();
    crate::place(&cloud, TERRAFORMS);
    let refused = "{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":false}\n";
    let _ = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(refused).run().code(1).stdout_is(refused);
    assert!(cloud.journal().is_empty());
}

#[test]
fn the_tool_describes_itself() {
    let sandbox = Sandbox::new();
    let schema = sandbox.tool("tfstate-lock").args(["--schema"]).run().code(0).json();
    assert!(schema["properties"]["lock"].is_object());
    let policy = sandbox.tool("tfstate-lock").args(["acquire", STATE, "--iam-policy"]).run().code(0).json();
    assert_eq!(policy["Statement"][0]["Resource"], serde_json::json!(["arn:aws:s3:::states/prod/app.tfstate.tflock"]));
    let help = sandbox.tool("tfstate-lock").args(["release", "--help"]).run().code(0);
    assert!(help.stdout().contains("--workspace-key-prefix"), "{}", help.stdout());
}

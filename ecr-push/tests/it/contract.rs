//! What every tool keeps, as far as this one has to do with it.

use testkit::sandbox::Sandbox;

use crate::{cloud, image, push, write};

#[test]
fn standard_input_that_holds_no_image_is_refused() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let document = r#"{"schema":"deploy-aws-ecs/release/v1","ok":true}"#;
    let cases = [("", "input.empty"), ("a tar", "archive.truncated"), (document, "image.missing")];
    for (text, code) in cases {
        for arguments in [&["--repository", "web"][..], &["-", "--repository", "web"]] {
            let run = sandbox.tool("ecr-push").args(arguments).pipe_in(text);
            let _ = run.run().code(2).says("/ok", false).says("/error/code", code);
        }
    }
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

#[test]
fn an_image_and_a_document_cannot_both_come_on_standard_input() {
    let sandbox = Sandbox::new();
    let run = sandbox.tool("ecr-push").args(["-", "--repository", "web", "--input", "-"]);
    let document = r#"{"schema":"deploy-aws-ecs/release/v1","ok":true}"#;
    let _ = run.pipe_in(document).run().code(2).says("/error/code", "image.missing");
}

#[test]
fn the_rest_of_a_script_on_standard_input_is_left_alone() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let script = "ecr-push web --repository web --tag 1.0.0 > release.json\necho the script goes on\n";
    let _ = sandbox.program("bash".as_ref()).pipe_in(script).run().code(0).stdout_is("the script goes on\n");
}

#[test]
fn names_that_are_none_are_usage_errors() {
    let cases = [
        (["--repository", "Web"], "`Web` is not a repository name: `W` cannot stand in it"),
        (["--repository", "web:1.0.0"], "`web:1.0.0` is not a repository name: a tag is named with --tag"),
        (["--tag", "1.0.0+7"], "`1.0.0+7` is not a tag: `+` cannot stand in it"),
    ];
    for (arguments, message) in cases {
        let sandbox = Sandbox::new();
        let run = sandbox.tool("ecr-push").args(["web"]).args(arguments);
        let _ = run.run().code(2).says("/error/code", "usage").stderr_contains(message);
    }
}

/// A release document of `scan-gate` about the image with this digest.
fn scanned(digest: &str, ok: bool) -> String {
    let scan = serde_json::json!({ "ok": ok, "digests": [digest] });
    serde_json::json!({ "schema": "deploy-aws-ecs/release/v1", "ok": true, "x-team": 1, "scan": scan }).to_string()
}

#[test]
fn a_scan_of_this_image_lets_it_through_and_one_of_another_does_not() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let other = format!("sha256:{}", "a".repeat(64));
    let demand = |document: String| {
        let run = sandbox.tool("ecr-push").args(["web", "--repository", "web", "--input", "-", "--require", "scan"]);
        run.pipe_in(document).run()
    };
    let _ = demand(scanned(&other, true)).code(1).says("/error/code", "require.other_image").says("/x-team", 1);
    let _ = demand(scanned(&layout.digest, false)).code(1).says("/error/code", "require.failed");
    let empty = r#"{"schema":"deploy-aws-ecs/release/v1","ok":true}"#;
    let _ = demand(empty.to_owned()).code(1).says("/error/code", "require.missing");
    assert_eq!(cloud.journal().len(), 0);
    let _ = demand(scanned(&layout.config_digest, true)).code(0).says("/push/ok", true).says("/x-team", 1);
    let _ = demand(scanned(&layout.digest, true)).code(0).says("/push/nothing_to_do", true);
}

#[test]
fn a_document_that_says_no_goes_on_as_it_came_and_nothing_is_sent() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let refused = "{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":false,\"error\":{\"code\":\"gate.shut\",\"message\":\"shut\"}}\n";
    let run = sandbox.tool("ecr-push").args(["web", "--repository", "web", "--input", "-"]).pipe_in(refused);
    let _ = run.run().code(1).stdout_is(refused);
    assert_eq!(cloud.journal().len(), 0);
}

#[test]
fn each_blob_is_one_line_and_one_event() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let events = push(&sandbox, &["--progress", "json"]).code(0).stderr();
    let events = events.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let blobs: Vec<_> = events.filter(|event| event["event"] == "blob").collect();
    assert_eq!(blobs.len(), 3);
    assert!(blobs.iter().any(|blob| blob["digest"] == layout.config_digest.as_str()), "{blobs:?}");
}

#[test]
fn no_token_is_ever_said() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let outcome = push(&sandbox, &["--verbose", "--tag", "1.0.0"]).code(0).stderr_contains("ecr:GetAuthorizationToken");
    for secret in ["local-token", "Basic ", "QVdTO"] {
        assert!(!outcome.stderr().contains(secret) && !outcome.stdout().contains(secret), "{secret}");
    }
}

#[test]
fn the_policy_is_the_least_that_the_command_line_needs() {
    let sandbox = Sandbox::new();
    let actions = |arguments: &[&str]| {
        let run = sandbox.tool("ecr-push").args(["--repository", "web", "--iam-policy"]).args(arguments);
        let policy = run.run().code(0).json();
        assert_eq!(policy["Statement"][0]["Action"], serde_json::json!(["ecr:GetAuthorizationToken"]));
        assert_eq!(policy["Statement"][1]["Resource"][0], "arn:aws:ecr:eu-central-1:*:repository/web");
        policy["Statement"][1]["Action"].clone()
    };
    let reading = serde_json::json!(["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage"]);
    let region = ["--region", "eu-central-1"];
    assert_eq!(actions(&["--dry-run", region[0], region[1]]), reading);
    let writing = actions(&region);
    for action in ["InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"] {
        assert!(writing.as_array().unwrap().contains(&format!("ecr:{action}").into()), "{action}");
    }
}

#[test]
fn the_tool_describes_itself() {
    let sandbox = Sandbox::new();
    let schema = sandbox.tool("ecr-push").args(["--schema"]).run().code(0).json();
    assert!(schema["properties"]["push"].is_object());
    let help = sandbox.tool("ecr-push").args(["--help"]).run().code(0).stdout();
    assert!(help.contains("Exit codes:") && help.contains("ECR_PUSH_REPOSITORY"), "{help}");
}

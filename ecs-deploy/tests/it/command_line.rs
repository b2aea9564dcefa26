//! What was typed and piped, and what is said to it.

use serde_json::json;

use crate::bench::{Bench, NEW, OLD, rolling};

fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

/// A release document about an image with this digest, with more members.
fn release(digest: &str, more: &serde_json::Value) -> String {
    let mut document = json!({
        "schema": "deploy-aws-ecs/release/v1", "ok": true,
        "image": {
            "registry": "public.example", "repository": "web", "tags": [], "digest": digest,
            "uri": format!("public.example/web@{digest}"), "platforms": ["linux/amd64"]
        }
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document.to_string()
}

#[test]
fn the_image_comes_from_the_release_document_by_its_digest() {
    let bench = Bench::new(&rolling());
    let run = bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web"]);
    let outcome = run.pipe_in(release(&digest('a'), &json!({}))).run().code(0);
    let _ = outcome.says("/deployment/digest", digest('a')).says("/deployment/ok", true);
    assert_eq!(bench.image(), format!("public.example/web@{}", digest('a')));
}

#[test]
fn demands_are_held_against_the_image_at_hand() {
    let scan = |ok: bool, about: char| json!({ "scan": { "ok": ok, "digests": [digest(about)] } });
    let cases = [
        (json!({}), "require.missing"),
        (scan(false, 'a'), "require.failed"),
        (scan(true, 'b'), "require.other_image"),
        (json!({ "scan": { "ok": true, "digests": [] } }), "require.no_subject"),
    ];
    let bench = Bench::new(&rolling());
    for (section, code) in cases {
        let run =
            bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--require", "scan"]);
        let _ = run.pipe_in(release(&digest('a'), &section)).run().code(1).says("/error/code", code);
    }
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
    // Another image on the command line is not what was scanned, whatever the document says.
    let run =
        bench.deploy().args(["--input", "-", "--require", "scan"]).pipe_in(release(&digest('a'), &scan(true, 'a')));
    let _ = run.run().code(1).says("/error/code", "require.no_image");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn wrong_questions_are_answered_with_exit_code_2() {
    let bench = Bench::new(&rolling());
    let tool = || bench.sandbox.tool("ecs-deploy");
    let cases = [
        (tool().args(["--service", "web"]), "usage"),
        (tool().args(["--cluster", "stage", "--service", "web", "--image", "a b"]), "image.invalid"),
        (bench.deploy().args(["--container", "sidecar"]), "container.missing"),
        (
            tool().args(["--cluster", "stage", "--service", "web"]).pipe_in("{\"Results\":[]}"),
            "input.not_a_release_document",
        ),
        (tool().args(["--cluster", "stage", "--service", "web"]).pipe_in("{\"schema\":"), "input.truncated"),
        (
            tool().args(["--cluster", "stage", "--service", "web"]).pipe_in("{\"ok\":true,\"ok\":false}"),
            "input.not_json",
        ),
        (
            tool()
                .args(["--cluster", "stage", "--service", "web"])
                .pipe_in(r#"{"schema":"deploy-aws-ecs/release/v1","ok":true}"#),
            "image.missing",
        ),
    ];
    for (run, code) in cases {
        let _ = run.run().code(2).says("/error/code", code).says("/ok", false);
    }
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_service_or_cluster_that_is_not_there_is_a_failure_of_the_world() {
    let bench = Bench::new(&rolling());
    for (cluster, service, code) in [("stage", "nobody", "service.missing"), ("nowhere", "web", "aws.refused")] {
        let run = bench.sandbox.tool("ecs-deploy").args(["--cluster", cluster, "--service", service, "--image", NEW]);
        let _ = run.run().code(3).says("/error/code", code).stderr_contains("hint: aws ecs list-");
    }
}

#[test]
fn an_image_that_a_dry_run_did_not_push_is_not_deployed() {
    let bench = Bench::new(&rolling());
    let tool = || bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web"]);
    let planned = release(&digest('a'), &json!({ "push": { "ok": false, "digest": digest('a'), "dry_run": true } }));
    let _ = tool().pipe_in(planned.clone()).run().code(1).says("/error/code", "require.failed");
    let _ = tool().args(["--dry-run"]).pipe_in(planned).run().code(0).says("/deployment/outcome", "planned");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_profile_that_is_named_wins_over_keys_in_the_environment() {
    let bench = Bench::new(&rolling());
    let _ = bench.deploy().args(["--profile", "typo"]).run().code(3).says("/error/code", "aws.credentials");
    bench.sandbox.write(".aws/credentials", "[other]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = x\n");
    let _ = bench.deploy().args(["--profile", "other", "--dry-run"]).run().code(0);
}

#[test]
fn the_least_policy_of_a_dry_run_has_no_writes() {
    let bench = Bench::new(&rolling());
    let actions = |run: testkit::sandbox::Run| run.args(["--iam-policy"]).run().code(0).stdout();
    assert!(actions(bench.deploy()).contains("ecs:UpdateService"));
    let reading = actions(bench.deploy().args(["--dry-run"]));
    assert!(!reading.contains("Update") && !reading.contains("Register") && !reading.contains("PassRole"), "{reading}");
}

#[test]
fn verbose_says_every_call_with_its_request_id() {
    let bench = Bench::new(&rolling());
    let outcome = bench.deploy().args(["--dry-run", "--verbose"]).run().code(0);
    let _ = outcome.stderr_contains("ecs-deploy: ecs:DescribeServices: 200, request id local-");
}

#[test]
fn a_stage_rollout_of_an_image_without_digest_is_no_ticket_for_production() {
    let bench = Bench::new(&rolling());
    let rolled_out = json!({ "deployment": { "ok": true, "outcome": "deployed", "image": "nginx:1.28" } });
    let run =
        bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--require", "deployment"]);
    let _ = run.pipe_in(release(&digest('a'), &rolled_out)).run().code(1).says("/error/code", "require.no_subject");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn what_is_set_for_all_runs_does_not_hinder_a_rollback() {
    let bench = Bench::new(&rolling());
    let _ = bench.deploy().run().code(0);
    let run = bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--rollback"]);
    let run = run.env("ECS_DEPLOY_CHECK", "touch checked; false").env("ECS_DEPLOY_STRATEGY", "linear");
    let outcome = run.run().code(0).says("/deployment/outcome", "rolled_back");
    let _ = outcome.says("/deployment/checks", json!(null)).says("/deployment/services/0/strategy", "ROLLING");
    assert!(!bench.sandbox.path().join("checked").exists(), "no check was run");
    assert_eq!(bench.image(), OLD);
}

#[test]
fn a_rollback_keeps_to_what_is_required() {
    let bench = Bench::new(&rolling());
    let _ = bench.deploy().run().code(0);
    bench.cloud.clear_journal();
    let rollback = || {
        let flags = ["--cluster", "stage", "--service", "web", "--rollback", "--require", "push"];
        bench.sandbox.tool("ecs-deploy").args(flags)
    };
    let outcome = rollback().run().code(1).says("/error/code", "require.no_document").says("/ok", false);
    let _ = outcome.stderr_contains("error: `push` is required, but there is no release document");
    let piped = |more: &serde_json::Value| rollback().args(["--input", "-"]).pipe_in(release(&digest('a'), more));
    let outcome = piped(&json!({})).run().code(1).says("/error/code", "require.missing").says("/ok", false);
    let _ = outcome.stderr_contains("error: `push` is required, but that step did not run");
    assert_eq!((bench.cloud.writes(), bench.image().as_str()), (Vec::new(), NEW));
    let pushed = json!({ "push": { "ok": true, "digest": digest('a') } });
    let _ = piped(&pushed).run().code(0).says("/deployment/outcome", "rolled_back");
    assert_eq!(bench.image(), OLD);
}

#[test]
fn a_ticket_is_a_document_of_the_cluster_that_it_must_have_gone_through() {
    let bench = Bench::new(&rolling());
    let revision = "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1";
    let ticket = |cluster: &str, letter: char| {
        let service = json!({ "service": "web", "outcome": "deployed", "task_definition": revision });
        let section = json!({ "ok": true, "outcome": "deployed", "cluster": cluster, "digest": digest(letter), "services": [service] });
        release(&digest('a'), &json!({ "deployment": section }))
    };
    let deploy = |from: &str, document: String| {
        let flags = ["--cluster", "stage", "--service", "web", "--promote-from", from];
        bench.sandbox.tool("ecs-deploy").args(flags).pipe_in(document).run()
    };
    let refused = deploy("test", ticket("stage", 'a')).code(1).says("/error/code", "promotion.other_cluster");
    let _ = refused.stderr_contains("error: the release is to come from test, but its document is of stage");
    let _ = deploy("test", ticket("test", 'b')).code(1).says("/error/code", "require.other_image");
    let _ = deploy("test", release(&digest('a'), &json!({}))).code(1).says("/error/code", "require.missing");
    let _ = deploy("stage", ticket("stage", 'a')).code(2).says("/error/code", "usage");
    let _ = deploy("a/b/c", ticket("stage", 'a')).code(2).says("/error/code", "usage");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
    let _ = deploy("test", ticket("test", 'a')).code(0).says("/deployment/outcome", "deployed");
    // What is set for all runs does not hinder a rollback.
    let back = bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--rollback"]);
    let _ = back.env("ECS_DEPLOY_PROMOTE_FROM", "test").run().code(0).says("/deployment/outcome", "rolled_back");
}

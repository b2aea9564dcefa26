//! What an earlier run left is taken up, by its document.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Clock;

use crate::bench::{Bench, NEW, OLD, blue_green, rolling, wait_until};

#[test]
fn a_release_that_waits_is_let_go_on_by_its_document() {
    let bench = Bench::new(&blue_green());
    let paused = bench.deploy().args(["--pause-at", "post-test-traffic-shift"]).run().code(4);
    bench.sandbox.write("paused.json", paused.stdout());
    let outcome = bench.sandbox.tool("ecs-deploy").args(["--continue", "--input", "paused.json"]).run().code(0);
    let outcome = outcome.says("/deployment/outcome", "deployed").says("/ok", true);
    assert_eq!(outcome.json().get("error"), None, "what held it is over");
    assert_eq!(outcome.json()["steps"].as_array().unwrap().len(), 2);
    assert_eq!(bench.image(), NEW);
    // From a pipe as well.
    let status = bench.sandbox.tool("ecs-deploy").args(["--status", "--input", "-"]).pipe_in(paused.stdout()).run();
    let _ = status.code(0).says("/deployment/outcome", "deployed");
}

#[test]
fn a_document_that_another_tool_refused_is_not_taken_up() {
    let bench = Bench::new(&rolling());
    let shut = json!({
        "schema": "deploy-aws-ecs/release/v1", "ok": false, "scan": { "ok": false },
        "steps": [{ "tool": "scan-gate", "version": "0", "ok": false, "started_at": "2026-01-01T00:00:00Z", "seconds": 0, "summary": "" }],
        "error": { "code": "gate.shut", "message": "the gate is shut" }
    });
    let cluster = ["--cluster", "stage", "--service", "web", "--input", "-"];
    for action in ["--rollback", "--status", "--continue"] {
        let run = bench.sandbox.tool("ecs-deploy").args(cluster).args([action]).pipe_in(shut.to_string());
        let _ = run.run().code(1).says("/error/code", "gate.shut");
    }
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_look_at_another_deployment_does_not_lift_a_no() {
    let bench = Bench::new(&rolling());
    let digest = format!("sha256:{}", "a".repeat(64));
    let pushed = json!({
        "schema": "deploy-aws-ecs/release/v1", "ok": true, "steps": [],
        "image": { "registry": "r.example", "repository": "web", "tags": [], "digest": digest, "uri": format!("r.example/web@{digest}"), "platforms": [] }
    });
    let tool = || bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--input", "-"]);
    let refused = tool().args(["--require", "scan"]).pipe_in(pushed.to_string()).run().code(1);
    let looked = tool().args(["--status"]).pipe_in(refused.stdout()).run().code(0);
    assert_eq!(looked.json().get("image"), None, "a new document begins, which lets nothing through");
    let _ = tool().pipe_in(looked.stdout()).run().code(2).says("/error/code", "image.missing");
    // What was stopped or gone back from is no release any more either.
    let back = tool().args(["--rollback"]).pipe_in(pushed.to_string()).run().code(1);
    let _ = back.says("/error/code", "rollback.no_candidate");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_way_back_that_is_resumed_is_no_success() {
    let bench = Bench::at(&rolling(), Clock::manual());
    bench.cloud.clear_journal();
    let deploying = bench.deploy().args(["--check", "sleep 1; false"]).start();
    // Through, then gone back from: the way back is the third deployment, and is watched while AWS stands still.
    wait_until(|| {
        let deployments = bench.deployments_of("web");
        let way_back = &deployments[0]["serviceDeploymentArn"];
        let looks = bench.sent("ecs:DescribeServiceDeployments");
        let is_watched = looks.iter().any(|look| look["serviceDeploymentArns"][0] == *way_back);
        let is_there = deployments.len() == 3;
        if !is_there {
            bench.cloud.clock().advance(Duration::from_secs(2));
        }
        is_there && is_watched
    });
    deploying.signal("TERM");
    let left = deploying.wait().code(143);
    assert!(
        left.json()["deployment"]["services"][0]["going_back"]
            .as_str()
            .unwrap()
            .contains("check `sleep 1; false` failed")
    );
    bench.sandbox.write("left.json", left.stdout());
    let resuming = bench.sandbox.tool("ecs-deploy").args(["--resume", "--input", "left.json"]).start();
    let resumed = Bench::drive(resuming, || bench.cloud.clock().advance(Duration::from_secs(5))).code(1);
    let _ = resumed.says("/deployment/outcome", "rolled_back").says("/ok", false);
    assert_eq!(bench.image(), OLD);
}

#[test]
fn all_services_of_a_document_are_taken_up() {
    let bench = Bench::new(&rolling());
    bench.add_service("api", &rolling());
    bench.cloud.clear_journal();
    let flags = ["--cluster", "stage", "--service", "web,api", "--image", NEW];
    let deployed = bench.sandbox.tool("ecs-deploy").args(flags).run().code(0);
    bench.sandbox.write("two.json", deployed.stdout());
    let status = bench.sandbox.tool("ecs-deploy").args(["--status", "--input", "two.json"]).run().code(0);
    let services = status.json()["deployment"]["services"].as_array().unwrap().clone();
    assert_eq!(services.iter().map(|one| one["service"].clone()).collect::<Vec<Value>>(), ["web", "api"]);
    let one = bench.sandbox.tool("ecs-deploy").args(["--status", "--input", "two.json", "--service", "api"]).run();
    assert_eq!(one.code(0).json()["deployment"]["services"].as_array().unwrap().len(), 1);
}

#[test]
fn a_file_of_a_task_definition_does_not_hide_what_comes_in() {
    let bench = Bench::new(&rolling());
    bench.sandbox.write(
        "definition.json",
        json!({ "family": "web", "containerDefinitions": [{ "name": "web", "image": OLD }] }).to_string(),
    );
    let shut =
        r#"{"schema":"deploy-aws-ecs/release/v1","ok":false,"steps":[],"error":{"code":"gate.shut","message":"shut"}}"#;
    let flags = ["--cluster", "stage", "--service", "web", "--task-definition", "definition.json"];
    let run = bench.sandbox.tool("ecs-deploy").args(flags).pipe_in(shut);
    let _ = run.run().code(1).says("/error/code", "gate.shut").stderr_contains("upstream said no: shut");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
    let kept = bench.sandbox.tool("ecs-deploy").args(flags).args(["--keep-image", "--dry-run"]).run();
    let _ = kept.code(0).says("/deployment/outcome", "planned");
}

#[test]
fn a_migration_that_is_left_is_in_the_document() {
    let bench = Bench::new(&rolling());
    bench.cloud.arm("ecs:DescribeTasks#1x99=latency:60000".parse().unwrap());
    let run = bench.deploy().args(["--run-task", "./migrate up", "--timeout", "3s"]).run();
    let outcome = run.code(4).says("/error/code", "timeout").says("/deployment/task/command", "./migrate up");
    let arn = outcome.json()["deployment"]["task"]["arn"].as_str().unwrap().to_owned();
    let _ = outcome
        .says("/deployment/services/0/outcome", "planned")
        .stderr_contains(&format!("nothing was deployed: aws ecs describe-tasks --cluster stage --tasks {arn}"));
    assert_eq!(bench.count("ecs:UpdateService"), 0);
}

#[test]
fn values_that_say_nothing_are_refused() {
    let bench = Bench::new(&rolling());
    let cases = [["--check", ""], ["--check", "  "], ["--run-task", ""], ["--alarm", ""], ["--task-role", ""]];
    for flags in cases {
        let _ = bench.deploy().args(flags).run().code(2).says("/error/code", "usage");
    }
    let _ = bench.deploy().env("ECS_DEPLOY_CHECK", "").run().code(2).says("/error/code", "usage");
    let _ = bench.deploy().args(["--env", "A=1", "--unset", "A"]).run().code(2).stderr_contains("--env and --unset");
    let _ = bench.deploy().args(["--cpu", "much"]).run().code(2).stderr_contains("--cpu is a whole number");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
    // An endpoint that is empty is none: the next one that is known holds.
    let _ = bench.deploy().env("AWS_ENDPOINT_URL_ECS", "").run().code(0);
    let _ = bench.deploy().args(["--endpoint-url", ""]).run().code(2).says("/error/code", "usage");
}

#[test]
fn a_document_does_not_name_the_deployment_of_another_cluster_or_service() {
    let bench = Bench::new(&rolling());
    let deployed = bench.deploy().run().code(0).json();
    let arn = deployed["deployment"]["services"][0]["arn"].as_str().unwrap();
    let status = |arn: &str, cluster: &str| {
        let mut document = deployed.clone();
        document["deployment"]["services"][0]["arn"] = arn.into();
        let tool = bench.sandbox.tool("ecs-deploy").args(["--status", "--input", "-", "--cluster", cluster]);
        tool.pipe_in(document.to_string()).run()
    };
    let _ = status(arn, "stage").code(0).says("/deployment/outcome", "deployed");
    let home = arn.split_once(":service-deployment/").unwrap().0;
    let _ = status(arn, &format!("{home}:cluster/stage")).code(0);
    let elsewhere = format!("{}:cluster/stage", home.replace("123456789012", "210987654321"));
    for (named, cluster) in [
        (arn.replace("/stage/", "/playground/"), "stage"),
        (arn.replace("/web/", "/other/"), "stage"),
        (arn.to_owned(), &elsewhere),
    ] {
        let refused = status(&named, cluster).code(2).says("/error/code", "deployment.invalid");
        let _ = refused.stderr_contains("is the deployment of ").stderr_contains(", which it is not");
    }
}

//! The way back, and what is done about deployments of other runs.

use std::time::Duration;

use serde_json::json;
use testkit::Clock;

use crate::bench::{Bench, NEW, OLD, blue_green, canary, rolling, wait_until};

const THIRD: &str = "public.example/web:3";

fn deploy(bench: &Bench, image: &str) {
    let _ = bench
        .sandbox
        .tool("ecs-deploy")
        .args(["--cluster", "stage", "--service", "web", "--image", image])
        .run()
        .code(0);
}

fn rollback(bench: &Bench) -> testkit::sandbox::Run {
    bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--rollback"])
}

#[test]
fn two_rollbacks_go_back_two_releases_and_then_there_is_none_left() {
    let bench = Bench::new(&rolling());
    deploy(&bench, NEW);
    deploy(&bench, THIRD);
    let outcome = rollback(&bench).run().code(0).says("/deployment/outcome", "rolled_back").says("/ok", true);
    let _ = outcome.says("/deployment/action", "rollback").stderr_contains(&format!("stage/web: went back to {NEW}"));
    assert_eq!(bench.image(), NEW);
    let _ = rollback(&bench).run().code(0);
    assert_eq!(bench.image(), OLD);
    let _ = rollback(&bench).run().code(1).says("/error/code", "rollback.no_candidate");
    assert_eq!(bench.image(), OLD);
}

#[test]
fn a_rollback_passes_over_a_release_that_never_went_through() {
    let bench = Bench::new(&rolling());
    deploy(&bench, NEW);
    bench.fail(&json!({ "image": THIRD, "afterSeconds": 5 }));
    let run = bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--image", THIRD]);
    let _ = run.run().code(1);
    let _ = rollback(&bench).run().code(0);
    assert_eq!(bench.image(), OLD, "NEW is what the failed release went back to");
}

#[test]
fn a_revision_that_was_deregistered_is_registered_again() {
    let bench = Bench::new(&rolling());
    deploy(&bench, NEW);
    bench.call("DeregisterTaskDefinition", &json!({ "taskDefinition": "web:1" }));
    let outcome = rollback(&bench).run().code(0);
    let document = outcome.json();
    let definition = document["deployment"]["services"][0]["task_definition"].as_str().unwrap();
    assert!(definition.ends_with("/web:3"), "{definition}");
    assert_eq!(bench.image(), OLD);
    // It is the first release under another number: what was gone back from is not before it.
    bench.cloud.clear_journal();
    let outcome = rollback(&bench).run().code(1).says("/ok", false).says("/error/code", "rollback.no_candidate");
    let _ = outcome.stderr_contains("there is no earlier successful deployment of `web` to go back to");
    assert_eq!((bench.cloud.writes(), bench.image().as_str()), (Vec::new(), OLD));
}

#[test]
fn a_rollback_whose_own_deployment_fails_is_no_success() {
    let bench = Bench::new(&rolling());
    deploy(&bench, NEW);
    bench.fail(&json!({ "image": OLD, "afterSeconds": 5 }));
    let outcome = rollback(&bench).run().code(1).says("/ok", false).says("/deployment/ok", false);
    let outcome = outcome.says("/deployment/outcome", "rollback_failed").says("/deployment/action", "rollback");
    let outcome = outcome.says("/deployment/services/0/status", "ROLLBACK_SUCCESSFUL");
    let _ = outcome.says("/error/code", "deployment.rollback_failed").stderr_contains("error: the rollback failed: ");
    assert_eq!(bench.image(), NEW, "ECS went back to it by itself");
}

#[test]
fn a_rollback_is_not_held_at_a_pause_of_the_service() {
    let bench = Bench::new(&blue_green());
    deploy(&bench, NEW);
    bench.pause_at("POST_SCALE_UP");
    bench.cloud.clear_journal();
    let outcome = rollback(&bench).run().code(0).says("/deployment/outcome", "rolled_back");
    let _ = outcome.stderr_contains("web: goes on from POST_SCALE_UP");
    assert_eq!((bench.count("ecs:ContinueServiceDeployment"), bench.image().as_str()), (1, OLD));
}

#[test]
fn a_dry_run_of_a_rollback_names_where_it_would_go() {
    let bench = Bench::new(&rolling());
    deploy(&bench, NEW);
    bench.cloud.clear_journal();
    let outcome = rollback(&bench).args(["--dry-run"]).run().code(0).says("/deployment/outcome", "planned");
    let calls = outcome.json()["deployment"]["services"][0]["calls"][0].as_str().unwrap().to_owned();
    assert!(
        calls.starts_with("ecs:UpdateService of stage/web: taskDefinition arn:") && calls.ends_with("/web:1"),
        "{calls}"
    );
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

/// A deployment that another run has started and left.
fn left(bench: &Bench) -> String {
    let running = bench.deploy().start();
    bench.until_followed();
    running.signal("TERM");
    let outcome = running.wait().code(143);
    outcome.json()["deployment"]["services"][0]["arn"].as_str().unwrap().to_owned()
}

#[test]
fn a_deployment_that_is_under_way_is_stopped_by_a_rollback() {
    let bench = Bench::at(&canary(), Clock::manual());
    let _ = left(&bench);
    let running = rollback(&bench).start();
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let _ = outcome.code(0).says("/deployment/outcome", "rolled_back");
    assert_eq!((bench.count("ecs:StopServiceDeployment"), bench.image().as_str()), (1, OLD));
}

#[test]
fn another_job_looks_at_a_deployment_and_takes_it_up() {
    let bench = Bench::at(&canary(), Clock::manual());
    let arn = left(&bench);
    let tool = || bench.sandbox.tool("ecs-deploy");
    let outcome = tool().args(["--status", &arn]).run().code(4).says("/deployment/outcome", "in_progress");
    let outcome = outcome.says("/error/code", "deployment.in_progress").says("/deployment/action", "status");
    let _ = outcome.says("/deployment/services/0/images/0/image", NEW);
    let _ = tool().args(["--cluster", "stage", "--service", "web", "--status"]).run().code(4);
    let running = tool().args(["--resume", &arn]).start();
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let _ = outcome.code(0).says("/deployment/outcome", "deployed").says("/deployment/services/0/images/0/image", NEW);
    let _ = tool().args(["--status", &arn]).run().code(0).says("/deployment/outcome", "deployed");
}

#[test]
fn the_document_of_an_earlier_run_names_the_deployment() {
    let bench = Bench::at(&canary(), Clock::manual());
    let running = bench.deploy().start();
    bench.until_followed();
    running.signal("TERM");
    let mut document = running.wait().code(143).json();
    // Another job takes it up: what was said to the interrupted one is not said to it.
    document.as_object_mut().unwrap().remove("error");
    document["ok"] = json!(true);
    let running =
        bench.sandbox.tool("ecs-deploy").args(["--resume", "--input", "-"]).pipe_in(document.to_string()).start();
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let _ = outcome.code(0).says("/deployment/outcome", "deployed");
}

#[test]
fn a_stop_goes_back_and_is_what_was_asked_for() {
    let bench = Bench::at(&canary(), Clock::manual());
    let arn = left(&bench);
    let running = bench.sandbox.tool("ecs-deploy").args(["--stop", &arn]).start();
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let outcome = outcome.code(0).says("/deployment/outcome", "rolled_back").says("/deployment/action", "stop");
    let outcome = outcome.says("/deployment/services/0/images/0/image", OLD).stderr_contains(OLD);
    assert!(!outcome.stdout().contains(NEW), "what was stopped serves nowhere");
    assert_eq!(bench.image(), OLD);
    let outcome = bench.sandbox.tool("ecs-deploy").args(["--stop", &arn]).run().code(1);
    let _ = outcome.says("/error/code", "deployment.not_under_way");
}

#[test]
fn a_deployment_that_aws_does_not_know_is_a_failure_of_the_world() {
    let bench = Bench::new(&rolling());
    let arn = bench.latest()["serviceDeploymentArn"].as_str().unwrap().replace("/web/", "/web/nowhere");
    let outcome = bench.sandbox.tool("ecs-deploy").args(["--status", &arn]).run().code(3).says("/ok", false);
    let _ = outcome
        .says("/error/code", "deployment.unknown")
        .stderr_contains(&format!("error: AWS knows no deployment {arn}"))
        .stderr_contains("hint: aws ecs list-service-deployments");
}

#[test]
fn what_is_no_deployment_and_what_does_not_pause_are_told_apart() {
    let bench = Bench::new(&rolling());
    let tool = || bench.sandbox.tool("ecs-deploy");
    let _ = tool().args(["--resume", "web"]).run().code(2).says("/error/code", "deployment.invalid");
    let _ = tool()
        .args(["--cluster", "stage", "--service", "web", "--continue"])
        .run()
        .code(1)
        .says("/error/code", "deployment.not_paused");
    let flags = ["--cluster", "stage", "--service", "web", "--rollback", "--image", NEW];
    let _ = tool()
        .args(flags)
        .run()
        .code(2)
        .says("/error/code", "usage")
        .stderr_contains("is without effect beside --rollback");
    for useless in [["--cpu", "512"], ["--bake", "5m"], ["--check", "true"], ["--cleanup", "3"]] {
        let flags = ["--cluster", "stage", "--service", "web", "--status"];
        let _ = tool().args(flags).args(useless).run().code(2).stderr_contains("is without effect beside --status");
    }
}

#[test]
fn old_revisions_go_but_none_that_is_needed() {
    let bench = Bench::new(&rolling());
    for number in 2..=6 {
        deploy(&bench, &format!("public.example/web:{number}"));
    }
    // Another service, of another cluster, runs an old one.
    bench.call("CreateCluster", &json!({ "clusterName": "other" }));
    bench.call(
        "CreateService",
        &json!({ "cluster": "other", "serviceName": "old", "taskDefinition": "web:2", "desiredCount": 0 }),
    );
    let run = bench.sandbox.tool("ecs-deploy").args([
        "--cluster",
        "stage",
        "--service",
        "web",
        "--image",
        "public.example/web:7",
    ]);
    let outcome = run.args(["--cleanup", "2"]).run().code(0);
    let listed = bench.call("ListTaskDefinitions", &json!({ "familyPrefix": "web" }));
    let left: Vec<String> = listed["taskDefinitionArns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arn| arn.as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        .collect();
    // 7 serves, 6 and 5 are what two rollbacks go to, 2 runs elsewhere.
    assert_eq!(left, ["web:2", "web:5", "web:6", "web:7"]);
    assert_eq!(outcome.json()["deployment"]["deregistered"].as_array().unwrap().len(), 3);
    let _ = rollback(&bench).run().code(0);
    let _ = rollback(&bench).run().code(0);
    assert_eq!(bench.image(), "public.example/web:5");
}

#[test]
fn nothing_is_cleaned_up_after_a_release_that_failed() {
    let bench = Bench::new(&rolling());
    deploy(&bench, THIRD);
    bench.break_new_image();
    let _ = bench.deploy().args(["--cleanup", "0"]).run().code(1);
    assert_eq!(bench.count("ecs:DeregisterTaskDefinition"), 0);
    wait_until(|| bench.image() == THIRD);
}

#[test]
fn a_rollback_that_is_asked_for_again_goes_on_and_does_not_turn_round() {
    let bench = Bench::at(&rolling(), Clock::manual());
    bench.cloud.clear_journal();
    let deploying = bench.deploy().start();
    let _ = Bench::drive(deploying, || bench.cloud.clock().advance(Duration::from_secs(20))).code(0);
    let rollback = || bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--rollback"]);
    let started = rollback().start();
    wait_until(|| {
        bench.cloud.clock().advance(Duration::from_secs(2));
        bench.deployments_of("web").len() == 3
    });
    started.signal("TERM");
    let _ = started.wait().code(143);
    let again = rollback().start();
    let outcome = Bench::drive(again, || bench.cloud.clock().advance(Duration::from_secs(5))).code(0);
    let _ = outcome.says("/deployment/outcome", "rolled_back").says("/deployment/services/0/images/0/image", OLD);
    assert_eq!((bench.image(), bench.count("ecs:StopServiceDeployment")), (OLD.to_owned(), 0));
}

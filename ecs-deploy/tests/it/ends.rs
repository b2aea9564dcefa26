//! The ways in which a deployment ends without serving.

use std::time::Duration;

use serde_json::json;
use testkit::Clock;

use crate::bench::{Bench, NEW, OLD, canary, rolling, wait_until};

#[test]
fn tasks_that_fail_are_explained_and_the_rollback_is_no_success() {
    for configuration in [rolling(), canary()] {
        let bench = Bench::new(&configuration);
        bench.break_new_image();
        let outcome = bench.deploy().run().code(1).says("/ok", false).says("/error/code", "deployment.rolled_back");
        let outcome = outcome.says("/deployment/outcome", "rolled_back").says("/deployment/ok", false);
        let outcome = outcome
            .says("/deployment/services/0/causes/0/exit_code", 137)
            .says("/deployment/services/0/causes/0/container", "web");
        let _ = outcome
            .stderr_contains(
                "× EssentialContainerExited: Essential container in task exited (container web, exit code 137)",
            )
            .stderr_contains("known fix: raise the memory of the container or the task")
            .stderr_contains("ecs-deploy: error: rolled back: ");
        assert_eq!(bench.image(), OLD, "the old revision serves");
    }
}

#[test]
fn a_failed_rollout_can_be_tried_again() {
    let bench = Bench::new(&rolling());
    bench.break_new_image();
    let _ = bench.deploy().run().code(1);
    let _ = bench.deploy().run().code(1).says("/deployment/outcome", "rolled_back");
}

#[test]
fn a_breaker_without_rollback_ends_as_stopped() {
    let bench = Bench::new(
        &json!({ "strategy": "ROLLING", "deploymentCircuitBreaker": { "enable": true, "rollback": false } }),
    );
    bench.break_new_image();
    let _ =
        bench.deploy().run().code(1).says("/error/code", "deployment.stopped").says("/deployment/outcome", "stopped");
}

#[test]
fn a_release_that_was_stopped_is_deployed_again_and_one_that_serves_is_not() {
    let bench = Bench::new(
        &json!({ "strategy": "ROLLING", "deploymentCircuitBreaker": { "enable": true, "rollback": false } }),
    );
    // Two tasks start at once, and three failures are too many.
    bench.fail(&json!({ "image": NEW, "afterSeconds": 5, "times": 4 }));
    let _ = bench.deploy().run().code(1).says("/deployment/outcome", "stopped");
    bench.cloud.clear_journal();
    let outcome = bench.deploy().args(["--dry-run"]).run().code(0).says("/deployment/outcome", "planned");
    let call = "ecs:UpdateService of stage/web: forceNewDeployment";
    let _ = outcome.says("/deployment/services/0/calls", json!([call]));
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
    let outcome = bench.deploy().run().code(0).says("/deployment/outcome", "deployed");
    let _ =
        outcome.stderr_contains("web: the same is deployed once more: deployment arn:").stderr_contains(" is STOPPED");
    assert_eq!(bench.cloud.writes(), ["ecs:UpdateService"], "nothing is registered");
    let sent = &bench.sent("ecs:UpdateService")[0];
    assert!(sent["taskDefinition"].as_str().unwrap().ends_with("/web:2"), "{sent}");
    assert_eq!(sent["forceNewDeployment"], true);
    assert_eq!((bench.latest()["status"].as_str(), bench.image().as_str()), (Some("SUCCESSFUL"), NEW));
    bench.cloud.clear_journal();
    let _ = bench.deploy().args(["--dry-run"]).run().code(0).says("/deployment/outcome", "unchanged");
    let _ = bench.deploy().run().code(0).says("/deployment/outcome", "unchanged").says("/ok", true);
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_newer_deployment_is_named_as_what_superseded_ours() {
    let bench = Bench::at(&canary(), Clock::manual());
    let running = bench.deploy().start();
    let mut intruded = false;
    let outcome = Bench::drive(running, || {
        if bench.looks() > 1 && !intruded {
            intruded = true;
            let input =
                json!({ "cluster": "stage", "service": "web", "taskDefinition": "web:1", "forceNewDeployment": true });
            bench.call("UpdateService", &input);
        }
        bench.cloud.clock().advance(Duration::from_secs(5));
    });
    let outcome =
        outcome.code(1).says("/error/code", "deployment.superseded").says("/deployment/services/0/status", "STOPPED");
    let ours = outcome.json()["deployment"]["services"][0]["arn"].as_str().unwrap().to_owned();
    assert!(!outcome.json()["error"]["message"].as_str().unwrap().contains(&ours), "the other one is named");
}

#[test]
fn giving_up_waiting_leaves_word_of_the_deployment() {
    let bench = Bench::at(&canary(), Clock::manual());
    let running = bench.deploy().args(["--timeout", "5s"]).start();
    // A minute of AWS time is enough for the deployment to be seen and not enough for it to end; then the clock stands still.
    let mut left = 12;
    let outcome = Bench::drive(running, || {
        if left > 0 {
            left -= 1;
            bench.cloud.clock().advance(Duration::from_secs(5));
        }
    });
    let outcome = outcome.code(4).says("/error/code", "timeout").says("/deployment/outcome", "in_progress");
    let arn = outcome.json()["deployment"]["services"][0]["arn"].as_str().unwrap().to_owned();
    let _ = outcome.stderr_contains(&format!("hint: it goes on: ecs-deploy --resume {arn}"));
}

#[test]
fn a_signal_ends_the_watching_and_the_document_names_the_deployment() {
    let bench = Bench::at(&canary(), Clock::manual());
    let running = bench.deploy().start();
    let updated = |bench: &Bench| bench.cloud.writes().contains(&"ecs:UpdateService".to_owned());
    wait_until(|| updated(&bench));
    // Enough for the list of deployments to catch up, not enough for the deployment to end.
    bench.cloud.clock().advance(Duration::from_secs(10));
    wait_until(|| bench.looks() > 0);
    running.signal("TERM");
    let outcome =
        running.wait().code(143).says("/error/code", "interrupted").says("/deployment/outcome", "in_progress");
    let arn = outcome.json()["deployment"]["services"][0]["arn"].as_str().unwrap().to_owned();
    assert!(outcome.json()["error"]["hint"].as_str().unwrap().contains(&arn));
    assert_eq!(outcome.json()["deployment"]["services"][0]["images"][0]["image"], NEW);
}

#[test]
fn a_deployment_that_is_under_way_already_is_followed() {
    let bench = Bench::new(&rolling());
    let _ = bench.deploy().run().code(0);
    let forced = json!({ "cluster": "stage", "service": "web", "forceNewDeployment": true });
    bench.call("UpdateService", &forced);
    // The list may lag behind the update for a moment: both answers are right, and neither writes.
    bench.cloud.clear_journal();
    let outcome = bench.deploy().run().code(0);
    let outcome = outcome.json()["deployment"]["outcome"].as_str().unwrap().to_owned();
    assert!(["deployed", "unchanged"].contains(&outcome.as_str()), "{outcome}");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

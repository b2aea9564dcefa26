//! Checks, pauses and limits of one's own: what can send a deployment back beside ECS itself.

use std::time::Duration;

use serde_json::json;
use testkit::Clock;

use crate::bench::{Bench, NEW, OLD, blue_green, canary, pause, rolling, wait_until};

#[test]
fn checks_that_pass_let_the_deployment_through() {
    let bench = Bench::new(&canary());
    let flags = ["--check", "echo well of $DEPLOYMENT_SERVICES in $DEPLOYMENT_CLUSTER", "--check-every", "100ms"];
    let outcome = bench.deploy().args(flags).run().code(0).says("/deployment/checks/0/ok", true);
    let _ = outcome.says("/deployment/checks/0/output/0", "well of web in stage");
    assert_eq!(bench.image(), NEW);
}

#[test]
fn a_check_that_fails_rolls_back_and_its_last_words_are_told() {
    for configuration in [blue_green(), canary()] {
        // Slow enough for a check to fail while traffic shifts.
        let bench = Bench::at(&configuration, Clock::running(200.0));
        let flags = ["--check", "true", "--check", "echo 3 alerts fire >&2; exit 1", "--check-every", "50ms"];
        let outcome = bench.deploy().args(flags).run().code(1).says("/error/code", "deployment.rolled_back");
        let outcome = outcome.says("/deployment/outcome", "rolled_back").says("/deployment/checks/0/ok", true);
        let _ = outcome.says("/deployment/checks/1/exit_code", 1).stderr_contains(
            "ecs-deploy: error: rolled back: check `echo 3 alerts fire >&2; exit 1` failed, exit code 1: 3 alerts fire",
        );
        assert_eq!(bench.image(), OLD);
        assert_eq!(bench.latest()["status"], "ROLLBACK_SUCCESSFUL");
    }
}

#[test]
fn a_check_that_keeps_the_contract_is_told_by_its_error_not_by_its_hint_or_its_document() {
    let failure = json!({ "code": "gate.shut", "message": "an alert shuts the gate" });
    let document = json!({ "schema": "deploy-aws-ecs/release/v1", "ok": false, "steps": [], "error": failure });
    let error = "scan-gate: error: an alert shuts the gate";
    let cases = [
        (format!("cat document; echo '{error}' >&2; echo 'scan-gate: hint: look' >&2; exit 1"), error),
        ("cat document; exit 1".to_owned(), "an alert shuts the gate"),
    ];
    for (check, words) in cases {
        let bench = Bench::at(&canary(), Clock::running(200.0));
        bench.sandbox.write("document", format!("{document}\n"));
        let outcome = bench.deploy().args(["--check", &check, "--check-every", "50ms"]).run().code(1);
        let reason = format!("check `{check}` failed, exit code 1: {words}");
        let outcome = outcome.says("/deployment/services/0/reason", reason.as_str());
        let outcome = outcome.says("/deployment/checks/0/output/0", document.to_string());
        assert!(!outcome.stderr().contains("\"steps\""), "{}", outcome.stderr());
    }
}

#[test]
fn a_rolling_deployment_that_was_through_before_a_check_failed_goes_back_by_another_one() {
    let bench = Bench::new(&rolling());
    // Nothing has traffic before the deployment is through: the check that fails comes last.
    let flags = ["--check", "sleep 1; false"];
    let outcome = bench.deploy().args(flags).run().code(1).says("/deployment/outcome", "rolled_back");
    let _ = outcome.stderr_contains("check `sleep 1; false` failed, exit code 1");
    assert_eq!(bench.image(), OLD);
}

#[test]
fn a_pause_is_ended_when_the_checks_have_passed() {
    let bench = Bench::new(&blue_green());
    let flags = ["--pause-at", "post-test-traffic-shift", "--pause-timeout", "30m", "--check", "true"];
    let outcome = bench.deploy().args(flags).run().code(0).says("/deployment/outcome", "deployed");
    let _ = outcome.stderr_contains("goes on from POST_TEST_TRAFFIC_SHIFT");
    assert_eq!(bench.count("ecs:ContinueServiceDeployment"), 1);
    let hooks = &bench.sent("ecs:UpdateService")[0]["deploymentConfiguration"]["lifecycleHooks"];
    let expected = json!([{
        "targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
        "timeoutConfiguration": { "timeoutInMinutes": 30, "action": "ROLLBACK" }
    }]);
    assert_eq!(*hooks, expected);
}

#[test]
fn a_pause_that_somebody_else_asked_for_is_left_to_them() {
    let bench = Bench::new(&blue_green());
    bench.pause_at("POST_TEST_TRAFFIC_SHIFT");
    let flags = ["--pause-at", "post-scale-up", "--pause-timeout", "24h", "--check", "true"];
    let outcome = bench.deploy().args(flags).run().code(4).says("/deployment/outcome", "paused").says("/ok", false);
    let outcome = outcome.says("/deployment/services/0/stage", "POST_TEST_TRAFFIC_SHIFT");
    let _ = outcome
        .says("/error/code", "deployment.paused")
        .stderr_contains("web: goes on from POST_SCALE_UP")
        .stderr_contains("error: the deployment waits at POST_TEST_TRAFFIC_SHIFT for somebody to let it go on");
    assert_eq!(bench.count("ecs:ContinueServiceDeployment"), 1);
    assert_eq!(bench.latest()["lifecycleHookDetails"][0]["status"], "AWAITING_ACTION");
    let hooks = &bench.sent("ecs:UpdateService")[0]["deploymentConfiguration"]["lifecycleHooks"];
    assert_eq!(*hooks, json!([pause("POST_TEST_TRAFFIC_SHIFT"), pause("POST_SCALE_UP")]));
}

#[test]
fn a_check_that_fails_at_a_pause_never_lets_the_release_through() {
    let bench = Bench::new(&blue_green());
    let flags = ["--pause-at", "post-scale-up", "--check", "exit 7"];
    let outcome = bench.deploy().args(flags).run().code(1).says("/deployment/outcome", "rolled_back");
    let _ = outcome.says("/deployment/checks/0/exit_code", 7);
    assert_eq!(bench.count("ecs:ContinueServiceDeployment"), 0);
    assert_eq!(bench.image(), OLD);
}

#[test]
fn a_client_that_dies_at_a_pause_does_not_let_a_release_through() {
    let bench = Bench::at(&blue_green(), Clock::manual());
    // The check never ends: the client is killed while it waits for it.
    let flags = ["--pause-at", "post-scale-up", "--pause-timeout", "5m", "--check", "sleep 60"];
    let running = bench.deploy().args(flags).start();
    let is_held = || bench.latest()["lifecycleHookDetails"][0]["status"] == "AWAITING_ACTION";
    wait_until(|| {
        bench.cloud.clock().advance(Duration::from_secs(2));
        is_held()
    });
    running.signal("KILL");
    assert_eq!(running.wait().exit_code(), None);
    bench.cloud.clock().advance(Duration::from_hours(1));
    assert_eq!(bench.latest()["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(bench.image(), OLD);
}

#[test]
fn a_pause_without_checks_waits_for_a_person_and_says_how_to_let_it_go_on() {
    let bench = Bench::new(&blue_green());
    let outcome = bench.deploy().args(["--pause-at", "post-scale-up"]).run().code(4);
    let outcome = outcome.says("/deployment/outcome", "paused").says("/error/code", "deployment.paused");
    let document = outcome.json();
    let service = &document["deployment"]["services"][0];
    assert!(service["pause"]["hook_id"].as_str().unwrap().starts_with("ecs-pause-"));
    assert_eq!(service["pause"]["timeout_action"], "ROLLBACK");
    let arn = service["arn"].as_str().unwrap();
    let _ = outcome.stderr_contains(&format!("hint: ecs-deploy --continue {arn}, or ecs-deploy --stop {arn}"));
    let _ =
        bench.sandbox.tool("ecs-deploy").args(["--status", arn]).run().code(4).says("/deployment/outcome", "paused");
    let outcome = bench.sandbox.tool("ecs-deploy").args(["--continue", arn]).run().code(0);
    let _ = outcome.says("/deployment/outcome", "deployed").says("/deployment/action", "continue");
    assert_eq!(bench.image(), NEW);
}

#[test]
fn equal_failures_roll_back_without_waiting_for_the_circuit_breaker() {
    let configuration =
        json!({ "strategy": "ROLLING", "deploymentCircuitBreaker": { "enable": false, "rollback": false } });
    let bench = Bench::new(&configuration);
    bench.break_new_image();
    let run = bench.deploy().args(["--fail-after", "2"]);
    let outcome = run.run().code(1).says("/deployment/outcome", "rolled_back");
    let _ = outcome
        .stderr_contains("error: rolled back: tasks fail alike, and --fail-after is 2: ")
        .stderr_contains("| heap is full");
    assert_eq!(bench.image(), OLD);
}

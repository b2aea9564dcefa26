//! The ways in which a deployment ends, and what is told of each.

use serde_json::{Value, json};
use testkit::alarms::AlarmState;

use crate::ecs_bench::{Bench, breaker, service};

const STRATEGIES: [&str; 4] = ["ROLLING", "BLUE_GREEN", "CANARY", "LINEAR"];

fn statuses(bench: &mut Bench, arn: &str) -> Vec<String> {
    let mut statuses: Vec<String> = bench.film(arn).into_iter().map(|(_, look)| look.status).collect();
    statuses.dedup();
    statuses
}

#[test]
fn the_circuit_breaker_rolls_back_to_the_revision_before() {
    for strategy in STRATEGIES {
        let mut bench = Bench::new(breaker(strategy, true), 2);
        bench.break_new_image();
        let arn = bench.deploy();
        let seen = statuses(&mut bench, &arn);
        assert_eq!(seen, ["PENDING", "IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"], "{strategy}");
        let deployment = bench.deployment(&arn);
        let reason = "Service deployment rolled back because the circuit breaker threshold was exceeded.";
        assert_eq!((&deployment["statusReason"], &deployment["rollback"]["reason"]), (&json!(reason), &json!(reason)));
        let source = deployment["sourceServiceRevisions"][0]["arn"].clone();
        assert_eq!(deployment["rollback"]["serviceRevisionArn"], source);
        let triggered = json!({ "status": "TRIGGERED", "failureCount": 4, "threshold": 3 });
        assert_eq!(deployment["deploymentCircuitBreaker"], triggered);
        assert_eq!((&deployment["stoppedAt"], deployment["finishedAt"].is_f64()), (&Value::Null, true));
        assert!(bench.service()["taskDefinition"].as_str().unwrap().ends_with("web:1"), "{strategy}");
    }
}

#[test]
fn a_rollback_gives_the_old_revision_a_new_deployment_id() {
    let mut bench = Bench::new(breaker("ROLLING", true), 3);
    let old = bench.service()["deployments"][0]["id"].as_str().unwrap().to_owned();
    bench.break_new_image();
    let arn = bench.deploy();
    bench.wait(20);
    assert_eq!(bench.service()["deployments"][0]["failedTasks"], 0);
    bench.wait(8);
    let deployments = bench.service()["deployments"].clone();
    let [primary, failed] = [&deployments[0], &deployments[1]];
    assert_eq!((&primary["status"], &primary["rolloutState"]), (&json!("PRIMARY"), &json!("IN_PROGRESS")));
    assert_ne!(primary["id"], json!(old));
    let reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {old}.");
    assert_eq!(primary["rolloutStateReason"], json!(reason));
    assert_eq!((&failed["status"], &failed["rolloutState"]), (&json!("ACTIVE"), &json!("FAILED")));
    assert_eq!(failed["rolloutStateReason"], "ECS deployment circuit breaker: tasks failed to start.");
    assert_eq!(failed["failedTasks"], 3);
    assert_eq!(bench.status(&arn), "ROLLBACK_IN_PROGRESS");
    bench.wait(60);
    let deployments = bench.service()["deployments"].clone();
    assert_eq!(deployments.as_array().unwrap().len(), 1);
    assert_eq!(deployments[0]["rolloutState"], "COMPLETED");
    let failed_event = format!(
        "(service web) (deployment {}) deployment failed: tasks failed to start.",
        failed["id"].as_str().unwrap()
    );
    let events = bench.service()["events"].clone();
    assert!(events.as_array().unwrap().iter().any(|event| event["message"] == json!(failed_event)), "{events:#}");
}

#[test]
fn a_breaker_without_rollback_stops_and_leaves_the_old_tasks() {
    for strategy in STRATEGIES {
        let mut bench = Bench::new(breaker(strategy, false), 2);
        bench.break_new_image();
        let arn = bench.deploy();
        assert_eq!(statuses(&mut bench, &arn), ["PENDING", "IN_PROGRESS", "STOP_REQUESTED", "STOPPED"], "{strategy}");
        let deployment = bench.deployment(&arn);
        assert_eq!((&deployment["finishedAt"], deployment["stoppedAt"].is_f64()), (&Value::Null, true));
        bench.wait(3600);
        let service = bench.service();
        assert_eq!((&service["runningCount"], &service["pendingCount"]), (&json!(2), &json!(0)), "{strategy}");
        assert_eq!(service["deployments"][0]["rolloutState"], "FAILED");
    }
}

#[test]
fn a_first_deployment_has_nothing_to_roll_back_to() {
    for strategy in STRATEGIES {
        let mut bench = Bench::empty();
        bench.world.ecs.fail_tasks(&json!({ "image": "web:1" })).unwrap();
        bench.call("CreateService", service(&breaker(strategy, true), 3));
        let arn = bench.newest();
        let seen = statuses(&mut bench, &arn);
        assert_eq!(seen, ["PENDING", "IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED"], "{strategy}");
        let reason = "No rollback candidate was found to run the rollback.";
        assert_eq!(bench.deployment(&arn)["statusReason"], reason);
        let tasks = bench.stopped_tasks().len();
        bench.wait(1800);
        assert_eq!(bench.stopped_tasks().len(), tasks, "no new tasks are started");
        bench.register("web:2");
        let fixed = bench.deploy();
        bench.wait(3600);
        assert_eq!(bench.status(&fixed), "SUCCESSFUL", "{strategy}");
    }
}

#[test]
fn a_rollback_whose_tasks_fail_as_well_fails() {
    let configuration = json!({
        "minimumHealthyPercent": 0, "maximumPercent": 100,
        "deploymentCircuitBreaker": { "enable": true, "rollback": true }
    });
    let mut bench = Bench::new(configuration, 3);
    for image in ["web:1", "web:2"] {
        bench.world.ecs.fail_tasks(&json!({ "image": image })).unwrap();
    }
    let arn = bench.deploy();
    let seen = statuses(&mut bench, &arn);
    assert_eq!(seen, ["PENDING", "IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED"]);
}

#[test]
fn without_a_breaker_a_bad_deployment_goes_on_trying() {
    let mut bench = Bench::new(json!({}), 1);
    bench.break_new_image();
    let arn = bench.deploy();
    bench.wait(2 * 3600);
    assert_eq!(bench.status(&arn), "IN_PROGRESS");
    assert_eq!(bench.deployment(&arn)["deploymentCircuitBreaker"]["status"], "DISABLED");
    let failed = bench.service()["deployments"][0]["failedTasks"].as_u64().unwrap();
    assert!((5..20).contains(&failed), "the pauses between the attempts grow: {failed}");
}

#[test]
fn the_threshold_counts_as_configured() {
    let mut configuration = breaker("ROLLING", true);
    configuration["deploymentCircuitBreaker"]["thresholdConfiguration"] = json!({ "type": "COUNT", "value": 1 });
    let mut bench = Bench::new(configuration, 1);
    bench.break_new_image();
    let arn = bench.deploy();
    bench.wait(27);
    let breaker = bench.deployment(&arn)["deploymentCircuitBreaker"].clone();
    assert_eq!(breaker, json!({ "status": "TRIGGERED", "failureCount": 1, "threshold": 1 }));
}

#[test]
fn a_failure_that_passes_does_not_stop_a_deployment() {
    let mut bench = Bench::new(breaker("CANARY", true), 1);
    bench.world.ecs.fail_tasks(&json!({ "image": "web:2", "times": 2 })).unwrap();
    let arn = bench.deploy();
    bench.wait(100);
    assert_eq!(bench.deployment(&arn)["deploymentCircuitBreaker"]["failureCount"], 2);
    bench.wait(3600);
    assert_eq!(bench.status(&arn), "SUCCESSFUL");
    assert_eq!(bench.deployment(&arn)["deploymentCircuitBreaker"]["status"], "MONITORING_COMPLETE");
}

#[test]
fn what_has_ended_does_not_change_any_more() {
    let mut bench = Bench::new(breaker("ROLLING", true), 2);
    let arn = bench.deploy();
    bench.wait(3600);
    let ended = bench.deployment(&arn);
    bench.update(&json!({ "desiredCount": 40 }));
    bench.wait(3600);
    bench.update(&json!({ "forceNewDeployment": true }));
    bench.wait(3600);
    assert_eq!(bench.deployment(&arn), ended);
}

fn watching(rollback: bool) -> Value {
    json!({ "alarms": { "alarmNames": ["errors", "latency"], "enable": true, "rollback": rollback } })
}

fn raise(bench: &mut Bench) {
    let now = bench.now();
    bench.world.alarms.set_state("errors", AlarmState::Alarm, now);
}

#[test]
fn an_alarm_rolls_a_deployment_back_or_stops_it() {
    for (rollback, expected) in [(true, "ROLLBACK_SUCCESSFUL"), (false, "STOPPED")] {
        let mut bench = Bench::new(watching(rollback), 2);
        let arn = bench.deploy();
        bench.wait(100);
        assert_eq!(bench.deployment(&arn)["alarms"]["status"], "MONITORING");
        raise(&mut bench);
        bench.wait(3600);
        let deployment = bench.deployment(&arn);
        assert_eq!(deployment["status"], expected);
        assert_eq!(deployment["alarms"]["status"], "TRIGGERED");
        assert_eq!(deployment["alarms"]["triggeredAlarmNames"], json!(["errors"]));
        let failed = bench.service()["events"]
            .as_array()
            .unwrap()
            .iter()
            .any(|event| event["message"].as_str().unwrap().ends_with("deployment failed: alarm detected."));
        assert!(failed);
    }
}

#[test]
fn an_alarm_that_is_raised_before_is_ignored_and_one_that_is_raised_afterwards_too() {
    let mut bench = Bench::new(watching(true), 2);
    raise(&mut bench);
    bench.wait(10);
    let arn = bench.deploy();
    bench.wait(2);
    assert_eq!(bench.deployment(&arn)["alarms"]["status"], "DISABLED");
    bench.wait(3600);
    assert_eq!(bench.status(&arn), "SUCCESSFUL");
    raise(&mut bench);
    bench.wait(10);
    assert_eq!(bench.status(&arn), "SUCCESSFUL");
}

#[test]
fn a_requested_rollback_works_without_any_rollback_configured() {
    for strategy in STRATEGIES {
        for after in [0, 10, 75] {
            let mut bench = Bench::new(json!({ "strategy": strategy, "bakeTimeInMinutes": 1 }), 2);
            let arn = bench.deploy();
            bench.wait(after);
            bench.call("StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" }));
            let seen = statuses(&mut bench, &arn);
            let expected = ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"];
            assert_eq!(seen, expected, "{strategy} after {after} s");
            let service = bench.service();
            assert!(service["taskDefinition"].as_str().unwrap().ends_with("web:1"));
            assert_eq!((&service["runningCount"], &service["deployments"][1]), (&json!(2), &Value::Null));
        }
    }
}

#[test]
fn a_requested_rollback_takes_the_traffic_back() {
    let mut bench = Bench::new(json!({ "strategy": "CANARY" }), 2);
    let arn = bench.deploy();
    bench.wait(75);
    bench.call("StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
    let stages: Vec<(String, Option<f64>)> =
        bench.film(&arn).into_iter().skip(1).map(|(_, look)| (look.stage, look.weights.1)).collect();
    let expected = [("PRODUCTION_TRAFFIC_SHIFT", 0.0), ("TEST_TRAFFIC_SHIFT", 0.0), ("CLEAN_UP", 0.0), ("", 0.0)];
    assert_eq!(stages, expected.map(|(stage, weight)| (stage.to_owned(), Some(weight))));
}

#[test]
fn a_rollback_out_of_clean_up_brings_the_old_tasks_back() {
    let mut bench = Bench::new(json!({ "strategy": "BLUE_GREEN" }), 2);
    let arn = bench.deploy();
    bench.wait(85);
    assert_eq!(bench.look(&arn).stage, "CLEAN_UP");
    bench.call("StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
    bench.wait(4);
    assert_eq!(bench.look(&arn).stage, "SCALE_UP");
    bench.wait(3600);
    assert_eq!(
        (bench.status(&arn).as_str(), bench.service()["runningCount"].as_u64()),
        ("ROLLBACK_SUCCESSFUL", Some(2))
    );
}

#[test]
fn a_stop_can_lose_the_race() {
    let mut bench = Bench::new(json!({}), 2);
    let arn = bench.deploy();
    bench.wait(80);
    bench.call("StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
    assert_eq!(statuses(&mut bench, &arn), ["ROLLBACK_REQUESTED", "SUCCESSFUL"]);
    let (code, _) = bench.refused("StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
    assert_eq!(code, "ConflictException");
}

#[test]
fn a_first_deployment_that_is_stopped_is_just_stopped() {
    let mut bench = Bench::empty();
    bench.call("CreateService", service(&json!({}), 2));
    let arn = bench.newest();
    bench.wait(5);
    bench.call("StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
    assert_eq!(statuses(&mut bench, &arn), ["ROLLBACK_REQUESTED", "STOPPED"]);
}

#[test]
fn what_cannot_be_stopped_is_refused() {
    let mut bench = Bench::new(json!({}), 1);
    let arn = bench.deploy();
    let abort = json!({ "serviceDeploymentArn": arn, "stopType": "ABORT" });
    assert_eq!(bench.refused("StopServiceDeployment", abort).0, "InvalidParameterException");
    let missing = json!({ "serviceDeploymentArn": format!("{arn}x") });
    let expected =
        ("ServiceDeploymentNotFoundException".to_owned(), "The service deployment does not exist.".to_owned());
    assert_eq!(bench.refused("StopServiceDeployment", missing), expected);
    bench.call("StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
    bench.call("StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
    assert_eq!(bench.status(&arn), "ROLLBACK_REQUESTED");
}

#[test]
fn a_newer_deployment_supersedes_the_one_under_way() {
    for strategy in STRATEGIES {
        let mut bench = Bench::new(json!({ "strategy": strategy }), 2);
        let first = bench.deploy();
        bench.wait(40);
        let forced = json!({ "forceNewDeployment": true, "taskDefinition": "web:1" });
        bench.update(&forced);
        let second = bench.newest();
        assert_eq!(bench.status(&first), "STOP_REQUESTED");
        bench.wait(2);
        let stage = if strategy == "ROLLING" { "" } else { "RECONCILE_SERVICE" };
        assert_eq!(bench.look(&second).stage, stage);
        let sources = bench.deployment(&second)["sourceServiceRevisions"].as_array().unwrap().len();
        assert_eq!(sources, 2, "{strategy}");
        bench.wait(10);
        assert_eq!(bench.status(&first), "STOPPED");
        assert!(bench.deployment(&first)["stoppedAt"].is_f64());
        bench.wait(3 * 3600);
        assert_eq!(bench.status(&second), "SUCCESSFUL", "{strategy}");
        let service = bench.service();
        assert_eq!((&service["runningCount"], service["deployments"].as_array().unwrap().len()), (&json!(2), 1));
    }
}

#[test]
fn a_rollback_that_is_superseded_does_not_hinder_the_newer_deployment() {
    for strategy in STRATEGIES {
        supersede_a_rollback(strategy);
    }
}

fn supersede_a_rollback(strategy: &str) {
    let mut bench = Bench::new(breaker(strategy, true), 2);
    bench.break_new_image();
    let first = bench.deploy();
    while bench.status(&first) != "ROLLBACK_IN_PROGRESS" {
        bench.wait(1);
    }
    bench.register("web:3");
    bench.update(&json!({ "taskDefinition": "web:3" }));
    let second = bench.newest();
    let serving = &bench.deployment(&second)["sourceServiceRevisions"][0];
    assert_eq!(serving["runningTaskCount"], 2, "the revision that has the traffic comes first");
    bench.wait(3 * 3600);
    assert_eq!((bench.status(&first), bench.status(&second)), ("ROLLBACK_FAILED".to_owned(), "SUCCESSFUL".to_owned()));
}

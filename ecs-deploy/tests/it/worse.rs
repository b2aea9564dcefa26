//! An ECS that lags, throttles and forgets; services that go away; people and alarms that intervene.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use testkit::Clock;
use testkit::world::Service;

use crate::bench::{Bench, NEW, OLD, blue_green, canary, rolling};

#[test]
fn a_list_that_lags_and_a_service_that_names_the_deployment_before_mislead_nobody() {
    let bench = Bench::at(&rolling(), Clock::running(100.0));
    {
        let mut world = bench.cloud.world();
        world.ecs.quirks.listed_after = SignedDuration::from_mins(2);
        world.ecs.quirks.current_after = SignedDuration::from_mins(10);
    }
    let outcome = bench.deploy().run().code(0).says("/deployment/outcome", "deployed");
    assert_eq!(outcome.json()["deployment"]["services"][0]["arn"], bench.latest()["serviceDeploymentArn"]);
    assert!(bench.count("ecs:ListServiceDeployments") > 1);
    assert_eq!(bench.image(), NEW);
}

#[test]
fn throttled_to_a_call_a_second_it_still_ends_right() {
    let bench = Bench::new(&rolling());
    bench.cloud.throttle(1.0);
    let _ = bench.deploy().run().code(0).says("/deployment/outcome", "deployed");
    assert_eq!(bench.image(), NEW);
}

#[test]
fn an_alarm_sends_the_deployment_back_and_is_named() {
    let mut configuration = blue_green();
    configuration["alarms"] = json!({ "alarmNames": ["errors"], "enable": true, "rollback": true });
    let bench = Bench::at(&configuration, Clock::manual());
    bench.ask(Service::CloudWatch, "PutMetricAlarm", &json!({ "AlarmName": "errors" }));
    let running = bench.deploy().start();
    bench.until_followed();
    bench.cloud.clock().advance(Duration::from_mins(1));
    let raise = json!({ "AlarmName": "errors", "StateValue": "ALARM", "StateReason": "too many" });
    bench.ask(Service::CloudWatch, "SetAlarmState", &raise);
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let outcome = outcome.code(1).says("/deployment/outcome", "rolled_back").stderr_contains("alarm errors");
    let reason = "one or more alarms are in the ALARM state: errors";
    let _ = outcome
        .says("/deployment/services/0/reason", format!("Service deployment rolled back because {reason}"))
        .says("/error/message", format!("rolled back: {reason}"));
    assert_eq!(bench.image(), OLD);
}

#[test]
fn a_pause_that_nobody_ends_in_time_goes_back() {
    let bench = Bench::at(&blue_green(), Clock::manual());
    // This run waits for a check that is slower than the hook.
    let running =
        bench.deploy().args(["--pause-at", "post-scale-up", "--pause-timeout", "5m", "--check", "sleep 30"]).start();
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let _ = outcome.code(1).says("/deployment/outcome", "rolled_back").stderr_contains("pause hook timed out");
    assert_eq!(bench.image(), OLD);
}

#[test]
fn a_person_who_stops_the_deployment_is_the_reason() {
    let bench = Bench::at(&canary(), Clock::manual());
    let running = bench.deploy().start();
    bench.until_followed();
    let arn = bench.latest()["serviceDeploymentArn"].clone();
    bench.call("StopServiceDeployment", &json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" }));
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let _ = outcome.code(1).says("/deployment/outcome", "rolled_back").says("/error/code", "deployment.rolled_back");
    assert_eq!(bench.image(), OLD);
}

#[test]
fn a_service_that_is_deleted_meanwhile_is_told() {
    let bench = Bench::at(&canary(), Clock::manual());
    let running = bench.deploy().start();
    bench.until_followed();
    bench.call("DeleteService", &json!({ "cluster": "stage", "service": "web", "force": true }));
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let _ = outcome.code(1).says("/deployment/outcome", "stopped").says("/error/code", "service.deleted");
}

#[test]
fn a_service_without_room_for_its_tasks_says_so_while_it_waits() {
    let bench = Bench::at(&rolling(), Clock::running(2000.0));
    bench.cloud.world().ecs.quirks.no_capacity = true;
    let outcome = bench.deploy().args(["--timeout", "25s"]).run().code(4).says("/deployment/outcome", "in_progress");
    let _ = outcome.stderr_contains("unable to place a task");
}

#[test]
fn targets_that_a_load_balancer_finds_unhealthy_say_why() {
    let bench = Bench::new(&canary());
    let group = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/green/fedcba9876543210";
    let target = testkit::load_balancers::Target {
        id: "10.0.0.7".to_owned(),
        port: 80,
        state: "unhealthy".to_owned(),
        reason: Some("Target.ResponseCodeMismatch".to_owned()),
        description: Some("Health checks failed with these codes: [500]".to_owned()),
    };
    bench.cloud.world().load_balancers.set_health(group, vec![target]);
    bench.fail(&json!({
        "image": NEW, "afterSeconds": 10, "stopCode": "ServiceSchedulerInitiated", "exitCode": 143,
        "stoppedReason": format!("Task failed ELB health checks in (target-group {group})")
    }));
    let outcome = bench.deploy().run().code(1).says("/deployment/outcome", "rolled_back");
    let _ = outcome
        .stderr_contains("| Target.ResponseCodeMismatch: Health checks failed with these codes: [500]")
        .stderr_contains("known fix: check the health check's path, port and grace period");
}

#[test]
fn the_last_lines_of_a_crashed_container_are_shown() {
    let bench = Bench::new(&rolling());
    bench.break_new_image();
    let outcome = bench.deploy().run().code(1);
    let _ = outcome
        .says("/deployment/services/0/causes/0/log", json!(["starting", "heap is full"]))
        .stderr_contains("ecs-deploy:   | heap is full");
}

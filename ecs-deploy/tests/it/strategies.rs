//! The ways in which traffic gets to the new revision, as the service has them or as they are asked for.

use serde_json::json;

use crate::bench::{Bench, NEW, OLD, blue_green, canary, linear, rolling};

#[test]
fn every_strategy_of_a_service_goes_through() {
    for configuration in [rolling(), blue_green(), canary(), linear()] {
        let bench = Bench::new(&configuration);
        let outcome = bench.deploy().run().code(0).says("/deployment/outcome", "deployed").says("/deployment/ok", true);
        let _ = outcome.says("/deployment/services/0/strategy", configuration["strategy"].clone());
        assert_eq!(bench.image(), NEW, "{configuration}");
        assert_eq!(bench.latest()["status"], "SUCCESSFUL");
    }
}

#[test]
fn a_strategy_that_is_asked_for_is_sent_with_the_rest_of_the_configuration_as_it_was() {
    let bench = Bench::new(&canary());
    let flags = ["--strategy", "linear", "--step-percent", "50", "--step-bake", "2m", "--bake", "3m"];
    let _ = bench.deploy().args(flags).run().code(0).says("/deployment/services/0/strategy", "LINEAR");
    let sent = bench.sent("ecs:UpdateService");
    let expected = json!({
        "maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "LINEAR", "bakeTimeInMinutes": 3,
        "linearConfiguration": { "stepPercent": 50.0, "stepBakeTimeInMinutes": 2 },
        "deploymentCircuitBreaker": { "enable": true, "rollback": true }
    });
    assert_eq!(sent[0]["deploymentConfiguration"], expected);
    let mut members: Vec<&String> = sent[0].as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["cluster", "deploymentConfiguration", "service", "taskDefinition"]);
}

#[test]
fn the_circuit_breaker_and_alarms_are_set_on_request_and_shown() {
    let bench = Bench::new(&json!({ "strategy": "ROLLING", "bakeTimeInMinutes": 5 }));
    bench.ask(testkit::world::Service::CloudWatch, "PutMetricAlarm", &json!({ "AlarmName": "errors" }));
    let outcome = bench.deploy().args(["--circuit-breaker", "rollback", "--alarm", "errors"]).run().code(0);
    let _ = outcome.stderr_contains("1 alarm silent");
    let configuration = bench.sent("ecs:UpdateService")[0]["deploymentConfiguration"].clone();
    assert_eq!(configuration["alarms"], json!({ "alarmNames": ["errors"], "enable": true, "rollback": true }));
    assert_eq!(configuration["deploymentCircuitBreaker"], json!({ "enable": true, "rollback": true }));
}

#[test]
fn what_the_service_lacks_for_a_strategy_is_said_before_anything_is_changed() {
    let bench = Bench::new(&rolling());
    let outcome = bench.deploy().args(["--strategy", "canary"]).run().code(1).says("/error/code", "preflight.strategy");
    let _ = outcome
        .says("/deployment/outcome", "refused")
        .stderr_contains("neither a load balancer nor Service Connect")
        .stderr_contains("hint: use --strategy blue-green or rolling");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
    let mut balancer = crate::bench::load_balancer();
    balancer.as_object_mut().unwrap().remove("advancedConfiguration");
    let input = json!({ "cluster": "stage", "service": "web", "loadBalancers": [balancer] });
    bench.call("UpdateService", &input);
    let run = bench.deploy().args(["--strategy", "blue-green", "--bake", "0m"]);
    let _ = run
        .run()
        .code(1)
        .says("/error/code", "preflight.strategy")
        .stderr_contains("BLUE_GREEN needs an alternate target group, a production listener rule, a role")
        .stderr_contains(
            "hint: aws ecs update-service --cluster stage --service web --load-balancers 'targetGroupArn=",
        );
    assert_eq!((bench.cloud.writes(), bench.image().as_str()), (Vec::new(), OLD));
}

#[test]
fn settings_that_do_not_go_together_are_a_wrong_question() {
    let bench = Bench::new(&rolling());
    for flags in [
        &["--canary-percent", "5"][..],
        &["--strategy", "canary", "--canary-percent", "0.01"],
        &["--bake", "90s"],
        &["--pause-at", "post-scale-up"],
        &["--step-bake", "5m"],
    ] {
        let _ = bench.deploy().args(flags).run().code(2).says("/error/code", "strategy.invalid");
    }
    let _ = bench.deploy().args(["--pause-at", "BAKE_TIME"]).run().code(2).says("/error/code", "usage");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn only_settings_are_sent_if_the_image_runs_already() {
    let bench = Bench::new(&rolling());
    let run = bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--image", OLD]);
    let _ = run.args(["--circuit-breaker", "stop"]).run().code(0).says("/deployment/outcome", "unchanged");
    let sent = bench.sent("ecs:UpdateService");
    assert_eq!(sent.len(), 1);
    assert!(sent[0]["taskDefinition"].is_null(), "nothing is rolled out");
    assert_eq!(bench.count("ecs:RegisterTaskDefinition"), 0);
}

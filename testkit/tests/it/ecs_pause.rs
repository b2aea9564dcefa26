//! Deployments that wait for someone, or for a function.

use serde_json::{Value, json};

use crate::ecs_bench::Bench;

fn pausing(stages: &[&str], timeout: &Value) -> Value {
    let hook = json!({ "targetType": "PAUSE", "lifecycleStages": stages, "timeoutConfiguration": timeout });
    let linear = json!({ "stepPercent": 50.0, "stepBakeTimeInMinutes": 1 });
    json!({ "strategy": "LINEAR", "linearConfiguration": linear, "lifecycleHooks": [hook] })
}

fn paused(stages: &[&str], timeout: &Value) -> (Bench, String) {
    let mut bench = Bench::new(
        pausing(&["POST_PRODUCTION_TRAFFIC_SHIFT"], &json!({ "timeoutInMinutes": 1, "action": "CONTINUE" })),
        1,
    );
    bench.update(&json!({ "deploymentConfiguration": pausing(stages, timeout) }));
    let arn = bench.deploy();
    (bench, arn)
}

fn hook(bench: &mut Bench, arn: &str) -> Value {
    bench.deployment(arn)["lifecycleHookDetails"][0].clone()
}

fn answer(bench: &mut Bench, arn: &str, hook: &Value, action: &str) {
    let id = &hook["hookId"];
    bench.call("ContinueServiceDeployment", json!({ "serviceDeploymentArn": arn, "hookId": id, "action": action }));
}

#[test]
fn a_pause_waits_until_it_is_continued() {
    let (mut bench, arn) = paused(&["PRE_SCALE_UP"], &json!(null));
    bench.wait(3600);
    let waiting = hook(&mut bench, &arn);
    assert!(waiting["hookId"].as_str().unwrap().starts_with("ecs-pause-"));
    assert_eq!(
        (&waiting["targetType"], &waiting["status"], &waiting["timeoutAction"], &waiting["targetArn"]),
        (&json!("PAUSE"), &json!("AWAITING_ACTION"), &json!("ROLLBACK"), &json!(null))
    );
    let expected = bench.deployment(&arn)["startedAt"].as_f64().unwrap() + 24.0 * 3600.0;
    assert_eq!(waiting["expiresAt"], json!(expected));
    assert_eq!(bench.look(&arn).stage, "PRE_SCALE_UP");
    answer(&mut bench, &arn, &waiting, "CONTINUE");
    assert_eq!(hook(&mut bench, &arn)["status"], "SUCCEEDED");
    bench.wait(2);
    assert_eq!(bench.look(&arn).stage, "SCALE_UP");
    bench.wait(3600);
    assert_eq!(bench.status(&arn), "SUCCESSFUL");
}

#[test]
fn each_linear_step_pauses_anew() {
    let (mut bench, arn) = paused(&["PRE_PRODUCTION_TRAFFIC_SHIFT"], &json!(null));
    let mut ids = Vec::new();
    for weight in [0.0, 50.0] {
        bench.wait(600);
        assert_eq!(bench.look(&arn).weights.1, Some(weight));
        let waiting = hook(&mut bench, &arn);
        ids.push(waiting["hookId"].clone());
        answer(&mut bench, &arn, &waiting, "CONTINUE");
    }
    assert_ne!(ids[0], ids[1]);
    bench.wait(600);
    assert_eq!(bench.status(&arn), "SUCCESSFUL");
}

#[test]
fn a_pause_can_be_answered_with_a_rollback() {
    let (mut bench, arn) = paused(&["POST_TEST_TRAFFIC_SHIFT"], &json!(null));
    bench.wait(600);
    let waiting = hook(&mut bench, &arn);
    answer(&mut bench, &arn, &waiting, "ROLLBACK");
    assert_eq!(bench.status(&arn), "ROLLBACK_IN_PROGRESS");
    bench.wait(600);
    assert_eq!(bench.status(&arn), "ROLLBACK_SUCCESSFUL");
}

#[test]
fn a_pause_that_times_out_does_as_it_was_told() {
    for (action, expected) in [
        (json!("CONTINUE"), "SUCCESSFUL"),
        (json!("ROLLBACK"), "ROLLBACK_SUCCESSFUL"),
        (json!(null), "ROLLBACK_SUCCESSFUL"),
    ] {
        let (mut bench, arn) = paused(&["POST_SCALE_UP"], &json!({ "timeoutInMinutes": 5, "action": action }));
        bench.wait(300);
        assert_eq!(bench.status(&arn), "IN_PROGRESS");
        bench.wait(3600);
        let deployment = bench.deployment(&arn);
        assert_eq!(deployment["status"], expected);
        if expected != "SUCCESSFUL" {
            let reason = "Service deployment rolled back because POST_SCALE_UP pause hook timed out.";
            assert_eq!(deployment["statusReason"], reason);
        }
    }
}

#[test]
fn a_function_is_called_and_succeeds() {
    let function = "arn:aws:lambda:eu-central-1:123456789012:function:check";
    let hook_of = json!({ "hookTargetArn": function, "lifecycleStages": ["TEST_TRAFFIC_SHIFT"] });
    let mut bench = Bench::new(json!({ "strategy": "BLUE_GREEN", "lifecycleHooks": [hook_of] }), 1);
    let arn = bench.deploy();
    bench.wait(57);
    let called = hook(&mut bench, &arn);
    assert_eq!((&called["targetArn"], &called["status"]), (&json!(function), &json!("IN_PROGRESS")));
    bench.wait(2);
    assert_eq!(hook(&mut bench, &arn)["status"], "SUCCEEDED");
    bench.wait(3600);
    assert_eq!(bench.status(&arn), "SUCCESSFUL");
}

#[test]
fn what_cannot_be_continued_is_refused() {
    let (mut bench, arn) = paused(&["PRE_SCALE_UP"], &json!(null));
    bench.wait(60);
    let id = hook(&mut bench, &arn)["hookId"].clone();
    let refusal = |bench: &mut Bench, arn: &str, id: &Value| {
        bench.refused("ContinueServiceDeployment", json!({ "serviceDeploymentArn": arn, "hookId": id })).1
    };
    let gone = "Provided hookId is either completed, unavailable, or not associated with the given Resource ARN";
    let format = "Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}";
    assert_eq!(refusal(&mut bench, &arn, &json!("pause-1")), format);
    assert_eq!(refusal(&mut bench, &arn, &json!("ecs-pause-1")), gone);
    assert_eq!(refusal(&mut bench, "arn:aws:ecs:x", &id), "The service deployment does not exist.");
    // A newer deployment makes the hooks of the old one invalid.
    bench.update(&json!({ "forceNewDeployment": true }));
    assert_eq!(refusal(&mut bench, &arn, &id), gone);
    bench.wait(60);
    let terminal = "Continuing a service deployment is not allowed for service deployment in terminal states.";
    assert_eq!(refusal(&mut bench, &arn, &id), terminal);
}

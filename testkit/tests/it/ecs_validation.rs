//! What a deployment configuration may not say, in ECS's words.

use serde_json::{Value, json};

use crate::ecs_bench::{Bench, balancing, load_balancer, service};

fn balancer_with(member: &str, value: Value) -> Value {
    let mut balancer = load_balancer();
    balancer["advancedConfiguration"][member] = value;
    balancer
}

fn hook(members: &Value) -> Value {
    json!({ "strategy": "BLUE_GREEN", "lifecycleHooks": [members] })
}

fn assert_refused(input: Value, message: &str) {
    let mut bench = Bench::empty();
    let refused = bench.refused("CreateService", input);
    assert_eq!(refused, ("InvalidParameterException".to_owned(), message.to_owned()));
    assert_eq!(bench.call("ListServices", json!({ "cluster": "stage" }))["serviceArns"], json!([]));
}

#[test]
fn load_balancers_are_checked() {
    let blue_green = json!({ "strategy": "BLUE_GREEN" });
    let group = balancing("targetgroup/blue/0123456789abcdef");
    let listener = balancing("listener/app/web/0123456789abcdef/0123456789abcdef");
    let rule = load_balancer()["advancedConfiguration"]["productionListenerRule"].clone();
    let plain =
        json!({ "targetGroupArn": balancing("targetgroup/plain/00"), "containerName": "web", "containerPort": 80 });
    let classic = json!({ "loadBalancerName": "old", "containerName": "web", "containerPort": 80 });
    let advanced_classic = json!({ "loadBalancerName": "old", "advancedConfiguration": {} });
    let required =
        "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment strategy";
    let all_or_none = "Either all or none of the provided loadBalancers must have advancedConfiguration defined";
    let one_kind = "All loadBalancers must be strictly either ELBv1 (defining loadBalancerName) or ELBv2 (defining targetGroupArn)";
    let not_classic = "advancedConfiguration field is not allowed with ELBv1 loadBalancers";
    let duplicate = format!("Duplicate targetGroupArn found: {group}");
    let arn_format = |member: &str| {
        format!("{member} has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: {listener}")
    };
    let both = format!(
        "The following rules cannot be used as both production and test listener rules: {}",
        rule.as_str().unwrap()
    );
    let cases = [
        (json!([plain]), required.to_owned()),
        (json!([load_balancer(), plain]), all_or_none.to_owned()),
        (json!([classic, plain]), one_kind.to_owned()),
        (json!([advanced_classic]), not_classic.to_owned()),
        (json!([load_balancer(), load_balancer()]), duplicate.clone()),
        (json!([balancer_with("alternateTargetGroupArn", json!(group))]), duplicate),
        (json!([balancer_with("productionListenerRule", json!(listener))]), arn_format("productionListenerRule")),
        (json!([balancer_with("testListenerRule", json!(listener))]), arn_format("testListenerRule")),
        (json!([balancer_with("testListenerRule", rule)]), both),
    ];
    for (balancers, message) in cases {
        let mut input = service(&blue_green, 1);
        input["loadBalancers"] = balancers;
        assert_refused(input, &message);
    }
}

#[test]
fn a_network_load_balancer_has_a_listener_in_place_of_a_rule() {
    let mut bench = Bench::empty();
    let mut input = service(&json!({ "strategy": "BLUE_GREEN" }), 1);
    let listener = balancing("listener/net/web/0123456789abcdef/0123456789abcdef");
    input["loadBalancers"] = json!([balancer_with("productionListenerRule", json!(listener))]);
    bench.call("CreateService", input);
}

#[test]
fn strategies_and_their_numbers_are_checked() {
    let cases = [
        (
            json!({ "strategy": "GREEN_BLUE" }),
            "Invalid deployment strategy. Valid values are: ROLLING, BLUE_GREEN, LINEAR, CANARY",
        ),
        (
            json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 0.0 } }),
            "canaryPercent must be between 0.1 and 100",
        ),
        (
            json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryBakeTimeInMinutes": 1441 } }),
            "canaryBakeTimeInMinutes must be between 0 and 1440",
        ),
        (
            json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 2.9 } }),
            "stepPercent must be between 3 and 100",
        ),
        (json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": -1 }), "bakeTimeInMinutes must be between 0 and 1440"),
    ];
    for (configuration, message) in cases {
        assert_refused(service(&configuration, 1), message);
    }
    let mut headless = service(&json!({ "strategy": "LINEAR" }), 1);
    headless["loadBalancers"] = json!([]);
    assert_refused(headless, "CANARY and LINEAR deployment strategies require a load balancer or Service Connect");
    let mut external = service(&json!({ "strategy": "CANARY" }), 1);
    external["deploymentController"] = json!({ "type": "EXTERNAL" });
    assert_refused(external, "Deployment strategies other than ROLLING require the ECS deployment controller");
    let mut uncounted = service(&json!({}), 1);
    uncounted["desiredCount"] = Value::Null;
    assert_refused(uncounted, "desiredCount is required for the REPLICA scheduling strategy.");
}

#[test]
fn lifecycle_hooks_are_checked() {
    let pause_stage = "Invalid lifecycle stage provided for Pause Hook";
    let cases = [
        (
            json!({ "targetType": "EMAIL", "lifecycleStages": ["PRE_SCALE_UP"] }),
            "Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE",
        ),
        (json!({ "targetType": "PAUSE", "lifecycleStages": ["TEST_TRAFFIC_SHIFT"] }), pause_stage),
        (
            json!({ "targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT"] }),
            pause_stage,
        ),
        (json!({ "targetType": "PAUSE", "lifecycleStages": ["BAKE_TIME"] }), "Invalid lifecycle stage provided"),
        (json!({ "lifecycleStages": ["PRE_SCALE_UP"] }), "hookTargetArn is required for AWS_LAMBDA lifecycle hooks"),
        (
            json!({ "targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"], "timeoutConfiguration": { "timeoutInMinutes": 0 } }),
            "timeoutInMinutes must be between 1 and 20160",
        ),
        (
            json!({ "targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"], "timeoutConfiguration": { "action": "WAIT" } }),
            "Invalid action. Valid values are: CONTINUE, ROLLBACK",
        ),
    ];
    for (members, message) in cases {
        assert_refused(service(&hook(&members), 1), message);
    }
    let pause = json!({ "targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"] });
    let many = json!({ "strategy": "BLUE_GREEN", "lifecycleHooks": vec![pause; 11] });
    assert_refused(service(&many, 1), "A service can have at most 10 lifecycle hooks of each target type");
}

#[test]
fn an_update_is_checked_like_a_creation_and_changes_nothing_if_refused() {
    let mut bench = Bench::new(json!({}), 1);
    let before = bench.service();
    let mut input = json!({ "cluster": "stage", "service": "web", "taskDefinition": "web:2", "desiredCount": 9 });
    input["deploymentConfiguration"] = json!({ "strategy": "CANARY" });
    let refused = bench.refused("UpdateService", input);
    assert_eq!(refused.1, "CANARY and LINEAR deployment strategies require a load balancer or Service Connect");
    assert_eq!(bench.service(), before);
}

//! Time is no actor: whoever looks once sees what whoever looks all the time has seen.

use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::alarms::AlarmState;

use crate::ecs_bench::{Bench, breaker};

/// Something that happens while a deployment is under way.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Fail,
    Raise,
    Scale(u8),
    Force,
    Stop,
    Continue,
    Kill,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        Just(Happening::Fail),
        Just(Happening::Raise),
        (0_u8..6).prop_map(Happening::Scale),
        Just(Happening::Force),
        Just(Happening::Stop),
        Just(Happening::Continue),
        Just(Happening::Kill),
    ]
}

fn configuration() -> impl Strategy<Value = Value> {
    let strategies = prop::sample::select(vec!["ROLLING", "BLUE_GREEN", "CANARY", "LINEAR"]);
    let percents = prop::sample::select(vec![(100, 200), (50, 100), (0, 150)]);
    (strategies, any::<bool>(), percents, any::<bool>()).prop_map(|(strategy, rollback, (least, most), pauses)| {
        let mut configuration = breaker(strategy, rollback);
        configuration["minimumHealthyPercent"] = json!(least);
        configuration["maximumPercent"] = json!(most);
        configuration["alarms"] = json!({ "alarmNames": ["errors"], "enable": true, "rollback": rollback });
        configuration["bakeTimeInMinutes"] = json!(1);
        configuration["linearConfiguration"] = json!({ "stepPercent": 30.0, "stepBakeTimeInMinutes": 1 });
        configuration["canaryConfiguration"] = json!({ "canaryPercent": 5.0, "canaryBakeTimeInMinutes": 1 });
        if pauses && strategy != "ROLLING" {
            let timeout = json!({ "timeoutInMinutes": 2, "action": "CONTINUE" });
            let hook = json!({
                "targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"], "timeoutConfiguration": timeout
            });
            configuration["lifecycleHooks"] = json!([hook]);
        }
        configuration
    })
}

fn happen(bench: &mut Bench, what: Happening) {
    let arn = bench.newest();
    match what {
        Happening::Fail => bench.break_new_image(),
        Happening::Raise => {
            let now = bench.now();
            bench.world.alarms.set_state("errors", AlarmState::Alarm, now);
        }
        Happening::Scale(desired) => {
            bench.update(&json!({ "desiredCount": desired }));
        }
        Happening::Force => {
            bench.update(&json!({ "forceNewDeployment": true }));
        }
        // These may come too late, which is an answer as well.
        Happening::Stop => {
            let _ = bench.try_call("StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
        }
        Happening::Continue => {
            let hook = bench.deployment(&arn)["lifecycleHookDetails"][0]["hookId"].clone();
            let input = json!({ "serviceDeploymentArn": arn, "hookId": hook });
            let _ = bench.try_call("ContinueServiceDeployment", input);
        }
        Happening::Kill => {
            let arns = bench.call("ListTasks", json!({ "cluster": "stage" }))["taskArns"].clone();
            let _ = bench.try_call("StopTask", json!({ "cluster": "stage", "task": arns[0] }));
        }
    }
}

/// The moves that ECS documents, and a rollback that a newer deployment ends.
///
/// Source: ECS developer guide, service deployment states. `PENDING` may also be followed by what `IN_PROGRESS` is followed by, for a look can
/// miss the latter.
fn may_follow(before: &str, after: &str) -> bool {
    let allowed: &[&str] = match before {
        "PENDING" | "IN_PROGRESS" => return after != "PENDING",
        "STOP_REQUESTED" => &["STOPPED"],
        "ROLLBACK_REQUESTED" => {
            &["ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "SUCCESSFUL", "STOPPED"]
        }
        "ROLLBACK_IN_PROGRESS" => &["ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"],
        _ => &[],
    };
    allowed.contains(&after)
}

fn everything(bench: &mut Bench) -> Value {
    let list = json!({ "cluster": "stage", "service": "web" });
    let deployments = bench.call("ListServiceDeployments", list)["serviceDeployments"].clone();
    let arns: Vec<Value> =
        deployments.as_array().unwrap().iter().map(|deployment| deployment["serviceDeploymentArn"].clone()).collect();
    let described = bench.call("DescribeServiceDeployments", json!({ "serviceDeploymentArns": arns }));
    json!([bench.service(), described, bench.stopped_tasks()])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_jump_and_many_steps_lead_to_the_same_world(
        configuration in configuration(),
        desired in 0_u64..5,
        happenings in prop::collection::vec((1_i64..400, happening()), 0..5),
    ) {
        let mut jumping = Bench::new(configuration.clone(), desired);
        let mut stepping = Bench::new(configuration, desired);
        jumping.deploy();
        stepping.deploy();
        let rest = (900, Happening::Scale(2));
        for (seconds, what) in happenings.into_iter().chain([rest]) {
            jumping.wait(seconds);
            let watched = stepping.newest();
            let mut before = stepping.status(&watched);
            for _ in 0..seconds {
                stepping.wait(1);
                let after = stepping.status(&watched);
                prop_assert!(before == after || may_follow(&before, &after), "{} after {}", after, before);
                before = after;
            }
            happen(&mut jumping, what);
            happen(&mut stepping, what);
        }
        prop_assert_eq!(everything(&mut jumping), everything(&mut stepping));
    }
}

#[test]
fn a_clock_that_goes_back_changes_nothing() {
    let mut bench = Bench::new(json!({}), 1);
    let arn = bench.deploy();
    bench.wait(30);
    let before = bench.look(&arn);
    bench.wait(-20);
    assert_eq!(bench.look(&arn), before);
}

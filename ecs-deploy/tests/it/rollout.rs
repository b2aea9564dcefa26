//! What a rollout does and says.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use testkit::Clock;

use crate::bench::{Bench, NEW, OLD, canary, rolling};

#[test]
fn a_rolling_deployment_is_followed_to_its_end() {
    let bench = Bench::new(&rolling());
    let outcome = bench.deploy().run().code(0).says("/ok", true).says("/deployment/outcome", "deployed");
    let outcome = outcome
        .says("/deployment/services/0/status", "SUCCESSFUL")
        .says("/deployment/services/0/images/0/previous_image", OLD);
    let _ = outcome.stderr_contains("2 of 2 tasks running").stderr_contains(&format!("stage/web: deployed {NEW}"));
    assert_eq!(bench.image(), NEW);
}

#[test]
fn a_canary_shows_its_traffic_shifts() {
    let bench = Bench::at(&canary(), Clock::manual());
    let running = bench.deploy().start();
    // Each look moves AWS on by less than the canary's bake, so that one of them falls into it.
    let mut seen = 0;
    let outcome = Bench::drive(running, || {
        let listed = bench.cloud.journal().iter().filter(|call| call.operation == "ecs:ListServiceDeployments").count();
        let looks = bench.looks() + listed;
        if looks > seen {
            seen = looks;
            bench.cloud.clock().advance(Duration::from_secs(if bench.looks() > 0 { 200 } else { 5 }));
        }
    });
    let outcome = outcome.code(0).says("/deployment/services/0/strategy", "CANARY").says("/deployment/ok", true);
    let _ = outcome
        .stderr_contains("PRODUCTION_TRAFFIC_SHIFT: 2 of 2 tasks running, 10 % of production traffic")
        .stderr_contains("BAKE_TIME: 2 of 2 tasks running, 100 % of production traffic");
}

#[test]
fn only_the_image_changes_and_only_the_task_definition_is_sent() {
    let bench = Bench::new(&rolling());
    let _ = bench.deploy().run().code(0);
    let journal = bench.cloud.journal();
    let sent = |operation: &str| {
        let call = journal.iter().find(|call| call.operation == operation).unwrap();
        serde_json::from_slice::<serde_json::Value>(&call.body).unwrap()
    };
    let mut members: Vec<String> = sent("ecs:UpdateService").as_object().unwrap().keys().cloned().collect();
    members.sort();
    assert_eq!(members, ["cluster", "service", "taskDefinition"]);
    let registered = sent("ecs:RegisterTaskDefinition");
    assert_eq!(registered["brandNewMember"], json!({ "z": 1, "a": [true, null] }));
    assert_eq!(registered["containerDefinitions"][0]["brandNewToo"], "kept");
    assert_eq!(registered["containerDefinitions"][0]["image"], NEW);
    assert_eq!(registered["tags"], json!([{ "key": "team", "value": "harbour" }]));
    assert_eq!(registered["revision"], json!(null), "read-only members are not sent back");
}

#[test]
fn the_same_image_again_is_nothing_to_do() {
    let bench = Bench::new(&rolling());
    let _ = bench.deploy().run().code(0);
    bench.cloud.clear_journal();
    let outcome = bench.deploy().run().code(0).says("/deployment/outcome", "unchanged").says("/deployment/ok", true);
    let _ = outcome.stderr_is(&format!("ecs-deploy: stage/web: nothing to do, {NEW} runs already\n"));
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_dry_run_only_reads() {
    let bench = Bench::new(&rolling());
    let outcome = bench.deploy().args(["--dry-run"]).run().code(0).says("/deployment/outcome", "planned");
    let _ = outcome.says("/deployment/ok", false).stderr_contains(&format!("would replace {OLD} by {NEW}"));
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
    assert_eq!(bench.image(), OLD);
}

#[test]
fn a_minimal_deployment_costs_six_requests_and_one_a_look() {
    let bench = Bench::new(&rolling());
    // What is listed late is looked for again, which costs more.
    bench.cloud.world().ecs.quirks.listed_after = SignedDuration::ZERO;
    let _ = bench.deploy().run().code(0);
    let calls = bench.cloud.journal().into_iter().map(|call| call.operation);
    let mut calls: Vec<String> = calls.filter(|call| call != "ecs:DescribeServiceDeployments").collect();
    calls.sort_unstable();
    let expected = [
        "ecs:DescribeServiceRevisions",
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:ListServiceDeployments",
        "ecs:RegisterTaskDefinition",
        "ecs:UpdateService",
    ];
    assert_eq!(calls, expected);
}

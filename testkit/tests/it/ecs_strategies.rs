//! What each strategy shows, and when.

use serde_json::{Value, json};

use crate::ecs_bench::{Bench, Look, balancing, breaker, service};

/// Seconds since the update, status, stage, test and production weight of the target, running and pending tasks of the target, running
/// tasks of the sources.
type Row = (f64, &'static str, &'static str, Option<(f64, f64)>, (u64, u64, u64));

fn assert_film(configuration: Value, expected: &[Row]) {
    let mut bench = Bench::new(configuration, 4);
    let arn = bench.deploy();
    let film = bench.film(&arn);
    let expected: Vec<(f64, Look)> = expected
        .iter()
        .map(|(seconds, status, stage, weights, tasks)| {
            let weights = (weights.map(|(test, _)| test), weights.map(|(_, production)| production));
            (*seconds, Look { status: (*status).to_owned(), stage: (*stage).to_owned(), weights, tasks: *tasks })
        })
        .collect();
    for (seen, row) in film.iter().zip(&expected) {
        assert_eq!(seen, row);
    }
    assert_eq!(film.len(), expected.len());
}

const RUNS: &str = "IN_PROGRESS";

/// What all deployments that shift traffic do first.
const BEFORE_PRODUCTION: [Row; 8] = [
    (0.0, "PENDING", "", Some((0.0, 0.0)), (0, 0, 4)),
    (1.6, RUNS, "PRE_SCALE_UP", Some((0.0, 0.0)), (0, 0, 4)),
    (3.6, RUNS, "SCALE_UP", Some((0.0, 0.0)), (0, 4, 4)),
    (23.6, RUNS, "SCALE_UP", Some((0.0, 0.0)), (4, 0, 4)),
    (53.6, RUNS, "POST_SCALE_UP", Some((0.0, 0.0)), (4, 0, 4)),
    (55.6, RUNS, "TEST_TRAFFIC_SHIFT", Some((100.0, 0.0)), (4, 0, 4)),
    (65.6, RUNS, "POST_TEST_TRAFFIC_SHIFT", Some((100.0, 0.0)), (4, 0, 4)),
    (67.6, RUNS, "PRE_PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 0.0)), (4, 0, 4)),
];

fn with(rest: &[Row]) -> Vec<Row> {
    [&BEFORE_PRODUCTION, rest].concat()
}

#[test]
fn a_rolling_deployment_replaces_all_tasks_when_the_new_ones_are_healthy() {
    assert_film(
        json!({}),
        &[
            (0.0, "PENDING", "", None, (0, 0, 4)),
            (1.6, RUNS, "", None, (0, 4, 4)),
            (21.6, RUNS, "", None, (4, 0, 4)),
            (51.6, RUNS, "", None, (4, 0, 0)),
            (81.6, "SUCCESSFUL", "", None, (4, 0, 0)),
        ],
    );
}

#[test]
fn without_room_a_rolling_deployment_goes_in_batches() {
    assert_film(
        json!({ "minimumHealthyPercent": 50, "maximumPercent": 100 }),
        &[
            (0.0, "PENDING", "", None, (0, 0, 4)),
            (1.6, RUNS, "", None, (0, 2, 2)),
            (21.6, RUNS, "", None, (2, 0, 2)),
            (51.6, RUNS, "", None, (2, 2, 0)),
            (71.6, RUNS, "", None, (4, 0, 0)),
            (101.6, "SUCCESSFUL", "", None, (4, 0, 0)),
        ],
    );
}

#[test]
fn blue_green_shifts_all_traffic_at_once() {
    let shift = [
        (69.6, RUNS, "PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 100.0)), (4, 0, 4)),
        (79.6, RUNS, "POST_PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 100.0)), (4, 0, 4)),
        (81.6, RUNS, "BAKE_TIME", Some((100.0, 100.0)), (4, 0, 4)),
        (201.6, RUNS, "CLEAN_UP", Some((100.0, 100.0)), (4, 0, 0)),
        (231.6, "SUCCESSFUL", "", Some((100.0, 100.0)), (4, 0, 0)),
    ];
    assert_film(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 2 }), &with(&shift));
}

#[test]
fn a_canary_goes_back_a_stage_before_the_rest_is_shifted() {
    let shift = [
        (69.6, RUNS, "PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 10.0)), (4, 0, 4)),
        (139.6, RUNS, "PRE_PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 10.0)), (4, 0, 4)),
        (141.6, RUNS, "PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 100.0)), (4, 0, 4)),
        (151.6, RUNS, "POST_PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 100.0)), (4, 0, 4)),
        (153.6, RUNS, "BAKE_TIME", Some((100.0, 100.0)), (4, 0, 4)),
        (213.6, RUNS, "CLEAN_UP", Some((100.0, 100.0)), (4, 0, 0)),
        (243.6, "SUCCESSFUL", "", Some((100.0, 100.0)), (4, 0, 0)),
    ];
    let canary = json!({ "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1 });
    let configuration = json!({ "strategy": "CANARY", "bakeTimeInMinutes": 1, "canaryConfiguration": canary });
    assert_film(configuration, &with(&shift));
}

#[test]
fn linear_shifts_step_by_step_and_does_not_bake_the_last_one() {
    let shift = [
        (69.6, RUNS, "PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 40.0)), (4, 0, 4)),
        (139.6, RUNS, "PRE_PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 40.0)), (4, 0, 4)),
        (141.6, RUNS, "PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 80.0)), (4, 0, 4)),
        (211.6, RUNS, "PRE_PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 80.0)), (4, 0, 4)),
        (213.6, RUNS, "PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 100.0)), (4, 0, 4)),
        (223.6, RUNS, "POST_PRODUCTION_TRAFFIC_SHIFT", Some((100.0, 100.0)), (4, 0, 4)),
        (225.6, RUNS, "CLEAN_UP", Some((100.0, 100.0)), (4, 0, 0)),
        (255.6, "SUCCESSFUL", "", Some((100.0, 100.0)), (4, 0, 0)),
    ];
    let linear = json!({ "stepPercent": 40.0, "stepBakeTimeInMinutes": 1 });
    assert_film(json!({ "strategy": "LINEAR", "linearConfiguration": linear }), &with(&shift));
}

#[test]
fn the_weights_of_source_and_target_add_up() {
    let mut bench = Bench::new(json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 0.1 } }), 2);
    let arn = bench.deploy();
    bench.wait(75);
    let source = bench.deployment(&arn)["sourceServiceRevisions"][0].clone();
    assert_eq!(source["requestedProductionTrafficWeight"], 99.9);
    assert_eq!(source["requestedTestTrafficWeight"], 0.0);
}

#[test]
fn without_a_load_balancer_blue_green_has_stages_and_no_weights() {
    let mut bench = Bench::empty();
    let mut headless = service(&json!({ "strategy": "BLUE_GREEN" }), 1);
    headless["loadBalancers"] = json!([]);
    bench.call("CreateService", headless);
    let arn = bench.newest();
    bench.wait(10);
    let look = bench.look(&arn);
    assert_eq!((look.stage.as_str(), look.weights), ("SCALE_UP", (None, None)));
    bench.wait(3600);
    assert_eq!(bench.status(&arn), "SUCCESSFUL");
}

#[test]
fn a_first_deployment_has_no_source() {
    for strategy in ["ROLLING", "CANARY"] {
        let mut bench = Bench::empty();
        bench.call("CreateService", service(&breaker(strategy, true), 2));
        let arn = bench.newest();
        assert_eq!(bench.deployment(&arn)["sourceServiceRevisions"], json!([]));
        bench.wait(3600);
        assert_eq!(bench.status(&arn), "SUCCESSFUL", "{strategy}");
    }
}

#[test]
fn the_target_groups_swap_with_each_deployment() {
    let mut bench = Bench::new(json!({ "strategy": "BLUE_GREEN" }), 1);
    let mut groups = Vec::new();
    for _ in 0..3 {
        let revision = bench.service()["currentServiceRevisions"][0]["arn"].clone();
        let described = bench.call("DescribeServiceRevisions", json!({ "serviceRevisionArns": [revision] }));
        let resolved = described["serviceRevisions"][0]["resolvedConfiguration"]["loadBalancers"][0].clone();
        groups.push(resolved["targetGroupArn"].as_str().unwrap().to_owned());
        bench.update(&json!({ "forceNewDeployment": true }));
        bench.wait(3600);
    }
    let blue = balancing("targetgroup/blue/0123456789abcdef");
    let green = balancing("targetgroup/green/fedcba9876543210");
    assert_eq!(groups, [&blue, &green, &blue].map(String::clone));
}

#[test]
fn nothing_desired_is_deployed_at_once() {
    let mut bench = Bench::new(json!({}), 0);
    let arn = bench.deploy();
    bench.wait(2);
    assert_eq!(bench.status(&arn), "SUCCESSFUL");
    assert_eq!(bench.service()["deployments"][0]["rolloutState"], "COMPLETED");
}

#[test]
fn a_rolling_deployment_that_watches_alarms_goes_on_long_after_its_tasks_are_stable() {
    let alarms = json!({ "alarmNames": ["errors"], "enable": true, "rollback": true });
    let mut bench = Bench::new(json!({ "alarms": alarms }), 2);
    let arn = bench.deploy();
    bench.wait(200);
    let look = bench.look(&arn);
    assert_eq!((look.status.as_str(), look.tasks), ("IN_PROGRESS", (2, 0, 0)));
    bench.wait(200);
    assert_eq!(bench.status(&arn), "SUCCESSFUL");
}

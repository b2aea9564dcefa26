//! Random schedules of faults and of people: whatever happens, what is reported is what happened.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use testkit::Clock;
use testkit::sandbox::Outcome;

use crate::bench::{Bench, blue_green, canary, linear, rolling};

/// What somebody else does to the service while it is deployed.
#[derive(Clone, Copy, Debug)]
enum Intrusion {
    Nothing,
    Stop,
    Supersede,
    Delete,
}

#[derive(Clone, Debug)]
struct Schedule {
    strategy: usize,
    /// Whether tasks of the new image fail, and how many.
    failing: Option<u64>,
    faults: Vec<String>,
    intrusion: Intrusion,
    /// After how many looks the intrusion comes.
    after: usize,
    flags: Vec<&'static str>,
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let operation = prop::sample::select(vec![
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:RegisterTaskDefinition",
        "ecs:UpdateService",
        "ecs:ListServiceDeployments",
        "ecs:DescribeServiceRevisions",
        "ecs:DescribeServiceDeployments",
        "ecs:StopServiceDeployment",
        "ecs:ListTasks",
        "logs:GetLogEvents",
        "ecs:*",
    ]);
    let kind =
        prop::sample::select(vec!["lost-response", "error-after:500", "throttle", "refuse", "cut-body", "latency:30"]);
    let fault = (operation, 1_u64..6, 1_u64..7, kind)
        .prop_map(|(operation, nth, times, kind)| format!("{operation}#{nth}x{times}={kind}"));
    let intrusion = prop::sample::select(vec![
        Intrusion::Nothing,
        Intrusion::Nothing,
        Intrusion::Stop,
        Intrusion::Supersede,
        Intrusion::Delete,
    ]);
    let flags = prop::sample::select(vec![
        vec![],
        vec!["--fail-after", "1"],
        vec!["--check", "true", "--check-every", "50ms"],
        vec!["--check", "false", "--check-every", "50ms"],
    ]);
    let failing = prop::option::of(1_u64..6);
    (0_usize..4, failing, prop::collection::vec(fault, 0..4), intrusion, 1_usize..6, flags).prop_map(
        |(strategy, failing, faults, intrusion, after, flags)| Schedule {
            strategy,
            failing,
            faults,
            intrusion,
            after,
            flags,
        },
    )
}

fn run(schedule: &Schedule) -> (Bench, Outcome) {
    let configuration = [rolling(), blue_green(), canary(), linear()][schedule.strategy].clone();
    let bench = Bench::at(&configuration, Clock::running(400.0));
    if let Some(times) = schedule.failing {
        bench.fail(&json!({ "image": crate::bench::NEW, "afterSeconds": 5, "times": times }));
    }
    for fault in &schedule.faults {
        bench.cloud.arm(fault.parse().unwrap());
    }
    let running = bench.deploy().args(schedule.flags.clone()).start();
    let mut intruded = false;
    let outcome = Bench::drive(running, || {
        if !intruded && bench.looks() >= schedule.after {
            intruded = true;
            intrude(&bench, schedule.intrusion);
        }
    });
    (bench, outcome)
}

fn intrude(bench: &Bench, intrusion: Intrusion) {
    let named = json!({ "cluster": "stage", "service": "web" });
    let (operation, mut input) = match intrusion {
        Intrusion::Nothing => return,
        Intrusion::Stop => {
            ("StopServiceDeployment", json!({ "serviceDeploymentArn": bench.latest()["serviceDeploymentArn"] }))
        }
        Intrusion::Supersede => ("UpdateService", json!({ "taskDefinition": "web:1", "forceNewDeployment": true })),
        Intrusion::Delete => ("DeleteService", json!({ "force": true })),
    };
    input.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
    let operation = testkit::world::Operation { service: testkit::world::Service::Ecs, name: operation.to_owned() };
    let now = bench.cloud.clock().now();
    // The deployment may be over, and the service gone: then there is nothing to intrude upon.
    let _ = bench.cloud.world().call(&operation, &input, bench.cloud.endpoint(), now);
}

/// The deployments that roll out a task definition, in ECS's own words, oldest first.
fn deployments_of(bench: &Bench, task_definition: &str) -> Vec<Value> {
    let listed =
        bench.call("ListServiceDeployments", &json!({ "cluster": "stage", "service": "web", "maxResults": 100 }));
    let mut found = Vec::new();
    for brief in listed["serviceDeployments"].as_array().unwrap().iter().rev() {
        let revisions = json!({ "serviceRevisionArns": [brief["targetServiceRevisionArn"]] });
        let revision = &bench.call("DescribeServiceRevisions", &revisions)["serviceRevisions"][0];
        if revision["taskDefinition"] == task_definition {
            found.push(brief.clone());
        }
    }
    found
}

fn is_deleted(bench: &Bench) -> bool {
    let described = bench.call("DescribeServices", &json!({ "cluster": "stage", "services": ["web"] }));
    described["services"][0]["status"] != "ACTIVE"
}

/// Whether the last deployment of the first revision came after the one it was registered with, and is through.
fn went_back(bench: &Bench, task_definition: &str) -> bool {
    let family = task_definition.rsplit_once(':').map_or(task_definition, |(family, _)| family);
    let of_old = deployments_of(bench, &format!("{family}:1"));
    of_old.len() > 1 && of_old.last().is_some_and(|deployment| deployment["status"] == "SUCCESSFUL")
}

/// Whether what was reported is what happened.
fn verdict(schedule: &Schedule, bench: &Bench, outcome: &Outcome) -> Result<(), String> {
    let document = outcome.json();
    let code = outcome.exit_code().unwrap_or(-1);
    let report = &document["deployment"]["services"][0];
    let told = document["deployment"]["outcome"].as_str().unwrap_or("nothing");
    let expected_codes: &[i32] = match told {
        "deployed" => &[0],
        "rolled_back" | "rollback_failed" | "superseded" | "stopped" | "refused" => &[1],
        "in_progress" => &[4],
        "failed" | "nothing" => &[1, 3],
        _ => return Err(format!("an outcome that cannot be: {told}")),
    };
    let lie = |why: String| Err(format!("{schedule:?}\n{why}\n{}\n{}", outcome.stdout(), outcome.stderr()));
    if !expected_codes.contains(&code) || document["ok"] != (code == 0) {
        return lie(format!("{told} with exit code {code}"));
    }
    // What is listed late is listed by now.
    bench.cloud.clock().advance(Duration::from_mins(1));
    let Some(task_definition) = report["task_definition"].as_str() else { return Ok(()) };
    let ours = deployments_of(bench, task_definition);
    let status = ours.first().map_or("none", |deployment| deployment["status"].as_str().unwrap());
    // A service that somebody deleted in the end runs nothing: whether it was gone back from before, its deployments tell.
    let is_gone_back_from = || {
        if is_deleted(bench) { went_back(bench, task_definition) } else { bench.image() == crate::bench::OLD }
    };
    let fits = match told {
        "deployed" => status == "SUCCESSFUL",
        // By ECS, or by a deployment of the old task definition when a check failed at the end.
        "rolled_back" => status == "ROLLBACK_SUCCESSFUL" || (status == "SUCCESSFUL" && is_gone_back_from()),
        // By ECS, or by somebody else after it was through and before it could be gone back from.
        "superseded" => status == "STOPPED" || (status == "SUCCESSFUL" && (is_deleted(bench) || is_gone_back_from())),
        "stopped" => status == "STOPPED" || is_deleted(bench),
        "rollback_failed" => status != "ROLLBACK_SUCCESSFUL",
        "failed" => status == "none",
        _ => true,
    };
    if fits { Ok(()) } else { lie(format!("{told} was told, and {status} is true")) }
}

/// Schedules are mostly waiting: so many are played at a time.
const AT_ONCE: u32 = 8;
/// How many each of them plays.
const EACH: u32 = 6;

fn play() -> Result<(), String> {
    let mut runner =
        TestRunner::new(Config { cases: EACH, max_shrink_iters: 0, failure_persistence: None, ..Config::default() });
    let played = runner.run(&schedules(), |schedule| {
        let (bench, outcome) = run(&schedule);
        verdict(&schedule, &bench, &outcome).map_err(TestCaseError::fail)
    });
    played.map_err(|error| error.to_string())
}

#[test]
fn whatever_goes_wrong_the_outcome_that_is_told_is_true() {
    let lies: Vec<String> = std::thread::scope(|scope| {
        let players: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(play)).collect();
        players.into_iter().filter_map(|player| player.join().unwrap().err()).collect()
    });
    assert!(lies.is_empty(), "{}", lies.join("\n\n"));
}

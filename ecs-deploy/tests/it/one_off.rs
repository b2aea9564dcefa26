//! The task that runs before a release.

use serde_json::json;

use crate::bench::{Bench, NEW, OLD, rolling};

/// Makes the first task of the new image, which is the one before the release, end so.
fn first_task_ends(bench: &Bench, exit_code: i32, log: &[&str]) {
    bench.fail(&json!({ "image": NEW, "times": 1, "afterSeconds": 5, "exitCode": exit_code, "log": log }));
}

#[test]
fn a_task_runs_on_the_new_definition_in_the_services_network_and_its_log_is_streamed() {
    let bench = Bench::new(&rolling());
    let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED" } });
    bench.call("UpdateService", &json!({ "cluster": "stage", "service": "web", "networkConfiguration": network }));
    bench.cloud.clock().advance(std::time::Duration::from_hours(1));
    first_task_ends(&bench, 0, &["migrating", "done in 3 steps"]);
    let outcome =
        bench.deploy().args(["--run-task", "./migrate --all"]).run().code(0).says("/deployment/task/ok", true);
    let outcome = outcome
        .says("/deployment/task/exit_code", 0)
        .says("/deployment/task/log", json!(["migrating", "done in 3 steps"]));
    let _ = outcome.stderr_contains("| migrating").says("/deployment/outcome", "deployed");
    let sent = &bench.sent("ecs:RunTask")[0];
    assert_eq!(sent["networkConfiguration"], network);
    assert_eq!(
        sent["overrides"]["containerOverrides"][0],
        json!({ "name": "web", "command": ["sh", "-c", "./migrate --all"] })
    );
    assert!(sent["taskDefinition"].as_str().unwrap().ends_with("task-definition/web:2"));
    let order: Vec<String> = bench.cloud.writes();
    assert_eq!(order, ["ecs:RegisterTaskDefinition", "ecs:RunTask", "ecs:UpdateService"]);
}

#[test]
fn a_task_that_fails_stops_the_release() {
    let bench = Bench::new(&rolling());
    first_task_ends(&bench, 3, &["table users is locked"]);
    let outcome = bench.deploy().args(["--run-task", "./migrate"]).run().code(1).says("/error/code", "task.failed");
    let _ = outcome.says("/deployment/outcome", "refused").says("/deployment/task/exit_code", 3).stderr_contains(
        "the task before the release failed: exit code 3, Essential container in task exited: table users is locked",
    );
    assert_eq!(bench.count("ecs:UpdateService"), 0);
    assert_eq!(bench.image(), OLD);
}

#[test]
fn an_answer_that_is_lost_does_not_run_the_task_twice() {
    let bench = Bench::new(&rolling());
    bench.cloud.arm("ecs:RunTask=lost-response".parse().unwrap());
    let _ = bench.deploy().args(["--run-task", "./migrate"]).run().code(0).says("/deployment/task/ok", true);
    let tokens: Vec<_> = bench.sent("ecs:RunTask").iter().map(|sent| sent["clientToken"].clone()).collect();
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1]);
}

#[test]
fn nothing_is_run_for_a_release_that_changes_nothing() {
    let bench = Bench::new(&rolling());
    let run = bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--image", OLD]);
    let _ = run.args(["--run-task", "./migrate"]).run().code(0).says("/deployment/outcome", "unchanged");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

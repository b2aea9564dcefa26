//! Signals: the deployment is left or goes back, and nothing is left behind.

use std::fs;
use std::path::Path;
use std::time::Duration;

use testkit::Clock;

use crate::bench::{Bench, NEW, OLD, canary, rolling, wait_until};

/// The processes that were started in a folder and still run, by what they were called with.
fn processes_of(folder: &Path) -> Vec<String> {
    let home = format!("HOME={}", folder.display());
    let was_started_there = |process: &Path| {
        // Of one that has ended, or is somebody else's, there is nothing to read.
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == home.as_bytes())
    };
    let all = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let ours = all.filter(|process| was_started_there(process));
    ours.map(|process| String::from_utf8_lossy(&fs::read(process.join("cmdline")).unwrap_or_default()).into_owned())
        .collect()
}

#[test]
fn a_signal_does_not_turn_round_what_goes_back_already() {
    let bench = Bench::at(&rolling(), Clock::manual());
    // The check fails when the deployment is through: the way back is another deployment.
    let check = "until test -e through; do sleep 0.02; done; exit 1";
    let running = bench.deploy().args(["--on-interrupt", "rollback", "--check", check]).start();
    wait_until(|| {
        bench.cloud.clock().advance(Duration::from_secs(2));
        bench.image() == NEW && bench.latest()["status"] == "SUCCESSFUL" && bench.deployments_of("web").len() == 2
    });
    let looks = bench.looks();
    wait_until(|| bench.looks() > looks + 1);
    bench.sandbox.write("through", "");
    wait_until(|| bench.count("ecs:UpdateService") == 2);
    bench.cloud.clock().advance(Duration::from_secs(10));
    let way_back = bench.latest()["serviceDeploymentArn"].clone();
    wait_until(|| bench.sent("ecs:DescribeServiceDeployments").last().unwrap()["serviceDeploymentArns"][0] == way_back);
    running.signal("TERM");
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let outcome = outcome.code(143).says("/deployment/outcome", "rolled_back").says("/error/code", "interrupted");
    let _ = outcome.says("/deployment/services/0/arn", way_back).stderr_contains("failed, exit code 1");
    assert_eq!((bench.count("ecs:StopServiceDeployment"), bench.count("ecs:UpdateService")), (0, 2));
    assert_eq!((bench.latest()["status"].as_str(), bench.image().as_str()), (Some("SUCCESSFUL"), OLD));
}

#[test]
fn a_stop_that_fails_in_passing_is_asked_for_again() {
    // The second one is more than the client's own attempts.
    for fault in ["ecs:StopServiceDeployment=error:400:ConflictException", "ecs:StopServiceDeployment#1x5=throttle"] {
        let bench = Bench::at(&canary(), Clock::manual());
        bench.cloud.arm(fault.parse().unwrap());
        let running = bench.deploy().args(["--on-interrupt", "rollback"]).start();
        bench.until_followed();
        running.signal("TERM");
        wait_until(|| bench.latest()["status"] == "ROLLBACK_REQUESTED");
        let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
        let outcome = outcome.code(143).says("/deployment/outcome", "rolled_back").says("/error/code", "interrupted");
        let _ = outcome.stderr_contains("rolling back because of a signal");
        assert_eq!(bench.latest()["status"], "ROLLBACK_SUCCESSFUL", "{fault}");
        assert_eq!((bench.count("ecs:UpdateService"), bench.image().as_str()), (1, OLD), "{fault}");
    }
}

#[test]
fn a_check_that_is_interrupted_leaves_no_process_behind() {
    for check in ["sleep 300 & touch begun; wait", "touch begun; sleep 300 | cat"] {
        let bench = Bench::at(&canary(), Clock::manual());
        let running = bench.deploy().args(["--check", check]).start();
        wait_until(|| {
            bench.cloud.clock().advance(Duration::from_secs(2));
            bench.sandbox.path().join("begun").exists()
        });
        let folder = bench.sandbox.path();
        wait_until(|| processes_of(folder).iter().any(|process| process.starts_with("sleep")));
        running.signal("TERM");
        let outcome = running.wait().code(143).says("/deployment/outcome", "in_progress");
        let _ =
            outcome.says("/error/code", "interrupted").stderr_contains("hint: it goes on: ecs-deploy --resume arn:");
        // What was killed takes a moment to be gone.
        wait_until(|| processes_of(folder).is_empty());
    }
}

#[test]
fn a_signal_rolls_back_if_it_is_to_and_the_exit_code_still_names_it() {
    let bench = Bench::at(&canary(), Clock::manual());
    let running = bench.deploy().args(["--on-interrupt", "rollback"]).start();
    bench.until_followed();
    running.signal("TERM");
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let outcome = outcome.code(143).says("/deployment/outcome", "rolled_back").says("/error/code", "interrupted");
    let _ = outcome.stderr_contains("rolling back because of a signal");
    assert_eq!(bench.latest()["status"], "ROLLBACK_SUCCESSFUL");
}

#[test]
fn a_second_signal_ends_the_watching() {
    let bench = Bench::at(&canary(), Clock::manual());
    let running = bench.deploy().args(["--on-interrupt", "rollback"]).start();
    bench.until_followed();
    running.signal("INT");
    wait_until(|| bench.count("ecs:StopServiceDeployment") == 1);
    running.signal("INT");
    let outcome = running.wait().code(130).says("/deployment/outcome", "in_progress");
    let _ = outcome.says("/error/code", "interrupted");
    assert_eq!(bench.latest()["status"], "ROLLBACK_REQUESTED");
}

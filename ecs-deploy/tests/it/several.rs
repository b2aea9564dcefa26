//! Several services in one run.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Clock;
use testkit::sandbox::Run;

use crate::bench::{Bench, NEW, OLD, blue_green, rolling, wait_until};

fn names(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("web-{number:02}")).collect()
}

fn bench(count: usize) -> Bench {
    let bench = Bench::new(&rolling());
    for name in names(count) {
        bench.add_service(&name, &rolling());
    }
    bench.cloud.clear_journal();
    bench
}

#[test]
fn twenty_services_cost_as_many_polls_as_one() {
    let bench = bench(20);
    let services = names(20).join(",");
    let run = bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", &services, "--image", NEW]);
    let outcome = run.run().code(0).says("/deployment/outcome", "deployed");
    let document = outcome.json();
    let reports = document["deployment"]["services"].as_array().unwrap();
    assert!(reports.len() == 20 && reports.iter().all(|report| report["outcome"] == "deployed"));
    // Every poll names all deployments that are still open.
    let polls = bench.sent("ecs:DescribeServiceDeployments");
    assert_eq!(polls[0]["serviceDeploymentArns"].as_array().unwrap().len(), 20);
    assert_eq!(bench.count("ecs:RegisterTaskDefinition"), 1, "they share a task definition");
    assert_eq!(bench.count("ecs:DescribeServices"), 2, "ten at a time");
    let _ = outcome.stderr_contains("stage: 20 deployed");
}

#[test]
fn one_that_fails_is_the_outcome_of_the_run_and_the_others_stay() {
    let bench = bench(2);
    bench.fail(&json!({ "image": NEW, "times": 0 }));
    bench.cloud.arm("ecs:UpdateService#2x9=error:400:AccessDeniedException".parse().unwrap());
    let run =
        bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web-01,web-02", "--image", NEW]);
    let outcome = run.run().code(3).says("/error/code", "aws.access_denied").says("/deployment/outcome", "failed");
    // Both are started at once: whose call comes second is nobody's business.
    let document = outcome.json();
    let services = document["deployment"]["services"].as_array().unwrap();
    let mut outcomes: Vec<&str> = services.iter().map(|service| service["outcome"].as_str().unwrap()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["deployed", "failed"]);
}

#[test]
fn together_they_stand_or_fall() {
    let bench = bench(2);
    bench.cloud.arm("ecs:UpdateService#2x5=error:400:AccessDeniedException".parse().unwrap());
    let flags = ["--cluster", "stage", "--service", "web-01", "--service", "web-02", "--image", NEW, "--together"];
    let outcome = bench.sandbox.tool("ecs-deploy").args(flags).run();
    let outcome =
        outcome.says("/deployment/services/0/outcome", "rolled_back").says("/deployment/services/1/outcome", "failed");
    assert_ne!(outcome.exit_code(), Some(0));
    for name in names(2) {
        let services = bench.call("DescribeServices", &json!({ "cluster": "stage", "services": [name] }));
        let definition = services["services"][0]["taskDefinition"].as_str().unwrap().to_owned();
        assert!(definition.ends_with("/web:1"), "{name} runs {definition}, and {OLD} is web:1");
    }
}

/// Two services with these deployment configurations, on a clock that is moved by hand.
fn pair(first: &Value, second: &Value) -> Bench {
    let bench = Bench::at(&rolling(), Clock::manual());
    bench.add_service("first", first);
    bench.add_service("second", second);
    bench.cloud.clear_journal();
    bench
}

fn deploy_both(bench: &Bench) -> Run {
    bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "first,second", "--image", NEW])
}

/// A service that bakes for so long that the other one is through before it.
fn slow(mut configuration: Value) -> Value {
    configuration["bakeTimeInMinutes"] = json!(40);
    configuration
}

/// Waits until the new image of the first service is through while the second service is under way.
fn until_first_is_through(bench: &Bench) {
    wait_until(|| {
        bench.cloud.clock().advance(Duration::from_secs(2));
        let [first, second] = ["first", "second"].map(|service| bench.deployments_of(service));
        let is_through = first.len() == 2 && first[0]["status"] == "SUCCESSFUL";
        is_through && second.len() == 2 && second[0]["status"] == "IN_PROGRESS"
    });
    let looks = bench.looks();
    wait_until(|| bench.looks() > looks + 1);
}

fn stop_second(bench: &Bench) {
    let arn = bench.deployments_of("second")[0]["serviceDeploymentArn"].clone();
    bench.call("StopServiceDeployment", &json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" }));
}

#[test]
fn together_the_one_that_was_through_goes_back_and_is_not_held_at_its_pause() {
    let bench = pair(&blue_green(), &slow(blue_green()));
    let flags = ["--together", "--pause-at", "post-scale-up", "--pause-timeout", "24h", "--check", "true"];
    let running = deploy_both(&bench).args(flags).start();
    until_first_is_through(&bench);
    assert_eq!(bench.count("ecs:ContinueServiceDeployment"), 2, "the checks let both of them go on");
    stop_second(&bench);
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let outcome = outcome.code(1).says("/deployment/outcome", "rolled_back").says("/ok", false);
    let outcome = outcome.says("/deployment/services/0/outcome", "rolled_back");
    let way_back = bench.deployments_of("first")[0]["serviceDeploymentArn"].clone();
    let outcome = outcome.says("/deployment/services/0/arn", way_back.clone());
    let _ = outcome.stderr_contains("first: rolling back: another service failed: second: ");
    let continued = bench.sent("ecs:ContinueServiceDeployment");
    assert_eq!((continued.len(), &continued[2]["serviceDeploymentArn"]), (3, &way_back));
    assert_eq!(["first", "second"].map(|service| bench.image_of(service)), [OLD, OLD]);
}

#[test]
fn together_what_somebody_else_has_deployed_meanwhile_is_not_overwritten() {
    let bench = pair(&rolling(), &slow(rolling()));
    let running = deploy_both(&bench).args(["--together"]).start();
    until_first_is_through(&bench);
    let newest = "public.example/web:3";
    let definition = json!({ "family": "web", "containerDefinitions": [{ "name": "web", "image": newest }] });
    let registered = bench.call("RegisterTaskDefinition", &definition);
    let arn = registered["taskDefinition"]["taskDefinitionArn"].clone();
    bench.call("UpdateService", &json!({ "cluster": "stage", "service": "first", "taskDefinition": arn }));
    stop_second(&bench);
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let outcome = outcome.code(1).says("/ok", false).says("/deployment/services/1/outcome", "rolled_back");
    let outcome = outcome.says("/deployment/services/0/outcome", "superseded");
    let _ = outcome.says("/deployment/services/0/superseded_by", arn).stderr_contains("error: rolled back: ");
    assert_eq!(bench.count("ecs:UpdateService"), 2, "one for each service, and none after that");
    assert_eq!(["first", "second"].map(|service| bench.image_of(service)), [newest, OLD]);
}

#[test]
fn together_a_start_that_fails_leaves_the_next_service_untouched() {
    let bench = pair(&rolling(), &rolling());
    bench.cloud.arm("ecs:UpdateService#1x9=error:400:AccessDeniedException".parse().unwrap());
    let outcome = deploy_both(&bench).args(["--together"]).run().code(3).says("/error/code", "aws.access_denied");
    let outcome = outcome.says("/deployment/services/0/outcome", "failed");
    let _ = outcome.says("/deployment/services/1/outcome", "refused").stderr_contains("ecs:UpdateService");
    let updated: Vec<Value> = bench.sent("ecs:UpdateService").iter().map(|sent| sent["service"].clone()).collect();
    assert!(updated.iter().all(|service| service == "first"), "{updated:?}");
    assert_eq!(["first", "second"].map(|service| bench.image_of(service)), [OLD, OLD]);
}

#[test]
fn a_round_of_checks_that_began_too_early_says_nothing_about_a_service() {
    let bench = pair(&rolling(), &blue_green());
    // The first round passes as soon as it may, the second one fails.
    let check = "test -e begun && exit 1; touch begun; until test -e may-pass; do sleep 0.02; done";
    let running = deploy_both(&bench).args(["--check", check]).start();
    wait_until(|| bench.count("ecs:UpdateService") == 2);
    // ECS lists deployments a little later.
    bench.cloud.clock().advance(Duration::from_secs(6));
    // Tasks of the first service run, and those of the second one have no traffic yet.
    bench.cloud.clock().advance(Duration::from_secs(25));
    wait_until(|| bench.sandbox.path().join("begun").exists());
    assert_eq!(bench.deployments_of("second")[0]["status"], "IN_PROGRESS");
    bench.cloud.clock().advance(Duration::from_mins(20));
    let looks = bench.looks();
    wait_until(|| bench.looks() > looks + 1);
    bench.sandbox.write("may-pass", "");
    let outcome = Bench::drive(running, || bench.cloud.clock().advance(Duration::from_secs(5)));
    let outcome = outcome.code(1).says("/error/code", "deployment.rolled_back").says("/deployment/checks/0/runs", 2);
    let outcome = outcome.says("/deployment/services/0/outcome", "deployed");
    let _ =
        outcome.says("/deployment/services/1/outcome", "rolled_back").stderr_contains("second: rolling back: check");
    assert_eq!(["first", "second"].map(|service| bench.image_of(service)), [NEW, OLD]);
}

#[test]
fn a_service_that_is_not_there_stops_the_run_before_anything_is_changed() {
    let bench = bench(1);
    let run =
        bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web-01,nobody", "--image", NEW]);
    let _ = run.run().code(3).says("/error/code", "service.missing").stderr_contains("`nobody`");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

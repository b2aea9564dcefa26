//! Several services in one run.

use crate::bench::{Bench, NEW, OLD, rolling};

fn names(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("web-{number:02}")).collect()
}

fn bench(count: usize) -> Bench {
    let bench = Bench::new(&rolling());
    for name in names(count) {
        bench.add_service(&name);
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
    bench.fail(&serde_json::json!({ "image": NEW, "times": 0 }));
    bench.cloud.arm("ecs:UpdateService#2x9=error:400:AccessDeniedException".parse().unwrap());
    let run =
        bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web-01,web-02", "--image", NEW]);
    let outcome = run.run().code(3).says("/error/code", "aws.access_denied").says("/deployment/outcome", "failed");
    let _ = outcome.says("/deployment/services/0/outcome", "deployed").says("/deployment/services/1/outcome", "failed");
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
        let services = bench.call("DescribeServices", &serde_json::json!({ "cluster": "stage", "services": [name] }));
        let definition = services["services"][0]["taskDefinition"].as_str().unwrap().to_owned();
        assert!(definition.ends_with("/web:1"), "{name} runs {definition}, and {OLD} is web:1");
    }
}

#[test]
fn a_service_that_is_not_there_stops_the_run_before_anything_is_changed() {
    let bench = bench(1);
    let run =
        bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web-01,nobody", "--image", NEW]);
    let _ = run.run().code(3).says("/error/code", "service.missing").stderr_contains("`nobody`");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

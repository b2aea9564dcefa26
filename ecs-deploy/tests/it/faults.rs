//! The world fails, and the outcome is still told right.

use crate::bench::{Bench, NEW, rolling};

/// Runs a deployment with a fault and says its exit code.
fn exit_code(fault: &str) -> (Bench, i32) {
    let bench = Bench::new(&rolling());
    bench.cloud.arm(fault.parse().unwrap());
    let outcome = bench.deploy().run();
    let code = outcome.exit_code().unwrap();
    assert_eq!(outcome.json()["ok"], code == 0, "{fault}: {}", outcome.stderr());
    (bench, code)
}

#[test]
fn what_is_lost_on_the_way_is_tried_again() {
    let faults = [
        "ecs:DescribeServices=lost-response",
        "ecs:DescribeTaskDefinition=cut-body",
        "ecs:RegisterTaskDefinition=lost-response",
        "ecs:RegisterTaskDefinition=error-after:500",
        "ecs:UpdateService=lost-response",
        "ecs:UpdateService=error-after:500",
        "ecs:UpdateService=throttle",
        "ecs:ListServiceDeployments#1x2=throttle",
        "ecs:DescribeServiceDeployments#2x3=refuse",
        "ecs:DescribeServiceDeployments=latency:50",
    ];
    for fault in faults {
        let (bench, code) = exit_code(fault);
        assert_eq!((code, bench.image().as_str()), (0, NEW), "{fault}");
    }
}

#[test]
fn an_update_whose_answer_is_lost_before_the_others_are_throttled_is_found_and_followed() {
    let bench = Bench::new(&rolling());
    bench.cloud.arm("ecs:UpdateService=lost-response".parse().unwrap());
    bench.cloud.arm("ecs:UpdateService#2x20=throttle".parse().unwrap());
    let outcome = bench.deploy().run().code(0).says("/deployment/outcome", "deployed").says("/ok", true);
    let arn = bench.latest()["serviceDeploymentArn"].clone();
    let _ = outcome.says("/deployment/services/0/arn", arn);
    assert!(bench.count("ecs:UpdateService") > 1, "the first one was carried out, and the others were refused");
    assert_eq!((bench.deployments_of("web").len(), bench.image().as_str()), (2, NEW));
}

#[test]
fn a_deployment_that_cannot_be_looked_at_any_more_has_an_unknown_outcome() {
    let bench = Bench::new(&rolling());
    bench.cloud.arm("ecs:DescribeServiceDeployments#1x1000=error:400:AccessDeniedException".parse().unwrap());
    let outcome =
        bench.deploy().run().code(4).says("/error/code", "deployment.lost").says("/deployment/outcome", "in_progress");
    let arn = outcome.json()["deployment"]["services"][0]["arn"].as_str().unwrap().to_owned();
    let _ = outcome.stderr_contains(&arn).stderr_contains("request id local-");
}

#[test]
fn a_missing_permission_is_named_with_the_action() {
    let bench = Bench::new(&rolling());
    bench.cloud.arm("ecs:UpdateService#1x9=error:400:AccessDeniedException".parse().unwrap());
    let outcome = bench.deploy().run().code(3).says("/error/code", "aws.access_denied");
    let _ = outcome.stderr_contains(
        "ecs-deploy: hint: allow ecs:UpdateService for this role; --iam-policy prints the least policy",
    );
}

#[test]
fn no_aws_at_all_is_a_failure_of_the_world() {
    let bench = Bench::new(&rolling());
    let run = bench.deploy().env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let _ = run.run().code(3).says("/error/code", "aws.network").stderr_contains("ecs:DescribeServices failed");
}

//! Services that CodeDeploy controls.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::sandbox::{Run, Sandbox};
use testkit::{Clock, LocalAws};

use crate::bench::{Bench, NEW, OLD};

struct Blue {
    cloud: LocalAws,
    sandbox: Sandbox,
}

impl Blue {
    /// A service that CodeDeploy deploys in this configuration.
    fn new(configuration: &str, clock: Clock) -> Self {
        let cloud = LocalAws::start_at(0, clock).unwrap();
        let arn = |name: &str| {
            format!("arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/{name}/0123456789abcdef")
        };
        let definition = json!({ "family": "web", "containerDefinitions": [{ "name": "web", "image": OLD, "portMappings": [{ "containerPort": 80 }] }] });
        let seed = json!([
            { "ecs:CreateCluster": { "clusterName": "stage" } },
            { "ecs:RegisterTaskDefinition": definition },
            { "ecs:CreateService": {
                "cluster": "stage", "serviceName": "web", "taskDefinition": "web:1", "desiredCount": 2,
                "deploymentController": { "type": "CODE_DEPLOY" },
                "loadBalancers": [{ "targetGroupArn": arn("blue"), "containerName": "web", "containerPort": 80 }]
            } },
            { "local:Advance": { "minutes": 60 } },
            { "codedeploy:CreateApplication": { "applicationName": "web", "computePlatform": "ECS" } },
            { "codedeploy:CreateDeploymentGroup": {
                "applicationName": "web", "deploymentGroupName": "stage", "deploymentConfigName": configuration,
                "ecsServices": [{ "serviceName": "web", "clusterName": "stage" }],
                "loadBalancerInfo": { "targetGroupPairInfoList": [{ "targetGroups": [{ "name": "blue" }, { "name": "green" }] }] },
                "blueGreenDeploymentConfiguration": {
                    "terminateBlueInstancesOnDeploymentSuccess": { "action": "TERMINATE", "terminationWaitTimeInMinutes": 5 },
                    "deploymentReadyOption": { "actionOnTimeout": "CONTINUE_DEPLOYMENT", "waitTimeInMinutes": 0 }
                },
                "autoRollbackConfiguration": { "enabled": true, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"] }
            } }
        ]);
        testkit::seed::plant(seed.to_string().as_bytes(), &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
        let sandbox = Sandbox::with_aws(&cloud);
        Self { cloud, sandbox }
    }

    fn deploy(&self) -> Run {
        self.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--image", NEW])
    }

    /// What the serving task set runs.
    fn serving(&self) -> String {
        let operation =
            |name: &str| testkit::world::Operation { service: testkit::world::Service::Ecs, name: name.to_owned() };
        let now = self.cloud.clock().now();
        let mut world = self.cloud.world();
        let input = json!({ "cluster": "stage", "services": ["web"] });
        let services = world.call(&operation("DescribeServices"), &input, "", now).unwrap();
        let sets = services["services"][0]["taskSets"].as_array().unwrap();
        let primary = sets.iter().find(|set| set["status"] == "PRIMARY").unwrap();
        primary["taskDefinition"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    }

    fn sent(&self, operation: &str) -> Vec<Value> {
        let calls = self.cloud.journal().into_iter().filter(|call| call.operation == operation);
        calls.map(|call| serde_json::from_slice(&call.body).unwrap()).collect()
    }
}

#[test]
fn a_service_of_codedeploy_is_deployed_through_it_in_the_groups_or_in_another_configuration() {
    let cases: [(&[&str], Option<&str>); 4] = [
        (&[], None),
        (&["--strategy", "blue-green"], Some("CodeDeployDefault.ECSAllAtOnce")),
        (&["--strategy", "canary", "--step-bake", "15m"], Some("CodeDeployDefault.ECSCanary10Percent15Minutes")),
        (&["--strategy", "linear"], Some("CodeDeployDefault.ECSLinear10PercentEvery1Minutes")),
    ];
    for (flags, configuration) in cases {
        let blue = Blue::new("CodeDeployDefault.ECSAllAtOnce", Clock::running(2000.0));
        let outcome = blue.deploy().args(flags).run().code(0).says("/deployment/outcome", "deployed");
        let id = outcome.json()["deployment"]["services"][0]["arn"].as_str().unwrap().to_owned();
        assert!(id.starts_with("d-"), "{id}");
        assert_eq!(blue.serving(), "web:2");
        let sent = &blue.sent("codedeploy:CreateDeployment")[0];
        assert_eq!(sent["deploymentConfigName"].as_str(), configuration);
        assert!(blue.sent("ecs:UpdateService").is_empty());
    }
}

#[test]
fn traffic_is_shown_while_codedeploy_shifts_it() {
    let blue = Blue::new("CodeDeployDefault.ECSCanary10Percent5Minutes", Clock::manual());
    let running = blue.deploy().start();
    let mut looks = 0;
    let outcome = Bench::drive(running, || {
        let seen =
            blue.cloud.journal().iter().filter(|call| call.operation == "codedeploy:BatchGetDeploymentTargets").count();
        if seen > looks {
            looks = seen;
            blue.cloud.clock().advance(Duration::from_secs(40));
        }
    });
    let _ = outcome.code(0).stderr_contains("web: AllowTraffic: 2 of 2 tasks running, 10 % of production traffic");
}

#[test]
fn tasks_that_never_become_healthy_are_explained_and_the_rollback_is_awaited() {
    let blue = Blue::new("CodeDeployDefault.ECSAllAtOnce", Clock::running(1000.0));
    let rule = json!({ "image": NEW, "afterSeconds": 5, "exitCode": 3 });
    blue.cloud.world().ecs.fail_tasks(&rule).unwrap();
    let outcome = blue.deploy().run().code(1).says("/error/code", "deployment.rolled_back");
    let outcome =
        outcome.says("/deployment/outcome", "rolled_back").says("/deployment/services/0/causes/0/exit_code", 3);
    let _ = outcome.stderr_contains("EssentialContainerExited");
    assert_eq!(blue.serving(), "web:1");
}

#[test]
fn a_check_that_fails_stops_a_deployment_of_codedeploy() {
    let blue = Blue::new("CodeDeployDefault.ECSLinear10PercentEvery1Minutes", Clock::running(200.0));
    let outcome = blue.deploy().args(["--check", "exit 9"]).run().code(1).says("/deployment/outcome", "rolled_back");
    let _ = outcome.stderr_contains("rolled back: check `exit 9` failed, exit code 9");
    assert_eq!(blue.sent("codedeploy:StopDeployment")[0]["autoRollbackEnabled"], true);
    assert_eq!(blue.serving(), "web:1");
}

#[test]
fn a_deployment_of_codedeploy_is_looked_at_and_stopped_by_its_id() {
    let blue = Blue::new("CodeDeployDefault.ECSLinear10PercentEvery3Minutes", Clock::manual());
    let running = blue.deploy().start();
    crate::bench::wait_until(|| blue.sent("codedeploy:BatchGetDeploymentTargets").len() > 1);
    running.signal("TERM");
    let id = running.wait().code(143).json()["deployment"]["services"][0]["arn"].as_str().unwrap().to_owned();
    let tool = || blue.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web"]);
    let _ = tool().args(["--status"]).run().code(4).says("/deployment/services/0/arn", id.as_str());
    let _ = blue.deploy().run().code(3).stderr_contains("DeploymentLimitExceededException");
    let running = tool().args(["--stop", &id]).start();
    let outcome = Bench::drive(running, || blue.cloud.clock().advance(Duration::from_secs(5)));
    let _ = outcome.code(0).says("/deployment/outcome", "rolled_back");
    let _ = tool().args(["--status", &id]).run().code(1).says("/deployment/outcome", "rolled_back");
}

#[test]
fn what_codedeploys_group_decides_cannot_be_asked_of_the_service() {
    let blue = Blue::new("CodeDeployDefault.ECSAllAtOnce", Clock::manual());
    for flags in [&["--bake", "5m"][..], &["--alarm", "errors"], &["--strategy", "canary", "--canary-percent", "33"]] {
        let _ = blue.deploy().args(flags).run().code(2).says("/error/code", "strategy.invalid");
    }
    assert_eq!(blue.cloud.writes(), Vec::<String>::new());
}

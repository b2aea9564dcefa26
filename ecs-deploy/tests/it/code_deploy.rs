//! Services that CodeDeploy controls.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::sandbox::{Outcome, Run, Running, Sandbox};
use testkit::world::{Operation, Service};
use testkit::{Clock, LocalAws};

use crate::bench::{Bench, NEW, OLD, wait_until};

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

    /// Calls a service behind the tool's back.
    fn ask(&self, service: Service, operation: &str, input: &Value) -> Value {
        let operation = Operation { service, name: operation.to_owned() };
        self.cloud.world().call(&operation, input, "", self.cloud.clock().now()).unwrap()
    }

    /// The deployments of CodeDeploy, the newest first.
    fn deployments(&self) -> Vec<String> {
        let listed = self.ask(Service::CodeDeploy, "ListDeployments", &json!({}));
        listed["deployments"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    /// Lets time go by until the newest deployment shifts production traffic; then it stands still.
    fn until_traffic_shifts(&self) {
        wait_until(|| {
            self.cloud.clock().advance(Duration::from_secs(5));
            let Some(id) = self.deployments().into_iter().next() else { return false };
            let input = json!({ "deploymentId": id, "targetIds": ["stage:web"] });
            let targets = self.ask(Service::CodeDeploy, "BatchGetDeploymentTargets", &input);
            let events = targets["deploymentTargets"][0]["ecsTarget"]["lifecycleEvents"].as_array().cloned();
            let shifts =
                |event: &Value| event["lifecycleEventName"] == "AllowTraffic" && event["status"] == "InProgress";
            events.is_some_and(|events| events.iter().any(shifts))
        });
    }

    /// Lets time go by until the tool has ended.
    fn drive(&self, running: Running) -> Outcome {
        Bench::drive(running, || self.cloud.clock().advance(Duration::from_secs(5)))
    }

    /// What the serving task set runs.
    fn serving(&self) -> String {
        let input = json!({ "cluster": "stage", "services": ["web"] });
        let services = self.ask(Service::Ecs, "DescribeServices", &input);
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
    wait_until(|| blue.sent("codedeploy:BatchGetDeploymentTargets").len() > 1);
    running.signal("TERM");
    let id = running.wait().code(143).json()["deployment"]["services"][0]["arn"].as_str().unwrap().to_owned();
    let tool = || blue.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web"]);
    let _ = tool().args(["--status"]).run().code(4).says("/deployment/services/0/arn", id.as_str());
    let _ = blue.deploy().run().code(3).stderr_contains("DeploymentLimitExceededException");
    let running = tool().args(["--stop", &id]).start();
    let outcome = blue.drive(running).code(0).says("/deployment/outcome", "rolled_back");
    assert!(!outcome.stdout().contains(NEW), "what was stopped serves nowhere");
    let _ = tool().args(["--status", &id]).run().code(1).says("/deployment/outcome", "rolled_back");
}

const SLOWLY: &str = "CodeDeployDefault.ECSLinear10PercentEvery3Minutes";

#[test]
fn a_check_is_run_while_codedeploy_shifts_traffic_and_can_take_it_back() {
    let blue = Blue::new(SLOWLY, Clock::manual());
    let check = "echo at $DEPLOYMENT_STAGE; test $DEPLOYMENT_STAGE != AllowTraffic";
    let running = blue.deploy().args(["--check", check, "--check-every", "50ms"]).start();
    blue.until_traffic_shifts();
    // Time stands still: it is the first share of traffic that the check sees.
    wait_until(|| !blue.sent("codedeploy:StopDeployment").is_empty());
    let outcome = blue.drive(running).code(1).says("/deployment/outcome", "rolled_back").says("/ok", false);
    let outcome = outcome.says("/deployment/checks/0/output/0", "at AllowTraffic");
    let _ = outcome.stderr_contains("failed, exit code 1: at AllowTraffic");
    assert_eq!(blue.sent("codedeploy:CreateDeployment").len(), 1, "CodeDeploy takes it back by itself");
    assert_eq!(blue.serving(), "web:1");
}

#[test]
fn a_deployment_of_another_job_is_never_taken_for_ours() {
    let blue = Blue::new(SLOWLY, Clock::manual());
    let container = json!({ "ContainerName": "web", "ContainerPort": 80 });
    let properties = json!({ "TaskDefinition": "web:1", "LoadBalancerInfo": container });
    let resource = json!({ "TargetService": { "Type": "AWS::ECS::Service", "Properties": properties } });
    let content = json!({ "version": 0.0, "Resources": [resource] }).to_string();
    let theirs = json!({
        "applicationName": "web", "deploymentGroupName": "stage", "description": "ecs-deploy 0123456789abcdef",
        "revision": { "revisionType": "AppSpecContent", "appSpecContent": { "content": content } }
    });
    let theirs = blue.ask(Service::CodeDeploy, "CreateDeployment", &theirs)["deploymentId"].clone();
    let outcome = blue.deploy().args(["--timeout", "20s"]).run().code(3).says("/ok", false);
    let outcome = outcome.says("/deployment/outcome", "failed");
    let outcome = outcome.says("/deployment/services/0/arn", json!(null));
    let outcome = outcome.stderr_contains("DeploymentLimitExceededException").stderr_contains(theirs.as_str().unwrap());
    assert!(!outcome.stdout().contains("\"deployed\""), "{}", outcome.stdout());
    assert_eq!(blue.sent("codedeploy:BatchGetDeploymentTargets"), Vec::<Value>::new(), "it is not followed");
    assert_eq!(blue.sent("codedeploy:StopDeployment"), Vec::<Value>::new());
}

#[test]
fn a_deployment_of_codedeploy_whose_answer_is_lost_is_found_by_its_description() {
    let lost = "codedeploy:CreateDeployment=lost-response";
    // The client asks again by itself: it is refused, for ours is there already, or told to slow down.
    for faults in [&[lost][..], &[lost, "codedeploy:CreateDeployment#2x20=throttle"]] {
        let blue = Blue::new(SLOWLY, Clock::manual());
        for fault in faults {
            blue.cloud.arm(fault.parse().unwrap());
        }
        let running = blue.deploy().start();
        wait_until(|| !blue.sent("codedeploy:BatchGetDeploymentTargets").is_empty());
        let outcome = blue.drive(running).code(0).says("/deployment/outcome", "deployed").says("/ok", true);
        assert!(blue.sent("codedeploy:CreateDeployment").len() > 1, "{faults:?}");
        let _ = outcome.says("/deployment/services/0/arn", json!(blue.deployments()[0]));
        assert_eq!((blue.deployments().len(), blue.serving().as_str()), (1, "web:2"), "{faults:?}");
    }
}

#[test]
fn another_job_is_told_which_image_codedeploy_deploys() {
    let blue = Blue::new(SLOWLY, Clock::manual());
    let running = blue.deploy().start();
    blue.until_traffic_shifts();
    wait_until(|| !blue.sent("codedeploy:BatchGetDeploymentTargets").is_empty());
    running.signal("TERM");
    let id = running.wait().code(143).json()["deployment"]["services"][0]["arn"].as_str().unwrap().to_owned();
    let tool = || blue.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web"]);
    let outcome = tool().args(["--status", &id]).run().code(4).says("/deployment/outcome", "in_progress");
    let outcome = outcome.says("/deployment/services/0/images/0/image", NEW);
    let definition = outcome.json()["deployment"]["services"][0]["task_definition"].as_str().unwrap().to_owned();
    assert!(definition.ends_with("/web:2"), "{definition}");
    let outcome = blue.drive(tool().args(["--resume", &id]).start()).code(0).says("/deployment/outcome", "deployed");
    let outcome = outcome.says("/deployment/services/0/images/0/image", NEW);
    let _ = outcome.stderr_contains(&format!("stage/web: deployed {NEW}"));
    let outcome = tool().args(["--status", &id]).run().code(0).says("/deployment/outcome", "deployed");
    let _ = outcome.says("/deployment/services/0/images/0/image", NEW);
}

#[test]
fn what_codedeploys_group_decides_cannot_be_asked_of_the_service() {
    let blue = Blue::new("CodeDeployDefault.ECSAllAtOnce", Clock::manual());
    for flags in [&["--bake", "5m"][..], &["--alarm", "errors"], &["--strategy", "canary", "--canary-percent", "33"]] {
        let _ = blue.deploy().args(flags).run().code(2).says("/error/code", "strategy.invalid");
    }
    assert_eq!(blue.cloud.writes(), Vec::<String>::new());
}

//! A local AWS with one cluster, one service and a folder to work in.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::sandbox::{Outcome, Run, Running, Sandbox};
use testkit::world::{Operation, Service};
use testkit::{Clock, LocalAws};

pub(crate) struct Bench {
    pub(crate) cloud: LocalAws,
    pub(crate) sandbox: Sandbox,
}

/// The image that the service has at first.
pub(crate) const OLD: &str = "public.example/web:1";
/// The image that is deployed.
pub(crate) const NEW: &str = "public.example/web:2";

impl Bench {
    /// A service with this deployment configuration whose first deployment is through. One AWS minute lasts 30 ms.
    pub(crate) fn new(configuration: &Value) -> Self {
        let bench = Self::at(configuration, Clock::running(2000.0));
        bench.cloud.clear_journal();
        bench
    }

    /// The same with a clock of its own.
    pub(crate) fn at(configuration: &Value, clock: Clock) -> Self {
        let cloud = LocalAws::start_at(0, clock).unwrap();
        let sandbox = Sandbox::with_aws(&cloud);
        let mut service = json!({
            "cluster": "stage", "serviceName": "web", "taskDefinition": "web", "desiredCount": 2,
            "deploymentConfiguration": configuration
        });
        if configuration["strategy"] != "ROLLING" {
            service["loadBalancers"] = json!([load_balancer()]);
        }
        let bench = Self { cloud, sandbox };
        bench.call("CreateCluster", &json!({ "clusterName": "stage" }));
        bench.ask(Service::Logs, "CreateLogGroup", &json!({ "logGroupName": "/ecs/web" }));
        bench.call("RegisterTaskDefinition", &definition());
        bench.call("CreateService", &service);
        bench.cloud.clock().advance(Duration::from_hours(1));
        bench
    }

    /// Calls ECS behind the tool's back.
    pub(crate) fn call(&self, operation: &str, input: &Value) -> Value {
        self.ask(Service::Ecs, operation, input)
    }

    /// Calls any service behind the tool's back.
    pub(crate) fn ask(&self, service: Service, operation: &str, input: &Value) -> Value {
        let operation = Operation { service, name: operation.to_owned() };
        let now = self.cloud.clock().now();
        self.cloud.world().call(&operation, input, self.cloud.endpoint(), now).unwrap()
    }

    /// Another service like `web`, with this name and deployment configuration, whose first deployment is through.
    pub(crate) fn add_service(&self, name: &str, configuration: &Value) {
        let mut service = json!({
            "cluster": "stage", "serviceName": name, "taskDefinition": "web", "desiredCount": 1,
            "deploymentConfiguration": configuration
        });
        if configuration["strategy"] != "ROLLING" {
            service["loadBalancers"] = json!([load_balancer()]);
        }
        self.call("CreateService", &service);
        self.cloud.clock().advance(Duration::from_hours(1));
    }

    /// The deployments of a service in brief, the newest first.
    pub(crate) fn deployments_of(&self, service: &str) -> Vec<Value> {
        let listed = self.call("ListServiceDeployments", &json!({ "cluster": "stage", "service": service }));
        listed["serviceDeployments"].as_array().unwrap().clone()
    }

    /// The service's latest deployment, as ECS knows it.
    pub(crate) fn latest(&self) -> Value {
        let arn = self.deployments_of("web")[0]["serviceDeploymentArn"].clone();
        let described = self.call("DescribeServiceDeployments", &json!({ "serviceDeploymentArns": [arn] }));
        described["serviceDeployments"][0].clone()
    }

    /// The bodies that were sent to an operation.
    pub(crate) fn sent(&self, operation: &str) -> Vec<Value> {
        let calls = self.cloud.journal().into_iter().filter(|call| call.operation == operation);
        calls.map(|call| serde_json::from_slice(&call.body).unwrap()).collect()
    }

    /// How often an operation was called.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.cloud.journal().iter().filter(|call| call.operation == operation).count()
    }

    /// What the service runs now.
    pub(crate) fn image(&self) -> String {
        self.image_of("web")
    }

    /// What a service runs now.
    pub(crate) fn image_of(&self, service: &str) -> String {
        let services = self.call("DescribeServices", &json!({ "cluster": "stage", "services": [service] }));
        let arn = services["services"][0]["taskDefinition"].clone();
        let described = self.call("DescribeTaskDefinition", &json!({ "taskDefinition": arn }));
        described["taskDefinition"]["containerDefinitions"][0]["image"].as_str().unwrap().to_owned()
    }

    /// `ecs-deploy` for this service and the new image.
    pub(crate) fn deploy(&self) -> Run {
        self.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--image", NEW])
    }

    /// How often the deployment has been looked at.
    pub(crate) fn looks(&self) -> usize {
        self.cloud.journal().iter().filter(|call| call.operation == "ecs:DescribeServiceDeployments").count()
    }

    /// Calls `meanwhile` again and again until the tool has ended.
    pub(crate) fn drive(running: Running, mut meanwhile: impl FnMut()) -> Outcome {
        let (done, ended) = mpsc::channel();
        let waiter = thread::spawn(move || done.send(running.wait()));
        let outcome = loop {
            match ended.recv_timeout(Duration::from_millis(20)) {
                Ok(outcome) => break outcome,
                Err(_) => meanwhile(),
            }
        };
        waiter.join().unwrap().unwrap();
        outcome
    }

    /// Holds every later deployment of the service at this stage, for a day.
    pub(crate) fn pause_at(&self, stage: &str) {
        let configuration = json!({ "lifecycleHooks": [pause(stage)] });
        let input = json!({ "cluster": "stage", "service": "web", "deploymentConfiguration": configuration });
        self.call("UpdateService", &input);
    }

    /// Makes every task of the new image fail.
    pub(crate) fn break_new_image(&self) {
        self.fail(&json!({
            "image": NEW, "afterSeconds": 5, "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited", "exitCode": 137, "log": ["starting", "heap is full"]
        }));
    }

    /// Makes tasks fail as a rule says.
    pub(crate) fn fail(&self, rule: &Value) {
        self.cloud.world().ecs.fail_tasks(rule).unwrap();
    }

    /// Waits until the tool has started its deployment, lets the list catch up, and waits until the tool has looked at it.
    pub(crate) fn until_followed(&self) {
        wait_until(|| self.cloud.writes().contains(&"ecs:UpdateService".to_owned()));
        // A write is noted before it is done: where it was done later than this, the list lags behind it still.
        let mut advanced: Option<Instant> = None;
        wait_until(|| {
            if advanced.is_none_or(|advanced| advanced.elapsed() > Duration::from_secs(3)) {
                self.cloud.clock().advance(Duration::from_secs(10));
                advanced = Some(Instant::now());
            }
            self.looks() > 0
        });
    }
}

/// Waits for something that must come.
pub(crate) fn wait_until(mut come: impl FnMut() -> bool) {
    let started = Instant::now();
    while !come() {
        assert!(started.elapsed() < Duration::from_secs(30), "it did not come");
        thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn rolling() -> Value {
    json!({ "strategy": "ROLLING", "deploymentCircuitBreaker": { "enable": true, "rollback": true } })
}

pub(crate) fn blue_green() -> Value {
    json!({
        "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5,
        "deploymentCircuitBreaker": { "enable": true, "rollback": true }
    })
}

pub(crate) fn linear() -> Value {
    json!({
        "strategy": "LINEAR", "bakeTimeInMinutes": 5,
        "linearConfiguration": { "stepPercent": 50.0, "stepBakeTimeInMinutes": 5 },
        "deploymentCircuitBreaker": { "enable": true, "rollback": true }
    })
}

pub(crate) fn canary() -> Value {
    json!({
        "strategy": "CANARY", "bakeTimeInMinutes": 5,
        "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 5 },
        "deploymentCircuitBreaker": { "enable": true, "rollback": true }
    })
}

/// A lifecycle hook that holds deployments at a stage for a day.
pub(crate) fn pause(stage: &str) -> Value {
    let timeout = json!({ "timeoutInMinutes": 1440, "action": "ROLLBACK" });
    json!({ "targetType": "PAUSE", "lifecycleStages": [stage], "timeoutConfiguration": timeout })
}

pub(crate) fn load_balancer() -> Value {
    let arn = |rest: &str| format!("arn:aws:elasticloadbalancing:eu-central-1:123456789012:{rest}");
    json!({
        "targetGroupArn": arn("targetgroup/blue/0123456789abcdef"), "containerName": "web", "containerPort": 80,
        "advancedConfiguration": {
            "alternateTargetGroupArn": arn("targetgroup/green/fedcba9876543210"),
            "productionListenerRule": arn("listener-rule/app/web/0123456789abcdef/0123456789abcdef/0123456789abcdef"),
            "roleArn": "arn:aws:iam::123456789012:role/ecs-infrastructure"
        }
    })
}

/// A task definition with members that no SDK knows.
fn definition() -> Value {
    json!({
        "family": "web",
        "brandNewMember": { "z": 1, "a": [true, null] },
        "containerDefinitions": [
            {
                "name": "web", "image": OLD, "essential": true, "brandNewToo": "kept", "portMappings": [{ "containerPort": 80 }],
                "environment": [{ "name": "LOG", "value": "info" }],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": { "awslogs-group": "/ecs/web", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "web" }
                }
            }
        ],
        "tags": [{ "key": "team", "value": "harbour" }]
    })
}

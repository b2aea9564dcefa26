//! An ECS with one cluster and one service, without a server around it, and a time that the test moves.

#![expect(clippy::unwrap_used, reason = "what cannot be asked or read ends the test")]
#![expect(clippy::needless_pass_by_value, reason = "tests write the JSON where they pass it")]

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testkit::wire::ServiceError;
use testkit::world::{Operation, Service, World};

pub(crate) const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) world: World,
    elapsed: SignedDuration,
}

/// One look at a service deployment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) status: String,
    pub(crate) stage: String,
    /// Test and production weight of the target.
    pub(crate) weights: (Option<f64>, Option<f64>),
    /// Running and pending tasks of the target, running tasks of the sources.
    pub(crate) tasks: (u64, u64, u64),
}

impl Bench {
    /// A cluster and the task definition `web:1`, no service.
    pub(crate) fn empty() -> Self {
        let mut bench = Self::default();
        bench.call("CreateCluster", json!({ "clusterName": "stage" }));
        bench.register("web:1");
        bench
    }

    /// A service `web` whose first deployment is through, with this deployment configuration, and a second task definition.
    pub(crate) fn new(configuration: Value, desired: u64) -> Self {
        let mut bench = Self::empty();
        bench.call("CreateService", service(&configuration, desired));
        bench.wait(2 * 3600);
        bench.register("web:2");
        bench
    }

    pub(crate) fn now(&self) -> Timestamp {
        START + self.elapsed
    }

    pub(crate) fn wait(&mut self, seconds: i64) {
        self.elapsed += SignedDuration::from_secs(seconds);
    }

    pub(crate) fn wait_ms(&mut self, milliseconds: i64) {
        self.elapsed += SignedDuration::from_millis(milliseconds);
    }

    pub(crate) fn try_call(&mut self, operation: &str, input: Value) -> Result<Value, ServiceError> {
        self.ask(Service::Ecs, operation, &input)
    }

    pub(crate) fn ask(&mut self, service: Service, operation: &str, input: &Value) -> Result<Value, ServiceError> {
        let now = self.now();
        self.world.call(&Operation { service, name: operation.to_owned() }, input, "http://127.0.0.1:0", now)
    }

    pub(crate) fn call(&mut self, operation: &str, input: Value) -> Value {
        self.try_call(operation, input).unwrap()
    }

    /// The code and message that a call is refused with.
    pub(crate) fn refused(&mut self, operation: &str, input: Value) -> (String, String) {
        let error = self.try_call(operation, input).unwrap_err();
        (error.code, error.message)
    }

    /// Registers the next revision of `web`; its image is `image` at `public.example`.
    pub(crate) fn register(&mut self, image: &str) {
        let container = json!({
            "name": "web", "image": format!("public.example/{image}"), "essential": true,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": { "awslogs-group": "/ecs/web", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "web" }
            }
        });
        self.call("RegisterTaskDefinition", json!({ "family": "web", "containerDefinitions": [container] }));
    }

    /// Updates the service.
    pub(crate) fn update(&mut self, members: &Value) -> Value {
        let mut input = json!({ "cluster": "stage", "service": "web" });
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        self.call("UpdateService", input)["service"].clone()
    }

    /// Starts a deployment of the second task definition and gives its ARN.
    pub(crate) fn deploy(&mut self) -> String {
        self.update(&json!({ "taskDefinition": "web:2" }));
        self.newest()
    }

    /// The ARN of the newest service deployment.
    pub(crate) fn newest(&mut self) -> String {
        let quirks = std::mem::replace(&mut self.world.ecs.quirks, testkit::ecs::Quirks::none());
        let listed = self.call("ListServiceDeployments", json!({ "cluster": "stage", "service": "web" }));
        self.world.ecs.quirks = quirks;
        listed["serviceDeployments"][0]["serviceDeploymentArn"].as_str().unwrap().to_owned()
    }

    pub(crate) fn service(&mut self) -> Value {
        self.call("DescribeServices", json!({ "cluster": "stage", "services": ["web"] }))["services"][0].clone()
    }

    pub(crate) fn deployment(&mut self, arn: &str) -> Value {
        let described = self.call("DescribeServiceDeployments", json!({ "serviceDeploymentArns": [arn] }));
        described["serviceDeployments"][0].clone()
    }

    pub(crate) fn status(&mut self, arn: &str) -> String {
        self.deployment(arn)["status"].as_str().unwrap().to_owned()
    }

    pub(crate) fn look(&mut self, arn: &str) -> Look {
        let deployment = self.deployment(arn);
        let target = &deployment["targetServiceRevision"];
        let sources = deployment["sourceServiceRevisions"].as_array().unwrap();
        Look {
            status: deployment["status"].as_str().unwrap().to_owned(),
            stage: deployment["lifecycleStage"].as_str().unwrap_or_default().to_owned(),
            weights: (
                target["requestedTestTrafficWeight"].as_f64(),
                target["requestedProductionTrafficWeight"].as_f64(),
            ),
            tasks: (
                target["runningTaskCount"].as_u64().unwrap(),
                target["pendingTaskCount"].as_u64().unwrap(),
                sources.iter().map(|source| source["runningTaskCount"].as_u64().unwrap()).sum(),
            ),
        }
    }

    /// Looks every 100 ms and gives each different look with the time of the first one, in seconds since now, until the deployment has ended.
    pub(crate) fn film(&mut self, arn: &str) -> Vec<(f64, Look)> {
        let start = self.now();
        let mut film: Vec<(f64, Look)> = Vec::new();
        loop {
            let look = self.look(arn);
            let seconds = self.now().duration_since(start).as_secs_f64();
            if film.last().is_none_or(|(_, last)| *last != look) {
                film.push((seconds, look.clone()));
            }
            let ended = ["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"];
            if ended.contains(&look.status.as_str()) {
                return film;
            }
            assert!(seconds < 7200.0, "no end in sight: {look:?}");
            self.wait_ms(100);
        }
    }

    /// Makes every task of the second image fail.
    pub(crate) fn break_new_image(&mut self) {
        let rule =
            json!({ "image": "web:2", "afterSeconds": 5, "exitCode": 137, "log": ["starting", "out of memory"] });
        self.world.ecs.fail_tasks(&rule).unwrap();
    }

    /// The stopped tasks of the service, described.
    pub(crate) fn stopped_tasks(&mut self) -> Vec<Value> {
        let input = json!({ "cluster": "stage", "serviceName": "web", "desiredStatus": "STOPPED" });
        let arns = self.call("ListTasks", input)["taskArns"].clone();
        if arns == json!([]) {
            return Vec::new();
        }
        let described = self.call("DescribeTasks", json!({ "cluster": "stage", "tasks": arns }));
        described["tasks"].as_array().unwrap().clone()
    }
}

/// The input of `CreateService`. A strategy that shifts traffic gets a load balancer.
pub(crate) fn service(configuration: &Value, desired: u64) -> Value {
    let mut service = json!({
        "cluster": "stage", "serviceName": "web", "taskDefinition": "web:1", "desiredCount": desired,
        "launchType": "FARGATE", "deploymentConfiguration": configuration
    });
    if configuration["strategy"].is_string() && configuration["strategy"] != "ROLLING" {
        service["loadBalancers"] = json!([load_balancer()]);
    }
    service
}

pub(crate) fn load_balancer() -> Value {
    json!({
        "targetGroupArn": balancing("targetgroup/blue/0123456789abcdef"), "containerName": "web", "containerPort": 80,
        "advancedConfiguration": {
            "alternateTargetGroupArn": balancing("targetgroup/green/fedcba9876543210"),
            "productionListenerRule": balancing("listener-rule/app/web/0123456789abcdef/0123456789abcdef/0123456789abcdef"),
            "testListenerRule": balancing("listener-rule/app/web/0123456789abcdef/0123456789abcdef/fedcba9876543210"),
            "roleArn": "arn:aws:iam::123456789012:role/ecs-infrastructure"
        }
    })
}

pub(crate) fn balancing(rest: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-central-1:123456789012:{rest}")
}

pub(crate) fn breaker(strategy: &str, rollback: bool) -> Value {
    json!({ "strategy": strategy, "deploymentCircuitBreaker": { "enable": true, "rollback": rollback } })
}

//! A local AWS with a service that CodeDeploy deploys, asked over HTTP, and a clock that the test moves.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::LocalAws;

use crate::http::{Answer, Client};

pub(crate) struct Bench {
    pub(crate) cloud: LocalAws,
    client: Client,
}

impl Bench {
    /// A service `web` that runs `web:1`, healthy, and a deployment group with these settings beside the usual ones.
    pub(crate) fn new(group: &Value) -> Self {
        let cloud = LocalAws::start().unwrap();
        let mut seed = json!([
            { "ecs:CreateCluster": { "clusterName": "stage" } },
            { "ecs:RegisterTaskDefinition": definition("web:1") },
            { "ecs:CreateService": {
                "cluster": "stage", "serviceName": "web", "taskDefinition": "web:1", "desiredCount": 2,
                "launchType": "FARGATE", "deploymentController": { "type": "CODE_DEPLOY" },
                "loadBalancers": [{ "targetGroupArn": target_group("blue"), "containerName": "web", "containerPort": 80 }]
            } },
            { "local:Advance": { "minutes": 5 } },
            { "ecs:RegisterTaskDefinition": definition("web:2") },
            { "codedeploy:CreateApplication": { "applicationName": "web", "computePlatform": "ECS" } }
        ]);
        let mut settings = json!({
            "applicationName": "web", "deploymentGroupName": "stage",
            "ecsServices": [{ "serviceName": "web", "clusterName": "stage" }],
            "loadBalancerInfo": { "targetGroupPairInfoList": [{ "targetGroups": [{ "name": "blue" }, { "name": "green" }] }] },
            "blueGreenDeploymentConfiguration": {
                "terminateBlueInstancesOnDeploymentSuccess": { "action": "TERMINATE", "terminationWaitTimeInMinutes": 5 },
                "deploymentReadyOption": { "actionOnTimeout": "CONTINUE_DEPLOYMENT", "waitTimeInMinutes": 0 }
            },
            "autoRollbackConfiguration": {
                "enabled": true, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
            }
        });
        settings.as_object_mut().unwrap().extend(group.as_object().unwrap().clone());
        seed.as_array_mut().unwrap().push(json!({ "codedeploy:CreateDeploymentGroup": settings }));
        testkit::seed::plant(seed.to_string().as_bytes(), &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
        let client = Client { endpoint: cloud.endpoint().to_owned(), authorization: "test".to_owned() };
        Self { cloud, client }
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.cloud.clock().advance(Duration::from_secs(seconds));
    }

    fn send(&self, target: &str, input: &Value) -> Answer {
        self.client.send("POST", "/", &[("x-amz-target", target)], input.to_string().as_bytes())
    }

    pub(crate) fn ecs(&self, operation: &str, input: &Value) -> Value {
        self.send(&format!("AmazonEC2ContainerServiceV20141113.{operation}"), input).json()
    }

    pub(crate) fn call(&self, operation: &str, input: &Value) -> Value {
        let answer = self.send(&format!("CodeDeploy_20141006.{operation}"), input);
        assert_eq!(answer.status, 200, "{operation}: {}", answer.json());
        answer.json()
    }

    /// The code that a call is refused with.
    pub(crate) fn refused(&self, operation: &str, input: &Value) -> String {
        let answer = self.send(&format!("CodeDeploy_20141006.{operation}"), input);
        assert_eq!(answer.status, 400, "{operation}: {}", answer.json());
        answer.json()["__type"].as_str().unwrap().to_owned()
    }

    /// Deploys `web:2` and gives the deployment's id.
    pub(crate) fn deploy(&self) -> String {
        self.call("CreateDeployment", &deployment("web:2"))["deploymentId"].as_str().unwrap().to_owned()
    }

    pub(crate) fn info(&self, id: &str) -> Value {
        self.call("GetDeployment", &json!({ "deploymentId": id }))["deploymentInfo"].clone()
    }

    pub(crate) fn status(&self, id: &str) -> String {
        self.info(id)["status"].as_str().unwrap().to_owned()
    }

    pub(crate) fn target(&self, id: &str) -> Value {
        let input = json!({ "deploymentId": id, "targetIds": ["stage:web"] });
        let answer = self.call("BatchGetDeploymentTargets", &input);
        answer["deploymentTargets"][0]["ecsTarget"].clone()
    }

    /// Label, status and traffic of each task set of a deployment.
    pub(crate) fn sets(&self, id: &str) -> Vec<(String, String, u64)> {
        let sets = self.target(id)["taskSetsInfo"].as_array().unwrap().clone();
        let text = |set: &Value, name: &str| set[name].as_str().unwrap().to_owned();
        let weight = |set: &Value| format!("{:.0}", set["trafficWeight"].as_f64().unwrap()).parse().unwrap();
        sets.iter().map(|set| (text(set, "taskSetLabel"), text(set, "status"), weight(set))).collect()
    }

    /// The share of the traffic that the replacement has.
    pub(crate) fn weight(&self, id: &str) -> u64 {
        self.sets(id).iter().find(|(label, _, _)| label == "GREEN").map_or(0, |(_, _, weight)| *weight)
    }

    /// The lifecycle events of a deployment that have a status.
    pub(crate) fn events(&self, id: &str, status: &str) -> Vec<String> {
        let events = self.target(id)["lifecycleEvents"].as_array().unwrap().clone();
        let events = events.iter().filter(|event| event["status"] == status);
        events.map(|event| event["lifecycleEventName"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn service(&self) -> Value {
        self.ecs("DescribeServices", &json!({ "cluster": "stage", "services": ["web"] }))["services"][0].clone()
    }

    /// Waits second by second until the deployment has a status, at most two hours.
    pub(crate) fn await_status(&self, id: &str, status: &str) {
        for _ in 0..7200 {
            if self.status(id) == status {
                return;
            }
            self.wait(1);
        }
        panic!("no {status}: {:#}", self.info(id));
    }
}

pub(crate) fn definition(image: &str) -> Value {
    json!({ "family": "web", "containerDefinitions": [{ "name": "web", "image": format!("public.example/{image}") }] })
}

pub(crate) fn target_group(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/{name}/0123456789abcdef")
}

pub(crate) fn deployment(task_definition: &str) -> Value {
    let content = json!({
        "version": 0.0,
        "Resources": [{ "TargetService": { "Type": "AWS::ECS::Service", "Properties": {
            "TaskDefinition": format!("arn:aws:ecs:eu-central-1:123456789012:task-definition/{task_definition}"),
            "LoadBalancerInfo": { "ContainerName": "web", "ContainerPort": 80 }
        } } }]
    });
    json!({
        "applicationName": "web", "deploymentGroupName": "stage", "description": "a test",
        "revision": { "revisionType": "AppSpecContent", "appSpecContent": { "content": content.to_string() } }
    })
}

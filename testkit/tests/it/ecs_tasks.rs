//! Tasks: those of services and those of their own, how they fail, what they log.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::LocalAws;
use testkit::image::{ImageSource, Layer};
use testkit::world::{Operation, Service};

use crate::ecs_bench::{Bench, breaker};
use crate::registry;

#[test]
fn a_failed_task_tells_why_and_belongs_to_its_deployment() {
    let mut bench = Bench::new(breaker("ROLLING", true), 2);
    bench.break_new_image();
    bench.deploy();
    let started_by = bench.service()["deployments"][0]["id"].clone();
    bench.wait(27);
    let stopped = bench.stopped_tasks();
    assert_eq!(stopped.len(), 2);
    for task in stopped {
        assert_eq!(task["startedBy"], started_by);
        assert_eq!((&task["lastStatus"], &task["desiredStatus"]), (&json!("STOPPED"), &json!("STOPPED")));
        assert_eq!(task["stopCode"], "EssentialContainerExited");
        assert_eq!(task["stoppedReason"], "Essential container in task exited");
        let container = &task["containers"][0];
        assert_eq!((&container["name"], &container["exitCode"]), (&json!("web"), &json!(137)));
        assert!(container["imageDigest"].as_str().unwrap().starts_with("sha256:"));
        let id = task["taskArn"].as_str().unwrap().rsplit('/').next().unwrap();
        let read = json!({ "logGroupName": "/ecs/web", "logStreamName": format!("web/web/{id}") });
        let events = bench.ask(Service::Logs, "GetLogEvents", &read).unwrap()["events"].clone();
        assert_eq!(events[1]["message"], "out of memory");
    }
}

#[test]
fn a_stopped_task_is_visible_for_an_hour() {
    let mut bench = Bench::new(json!({}), 1);
    bench.deploy();
    bench.wait(90);
    assert_eq!(bench.stopped_tasks().len(), 1);
    let arn = bench.stopped_tasks()[0]["taskArn"].clone();
    bench.wait(3500);
    assert_eq!(bench.stopped_tasks().len(), 1);
    bench.wait(120);
    assert_eq!(bench.stopped_tasks().len(), 0);
    let gone = bench.call("DescribeTasks", json!({ "cluster": "stage", "tasks": [arn] }));
    assert_eq!(gone["failures"][0]["reason"], "MISSING");
}

#[test]
fn a_task_goes_through_its_statuses() {
    let mut bench = Bench::new(json!({}), 0);
    bench.update(&json!({ "desiredCount": 1 }));
    let arn = bench.call("ListTasks", json!({ "cluster": "stage" }))["taskArns"][0].clone();
    let mut seen = Vec::new();
    for second in 0..60 {
        if second == 40 {
            bench.update(&json!({ "desiredCount": 0 }));
        }
        let described = bench.call("DescribeTasks", json!({ "cluster": "stage", "tasks": [arn] }));
        seen.push(described["tasks"][0]["lastStatus"].as_str().unwrap().to_owned());
        bench.wait(1);
    }
    bench.wait(30);
    let stopped = bench.stopped_tasks()[0].clone();
    seen.dedup();
    assert_eq!(seen, ["PROVISIONING", "PENDING", "RUNNING", "DEACTIVATING"]);
    assert_eq!(stopped["stopCode"], "ServiceSchedulerInitiated");
    assert!(
        stopped["stoppedReason"].as_str().unwrap().starts_with("Scaling activity initiated by (deployment ecs-svc/")
    );
}

#[test]
fn an_image_that_the_registry_does_not_have_cannot_be_pulled() {
    let mut bench = Bench::new(breaker("ROLLING", true), 1);
    let image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/web:9";
    let container = json!({ "name": "web", "image": image });
    bench.call("RegisterTaskDefinition", json!({ "family": "web", "containerDefinitions": [container] }));
    bench.update(&json!({ "taskDefinition": "web:3" }));
    let arn = bench.newest();
    bench.wait(15);
    let task = bench.stopped_tasks()[0].clone();
    assert_eq!((&task["stopCode"], &task["startedAt"]), (&json!("TaskFailedToStart"), &Value::Null));
    let reason = task["stoppedReason"].as_str().unwrap();
    assert!(reason.starts_with("CannotPullContainerError: ") && reason.contains(image), "{reason}");
    assert_eq!((&task["containers"][0]["exitCode"], &task["containers"][0]["reason"]), (&Value::Null, &json!(reason)));
    bench.wait(600);
    assert_eq!(bench.status(&arn), "ROLLBACK_SUCCESSFUL");
}

#[test]
fn a_task_of_its_own_runs_and_ends() {
    let mut bench = Bench::empty();
    bench.register("migration:1");
    let run = json!({ "cluster": "stage", "taskDefinition": "web:2", "startedBy": "release-1", "count": 2 });
    let started = bench.call("RunTask", run)["tasks"].clone();
    assert_eq!((&started[1]["lastStatus"], &started[1]["group"]), (&json!("PROVISIONING"), &json!("family:web")));
    let running = json!({ "cluster": "stage", "startedBy": "release-1" });
    assert_eq!(bench.call("ListTasks", running)["taskArns"].as_array().unwrap().len(), 2);
    bench.wait(31);
    let stopped = json!({ "cluster": "stage", "family": "web", "desiredStatus": "STOPPED" });
    let arns = bench.call("ListTasks", stopped)["taskArns"].clone();
    let described = bench.call("DescribeTasks", json!({ "cluster": "stage", "tasks": arns }));
    assert_eq!(described["tasks"][0]["containers"][0]["exitCode"], 0);
    let refused = bench.refused("RunTask", json!({ "cluster": "stage", "taskDefinition": "web:7" }));
    assert_eq!(refused.1, "TaskDefinition not found.");
}

#[test]
fn a_task_of_its_own_fails_as_a_rule_says() {
    let mut bench = Bench::empty();
    bench.world.ecs.fail_tasks(&json!({ "image": "web:1", "exitCode": 3, "times": 1 })).unwrap();
    let mut exits = Vec::new();
    for _ in 0..2 {
        let run = json!({ "cluster": "stage", "taskDefinition": "web" });
        let arn = bench.call("RunTask", run)["tasks"][0]["taskArn"].clone();
        bench.wait(60);
        let described = bench.call("DescribeTasks", json!({ "cluster": "stage", "tasks": [arn] }));
        exits.push(described["tasks"][0]["containers"][0]["exitCode"].clone());
    }
    assert_eq!(exits, [json!(3), json!(0)]);
}

#[test]
fn a_task_that_someone_stops_is_replaced_and_is_no_failure() {
    let mut bench = Bench::new(breaker("ROLLING", true), 1);
    let arn = bench.call("ListTasks", json!({ "cluster": "stage", "serviceName": "web" }))["taskArns"][0].clone();
    bench.call("StopTask", json!({ "cluster": "stage", "task": arn, "reason": "by hand" }));
    bench.wait(60);
    let task = bench.stopped_tasks()[0].clone();
    assert_eq!((&task["stopCode"], &task["stoppedReason"]), (&json!("UserInitiated"), &json!("by hand")));
    let service = bench.service();
    assert_eq!((&service["runningCount"], &service["deployments"][0]["failedTasks"]), (&json!(1), &json!(0)));
    let refused = bench.refused("StopTask", json!({ "cluster": "stage", "task": "none" }));
    assert_eq!(refused.1, "The referenced task was not found.");
}

#[test]
fn the_label_of_a_pushed_image_makes_its_tasks_fail() {
    let cloud = LocalAws::start().unwrap();
    let call = |service: Service, operation: &str, input: Value| {
        let operation = Operation { service, name: operation.to_owned() };
        cloud.world().call(&operation, &input, cloud.endpoint(), cloud.clock().now()).unwrap()
    };
    registry::create_repository(&cloud, "web");
    let failure = r#"{"afterSeconds": 5, "exitCode": 78, "log": ["no configuration"]}"#;
    let source = ImageSource::new().layer(Layer::new().file("index.html", "")).label("local-aws.fail", failure);
    let image = source.build().unwrap();
    registry::push(&registry::client(&cloud), "web", "bad", &image);
    let options = json!({ "awslogs-group": "/ecs/web", "awslogs-stream-prefix": "web" });
    let container = json!({
        "name": "web", "image": format!("{}/web:bad", cloud.registry()),
        "logConfiguration": { "logDriver": "awslogs", "options": options }
    });
    call(Service::Ecs, "CreateCluster", json!({}));
    call(Service::Ecs, "RegisterTaskDefinition", json!({ "family": "web", "containerDefinitions": [container] }));
    let arn = call(Service::Ecs, "RunTask", json!({ "taskDefinition": "web" }))["tasks"][0]["taskArn"].clone();
    cloud.clock().advance(Duration::from_secs(26));
    let task = call(Service::Ecs, "DescribeTasks", json!({ "tasks": [arn] }))["tasks"][0].clone();
    assert_eq!(task["containers"][0]["exitCode"], 78);
    assert_eq!(task["containers"][0]["imageDigest"], json!(image.digest));
    let found = call(Service::Logs, "FilterLogEvents", json!({ "logGroupName": "/ecs/web" }));
    assert_eq!(found["events"][0]["message"], "no configuration");
}

#[test]
fn a_token_starts_its_tasks_once() {
    let mut bench = Bench::new(json!({}), 0);
    let mut run = |token: &str| {
        let input = json!({ "cluster": "stage", "taskDefinition": "web:1", "clientToken": token });
        bench.call("RunTask", input)["tasks"][0]["taskArn"].clone()
    };
    let first = run("a");
    assert_eq!(run("a"), first);
    assert_ne!(run("b"), first);
}

//! Deployments of CodeDeploy that fail, are stopped or are refused.

use serde_json::{Value, json};
use testkit::alarms::AlarmState;

use crate::codedeploy_bench::{Bench, definition, deployment};

/// The deployment that rolls `id` back, once it has succeeded.
fn rollback_of(bench: &Bench, id: &str) -> Value {
    let info = bench.info(id);
    let rollback = info["rollbackInfo"]["rollbackDeploymentId"].as_str().unwrap().to_owned();
    bench.await_status(&rollback, "Succeeded");
    let rollback = bench.info(&rollback);
    assert_eq!(
        (&rollback["creator"], &rollback["rollbackInfo"]["rollbackTriggeringDeploymentId"]),
        (&json!("codeDeployRollback"), &json!(id))
    );
    assert_eq!(rollback["deploymentConfigName"], "CodeDeployDefault.ECSAllAtOnce");
    rollback
}

fn serves_the_original_alone(bench: &Bench) {
    bench.wait(60);
    let service = bench.service();
    assert!(service["taskDefinition"].as_str().unwrap().ends_with("web:1"), "{service:#}");
    assert_eq!((&service["runningCount"], service["taskSets"].as_array().unwrap().len()), (&json!(2), 1));
}

#[test]
fn tasks_that_fail_time_the_deployment_out_and_it_is_rolled_back() {
    let bench = Bench::new(&json!({}));
    bench.cloud.world().ecs.fail_tasks(&json!({ "image": "web:2", "exitCode": 137 })).unwrap();
    let id = bench.deploy();
    bench.wait(120);
    let stopped = json!({ "cluster": "stage", "serviceName": "web", "desiredStatus": "STOPPED" });
    let arns = bench.ecs("ListTasks", &stopped)["taskArns"].clone();
    let task = bench.ecs("DescribeTasks", &json!({ "cluster": "stage", "tasks": arns }))["tasks"][0].clone();
    assert_eq!((&task["group"], &task["containers"][0]["exitCode"]), (&json!("service:web"), &json!(137)));
    assert!(task["taskDefinitionArn"].as_str().unwrap().ends_with("web:2"));
    assert!(task["startedBy"].as_str().unwrap().starts_with("ecs-svc/"));
    bench.await_status(&id, "Failed");
    let info = bench.info(&id);
    let message = "The deployment timed out while waiting for the replacement task set to become healthy. This time out period is 10 minutes.";
    assert_eq!(info["errorInformation"], json!({ "code": "TIMEOUT", "message": message }));
    assert_eq!(bench.events(&id, "Failed"), ["Install"]);
    assert_eq!(bench.events(&id, "Skipped").len(), 6);
    rollback_of(&bench, &id);
    serves_the_original_alone(&bench);
}

#[test]
fn an_alarm_stops_the_deployment_and_it_is_rolled_back() {
    let bench = Bench::new(&json!({
        "deploymentConfigName": "CodeDeployDefault.ECSCanary10Percent5Minutes",
        "alarmConfiguration": { "enabled": true, "alarms": [{ "name": "errors" }, { "name": "latency" }] }
    }));
    let id = bench.deploy();
    bench.wait(120);
    let now = bench.cloud.clock().now();
    bench.cloud.world().alarms.set_state("errors", AlarmState::Alarm, now);
    assert_eq!(bench.status(&id), "Stopped");
    let error = bench.info(&id)["errorInformation"].clone();
    assert_eq!(error["code"], "ALARM_ACTIVE");
    assert!(error["message"].as_str().unwrap().ends_with("Activated alarms: <errors>"), "{error}");
    assert_eq!((bench.events(&id, "Failed"), bench.weight(&id)), (vec!["AllowTraffic".to_owned()], 10));
    rollback_of(&bench, &id);
    serves_the_original_alone(&bench);
}

#[test]
fn an_alarm_that_is_raised_already_stops_it_at_once() {
    let bench = Bench::new(&json!({ "alarmConfiguration": { "enabled": true, "alarms": [{ "name": "errors" }] } }));
    let now = bench.cloud.clock().now();
    bench.cloud.world().alarms.set_state("errors", AlarmState::Alarm, now);
    let id = bench.deploy();
    bench.wait(5);
    assert_eq!(bench.status(&id), "Stopped");
    rollback_of(&bench, &id);
    serves_the_original_alone(&bench);
}

#[test]
fn a_stop_with_rollback_goes_back_even_after_all_traffic_went_over() {
    let bench = Bench::new(&json!({}));
    let id = bench.deploy();
    bench.wait(100);
    assert_eq!((bench.status(&id).as_str(), bench.weight(&id)), ("InProgress", 100));
    let stop = json!({ "deploymentId": id, "autoRollbackEnabled": true });
    assert_eq!(bench.call("StopDeployment", &stop)["status"], "Pending");
    assert_eq!(bench.status(&id), "InProgress");
    bench.wait(3);
    assert_eq!(bench.info(&id)["errorInformation"]["code"], "MANUAL_STOP");
    assert_eq!(bench.refused("StopDeployment", &stop), "DeploymentAlreadyCompletedException");
    rollback_of(&bench, &id);
    serves_the_original_alone(&bench);
}

#[test]
fn a_stop_without_rollback_leaves_the_task_sets_until_the_next_deployment() {
    let bench = Bench::new(&json!({}));
    let id = bench.deploy();
    bench.wait(30);
    bench.call("StopDeployment", &json!({ "deploymentId": id }));
    bench.await_status(&id, "Stopped");
    assert_eq!(bench.info(&id)["rollbackInfo"], Value::Null);
    bench.wait(600);
    assert_eq!(bench.service()["taskSets"].as_array().unwrap().len(), 2);
    let next = bench.deploy();
    bench.await_status(&next, "Succeeded");
    bench.wait(60);
    assert_eq!(bench.service()["taskSets"].as_array().unwrap().len(), 1);
}

#[test]
fn a_group_has_one_deployment_at_a_time() {
    let bench = Bench::new(&json!({}));
    let id = bench.deploy();
    assert_eq!(bench.refused("CreateDeployment", &deployment("web:2")), "DeploymentLimitExceededException");
    bench.await_status(&id, "Succeeded");
    bench.deploy();
}

#[test]
fn what_cannot_be_deployed_is_refused() {
    let bench = Bench::new(&json!({}));
    bench.ecs("RegisterTaskDefinition", &definition("web:3"));
    bench.ecs("DeregisterTaskDefinition", &json!({ "taskDefinition": "web:3" }));
    let with = |member: &str, value: Value| {
        let mut input = deployment("web:2");
        input[member] = value;
        input
    };
    let bad = json!({ "revisionType": "AppSpecContent", "appSpecContent": { "content": "{\"version\": 0.0}" } });
    let cases = [
        (deployment("web:3"), "InvalidRevisionException"),
        (deployment("web:9"), "InvalidRevisionException"),
        (with("revision", bad), "InvalidRevisionException"),
        (with("revision", Value::Null), "RevisionRequiredException"),
        (with("deploymentConfigName", json!("Fast")), "DeploymentConfigDoesNotExistException"),
        (with("applicationName", json!("other")), "ApplicationDoesNotExistException"),
        (with("deploymentGroupName", json!("other")), "DeploymentGroupDoesNotExistException"),
    ];
    for (input, expected) in cases {
        assert_eq!(bench.refused("CreateDeployment", &input), expected, "{input}");
    }
    assert_eq!(bench.refused("GetDeployment", &json!({ "deploymentId": "d-0" })), "DeploymentDoesNotExistException");
}

#[test]
fn a_service_that_is_not_there_fails_the_deployment() {
    let bench = Bench::new(&json!({ "ecsServices": [{ "serviceName": "other", "clusterName": "stage" }] }));
    let id = bench.deploy();
    bench.await_status(&id, "Failed");
    assert_eq!(bench.info(&id)["errorInformation"]["code"], "INVALID_ECS_SERVICE");
}

#[test]
fn groups_and_configurations_are_described() {
    let bench = Bench::new(&json!({}));
    assert_eq!(bench.call("ListApplications", &json!({}))["applications"], json!(["web"]));
    let named = json!({ "applicationName": "web", "deploymentGroupName": "stage", "deploymentGroupNames": ["stage"] });
    assert_eq!(bench.call("ListDeploymentGroups", &named)["deploymentGroups"], json!(["stage"]));
    let group = bench.call("GetDeploymentGroup", &named)["deploymentGroupInfo"].clone();
    assert_eq!(group["deploymentConfigName"], "CodeDeployDefault.ECSAllAtOnce");
    assert_eq!(bench.call("BatchGetDeploymentGroups", &named)["deploymentGroupsInfo"], json!([group]));
    assert_eq!(bench.call("ListDeploymentConfigs", &json!({}))["deploymentConfigsList"].as_array().unwrap().len(), 5);
    let canary = json!({ "deploymentConfigName": "CodeDeployDefault.ECSCanary10Percent15Minutes" });
    let canary = bench.call("GetDeploymentConfig", &canary)["deploymentConfigInfo"]["trafficRoutingConfig"].clone();
    assert_eq!(canary["timeBasedCanary"], json!({ "canaryPercentage": 10, "canaryInterval": 15 }));
    assert_eq!(bench.cloud.writes(), [""; 0]);
}

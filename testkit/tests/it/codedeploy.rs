//! Deployments of CodeDeploy that go well.

use serde_json::{Value, json};

use crate::codedeploy_bench::{Bench, target_group};

fn set(label: &str, status: &str, weight: u64) -> (String, String, u64) {
    (label.to_owned(), status.to_owned(), weight)
}

#[test]
fn all_traffic_goes_over_at_once_and_the_original_goes_after_its_wait() {
    let bench = Bench::new(&json!({}));
    let id = bench.deploy();
    assert_eq!(bench.info(&id)["status"], "Created");
    bench.wait(1);
    assert_eq!(bench.status(&id), "Queued");
    bench.wait(30);
    assert_eq!(
        (bench.status(&id).as_str(), bench.events(&id, "InProgress")),
        ("InProgress", vec!["Install".to_owned()])
    );
    assert_eq!(bench.sets(&id), [set("BLUE", "PRIMARY", 100), set("GREEN", "ACTIVE", 0)]);
    assert!(bench.service()["taskDefinition"].as_str().unwrap().ends_with("web:1"));
    bench.wait(60);
    assert_eq!(bench.sets(&id), [set("BLUE", "ACTIVE", 0), set("GREEN", "PRIMARY", 100)]);
    assert_eq!(bench.status(&id), "InProgress", "the original task set waits for its end");
    assert!(bench.service()["taskDefinition"].as_str().unwrap().ends_with("web:2"));
    bench.wait(300);
    let info = bench.info(&id);
    assert_eq!((&info["status"], &info["creator"]), (&json!("Succeeded"), &json!("user")));
    assert_eq!(info["deploymentOverview"]["Succeeded"], 1);
    assert_eq!(bench.events(&id, "Succeeded").len(), 8);
    bench.wait(60);
    let service = bench.service();
    assert_eq!((&service["runningCount"], service["taskSets"].as_array().unwrap().len()), (&json!(2), 1));
}

#[test]
fn a_service_of_code_deploy_shows_task_sets_and_no_deployments() {
    let bench = Bench::new(&json!({}));
    let before = bench.service();
    assert_eq!(before["deployments"], json!([]));
    let first = &before["taskSets"][0];
    assert_eq!((&first["status"], &first["stabilityStatus"]), (&json!("PRIMARY"), &json!("STEADY_STATE")));
    assert_eq!((&first["externalId"], &first["runningCount"]), (&Value::Null, &json!(2)));
    let listed = bench.ecs("ListServiceDeployments", &json!({ "cluster": "stage", "service": "web" }));
    assert_eq!(listed["serviceDeployments"], json!([]));
    let id = bench.deploy();
    bench.wait(30);
    let service = bench.service();
    let [green, blue] = [&service["taskSets"][0], &service["taskSets"][1]];
    assert_eq!((&green["externalId"], &green["startedBy"]), (&json!(id), &json!("CODE_DEPLOY")));
    assert_eq!((&green["status"], &green["stabilityStatus"]), (&json!("ACTIVE"), &json!("STABILIZING")));
    assert_eq!(green["scale"], json!({ "value": 100.0, "unit": "PERCENT" }));
    assert!(green["loadBalancers"][0]["targetGroupArn"].as_str().unwrap().contains(":targetgroup/green/"));
    assert_eq!(blue["loadBalancers"][0]["targetGroupArn"], target_group("blue"));
    let messages = service["events"].to_string();
    assert!(messages.contains("has started 2 tasks: (task ") && messages.contains("has reached a steady state."));
}

#[test]
fn the_next_deployment_goes_back_to_the_first_target_group() {
    let bench = Bench::new(&json!({}));
    let first = bench.deploy();
    bench.await_status(&first, "Succeeded");
    bench.wait(60);
    let second = bench.deploy();
    bench.wait(30);
    let names = bench.target(&second)["taskSetsInfo"].clone();
    assert_eq!((&names[0]["targetGroup"]["name"], &names[1]["targetGroup"]["name"]), (&json!("green"), &json!("blue")));
    bench.await_status(&second, "Succeeded");
    let listed = bench.call("ListDeployments", &json!({ "applicationName": "web", "deploymentGroupName": "stage" }));
    assert_eq!(listed["deployments"], json!([second, first]));
    let none = bench.call("ListDeployments", &json!({ "includeOnlyStatuses": ["Failed"] }));
    assert_eq!(none["deployments"], json!([]));
}

#[test]
fn a_canary_has_a_tenth_of_the_traffic_for_five_minutes() {
    let bench = Bench::new(&json!({ "deploymentConfigName": "CodeDeployDefault.ECSCanary10Percent5Minutes" }));
    let id = bench.deploy();
    bench.wait(120);
    assert_eq!(bench.sets(&id), [set("BLUE", "PRIMARY", 90), set("GREEN", "ACTIVE", 10)]);
    assert_eq!(bench.events(&id, "InProgress"), ["AllowTraffic"]);
    bench.wait(200);
    assert_eq!(bench.weight(&id), 10);
    bench.wait(60);
    assert_eq!(bench.weight(&id), 100);
    bench.await_status(&id, "Succeeded");
}

#[test]
fn linear_traffic_grows_by_a_tenth_every_minute() {
    let bench = Bench::new(&json!({ "deploymentConfigName": "CodeDeployDefault.ECSLinear10PercentEvery1Minutes" }));
    let id = bench.deploy();
    let mut weights = Vec::new();
    while bench.status(&id) != "Succeeded" {
        weights.push(bench.weight(&id));
        bench.wait(30);
    }
    weights.dedup();
    assert_eq!(weights, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
}

#[test]
fn the_way_to_a_later_time_makes_no_difference() {
    let at_once = Bench::new(&json!({}));
    let slowly = Bench::new(&json!({}));
    let (first, second) = (at_once.deploy(), slowly.deploy());
    at_once.wait(3600);
    (0..360).for_each(|_| {
        slowly.wait(10);
        slowly.status(&second);
    });
    assert_eq!(at_once.info(&first), slowly.info(&second));
    assert_eq!(at_once.target(&first), slowly.target(&second));
    assert_eq!(at_once.service(), slowly.service());
}

#[test]
fn traffic_can_wait_for_somebody_to_say_so() {
    let ready = json!({ "blueGreenDeploymentConfiguration": {
        "terminateBlueInstancesOnDeploymentSuccess": { "action": "TERMINATE", "terminationWaitTimeInMinutes": 60 },
        "deploymentReadyOption": { "actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 30 }
    } });
    let bench = Bench::new(&ready);
    let id = bench.deploy();
    let go_on = |kind: &str| json!({ "deploymentId": id, "deploymentWaitType": kind });
    assert_eq!(bench.refused("ContinueDeployment", &go_on("READY_WAIT")), "DeploymentIsNotInReadyStateException");
    bench.await_status(&id, "Ready");
    assert_eq!(bench.weight(&id), 0);
    bench.call("ContinueDeployment", &go_on("READY_WAIT"));
    bench.wait(60);
    assert_eq!((bench.status(&id).as_str(), bench.weight(&id)), ("InProgress", 100));
    bench.call("ContinueDeployment", &go_on("TERMINATION_WAIT"));
    bench.wait(1);
    assert_eq!(bench.status(&id), "Succeeded");
    let late = Bench::new(&ready);
    let id = late.deploy();
    late.await_status(&id, "Ready");
    late.wait(1801);
    assert_eq!(late.info(&id)["status"], "Stopped");
}

//! What ECS lists, and services without room for their tasks.

use serde_json::{Value, json};

use crate::ecs_bench::{Bench, service};

fn placement_events(bench: &mut Bench) -> Vec<String> {
    let events = bench.service()["events"].as_array().unwrap().clone();
    let messages = events.iter().map(|event| event["message"].as_str().unwrap().to_owned());
    messages.filter(|message| message.contains("was unable to place a task")).collect()
}

#[test]
fn without_capacity_a_service_says_so_every_minute_and_starts_nothing() {
    for (launch_type, reason) in [
        ("FARGATE", "Reason: Capacity is unavailable at this time."),
        ("EC2", "because no container instance met all of its requirements. Reason: No Container Instances were found"),
    ] {
        let mut bench = Bench::empty();
        bench.world.ecs.quirks.no_capacity = true;
        let mut input = service(&json!({}), 2);
        input["launchType"] = json!(launch_type);
        bench.call("CreateService", input);
        bench.wait(150);
        let events = placement_events(&mut bench);
        assert_eq!(events.len(), 3, "{events:#?}");
        assert!(events[0].starts_with("(service web) was unable to place a task") && events[0].contains(reason));
        assert_eq!((&bench.service()["runningCount"], &bench.service()["pendingCount"]), (&json!(0), &json!(0)));
        bench.world.ecs.quirks.no_capacity = false;
        bench.wait(120);
        assert_eq!(bench.service()["runningCount"], 2, "room is found at the next try");
    }
}

#[test]
fn clusters_are_listed_in_pages() {
    let mut bench = Bench::empty();
    bench.call("CreateCluster", json!({ "clusterName": "production" }));
    let first = bench.call("ListClusters", json!({ "maxResults": 1 }));
    let second = bench.call("ListClusters", json!({ "maxResults": 1, "nextToken": first["nextToken"] }));
    let name = |page: &Value| page["clusterArns"][0].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!((name(&first).as_str(), name(&second).as_str()), ("production", "stage"));
    assert_eq!(second["nextToken"], Value::Null);
}

#[test]
fn task_definitions_are_listed_by_status_and_in_pages() {
    let mut bench = Bench::empty();
    bench.register("web:2");
    bench.register("web:3");
    bench.call("DeregisterTaskDefinition", json!({ "taskDefinition": "web:2" }));
    let mut list = |input: Value| bench.call("ListTaskDefinitions", input);
    let names = |page: &Value| page["taskDefinitionArns"].as_array().unwrap().len();
    let first = list(json!({ "maxResults": 1 }));
    let second = list(json!({ "maxResults": 1, "nextToken": first["nextToken"] }));
    assert!(second["taskDefinitionArns"][0].as_str().unwrap().ends_with("web:3") && second["nextToken"].is_null());
    let counts = ["ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"].map(|status| names(&list(json!({ "status": status }))));
    assert_eq!(counts, [2, 1, 0]);
}

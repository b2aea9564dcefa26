//! Clusters, task definitions and services as the wire shows them, and where ECS surprises.

use serde_json::{Value, json};

use crate::ecs_bench::{Bench, breaker, load_balancer, service};

#[test]
fn clusters_are_created_once_and_described_with_their_counts() {
    let mut bench = Bench::new(json!({}), 2);
    let again = bench.call("CreateCluster", json!({ "clusterName": "stage" }));
    let arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/stage";
    assert_eq!(again["cluster"]["clusterArn"], arn);
    let described = bench.call("DescribeClusters", json!({ "clusters": [arn, "other"] }));
    let cluster = &described["clusters"][0];
    let counts = ["runningTasksCount", "pendingTasksCount", "activeServicesCount"].map(|name| cluster[name].clone());
    assert_eq!((&cluster["status"], counts), (&json!("ACTIVE"), [json!(2), json!(0), json!(1)]));
    assert_eq!(described["failures"][0]["reason"], "MISSING");
    let refused = bench.refused("ListServices", json!({ "cluster": "other" }));
    assert_eq!(refused, ("ClusterNotFoundException".to_owned(), "Cluster not found.".to_owned()));
    assert_eq!(bench.refused("DescribeClusters2", json!({})).0, "UnknownOperationException");
}

#[test]
fn a_task_definition_comes_back_as_it_was_registered() {
    let mut bench = Bench::empty();
    let sent = json!({
        "zebra": { "b": 1, "a": [null, 1.5] },
        "family": "odd",
        "containerDefinitions": [{ "image": "a", "name": "b", "newMember": { "y": 1, "x": 2 } }],
        "cpu": "256"
    });
    let mut input = sent.clone();
    input["tags"] = json!([{ "key": "team", "value": "harbour" }]);
    bench.call("RegisterTaskDefinition", input);
    let input = json!({ "taskDefinition": "odd", "include": ["TAGS"] });
    let described = bench.call("DescribeTaskDefinition", input);
    assert_eq!(described["tags"], json!([{ "key": "team", "value": "harbour" }]));
    let mut definition = described["taskDefinition"].clone();
    let own = [
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
    ];
    for member in own {
        assert!(!definition[member].is_null(), "{member}");
        definition.as_object_mut().unwrap().shift_remove(member);
    }
    assert_eq!(definition.to_string(), sent.to_string(), "the order of the members as well");
    let untagged = bench.call("DescribeTaskDefinition", json!({ "taskDefinition": "odd" }));
    assert_eq!(untagged["tags"], Value::Null);
}

#[test]
fn task_definitions_are_found_by_family_revision_and_arn() {
    let mut bench = Bench::empty();
    bench.register("web:2");
    let arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/web";
    for (reference, revision) in [("web", 2), ("web:1", 1), (&format!("{arn}:1"), 1), (&format!("{arn}:2"), 2)] {
        let described = bench.call("DescribeTaskDefinition", json!({ "taskDefinition": reference }));
        assert_eq!(described["taskDefinition"]["revision"], revision, "{reference}");
    }
    for reference in ["web:0", "web:3", "web:x", "other", "web:99999999999999999999"] {
        let refused = bench.refused("DescribeTaskDefinition", json!({ "taskDefinition": reference }));
        assert_eq!(refused, ("ClientException".to_owned(), "Unable to describe task definition.".to_owned()));
    }
    let gone = bench.call("DeregisterTaskDefinition", json!({ "taskDefinition": "web:2" }))["taskDefinition"].clone();
    assert_eq!((&gone["status"], gone["deregisteredAt"].is_f64()), (&json!("INACTIVE"), true));
    let latest = bench.call("DescribeTaskDefinition", json!({ "taskDefinition": "web" }));
    assert_eq!(latest["taskDefinition"]["revision"], 1);
    let listed = |bench: &mut Bench, input| bench.call("ListTaskDefinitions", input)["taskDefinitionArns"].clone();
    assert_eq!(listed(&mut bench, json!({ "familyPrefix": "web" })), json!([format!("{arn}:1")]));
    assert_eq!(listed(&mut bench, json!({ "status": "INACTIVE" })), json!([format!("{arn}:2")]));
}

#[test]
fn a_malformed_task_definition_is_refused() {
    let mut bench = Bench::empty();
    let one = json!([{ "name": "a", "image": "b" }]);
    let cases = [
        (json!({ "containerDefinitions": one }), "Family should not be null or empty"),
        (json!({ "family": "a b", "containerDefinitions": one }), "Family contains invalid characters."),
        (json!({ "family": "a" }), "Container list cannot be empty."),
        (
            json!({ "family": "a", "containerDefinitions": [{ "image": "b" }] }),
            "Container.name should not be null or empty",
        ),
        (
            json!({ "family": "a", "containerDefinitions": [{ "name": "a" }] }),
            "Container.image should not be null or empty",
        ),
        (json!({ "family": "a", "containerDefinitions": [one[0], one[0]] }), "Container names must be unique."),
        (
            json!({ "family": "a", "containerDefinitions": [{ "name": "a", "image": "b", "essential": false }] }),
            "At least one container must be essential.",
        ),
    ];
    for (input, message) in cases {
        let refused = bench.refused("RegisterTaskDefinition", input);
        assert_eq!(refused, ("ClientException".to_owned(), message.to_owned()));
    }
}

#[test]
fn only_some_members_start_a_deployment() {
    let cases = [
        (json!({ "taskDefinition": "web:2" }), true),
        (json!({ "taskDefinition": "web:1" }), false),
        (json!({ "taskDefinition": "web:1", "forceNewDeployment": true }), true),
        (json!({ "forceNewDeployment": false }), false),
        (json!({ "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"] } } }), true),
        (json!({ "platformVersion": "1.4.0" }), true),
        (json!({ "loadBalancers": [load_balancer()] }), true),
        (json!({ "serviceRegistries": [{ "registryArn": "arn" }] }), true),
        (json!({ "serviceConnectConfiguration": { "enabled": false } }), true),
        (json!({ "volumeConfigurations": [{ "name": "v" }] }), true),
        (json!({ "vpcLatticeConfigurations": [{ "portName": "p" }] }), true),
        (json!({ "desiredCount": 5 }), false),
        (json!({ "deploymentConfiguration": { "strategy": "BLUE_GREEN" } }), false),
        (json!({ "healthCheckGracePeriodSeconds": 30 }), false),
        (json!({ "enableExecuteCommand": true }), false),
        (json!({ "capacityProviderStrategy": [{ "capacityProvider": "FARGATE" }] }), false),
        (json!({}), false),
    ];
    for (input, starts) in cases {
        let mut bench = Bench::new(json!({}), 1);
        let before = bench.newest();
        bench.update(&input);
        assert_eq!(bench.newest() != before, starts, "{input}");
    }
}

#[test]
fn what_is_not_sent_stays() {
    let mut bench = Bench::new(breaker("CANARY", true), 2);
    let before = bench.service();
    bench.update(&json!({ "deploymentConfiguration": { "bakeTimeInMinutes": 7 }, "newMember": { "z": 1, "a": 2 } }));
    let mut expected = before.clone();
    expected["deploymentConfiguration"]["bakeTimeInMinutes"] = json!(7);
    expected["newMember"] = json!({ "z": 1, "a": 2 });
    assert_eq!(bench.service(), expected);
}

#[test]
fn the_desired_count_scales_without_a_deployment() {
    let mut bench = Bench::new(json!({}), 2);
    for (desired, after) in [(5, 5), (1, 1), (0, 0)] {
        bench.update(&json!({ "desiredCount": desired }));
        bench.wait(60);
        let service = bench.service();
        assert_eq!((&service["runningCount"], &service["desiredCount"]), (&json!(after), &json!(desired)));
    }
}

#[test]
fn an_inactive_or_missing_task_definition_is_refused() {
    let mut bench = Bench::new(json!({}), 1);
    bench.call("DeregisterTaskDefinition", json!({ "taskDefinition": "web:2" }));
    for (reference, message) in [("web:2", "TaskDefinition is inactive"), ("web:9", "TaskDefinition not found.")] {
        let input = json!({ "cluster": "stage", "service": "web", "taskDefinition": reference });
        let refused = bench.refused("UpdateService", input);
        assert_eq!(refused, ("ClientException".to_owned(), message.to_owned()));
    }
}

#[test]
fn services_are_created_described_and_deleted() {
    let mut bench = Bench::new(json!({}), 2);
    let refused = bench.refused("CreateService", service(&json!({}), 1));
    let twice = "Creation of service was not idempotent.".to_owned();
    assert_eq!(refused, ("InvalidParameterException".to_owned(), twice));
    let arn = bench.call("ListServices", json!({ "cluster": "stage" }))["serviceArns"][0].clone();
    let described = bench.call("DescribeServices", json!({ "cluster": "stage", "services": [arn, "other"] }));
    assert_eq!(described["services"][0]["serviceName"], "web");
    assert_eq!(described["failures"][0]["reason"], "MISSING");
    let eleven: Vec<String> = (0..11).map(|name| name.to_string()).collect();
    let refused = bench.refused("DescribeServices", json!({ "cluster": "stage", "services": eleven }));
    assert_eq!(refused.0, "InvalidParameterException");
    let named = json!({ "cluster": "stage", "service": "web" });
    let refused = bench.refused("DeleteService", named.clone());
    assert_eq!(refused.1, "The service cannot be stopped while it is scaled above 0.");
    let gone = bench.call("DeleteService", json!({ "cluster": "stage", "service": "web", "force": true }));
    assert_eq!(gone["service"]["status"], "DRAINING");
    let refused = bench.refused("CreateService", service(&json!({}), 1));
    assert_eq!(refused.1, "Unable to Start a service that is still Draining.");
    bench.wait(31);
    assert_eq!((&bench.service()["status"], &bench.service()["runningCount"]), (&json!("INACTIVE"), &json!(0)));
    assert_eq!(bench.refused("UpdateService", named).0, "ServiceNotActiveException");
    assert_eq!(bench.call("ListServices", json!({ "cluster": "stage" }))["serviceArns"], json!([]));
    bench.call("CreateService", service(&json!({}), 1));
    let missing = json!({ "cluster": "stage", "service": "other" });
    assert_eq!(bench.refused("UpdateService", missing).0, "ServiceNotFoundException");
}

#[test]
fn the_list_of_deployments_and_the_current_one_lag_behind() {
    let mut bench = Bench::new(json!({}), 1);
    let old = bench.newest();
    let updated = bench.update(&json!({ "taskDefinition": "web:2" }));
    let new = bench.newest();
    assert_ne!(old, new);
    assert_eq!(updated["currentServiceDeployment"], json!(old));
    assert!(updated["taskDefinition"].as_str().unwrap().ends_with("web:2"));
    let list = json!({ "cluster": "stage", "service": "web" });
    let first = |bench: &mut Bench| {
        bench.call("ListServiceDeployments", list.clone())["serviceDeployments"][0]["serviceDeploymentArn"].clone()
    };
    assert_eq!(first(&mut bench), json!(old));
    bench.wait(2);
    assert_eq!(first(&mut bench), json!(new));
    assert_eq!(bench.service()["currentServiceDeployment"], json!(old));
    bench.wait(3);
    assert_eq!(bench.service()["currentServiceDeployment"], json!(new));
}

#[test]
fn deployments_are_listed_by_status_time_and_page() {
    let mut bench = Bench::new(json!({}), 1);
    for _ in 0..3 {
        bench.update(&json!({ "forceNewDeployment": true }));
        bench.wait(3600);
    }
    bench.update(&json!({ "forceNewDeployment": true }));
    bench.wait(10);
    let mut list = |more: Value| {
        let mut input = json!({ "cluster": "stage", "service": "web" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.call("ListServiceDeployments", input)
    };
    let all = list(json!({}))["serviceDeployments"].as_array().unwrap().clone();
    assert_eq!(all.len(), 5);
    let newest_first: Vec<f64> = all.iter().map(|deployment| deployment["createdAt"].as_f64().unwrap()).collect();
    assert!(newest_first.is_sorted_by(|newer, older| newer > older));
    assert_eq!(list(json!({ "status": ["IN_PROGRESS"] }))["serviceDeployments"], json!([all[0]]));
    let after = json!({ "createdAt": { "after": newest_first[1], "before": newest_first[1] } });
    assert_eq!(list(after)["serviceDeployments"], json!([all[1]]));
    let page = list(json!({ "maxResults": 4 }));
    assert_eq!(page["serviceDeployments"].as_array().unwrap().len(), 4);
    let rest = list(json!({ "maxResults": 4, "nextToken": page["nextToken"] }));
    assert_eq!((&rest["serviceDeployments"], &rest["nextToken"]), (&json!([all[4]]), &Value::Null));
}

#[test]
fn what_is_described_by_arn_is_bounded_and_missing_ones_are_told() {
    let mut bench = Bench::new(json!({}), 1);
    for (operation, member) in
        [("DescribeServiceDeployments", "serviceDeploymentArns"), ("DescribeServiceRevisions", "serviceRevisionArns")]
    {
        let missing = bench.call(operation, json!({ member: ["arn:x"] }));
        assert_eq!(missing["failures"], json!([{ "arn": "arn:x", "reason": "MISSING" }]));
        let many: Vec<String> = (0..21).map(|number| number.to_string()).collect();
        assert_eq!(bench.refused(operation, json!({ member: many })).0, "InvalidParameterException");
        assert_eq!(bench.refused(operation, json!({})).0, "InvalidParameterException");
    }
}

#[test]
fn a_revision_names_its_images_with_their_digests() {
    let mut bench = Bench::new(json!({}), 1);
    let digest = format!("sha256:{}", "ab".repeat(32));
    let container = json!({ "name": "web", "image": format!("public.example/web@{digest}") });
    bench.call("RegisterTaskDefinition", json!({ "family": "web", "containerDefinitions": [container] }));
    bench.update(&json!({ "taskDefinition": "web:3" }));
    bench.wait(60);
    let revisions = bench.service()["currentServiceRevisions"].clone();
    let arns: Vec<Value> = revisions.as_array().unwrap().iter().map(|revision| revision["arn"].clone()).collect();
    let described = bench.call("DescribeServiceRevisions", json!({ "serviceRevisionArns": arns }));
    let image = &described["serviceRevisions"][0]["containerImages"][0];
    assert_eq!((&image["containerName"], &image["imageDigest"]), (&json!("web"), &json!(digest)));
    let old = &described["serviceRevisions"][1]["containerImages"][0];
    assert!(old["imageDigest"].as_str().unwrap().starts_with("sha256:"));
}

#[test]
fn events_are_newest_first_share_timestamps_and_are_at_most_a_hundred() {
    let mut bench = Bench::new(json!({}), 1);
    let events = bench.service()["events"].as_array().unwrap().clone();
    assert!(events[0]["message"].as_str().unwrap().ends_with("has reached a steady state."));
    assert_eq!(events[0]["createdAt"], events[1]["createdAt"]);
    for _ in 0..60 {
        bench.update(&json!({ "forceNewDeployment": true }));
        bench.wait(600);
    }
    assert_eq!(bench.service()["events"].as_array().unwrap().len(), 100);
}

#[test]
fn code_deploy_services_are_not_updated_here() {
    let mut bench = Bench::empty();
    let mut controlled = service(&json!({}), 1);
    controlled["deploymentController"] = json!({ "type": "CODE_DEPLOY" });
    bench.call("CreateService", controlled);
    let refused =
        bench.refused("UpdateService", json!({ "cluster": "stage", "service": "web", "taskDefinition": "web:1" }));
    assert!(refused.1.starts_with("Unable to update task definition on services with a CODE_DEPLOY"));
}

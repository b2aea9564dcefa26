//! The same script of calls to ECS of the local AWS and of ministack.

use serde_json::{Value, json};
use testkit::{LocalAws, peer};

use crate::http::Client;

const CONTAINER: &str = r#"{"newMember":{"b":1,"a":2},"image":"nginx:1","name":"web","essential":true}"#;

/// A step in words, the operation, its input, and what is looked at in the answer.
type Step = (&'static str, &'static str, Value, &'static [&'static str]);

fn script() -> Vec<Step> {
    let container: Value = serde_json::from_str(CONTAINER).unwrap();
    let web = json!({ "newMember": { "z": 1, "a": [true] }, "family": "web", "containerDefinitions": [container], "tags": [{ "key": "team", "value": "harbour" }] });
    let service = json!({ "cluster": "stage", "serviceName": "web", "taskDefinition": "web", "desiredCount": 0 });
    let named = json!({ "cluster": "stage", "service": "web" });
    let services = json!({ "cluster": "stage", "services": ["web", "other"] });
    let missing_service = json!({ "cluster": "stage", "service": "other" });
    vec![
        (
            "a cluster",
            "CreateCluster",
            json!({ "clusterName": "stage" }),
            &["/cluster/clusterName", "/cluster/status", "/cluster/activeServicesCount"],
        ),
        ("the same cluster again", "CreateCluster", json!({ "clusterName": "stage" }), &["/cluster/clusterName"]),
        (
            "clusters",
            "DescribeClusters",
            json!({ "clusters": ["stage", "other"] }),
            &["/clusters/0/clusterName", "/clusters/1", "/failures/0/reason"],
        ),
        (
            "a task definition",
            "RegisterTaskDefinition",
            web.clone(),
            &["/taskDefinition/family", "/taskDefinition/revision", "/taskDefinition/status", "/tags/0/value"],
        ),
        (
            "it described",
            "DescribeTaskDefinition",
            json!({ "taskDefinition": "web" }),
            &["/taskDefinition/revision", "/taskDefinition/containerDefinitions/0/image", "/tags"],
        ),
        (
            "with its tags",
            "DescribeTaskDefinition",
            json!({ "taskDefinition": "web:1", "include": ["TAGS"] }),
            &["/tags/0/key"],
        ),
        (
            "members of containers that nobody knows",
            "DescribeTaskDefinition",
            json!({ "taskDefinition": "web:1" }),
            &["/taskDefinition/containerDefinitions/0/newMember"],
        ),
        (
            "members that nobody knows",
            "DescribeTaskDefinition",
            json!({ "taskDefinition": "web:1" }),
            &["/taskDefinition/newMember"],
        ),
        ("a missing task definition", "DescribeTaskDefinition", json!({ "taskDefinition": "web:7" }), &[]),
        ("a second revision", "RegisterTaskDefinition", web, &["/taskDefinition/revision"]),
        ("revisions", "ListTaskDefinitions", json!({ "familyPrefix": "web" }), &["/taskDefinitionArns/1"]),
        ("no containers", "RegisterTaskDefinition", json!({ "family": "web" }), &[]),
        (
            "a service",
            "CreateService",
            service.clone(),
            &["/service/serviceName", "/service/status", "/service/desiredCount", "/service/deployments/0/status"],
        ),
        ("the same service again", "CreateService", service, &[]),
        (
            "services",
            "DescribeServices",
            services,
            &["/services/0/serviceName", "/services/0/schedulingStrategy", "/services/1", "/failures/0/reason"],
        ),
        (
            "an update",
            "UpdateService",
            json!({ "cluster": "stage", "service": "web", "taskDefinition": "web:1" }),
            &["/service/taskDefinition", "/service/deployments/0/status"],
        ),
        ("an update of a missing service", "UpdateService", missing_service, &[]),
        ("a missing cluster", "DescribeServices", json!({ "cluster": "other", "services": ["web"] }), &[]),
        ("deregistered", "DeregisterTaskDefinition", json!({ "taskDefinition": "web:2" }), &["/taskDefinition/status"]),
        (
            "inactive revisions",
            "ListTaskDefinitions",
            json!({ "familyPrefix": "web", "status": "INACTIVE" }),
            &["/taskDefinitionArns/0"],
        ),
        (
            "an inactive one",
            "UpdateService",
            json!({ "cluster": "stage", "service": "web", "taskDefinition": "web:2" }),
            &[],
        ),
        ("deleted", "DeleteService", named, &["/service/status"]),
    ]
}

fn run(endpoint: &str) -> Vec<(&'static str, String)> {
    let authorization =
        "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/ecs/aws4_request, SignedHeaders=host, Signature=0";
    let client = Client { endpoint: endpoint.to_owned(), authorization: authorization.to_owned() };
    script().into_iter().map(|(step, operation, input, look)| (step, seen(&client, operation, &input, look))).collect()
}

fn seen(client: &Client, operation: &str, input: &Value, look: &[&str]) -> String {
    let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    let answer = client.send("POST", "/", &headers, input.to_string().as_bytes());
    let body = answer.json();
    let exception = body["__type"].as_str().and_then(|name| name.rsplit('#').next());
    let found = look.iter().map(|pointer| body.pointer(pointer).map_or(String::new(), Value::to_string));
    let seen: Vec<String> =
        [answer.status.to_string()].into_iter().chain(exception.map(str::to_owned)).chain(found).collect();
    seen.join(" ")
}

/// Where the two disagree: the step, what ministack says, and which line of the documentation decides for the local AWS.
const DISAGREEMENTS: [(&str, &str, &str); 5] = [
    (
        "it described",
        r#"200 1 "nginx:1" [{"key":"team","value":"harbour"}]"#,
        "ECS API reference, DescribeTaskDefinition, `include`: tags come only if it names them",
    ),
    (
        "members that nobody knows",
        "200 ",
        "none: ECS answers with every member it knows. A member that a client does not know is played by one that nobody knows",
    ),
    (
        "the same service again",
        "400 ClientException",
        "ECS API reference, CreateService, InvalidParameterException: what AWS says of a name in use",
    ),
    (
        "an inactive one",
        "200",
        "ECS API reference, DeregisterTaskDefinition: an inactive revision can neither run tasks nor update a service",
    ),
    (
        "deleted",
        r#"200 "INACTIVE""#,
        "ECS API reference, DeleteService: the service is DRAINING first, and INACTIVE once everything is cleaned up",
    ),
];

/// ministack has another account.
fn with_our_account(text: &str) -> String {
    text.replace(":000000000000:", ":123456789012:")
}

#[test]
fn ministack_agrees_but_for_what_the_documentation_decides() {
    let Some(ministack) = peer::ministack() else { return };
    let cloud = LocalAws::start().unwrap();
    let (ours, theirs) = (run(cloud.endpoint()), run(ministack.endpoint()));
    for ((step, ours), (_, theirs)) in ours.iter().zip(&theirs) {
        let theirs = with_our_account(theirs);
        match DISAGREEMENTS.iter().find(|(disputed, _, _)| disputed == step) {
            Some((_, expected, _)) => {
                assert_eq!(theirs, *expected, "{step}");
                assert_ne!(*ours, theirs, "{step}: no longer disputed");
            }
            None => assert_eq!(*ours, theirs, "{step}"),
        }
    }
    assert_eq!(ours.len(), theirs.len());
}

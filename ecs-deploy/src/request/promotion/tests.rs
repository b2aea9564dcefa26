use serde_json::{Value, json};

use super::*;

fn place(text: &str) -> Place {
    text.parse().unwrap()
}

fn document(deployment: &Value) -> Document {
    let document = json!({ "schema": "deploy-aws-ecs/release/v1", "ok": true, "deployment": deployment });
    Document::parse(document.to_string().as_bytes()).unwrap()
}

/// What a run left in a cluster of account 111122223333.
fn deployment(cluster: &str, outcome: &str) -> Value {
    let revision = "arn:aws:ecs:eu-central-1:111122223333:task-definition/web:7";
    let service = json!({ "service": "web", "outcome": outcome, "task_definition": revision });
    json!({ "ok": true, "outcome": outcome, "cluster": cluster, "services": [service] })
}

#[test]
fn places_are_names_or_arns() {
    for text in [
        "stage",
        "stage/web",
        "arn:aws:ecs:eu-central-1:1:cluster/stage",
        "arn:aws:ecs:eu-central-1:1:service/stage/web",
    ] {
        let place = place(text);
        assert_eq!((place.cluster.as_str(), place.to_string().as_str()), ("stage", text));
        assert_eq!(place.service.is_some(), text.contains("web"));
    }
    let wrong = [
        "",
        "/",
        "stage/",
        "/web",
        "a/b/c",
        "arn:aws:ecs",
        "arn:aws:ecs:r:1:cluster/",
        "arn:aws:ecs:r:1:service/web",
        "arn:aws:ecs:r:1:task/stage/1",
    ];
    for text in wrong {
        assert_eq!(text.parse::<Place>(), Err(NotAPlace), "{text}");
    }
}

#[test]
fn what_went_through_there_is_let_through() {
    let arn = "arn:aws:ecs:eu-central-1:111122223333:cluster/stage";
    for from in ["stage", "stage/web", arn, "arn:aws:ecs:eu-central-1:111122223333:service/stage/web"] {
        for (cluster, outcome) in [("stage", "deployed"), ("stage", "unchanged"), (arn, "deployed")] {
            assert_eq!(
                check(&document(&deployment(cluster, outcome)), &place(from)),
                Ok(()),
                "{from} {cluster} {outcome}"
            );
        }
    }
}

#[test]
fn what_went_through_elsewhere_or_not_at_all_is_refused() {
    let refusal = |deployment: &Value, from: &str| check(&document(deployment), &place(from)).unwrap_err().to_string();
    let stage = deployment("stage", "deployed");
    for (deployment, from, expected) in [
        (
            &deployment("production", "deployed"),
            "stage",
            "the release is to come from stage, but its document is of production",
        ),
        (&json!({ "ok": true }), "stage", "the release is to come from stage, but its document is of no cluster"),
        (&json!("yes"), "stage", "the release is to come from stage, but its document is of no cluster"),
        (&stage, "stage/api", "the release is to come from stage/api, but its document has no such service"),
        (
            &stage,
            "arn:aws:ecs:eu-central-1:444455556666:cluster/stage",
            "the release is to come from arn:aws:ecs:eu-central-1:444455556666:cluster/stage, but its document is of account 111122223333 in eu-central-1",
        ),
        (
            &json!({ "outcome": "deployed", "cluster": "stage", "services": [{ "service": "web", "outcome": "deployed" }] }),
            "arn:aws:ecs:r:1:cluster/stage",
            "the release is to come from arn:aws:ecs:r:1:cluster/stage, but its document is of an account that it does not name",
        ),
        (
            &deployment("stage", "rolled_back"),
            "stage",
            "the release is to come from stage, where it was not deployed: rolled_back",
        ),
        (
            &json!({ "outcome": "deployed", "cluster": "stage", "services": [{ "service": "web", "outcome": "superseded" }] }),
            "stage",
            "the release is to come from stage, where it was not deployed: superseded",
        ),
    ] {
        assert_eq!(refusal(deployment, from), expected);
    }
}

#[test]
fn a_cluster_is_told_from_itself_only_by_another_account() {
    let arn = |account: &str| format!("arn:aws:ecs:eu-central-1:{account}:cluster/web");
    assert!(
        place("web").is_cluster("web") && place("web/api").is_cluster(&arn("1")) && place(&arn("1")).is_cluster("web")
    );
    assert!(!place("stage").is_cluster("production") && !place(&arn("1")).is_cluster(&arn("2")));
}

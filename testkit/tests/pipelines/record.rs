//! What became of a release is told to a log, to Grafana and to a chat; what cannot be told does not change it.

use std::thread;

use serde_json::{Value, json};
use testkit::sandbox::Run;

use crate::project::Project;
use crate::receiver::{Receiver, nobody};

/// What a run in production left that went back because of a check.
fn rolled_back() -> Value {
    let service = json!({
        "service": "web", "outcome": "rolled_back", "reason": "check failed: <alert> & co", "going_back": null,
        "images": [{ "container": "web", "image": "r.example/web@sha256:aa" }]
    });
    json!({
        "schema": "deploy-aws-ecs/release/v1", "ok": false,
        "image": { "uri": "r.example/web@sha256:aa" },
        "deployment": {
            "ok": false, "outcome": "rolled_back", "action": "deploy", "cluster": "production",
            "services": [service], "checks": [{ "command": "x", "ok": false }]
        },
        "steps": [{ "tool": "ecs-deploy", "version": "0", "ok": false, "started_at": "2026-11-29T10:00:00Z", "seconds": 61.5, "summary": "" }],
        "error": { "code": "deployment.rolled_back", "message": "rolled back: check failed: <alert> & co" }
    })
}

fn record(project: &Project, document: &str) -> Run {
    let run = project.shell("exec deploy/record.sh production \"$1\"").args(["record", document]);
    run.env("ECS_DEPLOY_CLUSTER", "production").env("ECS_DEPLOY_SERVICE", "web").env("RELEASE_BY", "ada")
}

#[test]
fn a_rollback_is_told_with_its_cause_and_who_did_it() {
    let Some(project) = Project::new() else { return };
    let server = Receiver::answering(200, "ok");
    project.write("build/release/production.json", &rolled_back().to_string());
    let hook = format!("{}/services/T0/B0/secret", server.address());
    let recorded = record(&project, "build/release/production.json")
        .env("GRAFANA_URL", server.address())
        .env("GRAFANA_TOKEN", "glsa_\"quoted\"")
        .env("CHAT_WEBHOOK_URL", &hook)
        .env("RELEASE_JOB_URL", "https://ci.example/7");
    let _ = recorded.run().code(0).stdout_is("").stderr_is("");

    let annotation = server.request("POST /api/annotations");
    assert!(annotation.headers.contains(&"Authorization: Bearer glsa_\"quoted\"".to_owned()), "{annotation:?}");
    assert!(annotation.headers.contains(&"Content-Type: application/json".to_owned()), "{annotation:?}");
    let cause = "rolled back: check failed: <alert> & co";
    let expected = json!({
        "time": 1_795_946_400_000_i64, "timeEnd": 1_795_946_461_500_i64,
        "tags": ["release", "environment:production", "service:web", "outcome:rolled_back"],
        "text": format!("web in production: rolled_back\nr.example/web@sha256:aa\n{cause}\nrolled back by ecs-deploy, because of a check\nby ada\nhttps://ci.example/7")
    });
    assert_eq!(serde_json::from_str::<Value>(&annotation.body).unwrap(), expected);

    let message = server.request("POST /services/T0/B0/secret");
    let text = "*web* in *production*: *rolled_back*\nr.example/web@sha256:aa\ncause: rolled back: check failed: &lt;alert&gt; &amp; co\nrolled back by ecs-deploy, because of a check\nreleased by ada\nhttps://ci.example/7";
    assert_eq!(serde_json::from_str::<Value>(&message.body).unwrap(), json!({ "text": text }));
    assert!(!message.headers.iter().any(|header| header.starts_with("Authorization")), "the token is Grafana's alone");

    let line = project.log().remove(0);
    assert_eq!(
        (&line["by"], &line["outcome"], &line["document"]),
        (&json!("ada"), &json!("rolled_back"), &rolled_back())
    );
}

#[test]
fn what_cannot_be_told_is_warned_of_and_the_rest_is_told() {
    let Some(project) = Project::new() else { return };
    project.write("build/release/production.json", &rolled_back().to_string());
    let (refusing, chat) = (Receiver::answering(403, "no"), Receiver::answering(200, "ok"));
    project.write("token", "glsa_1\n");
    project.write("hook", &format!("{}/hook\n", chat.address()));
    let recorded = record(&project, "build/release/production.json")
        .env("GRAFANA_URL", refusing.address())
        .env("GRAFANA_TOKEN_FILE", "token")
        .env("CHAT_WEBHOOK_URL_FILE", "hook");
    let _ = recorded.run().code(1).stderr_contains("record.sh: warning: Grafana did not take the annotation");
    let annotation = refusing.request("POST /api/annotations");
    assert!(annotation.headers.contains(&"Authorization: Bearer glsa_1".to_owned()));
    assert_eq!(chat.requests().len(), 1);
    let recorded = record(&project, "build/release/production.json").env("RELEASE_LOG", "/proc/nowhere/log");
    let _ = recorded
        .env("CHAT_WEBHOOK_URL", chat.address())
        .run()
        .code(1)
        .stderr_contains("the release is not in /proc/nowhere/log");
    assert_eq!(chat.requests().len(), 2);
}

#[test]
fn the_release_is_as_it_is_whoever_can_be_told() {
    let Some(project) = Project::new() else { return };
    for file in ["deploy/stage.env", "deploy/production.env"] {
        project.set(file, "GRAFANA_URL", &nobody());
    }
    let secret = format!("{}/services/hidden", nobody());
    let deployed = project.make(&["gate", "push", "deploy-stage"]).env("CHAT_WEBHOOK_URL", &secret).run().code(0);
    let deployed = deployed
        .stderr_contains("record.sh: warning: Grafana did not take the annotation")
        .stderr_contains("record.sh: warning: the chat did not take the message")
        .stderr_contains("release.sh: warning: the release is as told above, but it is not recorded everywhere");
    assert!(!deployed.stderr().contains("hidden"), "{}", deployed.stderr());
    let _ = project
        .make(&["rollback", "ENVIRONMENT=production"])
        .run()
        .code(2)
        .stderr_contains("there is no earlier successful deployment");
    let log = project.log();
    assert_eq!((&log[0]["outcome"], &log[1]["outcome"]), (&json!("deployed"), &json!("refused")));
}

#[test]
fn what_left_no_document_is_recorded_as_unknown() {
    let Some(project) = Project::new() else { return };
    for (name, text) in
        [("none.json", None), ("empty.json", Some("")), ("half.json", Some("{\"ok\":tr")), ("other.json", Some("[]"))]
    {
        if let Some(text) = text {
            project.write(&format!("build/release/{name}"), text);
        } else {
            project.write("build/release/.keep", "");
        }
        let _ = record(&project, &format!("build/release/{name}")).run().code(0);
        let line = project.log().pop().unwrap();
        assert_eq!((&line["outcome"], &line["document"]), (&json!("unknown"), &Value::Null), "{name}");
    }
}

#[test]
fn lines_of_releases_that_end_together_do_not_mix_and_a_torn_line_spoils_no_other() {
    let Some(project) = Project::new() else { return };
    let mut document = rolled_back();
    document["padding"] = "x".repeat(100_000).into();
    project.write("build/release/production.json", &document.to_string());
    project.write("build/release/releases.jsonl", "{\"torn\":");
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let _ = record(&project, "build/release/production.json").run().code(0);
            });
        }
    });
    let text = project.read("build/release/releases.jsonl");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("{\"torn\":"));
    let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 6);
    assert!(lines.iter().all(|line| line["document"] == document));
}

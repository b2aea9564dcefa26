//! What the env files name as watching a deployment takes it back, and is named in what is told.

use serde_json::json;
use testkit::peer;
use testkit::sandbox::Outcome;

use crate::project::Project;
use crate::receiver::{Receiver, nobody};

/// What Prometheus says to a query that selects nothing, and to one that selects a sample.
const SEES_IT: &str = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
const SEES_NOTHING: &str = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"service":"web"},"value":[1795987105,"1"]}]}}"#;

/// Has Alertmanager and Prometheus at these addresses watch an environment.
fn watch(project: &Project, environment: &str, alertmanager: &str, prometheus: &str) {
    let file = format!("deploy/{environment}.env");
    project.set(&file, "ALERTMANAGER_URL", alertmanager);
    project.set(&file, "PROMETHEUS_URL", prometheus);
}

/// A release to production that they watch.
fn watched_by(project: &Project, alertmanager: &str, prometheus: &str) -> Outcome {
    watch(project, "production", alertmanager, prometheus);
    project.make(&["deploy-production"]).run()
}

#[test]
fn an_alert_takes_the_deployment_back_and_is_named_in_the_chat() {
    let Some(project) = Project::at_speed(200.0) else { return };
    project.staged();
    let alert = json!([{
        "annotations": {}, "endsAt": "2099-01-01T00:00:00Z", "fingerprint": "a1", "receivers": [{ "name": "x" }],
        "startsAt": "2026-11-29T10:00:00Z", "status": { "inhibitedBy": [], "silencedBy": [], "state": "active" },
        "updatedAt": "2026-11-29T10:00:00Z", "generatorURL": "", "labels": { "alertname": "ServiceErrorRate", "severity": "critical", "service": "web" }
    }]);
    let (alertmanager, chat) = (Receiver::answering(200, &alert.to_string()), Receiver::answering(200, "ok"));
    let prometheus = Receiver::answering(200, SEES_IT);
    watch(&project, "production", alertmanager.address(), prometheus.address());
    let back = project.make(&["deploy-production"]).env("CHAT_WEBHOOK_URL", chat.address()).run().code(2);
    let _ = back.stderr_contains("ServiceErrorRate");
    assert_eq!(project.document("production.json")["deployment"]["outcome"], "rolled_back");
    let asked = alertmanager.requests().remove(0).line;
    let expected = "GET /api/v2/alerts?filter=alertname%3D~%22Service.%2B%22&filter=environment%3D%22production%22&active=true&silenced=false&inhibited=false HTTP/1.1\r\n";
    assert_eq!(asked.to_lowercase(), expected.to_lowercase(), "curl writes hexadecimal digits as it likes");
    let message = chat.requests().remove(0).body;
    for part in ["rolled_back", "ServiceErrorRate", "rolled back by ecs-deploy, because of a check"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn an_alertmanager_without_alerts_lets_it_through_and_one_that_does_not_answer_takes_it_back() {
    let Some(project) = Project::at_speed(200.0) else { return };
    // What the gate is told about reports does not hold for alerts.
    project.set("deploy/stage.env", "SCAN_GATE_REQUIRE", "trivy");
    let quiet = Receiver::answering(200, "[]");
    let (seeing, blind) = (Receiver::answering(200, SEES_IT), Receiver::answering(200, SEES_NOTHING));
    watch(&project, "stage", quiet.address(), seeing.address());
    project.staged();
    assert!(!quiet.requests().is_empty());
    for (alertmanager, prometheus) in [(&*nobody(), seeing.address()), (quiet.address(), blind.address())] {
        let _ = watched_by(&project, alertmanager, prometheus).code(2).stderr_contains("rolled back");
        assert_eq!(project.document("production.json")["deployment"]["outcome"], "rolled_back");
    }
    let _ = watched_by(&project, quiet.address(), "").code(2).stderr_contains("PROMETHEUS_URL is not set");
    let _ = watched_by(&project, quiet.address(), seeing.address()).code(0);
    assert_eq!(project.document("production.json")["deployment"]["outcome"], "deployed");
}

#[test]
fn alarms_of_cloudwatch_are_looked_up_by_their_prefix() {
    let Some(aws) = peer::find("aws") else { return };
    let Some(project) = Project::at_speed(200.0) else { return };
    std::os::unix::fs::symlink(aws, project.bench.sandbox.path().join("aws")).unwrap();
    project.staged();
    project.set("deploy/production.env", "CLOUDWATCH_ALARM_PREFIX", "web-");
    let alarm = "export PATH=$PATH:$PWD AWS_DEFAULT_REGION=eu-central-1; aws cloudwatch put-metric-alarm --alarm-name web-errors --metric-name E --namespace N \
                 --period 60 --evaluation-periods 1 --threshold 1 --comparison-operator GreaterThanThreshold --statistic Sum";
    let set = |state: &str| {
        format!(
            "{alarm}; aws cloudwatch set-alarm-state --alarm-name web-errors --state-value {state} --state-reason test"
        )
    };
    let promote = || project.shell("export PATH=$PATH:$PWD; exec deploy/promote.sh").run();
    let _ = project.shell(&set("ALARM")).run().code(0);
    let _ = promote().code(1).stderr_contains("web-errors");
    assert_eq!(project.document("production.json")["deployment"]["outcome"], "rolled_back");
    let _ = project.shell(&set("OK")).run().code(0);
    let _ = promote().code(0);
}

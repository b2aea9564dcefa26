//! The closed loop: what a new version does to the requests it gets decides whether it stays. The scripts are those that a person runs to watch it.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::sandbox::{Outcome, Sandbox};
use testkit::{LocalAws, peer};

use crate::bench::root;

/// Runs a script of the demonstrations with programs from these folders too, and gives what came out and a reader of the documents it left.
fn demonstrate(script: &str, folders: &[&Path]) -> (Outcome, impl Fn(&str) -> Value + use<>) {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join("documents")).unwrap();
    let path = folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(":");
    let command = format!("PATH=$PATH:{path} exec {} documents", root().join("examples/demo").join(script).display());
    let outcome = sandbox.shell(&command).run().code(0);
    let read = move |name: &str| {
        let text = std::fs::read(sandbox.path().join("documents").join(format!("{name}.json"))).unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    (outcome, read)
}

/// The outcome of a document, and why.
fn told(document: &Value) -> (&str, &str) {
    let deployment = &document["deployment"];
    let reason = deployment["services"][0]["reason"].as_str().unwrap_or_default();
    (deployment["outcome"].as_str().unwrap(), reason)
}

#[track_caller]
fn assert_rolled_back(document: &Value, reasons: &[&str]) {
    let (outcome, reason) = told(document);
    assert_eq!(
        (outcome, &document["ok"], &document["error"]["code"]),
        ("rolled_back", &json!(false), &json!("deployment.rolled_back"))
    );
    for part in reasons {
        assert!(reason.contains(part), "`{part}` is not in `{reason}`");
    }
}

#[test]
fn a_canary_that_answers_badly_goes_back_for_an_alert_of_prometheus_and_one_that_is_well_goes_through() {
    let programs = ["prometheus", "prometheus-alertmanager", "curl"].map(peer::find);
    let [Some(_), Some(_), Some(_)] = programs else { return };
    assert!(std::fs::read_to_string(root().join("examples/demo/loop.sh")).unwrap().contains(ALERTS));
    let (outcome, document) = demonstrate("loop.sh", &[]);
    assert_eq!(told(&document("well")), ("deployed", ""));

    let bad = document("bad");
    let labels = "dimension_TargetGroup=targetgroup/web-blue/0123456789abcdef environment=production";
    // The share is counted in whole requests: 29.9 %, or 30 %.
    let summary = "% of all requests are answered with a 5xx";
    assert_rolled_back(
        &bad,
        &["scan-gate: error: ", "critical ServiceErrorRate in ", labels, ": production/web: ", summary],
    );
    let check = &bad["deployment"]["checks"][0];
    let verdict: Value = serde_json::from_str(check["output"][0].as_str().unwrap()).unwrap();
    assert_eq!(verdict["scan"]["violations"][0]["id"], "ServiceErrorRate");
    let title = verdict["scan"]["violations"][0]["title"].as_str().unwrap();
    assert!(title.starts_with("production/web: ") && title.ends_with(summary), "{title}");
    let error = "ecs-deploy: error: rolled back: check `curl ";
    let _ = outcome.stderr_contains(error).stdout_contains("1.1.0, bad               rolled back: check `curl ");

    let empty = "scan-gate: error: the input is empty: the command before this one wrote nothing";
    let no_prometheus = document("no-prometheus");
    assert_rolled_back(&no_prometheus, &["$PROMETHEUS_URL", "exit code 2", empty]);
    assert_eq!(no_prometheus["deployment"]["checks"][0]["ok"], true, "Alertmanager knows of nothing");
    let no_alertmanager = document("no-alertmanager");
    assert_rolled_back(&no_alertmanager, &["$ALERTMANAGER_URL", "exit code 2", empty]);
    assert!(no_alertmanager["deployment"]["checks"][0]["output"].to_string().contains("Failed to connect"));
}

#[test]
fn a_canary_that_answers_badly_goes_back_for_an_alarm_of_cloudwatch_by_a_check_and_by_ecs_itself() {
    let Some(aws) = peer::find("aws") else { return };
    let (outcome, document) = demonstrate("alarms.sh", &[aws.parent().unwrap()]);
    assert_eq!(told(&document("checked-well")), ("deployed", ""));
    let crossed = ": ALARM: Threshold Crossed: 1 out of the last 1 datapoint [";
    assert_rolled_back(&document("checked-bad"), &["failed web-errors-", crossed]);
    assert_eq!(told(&document("watched-well")), ("deployed", ""));
    let reason = "one or more alarms are in the ALARM state: web-errors-";
    assert_rolled_back(&document("watched-bad"), &[reason]);
    let _ = outcome.stderr_contains(&format!("ecs-deploy: error: rolled back: {reason}"));
}

/// What `docs/observability.md` tells people to check.
const ALERTS: &str = "curl -fsS \"$ALERTMANAGER_URL/api/v2/alerts?filter=environment=production&filter=alertname=~Service.*\" | scan-gate - --format alertmanager --fail-on critical";

#[test]
fn alertmanager_lists_silenced_alerts_too_and_they_are_told_but_shut_no_gate() {
    let configuration = root().join("examples/observability/alertmanager.yml");
    let (Some(_), Some(alertmanager)) = (peer::find("curl"), peer::alertmanager(&configuration)) else { return };
    let sandbox = Sandbox::new().env("ALERTMANAGER_URL", alertmanager.endpoint());
    let post = |what: &str, body: Value| {
        let command =
            format!("curl -fsS -H 'content-type: application/json' -d @- \"$ALERTMANAGER_URL/api/v2/{what}\"");
        sandbox.shell(&command).pipe_in(body.to_string()).run().code(0)
    };
    let alert = |name: &str, environment: &str, service: &str, severity: &str| {
        let labels = json!({ "alertname": name, "environment": environment, "service": service, "severity": severity });
        json!({ "labels": labels, "annotations": { "summary": "many requests fail" } })
    };
    // What counts is about a service, in this environment, and critical: an earlier release that failed does not stop the one that mends it.
    let others = json!([
        alert("ServiceErrorRate", "stage", "web", "critical"),
        alert("ServiceCpu", "production", "web", "warning"),
        alert("ReleaseFailed", "production", "api", "critical")
    ]);
    let _ = post("alerts", others);
    let _ = sandbox.shell(ALERTS).run().code(0).says("/scan/counts/medium", 1).says("/scan/violations_total", 0);

    let _ = post("alerts", json!([alert("ServiceErrorRate", "production", "web", "critical")]));
    let message = "1 issue shuts the gate, worst: critical ServiceErrorRate in environment=production service=web: many requests fail";
    let outcome = sandbox.shell(ALERTS).run().code(1).says("/error/message", message);
    let _ = outcome.stderr_contains(&format!("scan-gate: error: {message}\n"));

    let matchers = json!([{ "name": "alertname", "value": "ServiceErrorRate", "isRegex": false }]);
    let until = "2199-01-01T00:00:00Z";
    let _ = post(
        "silences",
        json!({ "matchers": matchers, "startsAt": "2026-01-01T00:00:00Z", "endsAt": until, "createdBy": "a person", "comment": "known" }),
    );
    let started = Instant::now();
    while sandbox.shell(ALERTS).run().exit_code() != Some(0) {
        assert!(started.elapsed() < Duration::from_secs(30), "a silence takes effect");
    }
    let _ = sandbox.shell(ALERTS).run().code(0).says("/scan/violations_total", 0);
}

#[test]
fn prometheus_reads_the_page_of_the_local_aws() {
    let cloud = LocalAws::start().unwrap();
    let seed = std::fs::read(root().join("examples/demo/world.json")).unwrap();
    testkit::seed::plant(&seed, &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
    let sandbox = Sandbox::new();
    let configuration = sandbox.write(
        "prometheus.yml",
        format!(
            "{{global: {{scrape_interval: 100ms}}, scrape_configs: [{{job_name: yace, metrics_path: /_local/metrics, static_configs: [{{targets: ['{}']}}]}}]}}",
            cloud.registry()
        ),
    );
    let (Some(_), Some(prometheus)) = (peer::find("curl"), peer::prometheus(&configuration)) else { return };
    let ask = |query: &str| -> Value {
        let command = format!("curl -fsS '{}/api/v1/query' --data-urlencode 'query={query}'", prometheus.endpoint());
        sandbox.shell(&command).run().code(0).json()["data"]["result"].clone()
    };
    let started = Instant::now();
    while ask("up")[0]["value"][1] != "1" {
        assert!(started.elapsed() < Duration::from_secs(30), "the page is scraped");
    }
    let requests = ask("aws_applicationelb_request_count_sum{dimension_TargetGroup=~\"targetgroup/web-blue/.+\"}");
    assert_eq!((&requests[0]["value"][1], &requests[0]["metric"]["tag_service"]), (&json!("1200"), &json!("web")));
    assert_eq!(ask("count({__name__=~\"aws_ecs_.+\"})")[0]["value"][1], "8");
}

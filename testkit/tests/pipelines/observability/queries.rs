//! Every expression of the rules and of the dashboard, asked of a real Prometheus: none selects nothing.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::peer;

use super::plant::{Plant, get, plant};
use super::selector::selectors;
use super::{RULES, text};

/// How long Prometheus may take to scrape everything and to have evaluated every rule twice.
const DEADLINE: Duration = Duration::from_secs(90);
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The samples of an instant query, or what is wrong with it.
fn samples(plant: &Plant, query: &str) -> Result<Vec<Value>, String> {
    let mut path = "/api/v1/query?query=".to_owned();
    for byte in query.bytes() {
        let _ = if byte.is_ascii_alphanumeric() {
            write!(path, "{}", char::from(byte))
        } else {
            write!(path, "%{byte:02X}")
        };
    }
    let answer = get(&plant.prometheus, &path);
    match answer.pointer("/data/result").and_then(Value::as_array) {
        Some(samples) => Ok(samples.clone()),
        None => Err(answer.to_string()),
    }
}

/// Every string below a name in a JSON document.
fn strings<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if key == name {
                    found.extend(value.as_str());
                }
                strings(value, name, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, name, found)),
        _ => {}
    }
}

/// The queries of the dashboard, with all environments and services chosen.
fn dashboard_queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&text("grafana/dashboard.json")).unwrap();
    let mut queries = Vec::new();
    strings(&dashboard, "expr", &mut queries);
    let mut variables = Vec::new();
    strings(&dashboard["templating"], "query", &mut variables);
    let labels = variables.into_iter().filter_map(|query| query.strip_prefix("label_values(")?.rsplit_once(", "));
    let labels: Vec<String> =
        labels.map(|(series, label)| format!("count by ({}) ({series})", label.trim_end_matches(')'))).collect();
    assert!(queries.len() > 20 && labels.len() == 2, "{queries:?} {labels:?}");
    let chosen = |query: &str| query.replace("$environment", ".*").replace("$service", ".*");
    queries.into_iter().map(chosen).chain(labels.iter().map(|query| chosen(query))).collect()
}

/// The expressions of the rules as Prometheus has read them.
fn rules(plant: &Plant) -> Vec<Value> {
    let answer = get(&plant.prometheus, "/api/v1/rules");
    let groups = answer["data"]["groups"].as_array().cloned().unwrap_or_default();
    groups.iter().flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default()).collect()
}

/// Asks until every query has a sample, and says which have none in the end.
fn without_samples(plant: &Plant, mut queries: BTreeSet<String>) -> BTreeSet<String> {
    let started = Instant::now();
    while !queries.is_empty() && started.elapsed() < DEADLINE {
        queries.retain(|query| {
            samples(plant, query).map_or_else(|error| panic!("{query}: {error}"), |found| found.is_empty())
        });
        std::thread::sleep(POLL_INTERVAL);
    }
    queries
}

#[test]
fn no_query_of_the_dashboard_and_no_selector_of_a_rule_selects_nothing() {
    let Some(plant) = plant() else { return };
    let rules = rules(&plant);
    assert_eq!(rules.len(), RULES.map(|name| text(name).matches("expr:").count()).iter().sum::<usize>());
    let selected = rules.iter().flat_map(|rule| selectors(rule["query"].as_str().unwrap()));
    let queries: BTreeSet<String> = dashboard_queries().into_iter().chain(selected).collect();
    assert!(queries.len() > 40, "{queries:?}");
    let empty = without_samples(&plant, queries);
    assert!(empty.is_empty(), "these select nothing: {empty:#?}\n{}", get(&plant.prometheus, "/api/v1/targets"));
    every_rule_is_well(&plant);
    labels_are_the_services_own(&plant);
    the_last_success_outlives_a_failed_run(&plant);
}

fn every_rule_is_well(plant: &Plant) {
    let unwell: Vec<Value> = rules(plant).into_iter().filter(|rule| rule["health"] != "ok").collect();
    assert!(unwell.is_empty(), "{unwell:#?}");
    // The canary answers every third request with a 5xx; nothing else is wrong, but that CloudWatch says nothing of stage.
    let alerting: BTreeSet<String> = rules(plant)
        .into_iter()
        .filter(|rule| rule["state"].as_str().is_some_and(|state| state != "inactive"))
        .map(|rule| rule["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(alerting, ["ServiceErrorRate", "ServiceUnwatched"].map(str::to_owned).into());
}

fn labels_are_the_services_own(plant: &Plant) {
    let of = |query: &str| samples(plant, query).unwrap();
    let gate = of(
        r#"deploy_aws_ecs_document_section_ok{tool="ecs-deploy",section="scan",environment="stage",service="web",job="release"} == 1"#,
    );
    assert_eq!(gate.len(), 1, "{gate:?}");
    let green = of(
        r#"target_group:errors:ratio5m{environment="production",service="web",dimension_TargetGroup="targetgroup/green/1"}"#,
    );
    assert_eq!((green.len(), &green[0]["value"][1]), (1, &Value::from("0.3")), "{green:?}");
    // An older run of production lies in the Pushgateway: the newer one counts.
    let older = of(r#"deploy_aws_ecs:superseded_run:timestamp_seconds{tool="ecs-deploy",environment="production"}"#);
    assert_eq!((older.len(), &older[0]["metric"]["job"]), (1, &Value::from("release")), "{older:?}");
}

/// A runner that is new each time has no old file: what was pushed before stays, for it is pushed with POST.
fn the_last_success_outlives_a_failed_run(plant: &Plant) {
    let sandbox = &plant.bench.sandbox;
    let script = r#"set -euo pipefail
        scan-gate garbage.json --metrics failed.prom --metrics-labels environment=stage,service=web > failed.json || test $? = 2
        if grep -q success failed.prom; then exit 1; fi
        curl --fail --silent --show-error --data-binary @failed.prom "$PUSHGATEWAY/metrics/job/release/tool/scan-gate/environment/stage/service/web""#;
    let _ = sandbox.shell(script).env("PUSHGATEWAY", plant.pushgateway.endpoint()).run().code(0);
    let labels = r#"{tool="scan-gate",environment="stage",service="web"}"#;
    let failed = format!(
        "deploy_aws_ecs_run_outcome{{tool=\"scan-gate\",environment=\"stage\",outcome=\"usage\"}} == 1
         and on (tool, environment, service) deploy_aws_ecs_run_success_timestamp_seconds{labels} < on (tool, environment, service) deploy_aws_ecs_run_timestamp_seconds{labels}"
    );
    let never = without_samples(plant, [failed].into());
    assert!(never.is_empty(), "{never:?}");
}

#[test]
fn what_the_tools_write_is_what_promtool_takes_for_metrics() {
    let Some(promtool) = peer::find("promtool") else { return };
    let bench = crate::bench::Bench::new();
    super::plant::measure(&bench);
    for file in super::page::written(&bench) {
        let outcome =
            bench.sandbox.program(&promtool).args(["check", "metrics"]).pipe_in(std::fs::read(&file).unwrap()).run();
        let _ = outcome.code(0).stdout_is("").stderr_is("");
    }
}

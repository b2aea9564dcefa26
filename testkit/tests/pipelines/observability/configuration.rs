//! The files as the programs that read them check them.

use testkit::peer;
use testkit::sandbox::{Outcome, Sandbox};

use super::{RULES, example};

/// A run of a program on files of the examples; none if it is not installed.
fn checked(program: &str, arguments: &[&str], files: &[String]) -> Option<Outcome> {
    let program = peer::find(program)?;
    let sandbox = Sandbox::new();
    Some(sandbox.program(&program).args(arguments).args(files).run())
}

fn path(name: &str) -> String {
    example(name).display().to_string()
}

#[test]
fn prometheus_takes_its_configuration_and_the_rules() {
    let Some(outcome) =
        checked("promtool", &["check", "config", "--lint=all", "--lint-fatal"], &[path("prometheus.yml")])
    else {
        return;
    };
    let _ = outcome.code(0).stdout_contains("2 rule files found");
    if let Some(outcome) = checked("promtool", &["check", "rules", "--lint=all", "--lint-fatal"], &RULES.map(path)) {
        let _ = outcome.code(0).stdout_contains("SUCCESS");
    }
}

#[test]
fn the_tests_of_the_rules_pass() {
    let files = ["release", "service", "week"].map(|name| path(&format!("rules/tests/{name}.test.yml")));
    if let Some(outcome) = checked("promtool", &["test", "rules"], &files) {
        let _ = outcome.code(0);
    }
}

#[test]
fn every_alert_reaches_whom_it_is_for() {
    let configuration = path("alertmanager.yml");
    let Some(outcome) = checked("amtool", &["check-config"], std::slice::from_ref(&configuration)) else { return };
    let _ = outcome.code(0).stdout_contains("2 inhibit rules");
    let table = [
        ("alertname=ServiceErrorRate severity=critical environment=production service=web", "pager,chat"),
        ("alertname=ServiceErrorRate severity=warning environment=production service=web", "chat"),
        ("alertname=ServiceErrorRate severity=critical environment=stage service=web", "chat"),
        ("alertname=ReleaseRolledBack severity=warning environment=stage service=web", "chat"),
        ("alertname=PublicDatabase severity=critical environment=production service=web", "pager,chat"),
        ("alertname=MetricsMissing severity=warning environment=all service=metrics", "chat"),
        // What names no environment may be production.
        ("alertname=GateBypassed severity=critical", "pager,chat"),
        ("alertname=Unheard", "chat"),
    ];
    for (labels, receivers) in table {
        let labels: Vec<String> = labels.split(' ').map(str::to_owned).collect();
        let arguments = ["config", "routes", "test", "--config.file", &configuration];
        let Some(outcome) = checked("amtool", &arguments, &labels) else { return };
        assert_eq!(outcome.code(0).stdout().trim(), receivers, "{labels:?}");
    }
}

#[test]
fn no_secret_stands_in_a_configuration() {
    for name in ["prometheus.yml", "alertmanager.yml", "yace.yml", "grafana/provisioning/datasources/prometheus.yml"] {
        let text = super::text(name);
        let told = ["api_url:", "routing_key:", "password", "token", "secret_key", "hooks.slack"];
        assert!(told.iter().all(|word| !text.contains(word)), "{name}");
    }
}

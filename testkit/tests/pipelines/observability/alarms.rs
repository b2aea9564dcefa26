//! The alerts: what each of them says, and that the tests of the rules know each of them.

use std::collections::BTreeSet;

use super::{RULES, text};

/// An alert as a rule or a test names it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Alert {
    name: String,
    severity: String,
}

/// What stands behind `key:` up to the end of the word.
fn word<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.split_once(key)?.1.trim_start().split([' ', ',', '}']).next()
}

/// The blocks of a file that begin with this line.
fn blocks<'a>(text: &'a str, beginning: &str) -> Vec<&'a str> {
    let starts: Vec<usize> = text.match_indices(beginning).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| &text[*start..end]).collect()
}

/// Rules of all files, each with its text.
fn rules() -> Vec<(Alert, String)> {
    let files = RULES.map(text).join("\n");
    let named = blocks(&files, "- alert: ").into_iter().map(|block| {
        let name = word(block, "- alert:").unwrap().trim();
        let name = name.lines().next().unwrap().to_owned();
        (Alert { name, severity: word(block, "severity:").unwrap().to_owned() }, block.to_owned())
    });
    named.collect()
}

#[test]
fn every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not() {
    let files = ["release", "service", "week"].map(|name| text(&format!("rules/tests/{name}.test.yml"))).join("\n");
    let (mut firing, mut silent) = (BTreeSet::new(), BTreeSet::new());
    for block in blocks(&files, "eval_time:") {
        let Some(name) = word(block, "alertname:").map(|name| name.lines().next().unwrap().to_owned()) else {
            continue;
        };
        let severities: Vec<&str> = block.lines().filter_map(|line| word(line, "severity:")).collect();
        if block.contains("exp_alerts:") {
            let told = severities.into_iter().map(str::to_owned);
            firing.extend(told.map(|severity| Alert { name: name.clone(), severity }));
        } else {
            let _ = silent.insert(name);
        }
    }
    let rules = rules();
    assert!(rules.len() >= 18, "{rules:?}");
    let untested: Vec<&Alert> = rules.iter().map(|(alert, _)| alert).filter(|alert| !firing.contains(*alert)).collect();
    assert!(untested.is_empty(), "in no test fires {untested:?}");
    let always: Vec<&Alert> =
        rules.iter().map(|(alert, _)| alert).filter(|alert| !silent.contains(&alert.name)).collect();
    assert!(always.is_empty(), "in no test is silent {always:?}");
}

#[test]
fn every_alert_says_what_it_is_and_where_its_page_is() {
    let page = std::fs::read_to_string(crate::bench::root().join("docs/observability.md")).unwrap();
    for (alert, block) in rules() {
        assert!(["critical", "warning"].contains(&alert.severity.as_str()), "{alert:?}");
        assert!(block.contains("summary: '") && block.contains("description: '"), "{alert:?}");
        let anchor = alert.name.to_lowercase();
        assert!(block.contains(&format!("runbook: docs/observability.md#{anchor}")), "{alert:?}");
        assert!(page.contains(&format!("### {}\n", alert.name)), "docs/observability.md has no part about {alert:?}");
    }
}

#[test]
fn every_recorded_series_is_used() {
    let files = RULES.map(text).join("\n");
    let dashboard = text("grafana/dashboard.json");
    for name in
        blocks(&files, "- record: ").into_iter().filter_map(|block| block.lines().next()?.strip_prefix("- record: "))
    {
        let uses = files.matches(name).count() - 1 + dashboard.matches(name).count();
        assert!(uses > 0, "{name}");
    }
}

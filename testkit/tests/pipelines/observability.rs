//! What watches releases: the configurations as Prometheus and Alertmanager check them, the tests of the rules, and every query against a
//! Prometheus that has scraped what the tools wrote.

mod alarms;
mod configuration;
mod page;
mod plant;
mod queries;
mod selector;

use std::path::PathBuf;

use crate::bench::root;

/// A file of the examples.
fn example(path: &str) -> PathBuf {
    root().join("examples/observability").join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(example(path)).unwrap()
}

/// The files of rules.
const RULES: [&str; 2] = ["rules/release.rules.yml", "rules/service.rules.yml"];

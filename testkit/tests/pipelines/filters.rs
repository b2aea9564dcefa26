//! Other filters join in anywhere in the pipe.

use testkit::peer;

use crate::bench::Bench;

#[test]
fn what_jq_adds_between_two_tools_travels_on() {
    if peer::find("jq").is_none() {
        return;
    }
    let bench = Bench::new();
    let script =
        "scan-gate report.json | jq '{team: \"harbour\"} + . + {ticket: {id: 17}}' | net-audit vpc.json --input -";
    let outcome = bench.sandbox.shell(script).run().code(0).says("/team", "harbour").says("/ticket/id", 17);
    let members = outcome.json().as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members, ["team", "schema", "ok", "scan", "network", "steps", "ticket"]);
}

#[test]
fn a_filter_that_fails_shuts_the_pipe() {
    if peer::find("jq").is_none() {
        return;
    }
    let bench = Bench::new();
    let script = "scan-gate report.json | jq 'error(\"no\")' | ecr-push web --repository web --tag 1.0.0 --input -";
    let _ = bench.sandbox.shell(script).run().code(2).says("/error/code", "input.empty");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

//! A pipe fails closed: whatever becomes of the upstream, with and without `pipefail`, the downstream changes nothing, writes one document
//! and says no.

use crate::bench::Bench;

/// A tool as a stage of a pipe.
struct Stage {
    tool: &'static str,
    /// The service it writes to: what its writes in the journal begin with.
    writes: &'static str,
    /// Its command line, which reads the release document from standard input.
    command: &'static str,
    /// The same, with something wrong that makes it say no. It reads no standard input.
    refusing: &'static str,
}

const STAGES: [Stage; 5] = [
    Stage {
        tool: "scan-gate",
        writes: "nothing",
        command: "scan-gate report.json --input -",
        refusing: "scan-gate vulnerable.json",
    },
    Stage {
        tool: "ecr-push",
        writes: "registry:",
        command: "ecr-push web --repository web --tag 1.0.0 --input -",
        refusing: "ecr-push corrupt --repository web --tag 1.0.0",
    },
    Stage {
        tool: "ecs-deploy",
        writes: "ecs:",
        command: "ecs-deploy --cluster stage --service web --image web:1 --input -",
        refusing: "ecs-deploy --cluster stage --service missing --image web:1",
    },
    Stage {
        tool: "net-audit",
        writes: "nothing",
        command: "net-audit vpc.json --input -",
        refusing: "net-audit garbage.json",
    },
    Stage {
        tool: "tfstate-lock",
        writes: "s3:",
        command: "tfstate-lock acquire s3://terraform-state/web.tfstate --input -",
        refusing: "tfstate-lock acquire s3://missing-bucket/web.tfstate",
    },
];

/// What becomes of the upstream: a name, how its command is written, and the exit code of the downstream.
fn mishaps(upstream: &Stage) -> [(&'static str, String, i32); 4] {
    let Stage { command, refusing, .. } = upstream;
    let fine = command.replace(" --input -", "");
    [
        // It is killed while it waits for a document that never comes.
        (
            "killed",
            format!("{{ mkfifo silence; exec 3<>silence; {command} <&3 & kill -KILL $!; wait $!; rm silence; }}"),
            2,
        ),
        ("empty", format!("{{ {fine} > /dev/null; }}"), 2),
        ("truncated", format!("{{ {fine} | head -c 40; }}"), 2),
        ("refused", format!("{{ {refusing}; }}"), 1),
    ]
}

fn check(upstream: &Stage, downstream: &Stage) {
    let bench = Bench::new();
    for (mishap, command, code) in mishaps(upstream) {
        for pipefail in ["set +o pipefail", "set -o pipefail"] {
            bench.cloud.clear_journal();
            let place = format!("{} {mishap} | {} ({pipefail})", upstream.tool, downstream.tool);
            let script = format!("{pipefail}; {command} 2> upstream.txt | {}", downstream.command);
            let outcome = bench.sandbox.shell(&script).run();
            let document = outcome.json();
            assert_eq!(document["ok"], false, "{place}: {document}");
            assert!(document["error"]["code"].is_string(), "{place}: {document}");
            assert_eq!(outcome.exit_code(), Some(code), "{place}: {document}\n{}", outcome.stderr());
            let writes = bench.cloud.writes();
            let own: Vec<_> = writes.iter().filter(|call| call.starts_with(downstream.writes)).collect();
            assert!(own.is_empty(), "{place}: the downstream changed the world: {own:?}");
        }
    }
}

/// Every stage behind every other: whatever order a script puts them in.
fn check_all_behind(upstream: usize) {
    let others = STAGES.iter().filter(|stage| stage.tool != STAGES[upstream].tool);
    others.for_each(|downstream| check(&STAGES[upstream], downstream));
}

#[test]
fn nothing_happens_behind_a_scan_gate_that_fails() {
    check_all_behind(0);
}

#[test]
fn nothing_happens_behind_an_ecr_push_that_fails() {
    check_all_behind(1);
}

#[test]
fn nothing_happens_behind_an_ecs_deploy_that_fails() {
    check_all_behind(2);
}

#[test]
fn nothing_happens_behind_a_net_audit_that_fails() {
    check_all_behind(3);
}

#[test]
fn nothing_happens_behind_a_tfstate_lock_that_fails() {
    check_all_behind(4);
}

#[test]
fn the_tail_of_a_long_pipe_still_says_what_went_wrong_first() {
    let bench = Bench::new();
    let script = "scan-gate vulnerable.json | ecr-push web --repository web --tag 1.0.0 -i - | ecs-deploy --cluster stage --service web \
                  | net-audit vpc.json -i - | tfstate-lock acquire s3://terraform-state/web.tfstate -i -";
    let outcome = bench.sandbox.shell(script).run().code(1).says("/ok", false).says("/error/code", "gate.shut");
    assert_eq!(outcome.json()["steps"].as_array().map(Vec::len), Some(1), "only the gate ran");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn the_whole_pipe_goes_through_when_all_is_well() {
    let bench = Bench::new();
    let script = "scan-gate report.json | ecr-push web --repository web --tag 1.0.0 -i - --require scan \
                  | ecs-deploy --cluster stage --service web --require scan,push | net-audit vpc.json -i - \
                  | tfstate-lock acquire s3://terraform-state/web.tfstate -i - | tfstate-lock release -i - \
                  | ecs-deploy --cluster production --service web --require scan,push,network,deployment";
    let outcome = bench.sandbox.shell(script).run().code(0).says("/ok", true).says("/deployment/cluster", "production");
    let document = outcome.json();
    let tools: Vec<_> =
        document["steps"].as_array().unwrap().iter().map(|step| step["tool"].as_str().unwrap()).collect();
    let expected = ["scan-gate", "ecr-push", "ecs-deploy", "net-audit", "tfstate-lock", "tfstate-lock", "ecs-deploy"];
    assert_eq!(tools, expected);
    assert_eq!(document["deployment"]["digest"], document["image"]["digest"]);
}

//! `--metrics FILE`, the same in all five tools.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::bench::Bench;

const LABELS: &str = "--metrics-labels environment=stage,service=web";

/// A command of each tool that says yes, and one that says no, with the outcome that it ends with.
const COMMANDS: [(&str, &str, &str, &str); 5] = [
    ("scan-gate", "scan-gate report.json", "scan-gate vulnerable.json", "no"),
    ("ecr-push", "ecr-push web --repository web --tag 1.0.0", "ecr-push corrupt --repository web --tag 1.0.1", "usage"),
    (
        "ecs-deploy",
        "ecs-deploy --cluster stage --service web --image public.ecr.aws/nginx/nginx:1.28",
        "ecs-deploy --cluster stage --service other --image public.ecr.aws/nginx/nginx:1.28",
        "world",
    ),
    ("net-audit", "net-audit vpc.json", "net-audit vpc.json --fail-on low", "no"),
    (
        "tfstate-lock",
        "tfstate-lock acquire s3://terraform-state/web.tfstate",
        "tfstate-lock acquire s3://terraform-state/web.tfstate",
        "no",
    ),
];

fn read(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.sandbox.path().join(name)).unwrap()
}

/// The value of the sample whose line begins with this.
fn value(text: &str, sample: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
}

fn outcome(tool: &str, outcome: &str) -> String {
    let labels = format!("{{environment=\"stage\",outcome=\"{outcome}\",service=\"web\",tool=\"{tool}\"}}");
    format!("deploy_aws_ecs_run_outcome{labels}")
}

fn of_run(family: &str, tool: &str) -> String {
    format!("deploy_aws_ecs_run_{family}{{environment=\"stage\",service=\"web\",tool=\"{tool}\"}}")
}

#[test]
fn a_yes_is_told_and_a_no_behind_it_keeps_the_time_of_the_last_yes() {
    let bench = Bench::new();
    for (tool, yes, no, how) in COMMANDS {
        let file = format!("{tool}.prom");
        let _ = bench.sandbox.shell(&format!("{yes} --metrics {file} {LABELS}")).run().code(0);
        let first = read(&bench, &file);
        assert_eq!(value(&first, &outcome(tool, "yes")), Some(1.0), "{first}");
        let success = value(&first, &of_run("success_timestamp_seconds", tool)).unwrap();
        assert_eq!(value(&first, &of_run("timestamp_seconds", tool)), Some(success));
        let _ = bench.sandbox.shell(&format!("{no} --metrics {file} {LABELS} || true")).run().code(0);
        let second = read(&bench, &file);
        assert_eq!(value(&second, &outcome(tool, "yes")), Some(0.0), "{second}");
        assert_eq!(value(&second, &outcome(tool, how)), Some(1.0), "{second}");
        assert_eq!(value(&second, &of_run("success_timestamp_seconds", tool)), Some(success), "{second}");
        assert!(value(&second, &of_run("timestamp_seconds", tool)).unwrap() >= success);
        assert!(value(&second, &of_run("duration_seconds", tool)).unwrap() >= 0.0);
    }
    let left = fs::read_dir(bench.sandbox.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.filter(|name| name.to_string_lossy().contains(".prom.")).count(), 0, "nothing else is left");
}

#[test]
fn what_is_written_is_openmetrics_and_the_older_format_to_strict_readers() {
    let Some(python) = testkit::peer::find("python3:prometheus_client") else { return };
    let bench = Bench::new();
    for (at, (_, yes, no, _)) in COMMANDS.into_iter().enumerate() {
        for (name, command) in [("yes", yes), ("no", no)] {
            let labels = "--metrics-labels 'environment=a\"b\\c,region=µ=1'";
            let _ =
                bench.sandbox.shell(&format!("{command} --metrics {at}-{name}.prom {labels} || true")).run().code(0);
        }
    }
    let reader = "import glob
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics
for name in sorted(glob.glob('*.prom')):
    text = open(name).read()
    samples = [sample for family in openmetrics.text_string_to_metric_families(text) for sample in family.samples]
    assert samples == [sample for family in parser.text_string_to_metric_families(text) for sample in family.samples]
    assert all(sample.labels['environment'] == 'a\"b\\\\c' and sample.labels['region'] == 'µ=1' for sample in samples)
    print(name)
";
    let read = bench.sandbox.program(&python).args(["-c", reader]).run().code(0);
    assert_eq!(read.stdout().lines().count(), 2 * COMMANDS.len());
}

#[test]
fn everybody_may_read_the_file_and_a_link_to_it_stays_a_link() {
    let bench = Bench::new();
    fs::create_dir(bench.sandbox.path().join("collector")).unwrap();
    std::os::unix::fs::symlink("collector/gate.prom", bench.sandbox.path().join("gate.prom")).unwrap();
    let command = "umask 022; touch collector/gate.prom; scan-gate report.json --metrics gate.prom";
    let _ = bench.sandbox.shell(command).run().code(0);
    let file = bench.sandbox.path().join("collector/gate.prom");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    assert!(read(&bench, "collector/gate.prom").ends_with("# EOF\n"));
    assert!(fs::symlink_metadata(bench.sandbox.path().join("gate.prom")).unwrap().is_symlink());
}

#[test]
fn what_is_no_file_of_metrics_is_left_as_it_is_and_nothing_is_done() {
    let bench = Bench::new();
    bench.sandbox.write("notes.txt", "remember the milk\n");
    let push = "ecr-push web --repository web --tag 1.0.0 --metrics";
    for (file, code, error) in [
        ("notes.txt", 2, "metrics.foreign"),
        ("web", 2, "metrics.no_file"),
        ("/dev/null", 2, "metrics.no_file"),
        ("nowhere/push.prom", 3, "metrics.unwritable"),
    ] {
        let outcome = bench.sandbox.shell(&format!("{push} {file}")).run().code(code).says("/error/code", error);
        let outcome = outcome.stderr_contains("ecr-push: error: ").stderr_contains("ecr-push: hint: ");
        assert!(outcome.json()["push"].is_null(), "nothing was pushed for {file}");
    }
    assert_eq!(read(&bench, "notes.txt"), "remember the milk\n");
    let _ = bench
        .sandbox
        .shell("ecr-push web --repository web --tag 1.0.0 --dry-run")
        .run()
        .code(0)
        .says("/push/ok", false);
}

#[test]
fn the_no_of_a_tool_upstream_goes_on_as_it_came_and_is_measured() {
    let bench = Bench::new();
    let pipe = "scan-gate vulnerable.json | tee no.json | ecr-push web --repository web --input - --metrics push.prom";
    let outcome = bench.sandbox.shell(pipe).run().code(1);
    assert_eq!(outcome.stdout(), read(&bench, "no.json"));
    let text = read(&bench, "push.prom");
    assert_eq!(value(&text, "deploy_aws_ecs_run_outcome{outcome=\"no\",tool=\"ecr-push\"}"), Some(1.0), "{text}");
    assert!(!text.contains("success_timestamp"), "{text}");
    assert!(!text.contains("ecr_push_"), "what was not looked at has no numbers: {text}");
}

#[test]
fn a_run_that_finds_nothing_out_leaves_the_numbers_of_the_run_before() {
    let bench = Bench::new();
    let push = "ecr-push web --repository web --tag 1.0.0 --input - --metrics push.prom";
    let _ = bench.sandbox.shell(&format!("scan-gate report.json | {push}")).run().code(0);
    let section =
        |text: &str| text.split_once("# HELP deploy_aws_ecs_section_timestamp_seconds ").unwrap().1.to_owned();
    let first = read(&bench, "push.prom");
    assert!(first.contains("\ndeploy_aws_ecs_document_section_ok{section=\"scan\",tool=\"ecr-push\"} 1\n"), "{first}");
    for _ in 0..2 {
        let _ = bench.sandbox.shell(&format!("scan-gate vulnerable.json | {push}")).run().code(1);
        let second = read(&bench, "push.prom");
        assert_eq!(
            value(&second, "deploy_aws_ecs_run_outcome{outcome=\"no\",tool=\"ecr-push\"}"),
            Some(1.0),
            "{second}"
        );
        assert_eq!(section(&second), section(&first));
    }
}

#[test]
fn a_file_of_another_tool_or_of_other_labels_is_left_as_it_is() {
    let bench = Bench::new();
    let _ =
        bench.sandbox.shell("scan-gate report.json --metrics a.prom --metrics-labels environment=stage").run().code(0);
    let before = read(&bench, "a.prom");
    for command in [
        "scan-gate report.json --metrics a.prom --metrics-labels environment=production",
        "scan-gate report.json --metrics a.prom",
        "net-audit vpc.json --metrics a.prom --metrics-labels environment=stage",
    ] {
        let _ = bench.sandbox.shell(command).run().code(2).says("/error/code", "metrics.foreign");
    }
    assert_eq!(read(&bench, "a.prom"), before);
    let _ = bench
        .sandbox
        .shell("chmod 640 a.prom; scan-gate report.json --metrics a.prom --metrics-labels environment=stage")
        .run()
        .code(0);
    assert_eq!(fs::metadata(bench.sandbox.path().join("a.prom")).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_deployment_says_what_the_document_has_shown_about_its_image() {
    let bench = Bench::new();
    let gated = "scan-gate report.json | ecr-push web --repository web --tag 1.0.0 --input - --require scan > gated.json
        ecs-deploy --cluster stage --service web --input gated.json --metrics gated.prom > /dev/null
        ecs-deploy --cluster production --service web --image public.ecr.aws/nginx/nginx:1.28 --metrics bypassed.prom > /dev/null";
    let _ = bench.sandbox.shell(&format!("set -euo pipefail\n{gated}")).run().code(0);
    let shown = |file: &str, section: &str| {
        let sample = format!("deploy_aws_ecs_document_section_ok{{section=\"{section}\",tool=\"ecs-deploy\"}}");
        value(&read(&bench, file), &sample)
    };
    let of = |file: &str| ["scan", "push", "network", "lock", "deployment"].map(|section| shown(file, section));
    assert_eq!(of("gated.prom"), [Some(1.0), Some(1.0), Some(0.0), Some(0.0), None]);
    assert_eq!(of("bypassed.prom"), [Some(0.0), Some(0.0), Some(0.0), Some(0.0), None]);
    let text = read(&bench, "gated.prom");
    assert!(text.contains("ecs_deploy_outcome{cluster=\"stage\",outcome=\"deployed\",service=\"web\"} 1\n"), "{text}");
    assert!(
        text.contains("ecs_deploy_outcome{cluster=\"stage\",outcome=\"rolled_back\",service=\"web\"} 0\n"),
        "{text}"
    );
}

#[test]
fn a_run_that_is_ended_is_measured_with_what_was_known_by_then() {
    let bench = Bench::new();
    let deploy =
        "ecs-deploy --cluster production --service web --image public.ecr.aws/nginx/nginx:1.28 --metrics deploy.prom";
    let _ = bench.sandbox.shell(&format!("{deploy} --timeout 300ms")).run().code(4);
    let text = read(&bench, "deploy.prom");
    assert_eq!(
        value(&text, "deploy_aws_ecs_run_outcome{outcome=\"unknown\",tool=\"ecs-deploy\"}"),
        Some(1.0),
        "{text}"
    );
    assert!(
        text.contains("ecs_deploy_outcome{cluster=\"production\",outcome=\"in_progress\",service=\"web\"} 1\n"),
        "{text}"
    );
}

#[test]
fn a_dry_run_measures_nothing() {
    let bench = Bench::new();
    let dry = "ecr-push web --repository web --tag 1.0.0 --dry-run";
    let outcome = bench.sandbox.shell(&format!("{dry} --metrics push.prom")).run().code(2);
    let _ = outcome.says("/error/message", "--metrics is without effect beside --dry-run");
    let _ = bench.sandbox.shell(&format!("ECR_PUSH_METRICS=push.prom {dry}")).run().code(0);
    assert!(!bench.sandbox.path().join("push.prom").exists());
    let labels = bench.sandbox.shell("scan-gate report.json --metrics-labels environment=stage").run().code(2);
    let _ = labels.says("/error/message", "--metrics-labels is without effect without --metrics");
    let wrong =
        bench.sandbox.shell("scan-gate report.json --metrics gate.prom --metrics-labels environment=").run().code(2);
    let _ = wrong.says("/error/code", "usage").stderr_contains("the label `environment` is empty");
}

#[test]
fn a_file_that_cannot_be_written_in_the_end_is_no_quiet_success() {
    let bench = Bench::new();
    fs::create_dir(bench.sandbox.path().join("collector")).unwrap();
    // The folder goes away while the gate waits for its report.
    let script = "mkfifo pipe; scan-gate - --metrics collector/gate.prom < pipe & exec 3> pipe
        until [ -n \"$(ls -A collector)\" ]; do sleep 0.01; done
        mv collector moved; cat report.json >&3; exec 3>&-; wait $!";
    let outcome = bench.sandbox.shell(script).run().code(3).says("/ok", true);
    let _ = outcome
        .stderr_contains("scan-gate: error: the metrics cannot be written to")
        .stderr_contains("scan-gate: hint: ls -ld ");
}

/// Runs a command that measures itself, whatever it answers, and says the samples of the tool's own families that are there and not 0.
fn numbers(bench: &Bench, family: &str, command: &str) -> Vec<String> {
    let _ = bench.sandbox.shell(&format!("{command} --metrics numbers.prom > /dev/null || true")).run().code(0);
    let text = read(bench, "numbers.prom");
    let own = text.lines().filter(|line| line.starts_with(family) && !line.ends_with(" 0"));
    let is_time = |line: &&str| line.contains("_timestamp_seconds") || line.contains("_duration_seconds");
    own.filter(|line| !is_time(line)).map(str::to_owned).collect()
}

#[test]
fn a_gate_counts_what_it_saw() {
    let bench = Bench::new();
    let clean = ["scan_gate_findings{severity=\"low\"} 1", "scan_gate_findings{severity=\"medium\"} 1"];
    assert_eq!(numbers(&bench, "scan_gate_", "scan-gate report.json"), clean);
    let expected = [
        "scan_gate_findings{severity=\"critical\"} 1",
        "scan_gate_findings{severity=\"medium\"} 1",
        "scan_gate_violations 1",
    ];
    assert_eq!(numbers(&bench, "scan_gate_", "scan-gate vulnerable.json"), expected);
    assert!(read(&bench, "numbers.prom").contains("\nscan_gate_oldest_report_timestamp_seconds "));
    assert_eq!(numbers(&bench, "scan_gate_", "scan-gate garbage.json"), ["scan_gate_doubts 1"]);
}

#[test]
fn a_push_counts_bytes_and_blobs() {
    let bench = Bench::new();
    let push = "ecr-push web --repository web --tag 1.0.0";
    let first = numbers(&bench, "ecr_push_", push);
    let second = numbers(&bench, "ecr_push_", push);
    assert!(first.contains(&"ecr_push_blobs{action=\"uploaded\"} 3".to_owned()), "{first:?}");
    assert!(second.contains(&"ecr_push_blobs{action=\"exists\"} 3".to_owned()), "{second:?}");
    assert!(first[0].starts_with("ecr_push_image_bytes ") && first[0] == second[0], "{first:?} {second:?}");
    assert_eq!((first.len(), second.len()), (3, 2), "nothing is sent twice: {second:?}");
}

#[test]
fn an_audit_counts_findings_and_dollars() {
    let bench = Bench::new();
    let found = numbers(&bench, "net_audit_", "net-audit vpc.json");
    let expected = [
        "net_audit_findings{severity=\"medium\"} 1",
        "net_audit_rule_findings{rule=\"NET008\",severity=\"medium\"} 1",
        "net_audit_exposed_interfaces{certainty=\"known\"} 2",
        "net_audit_monthly_cost_dollars{charge=\"cross-zone-gigabytes\"} 33.02",
        "net_audit_monthly_cost_dollars{charge=\"nat-gigabytes\"} 171.72",
        "net_audit_monthly_cost_dollars{charge=\"nat-hours\"} 37.96",
        "net_audit_monthly_cost_dollars{charge=\"public-ipv4\"} 10.95",
    ];
    assert_eq!(found[..expected.len()], expected);
    assert!(read(&bench, "numbers.prom").contains("\nnet_audit_public_databases 0\n"));
    // A database with a public address, in a subnet with a way to the internet, and a group that is open to it.
    let vpc = r#".NetworkInterfaces |= map(if .Description == "RDSNetworkInterface" then .Association = {PublicIp: "18.184.9.9", IpOwnerId: "amazon"} else . end)
        | .Subnets |= map(del(.BlockPublicAccessStates))
        | .RouteTables |= map(if ((.Tags // []) | any(.Value == "db")) then .Routes += [{DestinationCidrBlock: "0.0.0.0/0", GatewayId: "igw-0d7726ded06ee8974", Origin: "CreateRoute", State: "active"}] else . end)
        | .SecurityGroups |= map(.IpPermissions += [{IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{CidrIp: "0.0.0.0/0"}]}])"#;
    if testkit::peer::find("jq").is_some() {
        let _ = bench.sandbox.shell(&format!("jq '{vpc}' vpc.json > open.json")).run().code(0);
        let found = numbers(&bench, "net_audit_public", "net-audit open.json");
        assert_eq!(found, ["net_audit_public_databases 1"]);
    }
}

#[test]
fn a_lock_says_whether_it_is_held_and_for_how_long() {
    let bench = Bench::new();
    let state = "s3://terraform-state/web.tfstate";
    let of = |command: &str| numbers(&bench, "tfstate_lock_", &format!("tfstate-lock {command}"));
    assert_eq!(of(&format!("inspect {state}")), Vec::<String>::new());
    assert!(read(&bench, "numbers.prom").contains(&format!("\ntfstate_lock_held{{state=\"{state}\"}} 0\n")));
    let held = [format!("tfstate_lock_held{{state=\"{state}\"}} 1"), "tfstate_lock_locks 1".to_owned()];
    assert_eq!(of(&format!("acquire {state}")), held);
    assert_eq!(of(&format!("inspect {state}")), held);
    assert_eq!(of("list s3://terraform-state"), held);
    let text = read(&bench, "numbers.prom");
    assert!(text.contains(&format!("\ntfstate_lock_created_timestamp_seconds{{state=\"{state}\"}} ")), "{text}");
    let leased = "s3://terraform-state/leased.tfstate";
    let inside = format!("tfstate-lock run {leased} --lease 5m -- tfstate-lock inspect {leased}");
    let terms = [
        format!("tfstate_lock_held{{state=\"{leased}\"}} 1"),
        format!("tfstate_lock_lease_seconds{{state=\"{leased}\"}} 300"),
        "tfstate_lock_locks 1".to_owned(),
    ];
    assert_eq!(numbers(&bench, "tfstate_lock_", &inside), terms);
    let text = read(&bench, "numbers.prom");
    assert!(text.contains(&format!("\ntfstate_lock_lease_expired{{state=\"{leased}\"}} 0\n")), "{text}");
    let checks = of("doctor s3://terraform-state/other.tfstate");
    assert!(
        checks.iter().any(|line| line
            .starts_with("tfstate_lock_checks{state=\"s3://terraform-state/other.tfstate\",verdict=\"pass\"} ")),
        "{checks:?}"
    );
}

#[test]
fn a_release_that_went_back_is_no_deployment() {
    let bench = Bench::new();
    let deploy = "ecs-deploy --cluster production --service web --image public.ecr.aws/nginx/nginx:1.28 --check false --check-every 1s";
    let expected = [
        "ecs_deploy_outcome{cluster=\"production\",outcome=\"rolled_back\",service=\"web\"} 1",
        "ecs_deploy_image_info{cluster=\"production\",container=\"web\",digest=\"\",image=\"public.ecr.aws/nginx/nginx:1.28\",service=\"web\"} 1",
        "ecs_deploy_image_changed{cluster=\"production\",service=\"web\"} 1",
        "ecs_deploy_failed_checks{cluster=\"production\"} 1",
    ];
    assert_eq!(numbers(&bench, "ecs_deploy_", deploy), expected);
}

//! The targets of `examples/Makefile`, from a copy of `examples/`: from the scanner's report to production, and what stops on the way.

use std::time::{Duration, Instant};

use testkit::peer;

use crate::bench::root;
use crate::project::Project;

#[test]
fn a_release_goes_through_gate_push_stage_and_production_and_back() {
    let Some(project) = Project::new() else { return };
    // In any order, also side by side: a target waits for those that come before it.
    let targets = ["-j4", "deploy-production", "deploy-stage", "push", "gate"];
    let _ = project.make(&targets).run().code(0).stderr_contains("production/web: deployed");
    for document in ["gate.json", "push.json", "stage.json", "production.json"] {
        assert_eq!(project.document(document)["ok"], true, "{document}");
    }
    let (stage, production) = (project.document("stage.json"), project.document("production.json"));
    assert_eq!(stage["deployment"]["digest"], production["deployment"]["digest"]);
    assert_eq!(production["deployment"]["services"][0]["strategy"], "CANARY");
    let told: Vec<_> =
        project.log().iter().map(|line| [line["environment"].clone(), line["outcome"].clone()]).collect();
    assert_eq!(told, [["stage", "deployed"], ["production", "deployed"]]);

    let _ = project
        .make(&["rollback", "ENVIRONMENT=production"])
        .run()
        .code(0)
        .stderr_contains("production/web: went back");
    assert_eq!(project.document("rollback-production.json")["deployment"]["outcome"], "rolled_back");
    assert_eq!(project.log()[2]["cause"], "a rollback was asked for");
}

#[test]
fn a_placeholder_that_is_left_is_refused_before_anything_is_done() {
    let Some(project) = Project::unfilled(1200.0) else { return };
    for (target, file) in
        [("gate", "stage"), ("push", "stage"), ("deploy-stage", "stage"), ("deploy-production", "production")]
    {
        let refused = project.make(&[target]).run().code(2).stdout_is("");
        let _ = refused
            .stderr_contains(&format!(
                "{file}.env is not filled in:\n  line 4: AWS_REGION=<region, for example eu-central-1>\n"
            ))
            .stderr_contains("ECS_DEPLOY_CLUSTER=<cluster of ");
    }
    for target in ["rollback", "audit", "plan", "apply"] {
        let _ = project.make(&[target]).run().code(2).stderr_contains("error: no environment is named");
        let _ = project
            .make(&[target, "ENVIRONMENT=../etc"])
            .run()
            .code(2)
            .stderr_contains("error: no environment is named");
        let refused = project.make(&[target, "ENVIRONMENT=production"]).run().code(2);
        let _ = refused.stderr_contains("production.env is not filled in");
    }
    assert_eq!(project.bench.cloud.writes(), Vec::<String>::new());
    assert!(!project.has("build/release/gate.json"));
}

#[test]
fn an_env_file_says_what_is_wrong_with_it() {
    let Some(project) = Project::new() else { return };
    let right = project.read("deploy/stage.env");
    for (line, expected) in [
        ("export AWS_REGION=x", "is not NAME=VALUE"),
        ("nonsense", "is not NAME=VALUE"),
        ("AWS_REGION=\"eu-central-1\"", "AWS_REGION begins with a quotation mark"),
        ("GRAFANA_TOKEN=glsa_1", "GRAFANA_TOKEN is a secret"),
        ("AWS_SECRET_ACCESS_KEY=x", "AWS_SECRET_ACCESS_KEY is a secret"),
    ] {
        project.write("deploy/stage.env", &format!("{right}{line}\n"));
        let number = right.lines().count() + 1;
        let _ =
            project.make(&["gate"]).run().code(2).stderr_contains(&format!("line {number}")).stderr_contains(expected);
    }
    // A value stands as it is: nothing in it is run or expanded. An editor of another system ends lines differently.
    project.write("deploy/stage.env", &format!("{right}SHOWN=$(touch owned) `touch owned` \"x\" $HOME\r\n"));
    let script = ". deploy/common.sh; settings stage; printf '%s|' \"$SHOWN\" \"$ECS_DEPLOY_CLUSTER\"";
    let run = project.shell(script).env("ECS_DEPLOY_CLUSTER", "left-over");
    let _ = run.run().code(0).stdout_is("$(touch owned) `touch owned` \"x\" $HOME|stage|");
    assert!(!project.has("owned"));
}

#[test]
fn a_shut_gate_stops_all_that_is_behind_it() {
    let Some(project) = Project::new() else { return };
    project.staged();
    let before = project.writes();
    // Even if make is told to go on, and although an earlier release left all its documents.
    let all = ["--ignore-errors", "gate", "push", "deploy-stage", "deploy-production", "REPORTS=vulnerable.json"];
    let shut = project.make(&all);
    let shut = shut.run().code(0).stderr_contains("scan-gate: error: 1 issue shuts the gate");
    let _ = shut.stderr_contains("ecr-push: error: upstream said no: 1 issue shuts the gate");
    for document in ["gate.json", "push.json", "stage.json", "production.json"] {
        let document = project.document(document);
        assert_eq!((document["ok"].clone(), document["error"]["code"].clone()), (false.into(), "gate.shut".into()));
    }
    assert_eq!(project.writes(), before);
    let last = project.log().pop().unwrap();
    assert_eq!((last["environment"].clone(), last["outcome"].clone()), ("production".into(), "refused".into()));
}

#[test]
fn a_release_that_is_interrupted_leaves_its_document_and_is_recorded() {
    let Some(project) = Project::at_speed(200.0) else { return };
    project.staged();
    let running = project.shell("exec deploy/promote.sh").start();
    let deadline = Instant::now() + Duration::from_mins(1);
    let is_shifting = || {
        project.read("build/release/releases.jsonl").lines().count() == 1
            && project.bench.cloud.writes().iter().filter(|write| *write == "ecs:UpdateService").count() == 2
    };
    while !is_shifting() {
        assert!(Instant::now() < deadline, "production is not deployed");
        std::thread::sleep(Duration::from_millis(10));
    }
    running.signal("TERM");
    let _ = running.wait().code(143).stderr_contains("rolling back because of a signal");
    let document = project.document("production.json");
    assert_eq!(
        (document["ok"].clone(), document["deployment"]["outcome"].clone()),
        (false.into(), "rolled_back".into())
    );
    let line = &project.log()[1];
    assert_eq!(line["outcome"], "rolled_back");
    assert_eq!(line["rolled_back_by"], line["by"], "who interrupts it takes it back");
}

#[test]
fn the_makefile_can_be_included_and_takes_no_place_that_is_not_its_own() {
    let Some(project) = Project::new() else { return };
    project.write("Makefile", "include deploy/Makefile\nfirst:\n\t@echo the includer first\n");
    let _ = project.shell("make").run().code(0).stdout_is("the includer first\n");
    let _ = project.shell("make gate REPORTS=report.json").run().code(0);
    assert_eq!(project.document("gate.json")["ok"], true);
    let help = project.make(&[]).run().code(0).stdout();
    let listed: Vec<&str> = help.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let targets =
        ["deploy-help", "gate", "push", "deploy-stage", "deploy-production", "rollback", "audit", "plan", "apply"];
    assert_eq!(listed, targets);
}

#[test]
fn shellcheck_has_nothing_to_say_about_the_scripts() {
    let Some(shellcheck) = peer::find("shellcheck") else { return };
    let sandbox = testkit::sandbox::Sandbox::new();
    let files = std::fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let scripts: Vec<_> = files.filter(|file| file.extension().is_some_and(|extension| extension == "sh")).collect();
    assert!(scripts.len() > 5);
    let run = sandbox.program(&shellcheck).args(["--external-sources", "--source-path=SCRIPTDIR"]).args(scripts);
    let _ = run.run().code(0).stdout_is("");
}

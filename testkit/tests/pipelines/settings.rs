//! What the env files and the command line of make may say, and what they may not do.

use crate::project::Project;
use crate::receiver::nobody;

#[test]
fn secrets_and_places_that_are_not_filled_in_are_refused() {
    let Some(project) = Project::new() else { return };
    let right = project.read("deploy/stage.env");
    for (line, expected) in [
        ("grafana_token=x", "grafana_token is a secret"),
        ("TF_VAR_db_password=x", "TF_VAR_db_password is a secret"),
        ("API_KEY=x", "API_KEY is a secret"),
        ("PROMETHEUS_URL=https://ada:pw@example.com", "has a user or a password in its URL"),
        ("PROMETHEUS_URL= <url> ", "is not filled in"),
        ("PROMETHEUS_URL=https://<host>/x", "is not filled in"),
        ("ECS_DEPLOY_SERVICE=web,api", "is not the name of one service"),
        ("ECS_DEPLOY_SERVICE=arn:aws:ecs:eu-central-1:1:service/stage/web", "is not the name of one service"),
    ] {
        project.write("deploy/stage.env", &format!("{right}{line}\n"));
        let refused = project.shell("exec deploy/release.sh gate").env("REPORTS", "report.json").run().code(2);
        let _ = refused.stderr_contains(expected);
    }
    project.write(
        "deploy/stage.env",
        &format!("{right}ECR_PUSH_KMS_KEY=alias/x\nIMAGE=docker://r.example/web@sha256:a\nSHOWN=  a b  \n"),
    );
    let shown = project.shell(". deploy/common.sh; settings stage; printf '%s|' \"$SHOWN\" \"$IMAGE\"").run();
    let _ = shown.code(0).stdout_is("a b|docker://r.example/web@sha256:a|");
}

#[test]
fn what_is_typed_to_make_is_no_command() {
    let Some(project) = Project::new() else { return };
    let injected = "x\"; touch pwned; \"";
    for target in ["rollback", "audit", "plan", "apply"] {
        let _ = project.make(&[target, &format!("ENVIRONMENT={injected}")]).run().code(2);
    }
    let _ = project.make(&["audit", "ENVIRONMENT=stage", "SNAPSHOT=vpc.json; touch pwned"]).run().code(2);
    let _ = project.make(&["deploy-production", &format!("TICKET={injected}")]).run().code(2);
    assert!(!project.has("pwned"));
}

#[test]
fn the_way_the_files_are_called_does_not_matter_and_a_blank_in_it_is_told() {
    let Some(project) = Project::at_speed(200.0) else { return };
    let _ = project.shell("CDPATH=$PWD:/ make -f deploy/Makefile gate REPORTS=report.json").run().code(0);
    let blank = "mkdir 'a b' && cp -r deploy 'a b/' && exec make -f 'a b/deploy/Makefile' gate REPORTS=report.json";
    let _ = project.shell(blank).run().code(2).stderr_contains("has a blank in its path");
    // The path of the project is read by the shell that runs a check.
    let alertmanager = crate::receiver::Receiver::answering(200, "[]");
    let prometheus =
        crate::receiver::Receiver::answering(200, r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#);
    project.set("deploy/stage.env", "ALERTMANAGER_URL", alertmanager.address());
    project.set("deploy/stage.env", "PROMETHEUS_URL", prometheus.address());
    let quoted = "cp -r deploy \"it's mine\" && exec \"it's mine/release.sh\"";
    let _ = project.shell(quoted).env("REPORTS", "report.json").env("IMAGE", "web").env("TAG", "1").run().code(0);
    assert!(!alertmanager.requests().is_empty() && !prometheus.requests().is_empty());
    project.set("deploy/stage.env", "ALERT_MATCHERS", r#"severity="critical",environment="stage""#);
    let refused = project.shell("exec deploy/release.sh deploy").run().code(2);
    let _ = refused.stderr_contains("has a comma between its matchers");
}

#[test]
fn metrics_that_cannot_be_written_stop_no_way_back() {
    let Some(project) = Project::new() else { return };
    project.staged();
    let _ = project.make(&["gate", "push", "deploy-stage"]).run().code(0);
    project.set("deploy/stage.env", "METRICS_DIR", "report.json/metrics");
    project.set("deploy/stage.env", "PUSHGATEWAY_URL", &nobody());
    let back = project.make(&["rollback", "ENVIRONMENT=stage"]).run().code(0);
    let _ = back.stderr_contains("there are no metrics of ecs-deploy");
}

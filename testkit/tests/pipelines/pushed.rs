//! The metrics of each step: in a folder for `node_exporter`, and in a real Pushgateway, where nothing overwrites anything.

use testkit::peer;

use crate::project::Project;
use crate::receiver::nobody;

#[test]
fn every_step_is_measured_and_no_push_overwrites_another() {
    let (Some(project), Some(gateway)) = (Project::new(), peer::pushgateway()) else { return };
    for file in ["deploy/stage.env", "deploy/production.env"] {
        project.set(file, "METRICS_DIR", "metrics");
        project.set(file, "PUSHGATEWAY_URL", gateway.endpoint());
    }
    let _ = project.make(&["gate", "push", "deploy-stage", "deploy-production"]).run().code(0);
    for name in ["scan-gate-stage", "ecr-push-stage", "ecs-deploy-stage", "ecs-deploy-production"] {
        let text = project.read(&format!("metrics/{name}-web.prom"));
        assert!(text.contains("deploy_aws_ecs_run_outcome{"), "{text}");
    }
    // What Prometheus would scrape.
    let scraped = || project.shell(&format!("curl -fsS {}/metrics", gateway.endpoint())).run().code(0).stdout();
    let outcome = |environment: &str, tool: &str| {
        let labels = format!(
            "environment=\"{environment}\",instance=\"\",job=\"release\",outcome=\"yes\",service=\"web\",tool=\"{tool}\""
        );
        let sample = format!("deploy_aws_ecs_run_outcome{{{labels}}} ");
        let metrics = scraped();
        metrics.lines().find_map(|line| line.strip_prefix(&sample).map(str::to_owned))
    };
    let all = [("stage", "scan-gate"), ("stage", "ecr-push"), ("stage", "ecs-deploy"), ("production", "ecs-deploy")];
    for (environment, tool) in all {
        assert_eq!(outcome(environment, tool).as_deref(), Some("1"), "{environment} {tool}");
    }
    // A shut gate is told as well, and the time of its last success stays.
    let _ = project.make(&["gate", "REPORTS=vulnerable.json"]).run().code(2);
    assert_eq!(outcome("stage", "scan-gate").as_deref(), Some("0"));
    assert_eq!(outcome("production", "ecs-deploy").as_deref(), Some("1"));
    let success = "deploy_aws_ecs_run_success_timestamp_seconds{environment=\"stage\",instance=\"\",job=\"release\",service=\"web\",tool=\"scan-gate\"}";
    assert!(scraped().contains(success));
}

#[test]
fn a_pushgateway_that_is_down_stops_no_release() {
    let Some(project) = Project::new() else { return };
    project.set("deploy/stage.env", "PUSHGATEWAY_URL", &nobody());
    let gate = project.make(&["gate"]).run().code(0);
    let _ = gate.stderr_contains("release.sh: warning: the metrics of scan-gate did not reach the Pushgateway");
}

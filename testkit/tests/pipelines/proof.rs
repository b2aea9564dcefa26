//! Nothing goes to production because a question could not be asked, or was answered by somebody else.

use serde_json::Value;

use crate::project::Project;

/// Promotes `ticket.json`, which must change nothing, and gives the code of the error back.
fn refused(project: &Project, ticket: &str, exit: i32, says: &str) -> String {
    project.write("ticket.json", ticket);
    let before = project.writes();
    let refused = project.shell("exec deploy/promote.sh ticket.json").run().code(exit).stderr_contains(says);
    assert_eq!(project.writes(), before, "{}", refused.stderr());
    project.document("production.json")["error"]["code"].as_str().unwrap().to_owned()
}

/// The ticket with other digests all over: no image that stage ever had.
fn forged(ticket: &Value) -> String {
    let of = |pointer: &str| ticket.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let text = ticket.to_string().replace(&of("/image/digest"), &format!("sha256:{}", "e".repeat(64)));
    text.replace(&of("/image/config_digests/0"), &format!("sha256:{}", "d".repeat(64)))
}

#[test]
fn a_ticket_that_jq_and_ecs_deploy_might_read_differently_is_none() {
    let Some(project) = Project::new() else { return };
    project.staged();
    let ticket = project.document("stage.json");
    let forged = forged(&ticket);
    let deep = format!("{{\"padding\":{}{},{}", "[".repeat(300), "]".repeat(300), &forged[1..]);
    let code = refused(&project, &deep, 1, "error: ");
    assert!(["ticket.invalid", "ticket.unproved"].contains(&code.as_str()), "{code}");
    assert_eq!(refused(&project, &format!("{forged}{ticket}"), 1, "is no JSON object"), "ticket.invalid");
    // Of two members of one name the last counts, for both.
    let twice = format!("{{\"ok\":false,{}", &forged[1..]);
    assert_eq!(refused(&project, &twice, 1, "ECS does not say that stage has sha256:eee"), "ticket.unproved");
}

#[test]
fn what_an_earlier_run_left_is_not_what_ecs_says_now() {
    let Some(project) = Project::new() else { return };
    project.staged();
    let ticket = project.document("stage.json");
    let answer = forged(&ticket);
    for name in ["stage-now.json", "stage-now.json.part"] {
        project.write(&format!("build/release/{name}"), &answer);
    }
    let stage = project.read("deploy/stage.env");
    project.write("deploy/stage.env", &format!("{stage}SMTP=<not filled in>\n"));
    project.write("ticket.json", &answer);
    let before = project.writes();
    let _ = project.shell("exec deploy/promote.sh ticket.json").run().code(2).stderr_contains("is not filled in");
    assert!(!project.has("build/release/stage-now.json") && !project.has("build/release/production.json"));
    project.write("deploy/stage.env", &stage);
    // Nor where the answer cannot be written.
    project.write("build/release/stage-now.json.part/x", &answer);
    let unwritten = project.shell("exec deploy/promote.sh ticket.json").run();
    assert_ne!(unwritten.exit_code(), Some(0), "{}", unwritten.stderr());
    assert_eq!(project.writes(), before);
}

#[test]
fn a_step_whose_document_cannot_be_written_does_nothing() {
    let Some(project) = Project::new() else { return };
    project.write("build/release/gate.json/x", "");
    let gate = project.shell("exec deploy/release.sh gate").env("REPORTS", "report.json").run().code(3);
    let _ = gate.stderr_contains("gate.json cannot be written; scan-gate was not run");
}

#[test]
fn without_the_programs_nothing_is_done() {
    let Some(project) = Project::new() else { return };
    project.staged();
    let before = project.writes();
    // Everything but jq.
    let script = "mkdir bare; for name in bash dirname cat rm mkdir mv cp id date; do ln -s \"$(command -v $name)\" bare/; done\n\
                  for name in scan-gate ecr-push ecs-deploy; do ln -s \"$(command -v $name)\" bare/; done\n\
                  export PATH=$PWD/bare; exec deploy/promote.sh build/release/stage.json";
    let _ = project.shell(script).run().code(2).stderr_contains("error: the program jq is not found");
    assert_eq!(project.writes(), before);
}

#[test]
fn a_stage_that_cannot_be_looked_at_says_why() {
    let Some(project) = Project::new() else { return };
    project.staged();
    let ticket = project.document("stage.json").to_string();
    project.set("deploy/stage.env", "AWS_ENDPOINT_URL", &crate::receiver::nobody());
    project.set("deploy/stage.env", "AWS_MAX_ATTEMPTS", "1");
    let code = refused(&project, &ticket, 3, "stage cannot be looked at: ");
    assert_eq!(code, project.document("stage-now.json")["error"]["code"]);
    assert_ne!(code, "ticket.unproved");
}

#[test]
fn a_document_proves_no_deployment_of_another_cluster() {
    let Some(project) = Project::new() else { return };
    project.staged();
    let _ = project.make(&["deploy-production"]).run().code(0);
    // What production got once is no proof of stage.
    let production = project.document("production.json");
    let mut ticket = project.document("stage.json");
    ticket["deployment"]["services"][0]["arn"] = production["deployment"]["services"][0]["arn"].clone();
    project.set("deploy/production.env", "TICKET_PROOF", "deployment");
    assert_eq!(refused(&project, &ticket.to_string(), 2, "which it is not"), "deployment.invalid");
}

#[test]
fn the_ticket_stays_where_it_is() {
    let Some(project) = Project::new() else { return };
    project.staged();
    project.write("build/release/ticket.json", &project.read("build/release/stage.json"));
    let _ = project.make(&["deploy-production", "TICKET=build/release/ticket.json"]).run().code(0);
    assert_eq!(project.document("ticket.json"), project.document("stage.json"));
    // A folder is none, and what was left of the promotion before does not stand for this one.
    let _ = project.make(&["deploy-production", "TICKET=deploy"]).run().code(2).stderr_contains("or no file");
    assert_eq!(project.document("production.json")["error"]["code"], "ticket.missing");
    project.set("deploy/production.env", "TICKET_MAX_AGE_HOURS", "a week");
    let _ =
        project.make(&["deploy-production"]).run().code(2).stderr_contains("TICKET_MAX_AGE_HOURS=a week is no number");
}

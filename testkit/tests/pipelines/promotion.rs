//! What is a ticket to production, and what is none.

use serde_json::{Value, json};
use testkit::sandbox::Outcome;

use crate::project::Project;

/// Tries to promote with this document, and checks that nothing was changed.
fn refused(project: &Project, ticket: &Value) -> Outcome {
    project.write("ticket.json", &ticket.to_string());
    let before = project.writes();
    let outcome = project.make(&["deploy-production", "TICKET=ticket.json"]).run().code(2);
    assert_eq!(project.writes(), before, "{}", outcome.stderr());
    assert_eq!(project.document("production.json")["ok"], false);
    let last = project.log().pop().unwrap();
    assert_eq!(
        (last["environment"].clone(), last["outcome"].clone()),
        ("production".into(), "refused".into()),
        "{last}"
    );
    outcome
}

fn code(project: &Project) -> String {
    project.document("production.json")["error"]["code"].as_str().unwrap().to_owned()
}

/// The document with something else at a pointer.
fn with(document: &Value, pointer: &str, value: Value) -> Value {
    let mut document = document.clone();
    *document.pointer_mut(pointer).unwrap() = value;
    document
}

#[test]
fn production_takes_only_the_document_that_stage_left_for_this_image() {
    let Some(project) = Project::new() else { return };
    project.staged();
    let ticket = project.document("stage.json");
    project.set("deploy/production.env", "TICKET_PROOF", "document");

    let without = |name: &str| {
        let mut document = ticket.clone();
        document.as_object_mut().unwrap().remove(name);
        document
    };
    let other = format!("sha256:{}", "f".repeat(64));
    let rolled_back = with(&with(&ticket, "/deployment/ok", false.into()), "/ok", false.into());
    for (document, expected) in [
        (with(&ticket, "/deployment/cluster", "production".into()), "promotion.other_cluster"),
        (with(&ticket, "/deployment/cluster", "stage-of-others".into()), "promotion.other_cluster"),
        (with(&ticket, "/deployment/outcome", "rolled_back".into()), "promotion.not_deployed"),
        (with(&ticket, "/deployment/ok", false.into()), "require.failed"),
        (with(&ticket, "/deployment/digest", other.clone().into()), "require.other_image"),
        (with(&ticket, "/push/digest", other.clone().into()), "require.other_image"),
        (with(&ticket, "/scan/digests/0", other.clone().into()), "require.other_image"),
        (with(&ticket, "/image/digest", other.into()), "input.invalid"),
        (without("deployment"), "require.missing"),
        (without("scan"), "require.missing"),
        (without("image"), "image.missing"),
        (json!({}), "ticket.stale"),
    ] {
        let _ = refused(&project, &document);
        assert_eq!(code(&project), expected);
    }
    // A document that says no goes on as it came, and says what was wrong first.
    let _ = refused(&project, &rolled_back);
    // An account is told apart by its ARN.
    project.set(
        "deploy/production.env",
        "ECS_DEPLOY_PROMOTE_FROM",
        "arn:aws:ecs:eu-central-1:210987654321:cluster/stage",
    );
    let _ = refused(&project, &ticket).stderr_contains("but its document is of account 123456789012 in eu-central-1");
    project.set(
        "deploy/production.env",
        "ECS_DEPLOY_PROMOTE_FROM",
        "arn:aws:ecs:eu-central-1:123456789012:service/stage/web",
    );
    project.write("ticket.json", &ticket.to_string());
    let _ = project.make(&["deploy-production", "TICKET=ticket.json"]).run().code(0);
    // The document of the run in production is no ticket, however good it is.
    project.set("deploy/production.env", "ECS_DEPLOY_PROMOTE_FROM", "stage");
    let production = project.document("production.json");
    let _ = refused(&project, &production)
        .stderr_contains("the release is to come from stage, but its document is of production");
}

#[test]
fn without_a_ticket_nothing_is_promoted() {
    let Some(project) = Project::new() else { return };
    let _ = project
        .make(&["deploy-production"])
        .run()
        .code(2)
        .stderr_contains("there is no ticket: build/release/stage.json is not there");
    assert_eq!(code(&project), "ticket.missing");
    for text in ["", "{", "[]", "null"] {
        project.write("ticket.json", text);
        let _ = project.make(&["deploy-production", "TICKET=ticket.json"]).run().code(2).stderr_contains("error: ");
        assert_eq!(code(&project), "ticket.invalid", "{text}");
    }
    assert_eq!(project.bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_ticket_that_was_edited_is_held_against_what_ecs_says_of_stage() {
    let Some(project) = Project::new() else { return };
    project.staged();
    let ticket = project.document("stage.json");
    // All of it made up: another image, and every section says that it is well.
    let digest = ticket["image"]["digest"].as_str().unwrap();
    let config = ticket["image"]["config_digests"][0].as_str().unwrap();
    let forged = ticket
        .to_string()
        .replace(digest, &format!("sha256:{}", "e".repeat(64)))
        .replace(config, &format!("sha256:{}", "d".repeat(64)));
    let forged: Value = serde_json::from_str(&forged).unwrap();
    for proof in ["serving", "deployment"] {
        project.set("deploy/production.env", "TICKET_PROOF", proof);
        let _ = refused(&project, &forged)
            .stderr_contains("ECS does not say that stage has sha256:eee")
            .stderr_contains(digest);
        assert_eq!(code(&project), "ticket.unproved");
    }
    // Stage went back meanwhile: the ticket was right once.
    let _ = project.make(&["rollback", "ENVIRONMENT=stage"]).run().code(0);
    project.set("deploy/production.env", "TICKET_PROOF", "serving");
    let _ = refused(&project, &ticket);
    assert_eq!(code(&project), "ticket.unproved");
    project.set("deploy/production.env", "TICKET_PROOF", "deployment");
    let _ = project.make(&["deploy-production", "TICKET=ticket.json"]).run().code(0);
}

#[test]
fn a_ticket_has_its_time() {
    let Some(project) = Project::new() else { return };
    project.staged();
    let mut ticket = project.document("stage.json");
    for step in ticket["steps"].as_array_mut().unwrap() {
        step["started_at"] = "2020-01-01T00:00:00Z".into();
    }
    let _ = refused(&project, &ticket).stderr_contains("the ticket is older than 168 hours");
    assert_eq!(code(&project), "ticket.stale");
    let _ = refused(&project, &with(&ticket, "/steps", json!([]))).stderr_contains("or does not say how old it is");
    project.set("deploy/production.env", "TICKET_MAX_AGE_HOURS", "");
    project.write("ticket.json", &ticket.to_string());
    let _ = project.make(&["deploy-production", "TICKET=ticket.json"]).run().code(0);
}

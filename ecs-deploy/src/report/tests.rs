use super::*;
use crate::cause::Cause;
use crate::finding::Topic;

fn rolled_back() -> Deployment {
    let cause = Cause {
        count: 3,
        stop_code: "EssentialContainerExited".to_owned(),
        reason: "Essential container in task exited".to_owned(),
        container: Some("web".to_owned()),
        exit_code: Some(137),
        log: vec!["starting".to_owned(), "out of memory".to_owned()],
        fix: Some("raise the memory of the container or the task"),
        ..Cause::default()
    };
    let service = ServiceReport {
        strategy: Some("CANARY".to_owned()),
        images: vec![ImageReport {
            container: "web".to_owned(),
            image: "host/web:2".to_owned(),
            digest: None,
            previous_image: Some("host/web:1".to_owned()),
        }],
        previous_task_definition: Some("web:1".to_owned()),
        task_definition: Some("web:2".to_owned()),
        arn: Some("arn".to_owned()),
        status: Some("ROLLBACK_SUCCESSFUL".to_owned()),
        causes: vec![CauseReport::from(&cause)],
        stages: vec![StageReport { stage: "SCALE_UP".to_owned(), seconds: 41.5 }],
        ..ServiceReport::new("web", Outcome::RolledBack)
    };
    let mut section = Deployment::new(Action::Deploy, "arn:aws:ecs:r:1:cluster/stage");
    section.preflight = vec![Finding::unknown(Topic::Role, "arn:role", "it may not be looked at: allow iam:GetRole")];
    section.checks = vec![CheckReport {
        command: "curl -f http://web/health".to_owned(),
        ok: true,
        runs: 4,
        exit_code: Some(0),
        output: vec!["ok".to_owned()],
    }];
    section.with_services(vec![service])
}

#[test]
fn the_section_has_a_stable_shape() {
    insta::assert_json_snapshot!(rolled_back());
}

#[test]
fn the_table_shows_outcome_causes_and_what_is_not_known() {
    insta::assert_snapshot!(rolled_back().table());
}

#[test]
fn a_run_of_several_services_is_as_good_as_its_worst() {
    let of = |outcomes: &[Outcome]| {
        let services = outcomes.iter().map(|outcome| ServiceReport::new("web", *outcome)).collect();
        Deployment::new(Action::Deploy, "stage").with_services(services)
    };
    let mixed = of(&[Outcome::Deployed, Outcome::RolledBack, Outcome::Unchanged]);
    assert_eq!((mixed.ok, mixed.outcome), (false, Outcome::RolledBack));
    assert_eq!(mixed.summary(), "stage: 1 unchanged, 1 deployed, 1 rolled back");
    assert!(of(&[Outcome::Deployed, Outcome::Unchanged]).ok);
}

#[test]
fn to_have_gone_back_is_a_success_only_for_whoever_asked_for_it() {
    let met = |action: Action| action.is_met_by(Outcome::RolledBack);
    assert!(met(Action::Rollback) && met(Action::Stop) && !met(Action::Deploy) && !met(Action::Resume));
    assert!(!Action::Stop.is_met_by(Outcome::Deployed), "it came too late");
}

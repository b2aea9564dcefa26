//! What goes wrong on the way.

use std::time::Duration;

use testkit::sandbox::{Outcome, Sandbox};
use testkit::{Clock, LocalAws};

use crate::{cloud, cloud_with, counts, image, push, write};

/// Pushes a new image while these faults strike.
fn push_with(cloud: &LocalAws, faults: &[&str]) -> Outcome {
    let sandbox = Sandbox::with_aws(cloud);
    let _ = write(&sandbox, &image("one"));
    for fault in faults {
        cloud.arm(fault.parse().unwrap());
    }
    push(&sandbox, &["--tag", "1.0.0"])
}

fn retries(outcome: &Outcome) -> u64 {
    let document = outcome.json();
    let blobs = document["push"]["blobs"].as_array().unwrap();
    blobs.iter().map(|blob| blob["retries"].as_u64().unwrap()).sum()
}

#[test]
fn a_blob_whose_answer_is_lost_is_not_sent_twice() {
    for fault in ["registry:FinishUpload=lost-response", "registry:FinishUpload#2=error-after:500"] {
        let cloud = cloud();
        let outcome = push_with(&cloud, &[fault]).code(0).says("/push/ok", true);
        assert_eq!(retries(&outcome), 1, "{fault}");
        assert_eq!(counts(&cloud)["registry:FinishUpload"], 3, "{fault}");
    }
}

#[test]
fn a_blob_that_did_not_arrive_is_sent_again_in_a_new_upload() {
    let faults = [
        "registry:FinishUpload=refuse",
        "registry:FinishUpload=error:503:UNAVAILABLE",
        "registry:FinishUpload=error:404:BLOB_UPLOAD_UNKNOWN",
        "registry:FinishUpload=throttle",
        "registry:StartUpload=refuse",
        "registry:StartUpload=throttle",
        "registry:StartUpload#3=error:500:INTERNAL",
    ];
    for fault in faults {
        let cloud = cloud();
        let outcome = push_with(&cloud, &[fault]).code(0).says("/push/ok", true);
        assert_eq!(retries(&outcome), 1, "{fault}");
        assert_eq!(counts(&cloud)["registry:StartUpload"], 4, "{fault}");
    }
}

#[test]
fn what_the_registry_never_takes_is_given_up_after_five_attempts() {
    let cloud = cloud();
    let _ = push_with(&cloud, &["registry:PutManifest#1x99=error:500:INTERNAL"])
        .code(3)
        .says("/error/code", "aws.server")
        .says("/push/ok", false)
        .says("/push/blobs/0/action", "uploaded");
    assert_eq!(counts(&cloud)["registry:PutManifest"], 5);
}

#[test]
fn a_refusal_is_said_in_the_registrys_words_and_not_tried_again() {
    let cloud = cloud();
    let _ = push_with(&cloud, &["registry:PutManifest=error:405:UNSUPPORTED"])
        .code(3)
        .says("/error/code", "aws.refused")
        .stderr_contains("ecr-push: error: ecr:PutImage failed: UNSUPPORTED: UNSUPPORTED: a fault that was asked for");
    assert_eq!(counts(&cloud)["registry:PutManifest"], 1);
}

#[test]
fn a_manifest_whose_answer_is_lost_is_put_again() {
    for mutability in ["MUTABLE", "IMMUTABLE"] {
        let cloud = cloud_with(mutability);
        let _ = push_with(&cloud, &["registry:PutManifest=lost-response"]).code(0).says("/push/ok", true);
        assert_eq!(counts(&cloud)["registry:PutManifest"], 2, "{mutability}");
    }
}

#[test]
fn a_manifest_whose_answers_are_all_lost_is_an_unknown_outcome() {
    let cloud = cloud();
    let _ = push_with(&cloud, &["registry:PutManifest#1x99=lost-response"]).code(4).says("/error/code", "aws.timeout");
}

#[test]
fn a_tag_that_is_not_seen_at_once_is_looked_for_again() {
    let cloud = cloud();
    let _ = push_with(&cloud, &["registry:HeadManifest#2x2=error:404:MANIFEST_UNKNOWN"]).code(0).says("/push/ok", true);
    assert_eq!(counts(&cloud)["registry:HeadManifest"], 4);
}

#[test]
fn a_tag_that_was_taken_and_is_never_seen_is_an_unknown_outcome() {
    let cloud = cloud();
    let outcome = push_with(&cloud, &["registry:HeadManifest#2x99=error:404:MANIFEST_UNKNOWN"]);
    let _ = crate::refused(outcome, 4, "tag.unseen").stderr_contains("the registry took it, but does not show it");
}

#[test]
fn looking_at_a_tag_is_tried_again() {
    let cloud = cloud();
    let faults = ["registry:HeadManifest=refuse", "registry:HeadManifest#2=error:502:BAD_GATEWAY"];
    let _ = push_with(&cloud, &faults).code(0).says("/push/ok", true);
    assert_eq!(counts(&cloud)["registry:HeadManifest"], 4);
}

#[test]
fn a_token_that_is_not_taken_any_more_is_renewed() {
    for fault in ["registry:StartUpload=error:403:DENIED", "registry:FinishUpload=error:401:UNAUTHORIZED"] {
        let cloud = cloud();
        let _ = push_with(&cloud, &[fault]).code(0).says("/push/ok", true);
        assert_eq!(counts(&cloud)["ecr:GetAuthorizationToken"], 2, "{fault}");
        assert_eq!(counts(&cloud)["registry:StartUpload"], 4, "{fault}");
    }
}

#[test]
fn a_permission_that_is_missing_is_named() {
    let cloud = cloud();
    let _ = push_with(&cloud, &["registry:StartUpload#1x99=error:403:DENIED"])
        .code(3)
        .says("/error/code", "aws.access_denied")
        .stderr_contains("hint: allow ecr:InitiateLayerUpload for this role");
    assert_eq!(counts(&cloud)["ecr:GetAuthorizationToken"], 2);
    assert!(!counts(&cloud).contains_key("registry:PutManifest"));
}

#[test]
fn blobs_that_the_registry_does_not_see_yet_are_waited_for() {
    let cloud = LocalAws::start_at(0, Clock::running(1.0)).unwrap();
    let seed = br#"[{"ecr:CreateRepository":{"repositoryName":"web"}}]"#;
    testkit::seed::plant(seed, &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
    cloud.world().ecr.quirks.manifest_lag = Duration::from_millis(300);
    let _ = push_with(&cloud, &[]).code(0).says("/push/ok", true);
    assert!(counts(&cloud)["registry:PutManifest"] > 1);
}

#[test]
fn a_signal_leaves_word_and_no_tag() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    cloud.arm("registry:FinishUpload#1x99=latency:60000".parse().unwrap());
    let running = sandbox.tool("ecr-push").args(["web", "--repository", "web", "--tag", "1.0.0"]).start();
    while !counts(&cloud).contains_key("registry:StartUpload") {
        std::thread::yield_now();
    }
    running.signal("TERM");
    let _ = running
        .wait()
        .code(143)
        .says("/error/code", "interrupted")
        .says("/push/ok", false)
        .stderr_contains("hint: run it again: what the registry has whole is not sent twice");
    assert!(!counts(&cloud).contains_key("registry:PutManifest"));
}

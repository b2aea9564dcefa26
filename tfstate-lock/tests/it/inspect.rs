use std::time::Duration;

use serde_json::json;

use crate::workbench::{ITEM, Workbench, cloud_with_table, explanation, gone, leased, place_digest, place_item};
use crate::{LOCK_KEY, STATE, TERRAFORMS, TERRAFORMS_ID, calls, cloud, lock_object, place};

/// The state behind everyone's back.
fn place_state(cloud: &testkit::LocalAws) {
    let now = cloud.clock().now();
    cloud.world().s3.place("states", "prod/app.tfstate", "{}", now);
}

/// The MD5 of that state.
const DIGEST: &str = "99914b932bd37a50b983c5e7c90ae93b";

#[test]
fn a_free_lock_is_a_yes() {
    let (cloud, sandbox) = cloud();
    let outcome = sandbox.tool("tfstate-lock").args(["inspect", STATE]).run().code(0);
    let outcome = outcome
        .says("/ok", true)
        .says("/lock/state", "free")
        .says("/lock/ok", false)
        .says("/lock/state_object/exists", false)
        .says("/lock/consistent", json!(null));
    assert_eq!(explanation(&outcome)[..2], ["Nobody holds the lock.", "There is no state yet."]);
    let mut calls = calls(&cloud);
    calls.sort();
    assert_eq!(calls, ["s3:GetObject", "s3:HeadObject"]);
}

#[test]
fn a_lock_of_terraform_is_a_no_that_explains_itself() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    cloud.clock().advance(Duration::from_mins(40));
    place_state(&cloud);
    cloud.clock().advance(Duration::from_hours(1));
    let outcome = sandbox.tool("tfstate-lock").args(["inspect", STATE]).run().code(1);
    let outcome = outcome
        .says("/error/code", "lock.held")
        .says("/lock/state", "held_by_other")
        .says("/lock/ID", TERRAFORMS_ID)
        .says("/lock/Operation", "OperationTypeApply")
        .says("/lock/engine", "terraform_or_opentofu")
        .says("/lock/age_seconds", 6000)
        .says("/lock/lease", json!(null))
        .says("/lock/encryption", "AES256")
        .says("/lock/state_object/bytes", 2)
        .says("/lock/state_object/written_since_lock", true);
    let expected = [
        "root@vm holds it with Terraform or OpenTofu 1.11.4, for an apply or destroy, which changes resources and writes the state.",
        "It was written 1 h 40 min ago by the server's clock. It has no lease, and its age proves nothing: an apply may take hours.",
        "The state was written since, 1 h ago: its holder got at least that far.",
        &format!("If its holder is surely gone: tfstate-lock break {STATE} --id {TERRAFORMS_ID} --reason WHY"),
    ];
    assert_eq!(explanation(&outcome), expected);
    let document = outcome.json();
    assert!(document["lock"]["version_id"].is_string() && document["lock"]["etag"].is_string(), "{document}");
    assert!(cloud.writes().is_empty());
}

#[test]
fn people_read_the_explanation_under_the_table() {
    let (cloud, sandbox) = cloud();
    place(&cloud, "{\"ID\":\"a\",\"Who\":\"eve\\u001b[2J\",\"Version\":\"1.6.0\"}");
    let outcome = sandbox.tool("tfstate-lock").args(["inspect", STATE, "-o", "table"]).run().code(1);
    let expected = "held by someone else";
    let outcome = outcome
        .stdout_contains(expected)
        .stdout_contains("\n\n eve\u{fffd}[2J holds it with Terraform or OpenTofu 1.6.0");
    let _ = outcome
        .stdout_contains(&format!("\n If its holder is surely gone: tfstate-lock break {STATE} --id a --reason WHY\n"));
}

#[test]
fn an_object_that_nobody_can_read_is_named_by_its_etag() {
    for (garbage, cause) in [("", "it is empty"), ("{\"ID\":", "it is cut off"), ("[]", "not an object")] {
        let (cloud, sandbox) = cloud();
        place(&cloud, garbage);
        let outcome = sandbox.tool("tfstate-lock").args(["inspect", STATE]).run().code(1);
        let outcome = outcome.says("/error/code", "lock.unreadable");
        let document = outcome.json();
        assert!(document["lock"]["unreadable"].as_str().unwrap().contains(cause), "{document}");
        let etag = document["lock"]["etag"].as_str().unwrap();
        let hint = format!("tfstate-lock break {STATE} --etag '{etag}' --reason WHY");
        assert!(document["error"]["hint"].as_str().unwrap().ends_with(&hint), "{document}");
        assert!(explanation(&outcome)[0].contains("Terraform cannot force-unlock it"), "{document}");
    }
}

#[test]
fn a_lease_is_over_by_the_servers_clock() {
    let (cloud, sandbox) = cloud();
    let _ = sandbox.tool("tfstate-lock").args(["acquire", STATE, "--expires", "60s", "--info", "x"]).run().code(0);
    let inspect = || sandbox.tool("tfstate-lock").args(["inspect", STATE]).run().code(1);
    cloud.clock().advance(Duration::from_secs(61));
    let outcome = inspect().says("/lock/lease", json!({ "ttl_seconds": 60, "renewals": 0, "expired": false }));
    assert!(explanation(&outcome).last().unwrap().starts_with("To wait for it: "));
    cloud.clock().advance(Duration::from_secs(1));
    let outcome = inspect().says("/lock/lease/expired", true).says("/lock/engine", "tfstate_lock");
    assert_eq!(*explanation(&outcome).last().unwrap(), format!("To free it: tfstate-lock break {STATE}"));
}

#[test]
fn the_lock_of_a_document_is_held_still_or_lost() {
    let (cloud, sandbox) = cloud();
    let acquired = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(0);
    let document = acquired.stdout().replacen('{', "{\"x\":1,", 1);
    let inspect = || sandbox.tool("tfstate-lock").args(["inspect", "-"]).pipe_in(document.clone()).run();
    let outcome = inspect().code(0).says("/lock/state", "held").says("/lock/ok", true).says("/x", 1);
    let outcome = outcome.says("/steps/1/tool", "tfstate-lock");
    assert!(explanation(&outcome)[0].contains("still holds it"));
    let released = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(outcome.stdout()).run();
    let _ = released.code(0);
    let outcome = inspect().code(1).says("/error/code", "lock.lost").says("/lock/state", "gone").says("/x", 1);
    let _ = outcome.stderr_contains("is not held any more: nothing lies there");
    place(&cloud, TERRAFORMS);
    let outcome = inspect().code(1).says("/error/code", "lock.lost").says("/lock/state", "held_by_other");
    let _ = outcome.says("/lock/ID", TERRAFORMS_ID).stderr_contains("any more: root@vm holds it since 2026-11-23");
}

#[test]
fn a_question_is_not_what_a_release_goes_on_with() {
    let (_cloud, sandbox) = cloud();
    let document = r#"{"schema":"deploy-aws-ecs/release/v1","ok":true,"x":1,"steps":[]}"#;
    sandbox.write("release.json", document);
    let outcome = sandbox.tool("tfstate-lock").args(["inspect", STATE, "--input", "release.json"]).run();
    let _ = outcome.code(0).says("/x", json!(null)).says("/steps/0/tool", "tfstate-lock");
}

#[test]
fn what_cannot_be_seen_is_not_free() {
    let (cloud, sandbox) = cloud();
    cloud.arm("s3:GetObject=error:403:AccessDenied".parse().unwrap());
    let outcome = sandbox.tool("tfstate-lock").args(["inspect", STATE]).run().code(3);
    let _ = outcome.says("/error/code", "aws.access_denied").stderr_contains("s3:ListBucket");
    cloud.arm("s3:HeadObject=error:403:AccessDenied".parse().unwrap());
    let outcome = sandbox.tool("tfstate-lock").args(["inspect", STATE]).run().code(0);
    let outcome = outcome.says("/lock/state", "free").says("/lock/state_object/exists", json!(null));
    let outcome = outcome.stderr_contains("nothing is known of the state: s3:GetObject failed");
    assert!(outcome.json()["lock"]["state_object"]["unknown"].is_string());
}

#[test]
fn bucket_and_table_are_looked_at_side_by_side() {
    let (cloud, sandbox) = cloud_with_table();
    let inspect = || sandbox.tool("tfstate-lock").args(["inspect", STATE, "--dynamodb-table", "locks"]).run();
    let _ = inspect().code(0).says("/lock/consistent", true).says("/lock/digest_in_step", json!(null));
    place(&cloud, TERRAFORMS);
    let outcome = inspect().code(1).says("/lock/consistent", false).says("/lock/table_lock", json!(null));
    assert!(explanation(&outcome)[2].contains("It does not lie in the table locks"));
    place_item(&cloud, ITEM, TERRAFORMS);
    let outcome = inspect().code(1).says("/lock/consistent", true).says("/lock/table_lock/ID", TERRAFORMS_ID);
    let _ = outcome.says("/lock/table_lock/engine", "terraform_or_opentofu");
    place_item(&cloud, ITEM, &TERRAFORMS.replace(TERRAFORMS_ID, "another"));
    let outcome = inspect().code(1).says("/lock/consistent", false).says("/lock/ID", TERRAFORMS_ID);
    let outcome = outcome.says("/lock/table_lock/ID", "another");
    assert_eq!(explanation(&outcome)[2], "The table locks has another lock, id another of root@vm.");
    cloud.world().s3 = testkit::s3::S3::default();
    testkit::seed::plant(
        br#"[{"s3:CreateBucket":{"Bucket":"states"}}]"#,
        &mut cloud.world(),
        cloud.endpoint(),
        cloud.clock(),
    )
    .unwrap();
    let outcome = inspect().code(1).says("/lock/ID", "another").says("/lock/etag", json!(null));
    let outcome = outcome.stderr_contains("(in the table locks)");
    assert!(explanation(&outcome)[2].contains("It lies in the table locks only"));
    cloud.arm("dynamodb:GetItem#1x99=error:400:AccessDeniedException".parse().unwrap());
    let _ = inspect().code(3).says("/error/code", "aws.access_denied");
}

#[test]
fn the_digest_is_compared_with_the_state_itself_where_its_etag_is_no_md5() {
    let (cloud, sandbox) = cloud_with_table();
    let inspect = || sandbox.tool("tfstate-lock").args(["inspect", STATE, "--dynamodb-table", "locks"]).run().code(0);
    place_digest(&cloud, "");
    let _ = inspect().says("/lock/digest_in_step", json!(null));
    place_digest(&cloud, DIGEST);
    let _ = inspect().says("/lock/digest_in_step", false);
    place_state(&cloud);
    cloud.clear_journal();
    let _ = inspect().says("/lock/digest_in_step", true);
    let reads = |cloud: &testkit::LocalAws| calls(cloud).iter().filter(|call| *call == "s3:GetObject").count();
    assert_eq!(reads(&cloud), 1, "its ETag will do");
    place_digest(&cloud, "0123456789abcdef0123456789abcdef");
    cloud.clear_journal();
    let outcome = inspect().says("/lock/digest_in_step", false);
    assert_eq!(reads(&cloud), 2);
    assert!(explanation(&outcome)[1].starts_with("The digest in the table locks is not that of the state"));
}

#[test]
fn the_lock_of_a_document_is_lost_if_the_table_has_it_no_more() {
    let (cloud, sandbox) = cloud_with_table();
    let acquire = ["acquire", STATE, "--dynamodb-table", "locks"];
    let acquired = sandbox.tool("tfstate-lock").args(acquire).run().code(0);
    let inspect = || sandbox.tool("tfstate-lock").args(["inspect", "-"]).pipe_in(acquired.stdout()).run();
    let _ = inspect().code(0).says("/lock/state", "held").says("/lock/consistent", true);
    let _ = cloud.world().dynamodb.remove("locks", ITEM).unwrap();
    let outcome = inspect().code(1).says("/error/code", "lock.lost");
    let _ = outcome.stderr_contains("nothing lies there (in the table locks)");
}

#[test]
fn a_process_of_this_machine_is_seen_to_be_gone() {
    let (cloud, sandbox) = cloud();
    let now = cloud.clock().now();
    cloud.world().s3.place("states", LOCK_KEY, leased(Some(gone())), now);
    let outcome = sandbox.tool("tfstate-lock").args(["inspect", STATE]).run().code(1);
    let outcome = outcome.says("/lock/holder", "gone").says("/lock/lease/renewals", 3);
    let sentences = explanation(&outcome);
    assert_eq!(sentences[2], format!("Its process {} ran on this machine and is gone.", std::process::id()));
    assert_eq!(*sentences.last().unwrap(), format!("To free it: tfstate-lock break {STATE}"));
}

#[test]
fn the_lock_of_a_terraform_that_was_killed_is_explained() {
    let Some(bench) = Workbench::start(false) else { return };
    let _ = bench.apply().code(0);
    bench.cloud.clock().advance(Duration::from_mins(5));
    let lock = bench.kill_an_apply();
    bench.cloud.clock().advance(Duration::from_mins(30));
    let outcome = bench.tool(&["inspect"]).code(1).says("/lock/ID", lock["ID"].clone());
    let outcome = outcome.says("/lock/age_seconds", 1800).says("/lock/state_object/written_since_lock", false);
    let sentences = explanation(&outcome);
    assert!(sentences[0].contains("for an apply or destroy"), "{sentences:?}");
    assert_eq!(sentences[2], "The state was not written since.");
    assert!(lock_object(&bench.cloud).is_some());
}

#[test]
fn the_lock_of_a_document_whose_lease_is_over_is_a_no() {
    let (cloud, sandbox) = cloud();
    let acquired = sandbox.tool("tfstate-lock").args(["acquire", STATE, "--expires", "10s"]).run().code(0);
    let inspect = || sandbox.tool("tfstate-lock").args(["inspect", "-"]).pipe_in(acquired.stdout()).run();
    let _ = inspect().code(0).says("/lock/state", "held");
    cloud.clock().advance(Duration::from_secs(13));
    let _ = inspect().code(1).says("/error/code", "lock.expired");
}

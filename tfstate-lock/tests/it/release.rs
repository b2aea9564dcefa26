use crate::{STATE, TERRAFORMS, TERRAFORMS_ID, calls, cloud, lock_object, place};

#[test]
fn what_acquire_wrote_is_enough_to_release_by_one_request() {
    let (cloud, sandbox) = cloud();
    let acquired = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(0);
    cloud.clear_journal();
    let outcome = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(acquired.stdout()).run().code(0);
    let _ = outcome
        .says("/ok", true)
        .says("/lock/state", "released")
        .says("/lock/ok", false)
        .says("/steps/1/tool", "tfstate-lock");
    assert_eq!(calls(&cloud), ["s3:DeleteObject"]);
    assert_eq!(lock_object(&cloud), None);
}

#[test]
fn an_etag_that_would_match_any_lock_is_not_used() {
    let (cloud, sandbox) = cloud();
    let acquired = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(0);
    let etag = acquired.json()["lock"]["etag"].to_string();
    let forged = acquired.stdout().replace(&etag, "\"*\"");
    assert_ne!(forged, acquired.stdout());
    cloud.world().s3 = testkit::s3::S3::default();
    place(&cloud, TERRAFORMS);
    let _ = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(forged).run().code(1);
    assert_eq!(lock_object(&cloud).as_deref(), Some(TERRAFORMS));
}

#[test]
fn the_document_may_lie_in_a_file() {
    let (cloud, sandbox) = cloud();
    let script = format!("tfstate-lock acquire {STATE} > locked.json && tfstate-lock release --input locked.json");
    let _ = sandbox.shell(&script).run().code(0).says("/lock/state", "released");
    assert_eq!(lock_object(&cloud), None);
}

#[test]
fn acquire_and_release_make_a_pipe() {
    let (cloud, sandbox) = cloud();
    let script = format!("tfstate-lock acquire {STATE} | jq -c '.x = 1' | tfstate-lock release");
    let outcome = sandbox.shell(&script).run().code(0);
    let _ = outcome.says("/x", 1).says("/lock/state", "released");
    assert_eq!(cloud.writes(), ["s3:PutObject", "s3:DeleteObject"]);
    assert_eq!(lock_object(&cloud), None);
}

#[test]
fn an_acquire_that_was_refused_is_not_released() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    let script = format!("tfstate-lock acquire {STATE} | tfstate-lock release");
    let _ = sandbox.shell(&script).run().code(1).says("/error/code", "lock.held");
    assert_eq!(lock_object(&cloud).as_deref(), Some(TERRAFORMS));
}

#[test]
fn address_and_id_or_the_lock_object_itself_will_do() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    let by_id = sandbox.tool("tfstate-lock").args(["release", STATE, "--id", TERRAFORMS_ID]);
    let _ = by_id.run().code(0).says("/lock/Who", "root@vm");
    place(&cloud, TERRAFORMS);
    for args in [&["release"][..], &["release", "-"]] {
        place(&cloud, TERRAFORMS);
        let _ = sandbox.tool("tfstate-lock").args(args).pipe_in(TERRAFORMS).run().code(0);
        assert_eq!(lock_object(&cloud), None);
    }
    assert_eq!(cloud.writes(), ["s3:DeleteObject"; 3]);
}

#[test]
fn someone_elses_lock_is_never_released() {
    let (cloud, sandbox) = cloud();
    let acquired = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(0);
    place(&cloud, TERRAFORMS);
    let outcome = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(acquired.stdout()).run().code(1);
    let outcome = outcome.says("/error/code", "lock.held").says("/lock/ID", TERRAFORMS_ID);
    let _ = outcome.stderr_contains("has another id than").stderr_contains("hint: tfstate-lock inspect");
    let _ = sandbox.tool("tfstate-lock").args(["release", STATE, "--id", "guess"]).run().code(1);
    assert_eq!(lock_object(&cloud).as_deref(), Some(TERRAFORMS));
}

#[test]
fn a_lock_that_was_rewritten_under_its_id_is_still_ours() {
    let (cloud, sandbox) = cloud();
    let acquired = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(0);
    let beat = lock_object(&cloud).unwrap().replace("\"Info\":\"\"", "\"Info\":\"beat 2\"");
    let now = cloud.clock().now();
    cloud.world().s3.place("states", crate::LOCK_KEY, beat, now);
    let _ = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(acquired.stdout()).run().code(0);
    assert_eq!(lock_object(&cloud), None);
}

#[test]
fn a_lock_that_is_gone_is_told() {
    let (_cloud, sandbox) = cloud();
    let outcome = sandbox.tool("tfstate-lock").args(["release", STATE, "--id", "x"]).run().code(1);
    let _ = outcome.says("/error/code", "lock.gone").says("/lock/state", "gone");
}

#[test]
fn a_delete_that_was_done_without_an_answer_is_recognised() {
    for fault in ["s3:DeleteObject=lost-response", "s3:DeleteObject=error-after:500"] {
        let (cloud, sandbox) = cloud();
        let acquired = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(0);
        cloud.arm(fault.parse().unwrap());
        let outcome = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(acquired.stdout()).run().code(0);
        let _ = outcome.says("/lock/state", "released");
        assert_eq!(lock_object(&cloud), None, "{fault}");
    }
}

#[test]
fn a_delete_that_was_not_done_is_tried_again() {
    for fault in
        ["s3:DeleteObject=error:409:ConditionalRequestConflict", "s3:DeleteObject=throttle", "s3:DeleteObject=refuse"]
    {
        let (cloud, sandbox) = cloud();
        place(&cloud, TERRAFORMS);
        cloud.arm(fault.parse().unwrap());
        let _ = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(TERRAFORMS).run().code(0);
        assert_eq!(lock_object(&cloud), None, "{fault}");
    }
}

#[test]
fn a_dry_run_only_looks() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    let run = |id: &str| sandbox.tool("tfstate-lock").args(["release", STATE, "--dry-run", "--id", id]).run();
    let _ = run(TERRAFORMS_ID).code(0).says("/lock/state", "held");
    let _ = run("guess").code(1);
    assert!(cloud.writes().is_empty());
}

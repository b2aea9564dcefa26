use std::time::{Duration, Instant};

use tfstate_lock::lock::info::LockInfo;

use crate::{LOCK_KEY, STATE, TERRAFORMS, TERRAFORMS_ID, calls, cloud, lock_object, place};

#[test]
fn a_free_lock_is_taken_by_one_request() {
    let (cloud, sandbox) = cloud();
    let args = ["acquire", STATE, "--who", "ci@runner", "--info", "<migration>"];
    let outcome = sandbox.tool("tfstate-lock").args(args).run().code(0);
    let outcome = outcome.says("/lock/state", "held").says("/lock/Who", "ci@runner").says("/lock/key", LOCK_KEY);
    assert_eq!(calls(&cloud), ["s3:PutObject"]);
    let object = lock_object(&cloud).unwrap();
    let lock = LockInfo::parse(object.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(lock.to_bytes()).unwrap(), object, "not the bytes that Terraform writes");
    assert!(object.contains(r#""Info":"\u003cmigration\u003e""#), "{object}");
    assert_eq!((lock.path.as_str(), lock.info.as_str()), ("states/prod/app.tfstate", "<migration>"));
    let _ = outcome.says("/lock/ID", lock.id.as_str()).says("/lock/Info", "<migration>");
}

#[test]
fn a_workspace_has_its_own_lock() {
    let (cloud, sandbox) = cloud();
    let run = |args: &[&str]| sandbox.tool("tfstate-lock").args(["acquire", STATE]).args(args).run();
    let _ = run(&["--workspace", "blue"]).code(0);
    let _ = run(&["--workspace", "blue", "--workspace-key-prefix", "teams"]).code(0);
    let _ = run(&[]).code(0);
    let keys = cloud.world().s3.keys("states");
    assert_eq!(keys, ["env:/blue/prod/app.tfstate.tflock", LOCK_KEY, "teams/blue/prod/app.tfstate.tflock"]);
}

#[test]
fn a_lock_held_by_terraform_is_respected_and_its_holder_named() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    let outcome = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(1);
    let outcome = outcome
        .says("/error/code", "lock.held")
        .says("/lock/state", "held_by_other")
        .says("/lock/ok", false)
        .says("/lock/ID", TERRAFORMS_ID)
        .says("/lock/Created", "2026-11-23T01:11:07.409863923Z");
    let _ = outcome
        .stderr_contains("is held by root@vm since 2026-11-23T01:11:07.409863923Z, operation: OperationTypeApply")
        .stderr_contains(&format!("tfstate-lock break {STATE} --id {TERRAFORMS_ID} --reason WHY"));
    assert_eq!(lock_object(&cloud).as_deref(), Some(TERRAFORMS));
    assert_eq!(calls(&cloud), ["s3:PutObject", "s3:GetObject"]);
}

#[test]
fn an_object_that_nobody_can_read_is_a_lock_too() {
    for garbage in ["", "{\"ID\":", "[]"] {
        let (cloud, sandbox) = cloud();
        place(&cloud, garbage);
        let outcome = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(1);
        let _ = outcome.says("/error/code", "lock.unreadable").says("/lock/state", "held_by_other");
        assert_eq!(lock_object(&cloud).as_deref(), Some(garbage));
    }
}

#[test]
fn a_put_that_was_done_without_an_answer_is_recognised_as_our_own() {
    for fault in ["s3:PutObject=lost-response", "s3:PutObject=error-after:500", "s3:PutObject=error-after:503"] {
        let (cloud, sandbox) = cloud();
        cloud.arm(fault.parse().unwrap());
        let outcome = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(0);
        let id = outcome.json()["lock"]["ID"].as_str().unwrap().to_owned();
        assert!(lock_object(&cloud).unwrap().contains(&id), "{fault}");
        assert_eq!(calls(&cloud), ["s3:PutObject", "s3:GetObject"], "{fault}");
        let release = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(outcome.stdout()).run();
        let _ = release.code(0);
        assert_eq!(lock_object(&cloud), None, "{fault}");
    }
}

#[test]
fn a_put_that_was_not_done_is_tried_again() {
    for fault in [
        "s3:PutObject=error:409:ConditionalRequestConflict",
        "s3:PutObject=throttle",
        "s3:PutObject=refuse",
        "s3:PutObject=error:500:InternalError",
    ] {
        let (cloud, sandbox) = cloud();
        cloud.arm(fault.parse().unwrap());
        let _ = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(0);
        assert!(lock_object(&cloud).is_some(), "{fault}");
    }
}

#[test]
fn a_holder_that_is_gone_when_we_look_makes_room() {
    let (cloud, sandbox) = cloud();
    cloud.arm("s3:PutObject=error:412:PreconditionFailed".parse().unwrap());
    let _ = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(0);
    assert_eq!(calls(&cloud), ["s3:PutObject", "s3:GetObject", "s3:PutObject"]);
}

#[test]
fn endless_conflicts_end() {
    let (cloud, sandbox) = cloud();
    cloud.arm("s3:PutObject#1x99=error:409:ConditionalRequestConflict".parse().unwrap());
    let outcome = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(1);
    let _ = outcome.says("/error/code", "lock.busy");
    assert_eq!(cloud.writes().len(), 5);
}

#[test]
fn a_lock_that_may_be_there_is_an_unknown_outcome_with_the_way_to_free_it() {
    let (cloud, sandbox) = cloud();
    cloud.arm("s3:PutObject=lost-response".parse().unwrap());
    cloud.arm("s3:GetObject#1x99=error:403:AccessDenied".parse().unwrap());
    let outcome = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(4);
    let outcome = outcome.says("/error/code", "lock.uncertain").says("/lock/state", "unknown");
    let document = outcome.json();
    let id = document["lock"]["ID"].as_str().unwrap();
    assert_eq!(document["error"]["hint"], format!("tfstate-lock release {STATE} --id {id}"));
    assert!(lock_object(&cloud).unwrap().contains(id));
}

#[test]
fn a_missing_bucket_and_a_missing_permission_are_told_apart() {
    let (cloud, sandbox) = cloud();
    let outcome = sandbox.tool("tfstate-lock").args(["acquire", "s3://absent/app"]).run().code(3);
    let _ = outcome.stderr_contains("NoSuchBucket").stderr_contains("hint: check the bucket's name");
    cloud.arm("s3:PutObject=error:403:AccessDenied".parse().unwrap());
    let outcome = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(3);
    let _ = outcome.says("/error/code", "aws.access_denied").stderr_contains("hint: allow s3:PutObject");
    assert!(cloud.world().s3.keys("states").is_empty());
}

#[test]
fn an_endpoint_that_is_not_there_is_a_network_error() {
    let (_cloud, sandbox) = cloud();
    let run = sandbox.tool("tfstate-lock").args(["acquire", STATE, "--endpoint-url", "http://127.0.0.1:9"]);
    let _ = run.run().code(3).says("/error/code", "aws.network");
}

#[test]
fn a_dry_run_only_looks() {
    let (cloud, sandbox) = cloud();
    let run = || sandbox.tool("tfstate-lock").args(["acquire", STATE, "--dry-run"]).run();
    let _ = run().code(0).says("/lock/state", "free").says("/lock/ok", false);
    place(&cloud, TERRAFORMS);
    let _ = run().code(1).says("/error/code", "lock.held");
    assert!(cloud.writes().is_empty());
}

#[test]
fn a_signal_while_it_waits_says_that_nothing_was_taken() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    let running = sandbox.tool("tfstate-lock").args(["acquire", STATE, "--wait", "10m"]).start();
    crate::until("it has looked twice", || calls(&cloud).iter().filter(|call| *call == "s3:GetObject").count() > 1);
    running.signal("INT");
    let outcome = running.wait().code(130).says("/lock/state", "held_by_other").says("/lock/ID", TERRAFORMS_ID);
    let _ = outcome.stderr_contains("hint: nothing was taken");
    assert_eq!(lock_object(&cloud).as_deref(), Some(TERRAFORMS));
}

#[test]
fn a_signal_during_the_request_gives_the_lock_back() {
    let (cloud, sandbox) = cloud();
    cloud.arm("s3:PutObject=latency:2000".parse().unwrap());
    let running = sandbox.tool("tfstate-lock").args(["acquire", STATE, "--verbose"]).start();
    // It is answered late, so the signal comes first.
    let deadline = Instant::now() + Duration::from_secs(10);
    while cloud.arrivals().is_empty() {
        assert!(Instant::now() < deadline, "no request was made");
        std::thread::yield_now();
    }
    running.signal("TERM");
    let _ = running.wait().code(143).says("/lock/state", "released").says("/error/code", "interrupted");
    assert_eq!(lock_object(&cloud), None);
    assert_eq!(calls(&cloud), ["s3:PutObject", "s3:DeleteObject"]);
}

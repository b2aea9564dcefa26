use std::time::Duration;

use serde_json::json;
use tfstate_lock::process::identity::ProcessIdentity;

use crate::workbench::{ITEM, Workbench, cloud_with_table, gone, item, leased, place_item};
use crate::{LOCK_KEY, STATE, TERRAFORMS, TERRAFORMS_ID, calls, cloud, lock_object, place, until};

const NAMED: [&str; 6] = ["break", STATE, "--id", TERRAFORMS_ID, "--reason", "the runner is gone"];
const IN_TABLE: [&str; 2] = ["--dynamodb-table", "locks"];

fn place_text(cloud: &testkit::LocalAws, body: String) {
    let now = cloud.clock().now();
    cloud.world().s3.place("states", LOCK_KEY, body, now);
}

#[test]
fn the_lock_that_is_named_is_broken_and_goes_on_record() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    cloud.clock().advance(Duration::from_hours(2));
    let outcome = sandbox.tool("tfstate-lock").args(NAMED).run().code(0);
    let outcome = outcome
        .says("/ok", true)
        .says("/lock/state", "broken")
        .says("/lock/ok", false)
        .says("/lock/ID", TERRAFORMS_ID)
        .says("/lock/Who", "root@vm")
        .says("/lock/etag", json!(null))
        .says("/lock/broken/ground", "id")
        .says("/lock/broken/reason", "the runner is gone")
        .says("/lock/broken/age_seconds", 7200);
    assert!(outcome.json()["lock"]["broken"]["by"].as_str().unwrap().contains('@'));
    let _ = outcome.stderr_contains(&format!("{STATE}: broken: lock {TERRAFORMS_ID} of root@vm"));
    assert_eq!(lock_object(&cloud), None);
    assert_eq!(calls(&cloud), ["s3:GetObject", "s3:DeleteObject"]);
}

#[test]
fn another_lock_is_never_broken() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    for which in [["--id", "another"], ["--etag", "another"], ["--etag", "*"]] {
        let args = ["break", STATE, "--reason", "x"].into_iter().chain(which);
        let outcome = sandbox.tool("tfstate-lock").args(args).run().code(1);
        let _ = outcome.says("/error/code", "lock.held").says("/lock/ID", TERRAFORMS_ID);
    }
    assert!(cloud.writes().is_empty());
}

#[test]
fn there_is_nothing_to_do_where_the_lock_is_free() {
    let (cloud, sandbox) = cloud();
    for args in [&NAMED[..], &["break", STATE], &["break", STATE, "--older-than", "1h"]] {
        let outcome = sandbox.tool("tfstate-lock").args(args).run().code(0).says("/lock/state", "free");
        let _ = outcome.stderr_contains("the lock is free, nothing was broken");
    }
    assert!(cloud.writes().is_empty());
}

#[test]
fn what_nobody_can_read_is_broken_by_its_etag_with_quotes_or_without() {
    for garbage in ["", "{\"ID\":\"a\",\"Created\":\"today\"}", "null"] {
        for quote in ["\"", ""] {
            let (cloud, sandbox) = cloud();
            place(&cloud, garbage);
            let inspected = sandbox.tool("tfstate-lock").args(["inspect", STATE]).run().code(1).json();
            let etag = inspected["lock"]["etag"].as_str().unwrap().replace('"', quote);
            let args = ["break", STATE, "--etag", &etag, "--reason", "a full disk wrote it"];
            let outcome = sandbox.tool("tfstate-lock").args(args).run().code(0).says("/lock/broken/ground", "etag");
            let _ = outcome.stderr_contains("the lock that says nothing");
            assert_eq!(lock_object(&cloud), None);
        }
    }
}

#[test]
fn a_lock_of_terraform_is_not_broken_without_a_word_from_a_person() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    cloud.clock().advance(Duration::from_hours(100));
    let outcome = sandbox.tool("tfstate-lock").args(["break", STATE]).run().code(1);
    let outcome = outcome.says("/error/code", "lock.not_proved").says("/lock/state", "held_by_other");
    let hint = format!("if it is known from elsewhere: tfstate-lock break {STATE} --id {TERRAFORMS_ID} --reason WHY");
    let outcome = outcome.says("/error/hint", hint);
    let _ = outcome.stderr_contains("it has no lease, and that it is 4 d 4 h old proves nothing");
    assert!(cloud.writes().is_empty());
}

#[test]
fn an_age_that_a_person_allows_is_the_servers() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    let run = || sandbox.tool("tfstate-lock").args(["break", STATE, "--older-than", "1h"]).run();
    cloud.clock().advance(Duration::from_mins(59));
    let _ = run().code(1).says("/error/code", "lock.not_proved").stderr_contains("it is 59 min old, not 1 h");
    cloud.clock().advance(Duration::from_mins(1));
    let _ = run().code(0).says("/lock/broken/ground", "older_than").says("/lock/broken/reason", json!(null));
    assert_eq!(lock_object(&cloud), None);
}

#[test]
fn no_age_breaks_a_lease_that_runs() {
    let (cloud, sandbox) = cloud();
    let _ = sandbox.tool("tfstate-lock").args(["acquire", STATE, "--expires", "2h"]).run().code(0);
    cloud.clock().advance(Duration::from_hours(1));
    let outcome = sandbox.tool("tfstate-lock").args(["break", STATE, "--older-than", "10m"]).run().code(1);
    let _ = outcome.says("/error/code", "lock.not_proved").stderr_contains("its lease lasts 1 h more");
}

#[test]
fn a_lease_that_is_over_is_proof_enough() {
    let (cloud, sandbox) = cloud();
    let _ = sandbox.tool("tfstate-lock").args(["acquire", STATE, "--expires", "60s"]).run().code(0);
    let run = || sandbox.tool("tfstate-lock").args(["break", STATE]).run();
    let _ = run().code(1).stderr_contains("its lease lasts 1 min 2 s more");
    cloud.clock().advance(Duration::from_secs(62));
    let _ = run().code(0).says("/lock/broken/ground", "lease_over").says("/lock/lease/expired", true);
    assert_eq!(lock_object(&cloud), None);
}

#[test]
fn a_process_of_this_machine_that_is_gone_is_proof_enough() {
    let (cloud, sandbox) = cloud();
    place_text(&cloud, leased(Some(ProcessIdentity { host: "elsewhere".to_owned(), ..gone() })));
    let run = || sandbox.tool("tfstate-lock").args(["break", STATE]).run();
    let _ = run().code(1).says("/error/code", "lock.not_proved");
    place_text(&cloud, leased(Some(gone())));
    let _ = run().code(0).says("/lock/broken/ground", "process_gone");
    assert_eq!(lock_object(&cloud), None);
}

#[test]
fn a_lock_that_was_renewed_meanwhile_stays_in_bucket_and_table() {
    let (cloud, sandbox) = cloud_with_table();
    place_text(&cloud, leased(None));
    place_item(&cloud, ITEM, &leased(None));
    let renewed = leased(None).replace("\\\"seq\\\":3", "\\\"seq\\\":4");
    cloud.arm("s3:DeleteObject=latency:2000".parse().unwrap());
    let running = sandbox.tool("tfstate-lock").args(NAMED.into_iter().chain(IN_TABLE)).start();
    until("the delete arrives", || cloud.arrivals().iter().any(|arrival| arrival == "s3:DeleteObject"));
    place_text(&cloud, renewed.clone());
    let outcome = running.wait().code(1).says("/error/code", "lock.renewed").says("/lock/state", "held_by_other");
    let _ = outcome.says("/lock/lease/renewals", 4).stderr_contains("its holder is alive");
    assert_eq!(lock_object(&cloud), Some(renewed));
    assert!(item(&cloud).is_some());
}

#[test]
fn a_renewal_is_no_sign_that_an_unanswered_delete_was_done() {
    let (cloud, sandbox) = cloud();
    place_text(&cloud, leased(None));
    let renewed = leased(None).replace("\\\"seq\\\":3", "\\\"seq\\\":4");
    cloud.arm("s3:DeleteObject=refuse".parse().unwrap());
    cloud.arm("s3:DeleteObject#2=latency:2000".parse().unwrap());
    let running = sandbox.tool("tfstate-lock").args(NAMED).start();
    until("the second delete arrives", || {
        cloud.arrivals().iter().filter(|arrival| *arrival == "s3:DeleteObject").count() == 2
    });
    place_text(&cloud, renewed.clone());
    let _ = running.wait().code(1).says("/error/code", "lock.renewed");
    assert_eq!(lock_object(&cloud), Some(renewed));
}

#[test]
fn a_newer_lock_of_another_stays() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    let newer = TERRAFORMS.replace(TERRAFORMS_ID, "newer");
    cloud.arm("s3:DeleteObject=latency:2000".parse().unwrap());
    let running = sandbox.tool("tfstate-lock").args(NAMED).start();
    until("the delete arrives", || cloud.arrivals().iter().any(|arrival| arrival == "s3:DeleteObject"));
    place_text(&cloud, newer.clone());
    let _ = running.wait().code(1).says("/error/code", "lock.held").says("/lock/ID", "newer");
    assert_eq!(lock_object(&cloud), Some(newer));
}

#[test]
fn a_delete_is_done_once_whatever_becomes_of_its_answer() {
    for fault in [
        "s3:DeleteObject=lost-response",
        "s3:DeleteObject=error-after:500",
        "s3:DeleteObject=error:409:ConditionalRequestConflict",
        "s3:DeleteObject=throttle",
        "s3:DeleteObject=refuse",
    ] {
        let (cloud, sandbox) = cloud();
        place(&cloud, TERRAFORMS);
        cloud.arm(fault.parse().unwrap());
        let _ = sandbox.tool("tfstate-lock").args(NAMED).run().code(0).says("/lock/state", "broken");
        assert_eq!(lock_object(&cloud), None, "{fault}");
    }
}

#[test]
fn an_outcome_that_nobody_knows_is_said_so() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    cloud.arm("s3:DeleteObject#1x99=refuse".parse().unwrap());
    let outcome = sandbox.tool("tfstate-lock").args(NAMED).run().code(4).says("/error/code", "lock.uncertain");
    let outcome = outcome.says("/lock/state", "unknown").says("/lock/ID", TERRAFORMS_ID);
    let _ = outcome.says("/error/hint", format!("tfstate-lock inspect {STATE}"));
}

#[test]
fn a_delete_that_is_not_allowed_changes_nothing() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    cloud.arm("s3:DeleteObject=error:403:AccessDenied".parse().unwrap());
    let outcome = sandbox.tool("tfstate-lock").args(NAMED).run().code(3).says("/error/code", "aws.access_denied");
    let _ = outcome.stderr_contains("allow s3:DeleteObject");
    assert_eq!(lock_object(&cloud).as_deref(), Some(TERRAFORMS));
}

#[test]
fn a_dry_run_says_what_would_be_done() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    let run = |args: &[&str]| sandbox.tool("tfstate-lock").args(args).args(["--dry-run"]).run();
    let outcome = run(&NAMED).code(0).says("/lock/state", "held_by_other").says("/lock/broken", json!(null));
    let _ =
        outcome.stderr_contains(&format!("lock {TERRAFORMS_ID} of root@vm would be broken: it was named by its id"));
    let _ = run(&["break", STATE]).code(1).says("/error/code", "lock.not_proved");
    assert!(cloud.writes().is_empty());
}

#[test]
fn the_same_lock_goes_from_bucket_and_table_wherever_it_lies() {
    for (object, in_table) in [(true, true), (true, false), (false, true)] {
        let (cloud, sandbox) = cloud_with_table();
        if object {
            place(&cloud, TERRAFORMS);
        }
        if in_table {
            place_item(&cloud, ITEM, TERRAFORMS);
        }
        let outcome = sandbox.tool("tfstate-lock").args(NAMED.into_iter().chain(IN_TABLE)).run().code(0);
        let _ = outcome.says("/lock/state", "broken").says("/lock/ID", TERRAFORMS_ID).says("/lock/table", "locks");
        assert_eq!((lock_object(&cloud), item(&cloud)), (None, None), "{object} {in_table}");
    }
}

#[test]
fn a_lock_under_another_id_at_the_other_place_stays_and_is_told() {
    let other = TERRAFORMS.replace(TERRAFORMS_ID, "another");
    let (cloud, sandbox) = cloud_with_table();
    place(&cloud, TERRAFORMS);
    place_item(&cloud, ITEM, &other);
    let outcome = sandbox.tool("tfstate-lock").args(NAMED.into_iter().chain(IN_TABLE)).run().code(0);
    let _ = outcome.stderr_contains("; the table still has lock another of root@vm");
    assert_eq!((lock_object(&cloud), item(&cloud)), (None, Some(other)));
    place(&cloud, TERRAFORMS);
    let args = ["break", STATE, "--id", "another", "--reason", "x", "--dynamodb-table", "locks"];
    let outcome = sandbox.tool("tfstate-lock").args(args).run().code(0).says("/lock/ID", "another");
    let _ = outcome.stderr_contains(&format!("; the bucket still has lock {TERRAFORMS_ID} of root@vm"));
    assert_eq!((lock_object(&cloud).as_deref(), item(&cloud)), (Some(TERRAFORMS), None));
}

#[test]
fn a_lock_in_the_table_only_has_no_age_but_its_process_may_be_gone() {
    let (cloud, sandbox) = cloud_with_table();
    place_item(&cloud, ITEM, TERRAFORMS);
    let run = |args: &[&str]| sandbox.tool("tfstate-lock").args(["break", STATE]).args(IN_TABLE).args(args).run();
    let outcome = run(&["--older-than", "1h"]).code(1).says("/error/code", "lock.not_proved");
    let _ = outcome.stderr_contains("nothing says how old it is (in the table locks)");
    let _ = run(&[]).code(1).stderr_contains("it has no lease (in the table locks)");
    place_item(&cloud, ITEM, &leased(None));
    let _ = run(&[]).code(1).stderr_contains("the table does not say when its lease began");
    place_item(&cloud, ITEM, &leased(Some(gone())));
    let _ = run(&[]).code(0).says("/lock/broken/ground", "process_gone");
    assert_eq!(item(&cloud), None);
}

#[test]
fn an_item_that_nobody_can_read_is_broken_by_its_text_as_the_hint_has_it() {
    let (cloud, sandbox) = cloud_with_table();
    place_item(&cloud, ITEM, "it's garbage");
    let inspected = sandbox.tool("tfstate-lock").args(["inspect", STATE]).args(IN_TABLE).run().code(1).json();
    let hint = inspected["error"]["hint"].as_str().unwrap().to_owned();
    let command = hint.split_once("dead: ").unwrap().1;
    let _ = sandbox.shell(command).run().code(0).says("/lock/state", "broken");
    assert_eq!(item(&cloud), None);
    let nothing = json!({ "LockID": { "S": ITEM } });
    cloud.world().dynamodb.place("locks", &nothing).unwrap();
    let inspected = sandbox.tool("tfstate-lock").args(["inspect", STATE]).args(IN_TABLE).run().code(1).json();
    let hint = inspected["error"]["hint"].as_str().unwrap();
    assert!(
        hint.contains(
            r#"aws dynamodb delete-item --table-name locks --key '{"LockID":{"S":"states/prod/app.tfstate"}}'"#
        ),
        "{hint}"
    );
}

#[test]
fn a_table_that_fails_behind_the_bucket_is_told_with_what_was_done() {
    let (cloud, sandbox) = cloud_with_table();
    place(&cloud, TERRAFORMS);
    place_item(&cloud, ITEM, TERRAFORMS);
    cloud.arm("dynamodb:DeleteItem=error:400:AccessDeniedException".parse().unwrap());
    let run = || sandbox.tool("tfstate-lock").args(NAMED.into_iter().chain(IN_TABLE)).run();
    let outcome = run().code(3).says("/error/code", "aws.access_denied").says("/lock/state", "broken");
    let _ = outcome.stderr_contains("allow dynamodb:DeleteItem");
    assert_eq!((lock_object(&cloud), item(&cloud).as_deref()), (None, Some(TERRAFORMS)));
    let _ = run().code(0).says("/lock/state", "broken");
    assert_eq!(item(&cloud), None);
}

#[test]
fn the_lock_of_a_terraform_that_was_killed_is_broken_and_the_next_one_goes_on() {
    for table in [false, true] {
        let Some(bench) = Workbench::start(table) else { return };
        let _ = bench.apply().code(0);
        let lock = bench.kill_an_apply();
        let id = lock["ID"].as_str().unwrap();
        let _ = bench.plan().code(1).stderr_contains("Error acquiring the state lock").stderr_contains(id);
        let refused = bench.tool(&["break"]).code(1).says("/error/code", "lock.not_proved").json();
        let hint = refused["error"]["hint"].as_str().unwrap().to_owned();
        let command = hint.split_once("elsewhere: ").unwrap().1.replace("WHY", "'the runner is gone'");
        let _ = bench.sandbox.shell(&command).run().code(0).says("/lock/state", "broken");
        assert_eq!((lock_object(&bench.cloud), item(&bench.cloud)), (None, None));
        let _ = bench.plan().code(0);
    }
}

#[test]
fn a_stuck_init_of_a_new_workspace_is_freed_though_terraform_cannot() {
    let Some(bench) = Workbench::start(false) else { return };
    let key = "env:/blue/prod/app.tfstate.tflock";
    let init = TERRAFORMS.replace("OperationTypeApply", "init").replace("states/prod", "states/env:/blue/prod");
    let now = bench.cloud.clock().now();
    bench.cloud.world().s3.place("states", key, init, now);
    let _ = bench.terraform(&["workspace", "new", "blue"]).code(1);
    std::fs::write(bench.sandbox.path().join(".terraform/environment"), "blue").unwrap();
    let _ = bench.terraform(&["force-unlock", "-force", TERRAFORMS_ID]).code(1).stderr_contains("Failed to load state");
    assert!(bench.cloud.world().s3.body("states", key).is_some());
    let outcome = bench.tool(&["inspect"]).code(1).says("/lock/key", key);
    let explained = crate::workbench::explanation(&outcome);
    assert!(explained[0].ends_with("for the first, empty state of a new workspace."), "{explained:?}");
    assert!(
        explained[2].starts_with("Terraform cannot force-unlock a workspace that has no state yet"),
        "{explained:?}"
    );
    let args = ["break", "--id", TERRAFORMS_ID, "--reason", "the runner was killed in init"];
    let _ = bench.tool(&args).code(0).says("/lock/state", "broken");
    let _ = bench.plan().code(0);
}

#[test]
fn an_empty_object_that_blocks_terraform_for_ever_is_freed() {
    let Some(bench) = Workbench::start(false) else { return };
    place(&bench.cloud, "");
    let _ = bench.plan().code(1);
    let _ = bench.terraform(&["force-unlock", "-force", TERRAFORMS_ID]).code(1);
    let inspected = bench.tool(&["inspect"]).code(1).json();
    let etag = inspected["lock"]["etag"].as_str().unwrap();
    let _ = bench.tool(&["break", "--etag", etag, "--reason", "a full disk wrote it"]).code(0);
    let _ = bench.plan().code(0);
}

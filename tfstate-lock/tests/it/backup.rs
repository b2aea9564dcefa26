use std::time::Duration;

use crate::bench::{Bench, LINEAGE, TABLE, lock, state, wait_until};
use crate::{LOCK_KEY, STATE, TERRAFORMS, TERRAFORMS_ID, calls};

const COPY: &str = "prod/app.tfstate.backup-20260101T000000Z";
const CUSTOMER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn where_there_are_versions_the_version_is_the_copy() {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    let outcome = bench.backup(&[]);
    let section = lock(&outcome);
    let backup = section["backup"].as_object().unwrap();
    assert_eq!((&backup["serial"], &backup["lineage"]), (&7.into(), &LINEAGE.into()));
    assert_eq!(backup["bytes"], state(7, "one").len());
    assert!(backup["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(backup["modified"], "2026-01-01T00:00:00Z");
    assert!(backup["version_id"].is_string() && !backup.contains_key("copy"));
    let _ = outcome.says("/lock/state", "released").says("/lock/Operation", "tfstate-lock backup");
    let asked = ["s3:GetBucketVersioning", "s3:PutObject", "s3:GetObject", "s3:DeleteObject"];
    assert_eq!(calls(&bench.cloud), asked);
    assert!(bench.copies().is_empty() && !bench.is_locked());
}

#[test]
fn where_there_are_none_a_copy_is_made_and_read_back() {
    let bench = Bench::new(false);
    bench.write(&state(7, "one"));
    let outcome = bench.backup(&[]);
    let _ = outcome
        .says("/lock/backup/copy", format!("s3://states/{COPY}"))
        .says("/lock/backup/serial", 7)
        .stderr_contains("is kept as s3://states/prod/app.tfstate.backup-20260101T000000Z");
    assert_eq!(bench.body(COPY).unwrap(), state(7, "one"));
    let asked =
        ["GetBucketVersioning", "PutObject", "GetObject", "GetObject", "CopyObject", "GetObject", "DeleteObject"];
    assert_eq!(
        calls(&bench.cloud),
        asked.map(|operation| format!("s3:{operation}")),
        "the state, what lies at the copy's key, the copy"
    );
    assert!(!bench.is_locked());
}

#[test]
fn what_the_state_holds_is_shown_to_nobody() {
    for versioning in [true, false] {
        let bench = Bench::new(versioning);
        bench.write(&state(7, "s3cr3t"));
        let outcome = bench.run(&["backup", STATE, "--verbose"]).run().code(0);
        let restored = bench.restore(&outcome, &["--verbose"]).run().code(0);
        for outcome in [outcome, restored] {
            assert!(!outcome.stdout().contains("s3cr3t") && !outcome.stderr().contains("s3cr3t"));
        }
    }
}

#[test]
fn copies_of_one_second_are_one_if_they_are_the_same() {
    let bench = Bench::new(false);
    bench.write(&state(7, "one"));
    let first = bench.backup(&[]);
    let again = bench.backup(&[]);
    assert_eq!(lock(&first)["backup"], lock(&again)["backup"]);
    bench.write(&state(8, "two"));
    let _ = bench.backup(&[]).says("/lock/backup/copy", format!("s3://states/{COPY}-2"));
    bench.cloud.clock().advance(Duration::from_secs(1));
    let _ = bench.backup(&[]).says("/lock/backup/copy", "s3://states/prod/app.tfstate.backup-20260101T000001Z");
    assert_eq!((bench.body(COPY).unwrap(), bench.copies().len()), (state(7, "one"), 3));
}

#[test]
fn who_may_not_know_whether_there_are_versions_makes_a_copy() {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    bench.arm("s3:GetBucketVersioning=error:403:AccessDenied");
    let outcome = bench.backup(&[]).says("/lock/backup/version_id", ());
    let _ = outcome.stderr_contains("it is not known whether the bucket keeps versions, so a copy is made");
    assert_eq!(bench.body(COPY).unwrap(), state(7, "one"));
}

#[test]
fn what_is_no_state_is_not_copied() {
    let bench = Bench::new(false);
    let _ = bench.run(&["backup", STATE]).run().code(1).says("/error/code", "state.missing");
    for garbage in ["", "{}", "{\"version\":4"] {
        bench.write(garbage);
        let outcome = bench.run(&["backup", STATE]).run().code(1).says("/error/code", "state.invalid");
        let _ = outcome.says("/lock/state", "released");
    }
    assert!(bench.copies().is_empty() && !bench.is_locked());
}

#[test]
fn the_lock_of_another_is_respected_and_waited_for() {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    bench.place(LOCK_KEY, TERRAFORMS);
    let outcome = bench.run(&["backup", STATE]).run().code(1);
    let _ = outcome.says("/error/code", "lock.held").says("/lock/ID", TERRAFORMS_ID).says("/lock/backup", ());
    assert_eq!(bench.body(LOCK_KEY).unwrap(), TERRAFORMS);
    let waiting = bench.run(&["backup", STATE, "--wait", "1m"]).start();
    wait_until(|| bench.cloud.journal().len() > 6);
    let _ = bench.run(&["release", STATE, "--id", TERRAFORMS_ID]).run().code(0);
    let _ = waiting.wait().code(0).says("/lock/backup/serial", 7);
    assert!(!bench.is_locked());
}

#[test]
fn a_lock_that_is_held_for_the_release_is_used_and_stays() {
    let bench = Bench::new(false);
    bench.write(&state(7, "one"));
    let acquired = bench.run(&["acquire", STATE]).run().code(0);
    let id = lock(&acquired)["ID"].clone();
    bench.cloud.clear_journal();
    let backup = bench.run(&["backup", "-"]).pipe_in(acquired.stdout()).run().code(0);
    let backup = backup.says("/lock/state", "held").says("/lock/ok", true).says("/lock/ID", id);
    assert!(!calls(&bench.cloud).contains(&"s3:PutObject".to_owned()));
    assert!(bench.is_locked());
    bench.write(&state(8, "two"));
    let restored = bench.restore(&backup, &[]).run().code(0);
    let restored = restored.says("/lock/state", "held").says("/lock/restored/serial", 9);
    let _ = bench.run(&["release"]).pipe_in(restored.stdout()).run().code(0);
    assert!(!bench.is_locked());
}

#[test]
fn a_lock_that_should_be_held_and_is_not_is_told() {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    let acquired = bench.run(&["acquire", STATE]).run().code(0);
    bench.place(LOCK_KEY, TERRAFORMS);
    let backup = || bench.run(&["backup", "-"]).pipe_in(acquired.stdout()).run();
    let _ = backup().code(1).says("/error/code", "lock.held").says("/lock/ID", TERRAFORMS_ID);
    let _ = bench.run(&["release", STATE, "--id", TERRAFORMS_ID]).run().code(0);
    let _ = backup().code(1).says("/error/code", "lock.gone");
}

#[test]
fn a_state_that_terraform_would_not_read_is_copied_and_told() {
    for versioning in [true, false] {
        let bench = Bench::new(versioning);
        bench.write(&state(7, "one"));
        bench.set_digest("other");
        let outcome = bench.run(&["backup", STATE]).args(TABLE).run().code(1);
        let outcome = outcome.says("/error/code", "state.out_of_step").says("/lock/backup/serial", 7);
        let repair = format!("tfstate-lock restore {STATE} --dynamodb-table locks --from {STATE}");
        let _ = outcome.says("/lock/state", "released").stderr_contains(&repair);
        let words: Vec<&str> = repair.split(' ').skip(1).collect();
        let repaired = bench.run(&words).run().code(0);
        let _ = repaired.says("/lock/restored/digest_repaired", true).says("/lock/restored/serial", 7);
        assert!(bench.is_in_step() && !bench.is_locked());
        assert_eq!(bench.state(), state(7, "one"));
        let _ = bench.backup(&TABLE).says("/lock/table", "locks");
    }
}

#[test]
fn a_table_that_cannot_be_read_is_no_pass() {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    bench.set_digest(&state(7, "one"));
    bench.arm("dynamodb:GetItem#1x99=error:400:AccessDeniedException");
    let outcome = bench.run(&["backup", STATE]).args(TABLE).run().code(3);
    let _ = outcome.says("/error/code", "aws.access_denied").says("/lock/backup/serial", 7);
}

#[test]
fn a_copy_whose_answer_was_lost_is_recognised() {
    for fault in ["s3:CopyObject=lost-response", "s3:CopyObject=error-after:500", "s3:CopyObject=refuse"] {
        let bench = Bench::new(false);
        bench.write(&state(7, "one"));
        bench.arm(fault);
        let _ = bench.backup(&[]).says("/lock/backup/copy", format!("s3://states/{COPY}"));
        assert_eq!(bench.body(COPY).unwrap(), state(7, "one"), "{fault}");
        assert!(!bench.is_locked(), "{fault}");
    }
}

#[test]
fn what_is_written_while_it_is_copied_is_told() {
    let bench = Bench::new(false);
    bench.write(&state(7, "one"));
    bench.arm("s3:CopyObject=latency:1000");
    let running = bench.run(&["backup", STATE]).start();
    wait_until(|| bench.cloud.arrivals().contains(&"s3:CopyObject".to_owned()));
    bench.write(&state(8, "two"));
    let _ = running.wait().code(1).says("/error/code", "state.changed").says("/lock/state", "released");
    assert!(bench.copies().is_empty());
}

#[test]
fn a_customers_key_opens_the_state_and_closes_the_copy() {
    let bench = Bench::new(false);
    let key = |run: testkit::sandbox::Run| run.env("AWS_SSE_CUSTOMER_KEY", CUSTOMER_KEY);
    bench.sandbox.write("first", state(7, "one"));
    let _ = key(bench.run(&["restore", STATE, "--from", "first"])).run().code(0);
    let _ = bench.run(&["backup", STATE]).run().code(3);
    let backup = key(bench.run(&["backup", STATE])).run().code(0);
    bench.sandbox.write("second", state(9, "two"));
    bench.cloud.clock().advance(Duration::from_secs(1));
    let _ = key(bench.run(&["restore", STATE, "--from", "second"])).run().code(0);
    let _ = bench.restore(&backup, &[]).run().code(3);
    let restored = key(bench.restore(&backup, &[])).run().code(0);
    let _ = restored.says("/lock/restored/serial", 11).says("/lock/restored/serial_before", 10);
    assert_eq!(bench.state(), state(11, "one"));
    assert!(!backup.stdout().contains(CUSTOMER_KEY) && !bench.is_locked());
}

#[test]
fn a_dry_run_only_reads() {
    for versioning in [true, false] {
        let bench = Bench::new(versioning);
        let run = || bench.run(&["backup", STATE, "--dry-run"]).run();
        let _ = run().code(1).says("/error/code", "state.missing");
        bench.write(&state(7, "one"));
        let outcome = run().code(0).says("/lock/state", "free").says("/lock/backup", ());
        let _ = outcome.stderr_contains("would be");
        bench.place(LOCK_KEY, TERRAFORMS);
        let _ = run().code(1).says("/error/code", "lock.held");
        assert!(bench.cloud.writes().is_empty());
    }
}

#[test]
fn a_signal_gives_the_lock_back_and_the_document_says_what_was_done() {
    for (fault, operation, copies) in
        [("s3:GetObject=latency:1500", "s3:GetObject", 0), ("s3:CopyObject=latency:1500", "s3:CopyObject", 1)]
    {
        let bench = Bench::new(false);
        bench.write(&state(7, "one"));
        bench.arm(fault);
        let running = bench.run(&["backup", STATE]).start();
        wait_until(|| bench.cloud.arrivals().iter().any(|arrived| arrived == operation));
        running.signal("TERM");
        let outcome = running.wait().code(143).says("/error/code", "interrupted").says("/lock/state", "released");
        assert_eq!(lock(&outcome)["backup"].is_object(), copies == 1, "{fault}");
        assert_eq!(bench.copies().len(), copies, "{fault}");
        assert!(!bench.is_locked(), "{fault}");
    }
}

#[test]
fn a_lock_that_cannot_be_given_back_is_told_with_the_command_that_does_it() {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    bench.arm("s3:DeleteObject#1x99=error:403:AccessDenied");
    let outcome = bench.run(&["backup", STATE]).run().code(3);
    let outcome = outcome.says("/error/code", "aws.access_denied").says("/lock/backup/serial", 7);
    let outcome = outcome.says("/lock/state", "held");
    let id = lock(&outcome)["ID"].as_str().unwrap().to_owned();
    let _ = outcome.stderr_contains(&format!("tfstate-lock release {STATE} --id {id}"));
    assert!(bench.is_locked());
}

#[test]
fn a_lock_that_was_taken_away_meanwhile_is_told_and_left_alone() {
    let bench = Bench::new(false);
    bench.write(&state(7, "one"));
    bench.arm("s3:CopyObject=latency:1000");
    let running = bench.run(&["backup", STATE]).start();
    wait_until(|| bench.cloud.arrivals().contains(&"s3:CopyObject".to_owned()));
    bench.place(LOCK_KEY, TERRAFORMS);
    let outcome = running.wait().code(1).says("/error/code", "lock.held").says("/lock/ID", TERRAFORMS_ID);
    let _ = outcome.says("/lock/backup/serial", 7);
    assert_eq!(bench.body(LOCK_KEY).unwrap(), TERRAFORMS);
}

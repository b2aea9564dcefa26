use testkit::sandbox::Outcome;

use crate::bench::{Bench, LINEAGE, STATE_KEY, TABLE, lock, state, state_of, wait_until};
use crate::{LOCK_KEY, STATE, TERRAFORMS, TERRAFORMS_ID, calls};

#[test]
fn what_backup_wrote_is_enough_to_restore() {
    for versioning in [true, false] {
        let bench = Bench::new(versioning);
        bench.write(&state(7, "one"));
        let backup = bench.backup(&[]);
        bench.write(&state(9, "two"));
        let outcome = bench.restore(&backup, &[]).run().code(0);
        let outcome = outcome
            .says("/ok", true)
            .says("/lock/state", "released")
            .says("/lock/restored/serial_before", 9)
            .says("/lock/restored/serial", 10)
            .says("/lock/restored/lineage", LINEAGE)
            .says("/lock/restored/digest_repaired", ())
            .says("/steps/1/tool", "tfstate-lock");
        assert_eq!(bench.state(), state(10, "one"));
        assert!(!bench.is_locked());
        let from = lock(&outcome)["restored"]["from"].as_str().unwrap().to_owned();
        let way =
            if versioning { "s3://states/prod/app.tfstate?versionId=" } else { "s3://states/prod/app.tfstate.backup-" };
        assert!(from.starts_with(way), "{from}");
        assert_eq!(lock(&outcome)["restored"]["version_id"].is_string(), versioning);
    }
}

#[test]
fn what_was_there_before_is_kept_and_there_is_a_way_back() {
    for versioning in [true, false] {
        let bench = Bench::new(versioning);
        bench.write(&state(7, "one"));
        let backup = bench.backup(&[]);
        bench.write(&state(9, "two"));
        let outcome = bench.restore(&backup, &[]).run().code(0).says("/lock/restored/replaced/serial", 9);
        let replaced = lock(&outcome)["restored"]["replaced"].clone();
        let back = match replaced["version_id"].as_str() {
            Some(id) => bench.run(&["restore", STATE, "--version-id", id]),
            None => bench.run(&["restore", STATE, "--from", replaced["copy"].as_str().unwrap()]),
        };
        let _ = back.run().code(0).says("/lock/restored/serial", 11);
        assert_eq!(bench.state(), state(11, "two"));
    }
}

#[test]
fn a_restore_is_seven_requests() {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    let backup = bench.backup(&[]);
    bench.write(&state(9, "two"));
    bench.cloud.clear_journal();
    let _ = bench.restore(&backup, &[]).run().code(0);
    let asked = [
        "s3:GetObject",
        "s3:GetObject",
        "s3:GetBucketVersioning",
        "s3:PutObject",
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
    ];
    assert_eq!(calls(&bench.cloud), asked);
}

#[test]
fn versions_copies_and_files_can_be_named() {
    let bench = Bench::new(true);
    let here = bench.sandbox.write("saved.tfstate", state(3, "saved"));
    bench.place("elsewhere/copy", state(4, "copy"));
    bench.write(&state(7, "one"));
    for (source, content, serial) in [
        ("saved.tfstate", "saved", 8),
        ("s3://states/elsewhere/copy", "copy", 9),
        (here.to_str().unwrap(), "saved", 10),
    ] {
        let outcome = bench.run(&["restore", STATE, "--from", source]).run().code(0);
        let _ = outcome.says("/lock/restored/from", source).says("/lock/restored/serial", serial);
        assert_eq!(bench.state(), state(serial, content));
    }
}

#[test]
fn a_state_that_is_gone_is_put_back_where_it_was() {
    for versioning in [true, false] {
        let bench = Bench::new(versioning);
        bench.sandbox.write("saved", state(3, "saved"));
        let restore = || bench.run(&["restore", STATE, "--from", "saved"]).run();
        let _ = restore().code(0).says("/lock/restored/serial_before", ()).says("/lock/restored/serial", 4);
        assert_eq!(bench.state(), state(4, "saved"));
        // Terraform takes it for no state at all.
        bench.write("");
        let _ = restore().code(0).says("/lock/restored/serial", 4).says("/lock/restored/replaced", ());
        assert_eq!(bench.state(), state(4, "saved"));
    }
}

#[test]
fn what_is_there_already_is_not_written_again() {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    bench.set_digest(&state(7, "one"));
    let backup = bench.backup(&TABLE);
    bench.cloud.clear_journal();
    let again = bench.restore(&backup, &[]).run().code(0);
    let _ = again
        .says("/lock/restored/serial", 7)
        .says("/lock/restored/serial_before", 7)
        .says("/lock/restored/digest_repaired", false)
        .stderr_contains("is there already");
    assert_eq!(bench.state(), state(7, "one"));
    assert!(!bench.is_locked());
    let puts = calls(&bench.cloud).iter().filter(|call| *call == "s3:PutObject").count();
    assert_eq!(puts, 1, "only the lock was to be written");
}

#[test]
fn the_table_has_the_digest_of_what_was_put_back() {
    for before in [Some("two"), Some("nothing of ours"), None] {
        let bench = Bench::new(true);
        bench.write(&state(7, "one"));
        let backup = bench.backup(&TABLE);
        bench.write(&state(9, "two"));
        if let Some(before) = before {
            bench.set_digest(&state(9, before));
        }
        let outcome = bench.restore(&backup, &[]).run().code(0).says("/lock/table", "locks");
        let _ = outcome.says("/lock/restored/digest_repaired", true);
        assert!(bench.is_in_step() && !bench.is_locked());
    }
}

/// A restore after which the state is the old snapshot, while a fault strikes the table.
fn restored_beside_a_broken_table(fault: &str, exit: i32) -> (Bench, Outcome) {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    let backup = bench.backup(&TABLE);
    bench.write(&state(9, "two"));
    bench.set_digest(&state(9, "two"));
    bench.arm(fault);
    let outcome = bench.restore(&backup, &[]).run().code(exit).says("/lock/restored/serial", 10);
    assert_eq!(bench.state(), state(10, "one"));
    assert!(!bench.is_locked());
    (bench, outcome)
}

#[test]
fn a_digest_that_may_not_be_set_is_told_with_the_command_that_sets_it() {
    // The first item is the lock's.
    let (bench, outcome) = restored_beside_a_broken_table("dynamodb:PutItem#2=error:400:AccessDeniedException", 3);
    let repair = ["restore", STATE, "--dynamodb-table", "locks", "--from", STATE];
    let outcome = outcome.says("/error/code", "state.digest_not_set").says("/lock/restored/digest_repaired", false);
    let _ = outcome.stderr_contains(&format!("tfstate-lock {}", repair.join(" ")));
    assert!(!bench.is_in_step());
    let _ = bench.run(&repair).run().code(0).says("/lock/restored/digest_repaired", true);
    assert!(bench.is_in_step());
    assert_eq!(bench.state(), state(10, "one"));
}

#[test]
fn a_digest_of_which_nobody_knows_whether_it_is_set_is_told() {
    let (_, outcome) = restored_beside_a_broken_table("dynamodb:PutItem#2x99=refuse", 4);
    let _ = outcome.says("/error/code", "state.digest_not_set").says("/lock/restored/digest_repaired", false);
}

#[test]
fn a_digest_that_nobody_can_read_back_is_told() {
    // The first is the digest that was there before.
    let (_, outcome) = restored_beside_a_broken_table("dynamodb:GetItem#2x99=error:400:AccessDeniedException", 4);
    let _ = outcome.says("/error/code", "state.digest_not_set").says("/lock/restored/digest_repaired", false);
}

#[test]
fn a_digest_that_was_set_without_an_answer_is_recognised() {
    let (bench, outcome) = restored_beside_a_broken_table("dynamodb:PutItem#2x2=lost-response", 0);
    let _ = outcome.says("/lock/restored/digest_repaired", true);
    assert!(bench.is_in_step());
}

#[test]
fn a_table_that_cannot_be_read_stops_it_before_anything_is_written() {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    let backup = bench.backup(&TABLE);
    bench.write(&state(9, "two"));
    bench.arm("dynamodb:GetItem=error:400:AccessDeniedException");
    let outcome = bench.restore(&backup, &[]).run().code(3).says("/lock/restored", ());
    let _ = outcome.says("/lock/state", "released");
    assert_eq!(bench.state(), state(9, "two"));
}

#[test]
fn what_may_not_take_the_states_place_is_refused_before_the_lock_is_taken() {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    let other = "ffffffff-7a7a-4e58-b90a-2334fe05c4f6";
    bench.sandbox.write("other", state_of(other, 99, "other"));
    bench.sandbox.write("cut", &state(3, "x")[..40]);
    bench.sandbox.write("empty", "");
    let sealed = format!(
        r#"{{"serial":9,"lineage":"{LINEAGE}","meta":{{}},"encrypted_data":"AAAA","encryption_version":"v0"}}"#
    );
    bench.sandbox.write("sealed", sealed);
    for (args, code, exit) in [
        (&["--from", "other"][..], "restore.other_lineage", 1),
        (&["--from", "cut"], "restore.invalid", 2),
        (&["--from", "empty"], "restore.invalid", 2),
        (&["--from", "sealed"], "restore.encryption", 1),
        (&["--from", "absent"], "restore.unreadable", 2),
        (&["--from", "."], "restore.unreadable", 2),
        (&["--from", "s3://states/absent"], "restore.missing", 2),
        (&["--from", "s3://elsewhere/prod/app.tfstate"], "restore.other_bucket", 2),
        (&["--version-id", "local0000000000000000000000000ff"], "restore.missing", 2),
        (&["--from", "other", "--version-id", "x"], "usage", 2),
    ] {
        let outcome = bench.run(&["restore", STATE]).args(args).run().code(exit).says("/error/code", code);
        assert!(outcome.json()["error"]["hint"].is_string(), "{args:?}");
    }
    bench.write("{}");
    bench.sandbox.write("saved", state(3, "x"));
    let _ = bench.run(&["restore", STATE, "--from", "saved"]).run().code(1).says("/error/code", "state.invalid");
    assert!(bench.cloud.writes().is_empty());
}

#[test]
fn a_copy_that_was_written_over_is_not_put_back() {
    let bench = Bench::new(false);
    bench.write(&state(7, "one"));
    let backup = bench.backup(&[]);
    let copy = bench.copies().remove(0);
    bench.write(&state(9, "two"));
    bench.place(&copy, state(7, "forged"));
    let outcome = bench.restore(&backup, &[]).run().code(1).says("/error/code", "restore.other_digest");
    assert!(!outcome.stdout().contains("forged"));
    let without = backup.stdout().replace("\"digest\"", "\"no\"");
    let _ = bench.run(&["restore"]).pipe_in(without).run().code(2).says("/error/code", "input.invalid");
    assert_eq!(bench.state(), state(9, "two"));
}

#[test]
fn a_document_cannot_make_it_read_a_file() {
    let bench = Bench::new(false);
    bench.write(&state(7, "one"));
    let backup = bench.backup(&[]);
    let copy = format!("s3://states/{}", bench.copies()[0]);
    bench.sandbox.write("secret", state(7, "one"));
    let forged = backup.stdout().replace(&format!("\"copy\":\"{copy}\""), "\"copy\":\"secret\"");
    assert_ne!(forged, backup.stdout());
    let _ = bench.run(&["restore"]).pipe_in(forged).run().code(2).says("/error/code", "lock.no_path");
}

#[test]
fn the_lock_of_another_keeps_it_out() {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    let backup = bench.backup(&[]);
    bench.write(&state(9, "two"));
    bench.place(LOCK_KEY, TERRAFORMS);
    let outcome = bench.restore(&backup, &[]).run().code(1);
    let _ = outcome.says("/error/code", "lock.held").says("/lock/ID", TERRAFORMS_ID).says("/lock/restored", ());
    assert_eq!((bench.state(), bench.body(LOCK_KEY).unwrap()), (state(9, "two"), TERRAFORMS.to_owned()));
}

#[test]
fn a_dry_run_only_reads() {
    let bench = Bench::new(true);
    bench.write(&state(7, "one"));
    let backup = bench.backup(&[]);
    bench.cloud.clear_journal();
    let run = || bench.restore(&backup, &["--dry-run"]).run();
    let _ = run().code(0).stderr_contains("is there already").says("/lock/restored", ());
    bench.write(&state(9, "two"));
    let _ = run().code(0).stderr_contains("would be put back as serial 10 over serial 9").says("/lock/state", "free");
    bench.place(LOCK_KEY, TERRAFORMS);
    let _ = run().code(1).says("/error/code", "lock.held");
    assert!(bench.cloud.writes().is_empty());
}

#[test]
fn a_state_that_was_written_meanwhile_stays() {
    for versioning in [true, false] {
        let bench = Bench::new(versioning);
        bench.write(&state(7, "one"));
        let backup = bench.backup(&[]);
        bench.write(&state(9, "two"));
        // The first is the lock.
        bench.arm("s3:PutObject#2=latency:1500");
        let before = bench.cloud.arrivals().len();
        let running = bench.restore(&backup, &[]).start();
        let puts = || bench.cloud.arrivals()[before..].iter().filter(|call| *call == "s3:PutObject").count();
        wait_until(|| puts() == 2);
        bench.write(&state(10, "past the lock"));
        let outcome = running.wait().code(1).says("/error/code", "state.changed").says("/lock/state", "released");
        let _ = outcome.says("/lock/restored", ()).stderr_contains("by someone who does not hold its lock");
        assert_eq!(bench.state(), state(10, "past the lock"));
        assert!(!bench.is_locked());
    }
}

#[test]
fn a_state_that_was_removed_meanwhile_stays_removed() {
    let bench = Bench::new(false);
    bench.sandbox.write("saved", state(3, "saved"));
    bench.arm("s3:PutObject#2=latency:1500");
    let running = bench.run(&["restore", STATE, "--from", "saved"]).start();
    wait_until(|| bench.cloud.arrivals().iter().filter(|call| *call == "s3:PutObject").count() == 2);
    bench.write(&state(1, "new"));
    let _ = running.wait().code(1).says("/error/code", "state.changed");
    assert_eq!(bench.body(STATE_KEY).unwrap(), state(1, "new"));
}

#[test]
fn a_write_whose_answer_was_lost_is_recognised() {
    for fault in [
        "s3:PutObject#2=lost-response",
        "s3:PutObject#2=error-after:500",
        "s3:PutObject#2=refuse",
        "s3:PutObject#2=error:409:ConditionalRequestConflict",
    ] {
        let bench = Bench::new(true);
        bench.write(&state(7, "one"));
        let backup = bench.backup(&[]);
        bench.write(&state(9, "two"));
        bench.arm(fault);
        let outcome = bench.restore(&backup, &[]).run().code(0).says("/lock/restored/serial", 10);
        assert!(lock(&outcome)["restored"]["version_id"].is_string(), "{fault}");
        assert_eq!(bench.state(), state(10, "one"), "{fault}");
    }
}

#[test]
fn a_signal_during_the_write_ends_it_whole() {
    for (fault, nth, restored) in [("s3:GetObject#3=latency:1500", 3, false), ("s3:PutObject#2=latency:1500", 2, true)]
    {
        let bench = Bench::new(true);
        bench.write(&state(7, "one"));
        let backup = bench.backup(&TABLE);
        bench.write(&state(9, "two"));
        bench.set_digest(&state(9, "two"));
        let before = bench.cloud.arrivals().len();
        bench.arm(fault);
        let operation = fault.split('#').next().unwrap();
        let running = bench.restore(&backup, &[]).start();
        wait_until(|| bench.cloud.arrivals()[before..].iter().filter(|call| *call == operation).count() == nth);
        running.signal("TERM");
        let outcome = running.wait().code(143).says("/error/code", "interrupted").says("/lock/state", "released");
        assert_eq!(lock(&outcome)["restored"]["serial"].as_u64(), restored.then_some(10), "{fault}");
        assert_eq!(bench.serial(), if restored { 10 } else { 9 }, "{fault}");
        assert!(bench.is_in_step() && !bench.is_locked(), "{fault}");
    }
}

#[test]
fn the_policy_that_is_printed_allows_what_is_asked() {
    let bench = Bench::new(false);
    bench.write(&state(7, "one"));
    let backup = bench.backup(&TABLE);
    bench.write(&state(9, "two"));
    let _ = bench.restore(&backup, &[]).run().code(0);
    let policies = ["backup", "restore"].map(|command| {
        let args = [command, STATE, "--dynamodb-table", "locks", "--iam-policy"];
        bench.run(&args).run().code(0).json()
    });
    let allowed = |action: &str, resource: &str| {
        policies.iter().flat_map(|policy| policy["Statement"].as_array().unwrap()).any(|statement| {
            let has = |member: &str, value: &str| statement[member].as_array().unwrap().iter().any(|one| one == value);
            has("Action", action) && has("Resource", resource)
        })
    };
    for call in bench.cloud.journal() {
        let action = call.operation.replace("s3:CopyObject", "s3:PutObject");
        let path = call.path.split('?').next().unwrap().trim_start_matches('/');
        let resource = match path.split_once(".backup-") {
            Some((key, _)) => format!("arn:aws:s3:::{key}.backup-*"),
            None if action.starts_with("dynamodb:") => "arn:aws:dynamodb:*:*:table/locks".to_owned(),
            None => format!("arn:aws:s3:::{}", path.trim_end_matches('/')),
        };
        assert!(allowed(&action, &resource), "{action} {resource}");
    }
}

#[test]
fn a_person_reads_what_was_done() {
    let bench = Bench::new(false);
    bench.write(&state(7, "one"));
    let table = |args: &[&str]| bench.run(args).args(["-o", "table"]).run().code(0).stdout();
    let backup = table(&["backup", STATE]);
    assert!(backup.contains("kept as") && backup.contains("app.tfstate.backup-20260101T000000Z"), "{backup}");
    bench.sandbox.write("saved", state(3, "saved"));
    let restored = table(&["restore", STATE, "--from", "saved"]);
    assert!(restored.contains("put back") && restored.contains("saved"), "{restored}");
}

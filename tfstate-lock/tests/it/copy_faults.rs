//! Whatever goes wrong: afterwards the state is the one or the other, and what the document says of it is true.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use testkit::sandbox::Outcome;

use crate::STATE;
use crate::bench::{Bench, TABLE, lock, state, wait_until};

/// The calls of a backup in a bucket without versions, with a table.
const CALLS_OF_BACKUP: [&str; 10] = [
    "s3:GetBucketVersioning#1",
    "s3:PutObject#1",
    "dynamodb:PutItem#1",
    "s3:GetObject#1",
    "s3:CopyObject#1",
    "s3:GetObject#2",
    "s3:GetObject#3",
    "dynamodb:GetItem#1",
    "dynamodb:DeleteItem#1",
    "s3:DeleteObject#1",
];
/// The calls of a restore in a bucket without versions, with a table.
const CALLS: [&str; 15] = [
    "s3:GetObject#1",
    "s3:GetObject#2",
    "s3:GetBucketVersioning#1",
    "s3:PutObject#1",
    "dynamodb:PutItem#1",
    "s3:GetObject#3",
    "dynamodb:GetItem#1",
    "s3:CopyObject#1",
    "s3:GetObject#4",
    "s3:GetObject#5",
    "s3:PutObject#2",
    "dynamodb:PutItem#2",
    "dynamodb:GetItem#2",
    "dynamodb:DeleteItem#1",
    "s3:DeleteObject#1",
];
const ONCE: [&str; 8] = [
    "lost-response",
    "refuse",
    "cut-body",
    "throttle",
    "error-after:500",
    "error:403:AccessDenied",
    "error:409:ConditionalRequestConflict",
    "error:412:PreconditionFailed",
];
const AGAIN_AND_AGAIN: [&str; 2] = ["lost-response", "error:403:AccessDenied"];
/// What is asked only because the answer before was lost, and is lost as well.
const TWICE: [[&str; 2]; 8] = [
    ["s3:CopyObject#1=lost-response", "s3:GetObject#5=error:403:AccessDenied"],
    ["s3:CopyObject#1=refuse", "s3:CopyObject#2=lost-response"],
    ["s3:PutObject#2=lost-response", "s3:GetObject#6=error:403:AccessDenied"],
    ["s3:PutObject#2=lost-response", "s3:GetObject#6=cut-body"],
    ["s3:PutObject#2=refuse", "s3:GetObject#6=error:403:AccessDenied"],
    ["s3:PutObject#2=refuse", "s3:PutObject#3=error:403:AccessDenied"],
    ["s3:PutObject#2=error:409:ConditionalRequestConflict", "s3:PutObject#3=lost-response"],
    ["s3:PutObject#2=lost-response", "s3:DeleteObject#1=lost-response"],
];

/// A copy of serial 7, and serial 9 in its place.
fn begun() -> (Bench, Outcome) {
    let bench = Bench::new(false);
    bench.write(&state(7, "one"));
    bench.set_digest(&state(7, "one"));
    let backup = bench.backup(&TABLE);
    bench.write(&state(9, "two"));
    bench.set_digest(&state(9, "two"));
    bench.cloud.clock().advance(Duration::from_mins(1));
    (bench, backup)
}

/// Runs the cases side by side: most of them wait most of the time.
fn side_by_side<T: Send>(cases: impl IntoIterator<Item = T>, check: impl Fn(T) + Sync) {
    let cases = Mutex::new(cases.into_iter().collect::<Vec<_>>());
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                loop {
                    let Some(case) = cases.lock().unwrap().pop() else { return };
                    check(case);
                }
            });
        }
    });
}

/// Whether the `nth` call of an operation, `OPERATION#NTH`, has come.
fn arrived(bench: &Bench, before: usize, call: &str) -> bool {
    let (operation, nth) = call.split_once('#').unwrap();
    let arrivals = bench.cloud.arrivals();
    arrivals[before..].iter().filter(|arrived| *arrived == operation).count() >= nth.parse().unwrap()
}

fn check(bench: &Bench, outcome: &Outcome, what: &str) {
    let (document, section, exit) = (outcome.json(), lock(outcome), outcome.exit_code());
    let what = format!("{what}: {exit:?} {document}");
    let now = bench.state();
    let is_restored = now == state(10, "one");
    assert!(is_restored || now == state(9, "two"), "the state is lost: {what}");
    let code = document["error"]["code"].as_str().unwrap_or_default();
    if section["restored"].is_object() {
        assert!(is_restored, "{what}");
    } else if code != "state.uncertain" {
        assert!(!is_restored, "{what}");
    }
    if code != "state.digest_not_set" && code != "state.uncertain" {
        assert!(bench.is_in_step(), "Terraform would not read it: {what}");
    }
    match section["state"].as_str() {
        Some("released") => assert!(!bench.is_locked(), "{what}"),
        Some("held") => assert!(bench.is_locked(), "{what}"),
        Some("unknown") => assert_ne!(exit, Some(0), "{what}"),
        // The copy's own document, if it went wrong before the lock was taken.
        other => assert!(other == Some("gone") || !code.is_empty(), "{what}"),
    }
    for kept in [&section["backup"], &section["restored"]["replaced"]] {
        if let Some(copy) = kept["copy"].as_str().filter(|_| kept["serial"] == 9) {
            let key = copy.strip_prefix("s3://states/").unwrap();
            assert_eq!(bench.body(key).unwrap(), state(9, "two"), "{what}");
        }
    }
    if exit == Some(0) {
        let done = section["backup"].is_object() || section["restored"]["digest_repaired"] == true;
        assert!(done && section["state"] == "released" && document["ok"] == true, "{what}");
    } else {
        let says_more = document["error"]["hint"].is_string();
        assert!(document["ok"] == false && (says_more || code == "aws.refused" || code == "interrupted"), "{what}");
    }
}

#[test]
fn whatever_fault_strikes_a_backup_there_is_the_copy_that_it_tells() {
    let faults = CALLS_OF_BACKUP.iter().flat_map(|call| ONCE.iter().map(move |kind| format!("{call}={kind}")));
    side_by_side(faults, |fault| {
        let bench = Bench::new(false);
        bench.write(&state(9, "two"));
        bench.set_digest(&state(9, "two"));
        bench.arm(&fault);
        let outcome = bench.run(&["backup", STATE]).args(TABLE).run();
        check(&bench, &outcome, &fault);
        let is_told = lock(&outcome)["backup"]["copy"].is_string();
        assert!(is_told || outcome.exit_code() != Some(0), "{fault}");
        assert_eq!(bench.state(), state(9, "two"), "{fault}");
        assert!(arrived(&bench, 0, fault.split('=').next().unwrap()), "{fault} did not strike");
    });
}

#[test]
fn whatever_fault_strikes_which_call_the_document_is_true() {
    let once = CALLS.iter().flat_map(|call| ONCE.iter().map(move |kind| format!("{call}={kind}")));
    let again = CALLS.iter().flat_map(|call| AGAIN_AND_AGAIN.iter().map(move |kind| format!("{call}x99={kind}")));
    let single = once.chain(again).map(|fault| vec![fault]);
    let pairs = TWICE.iter().map(|pair| pair.map(str::to_owned).to_vec());
    side_by_side(single.chain(pairs), |faults| {
        let (bench, backup) = begun();
        let before = bench.cloud.arrivals().len();
        for fault in &faults {
            bench.arm(fault);
        }
        let outcome = bench.restore(&backup, &[]).run();
        check(&bench, &outcome, &faults.join(", "));
        let struck = faults.iter().all(|fault| arrived(&bench, before, fault.split(['x', '=']).next().unwrap()));
        assert!(struck, "{faults:?} did not strike");
    });
}

#[test]
fn whenever_a_signal_comes_the_lock_is_given_back_and_the_document_is_true() {
    side_by_side(CALLS, |call| {
        let (bench, backup) = begun();
        let before = bench.cloud.arrivals().len();
        bench.arm(&format!("{call}=latency:1000"));
        let running = bench.restore(&backup, &[]).start();
        wait_until(|| arrived(&bench, before, call));
        running.signal("TERM");
        let outcome = running.wait().code(143).says("/error/code", "interrupted");
        check(&bench, &outcome, call);
        assert!(!bench.is_locked(), "{call}");
    });
}

#[test]
fn whenever_it_is_killed_it_can_be_run_again_when_the_lease_is_over() {
    side_by_side(CALLS, |call| {
        let (bench, backup) = begun();
        let before = bench.cloud.arrivals().len();
        bench.arm(&format!("{call}=latency:1000"));
        let running = bench.restore(&backup, &[]).start();
        wait_until(|| arrived(&bench, before, call));
        running.signal("KILL");
        let _ = running.wait();
        bench.cloud.clock().advance(Duration::from_mins(6));
        let outcome = bench.restore(&backup, &[]).run().code(0);
        let serial = lock(&outcome)["restored"]["serial"].as_u64().unwrap();
        assert_eq!(bench.state(), state(serial, "one"), "{call}");
        assert!(bench.is_in_step() && !bench.is_locked(), "{call}");
    });
}

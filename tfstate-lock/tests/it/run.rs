//! `run`: a command under the lock.

use std::time::{Duration, Instant};

use testkit::LocalAws;
use testkit::sandbox::{Running, Sandbox};

use crate::{STATE, TERRAFORMS, TERRAFORMS_ID, calls, cloud, lock_object, place, until};

/// A command that says when it is there, and ends when it is told to.
const UNTIL_TOLD: &str = "touch there; while [ -e there ] && [ ! -e go ]; do sleep 0.02; done";

/// Starts a shell script under the lock and waits until it is there: it makes a file of that name.
fn started(sandbox: &Sandbox, flags: &[&str], script: &str) -> Running {
    let run = sandbox.tool("tfstate-lock").args(["run", STATE]).args(flags).args(["--", "sh", "-c", script]);
    let running = run.start();
    until("the command is there", || sandbox.path().join("there").exists());
    running
}

fn seq(cloud: &LocalAws) -> Option<u64> {
    let object: serde_json::Value = serde_json::from_str(&lock_object(cloud)?).unwrap();
    let info: serde_json::Value = serde_json::from_str(object["Info"].as_str()?).unwrap();
    info["seq"].as_u64()
}

#[test]
fn the_streams_and_the_code_are_the_commands_own() {
    let (cloud, sandbox) = cloud();
    let script = format!("echo question | tfstate-lock run {STATE} -- sh -c 'cat; echo complaint >&2; exit 7'");
    let outcome = sandbox.shell(&script).run().code(7).stdout_is("question\n");
    let _ = outcome.stderr_contains("complaint\n").stderr_contains("the command ended with exit code 7");
    assert_eq!(lock_object(&cloud), None);
    let order = ["s3:PutObject", "s3:GetObject", "s3:GetObject", "s3:DeleteObject"];
    assert_eq!(calls(&cloud), order, "the lock, the state before and after, the lock");
}

#[test]
fn without_the_lock_nothing_is_run() {
    let (cloud, sandbox) = cloud();
    place(&cloud, TERRAFORMS);
    let outcome = sandbox.tool("tfstate-lock").args(["run", STATE, "--", "touch", "there"]).run().code(1);
    let _ = outcome.says("/error/code", "lock.held").says("/lock/ID", TERRAFORMS_ID).says("/lock/ok", false);
    assert!(!sandbox.path().join("there").exists());
    assert_eq!(lock_object(&cloud).as_deref(), Some(TERRAFORMS));
}

#[test]
fn a_program_that_is_not_there_is_told_before_anything_is_locked() {
    let (cloud, sandbox) = cloud();
    let outcome = sandbox.tool("tfstate-lock").args(["run", STATE, "--", "nosuch"]).run().code(127);
    let _ = outcome.says("/error/code", "command.not_found").stderr_contains("there is no program `nosuch`");
    sandbox.write("text", "no program");
    let _ = sandbox.tool("tfstate-lock").args(["run", STATE, "--", "./text"]).run().code(126);
    assert!(cloud.journal().is_empty());
}

#[test]
fn a_dry_run_starts_nothing() {
    let (cloud, sandbox) = cloud();
    let outcome = sandbox.tool("tfstate-lock").args(["run", STATE, "--dry-run", "--", "touch", "there"]).run().code(0);
    let _ = outcome.says("/lock/state", "free").stderr_contains("the lock is free");
    assert!(cloud.writes().is_empty() && !sandbox.path().join("there").exists());
}

#[test]
fn signals_reach_the_command_and_the_lock_is_given_back_behind_it() {
    for (name, number) in [("HUP", 1), ("INT", 2), ("QUIT", 3), ("USR1", 10), ("USR2", 12), ("TERM", 15)] {
        let (cloud, sandbox) = cloud();
        let script = format!("trap 'touch heard; exit 40' {name}; {UNTIL_TOLD}");
        let running = started(&sandbox, &[], &script);
        assert!(lock_object(&cloud).is_some());
        running.signal(name);
        let _ = running.wait().code(40);
        assert!(sandbox.path().join("heard").exists(), "{name} ({number})");
        assert_eq!(lock_object(&cloud), None, "{name}");
    }
}

#[test]
fn the_lease_is_renewed_also_if_an_answer_is_lost() {
    let (cloud, sandbox) = cloud();
    cloud.arm("s3:PutObject#2=lost-response".parse().unwrap());
    cloud.arm("s3:PutObject#4=error:409:ConditionalRequestConflict".parse().unwrap());
    let running = started(&sandbox, &["--lease", "10s", "--info", "<slow>"], UNTIL_TOLD);
    until("two renewals", || seq(&cloud) >= Some(2));
    assert!(lock_object(&cloud).unwrap().contains(r#""Info":"{\"info\":\"\u003cslow\u003e\",\"ttl\":10,"#));
    sandbox.write("go", "");
    let _ = running.wait().code(0);
    assert_eq!(lock_object(&cloud), None);
}

#[test]
fn a_command_begins_with_a_lease_that_has_not_gone_by() {
    let (cloud, sandbox) = cloud();
    cloud.arm("s3:PutObject=latency:2500".parse().unwrap());
    let running = started(&sandbox, &["--lease", "10s"], UNTIL_TOLD);
    assert!(seq(&cloud) >= Some(1), "it was renewed before the command began");
    sandbox.write("go", "");
    let _ = running.wait().code(0);
}

#[test]
fn a_lock_that_was_taken_away_ends_the_command_and_is_left_to_its_new_holder() {
    let (cloud, sandbox) = cloud();
    let running = started(&sandbox, &["--lease", "10s"], &format!("trap 'touch heard; exit 0' INT; {UNTIL_TOLD}"));
    place(&cloud, TERRAFORMS);
    let outcome = running.wait().code(4).stdout_is("");
    let _ = outcome.stderr_contains("was lost: the lock of s3://states/prod/app.tfstate is held by root@vm");
    assert!(sandbox.path().join("heard").exists());
    assert_eq!(lock_object(&cloud).as_deref(), Some(TERRAFORMS));
}

#[test]
fn a_command_ends_before_a_lease_that_cannot_be_renewed_is_over() {
    let (cloud, sandbox) = cloud();
    let begun = Instant::now();
    cloud.arm("s3:PutObject#2x999=error:403:AccessDenied".parse().unwrap());
    // It neither hears INT nor TERM.
    let running = started(&sandbox, &["--lease", "10s"], &format!("trap '' INT TERM; {UNTIL_TOLD}"));
    let outcome = running.wait().code(4).stderr_contains("its lease could not be renewed in time");
    let _ =
        outcome.stderr_contains("tfstate-lock: warning: the lease was not renewed: s3:PutObject failed: AccessDenied");
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    assert_eq!(lock_object(&cloud), None, "it was still ours, and the command is dead");
}

#[test]
fn what_a_killed_holder_leaves_is_ended_and_its_lock_taken_over_when_the_lease_is_over() {
    let (cloud, sandbox) = cloud();
    let running = started(&sandbox, &["--lease", "10s"], &format!("trap 'touch heard; exit 0' INT; {UNTIL_TOLD}"));
    running.signal("KILL");
    let _ = running.wait();
    until("the command is ended", || sandbox.path().join("heard").exists());
    let held = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(1);
    let dead = held.json()["lock"]["ID"].as_str().unwrap().to_owned();
    cloud.clock().advance(Duration::from_secs(13));
    let taken = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(0);
    let _ = taken.says("/lock/instead_of/ID", dead.as_str()).stderr_contains("whose lease was over");
}

#[test]
fn a_holder_that_hangs_does_not_keep_its_command_beyond_the_lease() {
    let (_cloud, sandbox) = cloud();
    let script = format!("trap 'touch heard; exit 0' INT; {UNTIL_TOLD}");
    let running = started(&sandbox, &["--lease", "10s"], &script);
    running.signal("STOP");
    until("the guard ends the command", || sandbox.path().join("heard").exists());
    running.signal("CONT");
    let outcome = running.wait();
    assert!(outcome.stderr().contains("the lease was not renewed: its command is stopped"), "{}", outcome.stderr());
}

#[test]
fn a_lock_that_cannot_be_given_back_is_told_with_the_way_to() {
    for code in [0, 3] {
        let (cloud, sandbox) = cloud();
        cloud.arm("s3:DeleteObject=error:403:AccessDenied".parse().unwrap());
        let script = format!("exit {code}");
        let outcome = sandbox.tool("tfstate-lock").args(["run", STATE, "--", "sh", "-c", &script]).run().code(3);
        let outcome = outcome.stderr_contains("was not given back: s3:DeleteObject failed: AccessDenied");
        let _ = outcome.stderr_contains(&format!("tfstate-lock release {STATE} --id"));
        assert!(lock_object(&cloud).is_some());
    }
}

#[test]
fn the_lease_is_kept_while_the_state_is_looked_at() {
    let (cloud, sandbox) = cloud();
    cloud.arm("s3:GetObject=latency:3000".parse().unwrap());
    let running = started(&sandbox, &["--lease", "10s"], UNTIL_TOLD);
    assert!(seq(&cloud) >= Some(1));
    sandbox.write("go", "");
    let _ = running.wait().code(0);
}

#[test]
fn a_time_limit_ends_the_command_and_gives_the_lock_back() {
    let (cloud, sandbox) = cloud();
    let running = started(&sandbox, &["--timeout", "2s"], &format!("trap 'touch heard; exit 0' INT; {UNTIL_TOLD}"));
    let _ = running.wait().code(4).stderr_contains("gave up waiting after 2 s: the command was stopped");
    assert!(sandbox.path().join("heard").exists());
    assert_eq!(lock_object(&cloud), None);
}

#[test]
fn what_happened_to_the_state_is_told_and_what_should_not_have_is_an_error() {
    let state = |serial: u64, lineage: &str| {
        format!(
            r#"{{"version":4,"terraform_version":"1.11.4","serial":{serial},"lineage":"{lineage}","outputs":{{}},"resources":[]}}"#
        )
    };
    let cases = [
        (state(8, "a"), 0, "serial 7 to 8"),
        (state(7, "a"), 0, ""),
        (state(6, "a"), 1, ""),
        (state(9, "b"), 1, ""),
        ("{".to_owned(), 1, ""),
    ];
    for (after, code, _said) in cases {
        let (cloud, sandbox) = cloud();
        let put = |body: String| {
            let now = cloud.clock().now();
            cloud.world().s3.place("states", "prod/app.tfstate", body, now);
        };
        put(state(7, "a"));
        let running = started(&sandbox, &[], UNTIL_TOLD);
        put(after.clone());
        sandbox.write("go", "");
        let outcome = running.wait().code(code);
        if code == 1 {
            let _ = outcome
                .stderr_contains("error: s3://states/prod/app.tfstate: ")
                .stderr_contains("terraform state pull");
        }
        assert_eq!(lock_object(&cloud), None, "{after}");
    }
}

#[test]
fn a_state_that_could_not_be_stored_is_pointed_to() {
    let (_cloud, sandbox) = cloud();
    let outcome =
        sandbox.tool("tfstate-lock").args(["run", STATE, "--", "sh", "-c", "touch errored.tfstate; exit 1"]).run();
    let _ = outcome.code(1).stderr_contains("terraform state push").stderr_contains("errored.tfstate");
}

#[test]
fn terraform_below_the_command_does_not_lock_unless_it_is_left_to() {
    let (_cloud, sandbox) = cloud();
    let show = "echo $TF_CLI_ARGS_apply; env | grep -c ^TF_CLI_ARGS= || true";
    let run = |flags: &[&str]| {
        let run =
            sandbox.tool("tfstate-lock").args(["run", STATE]).args(flags).env("TF_CLI_ARGS_apply", "-parallelism=3");
        run.args(["--", "sh", "-c", show]).run().code(0)
    };
    let _ = run(&[]).stdout_is("-lock=false -parallelism=3\n0\n");
    let _ = run(&["--child-locks"]).stdout_is("-parallelism=3\n0\n");
}

#[test]
fn what_runs_under_the_lock_knows_it() {
    let (cloud, sandbox) = cloud();
    let state = r#"{"version":4,"terraform_version":"1.11.4","serial":7,"lineage":"a","outputs":{},"resources":[]}"#;
    let now = cloud.clock().now();
    cloud.world().s3.place("states", "prod/app.tfstate", state, now);
    let within = |inner: &str| {
        let script = format!("tfstate-lock {inner} > inner.json 2> inner.err; echo $?");
        let outcome = sandbox.tool("tfstate-lock").args(["run", STATE, "--", "sh", "-c", &script]).run().code(0);
        let document = std::fs::read_to_string(sandbox.path().join("inner.json")).unwrap();
        (outcome.stdout().trim().to_owned(), serde_json::from_str::<serde_json::Value>(&document).unwrap())
    };
    let (code, document) = within(&format!("inspect {STATE}"));
    assert_eq!((code.as_str(), &document["lock"]["state"]), ("0", &"held".into()), "{document}");
    let (code, document) = within(&format!("backup {STATE}"));
    assert_eq!((code.as_str(), &document["lock"]["backup"]["serial"]), ("0", &7.into()), "{document}");
    for nested in [format!("run {STATE} --wait 10m -- true"), format!("acquire {STATE} --wait 10m")] {
        let (code, document) = within(&nested);
        assert_eq!((code.as_str(), &document["error"]["code"]), ("1", &"lock.held".into()), "{document}");
        assert!(document["error"]["message"].as_str().unwrap().contains("around this command"), "{document}");
    }
    let (code, _) = within("acquire s3://states/other.tfstate");
    assert_eq!(code, "0", "another lock is free");
}

#[test]
fn a_command_that_stands_without_its_dashes_is_pointed_to_them() {
    let (cloud, sandbox) = cloud();
    for args in [
        &["run", STATE, "true"][..],
        &["run", "terraform", "plan"],
        &["run", STATE],
        &["run", STATE, "true", "--", "true"],
    ] {
        let outcome = sandbox.tool("tfstate-lock").args(args).run();
        let typed_wrong = outcome.stderr().contains("tfstate-lock run [STATE] -- COMMAND") || args[1] == "terraform";
        assert!(typed_wrong && outcome.exit_code() == Some(2), "{}", outcome.stderr());
    }
    assert!(cloud.journal().is_empty());
}

#[test]
fn a_holder_whose_guard_still_ends_its_command_is_not_gone() {
    let (cloud, sandbox) = cloud();
    let running = started(&sandbox, &["--lease", "1m"], &format!("trap '' INT TERM; {UNTIL_TOLD}"));
    running.signal("KILL");
    let refused = sandbox.tool("tfstate-lock").args(["break", STATE]).run().code(1);
    let _ = refused.says("/error/code", "lock.not_proved");
    sandbox.write("go", "");
    let _ = running.wait();
    until("the command has ended and its guard too", || {
        sandbox.tool("tfstate-lock").args(["break", STATE]).run().exit_code() == Some(0)
    });
    assert_eq!(lock_object(&cloud), None);
}

#[test]
fn a_folder_of_another_state_is_refused() {
    let (cloud, sandbox) = cloud();
    let backend =
        r#"{"version":3,"backend":{"type":"s3","config":{"bucket":"states","key":"other.tfstate"},"hash":1}}"#;
    sandbox.write(".terraform/terraform.tfstate", backend);
    let run = |flags: &[&str]| sandbox.tool("tfstate-lock").args(["run", STATE]).args(flags).args(["--", "true"]).run();
    let outcome = run(&[]).code(2).says("/error/code", "state.other");
    let _ =
        outcome.stderr_contains("this folder's state is s3://states/other.tfstate").stderr_contains("--child-locks");
    assert!(cloud.journal().is_empty());
    let _ = run(&["--child-locks"]).code(0);
    sandbox.write("infra/.terraform/terraform.tfstate", backend);
    let changed = ["run", STATE, "--child-locks", "--", "terraform", "-chdir=infra", "apply"];
    let _ = sandbox.tool("tfstate-lock").args(changed.iter().filter(|word| **word != "--child-locks")).run().code(2);
    let _ = sandbox.tool("tfstate-lock").args(["run", "--", "true"]).run().code(0);
    assert!(cloud.journal().iter().any(|call| call.path.contains("other.tfstate.tflock")));
}

use jiff::SignedDuration;

use super::*;
use crate::object_settings::ObjectSettings;
use crate::process::identity::ProcessIdentity;
use crate::protocol::Token;

const NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);
const STATE: &str = "s3://states/app.tfstate";

fn target(table: Option<&str>) -> Target {
    let (table, settings) = (table.map(str::to_owned), ObjectSettings::default());
    Target { state: STATE.parse().unwrap(), table, settings }
}

/// A lock object that was written two hours ago.
fn object(operation: &str, version: &str, info: &str) -> Found {
    let lock =
        serde_json::json!({ "ID": "a", "Operation": operation, "Info": info, "Who": "root@vm", "Version": version });
    let modified = NOW - SignedDuration::from_hours(2);
    let (version_id, encryption) = (None, None);
    let lock = LockInfo::parse(lock.to_string().as_bytes());
    Found {
        lock,
        token: Token("\"e\"".to_owned()),
        modified: Some(modified),
        answered: Some(NOW),
        version_id,
        encryption,
    }
}

fn item(found: &Found) -> Found {
    Found { modified: None, answered: None, ..found.clone() }
}

fn apply() -> Found {
    object("OperationTypeApply", "1.11.4", "")
}

fn leased(ttl: u64, seq: u64) -> Found {
    let process = Some(ProcessIdentity {
        host: "runner".to_owned(),
        boot: "b".to_owned(),
        namespace: "n".to_owned(),
        pid: 7,
        started: 9,
    });
    let lease = Lease { ttl: Duration::from_secs(ttl), seq, process, info: String::new() };
    object("tfstate-lock run", "tfstate-lock 0.1.0", &lease.to_info())
}

fn state(written_since_lock: Option<bool>) -> StateObject {
    StateObject { exists: Some(true), written_since_lock, ..StateObject::default() }
}

fn nothing() -> StateObject {
    StateObject { exists: Some(false), ..StateObject::default() }
}

/// A scene of a lock object, about which everything else is as simple as can be.
fn scene<'a>(target: &'a Target, object: Option<&'a Found>, state: &'a StateObject) -> Scene<'a> {
    let state_age = state.exists.filter(|exists| *exists).map(|_| Duration::from_secs(90));
    let (item, digest_in_step, holder, is_ours) = (None, None, Liveness::Unknown, false);
    Scene { target, object, item, state, state_age, digest_in_step, holder, is_ours }
}

#[test]
fn a_lock_of_terraform_proves_nothing_by_its_age() {
    let (target, object, state) = (target(None), apply(), state(Some(true)));
    let expected = [
        "root@vm holds it with Terraform or OpenTofu 1.11.4, for an apply or destroy, which changes resources and writes the state.",
        "It was written 2 h ago by the server's clock. It has no lease, and its age proves nothing: an apply may take hours.",
        "The state was written since, 1 min 30 s ago: its holder got at least that far.",
        "If its holder is surely gone: tfstate-lock break s3://states/app.tfstate --id a --reason WHY",
    ];
    assert_eq!(scene(&target, Some(&object), &state).explain(), expected);
}

#[test]
fn a_lease_says_how_long_it_lasts_and_what_became_of_its_process() {
    let (target, state) = (target(None), state(Some(false)));
    let cases = [
        (
            leased(300, 4),
            Liveness::Unknown,
            "Its lease of 5 min began 2 h ago (it was renewed 4 times): it is over, so whoever takes the lock now takes it over.",
            None,
            "To free it: tfstate-lock break s3://states/app.tfstate",
        ),
        (
            leased(86_400, 0),
            Liveness::Alive,
            "Its lease of 1 d began 2 h ago (it was never renewed): it lasts 22 h more.",
            Some("Its process 7 runs on this machine."),
            "To wait for it: tfstate-lock acquire s3://states/app.tfstate --wait 10m",
        ),
        (
            leased(86_400, 1),
            Liveness::Gone,
            "Its lease of 1 d began 2 h ago (it was renewed once): it lasts 22 h more.",
            Some("Its process 7 ran on this machine and is gone."),
            "To free it: tfstate-lock break s3://states/app.tfstate",
        ),
        (
            leased(86_400, 1),
            Liveness::Elsewhere,
            "Its lease of 1 d began 2 h ago (it was renewed once): it lasts 22 h more.",
            Some("Whether its process 7 still runs can be seen on runner only."),
            "To wait for it: tfstate-lock acquire s3://states/app.tfstate --wait 10m",
        ),
    ];
    for (object, holder, lasting, process, next) in cases {
        let sentences = Scene { holder, ..scene(&target, Some(&object), &state) }.explain();
        assert_eq!(sentences[0], "root@vm holds it with tfstate-lock 0.1.0, for a command that runs under it.");
        assert_eq!(sentences[1], lasting);
        assert_eq!(process.map(|_| sentences[2].as_str()), process);
        assert_eq!(sentences.last().map(String::as_str), Some(next), "{holder:?}");
    }
}

#[test]
fn what_is_unusual_is_said() {
    let (alone, beside) = (target(None), target(Some("locks")));
    let (apply, init) = (apply(), object("init", "1.11.4", ""));
    let (twin, other) =
        (item(&apply), item(&Found { lock: LockInfo::parse(br#"{"ID":"b","Who":"ann@vm"}"#), ..apply.clone() }));
    let (old, none) = (state(Some(false)), nothing());
    let plain = |target, object, state| scene(target, object, state);
    let cases = [
        (
            plain(&alone, Some(&init), &none),
            "Terraform cannot force-unlock a workspace that has no state yet: it would take this very lock first.",
        ),
        (
            plain(&beside, Some(&apply), &old),
            "It does not lie in the table locks: who locks there alone is not kept out.",
        ),
        (
            Scene { item: Some(&twin), ..plain(&beside, None, &old) },
            "It lies in the table locks only: who locks by objects alone is not kept out.",
        ),
        (
            Scene { item: Some(&other), ..plain(&beside, Some(&apply), &old) },
            "The table locks has another lock, id b of ann@vm.",
        ),
        (
            Scene { item: Some(&twin), digest_in_step: Some(false), ..plain(&beside, Some(&apply), &old) },
            "The digest in the table locks is not that of the state: who locks there cannot read the state.",
        ),
    ];
    for (scene, expected) in cases {
        let sentences = scene.explain();
        assert_eq!(sentences[2], expected);
        assert!((2..=5).contains(&sentences.len()), "{sentences:?}");
    }
}

#[test]
fn an_object_that_says_nothing_is_broken_by_its_etag() {
    let (target, state) = (target(None), state(Some(false)));
    let object = Found { lock: LockInfo::parse(b""), ..apply() };
    let expected = [
        "The lock object says nothing: it is empty. It keeps Terraform out for ever, and Terraform cannot force-unlock it.",
        "It was written 2 h ago by the server's clock.",
        "The state was not written since.",
        "If its holder is surely gone: tfstate-lock break s3://states/app.tfstate --etag '\"e\"' --reason WHY",
    ];
    assert_eq!(scene(&target, Some(&object), &state).explain(), expected);
}

#[test]
fn a_free_lock_is_told_in_two_sentences_or_three() {
    let (alone, beside, none, old) = (target(None), target(Some("locks")), nothing(), state(None));
    let sentences = scene(&alone, None, &none).explain();
    let acquire = "To hold it: tfstate-lock acquire s3://states/app.tfstate";
    assert_eq!(sentences, ["Nobody holds the lock.", "There is no state yet.", acquire]);
    let sentences = Scene { digest_in_step: Some(false), ..scene(&beside, None, &old) }.explain();
    let expected = [
        "Nobody holds the lock, neither in the bucket nor in the table locks.",
        "The digest in the table locks is not that of the state: who locks there cannot read the state.",
        "The state was written last 1 min 30 s ago.",
        "What is wrong with it is said by: tfstate-lock doctor s3://states/app.tfstate --dynamodb-table locks",
    ];
    assert_eq!(sentences, expected);
}

#[test]
fn whose_lock_it_is_is_known_to_its_holder() {
    let (target, state, object) = (target(None), state(None), apply());
    let sentences = Scene { is_ours: true, ..scene(&target, Some(&object), &state) }.explain();
    assert!(sentences[0].starts_with("root@vm still holds it"), "{sentences:?}");
    assert_eq!(sentences.last().unwrap(), "To give it back, with the same document: tfstate-lock release");
}

#[test]
fn there_are_never_more_than_five_sentences() {
    let (target, none) = (target(Some("locks")), state(Some(true)));
    let object = leased(300, 4);
    let sentences = Scene { holder: Liveness::Gone, ..scene(&target, Some(&object), &none) }.explain();
    assert_eq!(sentences.len(), 5, "{sentences:?}");
    assert!(sentences[4].starts_with("To free it: "), "{sentences:?}");
}

#[test]
fn a_state_was_written_since_if_the_server_says_so() {
    let modified = |found: &Found| found.modified.unwrap();
    let second = SignedDuration::from_secs(1);
    let plain = apply();
    assert_eq!(written_since(&plain, Some(modified(&plain) + second)), Some(true));
    assert_eq!(written_since(&plain, Some(modified(&plain))), None, "in the same second");
    assert_eq!(written_since(&plain, Some(modified(&plain) - second)), Some(false));
    assert_eq!(written_since(&plain, None), None);
    assert_eq!(written_since(&item(&plain), Some(NOW)), None);
    // It was first written an hour before it was renewed last.
    let mut renewed = leased(300, 4);
    let first = modified(&renewed) - SignedDuration::from_hours(1);
    renewed.lock = renewed.lock.map(|lock| LockInfo { created: first, ..lock });
    assert_eq!(written_since(&renewed, Some(first + second)), Some(true));
    assert_eq!(written_since(&renewed, Some(first - second)), Some(false));
}

#[test]
fn bucket_and_table_are_consistent_if_they_say_the_same() {
    let (one, garbage) = (apply(), Found { lock: LockInfo::parse(b"garbage"), ..apply() });
    assert!(is_consistent(None, None) && is_consistent(Some(&one), Some(&item(&one))));
    for (object, item) in
        [(Some(&one), None), (None, Some(&one)), (Some(&one), Some(&garbage)), (Some(&garbage), Some(&garbage))]
    {
        assert!(!is_consistent(object, item));
    }
}

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::lock::info::LockInfoError;

fn lock(id: &str) -> LockInfo {
    let empty = String::new;
    LockInfo {
        id: id.parse().unwrap_or(LockId::from_random([0; 16])),
        operation: empty(),
        info: empty(),
        who: id.to_owned(),
        version: empty(),
        created: Timestamp::UNIX_EPOCH,
        path: "states/app".to_owned(),
    }
}

fn token(name: &str) -> Token {
    Token(name.to_owned())
}

fn there(lock: Result<LockInfo, LockInfoError>, name: &str) -> Answer {
    let (modified, answered, version_id, encryption) = (None, None, None, None);
    Answer::Found(Box::new(Found { lock, token: token(name), modified, answered, version_id, encryption }))
}

/// The lock of this id, named so.
fn found(id: &str, name: &str) -> Answer {
    there(Ok(lock(id)), name)
}

fn garbage(name: &str) -> Answer {
    there(Err(LockInfoError::Empty), name)
}

fn ours() -> Target {
    Target::Id(lock("ours").id)
}

/// What is asked first, and what is done after these answers, in short.
fn after(target: Target, known: Option<&str>, answers: &[Answer]) -> String {
    let (mut give_back, first) = GiveBack::begin(target, known.map(token), Jitter::new([7; 8]));
    let mut said = asked(&first);
    for answer in answers {
        said = match give_back.hear(answer.clone()) {
            Step::Ask(request) => asked(&request),
            Step::Pause(_, reason) => format!("pause {reason:?} then {}", asked(&give_back.resume())),
            Step::End(end) => ended(&end),
        };
    }
    said
}

fn asked(request: &Request) -> String {
    match request {
        Request::Look(None) => "look".to_owned(),
        Request::Delete(Token(token)) => format!("delete {token}"),
        other => format!("{other:?}"),
    }
}

fn ended(end: &GivenBack) -> String {
    match end {
        GivenBack::Deleted(None) => "deleted".to_owned(),
        GivenBack::Deleted(Some(lock)) => format!("deleted {}", lock.who),
        GivenBack::Gone => "gone".to_owned(),
        GivenBack::HeldBy(found) => match &found.lock {
            Ok(lock) => format!("held by {}", lock.who),
            Err(error) => format!("held: {error}"),
        },
        GivenBack::Busy(attempts) => format!("busy {attempts}"),
        GivenBack::Unknown(_) => "unknown".to_owned(),
    }
}

#[test]
fn what_is_known_is_deleted_without_a_look() {
    assert_eq!(after(ours(), Some("t"), &[]), "delete t");
    assert_eq!(after(ours(), Some("t"), &[Answer::Deleted]), "deleted");
    assert_eq!(after(ours(), Some("t"), &[Answer::Missing]), "gone");
}

#[test]
fn what_is_not_known_is_looked_for_by_its_id() {
    assert_eq!(after(ours(), None, &[]), "look");
    assert_eq!(after(ours(), None, &[found("ours", "t")]), "delete t");
    assert_eq!(after(ours(), None, &[found("ours", "t"), Answer::Deleted]), "deleted ours");
    assert_eq!(after(ours(), None, &[Answer::Missing]), "gone");
    assert_eq!(after(ours(), None, &[found("theirs", "t")]), "held by theirs");
    assert_eq!(after(ours(), None, &[garbage("g")]), "held: it is empty");
}

#[test]
fn a_lock_that_was_renewed_meanwhile_is_found_again_by_its_id() {
    let renewed = [Answer::Differs, found("ours", "t2")];
    assert_eq!(after(ours(), Some("t1"), &renewed[..1]), "look");
    assert_eq!(after(ours(), Some("t1"), &renewed), "delete t2");
    // In a table, what is not there differs too.
    assert_eq!(after(ours(), Some("t1"), &[Answer::Differs, Answer::Missing]), "gone");
    assert_eq!(after(ours(), Some("t1"), &[Answer::Differs, found("theirs", "t2")]), "held by theirs");
}

#[test]
fn a_delete_without_an_answer_is_done_again_and_may_have_been_done_before() {
    let lost = Answer::Unclear(None);
    assert_eq!(after(ours(), Some("t"), std::slice::from_ref(&lost)), "pause Lost then delete t");
    let then = |more: &[Answer]| after(ours(), Some("t"), &[std::slice::from_ref(&lost), more].concat());
    assert_eq!(then(&[Answer::Deleted]), "deleted");
    assert_eq!(then(&[Answer::Missing]), "deleted");
    assert_eq!(then(&[Answer::Differs, Answer::Missing]), "deleted");
    assert_eq!(then(&[Answer::Differs, found("theirs", "u")]), "deleted");
    assert_eq!(then(&[Answer::Differs, garbage("g")]), "deleted");
    assert_eq!(then(&[Answer::Differs, found("ours", "t2")]), "delete t2");
    assert_eq!(then(&vec![lost.clone(); 4]), "unknown");
}

#[test]
fn a_look_without_an_answer_deletes_nothing() {
    let lost = Answer::Unclear(None);
    assert_eq!(after(ours(), None, std::slice::from_ref(&lost)), "pause Lost then look");
    assert_eq!(after(ours(), None, &[lost.clone(), Answer::Missing]), "gone");
    assert_eq!(after(ours(), None, &[lost, found("theirs", "t")]), "held by theirs");
}

#[test]
fn what_is_named_by_its_token_is_deleted_whatever_it_says() {
    let exactly = |answers: &[Answer]| after(Target::Token(token("g")), Some("g"), answers);
    assert_eq!(exactly(&[]), "delete g");
    assert_eq!(exactly(&[Answer::Deleted]), "deleted");
    assert_eq!(exactly(&[Answer::Conflict, Answer::Deleted]), "deleted");
    assert_eq!(after(Target::Token(token("g")), None, &[garbage("g")]), "delete g");
    assert_eq!(exactly(&[Answer::Differs, found("theirs", "t")]), "held by theirs");
    assert_eq!(exactly(&[Answer::Differs, Answer::Missing]), "gone");
    assert_eq!(exactly(&[Answer::Unclear(None), Answer::Missing]), "deleted");
}

#[test]
fn a_token_that_is_no_more_does_not_say_that_the_lock_is_no_more() {
    // The delete was lost, and its holder has renewed it: the lock lies there as before.
    let renewed = [Answer::Unclear(None), Answer::Differs, found("theirs", "t2")];
    assert_eq!(after(Target::Token(token("t1")), Some("t1"), &renewed), "held by theirs");
}

#[test]
fn what_always_differs_ends() {
    let so_often = |times, answers: &[Answer], last: Answer| {
        after(ours(), Some("t"), &[vec![answers; times].concat(), vec![last]].concat())
    };
    assert_eq!(so_often(3, &[Answer::Conflict], Answer::Conflict), "pause Conflict then delete t");
    assert_eq!(so_often(4, &[Answer::Conflict], Answer::Conflict), "busy 5");
    let renewed = [Answer::Differs, found("ours", "t")];
    assert_eq!(so_often(4, &renewed, Answer::Differs), "look");
    assert_eq!(so_often(5, &renewed, Answer::Differs), "busy 5");
    let lost = [Answer::Unclear(None), Answer::Differs, found("ours", "t")];
    assert_eq!(so_often(2, &lost, Answer::Conflict), "unknown");
    assert_eq!(so_often(1, &lost, Answer::Deleted), "deleted ours");
}

#[test]
fn pauses_grow() {
    let (mut give_back, _) = GiveBack::begin(ours(), Some(token("t")), Jitter::new([7; 8]));
    for whole in [100, 200, 400, 800] {
        let Step::Pause(pause, _) = give_back.hear(Answer::Conflict) else { panic!("no pause") };
        let _ = give_back.resume();
        let whole = Duration::from_millis(whole);
        assert!(pause >= whole / 2 && pause <= whole, "{pause:?}");
    }
}

use jiff::Timestamp;

use super::*;
use crate::lock::id::LockId;
use crate::lock::info::LockInfoError;

const SECOND: Duration = Duration::from_secs(1);

fn lock(id: &str, seq: Option<u64>) -> LockInfo {
    let lease = seq.map(|seq| Lease { ttl: SECOND * 300, seq, process: None, info: "migration".to_owned() });
    let empty = String::new;
    LockInfo {
        id: id.parse().unwrap_or(LockId::from_random([0; 16])),
        operation: empty(),
        info: lease.map(|lease| lease.to_info()).unwrap_or_default(),
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

/// The lock of this id as it was renewed so often, named so.
fn found(id: &str, seq: u64, name: &str) -> Answer {
    there(Ok(lock(id, Some(seq))), name)
}

/// What is done after these answers, one a second: the lock had the number 6 and the name `t6`.
fn after(answers: &[Answer]) -> String {
    let begun = Renew::begin(&lock("ours", Some(6)), token("t6"), Jitter::new([7; 8]), Duration::ZERO);
    let Some((mut renew, first)) = begun else {
        return "no lease".to_owned();
    };
    let mut said = asked(&first);
    for (now, answer) in (1..).zip(answers) {
        said = match renew.hear(answer.clone(), SECOND * now) {
            Step::Ask(request) => asked(&request),
            Step::Pause(_, reason) => format!("pause {reason:?} then {}", asked(&renew.resume(SECOND * now))),
            Step::End(Renewed::Kept { lock, token, since }) => {
                let seq = Lease::of(&lock).map(|lease| lease.seq);
                format!("kept {} as {} since {}", seq.unwrap_or_default(), token.0, since.as_secs())
            }
            Step::End(Renewed::Lost(None)) => "lost".to_owned(),
            Step::End(Renewed::Lost(Some(found))) => match found.lock {
                Ok(lock) => format!("lost to {}", lock.who),
                Err(error) => format!("lost: {error}"),
            },
        };
    }
    said
}

fn asked(request: &Request) -> String {
    match request {
        Request::Replace(lock, Token(token)) => {
            let seq = Lease::of(lock).map(|lease| lease.seq);
            format!("write {} over {token}", seq.unwrap_or_default())
        }
        Request::Look(None) => "look".to_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_lock_without_a_lease_is_not_renewed() {
    assert!(Renew::begin(&lock("ours", None), token("t"), Jitter::new([7; 8]), SECOND).is_none());
}

#[test]
fn a_renewed_lock_differs_in_its_number_only() {
    let before = lock("ours", Some(6));
    let begun = Renew::begin(&before, token("t6"), Jitter::new([7; 8]), SECOND);
    let Some((_, Request::Replace(renewed, over))) = begun else { panic!("it writes nothing") };
    assert_eq!(over, token("t6"));
    assert_eq!(Lease::of(&renewed), Lease::of(&before).map(|lease| Lease { seq: 7, ..lease }));
    assert_eq!(LockInfo { info: before.info.clone(), ..renewed }, before);
}

#[test]
fn a_lease_counts_from_when_its_writing_began() {
    assert_eq!(after(&[]), "write 7 over t6");
    assert_eq!(after(&[Answer::Stored(token("t7"))]), "kept 7 as t7 since 0");
    assert_eq!(after(&[Answer::Conflict, Answer::Stored(token("t7"))]), "kept 7 as t7 since 1");
}

#[test]
fn a_writing_without_an_answer_is_looked_for() {
    let lost = |more: &[Answer]| after(&[&[Answer::Unclear(None)], more].concat());
    assert_eq!(lost(&[]), "pause Lost then look");
    // It was done at any time since.
    assert_eq!(lost(&[found("ours", 7, "t7")]), "kept 7 as t7 since 0");
    // It was not done before the look.
    assert_eq!(lost(&[found("ours", 6, "t6")]), "write 7 over t6");
    assert_eq!(lost(&[found("ours", 6, "t6"), Answer::Stored(token("t7"))]), "kept 7 as t7 since 2");
    // It was done between the look and the second writing.
    let late = [found("ours", 6, "t6"), Answer::Differs, found("ours", 7, "t7")];
    assert_eq!(lost(&late), "kept 7 as t7 since 1");
    assert_eq!(lost(&[found("ours", 6, "t6"), Answer::Unclear(None)]), "pause Lost then look");
    assert_eq!(lost(&[Answer::Unclear(None)]), "pause Lost then look");
    assert_eq!(lost(&[Answer::Unclear(None), found("ours", 7, "t7")]), "kept 7 as t7 since 0");
}

#[test]
fn a_refusal_may_be_about_our_own_writing() {
    assert_eq!(after(&[Answer::Differs]), "look");
    // It has arrived twice, and the answer was to the second time.
    assert_eq!(after(&[Answer::Differs, found("ours", 7, "t7")]), "kept 7 as t7 since 0");
    assert_eq!(after(&[Answer::Conflict, Answer::Differs, found("ours", 7, "t7")]), "kept 7 as t7 since 0");
    // What was known of it is old.
    assert_eq!(after(&[Answer::Differs, found("ours", 5, "t5")]), "write 7 over t5");
    assert_eq!(after(&[Answer::Differs, there(Ok(lock("ours", None)), "t")]), "write 7 over t");
    assert_eq!(after(&[Answer::Differs, Answer::Unclear(None)]), "pause Lost then write 7 over t6");
}

#[test]
fn a_lock_that_is_gone_or_anothers_is_lost() {
    assert_eq!(after(&[Answer::Missing]), "lost");
    assert_eq!(after(&[Answer::Differs, Answer::Missing]), "lost");
    assert_eq!(after(&[Answer::Unclear(None), Answer::Missing]), "lost");
    assert_eq!(after(&[Answer::Differs, found("theirs", 7, "u")]), "lost to theirs");
    assert_eq!(after(&[Answer::Unclear(None), found("theirs", 0, "u")]), "lost to theirs");
    assert_eq!(after(&[Answer::Differs, there(Err(LockInfoError::Empty), "g")]), "lost: it is empty");
}

#[test]
fn it_is_tried_until_the_caller_ends_it() {
    assert_eq!(after(&vec![Answer::Conflict; 100]), "pause Conflict then write 7 over t6");
    assert_eq!(after(&vec![Answer::Unclear(None); 100]), "pause Lost then look");
}

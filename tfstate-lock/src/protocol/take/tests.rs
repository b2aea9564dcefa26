use super::*;
use crate::lock::info::LockInfoError;
use crate::lock::lease::Lease;

const SECOND: Duration = Duration::from_secs(1);

fn lock(id: &str, lease: Option<u64>) -> LockInfo {
    let lease =
        lease.map(|seconds| Lease { ttl: Duration::from_secs(seconds), seq: 0, process: None, info: String::new() });
    let info = lease.map(|lease| lease.to_info()).unwrap_or_default();
    let empty = String::new;
    LockInfo {
        id: LockId::from_random([0; 16]),
        operation: empty(),
        info,
        who: id.to_owned(),
        version: empty(),
        created: Timestamp::UNIX_EPOCH,
        path: "states/app".to_owned(),
    }
    .with_id(id)
}

impl LockInfo {
    fn with_id(self, id: &str) -> Self {
        let bytes = id.bytes().chain(std::iter::repeat(0)).take(16).collect::<Vec<u8>>();
        Self { id: LockId::from_random(bytes.try_into().unwrap_or_default()), ..self }
    }
}

fn token(name: &str) -> Token {
    Token(name.to_owned())
}

/// Another's lock, written so many seconds ago.
fn held(id: &str, lease: Option<u64>, age: i64) -> Answer {
    let answered = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(1000);
    Answer::Found(Box::new(Found {
        lock: Ok(lock(id, lease)),
        token: token(id),
        modified: Some(answered - jiff::SignedDuration::from_secs(age)),
        answered: Some(answered),
        version_id: None,
        encryption: None,
    }))
}

fn garbage() -> Answer {
    Answer::Found(Box::new(Found {
        lock: Err(LockInfoError::Empty),
        token: token("g"),
        modified: None,
        answered: None,
        version_id: None,
        encryption: None,
    }))
}

/// What is done after these answers, one a second, in short.
fn after(deadline: Option<Duration>, answers: Vec<Answer>) -> String {
    let (mut take, _) = Take::begin(lock("ours", None), deadline, Jitter::new([7; 8]), Duration::ZERO);
    let mut said = String::new();
    for (now, answer) in (1..).zip(answers) {
        let step = take.hear(answer, SECOND * now);
        said = match &step {
            Step::Pause(..) => format!("{} then {}", word(&step), asked(&take.resume(SECOND * now))),
            _ => word(&step),
        };
    }
    said
}

fn word(step: &Step<Taken>) -> String {
    match step {
        Step::Ask(request) => asked(request),
        Step::Pause(_, reason) => format!("pause {reason:?}"),
        Step::End(Taken::Ours { since, instead_of, .. }) => match instead_of {
            Some(dead) => format!("ours since {} instead of {}", since.as_secs(), dead.who),
            None => format!("ours since {}", since.as_secs()),
        },
        Step::End(Taken::HeldBy(found)) => match &found.lock {
            Ok(lock) => format!("held by {}", lock.who),
            Err(error) => format!("held: {error}"),
        },
        Step::End(Taken::Busy(attempts)) => format!("busy {attempts}"),
        Step::End(Taken::Unknown(_)) => "unknown".to_owned(),
    }
}

fn asked(request: &Request) -> String {
    match request {
        Request::Create(_) => "create".to_owned(),
        Request::Replace(_, Token(token)) => format!("replace {token}"),
        Request::Look(None) => "look".to_owned(),
        Request::Look(Some(Token(token))) => format!("look unless {token}"),
        Request::Delete(Token(token)) => format!("delete {token}"),
    }
}

#[test]
fn a_free_lock_is_ours_after_one_request() {
    assert_eq!(after(None, vec![Answer::Stored(token("t"))]), "ours since 0");
}

#[test]
fn no_refusal_is_believed_before_we_looked() {
    assert_eq!(after(None, vec![Answer::Differs]), "look");
    assert_eq!(after(None, vec![Answer::Unclear(None)]), "look");
    assert_eq!(after(None, vec![Answer::Conflict]), "pause Conflict then create");
}

#[test]
fn what_lies_there_decides_whose_lock_it_is() {
    for first in [Answer::Differs, Answer::Unclear(None)] {
        let then = |answer: Answer| after(None, vec![first.clone(), answer]);
        assert_eq!(then(held("ours", None, 0)), "ours since 0");
        assert_eq!(then(held("theirs", None, 9)), "held by theirs");
        assert_eq!(then(garbage()), "held: it is empty");
        assert_eq!(then(Answer::Missing), "create");
        assert_eq!(then(Answer::Unclear(None)), "unknown");
    }
}

#[test]
fn a_lock_that_was_written_unseen_counts_from_the_last_look_that_has_not_found_it() {
    let wait = Some(SECOND * 100);
    let unseen = |answers: &[Answer]| {
        let ours = vec![Answer::Differs, held("ours", None, 0)];
        after(wait, [answers.to_vec(), ours].concat())
    };
    // Whatever the answer to a write was, a copy of it may have been done.
    for first in [Answer::Unclear(None), Answer::Differs] {
        assert_eq!(unseen(&[first.clone(), Answer::Missing]), "ours since 1");
        assert_eq!(unseen(&[first.clone(), Answer::Unclear(None)]), "ours since 0");
        let theirs = held("theirs", None, 0);
        let looks = [first.clone(), theirs, Answer::Unchanged(None), Answer::Unclear(None), Answer::Missing];
        assert_eq!(unseen(&looks[..2]), "ours since 1");
        assert_eq!(unseen(&looks[..3]), "ours since 2");
        assert_eq!(unseen(&looks[..4]), "ours since 2");
        assert_eq!(unseen(&looks), "ours since 4");
    }
    assert_eq!(unseen(&[Answer::Conflict]), "ours since 0");
    assert_eq!(after(wait, vec![Answer::Conflict, Answer::Stored(token("t"))]), "ours since 1");
}

#[test]
fn a_lease_that_is_over_by_the_servers_clock_is_taken_over_at_once() {
    let at = |age| after(None, vec![Answer::Differs, held("theirs", Some(300), age)]);
    assert_eq!(at(301), "held by theirs");
    assert_eq!(at(302), "replace theirs");
    let taken = vec![Answer::Differs, held("theirs", Some(300), 400), Answer::Stored(token("t"))];
    assert_eq!(after(None, taken), "ours since 2 instead of theirs");
    let lost = vec![Answer::Differs, held("theirs", Some(300), 400), Answer::Unclear(None), held("ours", None, 0)];
    assert_eq!(after(None, lost), "ours since 1 instead of theirs");
    let renewed = vec![Answer::Differs, held("theirs", Some(300), 400), Answer::Differs, held("theirs", Some(300), 0)];
    assert_eq!(after(None, renewed), "held by theirs");
}

#[test]
fn only_a_lock_that_we_wrote_over_is_one_instead_of_which_ours_lies_there() {
    let late = |between: Vec<Answer>| {
        let late = [vec![Answer::Unclear(None)], between, vec![held("ours", None, 0)]].concat();
        after(Some(SECOND * 100), late)
    };
    assert!(!late(vec![held("theirs", Some(300), 0)]).contains("instead"));
    assert!(!late(vec![held("theirs", Some(300), 400), Answer::Missing, Answer::Unclear(None)]).contains("instead"));
    let renewed = vec![held("theirs", Some(300), 400), Answer::Differs, held("theirs", Some(300), 0)];
    assert!(!late(renewed).contains("instead"));
    assert!(late(vec![held("theirs", Some(300), 400), Answer::Differs]).ends_with("instead of theirs"));
}

#[test]
fn no_two_attempts_write_the_same_bytes() {
    let (mut take, first) = Take::begin(lock("ours", Some(300)), None, Jitter::new([7; 8]), Duration::ZERO);
    let mut written = vec![first];
    for answer in [held("theirs", Some(300), 400), Answer::Missing, held("theirs", Some(300), 400)] {
        assert_eq!(word(&take.hear(Answer::Unclear(None), SECOND)), "look");
        match take.hear(answer, SECOND) {
            Step::Ask(request) => written.push(request),
            step => panic!("{step:?}"),
        }
    }
    let texts = written.iter().map(|request| match request {
        Request::Create(lock) | Request::Replace(lock, _) => lock.info.as_str(),
        _ => "",
    });
    let expected = (0..4).map(|seq| format!(r#"{{"ttl":300,"seq":{seq}}}"#));
    assert_eq!(texts.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let Step::End(Taken::Ours { lock, .. }) = take.hear(Answer::Stored(token("t")), SECOND) else { panic!("not ours") };
    assert_eq!(lock.info, r#"{"ttl":300,"seq":3}"#);
}

#[test]
fn a_lease_for_ever_is_never_over() {
    assert_eq!(after(None, vec![Answer::Differs, held("theirs", Some(u64::MAX), 400)]), "held by theirs");
}

#[test]
fn a_lock_without_a_lease_is_never_taken_over() {
    assert_eq!(after(None, vec![Answer::Differs, held("theirs", None, 1_000_000)]), "held by theirs");
    let mut answers = vec![Answer::Differs, held("theirs", None, 0)];
    answers.extend(std::iter::repeat_n(Answer::Unchanged(None), 10_000));
    assert_eq!(after(Some(SECOND * 100_000), answers), "pause Held then look unless theirs");
}

#[test]
fn a_lease_that_is_renewed_is_never_over() {
    let renewed = |nth: u64| {
        let Answer::Found(mut found) = held("theirs", Some(10), 0) else { return Answer::Differs };
        found.token = Token(format!("theirs {nth}"));
        Answer::Found(found)
    };
    let answers = std::iter::once(Answer::Differs).chain((0..1000).map(renewed));
    assert_eq!(after(Some(SECOND * 100_000), answers.collect()), "pause Held then look unless theirs 999");
}

#[test]
fn a_lease_that_nobody_renews_for_its_whole_duration_on_our_own_clock_is_over() {
    let wait = Some(SECOND * 100);
    let mut answers = vec![Answer::Differs, held("theirs", Some(10), 0)];
    answers.extend(std::iter::repeat_n(Answer::Unchanged(None), 9));
    assert_eq!(after(wait, answers.clone()), "pause Held then look unless theirs");
    answers.push(Answer::Unchanged(None));
    assert_eq!(after(wait, answers), "replace theirs");
}

#[test]
fn whoever_waits_looks_cheaply_and_tries_a_last_time_at_the_deadline() {
    let wait = Some(SECOND * 3);
    let first = vec![Answer::Differs, held("theirs", None, 0)];
    assert_eq!(after(wait, first.clone()), "pause Held then look unless theirs");
    let then = |more: Vec<Answer>| after(wait, [first.clone(), more].concat());
    assert_eq!(then(vec![Answer::Unchanged(None)]), "pause Held then look unless theirs");
    assert_eq!(then(vec![Answer::Missing]), "create");
    assert_eq!(then(vec![Answer::Unchanged(None), Answer::Unchanged(None)]), "held by theirs");
    assert_eq!(then(vec![Answer::Unchanged(None), Answer::Missing]), "create");
    assert_eq!(then(vec![Answer::Unclear(None)]), "pause Lost then look unless theirs");
}

#[test]
fn no_pause_is_longer_than_what_is_left() {
    let deadline = Duration::from_millis(1300);
    let (mut take, _) = Take::begin(lock("ours", None), Some(deadline), Jitter::new([9; 8]), Duration::ZERO);
    let _ = take.hear(Answer::Differs, SECOND);
    let Step::Pause(pause, _) = take.hear(held("theirs", None, 0), SECOND) else { panic!("no pause") };
    assert!(pause <= Duration::from_millis(300), "{pause:?}");
}

#[test]
fn endless_conflicts_end() {
    assert_eq!(after(None, vec![Answer::Conflict; 4]), "pause Conflict then create");
    assert_eq!(after(None, vec![Answer::Conflict; 5]), "busy 5");
    let mut unclear = vec![Answer::Unclear(None), Answer::Missing];
    unclear.extend(vec![Answer::Conflict; 4]);
    assert_eq!(after(None, unclear), "unknown");
}

#[test]
fn a_lease_at_the_second_place_is_over_as_long_as_the_first_is_ours() {
    let at_second_place = |now: u64, answer: Answer| {
        let (take, _) = Take::begin(lock("ours", None), None, Jitter::new([7; 8]), Duration::ZERO);
        let mut take = take.at_second_place(SECOND * 10);
        let _ = take.hear(Answer::Differs, SECOND);
        word(&take.hear(answer, Duration::from_secs(now)))
    };
    assert_eq!(at_second_place(9, held("theirs", Some(300), 0)), "replace theirs");
    assert_eq!(at_second_place(10, held("theirs", Some(300), 0)), "held by theirs");
    assert_eq!(at_second_place(9, held("theirs", None, 1_000_000)), "held by theirs");
}

use super::super::finding::Verdict::{self, Fail, Pass, Unknown};
use super::*;
use crate::lock::info::LockInfo;

const FIRST: &str = "first";
const SECOND: &str = "second";

fn look(id: &str, etag: &str) -> Answer {
    let json = format!(r#"{{"ID":"{id}"}}"#);
    Answer::Found(Box::new(Found {
        lock: LockInfo::parse(json.as_bytes()),
        token: Token(etag.to_owned()),
        modified: None,
        answered: None,
        version_id: None,
        encryption: Some("AES256".to_owned()),
    }))
}

fn written(etag: &str) -> Answer {
    Answer::Stored(Token(etag.to_owned()))
}

/// What S3 does.
fn s3() -> Probe {
    let ids = [FIRST, SECOND].map(|id| id.parse().unwrap_or_else(|_| LockId::from_random([0; 16])));
    Probe {
        created: Ok(written("1")),
        read: Ok(look(FIRST, "1")),
        created_again: Ok(Answer::Differs),
        replaced_wrongly: Ok(Answer::Differs),
        replaced: Ok(written("2")),
        read_again: Ok(look(SECOND, "2")),
        deleted_wrongly: Ok(Answer::Differs),
        deleted: Ok(Answer::Deleted),
        read_after_delete: Ok(Answer::Missing),
        replaced_nothing: Ok(Answer::Missing),
        recreated: Ok(written("3")),
        ids,
    }
}

fn failed(status: Option<u16>, kind: CallErrorKind) -> CallError {
    let (code, message, request_id) = (Some("Code".to_owned()), "no".to_owned(), None);
    CallError { operation: "s3:PutObject", code, message, request_id, status, kind }
}

fn verdicts(probe: &Probe) -> [Verdict; 6] {
    examine(probe).map(|finding| finding.verdict)
}

#[test]
fn a_store_that_does_what_s3_does_passes() {
    assert_eq!(verdicts(&s3()), [Pass; 6]);
    assert_eq!(s3().encryption(), Some("AES256"));
}

#[test]
fn each_promise_that_is_not_kept_is_named_by_its_check() {
    let cases = [
        (Probe { created_again: Ok(written("9")), ..s3() }, [Fail, Pass, Pass, Pass, Pass, Pass]),
        (Probe { replaced_wrongly: Ok(written("9")), ..s3() }, [Pass, Fail, Pass, Pass, Pass, Pass]),
        (Probe { replaced_wrongly: Ok(Answer::Missing), ..s3() }, [Pass, Fail, Pass, Pass, Pass, Pass]),
        (Probe { replaced_nothing: Ok(written("9")), ..s3() }, [Pass, Fail, Pass, Pass, Pass, Pass]),
        (Probe { replaced_nothing: Ok(Answer::Differs), ..s3() }, [Pass; 6]),
        (Probe { deleted_wrongly: Ok(Answer::Deleted), ..s3() }, [Pass, Pass, Fail, Pass, Pass, Pass]),
        (Probe { deleted: Ok(Answer::Differs), ..s3() }, [Pass, Pass, Fail, Pass, Pass, Pass]),
        (Probe { recreated: Ok(Answer::Differs), ..s3() }, [Pass, Pass, Pass, Fail, Pass, Pass]),
        (Probe { read: Ok(Answer::Missing), ..s3() }, [Pass, Pass, Pass, Pass, Fail, Pass]),
        (Probe { read_again: Ok(look(FIRST, "2")), ..s3() }, [Pass, Pass, Pass, Pass, Fail, Pass]),
        (Probe { read_after_delete: Ok(look(SECOND, "2")), ..s3() }, [Pass, Pass, Pass, Pass, Fail, Pass]),
        (
            Probe { replaced: Ok(written("1")), read_again: Ok(look(SECOND, "1")), ..s3() },
            [Pass, Pass, Pass, Pass, Pass, Fail],
        ),
        (Probe { read_again: Ok(look(SECOND, "x")), ..s3() }, [Pass, Pass, Pass, Pass, Pass, Fail]),
    ];
    for (probe, expected) in cases {
        assert_eq!(verdicts(&probe), expected, "{probe:?}");
    }
}

#[test]
fn a_store_that_says_it_knows_no_conditions_fails() {
    let refusals = [
        Ok(Answer::Unclear(Some(Box::new(failed(Some(501), CallErrorKind::Server))))),
        Err(Unseen::from(failed(Some(400), CallErrorKind::Refused))),
        Err(Unseen::from(failed(Some(405), CallErrorKind::Refused))),
    ];
    let long = Err(Unseen::from(failed(Some(400), CallErrorKind::Refused)));
    assert_eq!(verdicts(&Probe { created: long, ..s3() })[0], Unknown, "nothing is said about conditions");
    for refusal in refusals {
        let probe = Probe { deleted_wrongly: refusal.clone(), deleted: refusal, ..s3() };
        assert_eq!(verdicts(&probe)[2], Fail, "{probe:?}");
    }
}

#[test]
fn what_was_not_seen_is_unknown() {
    let unsaid = [
        Err(Unseen::DryRun),
        Err(Unseen::NotTried),
        Err(Unseen::from(failed(Some(403), CallErrorKind::AccessDenied))),
        Ok(Answer::Unclear(Some(Box::new(failed(Some(500), CallErrorKind::Server))))),
        Ok(Answer::Unclear(None)),
        Ok(Answer::Conflict),
    ];
    for answer in unsaid {
        let cases = [
            (Probe { created_again: answer.clone(), ..s3() }, 0),
            (Probe { replaced: answer.clone(), ..s3() }, 1),
            (Probe { deleted_wrongly: answer.clone(), ..s3() }, 2),
            (Probe { recreated: answer.clone(), ..s3() }, 3),
            (Probe { read_again: answer.clone(), ..s3() }, 4),
            (Probe { created: answer.clone(), ..s3() }, 5),
        ];
        for (probe, check) in cases {
            assert_eq!(verdicts(&probe)[check], Unknown, "{probe:?}");
        }
    }
    let nothing = Probe::unseen(&Unseen::DryRun, s3().ids);
    assert_eq!(verdicts(&nothing), [Unknown; 6]);
}

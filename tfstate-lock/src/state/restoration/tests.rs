use proptest::prelude::*;

use super::*;

const ETAG: &str = "\"etag\"";

fn plain(lineage: &str, serial: u64, content: &str) -> String {
    format!(r#"{{"version":4,"serial":{serial},"lineage":"{lineage}","outputs":{{"x":"{content}"}}}}"#)
}

fn encrypted(lineage: &str, serial: u64, content: &str) -> String {
    format!(
        r#"{{"serial":{serial},"lineage":"{lineage}","meta":{{}},"encrypted_data":"{content}","encryption_version":"v0"}}"#
    )
}

fn read(text: &str) -> Reading {
    StateFile::parse(text.as_bytes())
}

fn current(text: &str) -> Current {
    Current { state: read(text), etag: ETAG.to_owned() }
}

fn written(content: Content) -> Restore {
    Restore::Write { content, condition: Condition::IfMatch(ETAG.to_owned()) }
}

#[test]
fn a_snapshot_of_the_same_state_is_written_above_both_serials() {
    for (now, then, serial) in [(8, 5, 9), (5, 8, 9), (5, 5, 6), (0, 0, 1), (u64::MAX - 1, 1, u64::MAX)] {
        let verdict = judge(Some(&current(&plain("a", now, "quartz"))), &read(&plain("a", then, "walnut")));
        assert_eq!(verdict, Ok(written(Content::WithSerial(serial))), "{now} {then}");
    }
}

#[test]
fn where_there_is_no_state_it_is_written_only_while_there_is_none() {
    let verdict = |text: &str| judge(None, &read(text));
    let condition = || Condition::IfNoneMatch;
    let content = Content::WithSerial(6);
    assert_eq!(verdict(&plain("a", 5, "walnut")), Ok(Restore::Write { content, condition: condition() }));
    let content = Content::AsItIs;
    assert_eq!(verdict(&encrypted("a", 5, "walnut")), Ok(Restore::Write { content, condition: condition() }));
}

#[test]
fn an_empty_object_is_no_state_but_an_object() {
    let empty = current("");
    assert_eq!(judge(Some(&empty), &read(&plain("a", 5, "walnut"))), Ok(written(Content::WithSerial(6))));
    assert_eq!(judge(Some(&empty), &read(&encrypted("a", 5, "walnut"))), Ok(written(Content::AsItIs)));
}

#[test]
fn what_is_there_already_is_not_written_again() {
    let cases = [
        (plain("a", 8, "same"), plain("a", 5, "same"), 8),
        (plain("a", 5, "same"), plain("a", 8, "same"), 5),
        (encrypted("a", 5, "same"), encrypted("a", 5, "same"), 5),
    ];
    for (now, then, serial) in cases {
        let verdict = judge(Some(&current(&now)), &read(&then));
        assert_eq!(verdict, Ok(Restore::AlreadyThere { serial }), "{now} {then}");
    }
}

#[test]
fn an_encrypted_snapshot_is_written_as_it_is_or_not_at_all() {
    let verdict =
        |now, then| judge(Some(&current(&encrypted("a", now, "quartz"))), &read(&encrypted("a", then, "walnut")));
    assert_eq!(verdict(5, 6), Ok(written(Content::AsItIs)));
    assert_eq!(verdict(5, u64::MAX), Ok(written(Content::AsItIs)));
    assert_eq!(verdict(6, 6), Err(Refusal::Sealed { current: 6, candidate: 6 }));
    assert_eq!(verdict(8, 5), Err(Refusal::Sealed { current: 8, candidate: 5 }));
}

#[test]
fn what_must_not_be_written_is_refused_with_its_reason() {
    let cases = [
        (plain("a", 8, "quartz"), "{}".to_owned(), "restore.invalid", Exit::Usage),
        (plain("a", 8, "quartz"), String::new(), "restore.invalid", Exit::Usage),
        ("{}".to_owned(), plain("a", 5, "walnut"), "state.invalid", Exit::No),
        (plain("a", 8, "quartz"), plain("b", 9, "quartz"), "restore.other_lineage", Exit::No),
        (plain("a", 8, "quartz"), encrypted("b", 9, "quartz"), "restore.other_lineage", Exit::No),
        (encrypted("a", 8, "quartz"), plain("a", 9, "walnut"), "restore.encryption", Exit::No),
        (plain("a", 8, "quartz"), encrypted("a", 9, "walnut"), "restore.encryption", Exit::No),
        (plain("a", u64::MAX, "quartz"), plain("a", 5, "walnut"), "restore.last_serial", Exit::No),
        (plain("a", 5, "quartz"), plain("a", u64::MAX, "walnut"), "restore.last_serial", Exit::No),
    ];
    for (now, then, code, exit) in cases {
        let refusal = judge(Some(&current(&now)), &read(&then)).unwrap_err();
        assert_eq!((refusal.code().as_str(), refusal.exit()), (code, exit), "{now} {then}");
        let in_words = format!("{refusal} {:?}", refusal.hint());
        assert!(!in_words.contains("quartz") && !in_words.contains("walnut"), "{in_words}");
    }
}

#[test]
fn a_write_without_a_condition_is_refused() {
    for etag in ["", "*", "\"\"", "\"*\"", "etag", "\"a\",\"b\"", "\""] {
        let now = Current { etag: etag.to_owned(), ..current(&plain("a", 8, "quartz")) };
        assert_eq!(judge(Some(&now), &read(&plain("a", 5, "walnut"))), Err(Refusal::NoEtag), "{etag}");
        let same = judge(Some(&now), &read(&plain("a", 5, "quartz")));
        assert_eq!(same, Ok(Restore::AlreadyThere { serial: 8 }));
    }
}

#[test]
fn reasons_are_said_in_one_line() {
    let refusal = judge(Some(&current(&encrypted("a", 8, "quartz"))), &read(&encrypted("a", 5, "walnut"))).unwrap_err();
    let expected =
        "the state to restore is encrypted with serial 5, the one that is there now has 8: only OpenTofu can raise it";
    assert_eq!(refusal.to_string(), expected);
    assert!(refusal.hint().unwrap().contains("above 8"));
}

proptest! {
    #[test]
    fn whatever_is_written_is_the_snapshot_with_a_serial_above_both(
        (sealed, now, then) in (any::<bool>(), any::<u64>(), any::<u64>()),
        (new, old) in ("[a-c]", "[a-c]"),
    ) {
        let form = if sealed { encrypted } else { plain };
        let (now_text, then_text) = (form("a", now, &new), form("a", then, &old));
        let candidate = read(&then_text);
        let Ok(Restore::Write { content, condition }) = judge(Some(&current(&now_text)), &candidate) else {
            return Ok(());
        };
        prop_assert_eq!(condition, Condition::IfMatch(ETAG.to_owned()));
        let after = StateFile::parse(&content.of(then_text.into_bytes()).unwrap()).unwrap();
        prop_assert!(after.serial > now && (sealed || after.serial > then));
        prop_assert!(after.same_content(&candidate.unwrap()));
    }
}

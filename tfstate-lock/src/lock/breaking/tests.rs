use jiff::{SignedDuration, Timestamp};

use super::*;

const NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);
const MINUTE: Duration = Duration::from_mins(1);

/// A lock object that was written so many seconds ago.
fn object(id: &str, info: &str, seconds: i64) -> Found {
    let body = serde_json::json!({ "ID": id, "Info": info }).to_string();
    let modified = NOW - SignedDuration::from_secs(seconds);
    let (version_id, encryption) = (None, None);
    let lock = LockInfo::parse(body.as_bytes());
    let token = Token(format!("\"etag-of-{id}\""));
    Found { lock, token, modified: Some(modified), answered: Some(NOW), version_id, encryption }
}

fn item(id: &str, info: &str) -> Found {
    Found { modified: None, answered: None, token: Token(id.to_owned()), ..object(id, info, 0) }
}

fn unreadable(found: Found, text: &str) -> Found {
    Found { lock: LockInfo::parse(text.as_bytes()), ..found }
}

/// The lock that lies at a place; nothing does if there is none.
fn with<'a>(holder: Liveness, found: impl Into<Option<&'a Found>>) -> Option<Suspect<'a>> {
    found.into().map(|found| Suspect { found, holder })
}

fn unknown<'a>(found: impl Into<Option<&'a Found>>) -> Option<Suspect<'a>> {
    with(Liveness::Unknown, found)
}

fn by_id(id: &str) -> Ground {
    Ground::Named(Target::Id(id.parse().unwrap()))
}

fn by_etag(etag: &str) -> Ground {
    Ground::Named(Target::Token(Token(etag.to_owned())))
}

fn both(ground: BrokenOn) -> Verdict {
    Verdict::Break { object: true, item: true, ground }
}

fn object_only(ground: BrokenOn) -> Verdict {
    Verdict::Break { object: true, item: false, ground }
}

fn item_only(ground: BrokenOn) -> Verdict {
    Verdict::Break { object: false, item: true, ground }
}

const LEASE: &str = r#"{"ttl":300,"seq":2}"#;

#[test]
fn nothing_is_to_break_where_nothing_lies() {
    for ground in [by_id("a"), by_etag("a"), Ground::Older(MINUTE), Ground::Proof] {
        assert_eq!(judge(&ground, None, None), Verdict::Free, "{ground:?}");
    }
}

#[test]
fn a_lock_that_is_named_is_broken_wherever_it_lies_and_no_other() {
    use BrokenOn::{Etag, Id};
    use LockPlace::{Bucket, Table};
    let (a, b) = (object("a", "", 0), object("b", "", 0));
    let (a_item, b_item) = (item("a", ""), item("b", ""));
    let cases = [
        (by_id("a"), unknown(&a), None, object_only(Id)),
        (by_id("a"), unknown(&a), unknown(&a_item), both(Id)),
        (by_id("a"), None, unknown(&a_item), item_only(Id)),
        (by_id("a"), unknown(&a), unknown(&b_item), object_only(Id)),
        (by_id("b"), unknown(&a), unknown(&b_item), item_only(Id)),
        (by_id("c"), unknown(&a), unknown(&b_item), Verdict::Another(Bucket)),
        (by_id("c"), None, unknown(&b_item), Verdict::Another(Table)),
        (by_etag("\"etag-of-a\""), unknown(&a), unknown(&a_item), both(Etag)),
        (by_etag("etag-of-a"), unknown(&a), unknown(&b_item), object_only(Etag)),
        (by_etag("\"etag-of-a\""), unknown(&b), None, Verdict::Another(Bucket)),
        (by_etag("*"), unknown(&b), None, Verdict::Another(Bucket)),
        (by_etag("a"), None, unknown(&a_item), Verdict::Another(Table)),
    ];
    for (nth, (ground, object, item, expected)) in cases.into_iter().enumerate() {
        assert_eq!(judge(&ground, object, item), expected, "{nth}: {ground:?}");
    }
}

#[test]
fn what_nobody_can_read_is_named_by_what_it_is() {
    let (empty, cut) = (unreadable(object("a", "", 0), ""), unreadable(item("{\"ID\"", ""), "{\"ID\""));
    let etag = by_etag("etag-of-a");
    assert_eq!(judge(&etag, unknown(&empty), None), object_only(BrokenOn::Etag));
    assert_eq!(judge(&by_id("a"), unknown(&empty), None), Verdict::Another(LockPlace::Bucket));
    assert_eq!(judge(&by_etag("{\"ID\""), None, unknown(&cut)), item_only(BrokenOn::Etag));
    assert_eq!(judge(&etag, unknown(&empty), unknown(&cut)), object_only(BrokenOn::Etag));
}

#[test]
fn an_age_is_the_servers_and_no_running_lease_is_too_old() {
    let older = Ground::Older(MINUTE);
    let missing = |place, missing| Verdict::NotProved(place, missing);
    let (young, old) = (object("a", "", 59), object("a", "", 60));
    let too_young = Missing::Younger { age: Duration::from_secs(59), wanted: MINUTE };
    let (running, over) = (object("a", LEASE, 61), object("a", LEASE, 302));
    let garbage = unreadable(object("a", "", 60), "garbage");
    let (twin, other) = (item("a", ""), item("b", ""));
    let (bucket, table) = (LockPlace::Bucket, LockPlace::Table);
    let cases = [
        (unknown(&young), None, missing(bucket, too_young)),
        (unknown(&old), None, object_only(BrokenOn::OlderThan)),
        (unknown(&old), unknown(&twin), both(BrokenOn::OlderThan)),
        (unknown(&running), None, missing(bucket, Missing::LeaseRuns(Duration::from_secs(241)))),
        (unknown(&over), None, object_only(BrokenOn::OlderThan)),
        (unknown(&garbage), None, object_only(BrokenOn::OlderThan)),
        (unknown(&old), unknown(&other), missing(table, Missing::NoAge)),
        (None, unknown(&twin), missing(table, Missing::NoAge)),
    ];
    for (nth, (object, item, expected)) in cases.into_iter().enumerate() {
        assert_eq!(judge(&older, object, item), expected, "{nth}");
    }
}

#[test]
fn a_holder_is_proved_gone_by_its_lease_or_its_process() {
    use Liveness::{Alive, Elsewhere, Gone, Unknown};
    let missing = |place, missing| Verdict::NotProved(place, missing);
    let (bucket, table) = (LockPlace::Bucket, LockPlace::Table);
    let (plain, running, over) = (object("a", "", 9000), object("a", LEASE, 301), object("a", LEASE, 302));
    let garbage = unreadable(object("a", "", 9000), "garbage");
    let (twin, other) = (item("a", LEASE), item("b", LEASE));
    let runs = Missing::LeaseRuns(Duration::from_secs(1));
    let cases = [
        (with(Unknown, &plain), None, missing(bucket, Missing::NoLease(Some(Duration::from_mins(150))))),
        (with(Unknown, &garbage), None, missing(bucket, Missing::Unreadable)),
        (with(Unknown, &running), None, missing(bucket, runs)),
        (with(Alive, &running), None, missing(bucket, runs)),
        (with(Elsewhere, &running), None, missing(bucket, runs)),
        (with(Gone, &running), None, object_only(BrokenOn::ProcessGone)),
        (with(Unknown, &over), None, object_only(BrokenOn::LeaseOver)),
        (with(Unknown, &over), with(Unknown, &twin), both(BrokenOn::LeaseOver)),
        (with(Unknown, &over), with(Unknown, &other), missing(table, Missing::NoBeginning)),
        (with(Unknown, &over), with(Gone, &other), both(BrokenOn::LeaseOver)),
        (None, with(Gone, &twin), item_only(BrokenOn::ProcessGone)),
        (None, with(Elsewhere, &twin), missing(table, Missing::NoBeginning)),
    ];
    for (nth, (object, item, expected)) in cases.into_iter().enumerate() {
        assert_eq!(judge(&Ground::Proof, object, item), expected, "{nth}");
    }
}

#[test]
fn what_is_missing_is_said_in_words() {
    let two_hours = Duration::from_hours(2);
    let cases = [
        (Missing::NoLease(Some(two_hours)), "it has no lease, and that it is 2 h old proves nothing"),
        (Missing::LeaseRuns(Duration::from_secs(61)), "its lease lasts 1 min 1 s more"),
        (Missing::Younger { age: MINUTE, wanted: two_hours }, "it is 1 min old, not 2 h"),
    ];
    for (missing, expected) in cases {
        assert_eq!(missing.to_string(), expected);
    }
}

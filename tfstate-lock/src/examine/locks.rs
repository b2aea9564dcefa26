//! Whether locks are left over.

use std::time::Duration;

use jiff::Timestamp;

use super::finding::{Check, Finding};
use super::seen::Seen;
use crate::error::{break_command, held_by, on_state};
use crate::lock::breaking::{self, Missing, Suspect, Verdict};
use crate::lock::lease::Liveness;
use crate::protocol::Found;
use crate::report::BrokenOn;
use crate::report::span::words;
use crate::request::{Ground, Target};
use crate::state::address::StateAddress;

/// An apply rarely takes as long.
const OLD: Duration = Duration::from_hours(24);

/// A lock that lies somewhere, and what is known of its holder.
#[derive(Clone, Debug)]
pub struct LockSeen {
    /// What lies there.
    pub found: Box<Found>,
    /// What is known of the process that keeps its lease.
    pub holder: Liveness,
}

/// A lock that was looked for: none if nothing lies there.
pub type SeenLock = Seen<Option<LockSeen>>;

/// The locks of a state and of its workspaces.
#[derive(Clone, Debug)]
pub struct LocksSeen {
    /// The lock object of the state.
    pub own: SeenLock,
    /// The lock objects of its other workspaces that are there, each with the state that it guards.
    pub others: Seen<Vec<(StateAddress, SeenLock)>>,
}

pub(super) fn examine(
    locks: &LocksSeen,
    item: Option<&SeenLock>,
    target: &Target,
    now: Option<Timestamp>,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = objects(locks, target).collect();
    findings.extend(item.and_then(|item| in_table(item, &locks.own, target, now)));
    if let Err(unseen) = &locks.others {
        findings.push(unseen.leaves_unknown(Check::Locks).about("workspaces"));
    }
    if findings.is_empty() {
        findings.push(Check::Locks.passes("neither the state nor a workspace of it is locked"));
    }
    findings
}

fn objects<'a>(locks: &'a LocksSeen, target: &'a Target) -> impl Iterator<Item = Finding> + 'a {
    let own = std::iter::once((&target.state, &locks.own));
    let others = locks.others.iter().flatten().map(|(state, seen)| (state, seen));
    own.chain(others).filter_map(|(state, seen)| {
        let target = Target { state: state.clone(), ..target.clone() };
        let finding = match seen {
            Ok(None) => return None,
            Ok(Some(lock)) => judge(lock, &target, None),
            Err(unseen) => unseen.leaves_unknown(Check::Locks),
        };
        Some(finding.about(state.lock_key()))
    })
}

/// The lock in the table, if it is not the same as the one in the bucket. A table does not say when it was written.
fn in_table(item: &SeenLock, own: &SeenLock, target: &Target, now: Option<Timestamp>) -> Option<Finding> {
    let id = |seen: &LockSeen| seen.found.lock.as_ref().ok().map(|lock| lock.id.clone());
    let finding = match (item, own) {
        (Ok(None), _) => return None,
        (Ok(Some(lock)), Ok(Some(own))) if id(lock).is_some() && id(lock) == id(own) => return None,
        (Ok(Some(lock)), _) => judge(lock, target, now),
        (Err(unseen), _) => unseen.leaves_unknown(Check::Locks),
    };
    let table = target.table.as_deref().unwrap_or_default();
    Some(finding.about(format!("{} in table {table}", target.state.path())))
}

/// A lock is left over if `break` would take it away without further words, or if nobody can read it. `now` is for locks whose age no
/// server says.
fn judge(LockSeen { found, holder }: &LockSeen, target: &Target, now: Option<Timestamp>) -> Finding {
    let check = Check::Locks;
    let whose = held_by(&target.state, found);
    let dead = || format!("if its holder is surely gone: {}", break_command(target, found));
    let free = || format!("tfstate-lock break {}", on_state(target));
    match breaking::judge(&Ground::Proof, Some(Suspect { found, holder: *holder }), None) {
        Verdict::Break { ground: BrokenOn::ProcessGone, .. } => {
            check.fails(format!("{whose}: its process ran on this machine and is gone"), free())
        }
        Verdict::Break { .. } => check.fails(format!("{whose}: its lease is over"), free()),
        Verdict::NotProved(_, Missing::Unreadable) => check.fails(whose, break_command(target, found)),
        Verdict::NotProved(_, missing @ Missing::LeaseRuns(_)) => check.passes(format!("{whose}: {missing}")),
        Verdict::NotProved(_, Missing::NoLease(age)) => match age.or_else(|| claimed_age(found, now)) {
            Some(age) if age < OLD => check.passes(format!("{whose}: it is {} old", words(age))),
            _ => check.is_unknown(format!("{whose}: {}", Missing::NoLease(age)), Some(dead())),
        },
        Verdict::NotProved(_, missing) => check.is_unknown(format!("{whose}: {missing}"), Some(dead())),
        Verdict::Free | Verdict::Another(_) => check.is_unknown(whose, Some(dead())),
    }
}

/// How old a lock says that it is. Only to be lenient: none is ever called dead by the clock of another machine.
fn claimed_age(found: &Found, now: Option<Timestamp>) -> Option<Duration> {
    let lock = found.lock.as_ref().ok()?;
    Duration::try_from(now?.duration_since(lock.created)).ok()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict as Judged;
    use super::super::finding::Verdict::{Fail, Pass, Unknown};
    use super::super::seen::Unseen;
    use super::*;
    use crate::lock::info::LockInfo;
    use crate::object_settings::ObjectSettings;
    use crate::protocol::Token;

    const NOW: Timestamp = Timestamp::constant(1_764_000_000, 0);
    const HOUR: i64 = 3600;
    const LEASE: &str = r#"{\"ttl\":300,\"seq\":1}"#;

    fn target() -> Option<Target> {
        let state = "s3://states/prod/app.tfstate".parse().ok()?;
        Some(Target { state, table: Some("locks".to_owned()), settings: ObjectSettings::default() })
    }

    /// A lock that is so many seconds old; none if nobody knows.
    fn lock(id: &str, info: &str, age: Option<i64>) -> LockSeen {
        let created = Timestamp::new(NOW.as_second() - age.unwrap_or(HOUR), 0).unwrap_or(NOW);
        let json = format!(r#"{{"ID":"{id}","Who":"ci@runner","Info":"{info}","Created":"{created}"}}"#);
        let found = Found {
            lock: LockInfo::parse(json.as_bytes()),
            token: Token("\"e\"".to_owned()),
            modified: age.map(|_| created),
            answered: age.map(|_| NOW),
            version_id: None,
            encryption: None,
        };
        LockSeen { found: Box::new(found), holder: Liveness::Elsewhere }
    }

    fn unreadable() -> LockSeen {
        let seen = lock("a", "", Some(1));
        LockSeen { found: Box::new(Found { lock: LockInfo::parse(b""), ..*seen.found }), ..seen }
    }

    fn verdicts(own: &SeenLock, item: Option<&SeenLock>) -> Vec<Judged> {
        let locks = LocksSeen { own: own.clone(), others: Ok(Vec::new()) };
        let found = target().map(|target| examine(&locks, item, &target, Some(NOW)));
        found.unwrap_or_default().into_iter().map(|finding| finding.verdict).collect()
    }

    #[test]
    fn a_lock_is_left_over_if_its_lease_is_over() {
        let there = |id, info, age| Ok(Some(lock(id, info, age)));
        let cases = [
            (Ok(None), Pass),
            (there("a", "", Some(60)), Pass),
            (there("a", LEASE, Some(60)), Pass),
            (there("a", LEASE, Some(100 * HOUR)), Fail),
            (Ok(Some(LockSeen { holder: Liveness::Gone, ..lock("a", LEASE, Some(60)) })), Fail),
            (Ok(Some(unreadable())), Fail),
            (there("a", "", Some(25 * HOUR)), Unknown),
            (there("a", LEASE, None), Unknown),
            (Err(Unseen::NotReached), Unknown),
        ];
        for (own, expected) in cases {
            assert_eq!(verdicts(&own, None), [expected], "{own:?}");
        }
    }

    #[test]
    fn the_lock_in_the_table_counts_by_itself_if_it_is_another() {
        let own = || Ok(Some(lock("a", LEASE, Some(60))));
        let item = |id, info| Ok(Some(lock(id, info, None)));
        let cases = [
            (own(), item("a", LEASE), vec![Pass]),
            (own(), item("b", LEASE), vec![Pass, Unknown]),
            (Ok(None), item("b", ""), vec![Pass]),
            (Ok(None), Ok(None), vec![Pass]),
            (Ok(None), Err(Unseen::NotReached), vec![Unknown]),
        ];
        for (own, item, expected) in cases {
            assert_eq!(verdicts(&own, Some(&item)), expected, "{item:?}");
        }
        let target = target().unwrap();
        let locks = LocksSeen { own: Ok(None), others: Ok(Vec::new()) };
        let late = examine(&locks, Some(&item("b", "")), &target, Some(NOW + Duration::from_hours(30)));
        assert_eq!(late[0].verdict, Unknown);
        let broken = examine(&locks, Some(&Ok(Some(unreadable()))), &target, Some(NOW));
        assert!(broken[0].hint.as_ref().unwrap().contains("--dynamodb-table locks --etag"), "{broken:?}");
    }

    #[test]
    fn each_workspace_is_named_with_the_command_that_frees_it() {
        let blue: StateAddress = "s3://states/env:/blue/prod/app.tfstate".parse().unwrap();
        let others = vec![(blue, Ok(Some(lock("a", LEASE, Some(HOUR)))))];
        let locks = LocksSeen { own: Ok(None), others: Ok(others) };
        let findings = examine(&locks, None, &target().unwrap(), Some(NOW));
        assert_eq!(findings[0].title(), "locks env:/blue/prod/app.tfstate.tflock");
        let hint = "tfstate-lock break s3://states/env:/blue/prod/app.tfstate --dynamodb-table locks";
        assert_eq!(findings[0].hint.as_deref(), Some(hint));
        let unlisted = LocksSeen { own: Ok(None), others: Err(Unseen::NotReached) };
        let findings = examine(&unlisted, None, &target().unwrap(), Some(NOW));
        assert_eq!((findings[0].verdict, findings[0].title().as_str()), (Unknown, "locks workspaces"));
    }
}

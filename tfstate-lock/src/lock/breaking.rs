//! Whether a lock may be taken away, and which of its places are meant.

use std::fmt;
use std::time::Duration;

use crate::lock::info::LockInfo;
use crate::lock::lease::{self, Liveness};
use crate::protocol::give_back::Target;
use crate::protocol::{Found, Token};
use crate::report::span::words;
use crate::report::{BrokenOn, LockPlace};
use crate::request::Ground;

/// A lock that lies at a place, and what is known of its holder.
#[derive(Clone, Copy, Debug)]
pub struct Suspect<'a> {
    /// What lies there.
    pub found: &'a Found,
    /// What is known of the process that keeps its lease.
    pub holder: Liveness,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing lies anywhere.
    Free,
    /// These may be deleted.
    Break {
        /// The object.
        object: bool,
        /// The item.
        item: bool,
        /// Why.
        ground: BrokenOn,
    },
    /// The lock that was named is not there: this one is.
    Another(LockPlace),
    /// It is not proved that this one's holder is gone.
    NotProved(LockPlace, Missing),
}

/// What a proof lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// There is no lease. The age, if it is known, proves nothing.
    NoLease(Option<Duration>),
    /// The lease lasts so much longer.
    LeaseRuns(Duration),
    /// There is a lease, but nobody says when it began.
    NoBeginning,
    /// It is too young.
    Younger {
        /// How old it is.
        age: Duration,
        /// How old it would have to be.
        wanted: Duration,
    },
    /// Nobody says how old it is.
    NoAge,
    /// Nobody can read it.
    Unreadable,
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLease(Some(age)) => {
                write!(formatter, "it has no lease, and that it is {} old proves nothing", words(*age))
            }
            Self::NoLease(None) => formatter.write_str("it has no lease"),
            Self::LeaseRuns(left) => write!(formatter, "its lease lasts {} more", words(*left)),
            Self::NoBeginning => formatter.write_str("the table does not say when its lease began"),
            Self::Younger { age, wanted } => write!(formatter, "it is {} old, not {}", words(*age), words(*wanted)),
            Self::NoAge => formatter.write_str("nothing says how old it is"),
            Self::Unreadable => formatter.write_str("nobody can read it"),
        }
    }
}

/// Judges what lies in the bucket and in the table. What lies in the table under the object's id is the same lock, and shares its fate.
#[must_use]
pub fn judge(ground: &Ground, object: Option<Suspect<'_>>, item: Option<Suspect<'_>>) -> Verdict {
    if object.is_none() && item.is_none() {
        return Verdict::Free;
    }
    match ground {
        Ground::Named(named) => by_name(named, object, item),
        Ground::Older(age) => by_proof(object, item, |suspect| older(suspect, *age)),
        Ground::Proof => by_proof(object, item, dead),
    }
}

fn by_name(named: &Target, object: Option<Suspect<'_>>, item: Option<Suspect<'_>>) -> Verdict {
    let is_object = object.is_some_and(|suspect| is_named(named, suspect.found));
    let shares = is_object && is_same(object, item);
    let is_item = shares || item.is_some_and(|suspect| is_item_named(named, suspect.found));
    let ground = match named {
        Target::Id(_) => BrokenOn::Id,
        Target::Token(_) => BrokenOn::Etag,
    };
    match (is_object || is_item, object) {
        (true, _) => Verdict::Break { object: is_object, item: is_item, ground },
        (false, Some(_)) => Verdict::Another(LockPlace::Bucket),
        (false, None) => Verdict::Another(LockPlace::Table),
    }
}

fn by_proof(
    object: Option<Suspect<'_>>,
    item: Option<Suspect<'_>>,
    proof: impl Fn(Suspect<'_>) -> Result<BrokenOn, Missing>,
) -> Verdict {
    let of_object = object.map(&proof);
    let of_item = if is_same(object, item) { of_object } else { item.map(&proof) };
    match (of_object, of_item) {
        (Some(Err(missing)), _) => Verdict::NotProved(LockPlace::Bucket, missing),
        (_, Some(Err(missing))) => Verdict::NotProved(LockPlace::Table, missing),
        (Some(Ok(ground)), _) | (None, Some(Ok(ground))) => {
            Verdict::Break { object: of_object.is_some(), item: of_item.is_some(), ground }
        }
        (None, None) => Verdict::Free,
    }
}

/// Whether its age is beyond what a person allows. A lease that still runs is a promise of its holder's, and no age breaks it.
fn older(suspect: Suspect<'_>, wanted: Duration) -> Result<BrokenOn, Missing> {
    let age = suspect.found.age().ok_or(Missing::NoAge)?;
    match left(suspect.found) {
        Some(left) if !left.is_zero() => Err(Missing::LeaseRuns(left)),
        _ if age < wanted => Err(Missing::Younger { age, wanted }),
        _ => Ok(BrokenOn::OlderThan),
    }
}

/// Whether it is proved that the holder is gone.
fn dead(suspect: Suspect<'_>) -> Result<BrokenOn, Missing> {
    let found = suspect.found;
    if found.is_expired() {
        return Ok(BrokenOn::LeaseOver);
    }
    if suspect.holder == Liveness::Gone {
        return Ok(BrokenOn::ProcessGone);
    }
    match (&found.lock, found.lease(), left(found)) {
        (Err(_), ..) => Err(Missing::Unreadable),
        (Ok(_), None, _) => Err(Missing::NoLease(found.age())),
        (Ok(_), Some(_), None) => Err(Missing::NoBeginning),
        (Ok(_), Some(_), Some(left)) => Err(Missing::LeaseRuns(left)),
    }
}

/// How much longer its lease lasts.
fn left(found: &Found) -> Option<Duration> {
    Some((found.lease()?.ttl + lease::SLACK).saturating_sub(found.age()?))
}

fn is_same(object: Option<Suspect<'_>>, item: Option<Suspect<'_>>) -> bool {
    let id = |suspect: Option<Suspect<'_>>| suspect.and_then(|suspect| lock(suspect.found).map(|lock| lock.id.clone()));
    id(object).is_some_and(|object| id(item).is_some_and(|item| item == object))
}

fn lock(found: &Found) -> Option<&LockInfo> {
    found.lock.as_ref().ok()
}

fn is_named(named: &Target, found: &Found) -> bool {
    match named {
        Target::Id(id) => lock(found).is_some_and(|lock| lock.id == *id),
        Target::Token(etag) => without_quotes(etag) == without_quotes(&found.token),
    }
}

/// An item has no `ETag`. One that nobody can read is named by its text, as the hint has it.
fn is_item_named(named: &Target, found: &Found) -> bool {
    match named {
        Target::Id(_) => is_named(named, found),
        Target::Token(text) => lock(found).is_none() && *text == found.token,
    }
}

/// Shells take the quotes of an `ETag` away.
fn without_quotes(etag: &Token) -> &str {
    etag.0.trim_matches('"')
}

#[cfg(test)]
mod tests;

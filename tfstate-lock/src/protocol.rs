//! The lock protocol, without a clock and without a network: each act is a machine that says what to ask next and is told what came back.
//!
//! A place is where a lock lies: an object in S3, and perhaps an item in a DynamoDB table as well. Both are asked the same four things, each
//! on a condition, so that of two who ask at the same time only one is served. A conditional write whose answer was lost may have been done:
//! no answer is believed that could be about our own earlier attempt, we look at what lies there and compare ids first.

pub mod give_back;
pub mod overwrite;
pub mod pace;
pub mod renew;
pub mod take;

use std::time::Duration;

use contract::aws::CallError;
use jiff::Timestamp;

use crate::lock::info::{LockInfo, LockInfoError};
use crate::lock::lease::{self, Lease};

/// What names exactly one writing of a lock: the `ETag` of an object, the text of an item. Opaque; whoever holds it can replace or delete that
/// and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(pub String);

impl Token {
    /// An `ETag` that names exactly one object: nothing would be no condition, and `*` would match whatever lies there.
    #[must_use]
    pub fn of_etag(etag: &str) -> Option<Self> {
        let inner = etag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))?;
        (!inner.is_empty() && !inner.contains(['"', '*', ','])).then(|| Self(etag.to_owned()))
    }
}

/// What is asked of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Write the lock if nothing is there.
    Create(LockInfo),
    /// Write the lock over exactly this.
    Replace(LockInfo, Token),
    /// Say what lies there, unless it still is this.
    Look(Option<Token>),
    /// Delete exactly this.
    Delete(Token),
}

/// What came back.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It was written.
    Stored(Token),
    /// It was deleted.
    Deleted,
    /// 412: not done, for something else lies there.
    Differs,
    /// 404: nothing lies there.
    Missing,
    /// 409: not done, for another write was going on.
    Conflict,
    /// No answer, or a server's error: what was asked may have been done.
    Unclear(Option<Box<CallError>>),
    /// 304: it still is what it was, at this time of the server.
    Unchanged(Option<Timestamp>),
    /// Something lies there.
    Found(Box<Found>),
}

/// What lies at a place.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it says, or why it says nothing.
    pub lock: Result<LockInfo, LockInfoError>,
    /// What names it.
    pub token: Token,
    /// When it was written, by the server's clock; an item of a table does not know.
    pub modified: Option<Timestamp>,
    /// When the server answered, by its own clock.
    pub answered: Option<Timestamp>,
    /// The object's version.
    pub version_id: Option<String>,
    /// How the object is encrypted, in the server's words.
    pub encryption: Option<String>,
}

impl Found {
    /// How old it is by the server's clock alone, so that no other clock can be wrong about it.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.age_at(self.answered)
    }

    /// How long it has been held: by the server's clock now, and by the holder's when it was taken; none if the one is behind the other. No verdict
    /// rests on it.
    #[must_use]
    pub fn held(&self) -> Option<Duration> {
        let held = self.answered?.duration_since(self.lock.as_ref().ok()?.created);
        Duration::try_from(held).ok()
    }

    fn age_at(&self, answered: Option<Timestamp>) -> Option<Duration> {
        let age = answered?.duration_since(self.modified?);
        Some(Duration::try_from(age).unwrap_or_default())
    }

    /// The lease of the lock, if it has one.
    #[must_use]
    pub fn lease(&self) -> Option<Lease> {
        Lease::of(self.lock.as_ref().ok()?)
    }

    /// Whether its lease is over: whoever held it has stopped what it held the lock for, if it kept the lease.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.is_expired_at(self.answered)
    }

    fn is_expired_at(&self, answered: Option<Timestamp>) -> bool {
        match (self.lease(), self.age_at(answered)) {
            (Some(lease), Some(age)) => age >= lease.ttl.saturating_add(lease::SLACK),
            _ => false,
        }
    }
}

/// What to do next.
#[derive(Clone, Debug)]
pub enum Step<T> {
    /// Ask this.
    Ask(Request),
    /// Wait so long, then go on.
    Pause(Duration, Reason),
    /// It has ended.
    End(T),
}

/// Why another attempt may do better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Another request was faster, but nothing says that it holds the lock.
    Conflict,
    /// The holder was gone when we looked.
    Released,
    /// Our request never arrived, or its answer is still missing.
    Lost,
    /// Someone holds the lock, and we wait.
    Held,
}

//! The server: an object in S3, an item in DynamoDB, and the state that they guard.
//!
//! Source of the conditions: S3 user guide, `conditional-writes.html`, `conditional-deletes.html`; DynamoDB, `ConditionExpression`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use jiff::Timestamp;
use tfstate_lock::lock::info::LockInfo;
use tfstate_lock::lock::lease::Lease;
use tfstate_lock::protocol::{Answer, Found, Request, Token};

use super::dice::Dice;
use super::plan::Server;

/// The server's time when the world begins.
const BEGIN: Timestamp = Timestamp::constant(1_800_000_000, 0);
/// So much two machines of the server differ at most.
const DISAGREEMENT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Object,
    Item,
}

/// What is asked of the server.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// What the protocol asks.
    On(Request),
    /// What Terraform asks in the end: to delete whatever is there.
    PlainDelete,
}

impl Asked {
    pub(super) fn is_write(&self) -> bool {
        !matches!(self, Self::On(Request::Look(_)))
    }
}

/// How a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coming {
    /// As its sender expects.
    Expected,
    /// For the second time: what it writes counts from the first.
    Again,
    /// When its sender had given it up.
    TooLate,
}

/// A lock that lies somewhere.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) lock: LockInfo,
    pub(super) token: Token,
    /// When it was written, since the world began.
    pub(super) written: Duration,
    /// And when by the server.
    modified: Timestamp,
    pub(super) coming: Coming,
}

impl Entry {
    /// Until when nobody may take it over; none if nobody ever may.
    pub(super) fn lease_over(&self) -> Option<Duration> {
        Some(self.written + Lease::of(&self.lock)?.ttl)
    }
}

#[derive(Default)]
pub(super) struct Store {
    object: Option<Entry>,
    item: Option<Entry>,
    /// The serial of the state.
    pub(super) serial: u64,
    server: Server,
    writes: u64,
}

impl Store {
    pub(super) fn new(server: Server) -> Self {
        Self { server, ..Self::default() }
    }

    pub(super) fn entry(&self, place: Place) -> Option<&Entry> {
        match place {
            Place::Object => self.object.as_ref(),
            Place::Item => self.item.as_ref(),
        }
    }

    pub(super) fn holds(&self, place: Place, lock: &LockInfo) -> bool {
        self.entry(place).is_some_and(|entry| entry.lock.id == lock.id)
    }

    /// Does what is asked, now.
    pub(super) fn answer(
        &mut self,
        place: Place,
        asked: &Asked,
        now: Duration,
        coming: Coming,
        dice: &mut Dice,
    ) -> Answer {
        if let Some(refusal) = self.refusal(place, asked) {
            return refusal;
        }
        match asked {
            Asked::On(Request::Look(unless)) => self.look(place, unless.as_ref(), now, dice),
            Asked::On(Request::Create(lock) | Request::Replace(lock, _)) => self.write(place, lock, now, coming, dice),
            Asked::On(Request::Delete(_)) | Asked::PlainDelete => self.delete(place),
        }
    }

    /// Whether the condition of a request has failed.
    fn refusal(&self, place: Place, asked: &Asked) -> Option<Answer> {
        let there = self.entry(place);
        match asked {
            Asked::PlainDelete | Asked::On(Request::Look(_)) => None,
            Asked::On(Request::Create(_)) => there.map(|_| Answer::Differs),
            // An object that is not there is missing; a condition on an item that is not there has failed.
            Asked::On(_) if there.is_none() && place == Place::Object => Some(Answer::Missing),
            Asked::On(Request::Replace(_, token) | Request::Delete(token)) => {
                let is_same = there.is_some_and(|entry| entry.token == *token);
                (!is_same).then_some(Answer::Differs)
            }
        }
    }

    fn write(&mut self, place: Place, lock: &LockInfo, now: Duration, coming: Coming, dice: &mut Dice) -> Answer {
        self.writes += 1;
        let token = match place {
            Place::Item => text(lock),
            Place::Object if self.server.has_hashes => hash(&lock.to_bytes()),
            Place::Object => format!("{:08x}", self.writes),
        };
        let entry =
            Entry { lock: lock.clone(), token: Token(token), written: now, modified: server_time(now, dice), coming };
        let token = entry.token.clone();
        *self.slot(place) = Some(entry);
        Answer::Stored(token)
    }

    fn delete(&mut self, place: Place) -> Answer {
        *self.slot(place) = None;
        Answer::Deleted
    }

    fn slot(&mut self, place: Place) -> &mut Option<Entry> {
        match place {
            Place::Object => &mut self.object,
            Place::Item => &mut self.item,
        }
    }

    fn look(&self, place: Place, unless: Option<&Token>, now: Duration, dice: &mut Dice) -> Answer {
        let Some(entry) = self.entry(place) else {
            return Answer::Missing;
        };
        let is_object = place == Place::Object;
        let answered = (is_object && self.server.has_date).then(|| server_time(now, dice));
        if unless == Some(&entry.token) {
            return Answer::Unchanged(answered);
        }
        Answer::Found(Box::new(Found {
            lock: Ok(entry.lock.clone()),
            token: entry.token.clone(),
            modified: is_object.then_some(entry.modified),
            answered,
            version_id: None,
            encryption: None,
        }))
    }
}

/// Whole seconds, by one of the server's machines.
fn server_time(now: Duration, dice: &mut Dice) -> Timestamp {
    let by_its_clock = now + dice.up_to(DISAGREEMENT);
    BEGIN + Duration::from_secs(by_its_clock.as_secs())
}

fn text(lock: &LockInfo) -> String {
    String::from_utf8(lock.to_bytes()).unwrap()
}

fn hash(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

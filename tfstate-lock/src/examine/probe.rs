//! Whether the store keeps what a lock stands on, by what it did with a probe object.
//!
//! Source of what it has to do: S3 user guide, `conditional-writes.html`, `conditional-deletes.html`. Stores that do otherwise exist: some
//! pass over `If-Match` of a DELETE, one refuses a PUT with `If-None-Match` over a delete marker for ever (rustfs/rustfs#1610).

use contract::aws::{CallError, CallErrorKind};

use super::finding::{Check, Finding};
use super::seen::{Seen, Unseen};
use crate::lock::id::LockId;
use crate::protocol::{Answer, Found, Token};

const HINT: &str = "no lock is safe in this store: bring it up to date, or keep the state elsewhere";

/// What the store did with the probe object, in this order.
#[derive(Clone, Debug)]
pub struct Probe {
    /// A first lock, where nothing lies.
    pub created: Seen<Answer>,
    /// A look at it.
    pub read: Seen<Answer>,
    /// Another lock, as if nothing lay there.
    pub created_again: Seen<Answer>,
    /// Another lock, in place of something that does not lie there.
    pub replaced_wrongly: Seen<Answer>,
    /// A second lock, in place of what lies there.
    pub replaced: Seen<Answer>,
    /// A look at it.
    pub read_again: Seen<Answer>,
    /// A delete of something that does not lie there.
    pub deleted_wrongly: Seen<Answer>,
    /// A delete of what lies there.
    pub deleted: Seen<Answer>,
    /// A look afterwards.
    pub read_after_delete: Seen<Answer>,
    /// Another lock, in place of what was deleted.
    pub replaced_nothing: Seen<Answer>,
    /// A third lock, where something was deleted.
    pub recreated: Seen<Answer>,
    /// The ids of the first and the second lock.
    pub ids: [LockId; 2],
}

impl Probe {
    /// One that saw nothing, for one reason.
    #[must_use]
    pub fn unseen(why: &Unseen, ids: [LockId; 2]) -> Self {
        let unseen = || Err(why.clone());
        Self {
            created: unseen(),
            read: unseen(),
            created_again: unseen(),
            replaced_wrongly: unseen(),
            replaced: unseen(),
            read_again: unseen(),
            deleted_wrongly: unseen(),
            deleted: unseen(),
            read_after_delete: unseen(),
            replaced_nothing: unseen(),
            recreated: unseen(),
            ids,
        }
    }

    /// How S3 said that the probe object is encrypted.
    pub(super) fn encryption(&self) -> Option<&str> {
        found(&self.read).and_then(|found| found.encryption.as_deref())
    }

    fn read_after_write(&self) -> Outcome {
        let shows = |seen: &Seen<Answer>, id: &LockId| match seen {
            Ok(Answer::Found(found)) if found.lock.as_ref().is_ok_and(|lock| lock.id == *id) => Outcome::Good,
            Ok(Answer::Found(_)) => Outcome::Bad("a read showed something else than what was written last".to_owned()),
            Ok(Answer::Missing) => Outcome::Bad("a read showed nothing, although something was written".to_owned()),
            other => unsaid(other),
        };
        let [first, second] = &self.ids;
        let gone = match &self.read_after_delete {
            Ok(Answer::Missing) => Outcome::Good,
            Ok(Answer::Found(_)) => Outcome::Bad("a read showed an object that was deleted".to_owned()),
            other => unsaid(other),
        };
        shows(&self.read, first).and(shows(&self.read_again, second)).and(gone)
    }

    fn replaced_nothing(&self) -> Outcome {
        match &self.replaced_nothing {
            Ok(Answer::Missing) => Outcome::Good,
            other => {
                refused(other, "it wrote in place of an object that was gone: a lock that was taken away comes back")
            }
        }
    }

    fn etag_changes(&self) -> Outcome {
        match (stored(&self.created), stored(&self.replaced)) {
            (Some(first), Some(second)) if first == second => {
                Outcome::Bad("two different locks had the same ETag: neither can be told from the other".to_owned())
            }
            (Some(_), Some(second)) => match found(&self.read_again) {
                Some(found) if found.token == *second => Outcome::Good,
                Some(_) => Outcome::Bad("a read said another ETag than the write".to_owned()),
                None => unsaid(&self.read_again),
            },
            (None, _) => unsaid(&self.created),
            (_, None) => unsaid(&self.replaced),
        }
    }
}

pub(super) fn examine(probe: &Probe) -> [Finding; 6] {
    let overwrote = "it wrote over an object that was there: two can hold the lock at once";
    let replaced = "it wrote over an object that it was not to: a lock can be taken over twice";
    let deleted =
        "it deleted an object that it was not to, the condition was passed over: a lock of someone else can be removed";
    let after = match &probe.recreated {
        Ok(Answer::Differs) => Outcome::Bad(
            "after a delete it still says that something is there: a lock can be taken only once".to_owned(),
        ),
        other => done(other),
    };
    [
        finding(
            Check::CreateIsConditional,
            first(&probe.created).and(refused(&probe.created_again, overwrote)),
            "a PUT with If-None-Match: * keeps what is there",
        ),
        finding(
            Check::ReplaceIsConditional,
            refused(&probe.replaced_wrongly, replaced).and(done(&probe.replaced)).and(probe.replaced_nothing()),
            "a PUT with If-Match writes over that object and no other",
        ),
        finding(
            Check::DeleteIsConditional,
            refused(&probe.deleted_wrongly, deleted).and(done(&probe.deleted)),
            "a DELETE with If-Match deletes that object and no other",
        ),
        finding(Check::CreateAfterDelete, after, "a PUT with If-None-Match: * is done where something was deleted"),
        finding(Check::ReadAfterWrite, probe.read_after_write(), "a read shows what was written last"),
        finding(Check::EtagChanges, probe.etag_changes(), "each writing has an ETag of its own"),
    ]
}

/// What one or several answers come to.
enum Outcome {
    Good,
    Bad(String),
    Unsaid(String, Option<String>),
}

impl Outcome {
    /// What is bad counts more than what nobody knows.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Bad(why), _) | (_, Self::Bad(why)) => Self::Bad(why),
            (Self::Good, other) => other,
            (unsaid, _) => unsaid,
        }
    }
}

fn finding(check: Check, outcome: Outcome, good: &str) -> Finding {
    match outcome {
        Outcome::Good => check.passes(good),
        Outcome::Bad(why) => check.fails(why, HINT),
        Outcome::Unsaid(why, hint) => check.is_unknown(why, hint),
    }
}

/// It had to say 412.
fn refused(seen: &Seen<Answer>, otherwise: &str) -> Outcome {
    match seen {
        Ok(Answer::Differs) => Outcome::Good,
        Ok(Answer::Stored(_) | Answer::Deleted) => Outcome::Bad(otherwise.to_owned()),
        Ok(Answer::Missing) => Outcome::Bad("it says that nothing is there, although something was written".to_owned()),
        other => unsaid(other),
    }
}

/// It had to be done.
fn done(seen: &Seen<Answer>) -> Outcome {
    match seen {
        Ok(Answer::Stored(_) | Answer::Deleted) => Outcome::Good,
        Ok(Answer::Differs) => Outcome::Bad("it says 412 although the condition holds".to_owned()),
        Ok(Answer::Missing) => Outcome::Bad("it says that nothing is there, although something was written".to_owned()),
        other => unsaid(other),
    }
}

/// The first write may fail for reasons that have nothing to do with conditions: a key that is not there, a name that is too long.
fn first(created: &Seen<Answer>) -> Outcome {
    match created {
        Err(unseen @ Unseen::Failed(call)) if !matches!(call.status, Some(405 | 501)) => {
            Outcome::Unsaid(unseen.to_string(), unseen.hint())
        }
        other => done(other),
    }
}

/// An answer that decides nothing, or one by which the store says that it does not know conditions.
fn unsaid(seen: &Seen<Answer>) -> Outcome {
    match seen {
        Ok(Answer::Unclear(Some(call))) | Err(Unseen::Failed(call)) if is_beyond_it(call) => {
            Outcome::Bad(call.to_string())
        }
        Ok(Answer::Unclear(Some(call))) => Outcome::Unsaid(call.to_string(), None),
        Ok(Answer::Conflict) => Outcome::Unsaid("it said 409 again and again".to_owned(), None),
        Ok(_) => Outcome::Unsaid("its answer is not understood".to_owned(), None),
        Err(unseen) => Outcome::Unsaid(unseen.to_string(), unseen.hint()),
    }
}

/// Whether a store says that it does not do what was asked: 400, 405, 501 and their like.
pub(crate) fn is_beyond_it(call: &CallError) -> bool {
    call.status == Some(501) || (call.kind == CallErrorKind::Refused && call.status.is_some_and(|status| status != 404))
}

fn stored(seen: &Seen<Answer>) -> Option<&Token> {
    match seen {
        Ok(Answer::Stored(token)) => Some(token),
        _ => None,
    }
}

fn found(seen: &Seen<Answer>) -> Option<&Found> {
    match seen {
        Ok(Answer::Found(found)) => Some(found),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

//! What an answer of S3 means for the lock. Pure: no clock, no network.
//!
//! A conditional PUT or DELETE whose answer was lost may have been done. So no answer is believed that could be about our own earlier
//! attempt: we look at the object and compare ids first.

use crate::lock_id::LockId;
use crate::lock_info::{LockInfo, LockInfoError};

/// What came of one `PUT If-None-Match: *`.
#[derive(Debug)]
pub enum PutOutcome {
    /// 200: the lock is ours.
    Stored {
        /// The object's `ETag`.
        etag: String,
    },
    /// 412: something is there.
    Exists,
    /// 409: another write was going on. Nothing was written.
    Conflict,
    /// No answer, or a server's error: it may have been written.
    Unclear,
}

/// What came of one `DELETE If-Match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteOutcome {
    /// 204.
    Deleted,
    /// 404: nothing is there.
    Gone,
    /// 412: something else is there.
    Differs,
    /// 409: another write was going on. Nothing was deleted.
    Conflict,
    /// No answer, or a server's error: it may have been deleted.
    Unclear,
}

/// What lies at the lock's key.
#[derive(Debug)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A lock.
    Lock {
        /// What it says.
        info: LockInfo,
        /// The object's `ETag`.
        etag: String,
    },
    /// Something that is no lock.
    Garbage(LockInfoError),
}

/// Who holds the lock if we do not.
#[derive(Debug)]
pub enum Holder {
    /// Someone who says so.
    Known(Box<LockInfo>),
    /// Nobody knows: the object cannot be read, by Terraform neither.
    Unreadable(LockInfoError),
}

/// Why another attempt may do better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Another request was faster, but nothing says that it holds the lock.
    Conflict,
    /// The holder was gone when we looked.
    Released,
    /// Our request never arrived.
    Lost,
}

/// What to do after a PUT.
#[derive(Debug, PartialEq, Eq)]
pub enum AfterPut {
    /// The lock is ours.
    Acquired {
        /// The object's `ETag`.
        etag: String,
    },
    /// See what lies there.
    Look,
    /// Put again.
    TryAgain(Reason),
}

/// What to do after a look that a PUT made necessary.
#[derive(Debug)]
pub enum Acquisition {
    /// The lock is ours: an earlier attempt was done although its answer was lost.
    Acquired {
        /// The object's `ETag`.
        etag: String,
    },
    /// It is someone else's.
    HeldBy(Holder),
    /// Put again.
    TryAgain(Reason),
}

/// What to do after a DELETE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterDelete {
    /// The lock is free, by our hand.
    Released,
    /// The lock was gone before we came.
    Gone,
    /// See what lies there.
    Look,
    /// Delete again.
    TryAgain,
}

/// What to do after a look for a lock that is to be released.
#[derive(Debug)]
pub enum Release {
    /// It is there and ours: delete exactly this.
    Delete {
        /// What it says.
        info: LockInfo,
        /// The object's `ETag`.
        etag: String,
    },
    /// It is free, by our hand.
    Released,
    /// It was gone before we came.
    Gone,
    /// It is someone else's.
    HeldBy(Holder),
}

/// What a PUT means.
#[must_use]
pub fn after_put(outcome: PutOutcome) -> AfterPut {
    match outcome {
        PutOutcome::Stored { etag } => AfterPut::Acquired { etag },
        PutOutcome::Exists | PutOutcome::Unclear => AfterPut::Look,
        PutOutcome::Conflict => AfterPut::TryAgain(Reason::Conflict),
    }
}

/// What lies there after a PUT that did not say "stored". `unclear` is whether the PUT had no answer.
#[must_use]
pub fn after_put_look(ours: &LockId, found: Found, unclear: bool) -> Acquisition {
    match found {
        Found::Lock { info, etag } if info.id == *ours => Acquisition::Acquired { etag },
        Found::Lock { info, .. } => Acquisition::HeldBy(Holder::Known(Box::new(info))),
        Found::Garbage(error) => Acquisition::HeldBy(Holder::Unreadable(error)),
        Found::Nothing if unclear => Acquisition::TryAgain(Reason::Lost),
        Found::Nothing => Acquisition::TryAgain(Reason::Released),
    }
}

/// What a DELETE means. `unclear_before` is whether an earlier one may have been done without our knowing.
#[must_use]
pub fn after_delete(outcome: DeleteOutcome, unclear_before: bool) -> AfterDelete {
    match outcome {
        DeleteOutcome::Deleted => AfterDelete::Released,
        DeleteOutcome::Gone if unclear_before => AfterDelete::Released,
        DeleteOutcome::Gone => AfterDelete::Gone,
        DeleteOutcome::Differs => AfterDelete::Look,
        DeleteOutcome::Conflict | DeleteOutcome::Unclear => AfterDelete::TryAgain,
    }
}

/// What lies there when a lock is to be released. `unclear_before` is whether a DELETE may have been done without our knowing.
#[must_use]
pub fn before_delete(ours: &LockId, found: Found, unclear_before: bool) -> Release {
    match found {
        Found::Lock { info, etag } if info.id == *ours => Release::Delete { info, etag },
        // Ours is gone and the next one is in already: that is how a release ends whose answer was lost.
        Found::Lock { .. } | Found::Garbage(_) | Found::Nothing if unclear_before => Release::Released,
        Found::Lock { info, .. } => Release::HeldBy(Holder::Known(Box::new(info))),
        Found::Garbage(error) => Release::HeldBy(Holder::Unreadable(error)),
        Found::Nothing => Release::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(id: &str) -> Found {
        let json = format!("{{\"ID\":\"{id}\"}}");
        Found::Lock { info: LockInfo::parse(json.as_bytes()).unwrap(), etag: "e".to_owned() }
    }

    fn garbage() -> Found {
        Found::Garbage(LockInfoError::Empty)
    }

    fn word(verdict: &impl std::fmt::Debug) -> String {
        let text = format!("{verdict:?}");
        let end = text.find([' ', '{']).unwrap_or(text.len());
        text[..end].to_owned()
    }

    #[test]
    fn a_put_is_believed_only_if_it_says_stored_or_conflict() {
        let stored = PutOutcome::Stored { etag: "e".to_owned() };
        assert_eq!(after_put(stored), AfterPut::Acquired { etag: "e".to_owned() });
        assert_eq!(after_put(PutOutcome::Exists), AfterPut::Look);
        assert_eq!(after_put(PutOutcome::Unclear), AfterPut::Look);
        assert_eq!(after_put(PutOutcome::Conflict), AfterPut::TryAgain(Reason::Conflict));
    }

    #[test]
    fn what_lies_there_decides_whose_lock_it_is() {
        let ours: LockId = "ours".parse().unwrap();
        for unclear in [false, true] {
            let lost_or_released = if unclear { "TryAgain(Lost)" } else { "TryAgain(Released)" };
            let cases = [
                (lock("ours"), "Acquired"),
                (lock("theirs"), "HeldBy(Known(LockInfo"),
                (garbage(), "HeldBy(Unreadable(Empty))"),
                (Found::Nothing, lost_or_released),
            ];
            for (found, expected) in cases {
                assert_eq!(word(&after_put_look(&ours, found, unclear)), expected, "unclear: {unclear}");
            }
        }
    }

    #[test]
    fn a_delete_that_finds_nothing_is_ours_only_if_one_before_it_was_unclear() {
        use AfterDelete::{Gone, Look, Released, TryAgain};
        let cases = [
            (DeleteOutcome::Deleted, Released, Released),
            (DeleteOutcome::Gone, Gone, Released),
            (DeleteOutcome::Differs, Look, Look),
            (DeleteOutcome::Conflict, TryAgain, TryAgain),
            (DeleteOutcome::Unclear, TryAgain, TryAgain),
        ];
        for (outcome, first, after_unclear) in cases {
            assert_eq!(after_delete(outcome, false), first, "{outcome:?}");
            assert_eq!(after_delete(outcome, true), after_unclear, "{outcome:?} after an unclear one");
        }
    }

    #[test]
    fn only_our_own_lock_is_deleted() {
        let ours: LockId = "ours".parse().unwrap();
        let cases = [
            (lock("ours"), false, "Delete"),
            (lock("ours"), true, "Delete"),
            (lock("theirs"), false, "HeldBy(Known(LockInfo"),
            (lock("theirs"), true, "Released"),
            (garbage(), false, "HeldBy(Unreadable(Empty))"),
            (Found::Nothing, false, "Gone"),
            (Found::Nothing, true, "Released"),
        ];
        for (found, unclear, expected) in cases {
            assert_eq!(word(&before_delete(&ours, found, unclear)), expected, "unclear: {unclear}");
        }
    }
}

//! Renewing a lease: writing the lock again, over exactly what we wrote last.

use std::time::Duration;

use super::pace::Jitter;
use super::{Answer, Found, Reason, Request, Step, Token};
use crate::lock::info::LockInfo;
use crate::lock::lease::Lease;

/// One renewal. The caller ends it when the lease is over: until then it is tried again and again.
#[derive(Debug)]
pub struct Renew {
    lock: LockInfo,
    seq: u64,
    token: Token,
    jitter: Jitter,
    asked: Request,
    asked_at: Duration,
    is_unclear: bool,
    /// Since when the renewed lock may lie there: since our first write, or since the last look that has not found it.
    written_since: Duration,
    attempts: u32,
}

/// How it ended.
#[derive(Clone, Debug)]
pub enum Renewed {
    /// The lease counts anew.
    Kept {
        /// What the lock says now.
        lock: Box<LockInfo>,
        /// What names it now.
        token: Token,
        /// From when on the lease counts: not later than it was written.
        since: Duration,
    },
    /// The lock is not ours any more: it is free, or another's.
    Lost(Option<Box<Found>>),
}

impl Renew {
    /// Begins to renew `lock` with the first thing to ask; none if it has no lease.
    #[must_use]
    pub fn begin(lock: &LockInfo, token: Token, jitter: Jitter, now: Duration) -> Option<(Self, Request)> {
        let lock = Lease::rewritten(lock)?;
        let seq = Lease::of(&lock)?.seq;
        let asked = Request::Replace(lock.clone(), token.clone());
        let renew = Self {
            lock,
            seq,
            token,
            jitter,
            asked: asked.clone(),
            asked_at: now,
            is_unclear: false,
            written_since: now,
            attempts: 0,
        };
        Some((renew, asked))
    }

    /// What to do now that this was heard.
    pub fn hear(&mut self, answer: Answer, now: Duration) -> Step<Renewed> {
        match answer {
            Answer::Stored(token) => Step::End(self.kept(token, self.asked_at)),
            Answer::Missing => Step::End(Renewed::Lost(None)),
            Answer::Differs | Answer::Deleted | Answer::Unchanged(_) => self.look(now),
            Answer::Conflict => self.again(Reason::Conflict),
            Answer::Unclear(_) if matches!(self.asked, Request::Look(_)) => self.again(Reason::Lost),
            Answer::Unclear(_) => {
                self.is_unclear = true;
                self.again(Reason::Lost)
            }
            Answer::Found(found) => match &found.lock {
                Ok(lock) if lock.id == self.lock.id => match Lease::of(lock) {
                    Some(lease) if lease.seq == self.seq => {
                        Step::End(self.kept(found.token.clone(), self.written_since))
                    }
                    _ => {
                        self.written_since = self.asked_at;
                        self.token = found.token.clone();
                        self.write(now)
                    }
                },
                _ => Step::End(Renewed::Lost(Some(found))),
            },
        }
    }

    /// What to do after a pause. A write that may have been done is not done again blindly: it would meet its own work.
    pub fn resume(&mut self, now: Duration) -> Request {
        let request =
            if self.is_unclear { Request::Look(None) } else { Request::Replace(self.lock.clone(), self.token.clone()) };
        self.note(request, now)
    }

    fn kept(&self, token: Token, since: Duration) -> Renewed {
        Renewed::Kept { lock: Box::new(self.lock.clone()), token, since }
    }

    fn look(&mut self, now: Duration) -> Step<Renewed> {
        Step::Ask(self.note(Request::Look(None), now))
    }

    fn write(&mut self, now: Duration) -> Step<Renewed> {
        Step::Ask(self.note(Request::Replace(self.lock.clone(), self.token.clone()), now))
    }

    fn again(&mut self, reason: Reason) -> Step<Renewed> {
        let pause = self.jitter.between_attempts(self.attempts);
        self.attempts = self.attempts.saturating_add(1);
        Step::Pause(pause, reason)
    }

    fn note(&mut self, request: Request, now: Duration) -> Request {
        self.asked_at = now;
        self.asked = request.clone();
        request
    }
}

#[cfg(test)]
mod tests;

//! Taking a lock, and waiting for it.

use std::time::Duration;

use contract::aws::CallError;
use jiff::Timestamp;

use super::pace::Jitter;
use super::{Answer, Found, Reason, Request, Step, Token};
use crate::lock::id::LockId;
use crate::lock::info::LockInfo;
use crate::lock::lease::Lease;

/// Attempts in a row that met another or had no answer, if nobody wants to wait.
const ATTEMPTS: u32 = 5;

/// Taking a lock at one place. All times are durations on the caller's own steady clock.
#[derive(Debug)]
pub struct Take {
    lock: LockInfo,
    /// Until when every other lock with a lease is dead, for the first place is ours so long.
    first_is_ours_until: Option<Duration>,
    /// Until when to wait for a holder; none if not at all.
    deadline: Option<Duration>,
    jitter: Jitter,
    asked: Request,
    asked_at: Duration,
    /// Whether one of our writes may have been done without our knowing.
    is_unclear: bool,
    /// Since when our lock may lie there: since our first write, or since the last look that has not found it.
    written_since: Duration,
    last_fault: Option<Box<CallError>>,
    attempts: u32,
    seen: Option<Seen>,
    /// The dead lock over which ours may have been written.
    over: Option<Box<LockInfo>>,
    overtaken: u32,
    is_last: bool,
}

/// The lock of another, as long as it does not change.
#[derive(Debug)]
struct Seen {
    found: Found,
    /// When it was seen first, on our own clock.
    since: Duration,
}

/// How it ended.
#[derive(Clone, Debug)]
pub enum Taken {
    /// The lock is ours.
    Ours {
        /// What it says.
        lock: Box<LockInfo>,
        /// What names it.
        token: Token,
        /// From when on its lease counts: not later than it was written.
        since: Duration,
        /// Whose lock it was until its lease was over.
        instead_of: Option<Box<LockInfo>>,
    },
    /// It is someone else's.
    HeldBy(Box<Found>),
    /// It went to and fro, so often.
    Busy(u32),
    /// There was no answer that would say whether it is ours.
    Unknown(Option<Box<CallError>>),
}

impl Take {
    /// Begins to take the lock `lock`, with the first thing to ask.
    #[must_use]
    pub fn begin(lock: LockInfo, deadline: Option<Duration>, jitter: Jitter, now: Duration) -> (Self, Request) {
        let asked = Request::Create(lock.clone());
        let take = Self {
            lock,
            first_is_ours_until: None,
            deadline,
            jitter,
            asked: asked.clone(),
            asked_at: now,
            is_unclear: false,
            written_since: now,
            last_fault: None,
            attempts: 0,
            seen: None,
            over: None,
            overtaken: 0,
            is_last: deadline.is_none(),
        };
        (take, asked)
    }

    /// The same at the second place of a lock whose first one is ours until then. A lock with a lease that lies there so long is dead: its
    /// holder held the first place before, and would hold it still. It was left behind, or has come too late.
    #[must_use]
    pub fn at_second_place(self, first_is_ours_until: Duration) -> Self {
        Self { first_is_ours_until: Some(first_is_ours_until), ..self }
    }

    /// Whether a write of ours may have been done without our knowing.
    #[must_use]
    pub fn is_unclear(&self) -> bool {
        self.is_unclear
    }

    /// The id of the lock that is being taken.
    #[must_use]
    pub fn id(&self) -> &LockId {
        &self.lock.id
    }

    /// Whose lock is being waited for.
    #[must_use]
    pub fn holder(&self) -> Option<&Found> {
        self.seen.as_ref().map(|seen| &seen.found)
    }

    /// What to do now that this was heard.
    pub fn hear(&mut self, answer: Answer, now: Duration) -> Step<Taken> {
        if !matches!(answer, Answer::Conflict | Answer::Unclear(_)) {
            self.last_fault = None;
        }
        match answer {
            Answer::Stored(token) => Step::End(self.ours(self.lock.clone(), token, self.asked_at)),
            Answer::Differs | Answer::Deleted => self.ask(Request::Look(None), now),
            Answer::Missing if matches!(self.asked, Request::Look(_)) => {
                self.not_found();
                self.free(now)
            }
            Answer::Missing => {
                (self.seen, self.over) = (None, None);
                self.again(Reason::Released, now)
            }
            Answer::Conflict => self.again(Reason::Conflict, now),
            Answer::Unclear(fault) => self.unclear(fault, now),
            Answer::Unchanged(answered) => self.unchanged(answered, now),
            Answer::Found(found) => self.found(*found, now),
        }
    }

    /// What to do after a pause.
    pub fn resume(&mut self, now: Duration) -> Request {
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            self.is_last = true;
        }
        let request = match &self.seen {
            Some(seen) => Request::Look(Some(seen.found.token.clone())),
            None => Request::Create(self.rewritten()),
        };
        self.note(request, now)
    }

    fn ask(&mut self, request: Request, now: Duration) -> Step<Taken> {
        Step::Ask(self.note(request, now))
    }

    fn note(&mut self, request: Request, now: Duration) -> Request {
        self.asked = request.clone();
        self.asked_at = now;
        request
    }

    /// Our lock for one more attempt, as none was before.
    fn rewritten(&mut self) -> LockInfo {
        if let Some(lock) = Lease::rewritten(&self.lock) {
            self.lock = lock;
        }
        self.lock.clone()
    }

    fn ours(&mut self, lock: LockInfo, token: Token, since: Duration) -> Taken {
        Taken::Ours { lock: Box::new(lock), token, since, instead_of: self.over.take() }
    }

    /// This look has not found our lock: if it lies there, it was written later.
    fn not_found(&mut self) {
        self.over = None;
        self.written_since = self.asked_at;
    }

    /// Nothing lies there: take it.
    fn free(&mut self, now: Duration) -> Step<Taken> {
        self.seen = None;
        if self.attempts == 0 {
            self.attempts = 1;
            let request = Request::Create(self.rewritten());
            return self.ask(request, now);
        }
        self.again(Reason::Released, now)
    }

    /// Tries again after a short pause, for nobody is known to hold the lock.
    fn again(&mut self, reason: Reason, now: Duration) -> Step<Taken> {
        if self.attempts + 1 >= ATTEMPTS && self.is_last {
            return Step::End(if self.is_unclear {
                Taken::Unknown(self.last_fault.take())
            } else {
                Taken::Busy(self.attempts + 1)
            });
        }
        let pause = self.jitter.between_attempts(self.attempts.min(ATTEMPTS));
        self.attempts += 1;
        Step::Pause(self.within_deadline(pause, now), reason)
    }

    fn unclear(&mut self, fault: Option<Box<CallError>>, now: Duration) -> Step<Taken> {
        self.last_fault = fault;
        match self.asked {
            Request::Look(_) if self.is_last => Step::End(Taken::Unknown(self.last_fault.take())),
            Request::Look(_) => self.again(Reason::Lost, now),
            Request::Create(_) | Request::Replace(..) | Request::Delete(_) => {
                self.is_unclear = true;
                self.ask(Request::Look(None), now)
            }
        }
    }

    fn unchanged(&mut self, answered: Option<Timestamp>, now: Duration) -> Step<Taken> {
        let Some(seen) = &mut self.seen else {
            return self.ask(Request::Look(None), now);
        };
        if answered.is_some() {
            seen.found.answered = answered;
        }
        self.not_found();
        self.held(now)
    }

    fn found(&mut self, found: Found, now: Duration) -> Step<Taken> {
        if let Some(lock) = found.lock.as_ref().ok().filter(|lock| lock.id == self.lock.id) {
            // An earlier attempt was done, whatever its answer said: it may have arrived twice.
            return Step::End(self.ours(lock.clone(), found.token, self.written_since));
        }
        self.not_found();
        self.attempts = 0;
        let before = self.seen.take();
        let is_new = before.as_ref().is_none_or(|seen| seen.found.token != found.token);
        if before.is_some() && is_new {
            self.overtaken = self.overtaken.saturating_add(1);
        }
        let since = before.filter(|_| !is_new).map_or(now, |seen| seen.since);
        self.seen = Some(Seen { found, since });
        self.held(now)
    }

    /// Someone holds the lock: it is taken over if that is dead, waited for, or told.
    fn held(&mut self, now: Duration) -> Step<Taken> {
        let Some(seen) = &self.seen else {
            return self.ask(Request::Look(None), now);
        };
        if self.is_dead(seen, now) {
            let (dead, token) = (seen.found.lock.clone(), seen.found.token.clone());
            self.over = dead.ok().map(Box::new);
            let request = Request::Replace(self.rewritten(), token);
            return self.ask(request, now);
        }
        if self.is_last {
            return Step::End(Taken::HeldBy(Box::new(seen.found.clone())));
        }
        let pause = self.jitter.between_looks(self.overtaken, now.saturating_sub(seen.since));
        Step::Pause(self.within_deadline(pause, now), Reason::Held)
    }

    /// Its lease is over by the server's clock alone, or nobody renewed it for as long by ours alone. The time at which a lock says that it was
    /// made is never asked: that is the clock of another machine.
    fn is_dead(&self, seen: &Seen, now: Duration) -> bool {
        let Some(lease) = seen.found.lease() else {
            return false;
        };
        let is_unmoved = now.saturating_sub(seen.since) >= lease.ttl;
        let was_left_behind = self.first_is_ours_until.is_some_and(|until| now < until);
        was_left_behind || is_unmoved || seen.found.is_expired()
    }

    /// The last attempt is at the deadline, not before it.
    fn within_deadline(&self, pause: Duration, now: Duration) -> Duration {
        match self.deadline {
            Some(deadline) if !self.is_last => pause.min(deadline.saturating_sub(now)),
            _ => pause,
        }
    }
}

#[cfg(test)]
mod tests;

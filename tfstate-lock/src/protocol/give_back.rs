//! Giving a lock back, or taking it away: deleting exactly that lock.

use contract::aws::CallError;

use super::pace::Jitter;
use super::{Answer, Found, Reason, Request, Step, Token};
use crate::lock::id::LockId;
use crate::lock::info::LockInfo;

/// Attempts at one delete.
const ATTEMPTS: u32 = 5;

/// Which lock is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one with this id, however often it was renewed.
    Id(LockId),
    /// Exactly this, whatever it says.
    Token(Token),
}

/// Deleting a lock at one place.
#[derive(Debug)]
pub struct GiveBack {
    target: Target,
    known: Option<Token>,
    jitter: Jitter,
    asked: Request,
    unclear: bool,
    attempts: u32,
    last: Option<LockInfo>,
}

/// How it ended.
#[derive(Clone, Debug)]
pub enum GivenBack {
    /// It is free, by our hand.
    Deleted(Option<Box<LockInfo>>),
    /// It was gone before we came.
    Gone,
    /// Something else lies there.
    HeldBy(Box<Found>),
    /// It went to and fro, so often.
    Busy(u32),
    /// There was no answer that would say whether it is gone.
    Unknown(Option<Box<CallError>>),
}

impl GiveBack {
    /// Begins, with the first thing to ask. `known` is what names the lock, if that is known: then no look is needed.
    #[must_use]
    pub fn begin(target: Target, known: Option<Token>, jitter: Jitter) -> (Self, Request) {
        let asked = known.clone().map_or(Request::Look(None), Request::Delete);
        let give_back = Self { target, known, jitter, asked: asked.clone(), unclear: false, attempts: 0, last: None };
        (give_back, asked)
    }

    /// The same where it is known what the lock says.
    #[must_use]
    pub fn saying(self, lock: Option<LockInfo>) -> Self {
        Self { last: lock, ..self }
    }

    /// Whether a delete of ours may have been done without our knowing.
    #[must_use]
    pub fn is_unclear(&self) -> bool {
        self.unclear
    }

    /// What to do now that this was heard.
    pub fn hear(&mut self, answer: Answer) -> Step<GivenBack> {
        match answer {
            Answer::Deleted => Step::End(self.deleted()),
            Answer::Missing if self.unclear => Step::End(self.deleted()),
            Answer::Missing => Step::End(GivenBack::Gone),
            Answer::Differs | Answer::Stored(_) | Answer::Unchanged(_) => self.differs(),
            Answer::Conflict => self.again(Reason::Conflict, None),
            Answer::Unclear(fault) => {
                self.unclear |= matches!(self.asked, Request::Delete(_));
                self.again(Reason::Lost, fault)
            }
            Answer::Found(found) => self.found(found),
        }
    }

    /// What to do after a pause.
    pub fn resume(&mut self) -> Request {
        let request = self.known.clone().map_or(Request::Look(None), Request::Delete);
        self.asked = request.clone();
        request
    }

    fn found(&mut self, found: Box<Found>) -> Step<GivenBack> {
        let is_meant = match (&self.target, &found.lock) {
            (Target::Id(id), Ok(lock)) => lock.id == *id,
            (Target::Id(_), Err(_)) => false,
            (Target::Token(token), _) => found.token == *token,
        };
        if is_meant {
            self.known = Some(found.token.clone());
            self.last = found.lock.ok();
            return self.resume_now();
        }
        // Another id: ours is gone and the next one is in already, which is how a release ends whose answer was lost. Another token alone may
        // be the same lock, renewed before our delete came.
        let is_next = match (&self.target, &self.last, &found.lock) {
            (Target::Id(_), _, _) => true,
            (Target::Token(_), Some(last), Ok(lock)) => last.id != lock.id,
            (Target::Token(_), _, _) => false,
        };
        Step::End(if self.unclear && is_next { self.deleted() } else { GivenBack::HeldBy(found) })
    }

    /// What we knew lies there no more: it was renewed, or is another's.
    fn differs(&mut self) -> Step<GivenBack> {
        self.known = None;
        if self.attempts >= ATTEMPTS {
            return Step::End(if self.unclear { GivenBack::Unknown(None) } else { GivenBack::Busy(self.attempts) });
        }
        self.attempts += 1;
        self.ask(Request::Look(None))
    }

    fn again(&mut self, reason: Reason, fault: Option<Box<CallError>>) -> Step<GivenBack> {
        if self.attempts + 1 >= ATTEMPTS {
            return Step::End(match (self.unclear, fault) {
                (false, None) => GivenBack::Busy(ATTEMPTS),
                (_, fault) => GivenBack::Unknown(fault),
            });
        }
        let pause = self.jitter.between_attempts(self.attempts);
        self.attempts += 1;
        Step::Pause(pause, reason)
    }

    fn resume_now(&mut self) -> Step<GivenBack> {
        Step::Ask(self.resume())
    }

    fn ask(&mut self, request: Request) -> Step<GivenBack> {
        self.asked = request.clone();
        Step::Ask(request)
    }

    fn deleted(&mut self) -> GivenBack {
        GivenBack::Deleted(self.last.take().map(Box::new))
    }
}

#[cfg(test)]
mod tests;

//! Doing with an object of our own what is done with locks.

use contract::Session;

use crate::aws::{LockItem, LockObject, Place};
use crate::examine::{Probe, Seen, Unseen, is_beyond_it};
use crate::lock::info::LockInfo;
use crate::process::boot_time;
use crate::protocol::pace::Jitter;
use crate::protocol::{Answer, Request, Token};

/// Attempts at one request that met another, or had no answer.
const ATTEMPTS: u32 = 4;
/// An `ETag` that no object of ours has.
const NOBODYS: &str = "\"00000000000000000000000000000000\"";

/// What probes.
pub(super) struct Prober<'a> {
    place: Place<'a>,
    session: &'a Session,
    jitter: Jitter,
    wrote: bool,
}

impl<'a> Prober<'a> {
    pub(super) fn new(object: &'a LockObject, session: &'a Session) -> Self {
        Self { place: Place::Object(object), session, jitter: Jitter::new(boot_time::seed()), wrote: false }
    }

    /// Whether something of ours may lie there, or may have.
    pub(super) fn may_have_written(&self) -> bool {
        self.wrote
    }

    /// Goes through all that a lock needs. A step that does what it should not is followed by what puts it right, so that the steps after
    /// it still say something.
    pub(super) async fn probe(&mut self, [first, second, third, other]: &[LockInfo; 4]) -> Probe {
        let nobodys = || Token(NOBODYS.to_owned());
        let mut probe = Probe::unseen(&Unseen::NotTried, [first.id.clone(), second.id.clone()]);
        probe.created = self.ask(Request::Create(first.clone())).await;
        let Some(mut token) = stored(&probe.created) else {
            return probe;
        };
        probe.read = self.ask(Request::Look(None)).await;
        probe.created_again = self.ask(Request::Create(other.clone())).await;
        token = stored(&probe.created_again).unwrap_or(token);
        probe.replaced_wrongly = self.ask(Request::Replace(other.clone(), nobodys())).await;
        token = stored(&probe.replaced_wrongly).unwrap_or(token);
        probe.replaced = self.ask(Request::Replace(second.clone(), token.clone())).await;
        token = stored(&probe.replaced).unwrap_or(token);
        probe.read_again = self.ask(Request::Look(None)).await;
        probe.deleted_wrongly = self.ask(Request::Delete(nobodys())).await;
        if matches!(probe.deleted_wrongly, Ok(Answer::Deleted)) {
            token = stored(&self.ask(Request::Create(second.clone())).await).unwrap_or(token);
        }
        probe.deleted = self.ask(Request::Delete(token.clone())).await;
        if !matches!(probe.deleted, Ok(Answer::Deleted)) {
            return probe;
        }
        probe.read_after_delete = self.ask(Request::Look(None)).await;
        probe.replaced_nothing = self.ask(Request::Replace(other.clone(), token)).await;
        if let Some(token) = stored(&probe.replaced_nothing) {
            // It is in the way of the next step, and what becomes of this one is seen there.
            let _ = self.ask(Request::Delete(token)).await;
        }
        probe.recreated = self.ask(Request::Create(third.clone())).await;
        probe
    }

    /// Asks until there is an answer. After one that was lost, a look says whether it was done.
    async fn ask(&mut self, request: Request) -> Seen<Answer> {
        if self.session.is_interrupted() {
            return Err(Unseen::NotTried);
        }
        let (mut was_unclear, mut attempt) = (false, 0);
        loop {
            let answer = self.place.ask(&request).await?;
            self.wrote |= matches!(answer, Answer::Stored(_) | Answer::Unclear(_));
            let is_over = attempt + 1 >= ATTEMPTS || self.session.is_interrupted();
            match &answer {
                Answer::Unclear(Some(call)) if is_beyond_it(call) => return Ok(answer),
                Answer::Unclear(_) | Answer::Conflict if is_over => return Ok(answer),
                Answer::Unclear(_) => was_unclear = true,
                Answer::Conflict => {}
                _ if was_unclear => return self.done_after_all(&request, answer).await,
                _ => return Ok(answer),
            }
            tokio::time::sleep(self.jitter.between_attempts(attempt)).await;
            attempt += 1;
        }
    }

    /// An attempt before the last may have been done: then the last one met our own work.
    async fn done_after_all(&self, request: &Request, answer: Answer) -> Seen<Answer> {
        let lock = match (request, &answer) {
            (Request::Delete(_), Answer::Missing) => return Ok(Answer::Deleted),
            (Request::Create(lock) | Request::Replace(lock, _), Answer::Differs) => lock,
            _ => return Ok(answer),
        };
        match self.place.ask(&Request::Look(None)).await? {
            Answer::Found(found) if found.lock.as_ref().is_ok_and(|found| found.id == lock.id) => {
                Ok(Answer::Stored(found.token))
            }
            _ => Ok(answer),
        }
    }
}

/// Writes and deletes in the table on conditions that do not hold: it shows that the role may, and changes nothing.
pub(super) async fn at_table(item: &LockItem, lock: &LockInfo) -> (Seen<Answer>, Seen<Answer>) {
    let nobodys = || Token(NOBODYS.to_owned());
    let place = Place::Item(item);
    let replaced = place.ask(&Request::Replace(lock.clone(), nobodys())).await;
    if let Ok(Answer::Stored(token)) = &replaced {
        // The table wrote what it was not to. Should this fail, the finding names the table.
        let _ = place.ask(&Request::Delete(token.clone())).await;
    }
    let deleted = place.ask(&Request::Delete(nobodys())).await;
    (replaced.map_err(Unseen::from), deleted.map_err(Unseen::from))
}

fn stored(seen: &Seen<Answer>) -> Option<Token> {
    match seen {
        Ok(Answer::Stored(token)) => Some(token.clone()),
        _ => None,
    }
}

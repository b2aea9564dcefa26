//! Taking the lock at all its places, or at none.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use contract::Session;
use contract::aws::CallError;
use jiff::Timestamp;

use super::give_back;
use super::keep::{self, Lost};
use crate::aws::{LockItem, Place, Store};
use crate::error::{Error, held_by, on_state, release_command};
use crate::lock::id::LockId;
use crate::lock::info::LockInfo;
use crate::lock::lease::Lease;
use crate::process::boot_time;
use crate::process::identity::ProcessIdentity;
use crate::process::who::user_at_host;
use crate::protocol::pace::Jitter;
use crate::protocol::take::{Take, Taken};
use crate::protocol::{Found, Reason, Step, Token};
use crate::report::{Lock, LockState};
use crate::request::{self, Target};
use crate::state::address::StateAddress;

/// A lock that is ours.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// What it says.
    pub(super) lock: LockInfo,
    /// What names it in the bucket.
    pub(super) object: Token,
    /// What names it in the table, if there is one.
    pub(super) item: Option<Token>,
    /// From when on its lease counts, on the clock of [`boot_time::now`].
    pub(super) since: Duration,
    /// Whose lock it was until its lease was over.
    pub(super) instead_of: Option<Box<LockInfo>>,
    /// Whether a renewal was begun and not ended.
    pub(super) is_renewing: bool,
}

/// Takes the lock, and waits for it if that is asked. A signal waits for the outcome of a request that may take it; if it was taken then, it is
/// given back before the run ends.
pub(super) async fn take(
    target: &Target,
    asked: &request::Lock,
    process: Option<ProcessIdentity>,
    store: &Store,
    session: &Session,
) -> Result<Held, Error> {
    let deadline = (!asked.wait.is_zero()).then(|| boot_time::now() + asked.wait);
    loop {
        // Each round has a lock of its own. The same one would have the same `ETag`: a DELETE of the round before that comes late would delete
        // it, and whoever looks now and then would not see that it is new.
        let random = random().map_err(Error::Randomness)?;
        let lock = lock_info(target, asked, process.clone(), LockId::from_random(random.0), session.version);
        let taking = Taking { target, store, session, jitter: Jitter::new(random.1) };
        taking.leave_word(None, &lock);
        let held = taking.object(&lock, deadline).await?;
        let Some(item) = &store.item else {
            return taking.fresh(held).await;
        };
        match session.to_the_end(Box::pin(taking.item(item, held))).await? {
            InTable::Ours(held) => return taking.fresh(*held).await,
            // The signal ends the run here.
            InTable::GivenBack => return std::future::pending().await,
            InTable::HeldBy(found) if deadline.is_some_and(|deadline| boot_time::now() < deadline) => {
                taking.wait(&found, deadline).await;
            }
            InTable::HeldBy(found) => {
                return Err(Error::Held {
                    target: Box::new(target.clone()),
                    found,
                    table: Some(item.table().to_owned()),
                });
            }
        }
    }
}

/// What came of the lock in the table.
enum InTable {
    /// Both locks are ours.
    Ours(Box<Held>),
    /// It is another's; the one in the bucket was given back.
    HeldBy(Box<Found>),
    /// Both were ours and were given back, for a signal came.
    GivenBack,
}

struct Taking<'a> {
    target: &'a Target,
    store: &'a Store,
    session: &'a Session,
    jitter: Jitter,
}

impl Taking<'_> {
    /// Takes the lock in the bucket.
    async fn object(&self, lock: &LockInfo, deadline: Option<Duration>) -> Result<Held, Error> {
        let (mut take, mut request) = Take::begin(lock.clone(), deadline, self.jitter, boot_time::now());
        let place = Place::Object(&self.store.lock);
        let mut told = None;
        loop {
            let burst = Box::pin(async {
                let step = self.burst(place, &mut take, request).await;
                match &step {
                    Ok(Step::End(Taken::Ours { token, .. })) if self.session.is_interrupted() => {
                        self.undo(lock, token).await;
                        None
                    }
                    _ => Some(step),
                }
            });
            let Some(step) = self.session.to_the_end(burst).await else {
                // The signal ends the run here.
                return std::future::pending().await;
            };
            match step? {
                Step::End(Taken::Ours { lock, token, since, instead_of }) => {
                    return Ok(Held { lock: *lock, object: token, item: None, since, instead_of, is_renewing: false });
                }
                Step::End(taken) => return Err(self.refused(taken, &take, lock, None)),
                Step::Pause(pause, reason) => {
                    self.tell(reason, take.holder(), &mut told);
                    self.leave_word(take.holder().filter(|_| !take.is_unclear()), lock);
                    tokio::time::sleep(pause).await;
                    self.leave_word(None, lock);
                    request = take.resume(boot_time::now());
                }
                Step::Ask(next) => request = next,
            }
        }
    }

    /// Says what the document is to say if the run is ended now: that nothing was taken from this holder, or that nobody knows.
    fn leave_word(&self, holder: Option<&Found>, lock: &LockInfo) {
        if let Some(found) = holder {
            let left = Lock::new(self.target, LockState::HeldByOther).found(found);
            return self.session.checkpoint(&left, "nothing was taken: run it again, or wait for longer");
        }
        let left = Lock::new(self.target, LockState::Unknown).saying(lock);
        self.session.checkpoint(&left, &release_command(self.target, &lock.id));
    }

    /// Takes the lock in the table, or gives back the one in the bucket.
    async fn item(&self, item: &LockItem, held: Held) -> Result<InTable, Error> {
        let (take, mut request) = Take::begin(held.lock.clone(), None, self.jitter, boot_time::now());
        let lease_over = Lease::of(&held.lock).map_or(Duration::MAX, |lease| held.since.saturating_add(lease.ttl));
        let mut take = take.at_second_place(lease_over);
        let error = loop {
            match self.burst(Place::Item(item), &mut take, request).await {
                Ok(Step::End(Taken::Ours { token, .. })) => {
                    let held = Held { item: Some(token), ..held };
                    if self.session.is_interrupted() {
                        give_back::quietly(self.target, self.store, &held, self.session).await;
                        return Ok(InTable::GivenBack);
                    }
                    return Ok(InTable::Ours(Box::new(held)));
                }
                Ok(Step::End(Taken::HeldBy(found))) if self.undo(&held.lock, &held.object).await => {
                    return Ok(InTable::HeldBy(found));
                }
                Ok(Step::End(Taken::HeldBy(found))) => {
                    let why = format!("{}, in the table {}", held_by(&self.target.state, &found), item.table());
                    let target = Box::new(self.target.clone());
                    return Err(Error::NotReleased { target, id: held.lock.id.clone(), why });
                }
                Ok(Step::End(taken)) => break self.refused(taken, &take, &held.lock, Some(item.table())),
                Ok(Step::Pause(pause, _)) => {
                    tokio::time::sleep(pause).await;
                    request = take.resume(boot_time::now());
                }
                Ok(Step::Ask(next)) => request = next,
                Err(error) => break error,
            }
        };
        if !take.is_unclear() {
            self.undo(&held.lock, &held.object).await;
        }
        Err(error)
    }

    /// Asks until the next pause or the end.
    async fn burst(
        &self,
        place: Place<'_>,
        take: &mut Take,
        mut request: crate::protocol::Request,
    ) -> Result<Step<Taken>, Error> {
        loop {
            let answer = match place.ask(&request).await {
                Ok(answer) => answer,
                // An earlier attempt may still have been done, whatever is wrong with this one.
                Err(cause) if take.is_unclear() => return Err(self.uncertain(take.id(), Some(Box::new(cause)))),
                Err(cause) => {
                    // It was not taken: there is nothing to give back.
                    self.session.checkpoint(&Lock::new(self.target, LockState::Unknown), "run it again");
                    return Err(cause.into());
                }
            };
            match take.hear(answer, boot_time::now()) {
                Step::Ask(next) => request = next,
                step => return Ok(step),
            }
        }
    }

    /// A lock whose lease may have gone by while its answer was waited for is renewed before anybody relies on it.
    async fn fresh(&self, mut held: Held) -> Result<Held, Error> {
        let refreshed = self.session.to_the_end(Box::pin(keep::refresh(&mut held, self.store, self.session))).await;
        match refreshed {
            Ok(()) => Ok(held),
            Err(Lost::Taken(found)) => Err(Error::LostMeanwhile { target: Box::new(self.target.clone()), found }),
            Err(Lost::Silence) => Err(self.uncertain(&held.lock.id, None)),
        }
    }

    async fn wait(&self, found: &Found, deadline: Option<Duration>) {
        let mut told = None;
        self.tell(Reason::Held, Some(found), &mut told);
        let mut jitter = self.jitter;
        let left = deadline.unwrap_or_default().saturating_sub(boot_time::now());
        tokio::time::sleep(jitter.between_looks(0, Duration::ZERO).min(left)).await;
    }

    /// Nobody waits for the lock any more who could release it; says whether it is free. Should it not be, the checkpoint of before says how to.
    async fn undo(&self, lock: &LockInfo, token: &Token) -> bool {
        let held = Held {
            lock: lock.clone(),
            object: token.clone(),
            item: None,
            since: Duration::ZERO,
            instead_of: None,
            is_renewing: false,
        };
        give_back::quietly(self.target, self.store, &held, self.session).await
    }

    fn refused(&self, taken: Taken, take: &Take, lock: &LockInfo, table: Option<&str>) -> Error {
        let target = Box::new(self.target.clone());
        match taken {
            Taken::HeldBy(found) => {
                if take.is_unclear() {
                    let warning =
                        "a request of ours had no answer and may still arrive: look again, tfstate-lock inspect";
                    self.session.progress.warning(&format!("{warning} {}", on_state(self.target)));
                }
                Error::Held { target, found, table: table.map(str::to_owned) }
            }
            Taken::Busy(attempts) => Error::Busy { target, attempts },
            Taken::Unknown(Some(cause)) if !take.is_unclear() => Error::Call(cause),
            Taken::Unknown(cause) => self.uncertain(&lock.id, cause),
            Taken::Ours { .. } => self.uncertain(&lock.id, None),
        }
    }

    fn uncertain(&self, id: &LockId, cause: Option<Box<CallError>>) -> Error {
        Error::Uncertain { target: Box::new(self.target.clone()), id: id.clone(), cause }
    }

    fn tell(&self, reason: Reason, holder: Option<&Found>, told: &mut Option<Token>) {
        let message = match reason {
            Reason::Conflict => "another request was faster: trying again".to_owned(),
            Reason::Released => "the lock was just released: trying again".to_owned(),
            Reason::Lost => "S3 gave no answer: trying again".to_owned(),
            Reason::Held => {
                let token = holder.map(|found| &found.token);
                if token.is_none() || told.as_ref() == token {
                    return;
                }
                *told = token.cloned();
                let whose = holder.map(|found| held_by(&self.target.state, found)).unwrap_or_default();
                format!("waiting: {whose}")
            }
        };
        self.session.progress.event("again", &message, &[]);
    }
}

/// The lock that is asked for, made now.
pub(super) fn lock_info(
    target: &Target,
    asked: &request::Lock,
    process: Option<ProcessIdentity>,
    id: LockId,
    version: &str,
) -> LockInfo {
    let info = asked.info.clone();
    LockInfo {
        id,
        operation: asked.operation.clone(),
        info: match asked.lease {
            Some(ttl) => Lease { ttl, seq: 0, process, info }.to_info(),
            None => info,
        },
        who: asked.who.clone().unwrap_or_else(user_at_host),
        version: format!("tfstate-lock {version}"),
        created: Timestamp::now(),
        path: StateAddress::path(&target.state),
    }
}

/// Bytes for the id, and for the jitter.
pub(super) fn random() -> std::io::Result<([u8; 16], [u8; 8])> {
    let (mut id, mut jitter) = ([0; 16], [0; 8]);
    let mut source = File::open("/dev/urandom")?;
    source.read_exact(&mut id)?;
    source.read_exact(&mut jitter)?;
    Ok((id, jitter))
}

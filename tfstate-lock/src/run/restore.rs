//! Putting a copy of the state back.

mod source;

use contract::{Report, Session};

use self::source::Candidate;
use super::overwrite::overwrite;
use super::under_lock::{self, Done, Holding, under_lock};
use super::{copy, digest_in_table, report};
use crate::TfstateLock;
use crate::aws::{self, Object, Store, Stored, Versioning};
use crate::error::{Error, StateError};
use crate::process::boot_time;
use crate::protocol::overwrite::{Overwritten, Sight};
use crate::report::{Backup, Restored};
use crate::request::{Restore, Target};
use crate::state::file::{Reading, StateFile};
use crate::state::restoration::{self, Condition, Content, Current, Refusal, Restore as Verdict};

pub(super) async fn restore(
    target: &Target,
    asked: &Restore,
    store: &Store,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let candidate = source::read(target, asked, store).await?;
    let restoring = Restoring { target, asked, candidate: candidate.as_ref(), store, session };
    // What can be refused without the lock is refused without it.
    restoring.look().await?;
    let versioning = copy::versioning(store, session).await?;
    let work = async |holding: &Holding| {
        Box::pin(restoring.put_back(&versioning, holding)).await.unwrap_or_else(Done::refused)
    };
    under_lock(target, &asked.lock, asked.held.as_ref(), store, session, work).await
}

/// Says what would be.
pub(super) async fn foresee(
    target: &Target,
    asked: &Restore,
    store: &Store,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let candidate = source::read(target, asked, store).await?;
    let restoring = Restoring { target, asked, candidate: candidate.as_ref(), store, session };
    let situation = restoring.look().await?;
    let section = under_lock::foresee(target, asked.held.as_ref(), store).await?;
    let summary = match &situation.verdict {
        Verdict::AlreadyThere { serial } => restoring.is_there(&situation.candidate, *serial),
        Verdict::Write { content: Content::WithSerial(serial), .. } => {
            restoring.put_back_as(&situation, "would be", *serial)
        }
        Verdict::Write { content: Content::AsItIs, .. } => {
            restoring.put_back_as(&situation, "would be", situation.candidate.serial)
        }
    };
    Ok(report(section, summary, None))
}

struct Restoring<'a> {
    target: &'a Target,
    asked: &'a Restore,
    /// None if the state is to be put back from itself.
    candidate: Option<&'a Candidate>,
    store: &'a Store,
    session: &'a Session,
}

/// What lies there, and what that means.
struct Situation {
    /// What lies there.
    object: Option<Object>,
    /// The state that lies there, if it is one.
    before: Option<StateFile>,
    /// What is to be put back.
    candidate: StateFile,
    verdict: Verdict,
}

impl Restoring<'_> {
    /// Looks at the state that is there now, and judges whether the copy may take its place.
    async fn look(&self) -> Result<Situation, Error> {
        let object = self.store.state.get().await?;
        let current =
            object.as_ref().map(|object| Current { state: StateFile::parse(&object.body), etag: object.etag.clone() });
        let candidate: Reading = match (self.candidate, &current) {
            (Some(candidate), _) => Ok(candidate.state.clone()),
            (None, Some(current)) => current.state.clone(),
            (None, None) => return Err(StateError::Missing(self.target.state.clone()).into()),
        };
        let verdict = restoration::judge(current.as_ref(), &candidate).map_err(StateError::from)?;
        let candidate = candidate.map_err(|cause| StateError::from(Refusal::Candidate(cause)))?;
        Ok(Situation { object, before: current.and_then(|current| current.state.ok()), candidate, verdict })
    }

    async fn put_back(&self, versioning: &Versioning, holding: &Holding) -> Result<Done, Error> {
        let situation = self.look().await?;
        // Where the table cannot be read, it could not be set right behind the write either.
        let said = digest_in_table::said(self.store).await?;
        if self.session.is_interrupted() {
            return Ok(Done::default());
        }
        match (&situation.verdict, self.candidate, &situation.object, &situation.before) {
            (Verdict::Write { content, condition }, Some(source), ..) => {
                let replaced = self.keep(&situation, versioning).await?;
                if self.session.is_interrupted() {
                    return Ok(Done { backup: replaced, ..Done::default() });
                }
                match self.write(source, *content, condition, &situation, holding).await {
                    Ok((state, stored)) => {
                        let summary = self.put_back_as(&situation, "was", state.serial);
                        let restored = self.restored(&state, stored, situation.before.as_ref(), replaced);
                        Ok(self.settle(&state, restored, said.as_deref(), summary).await)
                    }
                    Err(error) => Ok(Done { backup: replaced, ..Done::refused(error) }),
                }
            }
            (_, _, Some(object), Some(state)) => {
                let summary = self.is_there(&situation.candidate, state.serial);
                let restored = self.restored(state, copy::stored(object), Some(state), None);
                Ok(self.settle(state, restored, said.as_deref(), summary).await)
            }
            _ => Err(StateError::Missing(self.target.state.clone()).into()),
        }
    }

    /// Nothing is written over that would be gone then.
    async fn keep(&self, situation: &Situation, versioning: &Versioning) -> Result<Option<Backup>, Error> {
        match (&situation.object, &situation.before) {
            (Some(object), Some(state)) => {
                copy::keep(self.target, versioning, object, state, self.store).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Writes the copy over exactly what was looked at, and says what was written.
    async fn write(
        &self,
        source: &Candidate,
        content: Content,
        condition: &Condition,
        situation: &Situation,
        holding: &Holding,
    ) -> Result<(StateFile, Stored), Error> {
        let refused = |cause| StateError::from(Refusal::Candidate(cause));
        let bytes = content.of(source.bytes.clone()).map_err(refused)?;
        let state = StateFile::parse(&bytes).map_err(refused)?;
        if !holding.has_time(boot_time::now()) {
            return Err(StateError::LeaseShort(self.target.state.clone()).into());
        }
        let (condition, before) = match condition {
            Condition::IfMatch(etag) => (aws::Condition::Matches(etag), Some(etag)),
            Condition::IfNoneMatch => (aws::Condition::Absent, None),
        };
        let like = situation.object.as_ref().or(source.object.as_ref());
        let write = async || self.store.state.put(bytes.clone(), condition, like).await;
        let look = async || {
            Ok(match self.store.state.get().await? {
                Some(found) if copy::digest(&found) == state.digest => Sight::Ours(copy::stored(&found)),
                found if found.as_ref().map(|found| &found.etag) == before => Sight::AsBefore,
                _ => Sight::Other,
            })
        };
        let address = || self.target.state.clone();
        match overwrite(write, look).await {
            Overwritten::Done(stored) => Ok((state, stored)),
            Overwritten::Overtaken | Overwritten::Refused => Err(StateError::Changed(address()).into()),
            Overwritten::Busy(attempts) => Err(StateError::Busy { state: address(), attempts }.into()),
            Overwritten::Failed(cause) => Err(Error::Call(cause)),
            Overwritten::Unknown(cause) => Err(StateError::Uncertain { state: address(), cause }.into()),
        }
    }

    fn restored(
        &self,
        state: &StateFile,
        stored: Stored,
        before: Option<&StateFile>,
        replaced: Option<Backup>,
    ) -> Restored {
        Restored {
            from: self.asked.source.place(&self.target.state),
            serial_before: before.map(|before| before.serial),
            serial: state.serial,
            lineage: state.lineage.clone(),
            etag: stored.etag,
            version_id: stored.version_id,
            digest_repaired: None,
            replaced,
        }
    }

    /// Sets the table right for the state that lies there now.
    async fn settle(&self, state: &StateFile, restored: Restored, said: Option<&str>, summary: String) -> Done {
        let settled = digest_in_table::settle(self.target, &state.md5, said, self.store).await;
        let (digest_repaired, refusal) = match settled {
            Ok(repaired) => (repaired, None),
            Err(error) => (Some(false), Some(error)),
        };
        let summary = match digest_repaired {
            Some(true) => format!("{summary}; the table has its digest"),
            _ => summary,
        };
        Done { restored: Some(Restored { digest_repaired, ..restored }), summary, refusal, ..Done::default() }
    }

    fn put_back_as(&self, situation: &Situation, verb: &str, serial: u64) -> String {
        let before = situation.before.as_ref().map(|before| format!(" over serial {}", before.serial));
        let before = before.unwrap_or_default();
        format!("{}: {} {verb} put back as serial {serial}{before}", self.target.state, situation.candidate)
    }

    fn is_there(&self, candidate: &StateFile, serial: u64) -> String {
        format!("{}: {candidate} is there already, as serial {serial}", self.target.state)
    }
}

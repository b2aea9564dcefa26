//! Keeping a lock: its lease is renewed in time, or what it is held for has to stop in time.

use std::time::Duration;

use contract::Session;

use super::take::Held;
use crate::aws::{Place, Store};
use crate::lock::lease::Lease;
use crate::process::boot_time;
use crate::protocol::pace::Jitter;
use crate::protocol::renew::{Renew, Renewed};
use crate::protocol::{Answer, Found, Request, Step};

/// How a lock was lost.
#[derive(Debug)]
pub(super) enum Lost {
    /// It was taken away: what lies there now, if anything.
    Taken(Option<Box<Found>>),
    /// Its lease could not be renewed in time.
    Silence,
}

/// Renews the lease of a lock until the lock is lost; `held` says at every time what is known of it, and `told` is called after each
/// renewal. Never ends for a lock without a lease.
pub(super) async fn keep(held: &mut Held, store: &Store, session: &Session, told: impl Fn()) -> Lost {
    let Some(lease) = Lease::of(&held.lock) else {
        return std::future::pending().await;
    };
    loop {
        boot_time::sleep_until(held.since + lease.interval()).await;
        begin(held);
        let renewed = renew(held, &lease, store, session).await;
        held.is_renewing = false;
        match renewed {
            Some(Renewed::Kept { lock, token, since }) => {
                held.lock = *lock;
                held.object = token;
                held.since = since;
                // Word that comes late would give the command more time than there is.
                if boot_time::now().saturating_sub(since) <= lease.interval() / 4 {
                    told();
                }
                session.progress.detail("renewed", "the lease was renewed", &[]);
            }
            Some(Renewed::Lost(found)) => return Lost::Taken(found),
            None => return Lost::Silence,
        }
    }
}

/// Renews a lease of which much has gone by already: whoever begins now is to have all of it.
pub(super) async fn refresh(held: &mut Held, store: &Store, session: &Session) -> Result<(), Lost> {
    let Some(lease) = Lease::of(&held.lock).filter(|lease| boot_time::now() >= held.since + lease.interval() / 4)
    else {
        return Ok(());
    };
    // If the lease is over, the condition of the write still says whether the lock is ours. It is tried for as long as between two renewals.
    let since = (boot_time::now() + lease.interval()).saturating_sub(lease.ttl.saturating_sub(lease.grace()));
    begin(held);
    let fresh = Held { since, ..held.clone() };
    let renewed = renew(&fresh, &lease, store, session).await;
    held.is_renewing = false;
    match renewed {
        Some(Renewed::Kept { lock, token, since }) => {
            (held.lock, held.object, held.since) = (*lock, token, since);
            Ok(())
        }
        Some(Renewed::Lost(found)) => Err(Lost::Taken(found)),
        None => Err(Lost::Silence),
    }
}

/// A renewal that was broken off may have been done: the next one must not take its work for its own, which came later.
fn begin(held: &mut Held) {
    if held.is_renewing
        && let Some(lock) = Lease::rewritten(&held.lock)
    {
        held.lock = lock;
    }
    held.is_renewing = true;
}

/// One renewal; none if it was not done before what the lock is held for has to stop.
async fn renew(held: &Held, lease: &Lease, store: &Store, session: &Session) -> Option<Renewed> {
    let stop = lease.stop_at(held.since);
    let (mut renew, mut request) =
        Renew::begin(&held.lock, held.object.clone(), Jitter::new(boot_time::seed()), boot_time::now())?;
    let place = Place::Object(&store.lock);
    loop {
        let left = stop.checked_sub(boot_time::now()).filter(|left| !left.is_zero())?;
        let answer = ask(place, &request, left.min(lease.interval()), session).await;
        request = match renew.hear(answer, boot_time::now()) {
            Step::Ask(next) => next,
            Step::End(renewed) => return Some(renewed),
            Step::Pause(pause, _) => {
                tokio::time::sleep(pause.min(left)).await;
                renew.resume(boot_time::now())
            }
        };
    }
}

/// Asks once, and not for too long. Whatever is wrong with an attempt, the next one may do better: credentials are fetched anew, networks come back.
async fn ask(place: Place<'_>, request: &Request, limit: Duration, session: &Session) -> Answer {
    match tokio::time::timeout(limit, place.ask(request)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(cause)) => {
            session.progress.warning(&format!("the lease was not renewed: {cause}"));
            Answer::Unclear(Some(Box::new(cause)))
        }
        Err(_) => Answer::Unclear(None),
    }
}

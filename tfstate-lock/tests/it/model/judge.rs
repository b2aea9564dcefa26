//! What must never happen, and what was seen.

use std::collections::HashMap;
use std::time::Duration;

use tfstate_lock::lock::id::LockId;
use tfstate_lock::lock::info::LockInfo;

use super::store::{Coming, Entry, Place, Store};

/// How far someone is with a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is being taken.
    Wanted,
    /// Its holder was told so.
    Held,
    /// It is being given back.
    Returned,
    /// Nobody knows it any more.
    Dead,
}

#[derive(Debug)]
struct Claim {
    stage: Stage,
    /// Until when its holder counts on it; none for ever.
    lease_over: Option<Duration>,
    /// Whether someone took it away by hand.
    is_broken: bool,
}

#[derive(Debug)]
struct AtWork {
    id: LockId,
    is_frozen: bool,
}

/// What was seen, so that a test can say that it saw something.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) works: u64,
    pub(super) taken_over: u64,
    pub(super) renewed: u64,
    pub(super) lost: u64,
    pub(super) undone: u64,
    pub(super) released: u64,
    pub(super) uncertain: u64,
    pub(super) crashed: u64,
    pub(super) strays: u64,
    pub(super) broken: u64,
    pub(super) stopped: u64,
    pub(super) refused: u64,
    pub(super) overlaps: u64,
    pub(super) requests: u64,
    /// The longest time from the last writing of a dead lock to its being taken over, beyond its lease.
    pub(super) longest_takeover: Duration,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.works += other.works;
        self.taken_over += other.taken_over;
        self.renewed += other.renewed;
        self.lost += other.lost;
        self.undone += other.undone;
        self.released += other.released;
        self.uncertain += other.uncertain;
        self.crashed += other.crashed;
        self.strays += other.strays;
        self.broken += other.broken;
        self.stopped += other.stopped;
        self.refused += other.refused;
        self.overlaps += other.overlaps;
        self.requests += other.requests;
        self.longest_takeover = self.longest_takeover.max(other.longest_takeover);
    }
}

#[derive(Default)]
pub(super) struct Judge {
    claims: HashMap<String, Claim>,
    at_work: Vec<AtWork>,
    /// What must not happen and did: the first of it.
    pub(super) violation: Option<String>,
    pub(super) tally: Tally,
    /// Whether two at work are counted and not judged.
    pub(super) counts_overlaps: bool,
    /// Whether someone wrote the state whose lock was taken away by hand.
    pub(super) is_state_tainted: bool,
}

impl Judge {
    pub(super) fn violated(&mut self, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(what());
        }
    }

    pub(super) fn stage(&self, id: &LockId) -> Stage {
        self.claims.get(id.as_str()).map_or(Stage::Dead, |claim| claim.stage)
    }

    pub(super) fn is_broken(&self, id: &LockId) -> bool {
        self.claims.get(id.as_str()).is_some_and(|claim| claim.is_broken)
    }

    /// Whether its holder has it and may rely on it.
    fn is_held(&self, id: &LockId, now: Duration) -> bool {
        self.claims.get(id.as_str()).is_some_and(|claim| {
            let lasts = claim.lease_over.is_none_or(|over| now < over);
            claim.stage == Stage::Held && !claim.is_broken && lasts
        })
    }

    pub(super) fn wanted(&mut self, id: &LockId) {
        let claim = Claim { stage: Stage::Wanted, lease_over: None, is_broken: false };
        self.claims.insert(id.as_str().to_owned(), claim);
    }

    pub(super) fn set(&mut self, id: &LockId, stage: Stage) {
        if let Some(claim) = self.claims.get_mut(id.as_str()) {
            claim.stage = stage;
        }
        if stage != Stage::Held {
            self.at_work.retain(|other| other.id != *id);
        }
    }

    pub(super) fn broken(&mut self, id: &LockId) {
        self.tally.broken += 1;
        if let Some(claim) = self.claims.get_mut(id.as_str()) {
            claim.is_broken = true;
        }
    }

    /// Someone was told that the lock is theirs, or still is, until then.
    pub(super) fn told_held(
        &mut self,
        lock: &LockInfo,
        places: &[Place],
        lease_over: Option<Duration>,
        store: &Store,
        now: Duration,
    ) {
        if let Some(claim) = self.claims.get_mut(lock.id.as_str()) {
            claim.stage = Stage::Held;
            claim.lease_over = lease_over;
        }
        for place in places {
            if self.is_held(&lock.id, now) && !store.holds(*place, lock) {
                self.violated(|| format!("{} was told that it has the lock and has not: {place:?}", lock.id));
            }
        }
    }

    /// Someone was told that a lock lies there no more.
    pub(super) fn told_gone(&mut self, id: &LockId, place: Place, store: &Store) {
        let there = store.entry(place).filter(|entry| entry.lock.id == *id);
        if there.is_some_and(|entry| entry.coming != Coming::TooLate) {
            self.violated(|| format!("{id} was told that its lock is gone and it is not: {place:?}"));
        }
    }

    /// Someone was told that its lock is another's.
    pub(super) fn told_lost(&mut self, lock: &LockInfo, store: &Store) {
        self.tally.lost += 1;
        let there = store.entry(Place::Object).filter(|entry| entry.lock.id == lock.id);
        if there.is_some_and(|entry| entry.coming != Coming::TooLate) {
            self.violated(|| format!("{} was told that it has lost the lock and has it", lock.id));
        }
    }

    pub(super) fn written(&mut self, place: Place, before: Option<&Entry>, after: &Entry, now: Duration) {
        self.tally.strays += u64::from(after.coming == Coming::TooLate);
        let Some(before) = before.filter(|before| before.lock.id != after.lock.id) else {
            return;
        };
        let (old, new) = (&before.lock.id, &after.lock.id);
        match before.lease_over() {
            None => self.violated(|| format!("{new} took {old} over, which has no lease: {place:?}")),
            Some(over) if place == Place::Object && now < over && before.coming == Coming::Expected => {
                self.violated(|| format!("{new} took {old} over {:?} too early", over.abs_diff(now)));
            }
            Some(_) if self.is_held(old, now) => self.violated(|| format!("{new} took {old} over: {place:?}")),
            Some(over) => {
                self.tally.taken_over += 1;
                if place == Place::Object && now > over {
                    self.tally.longest_takeover = self.tally.longest_takeover.max(now.abs_diff(over));
                }
            }
        }
    }

    pub(super) fn deleted(&mut self, place: Place, before: &Entry, meant: Option<&LockId>, now: Duration) {
        let id = &before.lock.id;
        if meant.is_some_and(|meant| meant != id) {
            self.violated(|| format!("{} deleted the lock {id}: {place:?}", meant.unwrap()));
        }
        if self.is_held(id, now) {
            self.violated(|| format!("{id} was deleted while it is held: {place:?}"));
        }
    }

    /// Someone begins to work, or goes on after it stood still.
    pub(super) fn at_work(&mut self, id: &LockId) {
        self.at_work.retain(|other| other.id != *id);
        let broken = |id: &LockId, claims: &HashMap<String, Claim>| claims[id.as_str()].is_broken;
        let others = self.at_work.iter().filter(|other| !other.is_frozen && !broken(&other.id, &self.claims));
        let other = others.map(|other| other.id.clone()).next();
        if let Some(other) = other.filter(|_| !broken(id, &self.claims)) {
            self.tally.overlaps += 1;
            if !self.counts_overlaps {
                self.violated(|| format!("{id} and {other} are at work at the same time"));
            }
        }
        self.at_work.push(AtWork { id: id.clone(), is_frozen: false });
    }

    pub(super) fn at_rest(&mut self, id: &LockId) {
        self.at_work.retain(|other| other.id != *id);
    }

    pub(super) fn frozen(&mut self, id: &LockId) {
        for other in self.at_work.iter_mut().filter(|other| other.id == *id) {
            other.is_frozen = true;
        }
    }

    pub(super) fn is_at_work(&self, id: &LockId) -> bool {
        self.at_work.iter().any(|other| other.id == *id)
    }

    /// Someone writes the state that it read at this serial.
    pub(super) fn writes_state(&mut self, id: &LockId, read: u64, store: &mut Store) {
        self.tally.works += 1;
        let is_broken = self.is_broken(id);
        self.is_state_tainted |= is_broken;
        if store.serial != read && !self.is_state_tainted && !self.counts_overlaps {
            self.violated(|| format!("{id} writes over a state that it has not read"));
        }
        store.serial = read + 1;
    }
}

//! The section in numbers.

use contract::metrics::{Family, Measured, Sample};

use super::{Examination, Lock, LockState, Section};
use crate::state::address::StateAddress;

static HELD: Family = Family { name: "tfstate_lock_held", help: "Whether somebody holds the lock of the state." };
static LOCKS: Family =
    Family { name: "tfstate_lock_locks", help: "Locks that are held, of those that were looked at." };
static CREATED: Family =
    Family { name: "tfstate_lock_created_timestamp_seconds", help: "When the lock was taken, by its holder's clock." };
static LEASE: Family =
    Family { name: "tfstate_lock_lease_seconds", help: "How long the lock lasts if it is not renewed." };
static EXPIRED: Family = Family { name: "tfstate_lock_lease_expired", help: "Whether the lease of the lock is over." };
static CHECKS: Family = Family { name: "tfstate_lock_checks", help: "Checks of the doctor by their verdict." };

impl Measured for Section {
    fn samples(&self) -> Vec<Sample> {
        match self {
            Self::Lock(lock) => lock.samples(),
            Self::Listing(listing) => {
                let count = LOCKS.counts(listing.locks.len());
                listing.locks.iter().flat_map(|listed| of_lock(&listed.lock)).chain([count]).collect()
            }
            Self::Examination(examination) => examination.samples(),
        }
    }
}

impl Measured for Lock {
    fn samples(&self) -> Vec<Sample> {
        let count = is_held(self.state).map(|is_held| LOCKS.says(is_held));
        of_lock(self).into_iter().chain(count).collect()
    }
}

fn of_lock(lock: &Lock) -> Vec<Sample> {
    let Some(is_held) = is_held(lock.state) else {
        return Vec::new();
    };
    let mut samples = vec![HELD.says(is_held)];
    if is_held {
        samples.extend(lock.info.as_ref().map(|info| CREATED.at(info.created)));
        samples.extend(lock.lease.iter().map(|lease| LEASE.amounts(lease.ttl_seconds)));
        samples.extend(lock.lease.iter().filter_map(|lease| Some(EXPIRED.says(lease.expired?))));
    }
    about(samples, &lock.bucket, &lock.key)
}

impl Measured for Examination {
    fn samples(&self) -> Vec<Sample> {
        let counts = [("pass", self.counts.pass), ("fail", self.counts.fail), ("unknown", self.counts.unknown)];
        let samples = counts.map(|(verdict, count)| CHECKS.counts(count).with("verdict", verdict));
        about(samples.into(), &self.bucket, &self.key)
    }
}

/// Whether somebody holds it; none if nobody knows.
fn is_held(state: LockState) -> Option<bool> {
    match state {
        LockState::Held | LockState::HeldByOther => Some(true),
        LockState::Released | LockState::Broken | LockState::Free | LockState::Gone => Some(false),
        LockState::Unknown => None,
    }
}

/// The same with the address of the state, as all commands take it.
fn about(samples: Vec<Sample>, bucket: &str, lock_key: &str) -> Vec<Sample> {
    let address = StateAddress::of_lock(bucket, lock_key);
    let address = address.map_or_else(|| format!("s3://{bucket}/{lock_key}"), |address| address.to_string());
    samples.into_iter().map(|sample| sample.with("state", address.as_str())).collect()
}

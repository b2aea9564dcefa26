//! A lease: how long a lock lasts if its holder is never heard of again. It stands as JSON in the lock's `Info`, where Terraform shows it to
//! whoever is kept out.
//!
//! A holder renews its lease by writing the lock again, and stops what it does before the lease is over; others may take the lock over when it
//! is. That keeps those apart who keep leases and whose clocks run at the speed of others': it does not keep a state from a holder that was
//! stopped in the middle and goes on later, for Terraform does not look at the lock again before it writes.

mod liveness;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::liveness::Liveness;
use crate::lock::info::LockInfo;
use crate::process::identity::ProcessIdentity;

/// The lease of `run` if nobody says otherwise.
pub const DEFAULT_TTL: Duration = Duration::from_mins(5);
/// The shortest lease: the server's times are whole seconds, and a renewal has to fit in more than once.
pub const SHORTEST_TTL: Duration = Duration::from_secs(10);
/// What others wait beyond the lease: the server's times are whole seconds, and two of its machines may differ a little.
pub const SLACK: Duration = Duration::from_secs(2);
/// The longest time for ending what the lock is held for.
const LONGEST_GRACE: Duration = Duration::from_secs(30);

/// What a lock says about how long it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// How long it lasts from its last writing on.
    pub ttl: Duration,
    /// How often the lock was written before: to renew it, or to take it.
    pub seq: u64,
    /// The process that renews it; none if nobody does.
    pub process: Option<ProcessIdentity>,
    /// What else `Info` says.
    pub info: String,
}

/// A lease as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    info: String,
    /// Seconds.
    ttl: u64,
    #[serde(default)]
    seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    process: Option<ProcessIdentity>,
}

/// Reads a lease: an object, for serde would take a list for one too.
fn read(info: &str) -> Option<Written> {
    serde_json::from_str(info).ok().filter(|_| info.trim_start().starts_with('{'))
}

impl Lease {
    /// The lease of a lock; none if Terraform wrote it, or someone who gave none. What would be over before it could be renewed is none either.
    #[must_use]
    pub fn of(lock: &LockInfo) -> Option<Self> {
        let written = read(&lock.info)?;
        let Written { info, ttl, seq, process } = written;
        (ttl >= SHORTEST_TTL.as_secs()).then(|| Self { ttl: Duration::from_secs(ttl), seq, process, info })
    }

    /// The lock for one more writing; none if it has no lease. No two writings are alike: the same bytes would have the same `ETag`, and whoever
    /// waits would not see that the lock was written again.
    #[must_use]
    pub fn rewritten(lock: &LockInfo) -> Option<LockInfo> {
        let lease = Self::of(lock)?;
        let lease = Self { seq: lease.seq.saturating_add(1), ..lease };
        Some(LockInfo { info: lease.to_info(), ..lock.clone() })
    }

    /// Whether a text would be taken for a lease.
    #[must_use]
    pub fn reads(info: &str) -> bool {
        read(info).is_some()
    }

    /// The text for `Info`.
    #[must_use]
    pub fn to_info(&self) -> String {
        let Self { ttl, seq, process, info } = self.clone();
        let written = Written { info, ttl: ttl.as_secs(), seq, process };
        // Numbers and texts always serialise.
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// How often it is renewed: five attempts have room in it.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.ttl / 5
    }

    /// When what the lock is held for has to stop, so that it has ended when the lease is over: `since` is the beginning of the last request that
    /// wrote the lock, on a clock that counts suspended time.
    #[must_use]
    pub fn stop_at(&self, since: Duration) -> Duration {
        since + self.ttl.saturating_sub(self.grace())
    }

    /// How long what the lock is held for may go on after the last word of a renewal, which comes at most a quarter of an interval late.
    #[must_use]
    pub fn without_word(&self) -> Duration {
        self.ttl.saturating_sub(self.grace()).saturating_sub(self.interval() / 4)
    }

    /// How much of it is kept for ending what the lock is held for.
    #[must_use]
    pub fn grace(&self) -> Duration {
        (self.ttl / 5).min(LONGEST_GRACE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(info: &str) -> Option<LockInfo> {
        let json = serde_json::json!({ "ID": "a", "Info": info }).to_string();
        LockInfo::parse(json.as_bytes()).ok()
    }

    #[test]
    fn a_lease_is_read_as_it_was_written() {
        let text = str::to_owned;
        let process = ProcessIdentity { host: text("vm"), boot: text("b"), namespace: text("n"), pid: 7, started: 9 };
        for (process, info) in [(None, ""), (Some(process), "<schema> migration")] {
            let lease = Lease { ttl: Duration::from_mins(5), seq: 3, process, info: info.to_owned() };
            assert_eq!(Lease::of(&lock(&lease.to_info()).unwrap()), Some(lease));
        }
        let lease = Lease { ttl: Duration::from_mins(5), seq: 0, process: None, info: String::new() };
        assert_eq!(lease.to_info(), r#"{"ttl":300,"seq":0}"#);
    }

    #[test]
    fn a_lock_with_a_lease_is_never_written_twice_alike() {
        let first = lock(r#"{"ttl":300,"seq":6,"info":"migration"}"#).unwrap();
        let next = Lease::rewritten(&first).unwrap();
        assert_eq!(next.info, r#"{"info":"migration","ttl":300,"seq":7}"#);
        assert_eq!(LockInfo { info: first.info.clone(), ..next }, first);
        assert_eq!(Lease::rewritten(&lock("migration").unwrap()), None);
    }

    #[test]
    fn what_others_wrote_is_no_lease() {
        for info in [
            "",
            "ask the platform team",
            "300",
            "{}",
            r#"{"ttl":"300"}"#,
            r#"{"ttl":-1}"#,
            r#"{"ttl":0}"#,
            r#"{"ttl":9}"#,
            r#"[{"ttl":300}]"#,
        ] {
            assert_eq!(Lease::of(&lock(info).unwrap()), None, "{info}");
        }
    }

    #[test]
    fn a_lease_has_room_for_renewals_and_for_an_end() {
        for seconds in [10, 60, 300, 86_400] {
            let lease = Lease { ttl: Duration::from_secs(seconds), seq: 0, process: None, info: String::new() };
            assert!(lease.interval() * 3 + lease.grace() <= lease.ttl, "{seconds}");
            assert!(lease.grace() <= LONGEST_GRACE);
        }
    }
}

//! The clock of a lease. Source: `clock_gettime(2)`.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long the system has been up, the time that it was suspended included. `CLOCK_MONOTONIC`, which [`std::time::Instant`] reads, stands
/// still meanwhile, and a lease does not.
#[must_use]
pub(crate) fn now() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_never_goes_back() {
        let before = super::now();
        assert!(!before.is_zero() && super::now() >= before);
    }
}

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

/// How long to sleep at most: the clock that tokio sleeps by stands still while the machine is suspended.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Sleeps until a moment on this clock.
pub(crate) async fn sleep_until(moment: Duration) {
    while let Some(left) = moment.checked_sub(now()).filter(|left| !left.is_zero()) {
        tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
    }
}

/// A seed that differs from run to run, for pauses that are not to meet.
pub(crate) fn seed() -> [u8; 8] {
    u64::try_from(now().as_nanos()).unwrap_or_default().to_le_bytes()
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_never_goes_back() {
        let before = super::now();
        assert!(!before.is_zero() && super::now() >= before);
    }
}

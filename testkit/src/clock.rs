//! The time of the local AWS: real, sped up, or moved by hand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// What time it is on the local AWS. Clones share the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Mode>>);

#[derive(Clone, Copy, Debug)]
enum Mode {
    Manual(Timestamp),
    Running { origin: Timestamp, started: Instant, speed: f64 },
}

/// Where a manual clock starts, so that every run of a test sees the same timestamps.
const MANUAL_ORIGIN: Timestamp = Timestamp::constant(1_767_225_600, 0);

impl Clock {
    /// A clock that stands still until [`Clock::advance`] moves it. It starts at 2026-01-01T00:00:00Z.
    #[must_use]
    pub fn manual() -> Self {
        Self(Arc::new(Mutex::new(Mode::Manual(MANUAL_ORIGIN))))
    }

    /// A clock that runs `speed` times as fast as the wall clock: one AWS minute lasts `60 / speed` seconds.
    #[must_use]
    pub fn running(speed: f64) -> Self {
        Self(Arc::new(Mutex::new(Mode::Running { origin: Timestamp::now(), started: Instant::now(), speed })))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match *self.lock() {
            Mode::Manual(now) => now,
            Mode::Running { origin, started, speed } => origin + scaled(started.elapsed(), speed),
        }
    }

    /// Moves the clock forward by `duration` of AWS time.
    pub fn advance(&self, duration: Duration) {
        let mut mode = self.lock();
        match &mut *mode {
            Mode::Manual(now) => *now += scaled(duration, 1.0),
            Mode::Running { origin, .. } => *origin += scaled(duration, 1.0),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Mode> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn scaled(duration: Duration, speed: f64) -> SignedDuration {
    SignedDuration::from_secs_f64(duration.as_secs_f64() * speed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_still_until_it_is_moved() {
        let clock = Clock::manual();
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(Duration::from_secs(90));
        assert_eq!(clock.now().duration_since(before), SignedDuration::from_secs(90));
    }

    #[test]
    fn clones_share_the_time() {
        let clock = Clock::manual();
        let twin = clock.clone();
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.now(), twin.now());
    }
}

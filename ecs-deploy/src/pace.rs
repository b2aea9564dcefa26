//! How long to wait between two looks. Pure.

use std::time::Duration;

/// The first pause: a small rollout is seen to end at once.
const FIRST: Duration = Duration::from_millis(200);
/// The longest pause in the first minute.
const EARLY: Duration = Duration::from_secs(1);
/// The longest pause later.
///
/// Source: ECS service quotas, request throttling: service deployment actions refill at 20 a second for the whole account.
const LATE: Duration = Duration::from_secs(4);
/// The longest pause while AWS asks to slow down.
const THROTTLED: Duration = Duration::from_secs(30);
/// When later begins.
const MINUTE: Duration = Duration::from_mins(1);

/// Pauses between looks: short at first, longer later, longer still while AWS asks to slow down.
#[derive(Clone, Debug)]
pub struct Pace {
    next: Duration,
    throttled: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self { next: FIRST, throttled: false }
    }
}

impl Pace {
    /// The next pause, `elapsed` after the first look. `chance` is between 0 and 1 and different each time: many jobs at once shall not look at
    /// once.
    pub fn pause(&mut self, elapsed: Duration, chance: f64) -> Duration {
        let usual = if elapsed < MINUTE { EARLY } else { LATE };
        let (longest, factor) = if self.throttled { (THROTTLED, 2.0) } else { (usual, 1.5) };
        let pause = self.next.min(longest);
        self.next = longest.min(pause.mul_f64(factor));
        pause.mul_f64(0.9 + 0.1 * chance.clamp(0.0, 1.0))
    }

    /// AWS asked to slow down, or did not.
    pub fn throttled(&mut self, throttled: bool) {
        self.throttled = throttled;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_frequent_at_first_and_rarer_later() {
        let mut pace = Pace::default();
        let mut elapsed = Duration::ZERO;
        let mut looks = 0;
        while elapsed < MINUTE {
            let pause = pace.pause(elapsed, 1.0);
            assert!(pause <= EARLY, "{pause:?}");
            elapsed += pause;
            looks += 1;
        }
        assert!((60..70).contains(&looks), "{looks}");
        let late: Vec<Duration> = (0..9).map(|_| pace.pause(elapsed, 1.0)).collect();
        assert_eq!(late.last(), Some(&LATE));
    }

    #[test]
    fn who_is_asked_to_slow_down_does_and_comes_back() {
        let mut pace = Pace::default();
        pace.throttled(true);
        let slowed = (0..12).map(|_| pace.pause(Duration::ZERO, 1.0)).max();
        assert_eq!(slowed, Some(THROTTLED));
        pace.throttled(false);
        assert_eq!(pace.pause(Duration::ZERO, 0.0), EARLY.mul_f64(0.9));
    }
}

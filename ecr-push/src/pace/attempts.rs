//! The one rule about trying again. Pure: it says how long to wait, and whether at all.

use std::time::Duration;

/// So often a request is sent at most, or a blob's upload begun.
const MOST: u32 = 5;
/// So often if it is the registry that asks to wait: it is well, and its time will come.
const MOST_THROTTLED: u32 = 10;
/// The pause after the first attempt; it doubles after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause that is chosen here.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The longest pause that a registry can ask for with `Retry-After`.
const LONGEST_REQUESTED: Duration = Duration::from_mins(5);

/// What a failure allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Trying again later may help; the registry may say how much later.
    Wait(Option<Duration>),
    /// The registry is asked too much: all who ask the same are to wait; it may say how long.
    SlowDown(Option<Duration>),
    /// The token is not taken any more, or never was.
    RenewToken,
    /// Nothing helps.
    None,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again after this long.
    After(Duration),
    /// Try again with a new token.
    WithNewToken,
    /// Give up.
    GiveUp,
}

/// The attempts at one request, or at one blob.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attempts {
    failed: u32,
    throttled: u32,
}

impl Attempts {
    /// How many failed so far.
    #[must_use]
    pub fn failed(&self) -> u32 {
        self.failed + self.throttled
    }

    /// Counts a failed attempt. `jitter`, from 0 to 1, spreads the pauses of many clients.
    pub fn next(&mut self, remedy: Remedy, jitter: f64) -> Next {
        let is_throttled = matches!(remedy, Remedy::SlowDown(_));
        let (count, most) = if is_throttled { (&mut self.throttled, MOST_THROTTLED) } else { (&mut self.failed, MOST) };
        *count += 1;
        let count = *count;
        if count >= most {
            return Next::GiveUp;
        }
        match remedy {
            Remedy::Wait(Some(requested)) | Remedy::SlowDown(Some(requested)) => {
                Next::After(requested.min(LONGEST_REQUESTED))
            }
            Remedy::Wait(None) | Remedy::SlowDown(None) => Next::After(pause(count, jitter)),
            Remedy::RenewToken => Next::WithNewToken,
            Remedy::None => Next::GiveUp,
        }
    }
}

/// Half of the pause is certain, the other half is chance.
fn pause(failed: u32, jitter: f64) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << failed.saturating_sub(1)).min(LONGEST_PAUSE);
    whole.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(remedies: &[Remedy], jitter: f64) -> Vec<Option<u128>> {
        let mut attempts = Attempts::default();
        let nexts = remedies.iter().map(|remedy| attempts.next(*remedy, jitter));
        nexts
            .map(|next| match next {
                Next::After(pause) => Some(pause.as_millis()),
                Next::WithNewToken => Some(0),
                Next::GiveUp => None,
            })
            .collect()
    }

    #[test]
    fn pauses_double_and_the_fifth_failure_is_the_last() {
        let remedies = [Remedy::Wait(None); 5];
        assert_eq!(milliseconds(&remedies, 1.0), [Some(250), Some(500), Some(1000), Some(2000), None]);
        assert_eq!(milliseconds(&remedies, 0.0), [Some(125), Some(250), Some(500), Some(1000), None]);
    }

    #[test]
    fn a_registry_that_throttles_is_given_twice_as_many_attempts() {
        let remedies = [Remedy::SlowDown(None); 10];
        let pauses = milliseconds(&remedies, 1.0);
        assert_eq!(pauses[7..], [Some(10_000), Some(10_000), None]);
    }

    #[test]
    fn a_failure_after_much_throttling_is_the_first_failure() {
        let remedies = [[Remedy::SlowDown(None); 6].to_vec(), vec![Remedy::Wait(None); 2]].concat();
        assert_eq!(milliseconds(&remedies, 1.0)[6..], [Some(250), Some(500)]);
    }

    #[test]
    fn the_registry_can_ask_for_a_pause_but_not_for_a_day() {
        let asked = |seconds| [Remedy::Wait(Some(Duration::from_secs(seconds)))];
        assert_eq!(milliseconds(&asked(7), 0.3), [Some(7000)]);
        assert_eq!(milliseconds(&asked(86_400), 0.3), [Some(300_000)]);
    }

    #[test]
    fn what_nothing_helps_against_is_not_tried_again() {
        assert_eq!(milliseconds(&[Remedy::None], 0.0), [None]);
    }
}

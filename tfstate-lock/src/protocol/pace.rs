//! How long to wait before asking again.

use std::time::Duration;

/// The first pause between two attempts that met another; each one is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(100);
/// The longest of them.
const LONGEST: Duration = Duration::from_secs(3);
/// Between two looks at a lock that is held. A look that finds it unchanged is a single cheap request; a lock that is given back lies free for
/// half of this, as a mean.
const LOOKS: Duration = Duration::from_secs(1);
/// However often others were faster.
const SHORTEST: Duration = Duration::from_millis(50);

/// Numbers that differ from client to client, so that two who met do not meet again.
#[derive(Clone, Copy, Debug)]
pub struct Jitter(u64);

impl Jitter {
    /// Begins with random bytes.
    #[must_use]
    pub fn new(seed: [u8; 8]) -> Self {
        Self(u64::from_le_bytes(seed))
    }

    /// The next number from 0 to 1. Source of the steps: `SplitMix64`, Steele, Lea and Flood, OOPSLA 2014.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let top = u32::try_from(mixed >> 32).unwrap_or(u32::MAX);
        f64::from(top) / f64::from(u32::MAX)
    }

    /// The pause after the `nth` attempt in a row (from 0) that met another, or had no answer.
    #[must_use]
    pub fn between_attempts(&mut self, nth: u32) -> Duration {
        let whole = FIRST.saturating_mul(2_u32.saturating_pow(nth)).min(LONGEST);
        whole.mul_f64(0.5 + self.next() / 2.0)
    }

    /// The pause before the next look at a lock that is held. Whoever was overtaken more often looks more often: so nobody is overtaken for ever,
    /// though nobody stands in a queue. A holder that has been there for longer than the ones before is looked at less often again.
    #[must_use]
    pub fn between_looks(&mut self, overtaken: u32, unchanged_for: Duration) -> Duration {
        let hurried = LOOKS / overtaken.saturating_add(1);
        let whole = hurried.max(SHORTEST).max(unchanged_for / 10).min(LOOKS);
        whole.mul_f64(0.5 + self.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_between_attempts_grow_to_a_limit() {
        let mut jitter = Jitter::new([7; 8]);
        for (nth, whole) in [(0, 100), (1, 200), (3, 800), (5, 3000), (40, 3000)] {
            for _ in 0..100 {
                let pause = jitter.between_attempts(nth).as_millis();
                assert!((whole / 2..=whole).contains(&pause), "{nth}: {pause}");
            }
        }
    }

    #[test]
    fn whoever_was_overtaken_looks_more_often() {
        let mut jitter = Jitter::new([7; 8]);
        let mut mean = |overtaken, unchanged_for| {
            (0..1000).map(|_| jitter.between_looks(overtaken, Duration::from_secs(unchanged_for))).sum::<Duration>()
                / 1000
        };
        let cases =
            [(0, 0, 1000), (1, 0, 500), (4, 0, 200), (1000, 0, 50), (1000, 3, 300), (1000, 60, 1000), (0, 60, 1000)];
        for (overtaken, unchanged_for, expected) in cases {
            let mean = mean(overtaken, unchanged_for).as_millis();
            assert!((expected * 9 / 10..=expected * 11 / 10).contains(&mean), "{overtaken} {unchanged_for}: {mean}");
        }
    }

    #[test]
    fn no_two_clients_wait_alike() {
        let pause = |seed| Jitter::new(seed).between_looks(0, Duration::ZERO);
        assert_ne!(pause([1; 8]), pause([2; 8]));
    }
}

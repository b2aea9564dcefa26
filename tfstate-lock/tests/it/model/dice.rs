//! Chance that can be repeated: the same seed throws the same numbers.

use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use tfstate_lock::lock::id::LockId;
use tfstate_lock::protocol::pace::Jitter;

/// Numbers from a seed. Source of the steps: `SplitMix64`, Steele, Lea and Flood, OOPSLA 2014.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.throw() % end.max(1)
    }

    /// Whether it happens, so often in a thousand.
    pub(super) fn happens(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let index = self.below(u64::try_from(from.len()).unwrap());
        from[usize::try_from(index).unwrap()]
    }

    pub(super) fn between(&mut self, range: &Range<Duration>) -> Duration {
        let span = u64::try_from(range.end.saturating_sub(range.start).as_micros()).unwrap();
        range.start + Duration::from_micros(self.below(span))
    }

    pub(super) fn up_to(&mut self, end: Duration) -> Duration {
        self.between(&(Duration::ZERO..end))
    }

    pub(super) fn jitter(&mut self) -> Jitter {
        Jitter::new(self.throw().to_le_bytes())
    }

    pub(super) fn lock_id(&mut self) -> LockId {
        let bytes = [self.throw().to_be_bytes(), self.throw().to_be_bytes()].concat();
        LockId::from_random(bytes.try_into().unwrap())
    }

    /// What a wall clock shows that is set at random.
    pub(super) fn wall_clock(&mut self) -> Timestamp {
        let seconds = i64::try_from(self.below(4_000_000_000)).unwrap();
        Timestamp::new(seconds, i32::try_from(self.below(1_000_000_000)).unwrap()).unwrap()
    }
}

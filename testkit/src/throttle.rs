//! A limit of calls a second, as the control planes of AWS keep it: a bucket of tokens that fills up again.

use std::time::Instant;

/// A bucket of tokens; each call takes one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenBucket {
    /// Tokens a second.
    refill: f64,
    tokens: f64,
    filled_at: Instant,
}

impl TokenBucket {
    /// A full bucket. It holds the tokens of one second, and at least one.
    pub(crate) fn full(refill: f64, now: Instant) -> Self {
        let mut bucket = Self { refill, tokens: 0.0, filled_at: now };
        bucket.tokens = bucket.capacity();
        bucket
    }

    fn capacity(&self) -> f64 {
        self.refill.max(1.0)
    }

    /// Takes a token, if there is one.
    pub(crate) fn admit(&mut self, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * self.refill).min(self.capacity());
        self.filled_at = now;
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn admitted(bucket: &mut TokenBucket, calls: usize, now: Instant) -> usize {
        (0..calls).filter(|_| bucket.admit(now)).count()
    }

    #[test]
    fn a_burst_of_one_second_is_admitted_and_then_the_refill() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(4.0, start);
        assert_eq!(admitted(&mut bucket, 10, start), 4);
        assert_eq!(admitted(&mut bucket, 10, start + Duration::from_millis(500)), 2);
        assert_eq!(admitted(&mut bucket, 10, start + Duration::from_millis(600)), 0);
        assert_eq!(
            admitted(&mut bucket, 10, start + Duration::from_mins(1)),
            4,
            "no more than a bucketful is saved up"
        );
    }

    #[test]
    fn less_than_one_call_a_second_still_lets_one_through() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(0.5, start);
        assert_eq!(admitted(&mut bucket, 3, start), 1);
        assert_eq!(admitted(&mut bucket, 3, start + Duration::from_secs(1)), 0);
        assert_eq!(admitted(&mut bucket, 3, start + Duration::from_secs(2)), 1);
    }
}

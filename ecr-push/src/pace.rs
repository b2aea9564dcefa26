//! How fast to go. Pure: whoever asks says what time it is and waits himself.
//!
//! Three brakes, each for a cause of its own: [`Gates`] for an API action that the registry throttles, [`Streams`] for too many
//! uploads at a time, and [`Rate`] for a line that others use too.

pub mod attempts;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// ECR takes ten manifests a second in an account and region. A process leaves room for another one.
///
/// Source: ECR user guide, service quotas, rate of `PutImage` requests.
const MANIFESTS_PER_SECOND: u32 = 8;

/// When an API action may be asked for again.
#[derive(Debug, Default)]
pub struct Gates {
    closed_until: BTreeMap<&'static str, Instant>,
    manifests: Option<Bucket>,
}

/// Tokens that come back with time.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Gates {
    /// How long an action has to wait.
    #[must_use]
    pub fn wait(&self, action: &'static str, now: Instant) -> Duration {
        self.closed_until.get(action).map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// The registry asked to slow down: all who want the same wait for so long.
    pub fn close(&mut self, action: &'static str, now: Instant, pause: Duration) {
        let until = now + pause;
        let gate = self.closed_until.entry(action).or_insert(until);
        *gate = until.max(*gate);
    }

    /// Takes the right to put one manifest, and says how long to wait before it is used.
    pub fn manifest(&mut self, now: Instant) -> Duration {
        let most = f64::from(MANIFESTS_PER_SECOND);
        let bucket = self.manifests.get_or_insert(Bucket { tokens: most, at: now });
        let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * most;
        bucket.tokens = (bucket.tokens + gained).min(most) - 1.0;
        bucket.at = now;
        Duration::from_secs_f64((-bucket.tokens / most).max(0.0))
    }
}

/// How many uploads may run at a time: all that are wanted, half as many after each time that the registry throttled, and one
/// more after each that went well. Of those that wait, the largest goes first.
#[derive(Clone, Debug)]
pub struct Streams {
    wanted: usize,
    limit: usize,
    busy: usize,
    halved_at: Option<Instant>,
    waiting: BTreeSet<Ticket>,
    count: u64,
}

/// A place among those that wait: by size, the largest first, then by when they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(Reverse<u64>, u64);

/// Throttling that comes in at once is one and the same.
const EPOCH: Duration = Duration::from_secs(1);

impl Streams {
    /// So many uploads at most.
    #[must_use]
    pub fn new(wanted: usize) -> Self {
        Self { wanted, limit: wanted, busy: 0, halved_at: None, waiting: BTreeSet::new(), count: 0 }
    }

    /// Waits for room for an upload of so many bytes.
    pub fn queue(&mut self, size: u64) -> Ticket {
        self.count += 1;
        let ticket = Ticket(Reverse(size), self.count);
        self.waiting.insert(ticket);
        ticket
    }

    /// Begins an upload if there is room for it and no larger one waits.
    pub fn begin(&mut self, ticket: Ticket) -> bool {
        let may_begin = self.busy < self.limit && self.waiting.first() == Some(&ticket);
        if may_begin {
            self.waiting.remove(&ticket);
            self.busy += 1;
        }
        may_begin
    }

    /// An upload ended.
    pub fn end(&mut self, well: bool) {
        self.busy = self.busy.saturating_sub(1);
        if well && self.limit < self.wanted {
            self.limit += 1;
        }
    }

    /// The registry asked to slow down.
    pub fn throttled(&mut self, now: Instant) {
        if self.halved_at.is_some_and(|at| now.saturating_duration_since(at) < EPOCH) {
            return;
        }
        self.halved_at = Some(now);
        self.limit = (self.limit / 2).max(1);
    }
}

/// A limit of bytes a second over all uploads.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    bytes_per_second: f64,
    /// When what was sent so far would have been sent at that rate.
    free_at: Option<Instant>,
}

impl Rate {
    /// So many bytes a second, at least one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact to the byte")]
    pub fn new(bytes_per_second: u64) -> Self {
        Self { bytes_per_second: bytes_per_second.max(1) as f64, free_at: None }
    }

    /// The limit.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was made of a whole number")]
    pub fn bytes_per_second(&self) -> u64 {
        self.bytes_per_second as u64
    }

    /// Takes the right to send some bytes, and says how long to wait before they are sent.
    #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact to the byte")]
    pub fn take(&mut self, bytes: usize, now: Instant) -> Duration {
        let begin = self.free_at.map_or(now, |free_at| free_at.max(now));
        self.free_at = Some(begin + Duration::from_secs_f64(bytes as f64 / self.bytes_per_second));
        begin.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_gate_is_closed_for_its_action_alone_and_for_the_longest_pause() {
        let now = Instant::now();
        let mut gates = Gates::default();
        gates.close("ecr:PutImage", now, milliseconds(500));
        gates.close("ecr:PutImage", now, milliseconds(200));
        assert_eq!(gates.wait("ecr:PutImage", now), milliseconds(500));
        assert_eq!(gates.wait("ecr:PutImage", now + milliseconds(600)), Duration::ZERO);
        assert_eq!(gates.wait("ecr:InitiateLayerUpload", now), Duration::ZERO);
    }

    #[test]
    fn eight_manifests_go_at_once_and_eight_a_second_after_them() {
        let now = Instant::now();
        let mut gates = Gates::default();
        let waits: Vec<u128> = (0..10).map(|_| gates.manifest(now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 0, 0, 125, 250]);
        assert_eq!(gates.manifest(now + milliseconds(5000)), Duration::ZERO);
    }

    #[test]
    fn streams_are_halved_once_an_epoch_and_come_back_one_by_one() {
        let now = Instant::now();
        let mut streams = Streams::new(4);
        let begin = |streams: &mut Streams| {
            let ticket = streams.queue(1);
            let begun = streams.begin(ticket);
            streams.waiting.remove(&ticket);
            begun
        };
        assert_eq!((0..6).filter(|_| begin(&mut streams)).count(), 4);
        streams.throttled(now);
        streams.throttled(now + milliseconds(10));
        (0..3).for_each(|_| streams.end(false));
        assert!(begin(&mut streams) && !begin(&mut streams), "two of four are left");
        streams.end(true);
        assert!(begin(&mut streams) && begin(&mut streams) && !begin(&mut streams), "three again");
        for count in 0..9 {
            streams.throttled(now + milliseconds(2000 * (count + 1)));
        }
        (0..3).for_each(|_| streams.end(false));
        assert!(begin(&mut streams) && !begin(&mut streams), "one is always left");
    }

    #[test]
    fn the_largest_of_those_that_wait_goes_first() {
        let mut streams = Streams::new(1);
        let [small, large, other] = [1, 9, 9].map(|size| streams.queue(size));
        assert!(!streams.begin(small) && !streams.begin(other) && streams.begin(large));
        assert!(!streams.begin(other), "there is no room");
        streams.end(true);
        assert!(!streams.begin(small) && streams.begin(other));
        streams.end(true);
        assert!(streams.begin(small));
    }

    #[test]
    fn bytes_are_spread_over_time() {
        let now = Instant::now();
        let mut rate = Rate::new(1000);
        assert_eq!(rate.take(500, now), Duration::ZERO);
        assert_eq!(rate.take(500, now), milliseconds(500));
        assert_eq!(rate.take(1, now + milliseconds(400)), milliseconds(600));
        assert_eq!(rate.take(1, now + milliseconds(9000)), Duration::ZERO, "what was not used is not saved up");
    }
}

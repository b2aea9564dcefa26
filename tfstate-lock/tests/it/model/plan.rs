//! What a run is made of: who takes part, and what goes wrong how often.

use std::ops::Range;
use std::time::Duration;

use super::dice::Dice;

const SECOND: Duration = Duration::from_secs(1);

/// Where a Terraform locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Locking {
    /// `use_lockfile`.
    Object,
    /// `dynamodb_table`.
    Item,
    /// Both.
    Both,
}

/// How long processes stand still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pauses {
    /// Never.
    None,
    /// For less than what is kept of a lease for an end.
    Short,
    /// For longer than a lease lasts. Whoever looks at its steady clock goes on only if the lease is not over; whoever does not works for a moment
    /// until it is stopped.
    Long { looks: bool },
}

/// What happens to requests, in a thousand of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    /// It never arrives.
    pub(super) lost: u64,
    /// It arrives when its sender has given it up: after seconds or minutes.
    pub(super) late: u64,
    /// It is done, and its answer is lost.
    pub(super) unanswered: u64,
    /// It is done, and the answer is a server's error.
    pub(super) error_after: u64,
    /// It is not done, and the answer is a server's error.
    pub(super) error_before: u64,
    /// 409.
    pub(super) conflict: u64,
    /// It arrives twice.
    pub(super) doubled: u64,
    /// It takes longer than usual.
    pub(super) slow: u64,
}

impl Faults {
    pub(super) fn all(per_mille: u64) -> Self {
        let each = per_mille;
        Self {
            lost: each,
            late: each,
            unanswered: each,
            error_after: each,
            error_before: each,
            conflict: each,
            doubled: each,
            slow: each,
        }
    }
}

/// What the server is like.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Server {
    pub(super) has_table: bool,
    /// Whether the `ETag` is a hash of the object, so that the same object has the same. It is not with SSE-KMS.
    pub(super) has_hashes: bool,
    /// Whether answers say the server's time.
    pub(super) has_date: bool,
}

/// What a run is made of.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Clients that hold leases, and renew them.
    pub(super) leased: usize,
    /// Clients of ours that take the lock without a lease.
    pub(super) unleased: usize,
    /// Terraform itself.
    pub(super) terraforms: usize,
    /// Whether what it asks comes late, and has to be asked again.
    pub(super) is_terraform_late: bool,
    pub(super) locking: Locking,
    pub(super) works: u32,
    /// How long a work takes.
    pub(super) work: Range<Duration>,
    /// Leases, one of them for each client.
    pub(super) ttls: Vec<Duration>,
    pub(super) faults: Faults,
    /// So often in a thousand, a client crashes when it hears an answer.
    pub(super) crash: u64,
    /// So often in a thousand, a client that crashes does not come again.
    pub(super) for_ever: u64,
    /// When the first client crashes in any case.
    pub(super) dies_at: Option<Duration>,
    pub(super) pauses: Pauses,
    /// Whether someone breaks locks that are held.
    pub(super) breaks_held: bool,
    /// From when on nothing goes wrong any more.
    pub(super) calm_at: Duration,
    /// How long a request travels at most, one way.
    pub(super) latency: Duration,
    /// When a client gives a request up.
    pub(super) timeout: Duration,
    pub(super) server: Server,
}

impl Plan {
    /// Any run.
    pub(super) fn random(dice: &mut Dice) -> Self {
        let has_table = dice.happens(400);
        let locking = if has_table { dice.pick(&[Locking::Item, Locking::Both]) } else { Locking::Object };
        let per_mille = dice.pick(&[0, 10, 40, 80, 160]);
        let faults = match dice.below(5) {
            0 => Faults::all(per_mille / 2),
            1 => Faults { late: per_mille * 2, doubled: per_mille, ..Faults::default() },
            2 => Faults { unanswered: per_mille * 2, conflict: per_mille, ..Faults::default() },
            3 => Faults { slow: per_mille * 2, doubled: per_mille, ..Faults::default() },
            _ => Faults { late: per_mille, unanswered: per_mille, slow: per_mille * 2, ..Faults::default() },
        };
        let ttls = [10, 10, 10, 11, 15, 30].map(|seconds| SECOND * seconds);
        let calm_at = dice.between(&(SECOND * 20..SECOND * 90));
        Self {
            leased: usize::try_from(1 + dice.below(5)).unwrap(),
            unleased: usize::try_from(dice.below(2)).unwrap(),
            terraforms: usize::try_from(dice.below(3)).unwrap(),
            is_terraform_late: false,
            locking,
            works: u32::try_from(1 + dice.below(3)).unwrap(),
            work: SECOND / 10..dice.pick(&[SECOND, SECOND * 5, SECOND * 30]),
            ttls: (0..3).map(|_| dice.pick(&ttls)).collect(),
            faults,
            crash: dice.pick(&[0, 5, 30, 100]),
            for_ever: dice.pick(&[0, 100, 500]),
            dies_at: None,
            pauses: dice.pick(&[Pauses::None, Pauses::Short, Pauses::Long { looks: true }]),
            breaks_held: dice.happens(100),
            calm_at,
            latency: Duration::from_millis(dice.pick(&[20, 20, 100, 500])),
            timeout: Duration::from_millis(dice.pick(&[2000, 10_000, 30_000, 30_000])),
            server: Server { has_table, has_hashes: dice.happens(700), has_date: dice.happens(800) },
        }
    }

    /// A run in which nothing goes wrong.
    pub(super) fn calm() -> Self {
        Self {
            leased: 3,
            unleased: 0,
            terraforms: 0,
            is_terraform_late: false,
            locking: Locking::Object,
            works: 2,
            work: SECOND / 10..SECOND * 5,
            ttls: vec![SECOND * 10],
            faults: Faults::default(),
            crash: 0,
            for_ever: 0,
            dies_at: None,
            pauses: Pauses::None,
            breaks_held: false,
            calm_at: SECOND * 60,
            latency: SECOND / 20,
            timeout: SECOND * 3,
            server: Server { has_table: false, has_hashes: true, has_date: true },
        }
    }
}

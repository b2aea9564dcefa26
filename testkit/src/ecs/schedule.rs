//! The scheduler's decision: how many tasks of each revision to start and to stop now.

/// What is wanted of a revision's tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// As many as the service desires.
    Full,
    /// Fewer and fewer, as the full revision gets healthy.
    Yielding,
    /// None.
    Empty,
    /// As many as there are: nothing is started, nothing is stopped.
    Held,
}

/// A revision's tasks, without those that are stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) scale: Scale,
    /// Tasks that are not healthy yet.
    pub(crate) young: u64,
    /// Tasks that are.
    pub(crate) healthy: u64,
    /// Nothing may be started now, for tasks failed a moment ago.
    pub(crate) on_hold: bool,
}

impl Load {
    fn live(&self) -> u64 {
        self.young + self.healthy
    }
}

/// What to do with a revision's tasks. Young ones are stopped first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orders {
    pub(crate) start: u64,
    pub(crate) stop: u64,
}

/// How far a rolling deployment may go, in tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) desired: u64,
    /// So many have to be healthy. Source: ECS API reference, `minimumHealthyPercent`: rounded up.
    pub(crate) minimum: u64,
    /// So many may be live. Source: ECS API reference, `maximumPercent`: rounded down.
    pub(crate) maximum: u64,
}

impl Limits {
    pub(crate) fn new(desired: u64, minimum_percent: u64, maximum_percent: u64) -> Self {
        Self { desired, minimum: (desired * minimum_percent).div_ceil(100), maximum: desired * maximum_percent / 100 }
    }
}

/// Decides for all revisions at once; the orders are in the order of the loads.
pub(crate) fn orders(limits: Limits, loads: &[Load]) -> Vec<Orders> {
    let rolling = loads.iter().any(|load| load.scale == Scale::Yielding);
    let mut budget = Budget::new(limits, loads);
    let stops: Vec<u64> = loads.iter().map(|load| budget.stop(load)).collect();
    let mut room =
        if rolling { limits.maximum.saturating_sub(live(loads) - stops.iter().sum::<u64>()) } else { u64::MAX };
    let start = |load: &Load| {
        if load.scale != Scale::Full || load.on_hold {
            return 0;
        }
        let start = limits.desired.saturating_sub(load.live()).min(room);
        room -= start;
        start
    };
    loads.iter().map(start).zip(&stops).map(|(start, stop)| Orders { start, stop: *stop }).collect()
}

fn live(loads: &[Load]) -> u64 {
    loads.iter().map(Load::live).sum()
}

/// How many healthy tasks of yielding revisions may be stopped.
struct Budget {
    desired: u64,
    healthy: u64,
}

impl Budget {
    fn new(limits: Limits, loads: &[Load]) -> Self {
        let healthy: u64 = loads.iter().map(|load| load.healthy).sum();
        let full: u64 = loads.iter().filter(|load| load.scale == Scale::Full).map(Load::live).sum();
        let room = limits.maximum.saturating_sub(live(loads));
        let replaced = healthy.saturating_sub(limits.desired);
        let in_the_way = limits.desired.saturating_sub(full).saturating_sub(room);
        let spare = healthy.saturating_sub(limits.minimum);
        Self { desired: limits.desired, healthy: spare.min(replaced.max(in_the_way)) }
    }

    fn stop(&mut self, load: &Load) -> u64 {
        match load.scale {
            Scale::Held => 0,
            Scale::Empty => load.live(),
            Scale::Full => load.live().saturating_sub(self.desired),
            Scale::Yielding => {
                let healthy = self.healthy.min(load.healthy);
                self.healthy -= healthy;
                load.young + healthy
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(scale: Scale, young: u64, healthy: u64) -> Load {
        Load { scale, young, healthy, on_hold: false }
    }

    fn decide(limits: Limits, old: (u64, u64), new: (u64, u64)) -> [(u64, u64); 2] {
        let loads = [load(Scale::Yielding, old.0, old.1), load(Scale::Full, new.0, new.1)];
        let orders = orders(limits, &loads);
        [(orders[0].start, orders[0].stop), (orders[1].start, orders[1].stop)]
    }

    #[test]
    fn the_percents_decide_the_batches() {
        let double = Limits::new(4, 100, 200);
        let half = Limits::new(4, 50, 100);
        let tight = Limits::new(4, 75, 125);
        let stuck = Limits::new(4, 100, 100);
        let cases = [
            ("all new tasks at once", double, (0, 4), (0, 0), [(0, 0), (4, 0)]),
            ("nothing stops before the new ones are healthy", double, (0, 4), (4, 0), [(0, 0), (0, 0)]),
            ("a healthy new one replaces an old one", double, (0, 4), (3, 1), [(0, 1), (0, 0)]),
            ("all replaced", double, (0, 4), (0, 4), [(0, 4), (0, 0)]),
            ("without room, old ones make it", half, (0, 4), (0, 0), [(0, 2), (2, 0)]),
            ("but not more than may be missing", half, (0, 2), (2, 0), [(0, 0), (0, 0)]),
            ("the second batch", half, (0, 2), (0, 2), [(0, 2), (2, 0)]),
            ("one more and one less", tight, (0, 4), (0, 0), [(0, 1), (2, 0)]),
            ("young old ones are stopped freely", double, (3, 1), (0, 0), [(0, 3), (4, 0)]),
            ("no room and none to spare: it stalls", stuck, (0, 4), (0, 0), [(0, 0), (0, 0)]),
            ("nothing desired", Limits::new(0, 100, 200), (0, 0), (0, 0), [(0, 0), (0, 0)]),
        ];
        for (why, limits, old, new, expected) in cases {
            assert_eq!(decide(limits, old, new), expected, "{why}");
        }
    }

    #[test]
    fn outside_a_rolling_deployment_no_maximum_holds() {
        let limits = Limits::new(4, 100, 100);
        let loads = [load(Scale::Full, 0, 4), load(Scale::Full, 0, 0)];
        assert_eq!(orders(limits, &loads), [Orders::default(), Orders { start: 4, stop: 0 }]);
    }

    #[test]
    fn each_scale_means_what_it_says() {
        let limits = Limits::new(2, 100, 200);
        let start_or_stop = |load| orders(limits, &[load])[0];
        assert_eq!(start_or_stop(load(Scale::Held, 1, 0)), Orders::default());
        assert_eq!(start_or_stop(load(Scale::Empty, 1, 2)), Orders { start: 0, stop: 3 });
        assert_eq!(start_or_stop(load(Scale::Full, 1, 2)), Orders { start: 0, stop: 1 });
        assert_eq!(start_or_stop(load(Scale::Full, 1, 0)), Orders { start: 1, stop: 0 });
        let waiting = Load { on_hold: true, ..load(Scale::Full, 0, 0) };
        assert_eq!(start_or_stop(waiting), Orders::default());
    }

    #[test]
    fn percents_round_towards_safety() {
        assert_eq!(Limits::new(3, 50, 150), Limits { desired: 3, minimum: 2, maximum: 4 });
    }
}

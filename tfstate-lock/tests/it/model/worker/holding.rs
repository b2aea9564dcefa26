//! Holding the lock: working, and renewing the lease.

use std::time::Duration;

use tfstate_lock::lock::info::LockInfo;
use tfstate_lock::lock::lease::Lease;
use tfstate_lock::protocol::renew::{Renew, Renewed};
use tfstate_lock::protocol::{Answer, Request, Step, Token};

use super::{Phase, Worker};
use crate::model::plan::Pauses;
use crate::model::scene::{Alarm, Call, Scene};
use crate::model::store::Place;

/// So long someone works on who does not look at its clock, until it is stopped.
const REACTION: Duration = Duration::from_millis(50);

pub(super) struct Holding {
    pub(super) lock: LockInfo,
    object: Token,
    item: Option<Token>,
    /// From when on the lease counts, by the steady clock.
    since: Duration,
    lease: Option<Lease>,
    renewal: Option<(Renew, Option<Call>)>,
    work: Work,
    /// Before this, nobody stops it.
    stopped_not_before: Duration,
}

enum Work {
    NotBegun,
    /// It has read the state at this serial, and writes it then.
    Running {
        read: u64,
        ends: Duration,
        is_stopping: bool,
    },
    Over,
}

impl Holding {
    pub(super) fn renewal_call(&self) -> Option<Call> {
        self.renewal.as_ref()?.1
    }

    pub(super) fn freeze(&mut self, pause: Duration) {
        if let Work::Running { ends, .. } = &mut self.work {
            *ends += pause;
        }
    }

    /// When it has to begin to end, and when it has to have ended.
    fn limits(&self) -> Option<(Duration, Duration)> {
        let lease = self.lease.as_ref()?;
        Some((self.since + lease.ttl.saturating_sub(lease.grace()), self.since + lease.ttl))
    }
}

impl Worker {
    pub(super) fn hold(
        &mut self,
        lock: LockInfo,
        object: Token,
        item: Option<Token>,
        since: Duration,
        scene: &mut Scene,
    ) {
        self.life += 1;
        let lease = Lease::of(&lock);
        let holding = Holding {
            lock,
            object,
            item,
            since,
            lease,
            renewal: None,
            work: Work::NotBegun,
            stopped_not_before: Duration::ZERO,
        };
        self.phase = Phase::Holding(Box::new(holding));
        self.told_held(Self::places(scene), scene);
    }

    /// The lease counts anew: so it was told.
    fn told_held(&mut self, places: &[Place], scene: &mut Scene) {
        let Phase::Holding(holding) = &self.phase else { return };
        let (since, limits) = (holding.since, holding.limits());
        let over = limits.map(|(_, over)| self.when(over));
        scene.tell(|| format!("{} holds {} until {over:?}", self.actor, holding.lock.id));
        scene.judge.told_held(&holding.lock, places, over, &scene.store, scene.now);
        if let (Some(lease), Some((deadline, over))) = (&holding.lease, limits) {
            self.ring(self.when(since + lease.interval()), Alarm::Renew, scene);
            self.ring(self.when(deadline), Alarm::Deadline, scene);
            self.ring(self.when(over), Alarm::Kill, scene);
        }
        self.begin_work(scene);
    }

    fn begin_work(&mut self, scene: &mut Scene) {
        let now = self.steady(scene);
        let Phase::Holding(holding) = &mut self.phase else { return };
        let is_over = holding.limits().is_some_and(|(deadline, _)| now >= deadline);
        if is_over || !matches!(holding.work, Work::NotBegun) {
            return;
        }
        let length = scene.work();
        let ends = scene.now + length;
        holding.work = Work::Running { read: scene.store.serial, ends, is_stopping: false };
        scene.tell(|| format!("{} works until {ends:?}", self.actor));
        scene.judge.at_work(&holding.lock.id);
        self.ring(ends, Alarm::WorkEnds, scene);
    }

    pub(super) fn rung_while_holding(&mut self, alarm: Alarm, scene: &mut Scene) {
        let now = self.steady(scene);
        let Phase::Holding(holding) = &mut self.phase else { return };
        let limits = holding.limits();
        match alarm {
            Alarm::Renew => self.renew(scene),
            Alarm::ResumeRenewal => self.resume_renewal(scene),
            Alarm::Deadline if limits.is_some_and(|(deadline, _)| now >= deadline) => self.stop(scene),
            Alarm::Kill if limits.is_some_and(|(_, over)| now >= over) => {
                if scene.now < holding.stopped_not_before {
                    let at = holding.stopped_not_before;
                    return self.ring(at, Alarm::Kill, scene);
                }
                self.kill(scene);
            }
            Alarm::WorkEnds => self.end_work(scene),
            _ => {}
        }
    }

    fn renew(&mut self, scene: &mut Scene) {
        let now = self.steady(scene);
        let Phase::Holding(holding) = &mut self.phase else { return };
        let Some(lease) = &holding.lease else { return };
        if holding.renewal.is_some() || now < holding.since + lease.interval() {
            return;
        }
        let jitter = scene.dice.jitter();
        if let Some((renew, request)) = Renew::begin(&holding.lock, holding.object.clone(), jitter, now) {
            holding.renewal = Some((renew, None));
            self.ask_to_renew(request, scene);
        }
    }

    fn ask_to_renew(&mut self, request: Request, scene: &mut Scene) {
        let Phase::Holding(holding) = &self.phase else { return };
        let asked = self.ask(Place::Object, request, &holding.lock, scene);
        if let Phase::Holding(holding) = &mut self.phase
            && let Some((_, call)) = &mut holding.renewal
        {
            *call = Some(asked);
        }
    }

    fn resume_renewal(&mut self, scene: &mut Scene) {
        let now = self.steady(scene);
        let Phase::Holding(holding) = &mut self.phase else { return };
        if let Some((renew, _)) = &mut holding.renewal {
            let request = renew.resume(now);
            self.ask_to_renew(request, scene);
        }
    }

    pub(super) fn hear_of_renewal(&mut self, answer: Answer, scene: &mut Scene) {
        let now = self.steady(scene);
        let Phase::Holding(holding) = &mut self.phase else { return };
        let Some((renew, call)) = &mut holding.renewal else { return };
        *call = None;
        match renew.hear(answer, now) {
            Step::Ask(request) => self.ask_to_renew(request, scene),
            Step::Pause(pause, _) => self.ring(scene.now + pause, Alarm::ResumeRenewal, scene),
            Step::End(Renewed::Kept { lock, token, since }) => {
                scene.judge.tally.renewed += 1;
                holding.renewal = None;
                (holding.lock, holding.object, holding.since) = (*lock, token, since);
                self.told_held(&[Place::Object], scene);
            }
            Step::End(Renewed::Lost(_)) => {
                scene.judge.told_lost(&holding.lock, &scene.store);
                scene.tell(|| format!("{} has lost {}", self.actor, holding.lock.id));
                self.stop(scene);
            }
        }
    }

    /// INT: it ends soon, and may write the state before.
    fn stop(&mut self, scene: &mut Scene) {
        let Phase::Holding(holding) = &mut self.phase else { return };
        let grace = holding.lease.as_ref().map(Lease::grace).unwrap_or_default();
        match &mut holding.work {
            Work::Running { ends, is_stopping, .. } if !*is_stopping => {
                scene.judge.tally.stopped += 1;
                *is_stopping = true;
                *ends = (*ends).min(scene.now + scene.dice.up_to(grace * 2));
                let at = *ends;
                self.ring(at, Alarm::WorkEnds, scene);
            }
            _ => {}
        }
    }

    /// KILL: it has ended.
    fn kill(&mut self, scene: &mut Scene) {
        let Phase::Holding(holding) = &mut self.phase else { return };
        scene.judge.at_rest(&holding.lock.id);
        holding.work = Work::Over;
        self.release(scene);
    }

    fn end_work(&mut self, scene: &mut Scene) {
        let now = self.steady(scene);
        let Phase::Holding(holding) = &mut self.phase else { return };
        let Work::Running { read, ends, .. } = holding.work else { return };
        let is_over = holding.limits().is_some_and(|(_, over)| now >= over);
        if is_over && scene.now >= holding.stopped_not_before {
            return self.kill(scene);
        }
        if scene.now < ends {
            // It stood still meanwhile.
            return self.ring(ends, Alarm::WorkEnds, scene);
        }
        scene.tell(|| format!("{} writes serial {}", self.actor, read + 1));
        scene.judge.writes_state(&holding.lock.id, read, &mut scene.store);
        scene.judge.at_rest(&holding.lock.id);
        holding.work = Work::Over;
        self.works_left -= 1;
        self.release(scene);
    }

    fn release(&mut self, scene: &mut Scene) {
        let Phase::Holding(holding) = &self.phase else { return };
        let (object, item) = (holding.object.clone(), holding.item.clone());
        self.give_back(holding.lock.clone(), Some(object), item, scene);
    }

    pub(super) fn thaw_while_holding(&mut self, scene: &mut Scene) {
        let now = self.steady(scene);
        let looks = scene.plan.pauses != Pauses::Long { looks: false };
        let Phase::Holding(holding) = &mut self.phase else { return };
        if !scene.judge.is_at_work(&holding.lock.id) {
            return;
        }
        let is_over = holding.limits().is_some_and(|(_, over)| now >= over);
        if is_over && looks {
            return self.kill(scene);
        }
        if is_over {
            holding.stopped_not_before = scene.now + REACTION;
        }
        scene.judge.at_work(&holding.lock.id);
    }
}

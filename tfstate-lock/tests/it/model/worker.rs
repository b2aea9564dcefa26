//! A client of ours: it takes the lock, works under it, renews its lease meanwhile, and gives it back. The order of the places is that of
//! `run/take.rs` and `run/give_back.rs`.

mod giving_back;
mod holding;
mod taking;

use std::time::Duration;

use tfstate_lock::lock::info::LockInfo;
use tfstate_lock::lock::lease::Lease;
use tfstate_lock::protocol::{Answer, Request};

use self::giving_back::GivingBack;
use self::holding::Holding;
use self::taking::Taking;
use super::judge::Stage;
use super::network::Sender;
use super::scene::{Actor, Alarm, Call, Event, Scene};
use super::store::{Asked, Place};

/// Longer than any run: who waits so long waits until it has the lock.
const FOR_EVER: Duration = Duration::from_secs(1_000_000);

pub(super) struct Worker {
    actor: Actor,
    /// What its steady clock showed when the world began.
    origin: Duration,
    /// None if it takes the lock without a lease.
    ttl: Option<Duration>,
    works_left: u32,
    /// Alarms of an earlier life ring unheard.
    life: u64,
    frozen_until: Duration,
    phase: Phase,
}

enum Phase {
    Resting,
    Taking(Box<Taking>),
    /// Until the next round; by its steady clock, until when there are any.
    Waiting(Duration),
    Holding(Box<Holding>),
    GivingBack(Box<GivingBack>),
}

impl Worker {
    pub(super) fn new(actor: Actor, ttl: Option<Duration>, scene: &mut Scene) -> Self {
        let origin = scene.dice.up_to(FOR_EVER);
        let works_left = scene.plan.works;
        let mut worker =
            Self { actor, origin, ttl, works_left, life: 0, frozen_until: Duration::ZERO, phase: Phase::Resting };
        worker.rest(Duration::from_secs(5), scene);
        worker
    }

    pub(super) fn is_done(&self) -> bool {
        self.works_left == 0 && matches!(self.phase, Phase::Resting)
    }

    /// Until when it hears nothing.
    pub(super) fn frozen_until(&self) -> Duration {
        self.frozen_until
    }

    fn places(scene: &Scene) -> &'static [Place] {
        if scene.plan.server.has_table { &[Place::Object, Place::Item] } else { &[Place::Object] }
    }

    fn steady(&self, scene: &Scene) -> Duration {
        self.origin + scene.now
    }

    /// When its steady clock shows this.
    fn when(&self, steady: Duration) -> Duration {
        steady.saturating_sub(self.origin)
    }

    fn ring(&self, at: Duration, alarm: Alarm, scene: &mut Scene) {
        scene.ring(self.actor, self.life, at, alarm);
    }

    fn ask(&self, place: Place, request: Request, lock: &LockInfo, scene: &mut Scene) -> Call {
        scene.send(self.actor, Sender::Ours, place, &Asked::On(request), Some(&lock.id))
    }

    fn rest(&mut self, at_most: Duration, scene: &mut Scene) {
        self.life += 1;
        self.phase = Phase::Resting;
        if self.works_left > 0 {
            let at = scene.now + scene.dice.up_to(at_most);
            self.ring(at, Alarm::Begin, scene);
        }
    }

    /// A lock of a new process.
    fn new_lock(&self, scene: &mut Scene) -> LockInfo {
        let lease = self.ttl.map(|ttl| Lease { ttl, seq: 0, process: None, info: String::new() });
        let lock = LockInfo {
            id: scene.dice.lock_id(),
            operation: String::new(),
            info: lease.map(|lease| lease.to_info()).unwrap_or_default(),
            who: self.actor.to_string(),
            version: String::new(),
            created: scene.dice.wall_clock(),
            path: String::new(),
        };
        scene.judge.wanted(&lock.id);
        lock
    }

    pub(super) fn happen(&mut self, event: Event, scene: &mut Scene) {
        match event {
            Event::Crash => self.crash(scene),
            Event::Freeze(pause) => self.freeze(pause, scene),
            Event::Thaw => self.thaw(scene),
            Event::Ring(life, alarm) if life == self.life => self.rung(alarm, scene),
            Event::Ring(..) => {}
            Event::Hear(call, answer) => {
                if !scene.is_calm() && scene.dice.happens(scene.plan.crash) {
                    return self.crash(scene);
                }
                self.hear(call, answer, scene);
            }
        }
    }

    fn rung(&mut self, alarm: Alarm, scene: &mut Scene) {
        match (alarm, &self.phase) {
            (Alarm::Begin, Phase::Resting) => self.take(scene),
            (Alarm::Resume, Phase::Taking(_)) => self.resume_taking(scene),
            (Alarm::Resume, Phase::Waiting(_)) => self.take_once_more(scene),
            (Alarm::Resume, Phase::GivingBack(_)) => self.resume_giving_back(scene),
            (_, Phase::Holding(_)) => self.rung_while_holding(alarm, scene),
            _ => {}
        }
    }

    fn hear(&mut self, call: Call, answer: Answer, scene: &mut Scene) {
        match &self.phase {
            Phase::Taking(taking) if taking.call == call => self.hear_while_taking(answer, scene),
            Phase::Holding(holding) if holding.renewal_call() == Some(call) => self.hear_of_renewal(answer, scene),
            Phase::GivingBack(giving_back) if giving_back.call == call => self.hear_while_giving_back(answer, scene),
            _ => {}
        }
    }

    /// Whatever it did, it does no more and does not know any more.
    fn crash(&mut self, scene: &mut Scene) {
        scene.judge.tally.crashed += 1;
        let lock = match &self.phase {
            Phase::Resting | Phase::Waiting(_) => None,
            Phase::Taking(taking) => Some(&taking.lock),
            Phase::Holding(holding) => Some(&holding.lock),
            Phase::GivingBack(giving_back) => Some(&giving_back.lock),
        };
        if let Some(lock) = lock {
            scene.judge.set(&lock.id, Stage::Dead);
        }
        scene.tell(|| format!("{} crashes", self.actor));
        if scene.dice.happens(scene.plan.for_ever) {
            self.works_left = 0;
        }
        // A new process begins with a clock that ran on.
        self.frozen_until = Duration::ZERO;
        self.rest(Duration::from_secs(10), scene);
    }

    fn freeze(&mut self, pause: Duration, scene: &mut Scene) {
        if self.frozen_until > scene.now {
            return;
        }
        self.frozen_until = scene.now + pause;
        scene.tell(|| format!("{} stands still for {pause:?}", self.actor));
        if let Phase::Holding(holding) = &mut self.phase {
            holding.freeze(pause);
            scene.judge.frozen(&holding.lock.id);
        }
        scene.later(self.actor, self.frozen_until, Event::Thaw);
    }

    fn thaw(&mut self, scene: &mut Scene) {
        // It may have crashed meanwhile.
        if self.frozen_until == scene.now && matches!(self.phase, Phase::Holding(_)) {
            self.thaw_while_holding(scene);
        }
    }
}

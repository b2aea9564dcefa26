//! Taking the lock at all its places.

use std::time::Duration;

use tfstate_lock::lock::info::LockInfo;
use tfstate_lock::lock::lease::Lease;
use tfstate_lock::protocol::take::{Take, Taken};
use tfstate_lock::protocol::{Answer, Step, Token};

use super::giving_back::Purpose;
use super::{FOR_EVER, Phase, Worker};
use crate::model::judge::Stage;
use crate::model::scene::{Alarm, Call, Scene};
use crate::model::store::Place;

pub(super) struct Taking {
    pub(super) lock: LockInfo,
    pub(super) call: Call,
    take: Take,
    /// Until when it waits, by its steady clock.
    deadline: Option<Duration>,
    place: Place,
    /// What it has in the bucket.
    object: Option<Object>,
}

#[derive(Clone)]
struct Object {
    token: Token,
    since: Duration,
}

impl Worker {
    pub(super) fn take(&mut self, scene: &mut Scene) {
        let wait = if scene.is_calm() { FOR_EVER } else { scene.dice.pick(&[0, 5, 30, 60].map(Duration::from_secs)) };
        let deadline = (!wait.is_zero()).then(|| self.steady(scene) + wait);
        let lock = self.new_lock(scene);
        self.take_until(lock, deadline, scene);
    }

    pub(super) fn take_once_more(&mut self, scene: &mut Scene) {
        if let Phase::Waiting(deadline) = self.phase {
            let lock = self.new_lock(scene);
            self.take_until(lock, Some(deadline), scene);
        }
    }

    fn take_until(&mut self, lock: LockInfo, deadline: Option<Duration>, scene: &mut Scene) {
        self.life += 1;
        let (take, request) = Take::begin(lock.clone(), deadline, scene.dice.jitter(), self.steady(scene));
        let call = self.ask(Place::Object, request, &lock, scene);
        let taking = Taking { lock, call, take, deadline, place: Place::Object, object: None };
        self.phase = Phase::Taking(Box::new(taking));
    }

    pub(super) fn resume_taking(&mut self, scene: &mut Scene) {
        let now = self.steady(scene);
        if let Phase::Taking(taking) = &mut self.phase {
            let request = taking.take.resume(now);
            let (place, lock) = (taking.place, taking.lock.clone());
            let call = self.ask(place, request, &lock, scene);
            self.set_taking_call(call);
        }
    }

    fn set_taking_call(&mut self, call: Call) {
        if let Phase::Taking(taking) = &mut self.phase {
            taking.call = call;
        }
    }

    pub(super) fn hear_while_taking(&mut self, answer: Answer, scene: &mut Scene) {
        let now = self.steady(scene);
        let Phase::Taking(taking) = &mut self.phase else { return };
        match taking.take.hear(answer, now) {
            Step::Ask(request) => {
                let (place, lock) = (taking.place, taking.lock.clone());
                let call = self.ask(place, request, &lock, scene);
                self.set_taking_call(call);
            }
            Step::Pause(pause, _) => self.ring(scene.now + pause, Alarm::Resume, scene),
            Step::End(taken) if taking.place == Place::Object => self.object_taken(taken, scene),
            Step::End(taken) => self.item_taken(taken, scene),
        }
    }

    fn object_taken(&mut self, taken: Taken, scene: &mut Scene) {
        let now = self.steady(scene);
        let Phase::Taking(taking) = &mut self.phase else { return };
        let lock = taking.lock.clone();
        match taken {
            Taken::Ours { lock, token, since, .. } if !scene.plan.server.has_table => {
                self.hold(*lock, token, None, since, scene);
            }
            Taken::Ours { lock, token, since, .. } => {
                let lock = *lock;
                taking.lock = lock.clone();
                let lease_over = Lease::of(&lock).map_or(Duration::MAX, |lease| since + lease.ttl);
                let (take, request) = Take::begin(lock.clone(), None, scene.dice.jitter(), now);
                taking.take = take.at_second_place(lease_over);
                taking.place = Place::Item;
                taking.object = Some(Object { token, since });
                let call = self.ask(Place::Item, request, &lock, scene);
                self.set_taking_call(call);
            }
            Taken::HeldBy(_) | Taken::Busy(_) => {
                scene.judge.tally.refused += 1;
                if !taking.take.is_unclear() {
                    scene.judge.told_gone(&lock.id, Place::Object, &scene.store);
                }
                scene.judge.set(&lock.id, Stage::Dead);
                self.rest(Duration::from_secs(3), scene);
            }
            Taken::Unknown(_) => self.uncertain(lock, scene),
        }
    }

    fn item_taken(&mut self, taken: Taken, scene: &mut Scene) {
        let now = self.steady(scene);
        let Phase::Taking(taking) = &self.phase else { return };
        let (lock, is_unclear) = (taking.lock.clone(), taking.take.is_unclear());
        let Some(Object { token, since }) = taking.object.clone() else { return };
        let deadline = taking.deadline.filter(|deadline| now < *deadline);
        match taken {
            Taken::Ours { token: item, .. } => self.hold(lock, token, Some(item), since, scene),
            Taken::HeldBy(_) => self.undo(lock, token, deadline, scene),
            Taken::Busy(_) | Taken::Unknown(_) if !is_unclear => self.undo(lock, token, None, scene),
            Taken::Busy(_) | Taken::Unknown(_) => self.uncertain(lock, scene),
        }
    }

    fn undo(&mut self, lock: LockInfo, token: Token, deadline: Option<Duration>, scene: &mut Scene) {
        scene.judge.tally.undone += 1;
        self.give_back_at(vec![(Place::Object, Some(token))], lock, Purpose::Undo { deadline }, scene);
    }

    /// The hint says how to give back what may be there. Not everyone follows it.
    fn uncertain(&mut self, lock: LockInfo, scene: &mut Scene) {
        scene.judge.tally.uncertain += 1;
        if scene.is_calm() || scene.dice.happens(700) {
            return self.give_back(lock, None, None, scene);
        }
        scene.judge.set(&lock.id, Stage::Dead);
        self.rest(Duration::from_secs(10), scene);
    }
}

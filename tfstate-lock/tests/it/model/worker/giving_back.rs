//! Giving the lock back at all its places.

use std::time::Duration;

use tfstate_lock::lock::info::LockInfo;
use tfstate_lock::protocol::give_back::{GiveBack, GivenBack, Target};
use tfstate_lock::protocol::{Answer, Step, Token};

use super::{Phase, Worker};
use crate::model::judge::Stage;
use crate::model::scene::{Alarm, Call, Scene};
use crate::model::store::Place;

pub(super) struct GivingBack {
    pub(super) lock: LockInfo,
    pub(super) call: Call,
    give_back: GiveBack,
    place: Place,
    /// What comes after this place, with what names the lock there.
    then: Vec<(Place, Option<Token>)>,
    purpose: Purpose,
    /// Whether it is free at all places that were seen to.
    is_free: bool,
}

/// Between two rounds, as a mean.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// It has been used.
    Release,
    /// The other place was another's; it is taken again until this deadline.
    Undo { deadline: Option<Duration> },
}

impl Worker {
    /// Gives it back where it lies: in the table first.
    pub(super) fn give_back(&mut self, lock: LockInfo, object: Option<Token>, item: Option<Token>, scene: &mut Scene) {
        let mut then = vec![(Place::Object, object)];
        then.extend(scene.plan.server.has_table.then_some((Place::Item, item)));
        self.give_back_at(then, lock, Purpose::Release, scene);
    }

    /// Gives it back at these places, the last one first.
    pub(super) fn give_back_at(
        &mut self,
        then: Vec<(Place, Option<Token>)>,
        lock: LockInfo,
        purpose: Purpose,
        scene: &mut Scene,
    ) {
        self.life += 1;
        scene.judge.set(&lock.id, Stage::Returned);
        self.give_back_then(then, lock, purpose, true, scene);
    }

    fn give_back_then(
        &mut self,
        mut then: Vec<(Place, Option<Token>)>,
        lock: LockInfo,
        purpose: Purpose,
        is_free: bool,
        scene: &mut Scene,
    ) {
        let Some((place, known)) = then.pop() else {
            return self.given_back(&lock, purpose, is_free, scene);
        };
        let (give_back, request) = GiveBack::begin(Target::Id(lock.id.clone()), known, scene.dice.jitter());
        let call = self.ask(place, request, &lock, scene);
        let giving_back = GivingBack { lock, call, give_back, place, then, purpose, is_free };
        self.phase = Phase::GivingBack(Box::new(giving_back));
    }

    pub(super) fn resume_giving_back(&mut self, scene: &mut Scene) {
        let Phase::GivingBack(giving_back) = &mut self.phase else { return };
        let request = giving_back.give_back.resume();
        let (place, lock) = (giving_back.place, giving_back.lock.clone());
        let call = self.ask(place, request, &lock, scene);
        self.set_giving_back_call(call);
    }

    fn set_giving_back_call(&mut self, call: Call) {
        if let Phase::GivingBack(giving_back) = &mut self.phase {
            giving_back.call = call;
        }
    }

    pub(super) fn hear_while_giving_back(&mut self, answer: Answer, scene: &mut Scene) {
        let Phase::GivingBack(giving_back) = &mut self.phase else { return };
        match giving_back.give_back.hear(answer) {
            Step::Ask(request) => {
                let (place, lock) = (giving_back.place, giving_back.lock.clone());
                let call = self.ask(place, request, &lock, scene);
                self.set_giving_back_call(call);
            }
            Step::Pause(pause, _) => self.ring(scene.now + pause, Alarm::Resume, scene),
            Step::End(end) => self.place_given_back(&end, scene),
        }
    }

    fn place_given_back(&mut self, end: &GivenBack, scene: &mut Scene) {
        let Phase::GivingBack(giving_back) = std::mem::replace(&mut self.phase, Phase::Resting) else { return };
        let GivingBack { lock, place, then, purpose, is_free, .. } = *giving_back;
        scene.tell(|| format!("{} gave {} back at {place:?}: {end:?}", self.actor, lock.id));
        let is_gone = matches!(end, GivenBack::Deleted(_) | GivenBack::Gone);
        let is_uncertain = matches!(end, GivenBack::Busy(_) | GivenBack::Unknown(_));
        scene.judge.tally.uncertain += u64::from(is_uncertain);
        if !is_uncertain {
            scene.judge.told_gone(&lock.id, place, &scene.store);
        }
        self.give_back_then(then, lock, purpose, is_free && is_gone, scene);
    }

    fn given_back(&mut self, lock: &LockInfo, purpose: Purpose, is_free: bool, scene: &mut Scene) {
        let now = self.steady(scene);
        scene.judge.set(&lock.id, Stage::Dead);
        match purpose {
            Purpose::Undo { deadline: Some(deadline) } if is_free && now < deadline => {
                let pause = scene.dice.between(&(LOOK / 2..LOOK * 3 / 2)).min(deadline.saturating_sub(now));
                self.life += 1;
                self.phase = Phase::Waiting(deadline);
                self.ring(scene.now + pause, Alarm::Resume, scene);
            }
            Purpose::Undo { .. } => self.rest(Duration::from_secs(3), scene),
            Purpose::Release => {
                scene.judge.tally.released += u64::from(is_free);
                self.rest(Duration::from_secs(5), scene);
            }
        }
    }
}

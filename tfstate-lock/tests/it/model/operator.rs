//! Whoever breaks locks by hand: those that nobody holds any more and that have no lease, and in some runs those that are held.

use std::time::Duration;

use tfstate_lock::lock::id::LockId;
use tfstate_lock::protocol::give_back::{GiveBack, GivenBack, Target};
use tfstate_lock::protocol::{Answer, Step, Token};

use super::judge::Stage;
use super::network::Sender;
use super::scene::{Actor, Alarm, Call, Event, Scene};
use super::store::{Asked, Entry, Place};

/// How often someone asks whether there is anything to break.
const ROUND: Duration = Duration::from_secs(15);

pub(super) struct Operator {
    actor: Actor,
    breaking: Option<Breaking>,
}

struct Breaking {
    id: LockId,
    target: Target,
    call: Call,
    give_back: GiveBack,
    place: Place,
    then: Vec<Place>,
}

impl Operator {
    pub(super) fn new(actor: Actor, scene: &mut Scene) -> Self {
        scene.ring(actor, 0, ROUND, Alarm::Begin);
        Self { actor, breaking: None }
    }

    pub(super) fn happen(&mut self, event: Event, scene: &mut Scene) {
        match event {
            Event::Ring(_, Alarm::Begin) => self.look_around(scene),
            Event::Ring(..) => self.resume(scene),
            Event::Hear(call, answer) if self.breaking.as_ref().is_some_and(|breaking| breaking.call == call) => {
                self.hear(answer, scene);
            }
            _ => {}
        }
    }

    fn look_around(&mut self, scene: &mut Scene) {
        scene.ring(self.actor, 0, scene.now + ROUND, Alarm::Begin);
        if self.breaking.is_some() {
            return;
        }
        let there = [Place::Object, Place::Item].map(|place| (place, scene.store.entry(place).cloned()));
        for (place, entry) in there {
            let Some(entry) = entry else { continue };
            if !Self::is_to_be_broken(&entry, scene) {
                continue;
            }
            scene.tell(|| format!("{} is broken by hand: {place:?}", entry.lock.id));
            scene.judge.broken(&entry.lock.id);
            let by_token = place == Place::Object && scene.dice.happens(400);
            let Entry { lock, token, .. } = entry;
            let places =
                if scene.plan.server.has_table { vec![Place::Object, Place::Item] } else { vec![Place::Object] };
            // What names an object names no item.
            if by_token {
                let target = Target::Token(token.clone());
                return self.at(vec![Place::Object], target, Some(token), lock.id, scene);
            }
            return self.at(places, Target::Id(lock.id.clone()), None, lock.id, scene);
        }
    }

    fn is_to_be_broken(entry: &Entry, scene: &mut Scene) -> bool {
        let has_lease = entry.lease_over().is_some();
        match scene.judge.stage(&entry.lock.id) {
            // Terraform takes nothing over, so someone else has to if no client of ours is left.
            Stage::Dead => !has_lease || !scene.has_workers,
            Stage::Held => has_lease && !scene.is_calm() && scene.plan.breaks_held && scene.dice.happens(500),
            Stage::Wanted | Stage::Returned => false,
        }
    }

    fn at(&mut self, mut places: Vec<Place>, target: Target, known: Option<Token>, id: LockId, scene: &mut Scene) {
        let Some(place) = places.pop() else { return };
        let (give_back, request) = GiveBack::begin(target.clone(), known, scene.dice.jitter());
        let call = scene.send(self.actor, Sender::Ours, place, &Asked::On(request), Some(&id));
        self.breaking = Some(Breaking { id, target, call, give_back, place, then: places });
    }

    fn resume(&mut self, scene: &mut Scene) {
        if let Some(breaking) = &mut self.breaking {
            let request = breaking.give_back.resume();
            breaking.call =
                scene.send(self.actor, Sender::Ours, breaking.place, &Asked::On(request), Some(&breaking.id));
        }
    }

    fn hear(&mut self, answer: Answer, scene: &mut Scene) {
        let Some(breaking) = &mut self.breaking else { return };
        match breaking.give_back.hear(answer) {
            Step::Ask(request) => {
                breaking.call =
                    scene.send(self.actor, Sender::Ours, breaking.place, &Asked::On(request), Some(&breaking.id));
            }
            Step::Pause(pause, _) => scene.ring(self.actor, 0, scene.now + pause, Alarm::Resume),
            Step::End(end) => {
                if matches!(end, GivenBack::Deleted(_) | GivenBack::Gone) {
                    scene.judge.told_gone(&breaking.id, breaking.place, &scene.store);
                }
                if let Some(Breaking { id, target, then, .. }) = self.breaking.take() {
                    self.at(then, target, None, id, scene);
                }
            }
        }
    }
}

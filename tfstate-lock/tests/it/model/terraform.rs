//! Terraform as it is: it takes the lock without a lease, believes each refusal, and deletes what has its id without a condition.
//!
//! Source: hashicorp/terraform, `internal/backend/remote-state/s3/client.go`: the object, then the item; unlocked in the same order.

use std::time::Duration;

use tfstate_lock::lock::info::LockInfo;
use tfstate_lock::protocol::{Answer, Request};

use super::judge::Stage;
use super::network::Sender;
use super::plan::Locking;
use super::scene::{Actor, Alarm, Call, Event, Scene};
use super::store::{Asked, Place};

/// How often its SDK tries a request that had no answer.
const ATTEMPTS: u32 = 3;

pub(super) struct Terraform {
    actor: Actor,
    works_left: u32,
    life: u64,
    lock: Option<LockInfo>,
    /// What is still to be done, the next last.
    steps: Vec<Step>,
    asked: Option<(Call, u32)>,
    read: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Create(Place),
    Work,
    Compare(Place),
    Delete(Place),
    /// The lock is not to be had: what it has already is given back.
    GiveUp,
}

impl Terraform {
    pub(super) fn new(actor: Actor, scene: &mut Scene) -> Self {
        let works_left = scene.plan.works;
        let mut terraform = Self { actor, works_left, life: 0, lock: None, steps: Vec::new(), asked: None, read: 0 };
        terraform.rest(scene);
        terraform
    }

    pub(super) fn is_done(&self) -> bool {
        self.works_left == 0 && self.lock.is_none()
    }

    fn rest(&mut self, scene: &mut Scene) {
        if let Some(lock) = self.lock.take() {
            scene.judge.set(&lock.id, Stage::Dead);
        }
        self.life += 1;
        (self.steps, self.asked) = (Vec::new(), None);
        if self.works_left > 0 {
            let at = scene.now + scene.dice.up_to(Duration::from_secs(5));
            scene.ring(self.actor, self.life, at, Alarm::Begin);
        }
    }

    pub(super) fn happen(&mut self, event: Event, scene: &mut Scene) {
        match event {
            Event::Ring(life, alarm) if life == self.life => match alarm {
                Alarm::Begin => self.begin(scene),
                Alarm::WorkEnds => self.end_work(scene),
                _ => {}
            },
            Event::Crash => self.crash(scene),
            Event::Hear(call, answer) if self.asked.is_some_and(|(asked, _)| asked == call) => {
                if !scene.is_calm() && scene.dice.happens(scene.plan.crash) {
                    return self.crash(scene);
                }
                self.hear(answer, scene);
            }
            Event::Hear(..) | Event::Ring(..) | Event::Freeze(_) | Event::Thaw => {}
        }
    }

    fn crash(&mut self, scene: &mut Scene) {
        scene.judge.tally.crashed += 1;
        scene.tell(|| format!("{} (Terraform) crashes", self.actor));
        if scene.dice.happens(scene.plan.for_ever) {
            self.works_left = 0;
        }
        self.rest(scene);
    }

    fn begin(&mut self, scene: &mut Scene) {
        self.life += 1;
        let lock = LockInfo {
            id: scene.dice.lock_id(),
            operation: "OperationTypeApply".to_owned(),
            info: String::new(),
            who: self.actor.to_string(),
            version: "1.11.4".to_owned(),
            created: scene.dice.wall_clock(),
            path: String::new(),
        };
        scene.judge.wanted(&lock.id);
        self.lock = Some(lock);
        let places = Self::places(scene);
        let creates = places.iter().map(|place| Step::Create(*place));
        let deletes = places.iter().flat_map(|place| [Step::Compare(*place), Step::Delete(*place)]);
        self.steps = creates.chain([Step::Work]).chain(deletes).collect();
        self.steps.reverse();
        self.go_on(scene);
    }

    fn places(scene: &Scene) -> &'static [Place] {
        match scene.plan.locking {
            Locking::Object => &[Place::Object],
            Locking::Item => &[Place::Item],
            Locking::Both => &[Place::Object, Place::Item],
        }
    }

    fn go_on(&mut self, scene: &mut Scene) {
        match self.steps.last() {
            None | Some(Step::GiveUp) => self.rest(scene),
            Some(Step::Work) => self.work(scene),
            Some(_) => self.ask(1, scene),
        }
    }

    fn ask(&mut self, attempt: u32, scene: &mut Scene) {
        let (Some(lock), Some(step)) = (self.lock.clone(), self.steps.last()) else { return };
        let (place, asked) = match *step {
            Step::Create(place) => (place, Asked::On(Request::Create(lock.clone()))),
            Step::Compare(place) => (place, Asked::On(Request::Look(None))),
            Step::Delete(place) => (place, Asked::PlainDelete),
            Step::Work | Step::GiveUp => return,
        };
        let call = scene.send(self.actor, Sender::Terraform, place, &asked, Some(&lock.id));
        self.asked = Some((call, attempt));
    }

    fn hear(&mut self, answer: Answer, scene: &mut Scene) {
        let (Some((_, attempt)), Some(step)) = (self.asked, self.steps.last().copied()) else { return };
        if matches!(answer, Answer::Unclear(_)) && attempt < ATTEMPTS {
            return self.ask(attempt + 1, scene);
        }
        self.asked = None;
        match (step, answer) {
            (Step::Create(_), Answer::Stored(_)) | (Step::Delete(_), Answer::Deleted) => self.done(scene),
            (Step::Create(Place::Item), Answer::Differs | Answer::Conflict) if Self::has_object(scene) => {
                self.steps = vec![Step::GiveUp, Step::Delete(Place::Object), Step::Compare(Place::Object)];
                self.go_on(scene);
            }
            (Step::Compare(_), Answer::Found(found)) if self.is_mine(&found) => self.done(scene),
            // An error: it ends, and what it left behind stays.
            _ => self.rest(scene),
        }
    }

    fn done(&mut self, scene: &mut Scene) {
        self.steps.pop();
        self.go_on(scene);
    }

    fn has_object(scene: &Scene) -> bool {
        Self::places(scene).contains(&Place::Object)
    }

    fn is_mine(&self, found: &tfstate_lock::protocol::Found) -> bool {
        let id = found.lock.as_ref().map(|lock| &lock.id).ok();
        id == self.lock.as_ref().map(|lock| &lock.id)
    }

    fn work(&mut self, scene: &mut Scene) {
        let Some(lock) = &self.lock else { return };
        let length = scene.work();
        scene.tell(|| format!("{} (Terraform) works with {}", self.actor, lock.id));
        let places = Self::places(scene);
        scene.judge.told_held(lock, places, None, &scene.store, scene.now);
        scene.judge.at_work(&lock.id);
        self.read = scene.store.serial;
        scene.ring(self.actor, self.life, scene.now + length, Alarm::WorkEnds);
    }

    fn end_work(&mut self, scene: &mut Scene) {
        let Some(lock) = &self.lock else { return };
        scene.judge.writes_state(&lock.id, self.read, &mut scene.store);
        scene.judge.set(&lock.id, Stage::Returned);
        self.works_left -= 1;
        self.done(scene);
    }
}

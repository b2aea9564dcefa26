//! Where everything happens, one event after the other: the time, what comes next, the server, and the judge.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use tfstate_lock::lock::id::LockId;
use tfstate_lock::protocol::Answer;

use super::dice::Dice;
use super::judge::Judge;
use super::network::{Fate, Heard, Sender};
use super::plan::{Faults, Plan};
use super::store::{Asked, Coming, Place, Store};

/// The number of a request.
pub(super) type Call = u64;
/// The number of someone who takes part.
pub(super) type Actor = usize;

/// What happens to someone.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// An answer comes.
    Hear(Call, Answer),
    /// A clock rings that was set in this life.
    Ring(u64, Alarm),
    /// The process is killed.
    Crash,
    /// The process stands still for so long.
    Freeze(Duration),
    /// And goes on.
    Thaw,
}

/// What a clock was set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    Begin,
    Resume,
    Renew,
    ResumeRenewal,
    Deadline,
    Kill,
    WorkEnds,
}

/// A request under way.
#[derive(Clone, Debug)]
struct Message {
    actor: Actor,
    call: Call,
    place: Place,
    asked: Asked,
    /// What a delete is meant for; none if for whatever is there.
    meant: Option<LockId>,
    /// Which of its arrivals this is.
    arrival: usize,
    heard: Heard,
    sent: Duration,
}

#[derive(Debug)]
enum Next {
    Arrive(Box<Message>),
    Happen(Actor, Event),
}

struct Queued {
    at: Duration,
    number: u64,
    next: Next,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

pub(super) struct Scene {
    pub(super) now: Duration,
    pub(super) plan: Plan,
    pub(super) dice: Dice,
    pub(super) store: Store,
    pub(super) judge: Judge,
    /// Whether a client of ours still wants the lock.
    pub(super) has_workers: bool,
    queue: BinaryHeap<Reverse<Queued>>,
    number: u64,
    /// What happened, if anyone wants to read it.
    pub(super) story: Option<Vec<String>>,
}

impl Scene {
    pub(super) fn new(plan: Plan, dice: Dice, tells: bool) -> Self {
        let store = Store::new(plan.server);
        Self {
            now: Duration::ZERO,
            plan,
            dice,
            store,
            judge: Judge::default(),
            has_workers: true,
            queue: BinaryHeap::new(),
            number: 0,
            story: tells.then(Vec::new),
        }
    }

    pub(super) fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(format!("{:>10.3} {}", self.now.as_secs_f64(), what()));
        }
    }

    pub(super) fn is_calm(&self) -> bool {
        self.now >= self.plan.calm_at
    }

    /// How long a work takes that begins now.
    pub(super) fn work(&mut self) -> Duration {
        if self.is_calm() { Duration::from_secs(1) } else { self.dice.between(&self.plan.work) }
    }

    fn put(&mut self, at: Duration, next: Next) {
        self.number += 1;
        self.queue.push(Reverse(Queued { at: at.max(self.now), number: self.number, next }));
    }

    pub(super) fn later(&mut self, actor: Actor, at: Duration, event: Event) {
        self.put(at, Next::Happen(actor, event));
    }

    pub(super) fn ring(&mut self, actor: Actor, life: u64, at: Duration, alarm: Alarm) {
        self.later(actor, at, Event::Ring(life, alarm));
    }

    /// Sends a request on its way, and says its number.
    pub(super) fn send(
        &mut self,
        actor: Actor,
        sender: Sender,
        place: Place,
        asked: &Asked,
        meant: Option<&LockId>,
    ) -> Call {
        self.judge.tally.requests += 1;
        let faults = if self.is_calm() { Faults::default() } else { self.plan.faults };
        let fate = Fate::draw(&self.plan, faults, sender, asked, &mut self.dice);
        self.number += 1;
        let call = self.number;
        self.tell(|| format!("{actor} asks {call} {place:?} {} {fate:?}", short(asked)));
        for (arrival, after) in fate.arrivals.iter().enumerate() {
            let meant = meant.cloned();
            let asked = asked.clone();
            let message = Message { actor, call, place, asked, meant, arrival, heard: fate.heard, sent: self.now };
            self.put(self.now + *after, Next::Arrive(Box::new(message)));
        }
        match fate.heard {
            Heard::Unclear { at } => self.later(actor, self.now + at, Event::Hear(call, Answer::Unclear(None))),
            Heard::Conflict { at } => self.later(actor, self.now + at, Event::Hear(call, Answer::Conflict)),
            Heard::Answer { .. } | Heard::Nothing => {}
        }
        call
    }

    /// Lets time pass until something happens to someone: none if nothing ever will.
    pub(super) fn next(&mut self) -> Option<(Actor, Event)> {
        loop {
            let Reverse(Queued { at, next, .. }) = self.queue.pop()?;
            self.now = at;
            match next {
                Next::Happen(actor, event) => return Some((actor, event)),
                Next::Arrive(message) => self.arrive(*message),
            }
        }
    }

    fn arrive(&mut self, message: Message) {
        let Message { actor, call, place, asked, meant, arrival, heard, sent } = message;
        let before = self.store.entry(place).cloned();
        let coming = match arrival {
            _ if self.now > sent + heard.at() => Coming::TooLate,
            0 => Coming::Expected,
            _ => Coming::Again,
        };
        let answer = self.store.answer(place, &asked, self.now, coming, &mut self.dice);
        self.tell(|| format!("  {call} arrives: {}", short_answer(&answer)));
        match (&answer, &before) {
            (Answer::Stored(_), _) => {
                if let Some(after) = self.store.entry(place) {
                    self.judge.written(place, before.as_ref(), after, self.now);
                }
            }
            (Answer::Deleted, Some(before)) => self.judge.deleted(place, before, meant.as_ref(), self.now),
            _ => {}
        }
        if let Heard::Answer { arrival: answered, at } = heard
            && answered == arrival
        {
            self.later(actor, sent + at, Event::Hear(call, answer));
        }
    }
}

fn short(asked: &Asked) -> String {
    use tfstate_lock::protocol::Request;
    match asked {
        Asked::PlainDelete => "plain delete".to_owned(),
        Asked::On(Request::Create(lock)) => format!("create {}", lock.id),
        Asked::On(Request::Replace(lock, token)) => format!("replace {token:?} by {} {}", lock.id, lock.info),
        Asked::On(Request::Look(unless)) => format!("look {unless:?}"),
        Asked::On(Request::Delete(token)) => format!("delete {token:?}"),
    }
}

fn short_answer(answer: &Answer) -> String {
    match answer {
        Answer::Found(found) => {
            let id = found.lock.as_ref().map(|lock| lock.id.to_string()).unwrap_or_default();
            format!("found {id} {:?} age {:?}", found.token, found.age())
        }
        other => format!("{other:?}"),
    }
}

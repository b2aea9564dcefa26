//! The lock protocol in a world without sockets and with a time of its own: clients, Terraforms and someone who breaks locks share one lock over
//! a network that loses, delays and doubles what they say, and crash and stand still at random.
//!
//! Each schedule comes from a seed, and the same seed makes the same schedule. `MODEL_RUNS` says how many are tried, `MODEL_SEED` which is the
//! first: `MODEL_SEED=7 MODEL_RUNS=1` shows what happens in the one with the seed 7.

mod dice;
mod judge;
mod network;
mod operator;
mod plan;
mod scene;
mod store;
mod terraform;
mod worker;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tfstate_lock::lock::lease::SLACK;

use self::dice::Dice;
use self::judge::Tally;
use self::network::LATEST;
use self::operator::Operator;
use self::plan::{Faults, Locking, Pauses, Plan, Server};
use self::scene::{Event, Scene};
use self::terraform::Terraform;
use self::worker::Worker;

enum Part {
    Worker(Box<Worker>),
    Terraform(Box<Terraform>),
    Operator(Box<Operator>),
}

impl Part {
    fn is_done(&self) -> bool {
        match self {
            Self::Worker(worker) => worker.is_done(),
            Self::Terraform(terraform) => terraform.is_done(),
            Self::Operator(_) => true,
        }
    }

    fn frozen_until(&self) -> Duration {
        match self {
            Self::Worker(worker) => worker.frozen_until(),
            Self::Terraform(_) | Self::Operator(_) => Duration::ZERO,
        }
    }

    fn happen(&mut self, event: Event, scene: &mut Scene) {
        match self {
            Self::Worker(worker) => worker.happen(event, scene),
            Self::Terraform(terraform) => terraform.happen(event, scene),
            Self::Operator(operator) => operator.happen(event, scene),
        }
    }
}

/// Lets a plan run to its end.
fn play(scene: &mut Scene) -> Result<(), String> {
    let mut parts = cast(scene);
    let end = latest_end(&scene.plan);
    while !parts.iter().all(Part::is_done) {
        scene.has_workers = parts.iter().any(|part| matches!(part, Part::Worker(worker) if !worker.is_done()));
        let Some((actor, event)) = scene.next() else {
            return Err("nothing happens any more".to_owned());
        };
        if scene.now > end {
            return Err(format!("at {end:?} not everyone has had the lock"));
        }
        let frozen_until = parts[actor].frozen_until();
        if scene.now < frozen_until && !matches!(event, Event::Crash) {
            scene.later(actor, frozen_until, event);
            continue;
        }
        parts[actor].happen(event, scene);
        if let Some(violation) = scene.judge.violation.take() {
            return Err(violation);
        }
    }
    let (serial, works) = (scene.store.serial, scene.judge.tally.works);
    let is_tainted = scene.judge.is_state_tainted || scene.judge.counts_overlaps;
    if serial != works && !is_tainted {
        return Err(format!("{works} works, and the state has the serial {serial}"));
    }
    Ok(())
}

/// All that take part, with what will happen to them.
fn cast(scene: &mut Scene) -> Vec<Part> {
    let plan = scene.plan.clone();
    let mut parts = Vec::new();
    for _ in 0..plan.leased {
        let ttl = scene.dice.pick(&plan.ttls);
        parts.push(Part::Worker(Box::new(Worker::new(parts.len(), Some(ttl), scene))));
        disturb(parts.len() - 1, ttl, scene);
    }
    for _ in 0..plan.unleased {
        parts.push(Part::Worker(Box::new(Worker::new(parts.len(), None, scene))));
    }
    for _ in 0..plan.terraforms {
        parts.push(Part::Terraform(Box::new(Terraform::new(parts.len(), scene))));
    }
    parts.push(Part::Operator(Box::new(Operator::new(parts.len(), scene))));
    parts
}

/// Crashes and pauses at any time; others come when something is heard.
fn disturb(actor: usize, ttl: Duration, scene: &mut Scene) {
    let (pauses, calm_at) = (scene.plan.pauses, scene.plan.calm_at);
    if scene.plan.crash > 0 {
        let at = scene.dice.up_to(calm_at);
        scene.later(actor, at, Event::Crash);
    }
    if let Some(at) = scene.plan.dies_at.filter(|_| actor == 0) {
        scene.later(actor, at, Event::Crash);
    }
    let longest = match pauses {
        Pauses::None => return,
        Pauses::Short => ttl / 5,
        Pauses::Long { .. } => ttl * 3,
    };
    for _ in 0..scene.dice.below(6) {
        let (at, pause) = (scene.dice.up_to(calm_at), scene.dice.up_to(longest));
        scene.later(actor, at, Event::Freeze(pause));
    }
}

/// By then everyone has had the lock: the last late request has come, and every lease of the dead is over.
fn latest_end(plan: &Plan) -> Duration {
    let parts = u32::try_from(plan.leased + plan.unleased + plan.terraforms).unwrap();
    let ttl = plan.ttls.iter().max().copied().unwrap_or_default();
    plan.calm_at + LATEST + ttl * 5 + Duration::from_mins(2) + Duration::from_secs(15) * parts * plan.works
}

fn run(seed: u64, plan: impl Fn(&mut Dice) -> Plan, tells: bool) -> (Result<(), String>, Scene) {
    let mut dice = Dice::new(seed);
    let plan = plan(&mut dice);
    let mut scene = Scene::new(plan, dice, tells);
    scene.judge.counts_overlaps = scene.plan.pauses == Pauses::Long { looks: false };
    let end = play(&mut scene);
    (end, scene)
}

/// What a schedule looked like in which something went wrong.
fn story(seed: u64, plan: impl Fn(&mut Dice) -> Plan) -> String {
    let (end, scene) = run(seed, plan, true);
    let story = scene.story.unwrap_or_default();
    format!("{:#?}\n{}\nseed {seed}: {end:?}", scene.plan, story.join("\n"))
}

fn setting(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

/// Tries many schedules, on two threads, and shows the first that fails.
fn try_all(seeds: Range<u64>, plan: impl Fn(&mut Dice) -> Plan + Sync) -> Tally {
    let (failures, total) = try_each(seeds, &plan);
    if let Some((seed, _)) = failures.first() {
        let list = failures.iter().map(|(seed, what)| format!("seed {seed}: {what}\n"));
        panic!("{}\n{}", story(*seed, &plan), list.collect::<String>());
    }
    total
}

/// Tries many schedules until some have failed.
#[expect(clippy::print_stdout, reason = "whoever hunts for long wants to know what was seen")]
fn try_each(seeds: Range<u64>, plan: impl Fn(&mut Dice) -> Plan + Sync) -> (Vec<(u64, String)>, Tally) {
    const ENOUGH: usize = 20;
    let next = AtomicU64::new(seeds.start);
    let outcomes = Mutex::new((Vec::new(), Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let (outcome, scene) = run(seed, &plan, false);
                    let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
                    outcomes.1.add(&scene.judge.tally);
                    outcomes.0.extend(outcome.err().map(|what| (seed, what)));
                    if outcomes.0.len() >= ENOUGH {
                        break;
                    }
                }
            });
        }
    });
    let (mut failures, total) = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort();
    println!("seeds {seeds:?}: {total:?}");
    (failures, total)
}

#[test]
fn nobody_works_while_another_does_and_no_state_is_lost() {
    let (first, runs) = (setting("MODEL_SEED").unwrap_or(1), setting("MODEL_RUNS").unwrap_or(2000));
    if runs == 1 {
        println!("{}", story(first, Plan::random));
    }
    let tally = try_all(first..first + runs, Plan::random);
    let Tally { works, taken_over, renewed, lost, undone, released, uncertain, crashed, .. } = tally;
    let Tally { strays, broken, stopped, refused, .. } = tally;
    let seen =
        [works, taken_over, renewed, lost, undone, released, uncertain, crashed, strays, broken, stopped, refused];
    assert!(runs < 1000 || seen.iter().all(|count| *count > 0), "it has not seen all: {tally:?}");
}

/// Terraform holds the table only, so that ours is taken in the bucket and given back again and again, by requests that come late.
#[test]
fn a_lock_that_is_taken_in_rounds_is_one_of_its_own_in_each() {
    let tally = try_all(1..400, |dice| Plan {
        leased: 3,
        terraforms: 2,
        locking: Locking::Item,
        works: 4,
        work: Duration::from_secs(2)..Duration::from_secs(10),
        faults: Faults { late: 150, unanswered: 50, ..Faults::default() },
        server: Server { has_table: true, has_hashes: true, has_date: dice.happens(500) },
        ..Plan::calm()
    });
    assert!(tally.undone > 1000 && tally.works > 1000, "{tally:?}");
}

#[test]
fn whoever_breaks_a_lock_that_is_held_is_told_what_is_there_and_its_holder_notices() {
    let tally = try_all(1..400, |_| Plan {
        works: 3,
        work: Duration::from_secs(10)..Duration::from_secs(40),
        faults: Faults { lost: 250, unanswered: 100, ..Faults::default() },
        breaks_held: true,
        ..Plan::calm()
    });
    assert!(tally.broken > 300 && tally.lost > 100, "{tally:?}");
}

/// Whole seconds, and two machines of the server that differ by one, make a lease look up to two seconds younger than it is.
#[test]
fn a_dead_holders_lock_is_taken_over_when_its_lease_is_over_and_soon() {
    let tally = try_all(1..500, |dice| Plan {
        leased: 4,
        works: 4,
        ttls: vec![Duration::from_secs(10 + dice.below(20))],
        for_ever: 1000,
        dies_at: Some(dice.up_to(Duration::from_secs(5))),
        calm_at: Duration::ZERO,
        server: Server { has_table: dice.happens(500), has_hashes: true, has_date: dice.happens(500) },
        ..Plan::calm()
    });
    let poll = Duration::from_millis(1500) + Plan::calm().latency * 4;
    assert!(tally.taken_over > 50, "{tally:?}");
    assert!(tally.longest_takeover <= SLACK + Duration::from_secs(2) + poll, "{tally:?}");
}

#[test]
fn a_proxy_that_doubles_every_request_does_no_harm() {
    let tally = try_all(1..301, |_| Plan {
        leased: 4,
        works: 4,
        faults: Faults { doubled: 1000, ..Faults::default() },
        // Whatever is answered the second time is answered late.
        timeout: LATEST * 2,
        ..Plan::calm()
    });
    assert_eq!((tally.uncertain, tally.works), (0, 300 * 16), "{tally:?}");
}

/// Whoever stands still for longer than its lease is safe only if it looks at its clock before it goes on. `run` does, but what it runs does not:
/// that works on until it is stopped.
#[test]
fn standing_still_for_longer_than_a_lease_is_harmless_only_to_those_who_look_at_their_clock() {
    let standing_still = |looks| {
        move |dice: &mut Dice| Plan {
            work: Duration::from_secs(1)..Duration::from_secs(30),
            pauses: Pauses::Long { looks },
            ttls: vec![Duration::from_secs(10 + dice.below(20))],
            ..Plan::calm()
        }
    };
    let tally = try_all(1..500, standing_still(true));
    assert_eq!(tally.overlaps, 0, "{tally:?}");
    let tally = try_all(1..500, standing_still(false));
    assert!(tally.overlaps > 0, "{tally:?}");
}

/// What no client of ours can prevent: Terraform deletes without a condition, and asks again if it hears nothing.
#[test]
fn a_late_delete_of_terraform_deletes_whatever_is_there() {
    let (failures, _) = try_each(1..2000, |_| Plan {
        terraforms: 2,
        is_terraform_late: true,
        works: 4,
        faults: Faults { late: 100, unanswered: 100, ..Faults::default() },
        ..Plan::calm()
    });
    assert!(failures.iter().all(|(_, what)| what.contains("deleted")), "{failures:?}");
    assert!(!failures.is_empty());
}

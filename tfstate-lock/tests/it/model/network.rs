//! The way to the server and back: what becomes of a request.

use std::time::Duration;

use super::dice::Dice;
use super::plan::{Faults, Plan};
use super::store::Asked;

/// Longer than this no request is under way.
pub(super) const LATEST: Duration = Duration::from_mins(3);

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// A client of ours, or whoever breaks locks with our tool.
    Ours,
    /// Terraform.
    Terraform,
}

/// What becomes of a request: all in durations from now on.
#[derive(Clone, Debug, Default)]
pub(super) struct Fate {
    /// When it arrives: never, once, or twice.
    pub(super) arrivals: Vec<Duration>,
    pub(super) heard: Heard,
}

/// What the sender hears.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Heard {
    /// The answer to this arrival, then.
    Answer { arrival: usize, at: Duration },
    /// Nothing that would say whether it was done.
    Unclear { at: Duration },
    /// 409.
    Conflict { at: Duration },
    /// Nothing at all.
    #[default]
    Nothing,
}

impl Heard {
    pub(super) fn at(self) -> Duration {
        match self {
            Self::Answer { at, .. } | Self::Unclear { at } | Self::Conflict { at } => at,
            Self::Nothing => Duration::ZERO,
        }
    }
}

impl Fate {
    pub(super) fn draw(plan: &Plan, faults: Faults, sender: Sender, asked: &Asked, dice: &mut Dice) -> Self {
        let is_write = asked.is_write();
        let comes_late = sender == Sender::Ours || plan.is_terraform_late;
        // Without a condition it harms others if it comes late: that is shown apart.
        let is_harmful = matches!(asked, Asked::PlainDelete) && !plan.is_terraform_late;
        let faults = if is_harmful { Faults::default() } else { faults };
        let way = |dice: &mut Dice| Duration::from_millis(1) + dice.up_to(plan.latency);
        let (there, back) = (way(dice), way(dice));
        let once = |heard| Self { arrivals: vec![there], heard };
        let answered = |arrival, at| {
            if at < plan.timeout { Heard::Answer { arrival, at } } else { Heard::Unclear { at: plan.timeout } }
        };
        // A connection that broke off is noticed at once; one that hangs, by the timeout.
        let given_up = if dice.happens(500) { there + back } else { plan.timeout };
        if dice.happens(faults.lost) {
            return Self { arrivals: Vec::new(), heard: Heard::Unclear { at: given_up } };
        }
        if dice.happens(faults.error_before) {
            return Self { arrivals: Vec::new(), heard: Heard::Unclear { at: there + back } };
        }
        if dice.happens(faults.slow) {
            let there = there + dice.up_to(plan.timeout);
            return Self { arrivals: vec![there], heard: answered(0, there + back) };
        }
        if is_write && dice.happens(faults.conflict) {
            return Self { arrivals: Vec::new(), heard: Heard::Conflict { at: there + back } };
        }
        if dice.happens(faults.error_after) {
            return once(Heard::Unclear { at: there + back });
        }
        if dice.happens(faults.unanswered) {
            return once(Heard::Unclear { at: given_up });
        }
        if comes_late && dice.happens(faults.late) {
            let late = given_up + long(dice);
            return Self { arrivals: vec![late], heard: Heard::Unclear { at: given_up } };
        }
        if comes_late && dice.happens(faults.doubled) {
            return Self::doubled(there, back, answered, dice);
        }
        once(answered(0, there + back))
    }

    /// Two arrivals, of which either is answered; the other one may come much later, or much earlier.
    fn doubled(there: Duration, back: Duration, answered: impl Fn(usize, Duration) -> Heard, dice: &mut Dice) -> Self {
        let second = there + if dice.happens(500) { long(dice) } else { dice.up_to(Duration::from_secs(5)) };
        let is_first = dice.happens(500);
        let heard = if is_first { answered(0, there + back) } else { answered(1, second + back) };
        Self { arrivals: vec![there, second], heard }
    }
}

/// Seconds or minutes.
fn long(dice: &mut Dice) -> Duration {
    let end = dice.pick(&[1, 10, 60, LATEST.as_secs()]);
    dice.up_to(Duration::from_secs(end))
}

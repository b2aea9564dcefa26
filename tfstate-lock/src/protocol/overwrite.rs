//! Writing an object on a condition so that nobody's work is lost, whatever becomes of the answers.
//!
//! The condition makes it safe to try again: an attempt whose answer was lost, and that is carried out late, finds either what was there
//! before or our own bytes. What lies there is asked before anything is believed.

use std::time::Duration;

use contract::aws::CallError;

use super::pace::Jitter;

/// Attempts at one write.
const ATTEMPTS: u32 = 5;

/// Writing one object. `W` is what names what was written.
#[derive(Debug)]
pub struct Overwrite {
    jitter: Jitter,
    asked: Ask,
    /// Whether a write of ours may have been done without our knowing.
    unclear: bool,
    refused: bool,
    attempts: u32,
    last_fault: Option<Box<CallError>>,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Write it, if the condition holds.
    Write,
    /// Say what lies there.
    Look,
}

/// What came back.
#[derive(Clone, Debug)]
pub enum Heard<W> {
    /// It was written.
    Stored(W),
    /// The condition does not hold: not done.
    Refused,
    /// Not done, for another write was going on.
    Conflict,
    /// No answer, or a server's error: what was asked may have been done.
    Unclear(Option<Box<CallError>>),
    /// What was asked was not done.
    Failed(Box<CallError>),
    /// What lies there.
    Seen(Sight<W>),
}

/// What lies there.
#[derive(Clone, Debug)]
pub enum Sight<W> {
    /// The bytes that were to be written.
    Ours(W),
    /// What was there before.
    AsBefore,
    /// Something else.
    Other,
}

/// What to do next.
#[derive(Clone, Debug)]
pub enum Next<W> {
    /// Ask this, after so long.
    Ask(Ask, Duration),
    /// It has ended.
    End(Overwritten<W>),
}

/// How it ended.
#[derive(Clone, Debug)]
pub enum Overwritten<W> {
    /// It was written.
    Done(W),
    /// Someone else wrote there.
    Overtaken,
    /// Nobody is known to have written there, and yet the condition did not hold: that of a copy is about its source too.
    Refused,
    /// Others wrote all the time, so often: not done.
    Busy(u32),
    /// Not done.
    Failed(Box<CallError>),
    /// There was no answer that would say whether it was done.
    Unknown(Option<Box<CallError>>),
}

impl Overwrite {
    /// Begins, with the first thing to ask.
    #[must_use]
    pub fn begin(jitter: Jitter) -> (Self, Ask) {
        let asked = Ask::Write;
        (Self { jitter, asked, unclear: false, refused: false, attempts: 0, last_fault: None }, asked)
    }

    /// What to do now that this was heard.
    pub fn hear<W>(&mut self, heard: Heard<W>) -> Next<W> {
        match heard {
            Heard::Stored(written) | Heard::Seen(Sight::Ours(written)) => Next::End(Overwritten::Done(written)),
            Heard::Seen(Sight::Other) => Next::End(Overwritten::Overtaken),
            Heard::Seen(Sight::AsBefore) if self.refused => Next::End(Overwritten::Refused),
            Heard::Seen(Sight::AsBefore) | Heard::Conflict => self.again(),
            Heard::Refused => {
                self.refused = true;
                self.ask(Ask::Look, Duration::ZERO)
            }
            Heard::Unclear(fault) if self.asked == Ask::Look => Next::End(self.blind(fault)),
            Heard::Failed(fault) if self.asked == Ask::Look => Next::End(self.blind(Some(fault))),
            Heard::Unclear(fault) => {
                self.unclear = true;
                self.last_fault = fault;
                self.ask(Ask::Look, Duration::ZERO)
            }
            Heard::Failed(fault) if self.unclear => Next::End(Overwritten::Unknown(Some(fault))),
            Heard::Failed(fault) => Next::End(Overwritten::Failed(fault)),
        }
    }

    /// Nobody can say what lies there.
    fn blind<W>(&mut self, fault: Option<Box<CallError>>) -> Overwritten<W> {
        if self.refused && !self.unclear { Overwritten::Refused } else { Overwritten::Unknown(fault) }
    }

    fn again<W>(&mut self) -> Next<W> {
        if self.attempts + 1 >= ATTEMPTS {
            let fault = self.last_fault.take();
            return Next::End(if self.unclear { Overwritten::Unknown(fault) } else { Overwritten::Busy(ATTEMPTS) });
        }
        let pause = self.jitter.between_attempts(self.attempts);
        self.attempts += 1;
        self.ask(Ask::Write, pause)
    }

    fn ask<W>(&mut self, ask: Ask, after: Duration) -> Next<W> {
        self.asked = ask;
        Next::Ask(ask, after)
    }
}

#[cfg(test)]
mod tests {
    use contract::aws::CallErrorKind;
    use proptest::prelude::*;

    use super::*;

    /// What lies there, in the model.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Lies {
        Before,
        Ours,
        Others,
    }

    /// What becomes of one request.
    #[derive(Clone, Copy, Debug)]
    enum Fate {
        Answered,
        AnswerLost,
        RequestLost,
        /// It is done only after the next request.
        Late,
        Conflict,
        Denied,
    }

    fn denied() -> CallError {
        let (code, request_id, status) = (None, None, Some(403));
        let (operation, kind) = ("s3:PutObject", CallErrorKind::AccessDenied);
        CallError { operation, code, message: String::new(), request_id, status, kind }
    }

    fn fate() -> impl Strategy<Value = Fate> {
        prop_oneof![
            4 => Just(Fate::Answered),
            2 => Just(Fate::AnswerLost),
            2 => Just(Fate::RequestLost),
            1 => Just(Fate::Late),
            1 => Just(Fate::Conflict),
            1 => Just(Fate::Denied),
        ]
    }

    /// A store that keeps the condition, and whoever writes past the lock.
    #[derive(Debug)]
    struct Model {
        lies: Lies,
        late: bool,
        was_ours: bool,
        others_wrote: bool,
    }

    impl Model {
        fn put(&mut self) -> bool {
            let holds = self.lies == Lies::Before;
            if holds {
                self.lies = Lies::Ours;
                self.was_ours = true;
            }
            holds
        }

        fn answer(&mut self, ask: Ask, fate: Fate) -> Heard<()> {
            let late = std::mem::take(&mut self.late);
            let heard = match (ask, fate) {
                (_, Fate::Denied) => Heard::Failed(Box::new(denied())),
                (Ask::Look, Fate::Answered | Fate::Conflict) => Heard::Seen(match self.lies {
                    Lies::Before => Sight::AsBefore,
                    Lies::Ours => Sight::Ours(()),
                    Lies::Others => Sight::Other,
                }),
                (Ask::Look, _) | (Ask::Write, Fate::RequestLost) => Heard::Unclear(None),
                (Ask::Write, Fate::Conflict) => Heard::Conflict,
                (Ask::Write, Fate::Answered) if self.put() => Heard::Stored(()),
                (Ask::Write, Fate::Answered) => Heard::Refused,
                (Ask::Write, Fate::AnswerLost) => {
                    self.put();
                    Heard::Unclear(None)
                }
                (Ask::Write, Fate::Late) => {
                    self.late = true;
                    Heard::Unclear(None)
                }
            };
            if late {
                self.put();
            }
            heard
        }
    }

    fn play(fates: &[Fate], others: Option<usize>) -> (Overwritten<()>, Model) {
        let mut model = Model { lies: Lies::Before, late: false, was_ours: false, others_wrote: false };
        let (mut overwrite, mut ask) = Overwrite::begin(Jitter::new([7; 8]));
        for (at, fate) in fates.iter().enumerate() {
            if others == Some(at) {
                model.lies = Lies::Others;
                model.others_wrote = true;
            }
            match overwrite.hear(model.answer(ask, *fate)) {
                Next::Ask(next, _) => ask = next,
                Next::End(end) => return (end, model),
            }
        }
        panic!("it does not end");
    }

    #[test]
    fn a_write_whose_answer_was_lost_is_recognised() {
        for fate in [Fate::AnswerLost, Fate::Late] {
            let (end, model) = play(&[fate, Fate::Answered, Fate::Answered, Fate::Answered], None);
            assert!(matches!(end, Overwritten::Done(())), "{fate:?}: {end:?}");
            assert_eq!(model.lies, Lies::Ours);
        }
    }

    #[test]
    fn what_someone_else_wrote_stays() {
        let (end, model) = play(&[Fate::Answered; 2], Some(0));
        assert!(matches!(end, Overwritten::Overtaken), "{end:?}");
        assert_eq!(model.lies, Lies::Others);
    }

    #[test]
    fn endless_conflicts_end() {
        let (end, _) = play(&[Fate::Conflict; 9], None);
        assert!(matches!(end, Overwritten::Busy(ATTEMPTS)), "{end:?}");
    }

    proptest! {
        #[test]
        fn whatever_becomes_of_the_requests_the_outcome_is_true(
            fates in proptest::collection::vec(fate(), 10),
            others in proptest::option::of(0_usize..4),
        ) {
            let (end, model) = play(&fates, others);
            match end {
                Overwritten::Done(()) => prop_assert!(model.was_ours),
                Overwritten::Overtaken => prop_assert!(model.others_wrote),
                Overwritten::Refused => prop_assert!(model.others_wrote || model.late || model.was_ours),
                Overwritten::Busy(_) | Overwritten::Failed(_) => prop_assert!(!model.was_ours && !model.late),
                Overwritten::Unknown(_) => {}
            }
            prop_assert!(!model.others_wrote || model.lies == Lies::Others, "someone's work is lost");
        }
    }
}

//! Signals: noticed at once, acted on when the tool is at a place where it may be ended.

use std::sync::Once;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Signals with their numbers and names.
type Kinds = [(SignalKind, u8, &'static str); 3];

/// The signals that end a run in order.
const ENDING: Kinds = [
    (SignalKind::hangup(), 1, "hangup"),
    (SignalKind::interrupt(), 2, "interrupt"),
    (SignalKind::terminate(), 15, "terminate"),
];

/// Those that nobody listens to but a tool that passes signals on. From then on they, too, end a run in order.
const PASSED_ON: Kinds = [
    (SignalKind::quit(), 3, "quit"),
    (SignalKind::user_defined1(), 10, "user 1"),
    (SignalKind::user_defined2(), 12, "user 2"),
];

/// A signal that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal {
    pub(crate) number: u8,
    pub(crate) name: &'static str,
}

#[derive(Debug)]
pub(crate) struct Signals {
    /// The signals that nobody has acted on yet, each once, in the order in which they came.
    arrived: watch::Sender<Vec<Signal>>,
    holds: watch::Sender<usize>,
    /// Whether the tool acts on signals itself: then none ends the run.
    taken: watch::Sender<bool>,
    /// Done once the signals of [`PASSED_ON`] are listened to.
    passing_on: Once,
}

impl Signals {
    /// Begins to listen. A signal that cannot be listened to keeps its default action.
    pub(crate) fn listen() -> Self {
        let (arrived, holds, taken) = (watch::Sender::default(), watch::Sender::new(0), watch::Sender::new(false));
        let signals = Self { arrived, holds, taken, passing_on: Once::new() };
        signals.listen_to(ENDING);
        signals
    }

    fn listen_to(&self, kinds: Kinds) {
        for (kind, number, name) in kinds {
            if is_ignored(number) {
                continue;
            }
            let Ok(mut stream) = signal(kind) else { continue };
            let sender = self.arrived.clone();
            tokio::spawn(async move {
                while stream.recv().await.is_some() {
                    sender.send_modify(|arrived| add(arrived, Signal { number, name }));
                }
            });
        }
    }

    pub(crate) fn arrived(&self) -> Option<Signal> {
        self.arrived.borrow().last().copied()
    }

    /// Waits for a signal that the tool does not act on itself.
    pub(crate) async fn wait(&self) -> Signal {
        let mut taken = self.taken.subscribe();
        loop {
            // The sender lives as long as `self`.
            let _ = taken.wait_for(|taken| !*taken).await;
            tokio::select! {
                biased;
                _ = taken.wait_for(|taken| *taken) => {}
                () = self.any() => {
                    if let Some(signal) = self.arrived() {
                        return signal;
                    }
                }
            }
        }
    }

    /// Waits until there is a signal, whoever acts on it.
    async fn any(&self) {
        let mut arrived = self.arrived.subscribe();
        // The sender lives as long as `self`.
        let _ = arrived.wait_for(|arrived| !arrived.is_empty()).await;
    }

    /// Lets the tool act on signals until the guard is dropped.
    pub(crate) fn take(&self) -> Interruptions<'_> {
        self.taken.send_replace(true);
        Interruptions(self)
    }

    /// The same for a tool that passes them on: with [`PASSED_ON`].
    pub(crate) fn take_all(&self) -> Interruptions<'_> {
        self.passing_on.call_once(|| self.listen_to(PASSED_ON));
        self.take()
    }

    /// Waits until nothing is held any more.
    pub(crate) async fn free(&self) {
        let mut holds = self.holds.subscribe();
        // The sender lives as long as `self`.
        let _ = holds.wait_for(|holds| *holds == 0).await;
    }

    /// Keeps the run from being ended while the guard lives.
    pub(crate) fn hold(&self) -> Hold<'_> {
        self.holds.send_modify(|holds| *holds += 1);
        Hold(self)
    }
}

/// A signal that waits already is not there twice, as with the system itself.
fn add(arrived: &mut Vec<Signal>, signal: Signal) {
    arrived.retain(|waiting| *waiting != signal);
    arrived.push(signal);
}

/// Whether whoever started this process ignores a signal for it, as `nohup` does. Source: proc(5), `/proc/pid/status`, `SigIgn`.
fn is_ignored(number: u8) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}

pub(crate) struct Hold<'a>(&'a Signals);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.holds.send_modify(|holds| *holds -= 1);
    }
}

/// The signals of a run, while the tool acts on them itself.
#[derive(Debug)]
pub struct Interruptions<'a>(&'a Signals);

impl Interruptions<'_> {
    /// Waits for the next signal and says its number.
    pub async fn next(&mut self) -> u8 {
        loop {
            self.0.any().await;
            let mut first = None;
            self.0.arrived.send_modify(|arrived| first = (!arrived.is_empty()).then(|| arrived.remove(0)));
            if let Some(signal) = first {
                return signal.number;
            }
        }
    }
}

impl Drop for Interruptions<'_> {
    fn drop(&mut self) {
        self.0.taken.send_replace(false);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const INTERRUPT: Signal = Signal { number: 2, name: "interrupt" };
    const TERMINATE: Signal = Signal { number: 15, name: "terminate" };

    fn send(signals: &Signals, signal: Signal) {
        signals.arrived.send_modify(|arrived| add(arrived, signal));
    }

    /// What is ready without waiting.
    async fn now<T>(work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(Duration::ZERO, work).await.ok()
    }

    #[tokio::test]
    async fn a_signal_that_the_tool_acted_on_does_not_end_the_run() {
        let signals = Signals::listen();
        let mut interruptions = signals.take();
        send(&signals, INTERRUPT);
        assert_eq!(now(signals.wait()).await, None);
        assert_eq!(now(interruptions.next()).await, Some(2));
        drop(interruptions);
        assert_eq!(now(signals.wait()).await, None);
    }

    #[tokio::test]
    async fn a_signal_that_nobody_acted_on_ends_the_run() {
        let signals = Signals::listen();
        let interruptions = signals.take();
        send(&signals, INTERRUPT);
        drop(interruptions);
        assert_eq!(now(signals.wait()).await, Some(INTERRUPT));
    }

    #[tokio::test]
    async fn every_signal_is_given_to_the_tool_once() {
        let signals = Signals::listen();
        let mut interruptions = signals.take();
        for signal in [TERMINATE, INTERRUPT, TERMINATE] {
            send(&signals, signal);
        }
        assert_eq!(signals.arrived(), Some(TERMINATE));
        assert_eq!(now(interruptions.next()).await, Some(2));
        assert_eq!(now(interruptions.next()).await, Some(15));
        assert_eq!(now(interruptions.next()).await, None);
    }

    #[tokio::test]
    async fn only_who_passes_signals_on_listens_to_all_of_them() {
        let signals = Signals::listen();
        let _interruptions = signals.take();
        assert!(!signals.passing_on.is_completed());
        let _interruptions = signals.take_all();
        assert!(signals.passing_on.is_completed());
    }
}

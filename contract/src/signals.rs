//! Signals: noticed at once, acted on when the tool is at a place where it may be ended.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// The signals that end a run in order, with their names.
const ENDING: [(SignalKind, u8, &str); 3] = [
    (SignalKind::hangup(), 1, "hangup"),
    (SignalKind::interrupt(), 2, "interrupt"),
    (SignalKind::terminate(), 15, "terminate"),
];

/// A signal that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal {
    pub(crate) number: u8,
    pub(crate) name: &'static str,
}

#[derive(Debug)]
pub(crate) struct Signals {
    /// The last signal that nobody has acted on yet.
    arrived: watch::Sender<Option<Signal>>,
    holds: watch::Sender<usize>,
    /// Whether the tool acts on signals itself: then none ends the run.
    taken: watch::Sender<bool>,
}

impl Signals {
    /// Begins to listen. A signal that cannot be listened to keeps its default action.
    pub(crate) fn listen() -> Self {
        let arrived = watch::Sender::new(None);
        for (kind, number, name) in ENDING {
            if is_ignored(number) {
                continue;
            }
            let Ok(mut stream) = signal(kind) else { continue };
            let sender = arrived.clone();
            tokio::spawn(async move {
                while stream.recv().await.is_some() {
                    sender.send_replace(Some(Signal { number, name }));
                }
            });
        }
        Self { arrived, holds: watch::Sender::new(0), taken: watch::Sender::new(false) }
    }

    pub(crate) fn arrived(&self) -> Option<Signal> {
        *self.arrived.borrow()
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
                signal = self.next() => return signal,
            }
        }
    }

    /// Waits for a signal, whoever acts on it.
    async fn next(&self) -> Signal {
        let mut arrived = self.arrived.subscribe();
        let signal = match arrived.wait_for(Option::is_some).await {
            Ok(signal) => *signal,
            Err(_) => None,
        };
        match signal {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }

    /// Lets the tool act on signals until the guard is dropped.
    pub(crate) fn take(&self) -> Interruptions<'_> {
        self.taken.send_replace(true);
        Interruptions(self)
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
        let signal = self.0.next().await;
        self.0.arrived.send_replace(None);
        signal.number
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

    /// What is ready without waiting.
    async fn now<T>(work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(Duration::ZERO, work).await.ok()
    }

    #[tokio::test]
    async fn a_signal_that_the_tool_acted_on_does_not_end_the_run() {
        let signals = Signals::listen();
        let mut interruptions = signals.take();
        signals.arrived.send_replace(Some(INTERRUPT));
        assert_eq!(now(signals.wait()).await, None);
        assert_eq!(now(interruptions.next()).await, Some(2));
        drop(interruptions);
        assert_eq!(now(signals.wait()).await, None);
    }

    #[tokio::test]
    async fn a_signal_that_nobody_acted_on_ends_the_run() {
        let signals = Signals::listen();
        let interruptions = signals.take();
        signals.arrived.send_replace(Some(INTERRUPT));
        drop(interruptions);
        assert_eq!(now(signals.wait()).await, Some(INTERRUPT));
    }
}

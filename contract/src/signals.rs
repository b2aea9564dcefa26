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
    arrived: watch::Receiver<Option<Signal>>,
    holds: watch::Sender<usize>,
}

impl Signals {
    /// Begins to listen. A signal that cannot be listened to keeps its default action.
    pub(crate) fn listen() -> Self {
        let (sender, arrived) = watch::channel(None);
        for (kind, number, name) in ENDING {
            let Ok(mut stream) = signal(kind) else { continue };
            let sender = sender.clone();
            tokio::spawn(async move {
                while stream.recv().await.is_some() {
                    sender.send_replace(Some(Signal { number, name }));
                }
            });
        }
        Self { arrived, holds: watch::Sender::new(0) }
    }

    pub(crate) fn arrived(&self) -> Option<Signal> {
        *self.arrived.borrow()
    }

    /// Waits for a signal.
    pub(crate) async fn wait(&self) -> Signal {
        let mut arrived = self.arrived.clone();
        loop {
            if let Some(signal) = *arrived.borrow_and_update() {
                return signal;
            }
            if arrived.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
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

pub(crate) struct Hold<'a>(&'a Signals);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.holds.send_modify(|holds| *holds -= 1);
    }
}

//! Uploads that wait for their turn.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::pace::{Streams, Ticket};

/// The queue of uploads.
#[derive(Debug)]
pub(super) struct Queue {
    streams: Mutex<Streams>,
    moved: Notify,
}

impl Queue {
    /// So many uploads at a time, at most.
    pub(super) fn new(jobs: usize) -> Self {
        Self { streams: Mutex::new(Streams::new(jobs)), moved: Notify::new() }
    }

    /// A place in the queue.
    pub(super) fn ticket(&self, size: u64) -> Ticket {
        self.streams().queue(size)
    }

    /// Waits for its turn.
    pub(super) async fn begin(&self, ticket: Ticket) {
        loop {
            let moved = self.moved.notified();
            if self.streams().begin(ticket) {
                // There may be room for the next one too.
                self.moved.notify_waiters();
                return;
            }
            moved.await;
        }
    }

    /// Makes room for the next one.
    pub(super) fn end(&self, well: bool) {
        self.streams().end(well);
        self.moved.notify_waiters();
    }

    /// The registry asked to slow down.
    pub(super) fn throttled(&self) {
        self.streams().throttled(Instant::now());
    }

    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

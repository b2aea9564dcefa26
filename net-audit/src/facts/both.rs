//! Two pieces of work at the same time: a large estate is worked through in little more than half the time where there are two cores.

use std::panic::resume_unwind;
use std::thread;

/// Does both, the first in a thread of its own; one after the other where none can be had.
pub(crate) fn both<A: Send, B>(aside: impl Fn() -> A + Sync, here: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, &aside);
        let here = here();
        let joined = thread.map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        (joined.unwrap_or_else(|_| aside()), here)
    })
}

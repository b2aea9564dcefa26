//! Writing an object on a condition, and looking what came of it.

use contract::aws::CallError;

use crate::aws::{Stored, Written};
use crate::process::boot_time;
use crate::protocol::overwrite::{Ask, Heard, Next, Overwrite, Overwritten, Sight};
use crate::protocol::pace::Jitter;

pub(super) async fn overwrite(
    write: impl AsyncFn() -> Result<Written, CallError>,
    look: impl AsyncFn() -> Result<Sight<Stored>, CallError>,
) -> Overwritten<Stored> {
    let (mut overwrite, mut ask) = Overwrite::begin(Jitter::new(boot_time::seed()));
    loop {
        let heard = match ask {
            Ask::Write => heard(write().await),
            Ask::Look => look().await.map_or_else(|error| Heard::Failed(Box::new(error)), Heard::Seen),
        };
        match overwrite.hear(heard) {
            Next::End(end) => return end,
            Next::Ask(next, after) => {
                tokio::time::sleep(after).await;
                ask = next;
            }
        }
    }
}

fn heard(written: Result<Written, CallError>) -> Heard<Stored> {
    match written {
        Ok(Written::Done(Some(stored))) => Heard::Stored(stored),
        Ok(Written::Done(None)) => Heard::Unclear(None),
        Ok(Written::Differs | Written::Missing) => Heard::Refused,
        Ok(Written::Conflict) => Heard::Conflict,
        Ok(Written::Unclear(fault)) => Heard::Unclear(fault),
        Err(error) => Heard::Failed(Box::new(error)),
    }
}

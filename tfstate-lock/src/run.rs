//! The story of one run: resolve, then acquire or release, then report.

mod acquire;
mod release;

use std::time::Duration;

use contract::{Input, Report, Session};

use crate::TfstateLock;
use crate::aws::LockStore;
use crate::cli::Arguments;
use crate::error::Error;
use crate::report::Lock;
use crate::request::Request;

/// Attempts at one conditional write, the looks between them not counted.
const ATTEMPTS: u32 = 5;
/// The first pause between two attempts; each one is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<Report<TfstateLock>, Error> {
    let (aws, dry_run) = (arguments.aws.clone(), arguments.change.dry_run);
    let request = Request::resolve(arguments, &input)?;
    let store = LockStore::connect(&aws, session).await;
    match request {
        Request::Acquire(request) if dry_run => acquire::foresee(&request, &store).await,
        Request::Acquire(request) => acquire::acquire(request, &store, session).await,
        Request::Release(request) if dry_run => release::foresee(&request, &store).await,
        Request::Release(request) => release::release(request, &store, session).await,
    }
}

fn report(section: Lock, summary: String, refusal: Option<Error>) -> Report<TfstateLock> {
    Report { section, image: None, summary, refusal, carries_on: true }
}

/// How long to wait after the `nth` attempt (from 0): with jitter, so that two who met do not meet again.
fn pause(nth: u32, jitter: u8) -> Duration {
    let whole = PAUSE * 2_u32.saturating_pow(nth);
    whole / 2 + whole * u32::from(jitter) / 512
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_between_half_and_whole() {
        assert_eq!(pause(0, 0), Duration::from_millis(50));
        assert!(pause(0, 255) < Duration::from_millis(100));
        assert_eq!(pause(3, 0), Duration::from_millis(400));
    }
}

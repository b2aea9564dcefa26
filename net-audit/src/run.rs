//! The story of one run: resolve, read, classify, report.

use contract::input::read_file;
use contract::{Fetched, Input, Report, Session};

use crate::NetAudit;
use crate::aws;
use crate::capture::Capture;
use crate::classify::{SubnetVerdict, classify};
use crate::cli::Arguments;
use crate::error::Error;
use crate::gap::Gap;
use crate::live::Live;
use crate::report::Network;
use crate::request::{Request, SnapshotSource};
use crate::snapshot;

pub(crate) async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<Report<NetAudit>, Error> {
    let request = Request::resolve(arguments, input)?;
    let inventory = snapshot::read(&bytes(request.snapshot, session).await?)?;
    let verdicts = classify(&inventory);
    let refusal = unknown(&verdicts);
    let section = Network::new(&inventory, &verdicts);
    Ok(Report { summary: section.summary(), section, image: None, refusal, carries_on: true })
}

/// Takes a snapshot, to be written as it is.
pub(crate) async fn collect(arguments: &Arguments, session: &Session) -> Result<Fetched, Error> {
    let capture = observe(&Live::resolve(arguments.live.clone())?, session).await?;
    Ok(Fetched { text: capture.to_line(), summary: capture.summary() })
}

async fn observe(live: &Live, session: &Session) -> Result<Capture, Error> {
    let capture = aws::observe(live, session).await?;
    for warning in capture.warnings() {
        session.progress.warning(&warning);
    }
    Ok(capture)
}

async fn bytes(source: SnapshotSource, session: &Session) -> Result<Vec<u8>, Error> {
    match source {
        SnapshotSource::Live(live) => Ok(observe(&live, session).await?.to_line().into_bytes()),
        SnapshotSource::Bytes(bytes) => Ok(bytes),
        SnapshotSource::File(path) => read_file(&path).await.map_err(|cause| Error::Unreadable { path, cause }),
    }
}

/// What could not be seen is no pass.
fn unknown(verdicts: &[SubnetVerdict<'_>]) -> Option<Error> {
    let subnets = verdicts.iter().filter(|verdict| verdict.is_unknown());
    let mut gaps: Vec<Gap> = verdicts.iter().flat_map(SubnetVerdict::gaps).cloned().collect();
    gaps.sort();
    gaps.dedup();
    let subnets = subnets.count();
    (subnets > 0).then_some(Error::Unknown { subnets, gaps })
}

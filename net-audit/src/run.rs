//! The story of one run: resolve, read, classify, report.

use contract::input::read_file;
use contract::{Input, Report};

use crate::NetAudit;
use crate::classify::{SubnetVerdict, classify};
use crate::cli::Arguments;
use crate::error::Error;
use crate::gap::Gap;
use crate::report::Network;
use crate::request::{Request, SnapshotSource};
use crate::snapshot;

pub(crate) async fn run(arguments: Arguments, input: Input) -> Result<Report<NetAudit>, Error> {
    let request = Request::resolve(arguments, input)?;
    // The bytes of a large estate are as many as all that is read out of them: they go before the audit begins.
    let estate = {
        let bytes = bytes(request.snapshot).await?;
        snapshot::read([bytes.as_slice()])?
    };
    let Some(inventory) = estate.regions.first() else { return Err(Error::NoSnapshot) };
    let verdicts = classify(inventory);
    let refusal = unknown(&verdicts);
    let section = Network::new(inventory, &verdicts);
    Ok(Report { summary: section.summary(), section, image: None, refusal, carries_on: true })
}

async fn bytes(source: SnapshotSource) -> Result<Vec<u8>, Error> {
    match source {
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

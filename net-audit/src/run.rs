//! The story of one run: resolve, look or read, audit, judge, report.

use std::mem::ManuallyDrop;
use std::path::Path;

use contract::input::read_file;
use contract::{Fetched, Input, Report, Session};
use jiff::Timestamp;

use crate::NetAudit;
use crate::audit::audit;
use crate::audit::difference::{Difference, difference_with_waivers};
use crate::audit::finding::{Finding, Severity};
use crate::audit::judge::{is_waived, judge};
use crate::audit::waiver::{self, Waiver};
use crate::aws;
use crate::cli::Arguments;
use crate::error::Error;
use crate::explain::{Question, explain};
use crate::facts::{Facts, Setting};
use crate::money::price::{self, Prices};
use crate::report::{Network, Section};
use crate::request::live::Live;
use crate::request::{Request, Source, Task};
use crate::snapshot::capture::Capture;
use crate::snapshot::{self, Estate};

pub(crate) async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<Report<NetAudit>, Error> {
    let now = Timestamp::now();
    let request = Request::resolve(arguments, input)?;
    let prices = prices(request.prices.as_deref()).await?;
    let waivers = waivers(&request.waivers).await?;
    // The process ends with the answer: to take a large estate apart before would be a twentieth of the work.
    let mut estate = ManuallyDrop::new(estate(request.sources, session).await?);
    let setting = Setting { intent: &request.intent, prices: &prices, gb: request.gb };
    match request.task {
        Task::Explain(question) => tell_way(&estate, setting, &question),
        Task::Compare(before) => {
            let before = self::estate(vec![before], session).await?;
            let is_waived = |finding: &Finding, facts: &Facts<'_>| is_waived(finding, facts.inventory, &waivers, now);
            let (before, after) = (audit(&before, setting), audit(&estate, setting));
            Ok(tell_change(difference_with_waivers(&before, &after, &is_waived), request.threshold))
        }
        Task::Audit => {
            let idle = request.intent.idle(&estate);
            estate.notes.extend(idle);
            let audits = audit(&estate, setting);
            let judgement = judge(&audits, &estate.unseen, &waivers, request.threshold, now);
            let network = Network::new(&audits, &judgement, &estate, &prices);
            let summary = network.summary();
            let refusal = judgement.refusal();
            for waiver in &network.waivers {
                session.progress.warning(&format!("{}: {}", waiver.waiver, waiver.note));
            }
            Ok(Report { summary, section: Section::Audit(Box::new(network)), image: None, refusal, carries_on: true })
        }
    }
}

/// The way from one place to another. It says nothing about the rest of the network, so no release goes on with it.
fn tell_way(estate: &Estate, setting: Setting<'_>, question: &Question) -> Result<Report<NetAudit>, Error> {
    let facts: Vec<Facts<'_>> = estate.regions.iter().map(|inventory| Facts::new(estate, inventory, setting)).collect();
    let explanation = explain(&facts.iter().collect::<Vec<_>>(), question)?;
    let summary = explanation.summary();
    let refusal = match explanation.reaches {
        Some(true) => None,
        Some(false) => Some(Error::Stopped(explanation.reason())),
        None => Some(Error::WayUnknown { summary: summary.clone(), gaps: explanation.gaps.clone() }),
    };
    let section = Section::Explanation { ok: refusal.is_none(), explanation: Box::new(explanation) };
    Ok(Report { summary, section, image: None, refusal, carries_on: false })
}

/// What changed. It says nothing about what was wrong before, so no release goes on with it.
fn tell_change(difference: Difference, threshold: Option<Severity>) -> Report<NetAudit> {
    let summary = difference.summary();
    let refusal = threshold.and_then(|threshold| match difference.worsened(threshold) {
        Some(false) => None,
        Some(true) => Some(Error::Worse(summary.clone())),
        None => Some(Error::WayUnknown { summary: summary.clone(), gaps: difference.gaps.clone() }),
    });
    let section = Section::Difference { ok: refusal.is_none(), difference: Box::new(difference) };
    Report { summary, section, image: None, refusal, carries_on: false }
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

async fn estate(sources: Vec<Source>, session: &Session) -> Result<Estate, Error> {
    let mut documents = Vec::new();
    let mut names = Vec::new();
    for source in sources {
        names.push(source.name());
        documents.push(match source {
            Source::Live(live) => observe(&live, session).await?.to_line().into_bytes(),
            Source::Bytes(bytes) => bytes,
            Source::File(path) => bytes(&path).await?,
        });
    }
    snapshot::read(documents.iter().map(Vec::as_slice)).map_err(|error| {
        let (cause, place) = error.cause();
        let source_name = place.and_then(|place| names.into_iter().nth(place)).flatten();
        Error::Snapshot { source_name, cause }
    })
}

async fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    read_file(path).await.map_err(|cause| Error::Unreadable { path: path.to_owned(), cause })
}

async fn prices(path: Option<&Path>) -> Result<Prices, Error> {
    let Some(path) = path else { return Ok(price::built_in()) };
    let cause = |cause| Error::Prices { path: path.to_owned(), cause };
    price::read(&bytes(path).await?).map_err(cause)
}

async fn waivers(paths: &[std::path::PathBuf]) -> Result<Vec<Waiver>, Error> {
    let mut waivers = Vec::new();
    for path in paths {
        let read = waiver::read(&path.display().to_string(), &bytes(path).await?);
        waivers.extend(read.map_err(|cause| Error::Waivers { path: path.to_owned(), cause })?);
    }
    Ok(waivers)
}

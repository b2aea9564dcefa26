//! The story of one run: resolve, consult, read, judge, report.

use std::fs::{File, OpenOptions};
use std::io::{Cursor, Read, Write};
use std::path::Path;

use contract::arguments::OutputForm;
use contract::{Input, Report};
use jiff::Timestamp;

use crate::ScanGate;
use crate::cli::Arguments;
use crate::consult::{consult, policy};
use crate::error::Error;
use crate::finding::Kind;
use crate::inspection::Inspection;
use crate::judge::alias::Aliases;
use crate::judge::{Judged, judge};
use crate::proof::{Demands, Doubt, Source, examine};
use crate::reader::{self, Format, ReadError};
use crate::report::{self, Material, SHOWN, Scan, form};
use crate::request::{ReportSource, Request};

pub(crate) async fn run(arguments: Arguments, input: Input) -> Result<Report<ScanGate>, Error> {
    let now = Timestamp::now();
    let shown = match arguments.common.output {
        Some(OutputForm::Own(_)) => usize::MAX,
        _ => SHOWN,
    };
    let for_github = arguments.common.output.is_some_and(|form| form == OutputForm::Own("github"));
    let summary_file = arguments.step_summary.clone().filter(|_| for_github);
    let file = policy(arguments.policy.as_deref()).await?;
    let request = Request::resolve(arguments, file, input)?;
    let consultation = consult(request.consulted, &request.policy, now).await?;
    let sources = read_all(request.reports, request.format).await;
    let policy = &request.policy;
    let demands = Demands { image: &request.expected_image, scanners: &policy.scanners, max_age: policy.max_age };
    let (reports, doubts) = examine(sources, demands, now);
    let inspections: Vec<&Inspection> = reports.iter().map(|(_, inspection)| inspection).collect();
    let aliases = Aliases::of(inspections.iter().flat_map(|inspection| &inspection.findings));
    let verdict = judge(&inspections, &aliases, policy, consultation.evidence(), now);
    let section = Scan::new(Material {
        reports: &reports,
        doubts: &doubts,
        policy,
        evidence: consultation.evidence(),
        waiver_notes: &consultation.notes,
        verdict: &verdict,
        explain: request.explain.as_deref(),
        shown,
        now,
    });
    if let Some(path) = summary_file {
        append(&path, &form::markdown(Some(&section), None))?;
    }
    let expired = section.waivers.as_ref().map_or(0, |waivers| waivers.expired.len());
    let shut = gate_shut(section.violations_total, verdict.violations().next(), expired);
    let refusal = cannot_tell(doubts).or(shut);
    Ok(Report { summary: form::summary(&section), section, image: None, refusal, carries_on: true })
}

/// Reads the reports side by side; they come in the order in which they were named.
async fn read_all(reports: Vec<ReportSource>, format: Option<&'static Format>) -> Vec<Source> {
    let reading: Vec<_> = reports
        .into_iter()
        .map(|report| {
            let name = match &report {
                ReportSource::File(path) => path.display().to_string(),
                ReportSource::StandardInput { .. } => "-".to_owned(),
            };
            (name, tokio::task::spawn_blocking(move || reader::read(open(report)?, format)))
        })
        .collect();
    let mut sources = Vec::new();
    for (name, reading) in reading {
        let outcome = reading.await.unwrap_or_else(|error| Err(ReadError::Unreadable(std::io::Error::other(error))));
        sources.push(Source { name, outcome });
    }
    sources
}

fn open(report: ReportSource) -> Result<Box<dyn Read + Send>, ReadError> {
    match report {
        ReportSource::File(path) => Ok(Box::new(File::open(path).map_err(ReadError::Unreadable)?)),
        ReportSource::StandardInput { beginning, unread: false } => Ok(Box::new(Cursor::new(beginning))),
        ReportSource::StandardInput { beginning, unread: true } => {
            Ok(Box::new(Cursor::new(beginning).chain(std::io::stdin())))
        }
    }
}

fn append(path: &Path, text: &str) -> Result<(), Error> {
    let written = OpenOptions::new().append(true).create(true).open(path);
    let written = written.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|cause| Error::StepSummary { path: path.to_owned(), cause })
}

/// What cannot be told is told before what was found: an input that is no proof outweighs a verdict that has holes.
fn cannot_tell(doubts: Vec<Doubt>) -> Option<Error> {
    let more = doubts.len().saturating_sub(1);
    doubts.into_iter().next().map(|doubt| Error::CannotTell { doubt: Box::new(doubt), more })
}

fn gate_shut(violations: usize, worst: Option<&Judged<'_>>, expired: usize) -> Option<Error> {
    let worst = worst?;
    let first = worst.issue.first();
    let subject = report::shown(first.subject());
    let mut words = format!("{} {} in {subject}", worst.rating.word(), report::shown(worst.issue.id));
    // A vulnerability is looked up by its id; what an alert means is nowhere but in its title.
    if first.kind == Kind::Alert && !first.title.is_empty() {
        words = format!("{words}: {}", report::shown(&first.title));
    }
    Some(Error::GateShut { violations, worst: words, expired })
}

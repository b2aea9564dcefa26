//! The story of one run: resolve, read, judge, report.

use contract::{Digest, Input, Report};

use crate::ScanGate;
use crate::cli::Arguments;
use crate::error::Error;
use crate::finding::Inspection;
use crate::judge::{Verdict, judge};
use crate::reader;
use crate::report::Scan;
use crate::request::{ReportSource, Request};
use crate::severity::Severity;

pub(crate) async fn run(arguments: Arguments, input: Input) -> Result<Report<ScanGate>, Error> {
    let Request { report, fail_on, expected_image } = Request::resolve(arguments, input)?;
    let inspection = reader::read(&bytes(report).await?)?;
    let verdict = judge(&inspection.findings, fail_on);
    let mut section = Scan::new(&inspection, &verdict, fail_on);
    let refusal = other_image(&inspection, &expected_image).or_else(|| gate_shut(&verdict, fail_on));
    section.ok = refusal.is_none();
    Ok(Report { summary: section.summary(), section, image: None, refusal })
}

async fn bytes(source: ReportSource) -> Result<Vec<u8>, Error> {
    match source {
        ReportSource::Bytes(bytes) => Ok(bytes),
        ReportSource::File(path) => {
            contract::input::read_file(&path).await.map_err(|cause| Error::Unreadable { path, cause })
        }
    }
}

/// A report about another image proves nothing about this one; nor does a report that names no image.
fn other_image(inspection: &Inspection, expected: &[Digest]) -> Option<Error> {
    if expected.is_empty() || inspection.digests.iter().any(|digest| expected.contains(digest)) {
        return None;
    }
    let named = |digests: &[Digest]| digests.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let found =
        if inspection.digests.is_empty() { "no image that it names".to_owned() } else { named(&inspection.digests) };
    Some(Error::OtherImage { found, expected: named(expected) })
}

fn gate_shut(verdict: &Verdict<'_>, fail_on: Severity) -> Option<Error> {
    let worst = verdict.violations.first()?;
    let worst = format!("{} {} in {}", worst.rating.word(), worst.id, worst.subject);
    Some(Error::GateShut { violations: verdict.violations.len(), fail_on, worst })
}

//! All that Trivy writes as JSON: [`report`] since 0.20, [`schema1`] before that, [`kubernetes`] of a cluster, and what its [`operator`] keeps
//! in a cluster.

mod kubernetes;
mod operator;
mod report;
mod result;
mod schema1;

use super::{Format, ReadError};
use crate::inspection::Inspection;
use crate::json::{Json, Outline, Shape};

/// Trivy's reports.
pub const FORMAT: Format = Format { name: "trivy", claims, read };

type Reader = fn(&mut Json, &mut Inspection) -> Result<(), ReadError>;

fn claims(outline: &Outline) -> bool {
    reader(outline).is_some()
}

fn read(json: &mut Json, outline: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    // Whoever names the format has not looked as far as it takes to claim it.
    let mut outline = outline.clone();
    while reader(&outline).is_none() && !outline.whole && json.look_further()? {
        outline = json.outline();
    }
    let read = reader(&outline).unwrap_or(match outline.shape {
        Shape::List(_) | Shape::Null => schema1::read,
        _ => report::read,
    });
    read(json, inspection)
}

fn reader(outline: &Outline) -> Option<Reader> {
    if report::claims(outline) {
        Some(report::read)
    } else if kubernetes::claims(outline) {
        Some(kubernetes::read)
    } else if operator::claims(outline) {
        Some(operator::read)
    } else if schema1::claims(outline) {
        Some(schema1::read)
    } else {
        None
    }
}

//! The whole audit of everything that was described: facts and findings, region by region. Pure.

pub mod check;
pub mod difference;
pub mod finding;
pub mod judge;
pub mod rule;
pub mod waiver;

use crate::audit::check::check;
use crate::audit::finding::Findings;
use crate::facts::{Facts, Setting};
use crate::snapshot::Estate;

/// A region of an account: what is known, and what is wrong.
#[derive(Debug)]
pub struct RegionAudit<'a> {
    /// What is known, and what follows from it.
    pub facts: Facts<'a>,
    /// What is wrong, and what could not be said.
    pub findings: Findings,
}

/// Audits every region.
#[must_use]
pub fn audit<'a>(estate: &'a Estate, setting: Setting<'a>) -> Vec<RegionAudit<'a>> {
    let regions = estate.regions.iter().map(|inventory| {
        let facts = Facts::new(estate, inventory, setting);
        let findings = check(&facts);
        RegionAudit { facts, findings }
    });
    regions.collect()
}

//! The whole audit of everything that was described: facts and findings, region by region. Pure.

use crate::check::check;
use crate::facts::{Facts, Setting};
use crate::finding::Findings;
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

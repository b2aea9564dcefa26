//! Routes that do not do what they are there for: NET005 to NET007.

pub(super) mod blackhole;
mod broken;
mod main_table;
pub(super) mod usage;

use crate::audit::finding::Findings;
use crate::facts::Facts;

use blackhole::Fates;
use usage::Usage;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let usage = Usage::new(facts);
    let fates = Fates::new(facts.inventory);
    blackhole::check(&usage, &fates, findings);
    broken::check(&usage, &fates, findings);
    main_table::check(&usage, findings);
}

#[cfg(test)]
mod tests;

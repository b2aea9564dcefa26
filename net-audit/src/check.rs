//! The rules, one file a family: each looks at the facts of a region and says what is wrong, or what it would have to know.

mod exposure;

use crate::facts::Facts;
use crate::finding::Findings;

/// Asks every rule.
#[must_use]
pub fn check(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    exposure::check(facts, &mut findings);
    findings
}

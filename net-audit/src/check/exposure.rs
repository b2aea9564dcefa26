//! What the internet can reach: NET001 to NET003.

use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(_facts: &Facts<'_>, _findings: &mut Findings) {}

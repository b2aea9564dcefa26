//! Stub.

use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(_facts: &Facts<'_>, _findings: &mut Findings) {}

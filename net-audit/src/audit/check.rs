//! The rules, one file a family: each looks at the facts of a region and says what is wrong, or what it would have to know.

mod addresses;
mod defaults;
mod doubt;
mod egress;
mod endpoints;
mod exposure;
mod gateways;
mod names;
mod nat;
mod observation;
mod occupants;
mod peering;
mod placement;
mod remedy;
mod resources;
mod routes;
mod sensitive;

use crate::audit::finding::Findings;
use crate::facts::Facts;

/// Asks every rule.
#[must_use]
pub fn check(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    for family in [
        exposure::check,
        placement::check,
        defaults::check,
        names::check,
        routes::check,
        peering::check,
        gateways::check,
        observation::check,
        nat::check,
        endpoints::check,
        egress::check,
        addresses::check,
    ] {
        family(facts, &mut findings);
    }
    findings
}

#[cfg(test)]
pub(crate) mod fixture;

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

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::audit::finding::Findings;
use crate::facts::Facts;
use crate::facts::both::both;

type Family = fn(&Facts<'_>, &mut Findings);

/// In the order in which findings are told that are alike in all else.
const FAMILIES: [Family; 12] = [
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
];

/// Asks every rule.
#[must_use]
pub fn check(facts: &Facts<'_>) -> Findings {
    // Whoever is through with one family takes the next.
    let next = AtomicUsize::new(0);
    let ask = || {
        let mut answers: Vec<(usize, Findings)> = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(family) = FAMILIES.get(place) else { return answers };
            let mut findings = Findings::default();
            family(facts, &mut findings);
            answers.push((place, findings));
        }
    };
    let (mut answers, here) = both(ask, ask);
    answers.extend(here);
    answers.sort_by_key(|(place, _)| *place);
    let mut all = Findings::default();
    for (_, findings) in answers {
        all.found.extend(findings.found);
        all.unknown.extend(findings.unknown);
    }
    all
}

#[cfg(test)]
pub(crate) mod fixture;

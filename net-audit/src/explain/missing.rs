//! Why nothing was found under a name, and what may have been meant.

use std::collections::BTreeMap;

use crate::exposure::names::names_of;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::inventory::gap::Gap;

use super::PlaceError;
use super::kind::{kind, near_kind, no_end};
use super::near::{Name, near};
use super::search::thing_of;

/// Why a text names nothing.
pub(super) fn missing(regions: &[&Facts<'_>], text: &str) -> PlaceError {
    let of_kind = text.split_once('/').and_then(|(word, name)| Some((kind(word).or_else(|| near_kind(word))?, name)));
    let name = of_kind.map_or(text, |(_, name)| name);
    let text = text.to_owned();
    if let Some((what, candidates)) = no_end(regions, name) {
        return PlaceError::NoEnd { text, what, candidates, example: None };
    }
    let mut unseen: Vec<Gap> = Vec::new();
    for facts in regions {
        let inventory = facts.inventory;
        let known = [
            inventory.network_interfaces.known().err(),
            inventory.instances.known().err(),
            inventory.databases.known().err(),
            inventory.load_balancers.known().err(),
        ];
        unseen.extend(known.into_iter().flatten());
    }
    unseen.sort();
    unseen.dedup();
    let mut names: Vec<Name> = regions.iter().flat_map(|facts| names(facts)).collect();
    if text.contains('.') {
        names.extend(regions.iter().flat_map(|facts| hosts(facts)));
    }
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for (_, typed) in &names {
        // Interfaces and hosts are the last that anybody would name.
        if let Some((kind, _)) = typed.split_once('/').filter(|(kind, _)| *kind != "interface") {
            known.entry(kind).or_insert(typed);
        }
    }
    let known = known.into_values().map(str::to_owned).collect();
    let near = near(&[text.as_str(), name], of_kind.map(|(kind, _)| kind), names.into_iter());
    PlaceError::Nothing { text, near, known, unseen, example: None }
}

/// Everything that has a name, and how it is typed.
fn names<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = Name> + use<'f> {
    let inventory = facts.inventory;
    let subnets = inventory.subnets.iter().map(|subnet| ("subnet", subnet.id.as_str(), subnet.name()));
    let instances = inventory.instances.iter().map(|instance| ("instance", instance.id.as_str(), instance.name()));
    let databases = inventory.databases.iter();
    let databases = databases.map(|database| ("database", database.id.as_str(), database.cluster.as_deref()));
    let balancers = inventory.load_balancers.iter().map(|balancer| ("load-balancer", balancer.name.as_str(), None));
    let listed = subnets.chain(instances).chain(databases).chain(balancers);
    let listed = listed.flat_map(|(kind, id, name)| {
        name.into_iter().chain([id]).map(move |text| (text.to_owned(), format!("{kind}/{text}")))
    });
    let seen = facts.exposures.iter().flat_map(|exposure| {
        let id = &exposure.interface.id;
        let itself = [Some(id.as_str()), exposure.interface.name()];
        let itself = itself.into_iter().flatten().map(move |name| (name.to_owned(), format!("interface/{id}")));
        itself.chain(of_purpose(&exposure.purpose, &thing_of(exposure).0))
    });
    listed.chain(seen)
}

/// The names of what an interface belongs to, but for those that are listed.
fn of_purpose(purpose: &Purpose<'_>, typed: &str) -> Vec<Name> {
    let (name, whole) = match purpose {
        Purpose::Task { service: Some(name), .. } => (name, typed.strip_prefix("service/")),
        Purpose::Function(name) | Purpose::LoadBalancer { name, .. } | Purpose::Store { name: Some(name), .. } => {
            (name, None)
        }
        _ => return Vec::new(),
    };
    let whole = whole.filter(|whole| whole != name).map(|whole| (whole.to_owned(), typed.to_owned()));
    whole.into_iter().chain([(name.clone(), typed.to_owned())]).collect()
}

/// The names by which DNS knows something.
fn hosts<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = Name> + use<'f> {
    let inventory = facts.inventory;
    let databases = inventory.databases.iter().filter_map(|database| database.host.clone());
    let balancers = inventory.load_balancers.iter().filter_map(|balancer| balancer.host.clone());
    let records = names_of(facts).into_values().flatten();
    databases.chain(balancers).chain(records).map(|name| (name.clone(), name))
}

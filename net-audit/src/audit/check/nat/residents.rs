//! What stands in subnets, and so is hit by what happens to them.

use std::collections::BTreeMap;

use crate::exposure::purpose::Purpose;
use crate::facts::Facts;

/// What the interfaces of a subnet are there for.
pub(in crate::audit::check) fn residents<'f>(
    facts: &'f Facts<'f>,
    subnet: &str,
) -> impl Iterator<Item = &'f Purpose<'f>> {
    let interfaces = facts.inventory.index.interfaces_of_subnet(subnet);
    interfaces.filter_map(|interface| Some(facts.exposures_of(interface).first()?.purpose.as_ref()))
}

/// What stands in subnets, counted: `3 ECS tasks, 1 database`.
pub(in crate::audit::check) fn who<'s>(facts: &Facts<'_>, subnets: impl IntoIterator<Item = &'s str>) -> String {
    if let Err(gap) = facts.inventory.network_interfaces.known() {
        return format!("not known: {gap}");
    }
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for purpose in subnets.into_iter().flat_map(|subnet| residents(facts, subnet)) {
        if !matches!(purpose, Purpose::NatGateway | Purpose::Endpoint | Purpose::TransitGateway | Purpose::Nothing) {
            *numbers.entry(purpose.word()).or_default() += 1;
        }
    }
    if numbers.is_empty() {
        return "nothing stands there".to_owned();
    }
    let counted = numbers.into_iter().map(|(word, number)| match (word, number) {
        ("other", 1) => "1 other interface".to_owned(),
        ("other", number) => format!("{number} other interfaces"),
        (word, 1) => format!("1 {word}"),
        (word, number) => format!("{number} {word}s"),
    });
    counted.collect::<Vec<_>>().join(", ")
}

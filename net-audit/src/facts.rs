//! What is worked out of an inventory once, for all questions that are asked of it.

pub(crate) mod both;
pub mod environment;
pub mod intent;

use std::collections::HashMap;

use crate::address::prefix::Family;
use crate::classify::class::Class;
use crate::classify::{SubnetVerdict, classify};
use crate::exposure::{Exposure, expose};
use crate::facts::intent::Intent;
use crate::inventory::Inventory;
use crate::money::price::{Prices, RegionPrices};
use crate::snapshot::Estate;

/// What a question is asked with, beside what was described.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// What is meant to be public.
    pub intent: &'a Intent,
    /// What things cost.
    pub prices: &'a Prices,
    /// Gigabytes that each NAT gateway carries in a month, where nobody measured it.
    pub gb: Option<f64>,
}

/// What is known of a region of an account, and what follows from it.
#[derive(Debug)]
pub struct Facts<'a> {
    /// Everything that was described, other regions and accounts included.
    pub estate: &'a Estate,
    /// What was described of this one.
    pub inventory: &'a Inventory,
    /// The verdict over every subnet, by VPC, then by address.
    pub subnets: Vec<SubnetVerdict<'a>>,
    /// Every interface in every family in which it has an address in the VPC, by id.
    pub exposures: Vec<Exposure<'a>>,
    /// What the question is asked with.
    pub setting: Setting<'a>,
    /// What things cost here, as far as it is known.
    pub prices: RegionPrices,
    position: HashMap<&'a str, usize>,
    users: HashMap<&'a str, Vec<usize>>,
    /// Where the exposures of an interface begin: rules ask for what stands in each of many subnets.
    position_of_interface: HashMap<&'a str, usize>,
}

impl<'a> Facts<'a> {
    /// Works out everything.
    #[must_use]
    pub fn new(estate: &'a Estate, inventory: &'a Inventory, setting: Setting<'a>) -> Self {
        let subnets = classify(inventory);
        let position = subnets.iter().enumerate().map(|(at, verdict)| (verdict.subnet.id.as_str(), at)).collect();
        let mut users: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, verdict) in subnets.iter().enumerate() {
            if let Some(effective) = verdict.route_table {
                users.entry(&effective.table.id).or_default().push(at);
            }
        }
        let prices = inventory.region.as_deref().map(|region| setting.prices.of(region)).unwrap_or_default();
        let position_of_interface = HashMap::new();
        let mut facts = Self {
            estate,
            inventory,
            subnets,
            exposures: Vec::new(),
            setting,
            prices,
            position,
            users,
            position_of_interface,
        };
        facts.exposures = expose(&facts);
        facts.position_of_interface.reserve(facts.exposures.len());
        for (at, exposure) in facts.exposures.iter().enumerate() {
            facts.position_of_interface.entry(&exposure.interface.id).or_insert(at);
        }
        facts
    }

    /// The verdict over a subnet.
    #[must_use]
    pub fn verdict(&self, subnet: &str) -> Option<&SubnetVerdict<'a>> {
        self.subnets.get(*self.position.get(subnet)?)
    }

    /// The verdicts over the subnets for which a table decides.
    pub fn users(&self, table: &str) -> impl Iterator<Item = &SubnetVerdict<'a>> {
        let positions = self.users.get(table).map(Vec::as_slice).unwrap_or_default();
        positions.iter().filter_map(|at| self.subnets.get(*at))
    }

    /// What is known of an interface, family by family.
    #[must_use]
    pub fn exposures_of(&self, interface: &str) -> &[Exposure<'a>] {
        let rest = self.position_of_interface.get(interface).and_then(|at| self.exposures.get(*at..));
        let rest = rest.unwrap_or_default();
        let end = rest.iter().take_while(|exposure| exposure.interface.id == interface).count();
        rest.get(..end).unwrap_or_default()
    }

    /// The class of a subnet in a family; isolated if it has no address of it, unknown if it is not there.
    #[must_use]
    pub fn class(&self, subnet: &str, family: Family) -> Class {
        let Some(verdict) = self.verdict(subnet) else { return Class::Unknown };
        verdict.family(family).map_or(Class::Isolated, |verdict| verdict.class)
    }
}

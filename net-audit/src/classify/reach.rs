//! Which addresses of the internet a subnet can speak with, whoever begins.

use super::passage::{self, Passage, Traveller};
use super::{Way, could_be_worse};
use crate::address::prefix::Family;
use crate::address::set::{AddressSet, internet};
use crate::classify::class::{Class, Group};
use crate::inventory::gap::Gap;
use crate::inventory::{Inventory, Route, Target};

/// The internet's addresses by whether they lead in and out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Those that do, by a firewall or not.
    pub certain: AddressSet,
    /// Those of which it cannot be said.
    pub doubtful: AddressSet,
    /// Why it cannot.
    pub gaps: Vec<Gap>,
}

impl Reach {
    /// Nothing is known but that something is missing.
    pub(crate) fn unknown(family: Family, gap: Gap) -> Self {
        Self { certain: AddressSet::default(), doubtful: internet(family, &[]), gaps: vec![gap] }
    }

    /// All that may lead in and out.
    #[must_use]
    pub fn possible(&self) -> AddressSet {
        self.certain.union(&self.doubtful)
    }

    pub(super) fn of(
        inventory: &Inventory,
        traveller: &Traveller<'_>,
        ways: &[Way<'_>],
        undetermined: &[(&Route, Gap)],
        space: &AddressSet,
    ) -> Self {
        let mut reach = Self::default();
        for way in ways.iter().filter(|way| could_be_public(way.claim.route)) {
            let part = way.claim.addresses.intersect(space);
            match &way.passage {
                _ if part.is_empty() => {}
                Passage::Leads(class, _) if class.group() == Group::Public => {
                    reach.add(&part, passage::reach_behind(inventory, way.claim.route, traveller));
                }
                Passage::Unknown(gap) => reach.doubt(&part, gap),
                Passage::Leads(..) | Passage::Service => {}
            }
        }
        // What a list of unknown blocks takes away is not counted: it would make every way in doubtful.
        for (route, gap) in undetermined.iter().filter(|(route, _)| could_be_public(route)) {
            if could_be_worse(&passage::judge(inventory, route, traveller), Class::BrokenEgress) {
                reach.doubt(space, gap);
            }
        }
        reach.doubtful = reach.doubtful.subtract(&reach.certain);
        if reach.doubtful.is_empty() {
            reach.gaps.clear();
        }
        reach.gaps.sort();
        reach.gaps.dedup();
        reach
    }

    /// Adds addresses that lead on to a place from which only some may be in reach.
    fn add(&mut self, part: &AddressSet, behind: Option<Self>) {
        let Some(behind) = behind else {
            self.certain = self.certain.union(part);
            return;
        };
        self.certain = self.certain.union(&behind.certain.intersect(part));
        self.doubtful = self.doubtful.union(&behind.doubtful.intersect(part));
        self.gaps.extend(behind.gaps);
    }

    fn doubt(&mut self, part: &AddressSet, gap: &Gap) {
        self.doubtful = self.doubtful.union(part);
        self.gaps.push(gap.clone());
    }
}

/// Whether the internet can come in by a target of this kind, whatever else is known of it.
fn could_be_public(route: &Route) -> bool {
    match route.target {
        Target::InternetGateway(_)
        | Target::CarrierGateway(_)
        | Target::VpcEndpoint(_)
        | Target::NetworkInterface(_)
        | Target::Unrecognised(_) => true,
        Target::Local
        | Target::EgressOnlyInternetGateway(_)
        | Target::NatGateway(_)
        | Target::Instance(_)
        | Target::OtherNetwork(_) => false,
    }
}

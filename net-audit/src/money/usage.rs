//! What uses the NAT gateways of a region, worked out once for all that asks what they cost.

use std::collections::{BTreeMap, HashMap};

use super::gigabytes::Gigabytes;
use crate::address::prefix::Family;
use crate::classify::class::{Class, Group};
use crate::classify::routing::effective_table;
use crate::classify::{SubnetVerdict, classify_unblocked};
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{Connectivity, NatGateway, NatPlace, PublicAccess, Route, RouteTable, Target};

/// What uses the NAT gateways of a region.
#[derive(Debug)]
pub struct Usage<'f> {
    facts: &'f Facts<'f>,
    served: HashMap<&'f str, Vec<&'f SubnetVerdict<'f>>>,
    routes: HashMap<&'f str, Vec<(&'f RouteTable, &'f Route)>>,
    loose: HashMap<&'f str, Gap>,
    working: BTreeMap<&'f str, BTreeMap<&'f str, Vec<&'f NatGateway>>>,
    of_vpc: BTreeMap<&'f str, Vec<&'f NatGateway>>,
}

impl<'f> Usage<'f> {
    /// Looks at every subnet and the routes that it has.
    #[must_use]
    pub fn of(facts: &'f Facts<'f>) -> Self {
        let (served, routes, loose) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (working, of_vpc) = (BTreeMap::new(), BTreeMap::new());
        let mut usage = Self { facts, served, routes, loose, working, of_vpc };
        for verdict in &facts.subnets {
            usage.add_subnet(verdict);
        }
        usage.add_routes();
        for gateway in facts.inventory.nat_gateways.iter().filter(|gateway| gateway.state == "available") {
            usage.of_vpc.entry(&gateway.vpc).or_default().push(gateway);
            if let Some(zone) = gateway.zone(facts.inventory)
                && works(facts, gateway)
            {
                usage.working.entry(&gateway.vpc).or_default().entry(zone).or_default().push(gateway);
            }
        }
        usage
    }

    fn add_subnet(&mut self, verdict: &'f SubnetVerdict<'f>) {
        if verdict.route_table.is_none()
            && let Err(gap) = effective_table(self.facts.inventory, verdict.subnet)
        {
            self.loose.entry(&verdict.subnet.vpc).or_insert(gap);
        }
        let ways = verdict.families.iter().flat_map(|family| &family.proof);
        for way in ways.filter(|way| way.class == Class::PrivateNat) {
            let Target::NatGateway(gateway) = &way.route.target else { continue };
            let served = self.served.entry(gateway).or_default();
            if served.last().is_none_or(|last| last.subnet.id != verdict.subnet.id) {
                served.push(verdict);
            }
        }
    }

    fn add_routes(&mut self) {
        for table in self.facts.inventory.route_tables.iter() {
            if self.facts.users(&table.id).next().is_none() {
                continue;
            }
            for route in &table.routes {
                if let Target::NatGateway(gateway) = &route.target {
                    self.routes.entry(gateway).or_default().push((table, route));
                }
            }
        }
    }

    /// The subnets whose internet traffic a gateway carries.
    #[must_use]
    pub fn served(&self, gateway: &str) -> &[&'f SubnetVerdict<'f>] {
        self.served.get(gateway).map(Vec::as_slice).unwrap_or_default()
    }

    /// The routes to a gateway, of any destination, in tables that a subnet uses.
    #[must_use]
    pub fn routes(&self, gateway: &str) -> &[(&'f RouteTable, &'f Route)] {
        self.routes.get(gateway).map(Vec::as_slice).unwrap_or_default()
    }

    /// Why it is not known of all subnets of a VPC which table decides for them.
    #[must_use]
    pub fn loose(&self, vpc: &str) -> Option<&Gap> {
        self.loose.get(vpc)
    }

    /// The zonal public gateways of a zone that have a way to the internet, by id.
    #[must_use]
    pub fn working(&self, vpc: &str, zone: &str) -> &[&'f NatGateway] {
        let of_vpc = self.working.get(vpc);
        of_vpc.and_then(|zones| zones.get(zone)).map(Vec::as_slice).unwrap_or_default()
    }

    /// All of them, by VPC and zone.
    pub fn all_working(&self) -> impl Iterator<Item = (&'f str, &'f str, &[&'f NatGateway])> {
        let zones = self.working.iter().flat_map(|(vpc, zones)| zones.iter().map(move |zone| (*vpc, zone)));
        zones.map(|(vpc, (zone, gateways))| (vpc, *zone, gateways.as_slice()))
    }

    /// The gateways of a VPC that are available, by id.
    #[must_use]
    pub fn gateways(&self, vpc: &str) -> &[&'f NatGateway] {
        self.of_vpc.get(vpc).map(Vec::as_slice).unwrap_or_default()
    }

    /// What a gateway carries in a month. An assumption is made only of those that something sends through.
    #[must_use]
    pub fn gigabytes(&self, gateway: &str) -> Gigabytes {
        match self.facts.inventory.nat_traffic.get(gateway).and_then(Gigabytes::measured) {
            Some(measured) => measured,
            None if self.routes(gateway).is_empty() => Gigabytes::none_sent(),
            None => Gigabytes::assumed(self.facts.setting.gb),
        }
    }

    /// What gateways carry in a month together; none if it is not known of each.
    #[must_use]
    pub fn gigabytes_of(&self, gateways: &[&NatGateway]) -> Gigabytes {
        Gigabytes::sum(gateways.iter().map(|gateway| self.gigabytes(&gateway.id)))
    }
}

/// Whether a zonal gateway is public and has a way to the internet, once it is available. Block Public Access lets it send even where it blocks what comes in.
pub(crate) fn works(facts: &Facts<'_>, gateway: &NatGateway) -> bool {
    let NatPlace::Subnet(place) = &gateway.place else { return false };
    let Some(subnet) = facts.inventory.subnets.get(place) else { return false };
    if gateway.connectivity == Connectivity::Private {
        return false;
    }
    let class = match subnet.public_access {
        PublicAccess::Allowed => facts.class(place, Family::Ipv4),
        PublicAccess::IngressBlocked => classify_unblocked(facts.inventory, subnet, Family::Ipv4).class,
        PublicAccess::Blocked | PublicAccess::Unrecognised(_) => return false,
    };
    class.group() == Group::Public
}

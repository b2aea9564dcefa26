//! Which way out to the internet is the cheapest safe one for a VPC.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::charges::{EVEN, regional_rule, share};
use super::cost::{self, Cost, dollars};
use super::{Gigabytes, Usage};
use crate::audit::finding::{MoneyInput, Resource};
use crate::classify::class::Class;
use crate::facts::Facts;
use crate::facts::environment::Environment;
use crate::inventory::{NatGateway, NatPlace, Vpc};
use crate::money::price::{Price, RegionPrices};

/// A way out to the internet, or what takes traffic off one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// One NAT gateway for all zones: if its zone fails, all lose the internet.
    SingleNat,
    /// A NAT gateway in each zone.
    NatPerZone,
    /// A regional NAT gateway, which AWS spreads over the zones.
    RegionalNat,
    /// One small instance that forwards, kept alive by an Auto Scaling group (fck-nat): up to 5 Gbit/s, and no price for a gigabyte.
    NatInstance,
    /// Beside any of them: gateway endpoints for S3 and DynamoDB.
    GatewayEndpoints,
    /// Beside any of them: an egress-only internet gateway for what speaks IPv6.
    EgressOnlyIpv6,
}

impl Design {
    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::SingleNat => "one NAT gateway for all zones",
            Self::NatPerZone => "a NAT gateway in each zone",
            Self::RegionalNat => "a regional NAT gateway",
            Self::NatInstance => "a NAT instance (fck-nat)",
            Self::GatewayEndpoints => "gateway endpoints for S3 and DynamoDB, beside it",
            Self::EgressOnlyIpv6 => "an egress-only internet gateway for IPv6, beside it",
        }
    }
}

/// One way to do it, and what it costs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DesignOption {
    /// What it is.
    pub design: Design,
    /// Dollars a month; `None` without a price. Gigabytes are in it only if they are known.
    pub monthly: Option<f64>,
    /// What the figure was made of.
    pub inputs: Vec<MoneyInput>,
    /// What it means.
    pub note: String,
}

/// What is the cheapest safe way out of a VPC.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Advice {
    /// The VPC.
    pub vpc: Resource,
    /// The zones that have a way out by NAT.
    pub availability_zones: Vec<String>,
    /// What it has; `None` if it is none of the designs.
    pub current: Option<Design>,
    /// What is advised.
    pub recommended: Design,
    /// Why.
    pub because: String,
    /// What there is to choose from, and what goes with it.
    pub options: Vec<DesignOption>,
}

/// A t4g.nano in us-east-1. Source: fck-nat's own figure; no other region's is known.
const NAT_INSTANCE_HOUR: (&str, f64) = ("us-east-1", 0.0042);

/// The advice for a VPC; `None` if no subnet of it has a way out by NAT.
#[must_use]
pub fn advice(facts: &Facts<'_>, usage: &Usage<'_>, vpc: &str) -> Option<Advice> {
    let place = Place::of(facts, usage, facts.inventory.vpcs.get(vpc)?)?;
    let options = place.options();
    let (recommended, because) = place.choice(&options);
    Some(Advice {
        vpc: Resource::new(vpc, place.vpc.name()),
        availability_zones: place.zones.iter().map(|zone| (*zone).to_owned()).collect(),
        current: place.current(),
        recommended,
        because,
        options,
    })
}

/// A VPC with subnets that have a way out by NAT.
struct Place<'f> {
    facts: &'f Facts<'f>,
    vpc: &'f Vpc,
    zones: BTreeSet<&'f str>,
    gateways: Vec<&'f NatGateway>,
    has_instance: bool,
    gigabytes: Gigabytes,
    environment: Environment,
}

impl<'f> Place<'f> {
    fn of(facts: &'f Facts<'_>, usage: &'f Usage<'_>, vpc: &'f Vpc) -> Option<Self> {
        let mut zones = BTreeSet::new();
        let mut has_instance = false;
        for subnet in facts.inventory.index.subnets_of_vpc(&vpc.id).filter_map(|id| facts.verdict(id)) {
            let classes: Vec<Class> = subnet.families.iter().map(|family| family.class).collect();
            has_instance |= classes.contains(&Class::PrivateNatInstance);
            if classes.contains(&Class::PrivateNat) || classes.contains(&Class::PrivateNatInstance) {
                zones.insert(subnet.subnet.availability_zone.as_deref().unwrap_or("a zone that is not known"));
            }
        }
        if zones.is_empty() {
            return None;
        }
        let gateways = usage.gateways(&vpc.id).iter().copied();
        let gateways: Vec<&NatGateway> = gateways.filter(|gateway| !usage.served(&gateway.id).is_empty()).collect();
        let gigabytes = if has_instance { Gigabytes::assumed(None) } else { usage.gigabytes_of(&gateways) };
        let environment = Environment::of([&vpc.tags]);
        Some(Self { facts, vpc, zones, gateways, has_instance, gigabytes, environment })
    }

    fn current(&self) -> Option<Design> {
        let regional = self.gateways.iter().any(|gateway| gateway.place == NatPlace::Region);
        match (self.gateways.len(), self.has_instance) {
            (0, true) => Some(Design::NatInstance),
            (1, false) if regional => Some(Design::RegionalNat),
            (1, false) => Some(Design::SingleNat),
            (number, false) if !regional && number == self.zones.len() => Some(Design::NatPerZone),
            _ => None,
        }
    }

    fn options(&self) -> Vec<DesignOption> {
        let prices = &self.facts.prices;
        let zones = u32::try_from(self.zones.len()).unwrap_or(u32::MAX);
        let single = self.gateways_with_traffic(1);
        let single = if zones > 1 { single.map(|cost| self.with_crossing(cost)) } else { single };
        let per_zone = self.gateways_with_traffic(zones);
        let regional = per_zone.clone().map(|mut cost| {
            cost.add_inputs([regional_rule()]);
            cost
        });
        let mut options = vec![
            option(Design::SingleNat, single, "if its zone fails, every zone loses the internet"),
            option(Design::NatPerZone, per_zone, "each zone stands alone; each needs a route table of its own"),
            option(
                Design::RegionalNat,
                regional,
                "one id for all zones; a zone that is new to it is served by another for up to an hour",
            ),
        ];
        if let (Environment::NonProduction(_), Some(cost)) = (&self.environment, self.instance(prices)) {
            let note = "to be kept alive and patched; up to 5 Gbit/s; not for production";
            options.push(option(Design::NatInstance, Some(cost), note));
        }
        options.push(option(
            Design::GatewayEndpoints,
            Some(Cost::default()),
            "free of charge; S3 holds the layers of ECR images too",
        ));
        options.push(option(
            Design::EgressOnlyIpv6,
            Some(Cost::default()),
            "free of charge; it carries what speaks IPv6 at both ends, NAT the rest",
        ));
        options
    }

    /// So many gateways, each with an address, and the gigabytes as far as they are known.
    fn gateways_with_traffic(&self, gateways: u32) -> Option<Cost> {
        let prices = &self.facts.prices;
        let standing = Cost::standing(prices, gateways, gateways)?;
        if self.gigabytes.monthly.is_none() {
            let mut standing = standing;
            standing.add_inputs([cost::carried(&self.gigabytes)]);
            return Some(standing);
        }
        Some(standing.and(Cost::carrying(prices, &self.gigabytes)?))
    }

    fn with_crossing(&self, cost: Cost) -> Cost {
        let crossing = share(self.zones.len() - 1, self.zones.len());
        match Cost::crossing(&self.facts.prices, &self.gigabytes, crossing, EVEN) {
            Some(more) => cost.and(more),
            None => cost,
        }
    }

    fn instance(&self, prices: &RegionPrices) -> Option<Cost> {
        let (region, usd) = NAT_INSTANCE_HOUR;
        if self.facts.inventory.region.as_deref() != Some(region) {
            return None;
        }
        let price = Price { usd, is_certain: false, source: "fck-nat's own figure for a t4g.nano".to_owned() };
        Some(Cost::hourly("t4g.nano", Some(&price), 1)?.and(Cost::addresses(prices, 1)?))
    }

    fn choice(&self, options: &[DesignOption]) -> (Design, String) {
        let monthly = |design| {
            let found = options.iter().find(|option| option.design == design);
            found.and_then(|option| option.monthly)
        };
        let (single, per_zone) = (monthly(Design::SingleNat), monthly(Design::NatPerZone));
        let figures = match (single, per_zone) {
            (Some(single), Some(per_zone)) => {
                format!(": one for all costs {} a month, one in each zone {}", dollars(single), dollars(per_zone))
            }
            _ => String::new(),
        };
        if self.zones.len() < 2 {
            return (Design::SingleNat, "only one zone has a way out by NAT".to_owned());
        }
        let pays = single.zip(per_zone).is_some_and(|(single, per_zone)| per_zone < single);
        let zones = self.zones.len();
        match &self.environment {
            Environment::NonProduction(tag) if !pays => {
                (Design::SingleNat, format!("{tag} says that it is not production{figures}"))
            }
            Environment::NonProduction(_) => {
                (Design::NatPerZone, format!("so much crosses zones that a gateway in each costs less{figures}"))
            }
            _ if self.current() == Some(Design::RegionalNat) => {
                (Design::RegionalNat, format!("it is there, and serves {zones} zones without depending on one"))
            }
            _ => (
                Design::NatPerZone,
                format!("{zones} zones must not depend on one{figures}; a regional gateway is as safe"),
            ),
        }
    }
}

fn option(design: Design, cost: Option<Cost>, note: &str) -> DesignOption {
    let (monthly, inputs) = match cost {
        Some(cost) => (Some(cost.monthly), cost.inputs),
        None => (None, Vec::new()),
    };
    DesignOption { design, monthly, inputs, note: note.to_owned() }
}

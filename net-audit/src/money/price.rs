//! What AWS asks for gateways, endpoints, addresses and gigabytes, by region. Pure.
//!
//! Dollars before tax and discounts. A price that nobody has told is not there: what depends on it has no figure either, never a guess.

mod list;
pub mod month;
mod read;
mod table;

use std::collections::BTreeMap;
use std::ops::{Add, Mul};

use serde::Deserialize;

pub use read::{PriceError, read};
pub use table::built_in;

/// One price, and where it is known from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Price {
    /// Dollars for one hour, or for one gigabyte of 10⁹ bytes.
    pub usd: f64,
    /// Whether a price list, a bill or the user says so. Else it is what others write, and a figure made of it is to be told as such.
    pub is_certain: bool,
    /// Where it is known from, and of what date.
    pub source: String,
}

impl TryFrom<f64> for Price {
    type Error = String;

    fn try_from(usd: f64) -> Result<Self, String> {
        if usd.is_finite() && usd >= 0.0 {
            return Ok(Self { usd, is_certain: true, source: String::new() });
        }
        Err(format!("{usd} is no price: it must not be below zero"))
    }
}

/// The prices of one region, each if it is known. Where AWS has tiers, the first.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegionPrices {
    /// A NAT gateway; a regional one in each zone that it is active in.
    pub nat_gateway_hour: Option<Price>,
    /// What a NAT gateway carries, in both directions.
    pub nat_gateway_gb: Option<Price>,
    /// An interface endpoint in one zone.
    pub interface_endpoint_hour: Option<Price>,
    /// What an interface endpoint carries.
    pub interface_endpoint_gb: Option<Price>,
    /// A Gateway Load Balancer endpoint in one zone.
    pub gateway_load_balancer_endpoint_hour: Option<Price>,
    /// What a Gateway Load Balancer endpoint carries.
    pub gateway_load_balancer_endpoint_gb: Option<Price>,
    /// A public IPv4 address, in use or idle, those of NAT gateways, load balancers and databases included.
    pub public_ipv4_hour: Option<Price>,
    /// What leaves one zone for another; what comes in is billed the same once more.
    pub cross_zone_gb: Option<Price>,
    /// A transit gateway's attachment.
    pub transit_gateway_attachment_hour: Option<Price>,
    /// What a transit gateway carries.
    pub transit_gateway_gb: Option<Price>,
    /// What leaves for the internet.
    pub internet_egress_gb: Option<Price>,
}

impl RegionPrices {
    fn each_mut(&mut self) -> [&mut Option<Price>; 11] {
        [
            &mut self.nat_gateway_hour,
            &mut self.nat_gateway_gb,
            &mut self.interface_endpoint_hour,
            &mut self.interface_endpoint_gb,
            &mut self.gateway_load_balancer_endpoint_hour,
            &mut self.gateway_load_balancer_endpoint_gb,
            &mut self.public_ipv4_hour,
            &mut self.cross_zone_gb,
            &mut self.transit_gateway_attachment_hour,
            &mut self.transit_gateway_gb,
            &mut self.internet_egress_gb,
        ]
    }

    /// Takes over every price that the other has.
    fn overlay(&mut self, mut other: Self) {
        for (price, newer) in self.each_mut().into_iter().zip(other.each_mut()) {
            if newer.is_some() {
                *price = newer.take();
            }
        }
    }

    fn known_from(mut self, source: &str) -> Self {
        for price in self.each_mut().into_iter().flatten() {
            source.clone_into(&mut price.source);
        }
        self
    }
}

/// The prices of all regions.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// Always `USD`.
    pub currency: &'static str,
    /// The day of the table, as 2026-01-31. Prices that a file does not change are as old as their own source says.
    pub as_of: String,
    /// Where the table comes from.
    pub source: String,
    everywhere: RegionPrices,
    regions: BTreeMap<String, RegionPrices>,
}

impl Prices {
    /// The prices of a region; those that are the same everywhere also of a region that is not listed. China is billed in another currency.
    #[must_use]
    pub fn of(&self, region: &str) -> RegionPrices {
        let mut prices = if region.starts_with("cn-") { RegionPrices::default() } else { self.everywhere.clone() };
        if let Some(own) = self.regions.get(region) {
            prices.overlay(own.clone());
        }
        prices
    }

    /// The regions that are listed, by name.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.regions.keys().map(String::as_str)
    }

    fn overlay(&mut self, regions: BTreeMap<String, RegionPrices>) {
        for (region, prices) in regions {
            self.regions.entry(region).or_default().overlay(prices);
        }
    }
}

/// A number that was worked out of prices: dollars a month, or gigabytes a month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The number.
    pub value: f64,
    /// Whether all prices in it are certain.
    pub is_certain: bool,
}

impl Add for Figure {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, is_certain: self.is_certain && other.is_certain }
    }
}

impl Mul<f64> for Figure {
    type Output = Self;

    fn mul(self, factor: f64) -> Self {
        Self { value: self.value * factor, ..self }
    }
}

#[cfg(test)]
mod tests;

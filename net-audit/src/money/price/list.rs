//! The prices of NAT gateways in what `aws pricing get-products --service-code AmazonEC2 --output json` writes.
//!
//! Every element of `PriceList` is a product as JSON in a string. A NAT gateway's usage type is `NatGateway-Hours` or `NatGateway-Bytes`, in most
//! regions behind a prefix that does not name the region (`EU-` is eu-west-1). Regional gateways (`RegionalNatGateway-…`) and provisioned bandwidth
//! (`NatGateway-Prvd-…`) have products of their own, which are passed over.
//!
//! Sources: AWS Price List Service, `GetProducts`; the `AmazonEC2` list of 2025-10-28.

use std::collections::BTreeMap;

use contract::raw::RawObject;
use contract::time::day;
use serde::Deserialize;

use super::read::{PriceError, Table};
use super::{Price, RegionPrices};
use crate::request::region;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    product: Product,
    #[serde(default)]
    terms: Terms,
    #[serde(default)]
    publication_date: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    #[serde(default)]
    product_family: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Attributes {
    usagetype: String,
    region_code: String,
}

#[derive(Default, Deserialize)]
struct Terms {
    #[serde(rename = "OnDemand", default)]
    on_demand: BTreeMap<String, Term>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    price_dimensions: BTreeMap<String, Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    unit: String,
    begin_range: Option<String>,
    price_per_unit: BTreeMap<String, String>,
}

/// What of a NAT gateway a product is.
#[derive(Clone, Copy, PartialEq)]
enum Meter {
    Hour,
    Gigabyte,
}

impl Meter {
    fn of(usage: &str) -> Option<Self> {
        let bare = match usage.split_once('-') {
            Some((prefix, rest)) if prefix != "NatGateway" => rest,
            _ => usage,
        };
        match bare {
            "NatGateway-Hours" => Some(Self::Hour),
            "NatGateway-Bytes" => Some(Self::Gigabyte),
            _ => None,
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Hour => "Hrs",
            Self::Gigabyte => "GB",
        }
    }

    fn place(self, prices: &mut RegionPrices) -> &mut Option<Price> {
        match self {
            Self::Hour => &mut prices.nat_gateway_hour,
            Self::Gigabyte => &mut prices.nat_gateway_gb,
        }
    }
}

pub(super) fn read(file: &RawObject) -> Result<Table, PriceError> {
    if file.get("NextToken").is_some_and(|token| token != "null") {
        return Err(PriceError::OnePage);
    }
    let products: Vec<String> = serde_json::from_str(file.get("PriceList").unwrap_or_default())
        .map_err(|error| PriceError::member("PriceList", error.to_string()))?;
    let mut regions: BTreeMap<String, RegionPrices> = BTreeMap::new();
    let mut published = String::new();
    for (index, text) in products.iter().enumerate() {
        let wrong = |cause: String| PriceError::member(format!("PriceList, product {}", index + 1), cause);
        let listed: Listed = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let Attributes { usagetype, region_code } = &listed.product.attributes;
        let Some(meter) = Meter::of(usagetype).filter(|_| listed.product.product_family == "NAT Gateway") else {
            continue;
        };
        let Some(usd) = listed.terms.dollars(meter).map_err(wrong)? else { continue };
        let region = region::named(region_code).map_err(wrong)?;
        let date = listed.publication_date.get(..10).unwrap_or_default();
        day(date).map_err(|_| wrong("it has no `publicationDate`".to_owned()))?;
        published = published.max(date.to_owned());
        let source = format!("AWS Price List of {date}");
        let price = Price { source, ..Price::try_from(usd).map_err(wrong)? };
        let place = meter.place(regions.entry(region.to_owned()).or_default());
        if place.as_ref().is_some_and(|other| *other != price) {
            return Err(wrong(format!("`{usagetype}` in {region} stands there twice, and differs")));
        }
        *place = Some(price);
    }
    if regions.is_empty() {
        return Err(PriceError::NoPrice("no product is of the family `NAT Gateway` and billed in USD"));
    }
    Ok(Table { source: format!("AWS Price List of {published}"), as_of: published, regions })
}

impl Terms {
    /// The price of the first hour or gigabyte; none if it is in another currency, or there are no terms.
    fn dollars(&self, meter: Meter) -> Result<Option<f64>, String> {
        let dimensions = self.on_demand.values().flat_map(|term| term.price_dimensions.values());
        let first = dimensions.filter(|dimension| dimension.begin_range.as_deref().is_none_or(|begin| begin == "0"));
        let mut found = None;
        for dimension in first {
            if dimension.unit != meter.unit() {
                return Err(format!("its unit is `{}`, not {}", dimension.unit, meter.unit()));
            }
            let Some(text) = dimension.price_per_unit.get("USD") else { continue };
            let usd: f64 = text.parse().map_err(|_| format!("`{text}` is no price"))?;
            if found.is_some_and(|other: f64| other.to_bits() != usd.to_bits()) {
                return Err("it has two prices at once".to_owned());
            }
            found = Some(usd);
        }
        Ok(found)
    }
}

//! Reads a file of prices: this tool's own table, or what `aws pricing get-products` writes. Both are laid over what is built in.

use std::collections::BTreeMap;

use contract::raw::RawObject;
use contract::time::day;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::{Prices, RegionPrices, built_in, list};
use crate::request::region;

/// Why a file of prices is not followed.
#[derive(Debug, Error)]
pub enum PriceError {
    /// There are no bytes, or only blanks.
    #[error("it is empty")]
    Empty,
    /// It is not one JSON object.
    #[error("it is no JSON object: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of another shape.
    #[error("it is no table of prices: {0}")]
    Alien(String),
    /// A part of it is not understood.
    #[error("`{member}`: {cause}")]
    Member {
        /// Which: `regions.eu-central-1`, `PriceList, product 3`.
        member: String,
        /// What is wrong.
        cause: String,
    },
    /// It is the first of several pages.
    #[error("it is one page of several: `NextToken` is set")]
    OnePage,
    /// There is no price in it.
    #[error("it has no price: {0}")]
    NoPrice(&'static str),
}

impl PriceError {
    pub(super) fn member(member: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::Member { member: member.into(), cause: cause.into() }
    }
}

/// Reads a file of prices and lays it over what is built in.
///
/// The tool's own table is `{"as_of": "2026-01-31", "currency": "USD", "regions": {"eu-central-1": {"nat_gateway_hour": 0.052}}}`, with the
/// fields of [`RegionPrices`]; `currency` may be left out. Else the file is what `aws pricing get-products --service-code AmazonEC2 --output json`
/// writes: of it, only NAT gateways are read.
///
/// # Errors
/// It is neither, has something that is not known, a price below zero, or no price at all.
pub fn read(bytes: &[u8]) -> Result<Prices, PriceError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(PriceError::Empty);
    }
    let file: RawObject = serde_json::from_slice(bytes)?;
    let table = if file.get("PriceList").is_some() { list::read(&file)? } else { own(&file)? };
    let mut prices = built_in();
    prices.overlay(table.regions);
    Ok(Prices { as_of: table.as_of, source: table.source, ..prices })
}

/// What a file says.
pub(super) struct Table {
    pub(super) as_of: String,
    pub(super) source: String,
    pub(super) regions: BTreeMap<String, RegionPrices>,
}

fn own(file: &RawObject) -> Result<Table, PriceError> {
    let known = ["as_of", "currency", "regions"];
    if let Some((other, _)) = file.iter().find(|(name, _)| !known.contains(name)) {
        return Err(PriceError::Alien(format!("`{other}` is not known: {} are, or PriceList", known.join(", "))));
    }
    let as_of: String = member(file, "as_of")?;
    day(&as_of).map_err(|cause| PriceError::member("as_of", cause))?;
    let currency: String = if file.get("currency").is_some() { member(file, "currency")? } else { "USD".to_owned() };
    if currency != "USD" {
        return Err(PriceError::member("currency", format!("`{currency}` is not followed: prices are in USD")));
    }
    let source = format!("--prices, as of {as_of}");
    let mut regions = BTreeMap::new();
    for (name, raw) in member::<RawObject>(file, "regions")?.iter() {
        let wrong = |cause: String| PriceError::member(format!("regions.{name}"), cause);
        region::named(name).map_err(wrong)?;
        let prices: RegionPrices = serde_json::from_str(raw).map_err(|error| wrong(error.to_string()))?;
        regions.insert(name.to_owned(), prices.known_from(&source));
    }
    if regions.values().all(|prices| *prices == RegionPrices::default()) {
        return Err(PriceError::NoPrice("`regions` names none"));
    }
    Ok(Table { as_of, source, regions })
}

fn member<T: DeserializeOwned>(file: &RawObject, name: &str) -> Result<T, PriceError> {
    let raw = file.get(name).ok_or_else(|| PriceError::Alien(format!("`{name}` is missing")))?;
    serde_json::from_str(raw).map_err(|error| PriceError::member(name, error.to_string()))
}

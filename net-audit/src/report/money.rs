//! What the network costs, as it is written.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::RegionAudit;
use crate::money::advice::{Advice, advice};
use crate::money::price::Prices;
use crate::money::usage::Usage;
use crate::money::{BillItem, Charge, bill};

/// What the network costs in a month of 730 hours, and what it would cost if every remedy were taken.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MoneyReport {
    /// Always `USD`.
    pub currency: &'static str,
    /// The day of the price table.
    pub prices_as_of: String,
    /// What it costs now, as far as it is known.
    pub now: f64,
    /// What it would cost.
    pub mended: f64,
    /// Whether all of it is known.
    pub complete: bool,
    /// What has no figure, and why.
    pub unpriced: Vec<String>,
    /// The single sums.
    pub items: Vec<BillItem>,
    /// The cheapest safe design of every VPC that has a NAT gateway.
    pub advice: Vec<Advice>,
}

impl MoneyReport {
    /// Adds up the bills of all regions.
    pub(super) fn new(audits: &[RegionAudit<'_>], prices: &Prices) -> Self {
        let mut report = Self {
            currency: prices.currency,
            prices_as_of: prices.as_of.clone(),
            now: 0.0,
            mended: 0.0,
            complete: true,
            unpriced: Vec::new(),
            items: Vec::new(),
            advice: Vec::new(),
        };
        for audit in audits {
            let bill = bill(&audit.facts, &audit.findings.found);
            report.now += bill.now;
            report.mended += bill.then;
            report.complete &= bill.complete;
            report.unpriced.extend(bill.unpriced);
            report.items.extend(bill.items);
            report.advice.extend(advices(audit));
        }
        report.now = cents(report.now);
        report.mended = cents(report.mended);
        for item in &mut report.items {
            item.monthly = item.monthly.map(cents);
        }
        for option in report.advice.iter_mut().flat_map(|advice| &mut advice.options) {
            option.monthly = option.monthly.map(cents);
        }
        report.unpriced.sort();
        report.unpriced.dedup();
        report
    }
}

impl MoneyReport {
    /// What is paid for, how many things of it there are, and the sum; `None` if none of them has a figure.
    #[must_use]
    pub fn by_charge(&self) -> Vec<(Charge, usize, Option<f64>)> {
        let mut sums: BTreeMap<Charge, (usize, Option<f64>)> = BTreeMap::new();
        for item in &self.items {
            let (count, sum) = sums.entry(item.what).or_default();
            *count += 1;
            if let Some(monthly) = item.monthly {
                *sum = Some(sum.unwrap_or_default() + monthly);
            }
        }
        sums.into_iter().map(|(what, (count, sum))| (what, count, sum)).collect()
    }
}

/// Sums are written in whole cents; what they were made of is written as it is.
pub(super) fn cents(dollars: f64) -> f64 {
    (dollars * 100.0).round() / 100.0
}

fn advices(audit: &RegionAudit<'_>) -> Vec<Advice> {
    let usage = Usage::of(&audit.facts);
    let vpcs: BTreeSet<&str> = audit.facts.inventory.nat_gateways.iter().map(|gateway| gateway.vpc.as_str()).collect();
    vpcs.into_iter().filter_map(|vpc| advice(&audit.facts, &usage, vpc)).collect()
}

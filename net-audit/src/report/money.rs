//! What the network costs, as it is written.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::RegionAudit;
use crate::money::advice::{Advice, advice};
use crate::money::price::Prices;
use crate::money::usage::Usage;
use crate::money::{BillItem, bill};

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

/// Sums are written in whole cents; what they were made of is written as it is.
pub(super) fn cents(dollars: f64) -> f64 {
    (dollars * 100.0).round() / 100.0
}

fn advices(audit: &RegionAudit<'_>) -> Vec<Advice> {
    let usage = Usage::of(&audit.facts);
    let vpcs: BTreeSet<&str> = audit.facts.inventory.nat_gateways.iter().map(|gateway| gateway.vpc.as_str()).collect();
    vpcs.into_iter().filter_map(|vpc| advice(&audit.facts, &usage, vpc)).collect()
}

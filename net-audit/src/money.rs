//! What the network of a region costs in a month, what is left of it once findings are mended, and which design is the cheapest safe one. Pure.
//!
//! A figure stands there only with what it was made of. What has no price, or was not measured, is named and not counted.

pub mod advice;
mod charges;
pub mod cost;
mod gigabytes;
pub mod price;
pub mod usage;

use std::collections::HashMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

pub use advice::{Advice, Design, DesignOption, advice};
pub use gigabytes::Gigabytes;
pub use usage::Usage;

pub(crate) use charges::{EVEN, active_zones, is_billed, public_addresses, share, zones};

use crate::audit::finding::{Finding, MoneyInput};
use crate::facts::Facts;

/// What something is billed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Charge {
    /// That a NAT gateway stands there.
    NatHours,
    /// What a NAT gateway carries.
    NatGigabytes,
    /// What crosses zones on its way to a NAT gateway.
    CrossZoneGigabytes,
    /// Public IPv4 addresses, in use or idle.
    PublicIpv4,
    /// That an interface endpoint stands there.
    InterfaceEndpointHours,
    /// That a Gateway Load Balancer endpoint stands there.
    GatewayLoadBalancerEndpointHours,
    /// That a VPC is attached to a transit gateway.
    TransitGatewayAttachmentHours,
}

impl Charge {
    /// Its name in the document and in metrics.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::NatHours => "nat-hours",
            Self::NatGigabytes => "nat-gigabytes",
            Self::CrossZoneGigabytes => "cross-zone-gigabytes",
            Self::PublicIpv4 => "public-ipv4",
            Self::InterfaceEndpointHours => "interface-endpoint-hours",
            Self::GatewayLoadBalancerEndpointHours => "gateway-load-balancer-endpoint-hours",
            Self::TransitGatewayAttachmentHours => "transit-gateway-attachment-hours",
        }
    }

    /// What it is, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NatHours => "NAT gateway hours",
            Self::NatGigabytes => "NAT gateway gigabytes",
            Self::CrossZoneGigabytes => "gigabytes between zones",
            Self::PublicIpv4 => "public IPv4 addresses",
            Self::InterfaceEndpointHours => "interface endpoint hours",
            Self::GatewayLoadBalancerEndpointHours => "Gateway Load Balancer endpoint hours",
            Self::TransitGatewayAttachmentHours => "transit gateway attachment hours",
        }
    }
}

impl fmt::Display for Charge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.words())
    }
}

/// What a region's network costs in a month, as far as it can be said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Bill {
    /// What it is made of, by VPC, then by what it is for.
    pub items: Vec<BillItem>,
    /// Dollars a month now: all items that have a figure.
    pub now: f64,
    /// Dollars a month once the findings are mended.
    pub then: f64,
    /// Whether everything that costs is in the figures.
    pub complete: bool,
    /// What is not in the figures, and why.
    pub unpriced: Vec<String>,
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BillItem {
    /// What is billed: an id, or the VPC or region whose addresses are counted together.
    pub resource: String,
    /// The VPC, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<String>,
    /// What for.
    pub what: Charge,
    /// Dollars a month; `None` without a price, or if nobody measured it.
    pub monthly: Option<f64>,
    /// What the figure was made of.
    pub inputs: Vec<MoneyInput>,
}

/// Adds up what a region's network costs now, and once every remedy of these findings is taken: what saves, and what is paid for safety.
#[must_use]
pub fn bill(facts: &Facts<'_>, findings: &[Finding]) -> Bill {
    let (mut items, mut unpriced) = charges::charges(facts);
    items.sort_by(|one, other| (&one.vpc, one.what, &one.resource).cmp(&(&other.vpc, other.what, &other.resource)));
    let without_price = items.iter().filter(|item| item.monthly.is_none());
    let mut reasons: Vec<String> = without_price.map(|item| format!("{}: no price or no measure", item.what)).collect();
    reasons.sort();
    reasons.dedup();
    unpriced.extend(reasons);
    let now: f64 = items.iter().filter_map(|item| item.monthly).sum();
    let then = (now - savings(findings)).max(0.0);
    Bill { items, now, then, complete: unpriced.is_empty(), unpriced }
}

/// What the findings' remedies save and cost, each resource once: its greatest saving, for a thing that two findings want gone is gone once; else what
/// its remedy costs.
fn savings(findings: &[Finding]) -> f64 {
    let mut saved: HashMap<&str, f64> = HashMap::new();
    for finding in findings {
        let (Some(resource), Some(money)) = (finding.resources.first(), &finding.money) else { continue };
        let saving = saved.entry(&resource.id).or_insert(money.saving);
        *saving = saving.max(money.saving);
    }
    let mut savings: Vec<f64> = saved.into_values().collect();
    // The order of a hash map must not show in the last digit.
    savings.sort_by(f64::total_cmp);
    savings.into_iter().sum()
}

#[cfg(test)]
mod tests;

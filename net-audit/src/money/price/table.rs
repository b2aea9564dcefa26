//! The prices that are built in, each with the source it was read from.
//!
//! Gathered 2026-09-20; what only secondary sources say is marked as not certain, and `--prices` replaces it.

use super::{Price, Prices, RegionPrices};

const LIST: &str = "AWS Price List of 2025-10-28";
const PAGE: &str = "AWS Price List of 2025-10-28; aws.amazon.com/vpc/pricing, read 2026-09-20";
const EVERY_ADDRESS: &str = "AWS Price List of 2025-10-28: the same in all regions";
const EVERY_ZONE: &str = "AWS Price List of 2025-10-28 for us-east-1; bills name the same price without a region";
const NORTHERN_CALIFORNIA: &str =
    "aws-samples/sample-cfm-tips-mcp, a fallback for the hour; the gigabyte is not confirmed";
const IRELAND: &str =
    "a bill of 20,504 GB, wellcomecollection/platform#2623; a copy of the AWS Price List of 2026-09-25";
const SINGAPORE: &str = "an invoice of May 2025";
const SAO_PAULO_GB: &str = "a bill of $1,765.84 for 18,987.55 GB";
const SECONDARY_HOUR: &str = "secondary sources";
const SECONDARY_GB: &str = "not confirmed: taken to be what secondary sources say of the hour";
const FRANKFURT: &str = "not confirmed: secondary sources say 0.048 to 0.052";

fn certain(usd: f64, source: &str) -> Price {
    Price { usd, is_certain: true, source: source.to_owned() }
}

fn unsure(usd: f64, source: &str) -> Price {
    Price { usd, is_certain: false, source: source.to_owned() }
}

/// The prices of a NAT gateway.
fn nat(hour: Price, gb: Price) -> RegionPrices {
    RegionPrices { nat_gateway_hour: Some(hour), nat_gateway_gb: Some(gb), ..RegionPrices::default() }
}

/// The prices that are built in.
#[must_use]
pub fn built_in() -> Prices {
    let northern_virginia = RegionPrices {
        interface_endpoint_hour: Some(certain(0.01, LIST)),
        interface_endpoint_gb: Some(certain(0.01, LIST)),
        gateway_load_balancer_endpoint_hour: Some(certain(0.01, LIST)),
        gateway_load_balancer_endpoint_gb: Some(certain(0.0035, LIST)),
        cross_zone_gb: Some(certain(0.01, LIST)),
        transit_gateway_attachment_hour: Some(certain(0.05, LIST)),
        transit_gateway_gb: Some(certain(0.02, LIST)),
        internet_egress_gb: Some(certain(0.09, LIST)),
        ..nat(certain(0.045, LIST), certain(0.045, LIST))
    };
    let regions = [
        ("us-east-1", northern_virginia),
        ("us-east-2", nat(certain(0.045, PAGE), certain(0.045, PAGE))),
        ("us-west-2", nat(certain(0.045, LIST), certain(0.045, LIST))),
        ("us-west-1", nat(unsure(0.048, NORTHERN_CALIFORNIA), unsure(0.048, NORTHERN_CALIFORNIA))),
        ("eu-west-1", nat(certain(0.048, IRELAND), certain(0.048, IRELAND))),
        ("eu-central-1", nat(unsure(0.052, FRANKFURT), unsure(0.052, FRANKFURT))),
        ("ap-southeast-1", nat(certain(0.059, SINGAPORE), certain(0.059, SINGAPORE))),
        ("ap-northeast-1", nat(unsure(0.062, SECONDARY_HOUR), unsure(0.062, SECONDARY_GB))),
        ("ap-south-1", nat(unsure(0.056, SECONDARY_HOUR), unsure(0.056, SECONDARY_GB))),
        ("sa-east-1", nat(unsure(0.093, SECONDARY_HOUR), certain(0.093, SAO_PAULO_GB))),
    ];
    Prices {
        currency: "USD",
        as_of: "2025-10-28".to_owned(),
        source: "built in".to_owned(),
        everywhere: RegionPrices {
            public_ipv4_hour: Some(certain(0.005, EVERY_ADDRESS)),
            cross_zone_gb: Some(unsure(0.01, EVERY_ZONE)),
            ..RegionPrices::default()
        },
        regions: regions.into_iter().map(|(region, prices)| (region.to_owned(), prices)).collect(),
    }
}

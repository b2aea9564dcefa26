//! What a month costs, and from how many gigabytes on something pays. A month has 730 hours, a gigabyte 10⁹ bytes.
//!
//! Without a price that is needed there is no figure. A price is not needed where nothing is counted.

use super::{Figure, Price, RegionPrices};

/// The hours of a month, as AWS's calculator counts them.
pub const HOURS: f64 = 730.0;

/// What so many gateways, gigabytes or addresses come to.
fn times(price: Option<&Price>, quantity: f64) -> Option<Figure> {
    if quantity == 0.0 {
        return Some(Figure { value: 0.0, is_certain: true });
    }
    price.map(|price| Figure { value: price.usd * quantity, is_certain: price.is_certain })
}

fn hours(price: Option<&Price>, count: u32) -> Option<Figure> {
    times(price, HOURS * f64::from(count))
}

/// NAT gateways: their hours, the gigabytes that they carry in both directions together, and their public addresses. Count a regional gateway once
/// for each zone that it is active in. Without gateways and addresses it is what the gigabytes alone cost, which a gateway endpoint saves.
#[must_use]
pub fn nat_month(prices: &RegionPrices, gateways: u32, gb: f64, addresses: u32) -> Option<Figure> {
    let standing = hours(prices.nat_gateway_hour.as_ref(), gateways)? + address_month(prices, addresses)?;
    Some(standing + times(prices.nat_gateway_gb.as_ref(), gb)?)
}

/// Public IPv4 addresses, in use or idle.
#[must_use]
pub fn address_month(prices: &RegionPrices, addresses: u32) -> Option<Figure> {
    hours(prices.public_ipv4_hour.as_ref(), addresses)
}

/// Gigabytes that cross from one zone into another: each is billed where it leaves and where it arrives.
#[must_use]
pub fn cross_zone_month(prices: &RegionPrices, gb: f64) -> Option<Figure> {
    times(prices.cross_zone_gb.as_ref(), gb * 2.0)
}

/// An interface endpoint in so many zones, and the gigabytes that it carries. Beyond a petabyte AWS asks less than this says.
#[must_use]
pub fn interface_endpoint_month(prices: &RegionPrices, zones: u32, gb: f64) -> Option<Figure> {
    Some(hours(prices.interface_endpoint_hour.as_ref(), zones)? + times(prices.interface_endpoint_gb.as_ref(), gb)?)
}

/// The gigabytes a month and zone from which on an interface endpoint costs less than carrying them through a NAT gateway that is there anyway.
/// Besides a price that is not known, there is none if the endpoint's gigabyte is not the cheaper one.
#[must_use]
pub fn endpoint_break_even_gb(prices: &RegionPrices) -> Option<Figure> {
    let saved = times(prices.nat_gateway_gb.as_ref(), 1.0)? + times(prices.interface_endpoint_gb.as_ref(), 1.0)? * -1.0;
    ratio(interface_endpoint_month(prices, 1, 0.0)?, saved)
}

/// The gigabytes a month that must cross zones to a single NAT gateway before a second one, with its address, costs less.
/// There is none if crossing costs nothing.
#[must_use]
pub fn second_nat_break_even_gb(prices: &RegionPrices) -> Option<Figure> {
    ratio(nat_month(prices, 1, 0.0, 1)?, cross_zone_month(prices, 1.0)?)
}

/// How often `saved` must be saved to make up for `spent`.
fn ratio(spent: Figure, saved: Figure) -> Option<Figure> {
    let is_certain = spent.is_certain && saved.is_certain;
    (saved.value > 0.0).then(|| Figure { value: spent.value / saved.value, is_certain })
}

#[cfg(test)]
mod tests {
    use super::super::built_in;
    use super::*;

    /// A figure to the cent, and whether it is certain.
    fn cents(figure: Option<Figure>) -> Option<(String, bool)> {
        figure.map(|figure| (format!("{:.2}", figure.value), figure.is_certain))
    }

    #[track_caller]
    fn check(figure: Option<Figure>, value: &str, is_certain: bool) {
        assert_eq!(cents(figure), Some((value.to_owned(), is_certain)));
    }

    #[test]
    fn a_nat_gateway_costs_its_hours_its_gigabytes_and_its_addresses() {
        let prices = built_in().of("us-east-1");
        check(nat_month(&prices, 1, 0.0, 0), "32.85", true);
        check(nat_month(&prices, 1, 0.0, 1), "36.50", true);
        check(nat_month(&prices, 2, 1000.0, 2), "118.00", true);
        check(nat_month(&prices, 0, 0.0, 0), "0.00", true);
        check(address_month(&prices, 1), "3.65", true);
    }

    #[test]
    fn every_region_has_its_own_price() {
        let sao_paulo = built_in().of("sa-east-1");
        // A bill, which at the price of us-east-1 would have been $854.44.
        check(nat_month(&sao_paulo, 0, 18_987.55, 0), "1765.84", true);
        check(nat_month(&sao_paulo, 1, 0.0, 1), "71.54", false);
        check(nat_month(&built_in().of("us-east-1"), 0, 18_987.55, 0), "854.44", true);
    }

    #[test]
    fn what_crosses_zones_is_billed_on_both_sides() {
        check(cross_zone_month(&built_in().of("us-east-1"), 1000.0), "20.00", true);
        check(cross_zone_month(&built_in().of("eu-central-1"), 1000.0), "20.00", false);
    }

    #[test]
    fn an_interface_endpoint_pays_from_209_gigabytes_a_zone() {
        let prices = built_in().of("us-east-1");
        check(interface_endpoint_month(&prices, 1, 0.0), "7.30", true);
        check(interface_endpoint_month(&prices, 3, 100.0), "22.90", true);
        check(endpoint_break_even_gb(&prices), "208.57", true);
    }

    #[test]
    fn a_second_nat_gateway_pays_from_1825_gigabytes() {
        check(second_nat_break_even_gb(&built_in().of("us-east-1")), "1825.00", true);
        check(second_nat_break_even_gb(&built_in().of("sa-east-1")), "3577.00", false);
    }

    #[test]
    fn what_is_never_cheaper_has_no_break_even() {
        let price = |usd: f64| Price::try_from(usd).ok();
        let prices = RegionPrices {
            nat_gateway_gb: price(0.01),
            interface_endpoint_gb: price(0.01),
            interface_endpoint_hour: price(0.01),
            ..RegionPrices::default()
        };
        assert_eq!(endpoint_break_even_gb(&prices), None);
        let free = RegionPrices { cross_zone_gb: price(0.0), ..built_in().of("us-east-1") };
        assert_eq!(second_nat_break_even_gb(&free), None);
    }

    #[test]
    fn without_a_price_there_is_no_figure() {
        let prices = built_in().of("eu-north-1");
        assert_eq!(nat_month(&prices, 1, 0.0, 0), None);
        assert_eq!(nat_month(&prices, 0, 1.0, 0), None);
        assert_eq!(interface_endpoint_month(&prices, 1, 0.0), None);
        assert_eq!((endpoint_break_even_gb(&prices), second_nat_break_even_gb(&prices)), (None, None));
        check(nat_month(&prices, 0, 0.0, 2), "7.30", true);
        assert_eq!(address_month(&built_in().of("cn-north-1"), 1), None);
        let ireland = built_in().of("eu-west-1");
        assert_eq!((interface_endpoint_month(&ireland, 1, 0.0), endpoint_break_even_gb(&ireland)), (None, None));
    }
}

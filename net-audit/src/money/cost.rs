//! Sums of money with all that they were made of, and how they are written.

use crate::audit::finding::{Money, MoneyInput};
use crate::money::price::month::{self, HOURS};
use crate::money::price::{Figure, Price, RegionPrices};

use super::gigabytes::Gigabytes;

/// Dollars a month, and what they were made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// The sum.
    pub monthly: f64,
    /// What it was made of.
    pub inputs: Vec<MoneyInput>,
}

impl Cost {
    fn of(figure: Figure, inputs: impl IntoIterator<Item = Option<MoneyInput>>) -> Self {
        Self { monthly: figure.value, inputs: inputs.into_iter().flatten().collect() }
    }

    /// NAT gateways that stand there, with their public addresses; `None` without a price.
    #[must_use]
    pub fn standing(prices: &RegionPrices, gateways: u32, addresses: u32) -> Option<Self> {
        let figure = month::nat_month(prices, gateways, 0.0, addresses)?;
        let has_gateways = gateways > 0;
        let inputs = [
            Some(hours()),
            has_gateways.then(|| count("NAT gateways", f64::from(gateways), "gateways", "described")),
            has_gateways.then(|| price("NAT gateway", "USD/hour", prices.nat_gateway_hour.as_ref())).flatten(),
        ];
        let mut cost = Self::of(figure, inputs);
        if addresses > 0 {
            cost.add_inputs(address_inputs(prices, addresses));
        }
        Some(cost)
    }

    /// Public IPv4 addresses; `None` without a price.
    #[must_use]
    pub fn addresses(prices: &RegionPrices, addresses: u32) -> Option<Self> {
        let figure = month::address_month(prices, addresses)?;
        let mut cost = Self::of(figure, [Some(hours())]);
        cost.add_inputs(address_inputs(prices, addresses));
        Some(cost)
    }

    /// What a NAT gateway carries; `None` without a price, or if it is not known how much that is.
    #[must_use]
    pub fn carrying(prices: &RegionPrices, gigabytes: &Gigabytes) -> Option<Self> {
        let figure = month::nat_month(prices, 0, gigabytes.monthly?, 0)?;
        let rate = price("NAT gateway, both directions", "USD/GB", prices.nat_gateway_gb.as_ref());
        Some(Self::of(figure, [Some(carried(gigabytes)), rate]))
    }

    /// The part of what a NAT gateway carries that crosses zones; `None` without a price, or if it is not known how much that is.
    #[must_use]
    pub fn crossing(prices: &RegionPrices, gigabytes: &Gigabytes, share: f64, source: &str) -> Option<Self> {
        let figure = month::cross_zone_month(prices, gigabytes.monthly? * share)?;
        let inputs = [
            Some(carried(gigabytes)),
            Some(count("share that crosses zones", share, "of 1", source)),
            price("between zones, each direction", "USD/GB", prices.cross_zone_gb.as_ref()),
        ];
        Some(Self::of(figure, inputs))
    }

    /// Interface endpoints that stand in so many zones; `None` without a price.
    #[must_use]
    pub fn interface_endpoints(prices: &RegionPrices, zones: u32) -> Option<Self> {
        let figure = month::interface_endpoint_month(prices, zones, 0.0)?;
        let inputs = [
            Some(hours()),
            Some(count("zones of endpoints", f64::from(zones), "zones", "described")),
            price("interface endpoint in a zone", "USD/hour", prices.interface_endpoint_hour.as_ref()),
        ];
        Some(Self::of(figure, inputs))
    }

    /// Things that are billed by the hour; `None` without a price.
    #[must_use]
    pub fn hourly(name: &str, rate: Option<&Price>, things: u32) -> Option<Self> {
        let usd = rate?.usd;
        let monthly = usd * HOURS * f64::from(things);
        let number = count("number", f64::from(things), "things", "described");
        Some(Self {
            monthly,
            inputs: [Some(hours()), Some(number), price(name, "USD/hour", rate)].into_iter().flatten().collect(),
        })
    }

    /// Both together. What both were made of stands there once.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.monthly += other.monthly;
        self.add_inputs(other.inputs);
        self
    }

    /// Adds what it was made of, each once.
    pub fn add_inputs(&mut self, inputs: impl IntoIterator<Item = MoneyInput>) {
        for input in inputs {
            if !self.inputs.contains(&input) {
                self.inputs.push(input);
            }
        }
    }

    /// The same as money, of which this much is saved.
    #[must_use]
    pub fn saving(self, saving: f64) -> Money {
        Money { monthly: self.monthly, saving, saving_up_to: None, inputs: self.inputs }
    }
}

/// The hours of a month.
#[must_use]
pub fn hours() -> MoneyInput {
    count("a month", HOURS, "hours", "as the AWS Pricing Calculator counts")
}

/// What a NAT gateway carries. What nobody measured or assumed stands there as 0 from `none`.
#[must_use]
pub fn carried(gigabytes: &Gigabytes) -> MoneyInput {
    count("carried by NAT gateways in a month", gigabytes.monthly.unwrap_or_default(), "GB", &gigabytes.source)
}

/// A number that is no price.
#[must_use]
pub fn count(name: &str, value: f64, unit: &str, source: &str) -> MoneyInput {
    MoneyInput { name: name.to_owned(), value, unit: unit.to_owned(), source: source.to_owned() }
}

/// A price, if it is known. One that is not certain says so.
#[must_use]
pub fn price(name: &str, unit: &str, price: Option<&Price>) -> Option<MoneyInput> {
    let Price { usd, is_certain, source } = price?;
    let says_so = *is_certain || source.starts_with("not ");
    let source = if says_so { source.clone() } else { format!("not certain: {source}") };
    Some(count(name, *usd, unit, &source))
}

fn address_inputs(prices: &RegionPrices, addresses: u32) -> Vec<MoneyInput> {
    let number = count("public IPv4 addresses", f64::from(addresses), "addresses", "described");
    let rate = price("public IPv4 address", "USD/hour", prices.public_ipv4_hour.as_ref());
    std::iter::once(number).chain(rate).collect()
}

/// Dollars as people write them: `$1,765.84`.
#[must_use]
pub fn dollars(value: f64) -> String {
    let sign = if value <= -0.005 { "-" } else { "" };
    let text = format!("{:.2}", value.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    format!("{sign}${}.{cents}", grouped(whole))
}

/// A price for people, with as many digits as it has: `$0.0035`.
#[must_use]
pub fn rate(price: &Price) -> String {
    let sure = if price.is_certain { "" } else { " (not certain)" };
    format!("${}{sure}", price.usd)
}

/// Gigabytes as people write them: `1,825 GB`.
#[must_use]
pub fn gigabytes(value: f64) -> String {
    format!("{} GB", grouped(&format!("{value:.0}")))
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::price::built_in;

    #[test]
    fn money_is_written_as_people_write_it() {
        let cases =
            [(1765.842, "$1,765.84"), (0.0, "$0.00"), (-36.5, "-$36.50"), (-0.001, "$0.00"), (1e6, "$1,000,000.00")];
        for (value, text) in cases {
            assert_eq!(dollars(value), text);
        }
        assert_eq!((gigabytes(1825.0), gigabytes(208.57)), ("1,825 GB".to_owned(), "209 GB".to_owned()));
    }

    #[test]
    fn a_price_that_is_not_certain_says_so() {
        let source = |region: &str| {
            let prices = built_in().of(region);
            price("hour", "USD/hour", prices.nat_gateway_hour.as_ref()).map(|input| input.source)
        };
        assert_eq!(source("sa-east-1").as_deref(), Some("not certain: secondary sources"));
        assert_eq!(source("eu-central-1").as_deref(), Some("not confirmed: secondary sources say 0.048 to 0.052"));
        assert_eq!(source("us-east-1").as_deref(), Some("AWS Price List of 2025-10-28"));
        assert_eq!(source("eu-north-1"), None);
    }

    #[test]
    fn a_sum_names_each_of_its_inputs_once() {
        let prices = built_in().of("us-east-1");
        let known = Gigabytes::assumed(Some(1000.0));
        let cost = Cost::standing(&prices, 2, 2).unwrap().and(Cost::carrying(&prices, &known).unwrap());
        assert_eq!(dollars(cost.monthly), "$118.00");
        let names: Vec<&str> = cost.inputs.iter().map(|input| input.name.as_str()).collect();
        let expected = [
            "a month",
            "NAT gateways",
            "NAT gateway",
            "public IPv4 addresses",
            "public IPv4 address",
            "carried by NAT gateways in a month",
            "NAT gateway, both directions",
        ];
        assert_eq!(names, expected);
    }
}

//! How much NAT gateways carry in a month, and how that is known.

use crate::inventory::NatTraffic;
use crate::money::price::month::HOURS;

/// How much is carried in a month, and how that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Gigabytes {
    /// 10⁹ bytes each, of both directions together; `None` if nobody measured or assumed it.
    pub monthly: Option<f64>,
    /// `metric: CloudWatch, 14 days`, `assumed: --gb`, or `none`.
    pub source: String,
}

impl Gigabytes {
    /// What a metric says, scaled to a month of 730 hours; `None` if it looked at no time at all.
    #[must_use]
    pub fn measured(traffic: &NatTraffic) -> Option<Self> {
        let bytes = traffic.bytes_from_source + traffic.bytes_from_destination;
        let monthly = bytes / 1e9 * (HOURS / 24.0 / traffic.days);
        let says_something = traffic.days > 0.0 && monthly.is_finite() && monthly >= 0.0;
        says_something.then(|| Self { monthly: Some(monthly), source: metric(traffic.days) })
    }

    /// What was said on the command line, or nothing.
    #[must_use]
    pub fn assumed(gb: Option<f64>) -> Self {
        let source = if gb.is_some() { "assumed: --gb" } else { "none" };
        Self { monthly: gb, source: source.to_owned() }
    }

    /// Of a gateway that nothing is sent to.
    #[must_use]
    pub fn none_sent() -> Self {
        Self { monthly: Some(0.0), source: "no route leads to it".to_owned() }
    }

    /// All together; none if one is not known.
    #[must_use]
    pub fn sum(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut sources: Vec<String> = Vec::new();
        let mut monthly = Some(0.0);
        for part in parts {
            monthly = monthly.zip(part.monthly).map(|(sum, more)| sum + more);
            if !sources.contains(&part.source) {
                sources.push(part.source);
            }
        }
        if monthly.is_none() || sources.is_empty() {
            return Self::assumed(None);
        }
        Self { monthly, source: sources.join("; ") }
    }
}

fn metric(days: f64) -> String {
    let plural = if (days - 1.0).abs() < f64::EPSILON { "" } else { "s" };
    format!("metric: CloudWatch, {days} day{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(days: f64, bytes: f64) -> NatTraffic {
        NatTraffic { gateway: "nat-1".to_owned(), days, bytes_from_source: bytes, bytes_from_destination: bytes }
    }

    #[test]
    fn a_metric_of_some_days_is_scaled_to_a_month_of_730_hours() {
        let fortnight = Gigabytes::measured(&traffic(14.0, 7e9)).unwrap();
        assert_eq!(format!("{:.4}", fortnight.monthly.unwrap()), "30.4167");
        assert_eq!(fortnight.source, "metric: CloudWatch, 14 days");
        assert_eq!(Gigabytes::measured(&traffic(1.0, 0.0)).unwrap().source, "metric: CloudWatch, 1 day");
    }

    #[test]
    fn a_metric_of_no_time_says_nothing() {
        for days in [0.0, -1.0] {
            assert_eq!(Gigabytes::measured(&traffic(days, 7e9)), None);
        }
    }

    #[test]
    fn a_sum_of_which_a_part_is_not_known_is_none() {
        let parts = [Gigabytes::none_sent(), Gigabytes::assumed(None)];
        assert_eq!(Gigabytes::sum(parts), Gigabytes::assumed(None));
        let parts = [Gigabytes::assumed(Some(3.0)), Gigabytes::assumed(Some(4.0))];
        assert_eq!(Gigabytes::sum(parts), Gigabytes { monthly: Some(7.0), source: "assumed: --gb".to_owned() });
    }
}

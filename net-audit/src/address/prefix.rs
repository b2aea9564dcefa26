//! CIDR blocks of both address families.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use thiserror::Error;

/// An address family. Routes of one say nothing about the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl Family {
    /// The width of an address in bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Ipv4 => 32,
            Self::Ipv6 => 128,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
        })
    }
}

/// A CIDR block, for example `10.0.0.0/16` or `2001:db8::/56`. Addresses are numbers: an IPv4 address is its 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String")]
pub struct Prefix {
    family: Family,
    first: u128,
    length: u8,
}

/// Text is no CIDR block.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a CIDR block such as 10.0.0.0/16 or 2001:db8::/56")]
pub struct NotPrefix(String);

impl Prefix {
    /// The block of this length around an IPv4 address.
    #[must_use]
    pub const fn ipv4(address: Ipv4Addr, length: u8) -> Self {
        Self::around(Family::Ipv4, address.to_bits() as u128, length)
    }

    /// The block of this length around an IPv6 address.
    #[must_use]
    pub const fn ipv6(address: Ipv6Addr, length: u8) -> Self {
        Self::around(Family::Ipv6, address.to_bits(), length)
    }

    /// The block of this length around an address; a length beyond the family's width means one address.
    pub(crate) const fn around(family: Family, address: u128, length: u8) -> Self {
        let length = if length > family.bits() { family.bits() } else { length };
        let first = address & !low_bits(family.bits() - length);
        Self { family, first, length }
    }

    /// The address family.
    #[must_use]
    pub const fn family(self) -> Family {
        self.family
    }

    /// The number of leading bits that all its addresses share.
    #[must_use]
    pub const fn length(self) -> u8 {
        self.length
    }

    /// The lowest address.
    #[must_use]
    pub const fn first(self) -> u128 {
        self.first
    }

    /// The highest address.
    #[must_use]
    pub const fn last(self) -> u128 {
        self.first | low_bits(self.family.bits() - self.length)
    }

    /// Whether any address is in both.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.family == other.family && self.first <= other.last() && other.first <= self.last()
    }
}

/// A number whose lowest `count` bits are ones.
pub(crate) const fn low_bits(count: u8) -> u128 {
    if count >= 128 { u128::MAX } else { (1 << count) - 1 }
}

impl FromStr for Prefix {
    type Err = NotPrefix;

    fn from_str(text: &str) -> Result<Self, NotPrefix> {
        let error = || NotPrefix(text.to_owned());
        let (address, length) = text.split_once('/').ok_or_else(error)?;
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let (family, bits) = match address {
            IpAddr::V4(address) => (Family::Ipv4, u128::from(address.to_bits())),
            IpAddr::V6(address) => (Family::Ipv6, address.to_bits()),
        };
        let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        let length = length.parse().ok().filter(|length| is_number && *length <= family.bits());
        Ok(Self::around(family, bits, length.ok_or_else(error)?))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.family, u32::try_from(self.first)) {
            (Family::Ipv4, Ok(bits)) => write!(formatter, "{}/{}", Ipv4Addr::from_bits(bits), self.length),
            _ => write!(formatter, "{}/{}", Ipv6Addr::from_bits(self.first), self.length),
        }
    }
}

impl Serialize for Prefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_and_written_in_its_shortest_form() {
        let cases = [
            ("10.0.0.0/16", "10.0.0.0/16"),
            ("10.0.77.1/16", "10.0.0.0/16"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("255.255.255.255/32", "255.255.255.255/32"),
            ("2001:DB8:0:0::/56", "2001:db8::/56"),
            ("::/0", "::/0"),
            ("::ffff:10.0.0.0/128", "::ffff:10.0.0.0/128"),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Prefix>().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in
            ["", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0/8", "::/129", "::/-1", "a/8"]
        {
            assert_eq!(text.parse::<Prefix>(), Err(NotPrefix(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_block_knows_its_ends() {
        for (text, first, last) in [("1.0.0.0/8", 1 << 24, (1 << 25) - 1), ("::/0", 0, u128::MAX), ("::5/128", 5, 5)] {
            let prefix: Prefix = text.parse().unwrap();
            assert_eq!((prefix.first(), prefix.last()), (first, last), "{text}");
        }
    }
}

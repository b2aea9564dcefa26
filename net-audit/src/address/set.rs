//! Sets of addresses, exact to the single address, and what of the address space is the internet.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::address::prefix::{Family, Prefix, low_bits};

/// A set of addresses of one family: inclusive ranges, in order, without overlap or touch, so equal sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressSet {
    ranges: Vec<(u128, u128)>,
}

impl AddressSet {
    /// The addresses of all these blocks.
    #[must_use]
    pub fn of_prefixes(prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        let ranges = prefixes.into_iter().map(|prefix| (prefix.first(), prefix.last()));
        Self::of_ranges(ranges.collect())
    }

    /// The addresses of all these sets.
    #[must_use]
    pub fn of_sets<'s>(sets: impl IntoIterator<Item = &'s Self>) -> Self {
        let mut sets = sets.into_iter();
        let Some(first) = sets.next() else { return Self::default() };
        let mut rest = sets.peekable();
        if rest.peek().is_none() {
            return first.clone();
        }
        Self::of_ranges(first.ranges.iter().chain(rest.flat_map(|set| &set.ranges)).copied().collect())
    }

    fn of_ranges(mut ranges: Vec<(u128, u128)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        Self { ranges: merged }
    }

    /// Every address of a family.
    #[must_use]
    pub fn whole(family: Family) -> Self {
        Self { ranges: vec![(0, low_bits(family.bits()))] }
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: u128) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= address);
        after.checked_sub(1).and_then(|at| self.ranges.get(at)).is_some_and(|(_, last)| address <= *last)
    }

    /// Whether there is no address in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The number of addresses. The whole of IPv6, one more than a `u128` holds, counts as `u128::MAX`.
    #[must_use]
    pub fn size(&self) -> u128 {
        let sizes = self.ranges.iter().map(|(first, last)| (last - first).saturating_add(1));
        sizes.fold(0, u128::saturating_add)
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::of_ranges(self.ranges.iter().chain(&other.ranges).copied().collect())
    }

    /// What is in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let (mut ours, mut theirs) = (self.ranges.iter().peekable(), other.ranges.iter().peekable());
        let mut ranges = Vec::new();
        while let (Some((first, last)), Some((other_first, other_last))) = (ours.peek(), theirs.peek()) {
            let (low, high) = (*first.max(other_first), *last.min(other_last));
            if low <= high {
                ranges.push((low, high));
            }
            if last < other_last {
                ours.next();
            } else {
                theirs.next();
            }
        }
        Self { ranges }
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        self.intersect(&other.complement())
    }

    fn complement(&self) -> Self {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut free = Some(0);
        for (first, last) in &self.ranges {
            if let Some(start) = free.filter(|start| start < first) {
                ranges.push((start, first - 1));
            }
            free = last.checked_add(1);
        }
        ranges.extend(free.map(|start| (start, u128::MAX)));
        Self { ranges }
    }

    /// The fewest blocks that hold exactly these addresses.
    #[must_use]
    pub fn prefixes(&self, family: Family) -> Vec<Prefix> {
        let mut prefixes = Vec::new();
        for (first, last) in &self.ranges {
            let mut next = Some(*first);
            while let Some(start) = next.filter(|start| start <= last) {
                let prefix = largest_block(family, start, *last);
                next = prefix.last().checked_add(1);
                prefixes.push(prefix);
            }
        }
        prefixes
    }
}

impl From<Prefix> for AddressSet {
    fn from(prefix: Prefix) -> Self {
        Self::of_prefixes([prefix])
    }
}

/// The largest block that begins at `first` and does not reach beyond `last`.
fn largest_block(family: Family, first: u128, last: u128) -> Prefix {
    let aligned = first.trailing_zeros().min(u32::from(family.bits()));
    // As many low bits as the count of addresses, which is one more than fits for all of IPv6, can fill.
    let filled = (last - first).checked_add(1).map_or(u128::BITS, u128::ilog2);
    let free = u8::try_from(aligned.min(filled)).unwrap_or_default();
    Prefix::around(family, first, family.bits() - free)
}

/// IPv4 blocks that are not the internet. Source: IANA IPv4 Special-Purpose Address Registry; 224/3 is multicast and reserved.
const NOT_INTERNET: [Prefix; 13] = [
    Prefix::ipv4(Ipv4Addr::UNSPECIFIED, 8),
    Prefix::ipv4(Ipv4Addr::new(10, 0, 0, 0), 8),
    Prefix::ipv4(Ipv4Addr::new(100, 64, 0, 0), 10),
    Prefix::ipv4(Ipv4Addr::new(127, 0, 0, 0), 8),
    Prefix::ipv4(Ipv4Addr::new(169, 254, 0, 0), 16),
    Prefix::ipv4(Ipv4Addr::new(172, 16, 0, 0), 12),
    Prefix::ipv4(Ipv4Addr::new(192, 0, 0, 0), 24),
    Prefix::ipv4(Ipv4Addr::new(192, 0, 2, 0), 24),
    Prefix::ipv4(Ipv4Addr::new(192, 168, 0, 0), 16),
    Prefix::ipv4(Ipv4Addr::new(198, 18, 0, 0), 15),
    Prefix::ipv4(Ipv4Addr::new(198, 51, 100, 0), 24),
    Prefix::ipv4(Ipv4Addr::new(203, 0, 113, 0), 24),
    Prefix::ipv4(Ipv4Addr::new(224, 0, 0, 0), 3),
];

const ALL_IPV4: Prefix = Prefix::ipv4(Ipv4Addr::UNSPECIFIED, 0);
/// Global unicast. Source: IANA IPv6 Address Space registry.
const GLOBAL_IPV6: Prefix = Prefix::ipv6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// IPv6 addresses that stand for IPv4 ones behind a translating NAT gateway. Source: RFC 6052.
const TRANSLATED: Prefix = Prefix::ipv6(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// The internet as a VPC sees it: public address space without the VPC's own blocks, for those are always local.
#[must_use]
pub fn internet(family: Family, own: &[Prefix]) -> AddressSet {
    let own = AddressSet::of_prefixes(own.iter().copied().filter(|prefix| prefix.family() == family));
    match family {
        Family::Ipv4 => AddressSet::from(ALL_IPV4).subtract(&AddressSet::of_prefixes(NOT_INTERNET)),
        Family::Ipv6 => AddressSet::from(GLOBAL_IPV6),
    }
    .subtract(&own)
}

/// The IPv6 addresses by which an IPv6-only subnet speaks to the IPv4 internet through a NAT gateway.
#[must_use]
pub fn translated() -> AddressSet {
    TRANSLATED.into()
}

#[cfg(test)]
mod tests;

use proptest::prelude::*;

use super::*;

fn set(prefixes: &[&str]) -> AddressSet {
    AddressSet::of_prefixes(prefixes.iter().map(|text| text.parse().unwrap()))
}

#[test]
fn two_halves_are_the_whole() {
    assert_eq!(set(&["0.0.0.0/1", "128.0.0.0/1"]), set(&["0.0.0.0/0"]));
    assert_eq!(set(&["::/1", "8000::/1"]), set(&["::/0"]));
}

#[test]
fn the_internet_is_neither_private_nor_reserved_nor_our_own() {
    let own: Prefix = "8.8.0.0/16".parse().unwrap();
    let internet = internet(Family::Ipv4, &[own]);
    for (address, expected) in [
        ("1.1.1.1/32", true),
        ("223.255.255.255/32", true),
        ("100.63.255.255/32", true),
        ("100.64.0.0/32", false),
        ("10.1.2.3/32", false),
        ("172.31.0.1/32", false),
        ("172.32.0.0/32", true),
        ("192.168.0.1/32", false),
        ("169.254.169.254/32", false),
        ("224.0.0.1/32", false),
        ("0.1.2.3/32", false),
        ("8.8.8.8/32", false),
        ("8.9.0.0/32", true),
    ] {
        assert_eq!(!internet.intersect(&set(&[address])).is_empty(), expected, "{address}");
    }
    // 2^32 less the reserved blocks, and less our own 65,536.
    assert_eq!(internet.size(), 3_702_258_688 - 65_536);
}

#[test]
fn the_ipv6_internet_is_global_unicast() {
    let own: Prefix = "2600:1f18::/56".parse().unwrap();
    let internet = internet(Family::Ipv6, &[own]);
    assert_eq!(internet.size(), (1 << 125) - (1 << 72));
    assert!(internet.intersect(&set(&["fd00::/8"])).is_empty());
    assert!(internet.intersect(&translated()).is_empty());
}

#[test]
fn what_is_left_is_written_in_blocks() {
    let left = set(&["0.0.0.0/0"]).subtract(&set(&["0.0.0.0/2", "128.0.0.0/1"]));
    assert_eq!(left.prefixes(Family::Ipv4), ["64.0.0.0/2".parse().unwrap()]);
    assert_eq!(set(&["::/0"]).prefixes(Family::Ipv6), ["::/0".parse().unwrap()]);
    assert_eq!(AddressSet::default().prefixes(Family::Ipv4), []);
}

#[test]
fn the_whole_of_a_family_ends_where_its_addresses_do() {
    assert_eq!(AddressSet::whole(Family::Ipv4), set(&["0.0.0.0/0"]));
    assert_eq!(AddressSet::whole(Family::Ipv6), set(&["::/0"]));
    let (ipv4, ipv6) = (AddressSet::whole(Family::Ipv4), AddressSet::whole(Family::Ipv6));
    assert_eq!((ipv4.size(), ipv6.size()), (1 << 32, u128::MAX));
    assert!(ipv4.contains(0) && ipv4.contains(u128::from(u32::MAX)) && !ipv4.contains(1 << 32));
    assert!(ipv6.contains(0) && ipv6.contains(u128::MAX));
    assert!(!AddressSet::default().contains(0));
}

/// Sets of small blocks in one /24, so that they often touch and overlap, beside the same set as 256 flags.
fn small() -> impl Strategy<Value = (AddressSet, Vec<bool>)> {
    prop::collection::vec((any::<u8>(), 24_u8..=32), 0..8).prop_map(|blocks| {
        let prefixes = blocks.iter().map(|(last, length)| Prefix::ipv4(Ipv4Addr::new(0, 0, 0, *last), *length));
        let prefixes: Vec<Prefix> = prefixes.collect();
        let holds = |address: u128| prefixes.iter().any(|prefix| (prefix.first()..=prefix.last()).contains(&address));
        let flags = (0..256).map(holds).collect();
        (AddressSet::of_prefixes(prefixes), flags)
    })
}

fn flags(set: &AddressSet) -> Vec<bool> {
    let holds = |address: u128| set.ranges.iter().any(|(first, last)| (first..=last).contains(&&address));
    (0..256).map(holds).collect()
}

fn both(left: &[bool], right: &[bool], rule: impl Fn(bool, bool) -> bool) -> Vec<bool> {
    left.iter().zip(right).map(|(left, right)| rule(*left, *right)).collect()
}

proptest! {
    #[test]
    fn the_algebra_is_that_of_single_addresses((a, in_a) in small(), (b, in_b) in small()) {
        prop_assert_eq!(flags(&a), in_a.clone());
        prop_assert_eq!(flags(&a.union(&b)), both(&in_a, &in_b, |a, b| a || b));
        prop_assert_eq!(flags(&a.intersect(&b)), both(&in_a, &in_b, |a, b| a && b));
        prop_assert_eq!(flags(&a.subtract(&b)), both(&in_a, &in_b, |a, b| a && !b));
        prop_assert_eq!(a.size(), in_a.iter().filter(|held| **held).count() as u128);
        prop_assert_eq!(a.is_empty(), !in_a.contains(&true));
        let contained: Vec<bool> = (0..256).map(|address| a.contains(address)).collect();
        prop_assert_eq!(contained, in_a);
    }

    #[test]
    fn equal_sets_are_equal_values((a, _) in small(), (b, _) in small()) {
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.subtract(&b).union(&a.intersect(&b)), a.clone());
        prop_assert_eq!(AddressSet::of_prefixes(a.prefixes(Family::Ipv4)), a);
    }

    #[test]
    fn large_sets_keep_their_size(first in any::<u128>(), length in 1_u8..=128) {
        let block = AddressSet::from(Prefix::around(Family::Ipv6, first, length));
        let rest = set(&["::/0"]).subtract(&block);
        prop_assert_eq!(block.size(), 1_u128 << (128 - length));
        prop_assert!(rest.intersect(&block).is_empty());
        prop_assert_eq!(rest.union(&block), set(&["::/0"]));
        prop_assert_eq!(rest.prefixes(Family::Ipv6).len(), usize::from(length));
    }

    #[test]
    fn any_text_is_a_block_or_refused(text in "[0-9a-f.:/]{0,24}") {
        if let Ok(prefix) = text.parse::<Prefix>() {
            prop_assert_eq!(prefix.to_string().parse::<Prefix>(), Ok(prefix));
        }
    }
}

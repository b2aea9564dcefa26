//! Codes that give short words to frequent symbols.

/// The longest code word of deflate.
const LONGEST: usize = 15;
/// The bits that tell symbols apart.
const SYMBOL_BITS: u32 = 9;

/// The length of each symbol's code word, none longer than `limit`; zero for symbols that do not occur.
///
/// At least two symbols get a word, whether they occur or not: there are decoders that refuse a code with an unused half.
pub(super) fn lengths<const SYMBOLS: usize>(counts: &[u32; SYMBOLS], limit: usize) -> [u8; SYMBOLS] {
    // The count and the symbol in one number are sorted faster than a pair.
    let mut ranked = Vec::with_capacity(SYMBOLS);
    ranked.extend(
        counts
            .iter()
            .zip(0_u64..)
            .filter(|(count, _)| **count > 0)
            .map(|(count, symbol)| u64::from(*count) << SYMBOL_BITS | symbol),
    );
    let missing = 2_usize.saturating_sub(ranked.len());
    ranked.extend(counts.iter().zip(0_u64..).filter(|(count, _)| **count == 0).map(|(_, symbol)| symbol).take(missing));
    ranked.sort_unstable();
    let mut words = words_of_each_length(&ranked, limit);
    let mut lengths = [0; SYMBOLS];
    let mut length = limit;
    for rank in ranked {
        while words[length] == 0 {
            length -= 1;
        }
        words[length] -= 1;
        lengths[symbol(rank)] = length_as_byte(length);
    }
    lengths
}

/// How many code words of each length the best code has, from symbols in the order of their counts.
fn words_of_each_length(ranked: &[u64], limit: usize) -> [u32; LONGEST + 1] {
    let leaves = ranked.len();
    let nodes = 2 * leaves - 1;
    let mut weights = vec![0_u64; nodes];
    weights.iter_mut().zip(ranked).for_each(|(weight, rank)| *weight = rank >> SYMBOL_BITS);
    let mut parents = vec![0; nodes];
    // Leaves and inner nodes are two queues, both in the order of their weights.
    let (mut leaf, mut inner) = (0, leaves);
    for node in leaves..nodes {
        for _ in 0..2 {
            let is_leaf = leaf < leaves && (inner == node || weights[leaf] <= weights[inner]);
            let next = if is_leaf { leaf } else { inner };
            leaf += usize::from(is_leaf);
            inner += usize::from(!is_leaf);
            parents[next] = node;
            weights[node] += weights[next];
        }
    }
    let mut depths = vec![0; nodes];
    let mut words = [0; LONGEST + 1];
    for node in (0..nodes - 1).rev() {
        depths[node] = depths[parents[node]] + 1;
        if node < leaves {
            words[limit.min(depths[node])] += 1;
        }
    }
    shorten(&mut words, limit);
    words
}

/// Makes room for words that were cut to the limit: a shorter word becomes two longer ones, of which one is for a word of the limit.
fn shorten(words: &mut [u32; LONGEST + 1], limit: usize) {
    let mut taken: u64 = (1..=limit).map(|length| u64::from(words[length]) << (limit - length)).sum();
    while taken > 1 << limit {
        let mut length = limit - 1;
        while words[length] == 0 {
            length -= 1;
        }
        words[length] -= 1;
        words[length + 1] += 2;
        words[limit] -= 1;
        taken -= 1;
    }
}

/// The code words for these lengths, with the first bit lowest, as they are written.
///
/// Source: RFC 1951, section 3.2.2.
pub(super) fn codes<const SYMBOLS: usize>(lengths: &[u8; SYMBOLS]) -> [u16; SYMBOLS] {
    let mut words = [0_u16; LONGEST + 1];
    lengths.iter().filter(|length| **length > 0).for_each(|length| words[usize::from(*length)] += 1);
    let mut next = [0_u16; LONGEST + 1];
    for length in 1..=LONGEST {
        next[length] = (next[length - 1] + words[length - 1]) << 1;
    }
    let mut codes = [0; SYMBOLS];
    for (code, length) in codes.iter_mut().zip(lengths).filter(|(_, length)| **length > 0) {
        let next = &mut next[usize::from(*length)];
        *code = next.reverse_bits() >> (16 - u32::from(*length));
        *next += 1;
    }
    codes
}

fn symbol(rank: u64) -> usize {
    (rank & ((1 << SYMBOL_BITS) - 1)) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "a length is at most 15")]
fn length_as_byte(length: usize) -> u8 {
    length as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frequent_symbols_get_short_words() {
        assert_eq!(lengths(&[45, 13, 12, 16, 9, 5], 15), [1, 3, 3, 3, 4, 4]);
        assert_eq!(codes(&[1, 3, 3, 3, 4, 4]), [0, 0b001, 0b101, 0b011, 0b0111, 0b1111]);
    }

    #[test]
    fn a_code_has_two_words_at_least() {
        assert_eq!(lengths(&[0, 0, 0], 15), [1, 1, 0]);
        assert_eq!(lengths(&[0, 9, 0], 15), [1, 1, 0]);
        assert_eq!(lengths(&[9, 0, 0], 15), [1, 1, 0]);
    }

    proptest! {
        #[test]
        fn a_code_is_complete_within_its_limit_and_follows_the_counts(
            counts in proptest::array::uniform32(prop_oneof![Just(0_u32), 1..10_u32, 1..u32::MAX / 32]),
            steep in any::<bool>(),
            limit in 7_usize..=15,
        ) {
            let mut counts = counts;
            if steep {
                counts.iter_mut().enumerate().for_each(|(index, count)| *count = 1 << index.min(26));
            }
            let lengths = lengths(&counts, limit);
            let taken: u64 = lengths.iter().filter(|length| **length > 0).map(|length| 1 << (limit - usize::from(*length))).sum();
            prop_assert_eq!(taken, 1 << limit);
            prop_assert!(lengths.iter().all(|length| usize::from(*length) <= limit));
            for (a, b) in (0..32).flat_map(|a| (0..32).map(move |b| (a, b))) {
                prop_assert!(counts[a] <= counts[b] || lengths[a] <= lengths[b] || counts[b] == 0);
            }
            prop_assert!((0..32).all(|symbol| counts[symbol] == 0 || lengths[symbol] > 0));
        }
    }
}

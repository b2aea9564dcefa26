//! How often each symbol occurs, and what that costs.

use crate::compress::deflate::matches::Sequence;
use crate::compress::deflate::symbols::{DISTANCES, FIRST_LENGTH, LITERALS_AND_LENGTHS, distance_slot, length_slot};

/// Costs are in parts of a bit: they have so many binary places.
pub(super) const FRACTION: u32 = 8;

/// The binary places of the logarithm of 1 + n/256. Whole numbers, for a cost decides about the bytes of a blob.
const LOGARITHMS: [u8; 256] = logarithms();

/// How often each symbol occurs in a part of a block.
#[derive(Clone)]
pub(super) struct Counts {
    pub(super) literals: [u32; LITERALS_AND_LENGTHS],
    pub(super) distances: [u32; DISTANCES],
    /// What the symbols cost with the codes that fit them best, without the bits that follow them.
    pub(super) cost: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Self { literals: [0; LITERALS_AND_LENGTHS], distances: [0; DISTANCES], cost: 0 }
    }
}

impl Counts {
    /// Adds bytes that stand for themselves.
    #[inline]
    pub(super) fn add_literals(&mut self, literals: &[u8]) {
        for literal in literals {
            self.literals[usize::from(*literal)] += 1;
        }
    }

    /// Adds the match of a sequence.
    #[inline]
    pub(super) fn add_match(&mut self, sequence: &Sequence) {
        self.literals[FIRST_LENGTH + length_slot(sequence.length)] += 1;
        self.distances[distance_slot(sequence.distance)] += 1;
    }

    /// Works out the cost of what was added.
    pub(super) fn sum_up(&mut self) {
        self.cost = cost(&self.literals) + cost(&self.distances);
    }

    /// Both together.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        sum.literals.iter_mut().zip(other.literals).for_each(|(count, more)| *count += more);
        sum.distances.iter_mut().zip(other.distances).for_each(|(count, more)| *count += more);
        sum.cost = cost(&sum.literals) + cost(&sum.distances);
        sum
    }
}

/// The entropy of the symbols, times their number.
fn cost(counts: &[u32]) -> u64 {
    let (mut total, mut saved) = (0, 0);
    for count in counts {
        total += count;
        // No branch: a symbol that does not occur counts zero times the logarithm of one.
        saved += u64::from(*count) * u64::from(logarithm(*count | u32::from(*count == 0)));
    }
    if total == 0 { 0 } else { u64::from(total) * u64::from(logarithm(total)) - saved }
}

/// The binary logarithm of a number that is not zero, in parts of a bit, rounded down: the exponent of a floating-point number, and what
/// its mantissa stands for in the table.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "the counts of a block have fewer bits than a mantissa")]
fn logarithm(number: u32) -> u32 {
    let bits = ((number as f32).to_bits() >> (f32::MANTISSA_DIGITS - 1 - FRACTION)) - (127 << FRACTION);
    (bits & !255) + u32::from(LOGARITHMS[(bits & 255) as usize])
}

/// One binary place after the other: a number is squared, and halved if it has become two or more.
const fn logarithms() -> [u8; 256] {
    let mut all = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut number = (256 + index as u64) << 22;
        let mut place = 0;
        while place < FRACTION {
            number = (number * number) >> 30;
            all[index] <<= 1;
            if number >= 2 << 30 {
                all[index] |= 1;
                number >>= 1;
            }
            place += 1;
        }
        index += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithm_is_right_to_a_hundredth_of_a_bit() {
        for number in (1..100_000).chain([1 << 20, (1 << 20) - 1, u32::MAX]) {
            let error = f64::from(number).log2() - f64::from(logarithm(number)) / 256.0;
            assert!((-0.001..0.011).contains(&error), "{number} {error}");
        }
    }

    #[test]
    fn equal_counts_cost_the_bits_of_their_number_and_one_symbol_costs_nothing() {
        assert_eq!(cost(&[7; 256]), (7 * 256 * 8) << FRACTION);
        assert_eq!(cost(&[0, 1000, 0]), 0);
        assert_eq!(cost(&[]), 0);
    }
}

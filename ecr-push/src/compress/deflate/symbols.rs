//! The symbols by which deflate names lengths and distances: a slot, and bits that say which value of the slot.
//!
//! Source: RFC 1951, section 3.2.5.

/// How many symbols stand for literals, the end of a block and lengths.
pub(super) const LITERALS_AND_LENGTHS: usize = 286;
/// How many symbols stand for distances.
pub(super) const DISTANCES: usize = 30;
/// The symbol that ends a block.
pub(super) const END: usize = 256;
/// The symbol of the first slot of lengths.
pub(super) const FIRST_LENGTH: usize = 257;
/// The longest match.
pub(super) const LONGEST: usize = 258;

const LENGTH_SLOTS: usize = LITERALS_AND_LENGTHS - FIRST_LENGTH;

/// The first length of each slot.
pub(super) const LENGTH_BASE: [u16; LENGTH_SLOTS] =
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
/// The bits that follow the symbol of each slot of lengths.
pub(super) const LENGTH_EXTRA: [u8; LENGTH_SLOTS] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
/// The first distance of each slot.
pub(super) const DISTANCE_BASE: [u16; DISTANCES] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
    8193, 12289, 16385, 24577,
];
/// The bits that follow the symbol of each slot of distances.
pub(super) const DISTANCE_EXTRA: [u8; DISTANCES] =
    [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

/// The slot of each length.
const SLOT_OF_LENGTH: [u8; LONGEST + 1] = slots_of_lengths();
/// The slot of each distance up to 256, then of each 128 distances.
const SLOT_OF_DISTANCE: [u8; 512] = slots_of_distances();

#[expect(clippy::cast_possible_truncation, reason = "there are fewer than 256 slots")]
const fn slots_of_lengths() -> [u8; LONGEST + 1] {
    let mut slots = [0; LONGEST + 1];
    let mut slot = 0;
    while slot < LENGTH_SLOTS {
        let mut length = LENGTH_BASE[slot] as usize;
        while length <= LONGEST {
            slots[length] = slot as u8;
            length += 1;
        }
        slot += 1;
    }
    slots
}

#[expect(clippy::cast_possible_truncation, reason = "there are fewer than 256 slots")]
const fn slots_of_distances() -> [u8; 512] {
    let mut slots = [0; 512];
    let mut slot = 0;
    while slot < DISTANCES {
        let base = DISTANCE_BASE[slot] as usize - 1;
        let mut near = base;
        while near < 256 {
            slots[near] = slot as u8;
            near += 1;
        }
        let mut far = base.div_ceil(128);
        while far < 256 {
            slots[256 + far] = slot as u8;
            far += 1;
        }
        slot += 1;
    }
    slots
}

/// The slot of a length from 3 to 258.
#[inline]
pub(super) fn length_slot(length: u16) -> usize {
    usize::from(SLOT_OF_LENGTH[usize::from(length)])
}

/// The slot of a distance from 1 to 32768.
#[inline]
pub(super) fn distance_slot(distance: u16) -> usize {
    let distance = usize::from(distance.wrapping_sub(1));
    let index = if distance < 256 { distance } else { 256 + ((distance >> 7) & 255) };
    usize::from(SLOT_OF_DISTANCE[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_and_distance_is_in_the_slot_that_holds_it() {
        for length in 3..=258 {
            let slot = length_slot(length);
            let rest = length - LENGTH_BASE[slot];
            assert!(rest < 1 << LENGTH_EXTRA[slot], "{length}");
        }
        for distance in 1..=32_768 {
            let slot = distance_slot(distance);
            let rest = distance - DISTANCE_BASE[slot];
            assert!(rest < 1 << DISTANCE_EXTRA[slot], "{distance}");
        }
        assert_eq!((length_slot(257), length_slot(258)), (27, 28));
    }
}

//! Finds what occurred before.

use crate::compress::deflate::counts::Counts;
use crate::compress::deflate::symbols::LONGEST;

/// How far back a match can lie.
pub(in crate::compress) const WINDOW: usize = 32 << 10;

/// A match of this many bytes is looked for first: longer ones are rarely missed by it.
const LONG: usize = 7;
/// A match of fewer bytes is not worth its distance.
const SHORT: usize = 4;
/// More entries save bytes; with twice as many short ones the tables take longer to reach.
const LONG_ENTRIES: usize = 1 << 16;
const SHORT_ENTRIES: usize = 1 << 15;
/// A match of so many bytes is taken as it is; for a shorter one the next place is tried too, so many times in a row.
const GOOD: usize = 16;
const TRIES: usize = 4;
/// So many places are noted at either end of a match, no more than the shortest one has besides its first.
const NOTED: usize = 3;
/// One place in so many of the window is noted: all of them would take longer than they are worth.
const WINDOW_STEP: usize = 4;
/// After so many places without a match, as a power of two, one place more is passed over at a time.
const PATIENCE: u32 = 5;
/// So many bytes at the end are left to literals: whoever compares sixteen bytes a little further on need not look where the data ends.
const MARGIN: usize = 24;

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Literals, and the match that follows them.
pub(super) struct Sequence {
    /// How many bytes stand for themselves.
    pub(super) literals: u32,
    /// The length of the match; zero if there is none.
    pub(super) length: u16,
    /// How far back it lies.
    pub(super) distance: u16,
}

/// The places at which bytes were seen last. A place is noted modulo 2^16 and taken modulo the window; what is found is compared byte by
/// byte, so that a place that is wrong costs time and no more.
///
/// What takes time is less the work than the branches that cannot be foreseen. There are as few of them as possible: none asks how old a
/// place is, which of the two tables is right, or whether a match ends within sixteen bytes.
pub(super) struct Finder {
    long: Box<[u16; LONG_ENTRIES]>,
    short: Box<[u16; SHORT_ENTRIES]>,
    /// The places tried since the last match.
    misses: usize,
}

impl Default for Finder {
    #[expect(clippy::large_stack_arrays, reason = "they are on the heap as soon as they are made, once a thread")]
    fn default() -> Self {
        Self { long: Box::new([0; LONG_ENTRIES]), short: Box::new([0; SHORT_ENTRIES]), misses: 0 }
    }
}

/// A match.
#[derive(Clone, Copy)]
struct Match {
    length: usize,
    distance: usize,
}

impl Finder {
    /// The bytes that its tables take.
    pub(super) const MEMORY: usize = 2 * (LONG_ENTRIES + SHORT_ENTRIES);

    /// Forgets everything and notes the window before `start`.
    pub(super) fn begin(&mut self, data: &[u8], start: usize) {
        self.long.fill(0);
        self.short.fill(0);
        self.misses = 0;
        for position in (0..start.min(data.len().saturating_sub(MARGIN))).step_by(WINDOW_STEP) {
            self.note(position, eight(data, position));
        }
    }

    /// Finds sequences for the data from `start` on and returns where they end: at `limit` or, after a last match, behind it.
    pub(super) fn parse(
        &mut self,
        data: &[u8],
        start: usize,
        limit: usize,
        sequences: &mut Vec<Sequence>,
        counts: &mut Counts,
    ) -> usize {
        let safe = data.len().saturating_sub(MARGIN);
        let stop = limit.min(safe);
        let (mut position, mut anchor) = (start, start);
        let mut misses = self.misses;
        while position < stop {
            let first = self.find(data, position);
            if first.length < SHORT {
                misses += 1;
                position += 1 + (misses >> PATIENCE);
                continue;
            }
            misses = 0;
            let (begin, best) = self.improve(data, position, lengthen(data, position, first));
            let (begin, best) = extend_back(data, anchor, begin, extend(data, begin, best));
            counts.add_literals(&data[anchor..begin]);
            let sequence = sequence(begin - anchor, best);
            counts.add_match(&sequence);
            sequences.push(sequence);
            position = begin + best.length;
            anchor = position;
            if position < safe {
                self.note_match(data, begin, position);
            }
        }
        self.misses = misses;
        let end = if limit >= safe { data.len() } else { position.min(data.len()) };
        if end > anchor {
            counts.add_literals(&data[anchor..end]);
            sequences.push(sequence(end - anchor, Match { length: 0, distance: 0 }));
        }
        end
    }

    /// The match at a position, up to eight bytes of it, in whichever table it is longer. The position is noted.
    #[inline]
    fn find(&mut self, data: &[u8], position: usize) -> Match {
        let bytes = eight(data, position);
        let long = replace(&mut self.long[long_hash(bytes)], position);
        let short = replace(&mut self.short[short_hash(bytes)], position);
        let long = compare(data, position, long, bytes);
        let short = compare(data, position, short, bytes);
        if long.length > short.length { long } else { short }
    }

    /// A longer match that begins a little later, or the same one; up to [`GOOD`] bytes of it.
    #[inline]
    fn improve(&mut self, data: &[u8], position: usize, first: Match) -> (usize, Match) {
        let (mut position, mut best) = (position, first);
        for _ in 0..TRIES {
            if best.length >= GOOD {
                break;
            }
            let next = position + 1;
            let bytes = eight(data, next);
            let noted = replace(&mut self.long[long_hash(bytes)], next);
            let found = lengthen(data, next, compare(data, next, noted, bytes));
            if found.length <= best.length {
                break;
            }
            (position, best) = (next, found);
        }
        (position, best)
    }

    #[inline]
    fn note(&mut self, position: usize, bytes: u64) {
        replace(&mut self.long[long_hash(bytes)], position);
        replace(&mut self.short[short_hash(bytes)], position);
    }

    /// Notes places near both ends of a match: a fixed number, for a loop whose end cannot be foreseen costs more.
    #[inline]
    fn note_match(&mut self, data: &[u8], begin: usize, end: usize) {
        for start in [begin + 1, end - NOTED] {
            let Some(bytes) = data[start..].first_chunk::<{ NOTED + 7 }>() else { return };
            for index in 0..NOTED {
                self.note(start + index, eight(bytes, index));
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "lengths, distances and literals are bounded by a block")]
fn sequence(literals: usize, found: Match) -> Sequence {
    Sequence { literals: literals as u32, length: found.length as u16, distance: found.distance as u16 }
}

/// The match begins earlier if the bytes before it are equal too.
#[inline]
fn extend_back(data: &[u8], anchor: usize, begin: usize, found: Match) -> (usize, Match) {
    let Match { mut length, distance } = found;
    let mut begin = begin;
    while begin > anchor && begin > distance && length < LONGEST && data[begin - 1] == data[begin - 1 - distance] {
        begin -= 1;
        length += 1;
    }
    (begin, Match { length, distance })
}

/// The match at a place that was noted, up to eight bytes of it. What was noted too long ago, or never, stands for some place in the
/// window.
#[inline]
fn compare(data: &[u8], position: usize, noted: u16, bytes: u64) -> Match {
    let distance = (usize::from(modulo(position).wrapping_sub(noted)).wrapping_sub(1) & (WINDOW - 1)) + 1;
    let earlier = data.get(position.wrapping_sub(distance)..).and_then(|rest| rest.first_chunk());
    let length = earlier.map_or(0, |earlier| ((u64::from_le_bytes(*earlier) ^ bytes).trailing_zeros() >> 3) as usize);
    Match { length, distance }
}

/// The match, up to [`GOOD`] bytes of it instead of eight.
#[inline]
fn lengthen(data: &[u8], position: usize, found: Match) -> Match {
    let Match { length, distance } = found;
    let next = position + 8;
    let difference = eight(data, next.wrapping_sub(distance)) ^ eight(data, next);
    let more = (difference.trailing_zeros() >> 3) as usize;
    Match { length: length + if length == 8 { more } else { 0 }, distance }
}

/// The whole match, of which up to [`GOOD`] bytes are known.
#[inline]
fn extend(data: &[u8], position: usize, found: Match) -> Match {
    let Match { length, distance } = found;
    let length = if length == GOOD { equal(data, position - distance, position) } else { length };
    Match { length, distance }
}

/// How many bytes are equal at two places, of which the first [`GOOD`] are known to be.
fn equal(data: &[u8], earlier: usize, later: usize) -> usize {
    let most = LONGEST.min(data.len() - later);
    let (earlier_eights, earlier_rest) = data[earlier..][..most].as_chunks::<8>();
    let (later_eights, later_rest) = data[later..][..most].as_chunks::<8>();
    let mut length = GOOD;
    for (earlier, later) in earlier_eights.iter().zip(later_eights).skip(GOOD / 8) {
        let difference = u64::from_le_bytes(*earlier) ^ u64::from_le_bytes(*later);
        if difference != 0 {
            return length + (difference.trailing_zeros() >> 3) as usize;
        }
        length += 8;
    }
    length + earlier_rest.iter().zip(later_rest).take_while(|(earlier, later)| earlier == later).count()
}

/// The eight bytes at a place, the first one lowest; zero where the data does not have them.
#[inline]
fn eight(data: &[u8], position: usize) -> u64 {
    data.get(position..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[inline]
fn replace(entry: &mut u16, position: usize) -> u16 {
    std::mem::replace(entry, modulo(position))
}

#[expect(clippy::cast_possible_truncation, reason = "places are noted modulo 2^16")]
#[inline]
fn modulo(position: usize) -> u16 {
    position as u16
}

#[expect(clippy::cast_possible_truncation, reason = "fewer bits are left than the smallest usize has")]
#[inline]
fn long_hash(bytes: u64) -> usize {
    ((bytes << (64 - 8 * LONG)).wrapping_mul(MULTIPLIER) >> (64 - LONG_ENTRIES.ilog2())) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "fewer bits are left than the smallest usize has")]
#[inline]
fn short_hash(bytes: u64) -> usize {
    ((bytes << (64 - 8 * SHORT)).wrapping_mul(MULTIPLIER) >> (64 - SHORT_ENTRIES.ilog2())) as usize
}

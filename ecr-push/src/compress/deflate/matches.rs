//! Finds what occurred before.

use crate::compress::deflate::counts::Counts;
use crate::compress::deflate::symbols::LONGEST;

/// How far back a match can lie.
pub(in crate::compress) const WINDOW: usize = 32 << 10;

/// A match of this many bytes is looked for first: longer ones are rarely missed by it.
const LONG: usize = 7;
/// A match of fewer bytes is not worth its distance.
const SHORT: usize = 4;
const LONG_ENTRIES: usize = 1 << 14;
const SHORT_ENTRIES: usize = 1 << 14;
/// A match of so many bytes is taken as it is; for a shorter one the next place is tried too, so many times in a row.
const GOOD: usize = 16;
const TRIES: usize = 4;
/// All places inside of a match up to this length are noted, and a few of a longer one.
const NOTED_WHOLE: usize = 16;
/// After so many places without a match, as a power of two, one place more is passed over at a time.
const PATIENCE: u32 = 6;
/// So many bytes at the end are left to literals: whoever loads eight bytes need not look where the data ends.
const MARGIN: usize = 16;

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

/// The places at which bytes were seen last. A place is noted modulo 2^16, which is twice the window; what is found is compared byte by
/// byte, so that a place that is wrong costs time and no more.
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
        for position in 0..start.min(data.len().saturating_sub(MARGIN)) {
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
            let Some(first) = self.find(data, position) else {
                misses += 1;
                let next = position + 1 + (misses >> PATIENCE);
                counts.add_literals(&data[position..next.min(data.len())]);
                position = next;
                continue;
            };
            misses = 0;
            let (begin, best) = self.improve(data, position, first);
            counts.add_literals(&data[position..begin]);
            let (begin, best) = extend_back(data, anchor, begin, best, counts);
            let sequence = sequence(begin - anchor, best);
            counts.add_match(&sequence);
            sequences.push(sequence);
            position = begin + best.length;
            anchor = position;
            if position < safe {
                self.note_match(data, begin, best.length);
            }
        }
        self.misses = misses;
        let end = if limit >= safe { data.len() } else { position.min(data.len()) };
        counts.add_literals(&data[position.min(end)..end]);
        if end > anchor {
            sequences.push(sequence(end - anchor, Match { length: 0, distance: 0 }));
        }
        end
    }

    /// The match at a position, if there is one. The position is noted.
    #[inline]
    fn find(&mut self, data: &[u8], position: usize) -> Option<Match> {
        let bytes = eight(data, position);
        let long = replace(&mut self.long[long_hash(bytes)], position);
        let short = replace(&mut self.short[short_hash(bytes)], position);
        compare::<LONG>(data, position, long, bytes).or_else(|| compare::<SHORT>(data, position, short, bytes))
    }

    /// A longer match that begins a little later, or the same one.
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
            match compare::<LONG>(data, next, noted, bytes) {
                Some(found) if found.length > best.length => (position, best) = (next, found),
                _ => break,
            }
        }
        (position, best)
    }

    #[inline]
    fn note(&mut self, position: usize, bytes: u64) {
        replace(&mut self.long[long_hash(bytes)], position);
        replace(&mut self.short[short_hash(bytes)], position);
    }

    #[inline]
    fn note_match(&mut self, data: &[u8], begin: usize, length: usize) {
        let end = begin + length;
        if length <= NOTED_WHOLE {
            for position in begin + 2..end {
                self.note(position, eight(data, position));
            }
        } else {
            self.note(begin + 2, eight(data, begin + 2));
            self.note(end - 2, eight(data, end - 2));
            replace(&mut self.short[short_hash(eight(data, end - 1))], end - 1);
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "lengths, distances and literals are bounded by a block")]
fn sequence(literals: usize, found: Match) -> Sequence {
    Sequence { literals: literals as u32, length: found.length as u16, distance: found.distance as u16 }
}

/// The match begins earlier if the bytes before it are equal too.
#[inline]
fn extend_back(data: &[u8], anchor: usize, begin: usize, found: Match, counts: &mut Counts) -> (usize, Match) {
    let Match { mut length, distance } = found;
    let mut begin = begin;
    while begin > anchor && begin > distance && length < LONGEST && data[begin - 1] == data[begin - 1 - distance] {
        begin -= 1;
        counts.take_literal(data[begin]);
        length += 1;
    }
    (begin, Match { length, distance })
}

/// The match at a place that was noted, if at least `LEAST` bytes there are equal.
#[inline]
fn compare<const LEAST: usize>(data: &[u8], position: usize, noted: u16, bytes: u64) -> Option<Match> {
    let distance = usize::from(modulo(position).wrapping_sub(noted));
    if distance.wrapping_sub(1) >= WINDOW.min(position) {
        return None;
    }
    let earlier = position - distance;
    let difference = eight(data, earlier) ^ bytes;
    if difference << (64 - 8 * LEAST) != 0 {
        return None;
    }
    let length =
        if difference == 0 { equal(data, earlier, position) } else { (difference.trailing_zeros() >> 3) as usize };
    Some(Match { length, distance })
}

/// How many bytes are equal at two places, of which `LEAST` are known to be.
#[inline]
fn equal(data: &[u8], earlier: usize, later: usize) -> usize {
    let most = LONGEST.min(data.len() - later);
    let mut length = 8;
    while length + 8 <= most {
        let difference = eight(data, earlier + length) ^ eight(data, later + length);
        if difference != 0 {
            return length + (difference.trailing_zeros() >> 3) as usize;
        }
        length += 8;
    }
    while length < most && data[earlier + length] == data[later + length] {
        length += 1;
    }
    length
}

/// The eight bytes at a place, the first one lowest; zero near the end of the data.
#[inline]
fn eight(data: &[u8], position: usize) -> u64 {
    data[position..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
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

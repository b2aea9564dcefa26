//! Writes a deflate block: its codes, then its sequences; or the bytes as they are if that is shorter.
//!
//! Source: RFC 1951, sections 3.2.4 to 3.2.7.

use crate::compress::deflate::bits::BitWriter;
use crate::compress::deflate::counts::Counts;
use crate::compress::deflate::huffman::{codes, lengths};
use crate::compress::deflate::matches::Sequence;
use crate::compress::deflate::symbols::{
    DISTANCE_BASE, DISTANCE_EXTRA, DISTANCES, END, FIRST_LENGTH, LENGTH_BASE, LENGTH_EXTRA, LITERALS_AND_LENGTHS,
    LONGEST, distance_slot, length_slot,
};

/// The longest word for a literal or length: four literals fit between two flushes, whatever bits are left of the byte before.
const LITERAL_LIMIT: usize = 14;
/// The longest word for a distance.
const DISTANCE_LIMIT: usize = 15;
/// The longest word of the code in which the lengths of all other words are written.
const LENGTH_CODE_LIMIT: usize = 7;
/// How many symbols that code has: lengths, and three ways to repeat one.
const LENGTH_CODE: usize = 19;
/// The order in which the lengths of its own words are written.
const LENGTH_CODE_ORDER: [usize; LENGTH_CODE] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// The bits that follow its symbols.
const LENGTH_CODE_EXTRA: [u8; LENGTH_CODE] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7];
/// The most bytes in a stored block.
const STORED: usize = 65_535;
/// The most bits that the header of a stored block takes.
const STORED_HEADER: usize = 3 + 7 + 32;

/// The codes of a block.
struct Codes {
    literals: [u8; LITERALS_AND_LENGTHS],
    distances: [u8; DISTANCES],
    /// How many lengths are written of each.
    written: (usize, usize),
    /// Those lengths as symbols of the length code, each with the bits that follow.
    runs: Vec<(usize, u8)>,
    length_code: [u8; LENGTH_CODE],
    /// How many lengths of the length code are written.
    length_code_written: usize,
    /// The bits of all that.
    size: u64,
}

/// Writes a block. The counts are those of its sequences.
pub(super) fn write(data: &[u8], sequences: &[Sequence], counts: &Counts, writer: &mut BitWriter<'_>) {
    let mut counts = counts.clone();
    counts.literals[END] = 1;
    let codes = Codes::new(&counts);
    let stored = 8 * data.len() + STORED_HEADER * data.len().div_ceil(STORED);
    if stored as u64 <= codes.size + codes.size_of_content(&counts) {
        data.chunks(STORED).for_each(|chunk| writer.put_stored(chunk));
    } else {
        codes.write(writer);
        codes.write_content(data, sequences, writer);
    }
}

impl Codes {
    fn new(counts: &Counts) -> Self {
        let literals = lengths(&counts.literals, LITERAL_LIMIT);
        let distances = lengths(&counts.distances, DISTANCE_LIMIT);
        let used = |lengths: &[u8], least: usize| {
            lengths.iter().rposition(|length| *length > 0).map_or(0, |last| last + 1).max(least)
        };
        let written = (used(&literals, FIRST_LENGTH), used(&distances, 1));
        let runs = runs(&[&literals[..written.0], &distances[..written.1]].concat());
        let mut run_counts = [0; LENGTH_CODE];
        for (symbol, _) in &runs {
            run_counts[*symbol] += 1;
        }
        let length_code = lengths(&run_counts, LENGTH_CODE_LIMIT);
        let length_code_written = used(&LENGTH_CODE_ORDER.map(|symbol| length_code[symbol]), 4);
        let size = 3 + 5 + 5 + 4 + 3 * length_code_written as u64 + bits(&run_counts, &length_code, &LENGTH_CODE_EXTRA);
        Self { literals, distances, written, runs, length_code, length_code_written, size }
    }

    /// The bits of a block's content.
    fn size_of_content(&self, counts: &Counts) -> u64 {
        let (literals, lengths) = counts.literals.split_at(FIRST_LENGTH);
        let (literal_words, length_words) = self.literals.split_at(FIRST_LENGTH);
        bits(literals, literal_words, &[0; FIRST_LENGTH])
            + bits(lengths, length_words, &LENGTH_EXTRA)
            + bits(&counts.distances, &self.distances, &DISTANCE_EXTRA)
    }

    fn write(&self, writer: &mut BitWriter<'_>) {
        writer.put(0b100, 3);
        writer.put((self.written.0 - FIRST_LENGTH) as u64, 5);
        writer.put((self.written.1 - 1) as u64, 5);
        writer.put((self.length_code_written - 4) as u64, 4);
        writer.flush();
        for symbol in &LENGTH_CODE_ORDER[..self.length_code_written] {
            writer.put(u64::from(self.length_code[*symbol]), 3);
            writer.flush();
        }
        let words = codes(&self.length_code);
        for (symbol, extra) in &self.runs {
            writer.put(u64::from(words[*symbol]), u32::from(self.length_code[*symbol]));
            writer.put(u64::from(*extra), u32::from(LENGTH_CODE_EXTRA[*symbol]));
            writer.flush();
        }
    }

    fn write_content(&self, data: &[u8], sequences: &[Sequence], writer: &mut BitWriter<'_>) {
        let words = codes(&self.literals);
        let literals: [Word; 256] = std::array::from_fn(|byte| Word::new(words[byte], self.literals[byte]));
        let lengths = self.words_of_lengths(&words);
        let distances = self.words_of_distances();
        // What nobody else can look at stays in registers.
        let mut bits = writer.take();
        let mut rest = data;
        for sequence in sequences {
            let (run, after) = rest.split_at(sequence.literals as usize);
            let (fours, odd) = run.as_chunks::<4>();
            for four in fours {
                for byte in four {
                    literals[usize::from(*byte)].put(&mut bits);
                }
                bits.flush();
            }
            if !odd.is_empty() {
                for byte in odd {
                    literals[usize::from(*byte)].put(&mut bits);
                }
                bits.flush();
            }
            rest = &after[usize::from(sequence.length)..];
            if sequence.length > 0 {
                lengths[usize::from(sequence.length)].put(&mut bits);
                let Distance { word, base, size } = distances[distance_slot(sequence.distance)];
                bits.put(u64::from(word.bits) | u64::from(sequence.distance - base) << word.count, size);
                bits.flush();
            }
        }
        Word::new(words[END], self.literals[END]).put(&mut bits);
        bits.flush();
        *writer = bits;
    }

    /// The word of each slot of distances.
    fn words_of_distances(&self) -> [Distance; DISTANCES] {
        let words = codes(&self.distances);
        std::array::from_fn(|slot| {
            let word = Word::new(words[slot], self.distances[slot]);
            Distance { word, base: DISTANCE_BASE[slot], size: word.count + u32::from(DISTANCE_EXTRA[slot]) }
        })
    }

    /// The word of each length, with the bits that follow.
    fn words_of_lengths(&self, words: &[u16; LITERALS_AND_LENGTHS]) -> [Word; LONGEST + 1] {
        let mut lengths = [Word { bits: 0, count: 0 }; LONGEST + 1];
        for (word, length) in lengths.iter_mut().zip(0_u16..).skip(usize::from(LENGTH_BASE[0])) {
            let slot = length_slot(length);
            let symbol = FIRST_LENGTH + slot;
            let rest = u32::from(length - LENGTH_BASE[slot]) << self.literals[symbol];
            let count = u32::from(self.literals[symbol] + LENGTH_EXTRA[slot]);
            *word = Word { bits: u32::from(words[symbol]) | rest, count };
        }
        lengths
    }
}

/// Some bits.
#[derive(Clone, Copy)]
struct Word {
    bits: u32,
    count: u32,
}

/// The distances of a slot.
#[derive(Clone, Copy)]
struct Distance {
    word: Word,
    /// The first distance of the slot.
    base: u16,
    /// The bits of the word and of what follows.
    size: u32,
}

impl Word {
    fn new(word: u16, length: u8) -> Self {
        Self { bits: u32::from(word), count: u32::from(length) }
    }

    #[inline]
    fn put(self, writer: &mut BitWriter<'_>) {
        writer.put(u64::from(self.bits), self.count);
    }
}

/// The bits of symbols that occur so often, have words of these lengths and so many bits after them.
fn bits(counts: &[u32], words: &[u8], extra: &[u8]) -> u64 {
    let sizes = words.iter().zip(extra).map(|(word, extra)| u64::from(word + extra));
    counts.iter().zip(sizes).map(|(count, size)| u64::from(*count) * size).sum()
}

/// Lengths of words as symbols of the length code: 16 repeats the one before, 17 and 18 are zeros.
fn runs(lengths: &[u8]) -> Vec<(usize, u8)> {
    let mut runs = Vec::with_capacity(lengths.len());
    for run in lengths.chunk_by(|a, b| a == b) {
        let (length, mut left) = (usize::from(run[0]), run.len());
        if length > 0 {
            runs.push((length, 0));
            left -= 1;
        }
        let ways: &[(usize, usize, usize)] = if length > 0 { &[(16, 3, 6)] } else { &[(18, 11, 138), (17, 3, 10)] };
        for (symbol, least, most) in ways {
            while left >= *least {
                let taken = left.min(*most);
                runs.push((*symbol, u8::try_from(taken - least).unwrap_or_default()));
                left -= taken;
            }
        }
        runs.extend(std::iter::repeat_n((length, 0), left));
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_lengths_in_a_row_are_written_once() {
        let check = |lengths: &[u8], expected: &[(usize, u8)]| assert_eq!(runs(lengths), expected, "{lengths:?}");
        check(&[8, 8, 8, 8], &[(8, 0), (16, 0)]);
        check(&[8; 3], &[(8, 0), (8, 0), (8, 0)]);
        check(&[8; 11], &[(8, 0), (16, 3), (16, 1)]);
        check(&[0; 2], &[(0, 0), (0, 0)]);
        check(&[0; 10], &[(17, 7)]);
        check(&[0; 141], &[(18, 127), (17, 0)]);
    }
}

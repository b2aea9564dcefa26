//! An encoder for deflate: one block of a layer becomes a run of deflate blocks that ends at a whole byte and is not the stream's end, so
//! that what is made by several threads can be put together.
//!
//! It is made here and not taken from a library for three reasons. Blobs keep their digests until `DEFLATE_VERSION` changes, whatever is
//! updated around it. Of the libraries that can look at the block before (zlib-rs) none is fast enough, and the one that is fast enough
//! (libdeflate) can neither look back nor leave a stream open. And the cut into deflate blocks follows the files in a layer.
//!
//! Source: RFC 1951.

mod bits;
mod block;
mod counts;
mod huffman;
mod matches;
mod symbols;

use crate::compress::deflate::bits::BitWriter;
use crate::compress::deflate::counts::Counts;
use crate::compress::deflate::matches::{Finder, Sequence};

pub(super) use crate::compress::deflate::matches::WINDOW;

/// Plain bytes that are looked at together: a deflate block is made of whole chunks.
const CHUNK: usize = 16 << 10;
/// The most plain bytes in a deflate block.
const LARGEST: usize = 400_000;
/// The bits that a deflate block of its own has to save: about what its code tables take.
const TABLES: u64 = 1000;
/// The bytes that an encoder takes: the tables of the finder, and the sequences of the largest deflate block, of which each stands for
/// four bytes or more.
pub(super) const MEMORY: usize = Finder::MEMORY + SEQUENCES * size_of::<Sequence>();
const SEQUENCES: usize = (LARGEST + CHUNK + WINDOW) / 4;

/// The most bytes that a block of this size can become: stored blocks, each with a header, and what the bits need beyond the last byte.
pub(super) fn bound(block: usize) -> usize {
    block + block / 1024 + 64
}

/// The encoder. It remembers nothing from one block to the next but its memory.
#[derive(Default)]
pub(super) struct Deflater {
    finder: Finder,
    sequences: Vec<Sequence>,
}

impl Deflater {
    /// Compresses the block that begins at `start`. What lies before it, at most [`WINDOW`] bytes, is what its matches can reach.
    pub(super) fn deflate(&mut self, data: &[u8], start: usize, output: &mut Vec<u8>) {
        let bound = bound(data.len() - start);
        output.clear();
        output.reserve_exact(bound);
        output.resize(bound, 0);
        let mut writer = BitWriter::new(output);
        self.finder.begin(data, start);
        self.sequences.clear();
        self.sequences.reserve_exact(SEQUENCES);
        self.write_blocks(data, start, &mut writer);
        writer.put_sync();
        let length = writer.position();
        output.truncate(length);
    }

    /// Joins chunks to a deflate block for as long as one set of codes is cheaper than two.
    fn write_blocks(&mut self, data: &[u8], start: usize, writer: &mut BitWriter<'_>) {
        let Self { finder, sequences } = self;
        let (mut begin, mut position) = (start, start);
        let mut counts = Counts::default();
        while position < data.len() {
            let known = sequences.len();
            let mut chunk = Counts::default();
            let end = finder.parse(data, position, (position + CHUNK).min(data.len()), sequences, &mut chunk);
            chunk.sum_up();
            let joined = counts.plus(&chunk);
            if end - begin <= LARGEST && joined.cost <= counts.cost + chunk.cost + (TABLES << counts::FRACTION) {
                counts = joined;
            } else {
                block::write(&data[begin..position], &sequences[..known], &counts, writer);
                sequences.drain(..known);
                begin = position;
                counts = chunk;
            }
            position = end;
        }
        if begin < data.len() {
            block::write(&data[begin..], sequences, &counts, writer);
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress};
    use proptest::prelude::*;

    use super::*;

    /// What an independent decoder makes of it.
    fn inflate(window: &[u8], compressed: &[u8], length: usize) -> Vec<u8> {
        let mut decoder = Decompress::new(false);
        if !window.is_empty() {
            decoder.set_dictionary(window).unwrap();
        }
        let mut plain = Vec::with_capacity(length + 1);
        decoder.decompress_vec(compressed, &mut plain, FlushDecompress::Sync).unwrap();
        assert_eq!(decoder.total_in(), compressed.len() as u64);
        plain
    }

    fn check(data: &[u8], start: usize) -> usize {
        let (mut deflater, mut first, mut second) = (Deflater::default(), Vec::new(), Vec::new());
        deflater.deflate(data, start, &mut first);
        assert_eq!(inflate(&data[..start], &first, data.len() - start), &data[start..]);
        deflater.deflate(data, start, &mut second);
        assert_eq!(first, second, "the encoder remembers something");
        assert!(first.len() <= bound(data.len() - start));
        first.len()
    }

    /// Bytes that no code can shorten.
    fn noise(length: usize, seed: u32) -> Vec<u8> {
        let step = |state: &mut u32| {
            *state ^= *state << 13;
            *state ^= *state >> 17;
            *state ^= *state << 5;
            Some((*state >> 24) as u8)
        };
        std::iter::repeat_with(|| ()).scan(seed | 1, |state, ()| step(state)).take(length).collect()
    }

    #[test]
    fn the_shortest_and_the_most_regular_blocks_are_written() {
        for length in [0, 1, 2, 3, 4, 15, 16, 17, 257, 258, 259, 65_535, 65_536] {
            check(&vec![0; length], 0);
            check(&noise(length, 7), 0);
            check(&b"abcd".repeat(length / 4 + 1)[..length], 0);
        }
        assert!(check(&vec![0; 200_000], 0) < 300);
    }

    #[test]
    fn noise_grows_by_less_than_one_in_a_thousand() {
        assert!(check(&noise(300_000, 3), 0) < 300_300);
    }

    #[test]
    fn matches_reach_the_farthest_byte_of_the_window_and_none_before_it() {
        for gap in [WINDOW - 1000, WINDOW - 40, WINDOW, WINDOW + 40] {
            let phrase = noise(40, 5);
            let data = [phrase.clone(), noise(gap - 40, 9), phrase].concat();
            check(&data, 0);
            check(&data, WINDOW.min(data.len() - 40));
        }
        let repeated = noise(WINDOW, 11).repeat(2);
        assert!(check(&repeated, WINDOW) < WINDOW / 20, "the window is used");
    }

    #[test]
    fn each_kind_of_content_gets_a_block_of_its_own() {
        let text = b"the same words over and over, in no particular order; ".repeat(2000);
        let apart = check(&text, 0) + check(&noise(100_000, 1), 0);
        let together = check(&[text, noise(100_000, 1)].concat(), 0);
        assert!(together < apart + 200, "{together} {apart}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_is_compressed_is_what_an_independent_decoder_reads(
            pieces in proptest::collection::vec((0_usize..3000, any::<u32>(), 0_u8..4), 0..20),
            split in 0.0_f64..1.0,
        ) {
            let mut data = Vec::new();
            for (length, seed, kind) in pieces {
                match kind {
                    0 => data.extend(noise(length, seed)),
                    1 => data.extend(noise(length, seed).iter().map(|byte| byte & 3)),
                    2 => data.extend(std::iter::repeat_n(seed.to_le_bytes()[0], length * 10)),
                    _ => {
                        let from = seed as usize % (data.len() + 1);
                        let again: Vec<u8> = data[from..].iter().take(length).copied().collect();
                        data.extend(again);
                    }
                }
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "any place will do")]
            let start = ((data.len() as f64 * split) as usize).min(WINDOW);
            check(&data, start);
        }
    }
}

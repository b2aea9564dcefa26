//! What holds for both encodings, and the digests that their blobs are to keep.

use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};

use contract::Digest;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::{CompressError, Compressed, Encoding, Settings, compress, pipeline};
use crate::source::unpacked;

const ENCODINGS: [Encoding; 2] = [Encoding::Gzip, Encoding::Zstd];
/// Small blocks: what holds at their ends is seen often.
const BLOCK: usize = 5000;

fn settings(encoding: Encoding, threads: usize) -> Settings {
    Settings { encoding, threads: NonZeroUsize::new(threads).unwrap(), memory: 256 << 20 }
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::of_bytes(&Sha256::digest(bytes))
}

/// A layer of words and numbers, the same on every machine.
fn layer(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(length + 64);
    while bytes.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [a, b, c, d, ..] = state.to_be_bytes();
        match a % 8 {
            0 => bytes.extend([a, b, c, d]),
            1 => bytes.extend(std::iter::repeat_n(b, usize::from(c))),
            2..4 => {
                let from = bytes.len().saturating_sub(usize::from(b) * usize::from(c));
                bytes.extend_from_within(from..bytes.len().min(from + usize::from(d)));
            }
            _ => bytes.extend(format!("word-{} ", u16::from(b) + 7 * u16::from(c)).bytes()),
        }
    }
    bytes.truncate(length);
    bytes
}

/// Gives a few bytes at a time, and is interrupted between them.
struct Dribble<'a> {
    rest: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, usize>>,
    interrupt: bool,
}

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupt = !self.interrupt;
        if self.interrupt {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = self.sizes.next().unwrap_or(&1).min(&buffer.len()).min(&self.rest.len()).to_owned();
        let (given, rest) = self.rest.split_at(length);
        buffer[..length].copy_from_slice(given);
        self.rest = rest;
        Ok(length)
    }
}

/// Reads to its end, then fails.
struct Cut<'a>(&'a [u8]);

impl Read for Cut<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive is cut")),
            length => Ok(length),
        }
    }
}

/// Takes some bytes, then fails.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.min(bytes.len()) {
            0 => Err(io::ErrorKind::StorageFull.into()),
            length => {
                self.0 -= length;
                Ok(length)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn blob(layer: &[u8], encoding: Encoding, threads: usize) -> (Compressed, Vec<u8>) {
    let mut blob = Vec::new();
    let compressed = compress(layer, &mut blob, &settings(encoding, threads)).unwrap();
    (compressed, blob)
}

fn plain(blob: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    unpacked(blob).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

/// Whether a program takes the blob; `None` if it is not installed.
fn program_takes(program: &str, blob: &[u8]) -> Option<bool> {
    let mut child = Command::new(program)
        .arg("-t")
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .ok()?;
    let taken = child.stdin.take().unwrap().write_all(blob).is_ok();
    Some(child.wait().unwrap().success() && taken)
}

#[test]
fn blobs_keep_their_digests() {
    let layer = layer((9 << 20) + 12_345, 2026);
    assert_eq!(
        digest(&layer).as_str(),
        "sha256:8dc90bc2c15b5589012bf4a0996e799836838038dda91e223dcf7ceadc2f3c81",
        "the layer itself"
    );
    let golden = [
        (
            Encoding::Gzip,
            "gzip.ecr-push-deflate-2.block-1048576",
            "sha256:5e6eec20a774fb57b94fd9430e117179fa00370057f870b6a186658466873321",
        ),
        (
            Encoding::Zstd,
            "zstd.libzstd-1.5.7.level-2.block-2097152.frames-1",
            "sha256:6d9ca6cfe8cbd25453f0c96515cd3b56bbaddd90482783083e05a3d8ee2f939c",
        ),
    ];
    for (encoding, name, expected) in golden {
        let (compressed, blob) = blob(&layer, encoding, 2);
        assert_eq!(
            (encoding.encoder_id().as_str(), compressed.digest.as_str()),
            (name, expected),
            "equal names have to make equal blobs: another digest needs another name"
        );
        assert_eq!(compressed.digest, digest(&blob));
        assert_eq!(compressed.size, blob.len() as u64);
        assert_eq!(compressed.diff_id, digest(&layer));
        assert_eq!(compressed.plain_size, layer.len() as u64);
        assert!(plain(&blob) == layer);
    }
}

#[test]
fn a_gzip_blob_is_one_member_with_a_bare_header() {
    for length in [0, 1, 3 << 20] {
        let (_, blob) = blob(&layer(length, 1), Encoding::Gzip, 3);
        assert_eq!(blob[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
        let mut only = flate2::bufread::GzDecoder::new(&blob[..]);
        assert_eq!(io::copy(&mut only, &mut io::sink()).unwrap(), length as u64);
        assert!(only.into_inner().is_empty(), "nothing follows the first member");
    }
}

#[test]
fn programs_take_the_blobs() {
    for (encoding, program) in [(Encoding::Gzip, "gzip"), (Encoding::Zstd, "zstd")] {
        for length in [0, 1, 100, 5 << 20] {
            let (_, blob) = blob(&layer(length, 3), encoding, 2);
            assert_ne!(program_takes(program, &blob), Some(false), "{program} {length}");
        }
    }
}

#[test]
fn an_error_of_the_input_comes_through_and_a_gzip_blob_stays_without_an_end() {
    for encoding in ENCODINGS {
        for length in [0, 1, BLOCK - 1, BLOCK, 3 * BLOCK + 1] {
            let layer = layer(length, 5);
            let mut written = Vec::new();
            let result = pipeline::run(Cut(&layer), &mut written, &settings(encoding, 3), BLOCK);
            let Err(CompressError::Read(cause)) = result else { panic!("{result:?}") };
            assert_eq!(cause.kind(), io::ErrorKind::UnexpectedEof);
            if encoding == Encoding::Gzip {
                assert!(unpacked(&written[..]).unwrap().read_to_end(&mut Vec::new()).is_err(), "{length}");
            }
        }
    }
}

#[test]
fn an_error_of_the_output_ends_all_threads_whatever_is_left_to_read() {
    for encoding in ENCODINGS {
        for room in [0, 5, 100, 20_000] {
            let result = pipeline::run(io::repeat(7), Full(room), &settings(encoding, 3), BLOCK);
            assert!(matches!(result, Err(CompressError::Write(_))), "{result:?}");
        }
    }
}

#[test]
fn memory_for_less_than_a_block_is_refused_and_what_is_needed_is_said() {
    for encoding in ENCODINGS {
        let tight = |memory| compress(&b"layer"[..], io::sink(), &Settings { memory, ..settings(encoding, 8) });
        let Err(CompressError::Memory { given: 1, least }) = tight(1) else { panic!("one byte suffices") };
        assert!(tight(least).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_blob_depends_on_the_layer_alone(
        length in prop_oneof![0..3 * BLOCK, Just(BLOCK), Just(2 * BLOCK), 0..20 * BLOCK],
        seed in any::<u64>(),
        sizes in proptest::collection::vec(1_usize..9000, 1..5),
        encoding in proptest::sample::select(&ENCODINGS),
    ) {
        let layer = layer(length, seed);
        let mut blobs = Vec::new();
        for threads in [1, 2, 3, 8] {
            let dribble = Dribble { rest: &layer, sizes: sizes.iter().cycle(), interrupt: false };
            for input in [Box::new(&layer[..]) as Box<dyn Read + Send>, Box::new(dribble)] {
                let mut blob = Vec::new();
                let compressed = pipeline::run(input, &mut blob, &settings(encoding, threads), BLOCK).unwrap();
                prop_assert_eq!(&compressed.diff_id, &digest(&layer));
                prop_assert_eq!(&compressed.digest, &digest(&blob));
                prop_assert_eq!((compressed.plain_size, compressed.size), (length as u64, blob.len() as u64));
                blobs.push(blob);
            }
        }
        let first = &blobs[0];
        prop_assert!(blobs.iter().all(|blob| blob == first));
        prop_assert!(plain(first) == layer);
    }
}

//! Turns the plain bytes of a layer into the blob that is pushed: in parallel, in one pass, in bounded memory.
//!
//! The bytes of a blob depend on the layer and the [`EncoderId`] and on nothing else: not on the number of threads, not on how reads are
//! cut, not on the machine. A gzip blob is a single member, for there are readers that stop after the first one: the index of SOCI
//! did so until 2026 (awslabs/soci-snapshotter, issue 1834).

pub mod cache;
mod deflate;
mod encoder;
mod gzip;
mod pipeline;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};
use std::num::NonZeroUsize;

use contract::Digest;
use thiserror::Error;

pub use crate::compress::encoder::{EncoderId, Encoding};

/// How a layer is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The format of the blob.
    pub encoding: Encoding,
    /// How many threads compress; two more read and write. There are fewer if the memory does not suffice.
    pub threads: NonZeroUsize,
    /// How many bytes of memory may be taken for blocks and encoders, at most.
    pub memory: usize,
}

/// What became of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compressed {
    /// The digest of the plain bytes: what the image's configuration lists as the layer's diffID.
    pub diff_id: Digest,
    /// The digest of the compressed bytes: the name of the blob.
    pub digest: Digest,
    /// The size of the blob in bytes.
    pub size: u64,
    /// The size of the plain layer in bytes.
    pub plain_size: u64,
}

/// Why a layer is not compressed.
#[derive(Debug, Error)]
pub enum CompressError {
    /// The plain bytes cannot be read to their end.
    #[error("the layer cannot be read: {0}")]
    Read(io::Error),
    /// The compressed bytes are not taken.
    #[error("the compressed layer cannot be written: {0}")]
    Write(io::Error),
    /// The encoder gives up.
    #[error("the layer cannot be compressed: {0}")]
    Encode(io::Error),
    /// The system gives no more threads.
    #[error("no thread can be started: {0}")]
    Thread(io::Error),
    /// Not even one block fits into the memory that is allowed.
    #[error("{given} bytes of memory do not suffice to compress a layer, {least} do")]
    Memory {
        /// How many are allowed.
        given: usize,
        /// How many are needed.
        least: usize,
    },
}

/// The bytes of memory without which nothing can be compressed.
#[must_use]
pub fn least_memory(encoding: Encoding) -> usize {
    pipeline::least_memory(encoding, encoding.block_size())
}

/// Compresses a layer from `input` to `output`.
///
/// What is written before an error is no blob, even where it looks like one: frames of zstd need no end. A call ends only after all of its
/// threads have ended: it waits for a read that is under way.
///
/// # Errors
/// Input, output or memory fail. If both input and output fail, the output's error is told.
pub fn compress(input: impl Read + Send, output: impl Write, settings: &Settings) -> Result<Compressed, CompressError> {
    pipeline::run(input, output, settings, settings.encoding.block_size())
}

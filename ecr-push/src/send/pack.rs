//! Layers on their way from what they came as to what is sent: packed if they are bare, and checked against their diffIDs while they are read.
//! What is packed lies in files without a name, which are gone when the run ends, however it ends.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

use contract::{Digest, Progress};
use sha2::{Digest as _, Sha256};

use crate::compress::cache::Cache;
use crate::compress::{CompressError, Compressed, Encoding, Settings, compress};
use crate::error::Error;
use crate::source::{Blob, Compression, Layer, Location, Packed, Slice, SourceError};

/// How much is read and written at once.
const BUFFER: usize = 256 << 10;

/// How layers are packed in this run.
#[derive(Clone, Debug)]
pub(crate) struct Packer {
    settings: Settings,
    cache: Option<Cache>,
    progress: Progress,
}

/// A layer that can be sent.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    /// The digest of the bare tar.
    pub(crate) diff_id: Digest,
    /// What it is now.
    pub(crate) packed: Packed,
    /// Where it lies.
    pub(crate) location: Location,
}

impl Ready {
    /// The blob.
    pub(crate) fn blob(&self) -> Blob {
        let Packed { digest, size, .. } = self.packed.clone();
        Blob { digest, size, location: self.location.clone(), is_checked: true }
    }
}

impl Packer {
    /// Packs with as many threads as there are processors.
    pub(crate) fn new(encoding: Encoding, memory: usize, cache: Option<Cache>, progress: &Progress) -> Self {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { settings: Settings { encoding, threads, memory }, cache, progress: progress.clone() }
    }

    /// The name of the encoder.
    pub(crate) fn encoder(&self) -> String {
        self.settings.encoding.encoder_id().to_string()
    }

    /// What a bare layer becomes, if that is known.
    pub(crate) fn recall(&self, diff_id: &Digest) -> Option<Packed> {
        let known = self.cache.as_ref()?.get(diff_id)?;
        Some(Packed { digest: known.digest, size: known.size, compression: self.compression() })
    }

    /// The same for a layer, if it is bare: one that came packed stays as it is.
    pub(crate) fn recall_for(&self, layer: &Layer) -> Option<Packed> {
        if layer.compression == Compression::None { self.recall(&layer.diff_id) } else { None }
    }

    /// Makes a layer ready.
    ///
    /// # Errors
    /// It cannot be read, is not the one that the configuration names, or there is no room for what it is packed into.
    pub(crate) fn pack(&self, layer: &Layer) -> Result<Ready, Error> {
        let (diff_id, location) = (layer.diff_id.clone(), layer.location.clone());
        if layer.compression != Compression::None {
            return Ok(Ready { diff_id, packed: layer.check()?, location });
        }
        let missing = |cause| SourceError::Missing { digest: layer.diff_id.clone(), cause };
        let bare = layer.location.open().map_err(missing)?;
        self.pack_bare(bare, layer.size, Some(&layer.diff_id))
    }

    /// Packs a bare layer of so many bytes from wherever it comes. `expected` is its diffID, if that is known already.
    ///
    /// # Errors
    /// As with [`Self::pack`].
    pub(crate) fn pack_bare(
        &self,
        bare: impl Read + Send,
        size: u64,
        expected: Option<&Digest>,
    ) -> Result<Ready, Error> {
        let file = spool_file()?;
        let written = BufWriter::with_capacity(BUFFER, &file);
        let bar = self.progress.bar("packing", size);
        let compressed = compress(bar.wrap_read(bare), written, &self.settings);
        bar.finish_and_clear();
        let compressed = compressed.map_err(Error::Packing)?;
        check(expected, &compressed.diff_id)?;
        if let Some(cache) = &self.cache {
            // Nothing but time is lost if it cannot be noted.
            let _ = cache.put(&compressed);
        }
        let Compressed { diff_id, digest, size, .. } = compressed;
        let packed = Packed { digest, size, compression: self.compression() };
        Ok(Ready { diff_id, packed, location: whole(file, size) })
    }

    fn compression(&self) -> Compression {
        match self.settings.encoding {
            Encoding::Gzip => Compression::Gzip,
            Encoding::Zstd => Compression::Zstd,
        }
    }
}

/// A layer that goes by packed, as it came.
pub(crate) struct Kept {
    /// What it is.
    pub(crate) packed: Packed,
    /// The digest of the bare tar, if it was asked for.
    pub(crate) diff_id: Option<Digest>,
    /// Where it lies now.
    pub(crate) location: Location,
}

/// Keeps a layer that goes by as it is. `wants_diff_id` costs the time to unpack it; `unreadable` says what a failed read means.
///
/// # Errors
/// It cannot be read or unpacked, or there is no room for it.
pub(crate) fn keep(
    stream: impl Read + Send,
    compression: Compression,
    wants_diff_id: bool,
    unreadable: impl FnOnce(io::Error) -> SourceError,
) -> Result<Kept, Error> {
    let file = spool_file()?;
    let mut tee = Tee { stream, file: &file, hash: Sha256::new(), size: 0, unwritten: None };
    let read = if wants_diff_id { unpacked_digest(&mut tee, compression).map(Some) } else { Ok(None) };
    let read = read.and_then(|diff_id| drain(&mut tee).map(|()| diff_id));
    let Tee { hash, size, unwritten, .. } = tee;
    if let Some(cause) = unwritten {
        return Err(Error::Packing(CompressError::Write(cause)));
    }
    let diff_id = read.map_err(unreadable)?;
    let packed = Packed { digest: Digest::of_bytes(&hash.finalize()), size, compression };
    Ok(Kept { packed, diff_id, location: whole(file, size) })
}

/// That content is what its name says.
///
/// # Errors
/// It is something else.
pub(crate) fn check(expected: Option<&Digest>, found: &Digest) -> Result<(), SourceError> {
    match expected {
        Some(expected) if expected != found => {
            Err(SourceError::Content { expected: expected.clone(), found: found.clone() })
        }
        _ => Ok(()),
    }
}

/// Each layer once, the largest first: the last ones to be sent are then the small ones.
pub(crate) fn in_order<'a>(layers: impl IntoIterator<Item = &'a Layer>) -> Vec<Layer> {
    let mut seen = BTreeSet::new();
    let mut layers: Vec<Layer> = layers.into_iter().filter(|layer| seen.insert(&layer.diff_id)).cloned().collect();
    layers.sort_by_key(|layer| std::cmp::Reverse(layer.size));
    layers
}

fn spool_file() -> Result<File, Error> {
    tempfile::tempfile().map_err(|cause| Error::Packing(CompressError::Write(cause)))
}

fn whole(file: File, size: u64) -> Location {
    Location::Slice(Slice { file: Arc::new(file), position: 0, size })
}

fn unpacked_digest(tee: &mut (impl Read + Send), compression: Compression) -> io::Result<Digest> {
    let mut hash = Sha256::new();
    let mut bare = compression.unpacking(tee)?;
    each_chunk(&mut bare, |chunk| hash.update(chunk))?;
    Ok(Digest::of_bytes(&hash.finalize()))
}

fn drain(stream: &mut impl Read) -> io::Result<()> {
    each_chunk(stream, |_| {})
}

fn each_chunk(stream: &mut impl Read, mut look: impl FnMut(&[u8])) -> io::Result<()> {
    let mut chunk = vec![0; BUFFER];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(length) => look(&chunk[..length]),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
}

/// What is read is hashed and written down too.
struct Tee<'a, R> {
    stream: R,
    file: &'a File,
    hash: Sha256,
    size: u64,
    unwritten: Option<io::Error>,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(buffer)?;
        let read = &buffer[..length];
        self.hash.update(read);
        self.size += length as u64;
        if let Err(cause) = self.file.write_all(read) {
            let kind = cause.kind();
            self.unwritten = Some(cause);
            return Err(kind.into());
        }
        Ok(length)
    }
}

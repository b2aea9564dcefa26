//! Packs the layers of an image that came without digests: `docker save` writes them bare. Each is checked against its diffID while it is read, so
//! a corrupt archive never reaches the registry.

use std::collections::BTreeMap;
use std::io::{self, BufWriter};
use std::num::NonZeroUsize;
use std::sync::Arc;

use contract::Digest;

use crate::compress::{CompressError, Compressed, Encoding, Settings, compress};
use crate::error::Error;
use crate::source::{Compression, Draft, Format, Image, Layer, Location, Packed, Slice, SourceError};

/// How much memory packing may take, whatever the size of a layer.
const MEMORY: usize = 64 << 20;

/// How much is written at once.
const BUFFER: usize = 256 << 10;

/// Packs what is bare and writes the manifest. The packed layers lie in files without a name until the run ends.
///
/// # Errors
/// A layer cannot be read, is not the one that the configuration names, or there is no room for what it is packed into.
pub(crate) async fn pack(draft: Draft) -> Result<Image, Error> {
    let packing = tokio::task::spawn_blocking(move || pack_all(&draft));
    packing.await.unwrap_or_else(|error| Err(Error::Packing(CompressError::Thread(io::Error::other(error)))))
}

fn pack_all(draft: &Draft) -> Result<Image, Error> {
    let mut packed: BTreeMap<Digest, Packed> = BTreeMap::new();
    for layer in &draft.layers {
        if !packed.contains_key(&layer.diff_id) {
            packed.insert(layer.diff_id.clone(), one(layer)?);
        }
    }
    // Docker's manifest has no name for zstd; for all else it is what every registry and runtime takes.
    let is_zstd = packed.values().any(|layer| layer.compression == Compression::Zstd);
    Ok(draft.finish(&packed, if is_zstd { Format::Oci } else { Format::Docker })?)
}

fn one(layer: &Layer) -> Result<Packed, Error> {
    if layer.compression != Compression::None {
        return Ok(layer.check()?);
    }
    let missing = |cause| SourceError::Missing { digest: layer.diff_id.clone(), cause };
    let bare = layer.location.open().map_err(missing)?;
    let file = tempfile::tempfile().map_err(|cause| Error::Packing(CompressError::Write(cause)))?;
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let settings = Settings { encoding: Encoding::Gzip, threads, memory: MEMORY };
    let Compressed { diff_id: found, digest, size, .. } =
        compress(bare, BufWriter::with_capacity(BUFFER, &file), &settings).map_err(Error::Packing)?;
    if found != layer.diff_id {
        return Err(SourceError::Content { expected: layer.diff_id.clone(), found }.into());
    }
    let location = Location::Slice(Slice { file: Arc::new(file), position: 0, size });
    Ok(Packed { digest, size, compression: Compression::Gzip, location })
}

//! What layers became when they were compressed before, so that a layer that a registry has is not compressed again.
//!
//! Who can write the folder can name one layer for another: it is for its owner alone. What is damaged by accident is no note.
//!
//! A note is a small file, `<folder>/<encoder id>/<diffID>.json`. It is written whole or not at all, and one that cannot be read is not
//! there. A layer that is compressed although a note was lost becomes the same blob again.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use contract::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::compress::{Compressed, EncoderId};

/// More than any note has.
const NOTE_LIMIT: u64 = 1 << 10;
/// How many names are tried for a file that is being written.
const NAMES: u32 = 100;

/// Makes names of files differ within the process.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// The notes of one encoder.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// The blob that a layer became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    diff_id: Digest,
    digest: Digest,
    size: u64,
    /// Of all that stands before it.
    checksum: Digest,
}

impl Note {
    fn checksum(diff_id: &Digest, digest: &Digest, size: u64) -> Digest {
        Digest::of_bytes(&Sha256::digest(format!("{diff_id} {digest} {size}")))
    }
}

impl Cache {
    /// The notes in a folder, which need not be there yet: `$XDG_CACHE_HOME/ecr-push`.
    #[must_use]
    pub fn new(folder: &Path, encoder: &EncoderId) -> Self {
        Self { folder: folder.join(encoder.as_str()) }
    }

    /// What a layer became, if that is known.
    #[must_use]
    pub fn get(&self, diff_id: &Digest) -> Option<Known> {
        let mut bytes = Vec::new();
        File::open(self.path(diff_id)).ok()?.take(NOTE_LIMIT).read_to_end(&mut bytes).ok()?;
        let note: Note = serde_json::from_slice(&bytes).ok()?;
        let is_sound = note.checksum == Note::checksum(diff_id, &note.digest, note.size);
        (note.diff_id == *diff_id && is_sound).then_some(Known { digest: note.digest, size: note.size })
    }

    /// Notes what a layer became, in place of what was noted before.
    ///
    /// # Errors
    /// The folder cannot be written. Nothing but time is lost then.
    pub fn put(&self, compressed: &Compressed) -> io::Result<()> {
        let Compressed { diff_id, digest, size, .. } = compressed.clone();
        let path = self.path(&diff_id);
        let checksum = Note::checksum(&diff_id, &digest, size);
        let bytes = serde_json::to_vec(&Note { diff_id, digest, size, checksum })?;
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let (unfinished, mut file) = self.create()?;
        // No sync: a file that a power cut left empty is no note.
        let written = file.write_all(&bytes).and_then(|()| fs::rename(&unfinished, path));
        if written.is_err() {
            // The error that matters is the first one.
            let _ = fs::remove_file(&unfinished);
        }
        written
    }

    fn path(&self, diff_id: &Digest) -> PathBuf {
        self.folder.join(diff_id.hex()).with_extension("json")
    }

    /// A new file of nobody else: processes in two containers can have the same id.
    fn create(&self) -> io::Result<(PathBuf, File)> {
        let mut tried = 0;
        loop {
            let count = COUNTER.fetch_add(1, Ordering::Relaxed);
            let path = self.folder.join(format!("{}-{count}.new", process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && tried < NAMES => tried += 1,
                opened => return opened.map(|file| (path, file)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compress::Encoding;

    fn digest(text: &str) -> Digest {
        Digest::of_bytes(&Sha256::digest(text))
    }

    fn compressed(layer: &str, size: u64) -> Compressed {
        let blob = format!("{layer} {size}");
        Compressed { diff_id: digest(layer), digest: digest(&blob), size, plain_size: 10 * size }
    }

    fn known(layer: &str, size: u64) -> Known {
        let Compressed { digest, size, .. } = compressed(layer, size);
        Known { digest, size }
    }

    #[test]
    fn what_is_noted_is_known_to_the_same_encoder_only() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("not/there/yet");
        let cache = |encoding: Encoding| Cache::new(&folder, &encoding.encoder_id());
        assert_eq!(cache(Encoding::Gzip).get(&digest("a")), None);
        cache(Encoding::Gzip).put(&compressed("a", 1)).unwrap();
        assert_eq!(cache(Encoding::Gzip).get(&digest("a")), Some(known("a", 1)));
        assert_eq!(cache(Encoding::Gzip).get(&digest("b")), None);
        assert_eq!(cache(Encoding::Zstd).get(&digest("a")), None);
        cache(Encoding::Gzip).put(&compressed("a", 2)).unwrap();
        assert_eq!(cache(Encoding::Gzip).get(&digest("a")), Some(known("a", 2)));
    }

    #[test]
    fn a_note_that_is_damaged_cut_or_of_another_layer_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), &Encoding::Gzip.encoder_id());
        cache.put(&compressed("a", 123)).unwrap();
        let path = cache.path(&digest("a"));
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(cache.get(&digest("a")), None, "{length}");
        }
        fs::rename(&path, cache.path(&digest("b"))).unwrap();
        fs::write(cache.path(&digest("b")), &whole).unwrap();
        assert_eq!(cache.get(&digest("b")), None);
        fs::write(&path, [&whole[..], &[b' '; 5000]].concat()).unwrap();
        assert_eq!(cache.get(&digest("a")), Some(known("a", 123)), "blanks after a note are not read");
        fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
        assert_eq!(cache.get(&digest("a")), None);
        let other =
            String::from_utf8(whole.clone()).unwrap().replace(digest("a 123").as_str(), digest("b 123").as_str());
        assert_ne!(other.as_bytes(), whole);
        fs::write(&path, other).unwrap();
        assert_eq!(cache.get(&digest("a")), None, "another blob of the same shape");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(cache.get(&digest("a")), None);
        assert!(cache.put(&compressed("a", 1)).is_err());
        assert!(
            fs::read_dir(path.parent().unwrap())
                .unwrap()
                .all(|entry| entry.unwrap().path().extension().unwrap() == "json")
        );
    }

    #[test]
    fn who_writes_at_the_same_time_leaves_one_whole_note() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), &Encoding::Gzip.encoder_id());
        let all: Vec<Known> = (1..=8).map(|size| known("a", size)).collect();
        cache.put(&compressed("a", 1)).unwrap();
        std::thread::scope(|scope| {
            for size in 1..=8 {
                let cache = &cache;
                scope.spawn(move || (0..50).for_each(|_| cache.put(&compressed("a", size)).unwrap()));
            }
            for _ in 0..400 {
                assert!(all.contains(&cache.get(&digest("a")).unwrap()));
            }
        });
    }

    #[test]
    fn a_name_that_is_taken_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), &Encoding::Gzip.encoder_id());
        fs::create_dir_all(&cache.folder).unwrap();
        let next = COUNTER.load(Ordering::Relaxed);
        for count in next..next + 20 {
            fs::write(cache.folder.join(format!("{}-{count}.new", process::id())), "").unwrap();
        }
        cache.put(&compressed("a", 1)).unwrap();
        assert_eq!(cache.get(&digest("a")), Some(known("a", 1)));
    }
}

//! Which other repository may have a blob, so that the registry can take it from there: a hint that costs nothing if it is wrong.
//!
//! A note is a small file, `<folder>/mounts/<host>/<digest>`, with the name of the repository that was pushed to last.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use contract::Digest;

use crate::repository::Repository;

/// More than any note has.
const NOTE_LIMIT: u64 = 512;

/// The notes about one registry, and the repository that was named.
#[derive(Clone, Debug)]
pub(super) struct Mounts {
    folder: Option<PathBuf>,
    named: Option<Repository>,
}

impl Mounts {
    /// The notes in a folder of caches, which need not be there yet.
    pub(super) fn new(cache: Option<&Path>, host: &str, named: Option<Repository>) -> Self {
        let folder = host.replace(|found: char| !found.is_ascii_alphanumeric() && found != '.' && found != '-', "_");
        Self { folder: cache.map(|cache| cache.join("mounts").join(folder)), named }
    }

    /// Where a blob may be, other than in the repository itself.
    pub(super) fn source(&self, digest: &Digest, own: &Repository) -> Option<Repository> {
        self.noted(digest).filter(|noted| noted != own).or_else(|| self.named.clone().filter(|named| named != own))
    }

    fn noted(&self, digest: &Digest) -> Option<Repository> {
        let mut text = String::new();
        let file = fs::File::open(self.folder.as_ref()?.join(digest.hex())).ok()?;
        file.take(NOTE_LIMIT).read_to_string(&mut text).ok()?;
        text.parse().ok()
    }

    /// Notes that a repository has a blob.
    ///
    /// # Errors
    /// The folder cannot be written. Nothing but a hint is lost then.
    pub(super) fn note(&self, digest: &Digest, repository: &Repository) -> io::Result<()> {
        let is_news = self.noted(digest).as_ref() != Some(repository);
        let Some(folder) = self.folder.as_ref().filter(|_| is_news) else { return Ok(()) };
        fs::create_dir_all(folder)?;
        // A note that is cut off is another name or none: it costs one mount that is refused.
        fs::write(folder.join(digest.hex()), repository.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(digit: char) -> Digest {
        format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
    }

    #[test]
    fn a_blob_is_looked_for_where_it_was_pushed_last_and_then_where_we_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let repository = |name: &str| -> Repository { name.parse().unwrap() };
        let (web, api, base) = (repository("web"), repository("api"), repository("base"));
        let mounts = |named: Option<&Repository>| Mounts::new(Some(folder.path()), "127.0.0.1:5000", named.cloned());
        assert_eq!(mounts(None).source(&digest('a'), &api), None);
        assert_eq!(mounts(Some(&base)).source(&digest('a'), &api), Some(base.clone()));
        assert_eq!(mounts(Some(&base)).source(&digest('a'), &base), None, "it is not there, that is known");
        mounts(None).note(&digest('a'), &web).unwrap();
        assert_eq!(mounts(Some(&base)).source(&digest('a'), &api), Some(web.clone()));
        assert_eq!(mounts(None).source(&digest('a'), &web), None);
        assert_eq!(mounts(None).source(&digest('b'), &api), None);
        mounts(None).note(&digest('a'), &api).unwrap();
        assert_eq!(mounts(None).source(&digest('a'), &web), Some(api.clone()), "the last one counts");
        let elsewhere = Mounts::new(Some(folder.path()), "other.example", None);
        assert_eq!(elsewhere.source(&digest('a'), &base), None, "another registry");
        assert_eq!(Mounts::new(None, "other.example", None).note(&digest('a'), &api).ok(), Some(()));
    }
}

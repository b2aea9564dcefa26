//! One layer: files in, a gzipped tar out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use tar::{EntryType, Header};

use crate::ecr::digest;

/// The level that every layer is compressed with.
const LEVEL: u32 = 6;
/// "Unknown": the writing system stays out of the bytes. Source: RFC 1952, section 2.3.
const OPERATING_SYSTEM: u8 = 255;

/// The files of one layer, by their paths inside the image, without a leading `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    files: BTreeMap<String, File>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    content: Vec<u8>,
    executable: bool,
}

/// A layer as it is stored.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) gzip: Bytes,
    /// The digest of the tar before compression.
    pub(super) diff_id: String,
}

impl Layer {
    /// A layer without files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more file.
    #[must_use]
    pub fn file(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.with(path, content.into(), false)
    }

    /// The same with one more program.
    #[must_use]
    pub fn executable(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.with(path, content.into(), true)
    }

    fn with(mut self, path: &str, content: Vec<u8>, executable: bool) -> Self {
        self.files.insert(path.to_owned(), File { content, executable });
        self
    }

    pub(super) fn pack(&self) -> io::Result<Packed> {
        let tar = self.tar()?;
        let mut gzip =
            GzBuilder::new().mtime(0).operating_system(OPERATING_SYSTEM).write(Vec::new(), Compression::new(LEVEL));
        gzip.write_all(&tar)?;
        Ok(Packed { gzip: gzip.finish()?.into(), diff_id: digest::sha256(&tar) })
    }

    fn tar(&self) -> io::Result<Vec<u8>> {
        let mut tar = tar::Builder::new(Vec::new());
        for folder in self.folders() {
            tar.append_data(&mut header(EntryType::Directory, 0o755, 0), format!("{folder}/"), io::empty())?;
        }
        for (path, file) in &self.files {
            let mode = if file.executable { 0o755 } else { 0o644 };
            let mut header = header(EntryType::Regular, mode, file.content.len() as u64);
            tar.append_data(&mut header, path, file.content.as_slice())?;
        }
        tar.into_inner()
    }

    /// The folders above all files, each before those in it.
    fn folders(&self) -> BTreeSet<&str> {
        let paths = self.files.keys();
        paths.flat_map(|path| path.match_indices('/').map(|(at, _)| &path[..at])).collect()
    }
}

fn header(entry_type: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(entry_type);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

/// The files that lie in a folder directly, then one layer for each sub-folder, in the order of their names. Without
/// what is empty.
pub(super) fn of_folder(folder: &Path) -> io::Result<Vec<Layer>> {
    let (mut direct, mut others) = (Layer::new(), Vec::new());
    for (name, path) in entries(folder)? {
        if path.is_dir() {
            let mut layer = Layer::new();
            add_folder(&mut layer, &name, &path)?;
            others.push(layer);
        } else {
            add_file(&mut direct, name, &path)?;
        }
    }
    others.insert(0, direct);
    others.retain(|layer| !layer.files.is_empty());
    Ok(others)
}

fn add_folder(layer: &mut Layer, prefix: &str, folder: &Path) -> io::Result<()> {
    for (name, path) in entries(folder)? {
        let name = format!("{prefix}/{name}");
        if path.is_dir() {
            add_folder(layer, &name, &path)?;
        } else {
            add_file(layer, name, &path)?;
        }
    }
    Ok(())
}

fn add_file(layer: &mut Layer, name: String, path: &Path) -> io::Result<()> {
    let executable = fs::metadata(path)?.permissions().mode() & 0o111 != 0;
    let content = fs::read(path)?;
    layer.files.insert(name, File { content, executable });
    Ok(())
}

fn entries(folder: &Path) -> io::Result<BTreeMap<String, std::path::PathBuf>> {
    fs::read_dir(folder)?
        .map(|entry| {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
            let name = name.ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, format!("`{}` is no UTF-8 name", path.display()))
            })?;
            Ok((name, path))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_same_files_make_the_same_bytes_in_whatever_order_they_came() {
        let one = Layer::new().file("a/b", "1").executable("bin/run", "2");
        let other = Layer::new().executable("bin/run", "2").file("a/b", "1");
        assert_eq!(one.pack().unwrap().gzip, other.pack().unwrap().gzip);
    }

    #[test]
    fn a_layer_unpacks_to_its_folders_and_files_owned_by_root_at_time_zero() {
        let long = format!("{}/index.html", "deep".repeat(40));
        let packed = Layer::new().file(&long, "page").executable("bin/run", "program").pack().unwrap();
        let mut tar = Vec::new();
        flate2::read::GzDecoder::new(&packed.gzip[..]).read_to_end(&mut tar).unwrap();
        assert_eq!(digest::sha256(&tar), packed.diff_id);
        let mut archive = tar::Archive::new(&tar[..]);
        let entries: Vec<(String, u32)> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
                (entry.path().unwrap().display().to_string(), header.mode().unwrap())
            })
            .collect();
        let folder = "deep".repeat(40);
        let expected = [("bin/", 0o755), (&format!("{folder}/"), 0o755), ("bin/run", 0o755), (&long, 0o644)];
        assert_eq!(entries, expected.map(|(path, mode)| (path.to_owned(), mode)));
    }

    #[test]
    fn each_sub_folder_is_a_layer_above_the_files_that_lie_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["index.html", "assets/style.css", "assets/deep/logo.svg", "data/version.json"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "content").unwrap();
        }
        fs::create_dir(folder.path().join("empty")).unwrap();
        let layers = of_folder(folder.path()).unwrap();
        let names: Vec<Vec<&str>> =
            layers.iter().map(|layer| layer.files.keys().map(String::as_str).collect()).collect();
        let assets = vec!["assets/deep/logo.svg", "assets/style.css"];
        assert_eq!(names, [vec!["index.html"], assets, vec!["data/version.json"]]);
    }
}

//! Where bytes lie, and how they are read from there: any part at any time, by several readers at once.

use std::fs::{self, File, FileType};
use std::io::{self, Cursor, Read};
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::compression::Compression;

/// Where bytes lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A whole file.
    File(PathBuf),
    /// A part of an open file.
    Slice(Slice),
    /// Here.
    Memory(Bytes),
    /// In the registry that the image is copied from.
    Remote,
    /// Where it was is of no interest any more: it was dealt with.
    Gone,
    /// They went by in a stream.
    Passed {
        /// The name of the member that they were.
        name: String,
        /// How they were packed.
        compression: Compression,
    },
}

/// A part of an open file. The file may have no name any more.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The file.
    pub file: Arc<File>,
    /// Where the part begins.
    pub position: u64,
    /// How long it is.
    pub size: u64,
}

impl PartialEq for Slice {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file) && self.position == other.position && self.size == other.size
    }
}

impl Eq for Slice {}

/// Bytes being read from where they lie.
#[derive(Debug)]
pub enum Reader {
    /// From a whole file.
    File(File),
    /// From a part of one.
    Slice(SliceReader),
    /// From memory.
    Memory(Cursor<Bytes>),
}

impl Location {
    /// Begins to read.
    ///
    /// # Errors
    /// The file cannot be opened or is a pipe, a device or a folder, or the bytes are gone.
    pub fn open(&self) -> io::Result<Reader> {
        Ok(match self {
            Self::File(path) => Reader::File(open_file(path)?),
            Self::Slice(slice) => Reader::Slice(slice.reader()),
            Self::Memory(bytes) => Reader::Memory(Cursor::new(bytes.clone())),
            Self::Remote => {
                return Err(io::Error::new(io::ErrorKind::NotSeekable, "it lies in another registry"));
            }
            Self::Passed { .. } | Self::Gone => {
                return Err(io::Error::new(io::ErrorKind::NotSeekable, "it was part of a stream and went by"));
            }
        })
    }

    /// How the bytes are packed.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn compression(&self) -> io::Result<Compression> {
        match self {
            Self::Passed { compression, .. } => Ok(*compression),
            Self::Remote => Ok(Compression::None),
            _ => Ok(Compression::of(&super::compression::head(&mut self.open()?, 4)?)),
        }
    }
}

impl Slice {
    /// Begins to read. Each reader has its own place in the file.
    #[must_use]
    pub fn reader(&self) -> SliceReader {
        SliceReader { slice: self.clone(), read: 0 }
    }
}

/// A part of a file being read.
#[derive(Clone, Debug)]
pub struct SliceReader {
    slice: Slice,
    read: u64,
}

impl SliceReader {
    /// Passes over bytes without reading them.
    pub(super) fn skip(&mut self, bytes: u64) -> io::Result<()> {
        if bytes > self.slice.size - self.read {
            self.read = self.slice.size;
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read += bytes;
        Ok(())
    }
}

impl Read for SliceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.slice.size - self.read).unwrap_or(usize::MAX);
        let length = buffer.len().min(rest);
        let length = self.slice.file.read_at(&mut buffer[..length], self.slice.position + self.read)?;
        self.read += length as u64;
        Ok(length)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Slice(slice) => slice.read(buffer),
            Self::Memory(bytes) => bytes.read(buffer),
        }
    }
}

/// The size of a regular file.
pub(super) fn file_size(path: &Path) -> io::Result<u64> {
    let found = fs::metadata(path)?;
    match kind(found.file_type()) {
        None => Ok(found.len()),
        Some(kind) => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {kind}, not a file"))),
    }
}

/// Opens a regular file. To open a pipe would wait until someone writes into it.
fn open_file(path: &Path) -> io::Result<File> {
    file_size(path)?;
    File::open(path)
}

/// What it is if it is no regular file.
fn kind(found: FileType) -> Option<&'static str> {
    match found {
        _ if found.is_file() => None,
        _ if found.is_dir() => Some("a folder"),
        _ if found.is_fifo() => Some("a named pipe"),
        _ if found.is_socket() => Some("a socket"),
        _ => Some("a device"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_file_is_read_by_several_at_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "0123456789").unwrap();
        let file = Arc::new(File::open(folder.path().join("file")).unwrap());
        let slice = Slice { file, position: 2, size: 5 };
        let (mut one, mut two) = (slice.reader(), slice.reader());
        let read = |from: &mut SliceReader, length: u64| {
            let mut text = String::new();
            from.take(length).read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(read(&mut one, 3), "234");
        assert_eq!(read(&mut two, 9), "23456");
        one.skip(1).unwrap();
        assert_eq!(read(&mut one, 9), "6");
        assert_eq!(one.skip(1).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn only_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        assert!(file_size(folder.path()).unwrap_err().to_string().contains("it is a folder"));
        assert!(file_size(Path::new("/dev/null")).unwrap_err().to_string().contains("it is a device"));
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(Location::File(socket).open().unwrap_err().to_string().contains("it is a socket"));
    }
}

//! The members of a tar archive in the order they come: one pass, nothing is read twice, nothing is believed.
//!
//! ```
//! # fn main() -> Result<(), ecr_push::source::SourceError> {
//! use ecr_push::source::Members;
//! # let mut tar = tar::Builder::new(Vec::new());
//! # let mut header = tar::Header::new_gnu();
//! # header.set_size(2);
//! # tar.append_data(&mut header, "manifest.json", &b"[]"[..]).unwrap();
//! # let stdin = std::io::Cursor::new(tar.into_inner().unwrap());
//! let mut members = Members::of_stream(stdin);
//! while let Some(mut member) = members.advance()? {
//!     assert_eq!(member.name, "manifest.json");
//!     assert_eq!(std::io::read_to_string(&mut member).unwrap(), "[]");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Sources: POSIX.1-2017, pax, ustar and pax interchange formats; GNU tar manual, "Basic Tar Format".

use std::io::{self, Read};

use contract::Digest;
use tar::{EntryType, Header, PaxExtensions};

use super::error::SourceError;
use super::location::SliceReader;
use super::name;

/// A tar is made of blocks of this size.
const BLOCK: usize = 512;
/// The longest extension of a header: enough for any name that a system takes.
const EXTENSION_LIMIT: u64 = 64 << 10;

/// What an archive is read from.
pub trait Tape: Read {
    /// Passes over bytes.
    ///
    /// # Errors
    /// There are fewer: [`io::ErrorKind::UnexpectedEof`]. Or they cannot be read.
    fn pass(&mut self, bytes: u64) -> io::Result<()>;
}

/// A tape that can only be read.
#[derive(Debug)]
pub struct Stream<R>(R);

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Tape for Stream<R> {
    fn pass(&mut self, bytes: u64) -> io::Result<()> {
        let passed = io::copy(&mut self.0.by_ref().take(bytes), &mut io::sink())?;
        if passed < bytes { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

impl Tape for SliceReader {
    fn pass(&mut self, bytes: u64) -> io::Result<()> {
        self.skip(bytes)
    }
}

/// The members of a tar archive.
#[derive(Debug)]
pub struct Members<T> {
    tape: T,
    /// How much of the tape was read.
    position: u64,
    /// The first bytes of the member at hand, if they were looked at and not yet taken.
    head: Vec<u8>,
    /// How much of the member at hand is still on the tape.
    rest: u64,
    /// What fills up its last block.
    padding: u64,
    /// The name of the member at hand.
    name: Option<String>,
    is_over: bool,
}

/// A member. Its bytes are read from it, as many or few as one likes.
#[derive(Debug)]
pub struct Member<'a, T> {
    /// Its name, without `./`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// How many bytes it has.
    pub size: u64,
    /// Where they begin in the archive.
    pub position: u64,
    members: &'a mut Members<T>,
}

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// Another name for this member.
    Link(String),
    /// A device or pipe.
    Other,
}

/// What the headers before a member's own one say about it.
#[derive(Default)]
struct Extensions {
    name: Option<String>,
    link: Option<String>,
    size: Option<u64>,
}

impl<R: Read> Members<Stream<R>> {
    /// The members of an archive that comes as a stream.
    pub fn of_stream(stream: R) -> Self {
        Self::new(Stream(stream))
    }
}

impl<T: Tape> Members<T> {
    /// The members of an archive.
    pub fn new(tape: T) -> Self {
        Self { tape, position: 0, head: Vec::new(), rest: 0, padding: 0, name: None, is_over: false }
    }

    /// The next member; what was not read of the last one is passed over. `None` after the last one.
    ///
    /// # Errors
    /// The archive is cut off, malformed or not safe.
    pub fn advance(&mut self) -> Result<Option<Member<'_, T>>, SourceError> {
        if self.is_over {
            return Ok(None);
        }
        self.pass_rest()?;
        let mut extensions = Extensions::default();
        loop {
            let position = self.position;
            let Some(block) = self.header()? else {
                self.is_over = true;
                return Ok(None);
            };
            let header = Header::from_byte_slice(&block);
            let size = header.entry_size().map_err(|cause| malformed(position, cause.to_string()))?;
            match header.entry_type() {
                EntryType::XGlobalHeader => drop(self.extension(size)?),
                EntryType::XHeader => extensions.take_pax(&self.extension(size)?, position)?,
                EntryType::GNULongName => extensions.name = Some(text(&self.extension(size)?, position)?),
                EntryType::GNULongLink => extensions.link = Some(text(&self.extension(size)?, position)?),
                _ => return self.member(header, extensions, position).map(Some),
            }
        }
    }

    /// Reads the stream to its end: a writer that is still at it is not cut off, and a checksum at the end is looked at.
    ///
    /// # Errors
    /// The stream cannot be read or unpacked.
    pub fn finish(mut self) -> Result<(), SourceError> {
        while self.advance()?.is_some() {}
        io::copy(&mut self.tape, &mut io::sink())
            .map_err(|cause| SourceError::of_read(cause, self.position, None))
            .map(drop)
    }

    fn member(&mut self, header: &Header, extensions: Extensions, position: u64) -> Result<Member<'_, T>, SourceError> {
        let size = extensions.size.map_or_else(|| header.entry_size(), Ok);
        let size = size.map_err(|cause| malformed(position, cause.to_string()))?;
        let name = extensions.name.map_or_else(|| text(&header.path_bytes(), position), Ok)?;
        let link = || match (extensions.link, header.link_name_bytes()) {
            (Some(link), _) => Ok(link),
            (None, Some(bytes)) => text(&bytes, position),
            (None, None) => Err(malformed(position, "a link leads nowhere")),
        };
        let spelling = name::normal(&name)?;
        let kind = match header.entry_type() {
            EntryType::Regular if name.ends_with('/') => Kind::Folder,
            EntryType::Regular | EntryType::Continuous => Kind::File,
            EntryType::Directory => Kind::Folder,
            EntryType::Symlink => Kind::Link(name::followed(&spelling, &link()?)?),
            EntryType::Link => {
                let target = link()?;
                Kind::Link(name::normal(&target).map_err(|_| SourceError::Link { name: spelling.clone(), target })?)
            }
            EntryType::GNUSparse => return Err(malformed(position, "a member has holes: that is not read")),
            _ => Kind::Other,
        };
        if kind != Kind::File && size != 0 {
            return Err(malformed(position, "a member that is no file has content"));
        }
        if kind == Kind::File && spelling.is_empty() {
            return Err(malformed(position, "a file has no name"));
        }
        if self.position.checked_add(size).is_none_or(|end| i64::try_from(end).is_err()) {
            return Err(malformed(position, "a member is larger than any file"));
        }
        self.name = Some(spelling.clone());
        self.rest = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
        Ok(Member { name: spelling, kind, size, position: self.position, members: self })
    }

    fn pass_rest(&mut self) -> Result<(), SourceError> {
        self.head.clear();
        let bytes = self.rest + self.padding;
        (self.rest, self.padding) = (0, 0);
        let name = self.name.take();
        self.tape.pass(bytes).map_err(|cause| SourceError::of_read(cause, self.position, name.as_deref()))?;
        self.position += bytes;
        Ok(())
    }

    /// The next header; `None` at the end mark.
    fn header(&mut self) -> Result<Option<[u8; BLOCK]>, SourceError> {
        let position = self.position;
        let mut block = [0; BLOCK];
        self.fill(&mut block)?;
        if block == [0; BLOCK] {
            return Ok(None);
        }
        let header = Header::from_byte_slice(&block);
        let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
        let expected = sum(&block[..148]) + sum(&block[156..]) + 8 * u32::from(b' ');
        match header.cksum() {
            Ok(found) if found == expected => Ok(Some(block)),
            _ if position == 0 => Err(SourceError::NotAnArchive),
            _ => Err(malformed(position, "a header's checksum is wrong")),
        }
    }

    /// The content of a header's extension.
    fn extension(&mut self, size: u64) -> Result<Vec<u8>, SourceError> {
        let position = self.position;
        let length = usize::try_from(size).ok().filter(|_| size <= EXTENSION_LIMIT);
        let length = length.ok_or_else(|| malformed(position, "a header's extension is too long"))?;
        let mut bytes = vec![0; length.next_multiple_of(BLOCK)];
        self.fill(&mut bytes)?;
        bytes.truncate(length);
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), SourceError> {
        self.tape.read_exact(bytes).map_err(|cause| SourceError::of_read(cause, self.position, None))?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}

impl<T> Member<'_, T> {
    /// The digest that the name claims for the bytes, if they lie where a layout keeps blobs. It is not checked.
    #[must_use]
    pub fn claimed_digest(&self) -> Option<Digest> {
        format!("sha256:{}", self.name.strip_prefix("blobs/sha256/")?).parse().ok()
    }
}

impl<T: Tape> Member<'_, T> {
    /// The first bytes, at most a block. They are still to be read.
    ///
    /// # Errors
    /// The archive cannot be read.
    pub fn head(&mut self) -> io::Result<&[u8]> {
        if self.members.head.is_empty() {
            let length = usize::try_from(self.members.rest).unwrap_or(BLOCK).min(BLOCK);
            let mut head = vec![0; length];
            self.members.tape.read_exact(&mut head)?;
            self.members.took(length);
            self.members.head = head;
        }
        Ok(&self.members.head)
    }
}

impl<T> Members<T> {
    fn took(&mut self, length: usize) {
        self.rest -= length as u64;
        self.position += length as u64;
    }
}

impl<T: Tape> Read for Member<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let members = &mut *self.members;
        if !members.head.is_empty() {
            let length = buffer.len().min(members.head.len());
            buffer[..length].copy_from_slice(&members.head[..length]);
            members.head.drain(..length);
            return Ok(length);
        }
        let length = buffer.len().min(usize::try_from(members.rest).unwrap_or(usize::MAX));
        if length == 0 {
            return Ok(0);
        }
        let length = members.tape.read(&mut buffer[..length])?;
        if length == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive is cut off"));
        }
        members.took(length);
        Ok(length)
    }
}

impl Extensions {
    fn take_pax(&mut self, bytes: &[u8], position: u64) -> Result<(), SourceError> {
        for record in PaxExtensions::new(bytes) {
            let record = record.map_err(|cause| malformed(position, cause.to_string()))?;
            let (key, value) = (record.key_bytes(), record.value_bytes());
            match key {
                b"path" => self.name = Some(text(value, position)?),
                b"linkpath" => self.link = Some(text(value, position)?),
                b"size" => {
                    let size = text(value, position)?.parse::<u64>();
                    self.size = Some(size.map_err(|cause| malformed(position, cause.to_string()))?);
                }
                _ if key.starts_with(b"GNU.sparse.") => {
                    return Err(malformed(position, "a member has holes: that is not read"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A name, up to the NUL that ends it.
fn text(bytes: &[u8], position: u64) -> Result<String, SourceError> {
    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8(bytes.to_owned()).map_err(|_| malformed(position, "a name is not UTF-8"))
}

fn malformed(position: u64, reason: impl Into<String>) -> SourceError {
    SourceError::Header { position, reason: reason.into() }
}

#[cfg(test)]
mod tests;

//! What has gone by of an archive that is read in one pass.
//!
//! Layers come before the documents that say what they are. So each is handed out as it comes, to be sent or put aside, and at the end it is known
//! which of them the image needs. A document is small and is kept.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let stdin: &[u8] = &[0; 1024];
//! use ecr_push::source::{Choice, Members, Seen, Sight, unpacked};
//!
//! let mut members = Members::of_stream(unpacked(stdin)?);
//! let mut seen = Seen::default();
//! while let Some(mut member) = members.advance()? {
//!     if seen.note(&mut member)? == Sight::Content {
//!         // Send `member`, which is a `Read`, and note what became of `member.name`.
//!     }
//! }
//! members.finish()?;
//! let source = seen.resolve(&Choice::default());
//! # assert!(source.is_err());
//! # Ok(())
//! # }
//! ```

use std::io::Read;

use super::choice::Choice;
use super::compression::Compression;
use super::error::SourceError;
use super::location::Location;
use super::members::{Kind, Member, Tape};
use super::store::{Catalog, Store};
use super::{DOCUMENT_LIMIT, Source, resolve};

/// How many bytes of documents are kept: thousands of images have less.
const KEPT_LIMIT: u64 = 64 << 20;

/// What has no more bytes than this is kept whatever it is: that is no bare tar, and not worth a stream of its own.
const SMALL: u64 = 512;

/// What has gone by.
#[derive(Debug, Default)]
pub struct Seen {
    catalog: Catalog,
    kept: u64,
}

/// What a member looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Nothing is to be done: it is kept, or it is no file.
    Done,
    /// It may be a layer, and is [`Location::Passed`] once the next member is asked for.
    Content,
}

impl Seen {
    /// Notes a member, none of which was read yet.
    ///
    /// # Errors
    /// It cannot be read, is there for the second time, or there are too many documents.
    pub fn note<T: Tape>(&mut self, member: &mut Member<'_, T>) -> Result<Sight, SourceError> {
        let (name, position) = (member.name.clone(), member.position);
        let unreadable = |cause| SourceError::of_read(cause, position, Some(&name));
        if member.kind != Kind::File {
            self.catalog.add(member, Location::Memory(bytes::Bytes::new()))?;
            return Ok(Sight::Done);
        }
        let (size, head) = (member.size, member.head().map_err(unreadable)?);
        if size > SMALL && !is_document(size, head) {
            let compression = Compression::of(head);
            self.catalog.add(member, Location::Passed { name, compression })?;
            return Ok(Sight::Content);
        }
        self.kept += size;
        if self.kept > KEPT_LIMIT {
            return Err(SourceError::TooManyDocuments(KEPT_LIMIT));
        }
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).map_err(unreadable)?;
        self.catalog.add(member, Location::Memory(bytes.into()))?;
        Ok(Sight::Done)
    }

    /// What the archive held, now that all of it has gone by.
    ///
    /// # Errors
    /// As with [`open`](super::open).
    pub fn resolve(self, choice: &Choice) -> Result<Source, SourceError> {
        resolve(&Store::Archive(self.catalog), choice)
    }
}

/// Whether it can be read as JSON, and is small enough. No tar begins like that, for a name of a member does not, and nothing that is packed.
fn is_document(size: u64, head: &[u8]) -> bool {
    size <= DOCUMENT_LIMIT && begins_as_document(head)
}

/// Whether bytes that begin so can be JSON, and no tar and nothing packed.
#[must_use]
pub fn begins_as_document(head: &[u8]) -> bool {
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, None | Some(b'{' | b'[')) && !head.contains(&0)
}

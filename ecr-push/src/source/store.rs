//! The files of an image by their names, from a folder or an archive: readers of formats need not know which.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compression::{Compression, head, unpack};
use super::error::SourceError;
use super::location::{Location, Slice, file_size};
use super::members::{Kind, Member, Members, Tape};
use super::{DOCUMENT_LIMIT, name};
use crate::manifest::ManifestError;

/// How many links are followed: producers write one.
const LINK_LIMIT: usize = 8;

/// Files by their names.
#[derive(Debug)]
pub(super) enum Store {
    /// Below a folder.
    Folder(PathBuf),
    /// In an archive.
    Archive(Catalog),
}

/// The members of an archive. Their order is forgotten.
#[derive(Debug, Default)]
pub(super) struct Catalog(BTreeMap<String, Entry>);

#[derive(Debug)]
enum Entry {
    File(Content),
    Folder,
    Link(String),
    Other,
}

/// A file's bytes.
#[derive(Clone, Debug)]
pub(super) struct Content {
    /// Where they lie.
    pub(super) location: Location,
    /// How many they are.
    pub(super) size: u64,
}

impl Store {
    /// Looks at a folder, or indexes an archive once; a packed one is unpacked before.
    pub(super) fn open(path: &Path) -> Result<Self, SourceError> {
        let unreadable = |cause| SourceError::Open { path: path.to_owned(), cause };
        if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        file_size(path).map_err(unreadable)?;
        let mut file = File::open(path).map_err(unreadable)?;
        let compression = Compression::of(&head(&mut file, 4).map_err(unreadable)?);
        if compression != Compression::None {
            io::Seek::rewind(&mut file).map_err(unreadable)?;
            file = unpack(&file, compression)?;
        }
        let size = file.metadata().map_err(unreadable)?.len();
        let whole = Slice { file: Arc::new(file), position: 0, size };
        let mut members = Members::new(whole.reader());
        let mut catalog = Catalog::default();
        while let Some(member) = members.advance()? {
            let (file, position, size) = (Arc::clone(&whole.file), member.position, member.size);
            catalog.add(&member, Location::Slice(Slice { file, position, size }))?;
        }
        Ok(Self::Archive(catalog))
    }

    /// The file of this name, links followed.
    pub(super) fn find(&self, name: &str) -> io::Result<Content> {
        match self {
            Self::Archive(catalog) => catalog.find(name),
            Self::Folder(folder) => {
                let path = folder.join(name);
                Ok(Content { size: file_size(&path)?, location: Location::File(path) })
            }
        }
    }

    /// What it is, for people.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Folder(folder) => format!("`{}`", folder.display()),
            Self::Archive(_) => "the archive".to_owned(),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        !matches!(self.find(name), Err(cause) if cause.kind() == io::ErrorKind::NotFound)
    }

    /// The file that `manifest.json` names.
    pub(super) fn member(&self, name: &str) -> Result<Content, SourceError> {
        self.find(&name::normal(name)?).map_err(|cause| SourceError::Member { name: name.to_owned(), cause })
    }
}

impl Catalog {
    /// Notes a member whose bytes lie there.
    pub(super) fn add<T: Tape>(&mut self, member: &Member<'_, T>, location: Location) -> Result<(), SourceError> {
        let entry = match &member.kind {
            Kind::File => Entry::File(Content { location, size: member.size }),
            Kind::Folder => Entry::Folder,
            Kind::Link(target) => Entry::Link(target.clone()),
            Kind::Other => Entry::Other,
        };
        match (self.0.get(&member.name), &entry) {
            (None, _) => drop(self.0.insert(member.name.clone(), entry)),
            (Some(Entry::Folder), Entry::Folder) => {}
            (Some(_), _) => return Err(SourceError::Twice(member.name.clone())),
        }
        Ok(())
    }

    /// Notes a file that is no member of any archive.
    pub(super) fn insert(&mut self, name: String, content: Content) {
        self.0.insert(name, Entry::File(content));
    }

    fn find(&self, name: &str) -> io::Result<Content> {
        let mut at = name;
        for _ in 0..LINK_LIMIT {
            match self.0.get(at) {
                Some(Entry::File(content)) => return Ok(content.clone()),
                Some(Entry::Link(target)) => at = target,
                Some(Entry::Folder) => return Err(io::Error::other("it is a folder, not a file")),
                Some(Entry::Other) => return Err(io::Error::other("it is a device or pipe, not a file")),
                None if at == name => return Err(io::Error::new(io::ErrorKind::NotFound, "it is not in the archive")),
                None => return Err(io::Error::other(format!("it links to `{at}`, which is not in the archive"))),
            }
        }
        Err(io::Error::other("its links lead nowhere"))
    }
}

impl Content {
    /// That it may be a document: small, and not gone by as something that did not look like one.
    pub(super) fn check_document(&self, document: &str) -> Result<(), SourceError> {
        if self.size > DOCUMENT_LIMIT {
            return Err(SourceError::TooLarge { document: document.to_owned(), size: self.size });
        }
        if matches!(self.location, Location::Passed { .. }) {
            let cause = ManifestError::Ambiguous("it does not begin as JSON does".to_owned());
            return Err(SourceError::not_understood(document, cause));
        }
        Ok(())
    }

    /// All bytes, if there are as many as there should be.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.location.open()?.take(self.size).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }
}

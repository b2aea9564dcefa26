//! From what was typed and piped to what is asked.

use std::path::PathBuf;

use contract::Input;
use contract::{Digest, requirement};

use crate::cli::Arguments;
use crate::error::Error;

/// What is asked.
#[derive(Debug)]
pub struct Request {
    /// Where the snapshot is.
    pub snapshot: SnapshotSource,
}

/// Where the snapshot is.
#[derive(Debug)]
pub enum SnapshotSource {
    /// A file.
    File(PathBuf),
    /// What came on standard input.
    Bytes(Vec<u8>),
}

impl Request {
    /// Resolves arguments and input.
    ///
    /// # Errors
    /// There is no snapshot, the release document's image has the wrong shape, or `--require` is not met.
    pub fn resolve(arguments: Arguments, input: Input) -> Result<Self, Error> {
        let image = input.document.as_ref().map(contract::Document::image).transpose()?.flatten();
        let subjects: Vec<Digest> = image.iter().flat_map(|image| image.names().cloned()).collect();
        requirement::check(input.document.as_ref(), &arguments.common.require, &subjects)?;
        let named = arguments.snapshot.filter(|path| path.as_os_str() != "-");
        let snapshot = match (named, input.foreign) {
            (Some(path), _) => SnapshotSource::File(path),
            (None, Some(bytes)) => SnapshotSource::Bytes(bytes),
            (None, None) => return Err(Error::NoSnapshot),
        };
        Ok(Self { snapshot })
    }
}

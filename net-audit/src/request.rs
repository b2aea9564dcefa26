//! From what was typed and piped to what is asked.

use std::path::PathBuf;

use contract::Input;
use contract::policy::Statement;
use contract::{Digest, requirement};

use crate::aws;
use crate::cli::Arguments;
use crate::error::Error;
use crate::live::Live;

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
    /// It is taken now.
    Live(Live),
}

impl Request {
    /// Resolves arguments and input.
    ///
    /// # Errors
    /// There is no snapshot, it is not said where one is to be taken, the release document's image has the wrong shape, or `--require` is not met.
    pub fn resolve(arguments: Arguments, input: Input) -> Result<Self, Error> {
        let image = input.document.as_ref().map(contract::Document::image).transpose()?.flatten();
        let subjects: Vec<Digest> = image.iter().flat_map(|image| image.names().cloned()).collect();
        requirement::check(input.document.as_ref(), &arguments.common.require, &subjects)?;
        if arguments.live.is_live() {
            return Ok(Self { snapshot: SnapshotSource::Live(Live::resolve(arguments.live)?) });
        }
        let named = arguments.snapshot.filter(|path| path.as_os_str() != "-");
        let snapshot = match (named, input.foreign) {
            (Some(path), _) => SnapshotSource::File(path),
            (None, Some(bytes)) => SnapshotSource::Bytes(bytes),
            (None, None) => return Err(Error::NoSnapshot),
        };
        Ok(Self { snapshot })
    }
}

/// The permissions that these arguments need: none without a look at AWS.
pub(crate) fn permissions(arguments: &Arguments) -> Vec<Statement> {
    let live = arguments.live.is_live().then(|| Live::resolve(arguments.live.clone()));
    live.and_then(Result::ok).map(|live| aws::permissions(&live)).unwrap_or_default()
}

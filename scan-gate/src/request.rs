//! From what was typed and piped to what is asked.

use std::path::PathBuf;

use contract::requirement;
use contract::{Digest, Input};

use crate::cli::Arguments;
use crate::error::Error;
use crate::severity::Severity;

/// What is asked.
#[derive(Debug)]
pub struct Request {
    /// Where the report is.
    pub report: ReportSource,
    /// The lowest severity that shuts the gate.
    pub fail_on: Severity,
    /// The digests of the image that the report must be about, from the release document; empty if there is none.
    pub expected_image: Vec<Digest>,
}

/// Where the report is.
#[derive(Debug)]
pub enum ReportSource {
    /// A file.
    File(PathBuf),
    /// What came on standard input.
    Bytes(Vec<u8>),
}

impl Request {
    /// Resolves arguments and input.
    ///
    /// # Errors
    /// There is no report, the release document's image has the wrong shape, or `--require` is not met.
    pub fn resolve(arguments: Arguments, input: Input) -> Result<Self, Error> {
        let image = input.document.as_ref().map(contract::Document::image).transpose()?.flatten();
        let expected_image: Vec<Digest> = image.iter().flat_map(|image| image.names().cloned()).collect();
        requirement::check(input.document.as_ref(), &arguments.common.require, &expected_image)?;
        let named = arguments.report.filter(|path| path.as_os_str() != "-");
        let report = match (named, input.foreign) {
            (Some(path), _) => ReportSource::File(path),
            (None, Some(bytes)) => ReportSource::Bytes(bytes),
            (None, None) => return Err(Error::NoReport),
        };
        Ok(Self { report, fail_on: arguments.fail_on, expected_image })
    }
}

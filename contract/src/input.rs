//! What comes in: the release document, or foreign JSON at the head of the pipe.

use std::io::{IsTerminal, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::document::{Document, DocumentError};
use crate::exit::Exit;
use crate::fault::{Failure, Fault};
use crate::progress::Progress;

/// What a tool got to work with.
#[derive(Debug, Default)]
pub struct Input {
    /// The release document, if one came.
    pub document: Option<Document>,
    /// What came on standard input and is no release document: a scanner's report, a snapshot, a lock. Not looked into yet.
    pub foreign: Option<Vec<u8>>,
    /// Whether standard input holds more behind `foreign`. Only a tool that [streams](crate::Tool::STREAMS) ever sees that.
    pub unread: bool,
}

/// What a tool's main operand says about standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// It names something else: standard input is none of the operand's business.
    Named,
    /// There is none: what it would name comes with the input.
    Missing,
    /// It is `-`.
    StandardInput,
}

/// Where the input comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Nothing is read.
    None,
    /// Standard input, and it must be a release document.
    DocumentOnStandardInput,
    /// Standard input: a release document or foreign JSON.
    StandardInput,
    /// A file that must be a release document.
    File(PathBuf),
    /// A file that must be a release document, and foreign JSON on standard input.
    FileAndForeign(PathBuf),
}

/// Why there is no input.
#[derive(Debug, Error)]
pub(crate) enum InputError {
    #[error("standard input is a terminal, and no input is named")]
    Terminal,
    #[error("{place} cannot be read: {cause}")]
    Unreadable { place: String, cause: std::io::Error },
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("upstream said no: {}", reason(.0.as_ref()))]
    Upstream(Option<Failure>, Box<Document>),
}

fn reason(failure: Option<&Failure>) -> String {
    failure.map_or_else(|| "the document has `ok: false`".to_owned(), |failure| failure.message.clone())
}

impl Fault for InputError {
    fn exit(&self) -> Exit {
        match self {
            Self::Terminal | Self::Unreadable { .. } => Exit::Usage,
            Self::Document(error) => error.exit(),
            Self::Upstream(..) => Exit::No,
        }
    }

    fn code(&self) -> String {
        match self {
            Self::Terminal => "input.terminal".to_owned(),
            Self::Unreadable { .. } => "input.unreadable".to_owned(),
            Self::Document(error) => error.code(),
            Self::Upstream(..) => "upstream.refused".to_owned(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Terminal => Some("name a file, or pipe the output of another command in; see --help".to_owned()),
            Self::Unreadable { .. } => Some("check the name and the permissions of the file".to_owned()),
            Self::Document(error) => error.hint(),
            Self::Upstream(failure, _) => failure.as_ref().and_then(|failure| failure.hint.clone()),
        }
    }
}

/// Decides what is read, without reading: standard input only where `-` is named or the main operand is missing.
pub(crate) fn source(input: Option<&Path>, operand: Operand) -> Source {
    match (input, operand) {
        (None, Operand::Named) => Source::None,
        (None, Operand::Missing | Operand::StandardInput) => Source::StandardInput,
        // Who names it there wants a release document: anything else is an error, not something foreign.
        (Some(path), _) if is_dash(path) => Source::DocumentOnStandardInput,
        (Some(path), Operand::StandardInput) => Source::FileAndForeign(path.to_owned()),
        (Some(path), Operand::Named | Operand::Missing) => Source::File(path.to_owned()),
    }
}

fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads the input. A release document that says no comes back as [`InputError::Upstream`].
pub(crate) async fn read(source: Source, streams: bool, progress: &Progress) -> Result<Input, InputError> {
    let whole = if streams { Extent::Beginning } else { Extent::All };
    match source {
        Source::None => Ok(Input::default()),
        Source::File(path) => understand(document_file(&path).await?, false),
        Source::DocumentOnStandardInput => understand(read_standard_input(Extent::All, progress).await?.bytes, false),
        Source::StandardInput => {
            let mut read = read_standard_input(whole, progress).await?;
            if read.more && Document::begins(&read.bytes) {
                read.bytes.extend(read_standard_input(Extent::All, progress).await?.bytes);
                read.more = false;
            }
            if read.more {
                return Ok(Input { document: None, foreign: Some(read.bytes), unread: true });
            }
            understand(read.bytes, true)
        }
        Source::FileAndForeign(path) => {
            let document = understand(document_file(&path).await?, false)?;
            let read = read_standard_input(whole, progress).await?;
            Ok(Input { foreign: Some(read.bytes), unread: read.more, ..document })
        }
    }
}

fn understand(bytes: Vec<u8>, foreign_is_welcome: bool) -> Result<Input, InputError> {
    let empty = bytes.iter().all(u8::is_ascii_whitespace);
    if foreign_is_welcome && !empty && !Document::recognises(&bytes) {
        return Ok(Input { foreign: Some(bytes), ..Input::default() });
    }
    let document = Document::parse(&bytes)?;
    if document.verdict()? {
        return Ok(Input { document: Some(document), ..Input::default() });
    }
    let failure = document.error()?;
    Err(InputError::Upstream(failure, Box::new(document)))
}

async fn document_file(path: &Path) -> Result<Vec<u8>, InputError> {
    let read = read_file(path).await;
    read.map_err(|cause| InputError::Unreadable { place: format!("`{}`", path.display()), cause })
}

/// Reads a file beside the run, so that a signal and `--timeout` are heeded even if it is a pipe that nobody writes to.
///
/// # Errors
/// What the system says.
pub async fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(|| std::fs::read(path)).await.map_err(std::io::Error::other)?
}

/// How long a silent pipe may take before a person is told what the tool waits for.
const SILENCE: Duration = Duration::from_secs(2);

/// How much of standard input is read at once where the rest may be streamed: enough to tell what it is.
const BEGINNING: u64 = 256 * 1024;

/// How much of standard input to read.
#[derive(Clone, Copy)]
enum Extent {
    /// All of it.
    All,
    /// At most [`BEGINNING`].
    Beginning,
}

/// What was read of standard input.
struct Read {
    bytes: Vec<u8>,
    /// Whether the end was not reached.
    more: bool,
}

async fn read_standard_input(extent: Extent, progress: &Progress) -> Result<Read, InputError> {
    if std::io::stdin().is_terminal() {
        return Err(InputError::Terminal);
    }
    let unreadable = |cause| InputError::Unreadable { place: "standard input".to_owned(), cause };
    let limit = match extent {
        Extent::All => u64::MAX,
        Extent::Beginning => BEGINNING,
    };
    let mut reading = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
        Ok(Read { more: u64::try_from(read).is_ok_and(|read| read == limit), bytes })
    });
    let read = if let Ok(read) = tokio::time::timeout(SILENCE, &mut reading).await {
        read
    } else {
        progress.event("waiting", "waiting for standard input to end", &[]);
        reading.await
    };
    read.map_err(|error| unreadable(std::io::Error::other(error)))?.map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_is_read_only_where_it_is_meant() {
        let (dash, file) = (Path::new("-"), Path::new("release.json"));
        let cases = [
            (None, Operand::Named, Source::None),
            (None, Operand::Missing, Source::StandardInput),
            (None, Operand::StandardInput, Source::StandardInput),
            (Some(dash), Operand::Named, Source::DocumentOnStandardInput),
            (Some(dash), Operand::Missing, Source::DocumentOnStandardInput),
            (Some(dash), Operand::StandardInput, Source::DocumentOnStandardInput),
            (Some(file), Operand::Named, Source::File(file.to_owned())),
            (Some(file), Operand::Missing, Source::File(file.to_owned())),
            (Some(file), Operand::StandardInput, Source::FileAndForeign(file.to_owned())),
        ];
        for (input, operand, expected) in cases {
            assert_eq!(source(input, operand), expected);
        }
    }

    fn outcome(text: &str, foreign_is_welcome: bool) -> String {
        match understand(text.as_bytes().to_vec(), foreign_is_welcome) {
            Ok(Input { document: Some(_), .. }) => "document".to_owned(),
            Ok(Input { foreign: Some(_), .. }) => "foreign".to_owned(),
            Ok(_) => "nothing".to_owned(),
            Err(error) => error.code(),
        }
    }

    #[test]
    fn foreign_input_is_kept_for_the_tool_only_where_it_is_welcome() {
        let ok = r#"{"schema":"deploy-aws-ecs/release/v1","ok":true}"#;
        let refused = r#"{"schema":"deploy-aws-ecs/release/v1","ok":false}"#;
        let other = r#"{"schema":"deploy-aws-ecs/release/v9","ok":true}"#;
        let cases = [
            (ok, true, "document"),
            (ok, false, "document"),
            (refused, true, "upstream.refused"),
            (refused, false, "upstream.refused"),
            (other, true, "input.other_version"),
            ("{\"Results\":[]}", true, "foreign"),
            ("{\"Results\":[]}", false, "input.not_a_release_document"),
            ("{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":tr", true, "foreign"),
            ("{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":tr", false, "input.truncated"),
            ("", true, "input.empty"),
            (" \n", false, "input.empty"),
        ];
        for (text, foreign_is_welcome, expected) in cases {
            assert_eq!(outcome(text, foreign_is_welcome), expected, "{text} {foreign_is_welcome}");
        }
    }
}

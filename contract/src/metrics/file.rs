//! The file that the metrics go into: looked at before the run, written in one step behind it.

use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::exposition::{self, Sample};
use super::labels::Labels;
use super::run::{self, Run};
use crate::exit::Exit;
use crate::fault::Fault;

/// More than any run writes.
const LONGEST: u64 = 16 << 20;

/// Why the metrics cannot be written.
#[derive(Debug, Error)]
pub(crate) enum MetricsError {
    /// There is something else in the file, or what another tool, or a run with other labels, has left.
    #[error("{} holds something else than metrics of this tool with these labels: it is left as it is", .0.display())]
    Foreign(PathBuf),
    /// It is a folder, a pipe, a device.
    #[error("{} is not a file that can be replaced", .0.display())]
    NoFile(PathBuf),
    /// It can be neither read nor written.
    #[error("the metrics cannot be written to {}: {cause}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

impl Fault for MetricsError {
    fn exit(&self) -> Exit {
        match self {
            Self::Foreign(_) | Self::NoFile(_) => Exit::Usage,
            Self::Unwritable { .. } => Exit::World,
        }
    }

    fn code(&self) -> String {
        match self {
            Self::Foreign(_) => "metrics.foreign",
            Self::NoFile(_) => "metrics.no_file",
            Self::Unwritable { .. } => "metrics.unwritable",
        }
        .to_owned()
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Foreign(path) => {
                format!(
                    "name a file of its own for each tool and all labels, or look at it: head -n 3 {}",
                    path.display()
                )
            }
            Self::NoFile(_) => "name a file, for example --metrics scan-gate.prom".to_owned(),
            Self::Unwritable { path, .. } => format!("ls -ld {}", folder_of(path).display()),
        })
    }
}

/// A file that metrics will be written to. Dropped before, nothing is left of it.
#[derive(Debug)]
pub(crate) struct MetricsFile {
    path: PathBuf,
    /// A new file in the same folder, which takes its place. It has no `.prom` at its end, so that the textfile collector does not read it.
    next: PathBuf,
    labels: Labels,
    /// What is there of the run before.
    earlier: String,
}

impl MetricsFile {
    /// Looks whether the file can be written, and reads what the last run of `tool` with these labels has left there.
    pub(crate) fn open(path: &Path, labels: Labels, tool: &'static str) -> Result<Self, MetricsError> {
        let unwritable = |cause| MetricsError::Unwritable { path: path.to_owned(), cause };
        let (path, earlier) = match fs::canonicalize(path) {
            Ok(real) => {
                let earlier = earlier(&real, path)?;
                (real, earlier)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => (path.to_owned(), String::new()),
            Err(error) => return Err(unwritable(error)),
        };
        if !earlier.is_empty() && exposition::find(&earlier, &run::end_of(tool), &labels).is_none() {
            return Err(MetricsError::Foreign(path));
        }
        let name = path.file_name().ok_or_else(|| MetricsError::NoFile(path.clone()))?;
        let next = format!(".{}.{:016x}", name.to_string_lossy(), RandomState::new().build_hasher().finish());
        let next = folder_of(&path).join(next);
        let file = File::create_new(&next).map_err(unwritable)?;
        let opened = Self { path, next, labels, earlier };
        if let Ok(before) = fs::metadata(&opened.path) {
            file.set_permissions(before.permissions()).map_err(unwritable)?;
        }
        Ok(opened)
    }

    /// Puts the samples of the run, and those of its section, into the file's place. If the run found nothing out, those of the run before stay.
    pub(crate) fn write(self, run: &Run<'_>, section: Vec<Sample>) -> Result<(), MetricsError> {
        let last_success = exposition::find(&self.earlier, &run::success_of(run.tool), &self.labels);
        let mut text = exposition::render(&run.samples(last_success), &self.labels);
        if section.is_empty() {
            text.push_str(run::section_of(&self.earlier));
        } else {
            text.push_str(&exposition::render(&[run.of_section(), section].concat(), &self.labels));
        }
        text.push_str(exposition::END);
        let written = fs::write(&self.next, text).and_then(|()| fs::rename(&self.next, &self.path));
        written.map_err(|cause| MetricsError::Unwritable { path: self.path.clone(), cause })
    }
}

impl Drop for MetricsFile {
    fn drop(&mut self) {
        // Gone already if it has taken its place.
        let _ = fs::remove_file(&self.next);
    }
}

/// What is in the file; `typed` is how it was named.
fn earlier(path: &Path, typed: &Path) -> Result<String, MetricsError> {
    let unwritable = |cause| MetricsError::Unwritable { path: typed.to_owned(), cause };
    let metadata = fs::metadata(path).map_err(unwritable)?;
    if !metadata.is_file() {
        return Err(MetricsError::NoFile(typed.to_owned()));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes)).map_err(unwritable)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

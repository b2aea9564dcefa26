//! Waits for ECR's scan, and writes down what it found.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use contract::aws::{CallError, CallErrorKind};
use contract::{Digest, Session};
use tempfile::NamedTempFile;

use crate::aws::Ecr;
use crate::error::Error;
use crate::registry::Registry;
use crate::report::ScanPush;
use crate::scan::{PATIENCE_TO_BEGIN, PATIENCE_TO_END, ScanState, pause, read};
use crate::source::Image;

/// Waits until every platform of the image is scanned. The findings hang on those, not on the index.
///
/// # Errors
/// A scan ended without findings, did not begin, or does not end; or the file cannot be written.
pub(crate) async fn await_scan(
    registry: &Registry,
    image: &Image,
    file: FindingsFile,
    session: &Session,
) -> Result<Option<ScanPush>, Error> {
    let Some(ecr) = registry.ecr() else { return Ok(None) };
    let digests =
        if image.platform_digests.is_empty() { vec![image.digest.clone()] } else { image.platform_digests.clone() };
    let mut pages = Vec::new();
    for digest in &digests {
        pages.extend(findings(ecr, digest, session).await?);
    }
    let name = file.name.display().to_string();
    file.write(&pages)?;
    Ok(Some(ScanPush { file: name, digests }))
}

async fn findings(ecr: &Ecr, digest: &Digest, session: &Session) -> Result<Vec<Bytes>, Error> {
    let started = Instant::now();
    let mut said = String::new();
    for looks in 0.. {
        let status = match look(ecr, digest, None).await? {
            Some((page, ScanState::Finished, next)) => match rest(ecr, digest, page, next).await? {
                Some(pages) => return Ok(pages),
                // It began anew while its pages were read.
                None => Some("changing".to_owned()),
            },
            Some((_, ScanState::Failed { status, description }, _)) => {
                return Err(Error::ScanFailed {
                    repository: ecr.repository().clone(),
                    digest: digest.clone(),
                    status,
                    description,
                });
            }
            Some((_, ScanState::Unfinished(status), _)) => Some(status),
            None => None,
        };
        give_up(status.as_deref(), started.elapsed(), ecr, digest)?;
        let status = status.unwrap_or_else(|| "not begun".to_owned());
        if said != status {
            session.progress.event("scan", &format!("waiting for ECR's scan of {digest}: {status}"), &[]);
            said = status;
        }
        tokio::time::sleep(pause(looks)).await;
    }
    Ok(Vec::new())
}

fn give_up(status: Option<&str>, waited: Duration, ecr: &Ecr, digest: &Digest) -> Result<(), Error> {
    let (digest, seconds) = (digest.clone(), waited.as_secs());
    match status {
        None if waited > PATIENCE_TO_BEGIN => {
            Err(Error::ScanNotStarted { repository: ecr.repository().clone(), digest, seconds })
        }
        Some(status) if waited > PATIENCE_TO_END => {
            Err(Error::ScanUnfinished { digest, seconds, status: status.to_owned() })
        }
        _ => Ok(()),
    }
}

type Look = Option<(Bytes, ScanState, Option<String>)>;

async fn look(ecr: &Ecr, digest: &Digest, page: Option<String>) -> Result<Look, Error> {
    let Some(page) = ecr.findings(digest, page).await? else { return Ok(None) };
    let (state, next) = read(&page).map_err(|cause| CallError {
        operation: "ecr:DescribeImageScanFindings",
        code: None,
        message: format!("the answer is not understood: {cause}"),
        request_id: None,
        status: None,
        kind: CallErrorKind::Server,
    })?;
    Ok(Some((page, state, next)))
}

/// All pages; nothing if one of them is not there any more, or not of a scan that has ended: half of the findings look like all of them.
async fn rest(ecr: &Ecr, digest: &Digest, first: Bytes, mut next: Option<String>) -> Result<Option<Vec<Bytes>>, Error> {
    let mut pages = vec![first];
    while let Some(token) = next.take() {
        let Some((page, ScanState::Finished, following)) = look(ecr, digest, Some(token)).await? else {
            return Ok(None);
        };
        pages.push(page);
        next = following;
    }
    Ok(Some(pages))
}

/// Where the findings go: all or nothing, so that whoever reads the file finds what was found, or what was there before.
#[derive(Debug)]
pub(crate) struct FindingsFile {
    /// As it was named.
    name: PathBuf,
    /// Where it is, links followed.
    path: PathBuf,
    unfinished: NamedTempFile,
}

impl FindingsFile {
    /// Sees to it that the file can be written, before anything is done that it would be about.
    ///
    /// # Errors
    /// Its folder is not there or cannot be written, or it is no file.
    pub(crate) fn create(name: &Path) -> Result<Self, Error> {
        let unwritable = |cause| Error::Output { path: name.to_owned(), cause };
        let path = match fs::canonicalize(name) {
            Ok(path) if path.is_file() => path,
            Ok(_) => return Err(unwritable(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))),
            Err(_) if name == Path::new("-") => {
                let cause = "standard output is for the document";
                return Err(unwritable(io::Error::new(io::ErrorKind::InvalidInput, cause)));
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => name.to_owned(),
            Err(cause) => return Err(unwritable(cause)),
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let unfinished = NamedTempFile::new_in(folder).map_err(unwritable)?;
        Ok(Self { name: name.to_owned(), path, unfinished })
    }

    fn write(self, pages: &[Bytes]) -> Result<(), Error> {
        let Self { name, path, mut unfinished } = self;
        let mut write = || -> io::Result<()> {
            for page in pages {
                unfinished.write_all(page)?;
                unfinished.write_all(b"\n")?;
            }
            unfinished.flush()?;
            // A temporary file is for its owner alone; this one is for whoever may read the folder.
            unfinished.as_file().set_permissions(fs::Permissions::from_mode(0o644))
        };
        let written = write().and_then(|()| unfinished.persist(path).map(drop).map_err(|error| error.error));
        written.map_err(|cause| Error::Output { path: name, cause })
    }
}

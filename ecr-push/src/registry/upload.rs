//! One blob on its way into the registry: mounted, or sent, in as many attempts as it takes.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::Digest;
use contract::aws::{CallError, CallErrorKind};
use http::header::{CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::Either;

use super::Registry;
use super::body::{BlobBody, Feed, Meter, Watch};
use super::endpoint::Refused;
use super::operation::Operation;
use super::transport::{Answer, payload};
use crate::error::Error;
use crate::pace::attempts::Attempts;
use crate::source::Blob;

/// A blob of this size is worth the request that asks how much of it arrived.
const RESUMABLE: u64 = 64 << 20;

/// How a blob came into the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    /// Whether the registry took it from another repository.
    pub(crate) is_mounted: bool,
    /// How many attempts failed before.
    pub(crate) retries: u32,
    /// Bytes of the body that left, those of failed attempts included.
    pub(crate) bytes_sent: u64,
}

/// An upload that the registry began.
#[derive(Clone, Debug)]
struct Begun {
    /// Where its bytes go. What the address says beyond that is the registry's own business.
    location: String,
    /// How many bytes it has.
    from: u64,
}

/// What came of the wish to upload.
enum Start {
    Mounted,
    Begun(Begun),
}

pub(super) async fn upload(registry: &Arc<Registry>, blob: &Blob, watch: Watch) -> Result<Upload, Error> {
    let feed = Feed { blob: blob.clone(), remote: registry.remote.clone(), rate: registry.rate.clone(), watch };
    let (mut attempts, mut begun, mut bytes_sent) = (Attempts::default(), None, 0);
    loop {
        let meter = Meter::default();
        let sent = registry.upload_once(&feed, &meter, &mut begun).await;
        bytes_sent += meter.sent();
        if let Some(fault) = meter.take_fault() {
            return Err(fault);
        }
        let done = |is_mounted, retries| Ok(Upload { is_mounted, retries, bytes_sent });
        let refused = match sent {
            Ok(is_mounted) => return done(is_mounted, attempts.failed()),
            Err(refused) => refused,
        };
        let error = refused.failure.error.clone();
        if error.kind == CallErrorKind::Throttled {
            registry.queue.throttled();
        }
        if error.code.as_deref() == Some("NAME_UNKNOWN") {
            return Err(registry.repository_missing());
        }
        registry.endpoint.after(refused, &mut attempts).await?;
        let may_be_there = may_have_arrived(registry.endpoint.name(Operation::FinishUpload), &error);
        if may_be_there && registry.missing(std::slice::from_ref(&blob.digest)).await?.is_empty() {
            return done(false, attempts.failed());
        }
        begun = registry.resumed(blob, begun, &error).await;
    }
}

impl Registry {
    /// Whether it was mounted. `begun` is an upload that is to be gone on with, and then the one that was.
    async fn upload_once(&self, feed: &Feed, meter: &Meter, begun: &mut Option<Begun>) -> Result<bool, Refused> {
        let upload = match begun.take() {
            Some(upload) => upload,
            None => match self.start(&feed.blob).await? {
                Start::Mounted => return Ok(true),
                Start::Begun(upload) => upload,
            },
        };
        *begun = Some(upload.clone());
        let address = self.upload_address(&upload.location, Some(&feed.blob.digest))?;
        let mut request = Request::builder().method(Method::PUT).uri(address);
        request = request.header(CONTENT_TYPE, "application/octet-stream");
        if upload.from > 0 {
            request = request.header(CONTENT_RANGE, format!("{}-{}", upload.from, feed.blob.size.saturating_sub(1)));
        }
        let body = Either::Right(BlobBody::open(feed, upload.from, meter.clone()));
        self.endpoint.once(Operation::FinishUpload, request, body, meter, &[StatusCode::CREATED]).await?;
        Ok(false)
    }

    /// Begins an upload. A mount is tried where there is hope: if it is refused as it should be, the upload has begun all the same.
    async fn start(&self, blob: &Blob) -> Result<Start, Refused> {
        let from = match &self.remote {
            Some(remote) if remote.place().0 == self.host() => Some(remote.place().1.clone()),
            _ => self.mounts.source(&blob.digest, &self.endpoint.repository),
        };
        if let Some(from) = from {
            let query = format!("?mount={}&from={from}", blob.digest);
            match self.post(&query, &[StatusCode::ACCEPTED, StatusCode::CREATED]).await {
                Ok(answer) if answer.status == StatusCode::CREATED => return Ok(Start::Mounted),
                Ok(answer) => return self.begun(&answer),
                // Who may not read there may push here all the same.
                Err(refused) if refused.failure.error.status.is_some_and(is_refusal) => {}
                Err(refused) => return Err(refused),
            }
        }
        let answer = self.post("", &[StatusCode::ACCEPTED]).await?;
        self.begun(&answer)
    }

    async fn post(&self, query: &str, expected: &[StatusCode]) -> Result<Answer, Refused> {
        let operation = Operation::StartUpload;
        let request = self.endpoint.request(operation, Method::POST, &format!("blobs/uploads/{query}"))?;
        self.endpoint.once(operation, request, payload(b""), &Meter::default(), expected).await
    }

    fn begun(&self, answer: &Answer) -> Result<Start, Refused> {
        let no_address =
            || self.endpoint.misunderstood(Operation::StartUpload, "the answer does not say where to send the blob");
        let location = location(answer).ok_or_else(no_address)?;
        Ok(Start::Begun(Begun { location, from: 0 }))
    }

    /// Where a large upload goes on after its connection broke; nothing if it is to begin anew.
    async fn resumed(&self, blob: &Blob, begun: Option<Begun>, error: &CallError) -> Option<Begun> {
        let begun = begun.filter(|_| blob.size >= RESUMABLE)?;
        if let Some(from) = expected_byte(&error.message).filter(|from| *from > begun.from && *from < blob.size) {
            return Some(Begun { from, ..begun });
        }
        let is_cut = matches!(error.kind, CallErrorKind::Network | CallErrorKind::Timeout);
        let address = self.upload_address(&begun.location, None).ok().filter(|_| is_cut)?;
        let request = Request::builder().method(Method::GET).uri(address);
        let expected = [StatusCode::NO_CONTENT, StatusCode::ACCEPTED];
        let answer =
            self.endpoint.once(Operation::AskUpload, request, payload(b""), &Meter::default(), &expected).await.ok()?;
        let from = answer.header(RANGE.as_str()).and_then(next_byte)?;
        let location = location(&answer).unwrap_or(begun.location);
        (from > 1 && from < blob.size).then_some(Begun { location, from })
    }

    /// The address that the registry gave, with the digest behind it if the upload is to end there.
    fn upload_address(&self, given: &str, digest: Option<&Digest>) -> Result<Uri, CallError> {
        let joint = if given.contains('?') { '&' } else { '?' };
        let whole = digest.map_or_else(|| given.to_owned(), |digest| format!("{given}{joint}digest={digest}"));
        self.endpoint.origin.resolve(&whole).ok_or_else(|| {
            let message = format!("the blob is to go to another host, which does not get the token: {given}");
            self.endpoint.misunderstood(Operation::StartUpload, &message)
        })
    }

    fn repository_missing(&self) -> Error {
        Error::RepositoryMissing {
            repository: self.endpoint.repository.clone(),
            place: self.host().to_owned(),
            account: None,
            elsewhere: BTreeSet::new(),
        }
    }
}

/// Whether a status says no, and not that it is busy or broken.
fn is_refusal(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 408 | 429)
}

fn location(answer: &Answer) -> Option<String> {
    answer.headers.get(LOCATION)?.to_str().ok().map(str::to_owned)
}

/// The first byte that is missing, of a range such as `0-1023`. Source: OCI distribution specification, "Pushing a blob in chunks".
fn next_byte(range: &str) -> Option<u64> {
    let (first, last) = range.trim_start_matches("bytes=").split_once('-')?;
    let last: u64 = last.trim().parse().ok()?;
    (first.trim() == "0").then(|| last.checked_add(1)).flatten()
}

/// The byte that ECR wants, as it says when another one comes: `First byte of the layer part is 0 instead of 11304960`.
///
/// Source: apple/container, issue 1895.
fn expected_byte(message: &str) -> Option<u64> {
    let (_, behind) = message.split_once("instead of ")?;
    let digits = behind.find(|found: char| !found.is_ascii_digit()).unwrap_or(behind.len());
    behind[..digits].parse().ok()
}

/// Whether the blob may be there although its upload ended without a success: the answer may have been lost, not the work.
fn may_have_arrived(operation: &'static str, error: &CallError) -> bool {
    let unclear = matches!(error.kind, CallErrorKind::Network | CallErrorKind::Timeout | CallErrorKind::Server);
    error.operation == operation && unclear
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_tells_the_byte_that_is_missing() {
        for (range, expected) in [
            ("0-0", Some(1)),
            ("0-1023", Some(1024)),
            ("bytes=0-9", Some(10)),
            ("5-9", None),
            ("", None),
            ("0-x", None),
        ] {
            assert_eq!(next_byte(range), expected, "{range}");
        }
    }

    #[test]
    fn ecr_tells_the_byte_that_it_wants() {
        assert_eq!(expected_byte("First byte of the layer part is 0 instead of 11304960"), Some(11_304_960));
        assert_eq!(expected_byte("First byte of the layer part is 0 instead of 7."), Some(7));
        assert_eq!(expected_byte("instead of that"), None);
        assert_eq!(expected_byte("no"), None);
    }
}

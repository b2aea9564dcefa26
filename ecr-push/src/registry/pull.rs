//! Out of a registry: manifests as they are, and blobs as they come, taken up again where a connection was cut.
//!
//! Source: OCI distribution specification 1.1, pulling.

use bytes::{Buf, Bytes};
use contract::Digest;
use contract::aws::CallErrorKind;
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION, RANGE};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::endpoint::{Endpoint, Refused};
use super::operation::Operation;
use super::transport::{STANDSTILL, failure, refusal};
use crate::error::Error;
use crate::manifest::MEDIA_TYPES;
use crate::pace::attempts::{Attempts, Remedy};
use crate::reference::Reference;
use crate::source::RawManifest;

/// How often a registry may send a reader elsewhere.
const HOPS: usize = 5;

/// A repository that is read from.
#[derive(Debug)]
pub(crate) struct Remote(pub(super) Endpoint);

impl Remote {
    /// The registry's host and the repository, to mount from.
    pub(crate) fn place(&self) -> (&str, &crate::repository::Repository) {
        (self.0.origin.authority(), &self.0.repository)
    }

    /// A manifest or index, byte for byte.
    ///
    /// # Errors
    /// There is none of that name, it is not what its digest says, or a request failed.
    pub(crate) async fn manifest(&self, reference: &Reference) -> Result<RawManifest, Error> {
        let operation = Operation::ReadManifest;
        let path = format!("manifests/{reference}");
        let request = || Ok(self.0.request(operation, Method::GET, &path)?.header(ACCEPT, MEDIA_TYPES.join(", ")));
        let answer = self.0.ask(operation, request, b"", &[StatusCode::OK, StatusCode::NOT_FOUND]).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Err(Error::NotInRegistry {
                registry: self.0.origin.authority().to_owned(),
                name: self.name(reference),
            });
        }
        let media_type = answer.header(CONTENT_TYPE.as_str()).map(|text| text.split(';').next().unwrap_or(text).trim());
        let media_type = media_type.unwrap_or_default().to_owned();
        let manifest = RawManifest::new(media_type, answer.body.to_vec());
        match reference {
            Reference::Digest(expected) if *expected != manifest.digest => {
                let expected = expected.clone();
                Err(crate::source::SourceError::Content { expected, found: manifest.digest }.into())
            }
            _ => Ok(manifest),
        }
    }

    /// A blob that is small, such as a configuration. It is not checked.
    ///
    /// # Errors
    /// It is not there, or a request failed.
    pub(crate) async fn document(&self, digest: &Digest, size: u64) -> Result<Bytes, Error> {
        let mut stream = self.blob(digest, size);
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.into())
    }

    /// A blob, chunk by chunk.
    pub(crate) fn blob(&self, digest: &Digest, size: u64) -> BlobStream<'_> {
        BlobStream {
            remote: self,
            digest: digest.clone(),
            size,
            read: 0,
            skip: 0,
            body: None,
            attempts: Attempts::default(),
        }
    }

    fn name(&self, reference: &Reference) -> String {
        let joint = if reference.tag().is_some() { ':' } else { '@' };
        format!("{}{joint}{reference}", self.0.repository)
    }
}

/// A blob being read.
pub(crate) struct BlobStream<'a> {
    remote: &'a Remote,
    digest: Digest,
    size: u64,
    read: u64,
    /// What comes again before anything new does.
    skip: u64,
    body: Option<(Incoming, u32)>,
    attempts: Attempts,
}

impl BlobStream<'_> {
    /// The next bytes; nothing after the last ones. A connection that breaks is begun again where it broke.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while self.read < self.size {
            let read = match self.body.take() {
                None => self.open().await,
                Some((body, generation)) => self.read_from(body, generation).await,
            };
            match read {
                Ok(Some(chunk)) => return Ok(Some(chunk)),
                Ok(None) => {}
                Err(refused) => self.remote.0.after(refused, &mut self.attempts).await?,
            }
        }
        Ok(None)
    }

    async fn read_from(&mut self, mut body: Incoming, generation: u32) -> Result<Option<Bytes>, Refused> {
        let cut = |message: String| {
            let name = self.remote.0.name(Operation::ReadBlob);
            Endpoint::refused(failure(name, CallErrorKind::Network, message, Remedy::Wait(None)), generation)
        };
        let frame = tokio::time::timeout(STANDSTILL, body.frame()).await;
        let frame = frame.map_err(|_| cut(format!("no progress for {} seconds", STANDSTILL.as_secs())))?;
        let Some(frame) = frame else { return Err(cut("the blob ends too early".to_owned())) };
        let frame = frame.map_err(|cause| cut(cause.to_string()))?;
        self.body = Some((body, generation));
        let Ok(mut chunk) = frame.into_data() else { return Ok(None) };
        let again = usize::try_from(self.skip).unwrap_or(usize::MAX).min(chunk.len());
        chunk.advance(again);
        self.skip -= again as u64;
        chunk.truncate(usize::try_from(self.size - self.read).unwrap_or(usize::MAX));
        self.read += chunk.len() as u64;
        if chunk.is_empty() {
            return Ok(None);
        }
        // Whoever makes progress may fail again. What comes for the second time is none.
        self.attempts = Attempts::default();
        Ok(Some(chunk))
    }

    async fn open(&mut self) -> Result<Option<Bytes>, Refused> {
        let endpoint = &self.remote.0;
        let path = format!("/v2/{}/blobs/{}", endpoint.repository, self.digest);
        let mut address = endpoint.origin.resolve(&path);
        for _ in 0..HOPS {
            let misplaced = || endpoint.misunderstood(Operation::ReadBlob, "the blob is at an address that is none");
            let at = address.take().ok_or_else(misplaced)?;
            let is_own_host = endpoint.origin.resolve(&at.to_string()).is_some();
            let mut request = Request::builder().method(Method::GET).uri(at.clone());
            if self.read > 0 {
                request = request.header(RANGE, format!("bytes={}-", self.read));
            }
            let (response, generation) = endpoint.begin(Operation::ReadBlob, request, is_own_host).await?;
            if response.status().is_redirection() {
                address = redirected(&response, &at);
                continue;
            }
            return self.accept(response, generation).await.map(|()| None);
        }
        Err(endpoint.misunderstood(Operation::ReadBlob, "the registry sends us from address to address").into())
    }

    async fn accept(&mut self, response: Response<Incoming>, generation: u32) -> Result<(), Refused> {
        let endpoint = &self.remote.0;
        self.skip = match response.status() {
            // The registry begins at the front, asked or not.
            StatusCode::OK => self.read,
            StatusCode::PARTIAL_CONTENT => 0,
            _ => {
                let (head, body) = response.into_parts();
                let text = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
                let failure = refusal(endpoint.name(Operation::ReadBlob), head.status, &head.headers, &text);
                return Err(Endpoint::refused(failure, generation));
            }
        };
        endpoint.authorizer.works(generation);
        self.body = Some((response.into_body(), generation));
        Ok(())
    }
}

/// Where a registry keeps its blobs: a store, which gets no token of the registry's. From TLS it goes on with TLS only.
fn redirected(response: &Response<Incoming>, from: &Uri) -> Option<Uri> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    if location.starts_with('/') && !location.starts_with("//") {
        let (scheme, authority) = (from.scheme_str()?, from.authority()?);
        return format!("{scheme}://{authority}{location}").parse().ok();
    }
    let target: Uri = location.parse().ok()?;
    let is_safe = target.scheme_str() == Some("https")
        || (target.scheme_str() == Some("http") && from.scheme_str() == Some("http"));
    (is_safe && target.authority().is_some()).then_some(target)
}

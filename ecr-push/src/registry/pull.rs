//! Out of a registry: manifests as they are, and blobs as they come, taken up again where a connection was cut.
//!
//! Source: OCI distribution specification 1.1, pulling.

use bytes::{Buf, Bytes};
use contract::Digest;
use contract::aws::CallErrorKind;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, LOCATION, RANGE};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::endpoint::{Endpoint, Refused};
use super::operation::Operation;
use super::transport::{STANDSTILL, failure, read, refusal};
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
        let path = format!("manifests/{reference}");
        let accept = [(ACCEPT, MEDIA_TYPES.join(", "))];
        let mut attempts = Attempts::default();
        let (media_type, bytes) = loop {
            match self.document_at(&path, &accept).await {
                Ok(Some(document)) => break document,
                Ok(None) => {
                    let registry = self.0.origin.authority().to_owned();
                    return Err(Error::NotInRegistry { registry, name: self.name(reference) });
                }
                Err(refused) => self.0.after(refused, &mut attempts).await?,
            }
        };
        let manifest = RawManifest::new(media_type, bytes.to_vec());
        match reference {
            Reference::Digest(expected) if *expected != manifest.digest => {
                let expected = expected.clone();
                Err(crate::source::SourceError::Content { expected, found: manifest.digest }.into())
            }
            _ => Ok(manifest),
        }
    }

    /// A manifest's media type and bytes; nothing if there is none.
    async fn document_at(
        &self,
        path: &str,
        headers: &[(HeaderName, String)],
    ) -> Result<Option<(String, Bytes)>, Refused> {
        let operation = Operation::ReadManifest;
        let (response, generation) = self.open(operation, path, headers).await?;
        let (head, body) = response.into_parts();
        match head.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            _ => return Err(self.no(operation, head.status, &head.headers, body, generation).await),
        }
        self.0.authorizer.works(generation);
        let message = "the answer breaks off or is too long";
        let broken = || failure(self.0.name(operation), CallErrorKind::Network, message.to_owned(), Remedy::Wait(None));
        let bytes = read(body).await.ok_or_else(|| Endpoint::refused(broken(), generation))?;
        let media_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
        Ok(Some((media_type, bytes)))
    }

    /// Asks for what lies below the repository, and follows where the registry sends us: what opens it stays with its own host.
    async fn open(
        &self,
        operation: Operation,
        path: &str,
        headers: &[(HeaderName, String)],
    ) -> Result<(Response<Incoming>, u32), Refused> {
        let endpoint = &self.0;
        let mut address = endpoint.origin.resolve(&format!("/v2/{}/{path}", endpoint.repository));
        for _ in 0..HOPS {
            let misplaced = || endpoint.misunderstood(operation, "the registry sends us to an address that is none");
            let at = address.take().ok_or_else(misplaced)?;
            let is_own_host = endpoint.origin.resolve(&at.to_string()).is_some();
            let request = Request::builder().method(Method::GET).uri(at.clone());
            let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
            let (response, generation) = endpoint.begin(operation, request, is_own_host).await?;
            if !response.status().is_redirection() {
                return Ok((response, generation));
            }
            address = redirected(&response, &at);
        }
        Err(endpoint.misunderstood(operation, "the registry sends us from address to address").into())
    }

    /// A refusal, in the registry's own words.
    async fn no(
        &self,
        operation: Operation,
        status: StatusCode,
        headers: &HeaderMap,
        body: Incoming,
        generation: u32,
    ) -> Refused {
        let text = read(body).await.unwrap_or_default();
        Endpoint::refused(refusal(self.0.name(operation), status, headers, &text), generation)
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
        let range = (self.read > 0).then(|| (RANGE, format!("bytes={}-", self.read)));
        let path = format!("blobs/{}", self.digest);
        let (response, generation) = self.remote.open(Operation::ReadBlob, &path, range.as_slice()).await?;
        let (head, body) = response.into_parts();
        self.skip = match head.status {
            // The registry begins at the front, asked or not.
            StatusCode::OK => self.read,
            StatusCode::PARTIAL_CONTENT => 0,
            status => return Err(self.remote.no(Operation::ReadBlob, status, &head.headers, body, generation).await),
        };
        self.remote.0.authorizer.works(generation);
        self.body = Some((body, generation));
        Ok(None)
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

//! The only file, with those in its folder, that talks HTTP to the registry: model types in and out, no decisions.
//!
//! Source: OCI distribution specification 1.1, pushing; for ECR's ways: Amazon ECR user guide.

mod body;
#[cfg_attr(not(test), expect(dead_code, reason = "no registry but ECR's is pushed to so far"))]
mod challenge;
mod transport;

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};

use contract::aws::{CallError, CallErrorKind};
use contract::{Digest, Session};
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http::request::Builder;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::Either;
use tokio::sync::Mutex;

pub(crate) use self::body::Watch;
use self::body::{BlobBody, Meter};
use self::transport::{Answer, Failure, Origin, Payload, Transport, payload};
use crate::attempts::{Attempts, Next, Remedy};
use crate::aws::{Authorization, Ecr, FINISH_UPLOAD, LOOK_UP, PUT_MANIFEST, START_UPLOAD};
use crate::error::Error;
use crate::manifest::MEDIA_TYPES;
use crate::reference::{Pointer, Reference};
use crate::repository::Repository;
use crate::source::{Blob, RawManifest};

/// One repository in ECR's registry.
#[derive(Debug)]
pub struct Registry {
    ecr: Ecr,
    transport: Transport,
    repository: Repository,
    token: Mutex<Token>,
}

/// The token, and whether it is still the one that the run began with.
#[derive(Clone)]
struct Token {
    text: String,
    is_first: bool,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Token").field("is_first", &self.is_first).finish_non_exhaustive()
    }
}

/// How a blob was uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    /// How many attempts failed before.
    pub retries: u32,
    /// Bytes of the body that left, those of failed attempts included.
    pub bytes_sent: u64,
}

impl Registry {
    /// Fetches a token and finds the registry that it opens.
    ///
    /// # Errors
    /// The call failed, or there is no certificate to trust.
    pub async fn connect(ecr: Ecr, repository: &Repository, session: &Session) -> Result<Self, Error> {
        let Authorization { token, endpoint } = ecr.authorize().await?;
        let origin = Origin::of_endpoint(&endpoint).ok_or(Error::Endpoint(endpoint))?;
        let user_agent = format!("{}/{}", session.tool, session.version);
        let transport = Transport::new(origin, &user_agent).map_err(Error::Certificates)?;
        let token = Mutex::new(Token { text: token, is_first: true });
        Ok(Self { ecr, transport, repository: repository.clone(), token })
    }

    /// The registry's host, with its port if it has one.
    #[must_use]
    pub fn host(&self) -> &str {
        self.transport.origin().authority()
    }

    /// Where references point now.
    ///
    /// # Errors
    /// A request failed.
    pub async fn look_up(&self, references: Vec<Reference>) -> Result<Vec<Pointer>, Error> {
        let mut pointers = Vec::with_capacity(references.len());
        for reference in references {
            let digest = self.digest_of(&reference).await?;
            pointers.push(Pointer { reference, digest });
        }
        Ok(pointers)
    }

    /// The digest of the manifest that a reference names; `None` if there is none.
    ///
    /// # Errors
    /// The request failed, or the answer does not say the digest.
    pub async fn digest_of(&self, reference: &Reference) -> Result<Option<Digest>, Error> {
        let expected = [StatusCode::OK, StatusCode::NOT_FOUND];
        let mut attempts = Attempts::default();
        let answer = loop {
            let request = self.request(Method::HEAD, &self.manifest_path(reference), LOOK_UP)?;
            let request = request.header(ACCEPT, MEDIA_TYPES.join(", "));
            match self.once(LOOK_UP, request, payload(b""), &Meter::default(), &expected).await {
                Ok(answer) => break answer,
                Err(refused) => self.after(refused, &mut attempts).await?,
            }
        };
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let digest = answer.header("docker-content-digest").and_then(|text| text.parse().ok());
        digest.map(Some).ok_or_else(|| misunderstood(LOOK_UP, "the answer does not say the manifest's digest").into())
    }

    /// Which blobs the repository does not have.
    ///
    /// # Errors
    /// The repository does not exist, or a call failed.
    pub async fn missing(&self, blobs: &[Blob]) -> Result<BTreeSet<Digest>, Error> {
        self.ecr.missing(blobs).await
    }

    /// Uploads a blob. Each attempt is a new upload: ECR keeps what came of an old one, and takes no byte of it twice.
    ///
    /// # Errors
    /// All attempts failed, or the first in a way that no further one would mend.
    pub async fn upload(&self, blob: &Blob, watch: Watch) -> Result<Upload, Error> {
        let mut attempts = Attempts::default();
        let mut bytes_sent = 0;
        loop {
            let meter = Meter::default();
            let sent = self.upload_once(blob, &meter, &watch).await;
            bytes_sent += meter.sent();
            let retries = attempts.failed();
            let Err(failed) = sent else { return Ok(Upload { retries, bytes_sent }) };
            let may_have_arrived = may_have_arrived(&failed.error);
            self.after(failed, &mut attempts).await?;
            if may_have_arrived && self.missing(std::slice::from_ref(blob)).await?.is_empty() {
                return Ok(Upload { retries: attempts.failed(), bytes_sent });
            }
        }
    }

    /// Puts a manifest under a reference, as it is.
    ///
    /// # Errors
    /// The registry does not take it; [`Error::TagImmutable`] if the tag points at another image and stays there.
    pub async fn put(&self, manifest: &RawManifest, reference: &Reference) -> Result<(), Error> {
        let mut attempts = Attempts::default();
        loop {
            let request = self.request(Method::PUT, &self.manifest_path(reference), PUT_MANIFEST)?;
            let request = request.header(CONTENT_TYPE, &manifest.media_type);
            let body = payload(&manifest.bytes);
            let expected = [StatusCode::CREATED, StatusCode::OK];
            let put = self.once(PUT_MANIFEST, request, body, &Meter::default(), &expected).await;
            let Err(failed) = put else { return Ok(()) };
            if says_immutable(&failed.error) {
                return self.immutable(manifest, reference, failed.error).await;
            }
            self.after(failed, &mut attempts).await?;
        }
    }

    /// A tag that cannot be moved is fine if it points at the image: an attempt before, or someone else, put it there.
    async fn immutable(&self, manifest: &RawManifest, reference: &Reference, error: CallError) -> Result<(), Error> {
        match (self.digest_of(reference).await?, reference) {
            (Some(found), _) if found == manifest.digest => Ok(()),
            (Some(found), Reference::Tag(tag)) => {
                Err(Error::TagImmutable { tag: tag.clone(), found, expected: manifest.digest.clone() })
            }
            _ => Err(error.into()),
        }
    }

    async fn upload_once(&self, blob: &Blob, meter: &Meter, watch: &Watch) -> Result<(), Failure> {
        let start = format!("/v2/{}/blobs/uploads/", self.repository);
        let request = self.request(Method::POST, &start, START_UPLOAD)?;
        let begun = self.once(START_UPLOAD, request, payload(b""), &Meter::default(), &[StatusCode::ACCEPTED]).await?;
        let address = self.upload_address(&begun, &blob.digest)?;
        let request = Request::builder().method(Method::PUT).uri(address);
        let request = request.header(CONTENT_TYPE, "application/octet-stream");
        let body = Either::Right(BlobBody::open(blob, meter.clone(), watch.clone()));
        self.once(FINISH_UPLOAD, request, body, meter, &[StatusCode::CREATED]).await?;
        Ok(())
    }

    /// The address that the registry gave, and the digest behind it. What it says beyond that is the registry's own business.
    fn upload_address(&self, begun: &Answer, digest: &Digest) -> Result<Uri, Failure> {
        let location = begun.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        let given =
            location.ok_or_else(|| misunderstood(START_UPLOAD, "the answer does not say where to send the blob"))?;
        let joint = if given.contains('?') { '&' } else { '?' };
        self.transport.origin().resolve(&format!("{given}{joint}digest={digest}")).ok_or_else(|| {
            misunderstood(
                START_UPLOAD,
                &format!("the blob is to go to another host, which does not get the token: {given}"),
            )
            .into()
        })
    }

    fn manifest_path(&self, reference: &Reference) -> String {
        format!("/v2/{}/manifests/{reference}", self.repository)
    }

    fn request(&self, method: Method, path: &str, operation: &'static str) -> Result<Builder, CallError> {
        let address = self.transport.origin().resolve(path);
        let address = address.ok_or_else(|| misunderstood(operation, &format!("`{path}` is no address")))?;
        Ok(Request::builder().method(method).uri(address))
    }

    async fn once(
        &self,
        operation: &'static str,
        request: Builder,
        body: Payload,
        meter: &Meter,
        expected: &[StatusCode],
    ) -> Result<Answer, Failure> {
        let Token { text, is_first } = self.token.lock().await.clone();
        let answer = self.transport.send(operation, request, &text, body, meter, expected).await;
        answer.map_err(|failure| Failure { token_is_first: is_first, ..failure })
    }

    /// Waits, or renews the token, or gives the failure back if nothing is left to try.
    async fn after(&self, failure: Failure, attempts: &mut Attempts) -> Result<(), Error> {
        match attempts.next(failure.remedy, chance()) {
            Next::After(pause) => tokio::time::sleep(pause).await,
            Next::WithNewToken if failure.token_is_first => self.renew_token().await?,
            Next::WithNewToken | Next::GiveUp => return Err(failure.error.into()),
        }
        Ok(())
    }

    /// Fetches the second token, unless another request did so already. There is no third one: if a token that is new is refused too, its age
    /// is not the reason.
    async fn renew_token(&self) -> Result<(), CallError> {
        let mut token = self.token.lock().await;
        if token.is_first {
            token.text = self.ecr.authorize().await?.token;
            token.is_first = false;
        }
        Ok(())
    }
}

/// Whether the blob may be there although its upload ended without a success: the answer may have been lost, not the work.
fn may_have_arrived(error: &CallError) -> bool {
    let unclear = matches!(error.kind, CallErrorKind::Network | CallErrorKind::Timeout | CallErrorKind::Server);
    error.operation == FINISH_UPLOAD && unclear
}

/// ECR's answer to a tag that cannot be moved. Source: OCI distribution specification, error codes; ECR's wording.
fn says_immutable(error: &CallError) -> bool {
    error.code.as_deref() == Some("TAG_INVALID") || error.message.contains("immutable")
}

fn misunderstood(operation: &'static str, message: &str) -> CallError {
    let message = message.to_owned();
    CallError { operation, code: None, message, request_id: None, status: None, kind: CallErrorKind::Server }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self { error, remedy: Remedy::None, token_is_first: false }
    }
}

/// A number from 0 to 1, another one each time: the standard library's own source of chance is enough to spread clients.
fn chance() -> f64 {
    let drawn = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(drawn >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

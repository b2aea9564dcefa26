//! The only file, with those in its folder, that talks HTTP to registries: model types in and out, no decisions.
//!
//! Source: OCI distribution specification 1.1; for ECR's ways: Amazon ECR user guide.

mod authorization;
mod body;
mod challenge;
mod daemon;
mod endpoint;
mod fetch;
mod mounts;
mod open;
mod operation;
mod origin;
mod proxy;
mod pull;
mod queue;
mod transport;
mod upload;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use contract::aws::CallError;
use contract::{Digest, Session};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, StatusCode};
use tokio::sync::OnceCell;

use self::authorization::Authorizer;
use self::body::{Meter, SharedRate};
use self::endpoint::{Endpoint, chance};
use self::mounts::Mounts;
use self::open::{foreign_account, open_registry, origin_of_ecr};
use self::operation::Operation;
use self::queue::Queue;
use self::transport::{Answer, Transport, payload};
use crate::aws::EcrHost;
use crate::aws::{Authorization, Ecr};
use crate::cli::Arguments;
use crate::error::Error;
use crate::image_name::RemoteImage;
use crate::manifest::MEDIA_TYPES;
use crate::pace::attempts::{Attempts, Next, Remedy};
use crate::pace::{Gates, Rate, Ticket};
use crate::reference::{Pointer, Reference};
use crate::report::RepositoryAction;
use crate::request::Request;
use crate::send::upload::side_by_side;
use crate::source::{Blob, RawManifest};

pub(crate) use self::body::{MEMORY_PER_STREAM, Watch};
pub(crate) use self::daemon::open as open_daemon;
pub(crate) use self::fetch::fetch;
pub(crate) use self::pull::Remote;
pub(crate) use self::upload::Upload;

/// How many small requests are under way at a time.
const QUESTIONS: usize = 16;

/// One repository in a registry, to which an image is pushed.
#[derive(Debug)]
pub struct Registry {
    endpoint: Endpoint,
    /// ECR's control plane, if the registry is ECR's.
    ecr: Option<Ecr>,
    /// Where the image comes from, if that is a registry.
    remote: Option<Arc<Remote>>,
    mounts: Mounts,
    queue: Queue,
    rate: SharedRate,
    /// What became of the repository, if it was not there.
    created: OnceCell<RepositoryAction>,
    dry_run: bool,
}

impl Registry {
    /// Finds the registry and what opens it: ECR's, unless another one is named.
    ///
    /// # Errors
    /// There are no credentials, no certificates to trust, or a call failed.
    pub(crate) async fn connect(arguments: &Arguments, request: &Request, session: &Session) -> Result<Self, Error> {
        let transport = Transport::new(&format!("{}/{}", session.tool, session.version), request.ca_file.as_deref())?;
        let host = request.registry.as_deref();
        let ecr_host = host.and_then(EcrHost::of);
        let (origin, authorizer, ecr, foreign_account) = match (host, ecr_host) {
            (Some(host), None) => {
                let (origin, authorizer) = open_registry(host, request, "pull,push").await?;
                (origin, authorizer, None, None)
            }
            (host, ecr_host) => {
                let mut ecr = Ecr::connect(arguments, request, ecr_host.clone(), session).await;
                let Authorization { token, endpoint } = ecr.authorize().await?;
                let (origin, foreign) = (origin_of_ecr(host, &endpoint)?, foreign_account(ecr_host, &endpoint));
                ecr.foreign_account.clone_from(&foreign);
                (origin, Authorizer::of_ecr(ecr.clone(), &token)?, Some(ecr), foreign)
            }
        };
        let endpoint = Endpoint {
            transport,
            origin,
            repository: request.repository.clone(),
            authorizer,
            is_ecr: ecr.is_some(),
            foreign_account,
            gates: Mutex::new(Gates::default()),
            progress: session.progress.clone(),
        };
        let rate = request.limit_rate.map(|rate| Arc::new(Mutex::new(Rate::new(rate.0))));
        let mounts = Mounts::new(request.cache.as_deref(), endpoint.origin.authority(), request.mount_from.clone());
        Ok(Self {
            endpoint,
            ecr,
            remote: None,
            mounts,
            queue: Queue::new(request.jobs.get()),
            rate,
            created: OnceCell::new(),
            dry_run: request.dry_run,
        })
    }

    /// Opens the repository that the image is copied from, with what opens ours if it is in the same registry.
    ///
    /// # Errors
    /// There are no credentials, or they cannot be read.
    pub(crate) async fn copy_from(
        &mut self,
        image: &RemoteImage,
        arguments: &Arguments,
        request: &Request,
        session: &Session,
    ) -> Result<Arc<Remote>, Error> {
        let own_ecr = self.ecr.as_ref().filter(|_| image.host == self.host());
        let mut foreign = None;
        let (origin, authorizer, is_ecr) = match (EcrHost::of(&image.host), own_ecr) {
            (None, None) => {
                let source = Request { repository: image.repository.clone(), ..request.clone() };
                let (origin, authorizer) = open_registry(&image.host, &source, "pull").await?;
                (origin, authorizer, false)
            }
            (_, Some(ecr)) => {
                let Authorization { token, .. } = ecr.authorize().await?;
                (self.endpoint.origin.clone(), Authorizer::of_ecr(ecr.clone(), &token)?, true)
            }
            (Some(host), None) => {
                let ecr = Ecr::connect(arguments, request, Some(host.clone()), session).await;
                let Authorization { token, endpoint } = ecr.authorize().await?;
                foreign = foreign_account(Some(host), &endpoint);
                (origin_of_ecr(Some(&image.host), &endpoint)?, Authorizer::of_ecr(ecr, &token)?, true)
            }
        };
        let remote = Arc::new(Remote(Endpoint {
            transport: self.endpoint.transport.clone(),
            origin,
            repository: image.repository.clone(),
            authorizer,
            is_ecr,
            foreign_account: foreign,
            gates: Mutex::new(Gates::default()),
            progress: session.progress.clone(),
        }));
        self.remote = Some(Arc::clone(&remote));
        Ok(remote)
    }

    /// The registry's host, with its port if it has one.
    #[must_use]
    pub fn host(&self) -> &str {
        self.endpoint.origin.authority()
    }

    /// What became of the repository.
    #[must_use]
    pub fn repository_action(&self) -> RepositoryAction {
        self.created.get().copied().unwrap_or(RepositoryAction::Exists)
    }

    /// ECR's control plane.
    pub(crate) fn ecr(&self) -> Option<&Ecr> {
        self.ecr.as_ref()
    }

    /// Notes that the repository has a blob now, for pushes to other repositories.
    pub(crate) fn remember(&self, digest: &Digest) {
        // Nothing but a hint is lost if it cannot be noted.
        let _ = self.mounts.note(digest, &self.endpoint.repository);
    }

    /// Where references point now.
    ///
    /// # Errors
    /// A request failed.
    pub async fn look_up(self: &Arc<Self>, references: Vec<Reference>) -> Result<Vec<Pointer>, Error> {
        let ask = |(place, reference): (usize, Reference)| {
            let registry = Arc::clone(self);
            async move {
                let digest = registry.digest_of(&reference).await?;
                Ok((place, Pointer { reference, digest }))
            }
        };
        let mut pointers = side_by_side(references.into_iter().enumerate(), QUESTIONS, ask).await?;
        pointers.sort_by_key(|(place, _)| *place);
        Ok(pointers.into_iter().map(|(_, pointer)| pointer).collect())
    }

    /// The digest of the manifest that a reference names; `None` if there is none.
    ///
    /// # Errors
    /// The request failed, or the answer does not say the digest.
    pub async fn digest_of(&self, reference: &Reference) -> Result<Option<Digest>, Error> {
        let answer = self.ask_manifest(Operation::LookUp, Method::HEAD, reference).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if let Some(digest) = answer.header("docker-content-digest").and_then(|text| text.parse().ok()) {
            return Ok(Some(digest));
        }
        // The specification asks registries to say the digest, and lets them keep it to themselves.
        let manifest = self.manifest(reference).await?;
        Ok(manifest.map(|bytes| RawManifest::new(String::new(), bytes).digest))
    }

    /// The same for a reference that was just put: a registry may not see at once what it was given.
    ///
    /// # Errors
    /// As with [`Self::digest_of`].
    pub(crate) async fn digest_after_put(&self, reference: &Reference) -> Result<Option<Digest>, Error> {
        let mut attempts = Attempts::default();
        loop {
            let found = self.digest_of(reference).await?;
            match (found, attempts.next(Remedy::Wait(None), chance())) {
                (None, Next::After(pause)) => tokio::time::sleep(pause).await,
                (found, _) => return Ok(found),
            }
        }
    }

    /// The manifest that a reference names, byte for byte; `None` if there is none.
    ///
    /// # Errors
    /// The request failed.
    pub(crate) async fn manifest(&self, reference: &Reference) -> Result<Option<Vec<u8>>, Error> {
        let answer = self.ask_manifest(Operation::ReadManifest, Method::GET, reference).await?;
        Ok((answer.status == StatusCode::OK).then(|| answer.body.to_vec()))
    }

    async fn ask_manifest(&self, operation: Operation, method: Method, reference: &Reference) -> Result<Answer, Error> {
        let path = format!("manifests/{reference}");
        let request = || {
            let request = self.endpoint.request(operation, method.clone(), &path)?;
            Ok(request.header(ACCEPT, MEDIA_TYPES.join(", ")))
        };
        self.endpoint.ask(operation, request, b"", &[StatusCode::OK, StatusCode::NOT_FOUND]).await
    }

    /// Which blobs the repository does not have. A repository that is not there is created if that was asked for.
    ///
    /// # Errors
    /// The repository does not exist, or a call failed.
    pub(crate) async fn missing(self: &Arc<Self>, digests: &[Digest]) -> Result<BTreeSet<Digest>, Error> {
        let Some(ecr) = &self.ecr else { return self.missing_here(digests).await };
        match ecr.missing(digests).await {
            Err(Error::RepositoryMissing { .. }) if ecr.is_to_create() => {
                let create = || async { if self.dry_run { Ok(RepositoryAction::Missing) } else { ecr.create().await } };
                self.created.get_or_try_init(create).await?;
                Ok(digests.iter().cloned().collect())
            }
            answered => answered,
        }
    }

    async fn missing_here(self: &Arc<Self>, digests: &[Digest]) -> Result<BTreeSet<Digest>, Error> {
        let ask = |digest: Digest| {
            let registry = Arc::clone(self);
            async move {
                let operation = Operation::CheckBlob;
                let path = format!("blobs/{digest}");
                let request = || registry.endpoint.request(operation, Method::HEAD, &path);
                // Who sends us to where the bytes are has looked whether there are any.
                let expected =
                    [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::TEMPORARY_REDIRECT, StatusCode::FOUND];
                let answer = registry.endpoint.ask(operation, request, b"", &expected).await?;
                Ok((answer.status == StatusCode::NOT_FOUND).then_some(digest))
            }
        };
        let missing = side_by_side(digests.iter().cloned(), QUESTIONS, ask).await?;
        Ok(missing.into_iter().flatten().collect())
    }

    /// Puts a manifest under a reference, as it is. Says whether the registry noted what the manifest is attached to.
    ///
    /// # Errors
    /// The registry does not take it; [`Error::TagImmutable`] if the tag points at another image and stays there.
    pub(crate) async fn put(&self, manifest: &RawManifest, reference: &Reference) -> Result<bool, Error> {
        let operation = Operation::PutManifest;
        let path = format!("manifests/{reference}");
        let mut attempts = Attempts::default();
        loop {
            let request = self.endpoint.request(operation, Method::PUT, &path)?;
            let request = request.header(CONTENT_TYPE, &manifest.media_type);
            let expected = [StatusCode::CREATED, StatusCode::OK, StatusCode::ACCEPTED];
            let body = payload(&manifest.bytes);
            match self.endpoint.once(operation, request, body, &Meter::default(), &expected).await {
                Ok(answer) => return Ok(answer.header("oci-subject").is_some()),
                Err(refused) if says_immutable(&refused.failure.error) => {
                    self.immutable(manifest, reference, refused.failure.error).await?;
                    return Ok(false);
                }
                Err(refused) => self.endpoint.after(refused, &mut attempts).await?,
            }
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

    /// Uploads a blob, if there is not too much under way already. Each attempt is a new upload: ECR keeps what came of an old one, and
    /// takes no byte of it twice. Only a large one is taken up where it broke, if the registry says where.
    ///
    /// # Errors
    /// All attempts failed, or the first in a way that no further one would mend.
    pub(crate) async fn upload(self: &Arc<Self>, blob: &Blob, ticket: Ticket, watch: Watch) -> Result<Upload, Error> {
        self.queue.begin(ticket).await;
        let uploaded = upload::upload(self, blob, watch).await;
        self.queue.end(uploaded.is_ok());
        uploaded
    }

    /// A place in the queue of uploads.
    pub(crate) fn queue(&self, blob: &Blob) -> Ticket {
        self.queue.ticket(blob.size)
    }
}

/// ECR's answer to a tag that cannot be moved. Source: OCI distribution specification, error codes; ECR's wording.
fn says_immutable(error: &CallError) -> bool {
    error.code.as_deref() == Some("TAG_INVALID") || error.message.contains("immutable")
}

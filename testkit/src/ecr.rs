//! ECR: repositories, images and layers, through both of its doors.
//!
//! The control plane speaks AWS JSON ([`Ecr::answer`]), the registry speaks OCI distribution under `/v2/`
//! ([`Ecr::registry`]). Both change the same repositories by the same rules; only the words of an error differ.
//! [`Quirks`] switches ECR's departures from the OCI specification, [`Ecr::bearer`] its way of opening the registry.
//!
//! Left out: replication, pull-through caches, creation templates, repository policies, archiving, scans of its own (a
//! test says what they find, [`Ecr::set_scans`]), `acceptedMediaTypes` of `BatchGetImage`, and the redirect to S3 that
//! ECR answers to the download of a blob.

mod account;
mod bearer;
pub(crate) mod digest;
mod error;
mod images;
mod layers;
mod manifest;
mod mutability;
mod page;
mod push;
mod quirks;
mod rate;
mod reference;
pub(crate) mod region;
mod registry;
mod repositories;
mod repository;
mod scan;
mod token;
mod upload;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ecr::bearer::Bearers;
use crate::ecr::rate::Rates;
use crate::ecr::region::Region;
use crate::ecr::repository::Repository;
use crate::ecr::token::Tokens;
use crate::ecr::upload::Upload;
use crate::image::Image;
use crate::wire::{Reply, Request, ServiceError};

pub use quirks::{Quirks, Words};
pub use registry::registry_operation;

/// The registry of the account: all repositories, and the tokens that open them.
#[derive(Debug, Default)]
pub struct Ecr {
    /// How the registry departs from the OCI specification; as ECR does, unless a test says otherwise.
    pub quirks: Quirks,
    /// Whether the registry opens to Bearer tokens of `/token`, as registries that are not ECR do, and to nothing else. The user and the
    /// password are `local`; who names none may pull.
    pub bearer: bool,
    repositories: BTreeMap<String, Repository>,
    uploads: BTreeMap<String, Upload>,
    uploads_started: u64,
    tokens: Tokens,
    bearers: Bearers,
    rates: Rates,
    blob_mounting: bool,
    region: Region,
    elsewhere: BTreeMap<String, Self>,
}

impl Ecr {
    /// Answers one operation of the control plane. `endpoint` is the address that a token's `proxyEndpoint` names.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(
        &mut self,
        operation: &str,
        input: &Value,
        endpoint: &str,
        now: Timestamp,
    ) -> Result<Value, ServiceError> {
        if self.quirks.rate_limits && !self.rates.admit(operation, now) {
            return Err(ServiceError::bad_request("ThrottlingException", "Rate exceeded"));
        }
        self.refuse_foreign_account(operation, input)?;
        match operation {
            "GetAuthorizationToken" => Ok(self.issue_tokens(input, endpoint, now)),
            "PutAccountSetting" => account::put_setting(self, input),
            "GetAccountSetting" => account::get_setting(self, input),
            "CreateRepository" => repositories::create(self, input, endpoint, now),
            "DescribeRepositories" => repositories::describe(self, input, endpoint),
            "DeleteRepository" => repositories::delete(self, input, endpoint),
            "PutLifecyclePolicy" => repositories::put_lifecycle_policy(self, input),
            "GetLifecyclePolicy" => repositories::get_lifecycle_policy(self, input),
            "PutImageScanningConfiguration" => repositories::put_scanning_configuration(self, input),
            "PutImageTagMutability" => repositories::put_mutability(self, input),
            "TagResource" => repositories::tag(self, input),
            "UntagResource" => repositories::untag(self, input),
            "ListTagsForResource" => repositories::list_tags(self, input),
            "GetDownloadUrlForLayer" => layers::download_url(self, input, endpoint),
            "BatchCheckLayerAvailability" => layers::check_availability(self, input),
            "InitiateLayerUpload" => layers::initiate(self, input),
            "UploadLayerPart" => layers::upload_part(self, input),
            "CompleteLayerUpload" => layers::complete(self, input, now),
            "DescribeImages" => images::describe(self, input),
            "ListImages" => images::list(self, input),
            "BatchGetImage" => images::batch_get(self, input),
            "BatchDeleteImage" => images::batch_delete(self, input),
            "PutImage" => images::put(self, input, now),
            "DescribeImageScanFindings" => scan::describe_findings(self, input),
            _ => Err(crate::world::unknown_operation(operation)),
        }
    }

    /// Answers one request to the registry.
    ///
    /// # Errors
    /// None: a refusal is a reply too, for it carries headers of its own.
    pub fn registry(&mut self, operation: &str, request: &Request, now: Timestamp) -> Result<Reply, ServiceError> {
        Ok(registry::answer(self, operation, request, now))
    }

    /// A connection was cut in the middle of a request's body: what came of an upload before is kept.
    pub(crate) fn cut_off(&mut self, request: &Request) {
        registry::cut_off(self, request);
    }

    /// Ends every token issued so far, as if its time were over: 12 hours, or a minute for a Bearer token.
    pub fn expire_tokens(&mut self) {
        self.tokens.expire();
        self.bearers.expire();
    }

    /// One for each of `registryIds`, else one for the account's own registry. All are at the same address here.
    fn issue_tokens(&mut self, input: &Value, endpoint: &str, now: Timestamp) -> Value {
        let count = input["registryIds"].as_array().map_or(1, Vec::len);
        let issued = std::iter::repeat_with(|| self.tokens.issue(now)).take(count);
        let data = issued.map(|(token, expires_at)| {
            json!({
                "authorizationToken": STANDARD.encode(format!("AWS:{token}")),
                "expiresAt": expires_at.as_second(),
                "proxyEndpoint": endpoint,
            })
        });
        json!({ "authorizationData": data.collect::<Vec<_>>() })
    }

    /// Puts a whole image into a repository, as if it had been pushed.
    ///
    /// # Errors
    /// The service's own error.
    pub fn hold(&mut self, repository: &str, image: &Image, tag: &str, now: Timestamp) -> Result<(), ServiceError> {
        for (digest, bytes) in image.blobs() {
            self.repository_mut(repository)?.store_blob(&digest, bytes, now);
        }
        let manifest = String::from_utf8_lossy(&image.manifest);
        let put = json!({ "repositoryName": repository, "imageTag": tag, "imageManifest": manifest });
        images::put(self, &put, now).map(|_| ())
    }

    /// What the address that `GetDownloadUrlForLayer` gives leads to.
    pub(crate) fn blob(&self, repository: &str, digest: &str) -> Option<Bytes> {
        Some(self.repositories.get(repository)?.blobs.get(digest)?.bytes.clone())
    }

    fn start_upload(&mut self, repository: &str) -> String {
        self.uploads_started += 1;
        let id = format!("10ca1000-0000-4000-8000-{:012x}", self.uploads_started);
        self.uploads.insert(id.clone(), Upload::new(repository));
        id
    }

    fn repository(&self, name: &str) -> Result<&Repository, ServiceError> {
        self.repositories.get(name).ok_or_else(|| error::repository_not_found(name))
    }

    fn repository_mut(&mut self, name: &str) -> Result<&mut Repository, ServiceError> {
        self.repositories.get_mut(name).ok_or_else(|| error::repository_not_found(name))
    }

    /// The repository that `repositoryName` names.
    fn repository_of(&self, input: &Value) -> Result<&Repository, ServiceError> {
        self.repository(input["repositoryName"].as_str().unwrap_or_default())
    }

    fn repository_of_mut(&mut self, input: &Value) -> Result<&mut Repository, ServiceError> {
        self.repository_mut(input["repositoryName"].as_str().unwrap_or_default())
    }
}

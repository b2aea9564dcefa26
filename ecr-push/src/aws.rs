//! The only file, with those in its folder, that talks to ECR's control plane: model types in and out, errors mapped once, no decisions.

mod creation;
mod host;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use aws_sdk_ecr::Client;
use aws_sdk_ecr::config::Region;
use aws_sdk_ecr::error::SdkError;
use aws_sdk_ecr::operation::batch_check_layer_availability::BatchCheckLayerAvailabilityError;
use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsError;
use aws_sdk_ecr::types::{ImageIdentifier, LayerAvailability};
use bytes::Bytes;
use contract::aws::{CallError, CallErrorKind, CallLog, Hopeless, RawAnswer, configuration};
use contract::policy::Statement;
use contract::{Digest, Session};
use tokio::task::JoinSet;

pub(crate) use self::host::EcrHost;
use crate::cli::Arguments;
use crate::error::Error;
use crate::image_name::ImageName;
use crate::repository::Repository;
use crate::repository::settings::RepositorySettings;
use crate::request::Request;

/// So many digests can be asked for in one call. Source: ECR API reference, `BatchCheckLayerAvailability`.
const DIGESTS_PER_CALL: usize = 100;
/// So many findings come in one page. Source: ECR API reference, `DescribeImageScanFindings`.
const FINDINGS_PER_PAGE: i32 = 1000;
/// The largest layer: 52,000 MiB. Source: Amazon ECR user guide, service quotas.
pub(crate) const LARGEST_LAYER: u64 = 52_000 << 20;
/// How long other regions may take to say whether they have a repository.
const PATIENCE_ELSEWHERE: Duration = Duration::from_secs(5);

const GET_TOKEN: &str = "ecr:GetAuthorizationToken";
const CHECK_BLOBS: &str = "ecr:BatchCheckLayerAvailability";
const CREATE: &str = "ecr:CreateRepository";
const PUT_POLICY: &str = "ecr:PutLifecyclePolicy";
const TAG: &str = "ecr:TagResource";
const FINDINGS: &str = "ecr:DescribeImageScanFindings";
/// What enhanced scanning asks IAM for beside. Source: Amazon ECR user guide, IAM permissions for enhanced scanning.
const ENHANCED_FINDINGS: [&str; 2] = ["inspector2:ListCoverage", "inspector2:ListFindings"];
/// What ECR does with a key in the name of who creates a repository. Source: Amazon ECR user guide, encryption at rest, required IAM permissions.
const KMS: [&str; 3] = ["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"];
/// What the registry asks IAM for. Source: Amazon ECR user guide, IAM permissions for pushing an image.
const READ_MANIFEST: &str = "ecr:BatchGetImage";
const READ_BLOB: &str = "ecr:GetDownloadUrlForLayer";
const PUSH: [&str; 4] = ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"];

/// The regions that every account has. Source: AWS general reference, regions that need no opt-in.
const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// One repository's control plane.
#[derive(Clone, Debug)]
pub struct Ecr {
    client: Client,
    repository: Repository,
    /// Whose registry it is, if it was named.
    account: Option<String>,
    /// The same, if it is not our own.
    pub(crate) foreign_account: Option<String>,
    settings: Option<RepositorySettings>,
    /// Where a local AWS is: its registry is there too, whatever it says.
    local: Option<String>,
}

/// What opens the registry for twelve hours.
#[derive(Clone)]
pub struct Authorization {
    /// User and password as HTTP's Basic scheme wants them. A secret.
    pub token: String,
    /// Where the registry is, for example `https://123456789012.dkr.ecr.eu-central-1.amazonaws.com`.
    pub endpoint: String,
}

impl fmt::Debug for Authorization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Authorization").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// The permissions that a run needs.
#[must_use]
pub fn permissions(arguments: &Arguments) -> Vec<Statement> {
    let source = match ImageName::of(arguments.source.as_deref()) {
        Ok(ImageName::Registry(image)) => EcrHost::of(&image.host).map(|host| (host, image.repository)),
        _ => None,
    };
    let target = arguments.registry.registry.as_deref().map(EcrHost::of);
    let mut statements = Vec::new();
    if source.is_some() || !matches!(target, Some(None)) {
        statements.push(Statement::allow(&[GET_TOKEN], &["*".to_owned()]));
    }
    if !matches!(target, Some(None)) {
        let region = arguments.aws.region.clone().unwrap_or_else(|| "*".to_owned());
        let place = target.flatten().unwrap_or(EcrHost { account: "*".to_owned(), region });
        statements.push(Statement::allow(&target_actions(arguments), &[arn(&place, &arguments.repository)]));
        if let Some(key) = arguments.create.kms_key.as_deref().filter(|_| arguments.create.create) {
            let key = if key.starts_with("arn:") { key } else { "*" };
            statements.push(Statement::allow(&KMS, &[key.to_owned()]));
        }
        if arguments.wait_scan.is_some() {
            statements.push(Statement::allow(&ENHANCED_FINDINGS, &["*".to_owned()]));
        }
        if let Some(mount_from) = &arguments.transfer.mount_from {
            statements.push(Statement::allow(&[READ_BLOB], &[arn(&place, mount_from)]));
        }
    }
    if let Some((host, repository)) = source {
        statements.push(Statement::allow(&[READ_MANIFEST, READ_BLOB], &[arn(&host, &repository)]));
    }
    statements
}

fn arn(place: &EcrHost, repository: &Repository) -> String {
    format!("arn:aws:ecr:{}:{}:repository/{repository}", place.region, place.account)
}

fn target_actions(arguments: &Arguments) -> Vec<&'static str> {
    let mut actions = vec![READ_MANIFEST, CHECK_BLOBS];
    if arguments.change.dry_run {
        return actions;
    }
    actions.extend(PUSH);
    let create = &arguments.create;
    let wanted = [
        (create.create, CREATE),
        (create.lifecycle_policy.is_some(), PUT_POLICY),
        (!create.repository_tags.is_empty(), TAG),
        (arguments.wait_scan.is_some(), FINDINGS),
    ];
    actions.extend(wanted.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, action)| action));
    actions
}

impl Ecr {
    /// A client for the repository, in the registry that `host` names or in the account's own.
    pub(crate) async fn connect(
        arguments: &Arguments,
        request: &Request,
        host: Option<EcrHost>,
        session: &Session,
    ) -> Self {
        let mut place = arguments.aws.clone();
        let (account, region) = host.map(|host| (host.account, host.region)).unzip();
        place.region = region.or(place.region);
        let shared = configuration(&place, session).await;
        let config = aws_sdk_ecr::config::Builder::from(&shared).interceptor(CallLog::new(session));
        let local = shared.endpoint_url().filter(|endpoint| endpoint.starts_with("http://")).map(str::to_owned);
        Self {
            client: Client::from_conf(config.retry_classifier(Hopeless).build()),
            repository: request.repository.clone(),
            account,
            foreign_account: None,
            settings: request.create.clone(),
            local,
        }
    }

    /// The repository.
    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Whether the repository is to be created if it is not there.
    #[must_use]
    pub fn is_to_create(&self) -> bool {
        self.settings.is_some()
    }

    /// Fetches a token for the registry.
    ///
    /// # Errors
    /// The call failed, or its answer holds no token.
    pub async fn authorize(&self) -> Result<Authorization, CallError> {
        let call = self.client.get_authorization_token().send().await;
        let answer = call.map_err(|error| CallError::new(GET_TOKEN, &error))?;
        let authorization = answer.authorization_data().first().and_then(|data| {
            let endpoint = self.local.as_deref().or(data.proxy_endpoint())?.trim_end_matches('/').to_owned();
            let token = data.authorization_token()?.to_owned();
            Some(Authorization { token, endpoint })
        });
        authorization.ok_or_else(|| not_understood(GET_TOKEN, "the answer holds no token"))
    }

    /// Which of the blobs the repository does not have.
    ///
    /// # Errors
    /// The repository does not exist, or a call failed.
    pub async fn missing(&self, blobs: &[Digest]) -> Result<BTreeSet<Digest>, Error> {
        let mut missing: BTreeSet<Digest> = blobs.iter().cloned().collect();
        for group in blobs.chunks(DIGESTS_PER_CALL) {
            let digests = group.iter().map(ToString::to_string).collect();
            let call = self.client.batch_check_layer_availability().repository_name(self.repository.as_str());
            let call = call.set_registry_id(self.account.clone()).set_layer_digests(Some(digests));
            let answer = match call.send().await {
                Ok(answer) => answer,
                Err(error) if is_repository_missing(&error) => return Err(self.repository_missing().await),
                Err(error) => return Err(self.refused(CallError::new(CHECK_BLOBS, &error))),
            };
            let available = answer.layers().iter().filter(|layer| {
                // Anything but a clear yes is sent: the registry keeps what it has.
                layer.layer_availability() == Some(&LayerAvailability::Available)
            });
            for digest in available.filter_map(|layer| layer.layer_digest()?.parse::<Digest>().ok()) {
                missing.remove(&digest);
            }
        }
        Ok(missing)
    }

    fn refused(&self, cause: CallError) -> Error {
        Error::refused(cause, &self.repository, self.foreign_account.as_deref())
    }

    async fn repository_missing(&self) -> Error {
        let own = self.region().unwrap_or_default();
        // Whoever wants it created wants it here.
        let elsewhere = if self.is_to_create() { BTreeSet::new() } else { self.regions_that_have_it(&own).await };
        let place = match &self.account {
            Some(account) => format!("account {account}, {own}"),
            None => own,
        };
        Error::RepositoryMissing {
            repository: self.repository.clone(),
            place,
            account: self.account.clone(),
            elsewhere,
        }
    }

    fn region(&self) -> Option<String> {
        self.client.config().region().map(ToString::to_string)
    }

    /// Asks the other regions, for the most frequent reason of a missing repository is a wrong region. What cannot be asked does not have it.
    async fn regions_that_have_it(&self, own: &str) -> BTreeSet<String> {
        let mut asked = JoinSet::new();
        for region in REGIONS.into_iter().filter(|region| *region != own) {
            let config = self.client.config().to_builder().region(Region::from_static(region)).build();
            let call = Client::from_conf(config).describe_repositories().repository_names(self.repository.as_str());
            let call = call.set_registry_id(self.account.clone());
            asked.spawn(async move { call.send().await.is_ok().then(|| region.to_owned()) });
        }
        let mut found = BTreeSet::new();
        let collect = async {
            while let Some(answered) = asked.join_next().await {
                found.extend(answered.ok().flatten());
            }
        };
        // Those that did not answer in time are not waited for.
        let _ = tokio::time::timeout(PATIENCE_ELSEWHERE, collect).await;
        found
    }

    /// One page of what ECR's scan found, byte for byte; nothing if there is no scan.
    ///
    /// # Errors
    /// The call failed.
    pub async fn findings(&self, image: &Digest, page: Option<String>) -> Result<Option<Bytes>, Error> {
        let raw = RawAnswer::default();
        let call = self.client.describe_image_scan_findings().repository_name(self.repository.as_str());
        let call = call
            .set_registry_id(self.account.clone())
            .image_id(ImageIdentifier::builder().image_digest(image.as_str()).build())
            .max_results(FINDINGS_PER_PAGE)
            .set_next_token(page);
        match call.customize().interceptor(raw.clone()).send().await {
            Ok(_) => Ok(Some(raw.take().into())),
            Err(error) if is_scan_missing(&error) => Ok(None),
            Err(error) => Err(CallError::new(FINDINGS, &error).into()),
        }
    }
}

fn not_understood(operation: &'static str, message: &str) -> CallError {
    let message = message.to_owned();
    CallError { operation, code: None, message, request_id: None, status: None, kind: CallErrorKind::Server }
}

fn is_repository_missing<R>(error: &SdkError<BatchCheckLayerAvailabilityError, R>) -> bool {
    error.as_service_error().is_some_and(BatchCheckLayerAvailabilityError::is_repository_not_found_exception)
}

fn is_scan_missing<R>(error: &SdkError<DescribeImageScanFindingsError, R>) -> bool {
    error.as_service_error().is_some_and(DescribeImageScanFindingsError::is_scan_not_found_exception)
}

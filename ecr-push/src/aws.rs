//! The only file that talks to ECR's control plane: model types in and out, errors mapped once, no decisions.

use std::collections::BTreeSet;
use std::fmt;

use aws_sdk_ecr::Client;
use aws_sdk_ecr::error::SdkError;
use aws_sdk_ecr::operation::batch_check_layer_availability::BatchCheckLayerAvailabilityError;
use aws_sdk_ecr::types::LayerAvailability;
use contract::aws::{CallError, CallErrorKind, CallLog, configuration};
use contract::policy::Statement;
use contract::{Digest, Session};

use crate::cli::Arguments;
use crate::error::Error;
use crate::repository::Repository;
use crate::source::Blob;

/// So many digests can be asked for in one call. Source: ECR API reference, `BatchCheckLayerAvailability`.
const DIGESTS_PER_CALL: usize = 100;

const GET_TOKEN: &str = "ecr:GetAuthorizationToken";
const CHECK_BLOBS: &str = "ecr:BatchCheckLayerAvailability";
/// What the registry asks IAM for when a manifest is looked at. Source: Amazon ECR user guide, IAM permissions for pushing an image.
pub(crate) const LOOK_UP: &str = "ecr:BatchGetImage";
/// When an upload is begun.
pub(crate) const START_UPLOAD: &str = "ecr:InitiateLayerUpload";
/// When bytes arrive.
const UPLOAD_PART: &str = "ecr:UploadLayerPart";
/// When an upload is ended.
pub(crate) const FINISH_UPLOAD: &str = "ecr:CompleteLayerUpload";
/// When a manifest is put.
pub(crate) const PUT_MANIFEST: &str = "ecr:PutImage";

/// One repository's control plane.
#[derive(Clone, Debug)]
pub struct Ecr {
    client: Client,
    repository: Repository,
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
    let region = arguments.aws.region.as_deref().unwrap_or("*");
    let repository = [format!("arn:aws:ecr:{region}:*:repository/{}", arguments.repository)];
    let reading = [LOOK_UP, CHECK_BLOBS];
    let writing = [LOOK_UP, CHECK_BLOBS, START_UPLOAD, UPLOAD_PART, FINISH_UPLOAD, PUT_MANIFEST];
    let actions = if arguments.change.dry_run { &reading[..] } else { &writing };
    vec![Statement::allow(&[GET_TOKEN], &["*".to_owned()]), Statement::allow(actions, &repository)]
}

impl Ecr {
    /// A client for the repository that the arguments name.
    pub async fn connect(arguments: &Arguments, session: &Session) -> Self {
        let shared = configuration(&arguments.aws, session).await;
        let config = aws_sdk_ecr::config::Builder::from(&shared).interceptor(CallLog::new(session)).build();
        Self { client: Client::from_conf(config), repository: arguments.repository.clone() }
    }

    /// Fetches a token for the account's registry.
    ///
    /// # Errors
    /// The call failed, or its answer holds no token.
    pub async fn authorize(&self) -> Result<Authorization, CallError> {
        let call = self.client.get_authorization_token().send().await;
        let answer = call.map_err(|error| CallError::new(GET_TOKEN, &error))?;
        let authorization = answer.authorization_data().first().and_then(|data| {
            let (token, endpoint) = (data.authorization_token()?.to_owned(), data.proxy_endpoint()?.to_owned());
            Some(Authorization { token, endpoint })
        });
        authorization.ok_or_else(|| CallError {
            operation: GET_TOKEN,
            code: None,
            message: "the answer holds no token".to_owned(),
            request_id: None,
            status: None,
            kind: CallErrorKind::Server,
        })
    }

    /// Which of the blobs the repository does not have.
    ///
    /// # Errors
    /// The repository does not exist, or a call failed.
    pub async fn missing(&self, blobs: &[Blob]) -> Result<BTreeSet<Digest>, Error> {
        let mut missing: BTreeSet<Digest> = blobs.iter().map(|blob| blob.digest.clone()).collect();
        for group in blobs.chunks(DIGESTS_PER_CALL) {
            let digests = group.iter().map(|blob| blob.digest.to_string()).collect();
            let call = self.client.batch_check_layer_availability().repository_name(self.repository.as_str());
            let answer = call.set_layer_digests(Some(digests)).send().await.map_err(|error| {
                if is_repository_missing(&error) {
                    return Error::RepositoryMissing(self.repository.clone());
                }
                CallError::new(CHECK_BLOBS, &error).into()
            })?;
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
}

fn is_repository_missing<R>(error: &SdkError<BatchCheckLayerAvailabilityError, R>) -> bool {
    error.as_service_error().is_some_and(BatchCheckLayerAvailabilityError::is_repository_not_found_exception)
}

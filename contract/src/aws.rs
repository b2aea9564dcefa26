//! AWS clients: one way to find region and credentials, one set of timeouts and retries, one way to say what went wrong.

mod http;
pub mod models;
mod raw_answer;
mod role;
mod said_endpoints;
mod service;

use std::fmt;
use std::io;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{FinalizerInterceptorContextRef, InterceptorContext};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

pub use aws_types::SdkConfig;

pub use self::raw_answer::RawAnswer;
pub use self::role::assume_role;
use self::said_endpoints::with_said_endpoints;
pub use self::service::{Protocol, Service, ServiceModel};
use crate::arguments::AwsArguments;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::progress::Progress;
use crate::session::Session;

/// A connection that takes longer than this will not come.
const CONNECT: Duration = Duration::from_secs(5);
/// One attempt at one call.
const ATTEMPT: Duration = Duration::from_secs(30);
/// One call with all its attempts.
const CALL: Duration = Duration::from_mins(2);
/// Attempts at one call; the SDK waits between them with jitter, and longer when it is throttled.
const ATTEMPTS: u32 = 5;

/// Region, credentials, endpoint, timeouts, retries and user agent for every SDK client of a tool.
pub async fn configuration(arguments: &AwsArguments, session: &Session) -> SdkConfig {
    let client = http::client();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(CALL)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(client.clone())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
    if let Ok(name) = AppName::new(format!("{}-{}", session.tool, session.version)) {
        loader = loader.app_name(name);
    }
    if let Some(region) = &arguments.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &arguments.profile {
        // A profile that is named on the command line wins over keys in the environment, as it does for the AWS CLI.
        let region = arguments.region.clone().map(Region::new);
        let provider = ProviderConfig::without_region().with_http_client(client).with_region(region);
        let credentials = ProfileFileCredentialsProvider::builder().profile_name(profile).configure(&provider).build();
        loader = loader.profile_name(profile).credentials_provider(credentials);
    }
    if let Some(endpoint) = &arguments.endpoint_url {
        loader = loader.endpoint_url(endpoint);
    }
    with_said_endpoints(loader.load().await, arguments.endpoint_url.is_some())
}

/// A call to AWS that failed, in AWS's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The service and operation, `ecs:UpdateService`: also the name of the IAM action.
    pub operation: &'static str,
    /// AWS's code, for example `AccessDeniedException`; `None` if no answer was understood.
    pub code: Option<String>,
    /// AWS's message, or why there was no answer.
    pub message: String,
    /// The request id.
    pub request_id: Option<String>,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What kind of failure it is.
    pub kind: CallErrorKind,
}

/// The kinds of failure that a person acts on differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallErrorKind {
    /// No credentials, or none that are valid.
    Credentials,
    /// The credentials were valid once.
    Expired,
    /// The credentials do not allow the call.
    AccessDenied,
    /// No region is known.
    Region,
    /// AWS asked to slow down, and retries did not help.
    Throttled,
    /// AWS could not be reached.
    Network,
    /// The other side cannot show that it is who it should be.
    Tls,
    /// The proxy does not let us through.
    Proxy,
    /// An answer did not come in time: the work may have been done.
    Timeout,
    /// AWS refused the request for another reason.
    Refused,
    /// AWS failed.
    Server,
}

impl CallError {
    /// Reads an SDK's error.
    #[must_use]
    pub fn new<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let code = error.as_service_error().and_then(|error| error.code()).map(str::to_owned);
        let message = error.as_service_error().and_then(|error| error.message()).map(str::to_owned);
        let status = error.raw_response().map(|response| response.status().as_u16());
        let of_body = || error.as_service_error()?.meta().extra(service::REQUEST_ID);
        let request_id = error.request_id().or_else(of_body).map(str::to_owned);
        let message = message.unwrap_or_else(|| deepest_cause(error));
        let kind = kind(error, code.as_deref(), status, &message);
        Self { operation, code, message, request_id, status, kind }
    }

    fn service(&self) -> &'static str {
        self.operation.split(':').next().unwrap_or_default()
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(formatter, "{} failed: {code}: {}", self.operation, self.message),
            None => write!(formatter, "{} failed: {}", self.operation, self.message),
        }
    }
}

impl std::error::Error for CallError {}

impl Fault for CallError {
    fn exit(&self) -> Exit {
        match self.kind {
            CallErrorKind::Timeout => Exit::Unknown,
            _ => Exit::World,
        }
    }

    fn code(&self) -> String {
        let kind = match self.kind {
            CallErrorKind::Credentials => "credentials",
            CallErrorKind::Expired => "expired",
            CallErrorKind::AccessDenied => "access_denied",
            CallErrorKind::Region => "region",
            CallErrorKind::Throttled => "throttled",
            CallErrorKind::Network => "network",
            CallErrorKind::Tls => "tls",
            CallErrorKind::Proxy => "proxy",
            CallErrorKind::Timeout => "timeout",
            CallErrorKind::Refused => "refused",
            CallErrorKind::Server => "server",
        };
        // A registry need not be one of AWS's.
        let family = if self.service() == REGISTRY { REGISTRY } else { "aws" };
        format!("{family}.{kind}")
    }

    fn hint(&self) -> Option<String> {
        Some(match self.kind {
            CallErrorKind::Credentials if self.service() == REGISTRY => "docker login REGISTRY".to_owned(),
            CallErrorKind::AccessDenied if self.service() == REGISTRY => {
                "docker login REGISTRY, as someone who may push there".to_owned()
            }
            CallErrorKind::Expired => "aws sso login, or fetch new credentials by the means they came from".to_owned(),
            CallErrorKind::Tls => {
                "if a proxy or a private authority is meant to be there, name its certificate: SSL_CERT_FILE=FILE"
                    .to_owned()
            }
            CallErrorKind::Proxy => "look at HTTPS_PROXY and NO_PROXY".to_owned(),
            CallErrorKind::Credentials => {
                "aws sts get-caller-identity shows whose credentials are found, if any".to_owned()
            }
            CallErrorKind::AccessDenied => {
                format!("allow {} for this role; --iam-policy prints the least policy", self.operation)
            }
            CallErrorKind::Region => "name the region with --region or AWS_REGION".to_owned(),
            CallErrorKind::Throttled => "run it again later, or run fewer of these at the same time".to_owned(),
            CallErrorKind::Network if self.service() == REGISTRY => {
                "check the network, the proxy, and the registry's name and port".to_owned()
            }
            CallErrorKind::Network => {
                format!(
                    "check the network, the proxy and AWS_ENDPOINT_URL; the endpoint of {} was not reached",
                    self.service()
                )
            }
            CallErrorKind::Timeout => "look whether the work was done before running it again".to_owned(),
            CallErrorKind::Refused => return None,
            CallErrorKind::Server if self.service() == REGISTRY => "run it again".to_owned(),
            CallErrorKind::Server => "run it again; if it stays, look at health.aws.amazon.com".to_owned(),
        })
    }

    fn request_id(&self) -> Option<String> {
        self.request_id.clone()
    }
}

/// What is before the colon of a request to a registry that is not one of AWS's.
const REGISTRY: &str = "registry";

/// Codes by which AWS says that the caller is unknown, not that it may not. Source: common errors of the AWS APIs.
const CREDENTIAL_CODES: [&str; 7] = [
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];
const EXPIRED_CODES: [&str; 3] = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"];
const DENIED_CODES: [&str; 4] = ["AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation"];
const THROTTLE_CODES: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

fn kind<E>(error: &SdkError<E, HttpResponse>, code: Option<&str>, status: Option<u16>, message: &str) -> CallErrorKind
where
    E: std::error::Error + 'static,
{
    let is = |codes: &[&str]| code.is_some_and(|code| codes.contains(&code));
    match error {
        SdkError::TimeoutError(_) => CallErrorKind::Timeout,
        SdkError::DispatchFailure(_) if is_tls(error) => CallErrorKind::Tls,
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) if mentions(error, "redential") => {
            CallErrorKind::Credentials
        }
        SdkError::DispatchFailure(_) if message.contains("proxy") || message.contains("tunnel") => CallErrorKind::Proxy,
        SdkError::DispatchFailure(failure) if failure.is_timeout() || failure.is_io() => CallErrorKind::Network,
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) if message.contains("egion") => {
            CallErrorKind::Region
        }
        _ if is(&EXPIRED_CODES) => CallErrorKind::Expired,
        _ if is(&CREDENTIAL_CODES) => CallErrorKind::Credentials,
        _ if is(&DENIED_CODES) => CallErrorKind::AccessDenied,
        _ if is(&THROTTLE_CODES) || status == Some(429) => CallErrorKind::Throttled,
        _ if status == Some(403) => CallErrorKind::AccessDenied,
        SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => CallErrorKind::Network,
        _ if status.is_some_and(|status| status >= 500) => CallErrorKind::Server,
        _ => CallErrorKind::Refused,
    }
}

/// Whether the other side does not show who it is, or does not even speak TLS: somewhere in an error's chain of causes.
#[must_use]
pub fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |cause| beneath(*cause)).any(<dyn std::error::Error>::is::<rustls::Error>)
}

/// Whether an error or anything that it wraps says this word: where credentials are looked for, the deepest cause does not say what for.
fn mentions(error: &(dyn std::error::Error + 'static), word: &str) -> bool {
    std::iter::successors(Some(error), |cause| beneath(*cause)).any(|cause| cause.to_string().contains(word))
}

/// What an error wraps. An I/O error names the cause of that as its own, and not that itself.
#[must_use]
pub fn beneath<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// Spares an SDK client the attempts that cannot end better: who does not show who it is will not do so a second later.
#[derive(Clone, Copy, Debug)]
pub struct Hopeless;

impl ClassifyRetry for Hopeless {
    fn name(&self) -> &'static str {
        "Hopeless"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let failed = context.output_or_error().and_then(Result::err);
        match failed.and_then(OrchestratorError::as_connector_error) {
            Some(error) if is_tls(error) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }
}

/// The last message of an error's chain of causes: the one that names what happened.
fn deepest_cause(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    one_line(&deepest.to_string())
}

/// The SDK lists every place where it looked for credentials, a line each; the first line says it all.
fn one_line(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    first.trim_end_matches("Attempted:").trim_end().trim_end_matches('.').to_owned()
}

/// Says every attempt at a call with `--verbose`. Each SDK client of a tool carries one.
#[derive(Clone, Debug)]
pub struct CallLog(Progress);

impl CallLog {
    /// A log that speaks with the session's voice.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        Self(session.progress.clone())
    }
}

impl Intercept for CallLog {
    fn name(&self) -> &'static str {
        "CallLog"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = bag.load::<Metadata>() else {
            return Ok(());
        };
        let response = context.response();
        let status = response.map_or_else(|| "no answer".to_owned(), |response| response.status().as_u16().to_string());
        let id = response
            .and_then(|response| {
                response.headers().get("x-amzn-requestid").or_else(|| response.headers().get("x-amz-request-id"))
            })
            .unwrap_or("-");
        self.0.detail(
            "call",
            &format!("{}:{}: {status}, request id {id}", call.service().to_lowercase(), call.name()),
            &[],
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_found_however_deep_it_lies() {
        let tls = || io::Error::new(io::ErrorKind::InvalidData, rustls::Error::HandshakeNotComplete);
        assert!(is_tls(&tls()) && is_tls(&io::Error::other(tls())) && is_tls(&rustls::Error::HandshakeNotComplete));
        assert!(!is_tls(&io::Error::other("TLS")) && !is_tls(&io::Error::from(io::ErrorKind::ConnectionReset)));
    }
}

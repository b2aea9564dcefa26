//! The lock objects in S3.

use std::error::Error as StdError;
use std::io;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{Builder, http::HttpResponse};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use contract::Session;
use contract::arguments::AwsArguments;
use contract::aws::{CallError, CallErrorKind, CallLog, Hopeless};

use crate::decide::{DeleteOutcome, Found, PutOutcome};
use crate::lock_info::LockInfo;
use crate::state_address::StateAddress;

/// The lock objects.
#[derive(Debug)]
pub(crate) struct LockStore {
    reading: Client,
    /// Without the SDK's retries: a retry of a conditional write would meet the first attempt's own work and take it for another's.
    writing: Client,
}

impl LockStore {
    pub(crate) async fn connect(arguments: &AwsArguments, session: &Session) -> Self {
        let shared = contract::aws::configuration(arguments, session).await;
        // Who names an endpoint has no DNS names for buckets there.
        let own_endpoint = shared.endpoint_url().is_some();
        let builder = || {
            Builder::from(&shared)
                .force_path_style(own_endpoint)
                .interceptor(CallLog::new(session))
                .retry_classifier(Hopeless)
        };
        Self {
            reading: Client::from_conf(builder().build()),
            writing: Client::from_conf(builder().retry_config(RetryConfig::disabled()).build()),
        }
    }

    /// Writes the lock if there is none.
    pub(crate) async fn put(&self, state: &StateAddress, lock: &LockInfo) -> Result<PutOutcome, CallError> {
        let put = self.writing.put_object().bucket(state.bucket()).key(state.lock_key());
        let put = put.content_type("application/json").if_none_match("*");
        let error = match put.body(ByteStream::from(lock.to_bytes())).send().await {
            Ok(answer) => {
                return Ok(answer.e_tag.map_or(PutOutcome::Unclear, |etag| PutOutcome::Stored { etag }));
            }
            Err(error) => error,
        };
        match Refusal::of("s3:PutObject", &error) {
            Refusal::Condition => Ok(PutOutcome::Exists),
            Refusal::Conflict => Ok(PutOutcome::Conflict),
            Refusal::Unclear => Ok(PutOutcome::Unclear),
            Refusal::Missing(call) | Refusal::Other(call) => Err(call),
        }
    }

    /// Looks what lies there.
    pub(crate) async fn find(&self, state: &StateAddress) -> Result<Found, CallError> {
        const OPERATION: &str = "s3:GetObject";
        let get = self.reading.get_object().bucket(state.bucket()).key(state.lock_key());
        let answer = match get.send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(Found::Nothing),
            Err(error) => return Err(CallError::new(OPERATION, &error)),
        };
        let etag = answer.e_tag.unwrap_or_default();
        let bytes = answer.body.collect().await.map_err(|error| CallError {
            operation: OPERATION,
            code: None,
            message: format!("the answer broke off: {error}"),
            request_id: None,
            status: None,
            kind: CallErrorKind::Network,
        })?;
        Ok(match LockInfo::parse(&bytes.into_bytes()) {
            Ok(info) => Found::Lock { info, etag },
            Err(error) => Found::Garbage(error),
        })
    }

    /// Deletes exactly the object that has this `ETag`.
    pub(crate) async fn delete(&self, state: &StateAddress, etag: &str) -> Result<DeleteOutcome, CallError> {
        let delete = self.writing.delete_object().bucket(state.bucket());
        let Err(error) = delete.key(state.lock_key()).if_match(etag).send().await else {
            return Ok(DeleteOutcome::Deleted);
        };
        match Refusal::of("s3:DeleteObject", &error) {
            Refusal::Condition => Ok(DeleteOutcome::Differs),
            Refusal::Conflict => Ok(DeleteOutcome::Conflict),
            Refusal::Unclear => Ok(DeleteOutcome::Unclear),
            Refusal::Missing(_) => Ok(DeleteOutcome::Gone),
            Refusal::Other(call) => Err(call),
        }
    }
}

/// Why a conditional write did not succeed. Source: S3 user guide, `conditional-writes.html` and `conditional-deletes.html`.
enum Refusal {
    /// 412.
    Condition,
    /// 409 of the kind that may be tried again.
    Conflict,
    /// There is no such key.
    Missing(CallError),
    /// It may have been done.
    Unclear,
    /// Anything else: it was not done.
    Other(CallError),
}

impl Refusal {
    fn of<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let call = CallError::new(operation, error);
        match call.code.as_deref() {
            Some("PreconditionFailed") => Self::Condition,
            Some("ConditionalRequestConflict" | "OperationAborted") => Self::Conflict,
            Some("NoSuchKey") => Self::Missing(call),
            _ if is_unclear(call.kind) && !was_never_sent(error) => Self::Unclear,
            _ => Self::Other(call),
        }
    }
}

fn is_unclear(kind: CallErrorKind) -> bool {
    use CallErrorKind::{
        AccessDenied, Credentials, Expired, Network, Proxy, Refused, Region, Server, Throttled, Timeout, Tls,
    };
    match kind {
        Network | Server | Throttled | Timeout => true,
        AccessDenied | Credentials | Expired | Proxy | Refused | Region | Tls => false,
    }
}

/// Whether not even a connection was made.
fn was_never_sent(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        let unreachable = matches!(
            kind,
            Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable)
        );
        if unreachable || error.to_string() == "dns error" {
            return true;
        }
        cause = error.source();
    }
    false
}

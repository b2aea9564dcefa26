//! Why a conditional write did not succeed.

use std::error::Error as StdError;
use std::io;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use contract::aws::{CallError, CallErrorKind};

use super::objects::Written;

/// Why a conditional write did not succeed. Source: S3 user guide, `conditional-writes.html` and `conditional-deletes.html`.
pub(super) enum Refusal {
    /// 412.
    Condition,
    /// 409 of the kind that may be tried again.
    Conflict,
    /// There is no such key.
    Missing,
    /// It may have been done.
    Unclear(CallError),
    /// Anything else: it was not done.
    Other(CallError),
}

impl Refusal {
    pub(super) fn of<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let call = CallError::new(operation, error);
        match call.code.as_deref() {
            Some("PreconditionFailed") => Self::Condition,
            Some("ConditionalRequestConflict" | "OperationAborted") => Self::Conflict,
            Some("NoSuchKey") => Self::Missing,
            _ if is_unclear(call.kind) && !was_never_sent(error) => Self::Unclear(call),
            _ => Self::Other(call),
        }
    }

    pub(super) fn written(self) -> Result<Written, CallError> {
        match self {
            Self::Condition => Ok(Written::Differs),
            Self::Conflict => Ok(Written::Conflict),
            Self::Missing => Ok(Written::Missing),
            Self::Unclear(call) => Ok(Written::Unclear(Some(Box::new(call)))),
            Self::Other(call) => Err(call),
        }
    }
}

/// Whether there is no such key. A HEAD has no body that could say so.
pub(super) fn is_missing_key<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    matches!(error.code(), Some("NoSuchKey" | "NotFound" | "NoSuchVersion"))
}

/// The HTTP status, if there was an answer.
pub(super) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// Whether a request that failed like this may have been done.
pub(crate) fn is_unclear(kind: CallErrorKind) -> bool {
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

//! One request to the registry: where it goes, with which token, how long it may stand still, and what a refusal says.

use std::time::Duration;

use bytes::Bytes;
use contract::aws::{CallError, CallErrorKind};
use http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::request::Builder;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Deserialize;

use super::body::{BlobBody, Meter};
use crate::attempts::Remedy;

/// A connection that takes longer than this will not come.
const CONNECT: Duration = Duration::from_secs(5);
/// A request that makes no progress for this long will make none: neither does a byte leave nor an answer come.
const STANDSTILL: Duration = Duration::from_mins(1);
/// The longest answer that is read: an error in words.
const ANSWER_LIMIT: usize = 64 << 10;
/// The registry's words for content that it was given a moment ago and does not see yet, or for an upload that it lost.
///
/// Sources: OCI distribution specification, error codes; ECR API reference, `LayersNotFoundException`.
const NOT_SEEN_YET: [&str; 4] = ["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN"];

/// A body, or none.
pub(crate) type Payload = Either<Full<Bytes>, BlobBody>;

/// A body of bytes at hand.
pub(crate) fn payload(bytes: &[u8]) -> Payload {
    Either::Left(Full::new(Bytes::copy_from_slice(bytes)))
}

/// Why a request failed, and what may help.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: CallError,
    pub(crate) remedy: Remedy,
    /// Whether it was sent with the token that the run began with.
    pub(crate) token_is_first: bool,
}

/// An answer that is a success, or one of those statuses that the caller wants to see.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Connections to one registry, HTTP/1.1: each body has a connection to itself.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Payload>,
    origin: Origin,
    user_agent: HeaderValue,
}

/// Scheme and host: the only place that ever gets the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: String,
    authority: String,
}

impl Origin {
    /// Reads the registry's address. It is plain HTTP only if ECR itself says so, as a local one does.
    pub(crate) fn of_endpoint(endpoint: &str) -> Option<Self> {
        let uri: Uri = endpoint.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let known = matches!(scheme, "https" | "http") && !authority.as_str().contains('@');
        known.then(|| Self { scheme: scheme.to_owned(), authority: authority.to_string() })
    }

    /// The host, with its port if it has one.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// The address of a path, or of an address that the registry gave as long as it stays on the same host.
    pub(crate) fn resolve(&self, location: &str) -> Option<Uri> {
        if location.starts_with('/') && !location.starts_with("//") {
            return format!("{}://{}{location}", self.scheme, self.authority).parse().ok();
        }
        let same_host = Self::of_endpoint(location).as_ref() == Some(self);
        same_host.then(|| location.parse().ok()).flatten()
    }
}

impl Transport {
    pub(crate) fn new(origin: Origin, user_agent: &str) -> std::io::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .build(connector.wrap_connector(tcp));
        let user_agent = HeaderValue::from_str(user_agent).map_err(std::io::Error::other)?;
        Ok(Self { client, origin, user_agent })
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Sends one request once. `expected` are the statuses that are answers; all others are failures. `meter` watches the body.
    ///
    /// An answer that comes before the body is sent ends the body: what the registry says counts more than what was left to say.
    pub(crate) async fn send(
        &self,
        operation: &'static str,
        request: Builder,
        token: &str,
        body: Payload,
        meter: &Meter,
        expected: &[StatusCode],
    ) -> Result<Answer, Failure> {
        let mut authorization = HeaderValue::from_str(&format!("Basic {token}"))
            .map_err(|error| failure(operation, CallErrorKind::Server, error.to_string(), Remedy::None))?;
        authorization.set_sensitive(true);
        let request = request.header(AUTHORIZATION, authorization).header(USER_AGENT, self.user_agent.clone());
        let request = request
            .body(body)
            .map_err(|error| failure(operation, CallErrorKind::Server, error.to_string(), Remedy::None))?;
        let response = self.answered(operation, request, meter).await;
        meter.stop();
        let response = response?;
        let (head, body) = response.into_parts();
        let text = read(body).await;
        if expected.contains(&head.status) {
            return Ok(Answer { status: head.status, headers: head.headers });
        }
        Err(refusal(operation, head.status, &head.headers, &text))
    }

    async fn answered(
        &self,
        operation: &'static str,
        request: Request<Payload>,
        meter: &Meter,
    ) -> Result<Response<Incoming>, Failure> {
        let mut answer = self.client.request(request);
        let mut sent = meter.sent();
        loop {
            match tokio::time::timeout(STANDSTILL, &mut answer).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(error)) => return Err(lost(operation, error.is_connect(), &error)),
                Err(_) if meter.sent() > sent => sent = meter.sent(),
                Err(_) => {
                    let message = format!("no progress for {} seconds", STANDSTILL.as_secs());
                    return Err(failure(operation, CallErrorKind::Timeout, message, Remedy::Wait(None)));
                }
            }
        }
    }
}

/// The answer's text as far as it is needed; an answer that breaks off has said its status all the same.
async fn read(body: Incoming) -> Bytes {
    let text = Limited::new(body, ANSWER_LIMIT).collect();
    match tokio::time::timeout(STANDSTILL, text).await {
        Ok(Ok(text)) => text.to_bytes(),
        _ => Bytes::new(),
    }
}

fn failure(operation: &'static str, kind: CallErrorKind, message: String, remedy: Remedy) -> Failure {
    let error = CallError { operation, code: None, message, request_id: None, status: None, kind };
    Failure { error, remedy, token_is_first: true }
}

/// Nobody knows what became of a request whose answer is lost; one that found no connection did nothing.
fn lost(operation: &'static str, unconnected: bool, error: &dyn std::error::Error) -> Failure {
    let may_be_done = operation == crate::aws::PUT_MANIFEST && !unconnected;
    let kind = if may_be_done { CallErrorKind::Timeout } else { CallErrorKind::Network };
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    failure(operation, kind, deepest.to_string(), Remedy::Wait(None))
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<ErrorEntry>,
}

#[derive(Deserialize)]
struct ErrorEntry {
    code: Option<String>,
    message: Option<String>,
}

/// Reads a refusal in the registry's own words. Source: OCI distribution specification, error codes.
fn refusal(operation: &'static str, status: StatusCode, headers: &HeaderMap, text: &[u8]) -> Failure {
    let said = serde_json::from_slice::<Errors>(text).ok().and_then(|said| said.errors.into_iter().next());
    let (code, message) = said.map_or((None, None), |said| (said.code, said.message));
    let message = message.unwrap_or_else(|| format!("the registry answered {status}"));
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let request_id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id"));
    let (kind, remedy) = judge(status, code.as_deref(), &message, headers);
    let error = CallError { operation, code, message, request_id, status: Some(status.as_u16()), kind };
    Failure { error, remedy, token_is_first: true }
}

fn judge(status: StatusCode, code: Option<&str>, message: &str, headers: &HeaderMap) -> (CallErrorKind, Remedy) {
    let pause = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let wait = Remedy::Wait(pause.map(Duration::from_secs));
    let not_seen_yet = code.is_some_and(|code| NOT_SEEN_YET.contains(&code))
        || (message.contains(" with digests ") && message.contains("do not exist"));
    match status {
        StatusCode::UNAUTHORIZED => (CallErrorKind::Credentials, Remedy::RenewToken),
        StatusCode::FORBIDDEN => (CallErrorKind::AccessDenied, Remedy::RenewToken),
        StatusCode::TOO_MANY_REQUESTS => (CallErrorKind::Throttled, wait),
        StatusCode::REQUEST_TIMEOUT => (CallErrorKind::Network, wait),
        _ if status.is_server_error() => (CallErrorKind::Server, wait),
        _ if not_seen_yet => (CallErrorKind::Refused, wait),
        _ => (CallErrorKind::Refused, Remedy::None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_stays_on_the_registrys_own_host() {
        let origin = Origin::of_endpoint("https://1.dkr.ecr.eu-central-1.amazonaws.com").unwrap();
        let own = "https://1.dkr.ecr.eu-central-1.amazonaws.com/v2/web/blobs/uploads/7?_state=x%2Fy";
        assert_eq!(origin.resolve(own).unwrap().to_string(), own);
        assert_eq!(origin.resolve("/v2/web/blobs/uploads/7?_state=x%2Fy").unwrap().to_string(), own);
        for elsewhere in [
            "https://evil.example/v2/",
            "http://1.dkr.ecr.eu-central-1.amazonaws.com/v2/",
            "https://1.dkr.ecr.eu-central-1.amazonaws.com:8443/v2/",
            "https://1.dkr.ecr.eu-central-1.amazonaws.com@evil.example/v2/",
            "//evil.example/v2/",
            "ftp://x/",
            "uploads/7",
            "",
        ] {
            assert_eq!(origin.resolve(elsewhere), None, "{elsewhere}");
        }
    }

    fn judged(status: u16, text: &str, retry_after: Option<&str>) -> (CallErrorKind, Remedy) {
        let mut headers = HeaderMap::new();
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from_str(seconds).unwrap());
        }
        let failure = refusal("ecr:PutImage", StatusCode::from_u16(status).unwrap(), &headers, text.as_bytes());
        (failure.error.kind, failure.remedy)
    }

    #[test]
    fn a_refusal_says_what_may_help() {
        let error = |code: &str, message: &str| format!(r#"{{"errors":[{{"code":"{code}","message":"{message}"}}]}}"#);
        let lag = error("LAYERS_NOT_FOUND", "Layers with digests '[sha256:a]' do not exist");
        let seven = Some(Duration::from_secs(7));
        let cases = [
            (401, String::new(), None, CallErrorKind::Credentials, Remedy::RenewToken),
            (403, error("DENIED", "expired"), None, CallErrorKind::AccessDenied, Remedy::RenewToken),
            (429, error("TOOMANYREQUESTS", "Rate exceeded"), Some("7"), CallErrorKind::Throttled, Remedy::Wait(seven)),
            (429, String::new(), Some("Mon, 23 Nov"), CallErrorKind::Throttled, Remedy::Wait(None)),
            (500, "<html>".to_owned(), None, CallErrorKind::Server, Remedy::Wait(None)),
            (404, error("BLOB_UPLOAD_UNKNOWN", "x"), None, CallErrorKind::Refused, Remedy::Wait(None)),
            (400, lag, None, CallErrorKind::Refused, Remedy::Wait(None)),
            (400, error("TAG_INVALID", "x"), None, CallErrorKind::Refused, Remedy::None),
            (405, error("UNSUPPORTED", "too many layers"), None, CallErrorKind::Refused, Remedy::None),
        ];
        for (status, text, retry_after, kind, remedy) in cases {
            assert_eq!(judged(status, &text, retry_after), (kind, remedy), "{status} {text}");
        }
    }
}

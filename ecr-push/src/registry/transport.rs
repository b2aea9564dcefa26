//! One request over HTTP/1.1: how long it may stand still, and what a refusal says.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::aws::{CallError, CallErrorKind, beneath, is_tls};
use http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER, USER_AGENT, WWW_AUTHENTICATE};
use http::request::Builder;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;

use super::body::{BlobBody, Meter};
use super::operation::Operation;
use super::proxy::{Connector, ProxyError};
use crate::error::Error;
use crate::pace::attempts::Remedy;

/// A connection that takes longer than this will not come.
const CONNECT: Duration = Duration::from_secs(5);
/// A request that makes no progress for this long will make none: neither does a byte leave nor an answer come.
pub(super) const STANDSTILL: Duration = Duration::from_mins(1);
/// The longest answer that is read into memory: the largest manifest.
const ANSWER_LIMIT: usize = 4 << 20;
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
    /// What the registry wants to be shown.
    pub(crate) challenges: Vec<String>,
}

/// An answer that is a success, or one of those statuses that the caller wants to see.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A request, and how it is called if it fails.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) is_ecr: bool,
    pub(crate) request: Builder,
}

impl Call {
    pub(crate) fn name(&self) -> &'static str {
        self.operation.name(self.is_ecr)
    }
}

/// Connections, HTTP/1.1: each body has one to itself.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    client: Client<HttpsConnector<Connector>, Payload>,
    user_agent: HeaderValue,
    /// How long a request may stand still.
    patience: Duration,
}

impl Transport {
    /// `trusted` is a file of certificates that are trusted beside those of the system.
    ///
    /// # Errors
    /// The file cannot be read or holds no certificate.
    pub(crate) fn new(user_agent: &str, trusted: Option<&Path>) -> Result<Self, Error> {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.enforce_http(false);
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|cause| Error::Certificates(std::io::Error::other(cause)))?
            .with_root_certificates(roots(trusted)?)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .build(connector.wrap_connector(Connector::new(tcp)));
        let user_agent =
            HeaderValue::from_str(user_agent).map_err(|cause| Error::Certificates(std::io::Error::other(cause)))?;
        Ok(Self { client, user_agent, patience: STANDSTILL })
    }

    /// Sends one request once. `expected` are the statuses that are answers; all others are failures. `meter` watches the body.
    ///
    /// An answer that comes before the body is sent ends the body: what the registry says counts more than what was left to say.
    pub(crate) async fn send(
        &self,
        call: Call,
        authorization: Option<&HeaderValue>,
        body: Payload,
        meter: &Meter,
        expected: &[StatusCode],
    ) -> Result<Answer, Failure> {
        let (operation, is_ecr) = (call.operation, call.is_ecr);
        let response = self.begin(call, authorization, body, meter).await;
        meter.stop();
        let (head, body) = response?.into_parts();
        // An answer that breaks off has said its status; only one whose content counts is lost with it.
        let text = read(body).await;
        if !expected.contains(&head.status) {
            return Err(refusal(operation.name(is_ecr), head.status, &head.headers, &text.unwrap_or_default()));
        }
        match text {
            Some(body) => Ok(Answer { status: head.status, headers: head.headers, body }),
            None if matches!(operation, Operation::ReadManifest | Operation::GetToken) => {
                let message = "the answer breaks off".to_owned();
                Err(failure(operation.name(is_ecr), CallErrorKind::Network, message, Remedy::Wait(None)))
            }
            None => Ok(Answer { status: head.status, headers: head.headers, body: Bytes::new() }),
        }
    }

    /// Sends one request once, and leaves the answer's body to be read.
    pub(crate) async fn begin(
        &self,
        call: Call,
        authorization: Option<&HeaderValue>,
        body: Payload,
        meter: &Meter,
    ) -> Result<Response<Incoming>, Failure> {
        let (operation, name) = (call.operation, call.name());
        let mut request = call.request.header(USER_AGENT, self.user_agent.clone());
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request
            .body(body)
            .map_err(|error| failure(name, CallErrorKind::Server, error.to_string(), Remedy::None))?;
        let mut answer = self.client.request(request);
        let mut sent = meter.sent();
        loop {
            match tokio::time::timeout(self.patience, &mut answer).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(error)) => return Err(lost(operation, name, error.is_connect(), &error)),
                Err(_) if meter.sent() > sent => sent = meter.sent(),
                Err(_) => {
                    let message = format!("no progress for {} seconds", self.patience.as_secs());
                    // Only of a manifest does it matter that it may have been taken.
                    let may_be_done = operation == Operation::PutManifest;
                    let kind = if may_be_done { CallErrorKind::Timeout } else { CallErrorKind::Network };
                    return Err(failure(name, kind, message, Remedy::Wait(None)));
                }
            }
        }
    }
}

/// The certificates of the system, where `SSL_CERT_FILE` may name others, and those of the file.
fn roots(trusted: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let Some(path) = trusted else { return Ok(roots) };
    let refused = |cause: String| Error::TrustedFile { path: path.to_owned(), cause };
    let certificates = CertificateDer::pem_file_iter(path).map_err(|cause| refused(cause.to_string()))?;
    let mut count = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(|cause| refused(cause.to_string()))?;
        roots.add(certificate).map_err(|cause| refused(cause.to_string()))?;
        count += 1;
    }
    if count == 0 {
        return Err(refused("there is no certificate in it".to_owned()));
    }
    Ok(roots)
}

/// The answer's body as far as it is needed; nothing if it breaks off.
pub(super) async fn read(body: Incoming) -> Option<Bytes> {
    let text = Limited::new(body, ANSWER_LIMIT).collect();
    Some(tokio::time::timeout(STANDSTILL, text).await.ok()?.ok()?.to_bytes())
}

pub(super) fn failure(name: &'static str, kind: CallErrorKind, message: String, remedy: Remedy) -> Failure {
    let error = CallError { operation: name, code: None, message, request_id: None, status: None, kind };
    Failure { error, remedy, challenges: Vec::new() }
}

/// Nobody knows what became of a request whose answer is lost; one that found no connection did nothing.
fn lost(
    operation: Operation,
    name: &'static str,
    unconnected: bool,
    error: &(dyn std::error::Error + 'static),
) -> Failure {
    let mut deepest = error;
    let mut is_proxy = false;
    while let Some(cause) = beneath(deepest) {
        is_proxy |= cause.is::<ProxyError>();
        deepest = cause;
    }
    let (kind, remedy) = match operation {
        _ if unconnected && is_tls(error) => (CallErrorKind::Tls, Remedy::None),
        _ if is_proxy => (CallErrorKind::Proxy, Remedy::Wait(None)),
        Operation::PutManifest if !unconnected => (CallErrorKind::Timeout, Remedy::Wait(None)),
        _ => (CallErrorKind::Network, Remedy::Wait(None)),
    };
    let message = match deepest.downcast_ref() {
        Some(rustls::Error::InvalidMessage(_)) => {
            format!("what answers does not speak TLS; a registry without it is named by --plain-http: {deepest}")
        }
        _ => deepest.to_string(),
    };
    failure(name, kind, message, remedy)
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
pub(super) fn refusal(name: &'static str, status: StatusCode, headers: &HeaderMap, text: &[u8]) -> Failure {
    let said = serde_json::from_slice::<Errors>(text).ok().and_then(|said| said.errors.into_iter().next());
    let (code, message) = said.map_or((None, None), |said| (said.code, said.message));
    let message = message.unwrap_or_else(|| format!("the registry answered {status}"));
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let request_id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id"));
    let (kind, remedy) = judge(status, code.as_deref(), &message, headers);
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let challenges = challenges.map(str::to_owned).collect();
    let error = CallError { operation: name, code, message, request_id, status: Some(status.as_u16()), kind };
    Failure { error, remedy, challenges }
}

fn judge(status: StatusCode, code: Option<&str>, message: &str, headers: &HeaderMap) -> (CallErrorKind, Remedy) {
    let pause = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let pause = pause.map(Duration::from_secs);
    let not_seen_yet = code.is_some_and(|code| NOT_SEEN_YET.contains(&code))
        || (message.contains(" with digests ") && message.contains("do not exist"));
    match status {
        StatusCode::UNAUTHORIZED => (CallErrorKind::Credentials, Remedy::RenewToken),
        StatusCode::FORBIDDEN => (CallErrorKind::AccessDenied, Remedy::RenewToken),
        StatusCode::TOO_MANY_REQUESTS => (CallErrorKind::Throttled, Remedy::SlowDown(pause)),
        StatusCode::REQUEST_TIMEOUT => (CallErrorKind::Network, Remedy::Wait(pause)),
        _ if status.is_server_error() => (CallErrorKind::Server, Remedy::Wait(pause)),
        _ if not_seen_yet => (CallErrorKind::Refused, Remedy::Wait(pause)),
        _ => (CallErrorKind::Refused, Remedy::None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A listener to which nobody listens, and a request to it.
    fn silence() -> (std::net::TcpListener, Transport, Call) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let transport = Transport { patience: Duration::from_millis(300), ..Transport::new("test", None).unwrap() };
        let request = http::Request::put(format!("http://{}/v2/", listener.local_addr().unwrap()));
        (listener, transport, Call { operation: Operation::FinishUpload, is_ecr: false, request })
    }

    #[tokio::test]
    async fn a_request_that_stands_still_is_given_up() {
        let (_listener, transport, call) = silence();
        let failed = transport.send(call, None, payload(b""), &Meter::default(), &[]).await.unwrap_err();
        assert_eq!((failed.error.kind, failed.remedy), (CallErrorKind::Network, Remedy::Wait(None)));
        assert!(failed.error.message.starts_with("no progress"), "{}", failed.error.message);
    }

    #[tokio::test]
    async fn a_body_may_take_as_long_as_it_moves() {
        let (_listener, transport, call) = silence();
        let meter = Meter::default();
        let mut sending = Box::pin(transport.send(call, None, payload(b""), &meter, &[]));
        for _ in 0..4 {
            meter.move_on(1);
            assert!(tokio::time::timeout(Duration::from_millis(200), &mut sending).await.is_err(), "it moves");
        }
        let failed = sending.await.unwrap_err();
        assert!(failed.error.message.starts_with("no progress"), "it stands still");
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
        let slow = error("TOOMANYREQUESTS", "Rate exceeded");
        let cases = [
            (401, String::new(), None, CallErrorKind::Credentials, Remedy::RenewToken),
            (403, error("DENIED", "expired"), None, CallErrorKind::AccessDenied, Remedy::RenewToken),
            (429, slow, Some("7"), CallErrorKind::Throttled, Remedy::SlowDown(seven)),
            (429, String::new(), Some("Mon, 23 Nov"), CallErrorKind::Throttled, Remedy::SlowDown(None)),
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

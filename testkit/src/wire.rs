//! The shapes on the wire that the services share: a request that was understood, a reply, and each protocol's errors.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

/// A whole HTTP request, its operation already recognised.
#[derive(Clone, Debug)]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// Path, percent-encoded as sent.
    pub path: String,
    /// Query without `?`, percent-encoded as sent; empty if there is none.
    pub query: String,
    /// Headers as sent.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// `http://127.0.0.1:PORT`, as the client reached us: what a `Location` or a `proxyEndpoint` has to begin with.
    pub endpoint: String,
}

impl Request {
    /// A header as text, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The value of a query parameter, percent-decoded; `Some("")` for a bare name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.values(name).next()
    }

    /// All values of a query parameter that may be repeated, in order, percent-decoded.
    #[must_use]
    pub fn parameters(&self, name: &str) -> Vec<String> {
        self.values(name).collect()
    }

    fn values(&self, name: &str) -> impl Iterator<Item = String> {
        pairs(&self.query).filter(move |(key, _)| key == name).map(|(_, value)| value)
    }

    /// Whether the body is a form, as the query protocol sends it.
    #[must_use]
    pub fn is_form(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    }

    /// The fields of a form, percent-decoded, as the members of an object.
    #[must_use]
    pub fn form(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        pairs(&text).map(|(name, value)| (name, Value::String(value))).collect()
    }

    /// The service that the signature is made for: the fourth part of the credential scope.
    #[must_use]
    pub fn signed_service(&self) -> Option<&str> {
        let (_, credential) = self.header("authorization")?.split_once("Credential=")?;
        credential.split(',').next()?.split('/').nth(3)
    }

    /// The path, percent-decoded.
    #[must_use]
    pub fn decoded_path(&self) -> String {
        percent_decoded(&self.path)
    }
}

fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let split = text.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    split.map(|(name, value)| (percent_decoded(name), percent_decoded(&value.replace('+', " "))))
}

/// Decodes `%XX`. What is no escape is kept as it is.
#[must_use]
pub fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(first) = bytes.get(at) {
        let escape = (*first == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let decoded_byte = escape.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(decoded_byte.unwrap_or(*first));
        at += if decoded_byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// What a service answers.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers beside those that every answer carries (date, request id, content length).
    pub headers: HeaderMap,
    /// The whole body. For `HEAD` the server sends its length only.
    pub body: Bytes,
}

impl Reply {
    /// An empty answer.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// An answer with a body of a media type.
    #[must_use]
    pub fn body(status: StatusCode, media_type: &str, body: impl Into<Bytes>) -> Self {
        let reply = Self { status, headers: HeaderMap::new(), body: body.into() };
        reply.with("content-type", media_type)
    }

    /// The same with one more header. A value that no header can carry is left out.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }
}

/// An error in a service's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    /// HTTP status, for example 400.
    pub status: u16,
    /// The service's code, for example `InvalidParameterException`.
    pub code: String,
    /// The service's message.
    pub message: String,
    /// What lies there already, if the service shows it: the `Item` of DynamoDB's `ConditionalCheckFailedException`.
    pub item: Option<Box<Value>>,
}

impl ServiceError {
    /// An error with status 400, the usual one of the JSON services.
    #[must_use]
    pub fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// An error with any status.
    #[must_use]
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), item: None }
    }

    /// The same, showing what lies there already.
    #[must_use]
    pub fn showing(self, item: Value) -> Self {
        Self { item: Some(Box::new(item)), ..self }
    }
}

const JSON_1_0: &str = "application/x-amz-json-1.0";
const JSON_1_1: &str = "application/x-amz-json-1.1";

/// The protocols whose errors look different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// ECS, ECR, CloudWatch and most others: AWS JSON 1.1.
    AwsJson,
    /// DynamoDB: AWS JSON 1.0, whose errors have a namespace and no header of their own.
    DynamoDb,
    /// IAM, STS and Elastic Load Balancing: forms in, XML out.
    Query,
    /// The OCI distribution protocol.
    Registry,
    /// S3's XML.
    S3,
}

impl Protocol {
    /// Whether it is one of those that carry JSON under `X-Amz-Target`.
    #[must_use]
    pub fn is_json(self) -> bool {
        matches!(self, Self::AwsJson | Self::DynamoDb)
    }

    /// A successful answer of a protocol that carries JSON.
    #[must_use]
    pub fn json(self, value: &Value) -> Reply {
        let media_type = if self == Self::DynamoDb { JSON_1_0 } else { JSON_1_1 };
        Reply::body(StatusCode::OK, media_type, value.to_string())
    }

    /// The error as this protocol says it.
    #[must_use]
    pub fn error(self, error: &ServiceError) -> Reply {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match self {
            Self::AwsJson => {
                let body = json!({ "__type": error.code, "message": error.message });
                Reply::body(status, JSON_1_1, body.to_string()).with("x-amzn-errortype", &error.code)
            }
            Self::DynamoDb => Reply::body(status, JSON_1_0, crate::dynamodb::error_document(error).to_string()),
            Self::Query => Reply::body(status, "text/xml", crate::query::error_document(error)),
            Self::Registry => {
                let body = json!({ "errors": [{ "code": error.code, "message": error.message }] });
                Reply::body(status, "application/json; charset=utf-8", body.to_string())
            }
            Self::S3 => {
                let body = format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message></Error>",
                    xml_escaped(&error.code),
                    xml_escaped(&error.message)
                );
                Reply::body(status, "application/xml", body)
            }
        }
    }

    /// How this protocol says "slow down". Sources: `ThrottlingException` is HTTP 400 in AWS JSON and `Throttling` in the query
    /// protocol, DynamoDB says `ProvisionedThroughputExceededException`, ECR's registry answers 429 `TOOMANYREQUESTS`, S3 answers 503
    /// `SlowDown`.
    #[must_use]
    pub fn throttled(self) -> Reply {
        let error = match self {
            Self::AwsJson => ServiceError::bad_request("ThrottlingException", "Rate exceeded"),
            Self::DynamoDb => crate::dynamodb::throughput_exceeded(),
            Self::Query => ServiceError::bad_request("Throttling", "Rate exceeded"),
            Self::Registry => ServiceError::new(429, "TOOMANYREQUESTS", "Rate exceeded"),
            Self::S3 => ServiceError::new(503, "SlowDown", "Please reduce your request rate."),
        };
        self.error(&error)
    }
}

/// Text made safe for XML.
#[must_use]
pub fn xml_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_escapes_are_decoded_and_the_rest_is_kept() {
        for (text, expected) in
            [("env%3A/prod", "env:/prod"), ("a%2", "a%2"), ("100%", "100%"), ("%zz", "%zz"), ("", "")]
        {
            assert_eq!(percent_decoded(text), expected);
        }
    }

    #[test]
    fn each_protocol_says_slow_down_in_its_own_way() {
        let protocols = [Protocol::AwsJson, Protocol::DynamoDb, Protocol::Query, Protocol::Registry, Protocol::S3];
        let statuses = protocols.map(|protocol| protocol.throttled().status.as_u16());
        assert_eq!(statuses, [400, 400, 400, 429, 503]);
    }
}

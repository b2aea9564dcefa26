//! What a service answers: the body, or its error in either protocol.

use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use serde::Deserialize;

use super::Protocol;

/// A service's own error.
#[derive(Debug)]
pub(super) struct ServiceFault(ErrorMetadata);

impl fmt::Display for ServiceFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |word: Option<&str>| word.unwrap_or("unknown").to_owned();
        write!(formatter, "{}: {}", word(self.0.code()), word(self.0.message()))
    }
}

impl std::error::Error for ServiceFault {}

impl ProvideErrorMetadata for ServiceFault {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

/// The body of an answer that is well.
pub(super) fn read(protocol: Protocol, response: &HttpResponse) -> Result<Vec<u8>, OrchestratorError<ServiceFault>> {
    let body = response.body().bytes().unwrap_or_default();
    if response.status().is_success() {
        return Ok(body.to_vec());
    }
    let (code, message) = match protocol {
        Protocol::Json { .. } => json_error(body),
        Protocol::Query { .. } => xml_error(body),
    };
    let mut metadata = ErrorMetadata::builder();
    if let Some(code) = code {
        metadata = metadata.code(code);
    }
    if let Some(message) = message {
        metadata = metadata.message(message);
    }
    Err(OrchestratorError::operation(ServiceFault(metadata.build())))
}

#[derive(Default, Deserialize)]
struct JsonError {
    #[serde(rename = "__type", alias = "code")]
    code: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

/// `{"__type": "namespace#Code", "message": "…"}`. Source: Smithy, AWS JSON 1.1 protocol, operation error serialization.
fn json_error(body: &[u8]) -> (Option<String>, Option<String>) {
    let error: JsonError = serde_json::from_slice(body).unwrap_or_default();
    let code = error.code.map(|code| code.rsplit('#').next().unwrap_or(&code).to_owned());
    (code, error.message)
}

/// `<ErrorResponse><Error><Code>…</Code><Message>…</Message></Error></ErrorResponse>`. Source: Smithy, AWS query protocol.
fn xml_error(body: &[u8]) -> (Option<String>, Option<String>) {
    let text = String::from_utf8_lossy(body);
    let Ok(document) = roxmltree::Document::parse(&text) else { return (None, None) };
    let text_of = |name: &str| {
        let node = document.descendants().find(|node| node.tag_name().name() == name);
        node.and_then(|node| node.text()).map(str::to_owned)
    };
    (text_of("Code"), text_of("Message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_both_protocols_are_read() {
        let some = |text: &str| Some(text.to_owned());
        let json = br#"{"__type":"com.amazonaws.logs#ResourceNotFoundException","message":"no such stream"}"#;
        assert_eq!(json_error(json), (some("ResourceNotFoundException"), some("no such stream")));
        let xml = b"<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>no role</Message></Error></ErrorResponse>";
        assert_eq!(xml_error(xml), (some("NoSuchEntity"), some("no role")));
        assert_eq!((json_error(b"<html>"), xml_error(b"{")), ((None, None), (None, None)));
    }
}

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
    let said = match protocol {
        Protocol::Json { .. } => json_error(body),
        Protocol::Query { .. } | Protocol::RestXml => xml_error(body),
    };
    let mut metadata = ErrorMetadata::builder();
    if let Some(code) = said.code {
        metadata = metadata.code(code);
    }
    if let Some(message) = said.message {
        metadata = metadata.message(message);
    }
    if let Some(id) = said.request_id {
        metadata = metadata.custom(REQUEST_ID, id);
    }
    Err(OrchestratorError::operation(ServiceFault(metadata.build())))
}

/// Where an error's metadata keep the request id that its body names: EC2 and Route 53 need not say it in a header.
pub(crate) const REQUEST_ID: &str = "request_id_of_body";

/// What the body of an error says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct JsonError {
    #[serde(rename = "__type", alias = "code")]
    code: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

/// `{"__type": "namespace#Code", "message": "…"}`. Source: Smithy, AWS JSON 1.1 protocol, operation error serialization.
fn json_error(body: &[u8]) -> Said {
    let error: JsonError = serde_json::from_slice(body).unwrap_or_default();
    let code = error.code.map(|code| code.rsplit('#').next().unwrap_or(&code).to_owned());
    Said { code, message: error.message, request_id: None }
}

/// `<ErrorResponse><Error><Code>…</Code><Message>…</Message></Error><RequestId>…</RequestId></ErrorResponse>`, and EC2's
/// `<Response><Errors><Error>…</Error></Errors><RequestID>…</RequestID></Response>`. Source: Smithy, AWS query and EC2 query protocols.
fn xml_error(body: &[u8]) -> Said {
    let text = String::from_utf8_lossy(body);
    let Ok(document) = roxmltree::Document::parse(&text) else { return Said::default() };
    let text_of = |name: &str| {
        let node = document.descendants().find(|node| node.tag_name().name() == name);
        node.and_then(|node| node.text()).map(str::to_owned)
    };
    let request_id = text_of("RequestId").or_else(|| text_of("RequestID"));
    Said { code: text_of("Code"), message: text_of("Message"), request_id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_both_protocols_are_read() {
        let said = |code: &str, message: &str, id: Option<&str>| {
            let own = |text: &str| Some(text.to_owned());
            Said { code: own(code), message: own(message), request_id: id.and_then(own) }
        };
        let json = br#"{"__type":"com.amazonaws.logs#ResourceNotFoundException","message":"no such stream"}"#;
        assert_eq!(json_error(json), said("ResourceNotFoundException", "no such stream", None));
        let xml = b"<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>no role</Message></Error><RequestId>r-1</RequestId></ErrorResponse>";
        assert_eq!(xml_error(xml), said("NoSuchEntity", "no role", Some("r-1")));
        let ec2 = b"<Response><Errors><Error><Code>AuthFailure</Code><Message>who</Message></Error></Errors><RequestID>r-2</RequestID></Response>";
        assert_eq!(xml_error(ec2), said("AuthFailure", "who", Some("r-2")));
        assert_eq!((json_error(b"<html>"), xml_error(b"{")), (Said::default(), Said::default()));
    }
}

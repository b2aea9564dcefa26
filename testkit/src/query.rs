//! The query protocol: what the services answer as a value, written as XML.

use http::StatusCode;
use serde_json::Value;

use crate::wire::{Reply, ServiceError, xml_escaped};
use crate::world::Service;

/// The name space of a service's answers.
fn name_space(service: Service) -> &'static str {
    match service {
        Service::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
        Service::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        _ => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    }
}

/// A successful answer: the members of the result, lists as `member` elements.
pub(crate) fn reply(service: Service, operation: &str, result: &Value) -> Reply {
    let (name_space, result) = (name_space(service), xml(result));
    let document = format!(
        "<{operation}Response xmlns=\"{name_space}\"><{operation}Result>{result}</{operation}Result><ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></{operation}Response>"
    );
    Reply::body(StatusCode::OK, "text/xml", document)
}

/// An error.
pub(crate) fn error_document(error: &ServiceError) -> String {
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    let (code, message) = (xml_escaped(&error.code), xml_escaped(&error.message));
    format!(
        "<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>local</RequestId></ErrorResponse>"
    )
}

/// The error for an operation that is not played.
pub(crate) fn invalid_action(operation: &str) -> ServiceError {
    ServiceError::bad_request("InvalidAction", format!("the local AWS does not play {operation}"))
}

/// The error for a parameter that has to be there.
pub(crate) fn required<'a>(input: &'a Value, name: &str) -> Result<&'a str, ServiceError> {
    let value = input[name].as_str().filter(|value| !value.is_empty());
    value.ok_or_else(|| ServiceError::bad_request("ValidationError", format!("{name} is required")))
}

fn xml(value: &Value) -> String {
    let element = |name: &str, value: &Value| format!("<{name}>{}</{name}>", xml(value));
    match value {
        Value::Null => String::new(),
        Value::Object(members) => {
            let present = members.iter().filter(|(_, value)| !value.is_null());
            present.map(|(name, value)| element(name, value)).collect()
        }
        Value::Array(items) => items.iter().map(|item| element("member", item)).collect(),
        Value::String(text) => xml_escaped(text),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_become_elements_and_lists_members() {
        let result = json!({ "Targets": [{ "Id": "a<b", "Port": 80, "Reason": null }] });
        let body = reply(Service::LoadBalancing, "Ask", &result).body;
        let expected = "<AskResult><Targets><member><Id>a&lt;b</Id><Port>80</Port></member></Targets></AskResult>";
        assert!(String::from_utf8_lossy(&body).contains(expected), "{body:?}");
    }
}

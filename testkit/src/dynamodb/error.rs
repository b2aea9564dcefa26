//! DynamoDB's errors. Sources: API reference, Common Errors; developer guide, "Error handling with DynamoDB".

use serde_json::{Value, json};

use crate::wire::ServiceError;

/// Whose error it is: the service's own, or one of the layers in front of it. Source: answers of DynamoDB that mhart/dynalite and
/// xo/dbimp recorded.
const LAYERS: [(&str, &str); 7] = [
    ("ValidationException", "com.amazon.coral.validate"),
    ("ThrottlingException", "com.amazon.coral.availability"),
    ("AccessDeniedException", "com.amazon.coral.service"),
    ("MissingAuthenticationTokenException", "com.amazon.coral.service"),
    ("SerializationException", "com.amazon.coral.service"),
    ("UnknownOperationException", "com.amazon.coral.service"),
    ("UnrecognizedClientException", "com.amazon.coral.service"),
];

/// An error's body.
pub(crate) fn document(error: &ServiceError) -> Value {
    let layer = LAYERS.iter().find(|(code, _)| *code == error.code);
    let namespace = layer.map_or("com.amazonaws.dynamodb.v20120810", |(_, namespace)| namespace);
    let mut document = json!({ "__type": format!("{namespace}#{}", error.code), "message": error.message });
    if let Some(item) = &error.item {
        document["Item"] = Value::clone(item);
    }
    document
}

/// What a table answers when it is asked more than it was bought for.
pub(crate) fn throughput_exceeded() -> ServiceError {
    let message = "The level of configured provisioned throughput for the table was exceeded. \
                   Consider increasing your provisioning level with the UpdateTable API.";
    ServiceError::bad_request("ProvisionedThroughputExceededException", message)
}

/// `ValidationException`.
pub(super) fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::bad_request("ValidationException", message)
}

/// The error of something that DynamoDB plays and the local AWS does not.
pub(super) fn not_played(what: &str) -> ServiceError {
    invalid(format!("the local AWS does not play {what}"))
}

/// JSON of another shape than the operation's.
pub(super) fn serialization(message: impl Into<String>) -> ServiceError {
    ServiceError::bad_request("SerializationException", message)
}

/// What operations on items say of a table that is not there.
pub(super) fn no_such_table() -> ServiceError {
    ServiceError::bad_request("ResourceNotFoundException", "Requested resource not found")
}

/// What operations on tables say of a table that is not there.
pub(super) fn no_table_called(name: &str) -> ServiceError {
    let message = format!("Requested resource not found: Table: {name} not found");
    ServiceError::bad_request("ResourceNotFoundException", message)
}

/// A key that is not the table's.
pub(super) fn other_key() -> ServiceError {
    invalid("The provided key element does not match the schema")
}

/// A condition that does not hold.
pub(super) fn condition_failed() -> ServiceError {
    ServiceError::bad_request("ConditionalCheckFailedException", "The conditional request failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_layer_that_it_comes_from() {
        let kinds =
            [invalid("a"), no_such_table(), condition_failed(), serialization("b")].map(|error| document(&error));
        let kinds: Vec<&str> = kinds.iter().filter_map(|document| document["__type"].as_str()).collect();
        let expected = [
            "com.amazon.coral.validate#ValidationException",
            "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
            "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
            "com.amazon.coral.service#SerializationException",
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn a_failed_condition_may_show_the_item() {
        let shown = document(&condition_failed().showing(json!({ "LockID": { "S": "a" } })));
        assert_eq!(shown["Item"]["LockID"]["S"], "a");
        assert_eq!(document(&condition_failed()).get("Item"), None);
    }
}

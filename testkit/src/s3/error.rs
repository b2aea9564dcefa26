//! S3's errors. Source: Amazon S3 API reference, Error responses.

use crate::wire::ServiceError;

pub(super) fn access_denied(message: &str) -> ServiceError {
    ServiceError::new(403, "AccessDenied", message)
}

pub(super) fn no_such_bucket() -> ServiceError {
    ServiceError::new(404, "NoSuchBucket", "The specified bucket does not exist")
}

pub(super) fn no_such_bucket_policy() -> ServiceError {
    ServiceError::new(404, "NoSuchBucketPolicy", "The bucket policy does not exist")
}

pub(super) fn no_such_key() -> ServiceError {
    ServiceError::new(404, "NoSuchKey", "The specified key does not exist.")
}

pub(super) fn no_such_version() -> ServiceError {
    ServiceError::new(404, "NoSuchVersion", "The specified version does not exist.")
}

pub(super) fn precondition_failed() -> ServiceError {
    let message = "At least one of the pre-conditions you specified did not hold";
    ServiceError::new(412, "PreconditionFailed", message)
}

pub(super) fn method_not_allowed() -> ServiceError {
    let message = "The specified method is not allowed against this resource.";
    ServiceError::new(405, "MethodNotAllowed", message)
}

pub(super) fn invalid_range() -> ServiceError {
    ServiceError::new(416, "InvalidRange", "The requested range is not satisfiable")
}

pub(super) fn invalid_argument(message: &str) -> ServiceError {
    ServiceError::bad_request("InvalidArgument", message)
}

pub(super) fn invalid_request(message: &str) -> ServiceError {
    ServiceError::bad_request("InvalidRequest", message)
}

pub(super) fn bad_digest(message: &str) -> ServiceError {
    ServiceError::bad_request("BadDigest", message)
}

pub(super) fn incomplete_body(message: &str) -> ServiceError {
    ServiceError::bad_request("IncompleteBody", message)
}

pub(super) fn malformed_policy(message: &str) -> ServiceError {
    ServiceError::bad_request("MalformedPolicy", message)
}

pub(super) fn malformed_xml() -> ServiceError {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    ServiceError::bad_request("MalformedXML", message)
}

pub(super) fn not_implemented(message: &str) -> ServiceError {
    ServiceError::new(501, "NotImplemented", message)
}

//! The registry: OCI distribution under `/v2/`, behind a token of the control plane, or a Bearer token of `/token`.

mod access;
mod blobs;
mod listing;
mod manifests;
mod refusal;
mod route;
mod uploads;

use http::StatusCode;
use jiff::Timestamp;

use crate::ecr::Ecr;
use crate::ecr::quirks::Words;
use crate::ecr::registry::route::Route;
use crate::ecr::token::Verdict;
use crate::wire::{Protocol, Reply, Request, ServiceError};

pub use route::registry_operation;

/// Answers one request; an error comes back as a reply, for it carries headers of its own.
pub(super) fn answer(ecr: &mut Ecr, operation: &str, request: &Request, now: Timestamp) -> Reply {
    if operation == "GetToken" {
        return access::token(ecr, request, now);
    }
    let reply = match admit(ecr, operation, request, now) {
        Some(refused) => refused,
        None => dispatch(ecr, operation, request, now).unwrap_or_else(|error| Protocol::Registry.error(&error)),
    };
    reply.with("docker-distribution-api-version", "registry/2.0")
}

/// Keeps what came of an upload before its connection was cut.
pub(super) fn cut_off(ecr: &mut Ecr, request: &Request) {
    let Route { operation, repository, rest } = Route::of(request);
    if ["FinishUpload", "PatchUpload"].contains(&operation) {
        uploads::cut_off(ecr, &repository, &rest, request);
    }
}

/// What keeps a request out, if anything does.
fn admit(ecr: &mut Ecr, operation: &str, request: &Request, now: Timestamp) -> Option<Reply> {
    let refused = if ecr.bearer { access::challenge(ecr, request, now) } else { closed(ecr, request, now) };
    if refused.is_some() {
        return refused;
    }
    if ecr.quirks.rate_limits && !ecr.rates.admit(operation, now) {
        return Some(Protocol::Registry.throttled());
    }
    None
}

/// What a request without a valid token of the control plane hears.
fn closed(ecr: &Ecr, request: &Request, now: Timestamp) -> Option<Reply> {
    match ecr.tokens.judge(request.header("authorization"), now) {
        Verdict::Valid => None,
        Verdict::Unknown => Some(unauthorized(ecr.quirks.words, request)),
        Verdict::Expired => {
            let message = "Your authorization token has expired. Reauthenticate and try again.";
            Some(Protocol::Registry.error(&ServiceError::new(403, "DENIED", message)))
        }
    }
}

fn unauthorized(words: Words, request: &Request) -> Reply {
    let (reply, service) = match words {
        Words::Ecr => (
            Reply::body(StatusCode::UNAUTHORIZED, "text/plain; charset=utf-8", "Not Authorized\n"),
            "ecr.amazonaws.com",
        ),
        Words::Oci => {
            let error = ServiceError::new(401, "UNAUTHORIZED", "authentication required");
            (Protocol::Registry.error(&error), "registry")
        }
    };
    let challenge = format!("Basic realm=\"{}/\",service=\"{service}\"", request.endpoint);
    reply.with("www-authenticate", &challenge)
}

fn dispatch(ecr: &mut Ecr, operation: &str, request: &Request, now: Timestamp) -> Result<Reply, ServiceError> {
    let Route { repository, rest, .. } = Route::of(request);
    if operation == "Ping" {
        return Ok(Reply::body(StatusCode::OK, "application/json; charset=utf-8", "{}"));
    }
    if !ecr.repositories.contains_key(&repository) {
        return Err(refusal::repository_missing(&repository));
    }
    match operation {
        "HeadManifest" | "GetManifest" => manifests::read(ecr, &repository, &rest, request),
        "PutManifest" => manifests::put(ecr, &repository, &rest, request, now),
        "DeleteManifest" => manifests::delete(ecr, &repository, &rest),
        "HeadBlob" | "GetBlob" => blobs::read(ecr, &repository, &rest, request),
        "StartUpload" => uploads::start(ecr, &repository, request, now),
        "PatchUpload" => uploads::patch(ecr, &repository, &rest, request),
        "FinishUpload" => uploads::finish(ecr, &repository, &rest, request, now),
        "GetUpload" => uploads::status(ecr, &repository, &rest, request),
        "CancelUpload" => uploads::cancel(ecr, &repository, &rest),
        "ListTags" => listing::tags(ecr, &repository, request),
        "ListReferrers" => listing::referrers(ecr, &repository, &rest, request),
        _ => Err(refusal::unsupported()),
    }
}

//! The registry behind Bearer tokens: what a request needs, what it hears without it, and the token server at `/token`.
//!
//! Left out: `POST /token`, the form of OAuth 2.0, which the specification lets a server answer with 404.

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use super::route::Route;
use crate::ecr::Ecr;
use crate::ecr::bearer::{Access, LIFETIME, Refusal};
use crate::ecr::token;
use crate::wire::{Protocol, Reply, Request, ServiceError};

/// The name of this registry in challenges.
const SERVICE: &str = "registry";

/// What a request hears that carries no token for what it wants to do; nothing if it does.
pub(super) fn challenge(ecr: &Ecr, request: &Request, now: Timestamp) -> Option<Reply> {
    let needed = needed(request);
    let refusal = ecr.bearers.judge(request.header("authorization"), &needed, now).err()?;
    let scopes: Vec<String> = needed.iter().map(Access::to_string).collect();
    let scope = if scopes.is_empty() { String::new() } else { format!(",scope=\"{}\"", scopes.join(" ")) };
    let invalid = match refusal {
        Refusal::Required => "",
        Refusal::Invalid => ",error=\"invalid_token\"",
        Refusal::Insufficient => ",error=\"insufficient_scope\"",
    };
    let challenge = format!("Bearer realm=\"{}/token\",service=\"{SERVICE}\"{scope}{invalid}", request.endpoint);
    let error = ServiceError::new(401, "UNAUTHORIZED", "authentication required");
    Some(Protocol::Registry.error(&error).with("www-authenticate", &challenge))
}

/// Source: CNCF distribution, `registry/handlers/app.go`: a mount reads the other repository.
fn needed(request: &Request) -> Vec<Access> {
    let Route { repository, .. } = Route::of(request);
    if repository.is_empty() {
        return Vec::new();
    }
    let actions: &[&str] = match request.method {
        Method::GET | Method::HEAD => &["pull"],
        Method::DELETE => &["delete"],
        _ => &["pull", "push"],
    };
    let other = request.parameter("from").map(|from| Access::new(&from, &["pull"]));
    [Access::new(&repository, actions)].into_iter().chain(other).collect()
}

/// Answers `GET /token?service=…&scope=…`.
pub(super) fn token(ecr: &mut Ecr, request: &Request, now: Timestamp) -> Reply {
    if !ecr.bearer {
        return Reply::empty(StatusCode::NOT_FOUND);
    }
    let user = request.header("authorization").map(|header| token::basic(header).unwrap_or_default());
    let Some(token) = ecr.bearers.issue(user.as_deref(), &request.parameters("scope"), now) else {
        let error = ServiceError::new(401, "UNAUTHORIZED", "authentication required");
        let realm = format!("Basic realm=\"{}/token\"", request.endpoint);
        return Protocol::Registry.error(&error).with("www-authenticate", &realm);
    };
    let answer = json!({ "token": token, "expires_in": LIFETIME.as_secs() });
    Reply::body(StatusCode::OK, "application/json", answer.to_string())
}

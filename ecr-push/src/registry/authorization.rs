//! What opens a registry: ECR's token, or what the registry asks for and the user's credentials give.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::aws::{CallError, CallErrorKind};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode, Uri};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::body::Meter;
use super::challenge::{self, Challenge};
use super::endpoint::chance;
use super::operation::Operation;
use super::origin::Origin;
use super::transport::{Call, Failure, Transport, payload};
use crate::aws::Ecr;
use crate::credentials::Credentials;
use crate::error::Error;
use crate::pace::attempts::{Attempts, Next};

/// What opens one repository of a registry. It is renewed as often as it ages, by one request for all who need it.
pub(crate) struct Authorizer {
    keys: Keys,
    state: Mutex<State>,
    /// The last generation that the registry took.
    worked: AtomicU32,
}

enum Keys {
    /// AWS's credentials, by way of ECR.
    Ecr(Ecr),
    /// The user's credentials at this registry.
    Registry {
        credentials: Credentials,
        /// What a token is to allow, as the token specification writes it: `repository:NAME:pull,push`.
        scopes: Vec<String>,
    },
}

struct State {
    header: Option<HeaderValue>,
    generation: u32,
}

/// What a request shows to the registry, and which one it is.
#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) header: Option<HeaderValue>,
    pub(crate) generation: u32,
}

/// A token that is refused before it was ever taken is not too old.
const FIRST: u32 = 1;

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

impl Authorizer {
    /// ECR's registry, with the token that is at hand.
    pub(crate) fn of_ecr(ecr: Ecr, token: &str) -> Result<Self, Error> {
        let state = State { header: Some(header("Basic", token)?), generation: FIRST };
        Ok(Self { keys: Keys::Ecr(ecr), state: Mutex::new(state), worked: AtomicU32::new(0) })
    }

    /// Another registry, which says itself what it wants to see.
    pub(crate) fn of_registry(credentials: Credentials, scopes: Vec<String>) -> Self {
        let state = State { header: None, generation: 0 };
        Self { keys: Keys::Registry { credentials, scopes }, state: Mutex::new(state), worked: AtomicU32::new(0) }
    }

    pub(crate) async fn current(&self) -> Authorization {
        let state = self.state.lock().await;
        Authorization { header: state.header.clone(), generation: state.generation }
    }

    /// The registry took what it was shown.
    pub(crate) fn works(&self, generation: u32) {
        self.worked.fetch_max(generation, Ordering::Relaxed);
    }

    /// Fetches what is newer than that generation, unless another request did so already. False if that cannot help: what was
    /// new is refused too, so its age is not the reason.
    pub(crate) async fn renew(
        &self,
        refused: u32,
        challenges: &[String],
        transport: &Transport,
        origin: &Origin,
    ) -> Result<bool, Error> {
        let mut state = self.state.lock().await;
        if state.generation != refused {
            return Ok(true);
        }
        if refused > FIRST && self.worked.load(Ordering::Relaxed) < refused {
            return Ok(false);
        }
        let header = match &self.keys {
            Keys::Ecr(ecr) => Some(header("Basic", &ecr.authorize().await?.token)?),
            Keys::Registry { credentials, scopes } => {
                let asked = challenge::read(challenges.iter().map(String::as_str));
                answer(asked, credentials, scopes, transport, origin).await?
            }
        };
        if header.is_none() {
            return Ok(false);
        }
        state.header = header;
        state.generation += 1;
        Ok(true)
    }
}

/// What a registry is shown when it asks. Nothing if there is nothing to show.
async fn answer(
    asked: Option<Challenge>,
    credentials: &Credentials,
    scopes: &[String],
    transport: &Transport,
    origin: &Origin,
) -> Result<Option<HeaderValue>, Error> {
    match (asked, credentials) {
        (Some(Challenge::Basic), Credentials::Password { user, password }) => {
            header("Basic", &basic(user, password)).map(Some)
        }
        (Some(Challenge::Bearer { realm, service, .. }), _) => {
            let token = fetch_token(&realm, service.as_deref(), credentials, scopes, transport, origin).await?;
            header("Bearer", &token).map(Some)
        }
        _ => Ok(None),
    }
}

/// Source: CNCF distribution, token authentication specification and `OAuth2` token authentication.
async fn fetch_token(
    realm: &str,
    service: Option<&str>,
    credentials: &Credentials,
    scopes: &[String],
    transport: &Transport,
    origin: &Origin,
) -> Result<String, Error> {
    let operation = Operation::GetToken;
    let not_understood = |message: &str| {
        let (operation, message) = (operation.name(false), message.to_owned());
        CallError { operation, code: None, message, request_id: None, status: None, kind: CallErrorKind::Server }
    };
    if !origin.allows_realm(realm) {
        return Err(
            not_understood(&format!("the registry sends us to `{realm}` for a token, which is not safe")).into()
        );
    }
    let mut form: Vec<String> = scopes.iter().map(|scope| format!("scope={}", encoded(scope))).collect();
    form.extend(service.map(|service| format!("service={}", encoded(service))));
    let (address, authorization, body) = match credentials {
        Credentials::IdentityToken(token) => {
            form.push(format!("grant_type=refresh_token&client_id=ecr-push&refresh_token={}", encoded(token)));
            (realm.to_owned(), None, form.join("&"))
        }
        Credentials::Password { user, password } => {
            (with_query(realm, &form), Some(header("Basic", &basic(user, password))?), String::new())
        }
        Credentials::Anonymous => (with_query(realm, &form), None, String::new()),
    };
    let request = || {
        if body.is_empty() {
            return Request::get(&address);
        }
        Request::post(&address).header(CONTENT_TYPE, "application/x-www-form-urlencoded")
    };
    let mut attempts = Attempts::default();
    let answer = loop {
        let call = Call { operation, is_ecr: false, request: request() };
        let body = payload(body.as_bytes());
        let sent = transport.send(call, authorization.as_ref(), body, &Meter::default(), &[StatusCode::OK]).await;
        let Failure { error, remedy, .. } = match sent {
            Ok(answer) => break answer,
            Err(failure) => failure,
        };
        match attempts.next(remedy, chance()) {
            Next::After(pause) => tokio::time::sleep(pause).await,
            Next::WithNewToken | Next::GiveUp => return Err(error.into()),
        }
    };
    let answer: TokenAnswer =
        serde_json::from_slice(&answer.body).map_err(|_| not_understood("the answer holds no token"))?;
    let token = answer.token.or(answer.access_token).filter(|token| !token.is_empty());
    token.ok_or_else(|| not_understood("the answer holds no token").into())
}

fn with_query(realm: &str, form: &[String]) -> String {
    let joint = if realm.contains('?') { '&' } else { '?' };
    format!("{realm}{joint}{}", form.join("&"))
}

fn basic(user: &str, password: &str) -> String {
    STANDARD.encode(format!("{user}:{password}"))
}

fn header(scheme: &str, value: &str) -> Result<HeaderValue, Error> {
    // What is wrong with it is not said: it is a secret.
    let mut header = HeaderValue::from_str(&format!("{scheme} {value}")).map_err(|_| Error::Token)?;
    header.set_sensitive(true);
    Ok(header)
}

/// A value of a query, with all that could end it written as `%XX`.
fn encoded(value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/,".contains(&byte);
    let written = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    value.bytes().map(written).collect()
}

impl Origin {
    /// Whether a token may be fetched there: over TLS, unless the registry itself is spoken to without it.
    fn allows_realm(&self, realm: &str) -> bool {
        let Ok(uri) = realm.parse::<Uri>() else { return false };
        match uri.scheme_str() {
            Some("https") => true,
            Some("http") => self.is_plain(),
            _ => false,
        }
    }
}

impl fmt::Debug for Authorizer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Authorizer").field("worked", &self.worked).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_end_the_query_it_stands_in() {
        assert_eq!(encoded("repository:a/b:pull,push"), "repository:a/b:pull,push");
        assert_eq!(encoded("a&b=c d#é"), "a%26b%3Dc%20d%23%C3%A9");
        assert_eq!(with_query("https://a/t?x=1", &["service=s".to_owned()]), "https://a/t?x=1&service=s");
    }

    #[test]
    fn a_token_is_fetched_without_tls_only_where_the_registry_has_none() {
        let (safe, plain) = (Origin::of_host("a", false).unwrap(), Origin::of_host("a", true).unwrap());
        assert!(safe.allows_realm("https://auth.example/token") && plain.allows_realm("https://auth.example/token"));
        assert!(!safe.allows_realm("http://auth.example/token") && plain.allows_realm("http://auth.example/token"));
        assert!(!safe.allows_realm("ftp://auth.example/token") && !safe.allows_realm("/token"));
    }

    #[tokio::test]
    async fn a_token_that_worked_is_renewed_and_one_that_never_did_is_not() {
        let credentials = Credentials::Password { user: "u".to_owned(), password: "p".to_owned() };
        let authorizer = Authorizer::of_registry(credentials, Vec::new());
        let (transport, origin) = (Transport::new("test", None).unwrap(), Origin::of_host("a", false).unwrap());
        let asked = ["Basic realm=\"a\"".to_owned()];
        let renew = async |generation| authorizer.renew(generation, &asked, &transport, &origin).await.unwrap();
        assert!(renew(0).await, "the registry has not been shown anything yet");
        assert_eq!(authorizer.current().await.generation, 1);
        assert!(renew(0).await, "somebody else was faster");
        assert_eq!(authorizer.current().await.generation, 1);
        assert!(renew(1).await);
        assert!(!renew(2).await, "the second one never worked");
        authorizer.works(2);
        assert!(renew(2).await);
    }
}

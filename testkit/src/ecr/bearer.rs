//! Bearer tokens: what opens a registry that is not ECR.
//!
//! Source: CNCF distribution, "Token Authentication Specification" and "Token Scope Documentation"; what the registry makes of a token:
//! its `registry/auth/token/accesscontroller.go`.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

/// Source: the specification's `expires_in`: never less than a minute.
pub(crate) const LIFETIME: SignedDuration = SignedDuration::from_secs(60);
/// The one user there is, and the password.
const USER: &str = "local:local";

/// What may be done with a repository: `repository:NAME:pull,push`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    repository: String,
    actions: Vec<String>,
}

/// All tokens that were ever issued.
#[derive(Debug, Default)]
pub(crate) struct Bearers(BTreeMap<String, Grant>);

#[derive(Debug)]
struct Grant {
    accesses: Vec<Access>,
    expires_at: Timestamp,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It carries no Bearer token.
    Required,
    /// The token has ended, or is none of ours.
    Invalid,
    /// The token is for something else.
    Insufficient,
}

impl Access {
    pub(crate) fn new(repository: &str, actions: &[&str]) -> Self {
        Self { repository: repository.to_owned(), actions: actions.iter().copied().map(str::to_owned).collect() }
    }

    /// Reads one scope; none if it is about something else than a repository.
    fn read(scope: &str) -> Option<Self> {
        let (repository, actions) = scope.strip_prefix("repository:")?.rsplit_once(':')?;
        Some(Self::new(repository, &actions.split(',').collect::<Vec<_>>()))
    }

    fn allows(&self, action: &str) -> bool {
        self.actions.iter().any(|allowed| allowed == action || allowed == "*")
    }
}

impl fmt::Display for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "repository:{}:{}", self.repository, self.actions.join(","))
    }
}

impl Bearers {
    /// A token for as much of the scopes as there is a right to: who says nothing may pull, the user may do all. None if user or password
    /// are wrong.
    pub(crate) fn issue(&mut self, user: Option<&str>, scopes: &[String], now: Timestamp) -> Option<String> {
        if user.is_some_and(|user| user != USER) {
            return None;
        }
        let asked = scopes.iter().flat_map(|scopes| scopes.split(' ')).filter_map(Access::read);
        let granted = asked.map(|mut access| {
            access.actions.retain(|action| user.is_some() || action == "pull");
            access
        });
        let token = STANDARD.encode(format!("local-bearer-{}", self.0.len() + 1));
        self.0.insert(token.clone(), Grant { accesses: granted.collect(), expires_at: now + LIFETIME });
        Some(token)
    }

    /// Ends every token issued so far.
    pub(crate) fn expire(&mut self) {
        self.0.values_mut().for_each(|grant| grant.expires_at = Timestamp::MIN);
    }

    pub(crate) fn judge(&self, authorization: Option<&str>, needed: &[Access], now: Timestamp) -> Result<(), Refusal> {
        let (scheme, token) = authorization.and_then(|text| text.split_once(' ')).ok_or(Refusal::Required)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::Required);
        }
        let grant = self.0.get(token.trim()).filter(|grant| grant.expires_at > now).ok_or(Refusal::Invalid)?;
        let is_granted = |needed: &Access| {
            let granted = || grant.accesses.iter().filter(|granted| granted.repository == needed.repository);
            needed.actions.iter().all(|action| granted().any(|granted| granted.allows(action)))
        };
        if needed.iter().all(is_granted) { Ok(()) } else { Err(Refusal::Insufficient) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn judge(bearers: &Bearers, token: &str, repository: &str, action: &str) -> Result<(), Refusal> {
        bearers.judge(Some(&format!("Bearer {token}")), &[Access::new(repository, &[action])], START)
    }

    #[test]
    fn a_token_is_good_for_what_was_asked_for_and_is_allowed() {
        let mut bearers = Bearers::default();
        let scopes = ["repository:team/web:pull,push repository:api:pull".to_owned(), "registry:catalog:*".to_owned()];
        let user = bearers.issue(Some(USER), &scopes, START).unwrap();
        let anonymous = bearers.issue(None, &scopes, START).unwrap();
        let everything = bearers.issue(Some(USER), &["repository:web:*".to_owned()], START).unwrap();
        assert_eq!(bearers.issue(Some("local:wrong"), &scopes, START), None);
        for (token, repository, action, expected) in [
            (&user, "team/web", "pull", Ok(())),
            (&user, "team/web", "push", Ok(())),
            (&user, "team/web", "delete", Err(Refusal::Insufficient)),
            (&user, "api", "pull", Ok(())),
            (&user, "api", "push", Err(Refusal::Insufficient)),
            (&user, "web", "pull", Err(Refusal::Insufficient)),
            (&anonymous, "team/web", "pull", Ok(())),
            (&anonymous, "team/web", "push", Err(Refusal::Insufficient)),
            (&everything, "web", "delete", Ok(())),
        ] {
            assert_eq!(judge(&bearers, token, repository, action), expected, "{repository} {action}");
        }
    }

    #[test]
    fn a_token_ends_after_a_minute_or_when_all_are_ended() {
        let mut bearers = Bearers::default();
        let token = bearers.issue(None, &[], START).unwrap();
        let header = format!("bearer {token}");
        let judge = |bearers: &Bearers, now| bearers.judge(Some(&header), &[], now);
        assert_eq!(judge(&bearers, START + LIFETIME - SignedDuration::from_secs(1)), Ok(()));
        assert_eq!(judge(&bearers, START + LIFETIME), Err(Refusal::Invalid));
        bearers.expire();
        assert_eq!(judge(&bearers, START), Err(Refusal::Invalid));
        assert_eq!(bearers.judge(Some("Basic bG9jYWw6bG9jYWw="), &[], START), Err(Refusal::Required));
        assert_eq!(bearers.judge(None, &[], START), Err(Refusal::Required));
    }
}

//! The tokens that open the registry.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

/// Source: ECR user guide, "Private registry authentication": a token is valid for 12 hours.
const LIFETIME: SignedDuration = SignedDuration::from_hours(12);

/// All tokens that were ever issued, with the time they end.
#[derive(Debug, Default)]
pub(crate) struct Tokens(BTreeMap<String, Timestamp>);

/// What an `Authorization` header is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Valid,
    Expired,
    /// None, malformed, not of user `AWS`, or a token that was never issued.
    Unknown,
}

impl Tokens {
    /// A new token: what comes after `AWS:`, and when it ends.
    pub(crate) fn issue(&mut self, now: Timestamp) -> (String, Timestamp) {
        let token = STANDARD.encode(format!("local-token-{}", self.0.len() + 1));
        let expires_at = now + LIFETIME;
        self.0.insert(token.clone(), expires_at);
        (token, expires_at)
    }

    /// Ends every token issued so far.
    pub(crate) fn expire(&mut self) {
        self.0.values_mut().for_each(|expires_at| *expires_at = Timestamp::MIN);
    }

    pub(crate) fn judge(&self, authorization: Option<&str>, now: Timestamp) -> Verdict {
        let password = authorization.and_then(password);
        match password.and_then(|password| self.0.get(&password)) {
            Some(expires_at) if *expires_at > now => Verdict::Valid,
            Some(_) => Verdict::Expired,
            None => Verdict::Unknown,
        }
    }
}

fn password(authorization: &str) -> Option<String> {
    basic(authorization)?.strip_prefix("AWS:").map(str::to_owned)
}

/// `user:password` of HTTP's Basic scheme.
pub(crate) fn basic(authorization: &str) -> Option<String> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_valid_for_twelve_hours_and_only_for_the_user_aws() {
        let mut tokens = Tokens::default();
        let start = Timestamp::UNIX_EPOCH;
        let (token, expires_at) = tokens.issue(start);
        let basic = |user: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{token}")));
        let judge = |header: &str, now| tokens.judge(Some(header), now);
        assert_eq!(expires_at, start + SignedDuration::from_hours(12));
        assert_eq!(judge(&basic("AWS"), expires_at - SignedDuration::from_secs(1)), Verdict::Valid);
        assert_eq!(judge(&basic("AWS"), expires_at), Verdict::Expired);
        assert_eq!(judge(&basic("docker"), start), Verdict::Unknown);
        assert_eq!(judge(&format!("Bearer {token}"), start), Verdict::Unknown);
        assert_eq!(tokens.judge(None, start), Verdict::Unknown);
    }
}

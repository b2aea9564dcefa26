//! One file of credentials, docker's `config.json` or podman's `auth.json`, which look alike.

use std::collections::BTreeMap;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::Credentials;

/// The names of Docker Hub: whoever logs in to one of them means all.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];
/// How docker itself spells it.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";
/// Docker writes padding, not everybody does.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a file says. It holds secrets.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AuthFile {
    auths: Option<BTreeMap<String, Entry>>,
    cred_helpers: Option<BTreeMap<String, String>>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    /// `user:password` in base64.
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

/// A helper, and what it is to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Helper<'a> {
    /// The program's name without `docker-credential-`; empty if a file says that a registry has none.
    pub(super) name: &'a str,
    /// The registry as the helper knows it.
    pub(super) server: &'a str,
}

impl AuthFile {
    /// Reads a file; the reason, if it is not understood, says where, but not what stands there. An empty file says nothing.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(bytes).map_err(|error| {
            format!("line {}, column {} is not what stands in such a file", error.line(), error.column())
        })
    }

    /// The helper that the registry has of its own.
    pub(super) fn helper(&self, host: &str) -> Option<Helper<'_>> {
        let helpers = self.cred_helpers.iter().flatten().filter(|(key, _)| Key::read(key).is_of(host));
        // The registry's own spelling before any other.
        let (server, name) = helpers.min_by_key(|(key, _)| *key != host)?;
        Some(Helper { name, server })
    }

    /// The helper for all registries.
    pub(super) fn store<'a>(&'a self, host: &'a str) -> Option<Helper<'a>> {
        let name = self.creds_store.as_deref().filter(|name| !name.is_empty())?;
        Some(Helper { name, server: if DOCKER_HUB.contains(&host) { DOCKER_HUB_KEY } else { host } })
    }

    /// What the file itself knows: of several entries that fit, that with the longest namespace.
    pub(super) fn entry(&self, host: &str, repository: &str) -> Result<Option<Credentials>, String> {
        let entries = self.auths.iter().flatten().filter(|(_, entry)| entry.says_something());
        let fitting = entries.filter(|(key, _)| Key::read(key).fits(host, repository));
        let best = fitting.max_by_key(|(key, _)| (Key::read(key).namespace.len(), *key == host));
        best.map(|(key, entry)| entry.credentials().ok_or_else(|| not_credentials(key))).transpose()
    }
}

fn not_credentials(key: &str) -> String {
    format!("`auth` of `{key}` is not `user:password` in base64")
}

/// What an entry is for: `host`, `host/namespace`, or an address such as `https://host/v1/`, of which the host alone counts.
struct Key<'a> {
    host: &'a str,
    namespace: &'a str,
}

impl<'a> Key<'a> {
    fn read(text: &'a str) -> Self {
        let bare = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let (host, path) = bare.unwrap_or(text).split_once('/').unwrap_or((bare.unwrap_or(text), ""));
        Self { host, namespace: if bare.is_some() { "" } else { path.trim_end_matches('/') } }
    }

    fn is_of(&self, host: &str) -> bool {
        self.namespace.is_empty() && self.has_host(host)
    }

    fn fits(&self, host: &str, repository: &str) -> bool {
        let below = repository.strip_prefix(self.namespace);
        self.has_host(host)
            && (self.namespace.is_empty() || below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    fn has_host(&self, host: &str) -> bool {
        self.host.eq_ignore_ascii_case(host) || (DOCKER_HUB.contains(&self.host) && DOCKER_HUB.contains(&host))
    }
}

impl Entry {
    /// Docker leaves an empty entry where a store keeps the credentials.
    fn says_something(&self) -> bool {
        [&self.auth, &self.identitytoken, &self.username].into_iter().any(|said| given(said.as_deref()).is_some())
    }

    fn credentials(&self) -> Option<Credentials> {
        if let Some(token) = given(self.identitytoken.as_deref()) {
            return Some(Credentials::IdentityToken(token.to_owned()));
        }
        let (user, password) = match given(self.auth.as_deref()) {
            Some(auth) => decoded(auth)?,
            None => (given(self.username.as_deref())?.to_owned(), self.password.clone().unwrap_or_default()),
        };
        Some(Credentials::Password { user, password })
    }
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// User and password. Old docker filled the password up with zeros.
fn decoded(auth: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64.decode(auth.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':').filter(|(user, _)| !user.is_empty())?;
    Some((user.to_owned(), password.trim_matches('\0').to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn file(value: &Value) -> AuthFile {
        AuthFile::read(value.to_string().as_bytes()).unwrap_or_else(|reason| panic!("{reason}"))
    }

    fn password(user: &str, password: &str) -> Credentials {
        Credentials::Password { user: user.to_owned(), password: password.to_owned() }
    }

    /// Whose credentials are found, if each entry's user is its key.
    fn user(keys: &[&str], host: &str, repository: &str) -> Option<String> {
        let auths: BTreeMap<&str, Value> = keys.iter().map(|key| (*key, json!({ "username": key }))).collect();
        match file(&json!({ "auths": auths })).entry(host, repository).unwrap() {
            Some(Credentials::Password { user, .. }) => Some(user),
            _ => None,
        }
    }

    #[test]
    fn an_entry_says_who_we_are_in_several_ways() {
        let cases = [
            (json!({ "auth": "dXNlcjpwYXNz" }), Some(password("user", "pass"))),
            (json!({ "auth": "dXNlcjphOmI6Yw==" }), Some(password("user", "a:b:c"))),
            (json!({ "auth": "dXNlcjphOmI6Yw" }), Some(password("user", "a:b:c"))),
            (json!({ "auth": "dXNlcjo=" }), Some(password("user", ""))),
            (json!({ "auth": "dXNlcjpwYXNzAAAA" }), Some(password("user", "pass"))),
            (json!({ "username": "user", "password": "pass" }), Some(password("user", "pass"))),
            (json!({ "auth": "dXNlcjpwYXNz", "username": "x", "password": "y" }), Some(password("user", "pass"))),
            (json!({ "auth": "dXNlcjo=", "identitytoken": "t" }), Some(Credentials::IdentityToken("t".to_owned()))),
            (json!({ "identitytoken": "t", "email": "a@b" }), Some(Credentials::IdentityToken("t".to_owned()))),
            (json!({}), None),
            (json!({ "auth": "", "identitytoken": null }), None),
        ];
        for (entry, expected) in cases {
            let found = file(&json!({ "auths": { "a.test": entry } })).entry("a.test", "web");
            assert_eq!(found, Ok(expected), "{entry}");
        }
        for auth in ["!", "dXNlcg==", "OnBhc3M=", "//86cA=="] {
            let found = file(&json!({ "auths": { "a.test": { "auth": auth } } })).entry("a.test", "web");
            assert_eq!(found, Err("`auth` of `a.test` is not `user:password` in base64".to_owned()), "{auth}");
        }
    }

    #[test]
    fn a_registry_is_known_by_all_its_spellings() {
        for key in
            ["a.test:5000", "https://a.test:5000", "https://a.test:5000/v1/", "http://a.test:5000/", "A.test:5000/"]
        {
            assert_eq!(user(&[key], "a.test:5000", "web").as_deref(), Some(key));
        }
        for key in ["a.test", "b.a.test:5000", "a.test:50000", "https://a.test", "ftp://a.test:5000", "", "/"] {
            assert_eq!(user(&[key], "a.test:5000", "web"), None, "{key}");
        }
        for key in [DOCKER_HUB_KEY, "docker.io", "registry-1.docker.io", "index.docker.io"] {
            for host in DOCKER_HUB {
                assert_eq!(user(&[key], host, "library/web").as_deref(), Some(key), "{host}");
            }
            assert_eq!(user(&[key], "a.test", "web"), None);
        }
        assert_eq!(user(&["https://a.test/v1/", "a.test"], "a.test", "web").as_deref(), Some("a.test"));
    }

    #[test]
    fn the_longest_namespace_that_fits_wins() {
        let keys = ["a.test", "a.test/team", "a.test/team/web", "a.test/te", "b.test/team/web/image"];
        for (repository, expected) in [
            ("team/web", "a.test/team/web"),
            ("team/web/image", "a.test/team/web"),
            ("team/website", "a.test/team"),
            ("team", "a.test/team"),
            ("teams/web", "a.test"),
            ("web", "a.test"),
        ] {
            assert_eq!(user(&keys, "a.test", repository).as_deref(), Some(expected), "{repository}");
        }
        assert_eq!(user(&keys[1..], "a.test", "web"), None);
    }

    #[test]
    fn a_helper_is_asked_for_the_registry_as_the_file_spells_it() {
        let file = file(&json!({
            "credHelpers": { "a.test": "a", "https://b.test": "b", "docker.io": "hub", "c.test/team": "c", "d.test": "" },
        }));
        let helper = |host| file.helper(host).map(|helper| (helper.name, helper.server));
        assert_eq!(helper("a.test"), Some(("a", "a.test")));
        assert_eq!(helper("b.test"), Some(("b", "https://b.test")));
        assert_eq!(helper("registry-1.docker.io"), Some(("hub", "docker.io")));
        assert_eq!(helper("c.test"), None);
        assert_eq!(helper("d.test"), Some(("", "d.test")));
    }

    #[test]
    fn what_is_empty_or_null_says_nothing() {
        for text in ["", " \n", "{}", r#"{"auths":null,"credHelpers":null,"credsStore":null}"#, r#"{"credsStore":""}"#]
        {
            let file = AuthFile::read(text.as_bytes()).unwrap_or_default();
            assert_eq!((file.helper("a.test"), file.store("a.test")), (None, None), "{text}");
            assert_eq!(file.entry("a.test", "web"), Ok(None), "{text}");
        }
        let broken = AuthFile::read(b"{\n \"auths\": 1}").err();
        assert_eq!(broken.as_deref(), Some("line 2, column 11 is not what stands in such a file"));
    }
}

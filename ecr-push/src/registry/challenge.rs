//! What a registry that says 401 wants to see: a reader of `WWW-Authenticate`.
//!
//! Source: RFC 9110, section 11.6.1, with the lists of section 5.6.1 and the quoted strings of section 5.6.4; the parameters of a Bearer
//! challenge: CNCF distribution, token authentication specification.

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User and password with every request.
    Basic,
    /// A token that is fetched elsewhere.
    Bearer {
        /// Where: the address of the token server.
        realm: String,
        /// What to tell it about the registry.
        service: Option<String>,
        /// What to tell it about the request: `repository:NAME:pull,push`.
        scope: Option<String>,
    },
}

/// Reads all values of the header. Of several challenges the first Bearer is taken, else Basic; none if neither is offered in a form that is
/// understood. A Bearer challenge without a realm leads nowhere, so it is no offer.
pub(crate) fn read<'a>(values: impl Iterator<Item = &'a str>) -> Option<Challenge> {
    let offers: Vec<Challenge> = values.flat_map(schemes).filter_map(Scheme::understood).collect();
    let bearer = offers.iter().position(|offer| *offer != Challenge::Basic).unwrap_or(0);
    offers.into_iter().nth(bearer)
}

/// One challenge as it stands there.
struct Scheme<'a> {
    name: &'a str,
    parameters: Vec<(&'a str, String)>,
}

impl Scheme<'_> {
    fn understood(self) -> Option<Challenge> {
        if self.name.eq_ignore_ascii_case("basic") {
            return Some(Challenge::Basic);
        }
        if !self.name.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let realm = self.parameter("realm")?;
        Some(Challenge::Bearer { realm, service: self.parameter("service"), scope: self.parameter("scope") })
    }

    fn parameter(&self, wanted: &str) -> Option<String> {
        let found = self.parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.clone())
    }
}

/// Reads one value of the header. What is malformed is passed over up to the next comma.
fn schemes(value: &str) -> Vec<Scheme<'_>> {
    let mut schemes: Vec<Scheme<'_>> = Vec::new();
    let mut rest = Rest(value);
    while rest.skip_to_element() {
        let word = rest.token();
        match (rest.parameter_value(), schemes.last_mut()) {
            (Some(value), Some(scheme)) => scheme.parameters.push((word, value)),
            (None, _) if !word.is_empty() && rest.is_after_scheme() => {
                let mut scheme = Scheme { name: word, parameters: Vec::new() };
                // What follows is the first parameter, or a word that means something to this scheme alone.
                rest.skip_blanks();
                let word = rest.token();
                scheme.parameters.extend(rest.parameter_value().map(|value| (word, value)));
                schemes.push(scheme);
            }
            _ => {}
        }
        rest.skip_element();
    }
    schemes
}

/// What is still to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// Goes to the next element of the list, which may be preceded by empty ones. False if there is none.
    fn skip_to_element(&mut self) -> bool {
        self.0 = self.0.trim_start_matches([' ', '\t', ',']);
        !self.0.is_empty()
    }

    /// Goes to the comma that ends the element, or to the end.
    fn skip_element(&mut self) {
        while let Some(next) = self.0.chars().next().filter(|next| *next != ',') {
            if next != '"' {
                self.0 = self.0.get(next.len_utf8()..).unwrap_or_default();
            } else if self.quoted().is_none() {
                // What is never closed reaches to the end.
                self.0 = "";
            }
        }
    }

    fn is_after_word(&self) -> bool {
        self.0.is_empty() || self.0.starts_with([' ', '\t', ','])
    }

    /// Whether the word before can be the name of a scheme, not that of a parameter that has no value.
    fn is_after_scheme(&self) -> bool {
        self.is_after_word() && !self.0.trim_start_matches([' ', '\t']).starts_with('=')
    }

    fn token(&mut self) -> &'a str {
        let end = self.0.find(|character| !is_token(character)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        token
    }

    /// `=` and a value, blanks around it allowed; nothing is read if that is not what follows.
    fn parameter_value(&mut self) -> Option<String> {
        let mut ahead = Rest(self.0);
        ahead.skip_blanks();
        ahead.0 = ahead.0.strip_prefix('=')?;
        ahead.skip_blanks();
        let value = match ahead.quoted() {
            Some(text) => text,
            None => Some(ahead.token()).filter(|token| !token.is_empty())?.to_owned(),
        };
        // `abc==` is no parameter.
        if !ahead.is_after_word() {
            return None;
        }
        self.0 = ahead.0;
        Some(value)
    }

    /// A quoted string, its escapes undone; nothing is read if it is not closed.
    fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut characters = self.0.strip_prefix('"')?.chars();
        loop {
            match characters.next()? {
                '"' => break,
                '\\' => text.push(characters.next()?),
                plain => text.push(plain),
            }
        }
        self.0 = characters.as_str();
        Some(text)
    }
}

/// Source: RFC 9110, section 5.6.2.
fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        let [service, scope] = [service, scope].map(|text| text.map(str::to_owned));
        Challenge::Bearer { realm: realm.to_owned(), service, scope }
    }

    #[test]
    fn what_registries_say_is_understood() {
        let cases = [
            (
                r#"Basic realm="https://1.dkr.ecr.eu-central-1.amazonaws.com/",service="ecr.amazonaws.com""#,
                Challenge::Basic,
            ),
            (
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
                bearer("https://auth.docker.io/token", Some("registry.docker.io"), Some("repository:a/b:pull,push")),
            ),
            (
                r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull""#,
                bearer("https://ghcr.io/token", Some("ghcr.io"), Some("repository:user/image:pull")),
            ),
            (
                r#"Bearer realm="https://gitlab.com/jwt/auth",service="container_registry",error="invalid_token""#,
                bearer("https://gitlab.com/jwt/auth", Some("container_registry"), None),
            ),
        ];
        for (value, expected) in cases {
            assert_eq!(read([value].into_iter()), Some(expected), "{value}");
        }
    }

    #[test]
    fn all_that_the_grammar_allows_is_understood() {
        let found = |realm: &str| Some(bearer(realm, None, None));
        let cases = [
            ("basic", Some(Challenge::Basic)),
            ("BASIC abc==", Some(Challenge::Basic)),
            (r"bEARER rEALM=here", found("here")),
            ("Bearer\trealm \t=\t \"here\"", found("here")),
            (r#" , ,Bearer , , realm="here", ,"#, found("here")),
            (r#"Bearer realm="a, Basic realm=\"b\\\"""#, found(r#"a, Basic realm="b\""#)),
            (r#"Bearer realm="""#, found("")),
            (r#"Bearer error="x", realm="here", realm="there""#, found("here")),
            (r#"Basic realm="a", Bearer realm="b""#, found("b")),
            (r#"Bearer realm="b", Basic realm="a""#, found("b")),
            (
                r#"Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple""#,
                Some(Challenge::Basic),
            ),
            (r#"Negotiate YIIabc/+==, Bearer realm="b""#, found("b")),
            ("Negotiate abc=, Basic", Some(Challenge::Basic)),
            (r#"Negotiate, Bearer realm="b""#, found("b")),
        ];
        for (value, expected) in cases {
            assert_eq!(read([value].into_iter()), expected, "{value}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_no_challenge() {
        for value in [
            "",
            ",",
            "Bearer",
            r#"Bearer service="registry""#,
            r#"Bearer realm="never closed"#,
            r#"Bearer realm="never closed\"#,
            "Bearer realm=",
            r#"realm="here""#,
            r#"realm="Basic", Negotiate"#,
            "Negotiate Basic",
            "Digest realm=Basic",
            r#"Digest realm="a, Bearer realm=b, Basic""#,
            "é=Basic",
            "Digest realm=a, Basic=",
            "Digest realm=a, Basic = \"b",
            "Basic/1",
        ] {
            assert_eq!(read([value].into_iter()), None, "{value}");
        }
    }

    #[test]
    fn a_bearer_in_any_value_of_the_header_comes_before_basic() {
        let values = [r#"Basic realm="a""#, "Negotiate", r#"Bearer realm="b""#, r#"Bearer realm="c""#];
        assert_eq!(read(values.into_iter()), Some(bearer("b", None, None)));
        assert_eq!(read(values[..2].iter().copied()), Some(Challenge::Basic));
        assert_eq!(read(std::iter::empty()), None);
    }

    fn quoted(text: &str) -> String {
        let escaped: String =
            text.chars().flat_map(|next| ['\\', next].into_iter().skip(usize::from(!"\"\\".contains(next)))).collect();
        format!("\"{escaped}\"")
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(values in prop::collection::vec(".{0,40}|[Bbasicerlm=\", \\\\]{0,40}", 0..4)) {
            read(values.iter().map(String::as_str));
        }

        #[test]
        fn what_was_written_is_read_back(
            before in "(Negotiate( [a-z0-9/+]{1,9}={0,2})?, )?(Basic realm=[a-z]{1,5}, )?(Digest title=\"[a-z, ]{0,9}\", )?",
            scheme in "[Bb][Ee][Aa][Rr][Ee][Rr]",
            realm in "[ -~é]{0,30}",
            service in prop::option::of("[ -~]{0,30}"),
            scope in prop::option::of("[ -~]{0,30}"),
            joint in " {0,2},[ ,]{0,3}",
            after in "(, Basic( realm=\"[a-z, ]{0,9}\")?)?",
        ) {
            let parameters = [("Realm", Some(&realm)), ("SERVICE", service.as_ref()), ("scope", scope.as_ref())];
            let parameters: Vec<String> = parameters.into_iter()
                .filter_map(|(name, value)| value.map(|value| format!("{name}={}", quoted(value))))
                .collect();
            let value = format!("{before}{scheme} {}{after}", parameters.join(&joint));
            let expected = bearer(&realm, service.as_deref(), scope.as_deref());
            prop_assert_eq!(read([value.as_str()].into_iter()), Some(expected), "{}", value);
        }
    }
}

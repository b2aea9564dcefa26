//! Scheme and host of a registry: the only place that ever gets what opens it.

use http::Uri;

/// Scheme and host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: String,
    authority: String,
}

impl Origin {
    /// A registry by its host. It speaks TLS unless it is said that it does not.
    pub(crate) fn of_host(host: &str, is_plain: bool) -> Option<Self> {
        Self::of_endpoint(&format!("{}://{host}", if is_plain { "http" } else { "https" }))
    }

    /// Reads the registry's address. It is plain HTTP only if ECR itself says so, as a local one does.
    pub(crate) fn of_endpoint(endpoint: &str) -> Option<Self> {
        let uri: Uri = endpoint.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let known = matches!(scheme, "https" | "http") && !authority.as_str().contains('@');
        known.then(|| Self { scheme: scheme.to_owned(), authority: authority.to_string() })
    }

    /// Whether it is spoken to without TLS.
    pub(crate) fn is_plain(&self) -> bool {
        self.scheme == "http"
    }

    /// The host, with its port if it has one.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// The address of a path, or of an address that the registry gave as long as it stays on the same host.
    pub(crate) fn resolve(&self, location: &str) -> Option<Uri> {
        if location.starts_with('/') && !location.starts_with("//") {
            return format!("{}://{}{location}", self.scheme, self.authority).parse().ok();
        }
        let same_host = Self::of_endpoint(location).as_ref() == Some(self);
        same_host.then(|| location.parse().ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_stays_on_the_registrys_own_host() {
        let origin = Origin::of_endpoint("https://1.dkr.ecr.eu-central-1.amazonaws.com").unwrap();
        let own = "https://1.dkr.ecr.eu-central-1.amazonaws.com/v2/web/blobs/uploads/7?_state=x%2Fy";
        assert_eq!(origin.resolve(own).unwrap().to_string(), own);
        assert_eq!(origin.resolve("/v2/web/blobs/uploads/7?_state=x%2Fy").unwrap().to_string(), own);
        for elsewhere in [
            "https://evil.example/v2/",
            "http://1.dkr.ecr.eu-central-1.amazonaws.com/v2/",
            "https://1.dkr.ecr.eu-central-1.amazonaws.com:8443/v2/",
            "https://1.dkr.ecr.eu-central-1.amazonaws.com@evil.example/v2/",
            "//evil.example/v2/",
            "ftp://x/",
            "uploads/7",
            "",
        ] {
            assert_eq!(origin.resolve(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn a_host_speaks_tls_unless_it_is_said_that_it_does_not() {
        let address =
            |plain| Origin::of_host("registry.example:5000", plain).unwrap().resolve("/v2/").unwrap().to_string();
        assert_eq!(address(false), "https://registry.example:5000/v2/");
        assert_eq!(address(true), "http://registry.example:5000/v2/");
        assert_eq!(Origin::of_host("user@registry.example", false), None);
        assert_eq!(Origin::of_host("", false), None);
    }
}

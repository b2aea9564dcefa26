//! Package URLs, as far as a waiver compares them.
//!
//! Source: package-url/purl-spec, `PURL-SPECIFICATION.rst`.

use std::collections::BTreeMap;
use std::str::FromStr;

/// A package URL: `pkg:type/namespace/name@version?qualifiers`. The subpath is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purl {
    /// `deb`, `npm`, `maven`, in lower case.
    pub kind: String,
    /// What stands between type and name; empty if nothing does.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The version; empty if there is none.
    pub version: String,
    /// `arch`, `distro` and so on.
    pub qualifiers: BTreeMap<String, String>,
}

impl FromStr for Purl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no package URL: it must look like pkg:deb/debian/openssl@3.0.11");
        let rest = text.trim().strip_prefix("pkg:").ok_or_else(wrong)?.trim_start_matches('/');
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, path) = path.split_once('/').ok_or_else(wrong)?;
        // The version stands behind the last @; the @ of an npm scope is encoded, or is the first character of a segment.
        let (path, version) = match path.rsplit_once('@') {
            Some((path, version)) if !path.is_empty() && !path.ends_with('/') => (path, version),
            _ => (path, ""),
        };
        let path = path.trim_matches('/');
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        if kind.is_empty() || name.is_empty() {
            return Err(wrong());
        }
        let qualifiers = qualifiers.split('&').filter_map(|pair| pair.split_once('='));
        Ok(Self {
            kind: kind.to_ascii_lowercase(),
            namespace: decoded(namespace),
            name: decoded(name),
            version: decoded(version),
            qualifiers: qualifiers.map(|(key, value)| (key.to_ascii_lowercase(), decoded(value))).collect(),
        })
    }
}

impl Purl {
    /// Whether it stands for `package` too: the same package, and the same version and qualifiers as far as it gives any.
    #[must_use]
    pub fn covers(&self, package: &Self) -> bool {
        let same_name = self.kind == package.kind
            && self.namespace.eq_ignore_ascii_case(&package.namespace)
            && self.name.eq_ignore_ascii_case(&package.name);
        let same_version = self.version.is_empty() || self.version == package.version;
        same_name
            && same_version
            && self.qualifiers.iter().all(|(key, value)| package.qualifiers.get(key) == Some(value))
    }
}

/// Percent-encoding undone. What is no encoding stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = (*first == b'%').then(|| behind.get(..2)).flatten();
        let decoded =
            hex.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = decoded {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_told_apart() {
        let purl: Purl = "pkg:npm/%40angular/core@12.0.0?a=1&b=x%2Fy#sub/path".parse().unwrap();
        assert_eq!((&*purl.kind, &*purl.namespace, &*purl.name, &*purl.version), ("npm", "@angular", "core", "12.0.0"));
        assert_eq!(purl.qualifiers["b"], "x/y");
        let scoped: Purl = "pkg:npm/@angular/core".parse().unwrap();
        assert_eq!((&*scoped.namespace, &*scoped.name, &*scoped.version), ("@angular", "core", ""));
        let image: Purl = "pkg:oci/nginx@sha256%3Aabc".parse().unwrap();
        assert_eq!((&*image.name, &*image.version), ("nginx", "sha256:abc"));
        for text in ["", "openssl", "pkg:deb", "pkg:deb/", "pkg:/openssl"] {
            assert!(text.parse::<Purl>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_package_url_covers_what_it_does_not_narrow_down() {
        let cases = [
            ("pkg:deb/debian/openssl", "pkg:deb/debian/openssl@3.0?arch=amd64", true),
            ("pkg:deb/debian/openssl@3.0", "pkg:deb/debian/openssl@3.0?arch=amd64", true),
            ("pkg:deb/debian/openssl@3.0?arch=arm64", "pkg:deb/debian/openssl@3.0?arch=amd64", false),
            ("pkg:deb/debian/openssl@3.0?arch=amd64", "pkg:deb/debian/openssl@3.0", false),
            ("pkg:deb/debian/openssl@3.1", "pkg:deb/debian/openssl@3.0", false),
            ("pkg:deb/ubuntu/openssl", "pkg:deb/debian/openssl@3.0", false),
            ("pkg:deb/debian/openssl", "pkg:deb/debian/libssl3@3.0", false),
            ("pkg:pypi/Pillow", "pkg:pypi/pillow@9.4.0", true),
        ];
        for (wide, narrow, expected) in cases {
            let (wide, narrow): (Purl, Purl) = (wide.parse().unwrap(), narrow.parse().unwrap());
            assert_eq!(wide.covers(&narrow), expected, "{wide:?} {narrow:?}");
        }
    }
}

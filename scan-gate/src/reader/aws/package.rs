//! What Inspector says of a vulnerability and its packages, in its own answers, in those of ECR, and in ASFF, which writes the names in capitals.
//!
//! A finding is one vulnerability in any number of packages. It stays one finding, and its package is all their names: a waiver for one of the names
//! must not silence the others.

use std::sync::Arc;

use serde::Deserialize;

use crate::finding::{Fix, Pool, Said, Score, Text};
use crate::reader::plain::Plain;
use crate::severity::{Rating, Severity};

/// A package with the vulnerability.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::reader) struct VulnerablePackage {
    #[serde(alias = "Name")]
    name: Option<String>,
    #[serde(alias = "Epoch", default)]
    epoch: Plain,
    #[serde(alias = "Version")]
    version: Option<String>,
    #[serde(alias = "Release")]
    release: Option<String>,
    #[serde(alias = "FilePath")]
    file_path: Option<String>,
    #[serde(alias = "FixedInVersion")]
    fixed_in_version: Option<String>,
}

/// A CVSS score.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::reader) struct Cvss {
    #[serde(alias = "BaseScore", default)]
    base_score: Plain,
    #[serde(alias = "Version", default)]
    version: Plain,
    #[serde(alias = "Source")]
    source: Option<String>,
}

/// All packages of a finding.
#[derive(Debug, Default)]
pub(in crate::reader) struct Packages {
    pub(in crate::reader) names: String,
    pub(in crate::reader) versions: String,
    pub(in crate::reader) paths: String,
    fixed_in: String,
    without_fix: bool,
}

impl Packages {
    /// Puts them together, each name and version once.
    pub(in crate::reader) fn of(packages: &[VulnerablePackage]) -> Self {
        let fixed_in = || packages.iter().filter_map(|package| package.fixed_in_version.as_deref());
        Self {
            names: joined(packages.iter().filter_map(|package| package.name.as_deref())),
            versions: joined(packages.iter().map(VulnerablePackage::full_version).collect::<Vec<_>>().iter()),
            paths: joined(packages.iter().filter_map(|package| package.file_path.as_deref())),
            fixed_in: joined(fixed_in().filter(|version| !is_none(version))),
            without_fix: fixed_in().any(is_none),
        }
    }

    /// Whether there is a fix. `PARTIAL` is for some of the packages, so there is one.
    pub(in crate::reader) fn fix(&self, available: Option<&str>, pool: &mut Pool) -> Fix {
        match available {
            _ if !self.fixed_in.is_empty() => Fix::Version(pool.text(&self.fixed_in)),
            Some("NO") => Fix::None,
            None if self.without_fix => Fix::None,
            _ => Fix::Unsaid,
        }
    }
}

impl VulnerablePackage {
    /// The version as the package's own system writes it. An epoch of 0 is written nowhere.
    fn full_version(&self) -> String {
        let version = self.version.as_deref().unwrap_or_default();
        let release = self.release.as_deref().filter(|release| !release.is_empty());
        let epoch = Some(self.epoch.text()).filter(|epoch| !epoch.is_empty() && epoch != "0");
        let epoch = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
        release.map_or_else(|| format!("{epoch}{version}"), |release| format!("{epoch}{version}-{release}"))
    }
}

fn is_none(version: &str) -> bool {
    version.eq_ignore_ascii_case("NotAvailable")
}

/// Distinct texts, in order.
pub(in crate::reader) fn joined<T: AsRef<str>>(texts: impl Iterator<Item = T>) -> String {
    let mut seen: Vec<T> = Vec::new();
    for text in texts {
        if !text.as_ref().is_empty() && seen.iter().all(|known| known.as_ref() != text.as_ref()) {
            seen.push(text);
        }
    }
    seen.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ")
}

/// The scores, with the finding's own one if Inspector gave one.
pub(in crate::reader) fn scores(cvss: &[Cvss], own: Option<Score>, pool: &mut Pool) -> Arc<[Score]> {
    let mut scores: Vec<Score> = own.into_iter().collect();
    for cvss in cvss {
        scores.extend(cvss.base_score.positive().map(|value| Score {
            by: source(cvss.source.as_deref(), pool),
            version: major(&cvss.version),
            value,
        }));
    }
    pool.scores(&scores)
}

/// What the vendor of the package says, if it says anything.
pub(in crate::reader) fn said(by: Option<&str>, word: Option<&str>, pool: &mut Pool) -> Arc<[Said]> {
    let word = word.filter(|word| !word.trim().is_empty());
    let said: Vec<Said> = word.map(|word| Said { by: source(by, pool), rating: of_vendor(word) }).into_iter().collect();
    pool.said(&said)
}

/// Vendors have words of their own: Red Hat's are `important` and `moderate`, Debian's and Ubuntu's `unimportant` and `negligible`.
fn of_vendor(word: &str) -> Rating {
    match word.trim().to_ascii_lowercase().as_str() {
        "important" => Rating::Known(Severity::High),
        "moderate" => Rating::Known(Severity::Medium),
        "negligible" | "unimportant" | "informational" => Rating::Known(Severity::Info),
        word => Rating::of_word(Some(word)),
    }
}

/// Inspector names its sources `NVD`, `REDHAT_CVE`, `UBUNTU_CVE`, `GITHUB`.
fn source(name: Option<&str>, pool: &mut Pool) -> Text {
    let name = name.unwrap_or_default().trim().to_ascii_lowercase();
    pool.text(match name.strip_suffix("_cve").unwrap_or(&name) {
        "" => "inspector",
        "github" => "ghsa",
        name => name,
    })
}

/// The major version of CVSS. Inspector writes `2.0`, `3.1`, `4.0`; where nothing stands, it is 3, which its own scores are made by.
pub(in crate::reader) fn major(version: &Plain) -> u8 {
    match version.text().bytes().next() {
        Some(digit @ b'2'..=b'4') => digit - b'0',
        _ => 3,
    }
}

/// The other ids of the same thing. An advisory is about several vulnerabilities: these are not the same thing, and a waiver for one of them must not
/// silence the advisory. So only a single id of another family counts.
pub(in crate::reader) fn aliases(id: &str, related: Option<&[String]>, pool: &mut Pool) -> Box<[Text]> {
    let family = |id: &str| id.split('-').next().unwrap_or_default().to_ascii_uppercase();
    match related {
        Some([other]) if !other.is_empty() && family(other) != family(id) => [pool.text(other)].into(),
        _ => Box::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(text: &str) -> Packages {
        Packages::of(&serde_json::from_str::<Vec<VulnerablePackage>>(text).unwrap())
    }

    #[test]
    fn packages_are_put_together_and_each_name_stands_once() {
        let packages = packages(
            r#"[{"name":"libssl3","epoch":0,"version":"3.0.2","release":"0ubuntu1.8","fixedInVersion":"3.0.2-9"},
                {"name":"openssl","epoch":1,"version":"3.0.2","release":"0ubuntu1.8","filePath":"a","fixedInVersion":"3.0.2-9"},
                {"Name":"openssl","Epoch":"1","Version":"3.0.2","FilePath":"b"},{}]"#,
        );
        assert_eq!(packages.names, "libssl3, openssl");
        assert_eq!(packages.versions, "3.0.2-0ubuntu1.8, 1:3.0.2-0ubuntu1.8, 1:3.0.2");
        assert_eq!(packages.paths, "a, b");
    }

    #[test]
    fn a_fix_is_a_version_or_told_to_be_none() {
        let mut pool = Pool::default();
        for (fixed_in, available, expected) in [
            (r#""2""#, Some("YES"), Fix::Version("2".into())),
            (r#""2""#, Some("NO"), Fix::Version("2".into())),
            (r#""2""#, None, Fix::Version("2".into())),
            (r#""NotAvailable""#, Some("YES"), Fix::Unsaid),
            (r#""NotAvailable""#, Some("PARTIAL"), Fix::Unsaid),
            (r#""NotAvailable""#, Some("NO"), Fix::None),
            (r#""NotAvailable""#, None, Fix::None),
            ("null", Some("NO"), Fix::None),
            ("null", None, Fix::Unsaid),
            (r#""""#, None, Fix::Unsaid),
        ] {
            let packages = packages(&format!(r#"[{{"name":"p","fixedInVersion":{fixed_in}}}]"#));
            assert_eq!(packages.fix(available, &mut pool), expected, "{fixed_in} {available:?}");
        }
    }

    #[test]
    fn an_advisory_about_several_vulnerabilities_is_none_of_them() {
        let mut pool = Pool::default();
        let cases: [(&str, &[&str], &[&str]); 5] = [
            ("GHSA-a", &["CVE-1"], &["CVE-1"]),
            ("ALAS2-1", &["CVE-1", "CVE-2"], &[]),
            ("CVE-1", &["CVE-2"], &[]),
            ("CVE-1", &[""], &[]),
            ("CVE-1", &[], &[]),
        ];
        for (id, related, expected) in cases {
            let related: Vec<String> = related.iter().map(|id| (*id).to_owned()).collect();
            let found = aliases(id, Some(&related), &mut pool);
            assert_eq!(found.iter().map(|alias| &**alias).collect::<Vec<_>>(), expected, "{id}");
        }
    }

    #[test]
    fn vendors_and_sources_have_words_of_their_own() {
        let mut pool = Pool::default();
        for (by, word, expected) in [
            ("REDHAT_CVE", "Important", ("redhat", "high")),
            ("UBUNTU_CVE", "negligible", ("ubuntu", "info")),
            ("NVD", "MEDIUM", ("nvd", "medium")),
            ("GITHUB", "odd", ("ghsa", "unknown")),
        ] {
            let said = said(Some(by), Some(word), &mut pool);
            assert_eq!((&*said[0].by, said[0].rating.word()), expected);
        }
        assert!(said(Some("NVD"), Some(" "), &mut pool).is_empty());
    }
}

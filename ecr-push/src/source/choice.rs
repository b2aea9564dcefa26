//! Which image of several is meant: by name, by platform. Pure.

use std::fmt;
use std::str::FromStr;

use contract::Digest;
use thiserror::Error;

use super::error::SourceError;
use crate::manifest::{Descriptor, Platform};

/// Which image is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Its name, tag or digest; `None` if there is only one.
    pub name: Option<String>,
    /// Its platform; `None` for all of them.
    pub platform: Option<PlatformName>,
}

/// The name of a platform, `os/architecture` or `os/architecture/variant`, in one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformName(String);

/// A text that names no platform.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a platform: expected os/architecture or os/architecture/variant, for example linux/amd64")]
pub struct NotAPlatform(String);

impl FromStr for PlatformName {
    type Err = NotAPlatform;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.to_ascii_lowercase();
        let words: Vec<&str> = lower.split('/').collect();
        let is_word = |word: &&str| {
            !word.is_empty() && word.chars().all(|found| found.is_ascii_alphanumeric() || "._-".contains(found))
        };
        if !(2..=3).contains(&words.len()) || !words.iter().all(is_word) {
            return Err(NotAPlatform(text.to_owned()));
        }
        Ok(Self(one_spelling(words[0], words[1], words.get(2).copied())))
    }
}

/// Variants that go without saying are left out, and the names that kernels use are those that Go uses.
///
/// Source: OCI image specification, image index, platform variants; containerd, `platforms.Normalize`.
fn one_spelling(os: &str, architecture: &str, variant: Option<&str>) -> String {
    let architecture = match architecture {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    match (architecture, variant) {
        ("amd64", Some("v1")) | ("arm64", Some("v8" | "8")) | ("arm", Some("v7" | "7")) | (_, None) => {
            format!("{os}/{architecture}")
        }
        (_, Some(variant)) => format!("{os}/{architecture}/{variant}"),
    }
}

impl fmt::Display for PlatformName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl PlatformName {
    /// Whether it is this one.
    #[must_use]
    pub fn is(&self, platform: &Platform) -> bool {
        matches!(platform, Platform::Named(name) if name.parse().as_ref() == Ok(self))
    }
}

/// The entry of an index that is for a platform. Attestations are for none.
///
/// # Errors
/// There is none, or there are several.
pub fn choose<'a>(index: &'a [Descriptor], platform: &PlatformName) -> Result<&'a Descriptor, SourceError> {
    let fits = |entry: &&Descriptor| {
        !entry.is_attestation() && entry.platform.as_ref().is_some_and(|found| platform.is(found))
    };
    let mut fitting = index.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(no_platform(platform, index)),
    }
}

fn no_platform(platform: &PlatformName, index: &[Descriptor]) -> SourceError {
    let held = index.iter().filter(|entry| !entry.is_attestation()).map(title);
    SourceError::Platform { wanted: platform.to_string(), held: held.collect() }
}

/// What an entry of an index is, for people.
pub(super) fn title(entry: &Descriptor) -> String {
    let kind = match &entry.platform {
        _ if entry.is_attestation() => "attestation",
        Some(Platform::Named(name)) => name,
        _ => "image",
    };
    format!("{kind} ({})", entry.digest)
}

/// An image that can be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Its names.
    pub(super) names: Vec<String>,
    /// Its digest, or that of its configuration.
    pub(super) digest: Digest,
}

impl fmt::Display for Candidate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.names[..] {
            [] => self.digest.fmt(formatter),
            names => write!(formatter, "{} ({})", self.digest, names.join(", ")),
        }
    }
}

impl Candidate {
    fn is_called(&self, wanted: &str) -> bool {
        self.digest.as_str() == wanted
            || self.names.iter().any(|name| name == wanted || familiar(name) == familiar(wanted))
    }
}

/// Which of the candidates is meant. One image under several names is one image.
pub(super) fn pick(candidates: &[Candidate], wanted: Option<&str>) -> Result<usize, SourceError> {
    let is_meant = |candidate: &Candidate| wanted.is_none_or(|wanted| candidate.is_called(wanted));
    let meant: Vec<usize> = (0..candidates.len()).filter(|&at| is_meant(&candidates[at])).collect();
    match (&meant[..], wanted) {
        ([first, others @ ..], _) if others.iter().all(|&other| is_same(&candidates[*first], &candidates[other])) => {
            Ok(*first)
        }
        ([], Some(wanted)) if !candidates.is_empty() => Err(SourceError::NotFound {
            wanted: wanted.to_owned(),
            held: candidates.iter().map(ToString::to_string).collect(),
        }),
        ([], _) => Err(SourceError::Empty),
        _ => Err(SourceError::Several(meant.iter().map(|&at| candidates[at].to_string()).collect())),
    }
}

/// An image that is there under another name too. Twice under one name is a mistake, not two names.
fn is_same(one: &Candidate, other: &Candidate) -> bool {
    one.digest == other.digest && one.names != other.names
}

/// A name as people write it: without Docker Hub's host, with a tag.
fn familiar(name: &str) -> String {
    let hosts = ["docker.io/library/", "docker.io/", "index.docker.io/library/", "localhost/"];
    let short = hosts.iter().find_map(|host| name.strip_prefix(host)).unwrap_or(name);
    let last = short.rsplit('/').next().unwrap_or(short);
    if last.contains([':', '@']) { short.to_owned() } else { format!("{short}:latest") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(digit: char) -> Digest {
        format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
    }

    /// An index of these platforms, each with a digest of its own; `-` is an attestation, the empty name says nothing.
    fn index(platforms: &[&str]) -> Vec<Descriptor> {
        let entry = |(name, digit): (&&str, char)| Descriptor {
            media_type: String::new(),
            digest: digest(digit),
            size: 1,
            platform: match *name {
                "" => None,
                "-" => Some(Platform::Attestation),
                name => Some(Platform::Named(name.to_owned())),
            },
            annotations: crate::manifest::Annotations::default(),
        };
        platforms.iter().zip('a'..='f').map(entry).collect()
    }

    fn check_platform(platforms: &[&str], wanted: &str, expected: Option<char>) {
        let index = index(platforms);
        let found = choose(&index, &wanted.parse().unwrap()).map(|entry| entry.digest.clone()).ok();
        assert_eq!(found, expected.map(digest), "{wanted} of {platforms:?}");
    }

    #[test]
    fn a_platform_is_found_under_every_spelling() {
        let both = ["linux/amd64", "linux/arm64/v8", "-"];
        check_platform(&both, "linux/amd64", Some('a'));
        check_platform(&both, "linux/x86_64", Some('a'));
        check_platform(&both, "Linux/arm64", Some('b'));
        check_platform(&both, "linux/aarch64/v8", Some('b'));
        check_platform(&["linux/arm/v6", "linux/arm/v7"], "linux/arm", Some('b'));
        check_platform(&["linux/arm/v6", "linux/arm/v7"], "linux/arm/v6", Some('a'));
    }

    #[test]
    fn a_platform_that_is_not_there_or_there_twice_is_refused() {
        check_platform(&["linux/amd64", "-"], "linux/arm64", None);
        check_platform(&["linux/amd64"], "linux/amd64/v2", None);
        check_platform(&["", "-"], "linux/amd64", None);
        check_platform(&[], "linux/amd64", None);
        check_platform(&["windows/amd64", "windows/amd64"], "windows/amd64", None);
        let error = choose(&index(&["linux/amd64", "-"]), &"linux/arm64".parse().unwrap()).unwrap_err();
        let expected =
            format!("there is not exactly one image for linux/arm64: there is linux/amd64 ({})", digest('a'));
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn what_names_no_platform_is_refused() {
        for text in ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux amd64", "linux/*"] {
            assert!(text.parse::<PlatformName>().is_err(), "{text}");
        }
    }

    /// Which of the candidates is meant: each has a digest and names.
    fn check_name(candidates: &[(char, &[&str])], wanted: Option<&str>, expected: Result<usize, &str>) {
        let candidate = |(digit, names): &(char, &[&str])| Candidate {
            names: names.iter().map(ToString::to_string).collect(),
            digest: digest(*digit),
        };
        let candidates: Vec<Candidate> = candidates.iter().map(candidate).collect();
        let found = pick(&candidates, wanted);
        match (&found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(*found, expected, "{wanted:?} of {candidates:?}"),
            (Err(error), Err(code)) => assert_eq!(contract::Fault::code(error), code, "{error}"),
            _ => panic!("{wanted:?} of {candidates:?}: {found:?}"),
        }
    }

    #[test]
    fn an_image_is_found_by_its_name_tag_or_digest() {
        let two: [(char, &[&str]); 2] =
            [('a', &["docker.io/library/web:1.0.0", "1.0.0"]), ('b', &["localhost/web:latest"])];
        for (wanted, expected) in [("web:1.0.0", 0), ("1.0.0", 0), ("docker.io/library/web:1.0.0", 0), ("web", 1)] {
            check_name(&two, Some(wanted), Ok(expected));
        }
        check_name(&two, Some(digest('b').as_str()), Ok(1));
        check_name(&two, Some("web:2"), Err("image.not_found"));
    }

    #[test]
    fn several_images_are_several_unless_they_are_one_under_several_names() {
        check_name(&[('a', &["web:1"])], None, Ok(0));
        check_name(&[('a', &["web:1"]), ('a', &["web:2"])], None, Ok(0));
        check_name(&[('a', &["web:1"]), ('a', &["web:1"])], None, Err("layout.several_images"));
        check_name(&[('a', &["web:1"]), ('b', &["web:2"])], None, Err("layout.several_images"));
        check_name(&[('a', &["web:1"]), ('b', &["web:1"])], Some("web:1"), Err("layout.several_images"));
        check_name(&[], None, Err("layout.empty"));
        check_name(&[], Some("web:1"), Err("layout.empty"));
    }
}

//! `--require scan,push`: what must have happened upstream, and about which image.
//!
//! The convention that makes it work: a section says `ok`, and a section about an image says which one by `digest` or `digests`. A section that
//! keeps quiet about its image proves nothing; only those that are about no image at all need not name one.

use serde::Deserialize;
use thiserror::Error;

use crate::digest::Digest;
use crate::document::Document;
use crate::exit::Exit;
use crate::fault::Fault;

/// Why a document does not show what was demanded.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Unmet {
    /// There is no release document at all.
    #[error("`{0}` is required, but there is no release document that could show it")]
    NoDocument(String),
    /// The section is not there.
    #[error("`{0}` is required, but that step did not run")]
    Missing(String),
    /// The section is there and is no pass.
    #[error("the step `{0}` did not pass")]
    Failed(String),
    /// The section does not say which image it is about.
    #[error("`{0}` is required, but it does not say which image it looked at")]
    NoSubject(String),
    /// The image at hand has no digest to compare with.
    #[error("`{0}` is required, but the image at hand is not named by its digest")]
    NoImage(String),
    /// The section is about another image.
    #[error("`{section}` is required for {expected}, but it is about {found}")]
    OtherImage {
        /// The section's name.
        section: String,
        /// The image at hand.
        expected: String,
        /// The image that the section speaks of.
        found: String,
    },
}

impl Fault for Unmet {
    fn exit(&self) -> Exit {
        Exit::No
    }

    fn code(&self) -> String {
        match self {
            Self::NoDocument(_) => "require.no_document",
            Self::Missing(_) => "require.missing",
            Self::Failed(_) => "require.failed",
            Self::NoSubject(_) => "require.no_subject",
            Self::NoImage(_) => "require.no_image",
            Self::OtherImage { .. } => "require.other_image",
        }
        .to_owned()
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoDocument(_) => "pipe the document of the step before in with: --input -".to_owned(),
            Self::Missing(section) => format!("put the tool that writes `{section}` before this one in the pipe"),
            Self::Failed(section) => format!("look at `{section}` with: jq .{section} FILE"),
            Self::NoSubject(_) => "scan the image itself, not a folder or a repository".to_owned(),
            Self::NoImage(_) => "name the image by its digest: HOST/REPOSITORY@sha256:…".to_owned(),
            Self::OtherImage { .. } => "run that step again for the image at hand".to_owned(),
        })
    }
}

/// The sections of the release document that are about no image.
const WITHOUT_IMAGE: [&str; 2] = ["network", "lock"];

/// The sections that are about an image.
const ABOUT_IMAGE: [&str; 3] = ["scan", "push", "deployment"];

/// What a section says about itself, as far as a demand can ask.
#[derive(Deserialize)]
struct Section {
    ok: Option<bool>,
    digest: Option<Digest>,
    digests: Option<Vec<Digest>>,
}

/// The sections that tools write.
pub(crate) fn sections() -> impl Iterator<Item = &'static str> {
    ABOUT_IMAGE.into_iter().chain(WITHOUT_IMAGE)
}

/// Checks that each of `sections` is in the document, has passed, and is about one of `subjects` if it is about an image.
///
/// # Errors
/// The first demand that is not met.
pub fn check(document: Option<&Document>, sections: &[String], subjects: &[Digest]) -> Result<(), Unmet> {
    sections.iter().try_for_each(|section| {
        let document = document.ok_or_else(|| Unmet::NoDocument(section.clone()))?;
        check_one(document, section, subjects)
    })
}

/// The part of [`check`] that can be asked before it is known which image is at hand: that each of `sections` is in the document, has passed, and
/// says which image it is about.
///
/// # Errors
/// The first demand that is not met.
pub fn check_without_image(document: Option<&Document>, sections: &[String]) -> Result<(), Unmet> {
    let unmet = |section: &String| check(document, std::slice::from_ref(section), &[]).err();
    let is_about_image = |unmet: &Unmet| matches!(unmet, Unmet::NoImage(_));
    sections.iter().filter_map(unmet).find(|unmet| !is_about_image(unmet)).map_or(Ok(()), Err)
}

/// Checks that no step whose outcome the image depends on says no: a dry run upstream leaves a document that is well and a section that is not.
///
/// # Errors
/// The first section that says no.
pub fn no_section_says_no(document: &Document) -> Result<(), Unmet> {
    let says_no = |section: &&str| {
        let said = document.raw(section).map(serde_json::from_str::<Section>);
        said.is_some_and(|said| said.is_ok_and(|said| said.ok == Some(false)))
    };
    ABOUT_IMAGE.iter().copied().find(says_no).map_or(Ok(()), |section| Err(Unmet::Failed(section.to_owned())))
}

fn check_one(document: &Document, section: &str, subjects: &[Digest]) -> Result<(), Unmet> {
    let raw = document.raw(section).ok_or_else(|| Unmet::Missing(section.to_owned()))?;
    let Ok(said) = serde_json::from_str::<Section>(raw) else {
        return Err(Unmet::Failed(section.to_owned()));
    };
    if said.ok != Some(true) {
        return Err(Unmet::Failed(section.to_owned()));
    }
    if WITHOUT_IMAGE.contains(&section) {
        return Ok(());
    }
    let named: Vec<Digest> = said.digest.into_iter().chain(said.digests.unwrap_or_default()).collect();
    if named.is_empty() {
        return Err(Unmet::NoSubject(section.to_owned()));
    }
    if subjects.is_empty() {
        return Err(Unmet::NoImage(section.to_owned()));
    }
    if named.iter().any(|digest| subjects.contains(digest)) {
        return Ok(());
    }
    Err(Unmet::OtherImage { section: section.to_owned(), expected: listed(subjects), found: listed(&named) })
}

fn listed(digests: &[Digest]) -> String {
    digests.iter().map(Digest::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(digit: char) -> Digest {
        format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
    }

    fn code(section: &str, subjects: &[Digest]) -> String {
        let text = format!(r#"{{"schema":"deploy-aws-ecs/release/v1","ok":true{section}}}"#);
        let document = Document::parse(text.as_bytes()).unwrap();
        check(Some(&document), &["scan".to_owned()], subjects).map_or_else(|unmet| unmet.code(), |()| "met".to_owned())
    }

    #[test]
    fn a_demand_is_met_only_by_a_pass_about_this_image() {
        let (ours, theirs) = (digest('a'), digest('b'));
        let cases = [
            (String::new(), "require.missing"),
            (r#","scan":{"ok":false}"#.to_owned(), "require.failed"),
            (r#","scan":{}"#.to_owned(), "require.failed"),
            (r#","scan":"yes""#.to_owned(), "require.failed"),
            (r#","scan":{"ok":true}"#.to_owned(), "require.no_subject"),
            (r#","scan":{"ok":true,"digest":null,"digests":null}"#.to_owned(), "require.no_subject"),
            (r#","scan":{"ok":true,"digests":[]}"#.to_owned(), "require.no_subject"),
            (r#","scan":{"ok":true,"digest":"latest"}"#.to_owned(), "require.failed"),
            (format!(r#","scan":{{"ok":true,"digest":"{theirs}"}}"#), "require.other_image"),
            (format!(r#","scan":{{"ok":true,"digests":["{theirs}","{ours}"]}}"#), "met"),
        ];
        for (section, expected) in cases {
            assert_eq!(code(&section, std::slice::from_ref(&ours)), expected, "{section}");
        }
    }

    #[test]
    fn without_a_document_nothing_is_met() {
        let unmet = check(None, &["scan".to_owned()], &[]).unwrap_err();
        assert_eq!(unmet, Unmet::NoDocument("scan".to_owned()));
        assert_eq!(check(None, &[], &[]), Ok(()));
    }

    #[test]
    fn an_image_section_proves_nothing_if_no_image_is_at_hand() {
        assert_eq!(code(&format!(r#","scan":{{"ok":true,"digest":"{}"}}"#, digest('a')), &[]), "require.no_image");
    }

    #[test]
    fn what_no_image_could_meet_is_told_before_there_is_one() {
        let verdict = |section: &str| {
            let text = format!(r#"{{"schema":"deploy-aws-ecs/release/v1","ok":true{section}}}"#);
            let document = Document::parse(text.as_bytes()).unwrap();
            check_without_image(Some(&document), &["scan".to_owned()]).map_err(|unmet| unmet.code())
        };
        assert_eq!(verdict(&format!(r#","scan":{{"ok":true,"digest":"{}"}}"#, digest('a'))), Ok(()));
        assert_eq!(verdict(""), Err("require.missing".to_owned()));
        assert_eq!(verdict(r#","scan":{"ok":false}"#), Err("require.failed".to_owned()));
        assert_eq!(verdict(r#","scan":{"ok":true}"#), Err("require.no_subject".to_owned()));
        assert!(check_without_image(None, &["scan".to_owned()]).is_err());
    }

    #[test]
    fn a_section_about_no_image_needs_none() {
        let text = r#"{"schema":"deploy-aws-ecs/release/v1","ok":true,"network":{"ok":true}}"#;
        let document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(check(Some(&document), &["network".to_owned()], &[]), Ok(()));
    }

    #[test]
    fn a_section_that_says_no_stops_whoever_changes_the_world() {
        let verdict = |section: &str| {
            let text = format!(r#"{{"schema":"deploy-aws-ecs/release/v1","ok":true{section}}}"#);
            no_section_says_no(&Document::parse(text.as_bytes()).unwrap())
        };
        assert_eq!(verdict(""), Ok(()));
        assert_eq!(verdict(r#","push":{"ok":true},"x-own":{"ok":false}"#), Ok(()), "members of others are theirs");
        assert_eq!(verdict(r#","push":{"ok":false}"#), Err(Unmet::Failed("push".to_owned())));
    }
}

//! What the answers of AWS have in common, whichever of its clients wrote them: tokens, severities, what a list is about.

pub(super) mod package;

use contract::Digest;

use crate::inspection::Inspection;
use crate::severity::{Rating, Severity};

/// Whether a token says that another page follows.
pub(super) fn follows(token: Option<&String>) -> bool {
    token.is_some_and(|token| !token.is_empty())
}

/// The severity that one of AWS's words stands for. `UNDEFINED` and `UNTRIAGED` are none.
pub(super) fn rating(word: Option<&str>) -> Rating {
    match word.map(str::trim) {
        Some(word) if word.eq_ignore_ascii_case("informational") => Rating::Known(Severity::Info),
        word => Rating::of_word(word),
    }
}

/// What all findings of a list are about, as long as it is the same.
#[derive(Debug, Default)]
pub(super) enum Common {
    /// No finding was looked at.
    #[default]
    Nothing,
    /// This one.
    One(String, Option<Digest>),
    /// Several: none of them is what the list is about.
    Several,
}

impl Common {
    /// Looks at what one finding is about.
    pub(super) fn add(&mut self, name: &str, digest: Option<Digest>) {
        match self {
            Self::Nothing => *self = Self::One(name.to_owned(), digest),
            Self::One(known, known_digest) if known == name && *known_digest == digest => {}
            _ => *self = Self::Several,
        }
    }

    /// Tells it as what was inspected.
    pub(super) fn tell(self, inspection: &mut Inspection) {
        if let Self::One(name, digest) = self {
            inspection.target = Some(name).filter(|name| !name.is_empty());
            inspection.digests = digest.into_iter().collect();
        }
    }
}

/// The digest that the name of a resource ends with: that of an image in ECR does.
pub(super) fn digest_of(resource: &str) -> Option<Digest> {
    resource.rsplit(['/', '@']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_about_something_if_all_its_findings_are() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let image = format!("arn:aws:ecr:eu-west-1:1:repository/web/{digest}");
        for (names, expected) in [
            (vec![], (None, 0)),
            (vec![&*image], (Some(&*image), 1)),
            (vec![&image, &image], (Some(&*image), 1)),
            (vec![&image, "i-1"], (None, 0)),
            (vec!["i-1"], (Some("i-1"), 0)),
        ] {
            let (mut common, mut inspection) = (Common::default(), Inspection::default());
            for name in &names {
                common.add(name, digest_of(name));
            }
            common.tell(&mut inspection);
            assert_eq!((inspection.target.as_deref(), inspection.digests.len()), expected, "{names:?}");
        }
    }
}

//! What there is to do. Pure.

use std::collections::BTreeSet;

use contract::Digest;

use crate::reference::{Pointer, Reference};
use crate::source::{Blob, Image, RawManifest};

/// What is sent, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<'a> {
    /// Blobs that the registry does not have, the largest first: the last ones to end are then the small ones.
    pub uploads: Vec<&'a Blob>,
    /// The manifests of the platforms, each under its digest. They must be there before the index that names them.
    pub children: Vec<&'a RawManifest>,
    /// The references that do not point at the image yet.
    pub references: Vec<&'a Reference>,
}

impl Plan<'_> {
    /// Whether all references point at the image already.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.references.is_empty()
    }
}

/// Whether the registry has the image: it took the manifest, so it had all that the manifest names.
#[must_use]
pub fn is_there(pointers: &[Pointer], digest: &Digest) -> bool {
    pointers.iter().any(|pointer| pointer.digest.as_ref() == Some(digest))
}

/// Plans the push of an image: `pointers` is where the references point now, `missing` which blobs the registry does not have.
#[must_use]
pub fn plan<'a>(image: &'a Image, pointers: &'a [Pointer], missing: &BTreeSet<Digest>) -> Plan<'a> {
    let references: Vec<&Reference> = pointers
        .iter()
        .filter(|pointer| pointer.digest.as_ref() != Some(&image.digest))
        .map(|pointer| &pointer.reference)
        .collect();
    if is_there(pointers, &image.digest) {
        return Plan { uploads: Vec::new(), children: Vec::new(), references };
    }
    let mut uploads: Vec<&Blob> = image.blobs.iter().filter(|blob| missing.contains(&blob.digest)).collect();
    uploads.sort_by_key(|blob| (std::cmp::Reverse(blob.size), &blob.digest));
    let children = image.manifests.iter().filter(|manifest| manifest.digest != image.digest).collect();
    Plan { uploads, children, references }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Location;

    fn digest(digit: char) -> Digest {
        format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
    }

    fn manifest(digit: char) -> RawManifest {
        RawManifest { digest: digest(digit), media_type: String::new(), bytes: Vec::new() }
    }

    /// An index `f` over the image `e`, with blobs of 1, 2 and 3 bytes.
    fn image() -> Image {
        let location = Location::Memory(bytes::Bytes::new());
        let blob = |(digit, size)| Blob { digest: digest(digit), size, location: location.clone() };
        Image {
            manifests: vec![manifest('e'), manifest('f')],
            blobs: [('a', 1), ('b', 3), ('c', 2)].map(blob).to_vec(),
            platforms: Vec::new(),
            config_digests: Vec::new(),
            digest: digest('f'),
            media_type: String::new(),
        }
    }

    fn pointers(points: &[(&str, Option<char>)]) -> Vec<Pointer> {
        let pointer = |(tag, at): &(&str, Option<char>)| {
            let reference = Reference::Tag(tag.parse().unwrap());
            Pointer { reference, digest: at.map(digest) }
        };
        points.iter().map(pointer).collect()
    }

    /// What is planned, as one line: sizes of uploads, how many children, references.
    fn check(points: &[(&str, Option<char>)], missing: &[char], expected: &str) {
        let (image, pointers) = (image(), pointers(points));
        let missing = missing.iter().copied().map(digest).collect();
        let plan = plan(&image, &pointers, &missing);
        let sizes: Vec<u64> = plan.uploads.iter().map(|blob| blob.size).collect();
        let references: Vec<String> = plan.references.iter().map(ToString::to_string).collect();
        let found = format!("{sizes:?} {} {}", plan.children.len(), references.join(","));
        assert_eq!(found, expected, "{points:?} {missing:?}");
        assert_eq!(plan.is_done(), references.is_empty());
    }

    #[test]
    fn missing_blobs_go_first_the_largest_ahead_then_the_children_then_the_tags() {
        check(&[("1", None)], &['a', 'b', 'c'], "[3, 2, 1] 1 1");
        check(&[("1", None), ("2", Some('9'))], &['c'], "[2] 1 1,2");
        check(&[("1", None)], &[], "[] 1 1");
    }

    #[test]
    fn an_image_that_is_there_needs_its_missing_tags_only() {
        check(&[("1", Some('f')), ("2", None)], &[], "[] 0 2");
        check(&[("1", Some('f')), ("2", Some('f'))], &[], "[] 0 ");
    }
}

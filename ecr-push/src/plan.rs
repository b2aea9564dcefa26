//! What there is to do once the blobs are there. Pure.

use contract::Digest;

use crate::reference::{Pointer, Reference};
use crate::source::{Image, RawManifest};

/// What is put, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<'a> {
    /// The manifests of the platforms, each under its digest. They must be there before the index that names them.
    pub children: Vec<&'a RawManifest>,
    /// The references that do not point at the image yet.
    pub references: Vec<&'a Reference>,
}

/// Whether the registry has the image: it took the manifest, so it had all that the manifest names.
#[must_use]
pub fn is_there(pointers: &[Pointer], digest: &Digest) -> bool {
    pointers.iter().any(|pointer| pointer.digest.as_ref() == Some(digest))
}

/// Plans the end of a push: `pointers` is where the references point now.
#[must_use]
pub fn plan<'a>(image: &'a Image, pointers: &'a [Pointer]) -> Plan<'a> {
    let is_elsewhere = |pointer: &&Pointer| pointer.digest.as_ref() != Some(&image.digest);
    let references = pointers.iter().filter(is_elsewhere).map(|pointer| &pointer.reference).collect();
    let is_child = |manifest: &&RawManifest| manifest.digest != image.digest && !is_there(pointers, &image.digest);
    Plan { children: image.manifests.iter().filter(is_child).collect(), references }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(digit: char) -> Digest {
        format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
    }

    fn manifest(digit: char) -> RawManifest {
        RawManifest { digest: digest(digit), media_type: String::new(), bytes: Vec::new() }
    }

    /// An index `f` over the images `d` and `e`.
    fn image() -> Image {
        Image {
            manifests: vec![manifest('d'), manifest('e'), manifest('f')],
            blobs: Vec::new(),
            platforms: Vec::new(),
            platform_digests: Vec::new(),
            config_digests: Vec::new(),
            digest: digest('f'),
            media_type: String::new(),
        }
    }

    /// What is planned, as one line: how many children, and the references.
    fn check(points: &[(&str, Option<char>)], expected: &str) {
        let pointer = |(tag, at): &(&str, Option<char>)| {
            let reference = Reference::Tag(tag.parse().unwrap());
            Pointer { reference, digest: at.map(digest) }
        };
        let (image, pointers): (Image, Vec<Pointer>) = (image(), points.iter().map(pointer).collect());
        let plan = plan(&image, &pointers);
        let references: Vec<String> = plan.references.iter().map(ToString::to_string).collect();
        assert_eq!(format!("{} {}", plan.children.len(), references.join(",")), expected, "{points:?}");
    }

    #[test]
    fn the_children_go_first_then_the_tags_that_point_elsewhere() {
        check(&[("1", None)], "2 1");
        check(&[("1", None), ("2", Some('9'))], "2 1,2");
    }

    #[test]
    fn an_image_that_is_there_needs_its_missing_tags_only() {
        check(&[("1", Some('f')), ("2", None)], "0 2");
        check(&[("1", Some('f')), ("2", Some('f'))], "0 ");
    }
}

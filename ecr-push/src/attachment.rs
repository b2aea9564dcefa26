//! Files that are attached to an image: the manifests that say so. Pure.
//!
//! Source: OCI image specification 1.1, guidelines for artifact usage; OCI distribution specification 1.1, referrers and the referrers tag.

use std::path::PathBuf;
use std::str::FromStr;

use bytes::Bytes;
use contract::Digest;
use serde_json::{Value, json};
use thiserror::Error;

use crate::source::{Blob, Location, RawManifest};

const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
/// The configuration of what needs none. Source: OCI image specification 1.1, guidance for an empty descriptor.
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";
const EMPTY: &[u8] = b"{}";

/// A file that is to be attached, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentFile {
    /// The media type, for example `application/spdx+json`.
    pub media_type: String,
    /// The file.
    pub path: PathBuf,
}

/// A text that names no attachment.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` is not an attachment: write TYPE=FILE with a media type, for example application/spdx+json=web.spdx.json"
)]
pub struct NotAnAttachment(String);

/// A manifest that attaches a file to an image, and the blobs that it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// What it is.
    pub media_type: String,
    /// The file's own blob, and the empty configuration.
    pub blobs: [Blob; 2],
    /// The manifest.
    pub manifest: RawManifest,
    /// What an index of attachments says about it.
    descriptor: Value,
}

impl FromStr for AttachmentFile {
    type Err = NotAnAttachment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NotAnAttachment(text.to_owned());
        let (media_type, path) = text.split_once('=').ok_or_else(refused)?;
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
        };
        let has_two_words = media_type.split_once('/').is_some_and(|(kind, name)| is_word(kind) && is_word(name));
        if !has_two_words || path.is_empty() {
            return Err(refused());
        }
        Ok(Self { media_type: media_type.to_owned(), path: path.into() })
    }
}

impl Attachment {
    /// Attaches a file to an image. The same file and the same image make the same bytes.
    #[must_use]
    pub fn new(file: &AttachmentFile, digest: &Digest, size: u64, subject: &RawManifest) -> Self {
        let title = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let empty = RawManifest::new(EMPTY_TYPE.to_owned(), EMPTY.to_vec());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": file.media_type,
            "config": { "mediaType": EMPTY_TYPE, "digest": empty.digest, "size": EMPTY.len() },
            "layers": [{
                "mediaType": file.media_type,
                "digest": digest,
                "size": size,
                "annotations": { "org.opencontainers.image.title": title },
            }],
            "subject": { "mediaType": subject.media_type, "digest": subject.digest, "size": subject.bytes.len() },
        });
        let manifest = RawManifest::new(MANIFEST_TYPE.to_owned(), manifest.to_string().into_bytes());
        let descriptor = json!({
            "mediaType": MANIFEST_TYPE,
            "digest": manifest.digest,
            "size": manifest.bytes.len(),
            "artifactType": file.media_type,
        });
        let content =
            Blob { digest: digest.clone(), size, location: Location::File(file.path.clone()), is_checked: false };
        let empty = Blob {
            digest: empty.digest,
            size: EMPTY.len() as u64,
            location: Location::Memory(Bytes::from_static(EMPTY)),
            is_checked: true,
        };
        Self { media_type: file.media_type.clone(), blobs: [content, empty], manifest, descriptor }
    }

    /// The index of all that is attached to an image, with this attachment in it, for registries that keep none themselves. `found` is the
    /// index so far. Nothing if the attachment is in it already.
    ///
    /// # Errors
    /// What was found is no index: it is another's, and stays as it is.
    pub fn listed_in(&self, found: Option<&[u8]>) -> Result<Option<RawManifest>, serde_json::Error> {
        let mut index = match found {
            Some(bytes) => serde_json::from_slice(bytes)?,
            None => json!({ "schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [] }),
        };
        let manifests = index.get_mut("manifests").and_then(Value::as_array_mut);
        let Some(manifests) = manifests else {
            return Err(serde::de::Error::custom("it has no `manifests`"));
        };
        if manifests.iter().any(|entry| entry["digest"] == self.descriptor["digest"]) {
            return Ok(None);
        }
        manifests.push(self.descriptor.clone());
        Ok(Some(RawManifest::new(INDEX_TYPE.to_owned(), index.to_string().into_bytes())))
    }
}

/// The tag under which a registry without a list of attachments has one. Source: OCI distribution specification 1.1, referrers tag schema.
#[must_use]
pub fn referrers_tag(subject: &Digest) -> String {
    format!("sha256-{}", subject.hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment(name: &str) -> Attachment {
        let subject = RawManifest::new(MANIFEST_TYPE.to_owned(), b"{}".to_vec());
        let file: AttachmentFile = format!("application/spdx+json={name}").parse().unwrap();
        Attachment::new(&file, &format!("sha256:{}", "a".repeat(64)).parse().unwrap(), 7, &subject)
    }

    #[test]
    fn an_attachment_is_a_media_type_and_a_file() {
        let read: AttachmentFile = "application/vnd.in-toto+json=a=b.json".parse().unwrap();
        assert_eq!((read.media_type.as_str(), read.path), ("application/vnd.in-toto+json", "a=b.json".into()));
        for text in ["", "sbom.json", "spdx=sbom.json", "application/=x", "/json=x", "application/json=", "a b/c=x"] {
            assert!(text.parse::<AttachmentFile>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_manifest_says_what_is_attached_to_what() {
        let manifest: Value = serde_json::from_slice(&attachment("out/sbom.json").manifest.bytes).unwrap();
        assert_eq!(manifest["artifactType"], "application/spdx+json");
        assert_eq!(manifest["layers"][0]["annotations"]["org.opencontainers.image.title"], "sbom.json");
        assert_eq!(manifest["subject"]["size"], 2);
        let empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(manifest["config"]["digest"], empty);
        assert_eq!(attachment("sbom.json"), attachment("sbom.json"));
    }

    #[test]
    fn an_index_keeps_what_it_has_and_takes_each_once() {
        let (one, two) = (attachment("one.json"), attachment("two.json"));
        let first = one.listed_in(None).unwrap().unwrap();
        let second = two.listed_in(Some(&first.bytes)).unwrap().unwrap();
        assert_eq!(one.listed_in(Some(&second.bytes)).unwrap(), None);
        let index: Value = serde_json::from_slice(&second.bytes).unwrap();
        assert_eq!(index["manifests"][0]["digest"], one.manifest.digest.as_str());
        assert_eq!(index["manifests"][1]["digest"], two.manifest.digest.as_str());
        assert!(one.listed_in(Some(b"{}")).is_err() && one.listed_in(Some(b"x")).is_err());
    }
}

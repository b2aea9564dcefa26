//! What the documents of an image say: index, manifest, configuration. Pure: bytes in, model out.
//!
//! Only what is needed is read. The bytes themselves are what is pushed; nothing is ever written anew from this model.
//!
//! Sources: OCI image specification 1.1, image manifest, image index, image configuration; Docker image manifest version 2, schema 2.

use contract::Digest;
use serde::Deserialize;
use serde::de::IgnoredAny;
use thiserror::Error;

const MANIFEST_TYPES: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
const INDEX_TYPES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const CONFIGURATION_TYPES: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
/// Layers that nothing is compressed in.
const BARE_LAYER_TYPES: [&str; 3] = [
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff",
];

/// All media types of manifests and indexes that are read: what a registry is asked for.
pub const MEDIA_TYPES: [&str; 4] = [MANIFEST_TYPES[0], INDEX_TYPES[0], MANIFEST_TYPES[1], INDEX_TYPES[1]];

/// What an entry of an index is that is an attestation about another one. Source: `BuildKit`, attestation storage.
const ATTESTATION: &str = "attestation-manifest";

/// The word for a platform that is none: what `BuildKit` gives to attestations.
const NO_PLATFORM: &str = "unknown";

/// A reference to content, by digest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it is.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What an index says it runs on.
    #[serde(default)]
    pub platform: Option<Platform>,
    /// The name that a layout gives to it.
    #[serde(default)]
    pub annotations: Annotations,
}

impl Descriptor {
    /// Whether it is a layer that is stored as a bare tar.
    #[must_use]
    pub fn is_bare_layer(&self) -> bool {
        BARE_LAYER_TYPES.contains(&self.media_type.as_str())
    }

    /// Whether it says that it is an attestation about another entry of its index.
    #[must_use]
    pub fn is_attestation(&self) -> bool {
        match &self.platform {
            Some(Platform::Attestation) => true,
            // Whatever else is said of it, it can be run.
            Some(Platform::Named(_)) => false,
            _ => self.annotations.reference_type.as_deref() == Some(ATTESTATION),
        }
    }
}

/// The annotations that are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Annotations {
    /// The tag that a layout's index notes for an image.
    #[serde(rename = "org.opencontainers.image.ref.name")]
    pub name: Option<String>,
    /// The whole name that containerd and Docker note beside it. Source: containerd, `images.AnnotationImageName`.
    #[serde(rename = "io.containerd.image.name")]
    pub whole_name: Option<String>,
    /// What an entry of an index is about another one. Source: `BuildKit`, attestation storage.
    #[serde(rename = "vnd.docker.reference.type")]
    pub reference_type: Option<String>,
}

/// A document that a registry keeps as a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manifest {
    /// An image for one platform.
    Image {
        /// Its configuration.
        config: Descriptor,
        /// Its layers, the lowest first.
        layers: Vec<Descriptor>,
    },
    /// Images for several platforms.
    Index(Vec<Descriptor>),
}

/// Why a document is not understood.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// It is no JSON of the right shape.
    #[error("{0}")]
    Malformed(#[from] serde_json::Error),
    /// It says it is something else than its descriptor says, or is two things at once.
    #[error("{0}")]
    Ambiguous(String),
    /// It is of a kind that is not read.
    #[error("its media type `{0}` is not read so far")]
    MediaType(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whole {
    media_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    /// Docker's first schema, which has neither configuration nor digests of its own.
    fs_layers: Option<IgnoredAny>,
}

/// Reads a manifest or index whose descriptor gives it this media type.
///
/// # Errors
/// It is malformed, or another thing than its descriptor says. A document that could be read as image and as index is refused: two readers
/// would see two images under one digest.
pub fn read(media_type: &str, bytes: &[u8]) -> Result<Manifest, ManifestError> {
    let is_index = INDEX_TYPES.contains(&media_type);
    if !is_index && !MANIFEST_TYPES.contains(&media_type) {
        return Err(ManifestError::MediaType(media_type.to_owned()));
    }
    let whole: Whole = serde_json::from_slice(bytes)?;
    let ambiguous = |text: &str| Err(ManifestError::Ambiguous(text.to_owned()));
    match whole.media_type {
        Some(own) if own != media_type => {
            return ambiguous(&format!("it says it is `{own}`, its descriptor says `{media_type}`"));
        }
        _ => {}
    }
    match (whole.manifests, whole.config, whole.layers, whole.fs_layers) {
        (Some(manifests), None, None, None) if is_index => Ok(Manifest::Index(manifests)),
        (None, Some(config), Some(layers), None) if !is_index => Ok(Manifest::Image { config, layers }),
        (Some(_), _, _, _) if is_index => ambiguous("it is an index with members of an image manifest"),
        (Some(_), _, _, _) => ambiguous("it is an image manifest with members of an index"),
        _ if is_index => ambiguous("it has no `manifests`"),
        _ => ambiguous("it has no `config` and `layers`"),
    }
}

/// Reads the `index.json` of a layout.
///
/// # Errors
/// It is malformed.
pub fn read_layout_index(bytes: &[u8]) -> Result<Vec<Descriptor>, ManifestError> {
    let whole: Whole = serde_json::from_slice(bytes)?;
    whole.manifests.ok_or_else(|| ManifestError::Ambiguous("it has no `manifests`".to_owned()))
}

#[derive(Deserialize)]
struct Words {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
}

/// What a configuration or an index says an image can run on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Words")]
pub enum Platform {
    /// `os/architecture` or `os/architecture/variant`.
    Named(String),
    /// It says nothing, or is no image configuration.
    Unnamed,
    /// It is not made to run: an attestation.
    Attestation,
}

/// Whether a descriptor names an image configuration, and not some artifact's.
#[must_use]
pub fn is_configuration(descriptor: &Descriptor) -> bool {
    CONFIGURATION_TYPES.contains(&descriptor.media_type.as_str())
}

impl From<Words> for Platform {
    fn from(Words { os, architecture, variant }: Words) -> Self {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        match (given(os), given(architecture), given(variant)) {
            (Some(os), _, _) if os == NO_PLATFORM => Self::Attestation,
            (Some(os), Some(architecture), None) => Self::Named(format!("{os}/{architecture}")),
            (Some(os), Some(architecture), Some(variant)) => Self::Named(format!("{os}/{architecture}/{variant}")),
            _ => Self::Unnamed,
        }
    }
}

/// What an image configuration says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Configuration {
    /// What the image runs on.
    #[serde(flatten)]
    pub platform: Platform,
    /// The layers; `None` if it does not say.
    pub rootfs: Option<RootFs>,
}

/// The layers of an image as its configuration names them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RootFs {
    /// The digests of the layers before compression, the lowest first.
    #[serde(default)]
    pub diff_ids: Vec<Digest>,
}

/// Reads an image configuration.
///
/// # Errors
/// It is malformed.
pub fn read_configuration(bytes: &[u8]) -> Result<Configuration, ManifestError> {
    Ok(serde_json::from_slice(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(digit: char) -> String {
        format!(r#"{{"mediaType":"m","digest":"sha256:{}","size":1}}"#, digit.to_string().repeat(64))
    }

    #[test]
    fn an_image_and_an_index_are_read() {
        let (a, b) = (descriptor('a'), descriptor('b'));
        for media_type in MANIFEST_TYPES {
            let read = read(media_type, format!(r#"{{"config":{a},"layers":[{b},{b}]}}"#).as_bytes()).unwrap();
            assert!(matches!(read, Manifest::Image { layers, .. } if layers.len() == 2));
        }
        for media_type in INDEX_TYPES {
            let read = read(media_type, format!(r#"{{"manifests":[{a}]}}"#).as_bytes()).unwrap();
            assert!(matches!(read, Manifest::Index(children) if children.len() == 1));
        }
    }

    #[test]
    fn what_can_be_run_is_no_attestation_whatever_is_said_of_it() {
        let check = |members: &str, expected: bool| {
            let text = descriptor('a').replace("\"size\":1", &format!("\"size\":1{members}"));
            assert_eq!(serde_json::from_str::<Descriptor>(&text).unwrap().is_attestation(), expected, "{text}");
        };
        let said = |kind: &str| format!(r#","annotations":{{"vnd.docker.reference.type":"{kind}"}}"#);
        let unknown = r#","platform":{"os":"unknown","architecture":"unknown"}"#;
        let linux = r#","platform":{"os":"linux","architecture":"amd64"}"#;
        check("", false);
        check(unknown, true);
        check(&said("attestation-manifest"), true);
        check(&said("anything"), false);
        check(&format!("{linux}{}", said("attestation-manifest")), false);
    }

    #[test]
    fn what_is_two_things_at_once_or_none_is_refused() {
        let (image, index) = (MANIFEST_TYPES[0], INDEX_TYPES[0]);
        let a = descriptor('a');
        let cases = [
            (image, format!(r#"{{"config":{a},"layers":[],"manifests":[]}}"#)),
            (index, format!(r#"{{"config":{a},"layers":[],"manifests":[]}}"#)),
            (image, r#"{"manifests":[]}"#.to_owned()),
            (index, format!(r#"{{"config":{a},"layers":[]}}"#)),
            (image, format!(r#"{{"mediaType":"{index}","config":{a},"layers":[]}}"#)),
            (image, r#"{"schemaVersion":1,"fsLayers":[],"history":[]}"#.to_owned()),
            (image, "{}".to_owned()),
            ("text/plain", format!(r#"{{"config":{a},"layers":[]}}"#)),
            (image, format!(r#"{{"config":{a},"layers":[],"layers":[]}}"#)),
            (image, r#"{"config":{"mediaType":"m","digest":"sha256:../../x","size":1},"layers":[]}"#.to_owned()),
            (image, "[]".to_owned()),
            (image, String::new()),
        ];
        for (media_type, text) in cases {
            assert!(read(media_type, text.as_bytes()).is_err(), "{media_type} {text}");
        }
    }

    #[test]
    fn a_platform_is_what_the_configuration_says() {
        let named = |text: &str| Platform::Named(text.to_owned());
        let cases = [
            (r#"{"os":"linux","architecture":"amd64"}"#, named("linux/amd64")),
            (r#"{"os":"linux","architecture":"arm64","variant":"v8"}"#, named("linux/arm64/v8")),
            (r#"{"os":"linux","architecture":"amd64","variant":""}"#, named("linux/amd64")),
            (r#"{"os":"unknown","architecture":"unknown"}"#, Platform::Attestation),
            (r#"{"os":"linux"}"#, Platform::Unnamed),
            ("{}", Platform::Unnamed),
        ];
        for (text, expected) in cases {
            assert_eq!(read_configuration(text.as_bytes()).unwrap().platform, expected, "{text}");
        }
    }
}

//! An image as one tar, in the shapes that its writers give to it.

use std::io::{Read, Write};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::image::Image;

/// The members of an archive, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Archive(pub(crate) Vec<(String, Vec<u8>)>);

impl Archive {
    /// The same with one more file.
    pub(crate) fn file(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.0.push((name.to_owned(), content.as_ref().to_owned()));
        self
    }

    /// The same with another content of a member.
    pub(crate) fn change(mut self, name: &str, content: &[u8]) -> Self {
        self.0.iter_mut().filter(|(known, _)| known == name).for_each(|(_, old)| content.clone_into(old));
        self
    }

    /// The tar.
    pub(crate) fn tar(&self) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, content) in &self.0 {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, name, content.as_slice()).unwrap();
        }
        tar.into_inner().unwrap()
    }
}

/// `docker save` before 25: a folder a layer, each of them bare, under a name that says nothing of what is in it; the list comes last.
pub(crate) fn old_docker(image: &Image) -> Archive {
    let mut archive = Archive::default();
    let mut names = Vec::new();
    for (place, layer) in bare(image).iter().enumerate() {
        let id = hex(format!("layer {place}").as_bytes());
        names.push(format!("{id}/layer.tar"));
        archive = archive.file(&format!("{id}/VERSION"), "1.0").file(&format!("{id}/json"), "{}");
        archive = archive.file(&format!("{id}/layer.tar"), layer);
    }
    let config = format!("{}.json", hex(&image.config));
    let list = json!([{ "Config": config, "RepoTags": ["web:1.0.0"], "Layers": names }]);
    archive.file(&config, &image.config).file("manifest.json", list.to_string()).file("repositories", "{}")
}

/// `docker save` since 25, out of the older store: both lists over the same bare layers, each under its digest.
pub(crate) fn new_docker(image: &Image) -> Archive {
    let layers = bare(image);
    let names: Vec<String> = layers.iter().map(|layer| blob(layer)).collect();
    let list = json!([{ "Config": blob(&image.config), "RepoTags": ["web:1.0.0"], "Layers": names }]);
    layout(image, &layers, "application/vnd.oci.image.layer.v1.tar").0.file("manifest.json", list.to_string())
}

/// A layout in a tar with the layers as the image has them.
pub(crate) fn oci(image: &Image) -> Archive {
    let layers: Vec<Vec<u8>> = image.layers.iter().map(|layer| layer.to_vec()).collect();
    let (archive, digest) = layout(image, &layers, "application/vnd.oci.image.layer.v1.tar+gzip");
    assert_eq!(digest, image.digest, "the same manifest");
    archive
}

/// The same with bare layers, and its digest.
pub(crate) fn bare_oci(image: &Image) -> (Archive, String) {
    layout(image, &bare(image), "application/vnd.oci.image.layer.v1.tar")
}

fn layout(image: &Image, layers: &[Vec<u8>], layer_type: &str) -> (Archive, String) {
    let mut manifest: Value = serde_json::from_slice(&image.manifest).unwrap();
    let entry = |layer: &Vec<u8>| json!({ "mediaType": layer_type, "digest": digest(layer), "size": layer.len() });
    manifest["layers"] = layers.iter().map(entry).collect();
    let manifest = manifest.to_string();
    let mut entry = json!({ "mediaType": "application/vnd.oci.image.manifest.v1+json" });
    entry["digest"] = digest(manifest.as_bytes()).into();
    entry["size"] = manifest.len().into();
    let index = json!({ "schemaVersion": 2, "manifests": [entry] }).to_string();
    let blobs = layers.iter().map(Vec::as_slice).chain([&image.config[..], manifest.as_bytes()]);
    let archive = blobs.fold(Archive::default(), |archive, content| archive.file(&blob(content), content));
    let archive = archive.file("index.json", index).file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    (archive, digest(manifest.as_bytes()))
}

/// The layers before they were packed.
pub(crate) fn bare(image: &Image) -> Vec<Vec<u8>> {
    image.layers.iter().map(|layer| gunzip(layer)).collect()
}

pub(crate) fn gunzip(packed: &[u8]) -> Vec<u8> {
    let mut bare = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bare).unwrap();
    bare
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(bytes))
}

fn blob(bytes: &[u8]) -> String {
    format!("blobs/sha256/{}", hex(bytes))
}

fn hex(bytes: &[u8]) -> String {
    ::contract::Digest::of_bytes(&Sha256::digest(bytes)).hex().to_owned()
}

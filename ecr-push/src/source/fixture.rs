//! Small images in the shapes that their writers give to them.

use std::io::{Cursor, Write};
use std::path::Path;

use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tar::{EntryType, Header};

use super::digest_of;

/// The members of an archive, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tar(pub(crate) Vec<(String, Piece)>);

#[derive(Clone, Debug)]
pub(crate) enum Piece {
    File(Vec<u8>),
    Folder,
    Link(String),
}

impl Tar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn with(mut self, name: &str, piece: Piece) -> Self {
        self.0.push((name.to_owned(), piece));
        self
    }

    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.with(name, Piece::File(content.as_ref().to_owned()))
    }

    pub(crate) fn folder(self, name: &str) -> Self {
        self.with(name, Piece::Folder)
    }

    pub(crate) fn link(self, name: &str, target: &str) -> Self {
        self.with(name, Piece::Link(target.to_owned()))
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// The same with another content of a member.
    pub(crate) fn change(mut self, name: &str, change: impl Fn(&mut Vec<u8>)) -> Self {
        for (_, piece) in self.0.iter_mut().filter(|(known, _)| known == name) {
            if let Piece::File(content) = piece {
                change(content);
            }
        }
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, piece) in &self.0 {
            let mut header = Header::new_gnu();
            header.set_mode(0o644);
            header.set_size(0);
            match piece {
                Piece::File(content) => {
                    header.set_size(content.len() as u64);
                    tar.append_data(&mut header, name, Cursor::new(content)).unwrap();
                }
                Piece::Folder => {
                    header.set_entry_type(EntryType::Directory);
                    tar.append_data(&mut header, name, std::io::empty()).unwrap();
                }
                Piece::Link(target) => {
                    header.set_entry_type(EntryType::Symlink);
                    tar.append_link(&mut header, name, target).unwrap();
                }
            }
        }
        tar.into_inner().unwrap()
    }

    /// The same as a folder on disk.
    pub(crate) fn write(&self, folder: &Path) {
        for (name, piece) in &self.0 {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match piece {
                Piece::File(content) => std::fs::write(path, content).unwrap(),
                Piece::Folder => std::fs::create_dir_all(path).unwrap(),
                Piece::Link(target) => std::os::unix::fs::symlink(target, path).unwrap(),
            }
        }
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// The bare tar of a layer with one file.
pub(crate) fn layer(text: &str) -> Vec<u8> {
    Tar::new().file("file", text).bytes()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    digest_of(bytes).hex().to_owned()
}

/// The configuration of an image with these bare layers.
pub(crate) fn config(architecture: &str, layers: &[Vec<u8>]) -> Vec<u8> {
    let diff_ids: Vec<_> = layers.iter().map(|layer| digest_of(layer)).collect();
    let rootfs = json!({ "type": "layers", "diff_ids": diff_ids });
    json!({ "architecture": architecture, "os": "linux", "config": {}, "rootfs": rootfs }).to_string().into_bytes()
}

/// The layers of the image in most shapes: the first and the last are the same.
pub(crate) fn layers() -> Vec<Vec<u8>> {
    vec![layer("one"), layer("two"), layer("one")]
}

pub(crate) fn list(config: &str, tag: &str, layers: &[String]) -> Value {
    json!({ "Config": config, "RepoTags": [tag], "Layers": layers })
}

/// Docker before 25: a folder a layer, a layer that is there already is a link.
pub(crate) fn old_docker() -> Tar {
    let config = config("amd64", &layers());
    let name = format!("{}.json", hex(&config));
    let files = ["a", "b", "c"].map(|id| format!("{}/layer.tar", id.repeat(64)));
    let mut tar = Tar::new();
    for (file, layer) in files.iter().zip(layers()) {
        let folder = file.trim_end_matches("layer.tar");
        tar = tar.folder(folder).file(&format!("{folder}VERSION"), "1.0").file(&format!("{folder}json"), "{}");
        let is_known = folder.starts_with('c');
        tar = if is_known { tar.link(file, &format!("../{}", files[0])) } else { tar.file(file, layer) };
    }
    let manifest = json!([list(&name, "web:1.0.0", &files)]);
    tar.file(&name, config).file("manifest.json", manifest.to_string()).file("repositories", "{}")
}

/// podman, buildah and skopeo: layers by their digest, and links to them.
pub(crate) fn podman() -> Tar {
    let config = config("amd64", &layers());
    let name = format!("{}.json", hex(&config));
    let files: Vec<String> = layers().iter().map(|layer| format!("{}.tar", hex(layer))).collect();
    let mut tar = Tar::new().file(&files[0], &layers()[0]).file(&files[1], &layers()[1]).file(&name, config);
    for (id, file) in ["a", "b", "c"].iter().zip(&files) {
        tar = tar.link(&format!("{}/layer.tar", id.repeat(64)), &format!("../{file}"));
    }
    tar.file("manifest.json", json!([list(&name, "localhost/web:1.0.0", &files)]).to_string())
}

/// kaniko, crane and ko: packed layers, no folders.
pub(crate) fn kaniko() -> Tar {
    let config = config("amd64", &layers());
    let name = format!("sha256:{}", hex(&config));
    let packed: Vec<Vec<u8>> = layers().iter().map(|layer| gzip(layer)).collect();
    let files: Vec<String> = packed.iter().map(|layer| format!("{}.tar.gz", hex(layer))).collect();
    let tar = Tar::new().file(&name, config).file(&files[0], &packed[0]).file(&files[1], &packed[1]);
    tar.file("manifest.json", json!([list(&name, "web:1.0.0", &files)]).to_string())
}

/// Bazel: packed layers below `blobs/`, the list first, an empty tag.
pub(crate) fn bazel() -> Tar {
    let config = config("amd64", &layers());
    let name = format!("blobs/sha256/{}", hex(&config));
    let packed: Vec<Vec<u8>> = layers().iter().map(|layer| gzip(layer)).collect();
    let files: Vec<String> = packed.iter().map(|layer| format!("blobs/sha256/{}.tar.gz", hex(layer))).collect();
    let mut item = list(&name, "web:1.0.0", &files);
    item["RepoTags"] = json!(["web:1.0.0", ""]);
    let tar = Tar::new().file("manifest.json", json!([item]).to_string()).folder("blobs/").folder("blobs/sha256/");
    tar.file(&name, config).file(&files[0], &packed[0]).file(&files[1], &packed[1])
}

/// An OCI layout of images, each with a configuration and layers as they are stored.
pub(crate) struct Oci {
    pub(crate) tar: Tar,
    pub(crate) images: Vec<Value>,
}

impl Oci {
    pub(crate) fn new() -> Self {
        Self { tar: Tar::new().folder("blobs/").folder("blobs/sha256/"), images: Vec::new() }
    }

    /// Adds a blob, once, and says what names it.
    pub(crate) fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Value {
        let name = format!("blobs/sha256/{}", hex(bytes));
        if self.tar.0.iter().all(|(known, _)| *known != name) {
            self.tar = std::mem::take(&mut self.tar).file(&name, bytes);
        }
        json!({ "mediaType": media_type, "digest": digest_of(bytes), "size": bytes.len() })
    }

    /// Adds the manifest of an image, and says what names it.
    pub(crate) fn manifest(&mut self, config: &[u8], layers: &[Vec<u8>], layer_type: &str) -> Value {
        let config = self.blob("application/vnd.oci.image.config.v1+json", config);
        let layers: Vec<Value> = layers.iter().map(|layer| self.blob(layer_type, layer)).collect();
        let manifest = json!({ "schemaVersion": 2, "config": config, "layers": layers }).to_string();
        self.blob("application/vnd.oci.image.manifest.v1+json", manifest.as_bytes())
    }

    /// The whole layout.
    pub(crate) fn layout(self) -> Tar {
        let index = json!({ "schemaVersion": 2, "manifests": self.images }).to_string();
        self.tar.file("index.json", index).file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#)
    }
}

/// skopeo, podman and buildah: a layout in a tar.
pub(crate) fn oci() -> Tar {
    let mut oci = Oci::new();
    let packed: Vec<Vec<u8>> = layers().iter().map(|layer| gzip(layer)).collect();
    let gzip_type = "application/vnd.oci.image.layer.v1.tar+gzip";
    let mut manifest = oci.manifest(&config("amd64", &layers()), &packed, gzip_type);
    manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": "web:1.0.0" });
    oci.images.push(manifest);
    oci.layout()
}

/// Docker since 25: both forms over the same blobs. They are packed in the image store of containerd, bare in the older one. Two names.
pub(crate) fn docker(is_packed: bool) -> Tar {
    let mut oci = Oci::new();
    let config = config("amd64", &layers());
    let mut layer_type = "application/vnd.oci.image.layer.v1.tar";
    let mut layers = layers();
    if is_packed {
        layer_type = "application/vnd.oci.image.layer.v1.tar+gzip";
        layers = layers.iter().map(|layer| gzip(layer)).collect();
    }
    for tag in ["1.0.0", "1"] {
        let mut manifest = oci.manifest(&config, &layers, layer_type);
        let whole = format!("docker.io/library/web:{tag}");
        manifest["annotations"] =
            json!({ "io.containerd.image.name": whole, "org.opencontainers.image.ref.name": tag });
        oci.images.push(manifest);
    }
    let blob = |bytes: &[u8]| format!("blobs/sha256/{}", hex(bytes));
    let files: Vec<String> = layers.iter().map(|layer| blob(layer)).collect();
    let manifest = json!([list(&blob(&config), "web:1.0.0", &files)]).to_string();
    // Docker also writes configurations of its first format there, under names that are not their digests.
    let first = format!("blobs/sha256/{}", "d".repeat(64));
    oci.layout().file("manifest.json", manifest).file(&first, r#"{"id":"d"}"#)
}

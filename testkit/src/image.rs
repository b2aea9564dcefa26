//! Builds small, real container images, the same bytes every time: fixed times, owners and order, one gzip level.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use testkit::image::{ImageSource, Layer};
//! # let folder = tempfile::tempdir()?;
//! let page = Layer::new().file("srv/www/index.html", "<h1>Hello</h1>");
//! let image = ImageSource::new().layer(page).label("org.opencontainers.image.version", "1.0.0").port("80/tcp");
//! let layout = image.write_layout(folder.path(), "1.0.0")?;
//! assert_eq!(layout.digest, image.build()?.digest);
//! # Ok(())
//! # }
//! ```

mod layer;
mod layout;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::ecr::digest;

pub use layer::Layer;
pub use layout::{IndexLayout, Layout, write_index_layout};

/// Media type of an image manifest. Source: OCI image specification, as all others here.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// When everything in an image was made.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// What an image is to be made of.
#[derive(Clone, Debug)]
pub struct ImageSource {
    /// The layers, the lowest first.
    pub layers: Vec<Layer>,
    /// Labels in the image's config.
    pub labels: BTreeMap<String, String>,
    /// The CPU it is for, as Go calls it: `amd64`, `arm64`.
    pub architecture: String,
    /// What is run; empty if the image says nothing.
    pub entrypoint: Vec<String>,
    /// The arguments of what is run; empty if the image says nothing.
    pub command: Vec<String>,
    /// The ports that it listens on, for example `80/tcp`.
    pub exposed_ports: Vec<String>,
}

impl Default for ImageSource {
    fn default() -> Self {
        Self {
            layers: Vec::new(),
            labels: BTreeMap::new(),
            architecture: "amd64".to_owned(),
            entrypoint: Vec::new(),
            command: Vec::new(),
            exposed_ports: Vec::new(),
        }
    }
}

impl ImageSource {
    /// An image for linux/amd64 without layers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An image of the files in a folder: those that lie in it directly make the lowest layer, each sub-folder one
    /// more. A link is read as the file or folder it leads to.
    ///
    /// # Errors
    /// The folder or something in it cannot be read, or there is no file in it.
    pub fn of_folder(folder: &Path, labels: BTreeMap<String, String>) -> io::Result<Self> {
        let layers = layer::of_folder(folder)?;
        if layers.is_empty() {
            let message = format!("`{}` holds no file to make an image of", folder.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        Ok(Self { layers, labels, ..Self::default() })
    }

    /// The same with one more layer on top.
    #[must_use]
    pub fn layer(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// The same with one more label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The same for another CPU.
    #[must_use]
    pub fn architecture(mut self, architecture: &str) -> Self {
        architecture.clone_into(&mut self.architecture);
        self
    }

    /// The same with what is run.
    #[must_use]
    pub fn entrypoint<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        self.entrypoint = words.into_iter().map(str::to_owned).collect();
        self
    }

    /// The same with the arguments of what is run.
    #[must_use]
    pub fn command<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        self.command = words.into_iter().map(str::to_owned).collect();
        self
    }

    /// The same with one more port, for example `80/tcp`.
    #[must_use]
    pub fn port(mut self, port: &str) -> Self {
        self.exposed_ports.push(port.to_owned());
        self
    }

    /// Builds the image in memory.
    ///
    /// # Errors
    /// A path in a layer cannot be put into a tar.
    pub fn build(&self) -> io::Result<Image> {
        let packed = self.layers.iter().map(Layer::pack).collect::<io::Result<Vec<_>>>()?;
        let diff_ids: Vec<&str> = packed.iter().map(|layer| layer.diff_id.as_str()).collect();
        let config = Bytes::from(self.config(&diff_ids).to_string());
        let layers: Vec<Bytes> = packed.into_iter().map(|layer| layer.gzip).collect();
        let descriptors: Vec<Value> = layers.iter().map(|layer| descriptor(LAYER, layer)).collect();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, &config),
            "layers": descriptors,
        });
        let manifest = Bytes::from(manifest.to_string());
        Ok(Image {
            digest: digest::sha256(&manifest),
            config_digest: digest::sha256(&config),
            architecture: self.architecture.clone(),
            manifest,
            config,
            layers,
        })
    }

    /// Builds the image and writes it as an OCI layout that knows it by `tag`. What lay in the folder's `index.json` is
    /// forgotten.
    ///
    /// # Errors
    /// The image cannot be built or the folder not be written.
    pub fn write_layout(&self, folder: &Path, tag: &str) -> io::Result<Layout> {
        layout::write_layout(&self.build()?, folder, tag)
    }

    fn config(&self, diff_ids: &[&str]) -> Value {
        let mut config = json!({});
        let ports: BTreeMap<&str, Value> = self.exposed_ports.iter().map(|port| (port.as_str(), json!({}))).collect();
        for (name, value, is_empty) in [
            ("ExposedPorts", json!(ports), ports.is_empty()),
            ("Entrypoint", json!(self.entrypoint), self.entrypoint.is_empty()),
            ("Cmd", json!(self.command), self.command.is_empty()),
            ("Labels", json!(self.labels), self.labels.is_empty()),
        ] {
            if !is_empty {
                config[name] = value;
            }
        }
        let history: Vec<Value> =
            self.layers.iter().map(|_| json!({ "created": CREATED, "created_by": "local-aws image" })).collect();
        json!({
            "created": CREATED,
            "architecture": self.architecture,
            "os": "linux",
            "config": config,
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
            "history": history,
        })
    }
}

/// An image, all of it in memory.
#[derive(Clone, Debug)]
pub struct Image {
    /// The manifest as it is to be pushed.
    pub manifest: Bytes,
    /// The manifest's digest: the image's name.
    pub digest: String,
    /// The config.
    pub config: Bytes,
    /// The config's digest.
    pub config_digest: String,
    /// The layers, gzipped, the lowest first.
    pub layers: Vec<Bytes>,
    /// The CPU it is for.
    pub architecture: String,
}

impl Image {
    /// Config and layers, each with its digest.
    #[must_use]
    pub fn blobs(&self) -> Vec<(String, Bytes)> {
        let blobs = std::iter::once(&self.config).chain(&self.layers);
        blobs.map(|blob| (digest::sha256(blob), blob.clone())).collect()
    }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest::sha256(bytes), "size": bytes.len() })
}

//! What is to be known of an image in a registry before its layers are copied: manifests and configurations.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::manifest::{self, Descriptor, Manifest};
use crate::reference::Reference;
use crate::registry::Remote;
use crate::source::{Choice, Fetched, RawManifest, Source, SourceError};

/// No manifest or configuration has more bytes.
const DOCUMENT_LIMIT: u64 = 4 << 20;

/// Fetches the documents of an image, or of one platform of it.
///
/// # Errors
/// There is no such image, it is not whole, or a request failed.
pub(crate) async fn fetch(remote: &Remote, reference: &Reference, choice: &Choice) -> Result<Source, Error> {
    let root = remote.manifest(reference).await?;
    let mut fetched = Fetched { root: root.clone(), documents: BTreeMap::new(), blobs: BTreeMap::new() };
    match read(&root)? {
        Manifest::Image { config, layers } => note(remote, config, layers, &mut fetched).await?,
        Manifest::Index(children) => {
            for child in children.iter().filter(|child| may_be_meant(child, choice)) {
                let raw = remote.manifest(&Reference::Digest(child.digest.clone())).await?;
                fetched.documents.insert(child.digest.clone(), raw.bytes.clone().into());
                // A descriptor and an answer that disagree are found out when the image is put together.
                let raw = RawManifest { media_type: child.media_type.clone(), ..raw };
                if let Manifest::Image { config, layers } = read(&raw)? {
                    note(remote, config, layers, &mut fetched).await?;
                }
            }
        }
    }
    Ok(fetched.resolve(choice)?)
}

fn read(raw: &RawManifest) -> Result<Manifest, SourceError> {
    let not_understood = |cause| SourceError::Malformed { document: raw.digest.to_string(), cause };
    manifest::read(&raw.media_type, &raw.bytes).map_err(not_understood)
}

/// Whether an entry of an index can be the one that is meant: all are if no platform is named, and one that says nothing may be.
fn may_be_meant(child: &Descriptor, choice: &Choice) -> bool {
    match (&choice.platform, &child.platform) {
        (Some(wanted), Some(found)) => wanted.is(found),
        _ => true,
    }
}

async fn note(
    remote: &Remote,
    config: Descriptor,
    layers: Vec<Descriptor>,
    fetched: &mut Fetched,
) -> Result<(), Error> {
    let is_document = manifest::is_configuration(&config) && config.size <= DOCUMENT_LIMIT;
    if is_document && !fetched.documents.contains_key(&config.digest) {
        let bytes = remote.document(&config.digest, config.size).await?;
        fetched.documents.insert(config.digest.clone(), bytes);
    }
    for descriptor in layers.into_iter().chain([config]) {
        fetched.blobs.insert(descriptor.digest, descriptor.size);
    }
    Ok(())
}

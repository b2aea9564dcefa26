//! Files go up beside the image that they are about.

use std::sync::Arc;

use contract::{Digest, Session};

use crate::attachment::{Attachment, AttachmentFile, referrers_tag};
use crate::error::Error;
use crate::reference::Reference;
use crate::registry::Registry;
use crate::report::{AttachmentPush, BlobAction};
use crate::send::upload::{Shipment, carry_on};
use crate::source::{RawManifest, measure_file};
use crate::tag::Tag;

/// A file that was read and can be attached.
pub(crate) struct Ready {
    file: AttachmentFile,
    digest: Digest,
    size: u64,
}

/// What became of an attachment.
pub(crate) struct Attached {
    pub(crate) attachment: AttachmentPush,
    pub(crate) bytes_sent: u64,
}

/// Reads the files before anything is sent.
///
/// # Errors
/// One of them cannot be read, or is empty and ECR is to take it.
pub(crate) async fn read_all(files: &[AttachmentFile], is_ecr: bool) -> Result<Vec<Ready>, Error> {
    let mut ready = Vec::with_capacity(files.len());
    for file in files {
        let path = file.path.clone();
        let read = tokio::task::spawn_blocking(move || measure_file(&path)).await;
        let read = read.unwrap_or_else(|broken| carry_on(broken));
        let (size, digest) = read.map_err(|cause| Error::File { path: file.path.clone(), cause })?;
        if size == 0 && is_ecr {
            return Err(Error::Empty(file.path.display().to_string()));
        }
        ready.push(Ready { file: file.clone(), digest, size });
    }
    Ok(ready)
}

/// Attaches a file to the image, unless it is attached already.
///
/// # Errors
/// It cannot be sent.
pub(crate) async fn attach(
    registry: &Arc<Registry>,
    Ready { file, digest, size }: &Ready,
    subject: &RawManifest,
    session: &Session,
    dry_run: bool,
) -> Result<Attached, Error> {
    let attachment = Attachment::new(file, digest, *size, subject);
    let reference = Reference::Digest(attachment.manifest.digest.clone());
    let is_there = registry.digest_of(&reference).await?.is_some();
    let mut bytes_sent = 0;
    let action = match (is_there, dry_run) {
        (true, _) => {
            // A run before may have ended between the attachment and its list, and another one may have written over the list. ECR lists by itself.
            if !dry_run && registry.ecr().is_none() {
                put(registry, &attachment, &reference, &subject.digest).await?;
            }
            BlobAction::Exists
        }
        (false, true) => BlobAction::Missing,
        (false, false) => {
            let mut shipment = Shipment::beside_image(registry, session);
            shipment.send(attachment.blobs.iter().cloned().map(Into::into).collect()).await?;
            shipment.settle().await?;
            bytes_sent = shipment.transfers().bytes_sent();
            put(registry, &attachment, &reference, &subject.digest).await?;
            BlobAction::Uploaded
        }
    };
    let attachment = AttachmentPush {
        media_type: attachment.media_type,
        file: file.path.display().to_string(),
        digest: attachment.manifest.digest,
        size: *size,
        action,
    };
    Ok(Attached { attachment, bytes_sent })
}

/// Puts the manifest, and sees to it that it is listed.
async fn put(
    registry: &Registry,
    attachment: &Attachment,
    reference: &Reference,
    subject: &Digest,
) -> Result<(), Error> {
    let is_listed = registry.put(&attachment.manifest, reference).await?;
    if is_listed { Ok(()) } else { list(registry, attachment, subject).await }
}

/// A registry that does not list what is attached to an image leaves that to a tag.
///
/// Source: OCI distribution specification 1.1, pushing manifests with subject.
async fn list(registry: &Registry, attachment: &Attachment, subject: &Digest) -> Result<(), Error> {
    let name = referrers_tag(subject);
    let tag: Tag = name.parse().map_err(|_| Error::Endpoint(name.clone()))?;
    let reference = Reference::Tag(tag);
    let found = registry.manifest(&reference).await?;
    let index = attachment.listed_in(found.as_deref()).map_err(|cause| Error::Attachments { tag: name, cause })?;
    if let Some(index) = index {
        registry.put(&index, &reference).await?;
    }
    Ok(())
}

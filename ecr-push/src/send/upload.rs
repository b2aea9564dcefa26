//! What is sent: blobs are looked for, those that are missing are uploaded side by side, and what became of each is noted.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use contract::{Digest, Progress, Session};
use tokio::task::{JoinError, JoinSet};

use crate::aws::LARGEST_LAYER;
use crate::byte_size::ByteSize;
use crate::error::Error;
use crate::pace::Ticket;
use crate::reference::Pointer;
use crate::registry::{Registry, Watch};
use crate::report::{BlobAction, BlobPush, Push, Transfers, seconds};
use crate::send::stream::Parcel;
use crate::source::{Blob, Image};

/// Blobs whose digest is computed at a time: disk and processor are busy long before the network would be.
const CHECKS: usize = 4;

/// What is said if the run is ended before the tags point at the image.
pub(crate) const UNFINISHED: &str = "run it again: what the registry has whole is not sent twice";

/// Blobs on their way.
pub(crate) struct Shipment<'a> {
    registry: Arc<Registry>,
    session: &'a Session,
    dry_run: bool,
    /// Whether the blobs are the image's own: then the section that is left behind by a failure is made of them.
    is_image: bool,
    /// What is known of the image, and where its tags point.
    described: Option<(Image, Vec<Pointer>)>,
    started: Instant,
    under_way: JoinSet<Result<BlobPush, Error>>,
    transfers: Transfers,
}

impl<'a> Shipment<'a> {
    pub(crate) fn new(registry: &Arc<Registry>, session: &'a Session, dry_run: bool) -> Self {
        Self {
            registry: Arc::clone(registry),
            session,
            dry_run,
            is_image: true,
            described: None,
            started: Instant::now(),
            under_way: JoinSet::new(),
            transfers: Transfers::default(),
        }
    }

    /// From here on the image is known: what is left behind by a failure says which one it was.
    pub(crate) fn describe(&mut self, image: &Image, pointers: &[Pointer]) {
        self.described = Some((image.clone(), pointers.to_vec()));
    }

    /// The same for blobs that go to an image that is there whole.
    pub(crate) fn beside_image(registry: &Arc<Registry>, session: &'a Session) -> Self {
        Self { is_image: false, ..Self::new(registry, session, false) }
    }

    /// Where they go.
    pub(crate) fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// What became of the blobs so far.
    pub(crate) fn transfers(&self) -> &Transfers {
        &self.transfers
    }

    /// Notes that a layer need not even be packed: what it becomes is there.
    pub(crate) fn note_cached(&mut self, digest: &Digest, size: u64) {
        self.transfers.note(BlobPush::of(digest, size, BlobAction::Cached));
    }

    /// Begins to send those that the registry does not have, the largest first: the last ones to end are then the small ones.
    pub(crate) async fn send(&mut self, parcels: Vec<Parcel>) -> Result<(), Error> {
        let parcels: Vec<Parcel> =
            parcels.into_iter().filter(|parcel| !self.transfers.has(&parcel.blob.digest)).collect();
        let digests: Vec<Digest> = parcels.iter().map(|parcel| parcel.blob.digest.clone()).collect();
        if digests.is_empty() {
            return Ok(());
        }
        let missing = self.registry.missing(&digests).await?;
        self.send_missing(parcels, &missing)
    }

    /// The same for blobs of which it is known which ones are missing.
    pub(crate) fn send_missing(&mut self, mut parcels: Vec<Parcel>, missing: &BTreeSet<Digest>) -> Result<(), Error> {
        if let Some(Parcel { blob, .. }) = parcels.iter().find(|parcel| self.is_too_large(&parcel.blob)) {
            return Err(Error::LayerTooLarge { digest: blob.digest.clone(), size: blob.size, most: LARGEST_LAYER });
        }
        if let Some(Parcel { blob, .. }) = parcels.iter().find(|parcel| self.is_too_small(&parcel.blob)) {
            return Err(Error::Empty(blob.digest.to_string()));
        }
        parcels.sort_by(|one, other| (other.blob.size, &one.blob.digest).cmp(&(one.blob.size, &other.blob.digest)));
        for parcel in parcels {
            self.send_one(parcel, missing);
        }
        Ok(())
    }

    fn is_too_small(&self, blob: &Blob) -> bool {
        self.registry.ecr().is_some() && blob.size == 0
    }

    fn is_too_large(&self, blob: &Blob) -> bool {
        self.registry.ecr().is_some() && blob.size > LARGEST_LAYER
    }

    fn send_one(&mut self, Parcel { blob, room }: Parcel, missing: &BTreeSet<Digest>) {
        if self.transfers.has(&blob.digest) {
            return;
        }
        let is_missing = missing.contains(&blob.digest);
        let action = if is_missing { BlobAction::Missing } else { BlobAction::Exists };
        self.transfers.note(BlobPush::of(&blob.digest, blob.size, action));
        if !is_missing || self.dry_run {
            return;
        }
        let (registry, progress) = (Arc::clone(&self.registry), self.session.progress.clone());
        let ticket = registry.queue(&blob);
        self.under_way.spawn(async move {
            let sent = send_one(&registry, &blob, ticket, &progress).await;
            // The room is free as soon as the file is.
            drop((blob, room));
            sent
        });
    }

    /// Waits for an upload to end, for ever if there is none.
    pub(crate) async fn next_ended(&mut self) -> Result<(), Error> {
        match self.under_way.join_next().await {
            Some(ended) => self.note(ended),
            None => std::future::pending().await,
        }
    }

    /// Waits for all uploads to end.
    pub(crate) async fn settle(&mut self) -> Result<(), Error> {
        while let Some(ended) = self.under_way.join_next().await {
            self.note(ended)?;
        }
        Ok(())
    }

    fn note(&mut self, ended: Result<Result<BlobPush, Error>, JoinError>) -> Result<(), Error> {
        let ended = ended.unwrap_or_else(|broken| carry_on(broken))?;
        self.transfers.note(ended);
        if self.is_image {
            let mut section = match &self.described {
                Some((image, pointers)) => Push::of(image, pointers, &self.transfers),
                None => Push::unfinished(&self.transfers),
            };
            section.seconds = seconds(self.started.elapsed());
            self.session.checkpoint(&section, UNFINISHED);
        }
        Ok(())
    }
}

async fn send_one(
    registry: &Arc<Registry>,
    blob: &Blob,
    ticket: Ticket,
    progress: &Progress,
) -> Result<BlobPush, Error> {
    let started = Instant::now();
    // A bar is drawn for what moves, not for what waits.
    let bar = Arc::new(OnceLock::new());
    let (moving, voice, label, size) = (Arc::clone(&bar), progress.clone(), short(&blob.digest).to_owned(), blob.size);
    let watch: Watch = Arc::new(move |sent| moving.get_or_init(|| voice.bar(&label, size)).set_position(sent));
    let upload = registry.upload(blob, ticket, watch).await;
    if let Some(bar) = bar.get() {
        bar.finish_and_clear();
    }
    let upload = upload?;
    registry.remember(&blob.digest);
    let action = if upload.is_mounted { BlobAction::Mounted } else { BlobAction::Uploaded };
    let pushed = BlobPush {
        retries: upload.retries,
        bytes_sent: upload.bytes_sent,
        seconds: seconds(started.elapsed()),
        ..BlobPush::of(&blob.digest, blob.size, action)
    };
    say(progress, &pushed);
    Ok(pushed)
}

fn say(progress: &Progress, blob: &BlobPush) {
    let retries = match blob.retries {
        0 => String::new(),
        1 => ", 1 retry".to_owned(),
        retries => format!(", {retries} retries"),
    };
    let (name, size, action) = (short(&blob.digest), ByteSize(blob.size), blob.action.word());
    let message = format!("{name}: {size} {action} in {} s{retries}", blob.seconds);
    let fields = [
        ("digest", blob.digest.as_str().into()),
        ("size", blob.size.into()),
        ("action", action.into()),
        ("retries", blob.retries.into()),
        ("seconds", blob.seconds.into()),
    ];
    progress.event("blob", &message, &fields);
}

/// Enough of a digest to tell blobs apart.
fn short(digest: &Digest) -> &str {
    digest.as_str().get(..19).unwrap_or_default()
}

/// Checks every blob of the image against its digest.
pub(crate) async fn check_all(image: &Image) -> Result<(), Error> {
    let check = |blob: Blob| async move {
        let checked = tokio::task::spawn_blocking(move || blob.check()).await;
        Ok(checked.unwrap_or_else(|broken| carry_on(broken))?)
    };
    let here = image.blobs.iter().filter(|blob| blob.is_here() && !blob.is_checked);
    side_by_side(here.cloned(), CHECKS, check).await.map(drop)
}

/// Does the work for all items, at most `limit` at a time. The first failure ends what is under way.
pub(crate) async fn side_by_side<I, T, F>(
    items: impl IntoIterator<Item = I>,
    limit: usize,
    work: impl Fn(I) -> F,
) -> Result<Vec<T>, Error>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let mut items = items.into_iter();
    let mut under_way = JoinSet::new();
    for item in items.by_ref().take(limit) {
        under_way.spawn(work(item));
    }
    let mut done = Vec::new();
    while let Some(ended) = under_way.join_next().await {
        done.push(ended.unwrap_or_else(|broken| carry_on(broken))?);
        if let Some(item) = items.next() {
            under_way.spawn(work(item));
        }
    }
    Ok(done)
}

/// A task ends without a result only if it panicked: so do we, and the contract says that it is a bug.
pub(crate) fn carry_on(broken: JoinError) -> ! {
    std::panic::resume_unwind(broken.into_panic())
}

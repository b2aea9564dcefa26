//! Many things at a time: blobs are checked and sent side by side, for one stream to ECR is slow.

use std::sync::Arc;
use std::time::Instant;

use contract::{Progress, Session};
use tokio::task::{JoinError, JoinSet};

use crate::error::Error;
use crate::registry::{Registry, Watch};
use crate::report::{Uploaded, bytes_in_words, seconds};
use crate::source::{Blob, Image};

/// Uploads at a time.
const UPLOADS: usize = 8;
/// Blobs whose digest is computed at a time: disk and processor are busy long before the network would be.
const CHECKS: usize = 4;

/// Checks every blob of the image against its digest.
pub(crate) async fn check_all(image: &Image) -> Result<(), Error> {
    let check = |blob: &Blob| {
        let blob = blob.clone();
        async move {
            let checked = tokio::task::spawn_blocking(move || blob.check()).await;
            Ok(checked.unwrap_or_else(|broken| carry_on(broken))?)
        }
    };
    side_by_side(&image.blobs, CHECKS, check).await.map(drop)
}

/// Uploads blobs in the order given, [`UPLOADS`] at a time.
pub(crate) async fn send_all(
    registry: &Arc<Registry>,
    blobs: &[&Blob],
    session: &Session,
) -> Result<Vec<Uploaded>, Error> {
    let blobs = blobs.iter().map(|blob| (*blob).clone());
    let send = |blob: Blob| {
        let (registry, progress) = (Arc::clone(registry), session.progress.clone());
        async move {
            let started = Instant::now();
            let bar = progress.bar(short(&blob), blob.size);
            let moving = bar.clone();
            let watch: Watch = Arc::new(move |sent| moving.set_position(sent));
            let upload = registry.upload(&blob, watch).await;
            bar.finish_and_clear();
            let upload = upload?;
            let duration = started.elapsed();
            let uploaded = Uploaded {
                digest: blob.digest.clone(),
                retries: upload.retries,
                bytes_sent: upload.bytes_sent,
                duration,
            };
            say(&progress, &blob, &uploaded);
            Ok(uploaded)
        }
    };
    side_by_side(blobs, UPLOADS, send).await
}

fn say(progress: &Progress, blob: &Blob, uploaded: &Uploaded) {
    let seconds = seconds(uploaded.duration);
    let retries = match uploaded.retries {
        0 => String::new(),
        1 => ", 1 retry".to_owned(),
        retries => format!(", {retries} retries"),
    };
    let message = format!("{}: {} uploaded in {seconds} s{retries}", short(blob), bytes_in_words(blob.size));
    let fields = [
        ("digest", blob.digest.as_str().into()),
        ("size", blob.size.into()),
        ("retries", uploaded.retries.into()),
        ("seconds", seconds.into()),
    ];
    progress.event("blob", &message, &fields);
}

/// Enough of a digest to tell blobs apart.
fn short(blob: &Blob) -> &str {
    blob.digest.as_str().get(..19).unwrap_or_default()
}

/// Does the work for all items, at most `limit` at a time. The first failure ends what is under way.
async fn side_by_side<I, T, F>(
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
fn carry_on(broken: JoinError) -> ! {
    std::panic::resume_unwind(broken.into_panic())
}

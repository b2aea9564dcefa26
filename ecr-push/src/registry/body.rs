//! A request's body that is read from where the blob lies while it is sent.
//!
//! What was not checked before is checked on the way: the last chunk leaves only if the digest is the right one, so that a blob
//! that is not what it should be is never whole in any registry.

use std::fmt;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use contract::Digest;
use hyper::body::{Body, Frame, SizeHint};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::pull::Remote;
use crate::error::Error;
use crate::pace::Rate;
use crate::source::{Blob, Location, SourceError};

/// How much is read at a time.
pub(super) const CHUNK: usize = 256 << 10;
/// How many chunks are read ahead.
const AHEAD: usize = 2;
/// How often a second a slow line gets something to send.
const CHUNKS_PER_SECOND: u64 = 8;
/// How long a reader sleeps before it looks whether anyone still wants to read.
const NAP: Duration = Duration::from_millis(100);

/// The most memory that a stream's chunks take: those read ahead, the one being read, the one held back, and the one being sent.
pub(crate) const MEMORY_PER_STREAM: usize = (AHEAD + 3) * CHUNK;

/// How far a body has come. Clones look at the same body.
#[derive(Clone, Default)]
pub(crate) struct Meter {
    sent: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
    fault: Arc<Mutex<Option<Error>>>,
}

impl Meter {
    /// The bytes that were handed to the connection.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Bytes were handed to the connection. Says how many there were before.
    pub(super) fn move_on(&self, bytes: usize) -> u64 {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed)
    }

    /// Ends the body where it is: the registry has answered already, and does not want the rest.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Why the body could not be read to its end, if that is what happened.
    pub(crate) fn take_fault(&self) -> Option<Error> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn fail(&self, error: Error) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// Who is told how many bytes of a blob were sent.
pub(crate) type Watch = Arc<dyn Fn(u64) + Send + Sync>;

/// The brake that all bodies share.
pub(crate) type SharedRate = Option<Arc<Mutex<Rate>>>;

/// What a body is made of.
#[derive(Clone)]
pub(crate) struct Feed {
    /// The blob.
    pub(crate) blob: Blob,
    /// Where it is if it is in a registry.
    pub(crate) remote: Option<Arc<Remote>>,
    /// How fast it may go.
    pub(crate) rate: SharedRate,
    /// Who is told.
    pub(crate) watch: Watch,
}

/// The bytes of a blob from a place on, as many as it should have. Fewer are an error: half a blob never looks like a whole one.
pub(crate) struct BlobBody {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    from: u64,
    size: u64,
    meter: Meter,
    watch: Watch,
}

impl BlobBody {
    pub(crate) fn open(feed: &Feed, from: u64, meter: Meter) -> Self {
        let (sender, chunks) = mpsc::channel(AHEAD);
        let outlet = Outlet { sender, rate: feed.rate.clone(), check: Check::new(&feed.blob, from) };
        let (size, watch) = (feed.blob.size.saturating_sub(from), feed.watch.clone());
        let faulty = meter.clone();
        let blob = feed.blob.clone();
        if let (Location::Remote, Some(remote)) = (&blob.location, &feed.remote) {
            let remote = Arc::clone(remote);
            tokio::spawn(async move { outlet.fetch(&remote, &blob, &faulty).await });
        } else {
            tokio::task::spawn_blocking(move || outlet.read(&blob, &faulty));
        }
        Self { chunks, from, size, meter, watch }
    }

    fn rest(&self) -> u64 {
        self.size.saturating_sub(self.meter.sent())
    }
}

/// Where the chunks of a body go, on their way past the brake and the check.
struct Outlet {
    sender: mpsc::Sender<io::Result<Bytes>>,
    rate: SharedRate,
    check: Check,
}

/// Nobody wants to read any more.
struct Gone;

impl Outlet {
    /// Reads a blob that lies here.
    fn read(mut self, blob: &Blob, meter: &Meter) {
        if let Err(error) = self.read_all(blob) {
            meter.fail(error.into());
            // The request was given up if nobody listens.
            let _ = self.sender.blocking_send(Err(io::ErrorKind::InvalidData.into()));
        }
    }

    fn read_all(&mut self, blob: &Blob) -> Result<(), SourceError> {
        let missing = |cause| SourceError::Missing { digest: blob.digest.clone(), cause };
        let mut bytes = blob.location.open().map_err(missing)?.take(blob.size);
        let mut rest = blob.size;
        let length = self.chunk_size();
        while rest > 0 {
            let mut chunk = vec![0; length.min(usize::try_from(rest).unwrap_or(length))];
            let length = read_some(&mut bytes, &mut chunk).map_err(missing)?;
            if length == 0 {
                let found = blob.size - rest;
                return Err(SourceError::Size { digest: blob.digest.clone(), expected: blob.size, found });
            }
            chunk.truncate(length);
            rest = rest.saturating_sub(length as u64);
            let ready = self.check.pass(&chunk.into());
            if self.send_blocking(ready).is_err() {
                return Ok(());
            }
        }
        let last = self.check.end(blob)?;
        // The request was given up if nobody listens.
        let _ = self.send_blocking(last);
        Ok(())
    }

    fn send_blocking(&self, chunk: Option<Bytes>) -> Result<(), Gone> {
        let Some(chunk) = chunk else { return Ok(()) };
        let mut wait = self.wait(chunk.len());
        while !wait.is_zero() && !self.sender.is_closed() {
            std::thread::sleep(wait.min(NAP));
            wait = wait.saturating_sub(NAP);
        }
        self.sender.blocking_send(Ok(chunk)).map_err(|_| Gone)
    }

    /// Passes a blob on that comes from another registry.
    async fn fetch(mut self, remote: &Remote, blob: &Blob, meter: &Meter) {
        let fetched = self.fetch_all(remote, blob).await;
        if let Err(error) = fetched {
            meter.fail(error);
            let _ = self.sender.send(Err(io::ErrorKind::InvalidData.into())).await;
        }
    }

    async fn fetch_all(&mut self, remote: &Remote, blob: &Blob) -> Result<(), Error> {
        let mut stream = remote.blob(&blob.digest, blob.size);
        while let Some(chunk) = stream.next().await? {
            let ready = self.check.pass(&chunk);
            if self.send(ready).await.is_err() {
                return Ok(());
            }
        }
        let last = self.check.end(blob)?;
        let _ = self.send(last).await;
        Ok(())
    }

    async fn send(&self, chunk: Option<Bytes>) -> Result<(), Gone> {
        let Some(chunk) = chunk else { return Ok(()) };
        tokio::time::sleep(self.wait(chunk.len())).await;
        self.sender.send(Ok(chunk)).await.map_err(|_| Gone)
    }

    fn wait(&self, bytes: usize) -> Duration {
        let Some(rate) = &self.rate else { return Duration::ZERO };
        rate.lock().unwrap_or_else(PoisonError::into_inner).take(bytes, Instant::now())
    }

    /// On a slow line chunks are small: something is to move all the time.
    fn chunk_size(&self) -> usize {
        let Some(rate) = &self.rate else { return CHUNK };
        let rate = rate.lock().unwrap_or_else(PoisonError::into_inner).bytes_per_second();
        usize::try_from(rate / CHUNKS_PER_SECOND).unwrap_or(CHUNK).clamp(512, CHUNK)
    }
}

/// What is looked at on the way. Pure.
struct Check {
    /// Nothing is hashed that was hashed before.
    hash: Option<Sha256>,
    /// The last chunk so far.
    held: Option<Bytes>,
    /// The bytes that have come.
    seen: u64,
    /// The bytes that the registry has already.
    from: u64,
}

impl Check {
    fn new(blob: &Blob, from: u64) -> Self {
        Self { hash: (!blob.is_checked).then(Sha256::new), held: None, seen: 0, from }
    }

    /// Takes a chunk and gives the one before it, unless the registry has that already.
    fn pass(&mut self, chunk: &Bytes) -> Option<Bytes> {
        if let Some(hash) = &mut self.hash {
            hash.update(chunk);
        }
        let begin = self.seen;
        self.seen += chunk.len() as u64;
        let unwanted = usize::try_from(self.from.saturating_sub(begin)).unwrap_or(usize::MAX).min(chunk.len());
        let rest = chunk.slice(unwanted..);
        if rest.is_empty() { None } else { self.held.replace(rest) }
    }

    /// The last chunk, if all of them together are the blob.
    fn end(&mut self, blob: &Blob) -> Result<Option<Bytes>, SourceError> {
        if self.seen != blob.size {
            return Err(SourceError::Size { digest: blob.digest.clone(), expected: blob.size, found: self.seen });
        }
        if let Some(hash) = self.hash.take() {
            let found = Digest::of_bytes(&hash.finalize());
            if found != blob.digest {
                return Err(SourceError::Content { expected: blob.digest.clone(), found });
            }
        }
        Ok(self.held.take())
    }
}

fn read_some(bytes: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match bytes.read(buffer) {
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

impl Body for BlobBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.meter.stopped.load(Ordering::Relaxed) {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        self.chunks.poll_recv(context).map(|chunk| {
            let chunk = chunk?;
            Some(chunk.map(|bytes| {
                let before = self.meter.move_on(bytes.len());
                (self.watch)(self.from + before + bytes.len() as u64);
                Frame::data(bytes)
            }))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.rest() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest())
    }
}

impl fmt::Debug for BlobBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BlobBody").field("size", &self.size).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(content: &[u8], is_checked: bool) -> Blob {
        let digest = Digest::of_bytes(&Sha256::digest(content));
        Blob { digest, size: content.len() as u64, location: Location::Memory(Bytes::new()), is_checked }
    }

    /// What goes out of these chunks, and how it ends.
    fn check(blob: &Blob, from: u64, chunks: &[&str]) -> (Vec<String>, bool) {
        let mut check = Check::new(blob, from);
        let text = |chunk: Bytes| String::from_utf8(chunk.to_vec()).unwrap();
        let mut out: Vec<String> =
            chunks.iter().filter_map(|chunk| check.pass(&Bytes::from((*chunk).to_owned()))).map(text).collect();
        match check.end(blob) {
            Ok(last) => {
                out.extend(last.map(text));
                (out, true)
            }
            Err(_) => (out, false),
        }
    }

    fn said(out: &[&str], well: bool) -> (Vec<String>, bool) {
        (out.iter().map(ToString::to_string).collect(), well)
    }

    #[test]
    fn the_last_chunk_leaves_only_if_all_is_well() {
        let whole = blob(b"abcdef", false);
        assert_eq!(check(&whole, 0, &["ab", "cd", "ef"]), said(&["ab", "cd", "ef"], true));
        assert_eq!(check(&whole, 0, &["ab", "cd", "eX"]), said(&["ab", "cd"], false));
        assert_eq!(check(&whole, 0, &["abcdeX"]), said(&[], false));
        assert_eq!(check(&whole, 0, &["ab", "cd"]), said(&["ab"], false));
        assert_eq!(check(&blob(b"", false), 0, &[]), said(&[], true));
    }

    #[test]
    fn what_the_registry_has_is_looked_at_but_not_sent() {
        let whole = blob(b"abcdef", false);
        assert_eq!(check(&whole, 3, &["ab", "cd", "ef"]), said(&["d", "ef"], true));
        assert_eq!(check(&whole, 4, &["ab", "cd", "ef"]), said(&["ef"], true));
        assert_eq!(check(&whole, 3, &["aX", "cd", "ef"]), said(&["d"], false));
    }

    #[test]
    fn what_was_checked_before_is_not_hashed_again() {
        assert_eq!(check(&blob(b"abcdef", true), 0, &["ab", "cdeX"]), said(&["ab", "cdeX"], true));
        assert_eq!(check(&blob(b"abcdef", true), 0, &["ab"]), said(&[], false));
    }
}

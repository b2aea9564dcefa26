//! A request's body that is read from where the blob lies while it is sent.

use std::fmt;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use crate::source::{Blob, Location};

/// How much is read at a time.
const CHUNK: usize = 256 << 10;
/// How many chunks are read ahead.
const AHEAD: usize = 2;

/// How far a body has come. Clones look at the same body.
#[derive(Clone, Default)]
pub(crate) struct Meter {
    sent: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
}

impl Meter {
    /// The bytes that were handed to the connection.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Ends the body where it is: the registry has answered already, and does not want the rest.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// Who is told how many bytes of a blob were sent.
pub(crate) type Watch = Arc<dyn Fn(u64) + Send + Sync>;

/// The bytes of a blob, as many as it should have. Fewer are an error: half a blob never looks like a whole one.
pub(crate) struct BlobBody {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    size: u64,
    meter: Meter,
    watch: Watch,
}

impl BlobBody {
    pub(crate) fn open(blob: &Blob, meter: Meter, watch: Watch) -> Self {
        let (sender, chunks) = mpsc::channel(AHEAD);
        let (location, size) = (blob.location.clone(), blob.size);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = read(&location, size, &sender) {
                // The request was given up if nobody listens.
                let _ = sender.blocking_send(Err(error));
            }
        });
        Self { chunks, size, meter, watch }
    }

    fn rest(&self) -> u64 {
        self.size.saturating_sub(self.meter.sent())
    }
}

fn read(location: &Location, size: u64, sender: &mpsc::Sender<io::Result<Bytes>>) -> io::Result<()> {
    let mut bytes = location.open()?.take(size);
    let mut rest = size;
    while rest > 0 {
        let mut chunk = vec![0; CHUNK];
        let length = bytes.read(&mut chunk)?;
        if length == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the blob became shorter while it was sent"));
        }
        chunk.truncate(length);
        rest = rest.saturating_sub(length as u64);
        if sender.blocking_send(Ok(chunk.into())).is_err() {
            return Ok(());
        }
    }
    Ok(())
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
                let before = self.meter.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                (self.watch)(before + bytes.len() as u64);
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

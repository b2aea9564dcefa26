//! Blocks on their way through the threads: one reads, several compress, the caller's own writes.
//!
//! ```text
//! free slots -> reader -> jobs -> encoders -> writer -> free slots
//!                  \---- their order ---------/
//! ```
//!
//! Slots are the only memory that grows with the block, and their number is fixed. Whoever stops drops its ends of the channels, and with
//! them everyone else stops.

use std::io::{self, Read, Write};
use std::panic;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread;

use contract::Digest;
use crc32fast::Hasher;
use sha2::{Digest as _, Sha256};

use crate::compress::encoder::{Encoder, Encoding};
use crate::compress::{CompressError, Compressed, Settings};

/// So many slots keep a thread busy: one being read, one being compressed, one waiting to be written.
const SLOTS_A_THREAD: usize = 3;

/// A block, plain and compressed.
#[derive(Default)]
struct Slot {
    /// The window and the block.
    plain: Vec<u8>,
    /// Where the block begins.
    start: usize,
    compressed: Vec<u8>,
    checksum: Hasher,
}

/// A block that is to be compressed.
struct Job {
    slot: Slot,
    done: SyncSender<io::Result<Slot>>,
}

/// A block that will be compressed.
type Promise = Receiver<io::Result<Slot>>;

/// The digest and the size of some bytes.
struct Summary {
    digest: Digest,
    size: u64,
}

/// What the memory allows.
#[derive(Debug, PartialEq, Eq)]
struct Share {
    threads: usize,
    slots: usize,
}

pub(super) fn run(
    input: impl Read + Send,
    output: impl Write,
    settings: &Settings,
    block: usize,
) -> Result<Compressed, CompressError> {
    let encoding = settings.encoding;
    let share = share(settings, block)?;
    let (free, free_slots) = mpsc::channel();
    (0..share.slots).try_for_each(|_| free.send(Slot::default())).map_err(|_| stopped())?;
    let (jobs, queued) = mpsc::channel();
    let (order, promises) = mpsc::channel();
    // Owned by the encoders together: when the last one ends, what is queued is dropped, and nobody waits for it.
    let queue = Arc::new(Mutex::new(queued));
    thread::scope(|scope| {
        for _ in 0..share.threads {
            let queue = Arc::clone(&queue);
            let work = move || work(&queue, encoding);
            thread::Builder::new().spawn_scoped(scope, work).map_err(CompressError::Thread)?;
        }
        drop(queue);
        let read = move || read(input, encoding, block, &free_slots, &jobs, &order);
        let reader = thread::Builder::new().spawn_scoped(scope, read).map_err(CompressError::Thread)?;
        let mut blob = Blob::new(output);
        let written = blob.write_blocks(encoding, promises, &free);
        // The reader may be waiting for a slot that nobody gives back any more.
        drop(free);
        let read = reader.join().unwrap_or_else(|cause| panic::resume_unwind(cause));
        written?;
        // A blob of half a layer gets no end, so that nobody takes it for one.
        let plain = read.map_err(CompressError::Read)?;
        let blob = blob.finish(encoding, plain.size)?;
        Ok(Compressed { diff_id: plain.digest, digest: blob.digest, size: blob.size, plain_size: plain.size })
    })
}

fn slot_memory(encoding: Encoding, block: usize) -> usize {
    encoding.window() + block + encoding.bound(block)
}

/// What one slot and one encoder take.
pub(super) fn least_memory(encoding: Encoding, block: usize) -> usize {
    slot_memory(encoding, block) + encoding.encoder_memory()
}

/// As many threads as wanted and as the memory allows.
fn share(settings: &Settings, block: usize) -> Result<Share, CompressError> {
    let Settings { encoding, threads: wanted, memory } = *settings;
    let (slot, encoder) = (slot_memory(encoding, block), encoding.encoder_memory());
    let least = least_memory(encoding, block);
    if memory < least {
        return Err(CompressError::Memory { given: memory, least });
    }
    // A slot more than threads, so that reading, compressing and writing overlap.
    let fitting = (memory.saturating_sub(slot) / least).max(1);
    let threads = wanted.get().min(fitting);
    let slots = ((memory - threads * encoder) / slot).min(threads.saturating_mul(SLOTS_A_THREAD));
    Ok(Share { threads, slots })
}

/// Cuts the input into blocks, each with the window before it. An empty layer is one empty block.
fn read(
    mut input: impl Read,
    encoding: Encoding,
    block: usize,
    free: &Receiver<Slot>,
    jobs: &Sender<Job>,
    order: &Sender<Promise>,
) -> io::Result<Summary> {
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut window = Vec::with_capacity(encoding.window());
    // No slot comes back if the writer has stopped.
    while let Ok(mut slot) = free.recv() {
        slot.plain.clear();
        slot.plain.reserve_exact(encoding.window() + block);
        slot.plain.extend_from_slice(&window);
        slot.start = window.len();
        let length = input.by_ref().take(block as u64).read_to_end(&mut slot.plain)?;
        if length == 0 && size > 0 {
            break;
        }
        hash.update(&slot.plain[slot.start..]);
        size += length as u64;
        window.clear();
        window.extend_from_slice(&slot.plain[slot.plain.len().saturating_sub(encoding.window())..]);
        let (done, promise) = mpsc::sync_channel(1);
        if order.send(promise).is_err() || jobs.send(Job { slot, done }).is_err() || length < block {
            break;
        }
    }
    Ok(Summary { digest: Digest::of_bytes(&hash.finalize()), size })
}

/// Compresses until no more jobs can come.
fn work(queue: &Mutex<Receiver<Job>>, encoding: Encoding) {
    let mut encoder = Encoder::new(encoding);
    while let Some(Job { mut slot, done }) = queue.lock().ok().and_then(|queue| queue.recv().ok()) {
        let result = encoder.encode(&slot.plain, slot.start, &mut slot.compressed);
        // Nobody waits for it any more if the writer has stopped; the next look at the queue tells.
        let _ = done.send(result.map(|checksum| Slot { checksum, ..slot }));
    }
}

/// A blob that is being written.
struct Blob<W> {
    output: W,
    hash: Sha256,
    size: u64,
    /// Of the plain bytes so far.
    checksum: Hasher,
}

impl<W: Write> Blob<W> {
    fn new(output: W) -> Self {
        Self { output, hash: Sha256::new(), size: 0, checksum: Hasher::new() }
    }

    /// Writes the head, and blocks in their order.
    fn write_blocks(
        &mut self,
        encoding: Encoding,
        promises: Receiver<Promise>,
        free: &Sender<Slot>,
    ) -> Result<(), CompressError> {
        self.put(encoding.head())?;
        for promise in promises {
            let slot = promise.recv().map_err(|_| stopped())?.map_err(CompressError::Encode)?;
            self.put(&slot.compressed)?;
            self.checksum.combine(&slot.checksum);
            // The reader needs no slot any more after the last block.
            let _ = free.send(slot);
        }
        Ok(())
    }

    fn finish(mut self, encoding: Encoding, plain_size: u64) -> Result<Summary, CompressError> {
        let tail = encoding.tail(self.checksum.clone(), plain_size);
        self.put(&tail)?;
        self.output.flush().map_err(CompressError::Write)?;
        Ok(Summary { digest: Digest::of_bytes(&self.hash.finalize()), size: self.size })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), CompressError> {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        self.output.write_all(bytes).map_err(CompressError::Write)
    }
}

fn stopped() -> CompressError {
    CompressError::Encode(io::Error::other("a thread stopped"))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    #[test]
    fn threads_and_slots_stay_within_the_memory() {
        for encoding in [Encoding::Gzip, Encoding::Zstd] {
            let block = encoding.block_size();
            let slot = encoding.window() + block + encoding.bound(block);
            let least = slot + encoding.encoder_memory();
            for threads in [1, 2, 3, 8, 1000] {
                let share =
                    |memory| share(&Settings { encoding, threads: NonZeroUsize::new(threads).unwrap(), memory }, block);
                assert!(matches!(share(least - 1), Err(CompressError::Memory { .. })));
                assert_eq!(share(least).unwrap(), Share { threads: 1, slots: 1 });
                for memory in (least..40 * least).step_by(slot / 3) {
                    let Share { threads: given, slots } = share(memory).unwrap();
                    assert!(given >= 1 && given <= threads && slots >= given);
                    assert!(given * encoding.encoder_memory() + slots * slot <= memory);
                }
            }
        }
    }
}

//! An image that comes as a stream, read in one pass: each layer is packed or kept as it goes by, handed over to be sent, and forgotten.
//!
//! Layers come before the documents that say what they are. So more may be sent than the image needs in the end, but never a manifest.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use contract::Digest;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::compress::CompressError;
use crate::error::Error;
use crate::send::pack::{Kept, Packer, check, keep};
use crate::source::{
    Blob, Choice, Compression, Draft, Image, Layer, Location, Member, Members, Packed, Seen, Sight, Source,
    SourceError, Tape, begins_as_document, unpacked,
};

/// So much of what waits to be sent lies on the disk at a time, in MiB; only a single layer may be larger.
const ROOM: u32 = 512;

/// What the reader of a stream has to say to the sender.
pub(crate) enum Word {
    /// Is this blob there?
    Ask(Digest, oneshot::Sender<bool>),
    /// This one can be sent.
    Send(Parcel),
    /// The same, and it is known that the registry does not have it.
    SendMissing(Parcel),
    /// This one is there, and need not even be packed.
    Cached(Packed),
}

/// A blob that can be sent, and the room that it takes until then.
pub(crate) struct Parcel {
    pub(crate) blob: Blob,
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

impl From<Blob> for Parcel {
    fn from(blob: Blob) -> Self {
        Self { blob, room: None }
    }
}

/// The way to the sender.
pub(crate) struct Desk {
    words: mpsc::Sender<Word>,
    room: Arc<Semaphore>,
    runtime: Handle,
}

/// What became of a layer that went by.
#[derive(Clone)]
struct Taken {
    packed: Packed,
    /// The digest of the bare tar, if it is known.
    diff_id: Option<Digest>,
    /// Whether the registry has the bytes that came, and not what they were packed into.
    is_as_it_came: bool,
}

/// An image that went by.
pub(crate) enum Passed {
    /// With its digests; what of it is still to be sent is in memory.
    Image(Image),
    /// Without: the packed layers by their diffIDs, and those that are still to be packed.
    Draft(Draft, BTreeMap<Digest, Packed>, Vec<Layer>),
}

/// Nobody listens any more: the sender has failed, and says why.
struct Gone;

/// Why the reader stopped.
pub(crate) enum Stopped {
    /// The sender did.
    Sender,
    /// The stream is no image.
    Stream(Error),
}

impl From<Gone> for Stopped {
    fn from(_: Gone) -> Self {
        Self::Sender
    }
}

impl<E: Into<Error>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Stream(error.into())
    }
}

impl Desk {
    pub(crate) fn new(words: mpsc::Sender<Word>) -> Self {
        Self { words, room: Arc::new(Semaphore::new(ROOM as usize)), runtime: Handle::current() }
    }

    fn is_there(&self, digest: &Digest) -> Result<bool, Gone> {
        let (answer, answered) = oneshot::channel();
        self.say(Word::Ask(digest.clone(), answer))?;
        answered.blocking_recv().map_err(|_| Gone)
    }

    /// Waits until there is room for so many bytes.
    fn room(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Gone> {
        let wanted = u32::try_from(bytes >> 20).unwrap_or(ROOM).clamp(1, ROOM);
        let room = Arc::clone(&self.room).acquire_many_owned(wanted);
        self.runtime.block_on(room).map_err(|_| Gone)
    }

    fn send(&self, blob: Blob, is_missing: bool, room: OwnedSemaphorePermit) -> Result<(), Gone> {
        let parcel = Parcel { blob, room: Some(room) };
        self.say(if is_missing { Word::SendMissing(parcel) } else { Word::Send(parcel) })
    }

    fn say(&self, word: Word) -> Result<(), Gone> {
        self.words.blocking_send(word).map_err(|_| Gone)
    }
}

/// Reads the stream to its end.
///
/// # Errors
/// It is no archive, is cut off, holds no image or several, a layer is not what it should be; or nobody listens any more.
pub(crate) fn read(
    stream: impl Read + Send,
    choice: &Choice,
    packing: &Packer,
    desk: &Desk,
) -> Result<Passed, Stopped> {
    let mut members = Members::of_stream(unpacked(stream).map_err(|cause| SourceError::of_read(cause, 0, None))?);
    let (mut seen, mut taken) = (Seen::default(), BTreeMap::new());
    while let Some(mut member) = members.advance()? {
        if seen.note(&mut member)? == Sight::Content {
            let name = member.name.clone();
            taken.insert(name, take(&mut member, packing, desk)?);
        }
    }
    members.finish()?;
    Ok(put_together(seen.resolve(choice)?, &taken)?)
}

fn take<T: Tape + Send>(member: &mut Member<'_, T>, packing: &Packer, desk: &Desk) -> Result<Taken, Stopped> {
    let claimed = member.claimed_digest();
    let (position, name) = (member.position, member.name.clone());
    let unreadable = |cause| SourceError::of_member(cause, position, &name);
    let head = member.head().map_err(unreadable)?;
    let compression = Compression::of(head);
    // A large document that is a blob, such as an SBOM, is no layer that could be packed.
    let is_document = claimed.is_some() && begins_as_document(head);
    if compression == Compression::None && !is_document {
        take_bare(member, claimed, packing, desk)
    } else {
        take_packed(member, claimed.as_ref(), compression, desk)
    }
}

/// The name of a bare layer may be its diffID. Then it may be known what it becomes, and that this is there.
fn take_bare<T: Tape + Send>(
    member: &mut Member<'_, T>,
    claimed: Option<Digest>,
    packing: &Packer,
    desk: &Desk,
) -> Result<Taken, Stopped> {
    let recalled = claimed.as_ref().and_then(|claimed| packing.recall(claimed));
    if let Some(packed) = recalled.clone()
        && desk.is_there(&packed.digest)?
    {
        desk.say(Word::Cached(packed.clone()))?;
        return Ok(Taken { packed, diff_id: claimed, is_as_it_came: false });
    }
    let room = desk.room(member.size)?;
    let (position, name) = (member.position, member.name.clone());
    let size = member.size;
    let ready = packing.pack_bare(member, size, claimed.as_ref()).map_err(|error| match error {
        Error::Packing(CompressError::Read(cause)) => SourceError::of_member(cause, position, &name).into(),
        other => other,
    })?;
    let (packed, diff_id) = (ready.packed.clone(), Some(ready.diff_id.clone()));
    desk.send(ready.blob(), recalled.is_some_and(|recalled| recalled == packed), room)?;
    Ok(Taken { packed, diff_id, is_as_it_came: false })
}

fn take_packed<T: Tape + Send>(
    member: &mut Member<'_, T>,
    claimed: Option<&Digest>,
    compression: Compression,
    desk: &Desk,
) -> Result<Taken, Stopped> {
    if let Some(digest) = claimed
        && desk.is_there(digest)?
    {
        let packed = Packed { digest: digest.clone(), size: member.size, compression };
        return Ok(Taken { packed, diff_id: None, is_as_it_came: true });
    }
    let room = desk.room(member.size)?;
    let (position, name) = (member.position, member.name.clone());
    let unreadable = |cause| SourceError::of_member(cause, position, &name);
    let Kept { packed, diff_id, location } = keep(member, compression, claimed.is_none(), unreadable)?;
    check(claimed, &packed.digest)?;
    let blob = Blob { digest: packed.digest.clone(), size: packed.size, location, is_checked: true };
    desk.send(blob, claimed.is_some(), room)?;
    Ok(Taken { packed, diff_id, is_as_it_came: true })
}

/// What the documents say is compared with what went by. Pure.
fn put_together(source: Source, taken: &BTreeMap<String, Taken>) -> Result<Passed, SourceError> {
    match source {
        Source::Image(mut image) => {
            for blob in &mut image.blobs {
                let Location::Passed { name, .. } = &blob.location else { continue };
                let taken = taken.get(name).ok_or_else(|| SourceError::OnlyFromFile(blob.digest.clone()))?;
                if !taken.is_as_it_came {
                    return Err(SourceError::OnlyFromFile(blob.digest.clone()));
                }
                check(Some(&blob.digest), &taken.packed.digest)?;
                blob.location = Location::Gone;
            }
            Ok(Passed::Image(image))
        }
        Source::Draft(draft) => {
            let (mut packed, mut rest) = (BTreeMap::new(), Vec::new());
            for layer in &draft.layers {
                let Location::Passed { name, .. } = &layer.location else {
                    rest.push(layer.clone());
                    continue;
                };
                let taken = taken.get(name).ok_or_else(|| SourceError::OnlyFromFile(layer.diff_id.clone()))?;
                let diff_id = taken.diff_id.as_ref().ok_or_else(|| SourceError::OnlyFromFile(layer.diff_id.clone()))?;
                check(Some(&layer.diff_id), diff_id)?;
                packed.insert(layer.diff_id.clone(), taken.packed.clone());
            }
            Ok(Passed::Draft(draft, packed, rest))
        }
    }
}

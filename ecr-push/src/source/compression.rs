//! How bytes are packed, told by their first ones: a name or a media type may be wrong, a magic number is not.

use std::fs::File;
use std::io::{self, Read, Write};

use flate2::read::MultiGzDecoder;

use super::error::SourceError;

/// How much is unpacked at a time.
const CHUNK: usize = 256 << 10;

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// By gzip, in one member or several.
    Gzip,
    /// By zstd, in one frame or several.
    Zstd,
}

impl Compression {
    /// What the first bytes tell; four are enough.
    ///
    /// Sources: RFC 1952, section 2.3.1; RFC 8878, sections 3.1.1 and 3.1.2.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// The bytes as they were before they were packed.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn unpacking<'a>(self, packed: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Self::None => Box::new(packed),
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Zstd => Box::new(zstd::Decoder::new(packed)?),
        })
    }
}

/// The bytes of a stream, unpacked if they are packed.
///
/// # Errors
/// The stream cannot be read.
pub fn unpacked<'a>(mut stream: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    let head = head(&mut stream, 4)?;
    let compression = Compression::of(&head);
    compression.unpacking(io::Cursor::new(head).chain(stream))
}

/// The first bytes, fewer only if there are not more.
pub(super) fn head(stream: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(length);
    stream.take(length as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Unpacks a whole archive into a file without a name: it is gone when it is closed, however the run ends.
///
/// # Errors
/// The archive cannot be read, or the file not be written; a full disk is told apart.
pub(super) fn unpack(archive: &File, compression: Compression) -> Result<File, SourceError> {
    let mut bytes = compression.unpacking(archive).map_err(SourceError::Read)?;
    let mut file = tempfile::tempfile().map_err(unwritable)?;
    let mut chunk = vec![0; CHUNK];
    let mut position = 0;
    loop {
        let length = match bytes.read(&mut chunk) {
            Ok(0) => return Ok(file),
            Ok(length) => length,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            Err(cause) => return Err(SourceError::of_read(cause, position, None)),
        };
        file.write_all(&chunk[..length]).map_err(unwritable)?;
        position += length as u64;
    }
}

fn unwritable(cause: io::Error) -> SourceError {
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            SourceError::DiskFull(cause)
        }
        _ => SourceError::Temporary(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture::{gzip, zstd};

    #[test]
    fn the_first_bytes_tell_how_it_is_packed() {
        let text = b"what is packed";
        for (packed, expected) in
            [(text.to_vec(), Compression::None), (gzip(text), Compression::Gzip), (zstd(text), Compression::Zstd)]
        {
            assert_eq!(Compression::of(&packed), expected);
            let mut found = Vec::new();
            unpacked(packed.as_slice()).unwrap().read_to_end(&mut found).unwrap();
            assert_eq!(found, text);
        }
        assert_eq!(Compression::of(&[]), Compression::None);
        assert_eq!(Compression::of(&[0x1f]), Compression::None);
    }

    #[test]
    fn several_members_and_frames_are_one_stream() {
        for packed in [[gzip(b"one "), gzip(b"two")].concat(), [zstd(b"one "), zstd(b"two")].concat()] {
            let mut found = String::new();
            unpacked(packed.as_slice()).unwrap().read_to_string(&mut found).unwrap();
            assert_eq!(found, "one two");
        }
    }

    #[test]
    fn what_is_cut_off_damaged_or_followed_by_anything_is_an_error() {
        let read = |packed: &[u8]| unpacked(packed).and_then(|mut stream| stream.read_to_end(&mut Vec::new()));
        for pack in [gzip, zstd] {
            let one = pack(b"a layer of a few bytes that are a few more");
            let two = [one.clone(), one.clone()].concat();
            for length in (4..two.len()).filter(|length| *length != one.len()) {
                assert!(read(&two[..length]).is_err(), "{length} of {}", two.len());
            }
            for rest in [&b"\0"[..], b"garbage, more than a header of it", b"\x1f", b"\x28"] {
                assert!(read(&[&one[..], rest].concat()).is_err(), "{rest:?}");
            }
        }
        let mut damaged = gzip(&[7; 1000]);
        let checksum = damaged.len() - 6;
        damaged[checksum] ^= 1;
        assert!(read(&damaged).is_err());
    }

    #[test]
    fn a_full_disk_is_told_apart() {
        assert!(matches!(unwritable(io::ErrorKind::StorageFull.into()), SourceError::DiskFull(_)));
        assert!(matches!(unwritable(io::ErrorKind::PermissionDenied.into()), SourceError::Temporary(_)));
    }
}

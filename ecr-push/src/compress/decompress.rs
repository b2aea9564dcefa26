//! The plain bytes of a layer, however it is compressed: what its diffID is the digest of.

use std::io::{self, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder;

/// How much is read at a time.
const CHUNK: usize = 128 << 10;
/// The most bytes by which a format is told.
const MAGIC: usize = 4;

/// How the bytes of a layer lie in a blob or an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As they are.
    Plain,
    /// In gzip members, one or more.
    Gzip,
    /// In zstd frames, one or more.
    Zstd,
}

impl Format {
    /// The format of what begins with these bytes; four are enough.
    ///
    /// Sources: RFC 1952, section 2.3.1; RFC 8878, sections 3.1.1 and 3.1.2 (a skippable frame may come first).
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// The plain bytes of `input`, and the format that it was found to have.
///
/// Reading fails if a member or frame is cut, damaged, or followed by anything that is no member or frame.
///
/// # Errors
/// The first bytes cannot be read, or memory fails.
pub fn decompress<'a>(mut input: impl Read + Send + 'a) -> io::Result<(Format, Box<dyn Read + Send + 'a>)> {
    let mut head = Vec::with_capacity(MAGIC);
    input.by_ref().take(MAGIC as u64).read_to_end(&mut head)?;
    let format = Format::of(&head);
    let whole = Cursor::new(head).chain(input);
    let buffered = |whole| BufReader::with_capacity(CHUNK, whole);
    let plain: Box<dyn Read + Send + 'a> = match format {
        Format::Plain => Box::new(whole),
        Format::Gzip => Box::new(MultiGzDecoder::new(buffered(whole))),
        Format::Zstd => Box::new(Decoder::with_buffer(buffered(whole))?),
    };
    Ok((format, plain))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(plain: &[u8]) -> Vec<u8> {
        ::zstd::encode_all(plain, 1).unwrap()
    }

    fn read(blob: &[u8]) -> io::Result<(Format, Vec<u8>)> {
        let (format, mut reader) = decompress(blob)?;
        let mut plain = Vec::new();
        reader.read_to_end(&mut plain)?;
        Ok((format, plain))
    }

    #[test]
    fn the_format_is_told_by_the_first_bytes() {
        for plain in [&b""[..], b"a", b"\x1f\x8b", b"\x28\xb5\x2f", b"etc/\0\0\0"] {
            assert_eq!(read(plain).unwrap(), (Format::Plain, plain.to_vec()));
        }
        assert_eq!(read(&gzip(b"layer")).unwrap(), (Format::Gzip, b"layer".to_vec()));
        assert_eq!(read(&zstd(b"layer")).unwrap(), (Format::Zstd, b"layer".to_vec()));
        let skipped = [&b"\x5f\x2a\x4d\x18\x03\0\0\0abc"[..], &zstd(b"layer")].concat();
        assert_eq!(read(&skipped).unwrap(), (Format::Zstd, b"layer".to_vec()));
    }

    #[test]
    fn members_and_frames_are_read_one_after_the_other() {
        for pack in [gzip, zstd] {
            let blob = [pack(b"one "), pack(b""), pack(b"two")].concat();
            assert_eq!(read(&blob).unwrap().1, b"one two");
        }
    }

    #[test]
    fn a_blob_that_is_cut_anywhere_is_an_error() {
        for pack in [gzip, zstd] {
            let one = pack(b"a layer of a few bytes that are a few more");
            let blob = [one.clone(), one.clone()].concat();
            for length in (MAGIC..blob.len()).filter(|length| *length != one.len()) {
                assert!(read(&blob[..length]).is_err(), "{length} of {}", blob.len());
            }
        }
    }

    #[test]
    fn what_follows_the_last_member_or_frame_is_an_error() {
        for pack in [gzip, zstd] {
            for rest in [
                &b"\0"[..],
                b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                b"garbage, more than a header of it",
                b"\x1f",
                b"\x28",
            ] {
                assert!(read(&[&pack(b"layer"), rest].concat()).is_err(), "{rest:?}");
            }
        }
    }

    #[test]
    fn damage_is_an_error() {
        let mut blob = gzip(&[7; 1000]);
        let checksum = blob.len() - 6;
        blob[checksum] ^= 1;
        assert!(read(&blob).is_err());
    }
}

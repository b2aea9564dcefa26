//! From the bytes of a file or a pipe to UTF-8: gzip is undone, UTF-16 is turned over.

use std::io::{BufReader, Cursor, Error, ErrorKind, Read, Result};

use flate2::read::MultiGzDecoder;

use super::ReadError;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const UTF16_LITTLE: [u8; 2] = [0xff, 0xfe];
const UTF16_BIG: [u8; 2] = [0xfe, 0xff];

/// The most that a text which is read whole may take, in bytes.
const LARGEST_TEXT: usize = 64 * 1024 * 1024;

/// The stream as UTF-8.
///
/// # Errors
/// It cannot be read, or is in no encoding that is known.
pub(crate) fn decoded(stream: Box<dyn Read + Send>) -> std::result::Result<Box<dyn Read + Send>, ReadError> {
    let (beginning, stream) = beginning(stream)?;
    if beginning == GZIP {
        return text(Box::new(MultiGzDecoder::new(BufReader::with_capacity(64 * 1024, stream))));
    }
    text(stream)
}

/// The whole text in these bytes, without its byte order mark.
///
/// # Errors
/// They are in no encoding that is known, or too many.
pub(crate) fn whole_text(bytes: &[u8]) -> std::result::Result<String, ReadError> {
    let limit = u64::try_from(LARGEST_TEXT).unwrap_or(u64::MAX);
    let mut decoded_bytes = Vec::new();
    decoded(Box::new(Cursor::new(bytes.to_vec())))?.take(limit.saturating_add(1)).read_to_end(&mut decoded_bytes)?;
    if decoded_bytes.len() > LARGEST_TEXT {
        return Err(ReadError::TooLarge { at: 0, limit: LARGEST_TEXT });
    }
    let text = String::from_utf8(decoded_bytes).map_err(|_| ReadError::Encoding)?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn text(stream: Box<dyn Read + Send>) -> std::result::Result<Box<dyn Read + Send>, ReadError> {
    let (beginning, stream) = beginning(stream)?;
    match beginning[..] {
        [first, second] if [first, second] == UTF16_LITTLE => Ok(Box::new(Utf16::new(stream, u16::from_le_bytes))),
        [first, second] if [first, second] == UTF16_BIG => Ok(Box::new(Utf16::new(stream, u16::from_be_bytes))),
        // UTF-16 without its mark.
        [_, 0] | [0, _] => Err(ReadError::Encoding),
        _ => Ok(stream),
    }
}

/// The first two bytes, and the stream as it was before.
fn beginning(mut stream: Box<dyn Read + Send>) -> std::result::Result<(Vec<u8>, Box<dyn Read + Send>), ReadError> {
    let mut bytes = Vec::new();
    stream.by_ref().take(2).read_to_end(&mut bytes).map_err(ReadError::from)?;
    Ok((bytes.clone(), Box::new(Cursor::new(bytes).chain(stream))))
}

impl From<Error> for ReadError {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::Truncated { at: 0 },
            ErrorKind::InvalidData | ErrorKind::InvalidInput => Self::Malformed { at: 0, cause: error.to_string() },
            _ => Self::Unreadable(error),
        }
    }
}

/// UTF-16 with its byte order mark in front, read as UTF-8.
struct Utf16 {
    stream: BufReader<Box<dyn Read + Send>>,
    unit: fn([u8; 2]) -> u16,
    /// UTF-8 that found no room yet.
    ready: Vec<u8>,
    taken: usize,
}

impl Utf16 {
    fn new(stream: Box<dyn Read + Send>, unit: fn([u8; 2]) -> u16) -> Self {
        Self { stream: BufReader::with_capacity(64 * 1024, stream), unit, ready: Vec::new(), taken: 0 }
    }

    fn next_unit(&mut self) -> Result<Option<u16>> {
        let mut bytes = Vec::with_capacity(2);
        self.stream.by_ref().take(2).read_to_end(&mut bytes)?;
        match bytes[..] {
            [first, second] => Ok(Some((self.unit)([first, second]))),
            [] => Ok(None),
            _ => Err(Error::new(ErrorKind::UnexpectedEof, "half a UTF-16 unit")),
        }
    }

    fn next_character(&mut self) -> Result<Option<char>> {
        let Some(unit) = self.next_unit()? else { return Ok(None) };
        let low = if (0xd800..0xdc00).contains(&unit) { self.next_unit()? } else { None };
        let decoded = char::decode_utf16(std::iter::once(unit).chain(low)).next();
        decoded.transpose().map_err(|_| Error::new(ErrorKind::InvalidData, "half a UTF-16 surrogate pair"))
    }
}

impl Read for Utf16 {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.taken == self.ready.len() {
            self.ready.clear();
            self.taken = 0;
            while self.ready.len() < buffer.len() {
                let Some(character) = self.next_character()? else { break };
                self.ready.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        let length = buffer.len().min(self.ready.len() - self.taken);
        buffer[..length].copy_from_slice(&self.ready[self.taken..self.taken + length]);
        self.taken += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read(bytes: Vec<u8>) -> String {
        let mut text = String::new();
        match decoded(Box::new(Cursor::new(bytes))).map(|mut stream| stream.read_to_string(&mut text)) {
            Ok(Ok(_)) => text,
            Ok(Err(error)) => error.kind().to_string(),
            Err(error) => format!("{error:?}"),
        }
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_encoding_comes_out_as_the_same_text() {
        let text = "{\"title\": \"größer 𝄞\"}\r\n";
        let marked = format!("\u{feff}{text}");
        assert_eq!(read(text.into()), text);
        assert_eq!(read(utf16(text, u16::to_le_bytes)), marked);
        assert_eq!(read(utf16(text, u16::to_be_bytes)), marked);
        assert_eq!(read(gzip(text.as_bytes())), text);
        assert_eq!(read([gzip(b"{}"), gzip(b"[]")].concat()), "{}[]");
        assert_eq!(read(gzip(&utf16(text, u16::to_le_bytes))), marked);
    }

    #[test]
    fn a_whole_text_has_no_mark_and_no_broken_character() {
        let whole = |bytes: &[u8]| whole_text(bytes).map_err(|error| error.to_string());
        assert_eq!(whole("\u{feff}ä".as_bytes()).unwrap(), "ä");
        assert_eq!(whole(&gzip(&utf16("ä", u16::to_le_bytes))).unwrap(), "ä");
        assert!(whole(b"a\xff").unwrap_err().contains("no UTF-8"));
        assert!(whole(&gzip(&vec![b' '; LARGEST_TEXT + 1])).unwrap_err().contains("larger than"));
    }

    #[test]
    fn what_is_broken_off_is_an_error() {
        let whole = gzip("{\"a\":\"bcdefghijklmnop\"}".repeat(9).as_bytes());
        assert_eq!(read(whole[..whole.len() - 9].to_vec()), "unexpected end of file");
        let odd = utf16("{}", u16::to_le_bytes);
        assert_eq!(read(odd[..odd.len() - 1].to_vec()), "unexpected end of file");
        assert_eq!(read(vec![0xff, 0xfe, 0x00, 0xd8, 0x41, 0x00]), "invalid data");
        assert_eq!(read(b"{\0}\0".to_vec()), "Encoding");
    }
}

//! JSON as it streams by: a walker over objects and lists, of which only a window is ever in memory.
//!
//! A reader walks the outer levels and takes the inner values as types. So memory grows with what is kept, not with the file, and a value is parsed
//! where it lies. A member that stands there twice is refused at every level that is walked or typed.

use std::collections::HashSet;
use std::io::Read;

use serde::de::{DeserializeOwned, IgnoredAny};

mod outline;
mod strict;

pub use outline::{Outline, Shape};
use strict::Strict;

use crate::reader::ReadError;

/// How much is read at once.
const WINDOW: usize = 256 * 1024;

/// The most that one inner value may take, in bytes.
const LARGEST_VALUE: usize = 64 * 1024 * 1024;

/// A stream of JSON documents.
pub struct Json {
    source: Box<dyn Read + Send>,
    window: Vec<u8>,
    start: usize,
    end: usize,
    /// How many bytes went by before the window.
    before: u64,
    ended: bool,
}

impl Json {
    /// A stream that nothing was read from.
    #[must_use]
    pub fn new(source: Box<dyn Read + Send>) -> Self {
        Self { source, window: vec![0; WINDOW], start: 0, end: 0, before: 0, ended: false }
    }

    /// Whether nothing but white space is left. A byte order mark in front of a document counts as white space.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn is_at_end(&mut self) -> Result<bool, ReadError> {
        loop {
            let blank = self.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.start += blank;
            if self.rest().starts_with(b"\xef\xbb\xbf") {
                self.start += 3;
            } else if self.rest().len() >= 3 || self.ended {
                return Ok(self.rest().is_empty());
            } else {
                self.fill()?;
            }
        }
    }

    /// What can be said about the document at hand from what is in the window.
    #[must_use]
    pub fn outline(&self) -> Outline {
        Outline::of(self.rest())
    }

    /// Reads further ahead; says whether there was more.
    ///
    /// # Errors
    /// The source cannot be read, or too much was read ahead already.
    pub fn look_further(&mut self) -> Result<bool, ReadError> {
        if !self.ended {
            self.fill()?;
        }
        Ok(!self.ended)
    }

    /// The first byte of the next value.
    ///
    /// # Errors
    /// There is none.
    pub fn peek(&mut self) -> Result<u8, ReadError> {
        loop {
            if let Some(found) = self.rest().iter().position(|byte| !byte.is_ascii_whitespace()) {
                self.start += found;
                return Ok(self.window[self.start]);
            }
            self.start = self.end;
            if self.ended {
                return Err(ReadError::Truncated { at: self.position() });
            }
            self.fill()?;
        }
    }

    /// Walks an object: `member` is called for each and must take exactly its value.
    ///
    /// # Errors
    /// It is no object, a member stands there twice, or `member` fails.
    pub fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut names = HashSet::new();
        self.members(|json, name| {
            member(json, &name)?;
            if names.insert(name) { Ok(()) } else { Err(json.malformed("the member before this stands there twice")) }
        })
    }

    /// Walks an object without a look at which names were there: nobody reads what is passed over, and there may be millions.
    fn members(&mut self, mut member: impl FnMut(&mut Self, String) -> Result<(), ReadError>) -> Result<(), ReadError> {
        self.expect(b'{', "an object")?;
        if self.take_if(b'}')? {
            return Ok(());
        }
        loop {
            if self.peek()? != b'"' {
                return Err(self.malformed("a member's name must stand here"));
            }
            let name: String = self.value()?;
            self.expect(b':', "a colon")?;
            member(self, name)?;
            if self.take_if(b'}')? {
                return Ok(());
            }
            self.expect(b',', "a comma or the end of the object")?;
        }
    }

    /// Walks a list: `element` is called for each and must take exactly one value.
    ///
    /// # Errors
    /// It is no list, or `element` fails.
    pub fn list(&mut self, mut element: impl FnMut(&mut Self) -> Result<(), ReadError>) -> Result<(), ReadError> {
        self.expect(b'[', "a list")?;
        if self.take_if(b']')? {
            return Ok(());
        }
        loop {
            element(self)?;
            if self.take_if(b']')? {
                return Ok(());
            }
            self.expect(b',', "a comma or the end of the list")?;
        }
    }

    /// Walks a list, which may also be `null`: Go writes an empty list so.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn list_or_null(&mut self, element: impl FnMut(&mut Self) -> Result<(), ReadError>) -> Result<(), ReadError> {
        if self.peek()? == b'n' { self.value::<()>() } else { self.list(element) }
    }

    /// Takes the next value. In it, a member whose name differs from a known one only in its case is refused.
    ///
    /// # Errors
    /// It has another shape, or ends too early.
    pub fn value<T: DeserializeOwned>(&mut self) -> Result<T, ReadError> {
        let is_scalar = !matches!(self.peek()?, b'{' | b'[' | b'"');
        loop {
            let mut values = serde_json::Deserializer::from_slice(self.rest()).into_iter::<Strict<T>>();
            let value = values.next();
            let length = values.byte_offset();
            match value {
                // A number at the end of the window may go on behind it.
                Some(Ok(_)) if is_scalar && length == self.rest().len() && !self.ended => self.fill()?,
                Some(Ok(Strict(value))) => {
                    self.start += length;
                    return Ok(value);
                }
                Some(Err(error)) if error.is_eof() && !self.ended => self.fill()?,
                Some(Err(error)) if error.is_eof() => {
                    return Err(ReadError::Truncated { at: self.before + size(self.end) });
                }
                Some(Err(error)) => return Err(self.not_understood(&error)),
                None => return Err(ReadError::Truncated { at: self.position() }),
            }
        }
    }

    /// Passes over the next value.
    ///
    /// # Errors
    /// It is no JSON.
    pub fn skip(&mut self) -> Result<(), ReadError> {
        match self.peek()? {
            b'{' => self.members(|json, _| json.value::<IgnoredAny>().map(drop)),
            b'[' => self.list(|json| json.value::<IgnoredAny>().map(drop)),
            _ => self.value::<IgnoredAny>().map(drop),
        }
    }

    /// Passes over a member that the reader does not know, unless its name is nearly one of those that it does: what stands there would be lost.
    ///
    /// # Errors
    /// The name is nearly a known one, or the value is no JSON.
    pub fn skip_unknown(&mut self, name: &str, known: &[&str]) -> Result<(), ReadError> {
        if known.contains(&name) {
            return self.skip();
        }
        match known.iter().find(|known| name.is_empty() || is_nearly(name, known)) {
            Some(known) => Err(ReadError::Misspelled { found: name.to_owned(), known: (*known).to_owned() }),
            None => self.skip(),
        }
    }

    /// Where the next value begins, in bytes from the start of the stream.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.before + size(self.start)
    }

    /// An error at the current place.
    #[must_use]
    pub fn malformed(&self, cause: &str) -> ReadError {
        ReadError::Malformed { at: self.position(), cause: cause.to_owned() }
    }

    fn not_understood(&self, error: &serde_json::Error) -> ReadError {
        let lines = self.rest().split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
        let above: usize = lines.map(<[u8]>::len).sum();
        let text = error.to_string();
        let cause = text.split(" at line ").next().unwrap_or(&text).to_owned();
        ReadError::Malformed { at: self.position() + size(above + error.column().saturating_sub(1)), cause }
    }

    fn rest(&self) -> &[u8] {
        &self.window[self.start..self.end]
    }

    fn take_if(&mut self, byte: u8) -> Result<bool, ReadError> {
        let found = self.peek()? == byte;
        self.start += usize::from(found);
        Ok(found)
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<(), ReadError> {
        if self.take_if(byte)? { Ok(()) } else { Err(self.malformed(&format!("{what} must stand here"))) }
    }

    fn fill(&mut self) -> Result<(), ReadError> {
        self.window.copy_within(self.start..self.end, 0);
        self.before += size(self.start);
        self.end -= self.start;
        self.start = 0;
        if self.end * 2 > self.window.len() {
            if self.window.len() >= LARGEST_VALUE {
                return Err(ReadError::TooLarge { at: self.before, limit: LARGEST_VALUE });
            }
            self.window.resize(self.window.len() * 2, 0);
        }
        // At least as much again: a value that is parsed anew each time must not be so after every byte.
        let enough = self.end * 2;
        while self.end <= enough && self.end < self.window.len() {
            match self.source.read(&mut self.window[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(());
                }
                Ok(read) => self.end += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Err(ReadError::Truncated { at: self.before + size(self.end) });
                }
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                    return Err(ReadError::Malformed { at: self.before + size(self.end), cause: error.to_string() });
                }
                Err(error) => return Err(ReadError::Unreadable(error)),
            }
        }
        Ok(())
    }
}

fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Whether two names differ in their case only, in one character, or in two that changed places.
pub(crate) fn is_nearly(name: &str, known: &str) -> bool {
    if name.eq_ignore_ascii_case(known) {
        return name != known;
    }
    let (short, long) = if name.len() <= known.len() { (name, known) } else { (known, name) };
    // A two-letter name is one character away from too many others.
    if long.len() - short.len() > 1 || short.len() < 4 {
        return false;
    }
    let (short, long) = (short.as_bytes(), long.as_bytes());
    if short.first() != long.first() && short.last() != long.last() {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let swapped = [long.get(same + 1), long.get(same)] == [short.get(same), short.get(same + 1)];
    if short.len() == long.len() && swapped && short.get(same + 2..) == long.get(same + 2..) {
        return true;
    }
    let behind = usize::from(short.len() == long.len());
    short.get(same + behind..) == long.get(same + 1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time: whatever can be cut is cut.
    struct Dripping(Vec<u8>, usize);

    impl Read for Dripping {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let Some(byte) = self.0.get(self.1) else { return Ok(0) };
            buffer[0] = *byte;
            self.1 += 1;
            Ok(1)
        }
    }

    fn json(text: &str) -> Json {
        Json::new(Box::new(Dripping(text.as_bytes().to_vec(), 0)))
    }

    #[test]
    fn values_are_taken_whole_wherever_the_source_pauses() {
        let mut stream = json(" {\"a\": [1, 23, -4.5e1], \"b\": {\"c\": \"x\\\"y\"}, \"d\": null} true 17");
        let mut seen = Vec::new();
        stream
            .object(|json, name| {
                match name {
                    "a" => json.list(|json| {
                        seen.push(json.value::<f64>()?.to_string());
                        Ok(())
                    })?,
                    "b" => seen.push(json.value::<std::collections::BTreeMap<String, String>>()?["c"].clone()),
                    _ => json.skip()?,
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, ["1", "23", "-45", "x\"y"]);
        assert!(stream.value::<bool>().unwrap());
        assert_eq!(stream.value::<u32>().unwrap(), 17);
        assert!(stream.is_at_end().unwrap());
    }

    #[test]
    fn what_is_no_json_says_where() {
        let walk = |text: &str| json(text).object(|json, _| json.skip()).unwrap_err().to_string();
        let skip = |text: &str| json(text).skip().unwrap_err().to_string();
        assert_eq!(walk("{\"a\":1,\"a\":2}"), "it is no JSON at byte 12: the member before this stands there twice");
        assert_eq!(walk("{\"a\" 1}"), "it is no JSON at byte 5: a colon must stand here");
        assert_eq!(skip("[1 2]"), "it is no JSON at byte 3: a comma or the end of the list must stand here");
        assert_eq!(skip("[1,"), "it is cut off at byte 3");
        assert_eq!(walk("{\"a\":{\"b\":"), "it is cut off at byte 10");
        assert_eq!(walk("{\"a\":{\"b\":\nNaN}}"), "it is no JSON at byte 11: expected value");
        assert!(skip(&"[".repeat(200_000)).starts_with("it is cut off"));
    }

    #[test]
    fn a_name_that_is_nearly_a_known_one_is_refused() {
        for (name, known, expected) in [
            ("results", "Results", true),
            ("Resuls", "Results", true),
            ("Resultss", "Results", true),
            ("Xesults", "Results", true),
            ("Resulst", "Results", true),
            ("Rseults", "Results", true),
            ("Results", "Results", false),
            ("Packages", "Results", false),
            ("Resultat", "Results", false),
            ("ps", "p", false),
        ] {
            assert_eq!(is_nearly(name, known), expected, "{name}");
        }
    }

    #[test]
    fn a_byte_order_mark_may_stand_before_a_document() {
        let mut stream = json("\u{feff}{}\n\u{feff}{}");
        for _ in 0..2 {
            assert!(!stream.is_at_end().unwrap());
            stream.skip().unwrap();
        }
        assert!(stream.is_at_end().unwrap());
    }
}

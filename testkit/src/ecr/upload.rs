//! A layer on its way in, part by part: the same for both doors.

use bytes::Bytes;

use crate::ecr::digest;
use crate::ecr::quirks::Quirks;

/// An upload that was started and not finished.
#[derive(Debug)]
pub(crate) struct Upload {
    /// The repository it was started in.
    pub(crate) repository: String,
    bytes: Vec<u8>,
    parts: Vec<u64>,
}

/// Why an upload goes no further.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A part does not begin where the last one ended.
    NotConsecutive { got: u64, expected: u64 },
    /// A part that is not the last is too small.
    PartTooSmall,
    /// It has no bytes.
    Empty,
    /// Its bytes have another digest.
    OtherDigest,
}

impl Upload {
    pub(crate) fn new(repository: &str) -> Self {
        Self { repository: repository.to_owned(), bytes: Vec::new(), parts: Vec::new() }
    }

    /// How many bytes came so far.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// How many bytes the first part had; 0 before it came.
    pub(crate) fn len_of_first_part(&self) -> u64 {
        self.parts.first().copied().unwrap_or_default()
    }

    /// Takes one more part. `first_byte` is where the client says it begins. No bytes are no part.
    pub(crate) fn append(&mut self, first_byte: Option<u64>, bytes: &[u8]) -> Result<(), Refusal> {
        let expected = self.len();
        if let Some(got) = first_byte.filter(|got| *got != expected) {
            return Err(Refusal::NotConsecutive { got, expected });
        }
        if !bytes.is_empty() {
            self.bytes.extend_from_slice(bytes);
            self.parts.push(bytes.len() as u64);
        }
        Ok(())
    }

    /// The whole layer, if it is what one of `digests` names: that digest with it.
    pub(crate) fn finish(self, digests: &[&str], quirks: &Quirks) -> Result<(String, Bytes), Refusal> {
        if self.bytes.is_empty() && quirks.refuses_empty_blobs {
            return Err(Refusal::Empty);
        }
        let all_but_last = self.parts.split_last().map_or(&[][..], |(_, others)| others);
        if all_but_last.iter().any(|part| *part < quirks.minimum_part) {
            return Err(Refusal::PartTooSmall);
        }
        let digest = digest::sha256(&self.bytes);
        if !digests.contains(&digest.as_str()) {
            return Err(Refusal::OtherDigest);
        }
        Ok((digest, self.bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(parts: &[&[u8]]) -> Upload {
        let mut upload = Upload::new("web");
        for part in parts {
            upload.append(None, part).unwrap();
        }
        upload
    }

    #[test]
    fn parts_must_follow_one_another() {
        let mut upload = upload(&[b"0123"]);
        let refused = Err(Refusal::NotConsecutive { got: 0, expected: 4 });
        assert_eq!(upload.append(Some(0), b"0123"), refused);
        assert_eq!(upload.append(Some(4), b"45"), Ok(()));
        assert_eq!(upload.len(), 6);
    }

    #[test]
    fn only_the_last_part_may_be_small() {
        let big = vec![0; 5 * 1024 * 1024];
        let finish = |parts: &[&[u8]]| {
            let whole = digest::sha256(&parts.concat());
            upload(parts).finish(&[&whole], &Quirks::ecr()).map(|(digest, _)| digest == whole)
        };
        assert_eq!(finish(&[&big, b"end"]), Ok(true));
        assert_eq!(finish(&[b"alone"]), Ok(true));
        assert_eq!(finish(&[b"small", b"end"]), Err(Refusal::PartTooSmall));
        assert_eq!(finish(&[b""]), Err(Refusal::Empty));
    }
}

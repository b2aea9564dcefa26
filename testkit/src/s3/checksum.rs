//! The checksums that clients send along: CRC32 and SHA-256 are verified, the others are kept as they were given.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Crc;
use http::HeaderMap;
use sha2::{Digest, Sha256};

use super::condition::text;
use super::error;
use crate::wire::{Reply, ServiceError};

/// The headers, and what S3 calls the algorithm of each.
const ALGORITHMS: [(&str, &str); 5] = [
    ("x-amz-checksum-crc32", "CRC32"),
    ("x-amz-checksum-crc32c", "CRC32C"),
    ("x-amz-checksum-crc64nvme", "CRC64NVME"),
    ("x-amz-checksum-sha1", "SHA1"),
    ("x-amz-checksum-sha256", "SHA256"),
];

/// A checksum that a client gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checksum {
    header: &'static str,
    algorithm: &'static str,
    value: String,
}

/// The checksum among some headers or trailers.
pub(super) fn given(headers: &HeaderMap) -> Option<Checksum> {
    ALGORITHMS.iter().find_map(|(header, algorithm)| {
        text(headers, header).map(|value| Checksum { header, algorithm, value: value.to_owned() })
    })
}

impl Checksum {
    /// Whether it is the checksum of `body`.
    pub(super) fn check(&self, body: &[u8]) -> Result<(), ServiceError> {
        let computed = match self.algorithm {
            "CRC32" => {
                let mut crc = Crc::new();
                crc.update(body);
                STANDARD.encode(crc.sum().to_be_bytes())
            }
            "SHA256" => STANDARD.encode(Sha256::digest(body)),
            _ => return Ok(()),
        };
        if computed != self.value {
            let message = format!("The {} you specified did not match the calculated checksum.", self.algorithm);
            return Err(error::bad_digest(&message));
        }
        Ok(())
    }

    /// Adds the headers that tell the checksum.
    pub(super) fn tell(&self, reply: Reply) -> Reply {
        reply.with(self.header, &self.value).with("x-amz-checksum-type", "FULL_OBJECT")
    }
}

//! Digests as OCI writes them.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// `sha256:` and 64 hexadecimal digits, of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut digest = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        // Writing into a string cannot fail.
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

/// Whether a text is a digest that this registry can check.
pub(crate) fn is_sha256(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:");
    hex.is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

/// Whether a text looks like the digest of any algorithm, as opposed to a tag.
pub(crate) fn looks_like_digest(text: &str) -> bool {
    text.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_the_empty_object_is_the_one_that_oci_publishes() {
        // Source: OCI image specification, "Guidance for an Empty Descriptor".
        let published = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(sha256(b"{}"), published);
        assert!(is_sha256(published));
    }

    #[test]
    fn what_is_no_whole_sha256_is_not_one() {
        let upper = format!("sha256:{}", "A".repeat(64));
        for text in ["", "latest", "sha256:", "sha256:44136f", "sha512:00", upper.as_str()] {
            assert!(!is_sha256(text), "{text}");
        }
    }
}

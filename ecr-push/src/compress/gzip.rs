//! The outside of a gzip member: what stands before and behind the deflate stream.
//!
//! Source: RFC 1952.

/// The header: deflate, no flags, no time, no level, an unknown system.
///
/// Flags stay zero, for there are readers that take the header to have ten bytes (awslabs/soci-snapshotter, issue 382).
pub(super) const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// The end of the stream, an empty block that says it is the last one, then the checksum and the size of the plain bytes.
pub(super) fn tail(checksum: u32, plain_size: u64) -> [u8; 10] {
    let mut tail = [0x03, 0x00, 0, 0, 0, 0, 0, 0, 0, 0];
    tail[2..6].copy_from_slice(&checksum.to_le_bytes());
    // The size is stored modulo 2^32.
    tail[6..].copy_from_slice(&plain_size.to_le_bytes()[..4]);
    tail
}

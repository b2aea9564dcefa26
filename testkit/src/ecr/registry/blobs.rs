//! Blobs come out, whole or in part.

use bytes::Bytes;
use http::StatusCode;

use super::refusal;
use crate::ecr::{Ecr, digest};
use crate::wire::{Reply, Request, ServiceError};

const OCTETS: &str = "application/octet-stream";

pub(super) fn read(ecr: &Ecr, repository: &str, digest: &str, request: &Request) -> Result<Reply, ServiceError> {
    if !digest::is_sha256(digest) {
        return Err(refusal::digest_invalid("provided digest is malformed"));
    }
    let repository = ecr.repository(repository)?;
    let blob = &repository.blobs.get(digest).ok_or_else(refusal::blob_unknown)?.bytes;
    let reply = match request.header("range") {
        Some(range) => part(range, blob),
        None => Reply::body(StatusCode::OK, OCTETS, blob.clone()),
    };
    Ok(reply.with("docker-content-digest", digest).with("accept-ranges", "bytes"))
}

fn part(range: &str, blob: &Bytes) -> Reply {
    let Some((first, last)) = bounds(range, blob.len()) else {
        let length = format!("bytes */{}", blob.len());
        return Reply::empty(StatusCode::RANGE_NOT_SATISFIABLE).with("content-range", &length);
    };
    let content_range = format!("bytes {first}-{last}/{}", blob.len());
    let reply = Reply::body(StatusCode::PARTIAL_CONTENT, OCTETS, blob.slice(first..=last));
    reply.with("content-range", &content_range)
}

/// The first and the last byte of `bytes=A-B`, `bytes=A-` or `bytes=-N`; none if there is no such byte. Source: RFC
/// 9110, section 14.1.2.
fn bounds(range: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1)?;
    let (first, last) = match (first, last) {
        ("", count) => (length - count.parse::<usize>().ok()?.min(length), end),
        (first, "") => (first.parse().ok()?, end),
        (first, last) => (first.parse().ok()?, last.parse::<usize>().ok()?.min(end)),
    };
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::bounds;

    #[test]
    fn a_range_is_cut_to_what_is_there() {
        for (range, expected) in [
            ("bytes=0-3", Some((0, 3))),
            ("bytes=4-", Some((4, 9))),
            ("bytes=-2", Some((8, 9))),
            ("bytes=-99", Some((0, 9))),
            ("bytes=8-99", Some((8, 9))),
            ("bytes=10-", None),
            ("bytes=3-1", None),
            ("bytes=-0", None),
            ("items=0-1", None),
        ] {
            assert_eq!(bounds(range, 10), expected, "{range}");
        }
        assert_eq!(bounds("bytes=0-", 0), None);
    }
}

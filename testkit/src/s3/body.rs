//! The body of a PUT as it was meant: out of its chunks, and checked against what the client said of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::checksum::{self, Checksum};
use super::error;
use super::object::hexadecimal;
use crate::wire::{Request, ServiceError};

/// The bytes that the client means, and the checksum it gave of them.
///
/// # Errors
/// The chunks are broken, the length or a checksum does not agree.
pub(super) fn received(request: &Request) -> Result<(Bytes, Option<Checksum>), ServiceError> {
    let (body, trailers) = if is_chunked(request) {
        unchunked(&request.body)?
    } else {
        check_payload_hash(request)?;
        (request.body.clone(), HeaderMap::new())
    };
    if let Some(length) = request.header("x-amz-decoded-content-length")
        && length.parse() != Ok(body.len())
    {
        return Err(error::incomplete_body(
            "The request body does not have the length that the x-amz-decoded-content-length header names",
        ));
    }
    check_content_md5(request, &body)?;
    let checksum = match checksum::given(&trailers) {
        Some(checksum) => Some(checksum),
        None => checksum::given(&request.headers),
    };
    if let Some(checksum) = &checksum {
        checksum.check(&body)?;
    }
    Ok((body, checksum))
}

fn is_chunked(request: &Request) -> bool {
    let hash = request.header("x-amz-content-sha256").unwrap_or_default();
    let coding = request.header("content-encoding").unwrap_or_default();
    hash.starts_with("STREAMING-") || coding.split(',').any(|coding| coding.trim() == "aws-chunked")
}

fn check_payload_hash(request: &Request) -> Result<(), ServiceError> {
    let Some(hash) = request.header("x-amz-content-sha256").filter(|hash| hash.len() == 64) else {
        return Ok(());
    };
    if hexadecimal(&Sha256::digest(&request.body)) != hash {
        return Err(ServiceError::bad_request(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ));
    }
    Ok(())
}

fn check_content_md5(request: &Request, body: &[u8]) -> Result<(), ServiceError> {
    let Some(given) = request.header("content-md5") else {
        return Ok(());
    };
    if STANDARD.encode(Md5::digest(body)) != given {
        return Err(error::bad_digest("The Content-MD5 you specified did not match what we received."));
    }
    Ok(())
}

/// Takes `aws-chunked` apart: `SIZE[;chunk-signature=…]CRLF bytes CRLF` until a size of 0, then trailing headers. The signatures are not
/// verified. Source: S3 API reference, `sigv4-streaming.html` and `sigv4-streaming-trailers.html`.
fn unchunked(mut rest: &[u8]) -> Result<(Bytes, HeaderMap), ServiceError> {
    let broken = || error::incomplete_body("The request body is not in chunks as aws-chunked has them");
    let mut body = BytesMut::new();
    loop {
        let line = take_line(&mut rest).ok_or_else(broken)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| broken())?;
        if size == 0 {
            return Ok((body.freeze(), trailers(rest)));
        }
        let (chunk, after) = rest.split_at_checked(size).ok_or_else(broken)?;
        body.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n").ok_or_else(broken)?;
    }
}

fn trailers(mut rest: &[u8]) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    while let Some((name, value)) = take_line(&mut rest).and_then(|line| line.split_once(':')) {
        if let (Ok(name), Ok(value)) = (name.trim().parse::<HeaderName>(), HeaderValue::from_str(value.trim())) {
            trailers.insert(name, value);
        }
    }
    trailers
}

fn take_line<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    let line = std::str::from_utf8(&rest[..end]).ok()?;
    *rest = &rest[end + 2..];
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_and_trailers_read() {
        let sent = b"5\r\nhello\r\n6;chunk-signature=abc\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
        let (body, trailers) = unchunked(sent).unwrap();
        assert_eq!(body.as_ref(), b"hello world");
        let checksum = checksum::given(&trailers).unwrap();
        assert_eq!(checksum.check(&body), Ok(()));
        assert_eq!(checksum.check(b"hello worle").unwrap_err().code, "BadDigest");
    }

    #[test]
    fn broken_chunks_are_refused() {
        for sent in [&b""[..], b"5\r\nhell", b"5\r\nhello", b"zz\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloX\r\n0\r\n\r\n"] {
            assert_eq!(unchunked(sent).unwrap_err().code, "IncompleteBody", "{sent:?}");
        }
    }
}

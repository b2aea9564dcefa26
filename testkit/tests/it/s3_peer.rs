//! Everything beside conditions that ministack plays too: the same requests to both, and the answers side by side.

use testkit::{LocalAws, peer};

use crate::s3_http::{Answer, send};

type Request = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

const CUSTOMER_KEY: [(&str, &str); 3] = [
    ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ("x-amz-server-side-encryption-customer-key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("x-amz-server-side-encryption-customer-key-md5", "cLyPS3KoaSFGi/joRB3OUQ=="),
];
const OTHER_KEY: [(&str, &str); 3] = [
    ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ("x-amz-server-side-encryption-customer-key", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="),
    ("x-amz-server-side-encryption-customer-key-md5", "4Funlf7OsLF0HL+vKU+fkg=="),
];
const ENABLED: &str = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status></VersioningConfiguration>";
const SUSPENDED: &str = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Suspended</Status></VersioningConfiguration>";
const CHUNKED: [(&str, &str); 3] = [
    ("content-encoding", "aws-chunked"),
    ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
    ("x-amz-decoded-content-length", "11"),
];
const CHUNKS: &str = "5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";

const SCRIPT: [Request; 46] = [
    ("HEAD", "/shelf", &[], ""),
    ("GET", "/shelf/k", &[], ""),
    ("PUT", "/shelf", &[], ""),
    ("HEAD", "/shelf", &[], ""),
    ("GET", "/shelf?versioning", &[], ""),
    ("GET", "/shelf?policy", &[], ""),
    ("PUT", "/shelf/a", &[("content-type", "application/json"), ("x-amz-meta-serial", "7")], "{}"),
    ("HEAD", "/shelf/a", &[], ""),
    ("PUT", "/shelf/env%3A/dev/x%20y", &[("x-amz-tagging", "team=web&lock=")], "x"),
    ("GET", "/shelf/env%3A/dev/x%20y?tagging", &[], ""),
    ("PUT", "/shelf/env%3A/prod/x", &[], "0123456789"),
    ("GET", "/shelf/env%3A/prod/x", &[("range", "bytes=2-4")], ""),
    ("GET", "/shelf/env%3A/prod/x", &[("range", "bytes=-3")], ""),
    ("GET", "/shelf/env%3A/prod/x", &[("range", "bytes=10-")], ""),
    ("GET", "/shelf?list-type=2", &[], ""),
    ("GET", "/shelf?list-type=2&prefix=env%3A%2F&delimiter=%2F", &[], ""),
    ("GET", "/shelf?list-type=2&max-keys=2", &[], ""),
    ("GET", "/shelf?list-type=2&start-after=a", &[], ""),
    ("GET", "/shelf?list-type=2&encoding-type=url&prefix=env%3A%2F", &[], ""),
    ("PUT", "/shelf/c", &CHUNKED, CHUNKS),
    ("GET", "/shelf/c", &[], ""),
    ("PUT", "/shelf/bad", &[("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")], "x"),
    ("PUT", "/shelf/bad", &[("x-amz-checksum-crc32", "AAAAAA==")], "x"),
    ("PUT", "/shelf/s", &CUSTOMER_KEY, "secret"),
    ("GET", "/shelf/s", &CUSTOMER_KEY, ""),
    ("GET", "/shelf/s", &[], ""),
    ("HEAD", "/shelf/s", &[], ""),
    ("GET", "/shelf/s", &OTHER_KEY, ""),
    ("GET", "/shelf/a", &CUSTOMER_KEY, ""),
    ("PUT", "/shelf/copy", &[("x-amz-copy-source", "/shelf/env%3A/prod/x")], ""),
    ("GET", "/shelf/copy", &[], ""),
    ("PUT", "/shelf/copy", &[("x-amz-copy-source", "shelf/absent")], ""),
    ("DELETE", "/shelf", &[], ""),
    ("PUT", "/shelf?versioning", &[], ENABLED),
    ("GET", "/shelf?versioning", &[], ""),
    ("PUT", "/shelf/a", &[], "second"),
    ("GET", "/shelf/a?versionId=null", &[], ""),
    ("GET", "/shelf/a?versionId=absent", &[], ""),
    ("DELETE", "/shelf/a", &[], ""),
    ("GET", "/shelf/a", &[], ""),
    ("HEAD", "/shelf/a", &[], ""),
    ("GET", "/shelf?versions&prefix=a", &[], ""),
    ("PUT", "/shelf?versioning", &[], SUSPENDED),
    ("DELETE", "/shelf/a", &[], ""),
    ("GET", "/shelf?versions&prefix=a", &[], ""),
    ("DELETE", "/shelf/a?versionId=null", &[], ""),
];

/// The headers that clients read.
const HEADERS: [&str; 9] = [
    "content-type",
    "content-encoding",
    "content-range",
    "etag",
    "x-amz-delete-marker",
    "x-amz-meta-serial",
    "x-amz-tagging-count",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key-md5",
];
/// The elements that clients read, where both servers can have the same text in them.
const ELEMENTS: [&str; 13] = [
    "Status",
    "Key",
    "Value",
    "Prefix",
    "KeyCount",
    "MaxKeys",
    "IsTruncated",
    "StartAfter",
    "EncodingType",
    "Size",
    "StorageClass",
    "ETag",
    "IsLatest",
];

/// Whose `ETag` ministack makes otherwise than AWS. S3 API reference, Object: under SSE-C it is not the MD5 of the bytes.
///
/// Two more disagreements are left out of the script: ministack fails with 500 at a `max-keys` that is no number, and lets an object be copied
/// onto itself unchanged (S3 API reference, Error responses: `InvalidRequest`; `CopyObject`). The other tests hold the local AWS to the reference.
const OPAQUE_ETAG: &str = "/shelf/s";

/// An answer as far as two servers can agree.
fn comparable(request: &Request, answer: &Answer) -> Vec<String> {
    let (method, target, _, _) = request;
    let mut lines = vec![format!("{method} {target}: {}", answer.status)];
    // Of an error only status and code are the protocol.
    if answer.status >= 300 {
        lines.push(answer.code().to_owned());
        return lines;
    }
    let headers = HEADERS.iter().filter(|name| **name != "etag" || *target != OPAQUE_ETAG);
    lines.extend(headers.filter_map(|name| Some(format!("{name}: {}", answer.header(name)?))));
    // A type that nobody gave: S3 says binary/octet-stream, others their own.
    lines.retain(|line| !line.ends_with("/octet-stream") && !line.ends_with("/xml"));
    if !answer.body.starts_with("<?xml") {
        lines.push(answer.body.clone());
    }
    for element in ELEMENTS {
        let mut rest = answer.body.as_str();
        while let Some((text, after)) = next(rest, element) {
            let text = text.replace("&quot;", "\"");
            lines.extend((!text.is_empty()).then(|| format!("<{element}>{text}")));
            rest = after;
        }
    }
    lines
}

fn next<'a>(xml: &'a str, element: &str) -> Option<(&'a str, &'a str)> {
    let (_, after) = xml.split_once(&format!("<{element}>"))?;
    after.split_once(&format!("</{element}>"))
}

#[test]
fn ministack_answers_alike() {
    let Some(ministack) = peer::ministack() else {
        return;
    };
    let cloud = LocalAws::start().unwrap();
    let mut differences = Vec::new();
    for request in &SCRIPT {
        let (method, target, headers, body) = request;
        let ask = |endpoint| comparable(request, &send(endpoint, method, target, headers, body.as_bytes()));
        let (ours, theirs) = (ask(cloud.endpoint()), ask(ministack.endpoint()));
        if ours != theirs {
            differences.push(format!("ours   {ours:?}\ntheirs {theirs:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

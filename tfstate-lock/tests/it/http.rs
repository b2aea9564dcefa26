//! Requests to S3 that are not the tool's: what no client of it would send, and a look at what is left.

use std::io::{Read, Write};
use std::net::TcpStream;

/// A signature for those who only look whether there is one.
const SIGNED: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

/// Sends a request and says the whole answer; one that is no success ends the test.
pub(crate) fn send(endpoint: &str, method: &str, target: &str, body: &str) -> String {
    let address = endpoint.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: {address}\r\nauthorization: {SIGNED}\r\ncontent-type: application/octet-stream\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{method} {target}: {answer}");
    answer
}

/// Reads.
pub(crate) fn get(endpoint: &str, target: &str) -> String {
    send(endpoint, "GET", target, "")
}

//! A bare HTTP client for the registry protocol: what a library would hide stays visible.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header, by its name in lower case; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The code of the first error in the body; empty if there is none.
    pub(crate) fn code(&self) -> String {
        self.error("code")
    }

    /// The message of the first error in the body.
    pub(crate) fn message(&self) -> String {
        self.error("message")
    }

    fn error(&self, member: &str) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["errors"][0][member].as_str().unwrap_or_default().to_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A server, and what opens it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) endpoint: String,
    pub(crate) authorization: String,
}

impl Client {
    /// Sends one request over a connection of its own. `target` is a path with its query, or a `Location` of this
    /// server.
    pub(crate) fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let host = self.endpoint.strip_prefix("http://").unwrap();
        let target = target.strip_prefix(&self.endpoint).unwrap_or(target);
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        );
        let authorization = [("authorization", self.authorization.as_str())];
        let headers = authorization.iter().chain(headers).filter(|(_, value)| !value.is_empty());
        let headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("{head}{}\r\n", headers.concat());
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        read(BufReader::new(stream), method)
    }

    /// Sends one request without headers or body of its own.
    pub(crate) fn call(&self, method: &str, target: &str) -> Answer {
        self.send(method, target, &[], b"")
    }
}

fn read(mut stream: BufReader<TcpStream>, method: &str) -> Answer {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        body = read_chunks(&mut stream);
    } else if let Some(length) = headers.get("content-length").filter(|_| method != "HEAD") {
        // Not to the end of the stream: a server that left the request's body unread resets the connection there.
        // It may be less than promised: CNCF distribution 2.8 does that when it refuses a range.
        stream.take(length.parse().unwrap()).read_to_end(&mut body).unwrap();
    }
    Answer { status, headers, body }
}

fn read_chunks(stream: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let length = u64::from_str_radix(line.trim(), 16).unwrap();
        if length == 0 {
            return body;
        }
        stream.by_ref().take(length).read_to_end(&mut body).unwrap();
        stream.read_line(&mut line).unwrap();
    }
}

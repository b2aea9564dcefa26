//! A host on loopback that answers as a test says, one connection a request.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use testkit::image::Image;

/// A host, until the test ends.
pub(crate) struct Host {
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

/// What it answers.
pub(crate) struct Reply {
    status: u16,
    headers: String,
    body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16, headers: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: headers.to_owned(), body: body.into() }
    }
}

impl Host {
    /// Begins to answer requests, which have no bodies. The answer gets the request's head as it came.
    pub(crate) fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (heads, answer) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(answer));
        let heard = Arc::clone(&heads);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (heard, answer) = (Arc::clone(&heard), Arc::clone(&answer));
                thread::spawn(move || serve(&stream, &heard, answer.as_ref()));
            }
        });
        Self { address, heads }
    }

    /// What it was asked so far, each head whole and in small letters.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(mut stream: &TcpStream, heard: &Mutex<Vec<String>>, answer: impl Fn(&str) -> Reply) {
    let request = head(stream);
    heard.lock().unwrap().push(request.to_lowercase());
    let Reply { status, headers, body } = answer(&request);
    let start = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    // A client that has heard enough may go.
    let _ = stream.write_all(start.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// The head of a request.
pub(crate) fn head(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|read| read > 0) {}
    head
}

/// What a registry answers that has this image in the repository `web` under the tag `1.0.0`. `blob` may change the answer for a blob.
pub(crate) fn registry(image: &Image, head: &str, blob: impl Fn(&str, &[u8]) -> Reply) -> Reply {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let manifests = ["1.0.0", &image.digest].map(|name| format!("/v2/web/manifests/{name}"));
    if manifests.contains(&path.to_owned()) {
        return Reply::new(
            200,
            "content-type: application/vnd.oci.image.manifest.v1+json\r\n",
            image.manifest.to_vec(),
        );
    }
    let blobs = image.blobs();
    match blobs.iter().find(|(digest, _)| path == format!("/v2/web/blobs/{digest}")) {
        Some((digest, bytes)) => blob(digest, bytes),
        None => Reply::new(404, "", ""),
    }
}

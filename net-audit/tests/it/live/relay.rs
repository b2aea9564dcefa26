//! A wire in front of a local AWS that counts the calls by name and refuses those that a test names, as IAM does.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The wire. It ends with the test's process.
pub(super) struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    target: String,
    denied: Vec<String>,
    /// The code by which all calls are refused, if they are.
    broken: Option<&'static str>,
    /// How often each operation of each region was called.
    calls: Mutex<BTreeMap<(String, String), usize>>,
}

struct Request {
    /// With the empty line at the end.
    head: String,
    body: Vec<u8>,
}

impl Relay {
    /// In front of `target` (`127.0.0.1:PORT`), refusing these operations.
    pub(super) fn start(target: &str, denied: &[&str]) -> Self {
        Self::serving(target, denied, None)
    }

    /// In front of nothing, refusing all calls by a code.
    pub(super) fn refusing(code: &'static str) -> Self {
        Self::serving("", &[], Some(code))
    }

    fn serving(target: &str, denied: &[&str], broken: Option<&'static str>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let denied = denied.iter().map(|name| (*name).to_owned()).collect();
        let shared = Arc::new(Shared { target: target.to_owned(), denied, broken, calls: Mutex::default() });
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&served);
                // What fails here fails at the client too.
                std::thread::spawn(move || drop(serve(client, &shared)));
            }
        });
        Self { address, shared }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often each operation was called in a region.
    pub(super) fn calls(&self, region: &str) -> BTreeMap<String, usize> {
        let calls = self.shared.calls.lock().unwrap();
        let of_region = calls.iter().filter(|((called_in, _), _)| called_in == region);
        of_region.map(|((_, name), count)| (name.clone(), *count)).collect()
    }
}

fn serve(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    let request = read(&client)?;
    let name = request.operation();
    *shared.calls.lock().unwrap().entry((request.region(), name.clone())).or_default() += 1;
    if let Some(code) = shared.broken {
        return client.write_all(refusal("401 Unauthorized", code, &name).as_bytes());
    }
    if shared.denied.contains(&name) {
        return client.write_all(refusal("403 Forbidden", "UnauthorizedOperation", &name).as_bytes());
    }
    let mut server = TcpStream::connect(&shared.target)?;
    server.write_all(request.last_of_its_connection().as_bytes())?;
    server.write_all(&request.body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    client.write_all(&answer)
}

fn read(client: &TcpStream) -> io::Result<Request> {
    let mut reader = BufReader::new(client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let request = Request { head, body: Vec::new() };
    let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Request { body, ..request })
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The `Action` of a form, else the path.
    fn operation(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        let action = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
        let path = || self.head.split(' ').nth(1).unwrap_or_default();
        action.unwrap_or_else(path).to_owned()
    }

    /// The region that it is signed for, with the service.
    fn region(&self) -> String {
        let scope = self.header("authorization").unwrap_or_default();
        scope.split('/').nth(2).unwrap_or_default().to_owned()
    }

    fn last_of_its_connection(&self) -> String {
        format!("{}connection: close\r\n\r\n", self.head.trim_end_matches("\r\n").to_owned() + "\r\n")
    }
}

/// Source: EC2 API reference, "Error codes".
fn refusal(status: &str, code: &str, name: &str) -> String {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
         <Message>You are not authorized to perform this operation: {name}</Message></Error></Errors>\
         <RequestID>r-denied</RequestID></Response>"
    );
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

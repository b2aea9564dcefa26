//! The socket around the [`World`]: reads requests, carries out faults, keeps the journal.

mod body;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::fault::{Fault, FaultKind, Faults};
use crate::journal::{Call, is_write};
use crate::server::body::ReplyBody;
use crate::throttle::TokenBucket;
use crate::wire::{Reply, Request};
use crate::world::{Operation, World};

/// A body that a test would look at is small; blobs are not kept twice.
const JOURNAL_BODY_LIMIT: usize = 64 * 1024;

/// A local AWS that listens on loopback until it is dropped.
#[derive(Debug)]
pub struct LocalAws {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    world: Mutex<World>,
    faults: Mutex<Faults>,
    throttle: Mutex<Option<TokenBucket>>,
    journal: Mutex<Vec<Call>>,
    arrivals: Mutex<Vec<String>>,
    endpoint: String,
}

impl Shared {
    fn is_too_fast(&self, operation: &Operation) -> bool {
        let counts = operation.service.protocol().is_json();
        counts && lock(&self.throttle).as_mut().is_some_and(|bucket| !bucket.admit(Instant::now()))
    }
}

impl LocalAws {
    /// Starts on a free port with a manual clock: the form for tests.
    ///
    /// # Errors
    /// No port could be had, or no thread.
    pub fn start() -> io::Result<Self> {
        Self::start_at(0, Clock::manual())
    }

    /// Starts on `port` (0: any free one) with a clock.
    ///
    /// # Errors
    /// The port is taken, or no thread could be started.
    pub fn start_at(port: u16, clock: Clock) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            clock,
            world: Mutex::default(),
            faults: Mutex::default(),
            throttle: Mutex::default(),
            journal: Mutex::default(),
            arrivals: Mutex::default(),
            endpoint: format!("http://{address}"),
        });
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("local-aws".to_owned()).spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = accept(listener, served) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`: what `AWS_ENDPOINT_URL` has to say.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.shared.endpoint
    }

    /// `127.0.0.1:PORT`: how an image reference names the registry.
    #[must_use]
    pub fn registry(&self) -> String {
        self.address.to_string()
    }

    /// The clock, to move it.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The world, to look at it or to change it behind the clients' backs.
    pub fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.shared.world)
    }

    /// Arms a fault.
    pub fn arm(&self, fault: Fault) {
        lock(&self.shared.faults).arm(fault);
    }

    /// Answers no more than so many calls a second of the JSON services, all together, and as many at once; the others are told to slow
    /// down. It is the client that is to be slow, so the wall clock counts, not the clock of AWS.
    pub fn throttle(&self, calls_a_second: f64) {
        *lock(&self.shared.throttle) = Some(TokenBucket::full(calls_a_second, Instant::now()));
    }

    /// What was asked so far, in order.
    #[must_use]
    pub fn journal(&self) -> Vec<Call> {
        lock(&self.shared.journal).clone()
    }

    /// The calls so far that could have changed something, as `service:Operation`.
    #[must_use]
    pub fn writes(&self) -> Vec<String> {
        self.journal().into_iter().filter(|call| call.write).map(|call| call.operation).collect()
    }

    /// The requests that have arrived, as `service:Operation`, answered or not: what a test waits for before it interrupts a client.
    #[must_use]
    pub fn arrivals(&self) -> Vec<String> {
        lock(&self.shared.arrivals).clone()
    }

    /// Forgets the journal, to look at what comes next alone.
    pub fn clear_journal(&self) {
        lock(&self.shared.journal).clear();
    }

    /// Waits until the server is stopped from outside: the form for the binary.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // The thread ends only if its listener broke; there is nothing left to do then.
            let _ = thread.join();
        }
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone only if the thread is: then it has stopped already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A test that panicked while it held the lock has failed already; the others may go on.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        // Without it every small answer waits for the client's delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| serve(request, &shared));
            // An error here is a client that went away or a fault that was asked for.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Answers one request, or closes the connection by an error if a fault says so.
async fn serve(request: http::Request<Incoming>, shared: &Shared) -> io::Result<Response<ReplyBody>> {
    let method = request.method().clone();
    let (mut request, body) = head(request, &shared.endpoint);
    if request.path.starts_with(CONTROL) {
        request.body = read(body, usize::MAX).await?;
        let reply = control(&request, shared).unwrap_or_else(|| Reply::empty(StatusCode::NOT_FOUND));
        return Ok(response(reply, &method, shared));
    }
    let (operation, body) = recognise(&mut request, body).await?;
    let name = operation.full_name();
    let struck = lock(&shared.faults).strike(&name);
    let fault = struck.or_else(|| shared.is_too_fast(&operation).then_some(FaultKind::Throttle));
    let limit = if let Some(FaultKind::CutRequest { bytes }) = fault { bytes } else { usize::MAX };
    if let Some(body) = body {
        request.body = read(body, limit).await?;
    }
    lock(&shared.arrivals).push(name.clone());
    let write = is_write(&operation.name);
    let outcome = carry_out(&operation, &request, fault, shared).await;
    let status = outcome.as_ref().map_or(0, |reply| reply.0.status.as_u16());
    let body = if request.body.len() > JOURNAL_BODY_LIMIT { Bytes::new() } else { request.body };
    let path = if request.query.is_empty() { request.path } else { format!("{}?{}", request.path, request.query) };
    lock(&shared.journal).push(Call { operation: name, path, write, status, body });
    let (reply, cut) = outcome?;
    let mut response = response(reply, &method, shared);
    if cut {
        response.body_mut().cut();
    }
    Ok(response)
}

/// The operation, and the body if it is still to be read: a form names its operation there.
async fn recognise(request: &mut Request, body: Incoming) -> io::Result<(Operation, Option<Incoming>)> {
    if !request.is_form() {
        return Ok((Operation::of(request), Some(body)));
    }
    request.body = read(body, usize::MAX).await?;
    Ok((Operation::of(request), None))
}

/// A request whose body has not been read, and that body.
fn head(request: http::Request<Incoming>, endpoint: &str) -> (Request, Incoming) {
    let (head, body) = request.into_parts();
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: Bytes::new(),
        endpoint: endpoint.to_owned(),
    };
    (request, body)
}

/// The body, or as many bytes of it.
async fn read(mut body: Incoming, limit: usize) -> io::Result<Bytes> {
    if limit == usize::MAX {
        return Ok(body.collect().await.map_err(io::Error::other)?.to_bytes());
    }
    let mut bytes = Vec::new();
    while bytes.len() < limit {
        let Some(frame) = body.frame().await else { break };
        if let Ok(data) = frame.map_err(io::Error::other)?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    bytes.truncate(limit);
    Ok(bytes.into())
}

/// The reply, and whether its body is to be cut.
async fn carry_out(
    operation: &Operation,
    request: &Request,
    fault: Option<FaultKind>,
    shared: &Shared,
) -> io::Result<(Reply, bool)> {
    let work = || lock(&shared.world).answer(operation, request, shared.clock.now());
    let protocol = operation.service.protocol();
    let no_answer = || io::Error::from(io::ErrorKind::ConnectionReset);
    match fault {
        None => Ok((work(), false)),
        Some(FaultKind::Latency { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            Ok((work(), false))
        }
        Some(FaultKind::LostResponse) => {
            work();
            Err(no_answer())
        }
        Some(FaultKind::ErrorAfter { status }) => {
            work();
            Ok((protocol.error(&injected(status, "InternalError")), false))
        }
        Some(FaultKind::Error { status, code }) => Ok((protocol.error(&injected(status, &code)), false)),
        Some(FaultKind::Throttle) => Ok((protocol.throttled(), false)),
        Some(FaultKind::ThrottleFor { seconds }) => {
            Ok((protocol.throttled().with("retry-after", &seconds.to_string()), false))
        }
        Some(FaultKind::CutBody) => Ok((work(), true)),
        Some(FaultKind::Refuse) => Err(no_answer()),
        Some(FaultKind::CutRequest { .. }) => {
            lock(&shared.world).ecr.cut_off(request);
            Err(no_answer())
        }
    }
}

fn injected(status: u16, code: &str) -> crate::wire::ServiceError {
    crate::wire::ServiceError::new(status, code, format!("{code}: a fault that was asked for"))
}

/// The local AWS's own side door.
const CONTROL: &str = "/_local/";

/// What the side door is for: scripts that cannot call the library, and Prometheus.
///
/// | request | does |
/// |---|---|
/// | `GET journal` | what was asked so far, as a JSON list |
/// | `GET metrics` | what an exporter of CloudWatch would show ([`crate::exporter`]) |
/// | `GET layers/REPOSITORY/DIGEST` | a blob, as the pre-signed address of a layer gives it |
/// | `POST faults` | arms a fault, a JSON object |
/// | `POST advance` | moves the clock by so many seconds |
/// | `POST seed` | makes the calls of a seed ([`crate::seed::plant`]) |
fn control(request: &Request, shared: &Shared) -> Option<Reply> {
    let door = request.path.strip_prefix(CONTROL)?;
    if let (&Method::GET, Some(layer)) = (&request.method, door.strip_prefix("layers/")) {
        let blob =
            layer.rsplit_once('/').and_then(|(repository, digest)| lock(&shared.world).ecr.blob(repository, digest));
        let absent = || Reply::empty(StatusCode::NOT_FOUND);
        return Some(blob.map_or_else(absent, |bytes| Reply::body(StatusCode::OK, "application/octet-stream", bytes)));
    }
    if (&request.method, door) == (&Method::GET, "metrics") {
        let now = shared.clock.now();
        let mut world = lock(&shared.world);
        world.advance(now);
        return Some(Reply::body(StatusCode::OK, crate::exporter::MEDIA_TYPE, crate::exporter::page(&world.ecs, now)));
    }
    let answer = match (&request.method, door) {
        (&Method::GET, "journal") => serde_json::to_string(&*lock(&shared.journal)).map_err(|error| error.to_string()),
        (&Method::POST, "faults") => serde_json::from_slice(&request.body)
            .map(|fault| lock(&shared.faults).arm(fault))
            .map(|()| "{}".to_owned())
            .map_err(|error| error.to_string()),
        (&Method::POST, "advance") => std::str::from_utf8(&request.body)
            .ok()
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(|seconds| shared.clock.advance(Duration::from_secs(seconds)))
            .map(|()| "{}".to_owned())
            .ok_or_else(|| "the body is a number of seconds".to_owned()),
        (&Method::POST, "seed") => {
            crate::seed::plant(&request.body, &mut lock(&shared.world), &shared.endpoint, &shared.clock)
                .map(|()| "{}".to_owned())
                .map_err(|error| error.to_string())
        }
        _ => return Some(Reply::empty(StatusCode::NOT_FOUND)),
    };
    Some(match answer {
        Ok(body) => Reply::body(StatusCode::OK, "application/json", body),
        Err(message) => Reply::body(StatusCode::BAD_REQUEST, "text/plain", message),
    })
}

fn response(reply: Reply, method: &Method, shared: &Shared) -> Response<ReplyBody> {
    let length = reply.body.len();
    let body = if *method == Method::HEAD { Bytes::new() } else { reply.body };
    let mut response = Response::new(ReplyBody::Whole(body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    let headers = response.headers_mut();
    if *method != Method::HEAD || !headers.contains_key("content-length") {
        headers.insert("content-length", HeaderValue::from(length));
    }
    let now = shared.clock.now();
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let request_id = format!("local-{:016x}", lock(&shared.journal).len());
    for (name, value) in [("date", &date), ("x-amzn-requestid", &request_id), ("x-amz-request-id", &request_id)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}

//! A wire that breaks where a test says: a TCP proxy on loopback in front of another server.
//!
//! It knows bytes only, no protocol, so it stands in front of the local AWS and of independent servers alike. Connections are counted in the
//! order in which they are made, and what is to happen to one is said before it is made.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;

/// How much is passed on at a time.
const CHUNK: usize = 16 << 10;

/// A proxy that passes everything on until it is told to break a connection. It ends, and with it all its connections, when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Woken when the proxy ends: what stalled connections wait for.
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_ended: bool,
    connections: u64,
    bytes_up: u64,
    plans: Vec<Plan>,
    open: Vec<Weak<Connection>>,
}

/// What is to happen to one connection.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Which one, counted from 1 since the start.
    connection: u64,
    way: Way,
    /// After how many bytes on that way.
    after: u64,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Cut,
    Stall,
}

#[derive(Debug)]
struct Connection {
    client: TcpStream,
    server: TcpStream,
    plans: Vec<Plan>,
    /// Nothing more is passed on, either way.
    is_silent: Mutex<bool>,
}

impl Proxy {
    /// Starts on a free port of loopback, in front of `target`.
    ///
    /// # Errors
    /// No port could be had, or no thread.
    pub fn start(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::<Shared>::default();
        let served = Arc::clone(&shared);
        let acceptor =
            std::thread::Builder::new().name("proxy".to_owned()).spawn(move || accept(&listener, target, &served))?;
        Ok(Self { address, shared, acceptor: Some(acceptor) })
    }

    /// Where clients connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the `nth` connection from now, counted from 1, both ways once `after` bytes went from the client to the server. Those bytes
    /// are delivered. With 0 the connection ends as soon as it is made.
    pub fn cut(&self, nth: u64, after: u64) {
        self.plan(nth, Way::Up, after, End::Cut);
    }

    /// Closes the `nth` connection from now, counted from 1, both ways once `after` bytes went from the server to the client. Those bytes
    /// are delivered. With 0 the connection ends where the answer would begin: the server has done its work, and nobody hears of it.
    pub fn cut_answers(&self, nth: u64, after: u64) {
        self.plan(nth, Way::Down, after, End::Cut);
    }

    /// Passes nothing on, either way, over the `nth` connection from now, counted from 1, once `after` bytes went from the client to the
    /// server. The connection stays open until the proxy is dropped.
    pub fn stall(&self, nth: u64, after: u64) {
        self.plan(nth, Way::Up, after, End::Stall);
    }

    /// How many connections were made so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        lock(&self.shared.state).connections
    }

    /// How many bytes were passed on from clients to the server so far, over all connections.
    #[must_use]
    pub fn bytes_up(&self) -> u64 {
        lock(&self.shared.state).bytes_up
    }

    fn plan(&self, nth: u64, way: Way, after: u64, end: End) {
        let mut state = lock(&self.shared.state);
        let connection = state.connections + nth;
        state.plans.push(Plan { connection, way, after, end });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        lock(&self.shared.state).is_ended = true;
        self.shared.ended.notify_all();
        // Wakes the acceptor, which sees that the end has come; it fails only if the acceptor has ended already.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done under a lock, so a thread that panicked spoilt nothing.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, target: SocketAddr, shared: &Arc<Shared>) {
    let mut pumps: Vec<JoinHandle<()>> = Vec::new();
    for client in listener.incoming() {
        if lock(&shared.state).is_ended {
            break;
        }
        let Ok(client) = client else { continue };
        pumps.retain(|pump| !pump.is_finished());
        // If the target is not there, or no thread is to be had, the client sees its connection end.
        let _ = connect(client, target, shared, &mut pumps);
    }
    let open = std::mem::take(&mut lock(&shared.state).open);
    open.iter().filter_map(Weak::upgrade).for_each(|connection| connection.cut());
    for pump in pumps {
        let _ = pump.join();
    }
}

fn connect(
    client: TcpStream,
    target: SocketAddr,
    shared: &Arc<Shared>,
    pumps: &mut Vec<JoinHandle<()>>,
) -> io::Result<()> {
    let plans = shared.next_plans();
    let server = TcpStream::connect(target)?;
    // Without it every small answer waits for a delayed acknowledgement.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let connection = Arc::new(Connection { client, server, plans, is_silent: Mutex::default() });
    let mut state = lock(&shared.state);
    state.open.retain(|connection| connection.strong_count() > 0);
    state.open.push(Arc::downgrade(&connection));
    drop(state);
    for way in [Way::Up, Way::Down] {
        let (pumped, shared) = (Arc::clone(&connection), Arc::clone(shared));
        let pump = std::thread::Builder::new().name("proxy-pump".to_owned());
        let pump = pump.spawn(move || pump_all(&pumped, way, &shared));
        pumps.push(pump.inspect_err(|_| connection.cut())?);
    }
    Ok(())
}

impl Shared {
    /// Counts a connection, and takes what is to happen to it.
    fn next_plans(&self) -> Vec<Plan> {
        let mut state = lock(&self.state);
        state.connections += 1;
        let number = state.connections;
        let plans = state.plans.iter().copied().filter(|plan| plan.connection == number).collect();
        state.plans.retain(|plan| plan.connection > number);
        plans
    }

    fn wait_for_the_end(&self) {
        let state = lock(&self.state);
        // A poisoned lock ends the wait too: the proxy is of no use then.
        let _ended = self.ended.wait_while(state, |state| !state.is_ended);
    }
}

impl Connection {
    /// Fails only if an end is gone already.
    fn cut(&self) {
        let _ = self.server.shutdown(Shutdown::Both);
        let _ = self.client.shutdown(Shutdown::Both);
    }

    fn plan(&self, way: Way) -> Option<&Plan> {
        self.plans.iter().filter(|plan| plan.way == way).min_by_key(|plan| plan.after)
    }
}

/// How one way of a connection came to its end.
enum Outcome {
    /// The sender has said all.
    Finished,
    /// Where a plan says.
    Planned(End),
    /// The other way came to the end that a plan says, which is everybody's.
    Silenced,
}

/// Passes bytes on one way, to the end of the connection or to where a plan ends it.
fn pump_all(connection: &Connection, way: Way, shared: &Shared) {
    let (from, to) = match way {
        Way::Up => (&connection.client, &connection.server),
        Way::Down => (&connection.server, &connection.client),
    };
    match pump(from, to, connection, way, shared) {
        // The other end may still have something to say.
        Ok(Outcome::Finished) => {
            let _ = to.shutdown(Shutdown::Write);
        }
        Ok(Outcome::Silenced) => {}
        Ok(Outcome::Planned(End::Stall)) => shared.wait_for_the_end(),
        Ok(Outcome::Planned(End::Cut)) | Err(_) => connection.cut(),
    }
}

fn pump(
    mut from: &TcpStream,
    mut to: &TcpStream,
    connection: &Connection,
    way: Way,
    shared: &Shared,
) -> io::Result<Outcome> {
    let plan = connection.plan(way);
    let mut rest = plan.map(|plan| plan.after);
    let mut chunk = [0; CHUNK];
    loop {
        // An answer of nothing is one that was about to begin, a request of nothing is none.
        let read = if rest == Some(0) && way == Way::Up { Ok(0) } else { from.read(&mut chunk) };
        if *lock(&connection.is_silent) {
            return Ok(Outcome::Silenced);
        }
        let length = read?;
        let passed = rest.map_or(length, |rest| length.min(usize::try_from(rest).unwrap_or(usize::MAX)));
        rest = rest.map(|rest| rest - passed as u64);
        let end = plan.filter(|_| rest == Some(0)).map(|plan| plan.end);
        if end.is_some() {
            // Before the last bytes are there: what they bring about is not to be seen.
            *lock(&connection.is_silent) = true;
        }
        to.write_all(chunk.get(..passed).unwrap_or_default())?;
        if way == Way::Up {
            lock(&shared.state).bytes_up += passed as u64;
        }
        match end {
            Some(end) => return Ok(Outcome::Planned(end)),
            None if length == 0 => return Ok(Outcome::Finished),
            None => {}
        }
    }
}

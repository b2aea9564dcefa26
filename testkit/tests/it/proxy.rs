//! The wire that breaks where a test says.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use testkit::LocalAws;
use testkit::proxy::Proxy;

use crate::registry;

/// How long something that is to come may take; what is not to come is never waited for so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that sends back what it gets. Whenever a connection ends, it tells how many bytes came over it.
fn echo() -> (SocketAddr, Receiver<u64>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, heard) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, sender) = (stream.unwrap(), sender.clone());
            std::thread::spawn(move || {
                let (mut count, mut chunk) = (0, [0; 1024]);
                while let Ok(length @ 1..) = stream.read(&mut chunk) {
                    count += length as u64;
                    // Nobody has to listen.
                    let _ = stream.write_all(&chunk[..length]);
                }
                let _ = sender.send(count);
            });
        }
    });
    (address, heard)
}

fn connected(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends all of it, in a thread of its own, and reads until the end or an error.
fn exchange(proxy: &Proxy, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connected(proxy);
    let mut sending = stream.try_clone().unwrap();
    let sent = bytes.to_vec();
    let sender = std::thread::spawn(move || {
        // It fails where the wire is cut.
        let _ = sending.write_all(&sent);
        let _ = sending.shutdown(Shutdown::Write);
    });
    let mut answer = Vec::new();
    // An error is an end too; it leaves what came before.
    let _ = stream.read_to_end(&mut answer);
    sender.join().unwrap();
    answer
}

fn bytes(length: usize) -> Vec<u8> {
    (0..=250).cycle().take(length).collect()
}

#[test]
fn what_is_not_to_break_passes_whole_both_ways() {
    let (target, heard) = echo();
    let proxy = Proxy::start(target).unwrap();
    let sent = bytes(300_000);
    assert_eq!(exchange(&proxy, &sent), sent);
    assert_eq!(exchange(&proxy, b"more"), b"more");
    assert_eq!((proxy.connections(), proxy.bytes_up()), (2, 300_004));
    assert_eq!([heard.recv_timeout(PATIENCE).unwrap(), heard.recv_timeout(PATIENCE).unwrap()], [300_000, 4]);
}

#[test]
fn a_connection_is_cut_after_the_very_byte_and_the_others_are_left_alone() {
    let (target, heard) = echo();
    let proxy = Proxy::start(target).unwrap();
    let sent = bytes(300_000);
    assert_eq!(exchange(&proxy, &sent), sent);
    proxy.cut(2, 100_001);
    for (whole, arrived) in [(true, 300_000), (false, 100_001), (true, 300_000)] {
        assert_eq!(exchange(&proxy, &sent) == sent, whole);
        while heard.recv_timeout(PATIENCE).unwrap() != arrived {}
    }
    assert_eq!((proxy.connections(), proxy.bytes_up()), (4, 1_000_001));
}

#[test]
fn a_connection_can_end_as_soon_as_it_is_made() {
    let (target, heard) = echo();
    let proxy = Proxy::start(target).unwrap();
    proxy.cut(1, 0);
    assert_eq!(exchange(&proxy, b"hello"), b"");
    assert_eq!((proxy.connections(), proxy.bytes_up()), (1, 0));
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), 0);
}

#[test]
fn an_answer_is_cut_after_the_very_byte() {
    let (target, _heard) = echo();
    let proxy = Proxy::start(target).unwrap();
    proxy.cut_answers(1, 5);
    proxy.cut_answers(2, 0);
    assert_eq!(exchange(&proxy, b"hello world"), b"hello");
    assert_eq!(exchange(&proxy, b"hello world"), b"");
    assert_eq!(exchange(&proxy, b"hello world"), b"hello world");
    assert_eq!(proxy.bytes_up(), 33);
}

#[test]
fn a_server_whose_answer_is_lost_has_done_its_work() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    let client = registry::client(&cloud);
    let proxy = Proxy::start(cloud.registry().parse().unwrap()).unwrap();
    proxy.cut_answers(1, 0);
    let mut stream = connected(&proxy);
    let head = "POST /v2/web/blobs/uploads/ HTTP/1.1\r\nhost: web\r\ncontent-length: 0\r\n";
    write!(stream, "{head}authorization: {}\r\n\r\n", client.authorization).unwrap();
    let mut answer = Vec::new();
    assert!(stream.read_to_end(&mut answer).is_err() || answer.is_empty());
    assert_eq!(cloud.writes(), ["registry:StartUpload"]);
}

#[test]
fn a_stalled_connection_stays_open_and_silent_until_the_proxy_is_dropped() {
    let (target, heard) = echo();
    let proxy = Proxy::start(target).unwrap();
    proxy.stall(1, 4);
    let mut stalled = connected(&proxy);
    stalled.write_all(b"0123456789").unwrap();
    // A connection that was made later and is through shows that the first one had its time.
    assert_eq!(exchange(&proxy, b"hello"), b"hello");
    while proxy.bytes_up() != 9 {
        std::thread::yield_now();
    }
    let mut seen = Vec::new();
    stalled.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let silent = stalled.read_to_end(&mut seen).unwrap_err();
    assert!(matches!(silent.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{silent}");
    assert!(seen.is_empty());
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), 5, "only the other one has ended");
    drop(proxy);
    stalled.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut rest = Vec::new();
    assert!(stalled.read_to_end(&mut rest).is_err() || rest.is_empty());
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), 4);
}

#[test]
fn a_target_that_is_not_there_ends_the_connection() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let target = listener.local_addr().unwrap();
    drop(listener);
    let proxy = Proxy::start(target).unwrap();
    assert_eq!(exchange(&proxy, b"hello"), b"");
    assert_eq!(proxy.connections(), 1);
}

//! Faults on demand, as a client meets them on the wire.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use testkit::LocalAws;

use crate::http::Client;

const KEY: &str = "/bucket/key";

/// A bucket, with a fault armed for what comes next.
fn cloud(fault: &str) -> LocalAws {
    let cloud = LocalAws::start().unwrap();
    let seed = br#"[{"s3:CreateBucket":{"Bucket":"bucket"}}]"#;
    testkit::seed::plant(seed, &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
    cloud.arm(fault.parse().unwrap());
    cloud
}

/// Sends one request and says all that comes back until the connection is closed.
fn exchange(cloud: &LocalAws, method: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(cloud.registry()).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {KEY} HTTP/1.1\r\nhost: local\r\nauthorization: test\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    // A connection that is reset in the middle of an answer is what some faults are about.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn stored(cloud: &LocalAws) -> bool {
    cloud.world().s3.body("bucket", "key").is_some()
}

#[test]
fn a_lost_response_and_an_error_after_are_work_that_was_done() {
    let cloud = cloud("s3:PutObject=lost-response");
    assert_eq!(exchange(&cloud, "PUT", "a"), "");
    assert!(stored(&cloud));
    let cloud = self::cloud("s3:PutObject=error-after:500");
    assert!(exchange(&cloud, "PUT", "a").starts_with("HTTP/1.1 500 "));
    assert!(stored(&cloud));
}

#[test]
fn a_refusal_a_throttle_and_an_error_are_work_that_was_not_done() {
    let cases = [
        ("s3:PutObject=refuse", ""),
        ("s3:PutObject=throttle", "HTTP/1.1 503 "),
        ("s3:PutObject=error:409:ConditionalRequestConflict", "HTTP/1.1 409 "),
    ];
    for (fault, expected) in cases {
        let cloud = cloud(fault);
        let answer = exchange(&cloud, "PUT", "a");
        assert!(answer.starts_with(expected) && answer.is_empty() == expected.is_empty(), "{fault}: {answer}");
        assert!(!stored(&cloud), "{fault}");
        assert!(exchange(&cloud, "PUT", "a").starts_with("HTTP/1.1 200 "), "{fault}: the second call is not struck");
    }
}

#[test]
fn a_cut_body_ends_before_its_announced_length() {
    let cloud = cloud("s3:GetObject=cut-body");
    exchange(&cloud, "PUT", "0123456789");
    let answer = exchange(&cloud, "GET", "");
    assert!(answer.to_lowercase().contains("content-length: 10\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n01234"), "{answer}");
    assert!(exchange(&cloud, "GET", "").ends_with("\r\n\r\n0123456789"));
}

#[test]
fn latency_delays_the_answer_and_nothing_else() {
    let cloud = cloud("s3:PutObject=latency:150");
    let started = Instant::now();
    assert!(exchange(&cloud, "PUT", "a").starts_with("HTTP/1.1 200 "));
    assert!(started.elapsed() >= Duration::from_millis(150));
    assert!(stored(&cloud));
}

#[test]
fn the_nth_call_is_struck_and_the_journal_tells() {
    let cloud = cloud("s3:PutObject#2x2=refuse");
    (0..4).for_each(|_| drop(exchange(&cloud, "PUT", "a")));
    let statuses: Vec<u16> = cloud.journal().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [200, 0, 0, 200]);
    assert_eq!(cloud.writes().len(), 4);
}

#[test]
fn json_calls_beyond_the_throttle_are_told_to_slow_down_and_objects_are_not() {
    let cloud = LocalAws::start().unwrap();
    cloud.throttle(0.001);
    let client = Client { endpoint: cloud.endpoint().to_owned(), authorization: "test".to_owned() };
    let target = [("x-amz-target", "AmazonEC2ContainerServiceV20141113.DescribeClusters")];
    let mut answers = (0..2).map(|_| client.send("POST", "/", &target, b"{}"));
    assert_eq!(answers.next().unwrap().status, 200);
    let refused = answers.next().unwrap();
    assert_eq!((refused.status, refused.json()["__type"].as_str()), (400, Some("ThrottlingException")));
    assert_eq!(client.call("GET", "/bucket/key").status, 404, "S3 counts for itself");
    let statuses: Vec<u16> = cloud.journal().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [200, 400, 404]);
}

#[test]
fn a_stopped_local_aws_refuses_connections() {
    let cloud = LocalAws::start().unwrap();
    let address = cloud.registry();
    drop(cloud);
    let error = TcpStream::connect(address).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

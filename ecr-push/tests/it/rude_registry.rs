//! A registry that does what no double of ECR does: it answers before it has read, or sends the client elsewhere.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use testkit::image::{ImageSource, Layer};
use testkit::sandbox::{Outcome, Sandbox};

use crate::push::noise;
use crate::write;

/// What the registry does when a blob comes.
#[derive(Clone)]
enum Rudeness {
    /// Refuses it with the head alone read, and closes.
    RefusesEarly,
    /// Says at the beginning of an upload that it goes on at this address.
    SendsTo(String),
}

/// A registry, and the ECR that leads to it, until the test ends. It says how many blobs came.
fn registry(rudeness: Rudeness) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (address, blobs) = (endpoint.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&blobs);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (rudeness, address, counted) = (rudeness.clone(), address.clone(), Arc::clone(&counted));
            thread::spawn(move || serve(&stream, &rudeness, &address, &counted));
        }
    });
    (endpoint, blobs)
}

/// Answers one connection; it ends when the client goes.
fn serve(stream: &TcpStream, rudeness: &Rudeness, address: &str, blobs: &AtomicUsize) {
    let mut reader = BufReader::new(stream);
    while let Some((head, length)) = read_head(&mut reader) {
        let early = head.starts_with("PUT") && matches!(rudeness, Rudeness::RefusesEarly);
        if head.starts_with("PUT") {
            blobs.fetch_add(1, Ordering::SeqCst);
        }
        if !early {
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
        }
        let answer = answer(&head, rudeness, address);
        (&*stream).write_all(answer.as_bytes()).unwrap();
        if early {
            return;
        }
    }
}

fn read_head(reader: &mut BufReader<&TcpStream>) -> Option<(String, usize)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    Some((head, length.unwrap_or(0)))
}

fn answer(head: &str, rudeness: &Rudeness, address: &str) -> String {
    let json = |text: String| (200, "", text);
    let (status, headers, body) = if head.contains("GetAuthorizationToken") {
        let data = serde_json::json!({ "authorizationToken": "QVdTOnQ=", "proxyEndpoint": address });
        json(serde_json::json!({ "authorizationData": [data] }).to_string())
    } else if head.contains("BatchCheckLayerAvailability") {
        json("{}".to_owned())
    } else if head.starts_with("POST") {
        let location = match rudeness {
            Rudeness::SendsTo(elsewhere) => elsewhere.clone(),
            Rudeness::RefusesEarly => "/v2/web/blobs/uploads/1".to_owned(),
        };
        return format!("HTTP/1.1 202 Accepted\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    } else if head.starts_with("PUT") {
        let error = r#"{"errors":[{"code":"UNSUPPORTED","message":"the layer is too large"}]}"#;
        (405, "connection: close\r\n", error.to_owned())
    } else {
        (404, "", String::new())
    };
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

fn push_to(endpoint: &str) -> Outcome {
    let sandbox = Sandbox::new()
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "AKIDLOCAL")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_REGION", "eu-central-1");
    let _ = write(&sandbox, &ImageSource::new().layer(Layer::new().file("noise", noise(16 << 20))));
    crate::push(&sandbox, &["--tag", "1.0.0"])
}

#[test]
fn an_answer_that_comes_before_the_blob_was_read_is_what_counts() {
    let (endpoint, blobs) = registry(Rudeness::RefusesEarly);
    let _ = push_to(&endpoint)
        .code(3)
        .says("/error/code", "aws.refused")
        .says("/error/message", "ecr:CompleteLayerUpload failed: UNSUPPORTED: the layer is too large");
    assert!(blobs.load(Ordering::SeqCst) <= 2, "a layer and a configuration, each once");
}

#[test]
fn a_blob_does_not_follow_the_registry_to_another_host() {
    let (elsewhere, stolen) = registry(Rudeness::RefusesEarly);
    let (endpoint, _) = registry(Rudeness::SendsTo(format!("{elsewhere}/v2/web/blobs/uploads/1")));
    let _ =
        push_to(&endpoint).code(3).stderr_contains("the blob is to go to another host, which does not get the token");
    assert_eq!(stolen.load(Ordering::SeqCst), 0);
}

//! Nobody is reached, or somebody else.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use testkit::peer;
use testkit::sandbox::Sandbox;

use crate::{cloud, counts, image, push, refused, write};

/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:9";

/// A sandbox with an image, and AWS at this address.
fn sandbox_at(endpoint: &str) -> Sandbox {
    let sandbox = Sandbox::with_aws(&cloud()).env("AWS_ENDPOINT_URL", endpoint);
    let _ = write(&sandbox, &image("one"));
    sandbox
}

#[test]
fn a_registry_that_cuts_every_connection_is_a_failure_of_the_network() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    cloud.arm("registry:FinishUpload#1x99=refuse".parse().unwrap());
    let _ = refused(push(&sandbox, &["--tag", "1.0.0"]), 3, "aws.network")
        .says("/push/ok", false)
        .stderr_contains("ecr-push: error: ecr:CompleteLayerUpload failed: ")
        .stderr_contains("ecr-push: hint: check the network, the proxy and AWS_ENDPOINT_URL");
    assert!(!counts(&cloud).contains_key("registry:PutManifest"));
}

#[test]
fn a_proxy_that_is_not_there_is_thought_of() {
    let sandbox = sandbox_at("https://ecr.invalid").env("HTTPS_PROXY", NOBODY);
    let _ = refused(push(&sandbox, &[]), 3, "aws.network")
        .stderr_contains("ecr-push: error: ecr:GetAuthorizationToken failed: ")
        .stderr_contains("ecr-push: hint: check the network, the proxy and AWS_ENDPOINT_URL");
}

#[test]
fn a_proxy_that_is_not_there_is_told_from_a_registry_that_is_not() {
    let sandbox = sandbox_at(NOBODY).env("HTTPS_PROXY", NOBODY);
    let _ = refused(push(&sandbox, &["--registry", "registry.invalid"]), 3, "registry.proxy")
        .stderr_contains("ecr-push: hint: look at HTTPS_PROXY and NO_PROXY");
}

/// An address that speaks HTTP where TLS is meant to be spoken, until the test ends. It says how often somebody came.
fn without_tls() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let connections = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut hello = [0; 5];
            let _ = stream.read_exact(&mut hello);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        }
    });
    (address, connections)
}

#[test]
fn who_does_not_speak_tls_is_asked_once() {
    let (address, connections) = without_tls();
    let sandbox = sandbox_at(&format!("https://{address}"));
    let _ =
        refused(push(&sandbox, &[]), 3, "aws.tls").stderr_contains("ecr-push: hint: if a proxy or a private authority");
    let _ = refused(push(&sandbox, &["--registry", &address]), 3, "registry.tls");
    assert_eq!(connections.load(Ordering::SeqCst), 2, "one for each run: a second attempt would end no better");
}

/// OpenSSL's server with a certificate of its own; it is ended when it is dropped.
struct SelfSigned {
    process: Child,
    address: String,
}

impl Drop for SelfSigned {
    fn drop(&mut self) {
        // Both fail only if the process has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Writes `certificate.pem`, and starts the server that shows it.
fn self_signed(sandbox: &Sandbox) -> Option<SelfSigned> {
    let openssl = peer::find("openssl")?;
    let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "certificate.pem"];
    let names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    let end = ["-addext", "basicConstraints=critical,CA:FALSE"];
    let _ = sandbox.program(&openssl).args(request).args(names).args(end).run().code(0);
    let mut process = Command::new(openssl)
        .args(["s_server", "-accept", "127.0.0.1:0", "-key", "key.pem", "-cert", "certificate.pem", "-www"])
        .current_dir(sandbox.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = lines.find_map(|line| Some(line.strip_prefix("ACCEPT ")?.to_owned())).unwrap();
    std::thread::spawn(move || lines.for_each(drop));
    Some(SelfSigned { process, address })
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_not_taken() {
    let files = Sandbox::new();
    let Some(server) = self_signed(&files) else { return };
    let sandbox = sandbox_at(&format!("https://{}", server.address));
    let _ = refused(push(&sandbox, &[]), 3, "aws.tls")
        .stderr_contains("ecr-push: error: ecr:GetAuthorizationToken failed: invalid peer certificate: ")
        .stderr_contains("name its certificate: SSL_CERT_FILE=FILE");
    let _ = refused(push(&sandbox, &["--registry", &server.address]), 3, "registry.tls");
}

#[test]
fn a_file_that_holds_no_certificate_is_refused_before_anything_is_asked() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    sandbox.write("empty.pem", "no certificate\n");
    sandbox.write("broken.pem", "-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n");
    for name in ["empty.pem", "broken.pem", "nowhere.pem"] {
        let _ = refused(push(&sandbox, &["--ca-file", name]), 2, "certificates.unreadable")
            .stderr_contains(&format!("ecr-push: error: `{name}` holds no certificates to trust: "))
            .stderr_contains("ecr-push: hint: name a file of certificates in PEM form");
    }
    assert_eq!(cloud.journal().len(), 0);
}

//! By what means registries are reached: TLS with certificates of one's own, and proxies.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use testkit::peer::{self, Server};
use testkit::sandbox::{Run, Sandbox};

use crate::host;
use crate::{image, write};

/// A registry behind TLS, a layout `web` in a sandbox, and the authority that signed the registry's certificate.
struct Safe {
    registry: Server,
    sandbox: Sandbox,
    authority: PathBuf,
}

impl Safe {
    fn start() -> Option<Self> {
        let openssl = peer::find("openssl")?;
        let sandbox = Sandbox::new();
        let _ = write(&sandbox, &image("one"));
        sandbox.write("extensions", "subjectAltName=IP:127.0.0.1\n");
        let script = r#"
            set -e
            new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
            "$0" req -x509 $new -keyout authority.key -out authority.pem -subj "/CN=a test" -days 2
            "$0" req $new -keyout key.pem -out request.pem -subj /CN=localhost
            "$0" x509 -req -in request.pem -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \
              -extfile extensions -out certificate.pem"#;
        let _ = sandbox.program("bash".as_ref()).args(["-c", script]).args([openssl]).run().code(0);
        let file = |name: &str| sandbox.path().join(name);
        let registry = peer::docker_registry_with_tls(&file("certificate.pem"), &file("key.pem"))?;
        let authority = file("authority.pem");
        Some(Self { registry, sandbox, authority })
    }

    fn push(&self) -> Run {
        let host = self.registry.address();
        self.sandbox.tool("ecr-push").args(["web", "--repository", "web", "--tag", "1.0.0", "--registry", host])
    }

    fn trusting_push(&self) -> Run {
        self.push().args(["--ca-file".as_ref(), self.authority.as_os_str()])
    }
}

#[test]
fn a_certificate_is_trusted_only_if_its_authority_is_named() {
    let Some(safe) = Safe::start() else { return };
    let _ = safe
        .push()
        .run()
        .code(3)
        .says("/ok", false)
        .says("/error/code", "registry.tls")
        .stderr_contains("invalid peer certificate: UnknownIssuer")
        .stderr_contains("ecr-push: hint: if a proxy or a private authority is meant to be there");
    let _ = safe.trusting_push().run().code(0).says("/push/ok", true);
    let by_environment = safe.push().env("SSL_CERT_FILE", &safe.authority.display().to_string()).run();
    let _ = by_environment.code(0).says("/push/nothing_to_do", true);
}

#[test]
fn a_file_without_certificates_is_named() {
    let sandbox = Sandbox::new();
    let _ = write(&sandbox, &image("one"));
    sandbox.write("empty.pem", "no certificate\n");
    for (file, message) in [("empty.pem", "there is no certificate in it"), ("nothing.pem", "")] {
        let run = sandbox.tool("ecr-push").args(["web", "--repository", "web", "--registry", "127.0.0.1:1"]);
        let _ = run
            .args(["--ca-file", file])
            .run()
            .code(2)
            .says("/error/code", "certificates.unreadable")
            .stderr_contains(&format!("`{file}` holds no certificates to trust: {message}"));
    }
}

#[test]
fn a_registry_without_tls_is_not_spoken_to_unless_it_is_named() {
    let Some(registry) = peer::docker_registry() else { return };
    let sandbox = Sandbox::new();
    let _ = write(&sandbox, &image("one"));
    let run = sandbox.tool("ecr-push").args(["web", "--repository", "web", "--registry", registry.address()]);
    let _ = run.run().code(3).says("/error/code", "registry.tls").stderr_contains(
        "ecr-push: error: registry:ReadManifest failed: what answers does not speak TLS; a registry without it is named by --plain-http",
    );
}

/// A port on which nobody listens.
fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// A proxy that answers `CONNECT` with this status line and, if it is a success, passes everything on. It counts whom it heard.
fn proxy(status: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let heard = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&heard);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let request = host::head(&client);
            let target = request.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            counted.fetch_add(usize::from(!target.is_empty()), Ordering::SeqCst);
            let answered = (&client).write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes());
            if answered.is_ok() && status.starts_with("200") {
                pass_on(&client, &TcpStream::connect(target).unwrap());
            }
        }
    });
    (address, heard)
}

fn pass_on(client: &TcpStream, server: &TcpStream) {
    for (from, to) in [(client, server), (server, client)] {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        thread::spawn(move || {
            // An end that went away ends the other.
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
    }
}

#[test]
fn a_proxy_that_is_named_is_used() {
    let Some(safe) = Safe::start() else { return };
    let (address, heard) = proxy("200 OK");
    let _ = safe.trusting_push().env("HTTPS_PROXY", &address).run().code(0).says("/push/ok", true);
    assert!(heard.load(Ordering::SeqCst) > 0);
    let before = heard.load(Ordering::SeqCst);
    let around = safe.trusting_push().env("HTTPS_PROXY", &address).env("NO_PROXY", "127.0.0.1").run();
    let _ = around.code(0).says("/push/nothing_to_do", true);
    assert_eq!(heard.load(Ordering::SeqCst), before, "who is named in NO_PROXY is reached without it");
}

#[test]
fn a_proxy_that_does_not_let_us_through_is_named() {
    let sandbox = Sandbox::new();
    let _ = write(&sandbox, &image("one"));
    let (refusing, heard) = proxy("403 Forbidden");
    for address in [refusing, format!("http://{}", closed_port())] {
        let run = sandbox.tool("ecr-push").args(["web", "--repository", "web", "--registry", "127.0.0.1:1"]);
        let _ = run
            .env("HTTPS_PROXY", &address)
            .run()
            .code(3)
            .says("/error/code", "registry.proxy")
            .stderr_contains("the proxy does not connect: ")
            .stderr_contains("ecr-push: hint: look at HTTPS_PROXY and NO_PROXY");
    }
    assert!(heard.load(Ordering::SeqCst) > 0);
}

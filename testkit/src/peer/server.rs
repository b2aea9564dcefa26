//! Independent servers, each on a free port in a folder of its own, ended when dropped.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Docker;

/// How long a server may take until it answers.
const START_DEADLINE: Duration = Duration::from_mins(1);
/// How long it may take to end when it is asked to.
const END_DEADLINE: Duration = Duration::from_secs(20);
/// How often it is asked whether it answers already, or has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// A port found free may be taken by the time the server wants it: then another one is tried.
const ATTEMPTS: usize = 5;

/// A running server. It is ended, and its folder deleted, when it is dropped.
#[derive(Debug)]
pub struct Server {
    process: Child,
    endpoint: String,
    folder: tempfile::TempDir,
    /// Where it starts containers, if it does.
    docker: Option<Docker>,
}

impl Server {
    /// `http://127.0.0.1:PORT`, or `https:` if it speaks TLS.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// `127.0.0.1:PORT`: how an image reference names a registry.
    #[must_use]
    pub fn address(&self) -> &str {
        self.endpoint.trim_start_matches("http://").trim_start_matches("https://")
    }

    /// The label (`KEY=VALUE`) of the containers that `ministack` starts.
    #[must_use]
    pub fn container_label(&self) -> String {
        format!("ministack.instance={}", self.address())
    }

    /// Asks the process to end, and makes it end if it does not.
    fn end(&mut self) {
        // Without `kill` it is ended below.
        let asked = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let deadline = if asked.is_ok_and(|status| status.success()) { END_DEADLINE } else { Duration::ZERO };
        let started = Instant::now();
        while started.elapsed() < deadline && matches!(self.process.try_wait(), Ok(None)) {
            std::thread::sleep(POLL_INTERVAL);
        }
        // Both fail only if the process has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
        if let Some(docker) = &self.docker {
            docker.remove_containers(&self.container_label());
            docker.remove_images(self.address());
        }
    }
}

/// Debian's `docker-registry` (CNCF distribution) with an empty store, deletion enabled and no authentication; none if
/// it is not installed.
///
/// # Panics
/// It is missing and `REQUIRE_PEERS=1` is set, or it is there and does not start.
#[must_use]
pub fn docker_registry() -> Option<Server> {
    registry(&Sign { path: "/v2/", status: b" 200", scheme: "http" }, "")
}

/// The same behind TLS, with a chain of certificates and its key, both in PEM form.
///
/// # Panics
/// As with [`docker_registry`].
#[must_use]
pub fn docker_registry_with_tls(certificates: &Path, key: &Path) -> Option<Server> {
    let tls = format!(", tls: {{certificate: {}, key: {}}}", certificates.display(), key.display());
    // A request without TLS is answered all the same: that it is none.
    registry(&Sign { path: "/v2/", status: b" 400", scheme: "https" }, &tls)
}

fn registry(sign: &Sign, tls: &str) -> Option<Server> {
    let program = super::find("docker-registry")?;
    Some(started("docker-registry", sign, |port, folder| {
        let configuration = folder.join("config.yml");
        std::fs::write(&configuration, registry_configuration(port, folder, tls))?;
        let mut command = Command::new(&program);
        command.arg("serve").arg(&configuration);
        Ok(command)
    }))
}

/// `ministack` with empty services; none if it is not installed. Its tasks run in name only: it knows no Docker.
///
/// # Panics
/// It is missing and `REQUIRE_PEERS=1` is set, or it is there and does not start.
#[must_use]
pub fn ministack() -> Option<Server> {
    started_ministack("unix:///nowhere")
}

/// The same with a Docker daemon that runs the containers of its tasks. When it is dropped, they and the images that
/// were pulled from its registry are removed.
///
/// # Panics
/// As with [`ministack`].
#[must_use]
pub fn ministack_with_docker(docker: &Docker) -> Option<Server> {
    let mut server = started_ministack(docker.host())?;
    server.docker = Some(docker.clone());
    Some(server)
}

fn started_ministack(docker_host: &str) -> Option<Server> {
    let program = super::find("ministack")?;
    let sign = Sign { path: "/_ministack/health", status: b" 200", scheme: "http" };
    Some(started("ministack", &sign, |port, folder| {
        let mut command = Command::new(&program);
        command
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            // The first half of what its containers are labelled with; the port is the other.
            .env("MINISTACK_HOSTNAME", "127.0.0.1")
            .env("DOCKER_HOST", docker_host)
            .env("TMPDIR", folder)
            .env("HOME", folder)
            .env("LOG_LEVEL", "ERROR");
        Ok(command)
    }))
}

/// `moto` with empty services; none if it is not installed. It asks nobody for credentials, and every region has a default VPC.
///
/// # Panics
/// It is missing and `REQUIRE_PEERS=1` is set, or it is there and does not start.
#[must_use]
pub fn moto() -> Option<Server> {
    let program = super::find("moto_server")?;
    let sign = Sign { path: "/moto-api/data.json", status: b" 200", scheme: "http" };
    Some(started("moto_server", &sign, |port, folder| {
        let mut command = Command::new(&program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).env("HOME", folder).env("TMPDIR", folder);
        Ok(command)
    }))
}

/// Debian's `prometheus` with this configuration and an empty store; none if it is not installed.
///
/// # Panics
/// It is missing and `REQUIRE_PEERS=1` is set, or it is there and does not start.
#[must_use]
pub fn prometheus(configuration: &Path) -> Option<Server> {
    monitor("prometheus", configuration, "--storage.tsdb.path", &[])
}

/// Debian's `prometheus-alertmanager` with this configuration, without alerts, alone; none if it is not installed.
///
/// # Panics
/// As with [`prometheus`].
#[must_use]
pub fn alertmanager(configuration: &Path) -> Option<Server> {
    monitor("prometheus-alertmanager", configuration, "--storage.path", &["--cluster.listen-address="])
}

fn monitor(name: &str, configuration: &Path, store: &str, flags: &[&str]) -> Option<Server> {
    let program = super::find(name)?;
    let sign = Sign { path: "/-/ready", status: b" 200", scheme: "http" };
    Some(started(name, &sign, |port, folder| {
        let mut command = Command::new(&program);
        command
            .arg(format!("--config.file={}", configuration.display()))
            .arg(format!("{store}={}", folder.join("store").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(flags);
        Ok(command)
    }))
}

/// Debian's `prometheus-pushgateway`, empty; none if it is not installed.
///
/// # Panics
/// As with [`prometheus`].
#[must_use]
pub fn pushgateway() -> Option<Server> {
    // Debian's own setting keeps what was pushed in a file of the whole machine.
    exporter("prometheus-pushgateway", "/-/ready", &["--persistence.file="])
}

/// Debian's `prometheus-node-exporter` with its textfile collector alone, over this folder; none if it is not installed.
///
/// # Panics
/// As with [`prometheus`].
#[must_use]
pub fn node_exporter(textfiles: &Path) -> Option<Server> {
    let folder = format!("--collector.textfile.directory={}", textfiles.display());
    exporter("prometheus-node-exporter", "/metrics", &["--collector.disable-defaults", "--collector.textfile", &folder])
}

fn exporter(name: &str, path: &'static str, flags: &[&str]) -> Option<Server> {
    let program = super::find(name)?;
    let sign = Sign { path, status: b" 200", scheme: "http" };
    Some(started(name, &sign, |port, _| {
        let mut command = Command::new(&program);
        command.arg(format!("--web.listen-address=127.0.0.1:{port}")).args(flags);
        Ok(command)
    }))
}

/// By what it is known that a server is there: the status that it answers to a request without TLS.
struct Sign {
    path: &'static str,
    status: &'static [u8],
    /// How it is spoken to from then on.
    scheme: &'static str,
}

/// `tls` goes on where the address ends.
fn registry_configuration(port: u16, folder: &Path, tls: &str) -> String {
    let store = folder.join("store");
    format!(
        "version: 0.1\n\
         log: {{level: error, accesslog: {{disabled: true}}}}\n\
         storage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\n\
         http: {{addr: 127.0.0.1:{port}{tls}}}\n",
        store.display()
    )
}

fn started(name: &str, sign: &Sign, command: impl Fn(u16, &Path) -> io::Result<Command>) -> Server {
    let mut failure = String::new();
    for _ in 0..ATTEMPTS {
        match start(sign, &command) {
            Ok(server) => return server,
            Err(error) => failure = error.to_string(),
        }
    }
    panic!("{name} does not start: {failure}")
}

fn start(sign: &Sign, command: impl Fn(u16, &Path) -> io::Result<Command>) -> io::Result<Server> {
    let folder = tempfile::tempdir()?;
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let log = std::fs::File::create(folder.path().join("log"))?;
    let process = command(address.port(), folder.path())?
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let mut server = Server { process, endpoint: format!("{}://{address}", sign.scheme), folder, docker: None };
    server.wait_until_it_answers(address, sign)?;
    Ok(server)
}

impl Server {
    fn wait_until_it_answers(&mut self, address: SocketAddr, sign: &Sign) -> io::Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_DEADLINE {
            if let Some(status) = self.process.try_wait()? {
                return Err(io::Error::other(format!("it ended with {status}: {}", self.log())));
            }
            if answers(address, sign) {
                return Ok(());
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Err(io::Error::other(format!("no answer within {START_DEADLINE:?}: {}", self.log())))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

fn answers(address: SocketAddr, sign: &Sign) -> bool {
    let ask = || -> io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, POLL_INTERVAL)?;
        stream.set_read_timeout(Some(START_DEADLINE))?;
        let path = sign.path;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
        let mut status_line = [0; 12];
        stream.read_exact(&mut status_line)?;
        Ok(status_line.ends_with(sign.status))
    };
    ask().unwrap_or(false)
}

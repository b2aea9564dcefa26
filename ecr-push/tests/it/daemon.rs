//! Images out of the Docker daemon: one that does as the test says, and a real one where there is one.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

use testkit::image::{Image, ImageSource, Layer};
use testkit::sandbox::{Outcome, Run, Sandbox};

use crate::docker::Docker;
use crate::push::noise;
use crate::saved::{new_docker, old_docker};
use crate::{cloud, counts};

/// What a daemon answers to one request.
#[derive(Clone)]
enum Answer {
    /// A tar, in chunks, and how many of its bytes come before the daemon breaks off.
    Tar(Vec<u8>, usize),
    /// Status line and body.
    Refusal(&'static str, &'static str),
}

/// A daemon in the sandbox that gives the same answer to all, until the test ends. It says by a line in `asked` what it was asked for.
fn daemon(sandbox: &Sandbox, answer: Answer) -> String {
    let socket = sandbox.path().join("docker.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let asked = sandbox.path().join("asked");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let line = request_line(&stream);
            std::fs::write(&asked, line).unwrap();
            // A client that has heard enough may go.
            let _ = give(&stream, &answer);
        }
    });
    format!("unix://{}", socket.display())
}

fn request_line(stream: &UnixStream) -> String {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    first
}

fn give(mut stream: &UnixStream, answer: &Answer) -> std::io::Result<()> {
    match answer {
        Answer::Refusal(status, body) => {
            let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
            write!(stream, "{head}\r\nconnection: close\r\n\r\n{body}")
        }
        Answer::Tar(tar, sent) => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/x-tar\r\ntransfer-encoding: chunked\r\n\r\n")?;
            for chunk in tar[..*sent].chunks(32 << 10) {
                write!(stream, "{:x}\r\n", chunk.len())?;
                stream.write_all(chunk)?;
                stream.write_all(b"\r\n")?;
            }
            if *sent == tar.len() { stream.write_all(b"0\r\n\r\n") } else { Ok(()) }
        }
    }
}

fn image() -> Image {
    let large = Layer::new().file("srv/noise", noise(700 << 10));
    ImageSource::new().layer(large).layer(Layer::new().file("srv/index.html", "one")).build().unwrap()
}

fn run(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Run {
    sandbox.tool("ecr-push").args([name, "--repository", "web", "--tag", "1.0.0"]).args(arguments)
}

fn push(sandbox: &Sandbox, host: &str, name: &str) -> Outcome {
    run(sandbox, name, &["--docker-host", host]).run()
}

#[test]
fn an_image_of_the_daemon_is_pushed_as_the_daemon_writes_it() {
    let image = image();
    for tar in [old_docker(&image).tar(), new_docker(&image).tar()] {
        let cloud = cloud();
        let sandbox = Sandbox::with_aws(&cloud);
        let length = tar.len();
        let host = daemon(&sandbox, Answer::Tar(tar, length));
        let _ = push(&sandbox, &host, "docker-daemon:web:1.0.0")
            .code(0)
            .says("/image/config_digests/0", image.config_digest.as_str())
            .says("/push/ok", true)
            .stderr_contains(", tagged 1.0.0: 3 of 3 blobs");
        let asked = std::fs::read_to_string(sandbox.path().join("asked")).unwrap();
        assert_eq!(asked, "GET /images/web:1.0.0/get HTTP/1.1");
        let by_environment = run(&sandbox, "docker-daemon:web:1.0.0", &[]).env("DOCKER_HOST", &host).run();
        let _ = by_environment.code(0).says("/push/nothing_to_do", true).says("/push/bytes_sent", 0);
    }
}

#[test]
fn an_image_that_the_daemon_has_not_is_said_in_its_words() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let host = daemon(&sandbox, Answer::Refusal("404 Not Found", r#"{"message":"No such image: web:2"}"#));
    let _ = push(&sandbox, &host, "docker-daemon:web:2")
        .code(2)
        .says("/error/code", "image.not_found")
        .stdout_contains(r#""ok":false"#)
        .stderr_is(
            "ecr-push: error: the Docker daemon has no image `web:2`: No such image: web:2\n\
             ecr-push: hint: docker images\n",
        );
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_daemon_that_breaks_off_leaves_no_image() {
    let cloud = cloud();
    let tar = old_docker(&image()).tar();
    for sent in [0, 1000, 300 << 10, tar.len() - 512] {
        let sandbox = Sandbox::with_aws(&cloud);
        let host = daemon(&sandbox, Answer::Tar(tar.clone(), sent));
        let outcome = push(&sandbox, &host, "docker-daemon:web").code(2).says("/error/code", "archive.truncated");
        let _ = outcome.stderr_contains("ecr-push: error: the archive is cut off somewhere after byte ");
    }
    assert!(!counts(&cloud).contains_key("registry:PutManifest"));
}

#[test]
fn a_daemon_that_is_not_there_or_does_not_want_to_is_said_with_what_to_do() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let nobody = format!("unix://{}/nobody.sock", sandbox.path().display());
    let _ = push(&sandbox, &nobody, "docker-daemon:web")
        .code(3)
        .says("/error/code", "daemon.unreachable")
        .stderr_contains("/nobody.sock` cannot be asked: No such file or directory")
        .stderr_contains("ecr-push: hint: docker info; or name its socket: DOCKER_HOST=unix:///PATH");
    let host = daemon(&sandbox, Answer::Refusal("500 Internal Server Error", r#"{"message":"the disk is broken"}"#));
    let _ = push(&sandbox, &host, "docker-daemon:web")
        .code(3)
        .says("/error/code", "daemon.unreachable")
        .stderr_contains("cannot be asked: it answers 500 Internal Server Error: the disk is broken");
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_daemon_on_another_machine_is_not_asked() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = push(&sandbox, "tcp://127.0.0.1:1", "docker-daemon:web")
        .code(2)
        .says("/error/code", "usage")
        .stderr_contains("the Docker daemon is reached by a socket only, `tcp://127.0.0.1:1` is none")
        .stderr_contains("ecr-push: hint: docker save NAME | ecr-push --repository NAME");
    sandbox.write("web.tar", old_docker(&image()).tar());
    let elsewhere = run(&sandbox, "web.tar", &[]).env("DOCKER_HOST", "tcp://127.0.0.1:1").run();
    let _ = elsewhere.code(0).says("/push/ok", true);
}

#[test]
fn the_real_daemon_and_what_it_saves_are_the_same_image() {
    let Some(docker) = Docker::find() else { return };
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let name = docker.import(&sandbox, "ecr-push-test/daemon:1");
    let id = docker.id(&name);
    let saved = docker.save(&sandbox, &name, Path::new("saved.tar"));
    let from_daemon = push(&sandbox, docker.host(), &format!("docker-daemon:{name}")).code(0).says("/push/ok", true);
    let bytes = std::fs::read(saved).unwrap();
    let piped = sandbox.tool("ecr-push").args(["--repository", "web", "--tag", "1.0.0"]).pipe_in(bytes).run();
    let piped = piped.code(0).says("/push/nothing_to_do", true);
    assert_eq!(from_daemon.json()["image"]["digest"], piped.json()["image"]["digest"]);
    assert_eq!(from_daemon.json()["image"]["config_digests"][0], id.as_str());
    let missing = push(&sandbox, docker.host(), "docker-daemon:ecr-push-test/nobody:1").code(2);
    let _ = missing.says("/error/code", "image.not_found");
}

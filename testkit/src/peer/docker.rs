//! The Docker daemon of this machine, asked through its own client. No test demands one: a machine of CI may have none.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Where the daemon listens if `DOCKER_HOST` says nothing else.
const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// A daemon that answers, and the client that asks it.
#[derive(Clone, Debug)]
pub struct Docker {
    program: PathBuf,
    host: String,
}

/// A container as the daemon shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The image as whoever started the container named it.
    pub image: String,
    /// Whether its program runs.
    pub running: bool,
}

/// The daemon that `DOCKER_HOST` names, or the usual one; none if it does not answer, which is said on standard error.
///
/// A daemon that is not reached by a socket may be on another machine, and does not see the servers of this one: it
/// counts as none.
#[must_use]
pub fn docker() -> Option<Docker> {
    let host = std::env::var_os("DOCKER_HOST").and_then(|host| host.into_string().ok());
    let host = host.filter(|host| !host.is_empty());
    let host = host.unwrap_or_else(|| DEFAULT_HOST.to_owned());
    let found = super::path_of("docker").map(|program| Docker { program, host });
    let found = found.filter(|docker| docker.host.starts_with("unix://") && docker.answers());
    if found.is_none() {
        // Nobody to tell if standard error is closed; the test is skipped all the same.
        let _ = writeln!(io::stderr(), "skipped: no Docker daemon answers at a socket of this machine");
    }
    found
}

impl Docker {
    /// The daemon's address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Runs the client; what it says on standard output.
    ///
    /// # Panics
    /// It fails.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> String {
        match self.output(arguments) {
            Ok(output) if output.status.success() => text(&output.stdout),
            Ok(output) => panic!("`docker {}`: {}", arguments.join(" "), text(&output.stderr)),
            Err(error) => panic!("`docker {}`: {error}", arguments.join(" ")),
        }
    }

    /// The containers that have a label (`KEY=VALUE`), the running ones and those that have ended.
    ///
    /// # Panics
    /// The daemon does not list them.
    #[must_use]
    pub fn containers(&self, label: &str) -> Vec<Container> {
        let listed = self.run(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &format!("label={label}")]);
        let ids: Vec<&str> = listed.lines().collect();
        if ids.is_empty() {
            return Vec::new();
        }
        let inspect = ["inspect", "--type", "container", "--format", "{{.State.Running}} {{.Config.Image}}"];
        // One that is removed meanwhile makes it fail, and the others are told all the same.
        let told = self.output(&[&inspect, &ids[..]].concat()).map(|output| text(&output.stdout)).unwrap_or_default();
        told.lines().filter_map(container).collect()
    }

    /// Removes an image. A rest in the daemon is no reason to fail: this is called when a test has ended.
    pub fn remove_image(&self, name: &str) {
        let _ = self.output(&["image", "rm", "--force", name]);
    }

    /// Removes all containers that have a label, running or not.
    pub(super) fn remove_containers(&self, label: &str) {
        let filter = format!("label={label}");
        self.remove(&["ps", "--all", "--quiet", "--filter", &filter], &["rm", "--force", "--volumes"]);
    }

    /// Removes the images that were pulled from a registry (`127.0.0.1:PORT`).
    pub(super) fn remove_images(&self, registry: &str) {
        let filter = format!("reference={registry}/*");
        // By their names: an image that another registry gave as well stays.
        let list = ["images", "--digests", "--filter", &filter, "--format", "{{.Repository}}@{{.Digest}}"];
        self.remove(&list, &["image", "rm", "--force"]);
    }

    /// Gives all that a command lists to another one; here as well, a rest is no reason to fail.
    fn remove(&self, list: &[&str], remove: &[&str]) {
        let listed = self.output(list).map(|output| text(&output.stdout)).unwrap_or_default();
        let names: Vec<&str> = listed.lines().collect();
        if !names.is_empty() {
            let _ = self.output(&[remove, &names[..]].concat());
        }
    }

    fn answers(&self) -> bool {
        self.output(&["version", "--format", "{{.Server.Version}}"]).is_ok_and(|output| output.status.success())
    }

    fn output(&self, arguments: &[&str]) -> io::Result<Output> {
        Command::new(&self.program).args(["--host", &self.host]).args(arguments).stdin(Stdio::null()).output()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn container(line: &str) -> Option<Container> {
    let (running, image) = line.split_once(' ')?;
    Some(Container { image: image.to_owned(), running: running == "true" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_read_from_its_line() {
        let read = container("true 127.0.0.1:5000/web@sha256:0b1c");
        assert_eq!(read, Some(Container { image: "127.0.0.1:5000/web@sha256:0b1c".to_owned(), running: true }));
        assert_eq!(container("false web").map(|container| container.running), Some(false));
        assert_eq!(container(""), None);
    }
}

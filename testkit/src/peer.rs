//! The independent programs that tests ask, and how they are started.
//!
//! A test that needs one takes it from [`find`], [`docker_registry`], [`ministack`] or [`moto`] and returns if there is none.
//! With `REQUIRE_PEERS=1` in the environment, as in CI, a missing program fails the test, so that nothing is skipped
//! unseen. A Docker daemon ([`docker`]) is never required: not every machine can have one.

mod docker;
mod server;

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use docker::{Container, Docker, docker};
pub use server::{
    Server, alertmanager, docker_registry, docker_registry_with_tls, ministack, ministack_with_docker, moto,
    node_exporter, prometheus, pushgateway,
};

/// An independent program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The name it is called by; of a package of Python, the interpreter and the module: `python3:tf`.
    pub name: &'static str,
    /// What a test that asks it proves.
    pub proves: &'static str,
    /// How to get it: a command to type, or an address to open.
    pub install: &'static str,
}

/// The programs that tests ask.
pub const PEERS: [Peer; 28] = [
    Peer {
        name: "skopeo",
        proves: "a real registry client pushes to the local registry and reads back what ecr-push pushed",
        install: "apt-get install skopeo",
    },
    Peer {
        name: "docker-registry",
        proves: "the local registry answers as an independent OCI registry does",
        install: "apt-get install docker-registry",
    },
    Peer {
        name: "openssl",
        proves: "registries behind TLS are trusted by certificates that another program made, and so are the image's",
        install: "apt-get install openssl",
    },
    Peer {
        name: "buildah",
        proves: "ecr-push reads the images that buildah builds and writes",
        install: "apt-get install buildah",
    },
    Peer {
        name: "podman",
        proves: "ecr-push reads the images that podman builds and saves",
        install: "apt-get install podman",
    },
    Peer {
        name: "ministack",
        proves: "the local AWS agrees with an independent one; where there is Docker, deployments reach real containers",
        install: "pip install ministack docker",
    },
    Peer {
        name: "moto_server",
        proves: "net-audit reads a whole account of another local AWS; the local S3 and DynamoDB answer as that one's",
        install: "pip install 'moto[server,cloudwatch,ec2,elbv2,rds,route53,sts]'",
    },
    Peer {
        name: "aws",
        proves: "what net-audit collects is what the AWS CLI writes, and gives the same verdicts",
        install: "pip install awscli",
    },
    Peer {
        name: "terraform",
        proves: "tfstate-lock and Terraform respect each other's locks, its backend accepts the local S3 and DynamoDB, and it plans examples/terraform",
        install: "open https://developer.hashicorp.com/terraform/install",
    },
    Peer {
        name: "python3:tf",
        proves: "examples/terraform names kinds and attributes that its provider has: a stand-in for that provider runs in it",
        install: "pip install tf",
    },
    Peer {
        name: "python3:prometheus_client",
        proves: "what --metrics writes is OpenMetrics to a strict reader",
        install: "pip install prometheus-client",
    },
    Peer {
        name: "checkov",
        proves: "examples/terraform is what an independent scanner finds sound",
        install: "pip install checkov",
    },
    Peer {
        name: "prometheus",
        proves: "a canary that answers badly is seen by the rules of the examples and goes back",
        install: "apt-get install prometheus",
    },
    Peer {
        name: "prometheus-alertmanager",
        proves: "scan-gate reads what Alertmanager lists, silenced alerts too, and says no if it cannot be asked",
        install: "apt-get install prometheus-alertmanager",
    },
    Peer {
        name: "promtool",
        proves: "the rules of the examples fire, do not fire just below, and resolve; what the tools write as metrics is well formed",
        install: "apt-get install prometheus",
    },
    Peer {
        name: "amtool",
        proves: "alerts reach whom they are for",
        install: "apt-get install prometheus-alertmanager",
    },
    Peer {
        name: "prometheus-node-exporter",
        proves: "its textfile collector reads what --metrics writes",
        install: "apt-get install prometheus-node-exporter",
    },
    Peer {
        name: "prometheus-pushgateway",
        proves: "what --metrics writes can be pushed, the last success stays, and no step overwrites another",
        install: "apt-get install prometheus-pushgateway",
    },
    Peer {
        name: "curl",
        proves: "the checks, records and metrics of the examples are sent as they would be",
        install: "apt-get install curl",
    },
    Peer {
        name: "jq",
        proves: "the release document passes through a real JSON filter between the tools",
        install: "apt-get install jq",
    },
    Peer {
        name: "make",
        proves: "the targets of examples/Makefile do what they say, from a copy of examples/",
        install: "apt-get install make",
    },
    Peer {
        name: "shellcheck",
        proves: "the scripts of examples/ have none of the faults that shellcheck knows",
        install: "apt-get install shellcheck",
    },
    Peer {
        name: "check-jsonschema",
        proves: "what the tools write is what their schemas say; the workflow and the job of examples/ are what GitHub and GitLab take",
        install: "pip install check-jsonschema",
    },
    Peer {
        name: "dot",
        proves: "the picture of a network is one that Graphviz draws",
        install: "apt-get install graphviz",
    },
    Peer {
        name: "mandoc",
        proves: "the manual pages are ones that an independent formatter reads without complaint",
        install: "apt-get install mandoc",
    },
    Peer { name: "zsh", proves: "zsh loads the completions that are installed", install: "apt-get install zsh" },
    Peer {
        name: "fish",
        proves: "fish completes flags and values by what is installed",
        install: "apt-get install fish",
    },
    Peer {
        name: "gcc",
        proves: "where there is Docker, what runs in a deployed container is the program that was pushed",
        install: "apt-get install gcc libc6-dev",
    },
];

/// Whether a program is found in `PATH`.
#[must_use]
pub fn is_installed(name: &str) -> bool {
    path_of(name).is_some()
}

/// Where a program lies. If it is missing, says on standard error what was skipped and how to install it.
///
/// # Panics
/// It is missing and `REQUIRE_PEERS=1` is set.
#[must_use]
pub fn find(name: &str) -> Option<PathBuf> {
    let found = path_of(name);
    if found.is_none() {
        let install = PEERS.iter().find(|peer| peer.name == name).map(|peer| peer.install);
        let install = install.unwrap_or("the means of your system");
        let required = std::env::var_os("REQUIRE_PEERS").is_some_and(|value| value == "1");
        assert!(!required, "{name} is required here: install with `{install}`");
        // Nobody to tell if standard error is closed; the test is skipped all the same.
        let _ = writeln!(io::stderr(), "skipped: no {name}; install with `{install}`");
    }
    found
}

fn path_of(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    program_in(&path, name)
}

fn program_in(path: &OsStr, name: &str) -> Option<PathBuf> {
    let (program, module) = name.split_once(':').map_or((name, None), |(program, module)| (program, Some(module)));
    let mut files = std::env::split_paths(path).map(|folder| folder.join(program));
    files.find(|file| is_program(file) && module.is_none_or(|module| imports(file, module)))
}

fn imports(interpreter: &Path, module: &str) -> bool {
    let mut command = Command::new(interpreter);
    command.arg("-c").arg(format!("import {module}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn is_program(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_executable_file_is_a_program() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("notes"), "").unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, "").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::join_paths([Path::new("/nowhere"), folder.path()]).unwrap();
        let found = ["notes", "folder", "program", "missing"].map(|name| program_in(&path, name));
        assert_eq!(found, [None, None, Some(program), None]);
    }

    #[test]
    fn an_interpreter_counts_if_it_has_the_module() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("python3");
        std::fs::write(&program, "#!/bin/sh\ntest \"$2\" = 'import tf'\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let found = ["python3:tf", "python3:other", "python3"].map(|name| program_in(folder.path().as_os_str(), name));
        assert_eq!(found, [Some(program.clone()), None, Some(program)]);
    }

    #[test]
    fn every_peer_is_listed_once_and_says_how_to_get_it() {
        for (at, peer) in PEERS.iter().enumerate() {
            assert!(PEERS[..at].iter().all(|other| other.name != peer.name), "{}", peer.name);
            assert!(!peer.proves.is_empty() && !peer.install.is_empty(), "{}", peer.name);
        }
    }
}

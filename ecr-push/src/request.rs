//! From what was typed to what is asked.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use contract::input::read_file;
use contract::{Digest, Input};

use crate::attachment::AttachmentFile;
use crate::aws::EcrHost;
use crate::byte_size::ByteSize;
use crate::cli::Arguments;
use crate::compress::{self, Encoding};
use crate::error::Error;
use crate::image_name::ImageName;
use crate::reference::Reference;
use crate::registry::MEMORY_PER_STREAM;
use crate::repository::Repository;
use crate::repository::settings::RepositorySettings;
use crate::source::Choice;
use crate::tag::Tag;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where the image is.
    pub source: ImageName,
    /// Which image of several, and which platform.
    pub choice: Choice,
    /// The repository.
    pub repository: Repository,
    /// The tags, each once, in the order they were given.
    pub tags: Vec<Tag>,
    /// How bare layers are packed.
    pub encoding: Encoding,
    /// How much memory packing may take.
    pub packing_memory: usize,
    /// What is attached to the image.
    pub attachments: Vec<AttachmentFile>,
    /// What the repository is to be like if it is to be created.
    pub create: Option<RepositorySettings>,
    /// The file with its lifecycle policy.
    pub lifecycle_policy: Option<PathBuf>,
    /// Where the findings of ECR's scan go, if they are to be waited for.
    pub wait_scan: Option<PathBuf>,
    /// The registry, if it is not the account's own.
    pub registry: Option<String>,
    /// Registries without TLS.
    pub plain_http: Vec<String>,
    /// Further certificates.
    pub ca_file: Option<PathBuf>,
    /// The socket of the Docker daemon.
    pub docker_socket: Option<PathBuf>,
    /// How many blobs are sent at a time.
    pub jobs: NonZeroUsize,
    /// How many bytes are sent a second, at most.
    pub limit_rate: Option<ByteSize>,
    /// Where blobs may be mounted from.
    pub mount_from: Option<Repository>,
    /// What remembers packed layers.
    pub cache: Option<PathBuf>,
    /// Only read.
    pub dry_run: bool,
}

impl Request {
    /// Resolves the arguments. `cache` is where caches are kept if nothing else is said.
    ///
    /// # Errors
    /// The arguments contradict each other, or name something that is none.
    pub fn resolve(arguments: &Arguments, input: &Input, cache: Option<PathBuf>) -> Result<Self, Error> {
        let source = ImageName::of(arguments.source.as_deref())?;
        if source == ImageName::StandardInput && input.foreign.as_ref().is_none_or(Vec::is_empty) {
            return Err(Error::NoImage);
        }
        if arguments.image.is_some() && matches!(source, ImageName::Registry(_)) {
            return Err(Error::ImageTwice);
        }
        let create = RepositorySettings::resolve(&arguments.create)?;
        if arguments.transfer.limit_rate == Some(ByteSize(0)) {
            return Err(Error::NoRate);
        }
        let registry = arguments.registry.registry.as_deref().map(host).transpose()?;
        let plain_http = arguments.registry.plain_http.iter().map(|name| host(name)).collect::<Result<_, _>>()?;
        let is_ecr = registry.as_deref().is_none_or(|host| EcrHost::of(host).is_some());
        if !is_ecr && (create.is_some() || arguments.wait_scan.is_some()) {
            return Err(Error::OnlyEcr(if create.is_some() { "--create" } else { "--wait-scan" }));
        }
        let docker_socket = match (&source, arguments.registry.docker_host.strip_prefix("unix://")) {
            (ImageName::Daemon(_), None) => return Err(Error::DockerHost(arguments.registry.docker_host.clone())),
            (_, path) => path.map(PathBuf::from),
        };
        let memory = usize::try_from(arguments.transfer.memory.0).unwrap_or(usize::MAX);
        let least = compress::least_memory(arguments.compression);
        let too_little = || Error::Memory { least: least + MEMORY_PER_STREAM };
        let (jobs, packing_memory) = share(memory, arguments.transfer.jobs, least).ok_or_else(too_little)?;
        Ok(Self {
            source,
            choice: Choice { name: arguments.image.clone(), platform: arguments.platform.clone() },
            repository: arguments.repository.clone(),
            tags: each_once(&arguments.tags),
            encoding: arguments.compression,
            packing_memory,
            attachments: arguments.attachments.clone(),
            create,
            lifecycle_policy: arguments.create.lifecycle_policy.clone(),
            wait_scan: arguments.wait_scan.clone(),
            registry,
            plain_http,
            ca_file: arguments.registry.ca_file.clone(),
            docker_socket,
            jobs,
            limit_rate: arguments.transfer.limit_rate,
            mount_from: arguments.transfer.mount_from.clone(),
            cache: arguments.transfer.cache.clone().or(cache),
            dry_run: arguments.change.dry_run,
        })
    }

    /// Whether the registry is ECR's.
    #[must_use]
    pub fn is_ecr(&self) -> bool {
        self.registry.as_deref().is_none_or(|host| EcrHost::of(host).is_some())
    }

    /// Reads the file that is named in it, before anything is done.
    ///
    /// # Errors
    /// It cannot be read, or is no JSON.
    pub async fn load(&mut self) -> Result<(), Error> {
        let (Some(path), Some(create)) = (&self.lifecycle_policy, &mut self.create) else { return Ok(()) };
        let bytes = read_file(path).await.map_err(|cause| Error::File { path: path.clone(), cause })?;
        let policy: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|cause| Error::Policy { path: path.clone(), cause })?;
        create.lifecycle_policy = Some(policy.to_string());
        Ok(())
    }

    /// Under which names an image with this digest is to be found: its tags, or its digest if it is to have none.
    #[must_use]
    pub fn references(&self, digest: &Digest) -> Vec<Reference> {
        if self.tags.is_empty() {
            return vec![Reference::Digest(digest.clone())];
        }
        self.tags.iter().cloned().map(Reference::Tag).collect()
    }
}

/// A registry's host; a slash at its end is what people copy along.
fn host(name: &str) -> Result<String, Error> {
    let host = name.strip_suffix('/').unwrap_or(name);
    let is_host = !host.is_empty() && !host.contains(['/', '@']) && !host.contains(char::is_whitespace);
    // What stands before an `@` is not said.
    let said = || name.rsplit('@').next().unwrap_or_default().to_owned();
    if is_host { Ok(host.to_owned()) } else { Err(Error::RegistryName(said())) }
}

/// What the streams leave is for packing; if that is too little, there are fewer streams.
fn share(memory: usize, jobs: NonZeroUsize, least: usize) -> Option<(NonZeroUsize, usize)> {
    let for_streams = memory.checked_sub(least)?;
    let fitting = NonZeroUsize::new(for_streams / MEMORY_PER_STREAM)?;
    let jobs = jobs.min(fitting);
    Some((jobs, memory - jobs.get() * MEMORY_PER_STREAM))
}

fn each_once(tags: &[Tag]) -> Vec<Tag> {
    let mut once: Vec<Tag> = Vec::with_capacity(tags.len());
    for tag in tags {
        if !once.contains(tag) {
            once.push(tag.clone());
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn resolve_with(arguments: &[&str], input: &Input) -> Result<Request, Error> {
        let words = ["ecr-push", "--repository", "web"].iter().chain(arguments);
        Request::resolve(&Arguments::try_parse_from(words).unwrap(), input, None)
    }

    fn resolve(arguments: &[&str]) -> Result<Request, Error> {
        resolve_with(arguments, &Input::default())
    }

    #[test]
    fn a_tag_that_is_given_twice_is_one_tag() {
        let request = resolve(&["web", "--tag", "b", "--tag", "a", "--tag", "b"]).unwrap();
        let tags: Vec<&str> = request.tags.iter().map(Tag::as_str).collect();
        assert_eq!(tags, ["b", "a"]);
    }

    #[test]
    fn an_image_without_tags_is_found_by_its_digest() {
        let digest: Digest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
        let request = resolve(&["web"]).unwrap();
        assert_eq!(request.references(&digest), [Reference::Digest(digest)]);
    }

    #[test]
    fn standard_input_is_an_image_if_something_came() {
        let tar = Input { foreign: Some(vec![0; 1024]), ..Input::default() };
        for arguments in [&[][..], &["-"]] {
            assert!(matches!(resolve(arguments), Err(Error::NoImage)), "{arguments:?}");
            assert_eq!(resolve_with(arguments, &tar).unwrap().source, ImageName::StandardInput);
        }
    }

    #[test]
    fn memory_is_shared_between_streams_and_packing() {
        let request = resolve(&["web"]).unwrap();
        assert_eq!(request.jobs.get(), 16);
        assert_eq!(request.packing_memory + 16 * MEMORY_PER_STREAM, 64 << 20);
        let small = resolve(&["web", "--memory", "8M"]).unwrap();
        assert!(small.jobs.get() < 16 && small.packing_memory >= compress::least_memory(Encoding::Gzip));
        assert!(matches!(resolve(&["web", "--memory", "2M"]), Err(Error::Memory { .. })));
    }

    #[test]
    fn what_only_ecr_can_do_is_refused_elsewhere() {
        let elsewhere = ["web", "--registry", "registry.example"];
        assert!(resolve(&elsewhere).is_ok());
        for flags in [&["--create"][..], &["--wait-scan", "found.json"]] {
            assert!(matches!(resolve(&[&elsewhere[..], flags].concat()), Err(Error::OnlyEcr(_))), "{flags:?}");
        }
        assert!(resolve(&["web", "--registry", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "--create"]).is_ok());
    }

    #[test]
    fn a_daemon_is_reached_by_its_socket() {
        let socket =
            |host: &str| resolve(&["docker-daemon:web", "--docker-host", host]).map(|request| request.docker_socket);
        assert_eq!(socket("unix:///run/podman.sock").unwrap(), Some(PathBuf::from("/run/podman.sock")));
        assert!(matches!(socket("tcp://10.0.0.1:2375"), Err(Error::DockerHost(_))));
    }
}

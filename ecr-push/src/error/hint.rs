//! The next command to type, for every error.

use contract::Fault;

use super::Error;
use crate::compress::CompressError;

/// The hint; nothing where there is none.
pub(super) fn of(error: &Error) -> Option<String> {
    Some(match error {
        Error::NoImage => "docker save web | ecr-push --repository NAME, or name a folder or file".to_owned(),
        Error::Name(_) | Error::ImageTwice => {
            "docker://HOST/REPOSITORY:TAG, docker-daemon:NAME:TAG, or a path".to_owned()
        }
        Error::RegistryName(_) => {
            "--registry registry.example:5000, and --plain-http with the same name if it has no TLS".to_owned()
        }
        Error::NoRate => "leave --limit-rate out to send as fast as the line allows".to_owned(),
        Error::OnlyEcr(_) => "leave it out, or leave --registry out".to_owned(),
        Error::DockerHost(_) => "docker save NAME | ecr-push --repository NAME".to_owned(),
        Error::TooManyFilters { .. } => "put what they have in common before one `*`".to_owned(),
        Error::Memory { least } => format!("--memory {}M", (least >> 20) + 1),
        Error::Policy { path, .. } => format!("jq . {}", path.display()),
        Error::PolicyNotPut { repository, .. } => format!(
            "aws ecr put-lifecycle-policy --repository-name {repository} --lifecycle-policy-text file://FILE: a repository that is there stays as it is"
        ),
        Error::File { .. } => "check the name and the permissions of the file".to_owned(),
        Error::Output { .. } => "name a file in a folder that is there".to_owned(),
        Error::Packing(CompressError::Write(_)) => {
            "make room in the folder that TMPDIR names, or name another one".to_owned()
        }
        Error::Packing(CompressError::Read(_)) => "look at the archive with: tar --list --file FILE".to_owned(),
        Error::Packing(CompressError::Thread(_)) => "raise the limit of processes: ulimit -u".to_owned(),
        Error::Packing(_) | Error::StreamStopped => {
            "run it again: what the registry has whole is not sent twice".to_owned()
        }
        Error::Draft(error) => return error.hint(),
        Error::Source(error) => return error.hint(),
        Error::Empty(_) => "leave it out, or write something into it".to_owned(),
        Error::LayerTooLarge { .. } => "build the image with more and smaller layers".to_owned(),
        Error::Daemon { .. } => "docker info; or name its socket: DOCKER_HOST=unix:///PATH".to_owned(),
        Error::NotInDaemon { .. } => "docker images".to_owned(),
        Error::NotInRegistry { .. } => "check the repository and the tag; both are case-sensitive".to_owned(),
        Error::Require(error) => return error.hint(),
        Error::RepositoryMissing { elsewhere, account, .. } if !elsewhere.is_empty() => {
            let region = elsewhere.iter().next().map_or("REGION", String::as_str);
            match account {
                Some(account) => format!("ecr-push … --registry {account}.dkr.ecr.{region}.amazonaws.com"),
                None => format!("ecr-push … --region {region}"),
            }
        }
        Error::RepositoryMissing { repository, .. } => {
            format!(
                "aws ecr create-repository --repository-name {repository}, or use --create; or is the region another one?"
            )
        }
        Error::OtherAccount { repository, .. } => format!(
            "in that account: aws ecr set-repository-policy --repository-name {repository} --policy-text FILE, with this account as principal"
        ),
        Error::TagImmutable { .. } => "push the image under a new tag".to_owned(),
        Error::Unseen { .. } => "run it again: what the registry has whole is not sent twice".to_owned(),
        Error::Moved { .. } => "someone else pushed at the same time; look who should win, and push again".to_owned(),
        Error::Attachments { .. } => "look what was pushed under that tag, and delete it if it is nobody's".to_owned(),
        Error::ScanFailed { repository, digest, .. } => {
            format!(
                "aws ecr describe-image-scan-findings --repository-name {repository} --image-id imageDigest={digest}"
            )
        }
        Error::ScanNotStarted { repository, digest, .. } => {
            format!(
                "turn on scan on push, or: aws ecr start-image-scan --repository-name {repository} --image-id imageDigest={digest}"
            )
        }
        Error::ScanUnfinished { .. } => "run it again: the image is pushed, only the scan is waited for".to_owned(),
        Error::Endpoint(_) => "look at --registry, AWS_ENDPOINT_URL and --endpoint-url".to_owned(),
        Error::Certificates(_) => "install the package ca-certificates".to_owned(),
        Error::TrustedFile { .. } => "name a file of certificates in PEM form".to_owned(),
        Error::Token => "log in again".to_owned(),
        Error::Credentials(error) => return error.hint(),
        Error::Call(error) => return error.hint(),
    })
}

//! Who we are at a registry that is not ECR: what `docker login`, `podman login` or a credential helper left behind.
//!
//! Sources: docker/cli, `cli/config`; `containers-auth.json(5)`; docker-credential-helpers, `client`. The crate `docker_credential` 1.4 does
//! part of it and is not used: it brings a second base64, knows no namespaces, takes a helper that has nothing for one that failed, and waits
//! for one for ever.

mod file;
mod helper;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::{Exit, Fault};
use thiserror::Error;

use self::file::AuthFile;

/// How long a helper may take: somebody may have to unlock a key chain.
const PATIENCE: Duration = Duration::from_secs(30);

/// What opens a registry.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// Nothing is known: the registry is asked as anybody may ask it.
    Anonymous,
    /// A user with a password.
    Password {
        /// The user.
        user: String,
        /// A secret.
        password: String,
    },
    /// A token that is exchanged for one that opens the registry. A secret.
    IdentityToken(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => formatter.write_str("Anonymous"),
            Self::Password { user, .. } => {
                formatter.debug_struct("Password").field("user", user).finish_non_exhaustive()
            }
            Self::IdentityToken(_) => formatter.debug_struct("IdentityToken").finish_non_exhaustive(),
        }
    }
}

/// Where credentials may lie.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// Files, the first one that knows the registry counts.
    files: Vec<PathBuf>,
    /// Folders in which helpers are looked for, as in `PATH`.
    programs: OsString,
    /// How long a helper may take.
    patience: Duration,
}

impl Places {
    /// Those that the environment names.
    pub(crate) fn of_environment() -> Self {
        // Without a session of its own, podman keeps what it was told below the user's number.
        let user = std::fs::metadata("/proc/self").ok().map(|own| own.uid());
        let runtime = user.map(|user| PathBuf::from(format!("/run/containers/{user}/auth.json")));
        Self::named_by(|variable| std::env::var_os(variable), runtime.as_ref())
    }

    fn named_by(variable: impl Fn(&str) -> Option<OsString>, runtime: Option<&PathBuf>) -> Self {
        // An empty variable is as good as none.
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let folder = |name: &str| set(name).map(PathBuf::from);
        let docker = folder("DOCKER_CONFIG").or_else(|| folder("HOME").map(|home| home.join(".docker")));
        let files = [
            folder("REGISTRY_AUTH_FILE"),
            docker.map(|folder| folder.join("config.json")),
            folder("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json")).or_else(|| runtime.cloned()),
        ];
        Self {
            files: files.into_iter().flatten().collect(),
            programs: set("PATH").unwrap_or_default(),
            patience: PATIENCE,
        }
    }
}

/// Why it is not known who we are.
#[derive(Debug, Error)]
pub enum CredentialsError {
    /// A file is there and cannot be read.
    #[error("the credentials in `{}` cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file is not understood. The reason quotes nothing of it, for it holds secrets.
    #[error("the credentials in `{}` are not understood: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// A helper that a file names is not there.
    #[error("the credential helper `docker-credential-{name}`, which `{}` names, is not in PATH", path.display())]
    NoHelper {
        /// Its name.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// A helper failed.
    #[error("the credential helper `docker-credential-{name}` failed: {reason}")]
    Helper {
        /// Its name.
        name: String,
        /// What it says, or what became of it.
        reason: String,
    },
}

impl Fault for CredentialsError {
    fn exit(&self) -> Exit {
        Exit::World
    }

    fn code(&self) -> String {
        match self {
            Self::Unreadable { .. } | Self::Malformed { .. } => "credentials.unreadable",
            Self::NoHelper { .. } | Self::Helper { .. } => "credentials.helper",
        }
        .to_owned()
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unreadable { .. } => "make the file readable, or name another one in REGISTRY_AUTH_FILE".to_owned(),
            Self::Malformed { .. } => "log in anew, or name another file in REGISTRY_AUTH_FILE".to_owned(),
            Self::NoHelper { name, .. } => format!("install docker-credential-{name}, or take it out of the file"),
            Self::Helper { name, .. } => format!("see what it knows: docker-credential-{name} list"),
        })
    }
}

/// Looks for the credentials for a repository of a registry. In each file a helper for the registry comes first, then what the file itself
/// knows, then the helper for all registries; a registry that has a helper of its own has no other.
///
/// # Errors
/// A file or a helper that is looked at says nothing that is understood. A file that is not there is no error, nor is a helper that knows
/// nothing.
pub(crate) async fn find(places: &Places, host: &str, repository: &str) -> Result<Credentials, CredentialsError> {
    for path in &places.files {
        if let Some(found) = find_in(path, places, host, repository).await? {
            return Ok(found);
        }
    }
    Ok(Credentials::Anonymous)
}

async fn find_in(
    path: &Path,
    places: &Places,
    host: &str,
    repository: &str,
) -> Result<Option<Credentials>, CredentialsError> {
    let malformed = |reason| CredentialsError::Malformed { path: path.to_owned(), reason };
    let bytes = match tokio::fs::read(path).await {
        Ok(bytes) => bytes,
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(cause) => return Err(CredentialsError::Unreadable { path: path.to_owned(), cause }),
    };
    let file = AuthFile::read(&bytes).map_err(malformed)?;
    let own = file.helper(host);
    if let Some(helper) = own.filter(|helper| !helper.name.is_empty())
        && let Some(found) = helper::ask(helper, path, places).await?
    {
        return Ok(Some(found));
    }
    if let Some(found) = file.entry(host, repository).map_err(malformed)? {
        return Ok(Some(found));
    }
    match file.store(host).filter(|_| own.is_none()) {
        Some(helper) => helper::ask(helper, path, places).await,
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A folder with files and helpers, and nothing of this machine.
    struct Bench {
        folder: tempfile::TempDir,
        places: Places,
    }

    impl Bench {
        fn new(files: &[Value]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let written = files.iter().enumerate().map(|(at, file)| {
                let path = folder.path().join(format!("{at}.json"));
                std::fs::write(&path, file.to_string()).unwrap();
                path
            });
            let files = written.collect();
            let places = Places { files, programs: folder.path().into(), patience: PATIENCE };
            Self { folder, places }
        }

        fn helper(self, name: &str, answer: &str) -> Self {
            helper::tests::write(self.folder.path(), name, answer);
            self
        }

        async fn find(&self, host: &str, repository: &str) -> Result<Credentials, CredentialsError> {
            find(&self.places, host, repository).await
        }
    }

    fn password(user: &str, password: &str) -> Credentials {
        Credentials::Password { user: user.to_owned(), password: password.to_owned() }
    }

    const ECHO: &str = r#"printf '{"ServerURL":"x","Username":"helper","Secret":"%s"}' "$(cat)""#;
    const NOTHING: &str = "echo credentials not found in native keychain; exit 1";

    #[tokio::test]
    async fn a_helper_of_the_registry_comes_before_the_file_and_the_file_before_the_helper_of_all() {
        let entry = json!({ "username": "file", "password": "b" });
        let file = json!({
            "credHelpers": { "own.test": "echo", "empty.test": "nothing", "file.test": "" },
            "auths": { "own.test": entry, "empty.test": entry, "known.test": entry, "bare.test": {} },
            "credsStore": "echo",
        });
        let bench = Bench::new(&[file]).helper("echo", ECHO).helper("nothing", NOTHING);
        for (host, expected) in [
            ("own.test", password("helper", "own.test")),
            ("empty.test", password("file", "b")),
            ("file.test", Credentials::Anonymous),
            ("known.test", password("file", "b")),
            // What docker leaves in the file for a registry whose credentials the store keeps.
            ("bare.test", password("helper", "bare.test")),
            ("other.test", password("helper", "other.test")),
            ("docker.io", password("helper", "https://index.docker.io/v1/")),
        ] {
            assert_eq!(bench.find(host, "web").await.unwrap(), expected, "{host}");
        }
    }

    #[tokio::test]
    async fn the_first_file_that_knows_the_registry_counts() {
        let file = |host: &str, user: &str| json!({ "auths": { host: { "username": user, "password": "p" } } });
        let mut bench =
            Bench::new(&[json!({}), file("a.test", "first"), file("a.test", "second"), file("b.test", "b")]);
        bench.places.files.insert(0, bench.folder.path().join("nowhere/config.json"));
        bench.places.files.insert(0, bench.folder.path().join("0.json/config.json"));
        assert_eq!(bench.find("a.test", "web").await.unwrap(), password("first", "p"));
        assert_eq!(bench.find("b.test", "web").await.unwrap(), password("b", "p"));
        assert_eq!(bench.find("c.test", "web").await.unwrap(), Credentials::Anonymous);
    }

    #[tokio::test]
    async fn a_file_that_is_not_understood_is_told_without_its_secrets() {
        let secret = "c2VjcmV0OnNlY3JldA==";
        let file = json!({ "auths": { "a.test": secret } });
        let error = Bench::new(&[file]).find("a.test", "web").await.unwrap_err();
        assert_eq!((error.exit(), error.code()), (Exit::World, "credentials.unreadable".to_owned()));
        assert!(error.to_string().contains("0.json") && !format!("{error} {error:?}").contains(secret), "{error}");
        let bench = Bench::new(&[json!({ "auths": { "a.test": { "auth": "!" }, "b.test": {} } })]);
        assert!(bench.find("a.test", "web").await.unwrap_err().to_string().contains("`a.test`"));
        assert_eq!(bench.find("b.test", "web").await.unwrap(), Credentials::Anonymous);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_an_error() {
        let mut bench = Bench::new(&[]);
        bench.places.files.push(bench.folder.path().to_owned());
        let error = bench.find("a.test", "web").await.unwrap_err();
        assert!(matches!(error, CredentialsError::Unreadable { .. }), "{error}");
        assert_eq!(error.code(), "credentials.unreadable");
    }

    #[tokio::test]
    async fn a_helper_that_is_not_there_is_an_error() {
        for name in ["missing", "../x"] {
            let bench = Bench::new(&[json!({ "credsStore": name })]);
            let error = bench.find("a.test", "web").await.unwrap_err();
            let expected = format!(
                "the credential helper `docker-credential-{name}`, which `{}` names, is not in PATH",
                bench.places.files[0].display()
            );
            assert_eq!((error.to_string(), error.code()), (expected, "credentials.helper".to_owned()));
        }
    }

    #[tokio::test]
    async fn what_skopeo_wrote_at_its_login_is_found() {
        let Some(skopeo) = testkit::peer::find("skopeo") else { return };
        let cloud = testkit::LocalAws::start().unwrap();
        cloud.world().ecr.bearer = true;
        let mut bench = Bench::new(&[]);
        let file = bench.folder.path().join("auth.json");
        let mut login = std::process::Command::new(skopeo);
        login.args(["login", "--tls-verify=false", "--username", "local", "--password", "local", "--authfile"]);
        assert!(login.arg(&file).arg(cloud.registry()).output().unwrap().status.success());
        bench.places.files.push(file);
        assert_eq!(bench.find(&cloud.registry(), "web").await.unwrap(), password("local", "local"));
    }

    #[test]
    fn places_are_those_of_docker_and_podman() {
        let places = |variables: &[(&str, &str)]| {
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
            let files = Places::named_by(variable, None).files;
            files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>()
        };
        let (home, runtime) = (("HOME", "/home/me"), ("XDG_RUNTIME_DIR", "/run/me"));
        let podman = "/run/me/containers/auth.json";
        assert_eq!(places(&[]), [""; 0]);
        assert_eq!(places(&[home, runtime]), ["/home/me/.docker/config.json", podman]);
        assert_eq!(places(&[home, ("DOCKER_CONFIG", "/etc/d"), runtime]), ["/etc/d/config.json", podman]);
        assert_eq!(places(&[home, ("DOCKER_CONFIG", "")]), ["/home/me/.docker/config.json"]);
        assert_eq!(places(&[("REGISTRY_AUTH_FILE", "/a.json"), home]), ["/a.json", "/home/me/.docker/config.json"]);
    }

    #[test]
    fn helpers_are_looked_for_where_programs_are() {
        let places = Places::of_environment();
        assert_eq!((places.programs, places.patience), (std::env::var_os("PATH").unwrap_or_default(), PATIENCE));
    }

    #[test]
    fn secrets_are_not_shown() {
        for (credentials, shown) in [
            (Credentials::Anonymous, "Anonymous"),
            (password("me", "secret"), "Password { user: \"me\", .. }"),
            (Credentials::IdentityToken("secret".to_owned()), "IdentityToken { .. }"),
        ] {
            assert_eq!(format!("{credentials:?}"), shown);
        }
    }
}

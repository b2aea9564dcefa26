//! A credential helper: a program that keeps credentials in a safer place than a file.
//!
//! Source: docker-credential-helpers, `README.md` and `client/client.go`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::file::Helper;
use super::{Credentials, CredentialsError, Places};

/// What a helper says that knows nothing of a registry.
const NOT_FOUND: &str = "credentials not found in native keychain";
/// The user that stands for none: the secret is an identity token.
const TOKEN_USER: &str = "<token>";
/// So much is told of what a helper says.
const SAID_LIMIT: usize = 300;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Asks a helper that a file names. None if it knows nothing.
pub(super) async fn ask(
    helper: Helper<'_>,
    file: &Path,
    places: &Places,
) -> Result<Option<Credentials>, CredentialsError> {
    let name = || helper.name.to_owned();
    let Some(program) = program(helper.name, places) else {
        return Err(CredentialsError::NoHelper { name: name(), path: file.to_owned() });
    };
    let failed = |reason| CredentialsError::Helper { name: name(), reason };
    let output = match tokio::time::timeout(places.patience, run(&program, helper.server)).await {
        Ok(run) => run.map_err(|cause| failed(cause.to_string()))?,
        Err(_) => return Err(failed(format!("it did not answer within {} s", places.patience.as_secs()))),
    };
    understood(&output).map_err(failed)
}

/// Where a helper lies. A folder that depends on where we are is no place for a program that hands out secrets.
fn program(name: &str, places: &Places) -> Option<PathBuf> {
    if name.contains('/') {
        return None;
    }
    let folders = std::env::split_paths(&places.programs).filter(|folder| folder.is_absolute());
    let mut files = folders.map(|folder| folder.join(format!("docker-credential-{name}")));
    files.find(|file| file.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0))
}

async fn run(program: &Path, server: &str) -> std::io::Result<Output> {
    let mut command = Command::new(program);
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut process = command.spawn()?;
    if let Some(mut input) = process.stdin.take() {
        // A helper that does not read has its reasons, and tells them.
        let _ = input.write_all(server.as_bytes()).await;
    }
    process.wait_with_output().await
}

/// The reason, if there is no answer, is what the helper says on standard error. The protocol has it say so on standard output, which is
/// told only if it cannot be credentials.
fn understood(output: &Output) -> Result<Option<Credentials>, String> {
    let stdout = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        if output.status.code() == Some(1) && stdout.contains(NOT_FOUND) {
            return Ok(None);
        }
        let message = if stdout.contains('{') { String::new() } else { told(&stdout) };
        let said = [told(&String::from_utf8_lossy(&output.stderr)), message].into_iter().find(|said| !said.is_empty());
        let status = output.status;
        return Err(said.map_or_else(|| status.to_string(), |said| format!("{status}: {said}")));
    }
    // What is wrong with it is not told: it would quote the secret.
    let answer: Answer =
        serde_json::from_str(&stdout).map_err(|_| "its answer holds no `Username` and `Secret`".to_owned())?;
    Ok(match answer {
        Answer { username, secret } if username.is_empty() && secret.is_empty() => None,
        Answer { username, secret } if username == TOKEN_USER => Some(Credentials::IdentityToken(secret)),
        Answer { username, secret } => Some(Credentials::Password { user: username, password: secret }),
    })
}

/// What was said, in one line that does nothing to a terminal.
fn told(text: &str) -> String {
    let words: Vec<&str> = text.split(|next: char| next.is_whitespace() || next.is_control()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(SAID_LIMIT).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;

    /// Writes a helper by a process of its own: one that this process has open for writing could not be started by it.
    pub(in crate::credentials) fn write(folder: &Path, name: &str, script: &str) {
        let path = folder.join(format!("docker-credential-{name}"));
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$2\" > \"$1\" && chmod 755 \"$1\"", "sh"]);
        assert!(shell.arg(path).arg(script).status().unwrap().success());
    }

    async fn asked(script: &str, patience: Duration) -> Result<Option<Credentials>, CredentialsError> {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "test", script);
        let places = Places { files: Vec::new(), programs: folder.path().into(), patience };
        ask(Helper { name: "test", server: "https://a.test" }, Path::new("config.json"), &places).await
    }

    async fn told_by(script: &str) -> Result<Option<Credentials>, String> {
        asked(script, Duration::from_mins(1)).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_helper_is_called_with_get_and_hears_the_server() {
        let script = r#"printf '{"ServerURL":"x","Username":"%s","Secret":"%s"}' "$*" "$(cat)""#;
        let expected = Credentials::Password { user: "get".to_owned(), password: "https://a.test".to_owned() };
        assert_eq!(told_by(script).await, Ok(Some(expected)));
    }

    #[tokio::test]
    async fn the_user_token_means_an_identity_token() {
        let script = r#"echo '{"Username":"<token>","Secret":"t"}'"#;
        assert_eq!(told_by(script).await, Ok(Some(Credentials::IdentityToken("t".to_owned()))));
    }

    #[tokio::test]
    async fn a_helper_that_knows_nothing_is_no_error() {
        for script in [
            "echo credentials not found in native keychain; exit 1",
            r#"echo '{"ServerURL":"","Username":"","Secret":""}'"#,
        ] {
            assert_eq!(told_by(script).await, Ok(None), "{script}");
        }
    }

    #[tokio::test]
    async fn a_helper_that_fails_is_told_with_what_it_says_but_without_secrets() {
        for (script, reason) in [
            ("echo locked >&2; exit 1", "exit status: 1: locked"),
            ("echo 'no  key\nchain \u{1b}[31m'; exit 2", "exit status: 2: no key chain [31m"),
            ("echo out; echo err >&2; exit 1", "exit status: 1: err"),
            (
                "echo credentials not found in native keychain; exit 3",
                "exit status: 3: credentials not found in native keychain",
            ),
            (r#"echo '{"Username":"u","Secret":"s"}'; exit 1"#, "exit status: 1"),
            (r#"echo '{"Secret":"s"}'; echo '{odd}' >&2; exit 1"#, "exit status: 1: {odd}"),
            ("echo secret", "its answer holds no `Username` and `Secret`"),
            (r#"echo '{"Username":"u","Secret":7}'"#, "its answer holds no `Username` and `Secret`"),
            ("kill -9 $$", "signal: 9 (SIGKILL)"),
        ] {
            let expected = format!("the credential helper `docker-credential-test` failed: {reason}");
            assert_eq!(told_by(script).await, Err(expected), "{script}");
        }
    }

    #[tokio::test]
    async fn a_helper_that_does_not_answer_is_ended() {
        let error = asked("exec sleep 600", Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the credential helper `docker-credential-test` failed: it did not answer within 0 s"
        );
    }

    #[tokio::test]
    async fn a_helper_that_does_not_read_is_heard_all_the_same() {
        let script = r#"exec 0<&-; echo '{"Username":"u","Secret":"s"}'"#;
        let expected = Credentials::Password { user: "u".to_owned(), password: "s".to_owned() };
        assert_eq!(told_by(script).await, Ok(Some(expected)));
    }

    #[test]
    fn only_a_program_in_an_absolute_folder_is_a_helper() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::write(path.join("docker-credential-notes"), "").unwrap();
        std::fs::create_dir(path.join("docker-credential-folder")).unwrap();
        write(path, "test", "");
        let found = |programs: &str, name: &str| {
            let places = Places { files: Vec::new(), programs: programs.into(), patience: Duration::ZERO };
            program(name, &places).is_some()
        };
        let absolute = format!("/nowhere:.:{}", path.display());
        assert!(found(&absolute, "test"));
        for (programs, name) in
            [(absolute.as_str(), "notes"), (&absolute, "folder"), (&absolute, "other"), ("", "test")]
        {
            assert!(!found(programs, name), "{programs} {name}");
        }
        assert!(!found(&absolute, &format!("x/../../{}/docker-credential-test", path.display())));
    }
}

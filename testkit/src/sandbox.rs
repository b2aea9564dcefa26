//! Runs a tool or a whole shell pipeline in an empty folder with an empty environment, and checks what came out.
//!
//! ```text
//! Sandbox::new().tool("scan-gate").args(["report.json"]).run().code(1).stderr_contains("2 findings");
//! ```

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::server::LocalAws;

/// Programs that a shell pipeline in a test may use beside the tools.
const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// An empty folder to run things in. It is deleted when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Sandbox {
    /// A new empty folder.
    ///
    /// # Panics
    /// The system gives no folder.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without a folder cannot go on")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().display().to_string();
        let mut environment = vec![("HOME".to_owned(), home)];
        environment.push(("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()));
        Self { folder, environment }
    }

    /// The same, with the local AWS as the only AWS there is.
    #[must_use]
    pub fn with_aws(cloud: &LocalAws) -> Self {
        let variables = [
            ("AWS_ENDPOINT_URL", cloud.endpoint()),
            ("AWS_ACCESS_KEY_ID", "AKIDLOCAL"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_REGION", crate::world::REGION),
        ];
        variables.into_iter().fold(Self::new(), |sandbox, (name, value)| sandbox.env(name, value))
    }

    /// The same with one more environment variable for everything that runs in it.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder and says where it is.
    ///
    /// # Panics
    /// It cannot be written.
    #[expect(clippy::expect_used, reason = "a test without its fixture cannot go on")]
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        let folder = path.parent().unwrap_or(self.path());
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, content)).expect("a writable folder");
        path
    }

    /// A run of one of the tools.
    #[must_use]
    pub fn tool(&self, name: &str) -> Run {
        self.program(&binaries().join(name))
    }

    /// A run of any program.
    #[must_use]
    pub fn program(&self, program: &Path) -> Run {
        let mut command = Command::new(program);
        command.current_dir(self.path()).env_clear().env("PATH", format!("{}:{SYSTEM_PATH}", binaries().display()));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        Run { command, input: Stdin::Null }
    }

    /// A run of a shell script in which the tools are found by their names. There is no `pipefail` unless the script sets it.
    #[must_use]
    pub fn shell(&self, script: &str) -> Run {
        self.program(Path::new("bash")).args(["-c", script])
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

/// The folder that cargo put the tools into: the one above the running test's own.
fn binaries() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    test.ancestors().nth(2).unwrap_or(Path::new("/")).to_owned()
}

#[derive(Debug)]
enum Stdin {
    Null,
    Bytes(Vec<u8>),
}

/// A program about to run.
#[derive(Debug)]
pub struct Run {
    command: Command,
    input: Stdin,
}

impl Run {
    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<std::ffi::OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes an environment variable away.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Gives standard input these bytes instead of nothing.
    #[must_use]
    pub fn pipe_in(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Stdin::Bytes(bytes.into());
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    pub fn run(self) -> Outcome {
        let child = self.start();
        child.wait()
    }

    /// Starts it and goes on: the form for tests that send signals.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    pub fn start(mut self) -> Running {
        let piped = matches!(self.input, Stdin::Bytes(_));
        self.command.stdin(if piped { Stdio::piped() } else { Stdio::null() });
        let line = describe(&self.command);
        let spawned = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("{}", cannot_start(&line, &error)));
        if let (Stdin::Bytes(bytes), Some(mut stdin)) = (self.input, child.stdin.take()) {
            // A program that does not read its input to the end closes the pipe: that is its right.
            std::thread::spawn(move || drop(stdin.write_all(&bytes)));
        }
        Running { child, line }
    }
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn cannot_start(line: &str, error: &io::Error) -> String {
    format!("`{line}` cannot be started: {error}; the tools are built by: make build")
}

/// A program that runs.
#[derive(Debug)]
pub struct Running {
    child: std::process::Child,
    line: String,
}

impl Running {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by name, for example `TERM`.
    ///
    /// # Panics
    /// There is no `kill`.
    #[expect(clippy::expect_used, reason = "a test that cannot send its signal cannot go on")]
    pub fn signal(&self, name: &str) {
        Command::new("kill").args([format!("-{name}"), self.id().to_string()]).status().expect("kill");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// The system lost it.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without an outcome cannot go on")]
    pub fn wait(self) -> Outcome {
        let output = self.child.wait_with_output().expect("the child's outcome");
        Outcome { output, line: self.line }
    }
}

/// What came out of a run. Each check returns the outcome again, and shows all of it when it fails.
#[derive(Debug)]
pub struct Outcome {
    output: Output,
    line: String,
}

impl Outcome {
    /// The exit code; `None` if a signal ended it.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// Standard output as text.
    #[must_use]
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// Standard error as text.
    #[must_use]
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Standard output as the one JSON document that it has to be.
    ///
    /// # Panics
    /// It is not exactly one JSON document.
    #[must_use]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.output.stdout) {
            Ok(value) => value,
            Err(error) => panic!("standard output is not one JSON document: {error}\n{}", self.everything()),
        }
    }

    /// Checks the exit code.
    ///
    /// # Panics
    /// It is another one.
    #[must_use]
    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(self.exit_code(), Some(expected), "{}", self.everything());
        self
    }

    /// Checks the whole of standard output.
    ///
    /// # Panics
    /// It is another text.
    #[must_use]
    #[track_caller]
    pub fn stdout_is(self, expected: &str) -> Self {
        assert_eq!(self.stdout(), expected, "{}", self.everything());
        self
    }

    /// Checks the whole of standard error.
    ///
    /// # Panics
    /// It is another text.
    #[must_use]
    #[track_caller]
    pub fn stderr_is(self, expected: &str) -> Self {
        assert_eq!(self.stderr(), expected, "{}", self.everything());
        self
    }

    /// Checks that standard output has this text.
    ///
    /// # Panics
    /// It does not.
    #[must_use]
    #[track_caller]
    pub fn stdout_contains(self, expected: &str) -> Self {
        assert!(self.stdout().contains(expected), "standard output lacks `{expected}`\n{}", self.everything());
        self
    }

    /// Checks that standard error has this text.
    ///
    /// # Panics
    /// It does not.
    #[must_use]
    #[track_caller]
    pub fn stderr_contains(self, expected: &str) -> Self {
        assert!(self.stderr().contains(expected), "standard error lacks `{expected}`\n{}", self.everything());
        self
    }

    /// Checks that standard output is one release document whose value at a JSON pointer is this one.
    ///
    /// # Panics
    /// It is not.
    #[must_use]
    #[track_caller]
    pub fn says(self, pointer: &str, expected: impl Into<Value>) -> Self {
        let document = self.json();
        let found = document.pointer(pointer).cloned().unwrap_or(Value::Null);
        assert_eq!(found, expected.into(), "at {pointer}\n{}", self.everything());
        self
    }

    fn everything(&self) -> String {
        let mut text = String::new();
        // Writing into memory cannot fail.
        let _ = write!(
            text,
            "$ {}\n--- {}\n--- standard output\n{}\n--- standard error\n{}",
            self.line,
            self.output.status,
            self.stdout(),
            self.stderr()
        );
        text
    }
}

//! The real Docker, where there is one: it needs a daemon, so no test demands it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use testkit::sandbox::Sandbox;

/// A client, its daemon's address, and what is to be removed from it when the test ends.
pub(crate) struct Docker {
    program: PathBuf,
    host: String,
    names: Mutex<Vec<String>>,
}

impl Docker {
    /// If the daemon answers. Else it is said on standard error that something is skipped.
    pub(crate) fn find() -> Option<Self> {
        let host = "unix:///var/run/docker.sock".to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = std::env::split_paths(&path).map(|folder| folder.join("docker")).find(|file| file.is_file());
        let found = program.map(|program| Self { program, host, names: Mutex::default() });
        let found = found.filter(|docker| {
            let sandbox = Sandbox::new();
            let info = sandbox.program(&docker.program).args(["--host", &docker.host, "info"]).run();
            info.exit_code() == Some(0) && !info.stdout().contains("\nERROR:")
        });
        if found.is_none() {
            let _ = writeln!(std::io::stderr(), "skipped: no Docker daemon answers");
        }
        found
    }

    /// The daemon's address.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Runs the client; what it says on standard output.
    pub(crate) fn run(&self, sandbox: &Sandbox, arguments: &[&str]) -> String {
        let run = sandbox.program(&self.program).args(["--host", &self.host]).args(arguments);
        run.run().code(0).stdout()
    }

    /// Makes a small image, under a name of its own; the name.
    pub(crate) fn import(&self, sandbox: &Sandbox, name: &str) -> String {
        let name = format!("{name}-{}", std::process::id());
        self.names.lock().unwrap().push(name.clone());
        sandbox.write("root/etc/motd", "hello");
        let _ = sandbox.shell("tar --create --file root.tar --directory root .").run().code(0);
        let change = r#"CMD ["/bin/web"]"#;
        let _ = self.run(sandbox, &["import", "--change", change, "--change", "EXPOSE 80", "root.tar", &name]);
        name
    }

    /// What `docker save` writes.
    pub(crate) fn save(&self, sandbox: &Sandbox, name: &str, file: &Path) -> PathBuf {
        let path = sandbox.path().join(file);
        let _ = self.run(sandbox, &["save", "--output", &path.display().to_string(), name]);
        path
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        for name in self.names.lock().unwrap().iter() {
            let mut remove = std::process::Command::new(&self.program);
            // A rest in the daemon does no harm.
            let _ = remove.args(["--host", &self.host, "image", "rm", "--force", name]).output();
        }
    }
}

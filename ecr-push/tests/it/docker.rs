//! The real Docker, where there is one: it needs a daemon, so no test demands it.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use testkit::peer;
use testkit::sandbox::Sandbox;

/// A daemon, and what is to be removed from it when the test ends.
pub(crate) struct Docker {
    daemon: peer::Docker,
    names: Mutex<Vec<String>>,
}

impl Docker {
    /// If the daemon answers. Else it is said on standard error that something is skipped.
    pub(crate) fn find() -> Option<Self> {
        peer::docker().map(|daemon| Self { daemon, names: Mutex::default() })
    }

    /// The daemon's address.
    pub(crate) fn host(&self) -> &str {
        self.daemon.host()
    }

    /// The id of an image.
    pub(crate) fn id(&self, name: &str) -> String {
        self.daemon.run(&["image", "inspect", "--format", "{{.Id}}", name]).trim().to_owned()
    }

    /// Makes a small image, under a name of its own; the name.
    pub(crate) fn import(&self, sandbox: &Sandbox, name: &str) -> String {
        let name = format!("{name}-{}", std::process::id());
        self.names.lock().unwrap().push(name.clone());
        sandbox.write("root/etc/motd", "hello");
        let _ = sandbox.shell("tar --create --file root.tar --directory root .").run().code(0);
        let change = r#"CMD ["/bin/web"]"#;
        let tar = sandbox.path().join("root.tar").display().to_string();
        let _ = self.daemon.run(&["import", "--change", change, "--change", "EXPOSE 80", &tar, &name]);
        name
    }

    /// What `docker save` writes.
    pub(crate) fn save(&self, sandbox: &Sandbox, name: &str, file: &Path) -> PathBuf {
        let path = sandbox.path().join(file);
        let _ = self.daemon.run(&["save", "--output", &path.display().to_string(), name]);
        path
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        for name in self.names.lock().unwrap().iter() {
            self.daemon.remove_image(name);
        }
    }
}

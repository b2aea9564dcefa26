//! Who holds a lease: one process of one start of one system, and whether it is still there.

use std::fs;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};

use crate::process::stat::ProcessStat;

/// One process. Ids are used again; together with when it was started and where, an id is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// The host's name.
    pub host: String,
    /// The id of the host's present start. Source: random(4), `/proc/sys/kernel/random/boot_id`.
    pub boot: String,
    /// The namespace in which the id means something: two containers of one host may share name and start.
    /// Source: `pid_namespaces(7)`, `/proc/pid/ns/pid`.
    pub namespace: String,
    /// The process's id.
    pub pid: i32,
    /// When it was started, in clock ticks since the host was.
    pub started: u64,
}

impl ProcessIdentity {
    /// This process; `None` if the system does not say.
    #[must_use]
    pub fn own() -> Option<Self> {
        let stat = ProcessStat::parse(&fs::read_to_string("/proc/self/stat").ok()?)?;
        let (host, boot, namespace) = here()?;
        Some(Self { host, boot, namespace, pid: stat.id, started: stat.started })
    }

    /// Whether the process, or what it has left to its guard to end, is still there; `None` if that cannot be known from here: it was on another host, in another container or before
    /// the host was started again, or the system hides it.
    #[must_use]
    pub fn is_alive(&self) -> Option<bool> {
        let (host, boot, namespace) = here()?;
        if (&host, &boot, &namespace) != (&self.host, &self.boot, &self.namespace) {
            return None;
        }
        // The table may hide what belongs to others; that a signal finds nobody is certain.
        if test_kill_process(Pid::from_raw(self.pid)?) == Err(Errno::SRCH) {
            return Some(self.has_guard());
        }
        let stat = ProcessStat::parse(&fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?)?;
        Some(stat.started == self.started && stat.is_alive() || self.has_guard())
    }

    /// Whether something that this process ran under its lock is still there: the guard, or what has the lock in its environment.
    fn has_guard(&self) -> bool {
        let Ok(entries) = fs::read_dir("/proc") else { return true };
        let guard = format!("\0{}\0--parent\0{}\0", super::child::GUARD, self.pid);
        // As the lock is written: JSON within JSON.
        let lock = format!("\\\"pid\\\":{},\\\"started\\\":{}", self.pid, self.started);
        let says = |folder: &Path, file: &str, text: &str| {
            let bytes = fs::read(folder.join(file)).unwrap_or_default();
            bytes.windows(text.len()).any(|part| part == text.as_bytes())
        };
        let mut folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
        folders.any(|folder| says(&folder, "cmdline", &guard) || says(&folder, "environ", &lock))
    }
}

/// Host, start and namespace of this process.
fn here() -> Option<(String, String, String)> {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").ok()?.trim().to_owned();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?.to_str()?.to_owned();
    Some((host, boot, namespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_another_under_its_id_is_not() {
        let own = ProcessIdentity::own().unwrap();
        assert_eq!(own.is_alive(), Some(true));
        assert_eq!(ProcessIdentity { started: own.started + 1, ..own.clone() }.is_alive(), Some(false));
    }

    #[test]
    fn nobody_is_dead_who_cannot_be_seen_from_here() {
        let own = ProcessIdentity::own().unwrap();
        let elsewhere = String::from("elsewhere");
        assert_eq!(ProcessIdentity { host: elsewhere.clone(), ..own.clone() }.is_alive(), None);
        assert_eq!(ProcessIdentity { boot: elsewhere.clone(), ..own.clone() }.is_alive(), None);
        assert_eq!(ProcessIdentity { namespace: elsewhere, ..own.clone() }.is_alive(), None);
        assert_eq!(ProcessIdentity { pid: 0, ..own }.is_alive(), None);
    }

    #[test]
    fn who_has_ended_is_dead_before_and_after_its_parent_knows() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let own = ProcessIdentity::own().unwrap();
        let stat =
            || fs::read_to_string(format!("/proc/{}/stat", child.id())).ok().and_then(|text| ProcessStat::parse(&text));
        let started = stat().unwrap().started;
        while stat().is_some_and(|stat| stat.is_alive()) {
            std::thread::yield_now();
        }
        let identity = ProcessIdentity { pid: i32::try_from(child.id()).unwrap(), started, ..own };
        assert_eq!(identity.is_alive(), Some(false));
        child.wait().unwrap();
        assert_eq!(identity.is_alive(), Some(false));
    }
}

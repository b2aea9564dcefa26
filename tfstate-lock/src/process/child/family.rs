//! The processes that come from a command, whatever they became: groups and sessions of their own do not matter, and whose parent has ended
//! belongs to the guard, which has made itself the parent of all orphans below it. Source: prctl(2), `PR_SET_CHILD_SUBREAPER`.

use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::process::stat::ProcessStat;

/// All processes of the system.
pub(super) fn table() -> Vec<ProcessStat> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let is_process = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    ids.filter(|name| is_process(name)).filter_map(|id| one(&id)).collect()
}

fn one(id: &str) -> Option<ProcessStat> {
    let line = fs::read(format!("/proc/{id}/stat")).ok()?;
    ProcessStat::parse(&String::from_utf8_lossy(&line))
}

/// The process with this id.
pub(super) fn find(id: Pid) -> Option<ProcessStat> {
    one(&id.as_raw_pid().to_string())
}

/// Those that are alive and descend from `root`, without itself.
pub(super) fn below(root: Pid, table: &[ProcessStat]) -> Vec<&ProcessStat> {
    let mut family = vec![root.as_raw_pid()];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        family.extend(table.iter().filter(|process| process.parent == parent).map(|process| process.id));
        next += 1;
    }
    table.iter().filter(|process| family[1..].contains(&process.id) && process.is_alive()).collect()
}

/// Sends a signal to the group of a guard, and to the command if it has left that group, as an interactive shell or timeout(1) does. What
/// such a command started is for it to care for.
pub(super) fn signal_group(guard: Pid, command: Option<Pid>, signal: Signal) {
    // Whoever has ended needs no signal.
    let _ = kill_process_group(guard, signal);
    let Some(command) = command else { return };
    let is_out = |process: &ProcessStat| process.parent == guard.as_raw_pid() && process.group != guard.as_raw_pid();
    if find(command).is_some_and(|process| is_out(&process)) {
        let _ = kill_process(command, signal);
    }
}

/// Sends a signal to each of some processes, and says which did not allow it.
pub(super) fn signal_each<'a>(processes: &[&'a ProcessStat], signal: Signal) -> Vec<&'a ProcessStat> {
    let refuses = |process: &ProcessStat| {
        Pid::from_raw(process.id).is_some_and(|id| kill_process(id, signal) == Err(Errno::PERM))
    };
    processes.iter().copied().filter(|process| refuses(process)).collect()
}

/// Names processes for people.
pub(super) fn name(processes: &[&ProcessStat]) -> String {
    let names: Vec<String> = processes.iter().map(|process| format!("{} ({})", process.id, process.name)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(id: i32, parent: i32, state: char) -> ProcessStat {
        ProcessStat { id, name: "sh".to_owned(), state, parent, group: 1, started: 0 }
    }

    #[test]
    fn all_who_descend_are_found_in_whatever_order_the_table_has_them() {
        let table =
            [process(3, 9, 'S'), process(9, 4, 'S'), process(4, 2, 'S'), process(5, 1, 'S'), process(6, 9, 'Z')];
        let found = below(Pid::from_raw(2).unwrap(), &table);
        assert_eq!(name(&found), "3 (sh), 9 (sh), 4 (sh)");
    }
}

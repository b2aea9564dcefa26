//! One line of the system's table of processes. Pure. Source: proc(5), `/proc/pid/stat`.

/// A process as the system's table shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessStat {
    /// Its id.
    pub id: i32,
    /// The name of its program, at most 15 bytes.
    pub name: String,
    /// Its state: `R`, `S`, `T` and so on; `Z` once it has ended.
    pub state: char,
    /// Its parent's id.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// When it was started, in clock ticks since the system was: together with the id, it names one process.
    pub started: u64,
}

impl ProcessStat {
    /// Reads the line; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // The name may hold anything, parentheses and spaces too.
        let (head, rest) = text.rsplit_once(')')?;
        let (id, name) = head.split_once('(')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        // `starttime` is field 22; the group was field 5.
        let started = fields.nth(16)?.parse().ok()?;
        Some(Self { id: id.trim().parse().ok()?, name: name.to_owned(), state, parent, group, started })
    }

    /// Whether it has not ended yet.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X' | 'x')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REST: &str = "S 12 40 12 34816 40 4194304 93 0 0 0 1 2 0 0 20 0 1 0 8812 4567040 420 184467";

    #[test]
    fn a_name_may_hold_what_looks_like_the_end_of_it() {
        for name in ["sh", "a b", "(sd-pam)", "x) S 1 1 1 (", ""] {
            let stat = ProcessStat::parse(&format!("41 ({name}) {REST}\n")).unwrap();
            let expected =
                ProcessStat { id: 41, name: name.to_owned(), state: 'S', parent: 12, group: 40, started: 8812 };
            assert_eq!(stat, expected);
        }
    }

    #[test]
    fn who_has_ended_is_not_alive_though_still_in_the_table() {
        for (state, alive) in [("R", true), ("S", true), ("D", true), ("T", true), ("Z", false), ("X", false)] {
            let stat = ProcessStat::parse(&format!("41 (sh) {}", REST.replacen('S', state, 1))).unwrap();
            assert_eq!(stat.is_alive(), alive, "{state}");
        }
    }

    #[test]
    fn the_table_of_this_system_is_understood() {
        let stat = ProcessStat::parse(&std::fs::read_to_string("/proc/self/stat").unwrap()).unwrap();
        assert_eq!(stat.id.unsigned_abs(), std::process::id());
        assert_eq!(stat.group, rustix::process::getpgrp().as_raw_pid());
        assert!(stat.is_alive() && stat.started > 0);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in any::<String>()) {
            let _ = ProcessStat::parse(&text);
        }
    }
}

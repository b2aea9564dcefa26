//! Whose the terminal is. Source: `tcsetpgrp(3)`; POSIX, General Terminal Interface.
//!
//! Only a process of the foreground group may say who is next: any other is stopped by SIGTTOU, which cannot be ignored without unsafe
//! code. So we give the terminal away while it is ours, and the guard, which is in the command's group, gives it back.

use std::fs::File;

use rustix::process::{Pid, getpgrp};
use rustix::termios::{tcgetpgrp, tcsetpgrp};

/// Whether a group has the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It has.
    Theirs,
    /// Some other group has.
    Others,
    /// There is no terminal.
    None,
}

/// Gives the terminal to a group if this process's own group has it.
pub(super) fn give_to(group: Pid) -> Turn {
    let Ok(terminal) = File::options().read(true).write(true).open("/dev/tty") else { return Turn::None };
    match tcgetpgrp(&terminal) {
        Ok(present) if present == group => Turn::Theirs,
        Ok(present) if present == getpgrp() && tcsetpgrp(&terminal, group).is_ok() => Turn::Theirs,
        Ok(_) => Turn::Others,
        Err(_) => Turn::None,
    }
}

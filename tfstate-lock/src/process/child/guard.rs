//! The guard: the process between us and the command. It starts the command, sees that it ends if we are killed, and leaves nothing of it
//! behind.
//!
//! It leads the process group of the command, so the group's id is taken as long as it lives, and it survives the signals that are sent to
//! the group. It is the parent of all orphans below it, so that nothing that came from the command gets out of sight.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::time::Duration;

use clap::Args;
use contract::arguments::parse_duration;
use contract::{Progress, Session};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpgid, getpgrp, getpid, getppid, kill_process, pidfd_open,
    set_child_subreaper, wait,
};
use tokio::signal::unix::{Signal as Arrivals, SignalKind, signal};
use tokio::task::JoinHandle;

use super::change::Change;
use super::error::ChildError;
use super::{BEGUN, NOT_STOPPED, RENEWED, ROUND, family, terminal};
use crate::process::boot_time;

/// What the command left behind may take so long to end by itself: the reader at the end of a pipe, for example.
const LINGER: Duration = Duration::from_secs(2);
/// And so long once it was asked to.
const FAREWELL: Duration = Duration::from_secs(5);

/// Arguments of the hidden subcommand.
#[derive(Args, Debug)]
pub struct GuardArguments {
    /// The process that holds the lock.
    #[arg(long, value_name = "PID")]
    pub parent: i32,

    /// How long the command may take to end if that process is killed.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub grace: Duration,

    /// How long the command may run after the last word that the lease was renewed; for ever if it is not said.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub lease: Option<Duration>,

    /// The command.
    #[arg(value_name = "COMMAND", required = true, last = true)]
    pub command: Vec<OsString>,
}

/// Runs the command, and says by the session what the process is to end with: the command's code, 128+n if signal n ended it.
///
/// # Errors
/// The command cannot be started, or whoever is to be watched is gone.
pub(crate) async fn guard(arguments: &GuardArguments, session: &Session) -> Result<(), ChildError> {
    session.hand_over_standard_output();
    // From here on no signal ends this process.
    let mut interruptions = session.all_interruptions();
    let mut parent = Parent::watch(arguments.parent)?;
    set_child_subreaper(Some(getpid())).map_err(system)?;
    let mut renewals = signal(SignalKind::from_raw(RENEWED.as_raw())).map_err(ChildError::Guard)?;
    let mut limit = Box::pin(over(arguments.lease));
    let mut charge = Charge::start(&arguments.command, session.progress.clone())?;
    // Until it hears this, it passes no signal on: one that came before the command would be lost here.
    let _ = kill_process(parent.id, BEGUN);
    loop {
        tokio::select! {
            biased;
            _ = charge.changes.recv() => {
                charge.reap();
                if charge.code.is_some() {
                    break;
                }
            }
            () = parent.ended() => {
                charge.stop("the process that holds the lock was killed", arguments.grace).await;
                break;
            }
            _ = renewals.recv() => limit = Box::pin(over(arguments.lease)),
            // Whoever holds the lock would have seen to it before: it is stopped, or hangs.
            () = &mut limit => {
                charge.stop("the lease was not renewed", arguments.grace).await;
                break;
            }
            // It went to the whole group, the command too.
            _ = interruptions.next() => {}
        }
    }
    charge.clear().await;
    terminal::give_to(parent.group);
    session.end_with(charge.code.unwrap_or(128 + 9));
    Ok(())
}

/// Ends when a lease is over that begins now, on a clock that counts suspended time.
async fn over(lease: Option<Duration>) {
    let Some(lease) = lease else { return std::future::pending().await };
    boot_time::sleep_until(boot_time::now() + lease).await;
}

fn system(error: Errno) -> ChildError {
    ChildError::Guard(error.into())
}

/// The process that holds the lock.
struct Parent {
    id: Pid,
    group: Pid,
    /// Ends when it does.
    end: JoinHandle<()>,
}

impl Parent {
    fn watch(id: i32) -> Result<Self, ChildError> {
        let id = Pid::from_raw(id).ok_or(ChildError::NoParent)?;
        let end = pidfd_open(id, PidfdFlags::empty()).map_err(|_| ChildError::NoParent)?;
        // Asked after it was opened: from now on the two are the same process, or it has ended.
        if getppid() != Some(id) {
            return Err(ChildError::NoParent);
        }
        let group = getpgid(Some(id)).map_err(system)?;
        Ok(Self { id, group, end: tokio::task::spawn_blocking(move || wait_for(&end)) })
    }

    async fn ended(&mut self) {
        // A thread that broke off would not see the end: as good as one.
        let _ = (&mut self.end).await;
    }
}

/// Waits until a process has ended: its descriptor is readable then. Source: `pidfd_open(2)`.
fn wait_for(process: &OwnedFd) {
    while poll(&mut [PollFd::new(process, PollFlags::IN)], None) == Err(Errno::INTR) {}
}

/// The command, and what comes from it.
struct Charge {
    command: Pid,
    /// What it ended with.
    code: Option<u8>,
    changes: Arrivals,
    progress: Progress,
}

impl Charge {
    fn start(command: &[OsString], progress: Progress) -> Result<Self, ChildError> {
        let changes = signal(SignalKind::child()).map_err(ChildError::Guard)?;
        let (program, arguments) =
            command.split_first().ok_or_else(|| ChildError::NotFound { program: String::new() })?;
        let child = Command::new(program).args(arguments).spawn().map_err(|cause| refusal(program, cause))?;
        Ok(Self { command: Pid::from_child(&child), code: None, changes, progress })
    }

    /// Takes notice of all that has ended, and says whether nothing is left.
    fn reap(&mut self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG | WaitOptions::UNTRACED) {
                Ok(Some((id, status))) if id == self.command => self.note(Change::of(status)),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return false,
                // All that comes from the command has its line of parents end here: no child, no descendant.
                Err(_) => return true,
            }
        }
    }

    fn note(&mut self, change: Option<Change>) {
        let Some(change) = change else { return };
        self.code = self.code.or(change.code());
        // A stop that the terminal wants stops the whole group, this process too: that is seen to above us.
        let by_hand = [Signal::STOP, Signal::TSTP].map(Signal::as_raw);
        if matches!(change, Change::Stopped(signal) if by_hand.contains(&signal)) {
            self.progress.warning(NOT_STOPPED);
            family::signal_group(getpgrp(), Some(self.command), Signal::CONT);
        }
    }

    /// Ends the command in order, or else by force.
    async fn stop(&mut self, why: &str, grace: Duration) {
        self.progress.warning(&format!("{why}: its command is stopped"));
        for signal in [Signal::INT, Signal::TERM] {
            family::signal_group(getpgrp(), Some(self.command), signal);
            // Who is stopped hears no signal.
            family::signal_group(getpgrp(), Some(self.command), Signal::CONT);
            if self.nothing_is_left_within(grace / 2).await {
                return;
            }
        }
        self.kill().await;
    }

    /// Ends what the command has left behind: it could still write the state when the lock is free.
    async fn clear(&mut self) {
        if self.nothing_is_left_within(LINGER).await {
            return;
        }
        let table = family::table();
        let left = family::below(getpid(), &table);
        self.progress.warning(&format!("stopping what the command has left behind: {}", family::name(&left)));
        family::signal_each(&left, Signal::TERM);
        family::signal_each(&left, Signal::CONT);
        if !self.nothing_is_left_within(FAREWELL).await {
            self.kill().await;
        }
    }

    async fn kill(&mut self) {
        let mut pause = ROUND;
        loop {
            let table = family::table();
            let left = family::below(getpid(), &table);
            let refusing = family::signal_each(&left, Signal::KILL);
            if !refusing.is_empty() && refusing.len() == left.len() {
                self.progress.warning(&format!("not allowed to end {}", family::name(&refusing)));
                return;
            }
            if self.nothing_is_left_within(pause).await {
                return;
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    async fn nothing_is_left_within(&mut self, limit: Duration) -> bool {
        let gone = async {
            while !self.reap() {
                self.changes.recv().await;
            }
        };
        tokio::time::timeout(limit, gone).await.is_ok()
    }
}

fn refusal(program: &OsString, cause: io::Error) -> ChildError {
    let program = program.to_string_lossy().into_owned();
    if cause.kind() == io::ErrorKind::NotFound {
        return ChildError::NotFound { program };
    }
    ChildError::NotExecutable { program, cause }
}

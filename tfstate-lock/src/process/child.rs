//! The command that runs while we hold the lock.
//!
//! Between us and the command stands its guard, a process of this same program: see [`guard`]. It leads a process group of its own, so a
//! signal reaches command and guard together, and us not. Were the command our own child, nothing could stop it once we are killed; a guard
//! beside it would lose sight of what leaves the group. Its code comes back as the guard's own.
//!
//! What holds:
//! - A signal that we pass on reaches the command once, also if it comes while the command is being started.
//! - The terminal stays ours until the command asks for it (it reads, or sets the terminal up): then its group gets it, and Ctrl-C reaches
//!   that group alone. Until then Ctrl-C reaches us, and is passed on. A pager behind us in a pipe keeps its keyboard that way.
//! - Nothing that comes from the command outlives it, in whatever group or session: the guard ends it before we hear of the command's end.
//! - A command that is stopped is continued: who holds a lock and stands still keeps everybody out.

mod change;
mod error;
mod family;
mod guard;
mod program;
mod terminal;

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use clap::builder::PossibleValue;
use contract::arguments::CommonArguments;
use contract::{Progress, Session};
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, getpgrp, getpid, kill_process, kill_process_group, set_child_subreaper, waitpid,
};
use tokio::signal::unix::{Signal as Arrivals, SignalKind, signal};

use self::change::Change;
pub use self::error::ChildError;
pub use self::guard::GuardArguments;
pub(crate) use self::guard::guard;
pub(crate) use self::program::find_program;
use self::terminal::Turn;
use crate::process::stat::ProcessStat;

/// The variable in which what runs under a lock finds that lock.
pub(crate) const HELD: &str = "TFSTATE_LOCK_HELD";
/// The hidden subcommand.
pub(crate) const GUARD: &str = "guard";
/// What the guard tells us by when the command is there: nobody else sends it, and who does not listen does not notice it.
const BEGUN: Signal = Signal::URG;
/// What we tell the guard by when the lease was renewed. No terminal and no kernel sends it to a process without sockets of its own.
const RENEWED: Signal = Signal::URG;
const NOT_STOPPED: &str = "a command that holds the lock is not stopped: it goes on";
/// How often we look whether the terminal is ours to give, or whether what lost its guard has ended.
const LOOK: Duration = Duration::from_millis(200);
/// The first pause between two rounds of SIGKILL; each is twice as long as the one before, up to a second.
const ROUND: Duration = Duration::from_millis(20);

/// A command to run.
#[derive(Debug)]
pub(crate) struct Launch<'a> {
    /// Program and arguments.
    pub(crate) command: &'a [OsString],
    /// Variables that it gets beside ours.
    pub(crate) environment: &'a [(String, OsString)],
    /// How long it may take to end in order if we, or its guard, are killed.
    pub(crate) grace: Duration,
    /// How long it may run after each renewal of the lease, whatever becomes of us; none if for ever.
    pub(crate) lease: Option<Duration>,
    /// How its guard speaks.
    pub(crate) common: &'a CommonArguments,
}

/// A command that runs. Dropped, it is left to its guard, which stops it as soon as this process ends.
#[derive(Debug)]
pub(crate) struct Child {
    guard: Pid,
    /// The command itself, once it is known.
    command: Option<Pid>,
    /// Whether the guard has started it.
    is_begun: bool,
    /// Signals that came before it was.
    held: Vec<Signal>,
    grace: Duration,
    standing: Standing,
    waits_for_terminal: bool,
    changes: Arrivals,
    begun: Arrivals,
    suspensions: Arrivals,
    progress: Progress,
}

/// How it stands with the command.
#[derive(Clone, Copy, Debug)]
enum Standing {
    /// Its guard lives.
    Guarded,
    /// Its guard was killed: we end it ourselves.
    Orphaned {
        since: Instant,
        code: u8,
    },
    Ended(u8),
}

impl Child {
    /// Starts the command's guard, which starts the command. What can be known before a lock is taken, [`find_program`] says.
    ///
    /// # Errors
    /// The system gives no guard.
    pub(crate) fn start(launch: &Launch<'_>, session: &Session) -> Result<Self, ChildError> {
        // What loses its guard comes to us.
        set_child_subreaper(Some(getpid())).map_err(|error| ChildError::Guard(error.into()))?;
        let (changes, begun) = (listen(Signal::CHILD)?, listen(BEGUN)?);
        let suspensions = listen(Signal::TSTP)?;
        // Whoever shares a pipe with us may ask for the terminal while the command has it: that must not stop us.
        for signal in [Signal::TTIN, Signal::TTOU] {
            drop(listen(signal)?);
        }
        let guard = guard_command(launch).spawn().map_err(ChildError::Guard)?;
        Ok(Self {
            guard: Pid::from_child(&guard),
            command: None,
            is_begun: false,
            held: Vec::new(),
            grace: launch.grace,
            standing: Standing::Guarded,
            waits_for_terminal: false,
            changes,
            begun,
            suspensions,
            progress: session.progress.clone(),
        })
    }

    /// Something that tells the guard that the lease was renewed.
    pub(crate) fn renewal(&self) -> impl Fn() + use<> {
        let guard = self.guard;
        move || {
            // Whoever has ended needs no word.
            let _ = kill_process(guard, RENEWED);
        }
    }

    /// Passes a signal on to the command and all of its group.
    pub(crate) fn pass_on(&mut self, signal: u8) {
        if let Some(signal) = Signal::from_named_raw(signal.into()) {
            self.send(signal);
        }
    }

    /// Waits until the command and all that comes from it have ended, and says its code: 128+n if signal n ended it, 127 or 126 if it could
    /// not be started, of which its guard has told then. May be dropped and called again at any time; while nobody calls it, a command that
    /// is stopped stays so, and none gets the terminal.
    pub(crate) async fn ended(&mut self) -> u8 {
        loop {
            self.look();
            if let Standing::Ended(code) = self.standing {
                return code;
            }
            let looks_again = self.waits_for_terminal || matches!(self.standing, Standing::Orphaned { .. });
            tokio::select! {
                _ = self.changes.recv() => {}
                _ = self.begun.recv() => self.begin(),
                _ = self.suspensions.recv() => self.progress.warning(NOT_STOPPED),
                () = tokio::time::sleep(LOOK), if looks_again => {}
            }
        }
    }

    /// Stops the command: SIGINT, after half of the grace SIGTERM, at its end SIGKILL to all that comes from it. Waits for its end, and
    /// says its code.
    pub(crate) async fn stop(&mut self, grace: Duration) -> u8 {
        for signal in [Signal::INT, Signal::TERM] {
            self.send(signal);
            if let Ok(code) = tokio::time::timeout(grace / 2, self.ended()).await {
                return code;
            }
        }
        self.progress.warning(&format!("the command has not ended within {} s: it is killed", grace.as_secs_f64()));
        let (mut pause, mut told) = (ROUND, false);
        loop {
            let refusing = self.kill();
            if !refusing.is_empty() && !told {
                told = true;
                self.progress.warning(&format!("not allowed to end {refusing}: waiting for it"));
            }
            if let Ok(code) = tokio::time::timeout(pause, self.ended()).await {
                return code;
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    fn send(&mut self, signal: Signal) {
        match self.standing {
            Standing::Guarded if !self.is_begun => self.held.push(signal),
            Standing::Guarded => {
                family::signal_group(self.guard, self.command, signal);
                // Who is stopped hears no signal.
                if self.waits_for_terminal {
                    self.resume();
                }
            }
            Standing::Orphaned { .. } => drop(family::signal_each(&orphans(&family::table()), signal)),
            Standing::Ended(_) => {}
        }
    }

    /// The command is there: what came before it is for it.
    fn begin(&mut self) {
        if self.is_begun {
            return;
        }
        self.is_begun = true;
        let table = family::table();
        let child = table.iter().find(|process| process.parent == self.guard.as_raw_pid());
        self.command = child.and_then(|process| Pid::from_raw(process.id));
        for signal in std::mem::take(&mut self.held) {
            self.send(signal);
        }
    }

    fn look(&mut self) {
        match self.standing {
            Standing::Guarded => self.look_at_guard(),
            Standing::Orphaned { since, code } => self.look_at_orphans(since, code),
            Standing::Ended(_) => {}
        }
        if self.waits_for_terminal {
            self.offer_terminal();
        }
    }

    fn look_at_guard(&mut self) {
        loop {
            match waitpid(Some(self.guard), WaitOptions::NOHANG | WaitOptions::UNTRACED) {
                Ok(Some((_, status))) => match Change::of(status) {
                    Some(Change::Stopped(signal)) => self.stopped(signal),
                    Some(Change::Exited(code)) => return self.standing = Standing::Ended(code),
                    Some(Change::Killed(signal)) => return self.orphaned(128_u8.saturating_add(signal)),
                    None => {}
                },
                Err(Errno::INTR) => {}
                Ok(None) => return,
                Err(_) => return self.orphaned(u8::MAX),
            }
        }
    }

    fn stopped(&mut self, signal: i32) {
        if [Signal::TTIN, Signal::TTOU].map(Signal::as_raw).contains(&signal) {
            return self.offer_terminal();
        }
        self.progress.warning(NOT_STOPPED);
        self.resume();
    }

    fn offer_terminal(&mut self) {
        if terminal::give_to(self.guard) != Turn::Others {
            self.waits_for_terminal = false;
            return self.resume();
        }
        if !self.waits_for_terminal {
            self.progress.event("terminal", "the command waits for the terminal: bring it to the foreground", &[]);
        }
        self.waits_for_terminal = true;
    }

    fn resume(&self) {
        // Whoever has ended needs no signal.
        let _ = kill_process_group(self.guard, Signal::CONT);
    }

    fn orphaned(&mut self, code: u8) {
        self.waits_for_terminal = false;
        self.standing = Standing::Orphaned { since: Instant::now(), code };
        let table = family::table();
        let left = orphans(&table);
        if !left.is_empty() {
            self.progress.warning(&format!("the guard of the command was killed: stopping {}", family::name(&left)));
            family::signal_each(&left, Signal::TERM);
            family::signal_each(&left, Signal::CONT);
        }
        self.look();
    }

    fn look_at_orphans(&mut self, since: Instant, code: u8) {
        let table = family::table();
        let left = orphans(&table);
        if left.is_empty() {
            self.standing = Standing::Ended(code);
        } else if since.elapsed() >= self.grace {
            family::signal_each(&left, Signal::KILL);
        }
    }

    /// Ends all that comes from the command by force, and names what must not be ended by us.
    fn kill(&self) -> String {
        let table = family::table();
        let left = match self.standing {
            Standing::Guarded => family::below(self.guard, &table),
            Standing::Orphaned { .. } => orphans(&table),
            Standing::Ended(_) => Vec::new(),
        };
        family::name(&family::signal_each(&left, Signal::KILL))
    }
}

/// What came to us when the guard was killed. Programs that we start for ourselves, to get credentials, are in our own group.
fn orphans(table: &[ProcessStat]) -> Vec<&ProcessStat> {
    let own = getpgrp().as_raw_pid();
    family::below(getpid(), table).into_iter().filter(|process| process.group != own).collect()
}

fn guard_command(launch: &Launch<'_>) -> Command {
    let common = launch.common;
    let value = |value: &dyn Fn() -> Option<PossibleValue>| {
        value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    };
    // This very program, whatever has become of its file meanwhile.
    let mut command = Command::new("/proc/self/exe");
    command.arg0(env!("CARGO_PKG_NAME")).arg(GUARD).args(["--parent", &getpid().as_raw_pid().to_string()]);
    command.args(["--grace", &format!("{}ms", launch.grace.as_millis())]);
    if let Some(lease) = launch.lease {
        command.args(["--lease", &format!("{}ms", lease.as_millis())]);
    }
    command.args(["--progress", &value(&|| common.progress.to_possible_value())]);
    command.args(["--color", &value(&|| common.color.to_possible_value())]);
    command.args(common.quiet.then_some("--quiet")).arg("--").args(launch.command);
    command.envs(launch.environment.iter().map(|(name, value)| (name, value))).process_group(0);
    command
}

fn listen(signal_to_hear: Signal) -> Result<Arrivals, ChildError> {
    signal(SignalKind::from_raw(signal_to_hear.as_raw())).map_err(ChildError::Guard)
}

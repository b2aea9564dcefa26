//! The checks: shell commands that must pass while traffic shifts and bakes.

use std::os::unix::process::ExitStatusExt;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use contract::Session;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use tokio::process::{Child, Command};
use tokio::task::{JoinHandle, JoinSet};

use crate::decide::Checks;
use crate::report::CheckReport;

/// A check that takes longer has failed.
const LIMIT: Duration = Duration::from_mins(1);
/// So many last lines of a check are kept.
const LINES: usize = 20;

/// Runs the checks in rounds, beside the watching.
#[derive(Debug)]
pub(crate) struct CheckRunner {
    commands: Vec<String>,
    every: Duration,
    due: Option<Instant>,
    running: Option<Round>,
    /// How many rounds have begun.
    begun: u64,
    /// The last round that passed, by its number.
    passed: u64,
    failed: Option<String>,
    pub(crate) reports: Vec<CheckReport>,
}

impl CheckRunner {
    pub(crate) fn new(commands: &[String], every: Duration) -> Self {
        let (commands, reports) = (commands.to_vec(), Vec::new());
        Self { commands, every, due: None, running: None, begun: 0, passed: 0, failed: None, reports }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        !self.commands.is_empty()
    }

    /// How many rounds have begun.
    pub(crate) fn begun(&self) -> u64 {
        self.begun
    }

    /// What they say to somebody who waits since `begun` rounds had begun.
    pub(crate) fn verdict(&self, begun: u64) -> Checks {
        match (&self.failed, self.is_wanted()) {
            (Some(reason), _) => Checks::Failed(reason.clone()),
            (None, false) => Checks::None,
            (None, true) if self.passed > begun => Checks::Passed,
            (None, true) => Checks::Pending,
        }
    }

    /// Begins a round if none is running and one is due, or `now` is said.
    pub(crate) fn begin(&mut self, now: bool, environment: &[(&'static str, String)]) {
        let is_due = self.due.is_none_or(|due| due <= Instant::now());
        if !self.is_wanted() || self.running.is_some() || self.failed.is_some() || !(now || is_due) {
            return;
        }
        self.begun += 1;
        self.running = Some(Round::begin(&self.commands, environment));
    }

    /// Waits until the round that is running has ended, for ever if there is none.
    pub(crate) async fn ended(&mut self, session: &Session) {
        let Some(running) = &mut self.running else { return std::future::pending().await };
        let reports = (&mut running.ending).await.unwrap_or_default();
        self.running = None;
        self.due = Some(Instant::now() + self.every);
        // A round that broke off has no reports, and has not passed.
        let failed = reports.iter().find(|report| !report.ok).map(failure);
        let failed =
            failed.or_else(|| (reports.len() < self.commands.len()).then(|| "a check could not be run".to_owned()));
        for report in reports {
            say(&report, session);
            match self.reports.iter_mut().find(|known| known.command == report.command) {
                Some(known) => *known = CheckReport { runs: known.runs + 1, ..report },
                None => self.reports.push(report),
            }
        }
        match failed {
            Some(reason) => self.failed = Some(reason),
            None => self.passed = self.begun,
        }
    }
}

fn say(report: &CheckReport, session: &Session) {
    let fields = [("command", json!(report.command)), ("ok", json!(report.ok)), ("exit_code", json!(report.exit_code))];
    if report.ok {
        session.progress.detail("check", &format!("check passed: {}", report.command), &fields);
        return;
    }
    session.progress.event("check", &format!("check failed: {}", report.command), &fields);
    for line in report.words() {
        session.progress.event("check_output", &format!("  {line}"), &[]);
    }
}

fn failure(report: &CheckReport) -> String {
    let how = report.exit_code.map_or_else(|| "without an exit code".to_owned(), |code| format!("exit code {code}"));
    match report.last_words() {
        Some(line) => format!("check `{}` failed, {how}: {line}", report.command),
        None => format!("check `{}` failed, {how}", report.command),
    }
}

/// The checks of a round while they run, each the leader of its processes.
#[derive(Debug)]
struct Round {
    leaders: Vec<Pid>,
    ending: JoinHandle<Vec<CheckReport>>,
}

impl Round {
    fn begin(commands: &[String], environment: &[(&'static str, String)]) -> Self {
        let begun: Vec<(String, std::io::Result<Child>)> =
            commands.iter().map(|command| (command.clone(), start(command, environment))).collect();
        let leaders = begun.iter().filter_map(|(_, child)| leader(child.as_ref().ok()?)).collect();
        Self { leaders, ending: tokio::spawn(until_ended(begun)) }
    }
}

impl Drop for Round {
    /// What a check started must not outlive the watching.
    fn drop(&mut self) {
        self.ending.abort();
        for leader in &self.leaders {
            kill(*leader);
        }
    }
}

fn start(command: &str, environment: &[(&'static str, String)]) -> std::io::Result<Child> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).envs(environment.iter().map(|(name, value)| (name, value)));
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell.process_group(0).spawn()
}

fn leader(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()?).ok()?)
}

fn kill(leader: Pid) {
    // It may have ended just now.
    let _ = kill_process_group(leader, Signal::KILL);
}

async fn until_ended(begun: Vec<(String, std::io::Result<Child>)>) -> Vec<CheckReport> {
    let mut running = JoinSet::new();
    for (place, (command, child)) in begun.into_iter().enumerate() {
        running.spawn(async move { (place, check(command, child).await) });
    }
    let mut ended = running.join_all().await;
    ended.sort_by_key(|(place, _)| *place);
    ended.into_iter().map(|(_, report)| report).collect()
}

async fn check(command: String, child: std::io::Result<Child>) -> CheckReport {
    let failed = |line: String| (false, None, vec![line]);
    let (ok, exit_code, output) = match child {
        Err(error) => failed(format!("no shell could be started: {error}")),
        Ok(child) => {
            let leader = leader(&child);
            match tokio::time::timeout(LIMIT, child.wait_with_output()).await {
                Ok(Ok(output)) => {
                    let mut lines = last_lines(&output);
                    lines.extend(output.status.signal().map(|signal| format!("it was ended by signal {signal}")));
                    (output.status.success(), output.status.code(), lines)
                }
                Ok(Err(error)) => failed(format!("its end could not be waited for: {error}")),
                Err(_) => {
                    leader.into_iter().for_each(kill);
                    failed(format!("it was ended after {} s", LIMIT.as_secs()))
                }
            }
        }
    };
    CheckReport { command, ok, runs: 1, exit_code, output }
}

fn last_lines(output: &Output) -> Vec<String> {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let lines: Vec<String> = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
    lines[lines.len().saturating_sub(LINES)..].to_vec()
}

//! The checks: shell commands that must pass while traffic shifts and bakes.

use std::process::Stdio;
use std::time::{Duration, Instant};

use contract::Session;
use serde_json::json;
use tokio::process::Command;
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
    running: Option<JoinHandle<Vec<CheckReport>>>,
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
        let (commands, environment) = (self.commands.clone(), environment.to_vec());
        self.running = Some(tokio::spawn(round(commands, environment)));
    }

    /// Waits until the round that is running has ended, for ever if there is none.
    pub(crate) async fn ended(&mut self, session: &Session) {
        let Some(running) = &mut self.running else { return std::future::pending().await };
        let reports = running.await.unwrap_or_default();
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
    for line in &report.output {
        session.progress.event("check_output", &format!("  {line}"), &[]);
    }
}

fn failure(report: &CheckReport) -> String {
    let how = report.exit_code.map_or_else(|| "did not end in time".to_owned(), |code| format!("exit code {code}"));
    match report.output.last() {
        Some(line) => format!("check `{}` failed, {how}: {line}", report.command),
        None => format!("check `{}` failed, {how}", report.command),
    }
}

async fn round(commands: Vec<String>, environment: Vec<(&'static str, String)>) -> Vec<CheckReport> {
    let mut running = JoinSet::new();
    for (place, command) in commands.into_iter().enumerate() {
        let environment = environment.clone();
        running.spawn(async move { (place, check(command, environment).await) });
    }
    let mut ended = running.join_all().await;
    ended.sort_by_key(|(place, _)| *place);
    ended.into_iter().map(|(_, report)| report).collect()
}

async fn check(command: String, environment: Vec<(&'static str, String)>) -> CheckReport {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(&command).envs(environment).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A check must not outlive the watching.
    shell.kill_on_drop(true);
    let output = match tokio::time::timeout(LIMIT, shell.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => {
            let output = vec![format!("no shell could be started: {error}")];
            return CheckReport { command, ok: false, runs: 1, exit_code: None, output };
        }
        Err(_) => {
            let output = vec![format!("it was ended after {} s", LIMIT.as_secs())];
            return CheckReport { command, ok: false, runs: 1, exit_code: None, output };
        }
    };
    let text = [output.stdout, output.stderr].concat();
    let lines: Vec<String> = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
    let output_lines = lines[lines.len().saturating_sub(LINES)..].to_vec();
    CheckReport { command, ok: output.status.success(), runs: 1, exit_code: output.status.code(), output: output_lines }
}

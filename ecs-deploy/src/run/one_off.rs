//! The task that runs before a release: started, followed with its log, and judged by its exit code.

use std::time::{Duration, Instant};

use contract::Session;
use serde_json::json;

use super::{chance, random};
use crate::aws::{Aws, OneOff, TaskState};
use crate::error::Error;
use crate::log_stream::{LogStream, of_container};
use crate::pace::Pace;
use crate::plan::Plan;
use crate::report::{Deployment, TaskReport};

/// So many last lines are kept.
const LINES: usize = 20;
/// Logs come a little later than the end of the task.
const LOG_LAG: Duration = Duration::from_secs(2);
/// A task that ECS has started shows within this time.
const UNTIL_SEEN: Duration = Duration::from_mins(1);

/// Runs a command as a task of the new task definition. What it wrote is in the report, whether it succeeded or not.
///
/// # Errors
/// A call failed: whether the task ran to its end is not known.
pub(super) async fn run(
    aws: &Aws,
    plan: &Plan,
    task_definition: &str,
    command: &str,
    section: &Deployment,
    session: &Session,
) -> Result<TaskReport, Error> {
    let container = plan.main_container()?;
    let mut report = TaskReport {
        command: command.to_owned(),
        ok: false,
        arn: None,
        exit_code: None,
        reason: None,
        log: Vec::new(),
    };
    let token = format!("{:016x}{:016x}", random(), random());
    let order = OneOff { service: &plan.service, task_definition, container: &container, command, token: &token };
    session.progress.event("task", &format!("running before the release: {command}"), &[]);
    let arn = match aws.run_task(&order).await? {
        Ok(arn) => arn,
        Err(reason) => {
            report.reason = Some(reason);
            return Ok(report);
        }
    };
    report.arn = Some(arn.clone());
    leave_word(section, &report, &arn, session);
    let overview = plan.definition.overview()?;
    let described = overview.container_definitions.iter().find(|described| described.name == container);
    let id = arn.rsplit('/').next().unwrap_or(&arn);
    let mut log =
        Log { stream: described.and_then(|described| of_container(described, id)), token: None, last: Vec::new() };
    let state = follow(aws, &arn, &mut log, session).await?;
    judge(&mut report, &state, &container);
    log.drain(aws, report.ok, session).await;
    report.log = log.last;
    if let (Some(reason), Some(line)) = (&mut report.reason, report.log.last()) {
        *reason = format!("{reason}: {line}");
    }
    Ok(report)
}

/// Whatever ends the run meanwhile: the task goes on, and the document names it.
fn leave_word(section: &Deployment, report: &TaskReport, arn: &str, session: &Session) {
    let section = Deployment { task: Some(report.clone()), ..section.clone() };
    let cluster = &section.cluster;
    let hint =
        format!("the task goes on, nothing was deployed: aws ecs describe-tasks --cluster {cluster} --tasks {arn}");
    session.checkpoint(&section, &hint);
}

async fn follow(aws: &Aws, arn: &str, log: &mut Log, session: &Session) -> Result<TaskState, Error> {
    let mut pace = Pace::default();
    let started = Instant::now();
    let mut last = String::new();
    loop {
        match aws.task_state(arn).await? {
            Some(state) => {
                if state.status != last {
                    session.progress.event("task", &format!("task: {}", state.status), &[("arn", json!(arn))]);
                    last.clone_from(&state.status);
                }
                if state.status == "STOPPED" {
                    return Ok(state);
                }
                log.read(aws, session).await;
            }
            None if started.elapsed() > UNTIL_SEEN || !last.is_empty() => {
                return Err(Error::Lost(format!("ECS does not know the task {arn}")));
            }
            None => {}
        }
        tokio::time::sleep(pace.pause(started.elapsed(), chance())).await;
    }
}

fn judge(report: &mut TaskReport, state: &TaskState, container: &str) {
    let stopped = &state.stopped;
    let own = stopped.containers.iter().find(|one| one.name == container);
    report.exit_code = own.and_then(|own| own.exit_code);
    report.ok = report.exit_code == Some(0);
    if report.ok {
        return;
    }
    let of_task = stopped.stopped_reason.clone();
    let of_container = own.and_then(|own| own.reason.clone());
    let reasons = [of_task, of_container].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let code = report.exit_code.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
    report.reason = Some(format!("{code}, {reasons}"));
}

/// What the task's container writes, line by line as it comes.
struct Log {
    stream: Option<LogStream>,
    token: Option<String>,
    last: Vec<String>,
}

impl Log {
    /// Reads on. Says whether something new came.
    async fn read(&mut self, aws: &Aws, session: &Session) -> bool {
        let Some(stream) = &self.stream else { return false };
        let (lines, token) = match aws.next_lines(stream, self.token.as_deref()).await {
            Ok(page) => page,
            Err(error) => {
                session.progress.warning(&format!("the log of the task cannot be read: {error}"));
                self.stream = None;
                return false;
            }
        };
        let moved = token.is_some() && token != self.token;
        self.token = token.or_else(|| self.token.take());
        for line in lines {
            session.progress.event("log", &format!("  | {line}"), &[("line", json!(line))]);
            self.last.push(line);
            if self.last.len() > LINES {
                self.last.remove(0);
            }
        }
        moved
    }

    /// Reads what comes after the end. Of a task that failed the last words are worth waiting for.
    async fn drain(&mut self, aws: &Aws, is_well: bool, session: &Session) {
        if self.stream.is_none() {
            return;
        }
        let until = Instant::now() + LOG_LAG;
        loop {
            // The token stays the same at the end of a log. Source: CloudWatch Logs API reference, `GetLogEvents`, `nextForwardToken`.
            if self.read(aws, session).await {
                continue;
            }
            if Instant::now() >= until || (is_well && !self.last.is_empty()) {
                return;
            }
            tokio::time::sleep(LOG_LAG / 10).await;
        }
    }
}

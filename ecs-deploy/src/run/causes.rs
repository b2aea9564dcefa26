//! Why tasks fail: looked for as soon as they do, because ECS forgets stopped tasks within the hour.

use std::time::{Duration, Instant};

use contract::Session;
use contract::aws::CallError;
use serde_json::json;

use super::watched::{Handle, Watched};
use crate::aws::{Aws, Lookup};
use crate::cause::{self, Cause};
use crate::judge::{is_failing, shows_failure};
use crate::log_stream::of_container;
use crate::observation::StoppedTask;

/// So many last lines of a log are shown.
const LINES: u32 = 10;
/// Logs of more causes than this are not fetched: one screen.
const CAUSES: usize = 3;
/// Nothing moving for so long is worth a look into the service's diary.
const STANDSTILL: Duration = Duration::from_secs(15);
/// How often tasks that stopped are looked for where AWS does not count them.
const UNCOUNTED: Duration = Duration::from_secs(5);
/// Words of events that tell of trouble.
///
/// Source: ECS developer guide, service event messages.
const TROUBLE: [&str; 9] =
    ["fail", "unhealthy", "error", "throttle", "unable", "missing", "alarm", "rolling back", "rolled back"];

/// Looks for causes if there is something new to find. `is_counting` says that somebody counts failures here.
pub(super) async fn look(aws: &Aws, one: &mut Watched, is_counting: bool, session: &Session) {
    let breaker = one.last.circuit_breaker;
    if shows_failure(&one.last) {
        // Stopped tasks are looked at again only if more were counted, or the deployment has turned.
        let counted = (is_failing(&one.last.status), breaker.map_or(0, |(count, _)| count));
        if one.counted != Some(counted) {
            one.counted = Some(counted);
            failures(aws, one, session).await;
        }
        return events(aws, one, session).await;
    }
    let target = &one.last.target;
    let is_incomplete = target.running < target.requested || (one.last.stage.is_none() && target.pending > 0);
    if is_incomplete && one.changed_at.elapsed() > STANDSTILL {
        events(aws, one, session).await;
    }
    // Without a circuit breaker AWS counts no failures: tasks that stopped are looked for now and then.
    if breaker.is_none() && (is_counting || is_incomplete) && one.failures_at.elapsed() > UNCOUNTED {
        one.failures_at = Instant::now();
        failures(aws, one, session).await;
    }
}

/// Looks for causes once more, at the end.
pub(super) async fn look_at_last(aws: &Aws, one: &mut Watched, session: &Session) {
    if one.handle != Handle::None && !one.task_definition.is_empty() {
        failures(aws, one, session).await;
    }
}

/// That a post-mortem cannot be made must not change the verdict.
async fn failures(aws: &Aws, one: &mut Watched, session: &Session) {
    let tasks = match aws.stopped_tasks(&one.report.service, &one.task_definition, one.last.created_at).await {
        Ok(tasks) => tasks,
        Err(error) => return told(&error, session),
    };
    let mut causes = cause::group(&tasks);
    if causes.is_empty() {
        return;
    }
    for (place, cause) in causes.iter_mut().enumerate() {
        let known = one.causes.iter().find(|known| known.is_like(cause));
        if let Some(known) = known {
            (cause.log, cause.targets, cause.fix) = (known.log.clone(), known.targets.clone(), known.fix);
        }
        // Logs arrive late: one that was empty is read again.
        let is_silent = cause.log.is_empty() && cause.targets.is_empty();
        if place < CAUSES && is_silent {
            enrich(aws, one, cause, &tasks, session).await;
        }
        if known.is_none() || (is_silent && !(cause.log.is_empty() && cause.targets.is_empty())) {
            say(&one.report.service, cause, session);
        }
    }
    one.causes = causes;
}

/// Adds the last lines of the log, and what the load balancer says.
async fn enrich(aws: &Aws, one: &Watched, cause: &mut Cause, tasks: &[StoppedTask], session: &Session) {
    let name = cause.container.clone().or_else(|| {
        let task = tasks.iter().find(|task| task.id == cause.task)?;
        task.containers.first().map(|container| container.name.clone())
    });
    let container = one.overview.container_definitions.iter().find(|container| Some(&container.name) == name.as_ref());
    if let Some(stream) = container.and_then(|container| of_container(container, &cause.task)) {
        match aws.last_lines(&stream, LINES).await {
            Ok(lines) => *cause = std::mem::take(cause).with_log(lines),
            Err(error) => told(&error, session),
        }
    }
    if !cause.is_about_targets() {
        return;
    }
    for group in &one.target_groups {
        match aws.unhealthy_targets(group).await {
            Ok(reasons) => cause.targets.extend(reasons),
            Err(error) => told(&error, session),
        }
    }
}

fn told(error: &CallError, session: &Session) {
    session.progress.warning(&format!("the cause could not be looked for: {error}"));
}

fn say(service: &str, cause: &Cause, session: &Session) {
    let fields = [
        ("service", json!(service)),
        ("stop_code", json!(cause.stop_code)),
        ("reason", json!(cause.reason)),
        ("exit_code", json!(cause.exit_code)),
        ("log", json!(cause.log)),
        ("targets", json!(cause.targets)),
    ];
    session.progress.event("failure", &format!("{service}: {}", cause.line()), &fields);
    for line in cause.log.iter().chain(&cause.targets) {
        session.progress.event("log", &format!("  | {line}"), &[]);
    }
    if let Some(fix) = cause.fix {
        session.progress.event("fix", &format!("  known fix: {fix}"), &[]);
    }
}

/// Tells what the service's diary says that is new, at most every few seconds.
async fn events(aws: &Aws, one: &mut Watched, session: &Session) {
    if one.events_at.is_some_and(|at| at.elapsed() < STANDSTILL) {
        return;
    }
    one.events_at = Some(Instant::now());
    let service = match aws.describe_services(std::slice::from_ref(&one.report.service)).await {
        Ok(lookups) => lookups.into_iter().next(),
        Err(error) => return session.progress.warning(&format!("the service could not be looked at: {error}")),
    };
    let Some(Lookup::Found(service)) = service else { return };
    let of_deployment = service.events.into_iter().rev().filter(|event| event.created_at >= one.last.created_at);
    for event in of_deployment {
        let is_trouble = TROUBLE.iter().any(|word| event.message.contains(word));
        if is_trouble && one.events.insert(event.id) {
            session.progress.event("service_event", &format!("  {}", event.message), &[]);
            one.report.events.push(event.message);
        }
    }
}

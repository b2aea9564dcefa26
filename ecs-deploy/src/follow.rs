//! Finds the deployment that this run started, and watches it to its end.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use contract::Session;
use contract::aws::{CallError, CallErrorKind};
use serde_json::json;

use crate::aws::Ecs;
use crate::cause::{self, Cause};
use crate::error::Error;
use crate::judge::{End, judge, shows_failure};
use crate::observation::Observation;

/// How long ECS may take to show a deployment that it has accepted. It is eventually consistent; seconds are normal.
const UNTIL_SEEN: Duration = Duration::from_mins(2);
/// So many looks in a row may fail before the deployment counts as lost. Each is retried by the SDK as well.
const FAILED_LOOKS: u32 = 5;

/// Pauses between looks: short at first, so that a small rollout is seen to end at once, then no more than the API's refill allows many jobs.
///
/// Source: ECS service quotas, request throttling: 20 a second for service deployment actions.
#[derive(Debug)]
struct Pace {
    started: Instant,
    next: Duration,
}

impl Pace {
    fn new() -> Self {
        Self { started: Instant::now(), next: Duration::from_millis(200) }
    }

    async fn pause(&mut self) {
        tokio::time::sleep(self.next).await;
        let early = self.started.elapsed() < Duration::from_secs(30);
        let longest = Duration::from_secs(if early { 2 } else { 5 });
        self.next = longest.min(self.next * 3 / 2);
    }
}

/// How a deployment ended.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) end: End,
    pub(crate) last: Observation,
    pub(crate) causes: Vec<Cause>,
}

/// The ARNs of the deployments that are there already: ours is none of them.
pub(crate) async fn known_deployments(ecs: &Ecs) -> Result<HashSet<String>, CallError> {
    Ok(ecs.list_deployments().await?.into_iter().map(|deployment| deployment.arn).collect())
}

/// The deployment that is under way for this task definition, if there is one.
pub(crate) async fn under_way(ecs: &Ecs, task_definition: &str) -> Result<Option<String>, CallError> {
    let candidates = ecs.list_deployments().await?.into_iter().filter(|deployment| deployment.under_way);
    find(ecs, task_definition, candidates.collect()).await
}

/// Waits for the deployment that was not there before and rolls out our task definition. No clock is compared, and the service's own word for its
/// current deployment is not trusted: it lags.
pub(crate) async fn find_own(ecs: &Ecs, task_definition: &str, known: &HashSet<String>) -> Result<String, Error> {
    let mut pace = Pace::new();
    while pace.started.elapsed() < UNTIL_SEEN {
        let new = ecs.list_deployments().await?.into_iter().filter(|deployment| !known.contains(&deployment.arn));
        if let Some(arn) = find(ecs, task_definition, new.collect()).await? {
            return Ok(arn);
        }
        pace.pause().await;
    }
    Err(Error::NoDeployment { task_definition: task_definition.to_owned() })
}

async fn find(
    ecs: &Ecs,
    task_definition: &str,
    candidates: Vec<crate::aws::DeploymentBrief>,
) -> Result<Option<String>, CallError> {
    let revisions = candidates.iter().filter_map(|candidate| candidate.target_revision.clone()).collect();
    let definitions = ecs.task_definitions_of(revisions).await?;
    let rolls_out_ours = |revision: &Option<String>| {
        definitions.iter().any(|(arn, definition)| Some(arn) == revision.as_ref() && definition == task_definition)
    };
    Ok(candidates.into_iter().find(|candidate| rolls_out_ours(&candidate.target_revision)).map(|found| found.arn))
}

/// Watches a deployment until it ends. Tasks that failed are looked at as soon as they show: ECS forgets them within the hour.
pub(crate) async fn follow(ecs: &Ecs, arn: &str, task_definition: &str, session: &Session) -> Result<Followed, Error> {
    let mut pace = Pace::new();
    let mut last = Observation::default();
    let mut causes = Vec::new();
    let mut failed_looks = 0;
    loop {
        match look(ecs, arn).await {
            Ok(observation) => {
                failed_looks = 0;
                if observation.line() != last.line() {
                    say(&observation, session);
                }
                if shows_failure(&observation) {
                    causes = failures(ecs, task_definition, causes, session).await;
                }
                last = observation;
            }
            Err(error) if is_passing(&error) && failed_looks < FAILED_LOOKS => {
                failed_looks += 1;
                session.progress.warning(&format!("the deployment could not be looked at, trying again: {error}"));
            }
            Err(error) => return Err(Error::Lost(error)),
        }
        if let Some(end) = judge(&last.status) {
            return Ok(Followed { end, last, causes });
        }
        pace.pause().await;
    }
}

async fn look(ecs: &Ecs, arn: &str) -> Result<Observation, CallError> {
    // A deployment that was listed and is not described yet will be.
    Ok(ecs.observe(arn).await?.unwrap_or_default())
}

fn is_passing(error: &CallError) -> bool {
    use CallErrorKind::{Network, Server, Throttled, Timeout};
    matches!(error.kind, Network | Server | Throttled | Timeout)
}

/// The causes known so far, and what is new. That a post-mortem cannot be made must not change the verdict.
async fn failures(ecs: &Ecs, task_definition: &str, known: Vec<Cause>, session: &Session) -> Vec<Cause> {
    let tasks = match ecs.stopped_tasks(task_definition).await {
        Ok(tasks) => tasks,
        Err(error) => {
            session.progress.detail("warning", &format!("stopped tasks could not be looked at: {error}"), &[]);
            return known;
        }
    };
    let causes = cause::group(&tasks);
    for cause in causes.iter().filter(|cause| !known.iter().any(|known| is_same(known, cause))) {
        session.progress.event(
            "failure",
            &cause.line(),
            &[("stop_code", json!(cause.stop_code)), ("reason", json!(cause.reason))],
        );
        if let Some(fix) = cause.fix {
            session.progress.event("fix", &format!("known fix: {fix}"), &[]);
        }
    }
    if causes.is_empty() { known } else { causes }
}

fn is_same(one: &Cause, other: &Cause) -> bool {
    one.stop_code == other.stop_code && one.reason == other.reason && one.exit_code == other.exit_code
}

fn say(observation: &Observation, session: &Session) {
    let fields = [
        ("status", json!(observation.status)),
        ("stage", json!(observation.stage)),
        ("requested", json!(observation.target.requested)),
        ("running", json!(observation.target.running)),
        ("pending", json!(observation.target.pending)),
        ("production_weight", json!(observation.target.production_weight)),
        ("test_weight", json!(observation.target.test_weight)),
    ];
    session.progress.event("deployment", &observation.line(), &fields);
}

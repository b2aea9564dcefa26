//! Finds the deployment that this run started.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use contract::aws::{CallError, CallErrorKind};

use super::chance;
use super::watched::Handle;
use crate::aws::{Aws, DeploymentBrief};
use crate::error::Error;
use crate::history::Success;
use crate::pace::Pace;

/// How long ECS may take to show a deployment that it has accepted. It is eventually consistent; seconds are normal.
const UNTIL_SEEN: Duration = Duration::from_mins(2);
/// Where no deployment at all has been listed for so long, none will be.
const UNTIL_UNLISTED: Duration = Duration::from_secs(5);

/// Whatever was accepted without an answer is listed by then.
const UNTIL_UNDONE: Duration = Duration::from_secs(10);

/// The deployments that are there already: ours is none of them.
pub(super) async fn known_deployments(aws: &Aws, service: &str) -> Result<HashSet<String>, CallError> {
    Ok(aws.list_deployments(service).await?.into_iter().map(|deployment| deployment.arn).collect())
}

/// The deployment that is under way for a task definition, if there is one.
pub(super) async fn under_way(aws: &Aws, service: &str, task_definition: &str) -> Result<Option<String>, CallError> {
    let candidates = aws.list_deployments(service).await?.into_iter().filter(|deployment| deployment.under_way);
    first_of(aws, task_definition, candidates.collect()).await
}

/// Looks, after an update, for the deployment that was not there before and rolls out our task definition. No clock is compared, and the service's
/// own word for its current deployment is not trusted: it lags. A look that fails says nothing about the deployment. Where the answer to the update
/// was lost, it may be there all the same.
pub(super) async fn own(
    aws: &Aws,
    service: &str,
    task_definition: &str,
    known: &HashSet<String>,
    updated: Result<(), CallError>,
) -> Result<Handle, Error> {
    let patience = match &updated {
        Ok(()) => UNTIL_SEEN,
        Err(error) if may_have_been_done(error) => UNTIL_UNDONE,
        Err(error) => return Err(error.clone().into()),
    };
    let mut pace = Pace::default();
    let started = Instant::now();
    let mut any_listed = false;
    let mut last_failure = None;
    while started.elapsed() < patience {
        match look(aws, service, task_definition, known).await {
            Ok((_, Some(arn))) => return Ok(Handle::Ecs(arn)),
            Ok((listed, None)) => {
                any_listed |= listed > 0;
                if updated.is_ok() && !any_listed && last_failure.is_none() && started.elapsed() > UNTIL_UNLISTED {
                    return Ok(Handle::Service);
                }
            }
            Err(error) => {
                pace.throttled(error.kind == CallErrorKind::Throttled);
                let is_final = error.kind == CallErrorKind::AccessDenied;
                last_failure = Some(error);
                if is_final {
                    break;
                }
            }
        }
        tokio::time::sleep(pace.pause(started.elapsed(), chance())).await;
    }
    Err(match (updated, last_failure) {
        (Err(error), _) => Error::Unsure(error),
        (Ok(()), Some(error)) => Error::Lost(error.to_string()),
        (Ok(()), None) => Error::NoDeployment { task_definition: task_definition.to_owned() },
    })
}

/// How many deployments are listed, and which of them is ours.
async fn look(
    aws: &Aws,
    service: &str,
    task_definition: &str,
    known: &HashSet<String>,
) -> Result<(usize, Option<String>), CallError> {
    let listed = aws.list_deployments(service).await?;
    let count = listed.len();
    let new = listed.into_iter().filter(|deployment| !known.contains(&deployment.arn)).collect();
    Ok((count, first_of(aws, task_definition, new).await?))
}

/// Whether a call that failed may have been carried out all the same: its answer was lost, or was a failure on AWS's side.
pub(super) fn may_have_been_done(error: &CallError) -> bool {
    matches!(error.kind, CallErrorKind::Network | CallErrorKind::Server | CallErrorKind::Timeout)
}

/// The oldest of these deployments that rolls a task definition out: whoever rolls out the same one later takes our place.
async fn first_of(
    aws: &Aws,
    task_definition: &str,
    candidates: Vec<DeploymentBrief>,
) -> Result<Option<String>, CallError> {
    let revisions: Vec<String> = candidates.iter().filter_map(|candidate| candidate.target_revision.clone()).collect();
    if revisions.is_empty() {
        return Ok(None);
    }
    let definitions = aws.task_definitions_of(&revisions).await?;
    let is_ours = |candidate: &&DeploymentBrief| {
        let revision = candidate.target_revision.as_ref();
        definitions.iter().any(|(arn, definition)| Some(arn) == revision && definition == task_definition)
    };
    let ours = candidates.iter().filter(is_ours);
    Ok(ours.min_by(|one, other| one.created_at.total_cmp(&other.created_at)).map(|found| found.arn.clone()))
}

/// The deployments of a service that succeeded, from the oldest to the newest.
pub(super) async fn successes(aws: &Aws, service: &str) -> Result<Vec<Success>, Error> {
    let mut listed = aws.list_successes(service).await?;
    listed.sort_by(|one, other| one.created_at.total_cmp(&other.created_at));
    let revisions: Vec<String> = listed.into_iter().filter_map(|deployment| deployment.target_revision).collect();
    let definitions = aws.task_definitions_of(&revisions).await?;
    let success = |revision: String| {
        let (_, task_definition) = definitions.iter().find(|(arn, _)| *arn == revision)?.clone();
        Some(Success { revision, task_definition })
    };
    Ok(revisions.into_iter().filter_map(success).collect())
}

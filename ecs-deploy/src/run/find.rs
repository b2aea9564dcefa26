//! Finds the deployment that this run started.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use contract::aws::CallError;

use super::chance;
use super::watched::Handle;
use crate::aws::{Aws, DeploymentBrief};
use crate::error::Error;
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

/// Waits for the deployment that was not there before and rolls out our task definition. No clock is compared, and the service's own word for its
/// current deployment is not trusted: it lags.
pub(super) async fn own(
    aws: &Aws,
    service: &str,
    task_definition: &str,
    known: &HashSet<String>,
) -> Result<Handle, Error> {
    let mut pace = Pace::default();
    let started = Instant::now();
    let mut any_listed = false;
    while started.elapsed() < UNTIL_SEEN {
        let listed = aws.list_deployments(service).await?;
        any_listed |= !listed.is_empty();
        let new = listed.into_iter().filter(|deployment| !known.contains(&deployment.arn));
        if let Some(arn) = first_of(aws, task_definition, new.collect()).await? {
            return Ok(Handle::Ecs(arn));
        }
        if !any_listed && started.elapsed() > UNTIL_UNLISTED {
            return Ok(Handle::Service);
        }
        tokio::time::sleep(pace.pause(started.elapsed(), chance())).await;
    }
    Err(Error::NoDeployment { task_definition: task_definition.to_owned() })
}

/// Looks for the deployment of an update whose answer was lost. The task definition is new, so that it can be nobody else's.
pub(super) async fn own_after_all(
    aws: &Aws,
    service: &str,
    task_definition: &str,
    error: CallError,
) -> Result<Handle, Error> {
    let mut pace = Pace::default();
    let started = Instant::now();
    while started.elapsed() < UNTIL_UNDONE {
        if let Ok(listed) = aws.list_deployments(service).await
            && let Ok(Some(arn)) = first_of(aws, task_definition, listed).await
        {
            return Ok(Handle::Ecs(arn));
        }
        tokio::time::sleep(pace.pause(started.elapsed(), chance())).await;
    }
    Err(Error::Unsure(error))
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

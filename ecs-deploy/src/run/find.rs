//! Finds the deployment that this run started.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use contract::aws::{CallError, CallErrorKind};

use super::chance;
use super::watched::Handle;
use crate::aws::{Aws, DeploymentBrief, Group};
use crate::error::Error;
use crate::history::Success;
use crate::pace::Pace;
use crate::service::Service;
use crate::standing::{Newest, Standing, standing};

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

/// The newest deployment of a service.
pub(super) async fn newest(aws: &Aws, service: &str) -> Result<Option<DeploymentBrief>, CallError> {
    let listed = aws.list_deployments(service).await?;
    Ok(listed.into_iter().max_by(|one, other| one.created_at.total_cmp(&other.created_at)))
}

/// How the task definition that a service has stands.
pub(super) async fn current(aws: &Aws, service: &Service) -> Result<Standing, Error> {
    if service.controller() == "CODE_DEPLOY" {
        let group = aws.deployment_group(&service.name, service.last_code_deployment()).await?;
        let open = aws.open_code_deployments(&group).await?;
        let of_current = |id: &String| service.task_definition_of(id) == Some(service.current_task_definition());
        return Ok(open.into_iter().find(of_current).map_or(Standing::Serves, Standing::UnderWay));
    }
    let newest = match newest(aws, &service.name).await? {
        Some(brief) => {
            let target = brief.target_revision.as_slice();
            let definitions = aws.task_definitions_of(target).await?;
            let is_of_current = definitions.iter().any(|(_, found)| found == service.current_task_definition());
            Some(Newest { arn: brief.arn, status: brief.status, is_of_current })
        }
        None => None,
    };
    Ok(standing(newest.as_ref(), service))
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
        (Err(error), _) => Error::Unsure { error, look: aws.status_command(service) },
        (Ok(()), Some(error)) => Error::Lost(error.to_string()),
        (Ok(()), None) => {
            Error::NoDeployment { task_definition: task_definition.to_owned(), look: aws.status_command(service) }
        }
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

/// Looks, after a deployment of CodeDeploy could not be created, for the one with our description.
pub(super) async fn own_code_deployment(
    aws: &Aws,
    service: &str,
    group: &Group,
    description: &str,
    error: Error,
) -> Result<String, Error> {
    let is_open = matches!(&error, Error::Call(call) if may_have_been_done(call));
    let mut pace = Pace::default();
    let started = Instant::now();
    loop {
        if let Ok(open) = aws.open_code_deployments(group).await
            && let Ok(described) = aws.code_deployments(&open).await
            && let Some(ours) = described.into_iter().find(|deployment| deployment.description == description)
        {
            return Ok(ours.id);
        }
        if !is_open {
            return Err(error);
        }
        if started.elapsed() > UNTIL_UNDONE {
            break;
        }
        tokio::time::sleep(pace.pause(started.elapsed(), chance())).await;
    }
    match error {
        Error::Call(error) => Err(Error::Unsure { error, look: aws.status_command(service) }),
        error => Err(error),
    }
}

/// Whether a call that failed may have been carried out all the same: its answer was lost, or that of an attempt before the last, which was throttled.
pub(super) fn may_have_been_done(error: &CallError) -> bool {
    matches!(
        error.kind,
        CallErrorKind::Network | CallErrorKind::Server | CallErrorKind::Timeout | CallErrorKind::Throttled
    )
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

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
    Ok(newest_of(aws.list_deployments(service).await?))
}

pub(super) fn newest_of(deployments: Vec<DeploymentBrief>) -> Option<DeploymentBrief> {
    deployments.into_iter().max_by(|one, other| one.created_at.total_cmp(&other.created_at))
}

/// Whether a deployment rolls this task definition out.
pub(super) async fn rolls_out(aws: &Aws, brief: &DeploymentBrief, task_definition: &str) -> Result<bool, CallError> {
    let definitions = aws.task_definitions_of(brief.target_revision.as_slice()).await?;
    Ok(definitions.iter().any(|(_, found)| found == task_definition))
}

/// The deployment of CodeDeploy that is under way. One that rolls another one back stands for that one, whose ending it is.
pub(super) async fn open_code_deployment(aws: &Aws, group: &Group) -> Result<Option<OpenCodeDeployment>, Error> {
    let open = aws.open_code_deployments(group).await?;
    let described = aws.code_deployments(&open).await?.into_iter().next();
    Ok(described.map(|open| match open.rolls_back {
        Some(id) => OpenCodeDeployment { id, is_going_back: true },
        None => OpenCodeDeployment { id: open.id, is_going_back: false },
    }))
}

/// A deployment of CodeDeploy that is not over.
pub(super) struct OpenCodeDeployment {
    pub(super) id: String,
    /// Whether CodeDeploy rolls it back already.
    pub(super) is_going_back: bool,
}

/// How the task definition that a service has stands.
pub(super) async fn current(aws: &Aws, service: &Service) -> Result<Standing, Error> {
    if service.controller() == "CODE_DEPLOY" {
        let group = aws.deployment_group(&service.name, service.last_code_deployment()).await?;
        return match open_code_deployment(aws, &group).await? {
            None => Ok(Standing::Serves),
            Some(open) if service.task_definition_of(&open.id) == Some(service.current_task_definition()) => {
                Ok(Standing::UnderWay(open.id))
            }
            Some(open) => Err(Error::Occupied { id: open.id, look: aws.status_command(&service.name) }),
        };
    }
    let newest = match newest(aws, &service.name).await? {
        Some(brief) => {
            let is_of_current = rolls_out(aws, &brief, service.current_task_definition()).await?;
            Some(Newest { arn: brief.arn, status: brief.status, is_of_current })
        }
        None => None,
    };
    Ok(standing(newest.as_ref(), service))
}

/// Which of several new deployments of the same task definition is ours.
#[derive(Clone, Copy)]
pub(super) enum Which {
    /// An update starts one, and whoever rolls out the same later takes our place.
    Oldest,
    /// An update that is forced starts one each time that it is tried again.
    Newest,
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
    which: Which,
) -> Result<Handle, Error> {
    let patience = match &updated {
        Ok(()) => UNTIL_SEEN,
        Err(error) if may_have_been_done(error) => UNTIL_UNDONE,
        Err(error) => return Err(error.clone().into()),
    };
    let mut others = known.clone();
    let mut pace = Pace::default();
    let started = Instant::now();
    let mut any_listed = false;
    let mut last_failure = None;
    while started.elapsed() < patience {
        match look(aws, service, task_definition, &mut others, which).await {
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

/// How many deployments are listed, and which of those that roll our task definition out is ours. The others are remembered, so that each is asked
/// about once.
async fn look(
    aws: &Aws,
    service: &str,
    task_definition: &str,
    others: &mut HashSet<String>,
    which: Which,
) -> Result<(usize, Option<String>), CallError> {
    let listed = aws.list_deployments(service).await?;
    let count = listed.len();
    let new: Vec<DeploymentBrief> = listed.into_iter().filter(|deployment| !others.contains(&deployment.arn)).collect();
    let revisions: Vec<String> = new.iter().filter_map(|brief| brief.target_revision.clone()).collect();
    if revisions.is_empty() {
        return Ok((count, None));
    }
    let definitions = aws.task_definitions_of(&revisions).await?;
    let definition_of = |brief: &DeploymentBrief| {
        definitions.iter().find(|(revision, _)| Some(revision) == brief.target_revision.as_ref())
    };
    let is_ours = |brief: &&DeploymentBrief| definition_of(brief).is_some_and(|(_, found)| found == task_definition);
    let is_other = |brief: &&DeploymentBrief| definition_of(brief).is_some_and(|(_, found)| found != task_definition);
    others.extend(new.iter().filter(is_other).map(|brief| brief.arn.clone()));
    let ours = new.iter().filter(is_ours);
    let by_age = |one: &&DeploymentBrief, other: &&DeploymentBrief| one.created_at.total_cmp(&other.created_at);
    let ours = match which {
        Which::Oldest => ours.min_by(by_age),
        Which::Newest => ours.max_by(by_age),
    };
    Ok((count, ours.map(|found| found.arn.clone())))
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

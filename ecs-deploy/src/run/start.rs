//! Starts deployments, lets them go on, and takes them back.

use std::collections::HashSet;

use contract::aws::{CallError, CallErrorKind};
use contract::{Exit, Fault, Session};

use super::find;
use super::watched::{Handle, Watched};
use crate::aws::{Aws, Lookup};
use crate::error::Error;
use crate::history::rollback_targets;
use crate::plan::{Plan, Way, specification};
use crate::report::Outcome;

/// Who stopped a deployment.
pub(super) enum Stopper {
    /// A newer one.
    Deployment(String),
    /// The service is gone.
    Deletion(String),
}

/// Starts the deployment of a task definition as planned. With `known` it is told from those that were there; without, the task definition is new,
/// and nobody else's.
pub(super) async fn start(
    aws: &Aws,
    plan: &Plan,
    task_definition: &str,
    known: &HashSet<String>,
) -> Result<Handle, Error> {
    let service = &plan.service.name;
    match plan.way {
        Way::Ecs => {
            let updated = aws.update_service(service, Some(task_definition), plan.configuration.as_ref()).await;
            find::own(aws, service, task_definition, known, updated).await
        }
        Way::CodeDeploy(configuration) => {
            let last = plan.service.task_sets.iter().find_map(|set| set.external_id.as_deref());
            let group = aws.deployment_group(service, last).await?;
            let text = specification(&plan.service, task_definition)?;
            let before = aws.open_code_deployments(&group).await?;
            match aws.create_code_deployment(&group, &text, configuration).await {
                Ok(id) => Ok(Handle::CodeDeploy(id)),
                Err(error) => {
                    // The answer may have been lost, and the deployment be there: CodeDeploy takes one at a time.
                    let open = aws.open_code_deployments(&group).await?;
                    let new = open.into_iter().find(|id| !before.contains(id)).filter(|_| before.is_empty());
                    new.map(Handle::CodeDeploy).ok_or(error)
                }
            }
        }
    }
}

/// Asks AWS to take a deployment back. Where it cannot be asked, the task definition before is deployed again.
pub(super) async fn go_back(aws: &Aws, one: &mut Watched, reason: String, session: &Session) {
    let is_through = ["SUCCESSFUL", "Succeeded"].contains(&one.last.status.as_str());
    let asked = match &one.handle {
        _ if is_through => Ok(false),
        Handle::Ecs(arn) => stopped(aws.stop_deployment(arn).await),
        Handle::CodeDeploy(id) => stopped(aws.stop_code_deployment(id).await),
        Handle::Service | Handle::None => Ok(false),
    };
    match asked {
        Ok(true) => one.asked = Some(reason),
        // It has ended meanwhile: the next look shows how.
        Ok(false) if !is_through && one.handle != Handle::Service => {}
        Ok(false) => deploy_previous(aws, one, reason).await,
        Err(error) if error.kind == CallErrorKind::AccessDenied => {
            let failed = Error::RollbackFailed(format!("{reason}, but it may not be stopped: {error}"));
            one.conclude(Outcome::InProgress, Some(failed));
        }
        Err(error) => session.progress.warning(&format!("the deployment could not be stopped, trying again: {error}")),
    }
}

/// Whether AWS stops the deployment; not if it has ended meanwhile.
fn stopped(call: Result<(), CallError>) -> Result<bool, CallError> {
    match call {
        Ok(()) => Ok(true),
        Err(error) if error.kind == CallErrorKind::Refused => Ok(false),
        Err(error) => Err(error),
    }
}

/// Deploys what served before: the last success before this one, or else what the service was said to have.
pub(super) async fn deploy_previous(aws: &Aws, one: &mut Watched, reason: String) {
    let successes = find::successes(aws, &one.report.service).await.unwrap_or_default();
    let last = rollback_targets(&successes, &one.task_definition).into_iter().next();
    let Some(previous) = last.map(|success| success.task_definition).or_else(|| one.way_back.clone()) else {
        let failed = format!("{reason}, but it was through before, and it is not known what the service had");
        return one.conclude(Outcome::RollbackFailed, Some(Error::RollbackFailed(failed)));
    };
    match deploy_again(aws, &one.report.service, &previous).await {
        Ok(handle) => {
            if let Handle::Ecs(arn) = &handle {
                one.report.arn = Some(arn.clone());
            }
            one.handle = handle;
            one.task_definition = previous;
            one.going_back = Some(reason);
        }
        Err(error) => {
            let outcome = if error.exit() == Exit::Unknown { Outcome::InProgress } else { Outcome::RollbackFailed };
            let failed = Error::RollbackFailed(format!("{reason}, and the way back failed: {error}"));
            one.conclude(outcome, Some(if outcome == Outcome::InProgress { error } else { failed }));
        }
    }
}

/// Deploys a task definition that is there already.
pub(super) async fn deploy_again(aws: &Aws, service: &str, task_definition: &str) -> Result<Handle, Error> {
    let lookup = aws.describe_services(&[service.to_owned()]).await?.into_iter().next();
    if let Some(Lookup::Found(found)) = lookup
        && found.controller() == "CODE_DEPLOY"
    {
        let last = found.task_sets.iter().find_map(|set| set.external_id.as_deref());
        let group = aws.deployment_group(service, last).await?;
        let text = specification(&found, task_definition)?;
        return Ok(Handle::CodeDeploy(aws.create_code_deployment(&group, &text, None).await?));
    }
    let known = find::known_deployments(aws, service).await?;
    let updated = aws.update_service(service, Some(task_definition), None).await;
    find::own(aws, service, task_definition, &known, updated).await
}

/// Lets a deployment go on from its pause.
pub(super) async fn go_on(aws: &Aws, one: &mut Watched, hook: &str, session: &Session) {
    let called = match &one.handle {
        Handle::Ecs(arn) => aws.continue_deployment(arn, hook).await,
        Handle::CodeDeploy(id) => aws.continue_code_deployment(id).await,
        Handle::Service | Handle::None => return,
    };
    match called {
        Ok(()) => {
            let stage = one.last.place();
            session.progress.event("continue", &format!("{}: goes on from {stage}", one.report.service), &[]);
        }
        // Somebody else did, or the answer was lost: the next look shows it.
        Err(error) => session.progress.warning(&format!("the pause could not be ended: {error}")),
    }
}

/// Who stopped a deployment, if it was not a failure.
pub(super) async fn superseding(aws: &Aws, one: &Watched) -> Option<Stopper> {
    let service = &one.report.service;
    let lookup = aws.describe_services(std::slice::from_ref(service)).await.ok()?.into_iter().next();
    let found = match lookup {
        Some(Lookup::Missing(reason)) => return Some(Stopper::Deletion(reason)),
        Some(Lookup::Found(found)) => found,
        None => return None,
    };
    match &one.handle {
        Handle::Ecs(arn) => {
            let deployments = aws.list_deployments(service).await.ok()?.into_iter();
            let newest = deployments.max_by(|one, other| one.created_at.total_cmp(&other.created_at))?;
            (newest.arn != *arn && newest.created_at >= one.last.created_at).then_some(Stopper::Deployment(newest.arn))
        }
        Handle::Service => {
            let is_other = found.task_definition != one.task_definition && found.is_deploying();
            is_other.then_some(Stopper::Deployment(found.task_definition.clone()))
        }
        Handle::CodeDeploy(_) | Handle::None => None,
    }
}

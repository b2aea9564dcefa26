//! Starts deployments, lets them go on, and takes them back.

use std::collections::HashSet;

use contract::aws::{CallError, CallErrorKind};
use contract::{Exit, Fault, Session};

use super::find::Which;
use super::watched::{Handle, Watched};
use super::{find, random};
use crate::aws::{Aws, DeploymentBrief, Lookup};
use crate::decide::Course;
use crate::error::Error;
use crate::history::rollback_targets;
use crate::judge::is_through;
use crate::plan::{Plan, Way, specification};
use crate::report::Outcome;
use crate::service::Service;
use crate::task_definition::TaskDefinition;

/// Who stopped a deployment.
pub(super) enum Stopper {
    /// A newer one.
    Deployment(String),
    /// The service is gone.
    Deletion(String),
}

/// Starts the deployment of a task definition as planned. The task definition is new, so that its deployment can be nobody else's.
pub(super) async fn start(aws: &Aws, plan: &Plan, task_definition: &str) -> Result<Handle, Error> {
    let service = &plan.service;
    match plan.way {
        Way::Ecs => {
            let updated =
                aws.update_service(&service.name, Some(task_definition), plan.configuration.as_ref(), false).await;
            find::own(aws, &service.name, task_definition, &HashSet::new(), updated, Which::Oldest).await
        }
        Way::CodeDeploy(configuration) => start_code_deploy(aws, service, task_definition, configuration).await,
    }
}

/// CodeDeploy takes one deployment of a group at a time. Ours is told from others by its description, which nobody else knows: an answer may be
/// lost, also the one to an attempt before the last.
async fn start_code_deploy(
    aws: &Aws,
    service: &Service,
    task_definition: &str,
    configuration: Option<&str>,
) -> Result<Handle, Error> {
    let text = specification(service, task_definition)?;
    let group = aws.deployment_group(&service.name, service.last_code_deployment()).await?;
    let description = format!("ecs-deploy {:016x}", random());
    let created = aws.create_code_deployment(&group, &text, configuration, &description).await;
    let error = match created {
        Ok(id) => return Ok(Handle::CodeDeploy(id)),
        Err(error) => error,
    };
    find::own_code_deployment(aws, &service.name, &group, &description, error).await.map(Handle::CodeDeploy)
}

/// Asks AWS to take a deployment back. Where it cannot be asked, what served before is deployed again.
pub(super) async fn go_back(aws: &Aws, one: &mut Watched, reason: String, session: &Session) {
    if is_through(&one.last.status) || one.handle == Handle::Service {
        return deploy_previous(aws, one, reason, session).await;
    }
    match stop(aws, &one.handle).await {
        Ok(()) => one.course = Course::Returning(reason),
        Err(error) if error.kind == CallErrorKind::AccessDenied => {
            let failed = format!("{reason}, but the deployment may not be stopped, and goes on: {error}");
            one.conclude(Outcome::RollbackFailed, Some(Error::RollbackFailed(failed)));
        }
        Err(error) => {
            // Refused is what has ended meanwhile: the next look shows how.
            if error.kind != CallErrorKind::Refused {
                let message = format!("the deployment could not be stopped, trying again: {error}");
                session.progress.warning(&message);
            }
            one.course = Course::Turning(reason);
        }
    }
}

/// Deploys what served before: the last success before this one, or else what the service was said to have. Not if somebody has deployed something
/// else meanwhile.
pub(super) async fn deploy_previous(aws: &Aws, one: &mut Watched, reason: String, session: &Session) {
    let name = one.report.service.clone();
    let service = match aws.describe_services(std::slice::from_ref(&name)).await.map(|found| found.into_iter().next()) {
        Ok(Some(Lookup::Found(service))) => service,
        Ok(Some(Lookup::Missing(reason))) => return one.conclude(Outcome::Stopped, Some(Error::Deleted(reason))),
        Ok(None) => return,
        Err(error) => return try_again(one, reason, &error, session),
    };
    if service.current_task_definition() != one.task_definition {
        let newer = service.current_task_definition().to_owned();
        session.progress.warning(&format!("{name}: not gone back from, for {newer} was deployed meanwhile"));
        one.report.superseded_by = Some(newer.clone());
        return one.conclude(Outcome::Superseded, Some(Error::Replaced(newer)));
    }
    let successes = find::successes(aws, &name).await.unwrap_or_default();
    let last = rollback_targets(&successes, &one.task_definition).into_iter().next();
    let Some(previous) = last.map(|success| success.task_definition).or_else(|| one.way_back.clone()) else {
        let failed = format!("{reason}, but it was through before, and it is not known what the service had");
        return one.conclude(Outcome::RollbackFailed, Some(Error::RollbackFailed(failed)));
    };
    let deployed = async {
        let definition = aws.describe_task_definition(&previous).await?;
        deploy_again(aws, &service, &previous, &definition).await
    };
    match deployed.await {
        Ok((handle, task_definition)) => one.turn_back(handle, task_definition, reason),
        Err(error) if error.exit() == Exit::Unknown => one.conclude(Outcome::InProgress, Some(error)),
        Err(error) => try_again(one, reason, &error, session),
    }
}

/// What fails in passing is tried at the next look.
fn try_again(one: &mut Watched, reason: String, error: &Error, session: &Session) {
    if matches!(error, Error::Call(call) if find::may_have_been_done(call)) {
        session.progress.warning(&format!("the way back could not be taken, trying again: {error}"));
        one.course = Course::Turning(reason);
        return;
    }
    let failed = Error::RollbackFailed(format!("{reason}, and the way back failed: {error}"));
    one.conclude(Outcome::RollbackFailed, Some(failed));
}

/// Deploys a task definition that served before. One that was deregistered is registered again, for ECS deploys no inactive one. Says what is
/// deployed.
pub(super) async fn deploy_again(
    aws: &Aws,
    service: &Service,
    task_definition: &str,
    definition: &TaskDefinition,
) -> Result<(Handle, String), Error> {
    let mut target = task_definition.to_owned();
    if definition.overview()?.status.as_deref() == Some("INACTIVE") {
        target = aws.register_task_definition(definition.to_register()).await?;
    }
    if service.controller() == "CODE_DEPLOY" {
        return Ok((start_code_deploy(aws, service, &target, None).await?, target));
    }
    let listed = aws.list_deployments(&service.name).await?;
    let known = listed.iter().map(|deployment| deployment.arn.clone()).collect();
    if let Some(newest) = find::newest_of(listed).filter(DeploymentBrief::is_under_way)
        && find::rolls_out(aws, &newest, &target).await?
    {
        // Somebody else goes there already, and to ask for the same again starts nothing.
        return Ok((Handle::Ecs(newest.arn), target));
    }
    let updated = aws.update_service(&service.name, Some(&target), None, false).await;
    Ok((find::own(aws, &service.name, &target, &known, updated, Which::Oldest).await?, target))
}

/// Asks AWS to take a deployment back.
pub(super) async fn stop(aws: &Aws, handle: &Handle) -> Result<(), CallError> {
    match handle {
        Handle::Ecs(arn) => aws.stop_deployment(arn).await,
        Handle::CodeDeploy(id) => aws.stop_code_deployment(id).await,
        Handle::Service | Handle::None => Ok(()),
    }
}

/// Asks AWS to let a deployment go on from the pause that this hook holds it at.
pub(super) async fn end_pause(aws: &Aws, handle: &Handle, hook: &str) -> Result<(), CallError> {
    match handle {
        Handle::Ecs(arn) => aws.continue_deployment(arn, hook).await,
        Handle::CodeDeploy(id) => aws.continue_code_deployment(id).await,
        Handle::Service | Handle::None => Ok(()),
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
            let newest = find::newest(aws, service).await.ok()??;
            (newest.arn != *arn && newest.created_at >= one.last.created_at).then_some(Stopper::Deployment(newest.arn))
        }
        Handle::Service => {
            let is_other = found.task_definition != one.task_definition && found.is_deploying();
            is_other.then_some(Stopper::Deployment(found.task_definition.clone()))
        }
        Handle::CodeDeploy(_) | Handle::None => None,
    }
}

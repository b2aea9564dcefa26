//! Something about a deployment that is there already: say where it is, watch it, let it go on, stop it.

use contract::{Report, Session};

use super::deploy::finish;
use super::follow::Follow;
use super::look;
use super::watched::{Handle, Watched};
use crate::EcsDeploy;
use crate::aws::{Aws, Lookup};
use crate::decide::{Circumstances, CodeDeploy, Step, decide};
use crate::error::Error;
use crate::report::{Action, Deployment, ImageReport, Outcome, ServiceReport};
use crate::request::{Request, Subject, Verb};
use crate::service::Service;
use crate::task_definition::{Overview, TaskDefinition};

pub(super) async fn run(
    aws: &Aws,
    request: &Request,
    verb: Verb,
    subject: &Subject,
    session: &Session,
) -> Result<Report<EcsDeploy>, Error> {
    let action = match verb {
        Verb::Status => Action::Status,
        Verb::Resume => Action::Resume,
        Verb::Continue => Action::Continue,
        Verb::Stop => Action::Stop,
    };
    let section = Deployment::new(action, &request.cluster);
    let mut watched = vec![find(aws, request, subject).await?];
    look::look(aws, &mut watched, session).await;
    learn(aws, &mut watched[0]).await?;
    if verb == Verb::Status || request.dry_run {
        tell(&mut watched[0]);
        return Ok(finish(section, watched, None));
    }
    let mut follow = Follow::new(aws, &request.watch, section, session);
    match verb {
        Verb::Status | Verb::Resume => {}
        Verb::Continue => go_on(aws, &watched[0]).await?,
        Verb::Stop => stop(aws, &mut watched[0]).await?,
    }
    follow.until_over(&mut watched).await;
    let mut section = follow.section.clone();
    section.checks.clone_from(&follow.checks.reports);
    let interrupted = follow.interrupted;
    drop(follow);
    for one in watched.iter_mut().filter(|_| verb == Verb::Stop) {
        one.error = match one.report.outcome {
            Outcome::RolledBack => None,
            // It was through before it could be stopped.
            Outcome::Deployed => Some(Error::NotUnderWay(one.report.service.clone())),
            _ => one.error.take(),
        };
    }
    Ok(finish(section, watched, interrupted))
}

/// The deployment that is meant, and its service as it is.
async fn find(aws: &Aws, request: &Request, subject: &Subject) -> Result<Watched, Error> {
    let name = subject.service().to_owned();
    let lookup = aws.describe_services(std::slice::from_ref(&name)).await?.into_iter().next();
    let service = match lookup {
        Some(Lookup::Found(service)) => *service,
        Some(Lookup::Missing(reason)) => {
            return Err(Error::NoService { cluster: request.cluster.clone(), service: name, reason });
        }
        None => return Err(Error::NoSubject),
    };
    let handle = match subject {
        Subject::Deployment { arn, .. } => Handle::Ecs(arn.clone()),
        Subject::CodeDeploy { id, .. } => Handle::CodeDeploy(id.clone()),
        Subject::LatestOf(_) => latest(aws, &service).await?,
    };
    let mut report = ServiceReport::new(&name, Outcome::InProgress);
    report.strategy = Some(service.strategy());
    if let Handle::Ecs(arn) | Handle::CodeDeploy(arn) = &handle {
        report.arn = Some(arn.clone());
    }
    let mut watched = Watched::new(report, handle, service.current_task_definition(), Overview::default());
    watched.target_groups =
        service.load_balancers.iter().filter_map(|balancer| balancer.target_group_arn.clone()).collect();
    Ok(watched)
}

async fn latest(aws: &Aws, service: &Service) -> Result<Handle, Error> {
    if service.controller() == "CODE_DEPLOY" {
        let last = service.task_sets.iter().find_map(|set| set.external_id.clone());
        let group = aws.deployment_group(&service.name, last.as_deref()).await?;
        let open = aws.open_code_deployments(&group).await?.into_iter().next();
        return open.or(last).map(Handle::CodeDeploy).ok_or_else(|| Error::NotUnderWay(service.name.clone()));
    }
    let deployments = aws.list_deployments(&service.name).await?.into_iter();
    let newest = deployments.max_by(|one, other| one.created_at.total_cmp(&other.created_at));
    Ok(newest.map_or(Handle::Service, |newest| Handle::Ecs(newest.arn)))
}

/// What the deployment rolls out: its target's task definition, and the images in it.
async fn learn(aws: &Aws, one: &mut Watched) -> Result<(), Error> {
    if let Some(revision) = one.last.target.arn.clone() {
        let definitions = aws.task_definitions_of(&[revision]).await?;
        if let Some((_, definition)) = definitions.into_iter().next() {
            one.task_definition = definition;
        }
    }
    if one.task_definition.is_empty() {
        return Ok(());
    }
    let definition: TaskDefinition = aws.describe_task_definition(&one.task_definition).await?;
    one.overview = definition.overview()?;
    one.report.task_definition = Some(one.task_definition.clone());
    let images = one.overview.container_definitions.iter().map(|container| ImageReport {
        container: container.name.clone(),
        image: container.image.clone(),
        digest: container.image.split_once('@').and_then(|(_, digest)| digest.parse().ok()),
        previous_image: None,
    });
    one.report.images = images.collect();
    Ok(())
}

/// What there is to do about it if nobody asks anything.
fn next(one: &Watched) -> Step {
    let code_deploy = matches!(one.handle, Handle::CodeDeploy(_));
    let code_deploy = code_deploy.then_some(CodeDeploy { rollback: one.rollback_status.as_deref() });
    decide(&one.last, &Circumstances { code_deploy, ..Circumstances::default() })
}

fn is_over(one: &Watched) -> bool {
    one.over || matches!(next(one), Step::Ended(_))
}

/// Says where it is, without waiting.
fn tell(one: &mut Watched) {
    if one.over {
        return;
    }
    match next(one) {
        Step::Ended(end) => one.conclude_by(end),
        Step::Held => {
            let stage = one.last.place().to_owned();
            let deployment = one.report.arn.clone().unwrap_or_default();
            one.conclude(Outcome::Paused, Some(Error::Paused { stage, deployment }));
        }
        Step::Watch | Step::RollBack(_) | Step::Continue(_) => {
            let line = one.last.line();
            one.conclude(Outcome::InProgress, Some(Error::UnderWay(line)));
        }
    }
}

async fn go_on(aws: &Aws, one: &Watched) -> Result<(), Error> {
    let Some(hook) = &one.last.pause else {
        return Err(Error::NotPaused(one.last.place().to_owned()));
    };
    match &one.handle {
        Handle::Ecs(arn) => aws.continue_deployment(arn, &hook.id).await?,
        Handle::CodeDeploy(id) => aws.continue_code_deployment(id).await?,
        Handle::Service | Handle::None => return Err(Error::NotPaused(one.last.place().to_owned())),
    }
    Ok(())
}

async fn stop(aws: &Aws, one: &mut Watched) -> Result<(), Error> {
    if is_over(one) {
        return Err(Error::NotUnderWay(one.report.service.clone()));
    }
    let stopped = match &one.handle {
        Handle::Ecs(arn) => aws.stop_deployment(arn).await,
        Handle::CodeDeploy(id) => aws.stop_code_deployment(id).await,
        Handle::Service | Handle::None => return Err(Error::NotUnderWay(one.report.service.clone())),
    };
    stopped?;
    Ok(())
}

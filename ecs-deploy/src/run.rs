//! The story of one run: resolve, observe, decide, act, follow, report.

use contract::{Input, Report, Session};

use crate::EcsDeploy;
use crate::aws::{Ecs, ServiceState};
use crate::cli::Arguments;
use crate::error::Error;
use crate::follow::{self, Followed};
use crate::judge::End;
use crate::report::{Deployment, Ending, FailureCause};
use crate::request::Request;
use crate::task_definition::Container;

pub(crate) async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<Report<EcsDeploy>, Error> {
    let request = Request::resolve(&arguments, &input)?;
    let ecs = Ecs::connect(&arguments, session).await;
    let service = ecs.describe_service().await?;
    if service.controller != "ECS" {
        return Err(Error::Controller(service.controller));
    }
    let definition = ecs.describe_task_definition(&service.task_definition).await?;
    let container = definition.container(request.container.as_deref())?;
    let mut section = planned(&request, &service, &container);
    if container.image == request.image.as_str() {
        return already_there(&ecs, section, request.dry_run, session).await;
    }
    if request.dry_run {
        return Ok(report(section, None));
    }
    if request.image.digest().is_none() {
        session.progress.warning("the image is not named by its digest: tasks may start with different contents");
    }
    let known = follow::known_deployments(&ecs).await?;
    let input = definition.with_image(&container, request.image.as_str())?;
    let task_definition = ecs.register_task_definition(input).await?;
    session.progress.event("registered", &format!("registered {task_definition}"), &[]);
    section.outcome = Ending::InProgress;
    section.task_definition = Some(task_definition.clone());
    session.checkpoint(&section, &watch_hint(&request));
    ecs.update_service(&task_definition).await?;
    let arn = follow::find_own(&ecs, &task_definition, &known).await?;
    watch(&ecs, &arn, section, session).await
}

/// The service runs the image already. If its deployment is still under way, it is ours to watch: it may yet be rolled back.
async fn already_there(
    ecs: &Ecs,
    mut section: Deployment,
    dry_run: bool,
    session: &Session,
) -> Result<Report<EcsDeploy>, Error> {
    section.task_definition = Some(section.previous_task_definition.clone());
    section.arn = follow::under_way(ecs, &section.previous_task_definition).await?;
    match section.arn.clone() {
        Some(arn) if !dry_run => return watch(ecs, &arn, section, session).await,
        Some(_) => section.outcome = Ending::InProgress,
        None => {
            section.ok = true;
            section.outcome = Ending::NothingToDo;
        }
    }
    Ok(report(section, None))
}

/// Watches the deployment and says how it ended.
async fn watch(ecs: &Ecs, arn: &str, mut section: Deployment, session: &Session) -> Result<Report<EcsDeploy>, Error> {
    section.arn = Some(arn.to_owned());
    section.outcome = Ending::InProgress;
    let hint = format!("it goes on: aws ecs describe-service-deployments --service-deployment-arns {arn}");
    session.checkpoint(&section, &hint);
    let task_definition = section.task_definition.clone().unwrap_or_default();
    let followed = follow::follow(ecs, arn, &task_definition, session).await?;
    section.status = Some(followed.last.status.clone());
    section.reason.clone_from(&followed.last.status_reason);
    section.causes = followed.causes.iter().map(FailureCause::from).collect();
    let reason = reason(&followed);
    let (outcome, refusal) = match followed.end {
        End::Deployed => (Ending::Deployed, None),
        End::RolledBack => (Ending::RolledBack, Some(Error::RolledBack(reason))),
        End::RollbackFailed => (Ending::RollbackFailed, Some(Error::RollbackFailed(reason))),
        End::Stopped => stopped(ecs, arn, reason).await,
    };
    section.ok = refusal.is_none();
    section.outcome = outcome;
    Ok(report(section, refusal))
}

/// A deployment is stopped by a newer one, or by a failure without rollback.
async fn stopped(ecs: &Ecs, arn: &str, reason: String) -> (Ending, Option<Error>) {
    let deployments = ecs.list_deployments().await.unwrap_or_default().into_iter();
    let newest = deployments.max_by(|one, other| one.created_at.total_cmp(&other.created_at));
    match newest.filter(|newest| newest.arn != arn) {
        Some(newer) => (Ending::Superseded, Some(Error::Superseded(newer.arn))),
        None => (Ending::Stopped, Some(Error::Stopped(reason))),
    }
}

/// What ECS says before it comes to the point. Source: ECS developer guide, service deployment status reasons.
const PREAMBLE: &str = "Service deployment rolled back because ";

/// ECS's reason, and the most frequent failure of the tasks behind it.
fn reason(followed: &Followed) -> String {
    let said = followed.last.status_reason.as_deref().unwrap_or("ECS gave no reason");
    let said = said.strip_prefix(PREAMBLE).unwrap_or(said).trim_end_matches('.');
    match followed.causes.first() {
        Some(cause) => format!("{said}: {}", cause.line()),
        None => said.to_owned(),
    }
}

fn planned(request: &Request, service: &ServiceState, container: &Container) -> Deployment {
    Deployment {
        ok: false,
        outcome: Ending::Planned,
        cluster: request.cluster.clone(),
        service: request.service.clone(),
        container: container.name.clone(),
        image: request.image.to_string(),
        digest: request.image.digest().cloned(),
        previous_image: container.image.clone(),
        previous_task_definition: service.task_definition.clone(),
        task_definition: None,
        strategy: service.strategy.clone(),
        arn: None,
        status: None,
        reason: None,
        causes: Vec::new(),
    }
}

fn watch_hint(request: &Request) -> String {
    let Request { cluster, service, .. } = request;
    format!("look at it: aws ecs list-service-deployments --cluster {cluster} --service {service}")
}

fn report(section: Deployment, refusal: Option<Error>) -> Report<EcsDeploy> {
    Report { summary: section.summary(), section, image: None, refusal }
}

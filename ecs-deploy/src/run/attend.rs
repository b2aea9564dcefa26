//! Something about a deployment that is there already: say where it is, watch it, let it go on, stop it.

use std::time::{Duration, Instant};

use contract::aws::CallErrorKind;
use contract::{Report, Session};

use super::deploy::finish;
use super::follow::{Follow, command, held};
use super::watched::{Handle, Watched};
use super::{chance, find, look, start};
use crate::EcsDeploy;
use crate::aws::{Aws, Lookup};
use crate::decide::{Circumstances, CodeDeploy, Course, Step, decide};
use crate::error::Error;
use crate::pace::Pace;
use crate::report::{Action, Deployment, ImageReport, Outcome, ServiceReport};
use crate::request::{Request, Subject, Verb};
use crate::service::Service;
use crate::task_definition::{Overview, TaskDefinition};

/// A deployment that AWS has accepted is described within this time.
const UNTIL_SEEN: Duration = Duration::from_secs(5);

pub(super) async fn run(
    aws: &Aws,
    request: &Request,
    verb: Verb,
    subjects: &[Subject],
    session: &Session,
) -> Result<Report<EcsDeploy>, Error> {
    let action = match verb {
        Verb::Status => Action::Status,
        Verb::Resume => Action::Resume,
        Verb::Continue => Action::Continue,
        Verb::Stop => Action::Stop,
    };
    let section = Deployment::new(action, &request.cluster);
    let mut watched = Vec::new();
    for subject in subjects {
        watched.push(subject_of(aws, request, subject).await?);
    }
    until_seen(aws, &mut watched, session).await?;
    for one in &mut watched {
        learn(aws, one).await?;
    }
    match verb {
        Verb::Status | Verb::Resume => {}
        Verb::Continue => can_go_on(&watched)?,
        Verb::Stop => can_be_stopped(&watched)?,
    }
    if verb == Verb::Status || request.dry_run {
        for one in &mut watched {
            tell(&section.cluster, one);
        }
        return Ok(finish(section, watched, None));
    }
    let mut follow = Follow::new(aws, &request.watch, section, session);
    for one in watched.iter_mut().filter(|one| !one.over) {
        match verb {
            Verb::Status | Verb::Resume => {}
            Verb::Continue => go_on(aws, one).await?,
            Verb::Stop => stop(aws, one).await?,
        }
    }
    follow.until_over(&mut watched).await;
    let mut section = follow.section.clone();
    section.checks.clone_from(&follow.checks.reports);
    let interrupted = follow.interrupted;
    drop(follow);
    for one in watched.iter_mut().filter(|_| verb == Verb::Stop) {
        what_serves(aws, one, session).await;
        one.error = match one.report.outcome {
            Outcome::RolledBack => None,
            // It was through before it could be stopped.
            Outcome::Deployed => Some(Error::NotUnderWay(one.report.service.clone())),
            _ => one.error.take(),
        };
    }
    Ok(finish(section, watched, interrupted))
}

/// A deployment that was created just now may not be described yet.
async fn until_seen(aws: &Aws, watched: &mut [Watched], session: &Session) -> Result<(), Error> {
    let mut pace = Pace::default();
    let started = Instant::now();
    loop {
        look::look(aws, watched, session).await;
        let unseen = watched.iter().find(|one| !one.over && one.last.status.is_empty());
        let Some(unseen) = unseen else { return Ok(()) };
        if started.elapsed() > UNTIL_SEEN {
            return Err(Error::NoSuchDeployment(unseen.report.arn.clone().unwrap_or_default()));
        }
        tokio::time::sleep(pace.pause(started.elapsed(), chance())).await;
    }
}

/// The deployment that is meant, and its service as it is.
async fn subject_of(aws: &Aws, request: &Request, subject: &Subject) -> Result<Watched, Error> {
    let name = subject.service().to_owned();
    let lookup = aws.describe_services(std::slice::from_ref(&name)).await?.into_iter().next();
    let service = lookup.ok_or(Error::NoSubject)?.found(&request.cluster, &name)?;
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
    // What a deployment of ECS rolls out, its own look says.
    let task_definition = match &handle {
        Handle::Ecs(_) | Handle::None => "",
        Handle::CodeDeploy(id) => service.task_definition_of(id).unwrap_or_default(),
        Handle::Service => service.current_task_definition(),
    };
    let mut watched = Watched::new(report, handle, task_definition, Overview::default());
    watched.target_groups = service.target_groups();
    if let Some(reason) = subject.going_back() {
        watched.course = Course::Back(reason.clone());
    }
    Ok(watched)
}

async fn latest(aws: &Aws, service: &Service) -> Result<Handle, Error> {
    if service.controller() == "CODE_DEPLOY" {
        let last = service.last_code_deployment();
        let group = aws.deployment_group(&service.name, last).await?;
        let open = find::open_code_deployment(aws, &group).await?.map(|open| open.id);
        let latest = open.or_else(|| last.map(str::to_owned));
        return latest.map(Handle::CodeDeploy).ok_or_else(|| Error::NotUnderWay(service.name.clone()));
    }
    let newest = find::newest(aws, &service.name).await?;
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
    one.report.images = ImageReport::all_of(&one.overview);
    Ok(())
}

/// What there is to do about it if nobody asks anything.
fn next(one: &Watched) -> Step {
    let code_deploy = matches!(one.handle, Handle::CodeDeploy(_));
    let code_deploy = code_deploy.then_some(CodeDeploy { rollback: one.rollback_status.as_deref() });
    decide(&one.last, &Circumstances { course: one.course.clone(), code_deploy, ..Circumstances::default() })
}

fn is_over(one: &Watched) -> bool {
    one.over || matches!(next(one), Step::Ended(_))
}

/// Says where it is, without waiting.
fn tell(cluster: &str, one: &mut Watched) {
    if one.over {
        return;
    }
    match next(one) {
        Step::Ended(end) => one.conclude_by(end),
        Step::Held => {
            let held = held(cluster, one);
            one.conclude(Outcome::Paused, Some(held));
        }
        Step::Watch | Step::RollBack(_) | Step::Continue(_) => {
            let under_way = Error::UnderWay { what: one.last.line(), resume: command(cluster, one, "--resume") };
            one.conclude(Outcome::InProgress, Some(under_way));
        }
    }
}

/// One that waits is enough.
fn can_go_on(watched: &[Watched]) -> Result<(), Error> {
    let waits = watched.iter().any(|one| one.last.pause.is_some());
    let place = watched.first().map(|one| one.last.place().to_owned()).unwrap_or_default();
    if waits { Ok(()) } else { Err(Error::NotPaused(place)) }
}

/// One that is under way is enough.
fn can_be_stopped(watched: &[Watched]) -> Result<(), Error> {
    let is_stoppable = |one: &Watched| matches!(one.handle, Handle::Ecs(_) | Handle::CodeDeploy(_)) && !is_over(one);
    let service = watched.first().map(|one| one.report.service.clone()).unwrap_or_default();
    if watched.iter().any(is_stoppable) { Ok(()) } else { Err(Error::NotUnderWay(service)) }
}

async fn go_on(aws: &Aws, one: &mut Watched) -> Result<(), Error> {
    let Some(hook) = one.last.pause.clone() else { return Ok(()) };
    start::end_pause(aws, &one.handle, &hook.id).await?;
    one.ended_pause = Some(hook.id);
    one.last.pause = None;
    Ok(())
}

async fn stop(aws: &Aws, one: &mut Watched) -> Result<(), Error> {
    if is_over(one) {
        return Ok(());
    }
    match start::stop(aws, &one.handle).await {
        // It goes back already, or has ended: the next look shows which.
        Err(error) if error.kind == CallErrorKind::Refused => Ok(()),
        stopped => Ok(stopped?),
    }
}

/// After a stop, what was gone back to serves, and not what was stopped.
pub(super) async fn what_serves(aws: &Aws, one: &mut Watched, session: &Session) {
    if one.report.outcome != Outcome::RolledBack {
        return;
    }
    one.report.images.clear();
    one.report.task_definition = None;
    let found = async {
        let Some(definition) = gone_back_to(aws, one).await? else { return Ok(()) };
        one.report.images = ImageReport::all_of(&aws.describe_task_definition(&definition).await?.overview()?);
        one.report.task_definition = Some(definition);
        Ok::<(), Error>(())
    };
    if let Err(error) = found.await {
        session.progress.warning(&format!("what serves now could not be looked at: {error}"));
    }
}

/// The task definition that serves after a rollback.
async fn gone_back_to(aws: &Aws, one: &Watched) -> Result<Option<String>, Error> {
    if let Some(revision) = one.last.rollback_revision.clone() {
        let found = aws.task_definitions_of(&[revision]).await?.into_iter().next();
        return Ok(found.map(|(_, definition)| definition));
    }
    // CodeDeploy does not say: what the service has as its primary task set.
    let lookup = aws.describe_services(std::slice::from_ref(&one.report.service)).await?.into_iter().next();
    match lookup {
        Some(Lookup::Found(service)) if matches!(one.handle, Handle::CodeDeploy(_)) => {
            Ok(Some(service.current_task_definition().to_owned()))
        }
        _ => Ok(None),
    }
}

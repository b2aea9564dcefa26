//! Goes back to the last successful revision.

use std::collections::{BTreeMap, BTreeSet};

use contract::aws::CallErrorKind;
use contract::{Report, Session};
use tokio::task::JoinSet;

use super::attend::what_serves;
use super::begin::leave_word;
use super::deploy::finish;
use super::follow::Follow;
use super::watched::{Handle, Watched};
use super::{find, report, start};
use crate::EcsDeploy;
use crate::aws::{Aws, DeploymentBrief, Lookup};
use crate::decide::Course;
use crate::error::Error;
use crate::history::{Success, by_contents, first_alike, rollback_targets};
use crate::report::{Action, Deployment, ImageReport, Outcome, ServiceReport};
use crate::request::Request;
use crate::service::Service;
use crate::task_definition::TaskDefinition;

/// So many of the latest task definitions are compared with each other.
const COMPARED: usize = 20;

/// What is under way when a rollback is asked for.
enum UnderWay {
    /// Nothing.
    Nothing,
    /// A release, which is to be stopped.
    Release(Handle),
    /// A way back, which another run asked for: to stop it would be to go forward.
    WayBack(Handle),
}

/// Where one service goes.
struct Route {
    service: Service,
    under_way: UnderWay,
    /// The task definition that will serve, by ARN.
    target: String,
    definition: TaskDefinition,
}

pub(super) async fn run(
    aws: &Aws,
    request: &Request,
    services: &[String],
    session: &Session,
) -> Result<Report<EcsDeploy>, Error> {
    let section = Deployment::new(Action::Rollback, &request.cluster);
    // All routes are known before the first one is taken.
    let mut routes = Vec::new();
    for (name, lookup) in services.iter().zip(aws.describe_services(services).await?) {
        routes.push(route(aws, &request.cluster, name, lookup).await?);
    }
    if request.dry_run {
        let services = routes
            .iter()
            .map(|route| ServiceReport { calls: calls(route), ..planned(route, Outcome::Planned) })
            .collect();
        return Ok(report(section.with_services(services), None));
    }
    let mut follow = Follow::new(aws, &request.watch, section, session);
    let mut watched = Vec::new();
    for route in &routes {
        let mut services: Vec<ServiceReport> = watched.iter().map(Watched::snapshot).collect();
        services.push(planned(route, Outcome::InProgress));
        leave_word(&follow.section, services, &route.service.name, session);
        watched.push(begin(aws, route, session).await);
    }
    follow.until_over(&mut watched).await;
    let (section, interrupted) = (follow.section.clone(), follow.interrupted);
    drop(follow);
    for one in watched.iter_mut().filter(|one| one.report.outcome == Outcome::RolledBack) {
        // To have arrived at the old revision is what was asked for.
        one.error = None;
        if !matches!(one.course, Course::Back(_)) {
            what_serves(aws, one, session).await;
        }
    }
    Ok(finish(section, watched, interrupted))
}

async fn route(aws: &Aws, cluster: &str, name: &str, lookup: Lookup) -> Result<Route, Error> {
    let service = lookup.found(cluster, name)?;
    let (under_way, target) = match service.controller() {
        "CODE_DEPLOY" => code_deploy_route(aws, &service).await?,
        _ => ecs_route(aws, &service).await?,
    };
    let target = target.ok_or_else(|| Error::NoCandidate(name.to_owned()))?;
    let definition = aws.describe_task_definition(&target).await?;
    Ok(Route { service, under_way, target, definition })
}

/// What is under way, and what will serve.
async fn ecs_route(aws: &Aws, service: &Service) -> Result<(UnderWay, Option<String>), Error> {
    let successes = find::successes(aws, &service.name).await?;
    let newest = find::newest(aws, &service.name).await?;
    let newest = newest.filter(DeploymentBrief::is_under_way);
    let going_to = match newest.as_ref().and_then(|newest| newest.target_revision.clone()) {
        Some(revision) => aws.task_definitions_of(&[revision]).await?.into_iter().next().map(|(_, found)| found),
        None => None,
    };
    let present = going_to.clone().unwrap_or_else(|| service.current_task_definition().to_owned());
    let known = definitions(aws, &successes, &present).await;
    let contents = known.iter().map(|(arn, definition)| (arn.clone(), definition.to_register())).collect();
    let alike = by_contents(&successes, &contents);
    let present = first_alike(&successes, &contents, &present);
    if let Some(newest) = newest {
        let handle = Handle::Ecs(newest.arn);
        let served = alike.last().map(|success| success.task_definition.clone());
        let behind = served.map(|served| rollback_targets(&alike, &served)).unwrap_or_default();
        if going_to.is_some() && behind.iter().any(|success| success.task_definition == present) {
            return Ok((UnderWay::WayBack(handle), going_to));
        }
        // ECS itself goes back to the last success.
        let last = successes.into_iter().next_back().map(|success| success.task_definition);
        return Ok((UnderWay::Release(handle), last));
    }
    let target = rollback_targets(&alike, &present).into_iter().next();
    let Some(target) = target.map(|success| success.task_definition) else { return Ok((UnderWay::Nothing, None)) };
    // Of several that are alike, one that can be deployed as it is.
    let is_active = |arn: &String| {
        known.get(arn).and_then(|definition| definition.overview().ok()?.status) == Some("ACTIVE".to_owned())
    };
    let is_same = |arn: &String| first_alike(&successes, &contents, arn) == target && is_active(arn);
    let active = successes.iter().map(|success| &success.task_definition).rfind(|arn| is_same(arn));
    Ok((UnderWay::Nothing, Some(active.cloned().unwrap_or(target))))
}

/// The latest task definitions that were deployed. What cannot be read is like no other one.
async fn definitions(aws: &Aws, successes: &[Success], present: &str) -> BTreeMap<String, TaskDefinition> {
    let latest = successes.iter().rev().map(|success| success.task_definition.as_str());
    let mut wanted = BTreeSet::from([present.to_owned()]);
    for arn in latest {
        if wanted.len() < COMPARED {
            wanted.insert(arn.to_owned());
        }
    }
    let mut reading = JoinSet::new();
    for arn in wanted {
        let aws = aws.clone();
        reading.spawn(async move { Some((arn.clone(), aws.describe_task_definition(&arn).await.ok()?)) });
    }
    reading.join_all().await.into_iter().flatten().collect()
}

/// CodeDeploy takes back what is under way; of what is through it keeps no task definition that could be gone back to.
async fn code_deploy_route(aws: &Aws, service: &Service) -> Result<(UnderWay, Option<String>), Error> {
    let group = aws.deployment_group(&service.name, service.last_code_deployment()).await?;
    let Some(open) = find::open_code_deployment(aws, &group).await? else { return Ok((UnderWay::Nothing, None)) };
    let other = service.task_sets.iter().find(|set| set.external_id.as_deref() != Some(open.id.as_str()));
    let target = other.map_or_else(|| service.current_task_definition(), |set| &set.task_definition).to_owned();
    let handle = Handle::CodeDeploy(open.id);
    let under_way = if open.is_going_back { UnderWay::WayBack(handle) } else { UnderWay::Release(handle) };
    Ok((under_way, Some(target)))
}

async fn begin(aws: &Aws, route: &Route, session: &Session) -> Watched {
    let mut report = planned(route, Outcome::InProgress);
    let overview = route.definition.overview().unwrap_or_default();
    let name = route.service.name.clone();
    session.progress.event("rollback", &format!("{name}: going back to {}", route.target), &[]);
    let started = match &route.under_way {
        UnderWay::Nothing => deploy(aws, route).await,
        UnderWay::Release(handle) => stop(aws, route, handle).await,
        UnderWay::WayBack(handle) => Ok(follow(route, handle)),
    };
    let (handle, course, task_definition) = match started {
        Ok(started) => started,
        Err(error) => return Watched::not_started(report, error),
    };
    if let Handle::Ecs(arn) | Handle::CodeDeploy(arn) = &handle {
        report.arn = Some(arn.clone());
    }
    if matches!(course, Course::Back(_)) {
        report.task_definition = Some(task_definition.clone());
    }
    let mut watched = Watched::new(report, handle, &task_definition, overview);
    watched.course = course;
    watched.way_back = Some(route.target.clone());
    watched
}

const ASKED: &str = "a rollback was asked for";

type Started = (Handle, Course, String);

/// What another run began is watched to its end.
fn follow(route: &Route, handle: &Handle) -> Started {
    let course = match handle {
        Handle::CodeDeploy(_) => Course::Returning(ASKED.to_owned()),
        _ => Course::Back(ASKED.to_owned()),
    };
    (handle.clone(), course, route.target.clone())
}

/// Has a deployment that is under way taken back. If it is through before that, it is gone back from.
async fn stop(aws: &Aws, route: &Route, handle: &Handle) -> Result<Started, Error> {
    let service = &route.service;
    let (name, failing) = match handle {
        Handle::Ecs(arn) => (arn, Some(service.current_task_definition())),
        Handle::CodeDeploy(id) => (id, service.task_definition_of(id)),
        Handle::Service | Handle::None => return deploy(aws, route).await,
    };
    let failing = failing.unwrap_or_default().to_owned();
    match start::stop(aws, handle).await {
        Ok(()) => Ok((handle.clone(), Course::Returning(ASKED.to_owned()), failing)),
        Err(error) if error.kind == CallErrorKind::Refused => {
            let listed = aws.list_deployments(&service.name).await?;
            if listed.iter().any(|deployment| deployment.arn == *name && deployment.is_under_way()) {
                // It is being rolled back already.
                return Ok((handle.clone(), Course::Returning(ASKED.to_owned()), failing));
            }
            deploy(aws, route).await
        }
        // It is asked again at the next look.
        Err(error) if find::may_have_been_done(&error) => {
            Ok((handle.clone(), Course::Turning(ASKED.to_owned()), failing))
        }
        Err(error) => Err(error.into()),
    }
}

async fn deploy(aws: &Aws, route: &Route) -> Result<Started, Error> {
    let (handle, target) = start::deploy_again(aws, &route.service, &route.target, &route.definition).await?;
    Ok((handle, Course::Back(ASKED.to_owned()), target))
}

fn calls(route: &Route) -> Vec<String> {
    let place = format!("{}/{}", route.service.cluster_name(), route.service.name);
    match &route.under_way {
        UnderWay::Release(Handle::Ecs(arn)) => vec![format!("ecs:StopServiceDeployment of {arn}")],
        UnderWay::Release(Handle::CodeDeploy(id)) => vec![format!("codedeploy:StopDeployment of {id}")],
        UnderWay::WayBack(_) => Vec::new(),
        _ => vec![format!("ecs:UpdateService of {place}: taskDefinition {}", route.target)],
    }
}

fn planned(route: &Route, outcome: Outcome) -> ServiceReport {
    ServiceReport {
        strategy: Some(route.service.strategy()),
        images: ImageReport::all_of(&route.definition.overview().unwrap_or_default()),
        task_definition: Some(route.target.clone()),
        previous_task_definition: Some(route.service.current_task_definition().to_owned()),
        ..ServiceReport::new(&route.service.name, outcome)
    }
}

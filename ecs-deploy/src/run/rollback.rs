//! Goes back to the last successful revision.

use std::collections::{BTreeMap, BTreeSet};

use contract::aws::CallErrorKind;
use contract::{Exit, Fault, Report, Session};
use tokio::task::JoinSet;

use super::attend::what_serves;
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

/// Where one service goes.
struct Route {
    service: Service,
    /// The deployment that is under way, which is to be stopped.
    under_way: Option<Handle>,
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
        leave_word(&follow.section, &watched, route, session);
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
    let service = match lookup {
        Lookup::Found(service) => *service,
        Lookup::Missing(reason) => {
            return Err(Error::NoService { cluster: cluster.to_owned(), service: name.to_owned(), reason });
        }
    };
    let (under_way, target) = match service.controller() {
        "CODE_DEPLOY" => code_deploy_route(aws, &service).await?,
        _ => ecs_route(aws, &service).await?,
    };
    let target = target.ok_or_else(|| Error::NoCandidate(name.to_owned()))?;
    let definition = aws.describe_task_definition(&target).await?;
    Ok(Route { service, under_way, target, definition })
}

/// What is under way, and what will serve.
async fn ecs_route(aws: &Aws, service: &Service) -> Result<(Option<Handle>, Option<String>), Error> {
    let successes = find::successes(aws, &service.name).await?;
    let newest = find::newest(aws, &service.name).await?;
    if let Some(newest) = newest.filter(DeploymentBrief::is_under_way) {
        // ECS itself goes back to the last success.
        let last = successes.into_iter().next_back().map(|success| success.task_definition);
        return Ok((Some(Handle::Ecs(newest.arn)), last));
    }
    let present = service.current_task_definition().to_owned();
    let known = definitions(aws, &successes, &present).await;
    let contents = known.iter().map(|(arn, definition)| (arn.clone(), definition.to_register())).collect();
    let alike = by_contents(&successes, &contents);
    let target = rollback_targets(&alike, &first_alike(&successes, &contents, &present)).into_iter().next();
    let Some(target) = target.map(|success| success.task_definition) else { return Ok((None, None)) };
    // Of several that are alike, one that can be deployed as it is.
    let is_active = |arn: &String| {
        known.get(arn).and_then(|definition| definition.overview().ok()?.status) == Some("ACTIVE".to_owned())
    };
    let is_same = |arn: &String| first_alike(&successes, &contents, arn) == target && is_active(arn);
    let active = successes.iter().map(|success| &success.task_definition).rfind(|arn| is_same(arn));
    Ok((None, Some(active.cloned().unwrap_or(target))))
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
async fn code_deploy_route(aws: &Aws, service: &Service) -> Result<(Option<Handle>, Option<String>), Error> {
    let group = aws.deployment_group(&service.name, service.last_code_deployment()).await?;
    let Some(id) = aws.open_code_deployments(&group).await?.into_iter().next() else { return Ok((None, None)) };
    let other = service.task_sets.iter().find(|set| set.external_id.as_deref() != Some(id.as_str()));
    let target = other.map_or_else(|| service.current_task_definition(), |set| &set.task_definition).to_owned();
    Ok((Some(Handle::CodeDeploy(id)), Some(target)))
}

/// Whatever ends the run while an answer is awaited: the document names what was begun.
fn leave_word(section: &Deployment, watched: &[Watched], next: &Route, session: &Session) {
    let mut services: Vec<ServiceReport> = watched.iter().map(Watched::snapshot).collect();
    services.push(planned(next, Outcome::InProgress));
    let (cluster, service) = (&section.cluster, &next.service.name);
    let hint = format!("look at it: ecs-deploy --cluster {cluster} --service {service} --status");
    session.checkpoint(&section.clone().with_services(services), &hint);
}

async fn begin(aws: &Aws, route: &Route, session: &Session) -> Watched {
    let mut report = planned(route, Outcome::InProgress);
    let overview = route.definition.overview().unwrap_or_default();
    let name = route.service.name.clone();
    session.progress.event("rollback", &format!("{name}: going back to {}", route.target), &[]);
    let started = match &route.under_way {
        Some(handle) => stop(aws, route, handle).await,
        None => deploy(aws, route).await,
    };
    let (handle, course, task_definition) = match started {
        Ok(started) => started,
        Err(error) => {
            let outcome = if error.exit() == Exit::Unknown { Outcome::InProgress } else { Outcome::Failed };
            return Watched::settled(report, outcome, Some(error));
        }
    };
    if let Handle::Ecs(arn) | Handle::CodeDeploy(arn) = &handle {
        report.arn = Some(arn.clone());
    }
    if course != returning() {
        report.task_definition = Some(task_definition.clone());
    }
    let mut watched = Watched::new(report, handle, &task_definition, overview);
    watched.course = course;
    watched.way_back = Some(route.target.clone());
    watched
}

fn returning() -> Course {
    Course::Returning("a rollback was asked for".to_owned())
}

type Started = (Handle, Course, String);

/// Has a deployment that is under way taken back. If it is through before that, it is gone back from.
async fn stop(aws: &Aws, route: &Route, handle: &Handle) -> Result<Started, Error> {
    let failing = route.service.current_task_definition().to_owned();
    let (stopped, name) = match handle {
        Handle::Ecs(arn) => (aws.stop_deployment(arn).await, arn),
        Handle::CodeDeploy(id) => (aws.stop_code_deployment(id).await, id),
        Handle::Service | Handle::None => return deploy(aws, route).await,
    };
    match stopped {
        Err(error) if error.kind == CallErrorKind::Refused => {
            let listed = aws.list_deployments(&route.service.name).await?;
            if listed.iter().any(|deployment| deployment.arn == *name && deployment.is_under_way()) {
                // It is being rolled back already.
                return Ok((handle.clone(), returning(), failing));
            }
            deploy(aws, route).await
        }
        Err(error) if !find::may_have_been_done(&error) => Err(error.into()),
        _ => Ok((handle.clone(), returning(), failing)),
    }
}

async fn deploy(aws: &Aws, route: &Route) -> Result<Started, Error> {
    let (handle, target) = start::deploy_again(aws, &route.service, &route.target).await?;
    Ok((handle, Course::Back("a rollback was asked for".to_owned()), target))
}

fn calls(route: &Route) -> Vec<String> {
    let place = format!("{}/{}", route.service.cluster_name(), route.service.name);
    match &route.under_way {
        Some(Handle::Ecs(arn)) => vec![format!("ecs:StopServiceDeployment of {arn}")],
        Some(Handle::CodeDeploy(id)) => vec![format!("codedeploy:StopDeployment of {id}")],
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

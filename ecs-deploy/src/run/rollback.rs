//! Goes back to the last successful revision.

use contract::aws::CallErrorKind;
use contract::{Exit, Fault, Report, Session};

use super::deploy::finish;
use super::follow::Follow;
use super::watched::{Handle, Watched};
use super::{find, report, start};
use crate::EcsDeploy;
use crate::aws::{Aws, Lookup};
use crate::error::Error;
use crate::history::rollback_targets;
use crate::report::{Action, Deployment, ImageReport, Outcome, ServiceReport};
use crate::request::Request;
use crate::service::Service;
use crate::task_definition::{Overview, TaskDefinition};

/// Where one service goes.
struct Route {
    service: Service,
    /// A deployment that is under way, which is to be stopped.
    under_way: Option<String>,
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
        watched.push(begin(aws, route, session).await);
    }
    follow.until_over(&mut watched).await;
    let (section, interrupted) = (follow.section.clone(), follow.interrupted);
    drop(follow);
    for one in &mut watched {
        // To have arrived at the old revision is what was asked for, by a deployment of its own as by a stop.
        if matches!(one.report.outcome, Outcome::Deployed | Outcome::RolledBack) {
            one.report.outcome = Outcome::RolledBack;
            one.error = None;
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
    let present = service.current_task_definition().to_owned();
    let successes = find::successes(aws, name).await?;
    let newest =
        aws.list_deployments(name).await?.into_iter().max_by(|one, other| one.created_at.total_cmp(&other.created_at));
    let under_way = newest.filter(|deployment| deployment.under_way).map(|deployment| deployment.arn);
    let target = match &under_way {
        // ECS itself goes back to the last success.
        Some(_) => successes.last().cloned(),
        None => rollback_targets(&successes, &present).into_iter().next(),
    };
    let target = target.ok_or_else(|| Error::NoCandidate(name.to_owned()))?.task_definition;
    let definition = aws.describe_task_definition(&target).await?;
    Ok(Route { service, under_way, target, definition })
}

async fn begin(aws: &Aws, route: &Route, session: &Session) -> Watched {
    let mut report = planned(route, Outcome::InProgress);
    let overview = route.definition.overview().unwrap_or_default();
    let name = route.service.name.clone();
    session.progress.event("rollback", &format!("{name}: going back to {}", route.target), &[]);
    let started = match &route.under_way {
        Some(arn) => stop(aws, route, arn, &overview, &mut report).await,
        None => deploy(aws, route, &overview, &mut report).await,
    };
    let handle = match started {
        Ok(handle) => handle,
        Err(error) => {
            let outcome = if error.exit() == Exit::Unknown { Outcome::InProgress } else { Outcome::Failed };
            return Watched::settled(report, outcome, Some(error));
        }
    };
    if let Handle::Ecs(arn) | Handle::CodeDeploy(arn) = &handle {
        report.arn = Some(arn.clone());
    }
    let is_stopped = route.under_way.is_some() && report.arn == route.under_way;
    let watched_definition =
        if is_stopped { route.service.current_task_definition() } else { &route.target }.to_owned();
    let mut watched = Watched::new(report, handle, &watched_definition, overview);
    if is_stopped {
        watched.asked = Some("a rollback was asked for".to_owned());
        watched.way_back = Some(route.target.clone());
    }
    watched
}

/// Has ECS roll the deployment back that is under way. If it is through before that, it is gone back from.
async fn stop(
    aws: &Aws,
    route: &Route,
    arn: &str,
    overview: &Overview,
    report: &mut ServiceReport,
) -> Result<Handle, Error> {
    match aws.stop_deployment(arn).await {
        Err(error) if error.kind == CallErrorKind::Refused => {
            let listed = aws.list_deployments(&route.service.name).await?;
            if listed.iter().any(|deployment| deployment.arn == arn && deployment.under_way) {
                // It is being rolled back already.
                return Ok(Handle::Ecs(arn.to_owned()));
            }
            deploy(aws, route, overview, report).await
        }
        Err(error) if !find::may_have_been_done(&error) => Err(error.into()),
        _ => Ok(Handle::Ecs(arn.to_owned())),
    }
}

/// A revision that was deregistered is registered again: ECS deploys no inactive one.
async fn deploy(aws: &Aws, route: &Route, overview: &Overview, report: &mut ServiceReport) -> Result<Handle, Error> {
    let mut target = route.target.clone();
    if overview.status.as_deref() == Some("INACTIVE") {
        target = aws.register_task_definition(route.definition.to_register()).await?;
        report.task_definition = Some(target.clone());
    }
    start::deploy_again(aws, &route.service.name, &target).await
}

fn calls(route: &Route) -> Vec<String> {
    let place = format!("{}/{}", route.service.cluster_name(), route.service.name);
    match &route.under_way {
        Some(arn) => vec![format!("ecs:StopServiceDeployment of {arn}")],
        None => vec![format!("ecs:UpdateService of {place}: taskDefinition {}", route.target)],
    }
}

fn planned(route: &Route, outcome: Outcome) -> ServiceReport {
    let containers = route.definition.overview().unwrap_or_default().container_definitions;
    let images = containers.iter().map(|container| ImageReport {
        container: container.name.clone(),
        image: container.image.clone(),
        digest: container.image.split_once('@').and_then(|(_, digest)| digest.parse().ok()),
        previous_image: None,
    });
    ServiceReport {
        strategy: Some(route.service.strategy()),
        images: images.collect(),
        task_definition: Some(route.target.clone()),
        previous_task_definition: Some(route.service.current_task_definition().to_owned()),
        ..ServiceReport::new(&route.service.name, outcome)
    }
}

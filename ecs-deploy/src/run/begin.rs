//! Starts the deployments of a release.

use std::sync::Arc;

use contract::Session;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::deploy::planned;
use super::find::Which;
use super::watched::{Handle, Watched};
use super::{find, start};
use crate::aws::Aws;
use crate::error::Error;
use crate::plan::{Plan, Way};
use crate::report::{Deployment, Outcome, ServiceReport};
use crate::standing::Standing;

/// So many services are updated at once. Source: ECS service quotas, request throttling: services are modified 5 times a second, 50 in a burst.
const AT_ONCE: usize = 10;

/// One after the other: what fails leaves the rest untouched.
pub(super) async fn in_turn(
    aws: &Aws,
    section: &Deployment,
    plans: &[Plan],
    definitions: &[String],
    session: &Session,
) -> Vec<Watched> {
    let mut watched: Vec<Watched> = Vec::new();
    for (plan, definition) in plans.iter().zip(definitions) {
        if watched.iter().any(|one| one.error.is_some()) {
            watched.push(Watched::settled(planned(plan, Outcome::Refused), Outcome::Refused, None));
            continue;
        }
        let mut services: Vec<ServiceReport> = watched.iter().map(Watched::snapshot).collect();
        services.push(begun_report(plan, definition));
        services.extend(plans.iter().skip(services.len()).map(|plan| planned(plan, Outcome::Planned)));
        leave_word(section, services, &plan.service.name, session);
        watched.push(begun(plan, definition, start(aws, plan, definition).await, session));
    }
    watched
}

/// Several at once: a deployment takes a while to show, and nobody is to wait for the others' sake.
pub(super) async fn at_once(
    aws: &Aws,
    section: &Deployment,
    plans: &[Plan],
    definitions: &[String],
    session: &Session,
) -> Vec<Watched> {
    let pairs = || plans.iter().zip(definitions);
    if let Some(first) = plans.first() {
        let services = pairs().map(|(plan, definition)| begun_report(plan, definition)).collect();
        leave_word(section, services, &first.service.name, session);
    }
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut starting = JoinSet::new();
    for (place, (plan, definition)) in pairs().enumerate() {
        let (aws, plan, definition, places) = (aws.clone(), plan.clone(), definition.clone(), Arc::clone(&places));
        starting.spawn(async move {
            // The semaphore is never closed.
            let _turn = places.acquire().await;
            (place, start(&aws, &plan, &definition).await)
        });
    }
    let mut started = starting.join_all().await;
    started.sort_by_key(|(place, _)| *place);
    let results = started.into_iter().map(|(_, started)| started);
    pairs().zip(results).map(|((plan, definition), started)| begun(plan, definition, started, session)).collect()
}

/// Whatever ends the run while an answer is awaited: the document names what was begun.
pub(super) fn leave_word(section: &Deployment, services: Vec<ServiceReport>, service: &str, session: &Session) {
    let cluster = &section.cluster;
    let hint = format!("look at it: ecs-deploy --cluster {cluster} --service {service} --status");
    session.checkpoint(&section.clone().with_services(services), &hint);
}

fn begun_report(plan: &Plan, definition: &str) -> ServiceReport {
    ServiceReport { task_definition: Some(definition.to_owned()), ..planned(plan, Outcome::InProgress) }
}

/// A deployment that was started, and why the same is deployed once more, if it is.
type Started = (Handle, Option<String>);

async fn start(aws: &Aws, plan: &Plan, definition: &str) -> Result<Started, Error> {
    if plan.is_unchanged() {
        return start_unchanged(aws, plan).await;
    }
    Ok((start::start(aws, plan, definition).await?, None))
}

/// What fails at the start is the outcome of this service: others may be under way already.
fn begun(plan: &Plan, definition: &str, started: Result<Started, Error>, session: &Session) -> Watched {
    let service = &plan.service.name;
    let mut report = begun_report(plan, definition);
    let (handle, again) = match started {
        Ok((Handle::None, _)) => return Watched::settled(report, Outcome::Unchanged, None),
        Ok(started) => started,
        Err(error) => return Watched::not_started(report, error),
    };
    if let Some(why) = again {
        session.progress.event("again", &format!("{service}: the same is deployed once more: {why}"), &[]);
    }
    if let Handle::Ecs(name) | Handle::CodeDeploy(name) = &handle {
        session.progress.event("started", &format!("{service}: deployment {name}"), &[]);
        report.arn = Some(name.clone());
    }
    let overview = plan.definition.overview().unwrap_or_default();
    let mut watched = Watched::new(report, handle, definition, overview);
    watched.way_back = Some(plan.service.current_task_definition().to_owned()).filter(|before| before != definition);
    watched.target_groups = plan.service.target_groups();
    watched
}

/// The service has the task definition already. Its settings may be new; if its deployment is still under way, it is ours to watch, for it may yet
/// be rolled back; and if its deployment failed, it is deployed again.
async fn start_unchanged(aws: &Aws, plan: &Plan) -> Result<Started, Error> {
    let service = &plan.service.name;
    let standing = find::current(aws, &plan.service).await?;
    if let Standing::Fallen(why) = standing {
        let definition = plan.service.current_task_definition();
        let known = find::known_deployments(aws, service).await?;
        let updated = aws.update_service(service, Some(definition), plan.configuration.as_ref(), true).await;
        return Ok((find::own(aws, service, definition, &known, updated, Which::Newest).await?, Some(why)));
    }
    if let Some(configuration) = &plan.configuration {
        aws.update_service(service, None, Some(configuration), false).await?;
    }
    let handle = match (standing, &plan.way) {
        (Standing::UnderWay(arn), Way::Ecs) => Handle::Ecs(arn),
        (Standing::UnderWay(id), Way::CodeDeploy(_)) => Handle::CodeDeploy(id),
        (Standing::Unlisted, _) => Handle::Service,
        (Standing::Serves | Standing::Fallen(_), _) => Handle::None,
    };
    Ok((handle, None))
}

//! A deployment: resolve, look, plan, ask, register, try, update, watch, report.

use contract::{Report, Session};

use super::follow::Follow;
use super::watched::Watched;
use super::{begin, cleanup, find, one_off, preflight, report};
use crate::EcsDeploy;
use crate::aws::Aws;
use crate::decide::Course;
use crate::error::Error;
use crate::finding::{Finding, Verdict};
use crate::plan::{Plan, Way, plan};
use crate::report::{Action, ChangeReport, Deployment, ImageReport, Outcome, ServiceReport};
use crate::request::{Deploy, Request};
use crate::standing::Standing;

pub(super) async fn run(
    aws: &Aws,
    request: &Request,
    deploy: &Deploy,
    session: &Session,
) -> Result<Report<EcsDeploy>, Error> {
    let mut section = Deployment::new(Action::Deploy, &request.cluster);
    let plans = plans(aws, request, deploy).await?;
    section.preflight = preflight::look(aws, &plans, deploy, session).await?;
    let failed: Vec<Finding> =
        section.preflight.iter().filter(|finding| finding.verdict == Verdict::Failed).cloned().collect();
    if !failed.is_empty() {
        let services = plans.iter().map(|plan| planned(plan, Outcome::Refused)).collect();
        return Ok(report(section.with_services(services), Some(Error::Refused(failed))));
    }
    warn(&plans, session);
    if request.dry_run {
        return dry_run(aws, section, &plans, deploy).await;
    }
    let definitions = register(aws, &plans, session).await?;
    if let Some(command) = &deploy.run_task
        && let Some((plan, definition)) = plans.iter().zip(&definitions).find(|(plan, _)| !plan.is_unchanged())
    {
        let services = plans.iter().map(|plan| planned(plan, Outcome::Planned)).collect();
        let so_far = section.clone().with_services(services);
        let task = one_off::run(aws, plan, definition, command, &so_far, session).await?;
        let failed = (!task.ok).then(|| Error::Task(task.reason.clone().unwrap_or_default()));
        section.task = Some(task);
        if failed.is_some() {
            let services = plans.iter().map(|plan| planned(plan, Outcome::Refused)).collect();
            return Ok(report(section.with_services(services), failed));
        }
    }
    roll_out(aws, request, deploy, section, plans, definitions, session).await
}

/// Services and task definitions as they are, and what the release would change about them.
async fn plans(aws: &Aws, request: &Request, deploy: &Deploy) -> Result<Vec<Plan>, Error> {
    let lookups = aws.describe_services(&deploy.services).await?;
    let mut plans = Vec::new();
    for (name, lookup) in deploy.services.iter().zip(lookups) {
        let service = lookup.found(&request.cluster, name)?;
        let current = aws.describe_task_definition(service.current_task_definition()).await?;
        let plan = plan(service, &current, deploy)?;
        if matches!(plan.way, Way::CodeDeploy(_)) {
            // What no group deploys is refused before anything is changed.
            aws.deployment_group(name, plan.service.last_code_deployment()).await?;
        }
        plans.push(plan);
    }
    Ok(plans)
}

fn warn(plans: &[Plan], session: &Session) {
    let images = plans.iter().filter(|plan| !plan.is_unchanged()).flat_map(|plan| &plan.images);
    if images.clone().any(|image| image.image.digest().is_none()) {
        session.progress.warning("an image is not named by its digest: tasks may start with different contents");
    }
    for plan in plans.iter().filter(|plan| !plan.is_unchanged() && plan.service.is_deploying()) {
        let name = &plan.service.name;
        session.progress.warning(&format!("{name}: another deployment is under way, and this one takes its place"));
    }
}

/// Registers what is new. Services that would get the same task definition share it.
async fn register(aws: &Aws, plans: &[Plan], session: &Session) -> Result<Vec<String>, Error> {
    let mut registered: Vec<(String, String)> = Vec::new();
    let mut definitions = Vec::new();
    for plan in plans {
        if plan.is_unchanged() {
            definitions.push(plan.service.current_task_definition().to_owned());
            continue;
        }
        let input = plan.definition.to_register();
        if let Some((_, arn)) = registered.iter().find(|(known, _)| *known == input) {
            definitions.push(arn.clone());
            continue;
        }
        let arn = aws.register_task_definition(input.clone()).await?;
        session.progress.event("registered", &format!("registered {arn}"), &[]);
        registered.push((input, arn.clone()));
        definitions.push(arn);
    }
    Ok(definitions)
}

async fn roll_out(
    aws: &Aws,
    request: &Request,
    deploy: &Deploy,
    section: Deployment,
    plans: Vec<Plan>,
    definitions: Vec<String>,
    session: &Session,
) -> Result<Report<EcsDeploy>, Error> {
    let mut follow = Follow::new(aws, &request.watch, section, session);
    let mut watched = if request.watch.together {
        begin::in_turn(aws, &follow.section, &plans, &definitions, session).await
    } else {
        begin::at_once(aws, &follow.section, &plans, &definitions, session).await
    };
    follow.until_over(&mut watched).await;
    if request.watch.together && !follow.is_abandoned {
        stand_or_fall(&mut follow, &mut watched).await;
    }
    let mut section = follow.section.clone();
    section.checks.clone_from(&follow.checks.reports);
    let interrupted = follow.interrupted;
    drop(follow);
    if let Some(keep) = deploy.cleanup
        && watched.iter().all(|one| matches!(one.report.outcome, Outcome::Deployed | Outcome::Unchanged))
    {
        section.deregistered = cleanup::run(aws, &watched, keep, session).await;
    }
    Ok(finish(section, watched, interrupted))
}

/// If one failed, those that went through go back as well.
async fn stand_or_fall(follow: &mut Follow<'_>, watched: &mut [Watched]) {
    let Some(reason) = watched.iter().find_map(Watched::failure) else { return };
    for one in watched.iter_mut().filter(|one| one.report.outcome == Outcome::Deployed) {
        one.over = false;
        one.report.outcome = Outcome::InProgress;
        // The next look finds it through, and takes it back.
        one.course = Course::Turning(format!("another service failed: {reason}"));
    }
    follow.until_over(watched).await;
}

async fn dry_run(aws: &Aws, section: Deployment, plans: &[Plan], deploy: &Deploy) -> Result<Report<EcsDeploy>, Error> {
    let mut services = Vec::new();
    for plan in plans {
        let mut report = planned(plan, Outcome::Planned);
        report.calls = plan.writes(deploy);
        if plan.is_unchanged() {
            match find::current(aws, &plan.service).await? {
                Standing::Fallen(why) => {
                    let place = format!("{}/{}", plan.service.cluster_name(), plan.service.name);
                    report.calls.push(format!("ecs:UpdateService of {place}: forceNewDeployment"));
                    report.reason = Some(why);
                }
                Standing::UnderWay(arn) => {
                    report.arn = Some(arn);
                    report.outcome = Outcome::InProgress;
                }
                Standing::Unlisted => report.outcome = Outcome::InProgress,
                Standing::Serves if plan.configuration.is_none() => report.outcome = Outcome::Unchanged,
                Standing::Serves => {}
            }
        }
        services.push(report);
    }
    Ok(report(section.with_services(services), None))
}

/// The service with what the release would change about it.
pub(super) fn planned(plan: &Plan, outcome: Outcome) -> ServiceReport {
    let mut changes: Vec<ChangeReport> = plan.changes.iter().map(ChangeReport::from).collect();
    if let Some(configuration) = &plan.configuration {
        changes.push(ChangeReport {
            path: "deploymentConfiguration".to_owned(),
            before: Some(plan.service.deployment_configuration.to_json()),
            after: Some(configuration.to_json()),
        });
    }
    ServiceReport {
        strategy: Some(plan.strategy.clone()),
        images: plan.images.iter().map(ImageReport::from).collect(),
        previous_task_definition: Some(plan.service.current_task_definition().to_owned()),
        changes,
        ..ServiceReport::new(&plan.service.name, outcome)
    }
}

fn under_way(section: &Deployment) -> Error {
    let service = section.services.iter().find(|service| service.outcome == Outcome::InProgress);
    let (cluster, service) = (&section.cluster, service.map(|service| service.service.clone()).unwrap_or_default());
    let resume = format!("ecs-deploy --cluster {cluster} --service {service} --resume");
    Error::UnderWay { what: section.summary(), resume }
}

/// The section with all services, and why the answer is no: the error of the worst service.
pub(super) fn finish(section: Deployment, watched: Vec<Watched>, interrupted: Option<u8>) -> Report<EcsDeploy> {
    let services: Vec<ServiceReport> = watched.iter().map(Watched::snapshot).collect();
    let section = section.with_services(services);
    let mut worst: Option<(Outcome, Error)> = None;
    for one in watched {
        let outcome = one.report.outcome;
        if let Some(error) = one.error
            && worst.as_ref().is_none_or(|(known, _)| outcome > *known)
        {
            worst = Some((outcome, error));
        }
    }
    let refusal = worst.map(|(_, error)| error).filter(|_| !section.ok);
    let refusal = refusal.or_else(|| (!section.ok).then(|| under_way(&section)));
    match interrupted {
        Some(signal) => {
            let outcome = section.summary();
            report(section, Some(Error::Interrupted { signal, outcome }))
        }
        None => report(section, refusal),
    }
}

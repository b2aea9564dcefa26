//! Looks at all deployments that are watched: as few calls as there are kinds of them, whatever their number.

use contract::Session;
use contract::aws::{CallError, CallErrorKind};

use super::watched::{Handle, Watched};
use crate::aws::{Aws, CodeDeployment, Lookup};
use crate::error::Error;
use crate::judge::is_failing;
use crate::observation::rollouts;
use crate::report::Outcome;

/// So many looks in a row may fail before a deployment counts as lost. Each is retried by the SDK as well.
const FAILED_LOOKS: u32 = 5;
/// So many looks in a row may show nothing: a deployment that was listed and is not described yet will be.
const EMPTY_LOOKS: u32 = 30;

/// Looks once. Says whether AWS asked to slow down.
pub(super) async fn look(aws: &Aws, watched: &mut [Watched], session: &Session) -> bool {
    let throttled = [
        look_at_ecs(aws, watched, session).await,
        look_at_code_deploy(aws, watched, session).await,
        look_at_services(aws, watched, session).await,
    ];
    throttled.into_iter().any(|throttled| throttled)
}

/// The open deployments of one kind, with what they are called.
fn open<'a>(
    watched: &'a mut [Watched],
    name: impl Fn(&Watched) -> Option<String> + 'a,
) -> Vec<(String, &'a mut Watched)> {
    let open = watched.iter_mut().filter(|one| !one.over);
    open.filter_map(|one| name(one).map(|name| (name, one))).collect()
}

async fn look_at_ecs(aws: &Aws, watched: &mut [Watched], session: &Session) -> bool {
    let mut open = open(watched, |one| match &one.handle {
        Handle::Ecs(arn) => Some(arn.clone()),
        _ => None,
    });
    if open.is_empty() {
        return false;
    }
    let arns: Vec<String> = open.iter().map(|(arn, _)| arn.clone()).collect();
    match aws.observe(&arns).await {
        Ok(seen) => {
            for (arn, one) in &mut open {
                match seen.iter().find(|(found, _)| found == arn) {
                    Some((_, observation)) => one.see(observation.clone(), session),
                    None => see_nothing(aws, one).await,
                }
            }
            false
        }
        Err(error) => fail(open, &Error::Call(error), session),
    }
}

async fn look_at_code_deploy(aws: &Aws, watched: &mut [Watched], session: &Session) -> bool {
    let mut open = open(watched, |one| match &one.handle {
        Handle::CodeDeploy(id) => Some(id.clone()),
        _ => None,
    });
    if open.is_empty() {
        return false;
    }
    let ids: Vec<String> = open.iter().map(|(id, _)| id.clone()).collect();
    let seen = match code_deployments(aws, &ids, &open).await {
        Ok(seen) => seen,
        Err(error) => return fail(open, &error, session),
    };
    for (id, one) in &mut open {
        match seen.iter().find(|(found, _)| found.id == *id) {
            Some((found, rollback)) => {
                one.rollback_status.clone_from(rollback);
                one.see(found.observation.clone(), session);
            }
            None => see_nothing(aws, one).await,
        }
    }
    false
}

/// Each deployment with its target, and with the status of the deployment that rolls it back.
async fn code_deployments(
    aws: &Aws,
    ids: &[String],
    open: &[(String, &mut Watched)],
) -> Result<Vec<(CodeDeployment, Option<String>)>, Error> {
    let mut seen = aws.code_deployments(ids).await?;
    let rollbacks: Vec<String> = seen.iter().filter_map(|one| one.rollback.clone()).collect();
    let rolling_back = if rollbacks.is_empty() { Vec::new() } else { aws.code_deployments(&rollbacks).await? };
    for deployment in &mut seen {
        if let Some((_, one)) = open.iter().find(|(id, _)| *id == deployment.id) {
            aws.look_at_target(deployment, &one.report.service).await?;
        }
    }
    let with_rollback = |deployment: CodeDeployment| {
        let back = rolling_back.iter().find(|back| Some(&back.id) == deployment.rollback.as_ref());
        let status = back.map(|back| back.observation.status.clone());
        // A rollback that was announced and is not described yet is on its way.
        let status = status.or_else(|| deployment.rollback.as_ref().map(|_| "Created".to_owned()));
        (deployment, status)
    };
    Ok(seen.into_iter().map(with_rollback).collect())
}

async fn look_at_services(aws: &Aws, watched: &mut [Watched], session: &Session) -> bool {
    let mut open = open(watched, |one| (one.handle == Handle::Service).then(|| one.report.service.clone()));
    if open.is_empty() {
        return false;
    }
    let names: Vec<String> = open.iter().map(|(name, _)| name.clone()).collect();
    match aws.describe_services(&names).await {
        Ok(lookups) => {
            for ((_, one), lookup) in open.iter_mut().zip(lookups) {
                match lookup {
                    Lookup::Found(service) => {
                        let was_failing = is_failing(&one.last.status);
                        one.see(rollouts::observe(&service, &one.task_definition, was_failing), session);
                    }
                    Lookup::Missing(reason) => one.conclude(Outcome::Stopped, Some(Error::Deleted(reason))),
                }
            }
            false
        }
        Err(error) => fail(open, &error, session),
    }
}

/// AWS does not know the deployment: not yet, or the service is gone with it.
async fn see_nothing(aws: &Aws, one: &mut Watched) {
    one.failed_looks += 1;
    if !one.failed_looks.is_multiple_of(10) {
        return;
    }
    let lookup = aws.describe_services(std::slice::from_ref(&one.report.service)).await;
    if let Ok(Some(Lookup::Missing(reason))) = lookup.map(|lookups| lookups.into_iter().next()) {
        return one.conclude(Outcome::Stopped, Some(Error::Deleted(reason)));
    }
    if one.failed_looks >= EMPTY_LOOKS {
        one.conclude(Outcome::InProgress, Some(Error::Lost("AWS does not know it any more".to_owned())));
    }
}

/// What fails in passing is tried again; what fails for good loses the deployments.
fn fail(open: Vec<(String, &mut Watched)>, error: &Error, session: &Session) -> bool {
    let kind = match error {
        Error::Call(CallError { kind, .. }) => Some(*kind),
        _ => None,
    };
    let throttled = kind == Some(CallErrorKind::Throttled);
    let is_passing = throttled || kind.is_some_and(is_passing);
    let mut warned = false;
    for (_, one) in open {
        one.failed_looks += u32::from(!throttled);
        if is_passing && one.failed_looks <= FAILED_LOOKS {
            if !std::mem::replace(&mut warned, true) {
                session.progress.warning(&format!("the deployment could not be looked at, trying again: {error}"));
            }
            continue;
        }
        one.conclude(Outcome::InProgress, Some(Error::Lost(with_request_id(error))));
    }
    throttled
}

fn is_passing(kind: CallErrorKind) -> bool {
    matches!(kind, CallErrorKind::Network | CallErrorKind::Server | CallErrorKind::Timeout)
}

fn with_request_id(error: &Error) -> String {
    match error {
        Error::Call(CallError { request_id: Some(id), .. }) => format!("{error} (request id {id})"),
        _ => error.to_string(),
    }
}

//! Takes old revisions of task definitions out of use, when a release has succeeded.

use std::collections::BTreeSet;

use contract::Session;

use super::find::successes;
use super::watched::Watched;
use crate::aws::Aws;
use crate::error::Error;
use crate::history::{dispensable, rollback_targets};
use crate::service::Service;

/// So many rollbacks in a row stay possible.
const ROLLBACKS: usize = 2;

/// Deregisters what nobody needs of the families that these services run. What cannot be found out is kept: a clean-up that fails does not fail
/// the release.
pub(super) async fn run(aws: &Aws, watched: &[Watched], keep: usize, session: &Session) -> Vec<String> {
    match try_run(aws, watched, keep).await {
        Ok((deregistered, kept)) => {
            for arn in &deregistered {
                session.progress.event("deregistered", &format!("deregistered {arn}"), &[]);
            }
            if let Some(why) = kept {
                session.progress.warning(&format!("the rest of the old revisions is kept: {why}"));
            }
            deregistered
        }
        Err(error) => {
            session.progress.warning(&format!("old revisions are kept: {error}"));
            Vec::new()
        }
    }
}

async fn try_run(aws: &Aws, watched: &[Watched], keep: usize) -> Result<(Vec<String>, Option<String>), Error> {
    let families: BTreeSet<&str> =
        watched.iter().map(|one| one.overview.family.as_str()).filter(|family| !family.is_empty()).collect();
    let mut needed: BTreeSet<String> = aws.all_services().await?.iter().flat_map(in_use).collect();
    for one in watched {
        needed.extend(wanted_for_rollback(aws, one).await?);
    }
    let mut deregistered = Vec::new();
    for family in families {
        let revisions = aws.revisions_of(family).await?;
        for arn in dispensable(&revisions, &needed, keep) {
            match aws.deregister_task_definition(&arn).await {
                Ok(()) => deregistered.push(arn),
                // What is left is taken by the next release.
                Err(error) => return Ok((deregistered, Some(error.to_string()))),
            }
        }
    }
    Ok((deregistered, None))
}

/// All that a service runs, rolls out, or may go back to while it does.
fn in_use(service: &Service) -> Vec<String> {
    let of_rollouts = service.deployments.iter().map(|rollout| rollout.task_definition.clone());
    let of_sets = service.task_sets.iter().map(|set| set.task_definition.clone());
    of_rollouts.chain(of_sets).chain([service.task_definition.clone()]).collect()
}

/// What `--rollback` would go to.
async fn wanted_for_rollback(aws: &Aws, one: &Watched) -> Result<Vec<String>, Error> {
    let mut wanted: Vec<String> =
        one.report.previous_task_definition.iter().chain(&one.report.task_definition).cloned().collect();
    let successes = successes(aws, &one.report.service).await?;
    let targets = rollback_targets(&successes, &one.task_definition).into_iter().take(ROLLBACKS);
    wanted.extend(targets.map(|target| target.task_definition));
    Ok(wanted)
}

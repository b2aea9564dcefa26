//! Looks up what a release needs before anything is changed.

use contract::Session;
use tokio::task::JoinSet;

use crate::aws::Aws;
use crate::error::Error;
use crate::finding::{Finding, Verdict};
use crate::plan::Plan;
use crate::preflight::{Subjects, judge_alarms, judge_image, judge_role, judge_secret, platform};
use crate::request::Deploy;

/// What was found, the worst first.
///
/// # Errors
/// A task definition is not understood.
pub(super) async fn look(aws: &Aws, plans: &[Plan], deploy: &Deploy, session: &Session) -> Result<Vec<Finding>, Error> {
    let subjects = Subjects::of(plans)?;
    let mut wanted: Vec<String> = Vec::new();
    for plan in plans {
        wanted.extend(platform(&plan.definition.overview()?));
    }
    let mut lookups = JoinSet::new();
    for (image, place) in subjects.images {
        let (aws, wanted) = (aws.clone(), wanted.clone());
        // What the document says, it says about its own image.
        let carried = deploy.carried.as_ref().filter(|carried| image.digest() == Some(&carried.digest));
        let told = carried.map(|carried| carried.platforms.clone());
        lookups.spawn(async move {
            let known = aws.image(&place).await;
            let told = told.as_deref();
            let mut findings = judge_image(&image, &known, wanted.first().map(String::as_str), told);
            // Services of one run may run on different platforms.
            for other in wanted.iter().skip(1) {
                findings.extend(judge_image(&image, &known, Some(other), told));
            }
            findings
        });
    }
    for arn in subjects.secrets {
        let aws = aws.clone();
        lookups.spawn(async move {
            let region = arn.split(':').nth(3).map(str::to_owned);
            vec![judge_secret(&arn, &aws.secret(&arn, region.as_deref()).await)]
        });
    }
    for (name, region) in subjects.parameters {
        let aws = aws.clone();
        lookups.spawn(async move { vec![judge_secret(&name, &aws.parameter(&name, region.as_deref()).await)] });
    }
    for role in subjects.roles {
        let aws = aws.clone();
        lookups.spawn(async move {
            let name = role.rsplit('/').next().unwrap_or(&role);
            vec![judge_role(&role, &aws.role(name).await)]
        });
    }
    if !subjects.alarms.is_empty() {
        let (aws, names, asked) = (aws.clone(), subjects.alarms, deploy.settings.alarms.clone());
        lookups.spawn(async move {
            let listed: Vec<String> = names.iter().cloned().collect();
            judge_alarms(&names, &asked, &aws.alarm_states(&listed).await)
        });
    }
    let mut findings: Vec<Finding> = lookups.join_all().await.into_iter().flatten().collect();
    findings.extend(plans.iter().flat_map(|plan| plan.lacking.clone()));
    findings.sort();
    findings.dedup();
    for finding in findings.iter().filter(|finding| finding.verdict == Verdict::Unknown) {
        session.progress.warning(&format!("not known: {} {}: {}", finding.topic, finding.subject, finding.message));
    }
    Ok(findings)
}

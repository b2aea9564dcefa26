//! What is asked before anything is changed, and what the answers mean. Pure.

use std::collections::BTreeSet;

use crate::aws::{Known, Platforms, RoleState};
use crate::finding::{Finding, Topic};
use crate::image_reference::ImageReference;
use crate::plan::Plan;
use crate::registry_image::{self, RegistryImage};
use crate::task_definition::{Overview, SwapError};

/// What the plans of a run need that can be looked up: each thing once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    /// Images in ECR.
    pub images: Vec<(ImageReference, RegistryImage)>,
    /// Secrets, by ARN without the part that picks a key or a version.
    pub secrets: BTreeSet<String>,
    /// Parameters, by name, with the region that an ARN names.
    pub parameters: BTreeSet<(String, Option<String>)>,
    /// Roles, by ARN or name.
    pub roles: BTreeSet<String>,
    /// Alarms that would be watched.
    pub alarms: BTreeSet<String>,
}

impl Subjects {
    /// Collects what plans need. A plan that changes nothing needs nothing.
    ///
    /// # Errors
    /// A task definition is not understood.
    pub fn of(plans: &[Plan]) -> Result<Self, SwapError> {
        let mut subjects = Self::default();
        for plan in plans.iter().filter(|plan| !plan.is_unchanged()) {
            for image in plan.images.iter().map(|image| &image.image) {
                let is_new = subjects.images.iter().all(|(known, _)| known != image);
                subjects
                    .images
                    .extend(registry_image::read(image).filter(|_| is_new).map(|found| (image.clone(), found)));
            }
            subjects.add(&plan.definition.overview()?);
            subjects.alarms.extend(alarms(plan));
        }
        Ok(subjects)
    }

    fn add(&mut self, overview: &Overview) {
        let roles = [&overview.task_role_arn, &overview.execution_role_arn].into_iter().flatten();
        // Other implementations of the API write a role that there is not as an empty one.
        self.roles.extend(roles.filter(|role| !role.is_empty()).cloned());
        for secret in overview.container_definitions.iter().flat_map(|container| &container.secrets) {
            match Place::of(&secret.value_from) {
                Place::Secret(arn) => {
                    self.secrets.insert(arn);
                }
                Place::Parameter(name, region) => {
                    self.parameters.insert((name, region));
                }
            }
        }
    }
}

fn alarms(plan: &Plan) -> Vec<String> {
    let configuration = plan.configuration.as_ref().unwrap_or(&plan.service.deployment_configuration);
    let text = configuration.get("alarms").unwrap_or("null");
    let alarms: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let names = alarms["alarmNames"].as_array().filter(|_| alarms["enable"] == true);
    names.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// Where a secret lies.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Secret(String),
    Parameter(String, Option<String>),
}

impl Place {
    /// Source: ECS API reference, `Secret`, `valueFrom`: the ARN of a secret, with a key, a stage and a version behind it, or the ARN or name
    /// of a parameter.
    fn of(value_from: &str) -> Self {
        let parts: Vec<&str> = value_from.split(':').collect();
        match parts.as_slice() {
            ["arn", _, "secretsmanager", _, _, "secret", _, ..] => Self::Secret(parts[..7].join(":")),
            ["arn", _, "ssm", region, _, name] => {
                // `parameter/path/name` is the parameter `/path/name`, and `parameter/name` the parameter `name`.
                let name = name.strip_prefix("parameter").unwrap_or(name);
                let bare = name.strip_prefix('/').unwrap_or(name);
                let name = if bare.contains('/') { name } else { bare };
                Self::Parameter(name.to_owned(), Some((*region).to_owned()))
            }
            _ => Self::Parameter(value_from.to_owned(), None),
        }
    }
}

/// The platform that tasks need, `OS/ARCHITECTURE`; `None` if the instances decide.
///
/// Source: ECS API reference, `RuntimePlatform`; Fargate runs Linux on `X86_64` if nothing else is said.
#[must_use]
pub fn platform(overview: &Overview) -> Option<String> {
    let fargate = overview.requires_compatibilities.iter().any(|name| name == "FARGATE");
    let platform = overview.runtime_platform.clone().unwrap_or_default();
    if !fargate && platform.cpu_architecture.is_none() {
        return None;
    }
    let system = platform.operating_system_family.unwrap_or_else(|| "LINUX".to_owned());
    let system = if system.starts_with("WINDOWS") { "windows" } else { "linux" };
    let architecture = match platform.cpu_architecture.as_deref() {
        Some("ARM64") => "arm64",
        _ => "amd64",
    };
    Some(format!("{system}/{architecture}"))
}

/// What it means what ECR says about an image. `wanted` is the platform of the tasks, `told` what the release document says about the image.
#[must_use]
pub fn judge_image(
    image: &ImageReference,
    known: &Known<Platforms>,
    wanted: Option<&str>,
    told: Option<&[String]>,
) -> Vec<Finding> {
    let subject = image.as_str();
    let platforms = match known {
        Known::NotThere(why) => {
            let fix = Some("push it first: ecr-push … | ecs-deploy …".to_owned());
            return vec![Finding::failed(Topic::Image, subject, format!("the image is not in ECR: {why}"), fix)];
        }
        Known::Unknown(why) => return vec![Finding::unknown(Topic::Image, subject, why.clone())],
        Known::There(Ok(platforms)) => Ok(platforms.as_slice()),
        Known::There(Err(why)) => told.filter(|told| !told.is_empty()).ok_or(why),
    };
    let there = Finding::passed(Topic::Image, subject, "it is in ECR");
    let Some(wanted) = wanted else { return vec![there] };
    vec![there, judge_platform(subject, wanted, platforms)]
}

fn judge_platform(subject: &str, wanted: &str, platforms: Result<&[String], &String>) -> Finding {
    let platforms = match platforms {
        Ok(platforms) => platforms,
        Err(why) => {
            return Finding::unknown(Topic::Platform, subject, format!("whether it is built for {wanted}: {why}"));
        }
    };
    // A variant behind the architecture, as in `linux/arm64/v8`, does not matter to ECS.
    let fits = |platform: &String| platform == wanted || platform.starts_with(&format!("{wanted}/"));
    if platforms.iter().any(fits) {
        return Finding::passed(Topic::Platform, subject, format!("it is built for {wanted}"));
    }
    let message = format!("tasks run on {wanted}, and the image is built for {}", platforms.join(", "));
    Finding::failed(Topic::Platform, subject, message, Some(format!("build it with --platform {wanted}")))
}

/// What it means what is known of a secret or a parameter.
#[must_use]
pub fn judge_secret(subject: &str, known: &Known<()>) -> Finding {
    match known {
        Known::There(()) => Finding::passed(Topic::Secret, subject, "it is there"),
        Known::NotThere(why) => {
            let fix = Some("check its ARN and region".to_owned());
            Finding::failed(Topic::Secret, subject, format!("tasks could not start: {why}"), fix)
        }
        Known::Unknown(why) => Finding::unknown(Topic::Secret, subject, why.clone()),
    }
}

/// What it means what is known of a role.
#[must_use]
pub fn judge_role(subject: &str, known: &Known<RoleState>) -> Finding {
    match known {
        Known::There(RoleState { trusts_tasks: true }) => {
            Finding::passed(Topic::Role, subject, "it is there, and tasks may take it")
        }
        Known::There(_) => {
            let fix = Some("let ecs-tasks.amazonaws.com assume it, in its trust policy".to_owned());
            Finding::failed(Topic::Role, subject, "tasks may not take this role", fix)
        }
        Known::NotThere(why) => Finding::failed(Topic::Role, subject, why.clone(), Some("check its ARN".to_owned())),
        Known::Unknown(why) => Finding::unknown(Topic::Role, subject, why.clone()),
    }
}

/// What it means what is known of alarms; `asked` are those that this run asks for. One that has gone off cannot watch, which is no reason against a
/// release that mends what set it off.
///
/// Source: ECS developer guide, CloudWatch alarms and deployments: an alarm that is in `ALARM` when a deployment starts is not watched.
#[must_use]
pub fn judge_alarms(names: &BTreeSet<String>, asked: &[String], known: &Known<Vec<(String, String)>>) -> Vec<Finding> {
    let judge = |name: &String| match known {
        Known::Unknown(why) | Known::NotThere(why) => Finding::unknown(Topic::Alarm, name, why.clone()),
        Known::There(states) => match states.iter().find(|(found, _)| found == name) {
            None => Finding::failed(
                Topic::Alarm,
                name,
                "there is no such alarm",
                Some("aws cloudwatch describe-alarms".to_owned()),
            ),
            Some((_, state)) if state == "ALARM" && !asked.contains(name) => {
                Finding::unknown(Topic::Alarm, name, "it has gone off already: ECS will not watch it")
            }
            Some((_, state)) if state == "ALARM" => {
                let message = "it has gone off already: ECS would not watch it";
                Finding::failed(
                    Topic::Alarm,
                    name,
                    message,
                    Some(format!("aws cloudwatch describe-alarms --alarm-names {name}")),
                )
            }
            Some((_, state)) => Finding::passed(Topic::Alarm, name, format!("it is in {state}")),
        },
    };
    names.iter().map(judge).collect()
}

#[cfg(test)]
mod tests;

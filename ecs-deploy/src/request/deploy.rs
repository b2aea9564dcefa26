//! What a deployment is to change.

use std::path::Path;
use std::time::Duration;

use contract::{Digest, Document, Image, requirement};

use super::promotion::{self, Place};
use crate::cli::{Arguments, DefinitionArguments, StrategyArguments};
use crate::error::Error;
use crate::image_reference::ImageReference;
use crate::strategy::{Contradiction, Pause, Settings};
use crate::task_definition::{Changes, ImageChange, TaskDefinition, Variable};

/// A deployment that is asked for.
#[derive(Clone, Debug)]
pub struct Deploy {
    /// The services, each once.
    pub services: Vec<String>,
    /// What the task definition is based on, if not on what the service runs.
    pub base: Option<TaskDefinition>,
    /// What is changed in it.
    pub changes: Changes,
    /// What is changed in the way the service deploys.
    pub settings: Settings,
    /// The command of the task that runs first.
    pub run_task: Option<String>,
    /// How many old revisions are kept, if old ones are to go.
    pub cleanup: Option<usize>,
    /// The image of the release document, if it is deployed.
    pub carried: Option<Image>,
}

impl Deploy {
    pub(super) fn resolve(
        arguments: &Arguments,
        document: Option<&Document>,
        services: Vec<String>,
    ) -> Result<Self, Error> {
        let carried = document.map(Document::image).transpose()?.flatten();
        let definition = &arguments.definition;
        let images = images(definition, carried.as_ref())?;
        let subjects = subjects(&images, carried.as_ref());
        requirement::check(document, &arguments.common.require, &subjects)?;
        if let Some(place) = &arguments.promote_from {
            promoted(document, place, arguments.cluster.as_deref(), &subjects)?;
        }
        if let Some(document) = document.filter(|_| !arguments.change.dry_run) {
            requirement::no_section_says_no(document)?;
        }
        let base = definition.task_definition.as_deref().map(base).transpose()?;
        let is_carried = |image: &Image| images.iter().any(|change| change.image.digest() == Some(&image.digest));
        let carried = carried.filter(is_carried);
        let changes = changes(definition, images)?;
        let settings = settings(&arguments.strategy)?;
        let (run_task, cleanup) = (arguments.follow.run_task.clone(), arguments.follow.cleanup);
        Ok(Self { services, base, changes, settings, run_task, cleanup, carried })
    }
}

/// A ticket that a run in the same cluster could have left is none.
fn promoted(
    document: Option<&Document>,
    place: &Place,
    cluster: Option<&str>,
    subjects: &[Digest],
) -> Result<(), Error> {
    if cluster.is_some_and(|cluster| place.is_cluster(cluster)) {
        let text =
            format!("--promote-from {place} is the cluster that is deployed to; ARNs tell clusters of one name apart");
        return Err(Error::Flags(text));
    }
    requirement::check(document, &["deployment".to_owned()], subjects)?;
    Ok(document.map_or(Ok(()), |document| promotion::check(document, place))?)
}

fn images(definition: &DefinitionArguments, carried: Option<&Image>) -> Result<Vec<ImageChange>, Error> {
    let mut images = Vec::new();
    for text in &definition.image {
        images.push(ImageChange::read(text)?);
    }
    if images.is_empty() && !definition.keep_image {
        let from_document = carried.map(|image| image.uri.parse::<ImageReference>()).transpose()?;
        images.extend(from_document.map(|image| ImageChange { container: None, image }));
    }
    if images.is_empty() && !definition.keep_image && definition.task_definition.is_none() {
        return Err(Error::NoImage);
    }
    spread(images, &definition.container)
}

/// `--container` says where an image goes that does not say it itself.
fn spread(images: Vec<ImageChange>, containers: &[String]) -> Result<Vec<ImageChange>, Error> {
    let nameless = images.iter().filter(|change| change.container.is_none()).count();
    if nameless > 1 {
        return Err(Error::Flags("several images need their containers: --image CONTAINER=IMAGE".to_owned()));
    }
    if !containers.is_empty() && nameless == 0 {
        return Err(Error::Flags("--container is without effect: every image says its container itself".to_owned()));
    }
    let mut placed: Vec<ImageChange> = Vec::new();
    for change in images {
        if change.container.is_some() || containers.is_empty() {
            placed.push(change);
            continue;
        }
        placed.extend(
            containers.iter().map(|name| ImageChange { container: Some(name.clone()), image: change.image.clone() }),
        );
    }
    for (place, change) in placed.iter().enumerate() {
        if placed[..place].iter().any(|other| other.container == change.container) {
            let name = change.container.as_deref().unwrap_or_default();
            return Err(Error::Flags(format!("container `{name}` is given two images")));
        }
    }
    Ok(placed)
}

/// The digests that name the image at hand. The document's image lends its configuration's digests only if it is the same image.
fn subjects(images: &[ImageChange], carried: Option<&Image>) -> Vec<Digest> {
    let of_image = |change: &ImageChange| match (change.image.digest(), carried) {
        (Some(digest), Some(carried)) if carried.digest == *digest => carried.names().cloned().collect(),
        (Some(digest), _) => vec![digest.clone()],
        (None, _) => Vec::new(),
    };
    // An image without a digest is named by nothing, and no other one may speak for it.
    let all: Vec<Vec<Digest>> = images.iter().map(of_image).collect();
    if all.iter().any(Vec::is_empty) { Vec::new() } else { all.into_iter().flatten().collect() }
}

fn base(path: &Path) -> Result<TaskDefinition, Error> {
    let unreadable = |cause: String| Error::File { path: path.to_owned(), cause };
    let text = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    TaskDefinition::of_file(&text).map_err(|error| unreadable(error.to_string()))
}

fn changes(definition: &DefinitionArguments, images: Vec<ImageChange>) -> Result<Changes, Error> {
    let mut environment = Vec::new();
    if let Some(path) = &definition.env_file {
        let unreadable = |cause: String| Error::File { path: path.clone(), cause };
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        environment.extend(Variable::read_file(&text).map_err(|error| unreadable(error.to_string()))?);
    }
    for text in &definition.env {
        // What is asked for by its name alone: a secret on the command line would be in the list of processes.
        environment.push(Variable::read(text, |name| std::env::var_os(name)?.into_string().ok())?);
    }
    let members = [
        ("cpu", &definition.cpu),
        ("memory", &definition.memory),
        ("taskRoleArn", &definition.task_role),
        ("executionRoleArn", &definition.execution_role),
    ];
    for (flag, given) in [("--cpu", &definition.cpu), ("--memory", &definition.memory)] {
        if given.as_ref().is_some_and(|given| given.parse::<u32>().is_err()) {
            return Err(Error::Flags(format!("{flag} is a whole number of CPU units or MiB, for example 512")));
        }
    }
    let read = |text: &String| Variable::read_unset(text);
    let changes = Changes {
        images,
        environment,
        secrets: definition.secret.iter().map(|text| Variable::read_secret(text)).collect::<Result<_, _>>()?,
        unset: definition.unset.iter().map(read).collect::<Result<_, _>>()?,
        members: members.into_iter().filter_map(|(name, value)| value.clone().map(|value| (name, value))).collect(),
        tags: definition.tag.iter().map(|text| crate::task_definition::tag(text)).collect::<Result<_, _>>()?,
    };
    once(&changes)?;
    Ok(changes)
}

/// No variable is to be two things at once.
fn once(changes: &Changes) -> Result<(), Error> {
    let lists = [("--env", &changes.environment), ("--secret", &changes.secrets), ("--unset", &changes.unset)];
    for (place, (flag, list)) in lists.iter().enumerate() {
        for (other, others) in &lists[place + 1..] {
            let is_same =
                |one: &&Variable| others.iter().any(|two| (&one.container, &one.name) == (&two.container, &two.name));
            if let Some(both) = list.iter().find(is_same) {
                return Err(Error::Flags(format!("{flag} and {other} are both given for {}", both.name)));
            }
        }
    }
    Ok(())
}

fn settings(strategy: &StrategyArguments) -> Result<Settings, Error> {
    let timeout = strategy.pause_timeout.map(|timeout| minutes("--pause-timeout", timeout, 1, 20_160)).transpose()?;
    Ok(Settings {
        strategy: strategy.strategy,
        bake: strategy.bake.map(|bake| minutes("--bake", bake, 0, 1440)).transpose()?,
        canary_percent: percent("--canary-percent", strategy.canary_percent, 0.1)?,
        step_percent: percent("--step-percent", strategy.step_percent, 3.0)?,
        step_bake: strategy.step_bake.map(|bake| minutes("--step-bake", bake, 0, 1440)).transpose()?,
        circuit_breaker: strategy.circuit_breaker,
        alarms: strategy.alarm.clone(),
        pause: strategy.pause_at.map(|stage| Pause { stage, timeout }),
    })
}

/// Source of the ranges: ECS API reference, `DeploymentConfiguration`, `CanaryConfiguration`, `LinearConfiguration`,
/// `DeploymentLifecycleHookTimeoutConfiguration`.
fn minutes(flag: &str, duration: Duration, least: u32, most: u32) -> Result<u32, Contradiction> {
    let seconds = duration.as_secs();
    let whole = u32::try_from(seconds / 60).ok().filter(|_| seconds.is_multiple_of(60) && duration.subsec_nanos() == 0);
    whole.filter(|minutes| (least..=most).contains(minutes)).ok_or_else(|| {
        Contradiction::new(format!("{flag} is {least}m to {most}m, in whole minutes: ECS knows nothing finer"))
    })
}

fn percent(flag: &str, given: Option<f64>, least: f64) -> Result<Option<f64>, Contradiction> {
    let Some(percent) = given else { return Ok(None) };
    let tenths = percent * 10.0;
    let is_whole = (tenths - tenths.round()).abs() < 1e-6;
    if (least..=100.0).contains(&percent) && is_whole {
        return Ok(Some(percent));
    }
    Err(Contradiction::new(format!("{flag} is between {least} and 100, in steps of 0.1")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &str) -> ImageChange {
        ImageChange::read(text).unwrap()
    }

    #[test]
    fn images_find_their_containers_or_are_refused() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let placed = spread(vec![image("w:1")], &names(&["web", "worker"])).unwrap();
        assert_eq!(placed, [image("web=w:1"), image("worker=w:1")]);
        let mixed = spread(vec![image("web=w:1"), image("s:1")], &names(&["sidecar"])).unwrap();
        assert_eq!(mixed, [image("web=w:1"), image("sidecar=s:1")]);
        for (images, containers) in [
            (vec![image("a:1"), image("b:1")], names(&[])),
            (vec![image("web=a:1")], names(&["web"])),
            (vec![image("web=a:1"), image("web=b:1")], names(&[])),
        ] {
            assert!(spread(images, &containers).is_err());
        }
    }

    #[test]
    fn minutes_are_whole_and_percentages_in_tenths() {
        assert_eq!(minutes("--bake", Duration::from_mins(90), 0, 1440), Ok(90));
        for duration in [Duration::from_secs(90), Duration::from_hours(25), Duration::from_millis(60_500)] {
            assert!(minutes("--bake", duration, 0, 1440).is_err(), "{duration:?}");
        }
        assert_eq!(percent("--canary-percent", Some(0.3), 0.1), Ok(Some(0.3)));
        for wrong in [0.05, 100.1, 10.05, f64::NAN, -1.0] {
            assert!(percent("--canary-percent", Some(wrong), 0.1).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_image_without_a_digest_leaves_no_subject() {
        let digest = format!("w@sha256:{}", "a".repeat(64));
        assert_eq!(subjects(&[image(&digest)], None).len(), 1);
        assert_eq!(subjects(&[image(&digest), image("b:1")], None), []);
    }
}

//! Starts tasks: looks up what they run, decides how they will end and what they write.

use jiff::Timestamp;
use serde_json::Value;

use crate::ecs::Neighbours;
use crate::ecs::failure::{Ending, FAILURE_LABEL, Failure, Failures};
use crate::ecs::ids::Ids;
use crate::ecs::task::{Container, LogLine, Phase, Task};
use crate::ecs::task_definition::TaskDefinitions;
use crate::ecs::timing::IMAGE_PULL_FAILS_AFTER;
use crate::ecs::traffic::{Answering, TRAFFIC_LABEL};

/// What services need to go on: everything of ECS beside themselves, and the other services.
pub(crate) struct Surroundings<'a, 'b> {
    pub(crate) definitions: &'a TaskDefinitions,
    pub(crate) failures: &'a mut Failures,
    pub(crate) ids: &'a mut Ids,
    pub(crate) neighbours: &'a mut Neighbours<'b>,
    /// Whether there is room for a service's tasks.
    pub(crate) has_capacity: bool,
}

/// A task to be started.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) cluster: String,
    pub(crate) group: String,
    pub(crate) definition_arn: String,
    pub(crate) revision: Option<usize>,
    pub(crate) started_by: Option<String>,
    pub(crate) given: Value,
}

impl Surroundings<'_, '_> {
    /// Starts one task. What it runs and how it ends is settled now.
    pub(crate) fn launch(&mut self, order: Order, at: Timestamp) -> Task {
        let id = self.ids.hex();
        let definition = self.definitions.raw(&order.definition_arn);
        let wanted = definition["containerDefinitions"].as_array().map_or(&[][..], Vec::as_slice);
        let mut containers = Vec::new();
        let mut log = Vec::new();
        let mut end: Option<(usize, Ending)> = None;
        for (index, container) in wanted.iter().enumerate() {
            let image = container["image"].as_str().unwrap_or_default();
            let failure = self.failure_of(image);
            let lines = failure.as_ref().map_or(&[][..], |failure| &failure.log);
            log.extend(lines.iter().filter_map(|line| log_line(container, &id, line)));
            if let Some(failure) = failure.filter(|_| end.is_none()) {
                end = Some((index, failure.ending));
            }
            containers.push(self.container(container, image));
        }
        let (ending_container, ending) = end.map_or((0, None), |(index, ending)| (index, Some(ending)));
        Task {
            id,
            cluster: order.cluster,
            group: order.group,
            definition_arn: order.definition_arn,
            revision: order.revision,
            started_by: order.started_by,
            containers,
            given: order.given,
            log,
            ending,
            ending_container,
            phase: Phase::Starting,
            created_at: at,
            started_at: None,
            stopping_at: None,
            stopped_at: None,
            stop: None,
        }
    }

    fn container(&mut self, definition: &Value, image: &str) -> Container {
        Container {
            id: self.ids.uuid(),
            name: definition["name"].as_str().unwrap_or_default().to_owned(),
            image: image.to_owned(),
            digest: self.digest_of(image),
            has_health_check: definition["healthCheck"].is_object(),
        }
    }

    /// The digest of an image: what the registry says, what the reference says, or for a foreign registry some digest that is always the same.
    pub(crate) fn digest_of(&self, image: &str) -> Option<String> {
        if self.neighbours.ecr.image_exists(image).is_some() {
            return self.neighbours.ecr.digest_of(image);
        }
        let named = image.split_once('@').map(|(_, digest)| digest.to_owned());
        Some(named.unwrap_or_else(|| crate::ecr::digest::sha256(image.as_bytes())))
    }

    /// How tasks of a definition answer requests: the first of its images that says so.
    pub(crate) fn answering_of(&self, definition_arn: &str) -> Answering {
        let containers = self.definitions.raw(definition_arn)["containerDefinitions"].as_array();
        let images = containers.into_iter().flatten().filter_map(|container| container["image"].as_str());
        let mut labels = images.map(|image| self.neighbours.ecr.labels(image));
        Answering::of_label(labels.find_map(|mut labels| labels.remove(TRAFFIC_LABEL)).as_ref())
    }

    fn failure_of(&mut self, image: &str) -> Option<Failure> {
        if self.neighbours.ecr.image_exists(image) == Some(false) {
            return Some(missing_image(image));
        }
        let by_rule = self.failures.take(image);
        by_rule.or_else(|| Failure::of_label(self.neighbours.ecr.labels(image).get(FAILURE_LABEL)?))
    }
}

/// Source: ECS developer guide, `CannotPullContainer` task errors.
fn missing_image(image: &str) -> Failure {
    let reason = format!(
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: {image}: not found"
    );
    let ending = Ending {
        after: IMAGE_PULL_FAILS_AFTER,
        stop_code: "TaskFailedToStart".to_owned(),
        stopped_reason: reason.clone(),
        exit_code: None,
        reason: Some(reason),
    };
    Failure { ending, log: Vec::new() }
}

/// Source: ECS developer guide, `awslogs` log driver: the stream is `prefix/container/task`.
fn log_line(container: &Value, task: &str, line: &str) -> Option<LogLine> {
    let configuration = &container["logConfiguration"];
    let options = &configuration["options"];
    if configuration["logDriver"] != "awslogs" {
        return None;
    }
    let group = options["awslogs-group"].as_str()?.to_owned();
    let prefix = options["awslogs-stream-prefix"].as_str()?;
    let stream = format!("{prefix}/{}/{task}", container["name"].as_str()?);
    Some(LogLine { group, stream, line: line.to_owned() })
}

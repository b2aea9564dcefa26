//! The section in numbers.

use contract::metrics::{Family, Measured, Sample};

use super::{Deployment, ImageReport, Outcome, ServiceReport};

static OUTCOME: Family =
    Family { name: "ecs_deploy_outcome", help: "What became of the service: 1 for the one it was." };
static OK: Family =
    Family { name: "ecs_deploy_ok", help: "Whether the service has what was asked for, a way back included." };
static CHANGED: Family =
    Family { name: "ecs_deploy_image_changed", help: "Whether an image was to be replaced by another one." };
static IMAGE: Family = Family { name: "ecs_deploy_image_info", help: "An image that was to be deployed." };
static DURATION: Family =
    Family { name: "ecs_deploy_duration_seconds", help: "How long the deployment was watched, all stages together." };
static FAILED_TASKS: Family = Family { name: "ecs_deploy_failed_tasks", help: "Tasks of the deployment that failed." };
static FAILED_CHECKS: Family = Family { name: "ecs_deploy_failed_checks", help: "Checks that said no." };

const OUTCOMES: [Outcome; 11] = [
    Outcome::Unchanged,
    Outcome::Deployed,
    Outcome::Planned,
    Outcome::InProgress,
    Outcome::Paused,
    Outcome::Refused,
    Outcome::Superseded,
    Outcome::Stopped,
    Outcome::RolledBack,
    Outcome::Failed,
    Outcome::RollbackFailed,
];

impl Measured for Deployment {
    fn samples(&self) -> Vec<Sample> {
        let failed_checks = self.checks.iter().filter(|check| !check.ok).count();
        let of_services =
            self.services.iter().flat_map(|service| of_service(service, self.action.is_met_by(service.outcome)));
        let of_run = std::iter::once(FAILED_CHECKS.counts(failed_checks));
        of_services.chain(of_run).map(|sample| sample.with("cluster", self.cluster.as_str())).collect()
    }
}

fn of_service(service: &ServiceReport, is_ok: bool) -> Vec<Sample> {
    let mut samples: Vec<Sample> =
        OUTCOME.state("outcome", OUTCOMES.map(Outcome::word), service.outcome.word()).collect();
    samples.extend(service.images.iter().map(|image| {
        let digest = image.digest.as_ref().map_or("", |digest| digest.as_str());
        IMAGE
            .is(1.0)
            .with("container", image.container.as_str())
            .with("image", image.image.as_str())
            .with("digest", digest)
    }));
    let is_changed =
        |image: &ImageReport| image.previous_image.as_ref().is_some_and(|previous| *previous != image.image);
    samples.push(OK.says(is_ok));
    samples.push(CHANGED.says(service.images.iter().any(is_changed)));
    samples.push(DURATION.is(service.stages.iter().map(|stage| stage.seconds).sum()));
    samples.push(FAILED_TASKS.counts(service.causes.iter().map(|cause| cause.count).sum()));
    samples.into_iter().map(|sample| sample.with("service", service.service.as_str())).collect()
}

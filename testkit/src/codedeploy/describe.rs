//! Deployments and their targets as the operations show them.

use serde_json::{Value, json};

use crate::codedeploy::course::Activity;
use crate::codedeploy::deployment::{Deployment, Purpose, Record, Status};
use crate::ecs::Ecs;
use crate::ecs::input::{maybe_seconds, seconds, without_nulls};
use crate::ecs::task_sets::TaskSet;
use crate::world::{ACCOUNT, REGION};

impl Deployment {
    /// Whether another deployment is of the same group.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        self.group.application == other.group.application && self.group.name == other.group.name
    }

    /// `deploymentInfo`.
    pub(crate) fn rendered(&self) -> Value {
        let (creator, description) = match &self.purpose {
            Purpose::Deploy { description, .. } => ("user", description.as_ref()),
            Purpose::RollBack { .. } => ("codeDeployRollback", None),
        };
        let trouble = self.trouble.as_ref();
        let mut info = without_nulls(json!({
            "applicationName": self.group.application,
            "deploymentGroupName": self.group.name,
            "deploymentConfigName": self.configuration,
            "deploymentId": self.id,
            "revision": self.revision,
            "status": self.status.as_str(),
            "errorInformation": trouble.map(|trouble| json!({ "code": trouble.code, "message": trouble.message })),
            "createTime": seconds(self.created_at),
            "startTime": maybe_seconds(self.started_at),
            "completeTime": maybe_seconds(self.completed_at),
            "deploymentOverview": self.overview(),
            "description": description,
            "creator": creator,
            "ignoreApplicationStopFailures": false,
            "rollbackInfo": self.rollback_info(),
            "instanceTerminationWaitTimeStarted": self.awaits_termination(),
            "fileExistsBehavior": "DISALLOW",
            "computePlatform": "ECS",
        }));
        let shared =
            ["autoRollbackConfiguration", "deploymentStyle", "blueGreenDeploymentConfiguration", "loadBalancerInfo"];
        for member in shared.into_iter().filter(|member| !self.group.settings[*member].is_null()) {
            info[member] = self.group.settings[member].clone();
        }
        info
    }

    fn awaits_termination(&self) -> bool {
        self.step().is_some_and(|step| matches!(step.activity, Activity::AwaitTermination(_)))
    }

    fn overview(&self) -> Value {
        let mut overview =
            json!({ "Pending": 0, "InProgress": 0, "Succeeded": 0, "Failed": 0, "Skipped": 0, "Ready": 0 });
        overview[self.target_status()] = json!(1);
        overview
    }

    /// Source of the messages: seen in answers of CodeDeploy.
    fn rollback_info(&self) -> Value {
        let own = &self.id;
        if let Purpose::RollBack { triggered_by } = &self.purpose {
            let message = format!("Deployment {own} is triggered to roll back deployment {triggered_by}.");
            return json!({ "rollbackTriggeringDeploymentId": triggered_by, "rollbackMessage": message });
        }
        let Some(rollback) = &self.rolled_back_by else { return Value::Null };
        let message =
            format!("Deployment {own} terminated. Automatic rollback is triggered with a DeploymentId {rollback}.");
        json!({ "rollbackDeploymentId": rollback, "rollbackMessage": message })
    }

    fn target_status(&self) -> &'static str {
        match self.status {
            Status::Created | Status::Queued => "Pending",
            Status::InProgress => "InProgress",
            Status::Ready => "Ready",
            Status::Succeeded => "Succeeded",
            Status::Failed | Status::Stopped => "Failed",
        }
    }

    /// `cluster:service`.
    pub(crate) fn target_id(&self) -> String {
        format!("{}:{}", self.group.service.cluster, self.group.service.name)
    }

    /// The deployment's only target.
    pub(crate) fn target(&self, ecs: &Ecs) -> Value {
        let service = &self.group.service;
        json!({
            "deploymentTargetType": "ECSTarget",
            "ecsTarget": {
                "deploymentId": self.id,
                "targetId": self.target_id(),
                "targetArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{}/{}", service.cluster, service.name),
                "lastUpdatedAt": seconds(self.since),
                "lifecycleEvents": self.records.iter().map(rendered_record).collect::<Vec<_>>(),
                "status": self.target_status(),
                "taskSetsInfo": self.last_task_sets.clone().unwrap_or_else(|| self.task_sets(ecs)),
            }
        })
    }

    /// `taskSetsInfo`.
    pub(crate) fn task_sets(&self, ecs: &Ecs) -> Value {
        let sides = [(&self.blue, "BLUE", 100 - self.weight), (&self.green, "GREEN", self.weight)];
        let sides = sides.into_iter().filter_map(|(id, label, weight)| {
            let set = ecs.task_set(&self.group.service, id.as_ref()?)?;
            Some(rendered_set(&set, label, weight))
        });
        sides.collect()
    }

    /// The ARNs of the target groups of the original and of the replacement task set.
    pub(crate) fn target_groups(&self, ecs: &Ecs) -> (String, String) {
        let blue = self.blue.as_ref().and_then(|blue| ecs.task_set(&self.group.service, blue));
        let blue = blue.and_then(|blue| blue.target_group_arn).unwrap_or_default();
        let pair = &self.group.settings["loadBalancerInfo"]["targetGroupPairInfoList"][0]["targetGroups"];
        let names = pair.as_array().into_iter().flatten().filter_map(|group| group["name"].as_str());
        let green = names.into_iter().find(|name| *name != target_group_name(&blue)).unwrap_or_default();
        let known = ecs.target_groups(&self.group.service).into_iter().find(|arn| target_group_name(arn) == green);
        let green = known.unwrap_or_else(|| {
            let digest = crate::ecr::digest::sha256(green.as_bytes()).split_off("sha256:".len());
            format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{green}/{}", &digest[..16])
        });
        (blue, green)
    }
}

/// `targetgroup/NAME/…`.
fn target_group_name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or_default()
}

fn rendered_record(record: &Record) -> Value {
    without_nulls(json!({
        "lifecycleEventName": record.event.as_str(),
        "startTime": maybe_seconds(record.started_at),
        "endTime": maybe_seconds(record.ended_at),
        "status": record.status,
    }))
}

/// Source: CodeDeploy API reference, `ECSTaskSet`: `identifer` is spelled so.
fn rendered_set(set: &TaskSet, label: &str, weight: u32) -> Value {
    let group = set.target_group_arn.as_deref().map(target_group_name);
    json!({
        "identifer": set.id,
        "desiredCount": set.desired,
        "pendingCount": set.pending,
        "runningCount": set.running,
        "status": set.status,
        "trafficWeight": f64::from(weight),
        "targetGroup": { "name": group },
        "taskSetLabel": label,
    })
}

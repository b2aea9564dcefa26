//! What a deployment does, step by step: a table that [`rollout`](super::rollout) walks through.

use jiff::SignedDuration;
use serde_json::Value;

use crate::codedeploy::configuration::shifts;
use crate::codedeploy::timing::{EVENT_TAKES, SHIFT_TAKES};

/// A lifecycle event of an ECS deployment.
///
/// Source: CodeDeploy user guide, "List of lifecycle event hooks for an Amazon ECS deployment".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    BeforeInstall,
    Install,
    AfterInstall,
    AllowTestTraffic,
    AfterAllowTestTraffic,
    BeforeAllowTraffic,
    AllowTraffic,
    AfterAllowTraffic,
}

impl Event {
    /// The event in CodeDeploy's words.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::BeforeInstall => "BeforeInstall",
            Self::Install => "Install",
            Self::AfterInstall => "AfterInstall",
            Self::AllowTestTraffic => "AllowTestTraffic",
            Self::AfterAllowTestTraffic => "AfterAllowTestTraffic",
            Self::BeforeAllowTraffic => "BeforeAllowTraffic",
            Self::AllowTraffic => "AllowTraffic",
            Self::AfterAllowTraffic => "AfterAllowTraffic",
        }
    }
}

/// What has to happen until a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// Time goes by.
    Dwell(SignedDuration),
    /// The replacement task set gets healthy.
    Install,
    /// Somebody says that traffic may be shifted; else the deployment stops.
    AwaitTraffic(SignedDuration),
    /// Time goes by, or somebody says that it has been enough.
    AwaitTermination(SignedDuration),
}

/// One step of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The event that it belongs to; the waits belong to none.
    pub(crate) event: Option<Event>,
    pub(crate) activity: Activity,
    /// The replacement's share of the production traffic, in percent.
    pub(crate) weight: u32,
}

/// The steps of a deployment with the settings of its group.
pub(crate) fn forward(configuration: &str, settings: &Value) -> Vec<Step> {
    let step = |event, activity, weight| Step { event: Some(event), activity, weight };
    let event = |event, weight| step(event, Activity::Dwell(EVENT_TAKES), weight);
    let wait = |activity, weight| Step { event: None, activity, weight };
    let blue_green = &settings["blueGreenDeploymentConfiguration"];
    let mut steps = vec![
        event(Event::BeforeInstall, 0),
        step(Event::Install, Activity::Install, 0),
        event(Event::AfterInstall, 0),
        step(Event::AllowTestTraffic, Activity::Dwell(SHIFT_TAKES), 0),
        event(Event::AfterAllowTestTraffic, 0),
    ];
    let ready = &blue_green["deploymentReadyOption"];
    if ready["actionOnTimeout"] == "STOP_DEPLOYMENT" {
        steps.push(wait(Activity::AwaitTraffic(minutes(&ready["waitTimeInMinutes"])), 0));
    }
    steps.push(event(Event::BeforeAllowTraffic, 0));
    let shifts = shifts(configuration).into_iter();
    steps.extend(shifts.map(|shift| step(Event::AllowTraffic, Activity::Dwell(shift.lasting), shift.percent)));
    steps.push(event(Event::AfterAllowTraffic, 100));
    if terminates(settings) {
        let lasting = minutes(&blue_green["terminateBlueInstancesOnDeploymentSuccess"]["terminationWaitTimeInMinutes"]);
        steps.push(wait(Activity::AwaitTermination(lasting), 100));
    }
    steps
}

/// Whether the original task set goes in the end.
pub(crate) fn terminates(settings: &Value) -> bool {
    let ending = &settings["blueGreenDeploymentConfiguration"]["terminateBlueInstancesOnDeploymentSuccess"];
    ending["action"] != "KEEP_ALIVE"
}

/// The steps of a rollback: the original task set is there still.
pub(crate) fn back() -> Vec<Step> {
    vec![Step { event: Some(Event::AllowTraffic), activity: Activity::Dwell(SHIFT_TAKES), weight: 0 }]
}

fn minutes(value: &Value) -> SignedDuration {
    SignedDuration::from_mins(value.as_i64().unwrap_or(0))
}

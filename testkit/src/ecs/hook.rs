//! Lifecycle hooks: what a deployment waits for at a stage.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::ecs::ids::Ids;
use crate::ecs::input::{maybe_seconds, without_nulls};
use crate::ecs::stage::Stage;
use crate::ecs::timing::{LAMBDA_HOOK_TAKES, PAUSE_HOOK_WAITS_FOR};

/// What is done about a deployment that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Continue,
    Rollback,
}

impl Action {
    /// Reads an action; none if ECS does not know it.
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text {
            "CONTINUE" => Some(Self::Continue),
            "ROLLBACK" => Some(Self::Rollback),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "CONTINUE",
            Self::Rollback => "ROLLBACK",
        }
    }
}

/// Where a hook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HookStatus {
    AwaitingAction,
    InProgress,
    Succeeded,
    Failed,
    TimedOut,
}

impl HookStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingAction => "AWAITING_ACTION",
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
        }
    }
}

/// A hook of the stage that a deployment is in.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) id: String,
    pub(crate) status: HookStatus,
    /// The Lambda function; a pause has none.
    target: Option<String>,
    /// When a function answers, or a pause times out.
    due: Timestamp,
    timeout_action: Action,
}

impl Hook {
    /// The hooks that a configuration has at a stage, begun at `at`.
    pub(crate) fn begin_all(configuration: &Value, stage: Stage, at: Timestamp, ids: &mut Ids) -> Vec<Self> {
        let hooks = configuration["lifecycleHooks"].as_array().into_iter().flatten();
        let of_stage = hooks.filter(|hook| super::input::texts(hook, "lifecycleStages").contains(&stage.as_str()));
        of_stage.map(|hook| Self::begin(hook, at, ids)).collect()
    }

    fn begin(configuration: &Value, at: Timestamp, ids: &mut Ids) -> Self {
        let pauses = configuration["targetType"] == "PAUSE";
        let timeout = &configuration["timeoutConfiguration"];
        let waits = timeout["timeoutInMinutes"].as_i64().map_or(PAUSE_HOOK_WAITS_FOR, SignedDuration::from_mins);
        Self {
            id: format!("ecs-{}-{}", if pauses { "pause" } else { "lambda" }, ids.letters()),
            status: if pauses { HookStatus::AwaitingAction } else { HookStatus::InProgress },
            target: configuration["hookTargetArn"].as_str().map(str::to_owned),
            due: at + if pauses { waits } else { LAMBDA_HOOK_TAKES },
            timeout_action: timeout["action"].as_str().and_then(Action::read).unwrap_or(Action::Rollback),
        }
    }

    /// When something becomes of it by itself.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.is_open().then_some(self.due)
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.status, HookStatus::AwaitingAction | HookStatus::InProgress)
    }

    /// What becomes of it at `at`, if anything.
    pub(crate) fn advance(&mut self, at: Timestamp) -> Option<Action> {
        if !self.is_open() || at < self.due {
            return None;
        }
        if self.status == HookStatus::InProgress {
            self.status = HookStatus::Succeeded;
            return Some(Action::Continue);
        }
        self.status = HookStatus::TimedOut;
        Some(self.timeout_action)
    }

    pub(crate) fn rendered(&self) -> Value {
        let pauses = self.target.is_none();
        without_nulls(json!({
            "hookId": self.id,
            "targetType": if pauses { "PAUSE" } else { "AWS_LAMBDA" },
            "targetArn": self.target,
            "status": self.status.as_str(),
            "expiresAt": maybe_seconds(pauses.then_some(self.due)),
            "timeoutAction": pauses.then(|| self.timeout_action.as_str()),
        }))
    }
}

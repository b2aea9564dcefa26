//! How a service deploys: what was asked, laid over what the service has.

mod rules;
mod stage;

use clap::ValueEnum;
use contract::raw::RawObject;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use thiserror::Error;

pub use self::rules::check;
pub use self::stage::{NotAStage, Stage, has_traffic};
use crate::cli::CircuitBreaker;

/// The strategies of ECS.
///
/// Source: ECS API reference, `DeploymentConfiguration`, `strategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Strategy {
    /// Task by task.
    Rolling,
    /// All traffic at a stroke.
    BlueGreen,
    /// A small share of traffic first, then all.
    Canary,
    /// Traffic in equal steps.
    Linear,
}

impl Strategy {
    /// The word of the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rolling => "ROLLING",
            Self::BlueGreen => "BLUE_GREEN",
            Self::Canary => "CANARY",
            Self::Linear => "LINEAR",
        }
    }
}

/// What was asked of the way a service deploys. Times are in minutes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Strategy.
    pub strategy: Option<Strategy>,
    /// How long both revisions run side by side at the end.
    pub bake: Option<u32>,
    /// The canary's share of traffic in percent.
    pub canary_percent: Option<f64>,
    /// Each step's share of traffic in percent.
    pub step_percent: Option<f64>,
    /// How long a canary or a step bakes.
    pub step_bake: Option<u32>,
    /// What the circuit breaker does.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// The alarms that are watched; as they are, if none is given.
    pub alarms: Vec<String>,
    /// Where ECS holds the deployment, and how long.
    pub pause: Option<Pause>,
}

/// A pause that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Where.
    pub stage: Stage,
    /// How long ECS waits before it rolls back, in minutes.
    pub timeout: Option<u32>,
}

/// Settings that do not go together.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Contradiction(String);

impl Contradiction {
    /// What does not go with what.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// How long a pause waits if nothing else is said.
const PAUSE_MINUTES: u32 = 60;

impl Settings {
    /// Whether nothing was asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The service's deployment configuration with what was asked laid over it, all else as it is; `None` if that changes nothing. It is sent
    /// whole: ECS need not say what becomes of members that are left out.
    ///
    /// # Errors
    /// The settings do not go together.
    pub fn laid_over(&self, current: &RawObject) -> Result<Option<RawObject>, Contradiction> {
        let had = member(current, "strategy").as_str().unwrap_or("ROLLING").to_owned();
        let strategy = self.strategy.map_or(had.as_str(), |strategy| strategy.as_str());
        self.fits(strategy)?;
        let mut laid = current.clone();
        if let Some(strategy) = self.strategy {
            put(&mut laid, "strategy", &json!(strategy.as_str()))?;
            // ECS takes the settings of a strategy only together with that strategy.
            let foreign = [("CANARY", "canaryConfiguration"), ("LINEAR", "linearConfiguration")];
            laid.remove(
                &foreign.iter().filter(|(of, _)| *of != strategy.as_str()).map(|(_, name)| *name).collect::<Vec<_>>(),
            );
        }
        if let Some(bake) = self.bake {
            put(&mut laid, "bakeTimeInMinutes", &json!(bake))?;
        }
        if strategy == "BLUE_GREEN" && laid.get("bakeTimeInMinutes").is_none() {
            return Err(Contradiction::new(
                "a blue/green deployment needs a bake time: give it with --bake, for example --bake 10m",
            ));
        }
        self.lay_steps(&mut laid, strategy)?;
        self.lay_watchers(&mut laid)?;
        self.lay_pause(&mut laid)?;
        Ok((laid.to_json() != current.to_json()).then_some(laid))
    }

    fn fits(&self, strategy: &str) -> Result<(), Contradiction> {
        if self.canary_percent.is_some() && strategy != "CANARY" {
            return Err(Contradiction::new(format!(
                "--canary-percent is for a canary, and the strategy is {strategy}"
            )));
        }
        if self.step_percent.is_some() && strategy != "LINEAR" {
            return Err(Contradiction::new(format!(
                "--step-percent is for a linear deployment, and the strategy is {strategy}"
            )));
        }
        if self.step_bake.is_some() && strategy != "LINEAR" && strategy != "CANARY" {
            return Err(Contradiction::new(format!(
                "--step-bake is for canary and linear deployments, and the strategy is {strategy}"
            )));
        }
        if self.pause.is_some() && strategy == "ROLLING" {
            return Err(Contradiction::new(
                "--pause-at needs lifecycle stages, and a rolling deployment has none: give a --strategy",
            ));
        }
        Ok(())
    }

    fn lay_steps(&self, laid: &mut RawObject, strategy: &str) -> Result<(), Contradiction> {
        let (name, percent_name, bake_name, percent) = match strategy {
            "CANARY" => ("canaryConfiguration", "canaryPercent", "canaryBakeTimeInMinutes", self.canary_percent),
            "LINEAR" => ("linearConfiguration", "stepPercent", "stepBakeTimeInMinutes", self.step_percent),
            _ => return Ok(()),
        };
        let mut steps = object(laid, name);
        if let Some(percent) = percent {
            put(&mut steps, percent_name, &json!(percent))?;
        }
        if let Some(bake) = self.step_bake {
            put(&mut steps, bake_name, &json!(bake))?;
        }
        if percent.is_some() || self.step_bake.is_some() {
            laid.set(name, raw(&steps)?);
        }
        Ok(())
    }

    fn lay_watchers(&self, laid: &mut RawObject) -> Result<(), Contradiction> {
        if let Some(wanted) = self.circuit_breaker {
            let mut breaker = object(laid, "deploymentCircuitBreaker");
            put(&mut breaker, "enable", &json!(wanted != CircuitBreaker::Off))?;
            put(&mut breaker, "rollback", &json!(wanted == CircuitBreaker::Rollback))?;
            laid.set("deploymentCircuitBreaker", raw(&breaker)?);
        }
        if !self.alarms.is_empty() {
            let mut alarms = object(laid, "alarms");
            put(&mut alarms, "alarmNames", &json!(self.alarms))?;
            put(&mut alarms, "enable", &json!(true))?;
            put(&mut alarms, "rollback", &json!(true))?;
            laid.set("alarms", raw(&alarms)?);
        }
        Ok(())
    }

    /// A pause at that stage which is there already is left as it is.
    fn lay_pause(&self, laid: &mut RawObject) -> Result<(), Contradiction> {
        let Some(pause) = &self.pause else { return Ok(()) };
        let text = laid.get("lifecycleHooks").unwrap_or("[]");
        let mut hooks: Vec<Box<RawValue>> =
            serde_json::from_str(text).map_err(|error| Contradiction::new(error.to_string()))?;
        let pauses_there = |hook: &RawValue| {
            let hook: Value = serde_json::from_str(hook.get()).unwrap_or_default();
            let stages = hook["lifecycleStages"].as_array().cloned().unwrap_or_default();
            hook["targetType"] == "PAUSE" && stages.iter().any(|stage| stage == pause.stage.as_str())
        };
        if let Some(there) = hooks.iter_mut().find(|hook| pauses_there(hook)) {
            // A pause that lets go by itself would let through what nobody has looked at.
            let mut hook: RawObject =
                serde_json::from_str(there.get()).map_err(|error| Contradiction::new(error.to_string()))?;
            let mut timeout = object(&hook, "timeoutConfiguration");
            if let Some(minutes) = pause.timeout {
                put(&mut timeout, "timeoutInMinutes", &json!(minutes))?;
            }
            put(&mut timeout, "action", &json!("ROLLBACK"))?;
            if timeout.to_json() == object(&hook, "timeoutConfiguration").to_json() {
                return Ok(());
            }
            hook.set("timeoutConfiguration", raw(&timeout)?);
            *there = raw(&hook)?;
        } else {
            let minutes = pause.timeout.unwrap_or(PAUSE_MINUTES);
            let hook = json!({
                "targetType": "PAUSE", "lifecycleStages": [pause.stage.as_str()],
                "timeoutConfiguration": { "timeoutInMinutes": minutes, "action": "ROLLBACK" }
            });
            hooks.push(raw(&hook)?);
        }
        laid.set("lifecycleHooks", raw(&hooks)?);
        Ok(())
    }
}

fn member(of: &RawObject, name: &str) -> Value {
    of.get(name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn object(of: &RawObject, name: &str) -> RawObject {
    of.get(name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn raw(value: &impl serde::Serialize) -> Result<Box<RawValue>, Contradiction> {
    to_raw_value(value).map_err(|error| Contradiction::new(error.to_string()))
}

/// Sets a member, unless it has that value already however it is written: `10` is `10.0`.
fn put(object: &mut RawObject, name: &str, value: &Value) -> Result<(), Contradiction> {
    let is_same = |text: &str| {
        let had: Value = serde_json::from_str(text).unwrap_or_default();
        had == *value || (had.is_number() && had.as_f64() == value.as_f64())
    };
    if !object.get(name).is_some_and(is_same) {
        object.set(name, raw(value)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests;

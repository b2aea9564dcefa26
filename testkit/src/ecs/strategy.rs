//! What a deployment does, step by step, as its strategy says: a table that [`rollout`](super::rollout) walks through.

use jiff::SignedDuration;
use serde_json::Value;

use crate::ecs::stage::Stage;
use crate::ecs::timing::{ALARM_BAKE_TIME, ROLLBACK_SETTLES_FOR, SHIFT_TAKES, STAGE_TAKES};

/// How a service replaces its tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    Rolling,
    BlueGreen,
    Canary,
    Linear,
}

impl Strategy {
    /// The strategy that a deployment configuration names; none if ECS does not know it.
    pub(crate) fn of(configuration: &Value) -> Option<Self> {
        match configuration["strategy"].as_str().unwrap_or("ROLLING") {
            "ROLLING" => Some(Self::Rolling),
            "BLUE_GREEN" => Some(Self::BlueGreen),
            "CANARY" => Some(Self::Canary),
            "LINEAR" => Some(Self::Linear),
            _ => None,
        }
    }
}

/// What has to happen until a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// Tasks of the rising revision replace those of the falling ones, batch by batch.
    Roll,
    /// The revisions that neither rise nor serve lose their tasks.
    Reconcile,
    /// The rising revision gets all its tasks.
    ScaleUp,
    /// Time goes by.
    Dwell(SignedDuration),
    /// The falling revisions lose their tasks.
    Drain,
}

/// The share of the traffic that is asked for the target revision, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weights {
    pub(crate) test: f64,
    pub(crate) production: f64,
}

/// One step of a deployment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// The stage that is shown; a rolling deployment shows none.
    pub(crate) stage: Option<Stage>,
    pub(crate) activity: Activity,
    pub(crate) weights: Weights,
}

/// What a deployment starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// More than one revision has tasks.
    pub(crate) several_sources: bool,
    /// Alarms are watched.
    pub(crate) alarms: bool,
}

/// The steps of a deployment.
pub(crate) fn steps(configuration: &Value, start: Start) -> Vec<Step> {
    match Strategy::of(configuration).unwrap_or(Strategy::Rolling) {
        Strategy::Rolling => rolling(configuration, start),
        strategy => shifting(configuration, start, &shifts(strategy, configuration)),
    }
}

/// The steps of a rolling deployment's rollback.
pub(crate) fn rolling_back() -> Vec<Step> {
    vec![ROLL, Step { activity: Activity::Dwell(ROLLBACK_SETTLES_FOR), ..ROLL }]
}

const ROLL: Step = Step { stage: None, activity: Activity::Roll, weights: NO_TRAFFIC };

/// The steps that take the traffic back from a target revision that has the share `weights`. `scale_up`: the source lost tasks already.
///
/// Source: ECS developer guide, lifecycle stages: the two traffic shifts also run during a rollback. The order is inferred.
pub(crate) fn shifting_back(weights: Weights, scale_up: bool) -> Vec<Step> {
    let mut path = Path { weights, steps: Vec::new() };
    if scale_up {
        path.add(Stage::ScaleUp, Activity::ScaleUp);
    }
    if weights.production > 0.0 {
        path.weights.production = 0.0;
        path.add(Stage::ProductionTrafficShift, Activity::Dwell(SHIFT_TAKES));
    }
    if weights.test > 0.0 {
        path.weights.test = 0.0;
        path.add(Stage::TestTrafficShift, Activity::Dwell(SHIFT_TAKES));
    }
    path.add(Stage::CleanUp, Activity::Drain);
    path.add(Stage::CleanUp, Activity::Dwell(ROLLBACK_SETTLES_FOR));
    path.steps
}

pub(crate) const NO_TRAFFIC: Weights = Weights { test: 0.0, production: 0.0 };

fn rolling(configuration: &Value, start: Start) -> Vec<Step> {
    let mut steps = vec![ROLL];
    let default = if start.alarms { ALARM_BAKE_TIME } else { SignedDuration::ZERO };
    let bake = match minutes(&configuration["bakeTimeInMinutes"]) {
        Some(bake) if !bake.is_zero() => bake,
        _ => default,
    };
    if !bake.is_zero() {
        steps.push(Step { activity: Activity::Dwell(bake), ..ROLL });
    }
    steps
}

fn shifting(configuration: &Value, start: Start, shifts: &[Shift]) -> Vec<Step> {
    let mut path = Path { weights: NO_TRAFFIC, steps: Vec::new() };
    if start.several_sources {
        path.add(Stage::ReconcileService, Activity::Reconcile);
    }
    path.add(Stage::PreScaleUp, Activity::Dwell(STAGE_TAKES));
    path.add(Stage::ScaleUp, Activity::ScaleUp);
    path.add(Stage::PostScaleUp, Activity::Dwell(STAGE_TAKES));
    path.weights.test = 100.0;
    path.add(Stage::TestTrafficShift, Activity::Dwell(SHIFT_TAKES));
    path.add(Stage::PostTestTrafficShift, Activity::Dwell(STAGE_TAKES));
    for shift in shifts {
        path.add(Stage::PreProductionTrafficShift, Activity::Dwell(STAGE_TAKES));
        path.weights.production = shift.percent;
        path.add(Stage::ProductionTrafficShift, Activity::Dwell(SHIFT_TAKES + shift.bake));
    }
    path.add(Stage::PostProductionTrafficShift, Activity::Dwell(STAGE_TAKES));
    path.add(Stage::BakeTime, Activity::Dwell(minutes(&configuration["bakeTimeInMinutes"]).unwrap_or_default()));
    path.add(Stage::CleanUp, Activity::Drain);
    path.steps
}

/// Steps being written down; the weights stay until they are changed.
struct Path {
    weights: Weights,
    steps: Vec<Step>,
}

impl Path {
    fn add(&mut self, stage: Stage, activity: Activity) {
        self.steps.push(Step { stage: Some(stage), activity, weights: self.weights });
    }
}

/// One shift of production traffic and how long it bakes.
#[derive(Debug, PartialEq)]
struct Shift {
    percent: f64,
    bake: SignedDuration,
}

/// Source for the defaults: ECS API reference, `CanaryConfiguration` and `LinearConfiguration`; nothing bakes here once all traffic is
/// shifted.
fn shifts(strategy: Strategy, configuration: &Value) -> Vec<Shift> {
    let all = Shift { percent: 100.0, bake: SignedDuration::ZERO };
    let (percents, bake) = match strategy {
        Strategy::Rolling | Strategy::BlueGreen => return vec![all],
        Strategy::Canary => {
            let canary = &configuration["canaryConfiguration"];
            let percent = canary["canaryPercent"].as_f64().unwrap_or(5.0);
            (vec![percent], minutes(&canary["canaryBakeTimeInMinutes"]).unwrap_or(SignedDuration::from_mins(10)))
        }
        Strategy::Linear => {
            let linear = &configuration["linearConfiguration"];
            let percent = linear["stepPercent"].as_f64().unwrap_or(10.0);
            (multiples(percent), minutes(&linear["stepBakeTimeInMinutes"]).unwrap_or(SignedDuration::from_mins(6)))
        }
    };
    let partial = percents.into_iter().filter(|percent| *percent < 100.0);
    partial.map(|percent| Shift { percent, bake }).chain([all]).collect()
}

/// The multiples of a percentage below 100, to a tenth. A step is at least 3, so there are at most 33.
fn multiples(percent: f64) -> Vec<f64> {
    let reached = (1_u32..34).map(|step| (percent * f64::from(step) * 10.0).round() / 10.0);
    reached.take_while(|reached| *reached < 100.0).collect()
}

fn minutes(value: &Value) -> Option<SignedDuration> {
    value.as_i64().map(SignedDuration::from_mins)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const START: Start = Start { several_sources: false, alarms: false };

    fn production_shifts(configuration: &Value) -> Vec<f64> {
        let steps = steps(configuration, START);
        let shifts = steps.iter().filter(|step| step.stage == Some(Stage::ProductionTrafficShift));
        shifts.map(|step| step.weights.production).collect()
    }

    #[test]
    fn every_strategy_shifts_production_traffic_in_its_own_steps() {
        let cases = [
            (json!({ "strategy": "BLUE_GREEN" }), vec![100.0]),
            (json!({ "strategy": "CANARY" }), vec![5.0, 100.0]),
            (json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 100.0 } }), vec![100.0]),
            (
                json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 33.3 } }),
                vec![33.3, 66.6, 99.9, 100.0],
            ),
            (
                json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 25 } }),
                vec![25.0, 50.0, 75.0, 100.0],
            ),
            (json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 100 } }), vec![100.0]),
            (json!({ "strategy": "ROLLING" }), vec![]),
        ];
        for (configuration, expected) in cases {
            assert_eq!(production_shifts(&configuration), expected, "{configuration}");
        }
        assert_eq!(production_shifts(&json!({ "strategy": "LINEAR" })).len(), 10);
    }

    #[test]
    fn services_are_reconciled_first_if_several_revisions_have_tasks() {
        let first = |several_sources| {
            steps(&json!({ "strategy": "CANARY" }), Start { several_sources, alarms: false })[0].stage
        };
        assert_eq!(first(false), Some(Stage::PreScaleUp));
        assert_eq!(first(true), Some(Stage::ReconcileService));
    }

    #[test]
    fn a_rolling_deployment_bakes_if_it_says_so_or_watches_alarms() {
        let bake = |configuration: Value, alarms| {
            let steps = steps(&configuration, Start { several_sources: true, alarms });
            steps.get(1).map(|step| step.activity)
        };
        assert_eq!(bake(json!({}), false), None);
        assert_eq!(bake(json!({}), true), Some(Activity::Dwell(ALARM_BAKE_TIME)));
        let minute = json!({ "bakeTimeInMinutes": 1 });
        assert_eq!(bake(minute, true), Some(Activity::Dwell(SignedDuration::from_mins(1))));
    }

    #[test]
    fn a_rollback_undoes_only_what_was_done() {
        let stages = |test, production, scale_up| -> Vec<&str> {
            let steps = shifting_back(Weights { test, production }, scale_up);
            steps.iter().filter_map(|step| step.stage).map(Stage::as_str).collect()
        };
        assert_eq!(stages(0.0, 0.0, false), ["CLEAN_UP", "CLEAN_UP"]);
        assert_eq!(stages(100.0, 0.0, false), ["TEST_TRAFFIC_SHIFT", "CLEAN_UP", "CLEAN_UP"]);
        let everything = ["SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT", "CLEAN_UP", "CLEAN_UP"];
        assert_eq!(stages(100.0, 10.0, true), everything);
    }
}

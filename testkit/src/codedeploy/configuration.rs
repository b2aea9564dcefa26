//! The predefined deployment configurations for ECS: how fast traffic is shifted.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::codedeploy::error::refused;
use crate::codedeploy::timing::SHIFT_TAKES;
use crate::wire::ServiceError;

/// What a deployment group has if it names none, and what every rollback has.
pub(crate) const ALL_AT_ONCE: &str = "CodeDeployDefault.ECSAllAtOnce";

/// How traffic goes over to the replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Routing {
    AllAtOnce,
    Canary { percent: u32, minutes: i64 },
    Linear { percent: u32, minutes: i64 },
}

/// Source: CodeDeploy user guide, "Predefined deployment configurations for an Amazon ECS compute platform".
const PREDEFINED: [(&str, Routing); 5] = [
    (ALL_AT_ONCE, Routing::AllAtOnce),
    ("CodeDeployDefault.ECSCanary10Percent5Minutes", Routing::Canary { percent: 10, minutes: 5 }),
    ("CodeDeployDefault.ECSCanary10Percent15Minutes", Routing::Canary { percent: 10, minutes: 15 }),
    ("CodeDeployDefault.ECSLinear10PercentEvery1Minutes", Routing::Linear { percent: 10, minutes: 1 }),
    ("CodeDeployDefault.ECSLinear10PercentEvery3Minutes", Routing::Linear { percent: 10, minutes: 3 }),
];

/// One shift: the replacement's share from then on, in percent, and how long it stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shift {
    pub(crate) percent: u32,
    pub(crate) lasting: SignedDuration,
}

fn routing(name: &str) -> Option<Routing> {
    PREDEFINED.iter().find(|(known, _)| *known == name).map(|(_, routing)| *routing)
}

/// Refuses a configuration that is not there.
pub(crate) fn check(name: &str) -> Result<(), ServiceError> {
    let missing = || {
        refused("DeploymentConfigDoesNotExistException", format!("No Deployment Configuration found for name: {name}"))
    };
    routing(name).map(|_| ()).ok_or_else(missing)
}

/// The shifts of a configuration, in order.
pub(crate) fn shifts(name: &str) -> Vec<Shift> {
    let last = Shift { percent: 100, lasting: SHIFT_TAKES };
    match routing(name).unwrap_or(Routing::AllAtOnce) {
        Routing::AllAtOnce => vec![last],
        Routing::Canary { percent, minutes } => {
            vec![Shift { percent, lasting: SignedDuration::from_mins(minutes) }, last]
        }
        Routing::Linear { percent, minutes } => {
            let lasting = SignedDuration::from_mins(minutes);
            let steps = (1..100 / percent).map(|step| Shift { percent: step * percent, lasting });
            steps.chain([last]).collect()
        }
    }
}

/// `ListDeploymentConfigs`.
pub(crate) fn list() -> Value {
    json!({ "deploymentConfigsList": PREDEFINED.map(|(name, _)| name) })
}

/// `GetDeploymentConfig`.
pub(crate) fn get(name: &str) -> Result<Value, ServiceError> {
    check(name)?;
    let routing = match routing(name).unwrap_or(Routing::AllAtOnce) {
        Routing::AllAtOnce => json!({ "type": "AllAtOnce" }),
        Routing::Canary { percent, minutes } => json!({
            "type": "TimeBasedCanary",
            "timeBasedCanary": { "canaryPercentage": percent, "canaryInterval": minutes },
        }),
        Routing::Linear { percent, minutes } => json!({
            "type": "TimeBasedLinear",
            "timeBasedLinear": { "linearPercentage": percent, "linearInterval": minutes },
        }),
    };
    Ok(json!({
        "deploymentConfigInfo": { "deploymentConfigName": name, "computePlatform": "ECS", "trafficRoutingConfig": routing }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_end_with_all_traffic() {
        let percents = |name| shifts(name).iter().map(|shift| shift.percent).collect::<Vec<u32>>();
        assert_eq!(percents(ALL_AT_ONCE), [100]);
        assert_eq!(percents("CodeDeployDefault.ECSCanary10Percent5Minutes"), [10, 100]);
        let linear = percents("CodeDeployDefault.ECSLinear10PercentEvery3Minutes");
        assert_eq!(linear, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    }

    #[test]
    fn what_is_not_predefined_does_not_exist() {
        assert_eq!(check("CodeDeployDefault.OneAtATime").unwrap_err().code, "DeploymentConfigDoesNotExistException");
    }
}

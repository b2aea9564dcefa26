//! How a release is said to CodeDeploy.

use serde_json::json;

use crate::error::Error;
use crate::service::Service;
use crate::strategy::{Contradiction, Settings, Strategy};

/// The predefined configurations for ECS: strategy, percent, minutes.
///
/// Source: CodeDeploy user guide, predefined deployment configurations for an Amazon ECS compute platform.
const CONFIGURATIONS: [(Strategy, f64, u32, &str); 5] = [
    (Strategy::BlueGreen, 100.0, 0, "CodeDeployDefault.ECSAllAtOnce"),
    (Strategy::Canary, 10.0, 5, "CodeDeployDefault.ECSCanary10Percent5Minutes"),
    (Strategy::Canary, 10.0, 15, "CodeDeployDefault.ECSCanary10Percent15Minutes"),
    (Strategy::Linear, 10.0, 1, "CodeDeployDefault.ECSLinear10PercentEvery1Minutes"),
    (Strategy::Linear, 10.0, 3, "CodeDeployDefault.ECSLinear10PercentEvery3Minutes"),
];

/// The configuration that does what was asked; `None` if nothing was, and the deployment group's own one holds.
pub(super) fn configuration(settings: &Settings) -> Result<Option<&'static str>, Contradiction> {
    let barred = [
        (settings.bake.is_some(), "--bake"),
        (settings.circuit_breaker.is_some(), "--circuit-breaker"),
        (!settings.alarms.is_empty(), "--alarm"),
        (settings.pause.is_some(), "--pause-at"),
    ];
    if let Some((_, flag)) = barred.iter().find(|(given, _)| *given) {
        return Err(Contradiction::new(format!(
            "{flag} is a setting of CodeDeploy's deployment group for this service, and not of the service"
        )));
    }
    let Some(strategy) = settings.strategy else {
        if settings.is_empty() {
            return Ok(None);
        }
        return Err(Contradiction::new("for CodeDeploy, percentages and times need a --strategy beside them"));
    };
    let (percent, other) = match strategy {
        Strategy::Linear => (settings.step_percent, settings.canary_percent),
        _ => (settings.canary_percent, settings.step_percent),
    };
    if other.is_some() {
        return Err(Contradiction::new("--canary-percent is for a canary, --step-percent for a linear deployment"));
    }
    let fits = |(of, share, minutes, _): &&(Strategy, f64, u32, &str)| {
        *of == strategy
            && percent.is_none_or(|percent| (percent - share).abs() < f64::EPSILON)
            && settings.step_bake.is_none_or(|bake| bake == *minutes)
    };
    let found = CONFIGURATIONS.iter().find(fits).map(|(_, _, _, name)| Some(*name));
    found.ok_or_else(|| {
        let names: Vec<&str> = CONFIGURATIONS.iter().map(|(_, _, _, name)| *name).collect();
        Contradiction::new(format!("CodeDeploy has no such configuration for ECS; it has {}", names.join(", ")))
    })
}

/// The application specification of a release.
///
/// # Errors
/// The service has no target group, which CodeDeploy needs.
pub fn specification(service: &Service, task_definition: &str) -> Result<String, Error> {
    let balancer = service.load_balancers.iter().find(|balancer| balancer.target_group_arn.is_some());
    let balancer = balancer.ok_or_else(|| Error::NoDeploymentGroup(service.name.clone()))?;
    let mut properties = json!({
        "TaskDefinition": task_definition,
        "LoadBalancerInfo": { "ContainerName": balancer.container_name, "ContainerPort": balancer.container_port }
    });
    if let Some(version) = &service.platform_version {
        properties["PlatformVersion"] = json!(version);
    }
    let resource = json!({ "TargetService": { "Type": "AWS::ECS::Service", "Properties": properties } });
    Ok(json!({ "version": 0.0, "Resources": [resource] }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::LoadBalancer;

    #[test]
    fn what_is_asked_finds_its_configuration() {
        let settings = |strategy, percent, bake| Settings {
            strategy: Some(strategy),
            canary_percent: percent,
            step_bake: bake,
            ..Settings::default()
        };
        let cases = [
            (Settings::default(), Ok(None)),
            (settings(Strategy::BlueGreen, None, None), Ok(Some("CodeDeployDefault.ECSAllAtOnce"))),
            (settings(Strategy::Canary, None, None), Ok(Some("CodeDeployDefault.ECSCanary10Percent5Minutes"))),
            (
                settings(Strategy::Canary, Some(10.0), Some(15)),
                Ok(Some("CodeDeployDefault.ECSCanary10Percent15Minutes")),
            ),
            (settings(Strategy::Linear, None, Some(3)), Ok(Some("CodeDeployDefault.ECSLinear10PercentEvery3Minutes"))),
            (settings(Strategy::Canary, Some(20.0), None), Err("no such configuration")),
            (settings(Strategy::Rolling, None, None), Err("no such configuration")),
            (
                Settings { step_percent: Some(10.0), ..settings(Strategy::Canary, None, None) },
                Err("--step-percent for a linear"),
            ),
            (Settings { bake: Some(3), ..Settings::default() }, Err("--bake is a setting of CodeDeploy's")),
            (Settings { step_bake: Some(3), ..Settings::default() }, Err("need a --strategy")),
        ];
        for (settings, expected) in cases {
            match (configuration(&settings), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(words)) => assert!(found.to_string().contains(words), "{found}"),
                (found, expected) => panic!("{found:?} is not {expected:?}"),
            }
        }
    }

    #[test]
    fn a_specification_names_task_definition_container_and_port() {
        let balancer = LoadBalancer {
            target_group_arn: Some("blue".to_owned()),
            container_name: Some("web".to_owned()),
            container_port: Some(80),
            ..LoadBalancer::default()
        };
        let service = Service { load_balancers: vec![balancer], ..Service::default() };
        let text = specification(&service, "web:2").unwrap();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        let properties = &read["Resources"][0]["TargetService"]["Properties"];
        assert_eq!(properties["TaskDefinition"], "web:2");
        assert_eq!(properties["LoadBalancerInfo"], json!({ "ContainerName": "web", "ContainerPort": 80 }));
        assert!(specification(&Service::default(), "web:2").is_err());
    }
}

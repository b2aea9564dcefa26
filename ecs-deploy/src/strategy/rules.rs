//! What ECS demands of a service before it deploys it in another way than rolling: asked here, so that nothing is changed in vain.
//!
//! Source: ECS developer guide, blue/green deployments, required resources; ECS API reference, `AdvancedConfiguration`.

use crate::finding::{Finding, Topic};
use crate::service::{LoadBalancer, Service};

/// What a service lacks for a strategy; empty if nothing.
#[must_use]
pub fn check(service: &Service, strategy: &str) -> Vec<Finding> {
    if strategy == "ROLLING" {
        return Vec::new();
    }
    let name = &service.name;
    let mut missing = Vec::new();
    let mut refuse = |message: String, fix: Option<String>| {
        missing.push(Finding::failed(Topic::Strategy, name, message, fix));
    };
    if service.scheduling_strategy.as_deref() == Some("DAEMON") {
        refuse(format!("a daemon service can only be deployed rolling, not {strategy}"), None);
    }
    if service.load_balancers.iter().any(|balancer| balancer.load_balancer_name.is_some()) {
        refuse(
            format!("{strategy} needs an Application or Network Load Balancer, and the service has a classic one"),
            Some("move the service to a target group first".to_owned()),
        );
        return missing;
    }
    if service.load_balancers.is_empty() && !service.service_connect() && strategy != "BLUE_GREEN" {
        refuse(
            format!("{strategy} shifts traffic, and the service has neither a load balancer nor Service Connect"),
            Some("use --strategy blue-green or rolling".to_owned()),
        );
    }
    for balancer in &service.load_balancers {
        let lacks = lacking(balancer);
        if lacks.is_empty() {
            continue;
        }
        let group = balancer.target_group_arn.as_deref().unwrap_or("the load balancer");
        refuse(format!("{strategy} needs {} beside {group}", lacks.join(", ")), Some(update(service, balancer)));
    }
    missing
}

fn lacking(balancer: &LoadBalancer) -> Vec<&'static str> {
    let advanced = balancer.advanced_configuration.clone().unwrap_or_default();
    let parts = [
        (advanced.alternate_target_group_arn, "an alternate target group"),
        (advanced.production_listener_rule, "a production listener rule"),
        (advanced.role_arn, "a role with which ECS may shift traffic"),
    ];
    parts.into_iter().filter(|(there, _)| there.is_none()).map(|(_, words)| words).collect()
}

/// The command that gives the service what it lacks. What is to be filled in is in capitals.
fn update(service: &Service, balancer: &LoadBalancer) -> String {
    let group = balancer.target_group_arn.as_deref().unwrap_or("TARGET_GROUP_ARN");
    let container = balancer.container_name.as_deref().unwrap_or("CONTAINER");
    let port = balancer.container_port.unwrap_or_default();
    let advanced = balancer.advanced_configuration.clone().unwrap_or_default();
    let alternate = advanced.alternate_target_group_arn.unwrap_or_else(|| "ALTERNATE_TARGET_GROUP_ARN".to_owned());
    let rule = advanced.production_listener_rule.unwrap_or_else(|| "LISTENER_RULE_ARN".to_owned());
    let infrastructure = advanced.role_arn.unwrap_or_else(|| "INFRASTRUCTURE_ROLE_ARN".to_owned());
    format!(
        "aws ecs update-service --cluster {} --service {} --load-balancers 'targetGroupArn={group},containerName={container},containerPort={port},\
         advancedConfiguration={{alternateTargetGroupArn={alternate},productionListenerRule={rule},roleArn={infrastructure}}}'",
        service.cluster_name(),
        service.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::AdvancedConfiguration;

    fn service(balancers: Vec<LoadBalancer>) -> Service {
        Service { name: "web".to_owned(), load_balancers: balancers, ..Service::default() }
    }

    fn balancer(advanced: Option<AdvancedConfiguration>) -> LoadBalancer {
        LoadBalancer {
            target_group_arn: Some("blue".to_owned()),
            advanced_configuration: advanced,
            ..LoadBalancer::default()
        }
    }

    #[test]
    fn what_is_missing_is_named_with_the_command_that_adds_it() {
        let without_rule = AdvancedConfiguration {
            alternate_target_group_arn: Some("green".to_owned()),
            ..AdvancedConfiguration::default()
        };
        let cases = [
            (vec![], "LINEAR", "neither a load balancer nor Service Connect"),
            (vec![balancer(None)], "BLUE_GREEN", "an alternate target group, a production listener rule"),
            (vec![balancer(Some(without_rule))], "CANARY", "needs a production listener rule, a role"),
            (
                vec![LoadBalancer { load_balancer_name: Some("old".to_owned()), ..LoadBalancer::default() }],
                "CANARY",
                "classic",
            ),
        ];
        for (balancers, strategy, words) in cases {
            let missing = check(&service(balancers), strategy);
            assert!(missing[0].message.contains(words), "{missing:?}");
            assert!(missing[0].fix.is_some());
        }
        let fix = check(&service(vec![balancer(None)]), "CANARY")[0].fix.clone().unwrap();
        assert!(
            fix.contains("--load-balancers 'targetGroupArn=blue") && fix.contains("ALTERNATE_TARGET_GROUP_ARN"),
            "{fix}"
        );
    }

    #[test]
    fn a_service_that_has_everything_and_one_without_traffic_pass() {
        let whole = AdvancedConfiguration {
            alternate_target_group_arn: Some("green".to_owned()),
            production_listener_rule: Some("rule".to_owned()),
            role_arn: Some("role".to_owned()),
        };
        assert_eq!(check(&service(vec![balancer(Some(whole))]), "CANARY"), []);
        assert_eq!(check(&service(vec![]), "BLUE_GREEN"), []);
        assert_eq!(check(&service(vec![balancer(None)]), "ROLLING"), []);
        let daemon = Service { scheduling_strategy: Some("DAEMON".to_owned()), ..service(vec![]) };
        assert_eq!(check(&daemon, "BLUE_GREEN").len(), 1);
    }
}

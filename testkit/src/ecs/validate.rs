//! What `CreateService` and `UpdateService` refuse at once.
//!
//! Source of the messages: ECS developer guide, troubleshooting of blue/green deployments, and the ranges in the API reference.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::ecs::hook::Action;
use crate::ecs::input::{invalid, text, texts};
use crate::ecs::stage::{HOOK_STAGES, NO_PAUSE_STAGES};
use crate::ecs::strategy::Strategy;
use crate::wire::ServiceError;

/// So many hooks of a kind a service may have. Source: ECS API reference, `DeploymentLifecycleHook`.
const HOOKS_OF_A_KIND: usize = 10;

/// Checks the settings that a service would have.
pub(crate) fn check(settings: &Value) -> Result<(), ServiceError> {
    let configuration = &settings["deploymentConfiguration"];
    let strategy = Strategy::of(configuration)
        .ok_or_else(|| invalid("Invalid deployment strategy. Valid values are: ROLLING, BLUE_GREEN, LINEAR, CANARY"))?;
    check_controller(settings, strategy)?;
    check_numbers(configuration)?;
    check_load_balancers(settings, strategy)?;
    check_hooks(configuration)
}

fn check_controller(settings: &Value, strategy: Strategy) -> Result<(), ServiceError> {
    let controller = text(&settings["deploymentController"], "type").unwrap_or("ECS");
    if strategy != Strategy::Rolling && controller != "ECS" {
        return Err(invalid("Deployment strategies other than ROLLING require the ECS deployment controller"));
    }
    Ok(())
}

fn check_numbers(configuration: &Value) -> Result<(), ServiceError> {
    let ranges = [
        ("/bakeTimeInMinutes", 0.0, 1440.0),
        ("/canaryConfiguration/canaryPercent", 0.1, 100.0),
        ("/canaryConfiguration/canaryBakeTimeInMinutes", 0.0, 1440.0),
        ("/linearConfiguration/stepPercent", 3.0, 100.0),
        ("/linearConfiguration/stepBakeTimeInMinutes", 0.0, 1440.0),
        ("/minimumHealthyPercent", 0.0, 100.0),
    ];
    for (pointer, least, most) in ranges {
        let Some(value) = configuration.pointer(pointer).filter(|value| !value.is_null()) else { continue };
        if !value.as_f64().is_some_and(|value| (least..=most).contains(&value)) {
            let name = pointer.rsplit('/').next().unwrap_or(pointer);
            return Err(invalid(format!("{name} must be between {least} and {most}")));
        }
    }
    Ok(())
}

fn check_load_balancers(settings: &Value, strategy: Strategy) -> Result<(), ServiceError> {
    let balancers = settings["loadBalancers"].as_array().map_or(&[][..], Vec::as_slice);
    let classic = balancers.iter().filter(|balancer| balancer["loadBalancerName"].is_string()).count();
    if classic > 0 && classic < balancers.len()
        || balancers
            .iter()
            .any(|balancer| balancer["loadBalancerName"].is_string() && balancer["targetGroupArn"].is_string())
    {
        return Err(invalid(
            "All loadBalancers must be strictly either ELBv1 (defining loadBalancerName) or ELBv2 (defining targetGroupArn)",
        ));
    }
    let advanced = balancers.iter().filter(|balancer| balancer["advancedConfiguration"].is_object()).count();
    if classic > 0 && advanced > 0 {
        return Err(invalid("advancedConfiguration field is not allowed with ELBv1 loadBalancers"));
    }
    if advanced > 0 && advanced < balancers.len() {
        return Err(invalid(
            "Either all or none of the provided loadBalancers must have advancedConfiguration defined",
        ));
    }
    if strategy != Strategy::Rolling && advanced < balancers.len() {
        return Err(invalid(
            "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment strategy",
        ));
    }
    let shifts_bit_by_bit = matches!(strategy, Strategy::Canary | Strategy::Linear);
    if shifts_bit_by_bit && balancers.is_empty() && settings["serviceConnectConfiguration"]["enabled"] != json!(true) {
        return Err(invalid("CANARY and LINEAR deployment strategies require a load balancer or Service Connect"));
    }
    check_target_groups(balancers)?;
    check_rules(balancers)
}

fn check_target_groups(balancers: &[Value]) -> Result<(), ServiceError> {
    let mut seen = BTreeSet::new();
    for balancer in balancers {
        let alternate = text(&balancer["advancedConfiguration"], "alternateTargetGroupArn");
        for group in [text(balancer, "targetGroupArn"), alternate].into_iter().flatten() {
            // The same group may serve several ports; as somebody's alternate it may not.
            let key = (group, if alternate.is_some() { None } else { balancer["containerPort"].as_i64() });
            if !seen.insert(key) {
                return Err(invalid(format!("Duplicate targetGroupArn found: {group}")));
            }
        }
    }
    Ok(())
}

fn check_rules(balancers: &[Value]) -> Result<(), ServiceError> {
    let rules = |member: &'static str| {
        balancers.iter().filter_map(move |balancer| text(&balancer["advancedConfiguration"], member))
    };
    for member in ["productionListenerRule", "testListenerRule"] {
        if let Some(wrong) = rules(member).find(|rule| !is_rule(rule)) {
            return Err(invalid(format!(
                "{member} has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: {wrong}"
            )));
        }
    }
    let test: Vec<&str> = rules("testListenerRule").collect();
    let both: Vec<&str> = rules("productionListenerRule").filter(|rule| test.contains(rule)).collect();
    if !both.is_empty() {
        let rules = both.join(", ");
        return Err(invalid(format!(
            "The following rules cannot be used as both production and test listener rules: {rules}"
        )));
    }
    Ok(())
}

fn is_rule(arn: &str) -> bool {
    arn.starts_with("arn:") && (arn.contains(":listener-rule/app/") || arn.contains(":listener/net/"))
}

fn check_hooks(configuration: &Value) -> Result<(), ServiceError> {
    let hooks = configuration["lifecycleHooks"].as_array().map_or(&[][..], Vec::as_slice);
    let mut pauses = 0;
    for hook in hooks {
        let pause = match text(hook, "targetType").unwrap_or("AWS_LAMBDA") {
            "PAUSE" => true,
            "AWS_LAMBDA" => false,
            _ => return Err(invalid("Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE")),
        };
        pauses += usize::from(pause);
        check_stages(hook, pause)?;
        check_timeout(&hook["timeoutConfiguration"])?;
        if !pause && text(hook, "hookTargetArn").is_none() {
            return Err(invalid("hookTargetArn is required for AWS_LAMBDA lifecycle hooks"));
        }
    }
    if pauses > HOOKS_OF_A_KIND || hooks.len() - pauses > HOOKS_OF_A_KIND {
        return Err(invalid(format!(
            "A service can have at most {HOOKS_OF_A_KIND} lifecycle hooks of each target type"
        )));
    }
    Ok(())
}

fn check_stages(hook: &Value, pause: bool) -> Result<(), ServiceError> {
    let stages = texts(hook, "lifecycleStages");
    let is_known = |stage: &&str| HOOK_STAGES.iter().any(|known| known.as_str() == *stage);
    let cannot_pause = |stage: &&str| NO_PAUSE_STAGES.iter().any(|barred| barred.as_str() == *stage);
    if stages.is_empty() || !stages.iter().all(is_known) {
        return Err(invalid("Invalid lifecycle stage provided"));
    }
    if pause && stages.iter().any(cannot_pause) {
        return Err(invalid("Invalid lifecycle stage provided for Pause Hook"));
    }
    Ok(())
}

fn check_timeout(timeout: &Value) -> Result<(), ServiceError> {
    let minutes = &timeout["timeoutInMinutes"];
    if !minutes.is_null() && !minutes.as_i64().is_some_and(|minutes| (1..=20160).contains(&minutes)) {
        return Err(invalid("timeoutInMinutes must be between 1 and 20160"));
    }
    match timeout["action"].as_str().map(Action::read) {
        Some(None) => Err(invalid("Invalid action. Valid values are: CONTINUE, ROLLBACK")),
        _ => Ok(()),
    }
}

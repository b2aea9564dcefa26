//! The selectors of an expression: what Prometheus looks up for it.

/// Names that are not series: functions, operators and labels stand without a prefix of these.
const PREFIXES: [&str; 13] = [
    "deploy_aws_ecs",
    "ecs_deploy_",
    "ecr_push_",
    "scan_gate_",
    "net_audit_",
    "tfstate_lock_",
    "aws_",
    "push_",
    "node_",
    "target_group:",
    "load_balancer:",
    "service:",
    "environment_service:",
];

/// The selectors, without ranges.
pub(super) fn selectors(expression: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            rest = rest[1..].split_once('"').map_or("", |(_, behind)| behind);
            continue;
        }
        let end =
            rest.find(|char: char| !(char.is_ascii_alphanumeric() || char == '_' || char == ':')).unwrap_or(rest.len());
        if end == 0 {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (name, behind) = rest.split_at(end);
        rest = behind;
        if name == "up" || PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            let labels = if behind.starts_with('{') { behind.split_inclusive('}').next().unwrap_or("") } else { "" };
            found.push(format!("{name}{labels}"));
            rest = &behind[labels.len()..];
        }
    }
    found
}

#[test]
fn selectors_are_found_and_nothing_else() {
    let expression = r#"max by (service) (a:b == 1) unless on (service) time() - sum_over_time(aws_x_sum{service="aws_y", t!=""}[5m]) > up{job="a"}"#;
    assert_eq!(selectors(expression), [r#"aws_x_sum{service="aws_y", t!=""}"#, r#"up{job="a"}"#]);
}

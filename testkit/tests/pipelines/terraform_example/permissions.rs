//! The role that CI gets of each environment: it lets the tools do what they say they need, where they need it, and no more.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Example, classes, expected_classes};

const REGION_AND_ACCOUNT: &str = ":eu-central-1:123456789012:";

/// A value of a policy, which may be one or a list.
fn listed(value: &Value) -> Vec<String> {
    let values = value.as_array().map_or_else(|| vec![value.clone()], Clone::clone);
    values.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// An action, what it may be done with, and the clusters that a condition narrows it down to.
type Permission = (String, String, Vec<String>);

fn permissions(policy: &Value) -> Vec<Permission> {
    let statements = policy["Statement"].as_array().unwrap().iter();
    let each = statements.flat_map(|statement| {
        let clusters = match &statement["Condition"]["ArnEquals"]["ecs:cluster"] {
            Value::Null => Vec::new(),
            clusters => listed(clusters),
        };
        let resources = listed(&statement["Resource"]);
        let pairs = listed(&statement["Action"])
            .into_iter()
            .flat_map(move |action| resources.clone().into_iter().map(move |resource| (action.clone(), resource)));
        pairs.map(move |(action, resource)| (action, resource, clusters.clone()))
    });
    each.collect()
}

/// What a tool says it needs in this account. The example has neither CodeDeploy nor secrets.
fn needed(example: &Example, commands: &[(&str, &[&str])]) -> Vec<Permission> {
    let each = commands.iter().flat_map(|(tool, arguments)| {
        let run = example.sandbox.tool(tool).args(arguments.iter().chain(&["--iam-policy"])).run();
        permissions(&run.code(0).json())
    });
    let is_here =
        |(action, ..): &Permission| !action.starts_with("codedeploy:") && !action.starts_with("secretsmanager:");
    each.filter(is_here).collect()
}

/// Applies an environment: the whole state, and what its role may do.
fn applied(example: &Example, environment: &str) -> (Value, Vec<Permission>) {
    let variables = format!("-var-file={environment}.tfvars");
    let _ = example.terraform(&["apply", "-input=false", "-no-color", "-auto-approve", &variables]).code(0);
    let state = example.terraform(&["show", "-json"]).code(0).json();
    let resources = state["values"]["root_module"]["resources"].as_array().unwrap().clone();
    let of_ci = resources.iter().filter(|one| {
        one["type"] == "aws_iam_role_policy" && one["name"].as_str().is_some_and(|name| name.starts_with("ci_"))
    });
    let policies = of_ci.map(|one| serde_json::from_str(one["values"]["policy"].as_str().unwrap()).unwrap());
    (state, policies.flat_map(|policy: Value| permissions(&policy)).collect())
}

fn actions(permissions: &[Permission]) -> BTreeSet<&str> {
    permissions.iter().map(|(action, ..)| action.as_str()).collect()
}

/// Whether one of the permissions lets an action be done with a resource; where the tool names none, with whatever is the cluster's.
fn allows(permissions: &[Permission], (action, resource, _): &Permission, cluster: &str) -> bool {
    let resource = resource.replace(":*:*:", REGION_AND_ACCOUNT);
    // The second is what the stand-in for the provider makes up for a cluster of its own.
    let names = ["cluster", "aws_ecs_cluster"].map(|kind| format!("arn:aws:ecs{REGION_AND_ACCOUNT}{kind}/{cluster}"));
    permissions.iter().any(|(allowed, of, clusters)| {
        allowed == action
            && (resource == "*" || *of == "*" || *of == resource)
            && (clusters.is_empty() || names.iter().any(|name| clusters.contains(name)))
    })
}

#[test]
fn what_is_applied_is_clean_and_lets_ci_do_what_the_tools_need_and_no_more() {
    let Some(example) = Example::new().map(Example::ready) else { return };
    let (state, allowed) = applied(&example, "stage");
    let audit = example.sandbox.tool("net-audit").args(["-", "--fail-on", "medium"]).pipe_in(state.to_string()).run();
    let audit = audit.code(0).says("/network/unknown", json!([])).json();
    assert_eq!(classes(&audit), expected_classes("stage"));

    let needed = needed(
        &example,
        &[
            ("ecr-push", &["web", "--repository", "web", "--tag", "1.4.0"]),
            ("ecs-deploy", &["--cluster", "stage", "--service", "web", "--run-task", "./migrate"]),
            ("ecs-deploy", &["--cluster", "stage", "--service", "web", "--pause-at", "post-scale-up"]),
            ("ecs-deploy", &["--cluster", "stage", "--service", "web", "--stop"]),
            ("ecs-deploy", &["--cluster", "stage", "--service", "web", "--continue"]),
            ("ecs-deploy", &["--cluster", "stage", "--service", "web", "--rollback"]),
            ("tfstate-lock", &["acquire", "s3://example-terraform-state/web/stage.tfstate"]),
        ],
    );
    assert_eq!(actions(&allowed), actions(&needed));
    // Alarms that are made of others are described to none who may describe only some.
    assert!(allowed.contains(&("cloudwatch:DescribeAlarms".to_owned(), "*".to_owned(), Vec::new())), "{allowed:#?}");
}

#[test]
fn production_may_look_at_the_service_that_it_is_promoted_from_and_change_nothing_there() {
    let Some(example) = Example::new().map(Example::ready) else { return };
    let (_, allowed) = applied(&example, "production");
    for (cluster, command) in [("stage", "--status"), ("production", "--status"), ("production", "--rollback")] {
        let needed = needed(&example, &[("ecs-deploy", &["--cluster", cluster, "--service", "web", command])]);
        // Roles and task definitions are named by what is there, which --iam-policy does not look at.
        let missing: Vec<_> = needed.iter().filter(|one| !allows(&allowed, one, cluster)).collect();
        assert!(missing.is_empty(), "{cluster} {command}: {missing:#?} is not allowed");
    }
    let is_look = |action: &str| {
        let name = action.split(':').next_back().unwrap();
        ["Describe", "List", "Get"].iter().any(|verb| name.starts_with(verb))
    };
    let of_stage = |(_, resource, clusters): &&Permission| {
        resource.contains("stage") || clusters.iter().any(|cluster| cluster.ends_with("/stage"))
    };
    let there: Vec<_> = allowed.iter().filter(of_stage).collect();
    assert!(there.len() > 5 && there.iter().all(|(action, ..)| is_look(action)), "{there:#?}");
}

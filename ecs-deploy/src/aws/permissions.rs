//! The permissions that a command line needs.

use contract::policy::Statement;

use crate::cli::Arguments;

/// What is asked where CodeDeploy controls a service; whether it does is not known before the service is read.
const CODE_DEPLOY_READS: [&str; 6] = [
    "codedeploy:BatchGetDeployments",
    "codedeploy:BatchGetDeploymentTargets",
    "codedeploy:BatchGetDeploymentGroups",
    "codedeploy:ListApplications",
    "codedeploy:ListDeploymentGroups",
    "codedeploy:ListDeployments",
];

/// The least policy. What the task definition names, roles and secrets, is not known before it is read.
#[must_use]
pub fn permissions(arguments: &Arguments) -> Vec<Statement> {
    let name = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let cluster = arguments.cluster.as_deref().map_or_else(|| "*".to_owned(), name);
    let services = if arguments.service.is_empty() {
        vec!["*".to_owned()]
    } else {
        arguments.service.iter().map(|text| name(text)).collect()
    };
    let own = |kind: &str, rest: &str| -> Vec<String> {
        services.iter().map(|service| format!("arn:aws:ecs:*:*:{kind}/{cluster}/{service}{rest}")).collect()
    };
    let anything = ["*".to_owned()];
    let deployments: Vec<String> =
        own("service-deployment", "/*").into_iter().chain(own("service-revision", "/*")).collect();
    let mut statements = vec![
        Statement::allow(&["ecs:DescribeTaskDefinition"], &anything),
        Statement::allow(&["ecs:DescribeServices", "ecs:ListServiceDeployments"], &own("service", "")),
        Statement::allow(&["ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions"], &deployments),
        Statement::allow(&["ecs:ListTasks"], &anything),
        Statement::allow(&["ecs:DescribeTasks"], &[format!("arn:aws:ecs:*:*:task/{cluster}/*")]),
        Statement::allow(&["elasticloadbalancing:DescribeTargetHealth", "logs:GetLogEvents"], &anything),
    ];
    statements.push(Statement::allow(&CODE_DEPLOY_READS, &anything));
    let deploys = !arguments.action.attends() && !arguments.action.rollback;
    if deploys {
        let looked_up = [
            "cloudwatch:DescribeAlarms",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            "iam:GetRole",
            "secretsmanager:DescribeSecret",
            "ssm:DescribeParameters",
        ];
        statements.push(Statement::allow(&looked_up, &anything));
    }
    if !arguments.change.dry_run && arguments.action.status.is_none() {
        statements.extend(writes(arguments, deploys, &deployments, &own("service", "")));
    }
    statements
}

fn writes(arguments: &Arguments, deploys: bool, deployments: &[String], services: &[String]) -> Vec<Statement> {
    let anything = ["*".to_owned()];
    let mut statements = Vec::new();
    let goes_back = arguments.action.rollback || may_stop(arguments);
    if deploys || goes_back {
        let registering = ["ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"];
        statements.push(Statement::allow(&registering, &anything));
        statements.push(Statement::allow(&["ecs:UpdateService"], services));
    }
    let stops = arguments.action.attends() || arguments.action.rollback || may_stop(arguments);
    if stops {
        statements.push(Statement::allow(&["ecs:StopServiceDeployment"], deployments));
    }
    // A way back is held at no pause.
    let continues = goes_back || arguments.action.r#continue.is_some() || arguments.strategy.pause_at.is_some();
    if continues {
        statements.push(Statement::allow(&["ecs:ContinueServiceDeployment"], deployments));
    }
    statements.push(Statement::allow(&code_deploy_writes(deploys || goes_back, stops, continues), &anything));
    if arguments.follow.run_task.is_some() {
        statements.push(Statement::allow(&["ecs:RunTask"], &anything));
    }
    if arguments.follow.cleanup.is_some() {
        let looking =
            ["ecs:DeregisterTaskDefinition", "ecs:ListClusters", "ecs:ListServices", "ecs:ListTaskDefinitions"];
        statements.push(Statement::allow(&looking, &anything));
        statements.push(Statement::allow(&["ecs:DescribeServices"], &anything));
    }
    statements
}

/// Source: CodeDeploy, actions for IAM: to create a deployment needs its configuration and revision as well.
fn code_deploy_writes(deploys: bool, stops: bool, continues: bool) -> Vec<&'static str> {
    let mut actions = Vec::new();
    if deploys {
        actions.extend([
            "codedeploy:CreateDeployment",
            "codedeploy:GetDeploymentConfig",
            "codedeploy:RegisterApplicationRevision",
            "codedeploy:GetApplicationRevision",
        ]);
    }
    if stops {
        actions.push("codedeploy:StopDeployment");
    }
    if continues {
        actions.push("codedeploy:ContinueDeployment");
    }
    actions
}

/// Whether this run stops a deployment of its own accord.
fn may_stop(arguments: &Arguments) -> bool {
    let follow = &arguments.follow;
    !follow.check.is_empty()
        || follow.fail_after.is_some()
        || follow.together
        || follow.on_interrupt == crate::cli::OnInterrupt::Rollback
}

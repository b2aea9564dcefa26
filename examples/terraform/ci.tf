# The role that CI takes on by the token of its job: no key is kept anywhere. What it may do is what `ecs-deploy --iam-policy`,
# `ecr-push --iam-policy` and `tfstate-lock --iam-policy` print, narrowed down to this environment.

data "aws_iam_openid_connect_provider" "ci" {
  url = "https://${var.ci_issuer}"
}

data "aws_iam_policy_document" "ci_assume" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.ci.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${var.ci_issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "${var.ci_issuer}:sub"
      values   = var.ci_subjects
    }
  }
}

resource "aws_iam_role" "ci" {
  name                 = "${local.name}-ci"
  assume_role_policy   = data.aws_iam_policy_document.ci_assume.json
  max_session_duration = 7200
}

resource "aws_iam_role_policy" "ci_deploy" {
  name   = "deploy"
  role   = aws_iam_role.ci.id
  policy = data.aws_iam_policy_document.ci_deploy.json
}

resource "aws_iam_role_policy" "ci_push" {
  count = var.ci_pushes ? 1 : 0

  name   = "push"
  role   = aws_iam_role.ci.id
  policy = data.aws_iam_policy_document.ci_push.json
}

locals {
  ecs     = "arn:aws:ecs:${var.region}:${local.account}"
  origins = var.promote_from == null ? [] : [var.promote_from]
}

data "aws_iam_policy_document" "ci_deploy" {
  #checkov:skip=CKV_AWS_356:what reads everything cannot be narrowed down; cloudwatch:DescribeAlarms could, but then fails where an alarm is made of others
  # What reads, and knows no resource. Alarms that are made of others are described to none who may describe only some.
  statement {
    sid = "Look"
    actions = [
      "cloudwatch:DescribeAlarms",
      "ecr:GetAuthorizationToken",
      "ecs:DescribeTaskDefinition",
      "elasticloadbalancing:DescribeTargetHealth",
      "ssm:DescribeParameters",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "LookAtTheService"
    actions   = ["ecs:DescribeServices", "ecs:ListServiceDeployments", "ecs:UpdateService"]
    resources = ["${local.ecs}:service/${var.environment}/${var.service}"]
  }

  # Watch the deployment; stop it, or let it go on from a pause.
  statement {
    sid = "Follow"
    actions = [
      "ecs:ContinueServiceDeployment",
      "ecs:DescribeServiceDeployments",
      "ecs:DescribeServiceRevisions",
      "ecs:StopServiceDeployment",
    ]
    resources = [
      "${local.ecs}:service-deployment/${var.environment}/${var.service}/*",
      "${local.ecs}:service-revision/${var.environment}/${var.service}/*",
    ]
  }

  # Why tasks failed. Listing names the cluster by a condition.
  statement {
    sid       = "ListTasks"
    actions   = ["ecs:ListTasks"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = concat([aws_ecs_cluster.main.arn], [for origin in local.origins : "${local.ecs}:cluster/${origin}"])
    }
  }

  statement {
    sid       = "LookAtTasks"
    actions   = ["ecs:DescribeTasks"]
    resources = ["${local.ecs}:task/${var.environment}/*"]
  }

  # Whether the place that is promoted from serves what its ticket says. Looking only: nothing there can be changed from here.
  dynamic "statement" {
    for_each = local.origins
    content {
      sid     = "LookAtTheOrigin"
      actions = ["ecs:DescribeServices", "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions", "ecs:DescribeTasks", "ecs:ListServiceDeployments"]
      resources = [
        "${local.ecs}:service/${statement.value}/${var.service}",
        "${local.ecs}:service-deployment/${statement.value}/${var.service}/*",
        "${local.ecs}:service-revision/${statement.value}/${var.service}/*",
        "${local.ecs}:task/${statement.value}/*",
      ]
    }
  }

  # A migration before the release: --run-task.
  statement {
    sid       = "RunTask"
    actions   = ["ecs:RunTask"]
    resources = ["${local.ecs}:task-definition/${local.name}:*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [aws_ecs_cluster.main.arn]
    }
  }

  statement {
    sid     = "Logs"
    actions = ["logs:GetLogEvents"]
    resources = concat(
      ["${aws_cloudwatch_log_group.service.arn}:*"],
      [for origin in local.origins : "arn:aws:logs:${var.region}:${local.account}:log-group:/${var.service}-${origin}/service:*"]
    )
  }

  statement {
    sid       = "LookAtTheImage"
    actions   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [data.aws_ecr_repository.main.arn]
  }

  statement {
    sid       = "TaskDefinitions"
    actions   = ["ecs:RegisterTaskDefinition", "ecs:TagResource"]
    resources = ["${local.ecs}:task-definition/${local.name}:*"]
  }

  statement {
    sid       = "LookAtRoles"
    actions   = ["iam:GetRole"]
    resources = [aws_iam_role.execution.arn, aws_iam_role.task.arn, aws_iam_role.infrastructure.arn]
  }

  statement {
    sid       = "HandRolesToTasks"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.execution.arn, aws_iam_role.task.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }

  # The lock of the state, so that nobody changes the infrastructure under a release; not the state itself.
  statement {
    sid       = "Lock"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["arn:aws:s3:::${var.state_bucket}/${local.state_key}.tflock"]
  }

  statement {
    sid       = "FindTheLock"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::${var.state_bucket}"]
  }
}

data "aws_iam_policy_document" "ci_push" {
  statement {
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = [data.aws_ecr_repository.main.arn]
  }
}

resource "aws_ecs_cluster" "main" {
  name = var.environment

  setting {
    name  = "containerInsights"
    value = "enabled"
  }

  configuration {
    execute_command_configuration {
      kms_key_id = aws_kms_key.main.arn
      logging    = "OVERRIDE"

      log_configuration {
        cloud_watch_encryption_enabled = true
        cloud_watch_log_group_name     = aws_cloudwatch_log_group.exec.name
      }
    }
  }
}

resource "aws_cloudwatch_log_group" "service" {
  name              = "/${local.name}/service"
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.main.arn
}

resource "aws_cloudwatch_log_group" "exec" {
  name              = "/${local.name}/exec"
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.main.arn
}

resource "aws_security_group" "service" {
  name        = "${local.name}-service"
  description = "Tasks of the service"
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${local.name}-service" }
}

resource "aws_vpc_security_group_ingress_rule" "service_from_load_balancer" {
  security_group_id            = aws_security_group.service.id
  description                  = "The load balancer"
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
  referenced_security_group_id = aws_security_group.load_balancer.id
}

resource "aws_vpc_security_group_egress_rule" "service_https" {
  security_group_id = aws_security_group.service.id
  description       = "ECR, S3, logs, SSM, and what the service asks of others"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "service_to_database" {
  security_group_id            = aws_security_group.service.id
  description                  = "The database"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.database.id
}

resource "aws_ecs_task_definition" "first" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    cpu_architecture        = "X86_64"
    operating_system_family = "LINUX"
  }

  # The root file system cannot be written; this can.
  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = var.service
    image                  = var.image
    essential              = true
    readonlyRootFilesystem = true
    portMappings           = [{ containerPort = var.container_port, protocol = "tcp" }]
    mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    linuxParameters        = { initProcessEnabled = true }

    # No password: the task role may connect as this user, by IAM.
    environment = [
      { name = "DATABASE_HOST", value = aws_db_instance.main.address },
      { name = "DATABASE_PORT", value = "5432" },
      { name = "DATABASE_NAME", value = aws_db_instance.main.db_name },
      { name = "DATABASE_USER", value = local.database_user },
    ]

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.service.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "task"
      }
    }
  }])
}

resource "aws_ecs_service" "main" {
  name                              = var.service
  cluster                           = aws_ecs_cluster.main.arn
  task_definition                   = aws_ecs_task_definition.first.arn
  desired_count                     = var.desired_count
  launch_type                       = "FARGATE"
  availability_zone_rebalancing     = "ENABLED"
  enable_execute_command            = true
  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"
  health_check_grace_period_seconds = 60

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.service.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.color["blue"].arn
    container_name   = var.service
    container_port   = var.container_port

    advanced_configuration {
      alternate_target_group_arn = aws_lb_target_group.color["green"].arn
      production_listener_rule   = aws_lb_listener_rule.production.arn
      test_listener_rule         = aws_lb_listener_rule.test.arn
      role_arn                   = aws_iam_role.infrastructure.arn
    }
  }

  deployment_configuration {
    strategy             = var.strategy
    bake_time_in_minutes = var.bake_minutes

    dynamic "canary_configuration" {
      for_each = var.strategy == "CANARY" ? ["canary"] : []

      content {
        canary_percent              = 10
        canary_bake_time_in_minutes = 10
      }
    }
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  alarms {
    alarm_names = module.observability.deployment_alarms
    enable      = true
    rollback    = true
  }

  lifecycle {
    # ecs-deploy brings task definitions and may change the strategy; scaling changes the count. ECS swaps the target groups at every
    # release: who sends the first order again points traffic at the wrong one.
    ignore_changes = [task_definition, desired_count, deployment_configuration, load_balancer]
  }

  depends_on = [
    aws_iam_role_policy.execution,
    aws_iam_role_policy.task,
    aws_iam_role_policy_attachment.infrastructure,
  ]
}

module "observability" {
  source = "./observability"

  name                     = local.name
  load_balancer_arn_suffix = aws_lb.main.arn_suffix
  target_groups            = { for color, group in aws_lb_target_group.color : color => group.arn_suffix }
  database                 = aws_db_instance.main.identifier
  database_storage         = var.database_storage
  alarm_actions            = var.alarm_actions
}

locals {
  state_key = "${var.service}/${var.environment}.tfstate"
}

output "region" {
  description = "AWS_REGION of the env file."
  value       = var.region
}

output "cluster" {
  description = "For ecs-deploy --cluster."
  value       = aws_ecs_cluster.main.name
}

output "service" {
  description = "For ecs-deploy --service."
  value       = aws_ecs_service.main.name
}

output "repository" {
  description = "For ecr-push --repository."
  value       = data.aws_ecr_repository.main.name
}

output "repository_url" {
  description = "What the images are called outside of ECR."
  value       = data.aws_ecr_repository.main.repository_url
}

output "alarms" {
  description = "For ecs-deploy --alarm."
  value       = module.observability.deployment_alarms
}

output "state" {
  description = "For tfstate-lock."
  value       = "s3://${var.state_bucket}/${local.state_key}"
}

output "ci_role_arn" {
  description = "The role that CI takes on."
  value       = aws_iam_role.ci.arn
}

output "url" {
  description = "Where the service answers."
  value       = "https://${var.domain}"
}

output "test_url" {
  description = "Where the new version answers before it has traffic."
  value       = "https://${var.domain}:8443"
}

output "load_balancer" {
  description = "The load balancer, as CloudWatch and the dashboards name it."
  value       = aws_lb.main.arn_suffix
}

output "database_host" {
  description = "Where the database answers, inside the VPC."
  value       = aws_db_instance.main.address
}

output "bastion" {
  description = "The instance for `aws ssm start-session --target`, if there is one."
  value       = one(aws_instance.bastion[*].id)
}

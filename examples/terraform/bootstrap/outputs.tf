output "state_bucket" {
  description = "For state_bucket of the environments, and bucket of their backends."
  value       = aws_s3_bucket.state.id
}

output "repository_url" {
  description = "What the images are called outside of ECR."
  value       = aws_ecr_repository.main.repository_url
}

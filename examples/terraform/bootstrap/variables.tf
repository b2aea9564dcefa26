variable "region" {
  description = "AWS region of the bucket and the repository."
  type        = string
  default     = "eu-central-1"
}

variable "state_bucket" {
  description = "Name of the bucket for Terraform states. Bucket names are unique in the world."
  type        = string
  default     = "example-terraform-state"
}

variable "repository" {
  description = "Name of the ECR repository: that of the service."
  type        = string
  default     = "web"
}

variable "ci_issuer" {
  description = "Host of the OIDC issuer whose tokens CI shows: token.actions.githubusercontent.com, gitlab.com."
  type        = string
  default     = "token.actions.githubusercontent.com"
}

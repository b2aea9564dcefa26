variable "environment" {
  description = "Name of the environment, and of its ECS cluster."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,11}$", var.environment))
    error_message = "Two to twelve of a-z, 0-9 and -, a letter first: it is part of names that AWS keeps short."
  }
}

variable "service" {
  description = "Name of the ECS service, its container and its repository."
  type        = string
  default     = "web"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,11}$", var.service))
    error_message = "One to twelve of a-z, 0-9 and -, a letter first: it is part of names that AWS keeps short."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "state_bucket" {
  description = "Bucket of the Terraform states, as bootstrap/ made it."
  type        = string
}

# The network

variable "vpc_cidr" {
  description = "IPv4 block of the VPC, a /16."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && endswith(var.vpc_cidr, "/16")
    error_message = "An IPv4 block with the prefix length 16."
  }
}

variable "zones" {
  description = "The two availability zones."
  type        = list(string)

  validation {
    condition     = length(toset(var.zones)) == 2 && alltrue([for zone in var.zones : startswith(zone, var.region)])
    error_message = "Two different zones of the region."
  }
}

variable "nat_gateway_per_zone" {
  description = "A NAT gateway in each zone; else one for all, which is cheaper and falls with its zone."
  type        = bool
  default     = true
}

variable "test_cidrs" {
  description = "IPv4 blocks that may speak to the test listener, which shows the new version before it has traffic. Empty: nobody outside the VPC."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.test_cidrs : can(cidrnetmask(cidr)) && !endswith(cidr, "/0")])
    error_message = "IPv4 blocks, and never the whole internet."
  }
}

# DNS

variable "zone" {
  description = "Name of the public hosted zone in Route 53 that the service's name is put into."
  type        = string
}

variable "domain" {
  description = "Name of the service, in the zone."
  type        = string
}

# The service

variable "image" {
  description = "Image of the first task definition. ecs-deploy brings all that follow."
  type        = string
  default     = "public.ecr.aws/nginx/nginx-unprivileged:stable"
}

variable "container_port" {
  description = "Port that the container listens on."
  type        = number
  default     = 8080
}

variable "health_path" {
  description = "Path that answers 200 if the container is well."
  type        = string
  default     = "/"
}

variable "cpu" {
  description = "CPU units of a task."
  type        = number
  default     = 256
}

variable "memory" {
  description = "Memory of a task in MiB."
  type        = number
  default     = 512
}

variable "desired_count" {
  description = "Tasks to begin with. Later changes, by hand or by scaling, are left alone."
  type        = number
  default     = 2
}

variable "strategy" {
  description = "How a release gets its traffic, until ecs-deploy is told otherwise: BLUE_GREEN or CANARY."
  type        = string
  default     = "CANARY"

  validation {
    condition     = contains(["BLUE_GREEN", "CANARY"], var.strategy)
    error_message = "BLUE_GREEN or CANARY."
  }
}

variable "bake_minutes" {
  description = "Minutes that the old version stands by after all traffic has moved."
  type        = number
  default     = 10
}

# The database

variable "database_class" {
  description = "Class of the database instance. Performance Insights needs a medium one."
  type        = string
  default     = "db.t4g.medium"
}

variable "database_storage" {
  description = "Storage of the database in GiB; it grows by itself to five times that."
  type        = number
  default     = 20
}

variable "database_multi_az" {
  description = "A standby of the database in the other zone."
  type        = bool
  default     = true
}

variable "database_backup_days" {
  description = "Days that backups of the database are kept."
  type        = number
  default     = 14
}

variable "deletion_protection" {
  description = "The database and the load balancer cannot be deleted before this is taken away."
  type        = bool
  default     = true
}

# Access and observation

variable "bastion" {
  description = "An instance in a private subnet, reached by SSM alone, from which the database can be reached."
  type        = bool
  default     = false
}

variable "ci_issuer" {
  description = "Host of the OIDC issuer whose tokens CI shows: token.actions.githubusercontent.com, gitlab.com."
  type        = string
  default     = "token.actions.githubusercontent.com"
}

variable "ci_subjects" {
  description = "Subjects of the tokens that may deploy here: repo:ORG/NAME:environment:stage, project_path:GROUP/NAME:ref_type:branch:ref:main."
  type        = list(string)

  validation {
    condition     = length(var.ci_subjects) > 0 && alltrue([for subject in var.ci_subjects : can(regex("^[a-z_]+:[^:*]+:.", subject))])
    error_message = "At least one subject, each with a whole repository or project before the first wildcard."
  }
}

variable "ci_pushes" {
  description = "CI may push images from here. Production takes the digest that stage has proved, and needs no push."
  type        = bool
  default     = false
}

variable "promote_from" {
  description = "The environment of this account and region that releases are promoted from; CI may look at its service. None for the first."
  type        = string
  default     = null
}

variable "alarm_actions" {
  description = "ARNs that are told when an alarm goes off or ends: an SNS topic, for example."
  type        = list(string)
  default     = []
}

variable "log_days" {
  description = "Days that logs are kept, one of those that CloudWatch Logs knows."
  type        = number
  default     = 365
}

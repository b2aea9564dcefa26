variable "name" {
  description = "What the names of the alarms begin with."
  type        = string
}

variable "load_balancer_arn_suffix" {
  description = "The load balancer, as CloudWatch names it."
  type        = string
}

variable "target_groups" {
  description = "The target groups, as CloudWatch names them, by their colour."
  type        = map(string)
}

variable "database" {
  description = "Identifier of the database instance."
  type        = string
}

variable "database_storage" {
  description = "Storage that the database began with, in GiB."
  type        = number
}

variable "alarm_actions" {
  description = "ARNs that are told when an alarm goes off or ends."
  type        = list(string)
}

variable "error_percent" {
  description = "Share of requests that may be answered with 5xx."
  type        = number
  default     = 1
}

variable "latency_seconds" {
  description = "Seconds that 95 of 100 requests may take."
  type        = number
  default     = 1
}

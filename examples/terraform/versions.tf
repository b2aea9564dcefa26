terraform {
  # 1.10 is the first that locks the state by an object in S3.
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 6.21 is the first that knows the strategies LINEAR and CANARY.
      version = "~> 6.21"
    }
  }

  # Bucket, key and region: stage.s3.tfbackend, production.s3.tfbackend.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Environment = var.environment
      Service     = var.service
    }
  }
}

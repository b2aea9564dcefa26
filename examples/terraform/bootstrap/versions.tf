terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.21"
    }
  }

  # Its state begins on this machine, for the bucket is not there yet, and is moved into the bucket afterwards: see ../README.md.
}

provider "aws" {
  region = var.region
}

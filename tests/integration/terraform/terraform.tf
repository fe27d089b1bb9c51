# What TelcoPulse's own root uses of each service, made small: the provider and the local AWS must agree on it.
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

# Endpoint, region and credentials come from the environment, as for every other client.
provider "aws" {
  s3_use_path_style = true

  default_tags {
    tags = { project = "telcopulse" }
  }
}

variable "prefix" {
  description = "Start of every name"
  type        = string
  nullable    = false
}

variable "adhoc_cutoff_gb" {
  description = "Scan cut-off of the adhoc workgroup's queries, in GiB"
  type        = number
  default     = 10
}

data "aws_caller_identity" "current" {}

variable "environment" {
  description = "Name of the environment; an account holds one"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.environment))
    error_message = "environment must be 2 to 10 lower-case letters and digits, beginning with a letter, such as prod."
  }
}

variable "region" {
  description = "AWS region that everything is in"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-west-1."
  }
}

variable "release" {
  description = "Git tag that job, models and dashboard run; its artifacts and images must be uploaded. An older tag rolls back"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9a-z.]+)?$", var.release))
    error_message = "release must be a version tag, such as v1.4.0."
  }
}

variable "github_repository" {
  description = "Repository whose workflows may release to this account, as owner/name"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository must be of the form owner/name, without a wildcard."
  }
}

variable "protect_from_destroy" {
  description = "Whether `terraform destroy` refuses to delete buckets with objects, images and the load balancer"
  type        = bool
  nullable    = false
}

variable "vpc_cidr" {
  description = "Addresses of the VPC, a /20 or larger"
  type        = string
  nullable    = false
  default     = "10.40.0.0/16"

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && tonumber(split("/", var.vpc_cidr)[1]) <= 20
    error_message = "vpc_cidr must be an IPv4 range of /20 or larger, such as 10.40.0.0/16."
  }
}

variable "availability_zone_count" {
  description = "Number of availability zones that private subnets lie in"
  type        = number
  nullable    = false
  default     = 2

  validation {
    condition     = contains([2, 3], var.availability_zone_count)
    error_message = "availability_zone_count must be 2 or 3: one zone is no redundancy, and each more costs its endpoints."
  }
}

variable "log_retention_days" {
  description = "Days that log groups keep their lines"
  type        = number
  nullable    = false
  default     = 30

  validation {
    condition     = contains([7, 14, 30, 60, 90, 180, 365], var.log_retention_days)
    error_message = "log_retention_days must be 7, 14, 30, 60, 90, 180 or 365."
  }
}

variable "noncurrent_days" {
  description = "Days that an overwritten or deleted object can be brought back; a person's erased rows are gone after them"
  type        = number
  nullable    = false
  default     = 14

  validation {
    condition     = var.noncurrent_days >= 1 && var.noncurrent_days <= 30
    error_message = "noncurrent_days must be from 1 to 30: erasure has to be complete within a month."
  }
}

variable "alarm_emails" {
  description = "Addresses that get every alarm; each must confirm the subscription that AWS sends"
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "alarm_emails must be e-mail addresses."
  }
}

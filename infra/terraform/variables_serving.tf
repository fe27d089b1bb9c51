variable "athena_scan_limits_gb" {
  description = "GiB that one query of a workgroup may scan before Athena cancels it"
  type = object({
    dbt       = number
    dashboard = number
    adhoc     = number
    ci        = number
  })
  nullable = false
  default = {
    dbt       = 100
    dashboard = 1
    adhoc     = 20
    ci        = 20
  }

  validation {
    condition     = alltrue([for limit in values(var.athena_scan_limits_gb) : limit >= 0.01 && limit <= 1000])
    error_message = "athena_scan_limits_gb must be from 0.01 (Athena's least is 10 MB) to 1000: a larger one stops nothing."
  }
}

variable "athena_results_days" {
  description = "Days that results of Athena queries are kept"
  type        = number
  nullable    = false
  default     = 7

  validation {
    condition     = var.athena_results_days >= 1 && var.athena_results_days <= 90
    error_message = "athena_results_days must be from 1 to 90."
  }
}

variable "certificate_arn" {
  description = "ARN of the ACM certificate for the dashboard's name"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of a certificate in AWS Certificate Manager."
  }
}

variable "dashboard_allowed_cidrs" {
  description = "IPv4 ranges that may reach the dashboard's load balancer"
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.dashboard_allowed_cidrs) > 0 && alltrue([for cidr in var.dashboard_allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "dashboard_allowed_cidrs must be one or more IPv4 ranges, such as 10.0.0.0/8."
  }

  validation {
    condition     = var.oidc != null || !contains(var.dashboard_allowed_cidrs, "0.0.0.0/0")
    error_message = "dashboard_allowed_cidrs may be 0.0.0.0/0 only with sign-in: set oidc, or name your networks."
  }
}

variable "oidc" {
  description = "Sign-in at the load balancer, which then faces the internet; null keeps it internal. client_secret_arn names a secret in Secrets Manager"
  type = object({
    issuer                 = string
    authorization_endpoint = string
    token_endpoint         = string
    user_info_endpoint     = string
    client_id              = string
    client_secret_arn      = string
  })
  default = null

  validation {
    condition = var.oidc == null || try(alltrue([
      for url in [var.oidc.issuer, var.oidc.authorization_endpoint, var.oidc.token_endpoint, var.oidc.user_info_endpoint] :
      startswith(url, "https://")
    ]), false)
    error_message = "oidc's issuer and endpoints must be https:// addresses."
  }
}

variable "dashboard_tasks" {
  description = "Fewest and most tasks of the dashboard; caches are per task, so Athena queries grow with them"
  type = object({
    min = number
    max = number
  })
  nullable = false
  default = {
    min = 2
    max = 6
  }

  validation {
    condition     = var.dashboard_tasks.min >= 1 && var.dashboard_tasks.max >= var.dashboard_tasks.min
    error_message = "dashboard_tasks needs 1 <= min <= max."
  }
}

variable "alarm_thresholds" {
  description = "When alarms ring: iterator age (s), rejected share (0-1), minutes without a successful refresh, failures of one of its commands in a row, GiB that Athena scans an hour and workgroup, 5xx answers in 5 minutes"
  type = object({
    iterator_age_s        = optional(number, 300)
    rejected_share        = optional(number, 0.05)
    refresh_stale_minutes = optional(number, 15)
    refresh_failures      = optional(number, 5)
    athena_scan_gb_hour   = optional(number, 200)
    alb_5xx_count         = optional(number, 10)
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.alarm_thresholds.rejected_share > 0 && var.alarm_thresholds.rejected_share < 1
    error_message = "alarm_thresholds.rejected_share must lie between 0 and 1."
  }

  validation {
    condition     = var.alarm_thresholds.refresh_stale_minutes % 5 == 0 && var.alarm_thresholds.refresh_stale_minutes > 0
    error_message = "alarm_thresholds.refresh_stale_minutes must be a multiple of 5."
  }
}

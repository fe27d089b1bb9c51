# What is an account's own (certificate_arn, github_repository, alarm_emails, oidc, release) comes as TF_VAR_… or -var.
environment             = "prod"
region                  = "eu-west-1"
protect_from_destroy    = true
availability_zone_count = 3
dashboard_allowed_cidrs = ["10.0.0.0/8"]
dashboard_tasks         = { min = 2, max = 6 }
stream_max_workers      = 4
stream_retention_hours  = 168
log_retention_days      = 90

# What is an account's own (certificate_arn, github_repository, alarm_emails, oidc, release) comes as TF_VAR_… or -var.
environment             = "dev"
region                  = "eu-west-1"
protect_from_destroy    = false
dashboard_allowed_cidrs = ["10.0.0.0/8"]
dashboard_tasks         = { min = 1, max = 2 }
stream_retention_hours  = 24
log_retention_days      = 14

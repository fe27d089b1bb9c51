# Input that can't work is refused before anything is planned.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment             = "test"
  region                  = "eu-west-1"
  release                 = "v1.2.3"
  github_repository       = "telcopulse/telcopulse"
  protect_from_destroy    = true
  alarm_emails            = ["ops@example.com"]
  certificate_arn         = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
  dashboard_allowed_cidrs = ["10.0.0.0/8"]
}

run "a_branch_is_no_release" {
  command = plan

  variables { release = "main" }

  expect_failures = [var.release]
}

run "glue_5_has_no_python_data_sources" {
  command = plan

  variables { glue_version = "5.1" }

  expect_failures = [var.glue_version]
}

run "records_don_t_outlive_the_raw_table_s_snapshots" {
  command = plan

  variables { stream_retention_hours = 8760 }

  expect_failures = [var.stream_retention_hours]
}

run "a_cut_off_of_a_pebibyte_is_refused" {
  command = plan

  variables { athena_scan_limits_gb = { dbt = 1048576, dashboard = 1, adhoc = 20, ci = 20 } }

  expect_failures = [var.athena_scan_limits_gb]
}

run "any_repository_may_not_release" {
  command = plan

  variables { github_repository = "telcopulse/*" }

  expect_failures = [var.github_repository]
}

run "one_zone_is_refused" {
  command = plan

  variables { availability_zone_count = 1 }

  expect_failures = [var.availability_zone_count]
}

run "sign_in_without_tls_is_refused" {
  command = plan

  variables {
    oidc = {
      issuer                 = "http://id.example.com"
      authorization_endpoint = "http://id.example.com/authorize"
      token_endpoint         = "http://id.example.com/token"
      user_info_endpoint     = "http://id.example.com/userinfo"
      client_id              = "dashboard"
      client_secret_arn      = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dashboard"
    }
  }

  expect_failures = [var.oidc]
}

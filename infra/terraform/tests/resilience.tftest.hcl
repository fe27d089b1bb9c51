# What must not be lost, doubled or left running.

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

run "there_is_exactly_one_refresh_loop" {
  command = plan

  assert {
    condition     = aws_ecs_service.refresh.desired_count == 1 && aws_ecs_service.refresh.deployment_maximum_percent == 100
    error_message = "A deployment would run two refresh loops at a time."
  }
}

run "one_streaming_job_runs_at_a_time" {
  command = plan

  assert {
    condition     = aws_glue_job.stream.execution_property[0].max_concurrent_runs == 1
    error_message = "Two runs of the streaming job would share a checkpoint."
  }
}

run "no_checkpoint_and_no_table_file_expires" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for name in ["checkpoints", "raw", "marts", "artifacts"] : [
        for rule in aws_s3_bucket_lifecycle_configuration.main[name].rule : length(rule.expiration) == 0
      ]
    ]))
    error_message = "A lifecycle rule deletes what the system still needs."
  }

  assert {
    condition     = alltrue([for name in ["checkpoints", "raw", "marts", "artifacts"] : aws_s3_bucket_versioning.main[name].versioning_configuration[0].status == "Enabled"])
    error_message = "What is deleted by mistake can't be brought back."
  }
}

run "results_and_logs_don_t_pile_up" {
  command = plan

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.main["athena-results"].rule : rule.expiration[0].days if length(rule.expiration) > 0] == [7]
    error_message = "Results of queries stay for good."
  }

  assert {
    condition = alltrue([
      for group in concat(values(aws_cloudwatch_log_group.service), values(aws_cloudwatch_log_group.stream), [aws_cloudwatch_log_group.flow]) :
      group.retention_in_days == 30
    ])
    error_message = "A log group keeps its lines for good."
  }
}

run "subnets_lie_in_two_zones_or_more" {
  command = plan

  assert {
    condition     = length(distinct([for subnet in aws_subnet.private : subnet.availability_zone])) >= 2
    error_message = "One zone is no redundancy."
  }
}

run "every_alarm_reaches_a_person" {
  command = plan

  override_resource {
    target          = aws_sns_topic.alarms
    override_during = plan
    values          = { arn = "arn:aws:sns:eu-west-1:123456789012:alarms" }
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.metric), values(aws_cloudwatch_metric_alarm.athena_scan), values(aws_cloudwatch_metric_alarm.marts_stale), [aws_cloudwatch_metric_alarm.rejected_share]) :
      alarm.alarm_actions == toset(["arn:aws:sns:eu-west-1:123456789012:alarms"])
    ])
    error_message = "An alarm rings for nobody."
  }

  assert {
    condition     = toset([for subscription in aws_sns_topic_subscription.alarms : subscription.endpoint]) == toset(["ops@example.com"])
    error_message = "The addresses of alarm_emails are not subscribed."
  }
}

run "workgroups_run_engine_3_with_settings_that_nobody_overrides" {
  command = plan

  assert {
    condition = alltrue([
      for workgroup in aws_athena_workgroup.main :
      workgroup.configuration[0].enforce_workgroup_configuration && workgroup.configuration[0].engine_version[0].selected_engine_version == "Athena engine version 3"
    ])
    error_message = "A client could override a workgroup's settings, or its engine changes by itself."
  }

  assert {
    condition     = alltrue([for workgroup in aws_athena_workgroup.main : workgroup.configuration[0].bytes_scanned_cutoff_per_query <= 1000 * pow(1024, 3)])
    error_message = "A scan cut-off that high stops nothing."
  }
}

run "a_release_is_named_everywhere_it_runs" {
  command = plan

  assert {
    condition     = strcontains(aws_glue_job.stream.command[0].script_location, "/releases/v1.2.3/") && strcontains(aws_glue_job.stream.default_arguments["--extra-py-files"], "/releases/v1.2.3/")
    error_message = "The job runs another release than its variable says."
  }
}

resource "aws_ecs_cluster" "main" {
  name = local.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_cloudwatch_log_group" "service" {
  for_each = toset(["dashboard", "refresh"])

  name              = "/${local.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.main["operations"].arn
}

locals {
  dashboard_port = 8501

  # What both containers have in common: nothing of the image can be written, /tmp is the task's own.
  container = {
    for name in ["dashboard", "refresh"] : name => {
      name                   = name
      image                  = "${aws_ecr_repository.main[name].repository_url}:${var.release}"
      essential              = true
      readonlyRootFilesystem = true
      mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
      linuxParameters        = { initProcessEnabled = true }
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.service[name].name
          awslogs-region        = var.region
          awslogs-stream-prefix = var.release
        }
      }
    }
  }

  environment = {
    dashboard = {
      AWS_REGION                     = var.region
      TELCOPULSE_MARTS_SCHEMA        = aws_glue_catalog_database.lake["marts"].name
      TELCOPULSE_DASHBOARD_WORKGROUP = aws_athena_workgroup.main["dashboard"].name
      TELCOPULSE_RELEASE             = var.release
    }
    refresh = {
      AWS_REGION                   = var.region
      TELCOPULSE_DBT_TARGET        = "prod"
      TELCOPULSE_RAW_DATABASE      = aws_glue_catalog_database.lake["raw"].name
      TELCOPULSE_MARTS_SCHEMA      = aws_glue_catalog_database.lake["marts"].name
      TELCOPULSE_MARTS_BUCKET      = aws_s3_bucket.main["marts"].bucket
      TELCOPULSE_RESULTS_BUCKET    = aws_s3_bucket.main["athena-results"].bucket
      TELCOPULSE_DBT_WORKGROUP     = aws_athena_workgroup.main["dbt"].name
      TELCOPULSE_OUTAGES_TOPIC_ARN = aws_sns_topic.outages.arn
    }
  }
}

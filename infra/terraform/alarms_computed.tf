# Alarms on what is computed from metrics, and on events.

resource "aws_cloudwatch_metric_alarm" "rejected_share" {
  alarm_name          = "${local.name}-rejected-share"
  alarm_description   = "Too many records can't be read as the event contract says"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarm_thresholds.rejected_share
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "share"
    expression  = "rejected / rows"
    label       = "Rejected share"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = toset(["rejected", "rows"])

    content {
      id = metric_query.value

      metric {
        namespace   = local.metrics_namespace
        metric_name = metric_query.value
        dimensions  = local.stream_dimensions
        period      = 300
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "marts_stale" {
  for_each = toset(["kpis", "outages", "data_health"])

  alarm_name          = "${local.name}-marts-stale-${each.key}"
  alarm_description   = "No live refresh of the marts (${each.key}) succeeded for ${var.alarm_thresholds.refresh_stale_minutes} minutes"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  evaluation_periods  = var.alarm_thresholds.refresh_stale_minutes / 5
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "succeeded"
    expression  = "runs - failed"
    label       = "Successful live refreshes"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { runs = "SampleCount", failed = "Sum" }

    content {
      id = metric_query.key

      metric {
        namespace   = local.metrics_namespace
        metric_name = "refresh_failed"
        dimensions  = { Beat = "live_${each.key}" }
        period      = 300
        stat        = metric_query.value
      }
    }
  }
}

# Athena reports its scans by query state and type, so they are summed.
resource "aws_cloudwatch_metric_alarm" "athena_scan" {
  for_each = local.workgroups

  alarm_name          = "${local.name}-athena-scan-${each.key}"
  alarm_description   = "Queries of the workgroup ${each.key} scan more than ${var.alarm_thresholds.athena_scan_gb_hour} GiB an hour"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarm_thresholds.athena_scan_gb_hour * pow(1024, 3)
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "scanned"
    expression  = "SELECT SUM(ProcessedBytes) FROM \"AWS/Athena\" WHERE WorkGroup = '${aws_athena_workgroup.main[each.key].name}'"
    label       = "Bytes scanned"
    period      = 3600
    return_data = true
  }
}

# The job starts again by itself; that it had to is worth knowing.
resource "aws_cloudwatch_event_rule" "stream_failed" {
  name        = "${local.name}-stream-failed"
  description = "A run of the streaming job failed"
  event_pattern = jsonencode({
    source      = ["aws.glue"]
    detail-type = ["Glue Job State Change"]
    detail      = { jobName = [aws_glue_job.stream.name], state = ["FAILED", "TIMEOUT", "ERROR"] }
  })
}

resource "aws_cloudwatch_event_target" "stream_failed" {
  rule = aws_cloudwatch_event_rule.stream_failed.name
  arn  = aws_sns_topic.alarms.arn
}

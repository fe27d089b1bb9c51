resource "aws_sns_topic" "alarms" {
  name              = "${local.name}-alarms"
  kms_master_key_id = aws_kms_key.main["operations"].key_id
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each = var.alarm_emails

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.alarms.json
}

data "aws_iam_policy_document" "alarms" {
  statement {
    sid       = "AlarmsAndEventsOfThisAccount"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

locals {
  stream_dimensions = { StreamName = aws_kinesis_stream.events.name }
  alb_dimensions    = { LoadBalancer = aws_lb.dashboard.arn_suffix }

  # One metric against one threshold. periods: of 60 s unless period says otherwise.
  metric_alarms = {
    iterator-age = {
      description = "The streaming job falls behind, or does not run: nobody reads the stream"
      namespace   = "AWS/Kinesis", metric = "GetRecords.IteratorAgeMilliseconds", dimensions = local.stream_dimensions
      statistic   = "Maximum", comparison = "GreaterThanThreshold", threshold = var.alarm_thresholds.iterator_age_s * 1000
      period      = 60, periods = 5, missing = "breaching"
    }
    records-lost = {
      description = "Records expired before the streaming job read them"
      namespace   = local.metrics_namespace, metric = "gaps", dimensions = local.stream_dimensions
      statistic   = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period      = 60, periods = 1, missing = "notBreaching"
    }
    refresh-failing = {
      description = "A command of the refresh loop failed again and again: the loop's log names it"
      namespace   = local.metrics_namespace, metric = "refresh_failures_in_a_row", dimensions = {}
      statistic   = "Maximum", comparison = "GreaterThanOrEqualToThreshold", threshold = var.alarm_thresholds.refresh_failures
      period      = 60, periods = 1, missing = "notBreaching"
    }
    tests-failed = {
      description = "The data tests failed"
      namespace   = local.metrics_namespace, metric = "refresh_failed", dimensions = { Beat = "test" }
      statistic   = "Maximum", comparison = "GreaterThanThreshold", threshold = 0
      period      = 3600, periods = 1, missing = "notBreaching"
    }
    dashboard-5xx = {
      description = "The dashboard answers with errors"
      namespace   = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", dimensions = local.alb_dimensions
      statistic   = "Sum", comparison = "GreaterThanThreshold", threshold = var.alarm_thresholds.alb_5xx_count
      period      = 300, periods = 1, missing = "notBreaching"
    }
    dashboard-unreachable = {
      description = "The load balancer finds no dashboard to ask"
      namespace   = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", dimensions = local.alb_dimensions
      statistic   = "Sum", comparison = "GreaterThanThreshold", threshold = var.alarm_thresholds.alb_5xx_count
      period      = 300, periods = 1, missing = "notBreaching"
    }
    dashboard-tasks = {
      description = "Fewer tasks of the dashboard run than there must be"
      namespace   = "ECS/ContainerInsights", metric = "RunningTaskCount"
      dimensions  = { ClusterName = aws_ecs_cluster.main.name, ServiceName = aws_ecs_service.dashboard.name }
      statistic   = "Minimum", comparison = "LessThanThreshold", threshold = var.dashboard_tasks.min
      period      = 60, periods = 10, missing = "breaching"
    }
    refresh-tasks = {
      description = "The refresh loop does not run"
      namespace   = "ECS/ContainerInsights", metric = "RunningTaskCount"
      dimensions  = { ClusterName = aws_ecs_cluster.main.name, ServiceName = aws_ecs_service.refresh.name }
      statistic   = "Minimum", comparison = "LessThanThreshold", threshold = 1
      period      = 60, periods = 10, missing = "breaching"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "metric" {
  for_each = local.metric_alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

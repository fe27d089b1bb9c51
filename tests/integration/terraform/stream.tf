resource "aws_kinesis_stream" "events" {
  name             = "${var.prefix}-events"
  retention_period = 168
  encryption_type  = "KMS"
  kms_key_id       = aws_kms_key.lake.arn

  stream_mode_details {
    stream_mode = "ON_DEMAND"
  }
}

resource "aws_kinesis_stream" "replay" {
  name             = "${var.prefix}-replay"
  shard_count      = 2
  retention_period = 24
}

resource "aws_sns_topic" "alerts" {
  name              = "${var.prefix}-alerts"
  kms_master_key_id = aws_kms_key.lake.key_id
}

resource "aws_sns_topic_subscription" "alerts" {
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "sqs"
  endpoint  = "arn:aws:sqs:eu-west-1:${data.aws_caller_identity.current.account_id}:${var.prefix}-alerts"
}

resource "aws_cloudwatch_metric_alarm" "iterator_age" {
  alarm_name          = "${var.prefix}-iterator-age"
  alarm_description   = "The streaming job falls behind"
  namespace           = "AWS/Kinesis"
  metric_name         = "GetRecords.IteratorAgeMilliseconds"
  dimensions          = { StreamName = aws_kinesis_stream.events.name }
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 3
  period              = 60
  statistic           = "Maximum"
  threshold           = 60000
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "rejected_share" {
  alarm_name          = "${var.prefix}-rejected-share"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = 0.05
  alarm_actions       = [aws_sns_topic.alerts.arn]

  metric_query {
    id          = "share"
    expression  = "rejected / rows"
    label       = "Rejected share"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { rejected = "Rejected", rows = "Rows" }

    content {
      id = metric_query.key

      metric {
        namespace   = "TelcoPulse"
        metric_name = metric_query.value
        period      = 300
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_log_group" "job" {
  name              = "/${var.prefix}/job"
  retention_in_days = 14
}

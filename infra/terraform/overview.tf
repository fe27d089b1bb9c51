# One page for the person on call: the path of the data from left to right.
locals {
  charts = [
    { title = "Records in, bytes in", metrics = [["AWS/Kinesis", "IncomingRecords", "StreamName", aws_kinesis_stream.events.name, { stat = "Sum" }], ["AWS/Kinesis", "IncomingBytes", "StreamName", aws_kinesis_stream.events.name, { stat = "Sum", yAxis = "right" }]] },
    { title = "Iterator age (ms)", metrics = [["AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "StreamName", aws_kinesis_stream.events.name, { stat = "Maximum" }]] },
    { title = "Rows, rejected", metrics = [for name in ["rows", "rejected", "gaps"] : [local.metrics_namespace, name, "StreamName", aws_kinesis_stream.events.name, { stat = "Sum" }]] },
    { title = "Lag to visible in raw (s)", metrics = [for name in ["lag_arrival_p50_s", "lag_arrival_p95_s", "lag_event_p95_s"] : [local.metrics_namespace, name, "StreamName", aws_kinesis_stream.events.name, { stat = "Maximum" }]] },
    { title = "Refresh: seconds by beat", metrics = [for beat in ["live_kpis", "live_outages", "live_data_health", "late", "test", "optimize_day", "optimize_all", "vacuum"] : [local.metrics_namespace, "refresh_duration_s", "Beat", beat, { stat = "Maximum" }]] },
    { title = "Refresh: failures by beat", metrics = [for beat in ["live_kpis", "live_outages", "live_data_health", "late", "test", "optimize_day", "optimize_all", "vacuum"] : [local.metrics_namespace, "refresh_failed", "Beat", beat, { stat = "Sum" }]] },
    { title = "Athena: bytes scanned", metrics = [[{ expression = "SELECT SUM(ProcessedBytes) FROM \"AWS/Athena\" GROUP BY WorkGroup", id = "scanned" }]] },
    { title = "Dashboard: requests, errors", metrics = [for name in ["RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"] : ["AWS/ApplicationELB", name, "LoadBalancer", aws_lb.dashboard.arn_suffix, { stat = "Sum" }]] },
    { title = "Tasks", metrics = [for service in ["dashboard", "refresh"] : ["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", aws_ecs_cluster.main.name, "ServiceName", service, { stat = "Minimum" }]] },
  ]
}

resource "aws_cloudwatch_dashboard" "overview" {
  dashboard_name = local.name
  dashboard_body = jsonencode({
    widgets = [for index, chart in local.charts : {
      type       = "metric"
      x          = index % 3 * 8
      y          = floor(index / 3) * 6
      width      = 8
      height     = 6
      properties = { title = chart.title, metrics = chart.metrics, region = var.region, period = 60, view = "timeSeries" }
    }]
  })
}

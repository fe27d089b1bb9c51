resource "aws_kinesis_stream" "events" {
  name             = "${local.name}-network-events"
  retention_period = var.stream_retention_hours
  encryption_type  = "KMS"
  kms_key_id       = aws_kms_key.main["stream"].arn

  # Shards split by themselves with the load; the job's source reads on across a split.
  stream_mode_details {
    stream_mode = "ON_DEMAND"
  }
}

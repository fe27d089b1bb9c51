locals {
  stream_role_name  = "${local.name}-stream"
  security_name     = "${local.name}-stream"
  checkpoint_prefix = "network_events"
  checkpoints_url   = "s3://${aws_s3_bucket.main["checkpoints"].bucket}/${local.checkpoint_prefix}"
  releases_url      = "s3://${aws_s3_bucket.main["artifacts"].bucket}/${local.release_prefix}"
  job_log_prefix    = "/${local.name}/stream"
}

resource "aws_glue_catalog_database" "lake" {
  # People type these names in queries.
  for_each = {
    raw   = "Events as they arrived; network_events holds people's positions"
    marts = "KPIs, and what they are made from"
  }

  name         = each.key
  description  = each.value
  location_uri = "s3://${aws_s3_bucket.main[each.key].bucket}/"
}

resource "aws_glue_security_configuration" "stream" {
  name = local.security_name

  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "SSE-KMS"
      kms_key_arn                = aws_kms_key.main["operations"].arn
    }

    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "CSE-KMS"
      kms_key_arn                   = aws_kms_key.main["operations"].arn
    }

    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = aws_kms_key.main["raw"].arn
    }
  }
}

# Glue takes the first whose subnet has room and whose zone is up.
resource "aws_glue_connection" "private" {
  for_each = aws_subnet.private

  name            = "${local.name}-${each.key}"
  description     = "Private subnet in ${each.key}"
  connection_type = "NETWORK"

  physical_connection_requirements {
    availability_zone      = each.key
    subnet_id              = each.value.id
    security_group_id_list = [aws_security_group.caller["stream"].id]
  }
}

# Glue names them after the prefix, the security configuration and the role.
resource "aws_cloudwatch_log_group" "stream" {
  for_each = toset(["output", "error"])

  name              = "${local.job_log_prefix}/${local.security_name}-role/${local.stream_role_name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.main["operations"].arn
}

resource "aws_glue_job" "stream" {
  name                   = "${local.name}-stream"
  description            = "Kinesis to raw.network_events, exactly once"
  role_arn               = aws_iam_role.service["stream"].arn
  glue_version           = var.glue_version
  worker_type            = var.stream_worker_type
  number_of_workers      = var.stream_max_workers
  execution_class        = "STANDARD"
  max_retries            = 3
  maintenance_window     = var.stream_maintenance_window
  connections            = [for connection in aws_glue_connection.private : connection.name]
  security_configuration = aws_glue_security_configuration.stream.name

  command {
    name            = "gluestreaming"
    script_location = "${local.releases_url}/job.py"
    python_version  = "3"
  }

  # Two at a time would be refused by the ledger; this refuses the second one before it costs anything.
  execution_property {
    max_concurrent_runs = 1
  }

  default_arguments = {
    "--extra-py-files"         = "${local.releases_url}/glue_streaming.zip"
    "--datalake-formats"       = "iceberg"
    "--enable-auto-scaling"    = "true"
    "--enable-metrics"         = "true"
    "--job-bookmark-option"    = "job-bookmark-disable"
    "--custom-logGroup-prefix" = local.job_log_prefix

    "--stream-name"       = aws_kinesis_stream.events.name
    "--table"             = "glue_catalog.${aws_glue_catalog_database.lake["raw"].name}.${local.raw_table}"
    "--warehouse"         = aws_glue_catalog_database.lake["raw"].location_uri
    "--checkpoint"        = "${local.checkpoints_url}/checkpoint"
    "--ledger"            = "${local.checkpoints_url}/ledger"
    "--trigger-seconds"   = tostring(var.stream_trigger_seconds)
    "--metrics-namespace" = local.metrics_namespace
  }

  tags = { release = var.release }

  depends_on = [aws_cloudwatch_log_group.stream, aws_iam_role_policy.service]
}

# Starts the job when it does not run: after the first deployment, a release, or when it has used up its retries.
resource "aws_glue_trigger" "keep_running" {
  name        = "${local.name}-stream-keep-running"
  description = "Starts the streaming job unless it runs; deactivate it before a restore"
  type        = "SCHEDULED"
  schedule    = "cron(0/5 * * * ? *)"
  enabled     = true

  actions {
    job_name = aws_glue_job.stream.name
  }
}

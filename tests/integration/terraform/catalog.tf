resource "aws_glue_catalog_database" "lake" {
  for_each = toset(["raw", "marts"])

  name         = replace("${var.prefix}_${each.key}", "-", "_")
  description  = "Tables under the ${each.key} bucket"
  location_uri = "s3://${aws_s3_bucket.lake[each.key].bucket}/"
}

data "aws_iam_policy_document" "glue_assumes" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["glue.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "glue" {
  name               = "${var.prefix}-glue"
  description        = "The streaming job and the crawler"
  assume_role_policy = data.aws_iam_policy_document.glue_assumes.json
}

data "aws_iam_policy_document" "glue" {
  statement {
    actions   = ["kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
    resources = [aws_kinesis_stream.events.arn]
  }

  statement {
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${aws_s3_bucket.lake["raw"].arn}/*"]
  }
}

resource "aws_iam_policy" "glue" {
  name   = "${var.prefix}-glue"
  policy = data.aws_iam_policy_document.glue.json
}

resource "aws_iam_role_policy_attachment" "glue" {
  role       = aws_iam_role.glue.name
  policy_arn = aws_iam_policy.glue.arn
}

resource "aws_iam_role_policy" "decrypt" {
  name   = "decrypt"
  role   = aws_iam_role.glue.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "kms:Decrypt", Resource = aws_kms_key.lake.arn }] })
}

resource "aws_glue_job" "stream" {
  name              = "${var.prefix}-stream"
  role_arn          = aws_iam_role.glue.arn
  glue_version      = "6.0"
  execution_class   = "STANDARD"
  worker_type       = "G.1X"
  number_of_workers = 2
  max_retries       = 0

  command {
    name            = "gluestreaming"
    script_location = "s3://${aws_s3_bucket.lake["raw"].bucket}/job.py"
    python_version  = "3"
  }

  default_arguments = {
    "--datalake-formats"    = "iceberg"
    "--enable-auto-scaling" = "true"
    "--stream-name"         = aws_kinesis_stream.events.name
  }
}

resource "aws_glue_crawler" "restore" {
  name          = "${var.prefix}-restore"
  description   = "On demand: finds Iceberg tables that the catalog lost"
  database_name = aws_glue_catalog_database.lake["raw"].name
  role          = aws_iam_role.glue.arn

  iceberg_target {
    paths                   = ["s3://${aws_s3_bucket.lake["raw"].bucket}/"]
    exclusions              = ["tmp/**"]
    maximum_traversal_depth = 5
  }

  schema_change_policy {
    delete_behavior = "LOG"
    update_behavior = "UPDATE_IN_DATABASE"
  }
}

resource "aws_athena_workgroup" "use" {
  for_each = { dbt = 100, dashboard = 1, adhoc = var.adhoc_cutoff_gb }

  name          = "${var.prefix}-${each.key}"
  description   = "Scan cut-off ${each.value} GB"
  force_destroy = true

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = each.value * pow(1024, 3)

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location = "s3://${aws_s3_bucket.lake["athena-results"].bucket}/${each.key}/"

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = aws_kms_key.lake.arn
      }
    }
  }
}

output "adhoc_workgroup" {
  description = "Where a person queries"
  value       = aws_athena_workgroup.use["adhoc"].name
}

output "raw_database" {
  description = "The raw tables' database"
  value       = aws_glue_catalog_database.lake["raw"].name
}

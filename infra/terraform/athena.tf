locals {
  workgroups = {
    dbt       = "The refresh loop and data engineers"
    dashboard = "The dashboard"
    adhoc     = "People"
    ci        = "Builds of branches"
  }

  # Ready queries for the console: dbt's analyses as `make package` compiles them.
  saved_queries_folder = "${path.root}/../../build/saved_queries"
  saved_queries = {
    for file in fileset(local.saved_queries_folder, "*.sql") :
    trimsuffix(file, ".sql") => file("${local.saved_queries_folder}/${file}")
  }
}

resource "aws_athena_workgroup" "main" {
  for_each = local.workgroups

  # People type this name.
  name          = each.key
  description   = each.value
  force_destroy = !var.protect_from_destroy

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = floor(var.athena_scan_limits_gb[each.key] * pow(1024, 3))

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = "s3://${aws_s3_bucket.main["athena-results"].bucket}/${each.key}/"
      expected_bucket_owner = local.account_id

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = aws_kms_key.main["results"].arn
      }
    }
  }
}

resource "aws_athena_named_query" "analyses" {
  for_each = local.saved_queries

  name = replace(each.key, "_", " ")
  # Each begins with a comment: the question that it answers.
  description = trimspace(trimprefix(split("\n", each.value)[0], "--"))
  database    = aws_glue_catalog_database.lake["marts"].name
  query       = each.value
  # Staging reads raw, which ad hoc users may not.
  workgroup = aws_athena_workgroup.main[strcontains(each.value, ".\"stg_") ? "dbt" : "adhoc"].name
}

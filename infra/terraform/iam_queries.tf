# What everybody needs who asks Athena in a workgroup: the queries, and their results in the workgroup's folder.
data "aws_iam_policy_document" "query" {
  for_each = local.workgroups

  statement {
    sid = "Query"
    actions = [
      "athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup", "athena:StartQueryExecution",
      "athena:StopQueryExecution",
    ]
    resources = [aws_athena_workgroup.main[each.key].arn]
  }

  statement {
    sid       = "KeepResults"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${aws_s3_bucket.main["athena-results"].arn}/${each.key}/*"]
  }

  # Athena asks where the bucket is before it writes.
  statement {
    sid       = "FindTheResultsBucket"
    actions   = ["s3:GetBucketLocation"]
    resources = [aws_s3_bucket.main["athena-results"].arn]
  }

  statement {
    sid       = "EncryptResults"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.main["results"].arn]
  }
}

data "aws_iam_policy_document" "read_marts" {
  statement {
    sid       = "FindMarts"
    actions   = ["glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
    resources = [local.catalog_arn, local.database_arns["marts"], local.table_arns["marts"]]
  }

  statement {
    sid       = "ReadMarts"
    actions   = ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"]
    resources = [aws_s3_bucket.main["marts"].arn, "${aws_s3_bucket.main["marts"].arn}/*"]
  }

  statement {
    sid       = "DecryptMarts"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.main["marts"].arn]
  }
}

data "aws_iam_policy_document" "read_raw" {
  statement {
    sid       = "FindRaw"
    actions   = ["glue:GetDatabase", "glue:GetDatabases", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
    resources = [local.catalog_arn, local.database_arns["raw"], local.table_arns["raw"]]
  }

  statement {
    sid       = "ReadRaw"
    actions   = ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"]
    resources = [aws_s3_bucket.main["raw"].arn, "${aws_s3_bucket.main["raw"].arn}/*"]
  }

  statement {
    sid       = "DecryptRaw"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.main["raw"].arn]
  }
}

data "aws_iam_policy_document" "dashboard" {
  source_policy_documents = [
    data.aws_iam_policy_document.query["dashboard"].json,
    data.aws_iam_policy_document.read_marts.json,
    data.aws_iam_policy_document.acknowledge_outages.json,
  ]
}

data "aws_iam_policy_document" "refresh" {
  # dbt makes tables and views, replaces them, and drops what it made for the time of a statement.
  statement {
    sid       = "BuildMarts"
    actions   = ["glue:CreateTable", "glue:DeleteTable", "glue:DeleteTableVersion", "glue:GetTableVersions", "glue:UpdateTable"]
    resources = [local.catalog_arn, local.database_arns["marts"], local.table_arns["marts"]]
  }

  statement {
    sid       = "WriteMarts"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${aws_s3_bucket.main["marts"].arn}/*"]
  }

  statement {
    sid       = "EncryptMarts"
    actions   = ["kms:GenerateDataKey"]
    resources = [aws_kms_key.main["marts"].arn]
  }

  # OPTIMIZE and VACUUM of the raw table: new files, a commit, and the old files gone.
  statement {
    sid       = "CompactRaw"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${aws_s3_bucket.main["raw"].arn}/${local.raw_table}/*"]
  }

  statement {
    sid     = "CommitToRaw"
    actions = ["glue:UpdateTable"]
    resources = [
      local.catalog_arn,
      local.database_arns["raw"],
      "arn:${local.partition}:glue:${var.region}:${local.account_id}:table/${aws_glue_catalog_database.lake["raw"].name}/${local.raw_table}",
    ]
  }

  statement {
    sid       = "EncryptRaw"
    actions   = ["kms:GenerateDataKey"]
    resources = [aws_kms_key.main["raw"].arn]
  }

  source_policy_documents = [
    data.aws_iam_policy_document.query["dbt"].json,
    data.aws_iam_policy_document.read_marts.json,
    data.aws_iam_policy_document.read_raw.json,
    data.aws_iam_policy_document.publish_metrics.json,
    data.aws_iam_policy_document.publish_outages.json,
  ]
}
